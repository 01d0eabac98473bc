//! Force evaluation: pair style on the bricks, sums into atoms and tallies.
//!
//! Invariant: every sum runs over bricks in their order and inside a brick in the order of its atoms, whatever
//! the number of threads.

use super::Engine;
use crate::domain::host::{Data, Host};
use crate::domain::state::Tallies;
use crate::domain::{LocalComm, State, Tally};
use crate::error::{Error, Result};
use crate::pair::{BrickForces, ForceContext};
use rayon::prelude::*;

/// Work arrays of the force evaluation.
#[derive(Debug, Default)]
pub struct Forces {
    /// One output per brick.
    out: Vec<BrickForces>,
    /// Whether the tallies belong to the positions of the present step of a run.
    pub in_step: bool,
    /// The step of the last evaluation in a run, until steps are numbered anew.
    pub tallied: Option<i64>,
    /// When tallies were asked for that nobody had announced.
    pub habit: Habit,
    /// Set while computes and fixes are asked for what the pair style depends on.
    asking: bool,
}

/// Learns at which steps of a run tallies are asked for without announcement (`fix print` with `$(pe)`, dumps of
/// per-atom stress), so that they are accumulated with the forces the next time instead of by a second
/// evaluation. Values do not depend on it.
#[derive(Debug, Default)]
pub struct Habit {
    tally: Tally,
    last: Option<i64>,
    period: i64,
}

impl Habit {
    /// Somebody asked at `step`.
    pub fn learn(&mut self, step: i64, tally: Tally) {
        if let Some(last) = self.last
            && step > last
        {
            self.period = gcd(self.period, step - last);
        }
        self.last = Some(step);
        self.tally = self.tally.or(tally);
    }

