//! Natural parameters of cubic splines with given end slopes: Press et al., Numerical Recipes, section 3.3.

/// Second derivatives at the points of (x, y), for slopes `first` and `last` at the ends (above 0.99e30: natural).
pub fn second_derivatives(x: &[f64], y: &[f64], first: f64, last: f64) -> Vec<f64> {
    const NATURAL: f64 = 0.99e30;
    let n = x.len();
    let (mut y2, mut u) = (vec![0.0; n], vec![0.0; n]);
    if first <= NATURAL {
        y2[0] = -0.5;
        u[0] = 3.0 / (x[1] - x[0]) * ((y[1] - y[0]) / (x[1] - x[0]) - first);
    }
    for i in 1..n - 1 {
        let s = (x[i] - x[i - 1]) / (x[i + 1] - x[i - 1]);
        let p = s * y2[i - 1] + 2.0;
        y2[i] = (s - 1.0) / p;
        let rise = (y[i + 1] - y[i]) / (x[i + 1] - x[i]) - (y[i] - y[i - 1]) / (x[i] - x[i - 1]);
        u[i] = (6.0 * rise / (x[i + 1] - x[i - 1]) - s * u[i - 1]) / p;
    }
    let (qn, un) = if last > NATURAL {
        (0.0, 0.0)
    } else {
        let h = x[n - 1] - x[n - 2];
        (0.5, 3.0 / h * (last - (y[n - 1] - y[n - 2]) / h))
    };
    y2[n - 1] = (un - qn * u[n - 2]) / (qn * y2[n - 2] + 1.0);
    for k in (0..n - 1).rev() {
        y2[k] = y2[k] * y2[k + 1] + u[k];
    }
    y2
}

/// The spline at `at`.
pub fn evaluate(x: &[f64], y: &[f64], y2: &[f64], at: f64) -> f64 {
    let hi = x.partition_point(|&v| v <= at).clamp(1, x.len() - 1);
    let lo = hi - 1;
    let h = x[hi] - x[lo];
    let (a, b) = ((x[hi] - at) / h, (at - x[lo]) / h);
    a * y[lo] + b * y[hi] + ((a * a * a - a) * y2[lo] + (b * b * b - b) * y2[hi]) * (h * h) / 6.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cubic_is_reproduced() {
        let f = |x: f64| 1.0 + x - 0.5 * x * x + 0.1 * x * x * x;
        let d = |x: f64| 1.0 - x + 0.3 * x * x;
        let x: Vec<f64> = (0..12)
            .map(|k| 0.3 * f64::from(k * k).sqrt() + 0.01 * f64::from(k % 3))
            .collect();
        let y: Vec<f64> = x.iter().map(|&x| f(x)).collect();
        let y2 = second_derivatives(&x, &y, d(x[0]), d(x[11]));
        for k in 0..30 {
            let at = 0.1 * f64::from(k) + 0.05;
            assert!((evaluate(&x, &y, &y2, at) - f(at)).abs() < 1e-12);
        }
    }
}
