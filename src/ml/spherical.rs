//! Real spherical harmonics of edge directions and what a force needs of their gradient.
//!
//! Normalisation "component", `sum_m Y_lm^2 = 2l + 1`; component m of degree l is number
//! `l^2 + l + m`; the polar axis is y and the azimuth runs from z to x, so that Y_1 = sqrt(3)(x, y, z):
//!
//! `Y_lm = n_lm Q_l^|m|(y) * (Im (z + i x)^|m| for m < 0, Re (z + i x)^|m| for m >= 0)`,
//! `n_lm = sqrt((2l+1) (2 - delta_m0) (l-|m|)! / (l+|m|)!)`,
//! Q the associated Legendre functions divided by sin^m, without Condon-Shortley phase.
//!
//! Vectors are \[component\]\[TILE\] arrays, edges across lanes. Imports `simd` only.

use crate::simd::{Op, Real, Simd, TILE};

/// Largest degree.
pub const MAX_L: usize = 12;

const M: usize = MAX_L + 1;

/// Normalisation constants up to a degree.
#[derive(Debug, Clone)]
pub struct Harmonics<T> {
    l_max: usize,
    /// n_lm of |m| at l (l + 1) / 2 + |m|.
    norm: Vec<T>,
    /// Coefficients of the recursion Q_l = a y Q_{l-1} - b Q_{l-2} at the same place.
    recursion: Vec<(T, T)>,
}

/// Unit vectors of a tile of edges, \[TILE\] each.
#[derive(Debug, Clone, Copy)]
pub struct Directions<'a, T> {
    /// x components.
    pub x: &'a [T],
    /// y components.
    pub y: &'a [T],
    /// z components.
    pub z: &'a [T],
}

impl<T: Real> Harmonics<T> {
    /// Harmonics up to `l_max`, which is at most [`MAX_L`]; None above.
    pub fn new(l_max: usize) -> Option<Harmonics<T>> {
        if l_max > MAX_L {
            return None;
        }
        let mut norm = Vec::new();
        let mut recursion = Vec::new();
        for l in 0..=l_max {
            for m in 0..=l {
                // (l - m)! / (l + m)!
                let ratio: f64 = (l - m + 1..=l + m).map(|k| 1.0 / k as f64).product();
                let twice = if m == 0 { 1.0 } else { 2.0 };
                norm.push(T::from_f64(((2 * l + 1) as f64 * twice * ratio).sqrt()));
                let (a, b) = if l > m {
                    let d = (l - m) as f64;
                    ((2 * l - 1) as f64 / d, (l + m - 1) as f64 / d)
                } else {
                    // the start value (2m - 1)!!
                    ((1..=m).map(|k| (2 * k - 1) as f64).product(), 0.0)
                };
                recursion.push((T::from_f64(a), T::from_f64(b)));
            }
        }
        Some(Harmonics {
            l_max,
            norm,
            recursion,
        })
    }

    /// Number of components, (l_max + 1)^2.
    pub fn components(&self) -> usize {
        (self.l_max + 1) * (self.l_max + 1)
    }

    /// Y of a tile into `out` \[components\]\[TILE\].
    #[inline(always)]
    pub fn values<S: Simd<T = T>>(&self, s: S, u: Directions<'_, T>, out: &mut [T]) {
        for lane in (0..TILE).step_by(S::N) {
            // no closures here: they would be compiled without the vector instructions
            let v = [
                s.read(&u.x[lane..]),
                s.read(&u.y[lane..]),
                s.read(&u.z[lane..]),
            ];
            let (re, im) = self.powers(s, v);
            for m in 0..=self.l_max {
                let mut q = Column::new(s, self, m);
                for l in m..=self.l_max {
                    q.next(s, self, l, v[1]);
                    let value = s.mul(s.splat(self.norm[l * (l + 1) / 2 + m]), q.value);
                    let at = l * (l + 1);
                    s.write(&mut out[(at + m) * TILE + lane..], s.mul(value, re[m]));
                    if m > 0 {
                        s.write(&mut out[(at - m) * TILE + lane..], s.mul(value, im[m]));
                    }
                }
            }
        }
    }

