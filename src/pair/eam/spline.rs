//! Functions given at equidistant points, interpolated by cubic polynomials whose slopes are five-point
//! differences: LAMMPS' and DYNAMO's interpolation of embedded-atom functions.

/// Coefficients of the piece that begins at a point: c0 + c1 p + c2 p^2 + c3 p^3 for 0 <= p <= 1.
pub type Piece = [f64; 4];

/// A tabulated function of x >= 0.
#[derive(Debug, Clone, Default)]
pub struct Spline {
    /// One piece per point; the last is constant.
    pub pieces: Vec<Piece>,
    /// Inverse distance of points.
    pub inverse: f64,
}

impl Spline {
    /// Through `f` at 0, `step`, 2 `step`, ...; at least two points.
    pub fn new(f: &[f64], step: f64) -> Self {
        let n = f.len();
        let slope = |m: usize| {
            if m == 0 {
                f[1] - f[0]
            } else if m == n - 1 {
                f[n - 1] - f[n - 2]
            } else if m == 1 || m == n - 2 {
                0.5 * (f[m + 1] - f[m - 1])
            } else {
                ((f[m - 2] - f[m + 2]) + 8.0 * (f[m + 1] - f[m - 1])) / 12.0
            }
        };
        let piece = |m: usize| {
            let s = slope(m);
            if m == n - 1 {
                return [f[m], s, 0.0, 0.0];
            }
            let (t, rise) = (slope(m + 1), f[m + 1] - f[m]);
            [f[m], s, 3.0 * rise - 2.0 * s - t, s + t - 2.0 * rise]
        };
        Self {
            pieces: (0..n).map(piece).collect(),
            inverse: 1.0 / step,
        }
    }

    /// Piece and place in it, clamped to the tabulated range.
    #[inline]
    pub fn place(&self, x: f64) -> (usize, f64) {
        let p = x * self.inverse;
        // a negative number becomes 0
        let m = (p as usize).min(self.pieces.len().saturating_sub(2));
        (m, (p - m as f64).min(1.0))
    }

    /// Value.
    #[inline]
    pub fn value(&self, (m, p): (usize, f64)) -> f64 {
        let c = &self.pieces[m];
        ((c[3] * p + c[2]) * p + c[1]) * p + c[0]
    }

    /// Value and derivative.
    #[inline]
    pub fn both(&self, (m, p): (usize, f64)) -> (f64, f64) {
        let c = &self.pieces[m];
        let value = ((c[3] * p + c[2]) * p + c[1]) * p + c[0];
        let slope = ((3.0 * c[3] * p + 2.0 * c[2]) * p + c[1]) * self.inverse;
        (value, slope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cubic_is_reproduced_inside() {
        let f = |x: f64| 1.0 - 0.5 * x + 0.3 * x * x - 0.02 * x * x * x;
        let s = Spline::new(
            &(0..50).map(|k| f(0.1 * f64::from(k))).collect::<Vec<_>>(),
            0.1,
        );
        for k in 0..40 {
            let x = 0.35 + 0.1 * f64::from(k);
            let (v, d) = s.both(s.place(x));
            assert!((v - f(x)).abs() < 1e-12);
            assert!((d - (-0.5 + 0.6 * x - 0.06 * x * x)).abs() < 1e-10);
        }
        assert_eq!(s.value(s.place(-1.0)), s.value((0, -10.0)));
        assert!((s.value(s.place(100.0)) - f(4.9)).abs() < 1e-12);
    }
}
