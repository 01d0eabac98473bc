//! The commands of the script language: one file and one line in [`COMMANDS`] per command.
//!
//! May import `graph`, `script`, `engine` and below.

use crate::graph::CommandEntry;

/// All commands, by name.
pub const COMMANDS: &[CommandEntry] = &[];
