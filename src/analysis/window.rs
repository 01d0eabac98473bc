//! The lag window of the straight line: from where on the motion is diffusive, and how that is
//! known.
//!
//! Three tests decide where it begins:
//! 1. The local log-log slope beta(t) = ln(MSD(2t)/MSD(t)) / ln 2 is 2 for ballistic motion, near 0 in
//!    a cage, 1 for diffusion. Its mean over the next factor of three in time must be 1 within
//!    [`TOLERANCE`] and two standard errors, and no later beta may deviate by more than the tolerance
//!    and 3.5 standard errors. (The mean and the wide allowance keep the choice steady: a choice that
//!    follows the noise prefers late, uncertain windows where D happens to be low, and biases it.)
//! 2. The MSD must have reached half a squared jump length there (He et al., npj Comput. Mater. 4, 18
//!    (2018)), where it does so within a tenth of the trajectory: on the way from ballistic motion to
//!    a cage the slope passes 1 as well.
//! 3. D must not depend on the start ([`super::state::choose_window`]): the fits that begin three and
//!    ten times later must agree with it.
//!
//! The window ends at half the trajectory; the longest lags have next to no weight in the fit.

use super::gls::{Brownian, brownian_covariance};
use super::msd::TrajectoryMsd;

/// Allowed deviation of the log-log slope from 1.
pub const TOLERANCE: f64 = 0.1;

/// A lag window and the reason for it.
#[derive(Clone, Debug)]
pub struct Window {
    /// First and last lag time, ps.
    pub bounds: [f64; 2],
    /// How it was chosen, in words.
    pub why: String,
    /// False where no diffusive regime was found and the window is only a fallback.
    pub diffusive: bool,
}

/// Local slope at a lag time.
#[derive(Clone, Copy, Debug)]
struct Slope {
    time: f64,
    beta: f64,
    error: f64,
}

/// All windows that pass the first two tests, the earliest first; `least_msd` is the MSD in
/// angstrom^2 of the second test.
pub fn candidates(trajectories: &[TrajectoryMsd], least_msd: f64) -> Vec<Window> {
    let Some(longest) = longest(trajectories) else {
        return Vec::new();
    };
    let total = length(longest);
    let slopes = local_slopes(trajectories, longest);
    let last = slopes.last().map_or(0.0, |s| s.time);
    let reached = |t: f64| pooled_msd(trajectories, t).is_some_and(|m| m >= least_msd);
    let moved = slopes.iter().map(|s| s.time).find(|t| reached(*t));
    let earliest = moved.filter(|t| *t <= 0.1 * total).unwrap_or(0.0);
    let mut windows = Vec::new();
    for (i, start) in slopes.iter().enumerate() {
        let reach = (3.0 * start.time).min(last);
        let near = slopes[i..]
            .iter()
            .take_while(|s| s.time <= reach * (1.0 + 1e-9));
        let near: Vec<f64> = near.map(|s| s.beta).collect();
        let mean = near.iter().sum::<f64>() / near.len() as f64;
        let near_ok = (mean - 1.0).abs() <= TOLERANCE + 2.0 * start.error;
        let far_ok = slopes[i..]
            .iter()
            .all(|s| (s.beta - 1.0).abs() <= TOLERANCE + 3.5 * s.error);
        if near_ok && far_ok && start.time >= earliest {
            windows.push(Window {
                bounds: [start.time, 0.5 * total],
                why: format!(
                    "from where the log-log slope is 1 within {TOLERANCE} and its error (mean \
                     {mean:.2} over a factor of three in time) to half the trajectory"
                ),
                diffusive: true,
            });
        }
    }
    windows
}

/// The window that is taken where no lag passes the tests; `reason` says why.
pub fn without_regime(trajectories: &[TrajectoryMsd]) -> Window {
    let Some(longest) = longest(trajectories) else {
        return fallback(0.0, "there are no data");
    };
    let end = local_slopes(trajectories, longest)
        .last()
        .map_or(f64::NAN, |s| s.beta);
    fallback(
        length(longest),
        &format!("no lag from which the log-log slope stays near 1 (it ends at {end:.2})"),
    )
}

