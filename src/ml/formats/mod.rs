//! Readers of model containers: bounded by the size of the file, nothing in a file is executed.
//!
//! `archive` is the zip container, `pickle` the machine that builds [`value`]s, `torch` puts both
//! together, `node` gives typed access to the attribute tree; `hdf5` and `yaml` are read into a `tree`;
//! `kind` tells files apart.

pub mod archive;
pub mod graph;
pub mod hdf5;
pub mod kind;
pub mod node;
pub mod pickle;
pub mod torch;
pub mod tree;
pub mod value;
pub mod yaml;
