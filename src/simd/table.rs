//! Rows of tabulated functions by splines of fifth degree, functions across vector lanes.
//!
//! A function is `sum_k c[i + k] N_k(t)`, k = 0..6, between the nodes i and i + 1 of a uniform
//! grid, t = 0..1 the position between them and N the pieces of the uniform B-spline (e.g. de Boor,
//! A Practical Guide to Splines, chapter X). The coefficients `c[i]` of all functions are one row.

use super::{Real, Simd, TILE};

/// Rows of coefficients that a value depends on.
pub const ROWS: usize = 6;

/// Weights of the rows for each edge of a tile, \[ROWS\]\[TILE\].
#[derive(Debug, Clone)]
pub struct Weights<T> {
    /// Of the value.
    value: [T; ROWS * TILE],
    /// Of the derivative with respect to the distance.
    slope: [T; ROWS * TILE],
}

impl<T: Default> Default for Weights<T> {
    fn default() -> Self {
        Weights {
            value: std::array::from_fn(|_| T::default()),
            slope: std::array::from_fn(|_| T::default()),
        }
    }
}

impl<T: Real> Weights<T> {
    /// Weights at the positions `t` = 0..1 between two nodes, whose derivatives with respect to the
    /// distance are `rate`.
    #[inline(always)]
    pub fn set<S: Simd<T = T>>(&mut self, s: S, t: &[T; TILE], rate: &[T; TILE]) {
        for lane in (0..TILE).step_by(S::N) {
            let rate = s.read(&rate[lane..]);
            let t = s.read(&t[lane..]);
            for (i, a) in PIECES.iter().enumerate() {
                let number = |x: f64| T::from_f64(x / 120.0);
                let mut value = s.splat(number(a[5]));
                let mut slope = s.zero();
                for &a in a[..5].iter().rev() {
                    slope = s.fma(slope, t, value);
                    value = s.fma(value, t, s.splat(number(a)));
                }
                s.write(&mut self.value[i * TILE + lane..], value);
                s.write(&mut self.slope[i * TILE + lane..], s.mul(slope, rate));
            }
        }
    }
}

/// 120 N_k on 0..1 as coefficients of t^0..t^5.
const PIECES: [[f64; 6]; ROWS] = [
    [1.0, -5.0, 10.0, -10.0, 5.0, -1.0],
    [26.0, -50.0, 20.0, 20.0, -20.0, 5.0],
    [66.0, 0.0, -60.0, 0.0, 30.0, -10.0],
    [26.0, 50.0, 20.0, -20.0, -20.0, 10.0],
    [1.0, 5.0, 10.0, 10.0, 5.0, -5.0],
    [0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
];

/// Interpolates some functions at edge `e` of a tile: `rows` starts with the coefficient of the
/// first of them in the first row, rows are `width` apart. `slope` may be empty.
#[inline(always)]
pub fn interpolate<S: Simd>(
    s: S,
    (rows, width): (&[S::T], usize),
    weights: &Weights<S::T>,
    e: usize,
    value: &mut [S::T],
    slope: &mut [S::T],
) {
    let count = value.len();
    assert!(e < TILE && count.is_multiple_of(S::N));
    assert!(rows.len() >= (ROWS - 1) * width + count);
    assert!(slope.is_empty() || slope.len() == count);
    // SAFETY: extents were checked.
    unsafe {
        if slope.is_empty() {
            all::<S, false>(s, (rows, width), weights, e, value, slope);
        } else {
            all::<S, true>(s, (rows, width), weights, e, value, slope);
        }
    }
}

/// # Safety
/// The extents checked in [`interpolate`].
#[inline(always)]
unsafe fn all<S: Simd, const SLOPE: bool>(
    s: S,
    (rows, width): (&[S::T], usize),
    weights: &Weights<S::T>,
    e: usize,
    value: &mut [S::T],
    slope: &mut [S::T],
) {
    let mut w = [s.zero(); ROWS];
    let mut d = [s.zero(); ROWS];
    for k in 0..ROWS {
        w[k] = s.splat(weights.value[k * TILE + e]);
        d[k] = s.splat(weights.slope[k * TILE + e]);
    }
    for c in (0..value.len()).step_by(S::N) {
        // SAFETY: by the contract of this function.
        unsafe {
            let first = s.load(rows.as_ptr().add(c));
            let mut v = s.mul(w[0], first);
            let mut g = s.mul(d[0], first);
            for k in 1..ROWS {
                let row = s.load(rows.as_ptr().add(k * width + c));
                v = s.fma(w[k], row, v);
                if SLOPE {
                    g = s.fma(d[k], row, g);
                }
            }
            s.store(value.as_mut_ptr().add(c), v);
            if SLOPE {
                s.store(slope.as_mut_ptr().add(c), g);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Level, Op};

    struct Interpolate<'a, T> {
        rows: &'a [T],
        t: [T; TILE],
    }

    impl<T: Real> Op<T> for Interpolate<'_, T> {
        type Out = Vec<(Vec<T>, Vec<T>)>;
        #[inline(always)]
        fn run<S: Simd<T = T>>(self, s: S) -> Self::Out {
            let mut weights = Weights::default();
            weights.set(s, &self.t, &[T::from_f64(2.0); TILE]);
            let width = self.rows.len() / ROWS;
            let one = |e| {
                let (mut value, mut slope) = (vec![T::default(); 16], vec![T::default(); 16]);
                let rows = (&self.rows[16..], width);
                interpolate(s, rows, &weights, e, &mut value, &mut slope);
                let with_slope = value.clone();
                interpolate(s, rows, &weights, e, &mut value, &mut []);
                assert_eq!(value, with_slope);
                (value, slope)
            };
            (0..TILE).map(one).collect()
        }
    }

    /// Coefficients k^2 of the spline give (t + 2)^2 + 1/2: B-splines of fifth degree have mean
    /// zero and variance 1/2.
    fn reproduces_a_parabola<T: Real>(tolerance: f64) {
        let width = 48;
        let coefficient = |i: usize| T::from_f64((i / width).pow(2) as f64 * (i % width) as f64);
        let rows: Vec<T> = (0..ROWS * width).map(coefficient).collect();
        let t = std::array::from_fn(|e| T::from_f64(e as f64 / 16.0));
        for level in Level::all() {
            let op = Interpolate { rows: &rows, t };
            for (e, (value, slope)) in T::dispatch(level, op).iter().enumerate() {
                let x = e as f64 / 16.0 + 2.0;
                for c in 0..16 {
                    let scale = (c + 16) as f64;
                    let (f, g) = (scale * (x * x + 0.5), scale * 4.0 * x);
                    assert!((value[c].to_f64() - f).abs() < tolerance);
                    assert!((slope[c].to_f64() - g).abs() < tolerance);
                }
            }
        }
    }

    #[test]
    fn polynomials_are_reproduced() {
        reproduces_a_parabola::<f64>(1e-11);
        reproduces_a_parabola::<f32>(1e-2);
    }
}
