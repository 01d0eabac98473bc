//! One state (a temperature): all its trajectories together give a diffusion coefficient, its error
//! and the evidence behind both.
//!
//! The error of D is the largest of what the data support:
//! 1. the error of the generalised least-squares line under the covariance of the MSD;
//! 2. the spread over atoms of their own D (covers non-Gaussian and unequal motion), with Student's
//!    factor for few atoms;
//! 3. both enlarged where the ions demonstrably move together (successive windows vary more than
//!    independent atoms would);
//! 4. the spread between trajectories: from eight on always, with fewer where it is significantly
//!    larger than claimed.

use anyhow::{Result, bail};
use nalgebra::DMatrix;

use super::gls::{self, Brownian, DIMENSIONS, Part};
use super::msd::TrajectoryMsd;
use super::stats;
use super::window::{self, Window};

/// Trajectories from which on the spread between them always enters the error.
const REPLICAS: usize = 8;

/// Probability below which the spread between trajectories contradicts the claimed error.
pub const SPREAD_P: f64 = 0.003;

/// Which covariance of the MSD weighs the fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Covariance {
    /// Exact for Brownian motion with position noise.
    Brownian,
    /// From the measured variance of squared displacements, as kinisi has it.
    Kinisi,
}

/// Which displacement is squared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// That of every atom.
    Tracer,
    /// That of the sum over atoms, per atom.
    Collective,
}

/// A diffusion coefficient with everything known about its error. Units angstrom^2/ps.
#[derive(Clone, Debug)]
pub struct Estimate {
    /// The coefficient.
    pub d: f64,
    /// Its standard error.
    pub std_error: f64,
    /// 95 % confidence interval.
    pub ci95: [f64; 2],
    /// Intercept of the line, angstrom^2.
    pub intercept: f64,
    /// Error of the least-squares line alone.
    pub line_error: f64,
    /// Error from the spread over atoms (tracer, more than a few atoms).
    pub atom_error: Option<f64>,
    /// Factor on the variance because ions move together; 1 where that is not significant.
    pub correlation: f64,
    /// Error from the spread between trajectories.
    pub spread_error: Option<f64>,
    /// Probability of a spread between trajectories at least as large if the claimed error were
    /// right.
    pub spread_p: Option<f64>,
    /// Which of the errors was taken.
    pub error_source: String,
    /// Coefficient of every trajectory by itself.
    pub own: Vec<f64>,
}

/// Fits the trajectories of one state in a window.
///
/// # Errors
/// A window in which no trajectory has two lags.
pub fn estimate(
    trajectories: &[TrajectoryMsd],
    window: &Window,
    covariance: Covariance,
    kind: Kind,
) -> Result<Estimate> {
    let chosen: Vec<Chosen> = trajectories
        .iter()
        .map(|t| Chosen::new(t, window, kind))
        .filter(|c| c.time.len() >= 2)
        .collect();
    if chosen.is_empty() {
        let [a, b] = window.bounds;
        bail!("no trajectory has two lags within the window {a} to {b} ps");
    }
    let fit = fit_iterated(&chosen, window, covariance, kind)?;
    let d = fit.slope / (2.0 * DIMENSIONS);
    let line_variance = fit.covariance[(0, 0)] / (2.0 * DIMENSIONS).powi(2);
    let mut source = format!("{} line", covariance.text(kind));
    let (mut variance, mut widen) = (line_variance, 1.0);
    let atom_error = match kind {
        Kind::Tracer => atom_error(&chosen, &fit.weights),
        Kind::Collective => None,
    };
    if let Some((error, dof)) = atom_error {
        let student = stats::t95(dof) / stats::t95(f64::INFINITY);
        if error * student > variance.sqrt() {
            variance = error * error;
            widen = student;
            source = "spread over atoms".to_string();
        }
    }
    let correlation = match kind {
        Kind::Tracer => correlation_factor(&chosen),
        Kind::Collective => 1.0,
    };
    if correlation > 1.0 {
        variance *= correlation;
        source.push_str(", ions correlated");
    }
    let spread = Spread::new(&fit, variance);
    if let Some(s) = &spread {
        let significant = s.p < SPREAD_P;
        if significant || (s.count >= REPLICAS && s.error > variance.sqrt() * widen) {
            variance = variance.max(s.error * s.error);
            // Student's factor for few trajectories is so large that it is left to the verdict,
            // which calls such an ensemble not converged.
            let student = stats::t95((s.count - 1) as f64) / stats::t95(f64::INFINITY);
            widen = if significant && s.count >= REPLICAS {
                student
            } else {
                1.0
            };
            source = "spread between trajectories".to_string();
        }
    }
    let std_error = variance.sqrt();
    Ok(Estimate {
        d,
        std_error,
        ci95: stats::interval95(d, std_error, widen),
        intercept: fit.intercept,
        line_error: line_variance.sqrt(),
        atom_error: atom_error.map(|(e, _)| e),
        correlation,
        spread_error: spread.as_ref().map(|s| s.error),
        spread_p: spread.as_ref().map(|s| s.p),
        error_source: source,
        own: fit
            .own_slopes
            .iter()
            .map(|s| s / (2.0 * DIMENSIONS))
            .collect(),
    })
}

