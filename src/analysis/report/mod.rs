//! The report: everything that is known about each state, as text, JSON, plots and one page.

mod html;
mod json;
mod plot;
mod text;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use super::arrhenius::{self, Arrhenius};
use super::msd::TrajectoryMsd;
use super::state::{self, Covariance, Curve, Estimate, Kind};
use super::transport;
use super::verdict::{self, Evidence};
use super::window::{self, Window};
use super::{CM2_PER_S, gls};
use crate::io::atomic_write;

pub use json::to_json;
pub use text::to_text;

/// One analysed file.
pub struct Input {
    /// Path as given.
    pub path: PathBuf,
    /// Format in words.
    pub format: &'static str,
    /// Temperature in K, and where it comes from.
    pub temperature: Option<(f64, String)>,
    /// What the file records about its making.
    pub provenance: Map<String, Value>,
    /// Composition, in order of appearance.
    pub composition: Vec<(String, usize)>,
    /// Mean volume, angstrom^3.
    pub volume: Option<f64>,
    /// MSD of every framework species in the second and last quarter, angstrom^2.
    pub framework_msd: Vec<(String, [f64; 2])>,
    /// Distance the drift reference moved, angstrom.
    pub drift_distance: f64,
    /// Drift treatment in words.
    pub drift_text: String,
    /// Remarks on how the file was read.
    pub notes: Vec<String>,
    /// Reasons not to trust it.
    pub warnings: Vec<String>,
    /// Displacement statistics.
    pub msd: TrajectoryMsd,
}

/// What the user chose.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Mobile species.
    pub species: String,
    /// Charge of a mobile ion in elementary charges.
    pub charge: f64,
    /// Lag window in ps, where the user gave one.
    pub window: Option<[f64; 2]>,
    /// Covariance of the fit.
    pub covariance: Covariance,
    /// Length of a jump, angstrom.
    pub hop: f64,
    /// Time discarded at the start, ps.
    pub skip: f64,
}

/// Conductivity of a state, S/m.
pub struct Conductivity {
    /// Nernst-Einstein, from the tracer coefficient, and its 95 % interval.
    pub nernst_einstein: (f64, [f64; 2]),
    /// From the collective coefficient, and its 95 % interval.
    pub collective: (f64, [f64; 2]),
}

/// Everything about one state.
pub struct StateReport {
    /// Mean temperature of the files, K.
    pub temperature: Option<f64>,
    /// The files.
    pub inputs: Vec<Input>,
    /// Lag window.
    pub window: Window,
    /// Log-log slope in the window and its standard error.
    pub slope: (f64, f64),
    /// Tracer diffusion.
    pub tracer: Estimate,
    /// Collective diffusion.
    pub collective: Estimate,
    /// Ordinary least squares: D, residual error, number of lags.
    pub ordinary: Option<(f64, f64, usize)>,
    /// Haven ratio and its interval.
    pub haven: Option<(f64, [f64; 2])>,
    /// Conductivity, where temperature and volume are known.
    pub conductivity: Option<Conductivity>,
    /// Number of mobile ions per angstrom^3.
    pub density: Option<f64>,
    /// Jumps behind the estimate.
    pub hops: f64,
    /// MSD at the end of the window, angstrom^2.
    pub msd_end: f64,
    /// Non-Gaussian parameter at the start of the window.
    pub alpha2: f64,
    /// Pooled MSD.
    pub curve: Curve,
    /// Pooled collective MSD.
    pub collective_curve: Curve,
    /// Why the estimate is not converged; empty when it is.
    pub reasons: Vec<String>,
    /// What else was seen.
    pub remarks: Vec<String>,
}

