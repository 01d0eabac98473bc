//! `fix temp/csvr`: canonical sampling through velocity rescaling.

use super::thermostat_common::Rescaling;
use super::{Companion, Control, Fix, FixEntry, FixId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};
use crate::signature::{Args, Kind, Signature, arg};
use rand::SeedableRng;
use rand_distr::{ChiSquared, Distribution, StandardNormal};
use rand_pcg::Pcg64;

const SIGNATURE: Signature = Signature {
    name: "temp/csvr",
    summary: "stochastic velocity rescaling (canonical); needs an integrating fix such as nve",
    args: &[
        arg(
            "Tstart",
            Kind::RealOrVariable,
            "target at the start of the run, or v_name",
        ),
        arg("Tstop", Kind::Real, "target at its end"),
        arg("Tdamp", Kind::Positive, "relaxation time, time units"),
        arg("seed", Kind::Count, "seed of the random numbers"),
    ],
    keywords: &[],
    description: "Bussi, Donadio, Parrinello, J. Chem. Phys. 126, 014101 (2007), eq. A7, at the end of each step. Random \
numbers follow from the seed and the count of steps, so they depend neither on threads nor on restarts; they are not \
LAMMPS' sequence.",
    examples: &["fix 2 all temp/csvr 300 300 0.1 54321"],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

struct Csvr {
    base: Rescaling,
    damping: f64,
    seed: i64,
    draws: i64,
}

fn build(id: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    Ok(Box::new(Csvr {
        base: Rescaling::new(id, "temp/csvr", args, host)?,
        damping: args.real("Tdamp")?,
        seed: args.int("seed")?,
        draws: 0,
    }))
}

/// Ratio of the new to the old kinetic energy: `ratio` is target over present energy, `decay` exp(-dt/tau), `dof`
/// the degrees of freedom.
fn resample(ratio: f64, decay: f64, dof: f64, rng: &mut Pcg64) -> Result<f64> {
    let r: f64 = StandardNormal.sample(rng);
    let others = if dof > 1.0 {
        let chi = ChiSquared::new(dof - 1.0)
            .map_err(|e| Error::run(format!("fix temp/csvr with {dof} degrees of freedom: {e}")))?;
        chi.sample(rng)
    } else {
        0.0
    };
    let part = (1.0 - decay) * ratio / dof;
    Ok(decay + part * (r * r + others) + 2.0 * r * (decay * part).sqrt())
}

impl Fix for Csvr {
    fn companions(&self) -> Vec<Companion> {
        Companion::temperature()
    }

    fn describe(&self) -> Vec<String> {
        vec![format!("seed {}", self.seed)]
    }

    fn end_of_step(&mut self, host: &mut dyn Host) -> Result<Control> {
        let r = self.base.read(host)?;
        if r.dof < 1.0 {
            return Ok(Control::Continue);
        }
        self.draws += 1;
        let key = (self.seed as u64).rotate_left(32) ^ self.draws as u64;
        let mut rng = Pcg64::seed_from_u64(key);
        let decay = (-host.state().dt / self.damping).exp();
        let square = resample(r.target / r.now, decay, r.dof, &mut rng)?;
        self.base.rescale(square.max(0.0), r, host)?;
        Ok(Control::Continue)
    }

    fn coupling_energy(&self) -> Option<f64> {
        Some(self.base.energy)
    }

    fn output(&self) -> Output {
        Rescaling::OUTPUT
    }

    fn data(&mut self, part: Part, _: &mut dyn Host) -> Result<Data> {
        self.base.data(part)
    }

    fn modify(&mut self, words: &[&str], host: &mut dyn Host) -> Result<()> {
        self.base.modify(words, host)
    }

    fn state(&self) -> Option<Vec<u8>> {
        let mut w = Writer::new();
        w.real(self.base.energy).int(self.draws);
        Some(w.finish())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let mut r = Reader::new(bytes);
        self.base.energy = r.real()?;
        self.draws = r.int()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Energies in units of kT/2: the stationary distribution is chi squared with `dof` degrees of freedom, mean
    /// dof and variance 2 dof.
    #[test]
    fn the_kinetic_energy_is_canonical() {
        let dof = 9.0;
        let mut rng = Pcg64::seed_from_u64(7);
        let (mut k, mut sum, mut square) = (dof, 0.0, 0.0);
        let n = 200_000;
        for _ in 0..n {
            k *= resample(dof / k, (-0.5f64).exp(), dof, &mut rng).unwrap();
            sum += k;
            square += k * k;
        }
        let mean = sum / n as f64;
        let variance = square / n as f64 - mean * mean;
        assert!((mean - dof).abs() < 0.1, "{mean}");
        assert!((variance - 2.0 * dof).abs() < 0.7, "{variance}");
    }
}
