//! Rows of tabulated functions by Hermite interpolation, functions across vector lanes.

use super::{Real, Simd, TILE};

/// Interpolation by polynomials that match value and first derivative (`CUBIC`), or also the
/// second derivative (`QUINTIC`), at the nodes: the number of rows per node.
pub const CUBIC: usize = 2;
/// See [`CUBIC`].
pub const QUINTIC: usize = 3;

/// Weights of the rows of the two nodes around each edge, \[2 K\]\[TILE\], for K = [`CUBIC`] or
/// [`QUINTIC`]; `slope` are their derivatives. The rows of a node hold f, h f', h^2 f'' with h
/// the distance of the nodes and derivatives with respect to ln r.
#[derive(Debug, Clone)]
pub struct Weights<T> {
    /// Of the value.
    pub value: [T; 6 * TILE],
    /// Of the derivative with respect to the distance.
    pub slope: [T; 6 * TILE],
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
    pub fn set<S: Simd<T = T>>(&mut self, s: S, order: usize, t: &[T; TILE], rate: &[T; TILE]) {
        for lane in (0..TILE).step_by(S::N) {
            let rate = s.read(&rate[lane..]);
            let t = s.read(&t[lane..]);
            let polynomials: &[[f64; 6]] = if order == CUBIC {
                &CUBIC_HERMITE
            } else {
                &QUINTIC_HERMITE
            };
            for (i, a) in polynomials.iter().enumerate() {
                let mut value = s.splat(T::from_f64(a[5]));
                let mut slope = s.zero();
                for &a in a[..5].iter().rev() {
                    slope = s.fma(slope, t, value);
                    value = s.fma(value, t, s.splat(T::from_f64(a)));
                }
                s.write(&mut self.value[i * TILE + lane..], value);
                s.write(&mut self.slope[i * TILE + lane..], s.mul(slope, rate));
            }
        }
    }
}

/// Hermite polynomials on 0..1 as coefficients of t^0..t^5: value and slope at 0, then at 1.
const CUBIC_HERMITE: [[f64; 6]; 4] = [
    [1.0, 0.0, -3.0, 2.0, 0.0, 0.0],
    [0.0, 1.0, -2.0, 1.0, 0.0, 0.0],
    [0.0, 0.0, 3.0, -2.0, 0.0, 0.0],
    [0.0, 0.0, -1.0, 1.0, 0.0, 0.0],
];

/// Value, slope and second derivative at 0, then at 1.
const QUINTIC_HERMITE: [[f64; 6]; 6] = [
    [1.0, 0.0, 0.0, -10.0, 15.0, -6.0],
    [0.0, 1.0, 0.0, -6.0, 8.0, -3.0],
    [0.0, 0.0, 0.5, -1.5, 1.5, -0.5],
    [0.0, 0.0, 0.0, 10.0, -15.0, 6.0],
    [0.0, 0.0, 0.0, -4.0, 7.0, -3.0],
    [0.0, 0.0, 0.0, 0.5, -1.0, 0.5],
];

/// Interpolates all functions at edge `e` of a tile. `nodes` are the rows of the two nodes,
/// \[2\]\[order\]\[width\]; `slope` may be empty.
#[inline(always)]
pub fn interpolate<S: Simd>(
    s: S,
    order: usize,
    nodes: &[S::T],
    weights: &Weights<S::T>,
    e: usize,
    value: &mut [S::T],
    slope: &mut [S::T],
) {
    let width = value.len();
    assert!(e < TILE && nodes.len() >= 2 * order * width && width.is_multiple_of(S::N));
    assert!(slope.is_empty() || slope.len() == width);
    // SAFETY: extents were checked; `order` is at most 3 and `e` below TILE.
    unsafe {
        match (order == CUBIC, slope.is_empty()) {
            (true, true) => rows::<S, 4, false>(s, nodes, weights, e, value, slope),
            (true, false) => rows::<S, 4, true>(s, nodes, weights, e, value, slope),
            (false, true) => rows::<S, 6, false>(s, nodes, weights, e, value, slope),
            (false, false) => rows::<S, 6, true>(s, nodes, weights, e, value, slope),
        }
    }
}

