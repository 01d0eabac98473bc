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
mod group;
mod include;
mod jump;
mod label;
mod labelmap;
mod lattice;
mod log;
mod mass;
mod package;
mod quit;
mod read_data;
mod region;
mod replicate;
mod set;
mod shell;
mod suffix;
mod support;
mod units;
mod velocity;
mod write_data;

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
    group::COMMAND,
    labelmap::COMMAND,
    lattice::COMMAND,
    mass::COMMAND,
    read_data::COMMAND,
    region::COMMAND,
    replicate::COMMAND,
    set::COMMAND,
    units::COMMAND,
    velocity::COMMAND,
    write_data::COMMAND,
];