/// The window that is taken where D depends on the start of every window.
pub fn without_plateau(trajectories: &[TrajectoryMsd]) -> Window {
    let total = longest(trajectories).map_or(0.0, length);
    fallback(
        total,
        "the slope of the MSD changes from every lag to later ones",
    )
}

/// The trajectory that spans the longest time.
pub fn longest(trajectories: &[TrajectoryMsd]) -> Option<&TrajectoryMsd> {
    trajectories
        .iter()
        .max_by(|a, b| length(a).total_cmp(&length(b)))
}

fn fallback(total: f64, reason: &str) -> Window {
    Window {
        bounds: [0.1 * total, 0.5 * total],
        why: format!("{reason}; lags from 10 to 50 % of the trajectory taken instead"),
        diffusive: false,
    }
}

/// Time that a trajectory spans, ps.
pub fn length(t: &TrajectoryMsd) -> f64 {
    t.dt * (t.n_frames - 1) as f64
}

/// MSD at a lag time, averaged over the trajectories that reach it, weighted by atoms and windows.
pub fn pooled_msd(trajectories: &[TrajectoryMsd], time: f64) -> Option<f64> {
    pooled(trajectories, time, |t| &t.mean, |t| t.n_atoms as f64)
}

/// The same for the collective MSD.
pub fn pooled_collective(trajectories: &[TrajectoryMsd], time: f64) -> Option<f64> {
    pooled(trajectories, time, |t| &t.collective, |_| 1.0)
}

fn pooled(
    trajectories: &[TrajectoryMsd],
    time: f64,
    curve: impl Fn(&TrajectoryMsd) -> &Vec<f64>,
    weight: impl Fn(&TrajectoryMsd) -> f64,
) -> Option<f64> {
    let (mut sum, mut total) = (0.0, 0.0);
    for t in trajectories {
        let place = time / t.dt;
        let mut low = place.floor() as usize;
        let mut part = place - low as f64;
        if part > 1.0 - 1.0e-6 {
            low += 1;
            part = 0.0;
        } else if part < 1.0e-6 {
            part = 0.0;
        }
        let values = curve(t);
        let high = if part > 0.0 { low + 1 } else { low };
        if high >= values.len() {
            continue;
        }
        let value = values[low] * (1.0 - part) + values[high] * part;
        let w = weight(t) * (t.n_frames - high) as f64;
        sum += w * value;
        total += w;
    }
    (total > 0.0).then(|| sum / total)
}

/// Slopes at the lags of the longest trajectory up to a quarter of it (2t is at most half).
fn local_slopes(trajectories: &[TrajectoryMsd], longest: &TrajectoryMsd) -> Vec<Slope> {
    let mut slopes = Vec::new();
    for lag in longest
        .lags
        .iter()
        .copied()
        .filter(|l| 4 * l < longest.n_frames)
    {
        let time = lag as f64 * longest.dt;
        let (Some(one), Some(two)) = (
            pooled_msd(trajectories, time),
            pooled_msd(trajectories, 2.0 * time),
        ) else {
            continue;
        };
        if one <= 0.0 || two <= 0.0 {
            continue;
        }
        slopes.push(Slope {
            time,
            beta: (two / one).ln() / std::f64::consts::LN_2,
            error: slope_error(trajectories, time),
        });
    }
    slopes
}

/// Standard error of ln(MSD(2t)/MSD(t))/ln 2 for Brownian motion of unit step.
fn slope_error(trajectories: &[TrajectoryMsd], time: f64) -> f64 {
    let mut information = 0.0;
    for t in trajectories {
        let lag = (time / t.dt).round().max(1.0) as usize;
        if 2 * lag >= t.n_frames {
            continue;
        }
        let c = brownian_covariance(
            t.n_frames,
            &[lag, 2 * lag],
            1.0,
            Brownian { d: 1.0, noise: 0.0 },
        );
        let (m1, m2) = (6.0 * lag as f64, 12.0 * lag as f64);
        let variance = c[(0, 0)] / (m1 * m1) + c[(1, 1)] / (m2 * m2) - 2.0 * c[(0, 1)] / (m1 * m2);
        information += t.n_atoms as f64 / variance;
    }
    (1.0 / information).sqrt() / std::f64::consts::LN_2
}

