//! The influence function that is optimal for differentiation in reciprocal space: Hockney and Eastwood,
//! Computer Simulation Using Particles (1988), equation 8-22.
//!
//! At k with transform W of the assignment function and R(q) = exp(-q^2/4g^2) of the smeared charge:
//! G(k) = 4 pi / k^2 sum_b (k q / q^2) R(q) W(q)^2 / (sum_b W(q)^2)^2 with q = k + b over aliases b.
//!
//! The mesh is real, so only half of the spectrum is kept and the field must be that of a Hermitian spectrum. On
//! the planes at half of the sampling frequency the index -n/2 stands for both signs, and k and the partner of
//! its conjugate differ: what is stored is the Hermitian part.

use super::super::ewald::virial_factors;
use super::super::setup::Lattice;
use super::spline::AliasSum;
use rayon::prelude::*;
use std::f64::consts::PI;

/// Influence function and wave vectors for one cell and mesh.
#[derive(Debug, Clone, Default)]
pub struct Green {
    n: [usize; 3],
    half: usize,
    lattice: Lattice,
    g: f64,
    /// Mean of G(k) and G(partner).
    pub value: Vec<f64>,
    /// Half of the difference G(k) - G(partner); empty if there is none (cells without tilt).
    skew: Vec<f64>,
    /// Hermitian part of k G(k).
    pub gradient: Vec<[f64; 3]>,
}

/// 4 pi in the digits that LAMMPS uses.
const FOUR_PI: f64 = 12.566_370_6;
/// Aliases are summed until exp(-x^4) is below this.
const SMALL: f64 = 1.0e-7;

/// Index from -n/2 to (n-1)/2 of a mesh index.
fn signed(k: usize, n: usize) -> f64 {
    if 2 * k >= n {
        k as f64 - n as f64
    } else {
        k as f64
    }
}

struct Axes<'a> {
    n: [usize; 3],
    order: usize,
    g: f64,
    lattice: &'a Lattice,
    aliases: [i32; 3],
    /// Alias sums of W^2 along each direction.
    sums: [Vec<f64>; 3],
}

impl Axes<'_> {
    fn index(&self, at: [usize; 3]) -> [f64; 3] {
        std::array::from_fn(|d| signed(at[d], self.n[d]))
    }

    fn partner(&self, at: [usize; 3]) -> [usize; 3] {
        std::array::from_fn(|d| (self.n[d] - at[d]) % self.n[d])
    }

    /// Wave vector and G at a mesh index.
    fn at(&self, at: [usize; 3]) -> ([f64; 3], f64) {
        let index = self.index(at);
        let k = self.lattice.wave(index);
        let k2 = k[0] * k[0] + k[1] * k[1] + k[2] * k[2];
        if k2 == 0.0 {
            return (k, 0.0);
        }
        let mut sum = 0.0;
        let power = |d: usize, b: i32| {
            let x = PI * (index[d] / self.n[d] as f64 + f64::from(b));
            let w = if x == 0.0 { 1.0 } else { x.sin() / x };
            w.powi(2 * self.order as i32)
        };
        let [ax, ay, az] = self.aliases;
        for bx in -ax..=ax {
            let wx = power(0, bx);
            for by in -ay..=ay {
                let wy = power(1, by);
                for bz in -az..=az {
                    let b: [f64; 3] = std::array::from_fn(|d| {
                        index[d] + self.n[d] as f64 * f64::from([bx, by, bz][d])
                    });
                    let q = self.lattice.wave(b);
                    let q2 = q[0] * q[0] + q[1] * q[1] + q[2] * q[2];
                    let kq = k[0] * q[0] + k[1] * q[1] + k[2] * q[2];
                    sum +=
                        kq / q2 * (-0.25 * q2 / (self.g * self.g)).exp() * (wx * wy * power(2, bz));
                }
            }
        }
        let s = self.sums[0][at[0]] * self.sums[1][at[1]] * self.sums[2][at[2]];
        (k, FOUR_PI / k2 * sum / (s * s))
    }
}

