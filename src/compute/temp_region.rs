//! `compute temp/region`: temperature of the atoms of a group that are in a region.

use super::temperature_common::ExtraDof;
use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::State;
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::regions;
use crate::domain::values::members;
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg};

const SIGNATURE: Signature = Signature {
    name: "temp/region",
    summary: "temperature of the atoms of a group that are in a region now",
    args: &[arg("region-ID", Kind::Uses("region"), "region")],
    keywords: &[],
    description: "As `compute temp`; atoms are counted anew at every evaluation, and degrees of freedom that fixes remove \
are not subtracted. A thermostat that uses it (`fix_modify ID temp`) acts on atoms inside the region only.\n\n\
Related: compute temp",
    examples: &["compute th all temp/region hot"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct TempRegion {
    bit: u32,
    region: String,
    extra: ExtraDof,
}

fn build(id: &ComputeId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Compute>> {
    let region = args.str("region-ID").to_string();
    regions::require(&host.state().regions, "Compute temp/region", &region)
        .map_err(|e| e.or_at(args.word("region-ID")))?;
    Ok(Box::new(TempRegion {
        bit: id.bit,
        region,
        extra: ExtraDof::default(),
    }))
}

impl TempRegion {
    /// Which atoms of the group are inside.
    fn inside(&self, host: &mut dyn Host) -> Result<Vec<usize>> {
        regions::update(host, &self.region)?;
        let s = host.state();
        let region = regions::require(&s.regions, "Compute temp/region", &self.region)?;
        Ok(members(s, self.bit)
            .filter(|&i| region.contains(s.atoms.x[i]))
            .collect())
    }

    fn dof(&self, state: &State, count: usize) -> f64 {
        f64::from(state.dimension) * count as f64 - self.extra.value(state)
    }
}

impl Compute for TempRegion {
    fn output(&self) -> Output {
        Output {
            vector: 6,
            extensive_vector: true,
            ..Output::SCALAR
        }
    }

    fn evaluate(&mut self, part: Part, host: &mut dyn Host) -> Result<Data> {
        let inside = self.inside(host)?;
        let s = host.state();
        let mut t = [0.0; 6];
        for &i in &inside {
            let (m, v) = (s.mass_of(i) * s.units.mvv2e, s.atoms.v[i]);
            for (k, (a, b)) in [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]
                .into_iter()
                .enumerate()
            {
                t[k] += m * v[a] * v[b];
            }
        }
        match part {
            Part::Vector => Ok(Data::Vector(t.to_vec())),
            Part::Scalar => {
                let dof = self.dof(s, inside.len());
                if dof < 0.0 && !inside.is_empty() {
                    return Err(Error::input("Temperature compute degrees of freedom < 0"));
                }
                let trace = t[0] + t[1] + t[2];
                Ok(Data::Scalar(if dof > 0.0 {
                    trace / (dof * s.units.boltz)
                } else {
                    0.0
                }))
            }
            _ => Err(Error::input(
                "compute temp/region has a scalar and a vector only",
            )),
        }
    }

    fn temperature_dof(&mut self, host: &mut dyn Host) -> Option<f64> {
        let count = self.inside(host).ok()?.len();
        Some(self.dof(host.state(), count))
    }

    fn bias(&mut self, host: &mut dyn Host) -> Result<Option<Vec<[f64; 3]>>> {
        let inside = self.inside(host)?;
        let mut bias = host.state().atoms.v.clone();
        inside.into_iter().for_each(|i| bias[i] = [0.0; 3]);
        Ok(Some(bias))
    }

    fn modify(&mut self, words: &[&str]) -> Result<()> {
        self.extra.modify(words)
    }
}