impl StateReport {
    /// Analyses the files of one state together.
    ///
    /// # Errors
    /// A window that holds no lags, atoms that do not move.
    pub fn new(inputs: Vec<Input>, settings: &Settings) -> Result<Self> {
        let msd: Vec<TrajectoryMsd> = inputs.iter().map(|i| i.msd.clone()).collect();
        let window = match settings.window {
            Some(bounds) => Window {
                bounds,
                why: "given by --window".to_string(),
                diffusive: true,
            },
            None => {
                let least = 0.5 * settings.hop.powi(2);
                state::choose_window(&msd, settings.covariance, least)
            }
        };
        let tracer = state::estimate(&msd, &window, settings.covariance, Kind::Tracer)?;
        let collective = state::estimate(&msd, &window, settings.covariance, Kind::Collective)?;
        let grid: Vec<f64> = window_times(&msd, &window);
        let slope = window::slope_in_window(&msd, &grid).unwrap_or((f64::NAN, f64::NAN));
        let temperature = mean_temperature(&inputs);
        let density = density(&inputs);
        let conductivity = temperature.zip(density).map(|(t, n)| {
            let factor = transport::conductivity_factor(n, settings.charge, t);
            let of = |e: &Estimate| (factor * e.d, e.ci95.map(|x| factor * x));
            Conductivity {
                nernst_einstein: of(&tracer),
                collective: of(&collective),
            }
        });
        let total: f64 = msd
            .iter()
            .map(|t| t.dt * (t.n_frames - 1) as f64 * t.n_atoms as f64)
            .sum();
        let hops = 2.0 * gls::DIMENSIONS * tracer.d.max(0.0) * total / settings.hop.powi(2);
        let msd_end = grid
            .iter()
            .rev()
            .find_map(|t| window::pooled_msd(&msd, *t))
            .unwrap_or(0.0);
        let framework = largest_framework_msd(&inputs);
        let mut warnings: Vec<String> = inputs.iter().flat_map(|i| i.warnings.clone()).collect();
        warnings.dedup();
        let reasons = verdict::reasons(&Evidence {
            tracer: &tracer,
            slope,
            diffusive: window.diffusive,
            msd_end,
            hop: settings.hop,
            hops,
            framework: &framework,
            warnings: &warnings,
            window_why: &window.why,
        });
        Ok(Self {
            temperature,
            window,
            slope,
            ordinary: None,
            haven: transport::haven_ratio(&tracer, &collective),
            conductivity,
            density,
            hops,
            msd_end,
            alpha2: first_alpha2(&msd, grid.first().copied().unwrap_or(0.0)),
            curve: state::curve(&msd, &tracer, Kind::Tracer),
            collective_curve: state::curve(&msd, &collective, Kind::Collective),
            tracer,
            collective,
            reasons,
            remarks: verdict::remarks(&framework),
            inputs,
        }
        .with_ordinary(&msd))
    }

    fn with_ordinary(mut self, msd: &[TrajectoryMsd]) -> Self {
        self.ordinary = state::ordinary(msd, &self.window);
        self
    }

    /// The verdict in one sentence.
    pub fn why(&self) -> String {
        if self.reasons.is_empty() {
            format!(
                "log-log slope {:.2} +- {:.2} in the window, about {:.0} jumps, standard error of \
                 D {:.1} %",
                self.slope.0,
                self.slope.1,
                self.hops,
                100.0 * self.tracer.std_error / self.tracer.d
            )
        } else {
            format!("not converged: {}", self.reasons.join("; "))
        }
    }

    /// Name of the state for titles: its temperature.
    pub fn label(&self) -> String {
        self.temperature.map_or_else(
            || "temperature unknown".to_string(),
            |t| format!("{t:.0} K"),
        )
    }
}

/// For every framework species the trajectory in which it moves most.
fn largest_framework_msd(inputs: &[Input]) -> Vec<(String, [f64; 2])> {
    let mut out: Vec<(String, [f64; 2])> = Vec::new();
    for (name, msd) in inputs.iter().flat_map(|i| &i.framework_msd) {
        match out.iter_mut().find(|(n, _)| n == name) {
            Some((_, largest)) if largest[1] >= msd[1] => {}
            Some((_, largest)) => *largest = *msd,
            None => out.push((name.clone(), *msd)),
        }
    }
    out
}

