//! Activation functions over slices, with their derivatives: a few units in the last place from
//! the exact functions everywhere, not numbers stay not numbers.

use super::{Op, Real, Simd};

/// Functions that have a vector form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// tanh x.
    Tanh,
    /// 1 / (1 + exp(-x)).
    Sigmoid,
    /// x / (1 + exp(-x)).
    Silu,
    /// x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
    GeluTanh,
}

/// Replaces the values x by f(x) and writes f'(x) into the slopes, which are as many.
pub struct Activate<'a, T> {
    /// f.
    pub curve: Curve,
    /// x, then f(x).
    pub values: &'a mut [T],
    /// f'(x).
    pub slopes: &'a mut [T],
}

impl<T: Real> Op<T> for Activate<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd<T = T>>(self, s: S) {
        assert_eq!(self.values.len(), self.slopes.len());
        let whole = self.values.len() / S::N * S::N;
        let (values, values_end) = self.values.split_at_mut(whole);
        let (slopes, slopes_end) = self.slopes.split_at_mut(whole);
        let vectors = values.chunks_exact_mut(S::N);
        for (x, d) in vectors.zip(slopes.chunks_exact_mut(S::N)) {
            let (y, slope) = curve(s, self.curve, s.read(x));
            s.write(x, y);
            s.write(d, slope);
        }
        if !values_end.is_empty() {
            let mut x = [T::default(); 16];
            let mut d = [T::default(); 16];
            x[..values_end.len()].copy_from_slice(values_end);
            let (y, slope) = curve(s, self.curve, s.read(&x));
            s.write(&mut x, y);
            s.write(&mut d, slope);
            values_end.copy_from_slice(&x[..values_end.len()]);
            slopes_end.copy_from_slice(&d[..slopes_end.len()]);
        }
    }
}

/// Replaces the values x by exp x; they are a whole number of vectors of every level.
pub struct Exponential<'a, T>(pub &'a mut [T]);

impl<T: Real> Op<T> for Exponential<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd<T = T>>(self, s: S) {
        assert!(self.0.len().is_multiple_of(S::N));
        for x in self.0.chunks_exact_mut(S::N) {
            let y = exp(s, s.read(x));
            s.write(x, y);
        }
    }
}

/// f(x) and f'(x).
#[inline(always)]
pub fn curve<S: Simd>(s: S, curve: Curve, x: S::V) -> (S::V, S::V) {
    let number = |x: f64| s.splat(S::T::from_f64(x));
    let one = number(1.0);
    match curve {
        Curve::Tanh => {
            let y = tanh(s, x);
            (y, s.sub(one, s.mul(y, y)))
        }
        Curve::Sigmoid => {
            let y = sigmoid(s, x);
            (y, s.mul(y, s.sub(one, y)))
        }
        Curve::Silu => {
            let f = sigmoid(s, x);
            let y = s.mul(x, f);
            (y, s.fma(y, s.sub(one, f), f))
        }
        Curve::GeluTanh => {
            let (c, cubic, half) = ((2.0 / std::f64::consts::PI).sqrt(), 0.044_715, number(0.5));
            let square = s.mul(x, x);
            let inner = s.mul(x, s.fma(number(c * cubic), square, number(c)));
            let inner_slope = s.fma(number(3.0 * c * cubic), square, number(c));
            let t = tanh(s, inner);
            let both = s.mul(half, s.add(one, t));
            let bell = s.mul(s.mul(half, x), s.sub(one, s.mul(t, t)));
            (s.mul(x, both), s.fma(bell, inner_slope, both))
        }
    }
}

/// tanh x = (exp 2x - 1) / (exp 2x + 1), with the numerator evaluated without cancellation.
#[inline(always)]
pub fn tanh<S: Simd>(s: S, x: S::V) -> S::V {
    // beyond, the result is 1 to the last place
    let bound = |x: f64| s.splat(S::T::from_f64(x));
    let y = s.min(bound(40.0), s.max(bound(-40.0), s.add(x, x)));
    let (scale, fraction) = exponential(s, y);
    // exp y - 1 = 2^n p + (2^n - 1), where 2^n - 1 is exact for small n
    let minus_one = s.fma(scale, fraction, s.sub(scale, bound(1.0)));
    s.div(minus_one, s.add(minus_one, bound(2.0)))
}

/// 1 / (1 + exp(-x)).
#[inline(always)]
pub fn sigmoid<S: Simd>(s: S, x: S::V) -> S::V {
    let one = s.splat(S::T::from_f64(1.0));
    s.div(one, s.add(one, exp(s, s.sub(s.zero(), x))))
}

