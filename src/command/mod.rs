//! The commands of the script language: one file and one line in [`COMMANDS`] per command.
//!
//! May import `graph`, `script`, `engine` and below.

mod atom_style;
mod boundary;
mod box_;
mod clear;
mod create_atoms;
mod create_box;
mod dielectric;
mod dimension;
mod echo;
mod include;
mod jump;
mod label;
mod lattice;
mod log;
mod mass;
mod package;
mod quit;
mod region;
mod shell;
mod suffix;
mod support;
mod units;
mod velocity;

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
    // Settings and the system
    atom_style::COMMAND,
    boundary::COMMAND,
    box_::COMMAND,
    create_atoms::COMMAND,
    create_box::COMMAND,
    dielectric::COMMAND,
    dimension::COMMAND,
    lattice::COMMAND,
    mass::COMMAND,
    region::COMMAND,
    units::COMMAND,
    velocity::COMMAND,
];
