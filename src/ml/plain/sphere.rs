//! Real spherical harmonics of a direction, component normalisation (sum over m of Y^2 is 2l+1),
//! polar axis y, azimuth from z to x, component (l, m) at l^2 + l + m.
//!
//! Y_lm = n_lm Q_l^|m|(y) times Im (m < 0) or Re (m >= 0) of (z + ix)^|m|.

/// Values at a unit vector, (l_max + 1)^2.
pub fn harmonics(l_max: usize, unit: [f64; 3]) -> Vec<f64> {
    terms(l_max, unit)
        .map(|t| t.norm * t.polar[0] * t.azimuth[0])
        .collect()
}

/// Gradients of the polynomials above, continued from the sphere in some smooth way: only the
/// part across the vector has a meaning.
pub fn gradients(l_max: usize, unit: [f64; 3]) -> Vec<[f64; 3]> {
    let gradient = |t: Term| {
        let [q, dq] = t.polar;
        let [f, dx, dz] = t.azimuth;
        [q * dx, dq * f, q * dz].map(|g| t.norm * g)
    };
    terms(l_max, unit).map(gradient).collect()
}

/// Factors of one component.
struct Term {
    norm: f64,
    /// Q and dQ/dy.
    polar: [f64; 2],
    /// Re or Im of (z + ix)^|m| and its derivatives by x and z.
    azimuth: [f64; 3],
}

fn terms(l_max: usize, [x, y, z]: [f64; 3]) -> impl Iterator<Item = Term> {
    // (z + ix)^m = re + i im
    let mut powers = vec![(1.0, 0.0)];
    for m in 0..l_max {
        let (re, im) = powers[m];
        powers.push((re * z - im * x, re * x + im * z));
    }
    let orders = (0..=l_max as i32).flat_map(|l| (-l..=l).map(move |m| (l, m)));
    orders.map(move |(l, m)| {
        let (l, a) = (l as usize, m.unsigned_abs() as usize);
        let (re, im) = powers[a];
        // d(w^a) = a w^(a-1) dw, dw/dz = 1, dw/dx = i
        let (dre, dim) = match a {
            0 => (0.0, 0.0),
            _ => (a as f64 * powers[a - 1].0, a as f64 * powers[a - 1].1),
        };
        let azimuth = if m < 0 {
            [im, dre, dim]
        } else {
            [re, -dim, dre]
        };
        Term {
            norm: norm(l, a),
            polar: polar(l, a, y),
            azimuth,
        }
    })
}

fn norm(l: usize, m: usize) -> f64 {
    // (l - m)! / (l + m)!
    let ratio: f64 = (l - m + 1..=l + m).map(|k| 1.0 / k as f64).product();
    let twice = if m == 0 { 1.0 } else { 2.0 };
    ((2 * l + 1) as f64 * twice * ratio).sqrt()
}

/// Associated Legendre function without sin^m and Condon-Shortley phase, and its derivative:
/// Q_m = (2m-1)!!, (l - m) Q_l = (2l - 1) y Q_(l-1) - (l + m - 1) Q_(l-2).
fn polar(l: usize, m: usize, y: f64) -> [f64; 2] {
    let start: f64 = (1..=m).map(|k| (2 * k - 1) as f64).product();
    let (mut before, mut now) = ([0.0, 0.0], [start, 0.0]);
    for k in m + 1..=l {
        let (a, b, c) = ((2 * k - 1) as f64, (k + m - 1) as f64, (k - m) as f64);
        let value = (a * y * now[0] - b * before[0]) / c;
        let slope = (a * (now[0] + y * now[1]) - b * before[1]) / c;
        (before, now) = (now, [value, slope]);
    }
    now
}

#[cfg(test)]
mod tests {
    use super::*;

    const V: [f64; 3] = [0.48, -0.6, 0.64];

    #[test]
    fn degree_one_is_the_vector() {
        let y = harmonics(1, V);
        (0..3).for_each(|k| assert!((y[k + 1] - 3f64.sqrt() * V[k]).abs() < 1e-15));
    }

    #[test]
    fn squares_add_up() {
        let y = harmonics(8, V);
        for l in 0..=8 {
            let sum: f64 = y[l * l..(l + 1) * (l + 1)].iter().map(|v| v * v).sum();
            assert!((sum - (2 * l + 1) as f64).abs() < 1e-12);
        }
    }

    #[test]
    fn gradients_are_differences() {
        let h = 1e-6;
        for k in 0..3 {
            let moved = |s: f64| {
                let mut v = V;
                v[k] += s;
                harmonics(5, v)
            };
            let (plus, minus) = (moved(h), moved(-h));
            for (i, g) in gradients(5, V).iter().enumerate() {
                assert!(
                    (g[k] - (plus[i] - minus[i]) / (2.0 * h)).abs() < 1e-7,
                    "{i} {k}"
                );
            }
        }
    }
}
