//! The commands of the script language: one file and one line in [`COMMANDS`] per command.
//!
//! May import `graph`, `script`, `engine` and below.

mod atom_style;
mod bond_write;
mod bonded;
mod boundary;
mod box_;
mod change_box;
mod clear;
mod compute;
mod create_atoms;
mod create_box;
mod delete_atoms;
mod dielectric;
mod dimension;
mod displace_atoms;
mod dump;
mod echo;
mod fix;
#[cfg(test)]
mod general_tests;
mod group;
mod include;
mod jump;
mod kspace;
mod label;
mod labelmap;
mod lattice;
mod log;
mod mass;
mod minimize;
mod neighbor;
mod package;
mod pair;
mod pair_write;
mod parallel;
mod quit;
mod read_data;
mod region;
mod replicate;
mod rerun;
mod restart;
mod run;
mod set;
#[cfg(test)]
mod set_up_tests;
mod shell;
mod suffix;
mod support;
#[cfg(test)]
mod testing;
mod thermo;
mod thermo_modify;
mod time;
mod units;
mod velocity;
mod write_data;

mod if_;
mod info;
mod next;
mod partition;
mod print;
mod variable;
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
    partition::COMMAND,
    quit::COMMAND,
    shell::COMMAND,
    suffix::COMMAND,
    if_::COMMAND,
    info::COMMAND,
    next::COMMAND,
    print::COMMAND,
    variable::COMMAND,
    // Settings and the system
    atom_style::COMMAND,
    boundary::COMMAND,
    box_::COMMAND,
    change_box::COMMAND,
    create_atoms::COMMAND,
    create_box::COMMAND,
    delete_atoms::COMMAND,
    dielectric::COMMAND,
    dimension::COMMAND,
    displace_atoms::COMMAND,
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
    // Styles, output and runs
    compute::COMPUTE,
    compute::UNCOMPUTE,
    compute::COMPUTE_MODIFY,
    dump::DUMP,
    dump::UNDUMP,
    dump::DUMP_MODIFY,
    dump::WRITE_DUMP,
    fix::FIX,
    fix::UNFIX,
    fix::FIX_MODIFY,
    minimize::MINIMIZE,
    minimize::MIN_STYLE,
    minimize::MIN_MODIFY,
    kspace::KSPACE_STYLE,
    kspace::KSPACE_MODIFY,
    neighbor::NEIGHBOR,
    neighbor::NEIGH_MODIFY,
    bond_write::COMMAND,
    pair_write::COMMAND,
    pair::PAIR_STYLE,
    pair::PAIR_COEFF,
    pair::PAIR_MODIFY,
    bonded::BOND_STYLE,
    bonded::BOND_COEFF,
    bonded::ANGLE_STYLE,
    bonded::ANGLE_COEFF,
    bonded::DIHEDRAL_STYLE,
    bonded::IMPROPER_STYLE,
    bonded::SPECIAL_BONDS,
    parallel::ATOM_MODIFY,
    parallel::BALANCE,
    parallel::COMM_MODIFY,
    parallel::COMM_STYLE,
    parallel::NEWTON,
    parallel::PROCESSORS,
    rerun::COMMAND,
    restart::RESTART,
    restart::READ_RESTART,
    restart::WRITE_RESTART,
    run::COMMAND,
    thermo::THERMO,
    thermo::THERMO_STYLE,
    thermo_modify::COMMAND,
    time::RESET_TIMESTEP,
    time::RUN_STYLE,
    time::TIMER,
    time::TIMESTEP,
];
