//! Complex spherical harmonics, in the norm that ACE uses, for m >= 0:
//! `Y_lm = n_lm Q_lm(z) (x + i y)^m`, `n_lm = (-1)^m sqrt((2l+1) (l-m)! / (l+m)!)`, with Q_lm the m-th
//! derivative of the Legendre polynomial: sqrt(4 pi) times the usual ones with Condon-Shortley phase.
//! `Y_l,-m = (-1)^m conj(Y_lm)`. Imports nothing.

/// Place of (l, m) with m >= 0 in arrays.
#[inline(always)]
pub const fn place(l: usize, m: usize) -> usize {
    l * (l + 1) / 2 + m
}

/// Number of (l, m) with m >= 0 up to `l_max`.
pub const fn count(l_max: usize) -> usize {
    (l_max + 1) * (l_max + 2) / 2
}

/// Constants of the harmonics up to a degree, at [`place`].
#[derive(Debug, Clone)]
pub struct Constants {
    /// Largest degree.
    pub l_max: usize,
    /// n_lm.
    pub norm: Vec<f64>,
    /// Q_lm = a z Q_{l-1,m} - b Q_{l-2,m}; for l = m, Q_mm = a.
    pub recursion: Vec<(f64, f64)>,
}

impl Constants {
    /// Constants up to `l_max`.
    pub fn new(l_max: usize) -> Constants {
        let mut norm = Vec::with_capacity(count(l_max));
        let mut recursion = Vec::with_capacity(count(l_max));
        for l in 0..=l_max {
            for m in 0..=l {
                let ratio: f64 = (l - m + 1..=l + m).map(|k| 1.0 / k as f64).product();
                let sign = if m.is_multiple_of(2) { 1.0 } else { -1.0 };
                norm.push(sign * ((2 * l + 1) as f64 * ratio).sqrt());
                recursion.push(if l == m {
                    ((1..=m).map(|k| (2 * k - 1) as f64).product(), 0.0)
                } else {
                    let d = (l - m) as f64;
                    ((2 * l - 1) as f64 / d, (l + m - 1) as f64 / d)
                });
            }
        }
        Constants {
            l_max,
            norm,
            recursion,
        }
    }
}

/// Y_lm of a unit vector and the gradients of its polynomial in x, y and z (not projected on the
/// sphere), at [`place`]; complex numbers as pairs.
pub fn harmonics(c: &Constants, u: [f64; 3]) -> Vec<([f64; 2], [[f64; 2]; 3])> {
    let l_max = c.l_max;
    let mut q = vec![0.0; count(l_max + 1)];
    for m in 0..=l_max {
        for l in m..=l_max {
            let (a, b) = c.recursion[place(l, m)];
            let below = |k: usize| if l >= m + k { q[place(l - k, m)] } else { 0.0 };
            q[place(l, m)] = if l == m {
                a
            } else {
                a * u[2] * below(1) - b * below(2)
            };
        }
    }
    let mut out = Vec::with_capacity(count(l_max));
    for l in 0..=l_max {
        let (mut power, mut before) = ([1.0, 0.0], [0.0, 0.0]);
        for m in 0..=l {
            let n = c.norm[place(l, m)];
            let here = n * q[place(l, m)];
            let along = n * m as f64 * q[place(l, m)];
            let up = if m < l { n * q[place(l, m + 1)] } else { 0.0 };
            out.push((
                power.map(|p| here * p),
                [
                    before.map(|p| along * p),
                    [-along * before[1], along * before[0]],
                    power.map(|p| up * p),
                ],
            ));
            before = power;
            power = [
                power[0] * u[0] - power[1] * u[1],
                power[0] * u[1] + power[1] * u[0],
            ];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lowest_degrees_have_closed_forms() {
        let u = [0.48, -0.6, 0.64];
        let y = harmonics(&Constants::new(2), u);
        let near = |a: [f64; 2], b: [f64; 2]| {
            assert!(
                (a[0] - b[0]).abs() < 1e-14 && (a[1] - b[1]).abs() < 1e-14,
                "{a:?} {b:?}"
            );
        };
        near(y[0].0, [1.0, 0.0]);
        near(y[1].0, [3f64.sqrt() * u[2], 0.0]);
        let s = -(1.5f64).sqrt();
        near(y[2].0, [s * u[0], s * u[1]]);
        near(y[3].0, [5f64.sqrt() * (1.5 * u[2] * u[2] - 0.5), 0.0]);
        near(y[2].1[0], [s, 0.0]);
        near(y[2].1[1], [0.0, s]);
    }

    #[test]
    fn the_norm_of_every_degree_is_fixed() {
        let y = harmonics(&Constants::new(9), [0.36, 0.48, -0.8]);
        for l in 0..=9 {
            let sum: f64 = (0..=l)
                .map(|m| {
                    let [a, b] = y[place(l, m)].0;
                    (a * a + b * b) * if m == 0 { 1.0 } else { 2.0 }
                })
                .sum();
            assert!((sum - (2 * l + 1) as f64).abs() < 1e-11, "{l}: {sum}");
        }
    }
}
