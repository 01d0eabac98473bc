//! Machine-learning models as arrays in, arrays out: no atoms of the engine, no scripts.

pub mod activation;
pub mod allegro;
pub mod brick;
pub mod complex_sphere;
pub mod deepmd;
pub mod describe;
pub mod e3nn;
pub mod edges;
pub mod equivariant;
pub mod error;
pub mod formats;
pub mod irreps;
pub mod layers;
pub mod mace;
pub mod nequip;
pub mod pace;
pub mod passing;
pub mod plain;
pub mod polynomial;
pub mod radial;
pub mod repulsion;
pub mod screening;
pub mod sevennet;
pub mod spherical;
pub mod summary;
pub mod wigner;
