//! `label`: a place that `jump` goes to.

use crate::error::Result;
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &SIGNATURE,
    run,
};

const SIGNATURE: Signature = Signature {
    name: "label",
    summary: "marks a place that jump goes to",
    args: &[arg("ID", Kind::Defines("label"), "name of the place")],
    keywords: &[],
    description: "",
    examples: &["label loop"],
};

fn run(_: &mut Session<'_>, _: &Args) -> Result<Flow> {
    Ok(Flow::Next)
}
