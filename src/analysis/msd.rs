//! Multi-origin mean squared displacement by fast Fourier transform, and the sample statistics of
//! squared displacements that the error analysis needs.
//!
//! For lag n of T frames, MSD(n) = 1/(T-n) sum_i |r(i+n) - r(i)|^2 = S1(n) - 2 S2(n), with S1 from
//! running sums of r^2 and S2 the autocorrelation of r, an FFT of zero-padded positions (Calandrini
//! et al., Collection SFN 12, 201 (2011)). The collective displacement is that of the sum over
//! atoms, divided by their number.

use nalgebra::DMatrix;
use rayon::prelude::*;
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::sync::Arc;

use super::paths::MobilePaths;

/// Atoms per parallel task; fixed, so that sums do not depend on the number of threads.
const ATOMS_PER_TASK: usize = 16;

/// Squared displacements evaluated per lag for the sample variance, at most (beyond, origins are
/// thinned).
const SAMPLES_PER_LAG: usize = 1 << 22;

/// What one trajectory says about the mean squared displacement of its mobile atoms.
#[derive(Clone, Debug)]
pub struct TrajectoryMsd {
    /// Number of mobile atoms.
    pub n_atoms: usize,
    /// Number of frames.
    pub n_frames: usize,
    /// Time between frames, ps.
    pub dt: f64,
    /// Mean over atoms and origins at every lag 0..T (angstrom^2).
    pub mean: Vec<f64>,
    /// |sum of displacements|^2 per atom, averaged over origins, at every lag 0..T (angstrom^2).
    pub collective: Vec<f64>,
    /// Lags (in frames) at which the quantities below are known, increasing.
    pub lags: Vec<usize>,
    /// Covariance over atoms of their own time-averaged MSD, lags x lags (angstrom^4); zero for one
    /// atom.
    pub atom_covariance: DMatrix<f64>,
    /// Variance of single squared displacements at each lag (angstrom^4).
    pub sample_variance: Vec<f64>,
    /// Non-Gaussian parameter alpha_2 at each lag.
    pub alpha2: Vec<f64>,
    /// How much the ions move together at each lag.
    pub correlation: Vec<IonCorrelation>,
}

/// Variance of the atom-averaged squared displacement over successive windows, relative to
/// independent atoms.
#[derive(Clone, Copy, Debug, Default)]
pub struct IonCorrelation {
    /// 1 for independent atoms, larger where ions move together.
    pub factor: f64,
    /// Number of successive windows behind it.
    pub windows: usize,
}

/// Lags that resolve every time scale: all small ones, then `per_decade` per factor of ten, up to
/// and including `last`.
pub fn lag_grid(first: usize, last: usize, per_decade: f64) -> Vec<usize> {
    let mut lags = Vec::new();
    let mut lag = first.max(1);
    while lag < last {
        lags.push(lag);
        let next = lag as f64 * 10.0_f64.powf(1.0 / per_decade);
        lag = (next.round() as usize).max(lag + 1);
    }
    if last >= first.max(1) {
        lags.push(last);
    }
    lags
}

/// All averages of one trajectory at the lags given (each below the number of frames).
pub fn analyse(paths: &MobilePaths, lags: &[usize]) -> TrajectoryMsd {
    let frames = paths.n_frames;
    let fft = Fft::new(frames);
    let tasks: Vec<usize> = (0..paths.n_atoms).step_by(ATOMS_PER_TASK).collect();
    let partial: Vec<(Vec<f64>, Vec<f64>)> = tasks
        .par_iter()
        .map(|start| {
            let end = (start + ATOMS_PER_TASK).min(paths.n_atoms);
            sum_over_atoms(paths, *start..end, &fft, lags)
        })
        .collect();
    let mut mean = vec![0.0; frames];
    let mut per_atom = Vec::with_capacity(paths.n_atoms * lags.len());
    for (sum, rows) in &partial {
        for (m, s) in mean.iter_mut().zip(sum) {
            *m += s / paths.n_atoms as f64;
        }
        per_atom.extend_from_slice(rows);
    }
    let moments: Vec<Moments> = lags.par_iter().map(|l| Moments::at(paths, *l)).collect();
    TrajectoryMsd {
        n_atoms: paths.n_atoms,
        n_frames: frames,
        dt: paths.dt,
        mean,
        collective: collective(paths, &fft),
        lags: lags.to_vec(),
        atom_covariance: covariance_over_atoms(&per_atom, paths.n_atoms, lags.len()),
        sample_variance: moments.iter().map(|m| m.variance).collect(),
        alpha2: moments.iter().map(|m| m.alpha2).collect(),
        correlation: moments.iter().map(|m| m.correlation).collect(),
    }
}