/// Lag times of the longest trajectory's grid that lie in the window.
fn window_times(msd: &[TrajectoryMsd], window: &Window) -> Vec<f64> {
    let Some(longest) = window::longest(msd) else {
        return Vec::new();
    };
    let slack = 1.0e-6 * longest.dt;
    longest
        .lags
        .iter()
        .map(|l| *l as f64 * longest.dt)
        .filter(|t| *t >= window.bounds[0] - slack && *t <= window.bounds[1] + slack)
        .collect()
}

fn first_alpha2(msd: &[TrajectoryMsd], start: f64) -> f64 {
    let Some(t) = msd.first() else {
        return f64::NAN;
    };
    let at = t
        .lags
        .iter()
        .position(|l| *l as f64 * t.dt >= start * (1.0 - 1.0e-6));
    at.map_or(f64::NAN, |i| t.alpha2[i])
}

fn mean_temperature(inputs: &[Input]) -> Option<f64> {
    let all: Option<Vec<f64>> = inputs
        .iter()
        .map(|i| i.temperature.as_ref().map(|(t, _)| *t))
        .collect();
    let all = all?;
    Some(all.iter().sum::<f64>() / all.len() as f64)
}

fn density(inputs: &[Input]) -> Option<f64> {
    let each: Option<Vec<f64>> = inputs
        .iter()
        .map(|i| i.volume.map(|v| i.msd.n_atoms as f64 / v))
        .collect();
    let each = each?;
    Some(each.iter().sum::<f64>() / each.len() as f64)
}

/// The whole report.
pub struct Report {
    /// States in the order of their temperature.
    pub states: Vec<StateReport>,
    /// Fit over temperatures, in cm^2/s.
    pub arrhenius: Option<Arrhenius>,
    /// What the user chose.
    pub settings: Settings,
    /// Command line, as recorded in the provenance.
    pub command: Vec<String>,
}

impl Report {
    /// Joins the states; two or more temperatures give an Arrhenius fit.
    pub fn new(states: Vec<StateReport>, settings: Settings, command: Vec<String>) -> Self {
        let points: Vec<arrhenius::Point> = states
            .iter()
            .filter_map(|s| {
                Some(arrhenius::Point {
                    temperature: s.temperature?,
                    d: s.tracer.d * CM2_PER_S,
                    std_error: s.tracer.std_error * CM2_PER_S,
                })
            })
            .collect();
        Self {
            arrhenius: arrhenius::fit(&points),
            states,
            settings,
            command,
        }
    }

    /// Writes report.json, the plots and report.html into a folder, which is made if needed; every
    /// file whole or not at all. Returns the files.
    ///
    /// # Errors
    /// The folder or a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("making the folder {}", folder.display()))?;
        let mut written = Vec::new();
        let mut put = |name: &str, bytes: &[u8]| -> Result<()> {
            let path = folder.join(name);
            atomic_write::write(&path, bytes, false)?;
            written.push(path);
            Ok(())
        };
        let json = serde_json::to_string_pretty(&to_json(self))?;
        put("report.json", json.as_bytes())?;
        let msd_svg = plot::msd_svg(self)?;
        put("msd.svg", msd_svg.as_bytes())?;
        put("msd.png", &plot::msd_png(self, folder)?)?;
        let mut figures = vec![msd_svg];
        if self.arrhenius.is_some() {
            let svg = plot::arrhenius_svg(self)?;
            put("arrhenius.svg", svg.as_bytes())?;
            put("arrhenius.png", &plot::arrhenius_png(self, folder)?)?;
            figures.push(svg);
        }
        put("report.html", html::page(self, &figures).as_bytes())?;
        Ok(written)
    }
}

/// A number with a power of ten, "2.05e-6", with `digits` after the point.
fn scientific(value: f64, digits: usize) -> String {
    if value.is_finite() {
        format!("{value:.digits$e}")
    } else {
        "not available".to_string()
    }
}
