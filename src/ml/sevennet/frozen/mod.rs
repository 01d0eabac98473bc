//! SevenNet models deployed for LAMMPS: frozen TorchScript, whose constants have lost their names
//! and are folded, split and shared as the compiler liked, differently in every version.
//!
//! The code is read as data: [`syntax`] turns it into formulas, [`evaluate`] works out formulas of a
//! fixed list of tensor operations in f64 for small inputs and refuses everything else. [`survey`]
//! finds the layers by the order in which the code stores its features; [`probe`] asks what the
//! sections in between make of chosen features; [`radial`], [`gates`], [`layout`] and [`read`]
//! recognise the network by the answers. At the end the network and the code must agree on the
//! energies of a cluster.

pub mod evaluate;
pub mod gates;
pub mod layout;
pub mod operations;
pub mod probe;
pub mod radial;
pub mod read;
pub mod survey;
pub mod syntax;
pub mod tensor;

pub use read::load;