    /// What will probably be asked for at `step`.
    pub fn expected(&self, step: i64) -> Tally {
        match self.last {
            Some(last) if self.period > 0 && (step - last) % self.period == 0 => self.tally,
            _ => Tally::NONE,
        }
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl Forces {
    /// Whether the tallies of the present step hold what is asked for, of as many atoms as there are.
    pub fn covers(&self, tally: Tally, state: &State) -> bool {
        let n = state.atoms.len();
        let t = &state.tallies;
        self.tallied == Some(state.step)
            && t.has.covers(tally)
            && (!tally.atom_energy || t.atom_energy.len() == n)
            && (!tally.atom_virial || t.atom_virial.len() == n)
            && (!tally.centroid || t.centroid.len() == n)
    }
}

impl Engine {
    /// Evaluates forces, and what `tally` asks for, at the present positions (lists must be current).
    ///
    /// # Errors
    /// The pair style fails, or a force is not finite.
    pub(crate) fn compute_forces(&mut self, tally: Tally) -> Result<()> {
        self.give_inputs()?;
        self.evaluate(tally)?;
        let f = &mut self.state.atoms.f;
        f.clear();
        f.resize(self.state.atoms.id.len(), [0.0; 3]);
        let parts: Vec<&[[f64; 3]]> = self.forces.out.iter().map(|o| o.f.as_slice()).collect();
        self.bricks.reduce(&parts, f);
        self.add_bonded(tally, true)?;
        self.add_long_range_forces();
        self.forces.in_step = true;
        self.forces.tallied = Some(self.state.step);
        self.state.touch();
        self.check_finite()
    }

    /// Evaluates energies and virials at the present positions and leaves the forces as they are.
    pub(crate) fn compute_tallies(&mut self, tally: Tally) -> Result<()> {
        // Fixes' shares belong to the step, not to this evaluation.
        // A second evaluation in a step uses what the forces were computed with.
        if !self.forces.in_step {
            self.give_inputs()?;
        }
        let old = std::mem::take(&mut self.state.tallies);
        let tally = tally.or(old.has);
        self.evaluate(tally)?;
        self.add_bonded(tally, false)?;
        self.state.tallies.fix_energy = old.fix_energy;
        self.state.tallies.fix_virial = old.fix_virial;
        self.state.tallies.fix_atom_virial = old.fix_atom_virial;
        Ok(())
    }

    /// Hands the pair style the outputs of computes and fixes that it depends on.
    fn give_inputs(&mut self) -> Result<()> {
        let inputs = self.pair.as_ref().map_or(Vec::new(), |p| p.style.inputs());
        if inputs.is_empty() {
            return Ok(());
        }
        if std::mem::replace(&mut self.forces.asking, true) {
            return Err(Error::input(
                "the pair style depends on a compute or fix that needs the energies or forces of the pair style",
            )
            .help("use one of positions and velocities only, such as compute temp or compute ke/atom"));
        }
        let each = inputs.iter().map(|i| self.data(i.source, &i.id, i.part));
        let values: Result<Vec<Data>> = each.collect();
        self.forces.asking = false;
        let values = values?;
        match &mut self.pair {
            Some(slot) => slot.style.give(&values),
            None => Ok(()),
        }
    }

    fn evaluate(&mut self, tally: Tally) -> Result<()> {
        self.clear_output(tally);
        if let Some(slot) = self.pair.as_mut().filter(|_| self.pair_modify.compute) {
            let context = ForceContext {
                bricks: &self.bricks,
                comm: &LocalComm,
                state: &self.state,
                tally,
                special: self.state.special,
            };
            slot.style
                .compute(&context, &mut self.forces.out)
                .map_err(|e| {
                    e.note(format!(
                        "pair style {}, step {}",
                        slot.name, self.state.step
                    ))
                })?;
            for text in slot.style.warnings() {
                self.log.warn(&text);
            }
        }
        self.state.tallies = self.sum_tallies(tally);
        self.long_range(tally)
    }

    fn clear_output(&mut self, tally: Tally) {
        self.forces
            .out
            .resize_with(self.bricks.bricks.len(), BrickForces::default);
        self.forces
            .out
            .par_iter_mut()
            .zip(&self.bricks.bricks)
            .for_each(|(o, b)| {
                let n = b.len();
                o.f.clear();
                o.f.resize(n, [0.0; 3]);
                o.vdwl = 0.0;
                o.coul = 0.0;
                o.virial = [0.0; 6];
                o.atom_energy.clear();
                o.atom_virial.clear();
                if tally.atom_energy {
                    o.atom_energy.resize(n, 0.0);
                }
                if tally.atom_virial {
                    o.atom_virial.resize(n, [0.0; 6]);
                }
            });
    }

    fn sum_tallies(&self, tally: Tally) -> Tallies {
        let mut t = Tallies {
            has: tally,
            ..Tallies::default()
        };
        for o in &self.forces.out {
            t.vdwl += o.vdwl;
            t.coul += o.coul;
            for k in 0..6 {
                t.virial[k] += o.virial[k];
            }
        }
        if let Some(slot) = &self.pair {
            (t.tail, t.tail_virial) = slot.style.tail(&self.state);
            t.parts = slot.style.parts();
        }
        let n = self.state.atoms.len();
        if tally.atom_energy {
            t.atom_energy = vec![0.0; n];
            let parts: Vec<&[[f64; 1]]> = self
                .forces
                .out
                .iter()
                .map(|o| bytemuck::cast_slice(o.atom_energy.as_slice()))
                .collect();
            self.bricks.reduce(
                &parts,
                bytemuck::cast_slice_mut(t.atom_energy.as_mut_slice()),
            );
        }
        if tally.centroid {
            t.centroid = vec![[0.0; 9]; n];
        }
        if tally.atom_virial {
            t.atom_virial = vec![[0.0; 6]; n];
            let parts: Vec<&[[f64; 6]]> = self
                .forces
                .out
                .iter()
                .map(|o| o.atom_virial.as_slice())
                .collect();
            self.bricks.reduce(&parts, &mut t.atom_virial);
        }
        t
    }

    /// Sums what fixes add to energy and virial under `fix_modify energy|virial yes`.
    pub(crate) fn sum_fix_contributions(&mut self) {
        let mut energy = 0.0;
        let mut virial = [0.0; 6];
        let mut atoms: Vec<[f64; 6]> = Vec::new();
        for slot in self.fixes.values() {
            let Some(fix) = &slot.fix else { continue };
            if slot.energy {
                energy += fix.energy().unwrap_or(0.0);
            }
            if slot.virial
                && let Some(v) = fix.virial()
            {
                (0..6).for_each(|k| virial[k] += v[k]);
                let each = fix.atom_virial().unwrap_or_default();
                atoms.resize(atoms.len().max(each.len()), [0.0; 6]);
                for (sum, v) in atoms.iter_mut().zip(each) {
                    (0..6).for_each(|k| sum[k] += v[k]);
                }
            }
        }
        self.state.tallies.fix_energy = energy;
        self.state.tallies.fix_virial = virial;
        self.state.tallies.fix_atom_virial = atoms;
    }

    fn check_finite(&self) -> Result<()> {
        let f = &self.state.atoms.f;
        let bad = |v: &[f64; 3]| v.iter().any(|c| !c.is_finite());
        // Small systems are done before the threads have woken up.
        let found = if f.len() < 8192 {
            f.iter().any(bad)
        } else {
            f.par_iter().with_min_len(8192).any(bad)
        };
        if !found {
            return Ok(());
        }
        let ids: Vec<i64> = (0..f.len())
            .filter(|&i| bad(&f[i]))
            .map(|i| self.state.atoms.id[i])
            .collect();
        Err(self.blow_up("Non-finite forces", &ids))
    }

    /// The error of a simulation that has gone wrong: step, atoms, smallest distance, last restart file.
    pub(crate) fn blow_up(&self, what: &str, ids: &[i64]) -> Error {
        const SHOWN: usize = 8;
        let list: Vec<String> = ids.iter().take(SHOWN).map(i64::to_string).collect();
        let more = if ids.len() > SHOWN {
            format!(" and {} more", ids.len() - SHOWN)
        } else {
            String::new()
        };
        let mut e = Error::run(format!(
            "{what} at step {} on atom IDs {}{more}: the simulation has blown up and atoms are lost",
            self.state.step,
            list.join(" ")
        ))
        .help("look for overlapping atoms, a timestep in the wrong time unit, or a model used outside of its training data");
        if let Some(text) = self.overlap() {
            e = e.note(text);
        }
        e
    }

    /// The closest two atoms, for messages.
    pub(crate) fn overlap(&self) -> Option<String> {
        let (d, i, j) = self.closest_pair()?;
        Some(format!(
            "smallest distance {d:.6} between atoms {i} and {j}"
        ))
    }

    /// Smallest distance in the neighbour lists and the IDs of the two atoms.
    fn closest_pair(&self) -> Option<(f64, i64, i64)> {
        let mut best: Option<(f64, i64, i64)> = None;
        let id = |owner: u32| {
            self.state
                .atoms
                .id
                .get(owner as usize)
                .copied()
                .unwrap_or(0)
        };
        for b in &self.bricks.bricks {
            for list in [&b.half, &b.full] {
                if list.start.len() <= b.own {
                    continue;
                }
                for i in 0..b.own {
                    for &j in list.of(i) {
                        let (x, y) = (b.x[i], b.x[j as usize]);
                        let d = (0..3).map(|k| (x[k] - y[k]).powi(2)).sum::<f64>().sqrt();
                        if d.is_finite() && best.is_none_or(|o| d < o.0) {
                            best = Some((d, id(b.owner[i]), id(b.owner[j as usize])));
                        }
                    }
                }
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_habit_is_learnt_from_two_requests() {
        let mut h = Habit::default();
        h.learn(10, Tally::GLOBAL);
        assert_eq!(h.expected(20), Tally::NONE);
        h.learn(20, Tally::GLOBAL);
        assert_eq!(h.expected(30), Tally::GLOBAL);
        assert_eq!(h.expected(35), Tally::NONE);
        h.learn(35, Tally::GLOBAL);
        assert_eq!(h.expected(40), Tally::GLOBAL);
    }
}
