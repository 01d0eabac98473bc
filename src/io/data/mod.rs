//! LAMMPS data files: a streaming reader and a writer. Knows no atoms of the simulation: the reader hands
//! every line to a [`Sink`], the writer is given plain arrays. Memory does not grow with the file.
//!
//! Imports bottom modules only.

mod header;
mod lines;
mod sections;
#[cfg(test)]
mod tests;
mod write;

pub use header::{General, Header};
pub use lines::Lines;
pub use sections::{AtomLayout, AtomLine, Coefficients, LAYOUTS, Sink, read};
pub use write::{BondedData, DataFile, PairCoefficients, Section, write};
