//! Angles: potentials of the angle between two bonds, and the table of styles. One file and one line in
//! [`ANGLE_STYLES`] per style.
//!
//! May import `bonded`, `domain` and the bottom modules. Styles never import each other.

mod cosine;
mod forces;
mod harmonic;
mod zero;

pub use forces::evaluate;

use crate::bonded::{Bonded, Entry, Styles};
use crate::domain::state::Types;

/// The potential of one angle type.
pub trait AnglePotential: Send + Sync {
    /// Energy and its derivative by the cosine of the angle, at this cosine.
    fn evaluate(&self, cosine: f64) -> (f64, f64);

    /// Words of `angle_coeff` behind the type.
    fn words(&self) -> Vec<String>;
}

/// A line of the table of angle styles.
pub type AngleEntry = Entry<dyn AnglePotential>;

/// The present angle style with the potentials of all types.
pub type Angles = Styles<dyn AnglePotential>;

/// All angle styles, by name.
pub const ANGLE_STYLES: &[AngleEntry] = &[harmonic::STYLE, cosine::STYLE, zero::STYLE];

impl Bonded for dyn AnglePotential {
    const NOUN: &'static str = "angle";
    const TITLE: &'static str = "Angle";
    const STYLES: &'static [AngleEntry] = ANGLE_STYLES;

    fn types(types: &Types) -> (&[Option<String>], usize) {
        (&types.angle_label, types.angles)
    }

    fn coefficients(&self) -> Vec<String> {
        self.words()
    }
}
