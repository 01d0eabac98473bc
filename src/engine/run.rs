//! The run loop: velocity Verlet with the hooks of fixes in LAMMPS' order.

use super::clock::Section;
use super::restart::LastGood;
use super::{Engine, signals};
use crate::domain::Tally;
use crate::domain::host::Host;
use crate::domain::state::RunSteps;
use crate::error::{Error, Result};
use crate::fix::{Control, Fix};

/// What a `run` command asks for.
#[derive(Debug, Clone, Copy)]
pub struct RunPlan {
    /// Number of steps.
    pub steps: i64,
    /// First step of ramps (`start`, or the first step of a series).
    pub begin: i64,
    /// Last step of ramps.
    pub end: i64,
    /// Initialise styles, lists and forces.
    pub pre: bool,
    /// Print the timing tables.
    pub post: bool,
}

impl Engine {
    /// Runs `plan.steps` steps.
    ///
    /// # Errors
    /// Something that the run needs is missing (input), the simulation fails (run), or it was stopped
    /// from outside with a restart file written (stopped).
    pub fn run(&mut self, plan: &RunPlan) -> Result<()> {
        if let Some(why) = &self.runs_skipped {
            let text = format!("Skipping run: {why}");
            self.log.warn(&text);
            return Ok(());
        }
        let first = self.state.step;
        self.state.run = RunSteps {
            first,
            last: first + plan.steps,
            begin: plan.begin,
            end: plan.end,
            running: false,
        };
        let result = self.run_started(plan);
        self.state.run.running = false;
        self.clock.stop();
        if result.is_ok()
            || result
                .as_ref()
                .is_err_and(|e| e.kind == crate::error::ErrorKind::Stopped)
        {
            self.mark_current();
        }
        self.log.flush();
        result
    }

    fn run_started(&mut self, plan: &RunPlan) -> Result<()> {
        self.ensure_box_styles()?;
        if plan.pre || !self.pair_ready || !(self.is_current() || self.lists_usable()) {
            self.initialise()?;
            self.check_thermo_steps()?;
            if self.dry {
                // Later commands of a script that is only checked see the step after the run.
                self.state.step += plan.steps;
                return Ok(());
            }
            self.setup()?;
        } else {
            self.state.run.running = true;
        }
        self.first_output(plan.pre)?;
        let steps = if self.skip_run { 0 } else { plan.steps };
        self.clock.start(self.state.step);
        let stop = self.steps(steps);
        let loop_time = self.clock.run_seconds();
        self.thermo_footer();
        let stop = stop?;
        self.each_fix(|fix, host| fix.post_run(host))?;
        self.state.run.running = false;
        self.report(loop_time, plan.post);
        self.act_on(&stop)
    }

    /// Everything that can be checked and prepared before forces are needed.
    pub(super) fn initialise(&mut self) -> Result<()> {
        self.check_before_run()?;
        self.prepare_pair()?;
        self.state.expected_atoms = self.state.atoms.len();
        let changes = self
            .fixes
            .values()
            .any(|s| s.fix.as_ref().is_some_and(|f| f.changes_cell()));
        let shrinks = self.state.cell.as_ref().is_some_and(|c| {
            use crate::domain::Boundary::{Shrink, ShrinkMinimum};
            let moving = |b| matches!(b, &Shrink | &ShrinkMinimum);
            c.boundary.iter().flatten().any(moving)
        });
        self.thermo.follow_cell(changes || shrinks);
        self.each_fix(|fix, host| fix.init(host))?;
        for i in 0..self.computes.len() {
            let id = self.computes.get_index(i).map(|(k, _)| k.clone());
            let Some(id) = id else { continue };
            self.with_compute(&id, |c, host| c.init(host))
                .map_err(|e| e.note(format!("compute {id}")))?;
        }
        self.init_dumps()
    }

