//! `kspace_style`, `kspace_modify`: long-range electrostatics.

use crate::error::Result;
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, rest};

/// `kspace_style`
pub const KSPACE_STYLE: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "kspace_style",
        summary: "chooses the long-range electrostatics",
        args: &[
            arg("style", Kind::Style("kspace"), "ewald, pppm, or none"),
            rest("args", "words of the style"),
        ],
        keywords: &[],
        description: "The long-range part of the Coulomb interaction, for pair styles with `coul/long`: \
            `kspace_style ewald accuracy`, `kspace_style pppm accuracy`, or `kspace_style none`. The accuracy is \
            the error of forces relative to that between two unit charges at 1 angstrom.",
        examples: &["kspace_style pppm 1.0e-5", "kspace_style none"],
    },
    run: kspace_style,
};

fn kspace_style(session: &mut Session<'_>, _: &Args) -> Result<Flow> {
    session.engine.set_kspace_style(session.words)?;
    Ok(Flow::Next)
}

/// `kspace_modify`
pub const KSPACE_MODIFY: CommandEntry = CommandEntry {
    signature: &crate::kspace::KSPACE_MODIFY,
    run: kspace_modify,
};

fn kspace_modify(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    session.engine.modify_kspace(args)?;
    Ok(Flow::Next)
}
