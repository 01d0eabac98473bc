//! `fix npt` and `fix nph`: Nose-Hoover barostat, with a thermostat for npt.

mod keywords;

use super::barostat_common::{Barostat, Reading, Shape};
use super::integrate_common::{drift, kick, kick_factors, scale};
use super::nh_common::{Continued, Kinetic, Thermostat};
use super::pressure_common::Computes;
use super::{Companion, Fix, FixEntry, FixId};
use crate::domain::host::{Data, Host, Output, Part, Source};
use crate::domain::{State, Tally, reshape};
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};
use crate::signature::{Args, Signature};

const NPT_SIGNATURE: Signature = Signature {
    name: "npt",
    summary: "moves atoms at constant number, pressure and temperature (Nose-Hoover chains)",
    args: &[],
    keywords: keywords::NPT,
    description: "Nose-Hoover chains on atoms and cell: Martyna et al., Mol. Phys. 87, 1117 (1996); Tuckerman et al., J. Phys. A 39, \
5629 (2006); cells under a stress that is not hydrostatic as Parrinello and Rahman, J. Appl. Phys. 52, 7182 (1981). `iso` changes the \
volume, `aniso` the three lengths, `tri` also the tilts; `x`, `y`, `z`, `yz`, `xz`, `xy` control single components. Pressures and \
temperatures change linearly over the run. `f_ID` is the energy of thermostat and barostat, which `econserve` includes; `f_ID[*]` are \
positions and velocities of the chain, of the cell and of its chain, then their potential and kinetic energies and the strain \
energy. The temperature is that of `compute ID_temp all temp`, the pressure that of `compute ID_press all pressure ID_temp`; `fix_modify ID \
temp C` and `press C` take others. Directions with pressure control must be periodic.",
    examples: &[
        "fix 1 all npt temp 300 300 0.1 iso 0 0 1.0",
        "fix 1 all npt temp 300 600 0.1 aniso 0 0 1.0 couple xy",
        "fix 1 all npt temp 300 300 0.1 tri 0 0 1.0 nreset 1000 drag 0.2",
    ],
};

const NPH_SIGNATURE: Signature = Signature {
    name: "nph",
    summary: "moves atoms at constant number, pressure and enthalpy",
    args: &[],
    keywords: keywords::NPH,
    description: "As fix npt without the thermostat. The masses of the barostat follow from `ptemp`, or from the temperature at the \
first step.",
    examples: &[
        "fix 1 all nph iso 0 0 1.0",
        "fix 1 all nph x 0 0 1.0 y 0 0 1.0 couple xy ptemp 300",
    ],
};

/// The line of the table for npt.
pub const NPT: FixEntry = FixEntry {
    signature: &NPT_SIGNATURE,
    build: |id, args, host| build(id, args, host, "npt"),
};

/// The line of the table for nph.
pub const NPH: FixEntry = FixEntry {
    signature: &NPH_SIGNATURE,
    build: |id, args, host| build(id, args, host, "nph"),
};

struct Npt {
    style: &'static str,
    bit: u32,
    thermostat: Option<Thermostat>,
    barostat: Barostat,
    computes: Computes,
    /// Temperature that the masses of nph follow from; found at the first run if not given.
    mass_temperature: Option<f64>,
    kt: f64,
    coupled: Kinetic,
    running: bool,
    continued: Continued,
}

fn build(
    id: &FixId,
    args: &Args,
    host: &mut dyn Host,
    style: &'static str,
) -> Result<Box<dyn Fix>> {
    let settings = keywords::settings(args, host, style)?;
    let barostat = Barostat::new(settings, host.state().dimension);
    Ok(Box::new(Npt {
        style,
        bit: id.bit,
        thermostat: keywords::thermostat(args, style)?,
        barostat,
        computes: Computes::new(style, id),
        mass_temperature: keywords::mass_temperature(args)?,
        kt: 0.0,
        coupled: Kinetic::default(),
        running: false,
        continued: Continued::No,
    }))
}

