//! `argyro diffusion`: trajectories in, diffusion coefficient with an honest error out.
//!
//! May import `analysis`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::analysis::msd::{self, lag_grid};
use crate::analysis::paths::{self, Drift, PathOptions};
use crate::analysis::report::{self, Input, Report, Settings, StateReport};
use crate::analysis::state::Covariance;
use crate::analysis::trajectory::{self, ReadOptions};

/// Measures diffusion and conductivity on trajectories of any program.
///
/// Files with the same temperature form one state and are analysed together; several temperatures
/// give an Arrhenius fit.
#[derive(Debug, Clone, Args)]
pub struct DiffusionArgs {
    /// Trajectories: H5MD, LAMMPS dump (also gzipped), extended XYZ
    #[arg(required = true, value_name = "TRAJ")]
    pub files: Vec<PathBuf>,
    /// Species of the mobile ion
    #[arg(long, default_value = "Li", value_name = "NAME")]
    pub species: String,
    /// Temperature in K: one for all files or one per file [default: what the files state]
    #[arg(long, value_name = "T", value_delimiter = ',', num_args = 1, action = clap::ArgAction::Append)]
    pub temperature: Vec<f64>,
    /// Charge of the mobile ion in elementary charges
    #[arg(
        long,
        default_value_t = 1.0,
        value_name = "Z",
        allow_negative_numbers = true
    )]
    pub charge: f64,
    /// First and last lag of the fit in ps [default: chosen by the log-log slope]
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    pub window: Option<Vec<f64>>,
    /// Centre of mass subtracted from the motion
    #[arg(long, value_enum, default_value_t = Drift::Framework)]
    pub drift: Drift,
    /// Time at the start of each file that is discarded, ps
    #[arg(long, default_value_t = 0.0, value_name = "PS")]
    pub skip: f64,
    /// Use every N-th frame
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub every: usize,
    /// Time between frames in ps, for files that tell no time
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
    /// Covariance of the MSD in the fit
    #[arg(long, value_enum, default_value_t = Covariance::Brownian)]
    pub covariance: Covariance,
    /// Length of the shortest jump in angstrom, for the convergence checks
    #[arg(long, default_value_t = 2.0, value_name = "A")]
    pub hop_length: f64,
    /// Folder for report.json, the plots and report.html
    #[arg(long, default_value = "diffusion-report", value_name = "DIR")]
    pub out: PathBuf,
}

