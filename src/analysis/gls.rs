//! Generalised least squares of a straight line through the MSD, with the covariance of the MSD.
//!
//! Neighbouring lags of a multi-origin MSD share almost all of their data, so an ordinary fit claims
//! an error that is tens of times too small. With the covariance C of the MSD at the chosen lags and
//! the design X = [t, 1], the line is b = (X' C^-1 X)^-1 X' C^-1 y with covariance (X' C^-1 X)^-1.
//!
//! Two covariances are offered:
//! - [`brownian_covariance`]: exact for a Brownian path with diffusion coefficient D whose positions
//!   carry white noise of variance s^2 per direction (vibration about a site): displacements are
//!   Gaussian, so Cov(u^2, v^2) = 2 Cov(u, v)^2, summed over all pairs of windows. The sums are
//!   cubic polynomials on three intervals and are done in closed form (compare Michalet, Phys. Rev. E
//!   82, 041914 (2010); Bullerjahn, von Buelow, Hummer, J. Chem. Phys. 153, 024116 (2020)).
//! - [`scaled_covariance`]: from the measured variance of squared displacements and the number of
//!   independent windows, as kinisi does (McCluskey, Coles, Morgan, J. Chem. Theory Comput. (2025),
//!   doi:10.1021/acs.jctc.4c01249).

use nalgebra::{Cholesky, DMatrix, DVector, Matrix2, Vector2};

/// Number of dimensions.
pub const DIMENSIONS: f64 = 3.0;

/// Parameters of the Brownian model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Brownian {
    /// Diffusion coefficient, angstrom^2/ps.
    pub d: f64,
    /// Variance of the white noise on each coordinate, angstrom^2.
    pub noise: f64,
}

/// Covariance of the multi-origin MSD (angstrom^4) of ONE atom at the given lags (in frames, each
/// below `frames`), for frames `dt` ps apart.
///
/// For several independent atoms divide by their number.
pub fn brownian_covariance(
    frames: usize,
    lags: &[usize],
    dt: f64,
    model: Brownian,
) -> DMatrix<f64> {
    let n = lags.len();
    let mut c = DMatrix::zeros(n, n);
    for i in 0..n {
        for j in 0..=i {
            let (short, long) = (lags[j].min(lags[i]), lags[j].max(lags[i]));
            let value = pair_covariance(frames, short, long, 2.0 * model.d * dt, model.noise);
            c[(i, j)] = value;
            c[(j, i)] = value;
        }
    }
    c
}

/// Covariance of the MSD at lags n <= m of T frames; `g` is the variance of one step of the walk per
/// direction, `noise` that of the position noise.
fn pair_covariance(frames: usize, n: usize, m: usize, g: f64, noise: f64) -> f64 {
    let (t, n, m) = (frames as i64, n as i64, m as i64);
    let (windows_n, windows_m) = (t - n, t - m);
    // Offsets s = j - i between a window of length n starting at i and one of length m starting
    // at j. Outside -m..=n they share nothing.
    let overlap = |s: i64| (n.min(s + m) - s.max(0)).max(0) as f64;
    let pairs = |s: i64| (windows_n.min(windows_m - s) - (-s).max(0)).max(0) as f64;
    let first = (-m).max(1 - windows_n);
    let last = n.min(windows_m - 1);
    let shared = |s: i64| g * overlap(s);
    let term = |s: i64| pairs(s) * shared(s).powi(2);
    let knee = n - m;
    let mut sum = cubic_sum(first, knee.min(last), &term)
        + cubic_sum(first.max(knee + 1), 0.min(last), &term)
        + cubic_sum(first.max(knee + 1).max(1), last, &term);
    if noise > 0.0 {
        // Ends of the two windows that coincide share the noise of that frame.
        let delta = |s: i64| {
            f64::from(s == knee) + f64::from(s == 0) - f64::from(s == n) - f64::from(s == -m)
        };
        let mut offsets = [knee, 0, n, -m];
        offsets.sort_unstable();
        for (k, s) in offsets.into_iter().enumerate() {
            if k > 0 && offsets[k - 1] == s {
                continue;
            }
            let extra = noise * delta(s);
            sum += pairs(s) * (2.0 * shared(s) * extra + extra * extra);
        }
    }
    2.0 * DIMENSIONS * sum / (windows_n as f64 * windows_m as f64)
}

/// Sum over the integers a..=b of a function that is a polynomial of degree three there, from its
/// first four values (Newton's forward differences).
fn cubic_sum(a: i64, b: i64, f: &dyn Fn(i64) -> f64) -> f64 {
    if b < a {
        return 0.0;
    }
    if b - a < 4 {
        return (a..=b).map(f).sum();
    }
    let v = [f(a), f(a + 1), f(a + 2), f(a + 3)];
    let d1 = v[1] - v[0];
    let d2 = v[2] - 2.0 * v[1] + v[0];
    let d3 = v[3] - 3.0 * v[2] + 3.0 * v[1] - v[0];
    let n = (b - a + 1) as f64;
    let n2 = n * (n - 1.0) / 2.0;
    let n3 = n2 * (n - 2.0) / 3.0;
    let n4 = n3 * (n - 3.0) / 4.0;
    n * v[0] + n2 * d1 + n3 * d2 + n4 * d3
}

