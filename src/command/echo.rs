//! `echo`: which input lines are shown.

use crate::error::Result;
use crate::graph::{CommandEntry, Echo, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &SIGNATURE,
    run,
};

const SIGNATURE: Signature = Signature {
    name: "echo",
    summary: "decides where input lines are shown",
    args: &[arg(
        "where",
        Kind::OneOf(&["none", "screen", "log", "both"]),
        "log by default",
    )],
    keywords: &[],
    description: "",
    examples: &["echo both"],
};

fn run(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    if let Some(echo) = Echo::named(args.str("where")) {
        session.control.echo.set(echo);
    }
    Ok(Flow::Next)
}