/// Sum over atoms of their MSD at every lag, and each atom's MSD at the chosen lags.
fn sum_over_atoms(
    paths: &MobilePaths,
    atoms: std::ops::Range<usize>,
    fft: &Fft,
    lags: &[usize],
) -> (Vec<f64>, Vec<f64>) {
    let mut sum = vec![0.0; paths.n_frames];
    let mut rows = Vec::with_capacity(atoms.len() * lags.len());
    let mut series = [const { Vec::new() }; 3];
    for atom in atoms {
        for (k, s) in series.iter_mut().enumerate() {
            s.clear();
            s.extend((0..paths.n_frames).map(|t| paths.at(t, atom)[k]));
        }
        let own = fft.msd(&series);
        for (total, value) in sum.iter_mut().zip(&own) {
            *total += value;
        }
        rows.extend(lags.iter().map(|l| own[*l]));
    }
    (sum, rows)
}

fn collective(paths: &MobilePaths, fft: &Fft) -> Vec<f64> {
    let mut series = [const { Vec::new() }; 3];
    for t in 0..paths.n_frames {
        let mut total = [0.0; 3];
        for atom in 0..paths.n_atoms {
            for (sum, x) in total.iter_mut().zip(paths.at(t, atom)) {
                *sum += x;
            }
        }
        for (s, x) in series.iter_mut().zip(total) {
            s.push(x);
        }
    }
    let n = paths.n_atoms as f64;
    fft.msd(&series).into_iter().map(|m| m / n).collect()
}

fn covariance_over_atoms(rows: &[f64], atoms: usize, lags: usize) -> DMatrix<f64> {
    let mut covariance = DMatrix::zeros(lags, lags);
    if atoms < 2 || lags == 0 {
        return covariance;
    }
    let mut mean = vec![0.0; lags];
    for row in rows.chunks(lags) {
        for (m, x) in mean.iter_mut().zip(row) {
            *m += x / atoms as f64;
        }
    }
    for row in rows.chunks(lags) {
        for i in 0..lags {
            for j in 0..=i {
                covariance[(i, j)] += (row[i] - mean[i]) * (row[j] - mean[j]);
            }
        }
    }
    for i in 0..lags {
        for j in 0..=i {
            let value = covariance[(i, j)] / (atoms - 1) as f64;
            covariance[(i, j)] = value;
            covariance[(j, i)] = value;
        }
    }
    covariance
}

/// Moments of squared displacements at one lag.
struct Moments {
    variance: f64,
    alpha2: f64,
    correlation: IonCorrelation,
}

impl Moments {
    fn at(paths: &MobilePaths, lag: usize) -> Self {
        let origins = paths.n_frames - lag;
        let stride = (origins * paths.n_atoms).div_ceil(SAMPLES_PER_LAG).max(1);
        let (mut sum, mut sum2, mut count) = (0.0, 0.0, 0_usize);
        for origin in (0..origins).step_by(stride) {
            for atom in 0..paths.n_atoms {
                let s = paths.squared_displacement(origin, lag, atom);
                sum += s;
                sum2 += s * s;
            }
            count += paths.n_atoms;
        }
        let n = count as f64;
        let mean = sum / n;
        let variance = (sum2 - n * mean * mean).max(0.0) / (n - 1.0).max(1.0);
        Self {
            variance,
            alpha2: 3.0 * (sum2 / n) / (5.0 * mean * mean) - 1.0,
            correlation: ion_correlation(paths, lag, variance),
        }
    }
}

fn ion_correlation(paths: &MobilePaths, lag: usize, variance: f64) -> IonCorrelation {
    let windows = (paths.n_frames - 1) / lag;
    if windows < 2 || variance <= 0.0 {
        return IonCorrelation::default();
    }
    let n = paths.n_atoms as f64;
    let means: Vec<f64> = (0..windows)
        .map(|w| {
            let of = |atom| paths.squared_displacement(w * lag, lag, atom);
            (0..paths.n_atoms).map(of).sum::<f64>() / n
        })
        .collect();
    let mean = means.iter().sum::<f64>() / windows as f64;
    let spread: f64 = means.iter().map(|m| (m - mean).powi(2)).sum();
    IonCorrelation {
        factor: n * spread / (windows - 1) as f64 / variance,
        windows,
    }
}

/// Transforms for one number of frames.
struct Fft {
    frames: usize,
    size: usize,
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
}

impl Fft {
    fn new(frames: usize) -> Self {
        let size = smooth_even(2 * frames);
        let mut planner = RealFftPlanner::new();
        Self {
            frames,
            size,
            forward: planner.plan_fft_forward(size),
            inverse: planner.plan_fft_inverse(size),
        }
    }

