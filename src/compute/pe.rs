//! `compute pe`: potential energy of the whole system.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::Tally;
use crate::domain::host::{Data, Host, Output, Part};
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, many};

const PARTS: &[&str] = &[
    "pair", "bond", "angle", "dihedral", "improper", "kspace", "fix",
];

const SIGNATURE: Signature = Signature {
    name: "pe",
    summary: "potential energy of the whole system",
    args: &[many(
        "part",
        Kind::OneOf(PARTS),
        "contributions to sum; default all",
    )],
    keywords: &[],
    description: "The scalar is the potential energy, energy units, extensive: pair energy with its long-range tail, \
bonds, angles, long-range Coulomb and the energies of fixes (`fix_modify energy yes`). The group must be all.",
    examples: &["compute e all pe", "compute ep all pe pair"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct Pe {
    parts: Vec<String>,
}

fn build(id: &ComputeId, args: &Args, _: &mut dyn Host) -> Result<Box<dyn Compute>> {
    if id.group != "all" {
        return Err(Error::input("Compute pe must use group all"));
    }
    let mut parts: Vec<String> = args.all("part").iter().map(|p| p.1.to_string()).collect();
    if parts.is_empty() {
        parts = PARTS.iter().map(ToString::to_string).collect();
    }
    Ok(Box::new(Pe { parts }))
}

impl Compute for Pe {
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
        let part = |name: &str| match name {
            "pair" => t.vdwl + t.coul + t.tail,
            "bond" => t.bond,
            "angle" => t.angle,
            "kspace" => t.long,
            "fix" => t.fix_energy,
            // there are no dihedrals and impropers
            _ => 0.0,
        };
        Ok(Data::Scalar(self.parts.iter().map(|p| part(p)).sum()))
    }
}
