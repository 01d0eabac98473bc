//! What the thermostats that rescale velocities share: target, temperature compute, energy given to the bath.

use super::FixId;
use super::integrate_common::scale;
use super::nh_common::Ramp;
use crate::domain::host::{Data, Host, Output, Part, Reference, Source};
use crate::error::{Error, Result};
use crate::signature::Args;

/// The target temperature.
#[derive(Debug, Clone)]
enum Target {
    Ramp(Ramp),
    Variable(Reference),
}

/// A thermostat that multiplies the velocities of a group by one factor.
#[derive(Debug)]
pub struct Rescaling {
    bit: u32,
    style: &'static str,
    target: Target,
    /// ID of the temperature compute.
    pub temperature: String,
    /// Energy that the bath has received, energy units.
    pub energy: f64,
}

/// Temperature, degrees of freedom and target of a step.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// Temperature now.
    pub now: f64,
    /// Degrees of freedom.
    pub dof: f64,
    /// Target temperature now.
    pub target: f64,
}

impl Rescaling {
    /// From the arguments `Tstart` (a number or v_name) and `Tstop`.
    ///
    /// # Errors
    /// The targets are no numbers.
    pub fn new(id: &FixId, style: &'static str, args: &Args) -> Result<Self> {
        let target = match Reference::parse(args.str("Tstart")) {
            // it need not exist before the run
            Some(r) if r.source == Source::Variable => Target::Variable(r),
            _ => Target::Ramp(Ramp {
                start: args.real("Tstart")?,
                stop: args.real("Tstop")?,
            }),
        };
        Ok(Self {
            bit: id.bit,
            style,
            target,
            temperature: format!("{}_temp", id.id),
            energy: 0.0,
        })
    }

    /// Temperature and target now.
    ///
    /// # Errors
    /// The temperature is zero, or the variable gives a negative target.
    pub fn read(&self, host: &mut dyn Host) -> Result<Reading> {
        let target = match &self.target {
            Target::Ramp(r) => r.now(host.state()),
            Target::Variable(v) => host.scalar(v)?,
        };
        let (now, dof) = host.temperature(&self.temperature)?;
        if now == 0.0 {
            return Err(Error::run(format!(
                "Computed temperature for fix {} cannot be 0.0",
                self.style
            )));
        }
        if target < 0.0 {
            return Err(Error::run(format!(
                "Fix {} variable returned negative temperature",
                self.style
            )));
        }
        Ok(Reading { now, dof, target })
    }

    /// Multiplies the velocities by the root of `square` and books the energy.
    ///
    /// # Errors
    /// The bias of the temperature compute cannot be evaluated.
    pub fn rescale(&mut self, square: f64, reading: Reading, host: &mut dyn Host) -> Result<()> {
        let kinetic = 0.5 * host.state().units.boltz * reading.dof * reading.now;
        self.energy += kinetic * (1.0 - square);
        let bias = host.velocity_bias(&self.temperature)?;
        scale(host.state_mut(), self.bit, square.sqrt(), bias.as_deref());
        Ok(())
    }

    /// The scalar of the fix.
    pub const OUTPUT: Output = Output {
        extensive: true,
        ..Output::SCALAR
    };

    /// `f_ID`
    ///
    /// # Errors
    /// Another part than the scalar is asked for.
    pub fn data(&self, part: Part) -> Result<Data> {
        match part {
            Part::Scalar => Ok(Data::Scalar(self.energy)),
            _ => Err(Error::input(format!(
                "fix {} has a scalar only",
                self.style
            ))),
        }
    }

    /// `fix_modify temp`
    ///
    /// # Errors
    /// Another keyword, or no temperature compute.
    pub fn modify(&mut self, words: &[&str], host: &mut dyn Host) -> Result<()> {
        match words {
            ["temp", id] => {
                host.temperature(id).map_err(|e| e.or_at(1))?;
                self.temperature = (*id).to_string();
                Ok(())
            }
            _ => Err(Error::input(format!(
                "Illegal fix_modify command: fix {} knows temp ID",
                self.style
            ))
            .at(0)),
        }
    }
}
