//! `mass`

use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "mass",
        summary: "Sets the mass of atom types",
        args: &[
            arg("I", Kind::Types, "atom type, range of types or type label"),
            arg("value", Kind::Real, "mass"),
        ],
        keywords: &[],
        description: "A later mass, Masses section or potential file that sets masses wins.",
        examples: &["mass 1 6.941", "mass * 1.0", "mass 2*3 30.97"],
    },
    run,
};

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let state = &mut s.engine.state;
    state.cell("Mass")?;
    let range = state.types.range(args.str("I")).map_err(|e| e.at(0))?;
    let value = args.real("value")?;
    if value <= 0.0 {
        return Err(Error::input(format!(
            "Invalid mass value {value}: a mass must be positive"
        ))
        .at(1));
    }
    for t in range {
        state.types.mass[t] = Some(value);
    }
    state.touch();
    Ok(Flow::Next)
}
