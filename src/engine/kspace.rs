//! Long-range electrostatics in the force evaluation.
//!
//! The kspace style is prepared before the pair style: it needs the pair style's Coulomb cutoff, and chooses the
//! splitting parameter that the pair style then needs.

use super::clock::Section;
use super::{Engine, KspaceSlot};
use crate::domain::Tally;
use crate::domain::state::Share;
use crate::error::{Error, Result};
use crate::kspace::{self, KspaceModify, LongRange, RealSpace};
use crate::signature::Args;

impl Engine {
    /// `kspace_style words...`
    ///
    /// # Errors
    /// The style does not exist or the words are wrong.
    pub fn set_kspace_style(&mut self, words: &[&str]) -> Result<()> {
        let name = words.first().copied().unwrap_or("");
        self.pair_ready = false;
        self.state.g_ewald = None;
        self.kspace = None;
        if name == "none" {
            return Ok(());
        }
        let entry = kspace::find(name).map_err(|e| e.or_at(0))?;
        let args = entry
            .signature
            .parse(&format!("kspace_style {name}"), &words[1..])
            .map_err(|e| e.shifted(1))?;
        let style = (entry.build)(&args).map_err(|e| e.shifted(1))?;
        self.kspace = Some(KspaceSlot {
            name: name.into(),
            style,
            modify: KspaceModify::default(),
            result: LongRange::default(),
        });
        Ok(())
    }

    /// `kspace_modify`
    ///
    /// # Errors
    /// There is no kspace style, or it cannot honour a setting.
    pub fn modify_kspace(&mut self, args: &Args) -> Result<()> {
        let Some(slot) = &mut self.kspace else {
            return Err(Error::input(
                "KSpace style has not yet been set: kspace_modify comes after kspace_style",
            ));
        };
        let mut modify = slot.modify;
        let warnings = modify.apply(args)?;
        slot.style.modify(&modify)?;
        slot.modify = modify;
        self.pair_ready = false;
        warnings.iter().for_each(|w| self.log.warn(w));
        Ok(())
    }

    /// Prepares the kspace style for the pair style's cutoff and says in the log what it chose.
    pub(super) fn prepare_kspace(&mut self) -> Result<()> {
        let Some(slot) = &mut self.kspace else {
            self.state.g_ewald = None;
            return Ok(());
        };
        let cutoff = self.pair.as_ref().and_then(|p| p.style.long_cutoff());
        let Some(cutoff) = cutoff else {
            return Err(Error::input(format!(
                "KSpace style is incompatible with Pair style: kspace_style {} needs a pair style with coul/long, and pair_style is {}",
                slot.name,
                self.pair.as_ref().map_or("none", |p| p.name.as_str())
            ))
            .help("use e.g. pair_style lj/cut/coul/long or hybrid/overlay with coul/long, or kspace_style none"));
        };
        let real = RealSpace {
            cutoff,
            table: self.pair_modify.table,
        };
        let prepared = slot
            .style
            .init(&self.state, real)
            .map_err(|e| e.note(format!("kspace style {}", slot.name)))?;
        self.state.g_ewald = Some(prepared.g_ewald);
        for warning in &prepared.warnings {
            self.log.warn(warning);
        }
        if !self.dry {
            for line in &prepared.lines {
                self.log.line(line);
            }
        }
        Ok(())
    }

    /// Evaluates the long-range part at the present positions and adds its energy and virial to the tallies.
    pub(super) fn long_range(&mut self, tally: Tally) -> Result<()> {
        let Some(slot) = self.kspace.as_mut().filter(|k| k.modify.compute) else {
            return Ok(());
        };
        if self.state.run.running {
            self.clock.book(Section::Pair);
        }
        slot.style
            .compute(&self.state, tally, &mut slot.result)
            .map_err(|e| {
                e.note(format!(
                    "kspace style {}, step {}",
                    slot.name, self.state.step
                ))
            })?;
        let (t, r) = (&mut self.state.tallies, &slot.result);
        t.long += r.energy;
        t.kspace = Share {
            virial: r.virial,
            atom_energy: r.atom_energy.clone(),
            atom_virial: r.atom_virial.clone(),
        };
        t.add(&t.kspace.clone());
        if self.state.run.running {
            self.clock.book(Section::Kspace);
        }
        Ok(())
    }

    /// Adds the forces of the last evaluation.
    pub(super) fn add_long_range_forces(&mut self) {
        let Some(slot) = self.kspace.as_ref().filter(|k| k.modify.compute) else {
            return;
        };
        for (f, g) in self.state.atoms.f.iter_mut().zip(&slot.result.f) {
            (0..3).for_each(|k| f[k] += g[k]);
        }
    }
}
