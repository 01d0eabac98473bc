//! The command graph: commands with their places, control flow and dependencies between IDs; execution.
//!
//! May import `script`, `engine` and below. The commands themselves are above: the executor gets their
//! table from its caller.

pub mod entry;

pub use entry::{CommandEntry, Control, Echo, Flow, Session};
