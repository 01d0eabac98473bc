//! `clear`: forgets the simulated system and all styles.

use crate::error::Result;
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Signature};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &SIGNATURE,
    run,
};

const SIGNATURE: Signature = Signature {
    name: "clear",
    summary: "forgets the system, its settings and all styles; variables stay",
    args: &[],
    keywords: &[],
    description: "",
    examples: &["clear"],
};

fn run(_: &mut Session<'_>, _: &Args) -> Result<Flow> {
    Ok(Flow::Clear)
}
