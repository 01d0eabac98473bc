//! `compute pair`: energy of the pair style, or of one sub-style of a hybrid pair style.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::Tally;
use crate::domain::host::{Data, Host, Output, Part};
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, optional};

const SIGNATURE: Signature = Signature {
    name: "pair",
    summary: "energy of a pair style or of a sub-style",
    args: &[
        arg("style", Kind::Style("pair"), "pair style or sub-style"),
        optional(
            "nstyle",
            Kind::Word,
            "number of the sub-style if it is listed several times, or evalue",
        ),
        optional(
            "evalue",
            Kind::OneOf(&["epair", "evdwl", "ecoul"]),
            "which energy (default: epair)",
        ),
    ],
    keywords: &[],
    description: "The scalar is the energy that a pair style contributes, energy units, extensive: that of the whole \
pair style if its name is given, else of the sub-style of `pair_style hybrid` or `hybrid/overlay`. epair is the sum of \
evdwl and ecoul; long-range tails and kspace energy are not in it. The group must be all. The vectors that LAMMPS gives \
for a few styles are not available.",
    examples: &[
        "compute z all pair zbl",
        "compute l all pair lj/cut/coul/cut ecoul",
    ],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct PairEnergy {
    style: String,
    number: usize,
    which: Which,
}

#[derive(Debug, Clone, Copy)]
enum Which {
    Both,
    Vdwl,
    Coul,
}

impl Which {
    fn named(word: &str) -> Option<Self> {
        match word {
            "epair" => Some(Self::Both),
            "evdwl" => Some(Self::Vdwl),
            "ecoul" => Some(Self::Coul),
            _ => None,
        }
    }

    fn of(self, vdwl: f64, coul: f64) -> f64 {
        match self {
            Self::Both => vdwl + coul,
            Self::Vdwl => vdwl,
            Self::Coul => coul,
        }
    }
}

fn build(id: &ComputeId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Compute>> {
    if id.group != "all" {
        return Err(Error::input("Compute pair must use group all"));
    }
    let (mut number, mut which) = (0, Which::Both);
    if let Some(word) = args.get("nstyle") {
        match (word.parse::<usize>(), Which::named(word)) {
            (Ok(n), _) if n > 0 => number = n,
            (_, Some(w)) => which = w,
            _ => {
                return Err(Error::input(format!(
                    "Illegal compute pair command: expected a number, epair, evdwl or ecoul, found '{word}'"
                ))
                .at(args.word("nstyle")));
            }
        }
    }
    if let Some(word) = args.get("evalue") {
        which = Which::named(word).unwrap_or(which);
    }
    let compute = PairEnergy {
        style: args.str("style").to_string(),
        number,
        which,
    };
    // Sub-styles of a hybrid style are known once it was evaluated
    let known = host.names("pair_style");
    let other = |name: &String| !name.starts_with("hybrid") && *name != compute.style;
    if known.first().is_some_and(other) {
        return Err(compute.unknown(host));
    }
    Ok(Box::new(compute))
}

impl PairEnergy {
    fn unknown(&self, host: &dyn Host) -> Error {
        let known = host.names("pair_style");
        Error::input(format!(
            "Unrecognized pair style {} in compute pair command: the pair style is {} and has no such sub-style",
            self.style,
            known.first().map_or("none", String::as_str)
        ))
        .at(0)
    }
}

impl Compute for PairEnergy {
    fn output(&self) -> Output {
        Output {
            extensive: true,
            ..Output::SCALAR
        }
    }

    fn evaluate(&mut self, _: Part, host: &mut dyn Host) -> Result<Data> {
        host.tally(Tally {
            energy: true,
            ..Tally::NONE
        })?;
        let t = &host.state().tallies;
        if self.number == 0 && host.names("pair_style").first() == Some(&self.style) {
            return Ok(Data::Scalar(self.which.of(t.vdwl, t.coul)));
        }
        let named: Vec<_> = t.parts.iter().filter(|p| p.name == self.style).collect();
        let found = match (&named[..], self.number) {
            ([only], 0 | 1) => Some(*only),
            (_, n) => named.iter().copied().find(|p| n > 0 && p.number == n),
        };
        match found {
            Some(p) => Ok(Data::Scalar(self.which.of(p.vdwl, p.coul))),
            None => Err(self.unknown(host)),
        }
    }
}
