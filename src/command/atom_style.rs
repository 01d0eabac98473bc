//! `atom_style`

use super::support::before_box;
use crate::domain::state::ATOM_STYLES;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, rest};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "atom_style",
        summary: "Sets which properties atoms have",
        args: &[
            arg(
                "style",
                Kind::Word,
                "atomic, charge, bond, angle, molecular or full",
            ),
            rest("args", "of styles that argyro does not have"),
        ],
        keywords: &[],
        description: "`atomic`: position, velocity, type. `charge`: and a charge. `bond`, `angle`, `molecular`: and a molecule and bonds, `angle` and `molecular` also angles. \
`full`: both. Must come before the box. Default: atomic.",
        examples: &["atom_style charge"],
    },
    run,
};

/// Styles of LAMMPS that are not here.
const KNOWN: &[&str] = &[
    "sphere",
    "meso",
    "hybrid",
    "spin",
    "ellipsoid",
    "electron",
    "body",
    "dipole",
    "template",
    "line",
    "tri",
    "peri",
    "dielectric",
    "dpd",
    "edpd",
    "mdpd",
    "smd",
    "sph",
    "tdpd",
    "wavepacket",
    "bpm/sphere",
    "amoeba",
    "apip",
    "rheo",
    "mesont",
    "oxdna",
];

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    before_box(&s.engine.state, "Atom_style")?;
    let name = args.str("style");
    if let Some(style) = ATOM_STYLES.iter().find(|a| a.name == name) {
        super::support::surplus(s.words, 1, "atom_style")?;
        s.engine.state.atom_style = *style;
        return Ok(Flow::Next);
    }
    let names: Vec<&str> = ATOM_STYLES.iter().map(|a| a.name).collect();
    Err(if KNOWN.contains(&name) {
        Error::input(format!("atom_style {name} is not supported"))
            .at(0)
            .help(format!("supported: {}", names.join(", ")))
    } else {
        Error::input(format!("Unrecognized atom style '{name}'"))
            .at(0)
            .suggest(name, names)
    })
}
