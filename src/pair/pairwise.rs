//! The loop over half lists that all pairwise styles share; a style brings only its formula.

use super::{BrickForces, ForceContext};
use crate::domain::{Brick, Tally};
use rayon::prelude::*;

/// The formula of a pairwise style for one pair of atoms.
pub trait PairForm: Sync {
    /// Coefficients of one pair of types.
    type Row: Copy + Send + Sync;

    /// Coefficients of type `i` with all types, indexed by type (index 0 is unused).
    fn rows(&self, i: u32) -> &[Self::Row];

    /// Squared cutoff; negative for pairs that do not interact.
    fn cutoff2(row: &Self::Row) -> f64;

    /// Force over distance F/r, positive for repulsion, at squared distance `r2`.
    fn force(&self, row: &Self::Row, r2: f64, qi: f64, qj: f64) -> f64;

    /// van der Waals and Coulomb energy.
    fn energy(&self, row: &Self::Row, r2: f64, qi: f64, qj: f64) -> (f64, f64);

    /// Whether the formula uses charges.
    const CHARGES: bool;
}

/// Adds energies, forces and virials of all pairs to `out`.
pub fn accumulate<F: PairForm>(form: &F, context: &ForceContext<'_>, out: &mut [BrickForces]) {
    let tally = context.tally;
    let bricks = &context.bricks.bricks;
    bricks
        .par_iter()
        .zip(out.par_iter_mut())
        .for_each(|(brick, out)| {
            if tally == Tally::NONE {
                forces(form, brick, &mut out.f);
            } else {
                tallied(form, brick, tally, out);
            }
        });
}

fn difference(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn squared(d: [f64; 3]) -> f64 {
    d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
}

/// Charge of atom `i`, 0 if the formula has none.
fn charge<F: PairForm>(brick: &Brick, i: usize) -> f64 {
    if F::CHARGES { brick.q[i] } else { 0.0 }
}

fn forces<F: PairForm>(form: &F, brick: &Brick, f: &mut [[f64; 3]]) {
    for i in 0..brick.own {
        let rows = form.rows(brick.kind[i]);
        let (p, qi) = (brick.x[i], charge::<F>(brick, i));
        let mut fi = [0.0; 3];
        for &j in brick.half.of(i) {
            let j = j as usize;
            let d = difference(p, brick.x[j]);
            let r2 = squared(d);
            let row = &rows[brick.kind[j] as usize];
            if r2 >= F::cutoff2(row) {
                continue;
            }
            let fr = form.force(row, r2, qi, charge::<F>(brick, j));
            let fj = &mut f[j];
            for k in 0..3 {
                fi[k] += d[k] * fr;
                fj[k] -= d[k] * fr;
            }
        }
        (0..3).for_each(|k| f[i][k] += fi[k]);
    }
}

fn tallied<F: PairForm>(form: &F, brick: &Brick, tally: Tally, out: &mut BrickForces) {
    for i in 0..brick.own {
        let rows = form.rows(brick.kind[i]);
        let (p, qi) = (brick.x[i], charge::<F>(brick, i));
        let mut fi = [0.0; 3];
        for &j in brick.half.of(i) {
            let j = j as usize;
            let d = difference(p, brick.x[j]);
            let r2 = squared(d);
            let row = &rows[brick.kind[j] as usize];
            if r2 >= F::cutoff2(row) {
                continue;
            }
            let qj = charge::<F>(brick, j);
            let fr = form.force(row, r2, qi, qj);
            for k in 0..3 {
                fi[k] += d[k] * fr;
                out.f[j][k] -= d[k] * fr;
            }
            let (vdwl, coul) = form.energy(row, r2, qi, qj);
            let energy = vdwl + coul;
            out.vdwl += vdwl;
            out.coul += coul;
            let v = [
                d[0] * d[0] * fr,
                d[1] * d[1] * fr,
                d[2] * d[2] * fr,
                d[0] * d[1] * fr,
                d[0] * d[2] * fr,
                d[1] * d[2] * fr,
            ];
            (0..6).for_each(|k| out.virial[k] += v[k]);
            if tally.atom_energy {
                out.atom_energy[i] += 0.5 * energy;
                out.atom_energy[j] += 0.5 * energy;
            }
            if tally.atom_virial {
                for k in 0..6 {
                    out.atom_virial[i][k] += 0.5 * v[k];
                    out.atom_virial[j][k] += 0.5 * v[k];
                }
            }
        }
        (0..3).for_each(|k| out.f[i][k] += fi[k]);
    }
}
