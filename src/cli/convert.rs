//! `argyro convert`: a trajectory from one format to another.
//!
//! May import `analysis`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::analysis::trajectory::write::{self, Atoms, Format};
use crate::analysis::trajectory::{self, Frame, ReadOptions};

/// Converts a trajectory between H5MD, LAMMPS dump and extended XYZ.
///
/// Positions, images, velocities, cell, species, IDs, steps and times are carried over; units become
/// angstrom and ps. The output appears when it is complete.
#[derive(Debug, Clone, Args)]
pub struct ConvertArgs {
    /// Trajectory to read
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// Trajectory to write: .h5, .lammpstrj or .xyz, the latter two also with .gz
    #[arg(value_name = "OUT")]
    pub output: PathBuf,
    /// Format of OUT, where its name does not tell
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub to: Option<Format>,
    /// Use every N-th frame
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub every: usize,
    /// Time between frames of IN in ps, for files that tell no time
    #[arg(long, value_name = "PS")]
    pub frame_time: Option<f64>,
    /// Time of one MD step in ps, for files that number the steps but tell no time
    #[arg(long, value_name = "PS")]
    pub timestep: Option<f64>,
    /// Names of the atom types 1, 2, ... of a LAMMPS dump, e.g. Li,P,S,Cl
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub type_map: Vec<String>,
    /// Particle group of an H5MD file [default: all, or the first with positions]
    #[arg(long, value_name = "GROUP")]
    pub group: Option<String>,
}

/// Runs the subcommand; the exit status is 0, or 1 with a message on standard error.
pub fn run(args: &ConvertArgs) -> i32 {
    match convert(args) {
        Ok(text) => {
            print!("{text}");
            0
        }
        Err(e) => {
            eprintln!("error: {e:#}");
            1
        }
    }
}

/// Converts and returns what to tell the user.
///
/// # Errors
/// A file that cannot be read or written, a format that lacks something.
pub fn convert(args: &ConvertArgs) -> Result<String> {
    ensure!(args.every > 0, "--every must be at least 1");
    let (format, compressed) = match (args.to, Format::of_name(&args.output)) {
        (Some(format), named) => (format, named.is_some_and(|(_, z)| z)),
        (None, Some(named)) => named,
        (None, None) => bail!(
            "{}: the name tells no format; use .h5, .lammpstrj or .xyz, or --to h5md|lammps|extxyz",
            args.output.display()
        ),
    };
    let options = ReadOptions {
        type_map: args.type_map.clone(),
        group: args.group.clone(),
        timestep: args.timestep,
    };
    let mut reader = trajectory::open(&args.input, &options)?;
    let info = reader.info().clone();
    let atoms = Atoms::new(
        &info.species,
        info.ids.as_deref(),
        info.temperature.as_ref().map(|(t, _)| *t),
    );
    let folder = match args.output.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    // Complete or absent: the file gets its name at the end.
    let temporary = tempfile::Builder::new()
        .prefix(".argyro-")
        .tempdir_in(folder)
        .with_context(|| format!("writing into {}", folder.display()))?;
    let path = temporary.path().join("out");
    let mut writer = write::create(&path, format, compressed)?;
    let mut frame = Frame::empty();
    let (mut seen, mut written) = (0_usize, 0_usize);
    let context = |seen: usize| format!("{}, frame {}", args.input.display(), seen + 1);
    while reader
        .read_frame(&mut frame)
        .with_context(|| context(seen))?
    {
        if seen.is_multiple_of(args.every) {
            if let Some(dt) = args.frame_time {
                frame.time = Some(dt * seen as f64);
            } else if let (None, Some(step), Some(dt)) = (frame.time, frame.step, args.timestep) {
                frame.time = Some(dt * step as f64);
            }
            // Formats that number their frames need numbers.
            frame.step = frame.step.or(Some(seen as i64));
            writer
                .write_frame(&frame, &atoms)
                .with_context(|| context(seen))?;
            written += 1;
        }
        seen += 1;
    }
    writer
        .finish()
        .with_context(|| format!("writing {}", args.output.display()))?;
    std::fs::rename(&path, &args.output)
        .with_context(|| format!("writing {}", args.output.display()))?;
    let mut text = format!(
        "{written} frames of {} atoms from {} ({}) to {}\n",
        info.species.len(),
        args.input.display(),
        info.format,
        args.output.display()
    );
    for note in reader.notes() {
        text.push_str(&format!("note: {note}\n"));
    }
    Ok(text)
}