/// Covariance from the sample variance of squared displacements: C_ij = v_i n_i / n_j for i <= j,
/// with v_i = s_i^2 / n_i and n_i = atoms frames / lag_i independent windows.
pub fn scaled_covariance(
    frames: usize,
    atoms: usize,
    lags: &[usize],
    sample_variance: &[f64],
) -> DMatrix<f64> {
    let independent = |i: usize| (atoms * frames) as f64 / lags[i] as f64;
    let n = lags.len();
    DMatrix::from_fn(n, n, |i, j| {
        let (short, long) = (i.min(j), i.max(j));
        sample_variance[short] / independent(long).max(1.0)
    })
}

/// One trajectory's part in a fit.
pub struct Part<'a> {
    /// Lag times, ps.
    pub time: &'a [f64],
    /// MSD at these lags, angstrom^2.
    pub msd: &'a [f64],
    /// Covariance of these values, angstrom^4.
    pub covariance: DMatrix<f64>,
}

/// A fitted line.
#[derive(Clone, Debug)]
pub struct Fit {
    /// Slope, angstrom^2/ps.
    pub slope: f64,
    /// Intercept, angstrom^2.
    pub intercept: f64,
    /// Covariance of (slope, intercept).
    pub covariance: Matrix2<f64>,
    /// The slope is the sum over parts and lags of these weights times the MSD values.
    pub weights: Vec<Vec<f64>>,
    /// Slope of every part fitted alone.
    pub own_slopes: Vec<f64>,
    /// Variance of these slopes.
    pub own_variances: Vec<f64>,
}

/// Fits one line to all parts, which are independent of each other.
///
/// `None` where a part has fewer than two lags or a covariance is not finite.
pub fn fit(parts: &[Part]) -> Option<Fit> {
    let mut total = Matrix2::zeros();
    let mut right = Vector2::zeros();
    let mut solved = Vec::with_capacity(parts.len());
    let mut own_slopes = Vec::with_capacity(parts.len());
    let mut own_variances = Vec::with_capacity(parts.len());
    for part in parts {
        if part.time.len() < 2 {
            return None;
        }
        let design = DMatrix::from_fn(
            part.time.len(),
            2,
            |i, k| if k == 0 { part.time[i] } else { 1.0 },
        );
        let weighted = solve_covariance(&part.covariance, &design)?;
        let a: Matrix2<f64> = (design.transpose() * &weighted)
            .fixed_view::<2, 2>(0, 0)
            .into();
        let y = DVector::from_column_slice(part.msd);
        let u: Vector2<f64> = (weighted.transpose() * y).fixed_rows::<2>(0).into();
        let own = invert(&a)?;
        own_slopes.push((own * u)[0]);
        own_variances.push(own[(0, 0)]);
        total += a;
        right += u;
        solved.push(weighted);
    }
    let covariance = invert(&total)?;
    let b = covariance * right;
    let weights = solved
        .iter()
        .map(|w| {
            let row = |i: usize| covariance[(0, 0)] * w[(i, 0)] + covariance[(0, 1)] * w[(i, 1)];
            (0..w.nrows()).map(row).collect()
        })
        .collect();
    Some(Fit {
        slope: b[0],
        intercept: b[1],
        covariance,
        weights,
        own_slopes,
        own_variances,
    })
}

fn invert(m: &Matrix2<f64>) -> Option<Matrix2<f64>> {
    // Scaled to a unit diagonal first: time and constant differ by orders of magnitude.
    let s = [m[(0, 0)].sqrt(), m[(1, 1)].sqrt()];
    let scaled = Matrix2::from_fn(|i, j| m[(i, j)] / (s[i] * s[j]));
    let inverse = scaled.try_inverse()?;
    let out = Matrix2::from_fn(|i, j| inverse[(i, j)] / (s[i] * s[j]));
    out.iter().all(|x| x.is_finite()).then_some(out)
}

/// C^-1 X. The covariance is scaled to a correlation matrix; where Cholesky fails, negative
/// eigenvalues (which a measured covariance can have) are removed and the pseudo-inverse is used.
fn solve_covariance(c: &DMatrix<f64>, x: &DMatrix<f64>) -> Option<DMatrix<f64>> {
    let n = c.nrows();
    if !c.iter().all(|v| v.is_finite()) || (0..n).any(|i| c[(i, i)] <= 0.0) {
        return None;
    }
    let scale: Vec<f64> = (0..n).map(|i| c[(i, i)].sqrt()).collect();
    let correlation = DMatrix::from_fn(n, n, |i, j| c[(i, j)] / (scale[i] * scale[j]));
    let right = DMatrix::from_fn(n, x.ncols(), |i, k| x[(i, k)] / scale[i]);
    let ridge = 1.0e-12;
    let regular = &correlation + DMatrix::identity(n, n) * ridge;
    let solution = match Cholesky::new(regular) {
        Some(factor) => factor.solve(&right),
        None => {
            let eigen = correlation.symmetric_eigen();
            let largest = eigen.eigenvalues.max();
            let inverse = eigen
                .eigenvalues
                .map(|v| if v > 1.0e-12 * largest { 1.0 / v } else { 0.0 });
            let rotated = eigen.eigenvectors.transpose() * right;
            &eigen.eigenvectors * DMatrix::from_diagonal(&inverse) * rotated
        }
    };
    Some(DMatrix::from_fn(n, x.ncols(), |i, k| {
        solution[(i, k)] / scale[i]
    }))
}

