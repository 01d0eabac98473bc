//! Bonds: potentials along the distance of two atoms, and the table of styles. One file and one line in
//! [`BOND_STYLES`] per style.
//!
//! May import `bonded`, `domain` and the bottom modules. Styles never import each other.

mod fene;
mod forces;
mod harmonic;
mod morse;
mod zero;

pub use forces::evaluate;

use crate::bonded::{Bonded, Entry, Styles};
use crate::domain::state::Types;

/// The potential of one bond type.
pub trait BondPotential: Send + Sync {
    /// Energy and -dE/dr / r at distance `r`.
    ///
    /// # Errors
    /// The bond is longer than the potential allows; the text says so.
    fn evaluate(&self, r: f64) -> std::result::Result<(f64, f64), String>;

    /// Length of the undisturbed bond, as LAMMPS' tables of bonds state it.
    fn rest_length(&self) -> f64;

    /// Words of `bond_coeff` behind the type.
    fn words(&self) -> Vec<String>;
}

/// A line of the table of bond styles.
pub type BondEntry = Entry<dyn BondPotential>;

/// The present bond style with the potentials of all types.
pub type Bonds = Styles<dyn BondPotential>;

/// All bond styles, by name.
pub const BOND_STYLES: &[BondEntry] = &[harmonic::STYLE, morse::STYLE, fene::STYLE, zero::STYLE];

impl Bonded for dyn BondPotential {
    const NOUN: &'static str = "bond";
    const TITLE: &'static str = "Bond";
    const STYLES: &'static [BondEntry] = BOND_STYLES;

    fn types(types: &Types) -> (&[Option<String>], usize) {
        (&types.bond_label, types.bonds)
    }

    fn coefficients(&self) -> Vec<String> {
        self.words()
    }
}
