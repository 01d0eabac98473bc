//! `fix temp/csvr`: canonical sampling through velocity rescaling.

use super::thermostat_common::Rescaling;
use super::{Companion, Control, Fix, FixEntry, FixId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};
use crate::marsaglia::Marsaglia;
use crate::signature::{Args, Kind, Signature, arg};

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
    description: "Bussi, Donadio, Parrinello, J. Chem. Phys. 126, 014101 (2007), eq. A7, at the end of each step. The \
random numbers are LAMMPS' on one process; the stream is kept in restart files.",
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
    random: Marsaglia,
}

fn build(id: &FixId, args: &Args, _: &mut dyn Host) -> Result<Box<dyn Fix>> {
    let seed = args.int("seed")?;
    let random =
        Marsaglia::new(seed).map_err(|e| Error::input(e.to_string()).at(args.word("seed")))?;
    Ok(Box::new(Csvr {
        base: Rescaling::new(id, "temp/csvr", args)?,
        damping: args.real("Tdamp")?,
        seed,
        random,
    }))
}

/// Ratio of the new to the old kinetic energy: `ratio` is target over present energy, `decay` exp(-dt/tau), `dof`
/// the degrees of freedom.
fn resample(ratio: f64, decay: f64, dof: f64, random: &mut Marsaglia) -> f64 {
    let r = random.gaussian();
    let others = random.chi_squared((dof - 1.0) as usize);
    let part = (1.0 - decay) * ratio / dof;
    decay + part * (r * r + others) + 2.0 * r * (decay * part).sqrt()
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
        let decay = (-host.state().dt / self.damping).exp();
        let square = resample(r.target / r.now, decay, r.dof, &mut self.random);
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
        w.real(self.base.energy).reals(&self.random.state());
        Some(w.finish())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let mut r = Reader::new(bytes);
        self.base.energy = r.real()?;
        self.random = Marsaglia::from_state(&r.reals()?)
            .ok_or_else(|| Error::input("the restart data of the random stream are damaged"))?;
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
        let mut random = Marsaglia::new(7).unwrap();
        let (mut k, mut sum, mut square) = (dof, 0.0, 0.0);
        let n = 200_000;
        for _ in 0..n {
            k *= resample(dof / k, (-0.5f64).exp(), dof, &mut random);
            sum += k;
            square += k * k;
        }
        let mean = sum / n as f64;
        let variance = square / n as f64 - mean * mean;
        assert!((mean - dof).abs() < 0.1, "{mean}");
        assert!((variance - 2.0 * dof).abs() < 0.7, "{variance}");
    }
}
