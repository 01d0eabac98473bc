//! `next`: advances loop variables.

use crate::error::Result;
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, many};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &SIGNATURE,
    run,
};

const SIGNATURE: Signature = Signature {
    name: "next",
    summary: "gives variables their next value",
    args: &[
        arg(
            "name",
            Kind::Uses("variable"),
            "index-, loop- or uloop-style variable",
        ),
        many(
            "names",
            Kind::Uses("variable"),
            "variables of the same style that advance together",
        ),
    ],
    keywords: &[],
    description: "When a variable has no further value, all of them are deleted and the next `jump` is skipped.",
    examples: &["next T", "next a b"],
};

fn run(session: &mut Session<'_>, _: &Args) -> Result<Flow> {
    let advance = session
        .variables
        .script()
        .next(session.raw)
        .map_err(|e| session.script_error(e))?;
    if let Some(message) = &advance.message {
        session.log().line(message);
    }
    Ok(if advance.exhausted {
        Flow::SkipJump
    } else {
        Flow::Next
    })
}