impl Npt {
    fn thermostat_half_step(&mut self, host: &mut dyn Host) -> Result<()> {
        let Some(thermostat) = &mut self.thermostat else {
            return Ok(());
        };
        let factor = thermostat.half_step(host.state(), &mut self.coupled);
        let bias = host.velocity_bias(&self.computes.temperature)?;
        scale(host.state_mut(), self.bit, factor, bias.as_deref());
        Ok(())
    }

    fn read(&self, host: &mut dyn Host) -> Result<Reading> {
        host.state_mut().touch();
        let twice_kinetic = self.coupled.twice(host.state().units.boltz);
        if self.barostat.shape == Shape::Iso {
            return Ok(Reading {
                twice_kinetic,
                kinetic: [0.0; 3],
                pressure: [self.computes.scalar(host)?; 6],
            });
        }
        let kinetic = match host.data(Source::Compute, &self.computes.temperature, Part::Vector)? {
            Data::Vector(v) if v.len() >= 3 => [v[0], v[1], v[2]],
            _ => {
                return Err(Error::input(format!(
                    "compute {} has no kinetic energy tensor, which fix {} needs",
                    self.computes.temperature, self.style
                )));
            }
        };
        let p = self.computes.tensor(host)?;
        Ok(Reading {
            twice_kinetic,
            kinetic,
            pressure: [p[0], p[1], p[2], p[5], p[4], p[3]],
        })
    }

    /// Velocities of the atoms under the cell velocities, half a step.
    fn drag_velocities(&self, host: &mut dyn Host) -> Result<()> {
        let bias = host.velocity_bias(&self.computes.temperature)?;
        let state = host.state_mut();
        let dt = state.dt;
        let atoms = &mut state.atoms;
        for (i, v) in atoms.v.iter_mut().enumerate() {
            if atoms.mask[i] & self.bit == 0 {
                continue;
            }
            match &bias {
                None => self.barostat.drag_velocity(dt, v),
                Some(b) => {
                    (0..3).for_each(|k| v[k] -= b[i][k]);
                    self.barostat.drag_velocity(dt, v);
                    (0..3).for_each(|k| v[k] += b[i][k]);
                }
            }
        }
        state.touch();
        Ok(())
    }

    fn kick(&self, host: &mut dyn Host) {
        let state = host.state_mut();
        let factors = kick_factors(state);
        kick(state, self.bit, &factors);
    }
}

impl Fix for Npt {
    fn target_temperature(&self, state: &State) -> Option<f64> {
        self.thermostat.as_ref().map(|t| t.target.now(state))
    }

    fn integrates(&self) -> bool {
        true
    }

    fn changes_cell(&self) -> bool {
        true
    }

    fn tally_at(&self, _: i64) -> Tally {
        Tally {
            virial: true,
            ..Tally::NONE
        }
    }

    fn companions(&self) -> Vec<Companion> {
        self.computes.companions(&[])
    }

    fn init(&mut self, host: &mut dyn Host) -> Result<()> {
        self.computes.require(host)?;
        keywords::check_cell(&self.barostat.set, host.state(), self.style)?;
        let state = host.state();
        self.barostat
            .keep_reference(state.cell("fix npt")?, state.dimension);
        Ok(())
    }

    fn setup(&mut self, host: &mut dyn Host) -> Result<()> {
        if !self.continued.take(host.state()) {
            self.coupled = Kinetic::measure(host, &self.computes.temperature)?;
        }
        if let Some(t) = &mut self.thermostat {
            t.start(host.state(), self.coupled);
            self.kt = t.kt;
        } else {
            let t0 = self.mass_temperature.unwrap_or(self.coupled.temperature);
            if t0 < 1e-6 {
                return Err(Error::input(format!(
                    "Current fix {} temperature is too close to zero, consider using ptemp keyword",
                    self.style
                )));
            }
            self.mass_temperature = Some(t0);
            self.kt = host.state().units.boltz * t0;
        }
        self.barostat.set_target(self.kt);
        self.barostat.targets(host.state())?;
        self.barostat.start(host.state(), self.kt);
        self.running = true;
        Ok(())
    }

