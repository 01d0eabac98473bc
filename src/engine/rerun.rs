//! Evaluation of snapshots that were read from files, for `rerun`.

use super::Engine;
use super::run::pending_signal;
use crate::domain::Tally;
use crate::domain::state::RunSteps;
use crate::error::Result;

impl Engine {
    /// Prepares a series of snapshots whose ramps go from step `begin` to `end`.
    ///
    /// # Errors
    /// Something that a run needs is missing.
    pub fn start_rerun(&mut self, begin: i64, end: i64) -> Result<()> {
        self.ensure_box_styles()?;
        self.state.run = RunSteps {
            first: begin,
            // Rows are due by their step alone.
            last: i64::MAX,
            begin,
            end,
            running: false,
        };
        // Nobody integrates in a rerun: no warning about it.
        self.minimising = true;
        let result = self.check_before_run();
        self.minimising = false;
        result
    }

    /// Evaluates the present positions as step `step`: forces, fixes at the end of a step, output. Returns whether
    /// a row was written.
    ///
    /// # Errors
    /// The evaluation or output fails, or a signal was received.
    pub fn rerun_snapshot(&mut self, step: i64, first: bool) -> Result<bool> {
        self.state.step = step;
        self.state.time_step = step;
        self.state.touch();
        self.state.run.running = false;
        self.minimising = true;
        let ready = self.initialise();
        self.minimising = false;
        ready?;
        if self.dry {
            return Ok(false);
        }
        self.outdate();
        self.each_fix(|fix, host| fix.pre_exchange(host))?;
        self.setup_lists()?;
        self.announce_once(first);
        self.state.run.running = true;
        self.compute_forces(Tally::GLOBAL.or(self.tally_wanted(step)))?;
        self.each_fix(|fix, host| fix.setup(host))?;
        self.sum_fix_contributions();
        self.state.touch();
        self.each_fix(|fix, host| fix.end_of_step(host).map(|_| ()))?;
        self.state.touch();
        self.write_dumps()?;
        if first {
            self.log.line(&super::report::memory_line());
            self.thermo_header();
            self.clock.start(step);
        }
        let row = first || self.row_due(step)?;
        if row {
            self.thermo_row()?;
        }
        match pending_signal() {
            Some(stop) => self.act_on(&stop).map(|()| row),
            None => Ok(row),
        }
    }

    fn announce_once(&mut self, first: bool) {
        if first {
            self.announce();
            self.forces.habit = super::forces::Habit::default();
        }
    }

    /// Whether a thermo row belongs to a snapshot.
    fn row_due(&mut self, step: i64) -> Result<bool> {
        // The next row after the step before is this step.
        self.state.step = step - 1;
        let next = self.next_thermo();
        self.state.step = step;
        Ok(next? == step)
    }

    /// The end of a series of `count` snapshots; `shown`: the last one has its row, `post`: the tables are written.
    ///
    /// # Errors
    /// Output fails.
    pub fn finish_rerun(&mut self, count: i64, shown: bool, post: bool) -> Result<()> {
        if count > 0 && !shown {
            self.thermo_row()?;
        }
        let seconds = self.clock.run_seconds();
        self.thermo_footer();
        self.each_fix(|fix, host| fix.post_run(host))?;
        self.state.run.running = false;
        self.state.run.last = self.state.step;
        self.state.run.first = self.state.step - count;
        self.report(seconds, post);
        self.clock.stop();
        self.mark_current();
        self.log.flush();
        Ok(())
    }
}
