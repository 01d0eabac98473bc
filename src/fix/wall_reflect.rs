//! `fix wall/reflect`: walls at which atoms are reflected.

use super::force_common::length_scale;
use super::{Fix, FixEntry, FixId};
use crate::domain::host::{Host, Reference, Source};
use crate::error::{Error, Result};
use crate::signature::{Arg, Args, Kind, Signature, arg, keyword, parse_real};

const PLACE: &[Arg] = &[arg(
    "place",
    Kind::Word,
    "EDGE (edge of the box), a coordinate, or v_name of an equal-style variable",
)];

const SIGNATURE: Signature = Signature {
    name: "wall/reflect",
    summary: "walls at which atoms are reflected",
    args: &[],
    keywords: &[
        keyword("xlo", PLACE, "wall below x"),
        keyword("xhi", PLACE, "wall above x"),
        keyword("ylo", PLACE, "wall below y"),
        keyword("yhi", PLACE, "wall above y"),
        keyword("zlo", PLACE, "wall below z"),
        keyword("zhi", PLACE, "wall above z"),
        keyword(
            "units",
            &[arg("value", Kind::Word, "box or lattice")],
            "of coordinates, default lattice",
        ),
    ],
    description: "An atom that has passed a wall is put back by the distance that it went too far, and the velocity \
component across the wall changes its sign.\n\nRestrictions: not in periodic directions.",
    examples: &[
        "fix w all wall/reflect zlo EDGE zhi EDGE",
        "fix w all wall/reflect xlo v_piston units box",
    ],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

enum Place {
    Constant(f64),
    Variable(Reference, f64),
}

struct Wall {
    axis: usize,
    upper: bool,
    place: Place,
}

struct WallReflect {
    bit: u32,
    walls: Vec<Wall>,
}

fn build(id: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    let scale = length_scale(args, host.state())?;
    let mut walls = Vec::new();
    for k in args.keywords().filter(|k| k.name() != "units") {
        let axis = ["x", "y", "z"]
            .iter()
            .position(|a| k.name().starts_with(a))
            .unwrap_or(0);
        let upper = k.name().ends_with("hi");
        let cell = host.state().cell("fix wall/reflect")?;
        if cell.periodic(axis) {
            return Err(Error::input(format!(
                "Cannot use fix wall/reflect in periodic dimension {}",
                ["x", "y", "z"][axis]
            ))
            .at(k.position()));
        }
        let word = k.str("place");
        let place = match Reference::parse(word) {
            _ if word == "EDGE" => {
                Place::Constant(if upper { cell.hi[axis] } else { cell.lo[axis] })
            }
            Some(r) if r.source == Source::Variable => Place::Variable(r, scale[axis]),
            _ => match parse_real(word) {
                Some(v) => Place::Constant(v * scale[axis]),
                None => {
                    return Err(Error::input(format!(
                        "expected EDGE, a number or v_name for '{}', found '{word}'",
                        k.name()
                    ))
                    .at(k.word("place")));
                }
            },
        };
        walls.push(Wall { axis, upper, place });
    }
    if walls.is_empty() {
        return Err(
            Error::input("Illegal fix wall/reflect command: no wall is given")
                .help("fix ID group wall/reflect xlo EDGE xhi EDGE"),
        );
    }
    Ok(Box::new(WallReflect { bit: id.bit, walls }))
}

impl Fix for WallReflect {
    fn post_integrate(&mut self, host: &mut dyn Host) -> Result<()> {
        for wall in &self.walls {
            let at = match &wall.place {
                Place::Constant(x) => *x,
                Place::Variable(r, scale) => host.scalar(r)? * scale,
            };
            let k = wall.axis;
            let a = &mut host.state_mut().atoms;
            let members = a.mask.iter().zip(&mut a.x).zip(&mut a.v);
            for ((_, x), v) in members.filter(|((m, _), _)| *m & self.bit != 0) {
                if (wall.upper && x[k] > at) || (!wall.upper && x[k] < at) {
                    x[k] = 2.0 * at - x[k];
                    v[k] = -v[k];
                }
            }
        }
        host.state_mut().touch();
        Ok(())
    }
}
