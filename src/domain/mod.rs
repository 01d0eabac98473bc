//! The atoms, the cell and their decomposition: what styles see of the simulated system.
//!
//! May import `io`, `simd`, `units`, `error`, `signature` only. Invariant: `Atoms` holds the atoms that
//! this process owns in a stable order; bricks are views of it that are rebuilt with the neighbour lists.

pub mod atoms;
pub mod brick;
pub mod cell;
pub mod comm;
pub mod group;
pub mod host;
pub mod lattice;
pub mod neighbor;
pub mod region;
pub mod regions;
pub mod state;

pub mod values;
pub mod velocity;

pub use atoms::Atoms;
pub use brick::{Brick, Bricks, Needs, NeighborList};
pub use cell::{Boundary, Cell};
pub use comm::Comm;
pub use group::Groups;
pub use host::{Data, Host, Reference, Source};
pub use lattice::Lattice;
pub use region::Region;
pub use state::{State, Tally};
