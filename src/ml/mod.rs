//! Machine-learning models as arrays in, arrays out: no atoms of the engine, no scripts.

pub mod formats;
pub mod mace;