    /// `sum_lm y_bar_lm grad Y_lm` of unit vectors, the part perpendicular to the direction, times
    /// r; into `out` \[3\]\[TILE\].
    #[inline(always)]
    pub fn gradient<S: Simd<T = T>>(&self, s: S, u: Directions<'_, T>, y_bar: &[T], out: &mut [T]) {
        for lane in (0..TILE).step_by(S::N) {
            // no closures here: they would be compiled without the vector instructions
            let v = [
                s.read(&u.x[lane..]),
                s.read(&u.y[lane..]),
                s.read(&u.z[lane..]),
            ];
            let (re, im) = self.powers(s, v);
            let mut g = [s.zero(); 3];
            for m in 0..=self.l_max {
                // With P_m = Re, M_m = Im of (z + ix)^m the sum is
                // sum_m (a_m(y) P_m + b_m(y) M_m); da, db are the derivatives of a and b.
                let (mut a, mut b) = (s.zero(), s.zero());
                let (mut da, mut db) = (s.zero(), s.zero());
                let mut q = Column::new(s, self, m);
                for l in m..=self.l_max {
                    q.next(s, self, l, v[1]);
                    let norm = s.splat(self.norm[l * (l + 1) / 2 + m]);
                    let at = l * (l + 1);
                    let c = s.mul(norm, s.read(&y_bar[(at + m) * TILE + lane..]));
                    a = s.fma(c, q.value, a);
                    da = s.fma(c, q.slope, da);
                    if m > 0 {
                        let c = s.mul(norm, s.read(&y_bar[(at - m) * TILE + lane..]));
                        b = s.fma(c, q.value, b);
                        db = s.fma(c, q.slope, db);
                    }
                }
                g[1] = s.fma(da, re[m], s.fma(db, im[m], g[1]));
                if m > 0 {
                    let m_times = s.splat(T::from_f64(m as f64));
                    let (a, b) = (s.mul(a, m_times), s.mul(b, m_times));
                    g[0] = s.fma(b, re[m - 1], s.sub(g[0], s.mul(a, im[m - 1])));
                    g[2] = s.fma(a, re[m - 1], s.fma(b, im[m - 1], g[2]));
                }
            }
            let along = s.fma(g[0], v[0], s.fma(g[1], v[1], s.mul(g[2], v[2])));
            for k in 0..3 {
                s.write(&mut out[k * TILE + lane..], s.sub(g[k], s.mul(along, v[k])));
            }
        }
    }

    /// Real and imaginary parts of (z + ix)^m.
    #[inline(always)]
    fn powers<S: Simd<T = T>>(&self, s: S, v: [S::V; 3]) -> ([S::V; M], [S::V; M]) {
        let mut re = [s.splat(T::from_f64(1.0)); M];
        let mut im = [s.zero(); M];
        for m in 1..=self.l_max {
            re[m] = s.sub(s.mul(re[m - 1], v[2]), s.mul(im[m - 1], v[0]));
            im[m] = s.fma(re[m - 1], v[0], s.mul(im[m - 1], v[2]));
        }
        (re, im)
    }
}

/// Q_l^m and its derivative for one m and ascending l.
struct Column<V> {
    m: usize,
    value: V,
    slope: V,
    before: V,
    slope_before: V,
}

impl<V: Copy> Column<V> {
    #[inline(always)]
    fn new<S: Simd<V = V>>(s: S, h: &Harmonics<S::T>, m: usize) -> Self {
        let start = h.recursion[m * (m + 1) / 2 + m].0;
        Column {
            m,
            value: s.splat(start),
            slope: s.zero(),
            before: s.zero(),
            slope_before: s.zero(),
        }
    }

    #[inline(always)]
    fn next<S: Simd<V = V>>(&mut self, s: S, h: &Harmonics<S::T>, l: usize, y: V) {
        if l == self.m {
            return;
        }
        let (a, b) = h.recursion[l * (l + 1) / 2 + self.m];
        let (a, b) = (s.splat(a), s.splat(b));
        let ay = s.mul(a, y);
        let value = s.sub(s.mul(ay, self.value), s.mul(b, self.before));
        let slope = s.sub(
            s.fma(ay, self.slope, s.mul(a, self.value)),
            s.mul(b, self.slope_before),
        );
        (self.before, self.slope_before) = (self.value, self.slope);
        (self.value, self.slope) = (value, slope);
    }
}

/// Evaluates both for a tile, for callers without kernels of their own.
pub struct Evaluate<'a, T> {
    /// Constants.
    pub harmonics: &'a Harmonics<T>,
    /// Unit vectors.
    pub directions: Directions<'a, T>,
    /// Adjoint of Y.
    pub y_bar: &'a [T],
    /// Y.
    pub values: &'a mut [T],
    /// See [`Harmonics::gradient`].
    pub gradient: &'a mut [T],
}

impl<T: Real> Op<T> for Evaluate<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd<T = T>>(self, s: S) {
        self.harmonics.values(s, self.directions, self.values);
        self.harmonics
            .gradient(s, self.directions, self.y_bar, self.gradient);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Level;

