//! `jump`: goes on in another file or at a label.

use crate::error::Result;
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, optional};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &SIGNATURE,
    run,
};

const SIGNATURE: Signature = Signature {
    name: "jump",
    summary: "goes on in another file or at a label of this one",
    args: &[
        arg("file", Kind::Word, "script, or SELF for the present one"),
        optional(
            "label",
            Kind::Uses("label"),
            "label to go to; without it the first line",
        ),
    ],
    keywords: &[],
    description: "The label is searched from the beginning of the file. A jump after a `next` that found its variable \
                  exhausted is skipped once: this ends loops. Jumping to another file leaves the present one for good, \
                  unlike `include`.",
    examples: &["jump SELF loop", "jump in.second"],
};

fn run(_: &mut Session<'_>, _: &Args) -> Result<Flow> {
    Ok(Flow::Jump)
}