/// Log-log slope of the pooled MSD over the window, each lag weighted by its Brownian precision
/// (relative variance proportional to the lag), and its standard error from the local slopes'
/// covariance taken as that at the geometric centre of the window.
pub fn slope_in_window(trajectories: &[TrajectoryMsd], times: &[f64]) -> Option<(f64, f64)> {
    let (mut x, mut y, mut w) = (Vec::new(), Vec::new(), Vec::new());
    for time in times {
        if let Some(m) = pooled_msd(trajectories, *time).filter(|m| *m > 0.0) {
            x.push(time.ln());
            y.push(m.ln());
            w.push(1.0 / time);
        }
    }
    let line = super::stats::weighted_line(&x, &y, |i| w[i])?;
    let first = times.first()?;
    Some((line.slope, slope_error(trajectories, *first)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::msd::{analyse, lag_grid};
    use crate::analysis::paths::tests::brownian;

    fn choose(trajectories: &[TrajectoryMsd]) -> Window {
        let first = candidates(trajectories, 0.0).into_iter().next();
        first.unwrap_or_else(|| without_regime(trajectories))
    }

    fn msd_of(d: f64, noise: f64, frames: usize, seed: u64) -> TrajectoryMsd {
        let paths = brownian(64, frames, 0.1, d, noise, seed);
        analyse(&paths, &lag_grid(1, frames / 2, 24.0))
    }

    #[test]
    fn pure_diffusion_starts_at_once() {
        let window = choose(&[msd_of(0.02, 0.0, 2000, 1)]);
        assert!(window.diffusive);
        assert!(window.bounds[0] < 0.31, "{:?}", window.bounds);
        assert!((window.bounds[1] - 99.95).abs() < 1e-9);
    }

    #[test]
    fn vibration_moves_the_start_to_where_the_slope_is_one() {
        // MSD = 0.12 t + 0.135: the local slope reaches 0.9 at t = 9 ps.
        let window = choose(&[msd_of(0.02, 0.15, 4000, 2)]);
        assert!(window.diffusive);
        assert!(
            window.bounds[0] > 4.0 && window.bounds[0] < 14.0,
            "{:?}",
            window.bounds
        );
    }

    #[test]
    fn the_start_waits_for_half_a_jump_where_that_comes_early() {
        let t = [msd_of(0.02, 0.0, 2000, 1)];
        // MSD = 0.12 t: 1 angstrom^2 at 8 ps of 200; 10 angstrom^2 only at 83 ps.
        let start = |least| candidates(&t, least)[0].bounds[0];
        assert!((start(1.0) - 8.3).abs() < 1.5, "{}", start(1.0));
        assert!(start(10.0) < 0.31);
    }

    #[test]
    fn a_cage_has_no_diffusive_window() {
        let window = choose(&[msd_of(1e-6, 0.15, 2000, 3)]);
        assert!(!window.diffusive);
        assert!(window.why.contains("no lag"), "{}", window.why);
    }

    #[test]
    fn slope_error_is_that_of_replicas() {
        let mut values = Vec::new();
        for seed in 0..40 {
            let t = msd_of(0.02, 0.0, 400, 100 + seed);
            values.push((t.mean[40] / t.mean[20]).ln() / std::f64::consts::LN_2);
        }
        let mean = values.iter().sum::<f64>() / 40.0;
        let sd = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 39.0).sqrt();
        let claimed = slope_error(&[msd_of(0.02, 0.0, 400, 1)], 2.0);
        assert!((sd / claimed - 1.0).abs() < 0.35, "{sd} {claimed}");
        assert!((mean - 1.0).abs() < 4.0 * claimed / 40.0_f64.sqrt());
    }

    #[test]
    fn pooling_interpolates_between_frames_and_weighs_by_windows() {
        let mut a = msd_of(0.02, 0.0, 100, 4);
        a.mean = (0..100).map(f64::from).collect();
        let mut b = a.clone();
        b.mean = vec![0.0; 50];
        b.n_frames = 50;
        assert!((pooled_msd(&[a.clone()], 0.25).unwrap() - 2.5).abs() < 1e-9);
        // At lag 10: 90 windows of MSD 10 and 40 of MSD 0.
        assert!((pooled_msd(&[a.clone(), b], 1.0).unwrap() - 900.0 / 130.0).abs() < 1e-9);
        assert!(pooled_msd(&[a], 10.0).is_none());
    }
}