    /// MSD of one path at every lag.
    fn msd(&self, series: &[Vec<f64>; 3]) -> Vec<f64> {
        let frames = self.frames;
        let mut power = vec![Complex::new(0.0, 0.0); self.size / 2 + 1];
        let mut square = vec![0.0; frames];
        let mut padded = self.forward.make_input_vec();
        let mut spectrum = self.forward.make_output_vec();
        for x in series {
            // About the mean, so that the difference S1 - 2 S2 loses no digits.
            let mean = x.iter().sum::<f64>() / frames as f64;
            padded.fill(0.0);
            for t in 0..frames {
                let y = x[t] - mean;
                padded[t] = y;
                square[t] += y * y;
            }
            let done = self.forward.process(&mut padded, &mut spectrum);
            debug_assert!(done.is_ok(), "buffers come from the same plan");
            for (p, s) in power.iter_mut().zip(&spectrum) {
                *p += s * s.conj();
            }
        }
        let mut correlation = self.inverse.make_output_vec();
        // A power spectrum is real at both ends; rounding must not make the inverse refuse it.
        for end in [0, self.size / 2] {
            power[end].im = 0.0;
        }
        let done = self.inverse.process(&mut power, &mut correlation);
        debug_assert!(done.is_ok(), "buffers come from the same plan");
        let mut out = vec![0.0; frames];
        let mut squares = 2.0 * square.iter().sum::<f64>();
        for lag in 1..frames {
            squares -= square[lag - 1] + square[frames - lag];
            let s2 = correlation[lag] / self.size as f64;
            out[lag] = ((squares - 2.0 * s2) / (frames - lag) as f64).max(0.0);
        }
        out
    }
}

/// Smallest even number of the form 2^a 3^b 5^c that is at least `n`.
fn smooth_even(n: usize) -> usize {
    let smooth = |mut m: usize| {
        for p in [2, 3, 5] {
            while m.is_multiple_of(p) {
                m /= p;
            }
        }
        m == 1
    };
    let mut m = n.max(2).next_multiple_of(2);
    while !smooth(m) {
        m += 2;
    }
    m
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::paths::tests::brownian;

    #[test]
    fn fft_equals_the_direct_double_sum() {
        let paths = brownian(5, 37, 0.1, 0.02, 0.1, 11);
        let lags = lag_grid(1, 36, 8.0);
        let result = analyse(&paths, &lags);
        for lag in 1..37 {
            let mut direct = 0.0;
            let mut together = 0.0;
            for t in 0..37 - lag {
                let mut total = [0.0; 3];
                for atom in 0..5 {
                    direct += paths.squared_displacement(t, lag, atom);
                    for k in 0..3 {
                        total[k] += paths.at(t + lag, atom)[k] - paths.at(t, atom)[k];
                    }
                }
                together += total.iter().map(|x| x * x).sum::<f64>();
            }
            let n = 5.0 * (37 - lag) as f64;
            assert!(
                (result.mean[lag] / (direct / n) - 1.0).abs() < 1e-11,
                "lag {lag}"
            );
            assert!((result.collective[lag] / (together / n) - 1.0).abs() < 1e-11);
        }
        assert_eq!(result.mean[0], 0.0);
        assert_eq!(*result.lags.last().unwrap(), 36);
    }

    #[test]
    fn far_away_positions_lose_no_digits() {
        let mut paths = brownian(2, 50, 0.1, 0.02, 0.0, 3);
        let before = analyse(&paths, &[1, 7]);
        for x in &mut paths.position {
            *x += 1.0e5;
        }
        let after = analyse(&paths, &[1, 7]);
        assert!((before.mean[1] / after.mean[1] - 1.0).abs() < 1e-8);
    }

    #[test]
    fn moments_of_brownian_motion() {
        let paths = brownian(40, 3000, 0.1, 0.02, 0.0, 5);
        let result = analyse(&paths, &[1, 10]);
        for (i, lag) in [1.0, 10.0].into_iter().enumerate() {
            let msd = 6.0 * 0.02 * 0.1 * lag;
            assert!(result.alpha2[i].abs() < 0.05);
            // Three Gaussian components: Var(s) = 2/3 <s>^2.
            assert!((result.sample_variance[i] / (2.0 / 3.0 * msd * msd) - 1.0).abs() < 0.1);
            assert!((result.correlation[i].factor - 1.0).abs() < 0.3);
        }
        assert_eq!(result.correlation[1].windows, 299);
    }

    #[test]
    fn grids_are_increasing_and_end_where_asked() {
        assert_eq!(lag_grid(1, 5, 24.0), [1, 2, 3, 4, 5]);
        let lags = lag_grid(3, 1000, 24.0);
        assert!(lags.windows(2).all(|w| w[0] < w[1]));
        assert_eq!((lags[0], *lags.last().unwrap()), (3, 1000));
        assert!(lag_grid(4, 3, 24.0).is_empty());
        assert_eq!(smooth_even(14), 16);
        assert_eq!(smooth_even(600), 600);
    }
}
