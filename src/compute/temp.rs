//! `compute temp`: temperature of a group, T = sum m v^2 / (dof kB).

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::values::members;
use crate::error::{Error, Result};
use crate::signature::{Args, Signature, parse_real, parse_yes_no};

const SIGNATURE: Signature = Signature {
    name: "temp",
    summary: "temperature of a group of atoms",
    args: &[],
    keywords: &[],
    description: "The scalar is T = sum m v^2 / (dof kB), temperature units; the vector of length 6 is the kinetic \
energy tensor sum m v_a v_b (xx, yy, zz, xy, xz, yz), energy units, without the factor 1/2. The number of degrees of \
freedom is d N - d, minus those that fixes remove; `compute_modify ID extra/dof N` replaces the second d, \
`dynamic/dof yes` recounts the atoms at each evaluation.",
    examples: &["compute T1 all temp", "compute Tli Li temp"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct Temp {
    bit: u32,
    extra: Option<f64>,
}

#[allow(clippy::unnecessary_wraps)]
fn build(id: &ComputeId, _: &Args, _: &mut dyn Host) -> Result<Box<dyn Compute>> {
    Ok(Box::new(Temp {
        bit: id.bit,
        extra: None,
    }))
}

impl Temp {
    fn dof(&self, host: &dyn Host) -> f64 {
        let extra = self.extra.unwrap_or(f64::from(host.state().dimension));
        host.degrees_of_freedom(self.bit, extra)
    }

    /// sum m v_a v_b in energy units: xx yy zz xy xz yz.
    fn tensor(&self, host: &dyn Host) -> [f64; 6] {
        let s = host.state();
        let mut t = [0.0; 6];
        for i in members(s, self.bit) {
            let m = s.mass_of(i);
            let v = s.atoms.v[i];
            for (k, (a, b)) in [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]
                .into_iter()
                .enumerate()
            {
                t[k] += m * v[a] * v[b];
            }
        }
        t.map(|x| x * s.units.mvv2e)
    }
}

impl Compute for Temp {
    fn output(&self) -> Output {
        Output {
            vector: 6,
            extensive_vector: true,
            ..Output::SCALAR
        }
    }

    fn evaluate(&mut self, part: Part, host: &mut dyn Host) -> Result<Data> {
        match part {
            Part::Scalar => {
                let s = host.state();
                let sum: f64 = members(s, self.bit)
                    .map(|i| {
                        let v = s.atoms.v[i];
                        (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]) * s.mass_of(i)
                    })
                    .sum();
                let dof = self.dof(host);
                if dof < 0.0 && members(s, self.bit).next().is_some() {
                    return Err(Error::input("Temperature compute degrees of freedom < 0"));
                }
                let factor = if dof > 0.0 {
                    s.units.mvv2e / (dof * s.units.boltz)
                } else {
                    0.0
                };
                Ok(Data::Scalar(sum * factor))
            }
            Part::Vector => Ok(Data::Vector(self.tensor(host).to_vec())),
            _ => Err(Error::input("compute temp has a scalar and a vector only")),
        }
    }

    fn temperature_dof(&mut self, host: &mut dyn Host) -> Option<f64> {
        Some(self.dof(host))
    }

    fn modify(&mut self, words: &[&str]) -> Result<()> {
        let mut i = 0;
        while i < words.len() {
            let value = words.get(i + 1).copied().unwrap_or("");
            match words[i] {
                "extra/dof" | "extra" => {
                    self.extra = Some(parse_real(value).ok_or_else(|| {
                        Error::input("compute_modify extra/dof needs a number").at(i)
                    })?);
                }
                // Atoms are recounted at every evaluation in any case.
                "dynamic/dof" | "dynamic" => {
                    parse_yes_no(value).ok_or_else(|| {
                        Error::input("compute_modify dynamic/dof needs yes or no").at(i)
                    })?;
                }
                other => {
                    let e = Error::input(format!(
                        "Illegal compute_modify command: unknown keyword '{other}'"
                    ))
                    .at(i);
                    return Err(e.suggest(other, ["extra/dof", "dynamic/dof"]));
                }
            }
            i += 2;
        }
        Ok(())
    }
}
