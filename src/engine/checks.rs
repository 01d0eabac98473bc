//! What a run refuses or warns about before its first step. Slips that show in the script (units of times, unsafe
//! neighbour settings) are looked for in `graph::lint`, which knows their places.

use super::Engine;
use crate::error::{Error, Result};

impl Engine {
    /// Errors and warnings that need no forces; LAMMPS' wording where it has one.
    ///
    /// # Errors
    /// No box, masses that are not set, group bits of fixes that no longer exist.
    pub(crate) fn check_before_run(&mut self) -> Result<()> {
        self.state.cell("run")?;
        self.check_masses()?;
        if let Some(name) = &self.restored.pair_style {
            return Err(Error::input(format!(
                "The pair style {name} of the restart file reads files and has not been given again"
            ))
            .help("give pair_style and pair_coeff after read_restart"));
        }
        if self.pair.is_none() {
            self.log
                .warn("No pair style is defined: atoms do not interact");
        }
        if !self.minimising {
            self.check_order_of_integrators()?;
            self.warn_about_integrators();
        }
        Ok(())
    }

    fn check_order_of_integrators(&self) -> Result<()> {
        let mut integrated = false;
        for slot in self.fixes.values() {
            let Some(fix) = &slot.fix else { continue };
            if let Some(message) = fix.precedes_integrators().filter(|_| integrated) {
                return Err(Error::input(message).note(format!("fix {}", slot.id.id)));
            }
            integrated |= fix.integrates();
        }
        Ok(())
    }

    fn check_masses(&self) -> Result<()> {
        if let Some(masses) = &self.state.atoms.rmass {
            let massless = masses.iter().position(|m| *m <= 0.0);
            return massless.map_or(Ok(()), |i| {
                Err(Error::input(format!(
                    "Atom {} has no mass, which fix property/atom rmass asks for",
                    self.state.atoms.id[i]
                ))
                .help("give masses to all atoms: set group all mass VALUE"))
            });
        }
        let types = &self.state.types;
        let missing: Vec<String> = (1..=types.count)
            .filter(|&t| types.mass.get(t).copied().flatten().is_none())
            .map(|t| t.to_string())
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let (what, verb) = if missing.len() == 1 {
            ("Type", "is")
        } else {
            ("Types", "are")
        };
        Err(Error::input(format!(
            "Not all per-type masses are set. {what} {} {verb} missing.",
            missing.join(", ")
        ))
        .help(format!("add: mass {} VALUE", missing[0])))
    }

    fn warn_about_integrators(&self) {
        let integrating: Vec<u32> = self
            .fixes
            .values()
            .filter(|s| s.fix.as_ref().is_some_and(|f| f.integrates()))
            .map(|s| s.id.bit)
            .collect();
        let steps = self.state.run.last - self.state.run.first;
        if integrating.is_empty() {
            if steps > 0 {
                self.log
                    .warn("No fixes with time integration, atoms won't move");
            }
            return;
        }
        let times = |m: u32| integrating.iter().filter(|&&b| m & b != 0).count();
        if self.state.atoms.mask.iter().any(|&m| times(m) > 1) {
            self.log
                .warn("One or more atoms are time integrated more than once");
        }
    }
}
