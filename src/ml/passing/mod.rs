//! What the fast evaluations of message-passing networks have in common: layouts of feature rows,
//! equivariant linear maps as matrix products, edges of a brick, the convolution of features with
//! functions of the edges, readouts, and forces from derivatives with respect to edge vectors.
//!
//! Channels are across vector lanes; edges are handled in tiles whose radial functions and
//! spherical harmonics are recomputed in the backward pass; atoms of one species are handled in
//! blocks so that linear maps are matrix products.
//!
//! Units: eV and Å. Imports `simd` and siblings in `ml` that belong to no family of networks.

pub mod blocks;
pub mod convolution;
pub mod edges;
pub mod forces;
pub mod layout;
pub mod linear;
pub mod perceptron;
pub mod tiles;
