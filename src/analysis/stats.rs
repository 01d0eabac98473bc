//! Small statistics: straight lines, quantiles, spread of weighted means. Imports nothing of argyro.

use statrs::distribution::{ChiSquared, ContinuousCDF, FisherSnedecor, StudentsT};

/// A straight line `y = slope x + intercept` fitted by (weighted) least squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Slope, in units of y per unit of x.
    pub slope: f64,
    /// Value at x = 0.
    pub intercept: f64,
    /// Standard error of the slope from the residuals (the textbook one, which takes the residuals
    /// for independent); 0 with fewer than three points.
    pub residual_error: f64,
}

/// Ordinary least squares through the points. `None` with fewer than two different x.
pub fn ols(x: &[f64], y: &[f64]) -> Option<Line> {
    weighted_line(x, y, |_| 1.0)
}

/// Weighted least squares; `weight(i)` is proportional to 1/variance of point `i`.
pub fn weighted_line(x: &[f64], y: &[f64], weight: impl Fn(usize) -> f64) -> Option<Line> {
    let n = x.len().min(y.len());
    let (mut sw, mut sx, mut sy) = (0.0, 0.0, 0.0);
    for i in 0..n {
        let w = weight(i);
        sw += w;
        sx += w * x[i];
        sy += w * y[i];
    }
    let (mean_x, mean_y) = (sx / sw, sy / sw);
    let (mut sxx, mut sxy) = (0.0, 0.0);
    for i in 0..n {
        let w = weight(i);
        sxx += w * (x[i] - mean_x) * (x[i] - mean_x);
        sxy += w * (x[i] - mean_x) * (y[i] - mean_y);
    }
    if n < 2 || sxx.is_nan() || sxx <= 0.0 {
        return None;
    }
    let slope = sxy / sxx;
    let intercept = mean_y - slope * mean_x;
    let mut rss = 0.0;
    for i in 0..n {
        let r = y[i] - intercept - slope * x[i];
        rss += weight(i) * r * r;
    }
    let residual_error = if n > 2 {
        (rss / (n - 2) as f64 / sxx).sqrt()
    } else {
        0.0
    };
    Some(Line {
        slope,
        intercept,
        residual_error,
    })
}

/// Two-sided 95 % quantile of Student's t with `dof` degrees of freedom (1.96 for many).
pub fn t95(dof: f64) -> f64 {
    if dof > 1.0e6 {
        return 1.959_964;
    }
    StudentsT::new(0.0, 1.0, dof.max(1.0)).map_or(f64::INFINITY, |t| t.inverse_cdf(0.975))
}

/// Quantile `p` of the chi-squared distribution with `dof` degrees of freedom.
///
/// Beyond 2000 degrees the cube-root normal form of Wilson and Hilferty (PNAS 17, 684 (1931)) is
/// used, which is then right to seven digits.
pub fn chi2_quantile(p: f64, dof: f64) -> f64 {
    if dof > 2000.0 {
        let z = statrs::distribution::Normal::standard().inverse_cdf(p);
        let c = 2.0 / (9.0 * dof);
        return dof * (1.0 - c + z * c.sqrt()).powi(3);
    }
    ChiSquared::new(dof).map_or(f64::NAN, |d| d.inverse_cdf(p))
}

/// Probability that a chi-squared variable with `dof` degrees of freedom exceeds `x`.
pub fn chi2_tail(x: f64, dof: f64) -> f64 {
    ChiSquared::new(dof).map_or(f64::NAN, |d| d.sf(x))
}

/// Quantile `p` of the F distribution.
pub fn f_quantile(p: f64, dof1: f64, dof2: f64) -> f64 {
    FisherSnedecor::new(dof1.min(1.0e6), dof2.min(1.0e6)).map_or(f64::NAN, |d| d.inverse_cdf(p))
}

