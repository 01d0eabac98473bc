//! `lattice`

use crate::cformat::general;
use crate::domain::lattice::{Definition, STYLES};
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Keyword, KeywordArgs, Kind, Signature, arg, keyword};

const KEYWORDS: &[Keyword] = &[
    keyword(
        "origin",
        &[
            arg("x", Kind::Real, ""),
            arg("y", Kind::Real, ""),
            arg("z", Kind::Real, ""),
        ],
        "position of the first cell, fractions of the spacings in 0..1",
    ),
    keyword(
        "orient",
        &[
            arg("dim", Kind::OneOf(&["x", "y", "z"]), "direction of the box"),
            arg("i", Kind::Int, ""),
            arg("j", Kind::Int, ""),
            arg("k", Kind::Int, ""),
        ],
        "lattice direction along x, y or z of the box",
    ),
    keyword(
        "spacing",
        &[
            arg("dx", Kind::Positive, ""),
            arg("dy", Kind::Positive, ""),
            arg("dz", Kind::Positive, ""),
        ],
        "lattice spacings, times the lattice constant",
    ),
    keyword("a1", VECTOR, "first edge of the unit cell (style custom)"),
    keyword("a2", VECTOR, "second edge of the unit cell (style custom)"),
    keyword("a3", VECTOR, "third edge of the unit cell (style custom)"),
    keyword(
        "basis",
        VECTOR,
        "a basis atom, fractions of the unit cell (style custom)",
    ),
    keyword(
        "triclinic/general",
        &[],
        "the lattice of a general triclinic box (style custom, right-handed, without origin and orient)",
    ),
];
const VECTOR: &[crate::signature::Arg] = &[
    arg("x", Kind::Real, ""),
    arg("y", Kind::Real, ""),
    arg("z", Kind::Real, ""),
];

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "lattice",
        summary: "Defines a lattice of points for create_atoms, and the unit of lattice coordinates",
        args: &[
            arg("style", Kind::OneOf(STYLES), "kind of lattice"),
            arg(
                "scale",
                Kind::Real,
                "lattice constant in distance units; in units lj the reduced density",
            ),
        ],
        keywords: KEYWORDS,
        description: "The spacings in x, y, z are those of the bounding box of the rotated unit cell. In units lj the lattice constant is (n/(V rho))^(1/d), with n basis atoms in a unit cell of volume V.\n\nWith `triclinic/general` a1, a2, a3 have any orientation: `create_box N NULL` takes its edges from them, and `create_atoms` rotates the points with the box. The spacings are those of the rotated unit cell, because regions and other commands see the box in its restricted form.",
        examples: &[
            "lattice fcc 3.52",
            "lattice custom 4.2 a1 1 0 0 a2 0 1 0 a3 0 0 1 basis 0 0 0 basis 0.5 0.5 0.5",
            "lattice custom 3.6 a1 0.5 0.5 0 a2 0 0.5 0.5 a3 0.5 0 0.5 basis 0 0 0 triclinic/general",
        ],
    },
    run,
};

fn vector(k: &KeywordArgs<'_>, names: [&str; 3]) -> Result<[f64; 3]> {
    Ok([k.real(names[0])?, k.real(names[1])?, k.real(names[2])?])
}

fn definition(args: &Args) -> Result<Definition> {
    let mut d = Definition::new(args.str("style"), args.real("scale")?);
    for k in args.keywords() {
        let xyz = ["x", "y", "z"];
        match k.name() {
            "origin" => d.origin = vector(&k, xyz)?,
            "basis" => d.basis.push(vector(&k, xyz)?),
            "triclinic/general" => d.general = true,
            "spacing" => d.spacing = Some(vector(&k, ["dx", "dy", "dz"])?),
            "orient" => {
                let dim = xyz.iter().position(|n| *n == k.str("dim")).unwrap_or(0);
                for (c, name) in ["i", "j", "k"].iter().enumerate() {
                    d.orient[dim][c] = i32::try_from(k.int(name)?).map_err(|_| {
                        Error::input(format!("orient component {} is too large", k.str(name)))
                            .at(k.word(name))
                    })?;
                }
            }
            name => {
                let row = ["a1", "a2", "a3"]
                    .iter()
                    .position(|n| *n == name)
                    .unwrap_or(0);
                d.vectors[row] = Some(vector(&k, xyz)?);
            }
        }
    }
    Ok(d)
}

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let state = &mut s.engine.state;
    let lattice = definition(args)?.build(state.dimension, state.units.name == "lj")?;
    let spacing = lattice.spacing.map(|v| general(8, v)).join(" ");
    state.lattice = Some(lattice);
    s.log()
        .line(&format!("Lattice spacing in x,y,z = {spacing}"));
    Ok(Flow::Next)
}
