//! `box`

use crate::error::Result;
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, keyword};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "box",
        summary: "Says whether strongly tilted boxes are warned about",
        args: &[],
        keywords: &[keyword(
            "tilt",
            &[arg(
                "value",
                Kind::OneOf(&["small", "large"]),
                "small: warn; large: do not",
            )],
            "default small",
        )],
        description: "Any tilt is computed correctly; a tilt above half an edge is only slower.",
        examples: &["box tilt large"],
    },
    run,
};

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    if let Some(k) = args.keyword("tilt") {
        s.engine.state.tilt_large = k.str("value") == "large";
    }
    Ok(Flow::Next)
}
