//! Atomic cluster expansion (ACE) as ML-PACE evaluates it: R. Drautz, Phys. Rev. B 99, 014104 (2019),
//! doi:10.1103/PhysRevB.99.014104; Y. Lysogorskiy et al., npj Comput. Mater. 7, 97 (2021),
//! doi:10.1038/s41524-021-00559-9.
//!
//! With A of channel v = (species, radial function, l, m) the sum over neighbours R_v(r) Y_lm,
//! rho_p = sum over products c_p Re(A_v1 A_v2 ...), and the energy of an atom is
//! E0 + sum over p w_p F(rho_p; m_p), cut off where atoms come close, plus a repulsion of cores.
//!
//! [`model`] is the description, [`load`] reads it, [`radial`] has the radial functions and
//! [`embedding`] the functions of the densities; [`mod@reference`] evaluates all products one by one,
//! [`fast`] the [`graph`] of shared products over bricks. Units: eV and Å.

pub mod embedding;
pub mod fast;
pub mod graph;
pub mod load;
pub mod model;
pub mod radial;
pub mod reference;
pub mod summary;
