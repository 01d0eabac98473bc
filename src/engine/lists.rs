//! When bricks and neighbour lists are built, refreshed, and continued from a restart file.
//!
//! Invariant: lists follow from the held positions and cell alone, so that a continued run, which builds from
//! what the restart file held, goes on with the very same order of every sum.

use super::Engine;
use super::thermo::Lost;
use crate::domain::build::{build, build_from};
use crate::domain::host::Part;
use crate::domain::neighbor::NeighborState;
use crate::domain::order;
use crate::domain::wrap::{wrap_and_drop, wrap_atoms};
use crate::domain::{Cell, Needs};
use crate::error::{Error, Result};

/// Neighbour lists as the engine keeps them.
#[derive(Debug, Default)]
pub struct Lists {
    /// What the last build started from.
    pub held: NeighborState,
    /// Builds in this run, without the one in the setup.
    pub builds: i64,
    /// Builds in this run that may have come too late.
    pub dangerous: i64,
    /// Reach (force cutoff and skin) of the lists of the last build.
    reach: f64,
    /// What the state looked like when the lists were last in step with it.
    current: Option<Snapshot>,
    /// Whether the lists still have to be built from what a restart file held.
    resume: bool,
}

/// What the lists depend on, to see whether commands between runs have changed it.
#[derive(Debug, PartialEq)]
struct Snapshot {
    x: Vec<[f64; 3]>,
    kind: Vec<u32>,
    q: Vec<f64>,
    cell: Option<Cell>,
}

impl Lists {
    /// Takes over what a restart file held; the next run builds the same lists again if it can.
    pub fn resume(&mut self, held: NeighborState, reach: f64) {
        *self = Self {
            held,
            reach,
            resume: true,
            ..Self::default()
        };
    }

    /// Cutoff and skin of the last build, for the restart file.
    pub fn reach(&self) -> f64 {
        self.reach
    }
}

impl Engine {
    fn snapshot(&self) -> Snapshot {
        Snapshot {
            x: self.state.atoms.x.clone(),
            kind: self.state.atoms.kind.clone(),
            q: self.state.atoms.q.clone(),
            cell: self.state.cell.clone(),
        }
    }

    /// Largest force cutoff; 0 without a pair style.
    pub(crate) fn cutoff(&self) -> f64 {
        self.pair.as_ref().map_or(0.0, |p| p.style.cutoff())
    }

    fn needs(&self) -> Needs {
        self.pair
            .as_ref()
            .map_or_else(Needs::default, |p| p.style.needs())
    }

    fn wanted_reach(&self) -> f64 {
        self.cutoff() + self.neighbor.skin(&self.state)
    }

    /// Remembers that lists and tallies belong to the present state, at the end of a run.
    pub(crate) fn mark_current(&mut self) {
        self.lists.current = Some(self.snapshot());
    }

    /// Bonds, angles or the weights of bonded pairs have changed.
    pub fn topology_changed(&mut self) {
        self.outdate();
    }

    /// Forgets it: settings that the lists or forces depend on have changed.
    pub(crate) fn outdate(&mut self) {
        self.lists.current = None;
    }

    /// Whether lists and tallies still belong to the present state, between runs.
    pub(crate) fn is_current(&self) -> bool {
        let s = &self.state;
        self.lists.current.as_ref().is_some_and(|c| {
            c.x == s.atoms.x && c.kind == s.atoms.kind && c.q == s.atoms.q && c.cell == s.cell
        })
    }

    /// Whether a run may go on with the lists, although commands may have moved atoms (`run N pre no`).
    pub(crate) fn lists_usable(&self) -> bool {
        let s = &self.state;
        !self.lists.resume
            && self.lists.current.as_ref().is_some_and(|c| {
                c.x.len() == s.atoms.len()
                    && c.kind == s.atoms.kind
                    && c.q == s.atoms.q
                    && c.cell == s.cell
            })
    }

    /// Keeps what a restart file just gave as the state that its lists belong to.
    pub(crate) fn resume_lists(&mut self, held: NeighborState, reach: f64) {
        self.lists.resume(held, reach);
        self.mark_current();
    }

    /// Builds the lists at the start of a run: from scratch, or as they were when the restart file was
    /// written if nothing that they depend on has changed.
    ///
    /// # Errors
    /// Atoms are lost, or the lists cannot be built.
    pub(crate) fn setup_lists(&mut self) -> Result<()> {
        let resumed = self.lists.resume;
        self.lists_between_runs()?;
        // A continued run goes on with the order that the restart file holds.
        if !(resumed && self.lists.resume) {
            self.sort_atoms();
        }
        self.lists.resume = false;
        self.lists.builds = 0;
        self.lists.dangerous = 0;
        self.lists.held.dangerous = 0;
        Ok(())
    }

