//! SevenNet networks: checkpoints and models deployed for LAMMPS, read into the description of
//! [`crate::ml::equivariant`].

pub mod checkpoint;
pub mod config;
pub mod frozen;
pub mod load;
pub mod modality;

pub use load::{load_bytes, load_parts};