/// exp x; arguments are bounded so that the result is a normal number.
#[inline(always)]
pub fn exp<S: Simd>(s: S, x: S::V) -> S::V {
    let largest = if is_double::<S::T>() { 708.0 } else { 87.0 };
    let bound = |x: f64| s.splat(S::T::from_f64(x));
    let x = s.min(bound(largest), s.max(bound(-largest), x));
    let (scale, fraction) = exponential(s, x);
    s.fma(scale, fraction, scale)
}

#[inline(always)]
fn is_double<T: Real>() -> bool {
    std::mem::size_of::<T>() == 8
}

/// 1/k! from k = 13 to k = 2.
const FACTORIALS: [f64; 12] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    1.0 / 2.0,
];

/// (2^n, exp r - 1) with x = n ln 2 + r, |r| < 0.35. ln 2 is split into a part whose products with
/// n are exact and a rest.
#[inline(always)]
fn exponential<S: Simd>(s: S, x: S::V) -> (S::V, S::V) {
    let number = |x: f64| s.splat(S::T::from_f64(x));
    let n = s.round(s.mul(x, number(std::f64::consts::LOG2_E)));
    let (high, low) = if is_double::<S::T>() {
        (0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10)
    } else {
        (0.693_359_375, -2.121_944_400_546_905_8e-4)
    };
    let r = s.fma(n, number(-low), s.fma(n, number(-high), x));
    // the terms that matter: up to r^13 or r^8
    let terms = if is_double::<S::T>() {
        &FACTORIALS[..]
    } else {
        &FACTORIALS[5..]
    };
    let mut sum = number(terms[0]);
    for &f in &terms[1..] {
        sum = s.fma(sum, r, number(f));
    }
    (s.pow2(n), s.fma(s.mul(r, r), sum, r))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Level;

    fn exact(curve: Curve, x: f64) -> (f64, f64) {
        let s = 1.0 / (1.0 + (-x).exp());
        match curve {
            Curve::Tanh => (x.tanh(), 1.0 - x.tanh().powi(2)),
            Curve::Sigmoid => (s, s * (1.0 - s)),
            Curve::Silu => (x * s, s * (1.0 + x * (1.0 - s))),
            Curve::GeluTanh => {
                let c = (2.0 / std::f64::consts::PI).sqrt();
                let t = (c * (x + 0.044_715 * x.powi(3))).tanh();
                let d = c * (1.0 + 3.0 * 0.044_715 * x * x);
                let y = 0.5 * x * (1.0 + t);
                (y, 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * d)
            }
        }
    }

    /// Errors in units of the rounding of T, below 4 for values and 64 for slopes: relative for the value of tanh, to 1 for the others.
    fn accurate<T: Real>(rounding: f64) {
        let points: Vec<f64> = (-4000..4000)
            .map(|i| f64::from(i) * 0.005 + 1e-4)
            .chain([0.0, 1e-9, -1e-5, 100.0, -100.0, 1e4, -1e4])
            .collect();
        for level in Level::all() {
            for curve in [Curve::Tanh, Curve::Sigmoid, Curve::Silu, Curve::GeluTanh] {
                let x: Vec<T> = points.iter().map(|&x| T::from_f64(x)).collect();
                let (mut y, mut d) = (x.clone(), x.clone());
                T::dispatch(
                    level,
                    Activate {
                        curve,
                        values: &mut y,
                        slopes: &mut d,
                    },
                );
                for ((x, y), d) in x.iter().zip(&y).zip(&d) {
                    let (value, slope) = exact(curve, x.to_f64());
                    let scale = if curve == Curve::Tanh {
                        value.abs()
                    } else {
                        value.abs().max(1.0)
                    };
                    let error = (y.to_f64() - value).abs();
                    assert!(error <= 4.0 * rounding * scale, "{curve:?} {x:?} {error:e}");
                    let error = (d.to_f64() - slope).abs();
                    assert!(error <= 64.0 * rounding, "{curve:?} {x:?} {error:e}");
                }
            }
        }
    }

    #[test]
    fn curves_are_accurate() {
        accurate::<f64>(f64::EPSILON);
        accurate::<f32>(f64::from(f32::EPSILON));
    }

    #[test]
    fn exponentials_are_accurate() {
        for level in Level::all() {
            let x: Vec<f64> = (0..160).map(|i| f64::from(i) * 0.31 - 40.0).collect();
            let mut y = x.clone();
            f64::dispatch(level, Exponential(&mut y));
            for (x, y) in x.iter().zip(&y) {
                assert!((y / x.exp() - 1.0).abs() < 4.0 * f64::EPSILON);
            }
        }
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        for level in Level::all() {
            let (mut y, mut d) = ([f64::NAN; 3], [0.0; 3]);
            f64::dispatch(
                level,
                Activate {
                    curve: Curve::Tanh,
                    values: &mut y,
                    slopes: &mut d,
                },
            );
            assert!(y.iter().all(|y| y.is_nan()));
        }
    }
}