/// Chooses the lag window: the first candidate whose D agrees with that of the windows that begin
/// three and ten times later.
///
/// The fit of the longer window is efficient when both are right, so the difference of the two D has
/// the difference of their variances (Hausman, Econometrica 46, 1251 (1978)). Candidates closer than
/// a quarter in time to one that failed are left out. `least_msd` as in [`window::candidates`].
pub fn choose_window(
    trajectories: &[TrajectoryMsd],
    covariance: Covariance,
    least_msd: f64,
) -> Window {
    let candidates = window::candidates(trajectories, least_msd);
    if candidates.is_empty() {
        return window::without_regime(trajectories);
    }
    let mut failed_at = 0.0;
    for candidate in candidates {
        if candidate.bounds[0] < 1.25 * failed_at {
            continue;
        }
        if is_plateau(trajectories, covariance, &candidate) {
            return candidate;
        }
        failed_at = candidate.bounds[0];
    }
    window::without_plateau(trajectories)
}

fn is_plateau(trajectories: &[TrajectoryMsd], covariance: Covariance, early: &Window) -> bool {
    let of = |w: &Window| estimate(trajectories, w, covariance, Kind::Tracer).ok();
    let Some(first) = of(early) else { return false };
    // Errors of this window from the line, enlarged as those of the data were found to be.
    let inflation = first.std_error / first.line_error;
    for factor in [3.0, 10.0] {
        let mut late = early.clone();
        late.bounds[0] *= factor;
        // Half of the window must remain.
        if late.bounds[0] > 0.5 * late.bounds[1] {
            break;
        }
        let Some(second) = of(&late) else { break };
        let variance = (second.line_error.powi(2) - first.line_error.powi(2))
            .max(0.25 * second.line_error.powi(2));
        if (second.d - first.d).abs() > 2.0 * inflation * variance.sqrt() {
            return false;
        }
    }
    true
}

impl Covariance {
    fn text(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Self::Kinisi, Kind::Tracer) => "GLS (measured covariance)",
            _ => "GLS (Brownian covariance)",
        }
    }
}

/// A trajectory with its lags inside the window.
struct Chosen<'a> {
    trajectory: &'a TrajectoryMsd,
    /// Places in the trajectory's list of lags.
    places: Vec<usize>,
    lags: Vec<usize>,
    time: Vec<f64>,
    msd: Vec<f64>,
}

impl<'a> Chosen<'a> {
    fn new(trajectory: &'a TrajectoryMsd, window: &Window, kind: Kind) -> Self {
        let slack = 1.0e-6 * trajectory.dt;
        let [a, b] = window.bounds;
        let inside = |lag: usize| {
            let t = lag as f64 * trajectory.dt;
            t >= a - slack && t <= b + slack
        };
        let places: Vec<usize> = (0..trajectory.lags.len())
            .filter(|i| inside(trajectory.lags[*i]))
            .collect();
        let lags: Vec<usize> = places.iter().map(|i| trajectory.lags[*i]).collect();
        let curve = match kind {
            Kind::Tracer => &trajectory.mean,
            Kind::Collective => &trajectory.collective,
        };
        Self {
            trajectory,
            time: lags.iter().map(|l| *l as f64 * trajectory.dt).collect(),
            msd: lags.iter().map(|l| curve[*l]).collect(),
            places,
            lags,
        }
    }

