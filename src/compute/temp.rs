//! `compute temp`: temperature of a group, T = sum m v^2 / (dof kB).

use super::temperature_common::{ExtraDof, OUTPUT, scalar_or_tensor};
use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::error::Result;
use crate::signature::{Args, Signature};

const SIGNATURE: Signature = Signature {
    name: "temp",
    summary: "temperature of a group of atoms",
    args: &[],
    keywords: &[],
    description: "The scalar is T = sum m v^2 / (dof kB), temperature units; the vector of length 6 is the kinetic \
energy tensor sum m v_a v_b (xx, yy, zz, xy, xz, yz), energy units, without the factor 1/2. The number of degrees of \
freedom is d N - d, minus those that fixes remove; `compute_modify ID extra/dof N` replaces the second d, \
`dynamic/dof yes` \
no longer counts atoms that were lost during the run.",
    examples: &["compute T1 all temp", "compute Tli Li temp"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct Temp {
    bit: u32,
    extra: ExtraDof,
}

#[allow(clippy::unnecessary_wraps)]
fn build(id: &ComputeId, _: &Args, _: &mut dyn Host) -> Result<Box<dyn Compute>> {
    Ok(Box::new(Temp {
        bit: id.bit,
        extra: ExtraDof::default(),
    }))
}

impl Temp {
    fn dof(&self, host: &dyn Host) -> f64 {
        self.extra
            .degrees(host, self.bit, self.extra.value(host.state()))
    }
}

impl Compute for Temp {
    fn output(&self) -> Output {
        OUTPUT
    }

    fn evaluate(&mut self, part: Part, host: &mut dyn Host) -> Result<Data> {
        let s = host.state();
        let v = |i: usize| s.atoms.v[i];
        scalar_or_tensor("temp", part, self.bit, self.dof(host), host, v)
    }

    fn temperature_dof(&mut self, host: &mut dyn Host) -> Option<f64> {
        Some(self.dof(host))
    }

    fn modify(&mut self, words: &[&str]) -> Result<()> {
        self.extra.modify(words)
    }
}
