//! The loop over half lists that all pairwise styles share; a style brings only its formula.

use super::{BrickForces, ForceContext};
use crate::domain::topology::SpecialBonds;
use crate::domain::{Brick, Tally};
use rayon::prelude::*;

/// What a formula says of one pair.
#[derive(Debug, Clone, Copy, Default)]
pub struct PairValues {
    /// Force over distance F/r, positive for repulsion.
    pub force: f64,
    /// van der Waals energy.
    pub vdwl: f64,
    /// Coulomb energy.
    pub coul: f64,
}

/// The formula of a pairwise style for one pair of atoms.
pub trait PairForm: Sync {
    /// Coefficients of one pair of types.
    type Row: Copy + Send + Sync;

    /// Coefficients of type `i` with all types, indexed by type (index 0 is unused).
    fn rows(&self, i: u32) -> &[Self::Row];

    /// Squared cutoff; negative for pairs that do not interact.
    fn cutoff2(row: &Self::Row) -> f64;

    /// Force and energies at squared distance `r2`. `special` are the factors of `special_bonds` for the van
    /// der Waals and the Coulomb part. Inlined, so that energies that nobody uses cost nothing.
    fn pair(&self, row: &Self::Row, r2: f64, qi: f64, qj: f64, special: [f64; 2]) -> PairValues;

    /// Whether the formula uses charges.
    const CHARGES: bool;

    /// Energy of an atom of charge `q` with itself; part of the Coulomb energy.
    fn self_energy(&self, _q: f64) -> f64 {
        0.0
    }
}

/// Factors of a pair that no bond connects.
pub const WHOLE: [f64; 2] = [1.0, 1.0];

/// Adds energies, forces and virials of all pairs to `out`, those of bonded atoms with their weights.
pub fn accumulate<F: PairForm>(form: &F, context: &ForceContext<'_>, out: &mut [BrickForces]) {
    let tally = context.tally;
    let weights = context.special;
    let bricks = &context.bricks.bricks;
    bricks
        .par_iter()
        .zip(out.par_iter_mut())
        .for_each(|(brick, out)| {
            if tally == Tally::NONE {
                forces(form, brick, &mut out.f);
            } else {
                tallied(form, brick, tally, out);
                own_energies(form, brick, tally, out);
            }
            special(form, brick, &weights, tally, out);
        });
}

/// Adds the pairs of bonded atoms, which are in no list, with the weights of `special_bonds`.
pub fn special<F: PairForm>(
    form: &F,
    brick: &Brick,
    weights: &SpecialBonds,
    tally: Tally,
    out: &mut BrickForces,
) {
    for p in &brick.special {
        let (i, j, kind) = (p.i as usize, p.j as usize, usize::from(p.kind.min(3)));
        let d = difference(brick.x[i], brick.x[j]);
        let r2 = squared(d);
        let row = &form.rows(brick.kind[i])[brick.kind[j] as usize];
        if r2 >= F::cutoff2(row) {
            continue;
        }
        let (qi, qj) = (charge::<F>(brick, i), charge::<F>(brick, j));
        let v = form.pair(row, r2, qi, qj, [weights.lj[kind], weights.coul[kind]]);
        for k in 0..3 {
            out.f[i][k] += d[k] * v.force;
            out.f[j][k] -= d[k] * v.force;
        }
        if tally != Tally::NONE {
            out.vdwl += v.vdwl;
            out.coul += v.coul;
            out.add_pair(tally, i, j, v.vdwl + v.coul, d, v.force);
        }
    }
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
            let fr = form.pair(row, r2, qi, charge::<F>(brick, j), WHOLE).force;
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
            let v = form.pair(row, r2, qi, charge::<F>(brick, j), WHOLE);
            for k in 0..3 {
                fi[k] += d[k] * v.force;
                out.f[j][k] -= d[k] * v.force;
            }
            out.vdwl += v.vdwl;
            out.coul += v.coul;
            out.add_pair(tally, i, j, v.vdwl + v.coul, d, v.force);
        }
        (0..3).for_each(|k| out.f[i][k] += fi[k]);
    }
}

fn own_energies<F: PairForm>(form: &F, brick: &Brick, tally: Tally, out: &mut BrickForces) {
    if !F::CHARGES {
        return;
    }
    for i in 0..brick.own {
        let energy = form.self_energy(brick.q[i]);
        out.coul += energy;
        if tally.atom_energy {
            out.atom_energy[i] += energy;
        }
    }
}

impl BrickForces {
    /// Adds the virial of a force `fr` times `d` = x_i - x_j on atom `i`, and what `tally` asks for of the two
    /// atoms' shares. The energy's total is the caller's to add.
    #[inline]
    pub fn add_pair(
        &mut self,
        tally: Tally,
        i: usize,
        j: usize,
        energy: f64,
        d: [f64; 3],
        fr: f64,
    ) {
        let v = [
            d[0] * d[0] * fr,
            d[1] * d[1] * fr,
            d[2] * d[2] * fr,
            d[0] * d[1] * fr,
            d[0] * d[2] * fr,
            d[1] * d[2] * fr,
        ];
        (0..6).for_each(|k| self.virial[k] += v[k]);
        if tally.atom_energy {
            self.atom_energy[i] += 0.5 * energy;
            self.atom_energy[j] += 0.5 * energy;
        }
        if tally.atom_virial {
            for k in 0..6 {
                self.atom_virial[i][k] += 0.5 * v[k];
                self.atom_virial[j][k] += 0.5 * v[k];
            }
        }
    }
}