/// # Safety
/// The extents checked in [`interpolate`].
#[inline(always)]
unsafe fn rows<S: Simd, const K: usize, const SLOPE: bool>(
    s: S,
    nodes: &[S::T],
    weights: &Weights<S::T>,
    e: usize,
    value: &mut [S::T],
    slope: &mut [S::T],
) {
    let width = value.len();
    let mut w = [s.zero(); K];
    let mut d = [s.zero(); K];
    for k in 0..K {
        w[k] = s.splat(weights.value[k * TILE + e]);
        d[k] = s.splat(weights.slope[k * TILE + e]);
    }
    for c in (0..width).step_by(S::N) {
        // SAFETY: by the contract of this function.
        unsafe {
            let first = s.load(nodes.as_ptr().add(c));
            let mut v = s.mul(w[0], first);
            let mut g = s.mul(d[0], first);
            for k in 1..K {
                let row = s.load(nodes.as_ptr().add(k * width + c));
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
        order: usize,
        nodes: &'a [T],
        t: [T; TILE],
    }

    impl<T: Real> Op<T> for Interpolate<'_, T> {
        type Out = Vec<(Vec<T>, Vec<T>)>;
        #[inline(always)]
        fn run<S: Simd<T = T>>(self, s: S) -> Self::Out {
            let mut weights = Weights::default();
            let rate = [T::from_f64(2.0); TILE];
            weights.set(s, self.order, &self.t, &rate);
            let one = |e| {
                let width = self.nodes.len() / (2 * self.order);
                let (mut value, mut slope) = (vec![T::default(); width], vec![T::default(); width]);
                interpolate(
                    s, self.order, self.nodes, &weights, e, &mut value, &mut slope,
                );
                let with_slope = value.clone();
                interpolate(s, self.order, self.nodes, &weights, e, &mut value, &mut []);
                assert_eq!(value, with_slope);
                (value, slope)
            };
            (0..TILE).map(one).collect()
        }
    }

    /// f = x^3 - x (or x^5 - x) times column, nodes at 1.0 and 1.5.
    fn reproduces_polynomials<T: Real>(order: usize, tolerance: f64) {
        let degree = if order == CUBIC { 3 } else { 5 };
        let f = |x: f64| x.powi(degree) - x;
        let g = |x: f64| f64::from(degree) * x.powi(degree - 1) - 1.0;
        let curve = |x: f64| f64::from(degree * (degree - 1)) * x.powi(degree - 2);
        let (h, width) = (0.5, 32);
        let mut nodes = Vec::new();
        for x in [1.0, 1.5] {
            for row in [f(x), h * g(x), h * h * curve(x)].iter().take(order) {
                nodes.extend((0..width).map(|c| T::from_f64(row * (c + 1) as f64)));
            }
        }
        let t = std::array::from_fn(|e| T::from_f64(e as f64 / 16.0));
        for level in Level::all() {
            let op = Interpolate {
                order,
                nodes: &nodes,
                t,
            };
            for (e, (value, slope)) in T::dispatch(level, op).iter().enumerate() {
                let x = 1.0 + h * e as f64 / 16.0;
                for c in 0..width {
                    let scale = (c + 1) as f64;
                    assert!((value[c].to_f64() - scale * f(x)).abs() < tolerance);
                    assert!((slope[c].to_f64() - scale * g(x)).abs() < tolerance);
                }
            }
        }
    }

    #[test]
    fn polynomials_are_reproduced() {
        reproduces_polynomials::<f64>(CUBIC, 1e-11);
        reproduces_polynomials::<f64>(QUINTIC, 1e-11);
        reproduces_polynomials::<f32>(CUBIC, 1e-2);
        reproduces_polynomials::<f32>(QUINTIC, 1e-2);
    }
}
