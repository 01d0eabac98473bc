//! Charge assignment functions: cardinal B-splines of order p (Hockney and Eastwood, Computer Simulation Using
//! Particles, 1988, chapter 5).

/// Largest order.
pub const MOST: usize = 7;

/// First mesh point and weights of the `order` points around the mesh coordinate `u`.
#[inline]
pub fn weights(order: usize, u: f64) -> (i64, [f64; MOST]) {
    let shifted = if order % 2 == 1 { u + 0.5 } else { u };
    let base = shifted.floor();
    let mut w = [0.0; MOST];
    values(order, shifted - base, &mut w);
    (base as i64 - (order as i64 - 1) / 2, w)
}

/// Derivatives of [`weights`] by `u`: M_p'(x) = M_{p-1}(x) - M_{p-1}(x - 1).
#[inline]
pub fn slopes(order: usize, u: f64) -> [f64; MOST] {
    let shifted = if order % 2 == 1 { u + 0.5 } else { u };
    let mut below = [0.0; MOST];
    values(order - 1, shifted - shifted.floor(), &mut below);
    std::array::from_fn(|k| {
        let left = if k > 0 && k < order {
            below[k - 1]
        } else {
            0.0
        };
        let right = if k + 1 < order { below[k] } else { 0.0 };
        left - right
    })
}

/// The values of the spline at t, t + 1, ... in falling order of their arguments, for 0 <= t < 1.
#[inline]
fn values(order: usize, t: f64, w: &mut [f64]) {
    w[0] = 1.0;
    for k in 2..=order {
        let scale = 1.0 / (k - 1) as f64;
        w[k - 1] = t * w[k - 2] * scale;
        for j in 1..k - 1 {
            let at = k - 1 - j;
            w[at] = ((t + j as f64) * w[at - 1] + ((k - j) as f64 - t) * w[at]) * scale;
        }
        w[0] *= (1.0 - t) * scale;
    }
}

/// Sum over aliases of the squared transform of the spline of order p, as a cosine series whose coefficients are
/// the values of the spline of order 2 p at integers.
#[derive(Debug, Clone)]
pub struct AliasSum(Vec<f64>);

impl AliasSum {
    /// For one order.
    pub fn new(order: usize) -> Self {
        let mut w = vec![0.0; 2 * order];
        values(2 * order, 0.0, &mut w);
        // w[2 p - 1 - m] is the value at m, the centre is p
        Self((0..order).map(|j| w[order - 1 - j]).collect())
    }

    /// At the phase `theta` = k h.
    pub fn at(&self, theta: f64) -> f64 {
        let tail = self.0.iter().enumerate().skip(1);
        self.0[0] + 2.0 * tail.map(|(j, c)| c * (j as f64 * theta).cos()).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_one_and_are_symmetric() {
        for order in 2..=MOST {
            for u in [0.0, 0.2, 0.5, 0.9, 3.3, -2.7] {
                let (first, w) = weights(order, u);
                assert!((w[..order].iter().sum::<f64>() - 1.0).abs() < 1e-14);
                // the mean of the points is the position
                let mean: f64 = (0..order).map(|k| w[k] * (first + k as i64) as f64).sum();
                assert!((mean - u).abs() < 1e-13, "{order} {u}: {mean}");
            }
        }
    }

    #[test]
    fn slopes_are_the_derivatives_of_weights() {
        for order in 2..=MOST {
            for u in [0.21, 0.7, 3.4, -2.7] {
                let h = 1.0e-6;
                let (a, b) = (weights(order, u - h), weights(order, u + h));
                assert_eq!(a.0, b.0);
                let slope = slopes(order, u);
                for k in 0..MOST {
                    assert!((slope[k] - (b.1[k] - a.1[k]) / (2.0 * h)).abs() < 1e-8);
                }
            }
        }
    }

    #[test]
    fn the_alias_sum_is_that_of_the_transforms() {
        for order in 2..=MOST {
            let sum = AliasSum::new(order);
            for theta in [0.0, 0.4, 1.7, std::f64::consts::PI] {
                let transform = |x: f64| if x == 0.0 { 1.0 } else { x.sin() / x };
                let direct: f64 = (-2000..=2000)
                    .map(|b| {
                        let x = 0.5 * theta + std::f64::consts::PI * f64::from(b);
                        transform(x).powi(2 * order as i32)
                    })
                    .sum();
                assert!((sum.at(theta) - direct).abs() < 1e-10, "{order} {theta}");
            }
        }
    }
}
