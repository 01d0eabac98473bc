//! `if`: executes commands when a condition holds.

use crate::error::Result;
use crate::graph::{CommandEntry, Flow, Session};
use crate::script::choose;
use crate::signature::{Args, Kind, Signature, arg, rest};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &SIGNATURE,
    run,
};

const SIGNATURE: Signature = Signature {
    name: "if",
    summary: "executes commands when a condition holds",
    args: &[
        arg("condition", Kind::Text, "Boolean expression in quotes"),
        rest(
            "then",
            "then T1 T2 ... [elif CONDITION F1 F2 ...] [else E1 E2 ...]; every command in quotes",
        ),
    ],
    keywords: &[],
    description: "Conditions compare numbers or words with == != < <= > >= and |^, and combine with && || ! and parentheses. \
                  Variables must be given as ${name}; v_name is not understood in conditions.",
    examples: &[
        "if \"${T} > 500\" then \"print hot\" else \"print cold\"",
        "if \"${i} == 3\" then \"jump SELF done\"",
    ],
};

fn run(session: &mut Session<'_>, _: &Args) -> Result<Flow> {
    let variables = session.variables;
    match choose(
        session.raw,
        variables.script(),
        &mut variables.bridge(session.engine),
    ) {
        Ok(commands) if commands.is_empty() => Ok(Flow::Next),
        Ok(commands) => Ok(Flow::Commands(commands)),
        Err(e) => Err(session.script_error(e)),
    }
}
