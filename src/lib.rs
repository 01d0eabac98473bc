//! argyro runs LAMMPS input scripts with machine-learning force fields and measures ion diffusion.
//!
//! The modules are listed from the outside in; each may use only those after it
//! (`tests/layering.rs` enforces this).

pub mod analysis;
pub mod ml;
pub mod script;
