//! Forces by differentiating the assignment functions (`kspace_modify diff ad`): influence function, the force of an
//! atom on itself that this leaves, and the error of forces.
//!
//! The influence function is that for which the energy is optimal: G(k) = 4 pi / k^2 R(k) W(k)^2 / (sum_b W(q)^2)^2.
//! An atom's own image on the mesh acts on it with a force that has the period of the mesh; its first two
//! harmonics are taken off: Ballenegger, Cerda and Holm, J. Chem. Theory Comput. 8, 936 (2012),
//! doi:10.1021/ct2001792. The error is that of equation 8-23 of Hockney and Eastwood, summed over the mesh as LAMMPS
//! does. Cells are orthogonal.

use super::super::setup::Lattice;
use rayon::prelude::*;
use std::f64::consts::PI;

/// Aliases on each side that the sums take.
const ALIASES: i32 = 2;
/// Squared Gaussians below this are left out of the error.
const SMALL: f64 = 1.0e-40;

/// Transform of the assignment function at `x` = k h / 2.
fn transform(x: f64, order: usize) -> f64 {
    if x == 0.0 {
        1.0
    } else {
        (x.sin() / x).powi(order as i32)
    }
}

/// Index from -n/2 to (n-1)/2 of a mesh index.
fn signed(k: usize, n: usize) -> i32 {
    if 2 * k >= n {
        k as i32 - n as i32
    } else {
        k as i32
    }
}

/// Times a plane kx of the half spectrum occurs in the whole.
fn times(kx: usize, n: usize) -> f64 {
    if kx == 0 || 2 * kx == n { 1.0 } else { 2.0 }
}

/// Amplitudes of the harmonics of an atom's force on itself, per q^2 C.
#[derive(Debug, Clone, Copy, Default)]
pub struct OwnForce([[f64; 2]; 3]);

impl OwnForce {
    /// For influence function `value` (half spectrum) of a mesh of `n` points.
    pub fn new(n: [usize; 3], order: usize, lattice: &Lattice, value: &[f64]) -> Self {
        // sums over aliases of W(b) W(b + shift) along one direction
        let sums = |d: usize, shift: i32| -> Vec<f64> {
            let at = |k: usize| {
                let w = |b: i32| {
                    let x = f64::from(signed(k, n[d])) / n[d] as f64 + f64::from(b);
                    transform(PI * x, order)
                };
                (-ALIASES..=ALIASES).map(|b| w(b) * w(b + shift)).sum()
            };
            (0..n[d]).map(at).collect()
        };
        let plain: [Vec<f64>; 3] = std::array::from_fn(|d| sums(d, 0));
        let shifted: [[Vec<f64>; 2]; 3] = std::array::from_fn(|d| [sums(d, 1), sums(d, 2)]);
        // both signs of kx at once
        let whole = |v: &[f64], kx: usize| {
            if times(kx, n[0]) == 1.0 {
                v[kx]
            } else {
                v[kx] + v[n[0] - kx]
            }
        };
        let parts: Vec<[[f64; 2]; 3]> = (0..(n[0] / 2 + 1) * n[1])
            .into_par_iter()
            .map(|line| {
                let (kx, ky) = (line / n[1], line % n[1]);
                let (x, y) = (whole(&plain[0], kx), plain[1][ky]);
                let mut sum = [[0.0; 2]; 3];
                for kz in 0..n[2] {
                    let (g, z) = (value[line * n[2] + kz], plain[2][kz]);
                    for h in 0..2 {
                        sum[0][h] += g * whole(&shifted[0][h], kx) * y * z;
                        sum[1][h] += g * x * shifted[1][h][ky] * z;
                        sum[2][h] += g * x * y * shifted[2][h][kz];
                    }
                }
                sum
            })
            .collect();
        let mut total = [[0.0; 2]; 3];
        for part in &parts {
            for d in 0..3 {
                (0..2).for_each(|h| total[d][h] += part[d][h]);
            }
        }
        let volume = lattice.volume();
        Self(std::array::from_fn(|d| {
            let factor = 2.0 * PI / volume * n[d] as f64 / lattice.extended[d];
            [factor * total[d][0], 2.0 * factor * total[d][1]]
        }))
    }

