//! Subcommands of the program, one file each.
