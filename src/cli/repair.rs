//! `argyro repair`: makes the trajectory of a killed run whole.
//!
//! May import `analysis`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use crate::analysis::trajectory::repair;

/// Cuts off what follows the last whole frame of a trajectory (H5MD, LAMMPS dump, extended XYZ).
///
/// The damaged file is kept beside it as FILE.damaged. A file that needs no repair is left alone.
#[derive(Debug, Clone, Args)]
pub struct RepairArgs {
    /// Trajectories
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// Runs the subcommand; the exit status is 0, or 1 where a file could not be repaired.
pub fn run(args: &RepairArgs) -> i32 {
    let mut status = 0;
    for file in &args.files {
        let shown = file.display();
        match repair::repair(file).with_context(|| format!("repairing {shown}")) {
            Ok(done) => match done.damaged {
                None => println!("{shown}: {} frames, nothing to repair", done.frames),
                Some(old) => println!(
                    "{shown}: {} whole frames kept; the damaged file is {}",
                    done.frames,
                    old.display()
                ),
            },
            Err(e) => {
                eprintln!("error: {e:#}");
                status = 1;
            }
        }
    }
    status
}
