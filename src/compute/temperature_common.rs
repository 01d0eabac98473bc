//! What temperature computes share: degrees of freedom, kinetic energy tensor, `compute_modify`.

use crate::domain::State;
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::values::members;
use crate::error::{Error, Result};
use crate::signature::{parse_real, parse_yes_no};

/// `compute_modify extra/dof`, without it the dimension of the system, and `dynamic/dof`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ExtraDof {
    extra: Option<f64>,
    /// Whether atoms that were lost during the run no longer count.
    dynamic: bool,
}

impl ExtraDof {
    /// Degrees of freedom to be subtracted.
    pub fn value(self, state: &State) -> f64 {
        self.extra.unwrap_or(f64::from(state.dimension))
    }

    /// Degrees of freedom of a group: d N less `extra` and those that fixes remove. Atoms that were lost during the run
    /// count until its end unless `dynamic/dof yes` was set.
    pub fn degrees(self, host: &dyn Host, bit: u32, extra: f64) -> f64 {
        let all = host.degrees_of_freedom(bit, extra);
        if self.dynamic {
            all - f64::from(host.state().dimension) * host.lost_atoms(bit) as f64
        } else {
            all
        }
    }

    /// Degrees of freedom to be subtracted, with another default.
    pub fn value_or(self, default: f64) -> f64 {
        self.extra.unwrap_or(default)
    }

    /// Takes the words of `compute_modify`.
    ///
    /// # Errors
    /// Unknown keyword or wrong value.
    pub fn modify(&mut self, words: &[&str]) -> Result<()> {
        let mut i = 0;
        while i < words.len() {
            let value = words.get(i + 1).copied().unwrap_or("");
            match words[i] {
                "extra/dof" | "extra" => {
                    self.extra = Some(parse_real(value).ok_or_else(|| {
                        Error::input("compute_modify extra/dof needs a number").at(i)
                    })?);
                }
                "dynamic/dof" | "dynamic" => {
                    self.dynamic = parse_yes_no(value).ok_or_else(|| {
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

/// sum m v_a v_b of a group in energy units: xx yy zz xy xz yz, with the velocity `v(i)` of each atom.
pub fn tensor(state: &State, bit: u32, v: impl Fn(usize) -> [f64; 3]) -> [f64; 6] {
    let mut t = [0.0; 6];
    for i in members(state, bit) {
        let (m, v) = (state.mass_of(i), v(i));
        for (k, (a, b)) in [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]
            .into_iter()
            .enumerate()
        {
            t[k] += m * v[a] * v[b];
        }
    }
    t.map(|x| x * state.units.mvv2e)
}

/// sum m v^2 of a group, mass times velocity squared.
pub fn twice_kinetic(state: &State, bit: u32, v: impl Fn(usize) -> [f64; 3]) -> f64 {
    members(state, bit)
        .map(|i| {
            let v = v(i);
            (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]) * state.mass_of(i)
        })
        .sum()
}

/// T = sum m v^2 / (dof kB); 0 without degrees of freedom.
///
/// # Errors
/// The degrees of freedom are negative although there are atoms.
pub fn temperature(host: &dyn Host, bit: u32, sum: f64, dof: f64) -> Result<f64> {
    let s = host.state();
    if dof < 0.0 && members(s, bit).next().is_some() {
        return Err(Error::input("Temperature compute degrees of freedom < 0"));
    }
    let factor = if dof > 0.0 {
        s.units.mvv2e / (dof * s.units.boltz)
    } else {
        0.0
    };
    Ok(sum * factor)
}

/// What a temperature with a scalar and a tensor offers.
pub const OUTPUT: Output = Output {
    vector: 6,
    extensive_vector: true,
    ..Output::SCALAR
};

/// Temperature or tensor of a group from the thermal velocities `v`.
///
/// # Errors
/// Another part is asked for, or there are no degrees of freedom.
pub fn scalar_or_tensor(
    style: &str,
    part: Part,
    bit: u32,
    dof: f64,
    host: &dyn Host,
    v: impl Fn(usize) -> [f64; 3],
) -> Result<Data> {
    match part {
        Part::Scalar => {
            let sum = twice_kinetic(host.state(), bit, v);
            Ok(Data::Scalar(temperature(host, bit, sum, dof)?))
        }
        Part::Vector => Ok(Data::Vector(tensor(host.state(), bit, v).to_vec())),
        _ => Err(Error::input(format!(
            "compute {style} has a scalar and a vector only"
        ))),
    }
}
