//! Bond and angle styles of the engine: made by commands, evaluated after the pair style.

use super::Engine;
use crate::angle::{self, Angles};
use crate::bond::{self, Bonds};
use crate::domain::Tally;
use crate::domain::state::Tallies;
use crate::domain::topology::Resolved;
use crate::error::{Error, Result};

/// Bonded interactions as the engine keeps them.
#[derive(Default)]
pub struct Bonded {
    /// Present bond style.
    pub bonds: Option<Bonds>,
    /// Present angle style.
    pub angles: Option<Angles>,
    /// `bond_style none`: bonds have no forces, without a warning.
    pub bonds_none: bool,
    /// `angle_style none`
    pub angles_none: bool,
    /// `dihedral_style none`: dihedrals of data files are skipped.
    pub dihedrals_none: bool,
    /// `improper_style none`
    pub impropers_none: bool,
    /// Atoms of bonds and angles by index, as of the last build of lists.
    resolved: Resolved,
}

impl Engine {
    /// Looks up the atoms of all bonds and angles that have forces.
    ///
    /// # Errors
    /// An atom is missing.
    pub(crate) fn resolve_topology(&mut self) -> Result<()> {
        self.bonded.resolved = Resolved::new(&self.state.atoms, self.state.step)?;
        Ok(())
    }

    /// Checks coefficients at the start of a run.
    ///
    /// # Errors
    /// A type of bond or angle has none.
    pub(crate) fn prepare_bonded(&mut self) -> Result<()> {
        let types = &self.state.types;
        let topology = &self.state.atoms.topology;
        match &self.bonded.bonds {
            Some(b) => b.init(types.bonds)?,
            None if !topology.bonds.is_empty() && !self.bonded.bonds_none => {
                self.log
                    .warn("Bonds are defined but no bond style is set: they have no forces");
            }
            None => {}
        }
        match &self.bonded.angles {
            Some(a) => a.init(types.angles)?,
            None if !topology.angles.is_empty() && !self.bonded.angles_none => {
                self.log
                    .warn("Angles are defined but no angle style is set: they have no forces");
            }
            None => {}
        }
        Ok(())
    }

    /// Adds bonds and angles to forces and tallies.
    ///
    /// # Errors
    /// A bond is too long for its potential.
    pub(crate) fn add_bonded(&mut self, tally: Tally, keep_forces: bool) -> Result<()> {
        let Bonded {
            bonds,
            angles,
            resolved,
            ..
        } = &self.bonded;
        if resolved.bonds.is_empty() && resolved.angles.is_empty() {
            return Ok(());
        }
        let n = self.state.atoms.len();
        let mut force = if keep_forces {
            std::mem::take(&mut self.state.atoms.f)
        } else {
            vec![[0.0; 3]; n]
        };
        let mut tallies = std::mem::take(&mut self.state.tallies);
        let state = &self.state;
        let mut result = Ok(());
        if let Some(b) = bonds {
            let mut own = Tallies::zero(tally, n);
            result = bond::evaluate(b, &resolved.bonds, state, tally, &mut force, &mut own);
            tallies.bond += own.bond;
            tallies.bonds = own.into_share();
            tallies.add(&tallies.bonds.clone());
        }
        if let (Some(a), Ok(())) = (angles, &result) {
            let mut own = Tallies::zero(tally, n);
            result = angle::evaluate(a, &resolved.angles, state, tally, &mut force, &mut own);
            tallies.angle += own.angle;
            tallies.centroid = std::mem::take(&mut own.centroid);
            tallies.angles = own.into_share();
            tallies.add(&tallies.angles.clone());
        }
        if keep_forces {
            self.state.atoms.f = force;
        }
        self.state.tallies = tallies;
        result
    }

    /// `bond_style`
    ///
    /// # Errors
    /// The style does not exist.
    pub fn set_bond_style(&mut self, words: &[&str]) -> Result<()> {
        self.pair_ready = false;
        self.bonded.bonds_none = words == ["none"];
        self.bonded.bonds = if self.bonded.bonds_none {
            None
        } else {
            Some(Bonds::new(words)?)
        };
        Ok(())
    }

    /// `angle_style`
    ///
    /// # Errors
    /// The style does not exist.
    pub fn set_angle_style(&mut self, words: &[&str]) -> Result<()> {
        self.pair_ready = false;
        self.bonded.angles_none = words == ["none"];
        self.bonded.angles = if self.bonded.angles_none {
            None
        } else {
            Some(Angles::new(words)?)
        };
        Ok(())
    }

    /// `bond_coeff`
    ///
    /// # Errors
    /// No style, or wrong words.
    pub fn set_bond_coeff(&mut self, words: &[&str]) -> Result<()> {
        self.state.cell("Bond_coeff")?;
        self.pair_ready = false;
        match &mut self.bonded.bonds {
            Some(b) => b.coeff(words, &self.state),
            None => Err(
                Error::input("Bond_coeff command before bond_style is defined")
                    .help("give bond_style before bond_coeff"),
            ),
        }
    }

    /// `angle_coeff`
    ///
    /// # Errors
    /// No style, or wrong words.
    pub fn set_angle_coeff(&mut self, words: &[&str]) -> Result<()> {
        self.state.cell("Angle_coeff")?;
        self.pair_ready = false;
        match &mut self.bonded.angles {
            Some(a) => a.coeff(words, &self.state),
            None => Err(
                Error::input("Angle_coeff command before angle_style is defined")
                    .help("give angle_style before angle_coeff"),
            ),
        }
    }
}