    /// True where both have the same covariance under the same model.
    fn same_design(&self, other: &Self, covariance: Covariance) -> bool {
        let (a, b) = (self.trajectory, other.trajectory);
        covariance == Covariance::Brownian
            && (a.n_frames, a.n_atoms) == (b.n_frames, b.n_atoms)
            && a.dt == b.dt
            && self.lags == other.lags
    }

    fn covariance(&self, model: Brownian, covariance: Covariance, kind: Kind) -> DMatrix<f64> {
        let t = self.trajectory;
        let atoms = match kind {
            Kind::Tracer => t.n_atoms,
            Kind::Collective => 1,
        };
        if covariance == Covariance::Kinisi && kind == Kind::Tracer {
            let variance: Vec<f64> = self.places.iter().map(|i| t.sample_variance[*i]).collect();
            return gls::scaled_covariance(t.n_frames, atoms, &self.lags, &variance);
        }
        gls::brownian_covariance(t.n_frames, &self.lags, t.dt, model) / atoms as f64
    }
}

/// The fit, with the Brownian model taken from the fit before; starts from ordinary least squares.
fn fit_iterated(
    chosen: &[Chosen],
    window: &Window,
    covariance: Covariance,
    kind: Kind,
) -> Result<gls::Fit> {
    let time: Vec<f64> = chosen.iter().flat_map(|c| c.time.iter().copied()).collect();
    let msd: Vec<f64> = chosen.iter().flat_map(|c| c.msd.iter().copied()).collect();
    let Some(line) = stats::ols(&time, &msd) else {
        bail!("the window holds a single lag");
    };
    let (mut slope, mut intercept) = (line.slope, line.intercept);
    let largest = msd.iter().fold(0.0_f64, |m, x| m.max(*x));
    if largest <= 0.0 {
        bail!("the atoms do not move at all");
    }
    // A slope that is zero or negative still needs a scale for the covariance.
    let floor = 1.0e-3 * largest / window.bounds[1];
    let mut result = None;
    for _ in 0..4 {
        let model = Brownian {
            d: slope.max(floor) / (2.0 * DIMENSIONS),
            noise: intercept.max(0.0) / (2.0 * DIMENSIONS),
        };
        let mut known: Vec<(&Chosen, DMatrix<f64>)> = Vec::new();
        let mut parts = Vec::with_capacity(chosen.len());
        for c in chosen {
            // Replicas of one length share their covariance.
            let matrix = match known.iter().find(|(k, _)| k.same_design(c, covariance)) {
                Some((_, matrix)) => matrix.clone(),
                None => {
                    let matrix = c.covariance(model, covariance, kind);
                    known.push((c, matrix.clone()));
                    matrix
                }
            };
            parts.push(Part {
                time: &c.time,
                msd: &c.msd,
                covariance: matrix,
            });
        }
        let Some(fit) = gls::fit(&parts) else {
            bail!("the covariance of the MSD cannot be inverted in this window");
        };
        (slope, intercept) = (fit.slope, fit.intercept);
        result = Some(fit);
    }
    match result {
        Some(fit) if fit.slope.is_finite() => Ok(fit),
        _ => bail!("the fit gave no finite slope"),
    }
}

/// Error of D from the spread over atoms of w . MSD_atom, and its degrees of freedom.
fn atom_error(chosen: &[Chosen], weights: &[Vec<f64>]) -> Option<(f64, f64)> {
    let (mut variance, mut dof) = (0.0, 0.0);
    for (c, w) in chosen.iter().zip(weights) {
        let atoms = c.trajectory.n_atoms;
        if atoms < 2 {
            return None;
        }
        let full = &c.trajectory.atom_covariance;
        let part = DMatrix::from_fn(w.len(), w.len(), |i, j| full[(c.places[i], c.places[j])]);
        variance += gls::quadratic(w, &part) / atoms as f64;
        dof += (atoms - 1) as f64;
    }
    (dof >= 5.0).then(|| (variance.max(0.0).sqrt() / (2.0 * DIMENSIONS), dof))
}

