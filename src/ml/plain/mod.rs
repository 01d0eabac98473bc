//! What the plain f64 evaluations of all families are written with: numbers with a derivative,
//! spherical harmonics, linear maps and perceptrons, none of them optimised. They are the oracle
//! of the fast evaluations and deliberately share no code with them.
//!
//! Imports the plain data of `ml` and activations.

pub mod dual;
pub mod linear;
pub mod radial;
pub mod sphere;
