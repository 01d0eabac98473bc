//! Wigner 3j symbols for real spherical harmonics, in the convention of e3nn: components m =
//! -l..l, polar axis y, Frobenius norm 1.
//!
//! Formula: Racah's sum for the SU(2) Clebsch-Gordan coefficients (A. R. Edmonds, Angular
//! Momentum in Quantum Mechanics, eq. 3.6.11) and the change of basis
//! Y_real = (-i)^l q Y_complex on each index.
//! Imports nothing of the crate.

use std::f64::consts::FRAC_1_SQRT_2;

/// One non-zero element of a 3j symbol; indices count from 0 (m = -l).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Element {
    /// Index of the first representation.
    pub m1: usize,
    /// Index of the second representation.
    pub m2: usize,
    /// Index of the third representation.
    pub m3: usize,
    /// Value.
    pub value: f64,
}

/// Non-zero elements of the real 3j symbol (l1, l2, l3), in the order of (m1, m2, m3); empty where
/// the degrees violate the triangle rule. The sign is that of e3nn 0.5 and later.
pub fn wigner_3j(l1: usize, l2: usize, l3: usize) -> Vec<Element> {
    let dense = dense_3j(l1, l2, l3);
    let (n2, n3) = (2 * l2 + 1, 2 * l3 + 1);
    let elements = dense
        .iter()
        .enumerate()
        .filter(|(_, value)| value.abs() > 1e-12);
    elements
        .map(|(i, &value)| Element {
            m1: i / (n2 * n3),
            m2: i / n3 % n2,
            m3: i % n3,
            value,
        })
        .collect()
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
    if (l1 + l2 + l3) % 2 == 0 {
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

/// Complex number as (real, imaginary).
type Complex = (f64, f64);

fn times(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

/// Dense array \[2 l1 + 1\]\[2 l2 + 1\]\[2 l3 + 1\].
fn dense_3j(l1: usize, l2: usize, l3: usize) -> Vec<f64> {
    let (n1, n2, n3) = (2 * l1 + 1, 2 * l2 + 1, 2 * l3 + 1);
    let mut out = vec![0.0; n1 * n2 * n3];
    if l3 > l1 + l2 || l1 > l2 + l3 || l2 > l1 + l3 {
        return out;
    }
    let (q1, q2, q3) = (
        real_from_complex(l1),
        real_from_complex(l2),
        real_from_complex(l3),
    );
    for i in 0..n1 {
        for k in 0..n2 {
            // m3 = m1 + m2 leaves one complex component
            let m3 = (i + k) as i64 - (l1 + l2) as i64;
            if m3.unsigned_abs() as usize > l3 {
                continue;
            }
            let n = (m3 + l3 as i64) as usize;
            let c = clebsch_gordan(
                [l1, l2, l3],
                [i as i64 - l1 as i64, k as i64 - l2 as i64, m3],
            );
            // each row of q has at most two entries, at m and -m
            for j in [i, n1 - 1 - i]
                .into_iter()
                .take(if 2 * i + 1 == n1 { 1 } else { 2 })
            {
                for l in [k, n2 - 1 - k]
                    .into_iter()
                    .take(if 2 * k + 1 == n2 { 1 } else { 2 })
                {
                    for m in [n, n3 - 1 - n]
                        .into_iter()
                        .take(if 2 * n + 1 == n3 { 1 } else { 2 })
                    {
                        let (re, im) = q3[n * n3 + m];
                        let q = times(times(q1[i * n1 + j], q2[k * n2 + l]), (re, -im));
                        out[(j * n2 + l) * n3 + m] += q.0 * c;
                    }
                }
            }
        }
    }
    let norm = out.iter().map(|x| x * x).sum::<f64>().sqrt();
    out.iter_mut().for_each(|x| *x /= norm);
    out
}

/// Matrix \[complex m\]\[real m\] of the change of basis, with the factor (-i)^l.
fn real_from_complex(l: usize) -> Vec<Complex> {
    let n = 2 * l + 1;
    let phase = [(1.0, 0.0), (0.0, -1.0), (-1.0, 0.0), (0.0, 1.0)][l % 4];
    let mut q = vec![(0.0, 0.0); n * n];
    let s = FRAC_1_SQRT_2;
    for m in 1..=l {
        let sign = if m % 2 == 0 { s } else { -s };
        q[(l - m) * n + l + m] = (s, 0.0);
        q[(l - m) * n + l - m] = (0.0, -s);
        q[(l + m) * n + l + m] = (sign, 0.0);
        q[(l + m) * n + l - m] = (0.0, sign);
    }
    q[l * n + l] = (1.0, 0.0);
    q.into_iter().map(|z| times(z, phase)).collect()
}

/// SU(2) coefficient <j1 m1 j2 m2 | j3 m3>, m3 = m1 + m2.
fn clebsch_gordan(j: [usize; 3], m: [i64; 3]) -> f64 {
    let [j1, j2, j3] = j.map(|j| j as i64);
    let [m1, m2, m3] = m;
    let f = factorial;
    let numerator = (2 * j3 + 1) as f64
        * f(j3 + j1 - j2)
        * f(j3 - j1 + j2)
        * f(j1 + j2 - j3)
        * f(j3 + m3)
        * f(j3 - m3);
    let denominator = f(j1 + j2 + j3 + 1) * f(j1 - m1) * f(j1 + m1) * f(j2 - m2) * f(j2 + m2);
    let first = 0.max(j2 + m3 - j1).max(m1 - j1);
    let last = (j2 + j3 + m1).min(j3 - j1 + j2).min(j3 + m3);
    let mut sum = 0.0;
    for v in first..=last {
        let term = f(j2 + j3 + m1 - v) * f(j1 - m1 + v)
            / (f(v) * f(j3 - j1 + j2 - v) * f(j3 + m3 - v) * f(v + j1 - j2 - m3));
        sum += if (v + j2 + m2) % 2 == 0 { term } else { -term };
    }
    (numerator / denominator).sqrt() * sum
}

fn factorial(n: i64) -> f64 {
    (2..=n).map(|k| k as f64).product()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_orthonormal() {
        for (l1, l2, l3) in [
            (1, 1, 0),
            (1, 1, 1),
            (1, 2, 3),
            (3, 3, 2),
            (4, 5, 6),
            (6, 6, 6),
        ] {
            let (n2, n3) = (2 * l2 + 1, 2 * l3 + 1);
            let w = dense_3j(l1, l2, l3);
            for a in 0..n3 {
                for b in 0..n3 {
                    let pairs = 0..(2 * l1 + 1) * n2;
                    let dot: f64 = pairs.map(|p| w[p * n3 + a] * w[p * n3 + b]).sum();
                    let expected = if a == b { 1.0 / n3 as f64 } else { 0.0 };
                    assert!((dot - expected).abs() < 1e-13, "{l1} {l2} {l3}: {dot}");
                }
            }
        }
    }

    #[test]
    fn scalars_couple_by_identity() {
        for l in 0..6 {
            let elements = wigner_3j(0, l, l);
            assert_eq!(elements.len(), 2 * l + 1);
            let value = 1.0 / ((2 * l + 1) as f64).sqrt();
            assert!(
                elements
                    .iter()
                    .all(|e| e.m2 == e.m3 && (e.value - value).abs() < 1e-14)
            );
        }
    }

    #[test]
    fn vectors_couple_to_the_cross_product() {
        // components are (y, z, x) in m = -1, 0, 1 of a rotated frame; e3nn orders them x, y, z
        let value = 1.0 / 6f64.sqrt();
        let w = dense_3j(1, 1, 1);
        for (i, &x) in w.iter().enumerate() {
            let (a, b, c) = (i / 9, i / 3 % 3, i % 3);
            let expected = match (a, b, c) {
                (0, 1, 2) | (1, 2, 0) | (2, 0, 1) => value,
                (0, 2, 1) | (1, 0, 2) | (2, 1, 0) => -value,
                _ => 0.0,
            };
            assert!((x - expected).abs() < 1e-14, "{a} {b} {c}: {x}");
        }
    }

    #[test]
    fn the_triangle_rule_holds() {
        assert!(wigner_3j(1, 1, 3).is_empty());
        assert!(wigner_3j(4, 1, 2).is_empty());
    }
}
