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

/// Aliases of one mesh index along one direction: q^2, R and W^2.
type Aliases = [[f64; 3]; 5];

fn aliases(k: usize, n: usize, length: f64, order: usize, g: f64) -> Aliases {
    let unit = 2.0 * PI / length;
    std::array::from_fn(|slot| {
        let b = slot as i32 - ALIASES;
        let q = unit * f64::from(signed(k, n) + n as i32 * b);
        let x = 0.5 * q * length / n as f64;
        let gauss = (-0.25 * ((q / g) * (q / g))).exp();
        [q * q, gauss, transform(x, 2 * order)]
    })
}

/// The sum over the mesh of the squared error of the field of a unit charge. The error is a small difference of large
/// sums, and Newton's method takes a derivative from it: sums therefore run in the order of LAMMPS, or the splitting
/// parameter would differ in the seventh digit.
pub fn squared_error(n: [usize; 3], order: usize, g: f64, lattice: &Lattice) -> f64 {
    let axes: [Vec<Aliases>; 3] = std::array::from_fn(|d| {
        let one = |k| aliases(k, n[d], lattice.extended[d], order, g);
        (0..n[d]).map(one).collect()
    });
    let mut total = 0.0;
    let mut plane = vec![0.0; n[0] * n[1]];
    for (m, z) in axes[2].iter().enumerate() {
        plane
            .par_chunks_mut(n[0])
            .zip(&axes[1])
            .enumerate()
            .for_each(|(l, (row, y))| {
                for (k, (value, x)) in row.iter_mut().zip(&axes[0]).enumerate() {
                    *value = if k + l + m == 0 {
                        0.0
                    } else {
                        one_point([x, y, z])
                    };
                }
            });
        total = plane.iter().fold(total, |sum, v| sum + v);
    }
    total
}

fn one_point([x, y, z]: [&Aliases; 3]) -> f64 {
    const FOUR_PI: f64 = 4.0 * PI;
    let mut sum = [0.0; 4];
    for a in x {
        for b in y {
            for c in z {
                let square = a[0] + b[0] + c[0];
                let gauss = a[1] * b[1] * c[1];
                let weight = a[2] * b[2] * c[2];
                sum[0] += gauss * gauss / square * FOUR_PI * FOUR_PI;
                sum[1] += gauss * weight * FOUR_PI;
                sum[2] += weight;
                sum[3] += square * weight;
            }
        }
    }
    sum[0] - sum[1] * sum[1] / (sum[2] * sum[3])
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
