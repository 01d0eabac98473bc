//! `compute pe/atom`: potential energy of each atom.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::Tally;
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::state::CONTRIBUTIONS;
use crate::domain::values::members;
use crate::error::Result;
use crate::signature::{Args, Kind, Signature, many};

const PARTS: &[&str] = &[
    "pair", "bond", "angle", "dihedral", "improper", "kspace", "fix",
];

const SIGNATURE: Signature = Signature {
    name: "pe/atom",
    summary: "potential energy of each atom",
    args: &[many(
        "part",
        Kind::OneOf(PARTS),
        "contributions to sum; default all",
    )],
    keywords: &[],
    description: "A per-atom vector, energy units: half of every pair energy, or the atomic energy of a \
machine-learning model, half of a bond energy and a third of an angle energy. Fixes have no per-atom energies. The sum over all atoms is the potential energy without the long-range van der Waals tail. 0 \
for atoms outside the group.",
    examples: &["compute e all pe/atom", "compute ep all pe/atom pair"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct PeAtom {
    bit: u32,
    /// Contributions, if not all of them
    parts: Option<Vec<&'static str>>,
}

#[allow(clippy::unnecessary_wraps)]
fn build(id: &ComputeId, args: &Args, _: &mut dyn Host) -> Result<Box<dyn Compute>> {
    let given = args.all("part");
    let has = |part: &str| given.iter().any(|g| g.1 == part);
    let parts = CONTRIBUTIONS.iter().copied().filter(|c| has(c)).collect();
    Ok(Box::new(PeAtom {
        bit: id.bit,
        parts: (!given.is_empty()).then_some(parts),
    }))
}

impl Compute for PeAtom {
    fn output(&self) -> Output {
        Output {
            per_atom: Some(0),
            ..Output::default()
        }
    }

    fn evaluate(&mut self, _: Part, host: &mut dyn Host) -> Result<Data> {
        host.tally(Tally {
            energy: true,
            atom_energy: true,
            ..Tally::NONE
        })?;
        let s = host.state();
        let mut values = vec![0.0; s.atoms.len()];
        for i in members(s, self.bit) {
            values[i] = match &self.parts {
                None => s.tallies.atom_energy.get(i).copied().unwrap_or(0.0),
                Some(parts) => parts.iter().map(|p| s.tallies.atom_energy_of(p, i)).sum(),
            };
        }
        Ok(Data::PerAtom(values))
    }
}