    /// The force at mesh coordinates `place`. They count from the origin of coordinates, as in LAMMPS; where the lower corner
    /// of the cell is not a multiple of the mesh's spacing away from it, the phase is not that of the mesh.
    pub fn at(&self, place: [f64; 3]) -> [f64; 3] {
        std::array::from_fn(|d| {
            let (first, second) = (2.0 * PI * place[d], 4.0 * PI * place[d]);
            self.0[d][0] * first.sin() + self.0[d][1] * second.sin()
        })
    }
}

/// What the error needs of one mesh index along one direction.
struct Axis {
    /// k^2 and squared Gaussians of aliases
    square: [f64; 5],
    gauss2: [f64; 5],
    /// sums of R W^2, W^2 and q^2 W^2
    damped: f64,
    plain: f64,
    curved: f64,
}

impl Axis {
    fn new(k: usize, n: usize, length: f64, order: usize, g: f64) -> Self {
        let index = signed(k, n);
        let mut out = Self {
            square: [0.0; 5],
            gauss2: [0.0; 5],
            damped: 0.0,
            plain: 0.0,
            curved: 0.0,
        };
        for (slot, b) in (-ALIASES..=ALIASES).enumerate() {
            let q = 2.0 * PI / length * f64::from(index + n as i32 * b);
            let x = PI * (f64::from(index) / n as f64 + f64::from(b));
            let (w2, gauss) = (transform(x, 2 * order), (-0.25 * q * q / (g * g)).exp());
            out.square[slot] = q * q;
            out.gauss2[slot] = gauss * gauss;
            out.damped += gauss * w2;
            out.plain += w2;
            out.curved += q * q * w2;
        }
        out
    }
}

/// The sum over the mesh of the squared error of the field of a unit charge.
pub fn squared_error(n: [usize; 3], order: usize, g: f64, lattice: &Lattice) -> f64 {
    let axes: [Vec<Axis>; 3] = std::array::from_fn(|d| {
        let one = |k| Axis::new(k, n[d], lattice.extended[d], order, g);
        (0..n[d]).map(one).collect()
    });
    let parts: Vec<f64> = (0..(n[0] / 2 + 1) * n[1])
        .into_par_iter()
        .map(|line| {
            let (kx, ky) = (line / n[1], line % n[1]);
            let (x, y) = (&axes[0][kx], &axes[1][ky]);
            let from = usize::from(line == 0);
            let sum: f64 = axes[2][from..].iter().map(|z| one_point([x, y, z])).sum();
            times(kx, n[0]) * sum
        })
        .collect();
    parts.iter().sum()
}

fn one_point([x, y, z]: [&Axis; 3]) -> f64 {
    let mut all = 0.0;
    for (qx, gx) in x.square.iter().zip(x.gauss2) {
        for (qy, gy) in y.square.iter().zip(y.gauss2) {
            if gx * gy < SMALL {
                continue;
            }
            for (qz, gz) in z.square.iter().zip(z.gauss2) {
                all += gx * gy * gz / (qx + qy + qz);
            }
        }
    }
    let damped = x.damped * y.damped * z.damped;
    let curved =
        x.curved * y.plain * z.plain + x.plain * y.curved * z.plain + x.plain * y.plain * z.curved;
    (4.0 * PI).powi(2) * (all - damped * damped / (x.plain * y.plain * z.plain * curved))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finer_meshes_have_smaller_errors() {
        let lattice = Lattice {
            length: [7.0, 8.0, 9.0],
            extended: [7.0, 8.0, 9.0],
            tilt: [0.0; 3],
        };
        let errors = [6, 9, 12].map(|n| squared_error([n, n, n], 5, 0.6, &lattice));
        assert!(errors[0] > 2.0 * errors[1] && errors[1] > 2.0 * errors[2] && errors[2] > 0.0);
    }
}
