//! `include`: executes another file at this point.

use crate::error::Result;
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &SIGNATURE,
    run,
};

const SIGNATURE: Signature = Signature {
    name: "include",
    summary: "executes the commands of another file, then goes on",
    args: &[arg(
        "file",
        Kind::FileIn,
        "script; relative to the working directory",
    )],
    keywords: &[],
    description: "Files may include others up to a depth of 16. A `jump SELF` inside an included file goes to a label of \
                  that file.",
    examples: &["include setup.lmp"],
};

fn run(_: &mut Session<'_>, _: &Args) -> Result<Flow> {
    Ok(Flow::Include)
}
