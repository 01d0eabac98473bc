//! Radial functions of message-passing networks: value and derivatives of basis, distance
//! transform, cutoff and network with respect to the distance, and tables of them.
//!
//! Units: Å. Imports `simd`, [`crate::ml::activation`] and the plain data of [`crate::ml::layers`].

pub mod embedding;
pub mod form;
pub mod grid;
pub mod jet;
pub mod net;
mod spline;
pub mod table;