    fn setup(&mut self) -> Result<()> {
        if !self.dry {
            signals::install()?;
        }
        let forces = self.restored.forces.take();
        let forces = forces.filter(|f| f.len() == self.state.atoms.len() && self.is_current());
        self.each_fix(|fix, host| fix.pre_exchange(host))?;
        self.setup_lists()?;
        self.lost_masks.clear();
        self.announce();
        self.forces.habit = super::forces::Habit::default();
        self.state.run.running = true;
        let tally = Tally::GLOBAL.or(self.tally_wanted(self.state.step));
        self.compute_forces(tally)?;
        self.each_fix(|fix, host| fix.setup(host))?;
        if let Some(f) = forces {
            self.state.atoms.f = f;
        }
        self.sum_fix_contributions();
        self.state.touch();
        Ok(())
    }

    /// Header, dumps and row of the first step.
    fn first_output(&mut self, memory: bool) -> Result<()> {
        self.check_thermo_steps()?;
        self.plan_restart()?;
        self.write_dumps()?;
        if memory {
            self.log.line(&super::report::memory_line());
        }
        self.thermo_header();
        self.thermo_row()?;
        self.next_row = self.next_thermo()?;
        self.log.flush();
        Ok(())
    }

    fn steps(&mut self, steps: i64) -> Result<Stop> {
        let mut bar = Progress::new(self.state.step, steps);
        let mut good = LastGood::default();
        for done in 0..steps {
            if self.time_limit.reached(done) && done > 0 {
                self.log.line("Wall time limit reached");
                return Ok(Stop::TimeLimit);
            }
            self.keep_good(&mut good);
            let control = match self.one_step() {
                Ok(c) => c,
                Err(e) => return Err(self.save_good(&good, e)),
            };
            bar.update(&self.state, self.clock.run_seconds());
            if let Some(signal) = signals::pending() {
                return Ok(Stop::Signal(signal));
            }
            match control {
                Control::Continue => {}
                Control::EndRun => return Ok(Stop::Fix),
                Control::EndRuns => return Ok(Stop::FixForGood),
            }
        }
        Ok(Stop::Done)
    }

    fn one_step(&mut self) -> Result<Control> {
        self.state.step += 1;
        self.clock.skip();
        // Barostats use the virial of the last step, whose positions are still there.
        self.each_fix(|fix, host| fix.initial_integrate(host))?;
        self.forces.in_step = false;
        self.each_fix(|fix, host| fix.post_integrate(host))?;
        self.state.touch();
        self.clock.book(Section::Modify);
        let outdated = self.lists_outdated();
        if outdated || self.restart_due() || self.fixes_force_rebuild() {
            self.each_fix(|fix, host| fix.pre_exchange(host))?;
            self.rebuild_lists().map_err(|e| self.with_overlap(e))?;
            self.clock.book(Section::Neigh);
        } else {
            self.bricks.refresh(&self.state);
            self.clock.book(Section::Comm);
        }
        self.compute_forces(self.tally_wanted(self.state.step))?;
        self.clock.book(Section::Pair);
        self.each_fix(|fix, host| fix.post_force(host))?;
        self.sum_fix_contributions();
        self.each_fix(|fix, host| fix.final_integrate(host))?;
        self.state.touch();
        let control = self.end_of_step()?;
        self.clock.book(Section::Modify);
        self.step_output()?;
        self.clock.book(Section::Output);
        Ok(control)
    }

    fn fixes_force_rebuild(&self) -> bool {
        let step = self.state.step;
        let mut fixes = self.fixes.values().filter_map(|s| s.fix.as_ref());
        fixes.any(|f| f.forces_rebuild(step))
    }

    fn end_of_step(&mut self) -> Result<Control> {
        let mut strongest = Control::Continue;
        self.each_fix(|fix, host| {
            match (fix.end_of_step(host)?, strongest) {
                (Control::Continue, _) | (_, Control::EndRuns) => {}
                (c, _) => strongest = c,
            }
            Ok(())
        })?;
        self.state.touch();
        Ok(strongest)
    }

    pub(super) fn step_output(&mut self) -> Result<()> {
        self.write_dumps()?;
        self.write_due_restart()?;
        if self.state.step == self.next_row {
            self.thermo_row()?;
            self.next_row = self.next_thermo()?;
        }
        if let Some(failure) = self.log.take_failure() {
            return Err(Error::run(failure));
        }
        Ok(())
    }

