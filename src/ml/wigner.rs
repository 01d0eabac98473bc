//! Wigner 3j symbols of the real spherical harmonics of [`crate::ml::spherical`], with unit
//! Frobenius norm: `w3j(l1, l2, l3)[m1, m2, m3]` couples three representations to a scalar.
//!
//! From the Clebsch-Gordan coefficients of SU(2) (Racah's formula, e.g. Varshalovich et al. 1988,
//! eq. 8.2.1(3)) by the change from complex to real harmonics with the factor (-i)^l.
//! Imports nothing of the crate.

/// Complex number (re, im).
type Complex = (f64, f64);

fn times(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

fn factorial(n: i32) -> f64 {
    (1..=n).map(f64::from).product()
}

/// <j1 m1 j2 m2 | j3 m3>.
fn clebsch_gordan(j: [i32; 3], m: [i32; 3]) -> f64 {
    let ([j1, j2, j3], [m1, m2, m3]) = (j, m);
    if m1 + m2 != m3 || m3.abs() > j3 {
        return 0.0;
    }
    let f = factorial;
    let first = (j2 - j3 - m1).max(j1 - j3 + m2).max(0);
    let last = (j1 + j2 - j3).min(j1 - m1).min(j2 + m2);
    let mut sum = 0.0;
    for k in first..=last {
        let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
        sum += sign
            / (f(k)
                * f(j1 + j2 - j3 - k)
                * f(j1 - m1 - k)
                * f(j2 + m2 - k)
                * f(j3 - j2 + m1 + k)
                * f(j3 - j1 - m2 + k));
    }
    let triangle = f(j1 + j2 - j3) * f(j1 - j2 + j3) * f(j2 + j3 - j1) / f(j1 + j2 + j3 + 1);
    let moments = f(j1 + m1) * f(j1 - m1) * f(j2 + m2) * f(j2 - m2) * f(j3 + m3) * f(j3 - m3);
    (f64::from(2 * j3 + 1) * triangle * moments).sqrt() * sum
}

/// The symbol (j1 j2 j3; m1 m2 m3) of the complex harmonics; zero unless m1 + m2 + m3 = 0.
pub fn three_j(j: [i32; 3], m: [i32; 3]) -> f64 {
    let sign = if (j[0] - j[1] - m[2]) % 2 == 0 {
        1.0
    } else {
        -1.0
    };
    sign * clebsch_gordan(j, [m[0], m[1], -m[2]]) / f64::from(2 * j[2] + 1).sqrt()
}

/// Real components that the complex component `row` contributes to, with their coefficients.
fn real_components(l: i32, row: i32) -> Vec<(i32, Complex)> {
    let s = 0.5f64.sqrt();
    let phase = match l % 4 {
        0 => (1.0, 0.0),
        1 => (0.0, -1.0),
        2 => (-1.0, 0.0),
        _ => (0.0, 1.0),
    };
    let m = row.abs();
    let sign = if m % 2 == 0 { s } else { -s };
    let pairs = match row.signum() {
        0 => vec![(0, (1.0, 0.0))],
        -1 => vec![(m, (s, 0.0)), (-m, (0.0, -s))],
        _ => vec![(m, (sign, 0.0)), (-m, (0.0, sign))],
    };
    pairs
        .into_iter()
        .map(|(m, c)| (m, times(phase, c)))
        .collect()
}

/// Non-zero entries (\[m1, m2, m3\] counted from 0, value) of the 3j symbol; empty outside the
/// triangle |l1 - l2| <= l3 <= l1 + l2.
pub fn wigner_3j(l1: usize, l2: usize, l3: usize) -> Vec<([usize; 3], f64)> {
    if l3 > l1 + l2 || l1 > l2 + l3 || l2 > l1 + l3 {
        return Vec::new();
    }
    let dims = [2 * l1 + 1, 2 * l2 + 1, 2 * l3 + 1];
    let l = [l1 as i32, l2 as i32, l3 as i32];
    let mut dense = vec![0.0; dims.iter().product()];
    for a in -l[0]..=l[0] {
        for b in -l[1]..=l[1] {
            let cg = clebsch_gordan(l, [a, b, a + b]);
            if cg == 0.0 {
                continue;
            }
            // entry (a, b, a + b) of the complex array spreads over the real components
            let [ra, rb, rc] =
                [(l[0], a), (l[1], b), (l[2], a + b)].map(|(l, m)| real_components(l, m));
            for &(i, x) in &ra {
                for &(k, y) in &rb {
                    for &(n, z) in &rc {
                        let value = times(times(x, y), (z.0, -z.1));
                        let at = [(l[0], i), (l[1], k), (l[2], n)].map(|(l, m)| (l + m) as usize);
                        dense[(at[0] * dims[1] + at[1]) * dims[2] + at[2]] += cg * value.0;
                    }
                }
            }
        }
    }
    let norm = dense.iter().map(|x| x * x).sum::<f64>().sqrt();
    let entry = |(i, &x): (usize, &f64)| {
        let at = [i / dims[2] / dims[1], i / dims[2] % dims[1], i % dims[2]];
        (at, x / norm)
    };
    let entries = dense.iter().enumerate().map(entry);
    entries.filter(|(_, x)| x.abs() > 1e-12).collect()
}

/// Sign by which the 3j symbols of e3nn 0.4 differ from [`wigner_3j`]: always +1 for an even sum
/// of degrees, tabulated for odd sums up to degree 8 (compared with e3nn 0.4.4), None beyond.
pub fn sign_in_e3nn_0_4(l1: usize, l2: usize, l3: usize) -> Option<f64> {
    const FLIPPED: [[usize; 3]; 18] = [
        [1, 2, 2],
        [1, 3, 3],
        [1, 4, 4],
        [1, 5, 5],
        [1, 6, 6],
        [1, 7, 7],
        [1, 8, 8],
        [3, 4, 6],
        [3, 5, 7],
        [3, 6, 8],
        [4, 4, 5],
        [4, 5, 6],
        [4, 6, 7],
        [4, 7, 8],
        [5, 5, 5],
        [5, 6, 6],
        [5, 7, 7],
        [5, 8, 8],
    ];
    if (l1 + l2 + l3).is_multiple_of(2) {
        return Some(1.0);
    }
    let mut degrees = [l1, l2, l3];
    degrees.sort_unstable();
    (degrees[2] <= 8).then_some(if FLIPPED.contains(&degrees) {
        -1.0
    } else {
        1.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ml::spherical::{Directions, Evaluate, Harmonics};
    use crate::simd::{Level, Real, TILE};

    fn harmonics(l_max: usize, v: [f64; 3]) -> Vec<f64> {
        let r = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        let u = v.map(|x| [x / r; TILE]);
        let harmonics = Harmonics::new(l_max).unwrap();
        let mut values = vec![0.0; harmonics.components() * TILE];
        let op = Evaluate {
            harmonics: &harmonics,
            directions: Directions {
                x: &u[0],
                y: &u[1],
                z: &u[2],
            },
            y_bar: &values.clone(),
            values: &mut values,
            gradient: &mut [0.0; 3 * TILE],
        };
        f64::dispatch(Level::PORTABLE, op);
        values.iter().step_by(TILE).copied().collect()
    }

    /// sum w3j Y(a) Y(b) Y(c).
    fn invariant(l: [usize; 3], vectors: [[f64; 3]; 3]) -> f64 {
        let y = vectors.map(|v| harmonics(4, v));
        let term = |(m, value): ([usize; 3], f64)| {
            let factor = |k: usize| y[k][l[k] * l[k] + m[k]];
            value * factor(0) * factor(1) * factor(2)
        };
        wigner_3j(l[0], l[1], l[2]).into_iter().map(term).sum()
    }

    #[test]
    fn couplings_are_rotation_invariant_and_normalised() {
        let vectors = [[0.3, -0.8, 0.5], [1.0, 0.2, -0.4], [-0.6, 0.1, 0.9]];
        let (sin, cos) = 0.7f64.sin_cos();
        let turn = |v: [f64; 3]| {
            let w = [cos * v[0] - sin * v[1], sin * v[0] + cos * v[1], v[2]];
            [w[0], cos * w[1] - sin * w[2], sin * w[1] + cos * w[2]]
        };
        for l1 in 0..=4usize {
            for l2 in 0..=4 {
                for l3 in l1.abs_diff(l2)..=(l1 + l2).min(4) {
                    let l = [l1, l2, l3];
                    let norm: f64 = wigner_3j(l1, l2, l3).iter().map(|e| e.1 * e.1).sum();
                    assert!((norm - 1.0).abs() < 1e-12);
                    let (a, b) = (invariant(l, vectors), invariant(l, vectors.map(turn)));
                    assert!((a - b).abs() < 1e-11, "{l:?}");
                }
            }
        }
    }

    #[test]
    fn signs_are_those_of_the_dot_and_cross_products() {
        for (m, value) in wigner_3j(1, 1, 0) {
            assert!(m[0] == m[1] && (value - 1.0 / 3f64.sqrt()).abs() < 1e-14);
        }
        for l in 0..=3 {
            for (m, value) in wigner_3j(0, l, l) {
                assert!(m[1] == m[2] && (value * ((2 * l + 1) as f64).sqrt() - 1.0).abs() < 1e-13);
            }
        }
        // (x, y, z) x (x, y, z): e_x times e_y couples to e_z
        let cross = wigner_3j(1, 1, 1);
        let xyz = cross.iter().find(|e| e.0 == [0, 1, 2]).unwrap().1;
        assert!((xyz - 1.0 / 6f64.sqrt()).abs() < 1e-14);
        assert!(wigner_3j(1, 1, 3).is_empty());
    }

    #[test]
    fn entries_are_those_of_the_trainer() {
        // e3nn, o3.wigner_3j (the odd sum as in 0.5 and later)
        for (l, m, value) in [
            ([1, 2, 1], [0, 2, 0], -0.182574),
            ([1, 2, 3], [0, 0, 4], -0.069007),
            ([2, 2, 2], [0, 0, 2], -0.239046),
            ([1, 3, 2], [0, 0, 4], 0.267261),
            ([2, 1, 2], [0, 0, 1], 0.182574),
        ] {
            let entries = wigner_3j(l[0], l[1], l[2]);
            let got = entries.iter().find(|e| e.0 == m).map_or(0.0, |e| e.1);
            assert!((got - value).abs() < 1e-6, "{l:?}");
        }
    }
}
