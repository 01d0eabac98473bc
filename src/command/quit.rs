//! `quit`: ends the program.

use crate::error::Result;
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, optional};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &SIGNATURE,
    run,
};

const SIGNATURE: Signature = Signature {
    name: "quit",
    summary: "ends the program",
    args: &[optional("status", Kind::Int, "exit status, 0 by default")],
    keywords: &[],
    description: "",
    examples: &["quit", "quit 1"],
};

fn run(_: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let status = match args.get("status") {
        Some(_) => args.int("status")?,
        None => 0,
    };
    // Exit statuses have eight bits, as the operating system sees them.
    Ok(Flow::Quit((status & 0xff) as i32))
}