    type Tile = [f64; TILE];

    fn directions() -> [Tile; 3] {
        let mut u = [[0.0; TILE]; 3];
        for e in 0..TILE {
            let v = [
                (e as f64 * 1.3).sin(),
                (e as f64 * 0.7 + 1.0).cos(),
                0.3 - (e as f64 * 2.1).sin(),
            ];
            let r = v.iter().map(|x| x * x).sum::<f64>().sqrt();
            for k in 0..3 {
                u[k][e] = v[k] / r;
            }
        }
        u[0][1] = 0.0;
        u[1][1] = 1.0; // a pole
        u[2][1] = 0.0;
        u
    }

    fn evaluate(level: Level, l_max: usize, u: &[Tile; 3], y_bar: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let harmonics = Harmonics::new(l_max).unwrap();
        let mut values = vec![0.0; harmonics.components() * TILE];
        let mut gradient = vec![0.0; 3 * TILE];
        let op = Evaluate {
            harmonics: &harmonics,
            directions: Directions {
                x: &u[0],
                y: &u[1],
                z: &u[2],
            },
            y_bar,
            values: &mut values,
            gradient: &mut gradient,
        };
        f64::dispatch(level, op);
        (values, gradient)
    }

    #[test]
    fn low_degrees_have_their_closed_forms() {
        let u = directions();
        let (y, _) = evaluate(Level::PORTABLE, 3, &u, &[0.0; 16 * TILE]);
        for e in 0..TILE {
            let [x, yy, z] = [u[0][e], u[1][e], u[2][e]];
            let expected = [
                1.0,
                3f64.sqrt() * x,
                3f64.sqrt() * yy,
                3f64.sqrt() * z,
                15f64.sqrt() * x * z,
                15f64.sqrt() * x * yy,
                5f64.sqrt() * (1.5 * yy * yy - 0.5),
                15f64.sqrt() * yy * z,
                15f64.sqrt() / 2.0 * (z * z - x * x),
            ];
            for (lm, value) in expected.iter().enumerate() {
                assert!((y[lm * TILE + e] - value).abs() < 1e-14, "{lm}");
            }
            for l in 0..=3 {
                let sum: f64 = (l * l..(l + 1) * (l + 1))
                    .map(|lm| y[lm * TILE + e].powi(2))
                    .sum();
                assert!((sum - (2 * l + 1) as f64).abs() < 1e-13);
            }
        }
    }

    #[test]
    fn gradient_is_the_derivative_on_the_sphere_on_every_level() {
        for l_max in [0, 1, 3, 5, MAX_L] {
            let size = (l_max + 1) * (l_max + 1) * TILE;
            let y_bar: Vec<f64> = (0..size)
                .map(|i| ((i * 17 % 23) as f64 - 11.0) / 11.0)
                .collect();
            let u = directions();
            let energy = |u: &[Tile; 3], e: usize| -> f64 {
                let (y, _) = evaluate(Level::PORTABLE, l_max, u, &y_bar);
                (0..size / TILE)
                    .map(|lm| y_bar[lm * TILE + e] * y[lm * TILE + e])
                    .sum()
            };
            let (values, gradient) = evaluate(Level::PORTABLE, l_max, &u, &y_bar);
            for k in 0..3 {
                let h = 1e-6;
                // displace by h along axis k and renormalise
                let moved = |h: f64| {
                    let mut w = u;
                    for e in 0..TILE {
                        w[k][e] += h;
                        let r = (0..3).map(|k| w[k][e] * w[k][e]).sum::<f64>().sqrt();
                        for k in 0..3 {
                            w[k][e] /= r;
                        }
                    }
                    w
                };
                let (plus, minus) = (moved(h), moved(-h));
                for e in 0..TILE {
                    let slope = (energy(&plus, e) - energy(&minus, e)) / (2.0 * h);
                    let got = gradient[k * TILE + e];
                    assert!(
                        (got - slope).abs() < 1e-6 * (1.0 + slope.abs()),
                        "{l_max} {k} {e}"
                    );
                }
            }
            for level in Level::all() {
                let (v, g) = evaluate(level, l_max, &u, &y_bar);
                let close = |a: &[f64], b: &[f64]| {
                    a.iter()
                        .zip(b)
                        .all(|(a, b)| (a - b).abs() < 1e-9 * (1.0 + a.abs()))
                };
                assert!(close(&v, &values) && close(&g, &gradient));
            }
        }
    }
}