    /// The same without starting a run, for values that are asked for between runs.
    ///
    /// # Errors
    /// Atoms are lost, or the lists cannot be built.
    pub(crate) fn lists_between_runs(&mut self) -> Result<()> {
        if self.lists.resume && self.lists.reach == self.wanted_reach() && self.is_current() {
            return self.resume_build();
        }
        self.lists.resume = false;
        self.wrap()?;
        self.build_lists()
    }

    fn resume_build(&mut self) -> Result<()> {
        let held = &self.lists.held;
        let cell = held
            .cell_hold
            .as_ref()
            .ok_or_else(|| Error::input("the restart data hold no cell of the neighbor lists"))?;
        self.bricks = build_from(
            &held.x_hold,
            cell,
            &self.state,
            self.cutoff(),
            self.neighbor.skin(&self.state),
            &self.neighbor,
            self.needs(),
        )?;
        self.bricks.refresh(&self.state);
        self.resolve_topology()?;
        self.check_special()
    }

    /// Refuses pair styles that would count bonded pairs in full.
    fn check_special(&self) -> Result<()> {
        let Some(pair) = &self.pair else {
            return Ok(());
        };
        if pair.style.weights_special() || self.bricks.bricks.iter().all(|b| b.special.is_empty()) {
            return Ok(());
        }
        Err(Error::input(format!(
            "pair style {} cannot weight the interactions of bonded atoms",
            pair.name
        ))
        .help("use weights of 0 or 1 in special_bonds, or a pairwise style such as lj/cut"))
    }

    /// Wraps atoms and builds the lists.
    pub(crate) fn rebuild_lists(&mut self) -> Result<()> {
        self.wrap()?;
        if self.state.step >= self.state.sorting.next {
            self.sort_atoms();
        }
        self.build_lists()?;
        self.lists.builds += 1;
        self.lists.dangerous = self.lists.held.dangerous as i64;
        Ok(())
    }

    /// Sorts the order that random streams follow.
    fn sort_atoms(&mut self) {
        let reach = if self.cutoff() > 0.0 {
            self.wanted_reach()
        } else {
            0.0
        };
        order::sort(&mut self.state, reach);
    }

    fn build_lists(&mut self) -> Result<()> {
        self.bricks = build(
            &self.state,
            self.cutoff(),
            self.neighbor.skin(&self.state),
            &self.neighbor,
            self.needs(),
        )?;
        self.check_special()?;
        self.resolve_topology()?;
        self.lists.held.hold(&self.state);
        self.lists.reach = self.wanted_reach();
        Ok(())
    }

    /// Whether the lists must be rebuilt at this step.
    pub(crate) fn lists_outdated(&mut self) -> bool {
        self.lists.held.needs_rebuild(&self.state, &self.neighbor)
    }

    fn wrap(&mut self) -> Result<()> {
        if self.thermo.lost == Lost::Error {
            return wrap_atoms(&mut self.state);
        }
        let before = self.state.atoms.id.clone();
        let masks = self.state.atoms.mask.clone();
        let lost = wrap_and_drop(&mut self.state);
        if !lost.is_empty() {
            let keep: Vec<bool> = before.iter().map(|id| !lost.contains(id)).collect();
            self.retain_style_data(&keep);
            let gone = keep.iter().zip(masks).filter(|k| !k.0);
            self.lost_masks.extend(gone.map(|k| k.1));
            if self.thermo.lost == Lost::Warn {
                self.log.warn(&format!(
                    "Lost atoms: original {} current {} at step {}",
                    self.state.expected_atoms,
                    self.state.atoms.len(),
                    self.state.step
                ));
            }
        }
        Ok(())
    }

    /// Tells fixes and computes that atoms were removed; `keep` has the length before the removal.
    pub fn retain_style_data(&mut self, keep: &[bool]) {
        for slot in self.fixes.values_mut() {
            if let Some(f) = &mut slot.fix {
                f.retain(keep);
            }
        }
        for slot in self.computes.values_mut() {
            slot.cached.retain(|c| c.part != Part::PerAtom);
            if let Some(c) = &mut slot.compute {
                c.retain(keep);
            }
        }
        self.outdate();
    }

    /// Shifts the step of the last build when the step number is reset; the energies belong to no step then.
    pub(crate) fn shift_lists(&mut self, by: i64) {
        self.forces.tallied = None;
        self.lists.held.last_build += by;
    }
}