impl Green {
    /// The function that is optimal for the energy (`kspace_modify diff ad`, see `analytic`), without gradient; for
    /// orthogonal cells, where it is the same at k and its partner.
    pub fn analytic(n: [usize; 3], order: usize, g: f64, lattice: &Lattice) -> Self {
        let series = AliasSum::new(order);
        let axis = |d: usize| -> Vec<[f64; 2]> {
            let one = |k: usize| {
                let index = signed(k, n[d]);
                let x = PI * index / n[d] as f64;
                let w = if x == 0.0 { 1.0 } else { x.sin() / x };
                let q = 2.0 * PI * index / lattice.extended[d];
                let sum = series.at(2.0 * PI * k as f64 / n[d] as f64);
                let damped = w.powi(2 * order as i32) * (-0.25 * q * q / (g * g)).exp();
                [q * q, damped / (sum * sum)]
            };
            (0..n[d]).map(one).collect()
        };
        let [x, y, z] = [axis(0), axis(1), axis(2)];
        let half = n[0] / 2 + 1;
        let mut value = vec![0.0; half * n[1] * n[2]];
        value
            .par_chunks_mut(n[2])
            .enumerate()
            .for_each(|(line, value)| {
                let (x, y) = (x[line / n[1]], y[line % n[1]]);
                for (value, z) in value.iter_mut().zip(&z) {
                    let k2 = x[0] + y[0] + z[0];
                    if k2 > 0.0 {
                        *value = 4.0 * PI / k2 * x[1] * y[1] * z[1];
                    }
                }
            });
        Self {
            n,
            half,
            lattice: *lattice,
            g,
            value,
            ..Self::default()
        }
    }

    /// Computes the function.
    pub fn new(n: [usize; 3], order: usize, g: f64, lattice: &Lattice) -> Self {
        let reach = (-SMALL.ln()).powf(0.25);
        let per: [f64; 3] = std::array::from_fn(|d| g / (PI * n[d] as f64) * reach);
        let series = AliasSum::new(order);
        let axes = Axes {
            n,
            order,
            g,
            lattice,
            aliases: lattice.skewed(per).map(|a| a as i32),
            sums: n.map(|n| {
                let step = 2.0 * PI / n as f64;
                (0..n).map(|k| series.at(k as f64 * step)).collect()
            }),
        };
        let half = n[0] / 2 + 1;
        let size = half * n[1] * n[2];
        let mut value = vec![0.0; size];
        let mut gradient = vec![[0.0; 3]; size];
        value
            .par_chunks_mut(n[2])
            .zip(gradient.par_chunks_mut(n[2]))
            .enumerate()
            .for_each(|(line, (value, gradient))| {
                for (z, (value, gradient)) in value.iter_mut().zip(gradient).enumerate() {
                    let at = [line / n[1], line % n[1], z];
                    let (k, g1) = axes.at(at);
                    let other = axes.partner(at);
                    // the same unless an index is at half of the sampling frequency
                    if (0..3).all(|d| 2 * at[d] != n[d]) {
                        *value = g1;
                        *gradient = k.map(|k| k * g1);
                        continue;
                    }
                    let (p, g2) = axes.at(other);
                    *value = 0.5 * (g1 + g2);
                    *gradient = std::array::from_fn(|d| 0.5 * (k[d] * g1 - p[d] * g2));
                }
            });
        let skew = if lattice.tilt == [0.0; 3] {
            Vec::new()
        } else {
            let difference = |index: usize| {
                let (z, line) = (index % n[2], index / n[2]);
                let at = [line / n[1], line % n[1], z];
                if (0..3).all(|d| 2 * at[d] != n[d]) {
                    return 0.0;
                }
                0.5 * (axes.at(at).1 - axes.at(axes.partner(at)).1)
            };
            (0..size).into_par_iter().map(difference).collect()
        };
        Self {
            n,
            half,
            lattice: *lattice,
            g,
            skew,
            value,
            gradient,
        }
    }

    /// Times a value at this place of the half spectrum occurs in the whole.
    pub fn times(&self, line: usize) -> f64 {
        let kx = line / self.n[1];
        if kx == 0 || 2 * kx == self.n[0] {
            1.0
        } else {
            2.0
        }
    }

    /// Number of lines along z, and their length.
    pub fn lines(&self) -> (usize, usize) {
        (self.half * self.n[1], self.n[2])
    }

    /// Hermitian part of G times the virial factors at a place of the half spectrum.
    pub fn virial(&self, at: usize) -> [f64; 6] {
        let n = self.n;
        let (z, line) = (at % n[2], at / n[2]);
        let (index, at) = (at, [line / n[1], line % n[1], z]);
        if at == [0; 3] {
            return [0.0; 6];
        }
        let value = self.value[index];
        let wave = |at: [usize; 3]| {
            let index: [f64; 3] = std::array::from_fn(|d| signed(at[d], n[d]));
            virial_factors(self.lattice.wave(index), self.g)
        };
        let a = wave(at);
        if (0..3).all(|d| 2 * at[d] != n[d]) {
            return a.map(|v| v * value);
        }
        let skew = self.skew.get(index).copied().unwrap_or(0.0);
        let b = wave(std::array::from_fn(|d| (n[d] - at[d]) % n[d]));
        std::array::from_fn(|d| 0.5 * ((value + skew) * a[d] + (value - skew) * b[d]))
    }
}
