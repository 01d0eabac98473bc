//! The sums of DFT-D3 over bricks: coordination numbers, pair energies, and the forces that follow from
//! the coordination numbers.
//!
//! CN_i = sum_j 1 / (1 + exp(-16 ((R_i + R_j) / r - 1))), C6_ij = sum_ab w_a(CN_i) w_b(CN_j) C6_ab with
//! w_a proportional to exp(-4 (CN - CN_a)^2), E = - sum_{i<j} s6 C6 f6(r) / r^6 + s8 C8 f8(r) / r^8.
//! Atomic units inside; invariant: the order of all sums is that of the lists.

use super::functionals::{Damping, Parameters};
use super::reference::{REFERENCES, Reference};
use crate::domain::Brick;
use crate::pair::BrickForces;

/// One bohr in Å, as in LAMMPS.
pub const BOHR: f64 = 0.52917725;
/// One hartree in eV, as in LAMMPS.
pub const HARTREE: f64 = 27.21140795;
/// Steepness of the coordination number.
const K1: f64 = 16.0;
/// Width of the weights of the reference systems.
const K3: f64 = 4.0;
/// Weights of an atom and their derivatives by its coordination number.
pub const WEIGHTS: usize = 2 * REFERENCES;
/// Marks an atom that has no element.
pub const NONE: u8 = u8::MAX;

/// What the sums need besides the atoms.
#[derive(Debug)]
pub struct Model {
    /// Element (an index of `reference`) of each atom type, or [`NONE`].
    pub of_type: Vec<u8>,
    /// Data of the elements.
    pub reference: Reference,
    /// Parameters of the functional.
    pub parameters: Parameters,
    /// Squared cutoff of the energy (Å^2).
    pub cut2: f64,
    /// Squared cutoff of the coordination number (Å^2).
    pub cn_cut2: f64,
}

/// Terms of a pair at one distance: f6 / r^6, f8 / r^8 and their derivatives over r.
struct Terms {
    t6: f64,
    t8: f64,
    d6: f64,
    d8: f64,
}

/// A damping function for one pair of elements.
trait Damp {
    /// From the cutoff radius R0 (bohr) and the ratio C8 / C6 (bohr^2) of the pair.
    fn new(p: &Parameters, r0: f64, ratio: f64) -> Self;
    /// Terms at squared distance `r2` (bohr^2).
    fn at(&self, r2: f64) -> Terms;
}

/// Denominators D_n = r^n (1 + x_n) of damping that is a power of the distance.
fn powers(r2: f64, (x6, dx6): (f64, f64), (x8, dx8): (f64, f64)) -> Terms {
    // dx: r dx/dr
    let (r4, r6) = (r2 * r2, r2 * r2 * r2);
    let (t6, t8) = (1.0 / (r6 * (1.0 + x6)), 1.0 / (r6 * r2 * (1.0 + x8)));
    Terms {
        t6,
        t8,
        d6: -r4 * (6.0 * (1.0 + x6) + dx6) * t6 * t6,
        d8: -r6 * (8.0 * (1.0 + x8) + dx8) * t8 * t8,
    }
}

struct Original {
    /// Squares of r_s R0.
    a6: f64,
    a8: f64,
}

impl Damp for Original {
    fn new(p: &Parameters, r0: f64, _: f64) -> Self {
        Original {
            a6: (p.first * r0).powi(2),
            a8: (p.second * r0).powi(2),
        }
    }

    fn at(&self, r2: f64) -> Terms {
        let (x6, x8) = (6.0 * (self.a6 / r2).powi(7), 6.0 * (self.a8 / r2).powi(8));
        powers(r2, (x6, -14.0 * x6), (x8, -16.0 * x8))
    }
}

struct Modified {
    /// 1 / (r_s R0).
    s6: f64,
    s8: f64,
    /// beta R0.
    shift: f64,
}

impl Damp for Modified {
    fn new(p: &Parameters, r0: f64, _: f64) -> Self {
        Modified {
            s6: 1.0 / (p.first * r0),
            s8: 1.0 / r0,
            shift: p.second * r0,
        }
    }

    fn at(&self, r2: f64) -> Terms {
        let r = r2.sqrt();
        let (u6, u8) = (r * self.s6 + self.shift, r * self.s8 + self.shift);
        let (x6, x8) = (6.0 * u6.powi(-14), 6.0 * u8.powi(-16));
        let slope6 = -14.0 * x6 * r * self.s6 / u6;
        let slope8 = -16.0 * x8 * r * self.s8 / u8;
        powers(r2, (x6, slope6), (x8, slope8))
    }
}

