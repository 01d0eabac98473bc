//! `fix nvt`: Nose-Hoover chain thermostat with velocity Verlet.

use super::integrate_common::{drift, kick, kick_factors, scale};
use super::nh_common::{Chain, Continued, Kinetic, Ramp, Thermostat};
use super::{Companion, Fix, FixEntry, FixId};
use crate::domain::host::{Data, Host, Output, Part, Source};
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};
use crate::signature::{Args, Kind, Signature, arg, keyword};

const SIGNATURE: Signature = Signature {
    name: "nvt",
    summary: "moves atoms at constant number, volume and temperature (Nose-Hoover chains)",
    args: &[],
    keywords: &[
        keyword(
            "temp",
            &[
                arg(
                    "Tstart",
                    Kind::Real,
                    "target at the start of the run, temperature units",
                ),
                arg(
                    "Tstop",
                    Kind::Real,
                    "target at its end; the target changes linearly",
                ),
                arg(
                    "Tdamp",
                    Kind::Positive,
                    "relaxation time, time units (ps in metal: about 100 timesteps)",
                ),
            ],
            "temperature and relaxation time; required",
        ),
        keyword(
            "tchain",
            &[arg("N", Kind::Count, "number of thermostats")],
            "length of the chain, default 3",
        ),
        keyword(
            "tloop",
            &[arg("M", Kind::Count, "number of sub-steps")],
            "sub-steps of the chain, default 1",
        ),
        keyword(
            "drag",
            &[arg("Df", Kind::Real, "0 to 2")],
            "drag on the thermostats, default 0",
        ),
        keyword(
            "mtk",
            &[arg("value", Kind::YesNo, "yes or no")],
            "correction of barostats; without effect here",
        ),
    ],
    description: "Nose-Hoover chain of length `tchain`, Martyna et al., Mol. Phys. 87, 1117 (1996): the first link is \
coupled to the kinetic energy of the group, its mass is N_f kB T Tdamp^2. `f_ID` is the energy of the chain, which \
`econserve` includes; `f_ID[1..4M]` are the positions, velocities, potential and kinetic energies of the links. The \
temperature is that of `compute ID_temp group temp`; `fix_modify ID temp C` takes another.",
    examples: &[
        "fix 1 all nvt temp 300 300 0.1",
        "fix 1 all nvt temp 300 600 0.1 tchain 4",
    ],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

struct Nvt {
    bit: u32,
    temperature: String,
    thermostat: Thermostat,
    coupled: Kinetic,
    running: bool,
    continued: Continued,
}

fn build(id: &FixId, args: &Args, _: &mut dyn Host) -> Result<Box<dyn Fix>> {
    let Some(temp) = args.keyword("temp") else {
        return Err(
            Error::input("Temperature control must be used with fix nvt")
                .help("usage: fix ID group nvt temp Tstart Tstop Tdamp"),
        );
    };
    let target = Ramp {
        start: temp.real("Tstart")?,
        stop: temp.real("Tstop")?,
    };
    for (name, t) in [("Tstart", target.start), ("Tstop", target.stop)] {
        if t <= 0.0 {
            return Err(Error::input(format!(
                "Target temperature for fix nvt must be above zero: {name} is {t}"
            ))
            .at(temp.word(name)));
        }
    }
    let damping = temp.real("Tdamp")?;
    let count = |name: &str, argument: &str, default: usize| -> Result<usize> {
        match args.keyword(name) {
            Some(k) => Ok(k.int(argument)?.clamp(1, 1000) as usize),
            None => Ok(default),
        }
    };
    let drag = args.keyword("drag").map_or(Ok(0.0), |k| k.real("Df"))?;
    if drag < 0.0 {
        return Err(Error::input("fix nvt drag must not be negative"));
    }
    let chain = Chain::new(
        count("tchain", "N", 3)?,
        count("tloop", "M", 1)?,
        drag,
        damping,
    );
    Ok(Box::new(Nvt {
        bit: id.bit,
        temperature: format!("{}_temp", id.id),
        thermostat: Thermostat::new(target, chain),
        coupled: Kinetic::default(),
        running: false,
        continued: Continued::No,
    }))
}

impl Nvt {
    fn half_step(&mut self, host: &mut dyn Host) -> Result<()> {
        let factor = self.thermostat.half_step(host.state(), &mut self.coupled);
        let bias = host.velocity_bias(&self.temperature)?;
        scale(host.state_mut(), self.bit, factor, bias.as_deref());
        host.state_mut().touch();
        Ok(())
    }
}

impl Fix for Nvt {
    fn target_temperature(&self, state: &crate::domain::State) -> Option<f64> {
        Some(self.thermostat.target.now(state))
    }

    fn integrates(&self) -> bool {
        true
    }

    fn companions(&self) -> Vec<Companion> {
        Companion::temperature()
    }

    fn init(&mut self, host: &mut dyn Host) -> Result<()> {
        host.output(Source::Compute, &self.temperature)
            .map_err(|e| Error {
                message: format!(
                    "Temperature compute ID {} for fix nvt does not exist",
                    self.temperature
                ),
                ..e
            })?;
        Ok(())
    }

    fn setup(&mut self, host: &mut dyn Host) -> Result<()> {
        if !self.continued.take(host.state()) {
            self.coupled = Kinetic::measure(host, &self.temperature)?;
        }
        self.thermostat.start(host.state(), self.coupled);
        self.running = true;
        Ok(())
    }

    fn initial_integrate(&mut self, host: &mut dyn Host) -> Result<()> {
        self.thermostat.aim(host.state(), self.coupled);
        self.half_step(host)?;
        let state = host.state_mut();
        let factors = kick_factors(state);
        kick(state, self.bit, &factors);
        drift(state, self.bit);
        Ok(())
    }

    fn final_integrate(&mut self, host: &mut dyn Host) -> Result<()> {
        let state = host.state_mut();
        let factors = kick_factors(state);
        kick(state, self.bit, &factors);
        self.coupled = Kinetic::measure(host, &self.temperature)?;
        self.half_step(host)
    }

    fn post_run(&mut self, _: &mut dyn Host) -> Result<()> {
        self.running = false;
        Ok(())
    }

    fn coupling_energy(&self) -> Option<f64> {
        Some(self.thermostat.energy())
    }

    fn output(&self) -> Output {
        Output {
            vector: 4 * self.thermostat.chain.eta.len(),
            extensive: true,
            ..Output::SCALAR
        }
    }

    fn data(&mut self, part: Part, _: &mut dyn Host) -> Result<Data> {
        let t = &self.thermostat;
        match part {
            Part::Scalar => Ok(Data::Scalar(t.energy())),
            Part::Vector => Ok(Data::Vector([t.positions(), t.energies()].concat())),
            _ => Err(Error::input("fix nvt has a scalar and a vector only")),
        }
    }

    fn modify(&mut self, words: &[&str], host: &mut dyn Host) -> Result<()> {
        match words {
            ["temp", id] => {
                host.temperature(id).map_err(|e| e.or_at(1))?;
                self.temperature = (*id).to_string();
                Ok(())
            }
            [word, ..] => Err(Error::input(format!(
                "Illegal fix_modify command: fix nvt knows temp, not '{word}'"
            ))
            .at(0)),
            [] => Err(Error::input(
                "Illegal fix_modify command: missing argument(s)",
            )),
        }
    }

    fn state(&self) -> Option<Vec<u8>> {
        let mut w = Writer::new();
        self.thermostat.chain.save(&mut w);
        w.flag(self.running);
        self.coupled.save(&mut w);
        Some(w.finish())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let r = &mut Reader::new(bytes);
        self.thermostat.chain.load(r)?;
        self.continued = Continued::written(r.flag()?);
        self.coupled = Kinetic::load(r)?;
        Ok(())
    }
}
