//! From the output of bricks to the state: forces of ghosts go to their owners, energies are summed.

use super::BrickForces;
use crate::domain::{Brick, Bricks, State, Tally};
use rayon::prelude::*;

impl BrickForces {
    /// Zeroes everything and gives the arrays the length that `brick` and `tally` ask for.
    pub fn reset(&mut self, brick: &Brick, tally: Tally) {
        let n = brick.len();
        self.f.clear();
        self.f.resize(n, [0.0; 3]);
        self.atom_energy.clear();
        if tally.atom_energy {
            self.atom_energy.resize(n, 0.0);
        }
        self.atom_virial.clear();
        if tally.atom_virial {
            self.atom_virial.resize(n, [0.0; 6]);
        }
        self.vdwl = 0.0;
        self.coul = 0.0;
        self.virial = [0.0; 6];
    }

    /// Multiplies energies, forces and virials.
    pub fn scale(&mut self, factor: f64) {
        let tensor = |v: &mut [f64; 6]| v.iter_mut().for_each(|v| *v *= factor);
        self.f.iter_mut().flatten().for_each(|f| *f *= factor);
        self.vdwl *= factor;
        self.coul *= factor;
        tensor(&mut self.virial);
        self.atom_energy.iter_mut().for_each(|e| *e *= factor);
        self.atom_virial.iter_mut().for_each(tensor);
    }

    /// Adds the output of another evaluation of the same brick; per-atom values that only one of them
    /// has are left as they are.
    pub fn add(&mut self, other: &BrickForces) {
        self.add_sums(other);
        self.add_atoms(other, 0..other.f.len());
    }

    /// The same for an evaluation of a part of the brick, whose local atom k is atom `kept[k]` here.
    pub fn add_at(&mut self, other: &BrickForces, kept: &[u32]) {
        self.add_sums(other);
        self.add_atoms(other, kept.iter().map(|&i| i as usize));
    }

    fn add_sums(&mut self, other: &BrickForces) {
        self.vdwl += other.vdwl;
        self.coul += other.coul;
        (0..6).for_each(|k| self.virial[k] += other.virial[k]);
    }

    fn add_atoms(&mut self, other: &BrickForces, place: impl Iterator<Item = usize> + Clone) {
        for (i, g) in place.clone().zip(&other.f) {
            (0..3).for_each(|k| self.f[i][k] += g[k]);
        }
        if !self.atom_energy.is_empty() {
            let energies = place.clone().zip(&other.atom_energy);
            energies.for_each(|(i, e)| self.atom_energy[i] += e);
        }
        if !self.atom_virial.is_empty() {
            for (i, v) in place.zip(&other.atom_virial) {
                (0..6).for_each(|k| self.atom_virial[i][k] += v[k]);
            }
        }
    }
}

/// Makes `out` ready for a force evaluation: one zeroed entry per brick.
pub fn prepare(bricks: &Bricks, tally: Tally, out: &mut Vec<BrickForces>) {
    out.resize_with(bricks.bricks.len(), BrickForces::default);
    out.par_iter_mut()
        .zip(&bricks.bricks)
        .for_each(|(o, b)| o.reset(b, tally));
}

/// Adds what the bricks computed to the state: forces to `atoms.f`, energies and virial to `tallies`
/// (`vdwl`, `coul`, `virial`, and `atom_energy`, `atom_virial` where `tally` asks for them, which must
/// have the length of `Atoms`). The order of all sums is fixed. Sets neither `tallies.has` nor the tails.
pub fn collect(bricks: &Bricks, out: &[BrickForces], tally: Tally, state: &mut State) {
    let parts: Vec<&[[f64; 3]]> = out.iter().map(|o| o.f.as_slice()).collect();
    bricks.reduce(&parts, &mut state.atoms.f);
    let tallies = &mut state.tallies;
    for o in out {
        tallies.vdwl += o.vdwl;
        tallies.coul += o.coul;
        (0..6).for_each(|k| tallies.virial[k] += o.virial[k]);
    }
    if tally.atom_energy {
        let parts: Vec<&[[f64; 1]]> = out
            .iter()
            .map(|o| bytemuck::cast_slice(&o.atom_energy))
            .collect();
        bricks.reduce(&parts, bytemuck::cast_slice_mut(&mut tallies.atom_energy));
    }
    if tally.atom_virial {
        let parts: Vec<&[[f64; 6]]> = out.iter().map(|o| o.atom_virial.as_slice()).collect();
        bricks.reduce(&parts, &mut tallies.atom_virial);
    }
}
