//! The command graph: commands with their places, control flow and dependencies between IDs; execution.
//!
//! May import `script`, `engine` and below. The commands themselves are above: the executor gets their
//! table from its caller.

mod active;
mod bridge;
mod check;
mod context;
pub mod draw;
pub mod entry;
mod executor;
mod failure;
mod items;
mod lint;
mod masses;
mod model;
mod variables;

pub use bridge::FormulaBridge;
pub use check::{Limits, check};
pub use context::Context;
pub use entry::{CommandEntry, Control, Echo, Flow, Session};
pub use executor::{Executor, Step};
pub use failure::{Failure, Outcome};
pub use items::{Item, Links};
pub use model::{CommandGraph, Dependency, FlowEdge, Node, Undefined, Way, build};
pub use variables::ScriptVariables;
