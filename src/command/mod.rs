//! The commands of the script language: one file and one line in [`COMMANDS`] per command.
//!
//! May import `graph`, `script`, `engine` and below.

mod clear;
mod echo;
mod include;
mod jump;
mod label;
mod log;
mod package;
mod quit;
mod shell;
mod suffix;

use crate::graph::CommandEntry;

/// All commands, by name.
pub const COMMANDS: &[CommandEntry] = &[
    // Control flow and text
    clear::COMMAND,
    echo::COMMAND,
    include::COMMAND,
    jump::COMMAND,
    label::COMMAND,
    log::COMMAND,
    package::COMMAND,
    quit::COMMAND,
    shell::COMMAND,
    suffix::COMMAND,
];
