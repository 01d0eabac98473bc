//! `compute ke`: translational kinetic energy of a group.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::values::members;
use crate::error::Result;
use crate::signature::{Args, Signature};

const SIGNATURE: Signature = Signature {
    name: "ke",
    summary: "translational kinetic energy of a group",
    args: &[],
    keywords: &[],
    description: "The scalar is the sum of m v^2 / 2 over the atoms of the group, energy units, extensive.",
    examples: &["compute k1 all ke"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct Ke {
    bit: u32,
}

#[allow(clippy::unnecessary_wraps)]
fn build(id: &ComputeId, _: &Args, _: &mut dyn Host) -> Result<Box<dyn Compute>> {
    Ok(Box::new(Ke { bit: id.bit }))
}

impl Compute for Ke {
    fn output(&self) -> Output {
        Output {
            extensive: true,
            ..Output::SCALAR
        }
    }

    fn evaluate(&mut self, _: Part, host: &mut dyn Host) -> Result<Data> {
        let s = host.state();
        let sum: f64 = members(s, self.bit)
            .map(|i| {
                let v = s.atoms.v[i];
                s.mass_of(i) * (v[0] * v[0] + v[1] * v[1] + v[2] * v[2])
            })
            .sum();
        Ok(Data::Scalar(0.5 * s.units.mvv2e * sum))
    }
}
