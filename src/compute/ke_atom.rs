//! `compute ke/atom`: kinetic energy of each atom.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::values::members;
use crate::error::Result;
use crate::signature::{Args, Signature};

const SIGNATURE: Signature = Signature {
    name: "ke/atom",
    summary: "kinetic energy of each atom",
    args: &[],
    keywords: &[],
    description: "A per-atom vector m v^2 / 2, energy units; 0 for atoms outside the group.",
    examples: &["compute k all ke/atom"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct KeAtom {
    bit: u32,
}

#[allow(clippy::unnecessary_wraps)]
fn build(id: &ComputeId, _: &Args, _: &mut dyn Host) -> Result<Box<dyn Compute>> {
    Ok(Box::new(KeAtom { bit: id.bit }))
}

impl Compute for KeAtom {
    fn output(&self) -> Output {
        Output {
            per_atom: Some(0),
            ..Output::default()
        }
    }

    fn evaluate(&mut self, _: Part, host: &mut dyn Host) -> Result<Data> {
        let s = host.state();
        let mut values = vec![0.0; s.atoms.len()];
        for i in members(s, self.bit) {
            let v = s.atoms.v[i];
            values[i] =
                0.5 * s.units.mvv2e * s.mass_of(i) * (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
        }
        Ok(Data::PerAtom(values))
    }
}