/// 95 % interval of a positive quantity whose estimate, relative to the truth, is distributed like
/// a chi-squared variable per degree of freedom.
///
/// That is the law of a diffusion coefficient measured on a Brownian path (an average of squared
/// Gaussian displacements); the degrees of freedom follow from the relative error, nu = 2/e^2. The
/// interval is slightly longer upwards and never negative. An estimate that is not positive gets
/// the normal interval cut at zero. `widen` (1 or more) stretches the interval about the estimate
/// where the error itself is known from few samples.
pub fn interval95(value: f64, std_error: f64, widen: f64) -> [f64; 2] {
    let widen = widen.max(1.0);
    if !value.is_finite() || !std_error.is_finite() {
        return [f64::NAN, f64::NAN];
    }
    if std_error <= 0.0 {
        return [value, value];
    }
    let relative = std_error * widen / value;
    if value <= 0.0 || relative > 2.0 {
        let half = 1.96 * std_error * widen;
        return [(value - half).max(0.0), (value + half).max(0.0)];
    }
    let dof = 2.0 / (relative * relative);
    [
        value * dof / chi2_quantile(0.975, dof),
        value * dof / chi2_quantile(0.025, dof),
    ]
}

/// Weighted mean and its standard error from the spread of the values themselves:
/// s^2 = n/(n-1) sum w_k^2 (x_k - mean)^2 with weights normalised to one.
///
/// The error is `None` with fewer than two values.
pub fn weighted_spread(values: &[f64], weights: &[f64]) -> (f64, Option<f64>) {
    let total: f64 = weights.iter().sum();
    let mean = values.iter().zip(weights).map(|(v, w)| v * w).sum::<f64>() / total;
    let n = values.len() as f64;
    if values.len() < 2 {
        return (mean, None);
    }
    let sum: f64 = values
        .iter()
        .zip(weights)
        .map(|(v, w)| (w / total * (v - mean)).powi(2))
        .sum();
    (mean, Some((sum * n / (n - 1.0)).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_through_known_points() {
        let line = ols(&[0.0, 1.0, 2.0, 3.0], &[1.0, 3.1, 4.9, 7.0]).unwrap();
        assert!((line.slope - 1.98).abs() < 1e-12);
        assert!((line.intercept - 1.03).abs() < 1e-12);
        assert!((line.residual_error - 0.0018_f64.sqrt()).abs() < 1e-12);
        assert!(ols(&[1.0, 1.0], &[1.0, 2.0]).is_none());
        assert!(ols(&[1.0], &[1.0]).is_none());
    }

    #[test]
    fn quantiles_match_tables() {
        assert!((t95(7.0) - 2.364_624).abs() < 1e-5);
        assert!((t95(1.0e9) - 1.959_964).abs() < 1e-6);
        assert!((chi2_quantile(0.975, 10.0) - 20.483_177).abs() < 1e-5);
        let (below, above) = (chi2_quantile(0.025, 1999.9), chi2_quantile(0.025, 2000.1));
        assert!((above - below - 0.2).abs() < 0.02, "{below} {above}");
        assert!((chi2_tail(3.841_459, 1.0) - 0.05).abs() < 1e-6);
    }

    #[test]
    fn interval_is_normal_for_small_errors_and_positive_for_large() {
        let [lo, hi] = interval95(1.0, 0.01, 1.0);
        assert!((lo - 0.9808).abs() < 2e-3 && (hi - 1.0200).abs() < 2e-3);
        let [lo, hi] = interval95(1.0, 0.8, 1.0);
        assert!(lo > 0.0 && hi > 3.0);
        let [lo, hi] = interval95(-0.1, 0.1, 1.0);
        assert!(lo == 0.0 && (hi - 0.096).abs() < 1e-9);
        assert!(interval95(1.0, 0.1, 1.2)[1] > interval95(1.0, 0.1, 1.0)[1]);
    }

    #[test]
    fn spread_of_equal_weights_is_the_textbook_error() {
        let (mean, error) = weighted_spread(&[1.0, 2.0, 3.0, 4.0], &[1.0; 4]);
        assert!((mean - 2.5).abs() < 1e-12);
        assert!((error.unwrap() - (5.0_f64 / 3.0 / 4.0).sqrt()).abs() < 1e-12);
        assert_eq!(weighted_spread(&[2.0], &[1.0]), (2.0, None));
    }
}