struct BeckeJohnson {
    /// Powers 6 and 8 of a1 R0 + a2.
    f6: f64,
    f8: f64,
}

impl Damp for BeckeJohnson {
    fn new(p: &Parameters, _: f64, ratio: f64) -> Self {
        let f = p.first * ratio.sqrt() + p.second;
        BeckeJohnson {
            f6: f.powi(6),
            f8: f.powi(8),
        }
    }

    fn at(&self, r2: f64) -> Terms {
        let (r4, r6) = (r2 * r2, r2 * r2 * r2);
        let (t6, t8) = (1.0 / (r6 + self.f6), 1.0 / (r6 * r2 + self.f8));
        Terms {
            t6,
            t8,
            d6: -6.0 * r4 * t6 * t6,
            d8: -8.0 * r6 * t8 * t8,
        }
    }
}

/// Coordination number of a pair and its derivative over r, from r^2 and R_i + R_j (bohr).
fn coordination(r2: f64, radii: f64) -> (f64, f64) {
    let r = r2.sqrt();
    let e = (-K1 * (radii / r - 1.0)).exp();
    let f = 1.0 / (1.0 + e);
    // where e overflows, the derivative is zero
    let slope = if e.is_finite() { e * f * f } else { 0.0 };
    (f, -slope * K1 * radii / (r2 * r))
}

impl Model {
    fn element(&self, kind: u32) -> Option<usize> {
        let s = self.of_type.get(kind as usize).copied();
        s.filter(|&s| s != NONE).map(usize::from)
    }

    /// Pairs of the half list closer than the square root of `cut2`: both atoms, their elements,
    /// r_i - r_j (bohr) and its square.
    fn pairs<'a>(
        &'a self,
        b: &'a Brick,
        cut2: f64,
    ) -> impl Iterator<Item = (usize, usize, usize, usize, [f64; 3], f64)> + 'a {
        (0..b.own).flat_map(move |i| {
            let element = self.element(b.kind[i]);
            let list = if element.is_some() { b.half.of(i) } else { &[] };
            let s = element.unwrap_or(0);
            list.iter().filter_map(move |&j| {
                let j = j as usize;
                let d = [0, 1, 2].map(|k| b.x[i][k] - b.x[j][k]);
                let r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
                if r2 > cut2 {
                    return None;
                }
                let t = self.element(b.kind[j])?;
                Some((i, j, s, t, d.map(|x| x / BOHR), r2 / (BOHR * BOHR)))
            })
        })
    }

    /// Shares of the coordination numbers of all local atoms that follow from the brick's pairs.
    pub fn coordination(&self, b: &Brick) -> Vec<f64> {
        let mut cn = vec![0.0; b.len()];
        let radius = &self.reference.radius;
        for (i, j, s, t, _, r2) in self.pairs(b, self.cn_cut2) {
            let f = coordination(r2, radius[s] + radius[t]).0;
            cn[i] += f;
            cn[j] += f;
        }
        cn
    }

    /// Weights of the reference systems of the own atoms and their derivatives, [`WEIGHTS`] numbers per
    /// local atom; ghosts are left zero.
    pub fn weights(&self, b: &Brick, cn: &[f64]) -> Vec<f64> {
        let mut all = vec![0.0; WEIGHTS * b.len()];
        for (i, row) in all.chunks_exact_mut(WEIGHTS).take(b.own).enumerate() {
            let Some(s) = self.element(b.kind[i]) else {
                continue;
            };
            let known = &self.reference.numbers[s];
            let off = |c: &f64| cn[i] - c;
            // relative to the nearest, so that far coordination numbers have weights at all
            let least = known
                .iter()
                .map(|c| off(c).powi(2))
                .fold(f64::MAX, f64::min);
            let (weight, slope) = row.split_at_mut(REFERENCES);
            let (mut sum, mut mean) = (0.0, 0.0);
            for (w, c) in weight.iter_mut().zip(known) {
                *w = (-K3 * (off(c).powi(2) - least)).exp();
                sum += *w;
                mean += *w * -2.0 * K3 * off(c);
            }
            for ((w, d), c) in weight.iter_mut().zip(slope).zip(known) {
                *w /= sum;
                *d = *w * (-2.0 * K3 * off(c) - mean / sum);
            }
        }
        all
    }

    /// Adds energies and the forces at fixed coordination numbers to `out`; gives dE/dCN of all local
    /// atoms (hartree) as far as it follows from the brick's pairs.
    pub fn energies(&self, b: &Brick, weights: &[f64], out: &mut BrickForces) -> Vec<f64> {
        match self.parameters.damping {
            Damping::Original => self.damped::<Original>(b, weights, out),
            Damping::Modified => self.damped::<Modified>(b, weights, out),
            Damping::BeckeJohnson => self.damped::<BeckeJohnson>(b, weights, out),
        }
    }

    fn damped<D: Damp>(&self, b: &Brick, weights: &[f64], out: &mut BrickForces) -> Vec<f64> {
        let (r, p) = (&self.reference, &self.parameters);
        let count = r.radius.len();
        let ratio = |s: usize, t: usize| 3.0 * r.root_q[s] * r.root_q[t];
        let dampings: Vec<Vec<(D, f64)>> = (0..count)
            .map(|s| {
                let of = |t: usize| (D::new(p, r.r0[s][t] / BOHR, ratio(s, t)), ratio(s, t));
                (0..count).map(of).collect()
            })
            .collect();
        let mut bar = vec![0.0; b.len()];
        let mut rows = Rows::new(count);
        for (i, j, s, t, d, r2) in self.pairs(b, self.cut2) {
            let (value, slope) = rows.of(i, s, t, r, weights);
            let other = &weights[WEIGHTS * j..][..WEIGHTS];
            let dot = |row: &[f64; REFERENCES], from: usize| -> f64 {
                let pairs = row.iter().zip(&other[from..]);
                pairs.map(|(x, y)| x * y).sum()
            };
            let c6 = dot(value, 0);
            let (damp, ratio) = &dampings[s][t];
            let terms = damp.at(r2);
            let term = p.s6 * terms.t6 + p.s8 * ratio * terms.t8;
            bar[i] -= term * dot(slope, 0);
            bar[j] -= term * dot(value, REFERENCES);
            let over_r = -c6 * (p.s6 * terms.d6 + p.s8 * ratio * terms.d8);
            add_pair(out, (i, j), d, over_r);
            let energy = -c6 * term * HARTREE;
            out.vdwl += energy;
            if !out.atom_energy.is_empty() {
                out.atom_energy[i] += 0.5 * energy;
                out.atom_energy[j] += 0.5 * energy;
            }
        }
        bar
    }

    /// Adds the forces that follow from the coordination numbers; `bar` is dE/dCN of all local atoms.
    pub fn forces(&self, b: &Brick, bar: &[f64], out: &mut BrickForces) {
        let radius = &self.reference.radius;
        for (i, j, s, t, d, r2) in self.pairs(b, self.cn_cut2) {
            let over_r = coordination(r2, radius[s] + radius[t]).1;
            add_pair(out, (i, j), d, over_r * (bar[i] + bar[j]));
        }
    }
}