/// Variance factor for ions that move together, from the first lag of the window; 1 unless
/// significant at half a percent.
fn correlation_factor(chosen: &[Chosen]) -> f64 {
    let (mut sum, mut dof) = (0.0, 0.0);
    for c in chosen {
        let at = c.trajectory.correlation[c.places[0]];
        if at.windows >= 2 {
            sum += at.factor * (at.windows - 1) as f64;
            dof += (at.windows - 1) as f64;
        }
    }
    if dof < 4.0 {
        return 1.0;
    }
    let factor = sum / dof;
    if factor > stats::chi2_quantile(0.995, dof) / dof {
        factor
    } else {
        1.0
    }
}

/// Spread between trajectories.
struct Spread {
    error: f64,
    p: f64,
    count: usize,
}

impl Spread {
    fn new(fit: &gls::Fit, claimed_variance: f64) -> Option<Self> {
        let d: Vec<f64> = fit
            .own_slopes
            .iter()
            .map(|s| s / (2.0 * DIMENSIONS))
            .collect();
        let weights: Vec<f64> = fit.own_variances.iter().map(|v| 1.0 / v).collect();
        let total: f64 = weights.iter().sum();
        let (mean, error) = stats::weighted_spread(&d, &weights);
        let squares: f64 = d
            .iter()
            .zip(&weights)
            .map(|(x, w)| w / total * (x - mean).powi(2))
            .sum();
        Some(Self {
            error: error?,
            p: stats::chi2_tail(squares / claimed_variance, (d.len() - 1) as f64),
            count: d.len(),
        })
    }
}

/// Pooled MSD for plots, with the standard error at each lag.
#[derive(Clone, Debug, Default)]
pub struct Curve {
    /// Lag times, ps.
    pub time: Vec<f64>,
    /// MSD, angstrom^2.
    pub msd: Vec<f64>,
    /// Its standard error, angstrom^2.
    pub error: Vec<f64>,
}

/// The pooled MSD on a logarithmic grid up to 90 % of the longest trajectory.
pub fn curve(trajectories: &[TrajectoryMsd], estimate: &Estimate, kind: Kind) -> Curve {
    let mut curve = Curve::default();
    let longest = trajectories
        .iter()
        .max_by(|a, b| (a.dt * a.n_frames as f64).total_cmp(&(b.dt * b.n_frames as f64)));
    let Some(longest) = longest else { return curve };
    let inflation = estimate.std_error / estimate.line_error;
    let model = Brownian {
        d: estimate.d.max(0.0),
        noise: (estimate.intercept / (2.0 * DIMENSIONS)).max(0.0),
    };
    for lag in super::msd::lag_grid(1, longest.n_frames * 9 / 10, 40.0) {
        let time = lag as f64 * longest.dt;
        let msd = match kind {
            Kind::Tracer => window::pooled_msd(trajectories, time),
            Kind::Collective => window::pooled_collective(trajectories, time),
        };
        let Some(msd) = msd else { continue };
        let (mut sum, mut total) = (0.0, 0.0);
        for t in trajectories {
            let own = (time / t.dt).round().max(1.0) as usize;
            if own >= t.n_frames {
                continue;
            }
            let atoms = match kind {
                Kind::Tracer => t.n_atoms as f64,
                Kind::Collective => 1.0,
            };
            let weight = atoms * (t.n_frames - own) as f64;
            let c = gls::brownian_covariance(t.n_frames, &[own], t.dt, model)[(0, 0)] / atoms;
            sum += weight * weight * c;
            total += weight;
        }
        curve.time.push(time);
        curve.msd.push(msd);
        curve.error.push(inflation * sum.sqrt() / total);
    }
    curve
}

/// Ordinary least squares over every lag in the window, as many papers do it.
///
/// Returns D and the residual error of D (angstrom^2/ps), and the number of lags.
pub fn ordinary(trajectories: &[TrajectoryMsd], window: &Window) -> Option<(f64, f64, usize)> {
    let longest = window::longest(trajectories)?;
    let slack = 1.0e-6 * longest.dt;
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for lag in 1..longest.n_frames {
        let time = lag as f64 * longest.dt;
        if time < window.bounds[0] - slack || time > window.bounds[1] + slack {
            continue;
        }
        if let Some(msd) = window::pooled_msd(trajectories, time) {
            x.push(time);
            y.push(msd);
        }
    }
    let line = stats::ols(&x, &y)?;
    let to_d = 1.0 / (2.0 * DIMENSIONS);
    Some((line.slope * to_d, line.residual_error * to_d, x.len()))
}

#[cfg(test)]
mod tests;
