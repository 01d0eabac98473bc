//! `dimension`

use super::support::before_box;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "dimension",
        summary: "Sets the dimension of the simulation",
        args: &[arg("N", Kind::Int, "2 or 3")],
        keywords: &[],
        description: "Must come before the box. Default: 3.",
        examples: &["dimension 3"],
    },
    run,
};

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    before_box(&s.engine.state, "Dimension")?;
    match args.int("N")? {
        n @ (2 | 3) => s.engine.state.dimension = n as u8,
        n => {
            return Err(
                Error::input(format!("Illegal dimension command: {n} is neither 2 nor 3")).at(0),
            );
        }
    }
    Ok(Flow::Next)
}