/// C6 contracted with the weights of one atom i, for the elements met as its neighbours.
struct Rows {
    atom: usize,
    rows: Vec<Option<([f64; REFERENCES], [f64; REFERENCES])>>,
}

impl Rows {
    fn new(elements: usize) -> Rows {
        Rows {
            atom: usize::MAX,
            rows: vec![None; elements],
        }
    }

    /// sum_a w_a(i) C6_ab and its derivative by CN_i, for elements s of i and t.
    fn of(
        &mut self,
        i: usize,
        s: usize,
        t: usize,
        r: &Reference,
        weights: &[f64],
    ) -> &([f64; REFERENCES], [f64; REFERENCES]) {
        if self.atom != i {
            self.atom = i;
            self.rows.fill(None);
        }
        self.rows[t].get_or_insert_with(|| {
            let own = &weights[WEIGHTS * i..][..WEIGHTS];
            let contract = |from: usize| {
                let mut row = [0.0; REFERENCES];
                for (w, c6) in own[from..].iter().zip(&r.c6[s][t]) {
                    row.iter_mut().zip(c6).for_each(|(x, c)| *x += w * c);
                }
                row
            };
            (contract(0), contract(REFERENCES))
        })
    }
}

/// Adds the force of a pair: `d` = r_i - r_j (bohr), `over_r` = dE/dr / r (hartree/bohr^2).
fn add_pair(out: &mut BrickForces, (i, j): (usize, usize), d: [f64; 3], over_r: f64) {
    let factor = -over_r * HARTREE;
    let f = d.map(|x| x * factor / BOHR);
    for k in 0..3 {
        out.f[i][k] += f[k];
        out.f[j][k] -= f[k];
    }
    let whole = d.map(|x| x * BOHR);
    for (v, (a, b)) in [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]
        .into_iter()
        .enumerate()
    {
        let part = whole[a] * f[b];
        out.virial[v] += part;
        if !out.atom_virial.is_empty() {
            out.atom_virial[i][v] += 0.5 * part;
            out.atom_virial[j][v] += 0.5 * part;
        }
    }
}