/// Runs the subcommand; the exit status is 0, or 1 with a message on standard error.
pub fn run(args: &DiffusionArgs) -> i32 {
    match analyse(args) {
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

/// Analyses the files, writes the report folder and returns the text for the terminal.
///
/// # Errors
/// Arguments out of range, files that cannot be read or analysed, a folder that cannot be written.
pub fn analyse(args: &DiffusionArgs) -> Result<String> {
    let settings = checked(args)?;
    let mut inputs = Vec::with_capacity(args.files.len());
    for (index, file) in args.files.iter().enumerate() {
        inputs.push(read(file, index, args, &settings)?);
    }
    let states = group_by_temperature(inputs)
        .into_iter()
        .map(|group| {
            let names = group
                .first()
                .map_or(String::new(), |i| i.path.display().to_string());
            StateReport::new(group, &settings).with_context(|| format!("analysing {names}"))
        })
        .collect::<Result<Vec<_>>>()?;
    let command = std::env::args().collect();
    let report = Report::new(states, settings, command);
    let written = report.write(&args.out)?;
    let mut text = report::to_text(&report);
    let names: Vec<String> = written
        .iter()
        .filter_map(|p| Some(p.file_name()?.to_string_lossy().into_owned()))
        .collect();
    text.push_str(&format!(
        "Written to {}: {}\n",
        args.out.display(),
        names.join(", ")
    ));
    Ok(text)
}

fn checked(args: &DiffusionArgs) -> Result<Settings> {
    let positive = |name: &str, x: f64| -> Result<()> {
        ensure!(
            x.is_finite() && x > 0.0,
            "--{name} must be positive, not {x}"
        );
        Ok(())
    };
    for t in &args.temperature {
        positive("temperature", *t)?;
    }
    for (name, value) in [("frame-time", args.frame_time), ("timestep", args.timestep)] {
        if let Some(x) = value {
            positive(name, x)?;
        }
    }
    positive("hop-length", args.hop_length)?;
    ensure!(
        args.skip.is_finite() && args.skip >= 0.0,
        "--skip must not be negative"
    );
    ensure!(args.every > 0, "--every must be at least 1");
    ensure!(
        args.charge.is_finite() && args.charge != 0.0,
        "--charge must not be zero"
    );
    let n = args.temperature.len();
    ensure!(
        n <= 1 || n == args.files.len(),
        "--temperature has {n} values for {} files: give one for all or one per file",
        args.files.len()
    );
    let window = match args.window.as_deref() {
        None => None,
        Some([a, b]) if *a > 0.0 && b > a && b.is_finite() => Some([*a, *b]),
        Some(w) => bail!("--window needs 0 < A < B in ps, not {w:?}"),
    };
    Ok(Settings {
        species: args.species.clone(),
        charge: args.charge,
        window,
        covariance: args.covariance,
        hop: args.hop_length,
        skip: args.skip,
    })
}

fn read(file: &Path, index: usize, args: &DiffusionArgs, settings: &Settings) -> Result<Input> {
    let options = ReadOptions {
        type_map: args.type_map.clone(),
        group: args.group.clone(),
        timestep: args.timestep,
    };
    let mut reader = trajectory::open(file, &options)?;
    let path_options = PathOptions {
        species: args.species.clone(),
        drift: args.drift,
        skip: args.skip,
        every: args.every,
        frame_time: args.frame_time,
        timestep: args.timestep,
    };
    let context = || format!("reading {}", file.display());
    let paths = paths::load(reader.as_mut(), &path_options).with_context(context)?;
    let lags = lags(paths.n_frames, paths.dt, settings.window).with_context(context)?;
    let given = match args.temperature[..] {
        [] => None,
        [one] => Some(one),
        _ => args.temperature.get(index).copied(),
    };
    let info = reader.info();
    Ok(Input {
        path: file.to_path_buf(),
        format: info.format,
        temperature: given
            .map(|t| (t, "--temperature".to_string()))
            .or_else(|| info.temperature.clone()),
        provenance: info.provenance.clone(),
        composition: paths.composition.clone(),
        volume: paths.volume,
        framework_msd: paths.framework_msd.clone(),
        drift_distance: paths.drift_distance,
        drift_text: paths.drift_text.clone(),
        notes: paths.notes.clone(),
        warnings: paths.warnings.clone(),
        msd: msd::analyse(&paths, &lags),
    })
}

/// Lags to keep: a logarithmic grid to half the trajectory, or within the window given.
fn lags(frames: usize, dt: f64, window: Option<[f64; 2]>) -> Result<Vec<usize>> {
    const PER_DECADE: f64 = 24.0;
    let Some([a, b]) = window else {
        return Ok(lag_grid(1, (frames / 2).max(3), PER_DECADE));
    };
    let length = (frames - 1) as f64 * dt;
    let first = (a / dt - 1.0e-6).ceil().max(1.0);
    let last = (b / dt + 1.0e-6).floor();
    ensure!(
        last <= (frames - 1) as f64,
        "the window ends at {b} ps, the trajectory has {length:.3} ps"
    );
    ensure!(
        last >= first + 1.0,
        "the window {a} to {b} ps holds fewer than two lags of {dt} ps"
    );
    Ok(lag_grid(first as usize, last as usize, PER_DECADE))
}

/// Files whose temperatures differ by less than 2 % are one state, or by less than 5 % where the
/// temperature is the mean of a run (of few atoms over a short time) and not the one that was asked
/// for. States come in the order of temperature, files in the order given.
fn group_by_temperature(inputs: Vec<Input>) -> Vec<Vec<Input>> {
    let key = |i: &Input| i.temperature.as_ref().map_or(0.0, |(t, _)| *t);
    let measured = |i: &Input| {
        let from = i.temperature.as_ref().map_or("", |(_, from)| from.as_str());
        from.starts_with("mean")
    };
    let mut sorted = inputs;
    // Stable, so that files of one temperature keep their order.
    sorted.sort_by(|a, b| key(a).total_cmp(&key(b)));
    let mut groups: Vec<Vec<Input>> = Vec::new();
    for input in sorted {
        let t = key(&input);
        let tolerance = if measured(&input) { 0.05 } else { 0.02 };
        match groups.last_mut() {
            Some(group) if (t - key(&group[0])).abs() <= tolerance * t => group.push(input),
            _ => groups.push(vec![input]),
        }
    }
    groups
}
