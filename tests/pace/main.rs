//! ACE: files against the numbers of LAMMPS' own library, the fast evaluation against the plain one,
//! refusals.

mod fast;
mod refusals;
#[path = "../support/structure.rs"]
mod structure;
mod upstream;
