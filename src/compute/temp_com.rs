//! `compute temp/com`: temperature of a group without the motion of its centre of mass.

use super::temperature_common::{ExtraDof, OUTPUT, scalar_or_tensor};
use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::moments::Selection;
use crate::error::Result;
use crate::signature::{Args, Signature};

const SIGNATURE: Signature = Signature {
    name: "temp/com",
    summary: "temperature of a group relative to the velocity of its centre of mass",
    args: &[],
    keywords: &[],
    description: "As `compute temp` after the velocity of the centre of mass has been subtracted. A thermostat that uses \
it (`fix_modify ID temp`) leaves the drift of the group as it is.\n\nRelated: compute temp, compute temp/partial",
    examples: &["compute tc Li temp/com"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct TempCom {
    bit: u32,
    extra: ExtraDof,
}

#[allow(clippy::unnecessary_wraps)]
fn build(id: &ComputeId, _: &Args, _: &mut dyn Host) -> Result<Box<dyn Compute>> {
    Ok(Box::new(TempCom {
        bit: id.bit,
        extra: ExtraDof::default(),
    }))
}

impl TempCom {
    fn dof(&self, host: &dyn Host) -> f64 {
        self.extra
            .degrees(host, self.bit, self.extra.value(host.state()))
    }

    fn drift(&self, host: &dyn Host) -> Result<[f64; 3]> {
        Ok(Selection::new(host.state(), self.bit, None)?.velocity())
    }
}

impl Compute for TempCom {
    fn output(&self) -> Output {
        OUTPUT
    }

    fn evaluate(&mut self, part: Part, host: &mut dyn Host) -> Result<Data> {
        let drift = self.drift(host)?;
        let s = host.state();
        let v = |i: usize| -> [f64; 3] { std::array::from_fn(|k| s.atoms.v[i][k] - drift[k]) };
        scalar_or_tensor("temp/com", part, self.bit, self.dof(host), host, v)
    }

    fn temperature_dof(&mut self, host: &mut dyn Host) -> Option<f64> {
        Some(self.dof(host))
    }

    fn bias(&mut self, host: &mut dyn Host) -> Result<Option<Vec<[f64; 3]>>> {
        let drift = self.drift(host)?;
        Ok(Some(vec![drift; host.state().atoms.len()]))
    }

    fn modify(&mut self, words: &[&str]) -> Result<()> {
        self.extra.modify(words)
    }
}