/// w' C v of weights and a covariance.
pub fn quadratic(weights: &[f64], covariance: &DMatrix<f64>) -> f64 {
    let w = DVector::from_column_slice(weights);
    w.dot(&(covariance * &w))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, summed over all pairs of windows.
    fn direct(frames: usize, n: usize, m: usize, g: f64, noise: f64) -> f64 {
        let mut sum = 0.0;
        for i in 0..frames - n {
            for j in 0..frames - m {
                let overlap = (i + n).min(j + m).saturating_sub(i.max(j)) as f64;
                let delta = f64::from(i + n == j + m) + f64::from(i == j)
                    - f64::from(i + n == j)
                    - f64::from(i == j + m);
                sum += (g * overlap + noise * delta).powi(2);
            }
        }
        6.0 * sum / ((frames - n) * (frames - m)) as f64
    }

    #[test]
    fn closed_form_equals_the_double_sum() {
        for frames in [7, 12, 23] {
            for n in 1..frames {
                for m in n..frames {
                    for noise in [0.0, 0.3] {
                        let closed = pair_covariance(frames, n, m, 0.7, noise);
                        let sum = direct(frames, n, m, 0.7, noise);
                        assert!(
                            (closed / sum - 1.0).abs() < 1e-12,
                            "T {frames} n {n} m {m} noise {noise}: {closed} {sum}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn scaled_covariance_has_the_published_form() {
        let c = scaled_covariance(100, 4, &[2, 5], &[3.0, 7.0]);
        assert!((c[(0, 0)] - 3.0 / 200.0).abs() < 1e-15);
        assert!((c[(1, 1)] - 7.0 / 80.0).abs() < 1e-15);
        assert!((c[(0, 1)] - 3.0 / 200.0 * 200.0 / 80.0).abs() < 1e-15);
        assert_eq!(c[(0, 1)], c[(1, 0)]);
    }

    #[test]
    fn diagonal_covariance_gives_the_weighted_line() {
        let time = [1.0, 2.0, 3.0, 4.0];
        let msd = [1.0, 3.1, 4.9, 7.0];
        let weights = [1.0, 4.0, 2.0, 0.5];
        let covariance =
            DMatrix::from_diagonal(&DVector::from_iterator(4, weights.iter().map(|w| 1.0 / w)));
        let part = Part {
            time: &time,
            msd: &msd,
            covariance,
        };
        let fit = fit(&[part]).unwrap();
        let line = crate::analysis::stats::weighted_line(&time, &msd, |i| weights[i]).unwrap();
        assert!((fit.slope - line.slope).abs() < 1e-9);
        assert!((fit.intercept - line.intercept).abs() < 1e-9);
        let from_weights: f64 = fit.weights[0].iter().zip(&msd).map(|(w, y)| w * y).sum();
        assert!((from_weights - fit.slope).abs() < 1e-9);
        assert_eq!(fit.own_slopes.len(), 1);
    }

    #[test]
    fn equal_parts_halve_the_variance_and_average_the_slopes() {
        let time = [1.0, 2.0, 3.0];
        let c = brownian_covariance(50, &[10, 20, 30], 0.1, Brownian { d: 1.0, noise: 0.1 });
        let part = |msd| Part {
            time: &time,
            msd,
            covariance: c.clone(),
        };
        let one = fit(&[part(&[1.0, 2.0, 3.5])]).unwrap();
        let two = fit(&[part(&[1.0, 2.0, 3.5]), part(&[1.0, 2.2, 3.0])]).unwrap();
        assert!((two.covariance[(0, 0)] / one.covariance[(0, 0)] - 0.5).abs() < 1e-9);
        let mean = (two.own_slopes[0] + two.own_slopes[1]) / 2.0;
        assert!((two.slope - mean).abs() < 1e-9);
    }

    #[test]
    fn singular_and_indefinite_covariances_are_survived() {
        let time = [1.0, 2.0, 3.0];
        let msd = [1.0, 2.0, 3.0];
        let ones = DMatrix::from_element(3, 3, 1.0);
        assert!(
            fit(&[Part {
                time: &time,
                msd: &msd,
                covariance: ones
            }])
            .is_some()
        );
        let indefinite = DMatrix::from_fn(3, 3, |i, j| if i == j { 1.0 } else { 2.0 });
        let result = fit(&[Part {
            time: &time,
            msd: &msd,
            covariance: indefinite,
        }]);
        assert!(result.is_none_or(|f| f.slope.is_finite()));
        let nan = DMatrix::from_element(3, 3, f64::NAN);
        assert!(
            fit(&[Part {
                time: &time,
                msd: &msd,
                covariance: nan
            }])
            .is_none()
        );
    }
}
