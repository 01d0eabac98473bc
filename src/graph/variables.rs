//! The script's variables as the engine and the commands see them.

use super::bridge::FormulaBridge;
use super::entry::CommandEntry;
use crate::domain::Host;
use crate::engine;
use crate::error::Result;
use crate::script::variables::Style;
use crate::script::{Mapped, Variables, substitute};

/// The variables of a script together with what their formulas may ask.
#[derive(Debug)]
pub struct ScriptVariables {
    variables: Variables,
    commands: &'static [CommandEntry],
}

impl ScriptVariables {
    /// No variables yet; `commands` is what `is_available(command,...)` knows.
    pub fn new(commands: &'static [CommandEntry]) -> Self {
        Self {
            variables: Variables::default(),
            commands,
        }
    }

    /// The script layer's variables.
    pub fn script(&self) -> &Variables {
        &self.variables
    }

    /// What formulas ask, answered by `host`.
    pub fn bridge<'a>(&self, host: &'a mut dyn Host) -> FormulaBridge<'a> {
        FormulaBridge::new(host, self.commands)
    }
}

impl engine::Variables for ScriptVariables {
    fn equal(&self, name: &str, host: &mut dyn Host) -> Result<f64> {
        let bridge = &mut self.bridge(host);
        match self.variables.style(name) {
            Some(s) if s.is_equal() => Ok(self.variables.equal(name, bridge)?),
            // Index-, loop- and string-style variables count where their text is a number
            _ => Ok(self.variables.number(name, bridge)?),
        }
    }

    fn atom(&self, name: &str, host: &mut dyn Host) -> Result<Vec<f64>> {
        Ok(self.variables.atom(name, None, &mut self.bridge(host))?)
    }

    fn vector(&self, name: &str, host: &mut dyn Host) -> Result<Vec<f64>> {
        Ok(self.variables.vector(name, &mut self.bridge(host))?)
    }

    fn set_internal(&self, name: &str, value: f64) -> Result<()> {
        Ok(self.variables.set_internal(name, value)?)
    }

    fn style(&self, name: &str) -> Option<&'static str> {
        self.variables.style(name).map(Style::name)
    }

    fn substitute(&self, text: &str, host: &mut dyn Host) -> Result<String> {
        let text = Mapped::plain(text);
        let expanded = substitute(&text, &self.variables, &mut self.bridge(host))?;
        Ok(expanded.text.as_str().to_string())
    }
}
