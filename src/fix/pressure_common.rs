//! The temperature and pressure computes of fixes that control a pressure: made with the fix, read every step, replaced
//! by `fix_modify temp` and `fix_modify press`.

use super::{Companion, FixId};
use crate::domain::host::{Data, Host, Part, Source};
use crate::error::{Error, Result};

/// IDs of the two computes.
pub struct Computes {
    style: &'static str,
    /// Temperature compute.
    pub temperature: String,
    /// Pressure compute.
    pub pressure: String,
    /// Whether the pressure compute is the fix's own, which follows its temperature.
    own: bool,
}

impl Computes {
    /// Those that the fix makes itself, ID_temp and ID_press.
    pub fn new(style: &'static str, id: &FixId) -> Self {
        Self {
            style,
            temperature: format!("{}_temp", id.id),
            pressure: format!("{}_press", id.id),
            own: true,
        }
    }

    /// What the fix makes beside itself; `parts` are further words of the pressure.
    pub fn companions(&self, parts: &[&str]) -> Vec<Companion> {
        Companion::temperature_and_pressure(&self.temperature, parts)
    }

    /// Checks that both exist.
    ///
    /// # Errors
    /// One was deleted.
    pub fn require(&self, host: &dyn Host) -> Result<()> {
        for (what, id) in [
            ("Temperature", &self.temperature),
            ("Pressure", &self.pressure),
        ] {
            host.output(Source::Compute, id).map_err(|e| Error {
                message: format!(
                    "{what} compute ID {id} for fix {} does not exist",
                    self.style
                ),
                ..e
            })?;
        }
        Ok(())
    }

    /// Pressure, pressure units.
    ///
    /// # Errors
    /// The compute has no scalar, or cannot be evaluated.
    pub fn scalar(&self, host: &mut dyn Host) -> Result<f64> {
        match host.data(Source::Compute, &self.pressure, Part::Scalar)? {
            Data::Scalar(p) => Ok(p),
            _ => Err(self.no_pressure()),
        }
    }

    /// Pressure tensor xx yy zz xy xz yz, pressure units.
    ///
    /// # Errors
    /// The compute has no tensor, or cannot be evaluated.
    pub fn tensor(&self, host: &mut dyn Host) -> Result<[f64; 6]> {
        match host.data(Source::Compute, &self.pressure, Part::Vector)? {
            Data::Vector(p) => p.try_into().map_err(|_| self.no_pressure()),
            _ => Err(self.no_pressure()),
        }
    }

    fn no_pressure(&self) -> Error {
        Error::input(format!("compute {} is not a pressure", self.pressure))
    }

    /// `fix_modify temp ID` and `fix_modify press ID`.
    ///
    /// # Errors
    /// Another word, or the compute does not exist or is of another kind.
    pub fn modify(&mut self, words: &[&str], host: &mut dyn Host) -> Result<()> {
        match words {
            ["temp", id] => {
                host.temperature(id).map_err(|e| e.or_at(1))?;
                self.temperature = (*id).to_string();
                if self.own {
                    host.bind_temperature(&self.pressure, id)?;
                }
                Ok(())
            }
            ["press", id] => {
                let output = host.output(Source::Compute, id).map_err(|e| e.or_at(1))?;
                if !output.scalar || output.vector != 6 {
                    return Err(Error::input(format!(
                        "Fix_modify pressure ID {id} does not compute pressure"
                    ))
                    .at(1));
                }
                self.pressure = (*id).to_string();
                self.own = false;
                Ok(())
            }
            [word, ..] => Err(Error::input(format!(
                "Illegal fix_modify command: fix {} knows temp and press, not '{word}'",
                self.style
            ))
            .at(0)),
            [] => Err(Error::input(
                "Illegal fix_modify command: missing argument(s)",
            )),
        }
    }
}
