//! `dielectric`

use crate::error::Result;
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "dielectric",
        summary: "Sets the dielectric constant of Coulomb interactions",
        args: &[arg("value", Kind::Positive, "relative permittivity")],
        keywords: &[],
        description: "Divides Coulomb energies and forces. Default: 1.",
        examples: &["dielectric 2.0"],
    },
    run,
};

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    s.engine.state.dielectric = args.real("value")?;
    Ok(Flow::Next)
}
