//! The atoms, the cell and their decomposition: what styles see of the simulated system.
//!
//! May import `io`, `simd`, `units`, `error`, `signature` only. Invariant: `Atoms` holds the atoms that
//! this process owns in a stable order; bricks are views of it that are rebuilt with the neighbour lists.

pub mod atoms;
pub mod attribute;
mod bins;
pub mod brick;
pub mod build;
pub mod cell;
pub mod chunks;
pub mod comm;
pub mod custom;
pub mod general;
pub mod group;
pub mod host;
pub mod lattice;
mod lists;
pub mod moments;
pub mod neighbor;
pub mod order;
pub mod pairs;
pub mod region;
pub mod regions;
pub mod reshape;
pub mod state;
pub mod topology;
pub mod trim;
pub mod values;
pub mod velocity;
pub mod wrap;

pub use atoms::Atoms;
pub use brick::{Brick, Bricks, ListStatistics, Needs, NeighborList, SpecialPair};
pub use cell::{Boundary, Cell};
pub use comm::{Comm, LocalComm};
pub use group::Groups;
pub use host::{Data, Host, Reference, Source};
pub use lattice::Lattice;
pub use neighbor::{NeighborSettings, NeighborState};
pub use region::Region;
pub use state::{State, Tally};
pub use topology::{Angle, Bond, SpecialBonds, Topology};
pub use trim::Trimmed;