    /// What the force evaluation of step `step` should accumulate. What is not announced is evaluated when
    /// it is asked for, so this is about speed only.
    pub(super) fn tally_wanted(&self, step: i64) -> Tally {
        let mut tally = self.forces.habit.expected(step);
        if step == self.next_row {
            tally = tally.or(Tally::GLOBAL);
        }
        for slot in self.fixes.values() {
            if let Some(f) = &slot.fix {
                tally = tally.or(f.tally_at(step));
            }
        }
        tally
    }

    /// Calls a hook of every fix in order of definition; errors name the fix.
    pub(crate) fn each_fix(
        &mut self,
        mut hook: impl FnMut(&mut dyn Fix, &mut dyn Host) -> Result<()>,
    ) -> Result<()> {
        for i in 0..self.fixes.len() {
            let Some(mut fix) = self.fixes.get_index_mut(i).and_then(|(_, s)| s.fix.take()) else {
                continue;
            };
            let result = hook(&mut *fix, self);
            if let Some((_, slot)) = self.fixes.get_index_mut(i) {
                slot.fix = Some(fix);
                result.map_err(|e| e.note(format!("fix {} ({})", slot.id.id, slot.style)))?;
            }
        }
        Ok(())
    }

    pub(super) fn act_on(&mut self, stop: &Stop) -> Result<()> {
        match stop {
            Stop::Done | Stop::Fix => Ok(()),
            Stop::FixForGood => {
                self.runs_skipped = Some("a fix halt with error soft has ended the runs".into());
                Ok(())
            }
            Stop::TimeLimit => self.stop_with_restart("the time limit was reached"),
            Stop::Signal(name) => self.stop_with_restart(&format!("{name} was received")),
        }
    }

    fn stop_with_restart(&mut self, why: &str) -> Result<()> {
        let file = self.write_emergency_restart()?;
        self.log.flush();
        Err(Error::stopped(format!(
            "Stopped at step {} because {why}; restart file: {file}",
            self.state.step
        )))
    }

    /// Adds the closest atoms to an error of the list build.
    fn with_overlap(&self, e: Error) -> Error {
        match self.overlap() {
            Some(text) => e.note(format!("one step before: {text}")),
            None => e,
        }
    }
}

impl Engine {
    /// Sets the number of the present step, and the simulation time if one is given.
    pub fn reset_timestep(&mut self, step: i64, time: Option<f64>) {
        let by = step - self.state.step;
        self.state.step = step;
        if let Some(time) = time {
            self.state.time = time;
            self.state.time_step = step;
        }
        self.shift_lists(by);
        for slot in self.fixes.values_mut() {
            if let Some(f) = &mut slot.fix {
                f.reset_timestep(step);
            }
        }
        for slot in self.dumps.values_mut() {
            slot.last = None;
        }
        self.restored.step = None;
        self.state.touch();
    }
}

/// Why the loop ended.
pub(super) enum Stop {
    Done,
    Fix,
    FixForGood,
    TimeLimit,
    Signal(&'static str),
}

/// The stop that a signal asks for.
pub(super) fn pending_signal() -> Option<Stop> {
    signals::pending().map(Stop::Signal)
}

/// Progress bar on the terminal; nothing if standard error is none.
struct Progress {
    bar: Option<indicatif::ProgressBar>,
    first: i64,
    shown: std::time::Instant,
}

impl Progress {
    fn new(first: i64, steps: i64) -> Self {
        use std::io::IsTerminal;
        let wanted = steps > 0 && std::io::stderr().is_terminal();
        let bar = wanted.then(|| {
            let bar = indicatif::ProgressBar::new(steps as u64);
            if let Ok(style) = indicatif::ProgressStyle::with_template(
                "{bar:30} {pos}/{len} steps  {msg}  {eta} left",
            ) {
                bar.set_style(style);
            }
            bar
        });
        Self {
            bar,
            first,
            shown: std::time::Instant::now(),
        }
    }

    fn update(&mut self, state: &crate::domain::State, seconds: f64) {
        let Some(bar) = &self.bar else { return };
        if self.shown.elapsed().as_millis() < 200 {
            return;
        }
        self.shown = std::time::Instant::now();
        let done = state.step - self.first;
        bar.set_position(done.max(0) as u64);
        let rate = done as f64 / seconds.max(1e-9);
        bar.set_message(super::report::pace(state, rate));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