    fn initial_integrate(&mut self, host: &mut dyn Host) -> Result<()> {
        let dt = host.state().dt;
        self.barostat.chain_half_step(dt);
        if let Some(t) = &mut self.thermostat {
            t.aim(host.state(), self.coupled);
            self.kt = t.kt;
        }
        self.barostat.set_target(self.kt);
        self.thermostat_half_step(host)?;
        let reading = self.read(host)?;
        self.barostat.targets(host.state())?;
        self.barostat.velocity_half_step(host.state(), reading)?;
        self.drag_velocities(host)?;
        self.kick(host);
        self.barostat.cell_half_step(host.state_mut())?;
        drift(host.state_mut(), self.bit);
        self.barostat.cell_half_step(host.state_mut())
    }

    fn pre_exchange(&mut self, host: &mut dyn Host) -> Result<()> {
        if self.barostat.set.flip {
            reshape::flip(host.state_mut(), reshape::MOST_TILT);
        }
        Ok(())
    }

    fn final_integrate(&mut self, host: &mut dyn Host) -> Result<()> {
        self.kick(host);
        self.drag_velocities(host)?;
        self.coupled = Kinetic::measure(host, &self.computes.temperature)?;
        let reading = self.read(host)?;
        self.barostat.velocity_half_step(host.state(), reading)?;
        self.thermostat_half_step(host)?;
        self.barostat.chain_half_step(host.state().dt);
        Ok(())
    }

    fn post_run(&mut self, _: &mut dyn Host) -> Result<()> {
        self.running = false;
        Ok(())
    }

    fn coupling_energy_of(&self, state: &State) -> Option<f64> {
        let thermostat = self.thermostat.as_ref().map_or(0.0, Thermostat::energy);
        Some(thermostat + self.barostat.energy(state))
    }

    fn output(&self) -> Output {
        let links = self.thermostat.as_ref().map_or(0, |t| t.chain.eta.len());
        Output {
            vector: 4 * links + self.barostat.outputs(),
            extensive: true,
            ..Output::SCALAR
        }
    }

    fn data(&mut self, part: Part, host: &mut dyn Host) -> Result<Data> {
        match part {
            Part::Scalar => Ok(Data::Scalar(
                self.coupling_energy_of(host.state()).unwrap_or(0.0),
            )),
            Part::Vector => {
                let thermostat = self.thermostat.as_ref();
                let mut v = thermostat.map(Thermostat::positions).unwrap_or_default();
                v.extend(self.barostat.positions());
                v.extend(thermostat.map(Thermostat::energies).unwrap_or_default());
                v.extend(self.barostat.energies(host.state()));
                Ok(Data::Vector(v))
            }
            _ => Err(Error::input(format!(
                "fix {} has a scalar and a vector only",
                self.style
            ))),
        }
    }

    fn modify(&mut self, words: &[&str], host: &mut dyn Host) -> Result<()> {
        self.computes.modify(words, host)
    }

    fn state(&self) -> Option<Vec<u8>> {
        let mut w = Writer::new();
        w.flag(self.thermostat.is_some());
        if let Some(t) = &self.thermostat {
            t.chain.save(&mut w);
        }
        w.real(self.mass_temperature.unwrap_or(0.0));
        w.flag(self.running);
        self.coupled.save(&mut w);
        self.barostat.save(&mut w, self.running);
        Some(w.finish())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let r = &mut Reader::new(bytes);
        if r.flag()?
            && let Some(t) = &mut self.thermostat
        {
            t.chain.load(r)?;
        }
        let t0 = r.real()?;
        if t0 > 0.0 {
            self.mass_temperature = Some(t0);
        }
        self.continued = Continued::written(r.flag()?);
        self.coupled = Kinetic::load(r)?;
        self.barostat.load(r)
    }
}
