//! `fix recenter`: keeps the centre of mass of a group in its place.

use super::force_common::{no_part, spacing};
use super::{Fix, FixEntry, FixId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::values::{centre_of_mass, members};
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, keyword, parse_real};

const SIGNATURE: Signature = Signature {
    name: "recenter",
    summary: "shifts atoms so that the centre of mass of a group stays in place",
    args: &[
        arg(
            "x",
            Kind::Word,
            "coordinate of the centre of mass, INIT for that at the start of the run, or NULL",
        ),
        arg("y", Kind::Word, "the same for y"),
        arg("z", Kind::Word, "the same for z"),
    ],
    keywords: &[
        keyword(
            "shift",
            &[arg(
                "group-ID",
                Kind::Uses("group"),
                "group that is shifted",
            )],
            "atoms that are shifted, default the group of the fix",
        ),
        keyword(
            "units",
            &[arg(
                "value",
                Kind::OneOf(&["box", "lattice", "fraction"]),
                "of x, y, z",
            )],
            "default lattice",
        ),
    ],
    description: "Acts in the first half of a step, so it must come after the fix that integrates. Velocities are not \
changed. `f_ID` is the length of the last shift, `f_ID[1..3]` its components.\n\nRelated: fix momentum",
    examples: &[
        "fix 4 all recenter INIT INIT INIT",
        "fix 4 all recenter NULL NULL 0.5 units fraction",
    ],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

#[derive(Clone, Copy)]
enum Target {
    Free,
    Initial,
    Length(f64),
    /// Fraction of the box.
    Fraction(f64),
}

struct Recenter {
    bit: u32,
    shifted: u32,
    target: [Target; 3],
    initial: [f64; 3],
    shift: [f64; 3],
}

fn build(id: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    let state = host.state();
    if members(state, id.bit).next().is_none() {
        return Err(Error::input("Fix recenter group has no atoms").at(0));
    }
    let units = args
        .keyword("units")
        .map_or("lattice".to_string(), |k| k.str("value").to_string());
    let scale = if units == "lattice" {
        spacing(state)
    } else {
        [1.0; 3]
    };
    let mut target = [Target::Free; 3];
    for (k, name) in ["x", "y", "z"].into_iter().enumerate() {
        target[k] = match args.str(name) {
            "NULL" => Target::Free,
            "INIT" => Target::Initial,
            w => match parse_real(w) {
                Some(v) if units == "fraction" => Target::Fraction(v),
                Some(v) => Target::Length(v * scale[k]),
                None => {
                    return Err(Error::input(format!(
                        "expected a number, INIT or NULL for '{name}', found '{w}'"
                    ))
                    .at(args.word(name)));
                }
            },
        };
    }
    let shifted = match args.keyword("shift") {
        None => id.bit,
        Some(k) => state
            .groups
            .require("fix recenter", k.str("group-ID"))
            .map_err(|e| e.or_at(k.word("group-ID")))?,
    };
    Ok(Box::new(Recenter {
        bit: id.bit,
        shifted,
        target,
        initial: [0.0; 3],
        shift: [0.0; 3],
    }))
}

impl Fix for Recenter {
    fn init(&mut self, host: &mut dyn Host) -> Result<()> {
        self.initial = centre_of_mass(host.state(), self.bit).0;
        Ok(())
    }

    fn initial_integrate(&mut self, host: &mut dyn Host) -> Result<()> {
        let state = host.state_mut();
        let (centre, _) = centre_of_mass(state, self.bit);
        let (lo, hi) = state.cell("fix recenter")?.bounds();
        self.shift = std::array::from_fn(|k| match self.target[k] {
            Target::Free => 0.0,
            Target::Initial => self.initial[k] - centre[k],
            Target::Length(x) => x - centre[k],
            Target::Fraction(s) => lo[k] + s * (hi[k] - lo[k]) - centre[k],
        });
        let atoms: Vec<usize> = members(state, self.shifted).collect();
        for i in atoms {
            (0..3).for_each(|k| state.atoms.x[i][k] += self.shift[k]);
        }
        state.touch();
        Ok(())
    }

    fn output(&self) -> Output {
        Output {
            scalar: true,
            vector: 3,
            extensive: true,
            extensive_vector: true,
            ..Output::default()
        }
    }

    fn data(&mut self, part: Part, _: &mut dyn Host) -> Result<Data> {
        match part {
            Part::Scalar => Ok(Data::Scalar(
                self.shift.iter().map(|x| x * x).sum::<f64>().sqrt(),
            )),
            Part::Vector => Ok(Data::Vector(self.shift.to_vec())),
            _ => Err(no_part("recenter")),
        }
    }
}
