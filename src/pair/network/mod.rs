//! What all machine-learning pair styles share: model files and their hash, atom types and species,
//! precision, evaluation over bricks, committees.
//!
//! The style of a family is a signature, a function that reads a model (in [`Setup`]) and an
//! implementation of [`NetworkModel`]; [`NetworkStyle`] is the pair style made of them. See
//! `pair/mace.rs` for one. Imports `ml`, `domain` and the parent.

mod deviation;
mod equivariant;
mod fast;
mod member;
mod model;
mod plain;
mod read;
mod species;
mod style;

pub use deviation::{
    ATOMIC, DeviationOptions, OUT_ENERGY, OUT_FILE, OUT_FREQ, RELATIVE, RELATIVE_V,
};
pub use equivariant::Equivariant;
pub use fast::prepared;
pub use model::{Evaluate, NetworkModel, UnitStyles};
pub use read::count_files;
pub use species::{Species, SpeciesMap};
pub use style::{Files, Named, NetworkStyle, Setup};

use crate::signature::{Arg, Kind, arg, elements};

/// Arguments of `pair_coeff` for styles that name model files there.
pub const COEFF_WITH_FILE: &[Arg] = &[
    arg("I", Kind::Types, "must be *"),
    arg("J", Kind::Types, "must be *"),
    arg("FILE", Kind::FileIn, "model file"),
    elements(
        "ELEMENTS",
        Kind::Species,
        "further model files of a committee, then one element symbol per atom type, or NULL",
    ),
];

/// Arguments of `pair_coeff` for styles that name model files in `pair_style`.
pub const COEFF_WITHOUT_FILE: &[Arg] = &[
    arg("I", Kind::Types, "must be *"),
    arg("J", Kind::Types, "must be *"),
    elements(
        "ELEMENTS",
        Kind::Species,
        "one element symbol per atom type, or NULL",
    ),
];
