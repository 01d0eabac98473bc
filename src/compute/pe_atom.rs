//! `compute pe/atom`: potential energy of each atom.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::Tally;
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::values::members;
use crate::error::Result;
use crate::signature::{Args, Signature};

const SIGNATURE: Signature = Signature {
    name: "pe/atom",
    summary: "potential energy of each atom",
    args: &[],
    keywords: &[],
    description: "A per-atom vector, energy units: half of every pair energy, or the atomic energy of a \
machine-learning model. The sum over all atoms is the potential energy without the long-range van der Waals tail. 0 \
for atoms outside the group.",
    examples: &["compute e all pe/atom"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct PeAtom {
    bit: u32,
}

#[allow(clippy::unnecessary_wraps)]
fn build(id: &ComputeId, _: &Args, _: &mut dyn Host) -> Result<Box<dyn Compute>> {
    Ok(Box::new(PeAtom { bit: id.bit }))
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
            values[i] = s.tallies.atom_energy.get(i).copied().unwrap_or(0.0);
        }
        Ok(Data::PerAtom(values))
    }
}
