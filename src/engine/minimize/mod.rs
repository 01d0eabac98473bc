//! Minimisation: what all minimisers share. The line searches are in `line`, the minimisers along lines in
//! `directions`, damped dynamics in `dynamics`.
//!
//! Energies are as thermo shows them: per atom under `thermo_modify norm yes`, and line searches use them so.

mod directions;
mod dynamics;
mod line;
mod settings;

pub use settings::{Fire, Integrator, Line, MinSettings, MinStyle, Norm};

use super::Engine;
use super::clock::Section;
use super::run::{Stop, pending_signal};
use crate::domain::Tally;
use crate::domain::host::Host;
use crate::domain::state::RunSteps;
use crate::error::{Error, Result};
use crate::fix::{Control, MinDofs};
use std::fmt::Write;

/// What a `minimize` command asks for.
#[derive(Debug, Clone, Copy)]
pub struct MinPlan {
    /// Stop when the relative change of the energy is below this.
    pub energy_tolerance: f64,
    /// Stop when the force is below this, force units.
    pub force_tolerance: f64,
    /// Most iterations.
    pub iterations: i64,
    /// Most force evaluations.
    pub evaluations: i64,
}

/// Why a minimisation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criterion {
    /// Number of iterations.
    Iterations,
    /// Number of force evaluations.
    Evaluations,
    /// Energy tolerance.
    Energy,
    /// Force tolerance.
    Force,
    /// The search direction does not go downhill.
    Downhill,
    /// The step of the line search became zero.
    ZeroStep,
    /// Forces are zero.
    ZeroForce,
    /// Factors of the quadratic line search are zero.
    ZeroQuadratic,
    /// Wall time or a signal.
    Stopped,
    /// Too many steps against the force.
    Negative,
}

impl Criterion {
    /// LAMMPS' text.
    pub fn text(self) -> &'static str {
        match self {
            Self::Iterations => "max iterations",
            Self::Evaluations => "max force evaluations",
            Self::Energy => "energy tolerance",
            Self::Force => "force tolerance",
            Self::Downhill => "search direction is not downhill",
            Self::ZeroStep => "linesearch alpha is zero",
            Self::ZeroForce => "forces are zero",
            Self::ZeroQuadratic => "quadratic factors are zero",
            Self::Stopped => "walltime limit reached",
            Self::Negative => "max iterations with v.f negative",
        }
    }
}

/// Smallest energy that relative changes refer to.
const LEAST_ENERGY: f64 = 1.0e-8;

/// The state of a minimisation.
struct Search {
    plan: MinPlan,
    settings: MinSettings,
    energy: f64,
    previous: f64,
    evaluations: i64,
    iterations: i64,
    alpha: f64,
    /// Forces on the degrees of freedom of fixes.
    extra: Vec<f64>,
    /// Fix that has them.
    owner: Option<usize>,
    /// Step of the last thermo row.
    shown: i64,
    stop: Option<Stop>,
}

impl Search {
    /// Whether the energy has stopped to change.
    fn energy_converged(&self) -> bool {
        let scale = 0.5 * (self.energy.abs() + self.previous.abs() + LEAST_ENERGY);
        (self.energy - self.previous).abs() < self.plan.energy_tolerance * scale
    }
}

/// Sum of products of all components, in the order of the atoms.
fn dot(a: &[[f64; 3]], b: &[[f64; 3]]) -> f64 {
    a.iter()
        .flatten()
        .zip(b.iter().flatten())
        .map(|(x, y)| x * y)
        .sum()
}

impl Engine {
    /// Minimises the energy.
    ///
    /// # Errors
    /// Something is missing (input), or the simulation fails (run).
    pub fn minimize(&mut self, plan: &MinPlan) -> Result<()> {
        if let Some(why) = &self.runs_skipped {
            let text = format!("Skipping minimize: {why}");
            self.log.warn(&text);
            return Ok(());
        }
        let first = self.state.step;
        self.state.run = RunSteps {
            first,
            last: first + plan.iterations,
            begin: first,
            end: first + plan.iterations,
            running: false,
        };
        let neighbor = self.neighbor.clone();
        if (neighbor.every, neighbor.delay, neighbor.check) != (1, 0, true) {
            self.log
                .warn("Using 'neigh_modify every 1 delay 0 check yes' setting during minimization");
        }
        (
            self.neighbor.every,
            self.neighbor.delay,
            self.neighbor.check,
        ) = (1, 0, true);
        self.minimising = true;
        let result = self.minimize_started(plan);
        self.minimising = false;
        self.neighbor = neighbor;
        self.state.run.running = false;
        self.clock.stop();
        if result.is_ok() {
            self.mark_current();
        }
        self.log.flush();
        result
    }

    fn minimize_started(&mut self, plan: &MinPlan) -> Result<()> {
        self.ensure_box_styles()?;
        self.initialise()?;
        self.check_thermo_steps()?;
        if self.dry {
            return Ok(());
        }
        let mut search = Search {
            plan: *plan,
            settings: self.min_settings.clone(),
            energy: 0.0,
            previous: 0.0,
            evaluations: 0,
            iterations: 0,
            alpha: 0.0,
            extra: Vec::new(),
            owner: None,
            shown: self.state.step,
            stop: None,
        };
        if matches!(search.settings.style, MinStyle::Fire | MinStyle::Quickmin) {
            self.stop_velocities();
        }
        self.setup_minimum(&mut search)?;
        self.plan_restart()?;
        self.write_dumps()?;
        if search.settings.style == MinStyle::Fire {
            let text = search.settings.fire.describe(search.settings.dmax);
            self.log.line(&text);
        }
        self.log.line(&super::report::memory_line());
        self.thermo_header();
        self.thermo_row()?;
        self.next_row = self.next_thermo()?;
        self.log.flush();
        let initial = self.force_norms(&search);
        let first_energy = search.energy;
        self.clock.start(self.state.step);
        let criterion = if self.skip_run || plan.iterations == 0 {
            Criterion::Iterations
        } else {
            match search.settings.style {
                MinStyle::Cg => self.conjugate_gradient(&mut search)?,
                MinStyle::Sd => self.steepest_descent(&mut search)?,
                MinStyle::Quickmin => self.quickmin(&mut search)?,
                MinStyle::Fire => self.fire(&mut search)?,
            }
        };
        self.finish_minimum(&mut search)?;
        let seconds = self.clock.run_seconds();
        self.thermo_footer();
        self.each_fix(|fix, host| fix.post_run(host))?;
        self.state.run.running = false;
        let last = self.force_norms(&search);
        let text = statistics(criterion, first_energy, &search, initial, last);
        self.report_minimum(seconds, &text);
        match search.stop.take() {
            Some(stop) => self.act_on(&stop),
            None => Ok(()),
        }
    }

    fn setup_minimum(&mut self, search: &mut Search) -> Result<()> {
        super::signals::install()?;
        self.each_fix(|fix, host| fix.pre_exchange(host))?;
        self.setup_lists()?;
        self.lost_masks.clear();
        self.announce();
        self.forces.habit = super::forces::Habit::default();
        self.state.run.running = true;
        for (i, slot) in self.fixes.values_mut().enumerate() {
            if slot.fix.as_mut().is_some_and(|f| f.min_dofs().is_some()) {
                if search.owner.is_some() {
                    return Err(Error::input(
                        "There is more than one fix box/relax: only one can be used",
                    ));
                }
                search.owner = Some(i);
            }
        }
        if search.owner.is_some() && !search.settings.style.searches_lines() {
            return Err(Error::input(format!(
                "Cannot use a damped dynamics min style with fix box/relax: min_style is {}",
                search.settings.style.name()
            ))
            .help("use min_style cg or sd"));
        }
        self.compute_forces(Tally::GLOBAL)?;
        search.energy = self.complete_forces(search)?;
        search.previous = search.energy;
        Ok(())
    }

    /// What comes after the pair style's forces: fixes, the energy, the extra degrees of freedom.
    fn complete_forces(&mut self, search: &mut Search) -> Result<f64> {
        self.each_fix(|fix, host| fix.min_post_force(host))?;
        self.sum_fix_contributions();
        self.state.touch();
        let mut energy = self.compute_scalar("thermo_pe")?;
        if let Some((e, f)) = self.with_dofs(search, |dofs, host| dofs.energy(host))? {
            energy += e;
            search.extra = f;
        }
        let n = self.state.atoms.len() as f64;
        Ok(if self.thermo.per_atom(self) && n > 0.0 {
            energy / n
        } else {
            energy
        })
    }

    /// Calls the fix that has extra degrees of freedom.
    fn with_dofs<R>(
        &mut self,
        search: &Search,
        call: impl FnOnce(&mut dyn MinDofs, &mut dyn Host) -> Result<R>,
    ) -> Result<Option<R>> {
        let Some(i) = search.owner else {
            return Ok(None);
        };
        let Some(mut fix) = self.fixes.get_index_mut(i).and_then(|(_, s)| s.fix.take()) else {
            return Ok(None);
        };
        let result = fix.min_dofs().map(|dofs| call(dofs, self)).transpose();
        if let Some((_, slot)) = self.fixes.get_index_mut(i) {
            slot.fix = Some(fix);
        }
        result
    }

    /// Energy and forces at the present positions.
    fn energy_and_forces(&mut self, search: &mut Search) -> Result<f64> {
        let atoms = self.state.atoms.len();
        self.state.touch();
        self.forces.in_step = false;
        if self.lists_outdated() || self.restart_due() {
            self.each_fix(|fix, host| fix.pre_exchange(host))?;
            self.rebuild_lists()?;
            self.clock.book(Section::Neigh);
        } else {
            self.bricks.refresh(&self.state);
            self.clock.book(Section::Comm);
        }
        if self.state.atoms.len() != atoms {
            return Err(Error::run(format!(
                "Atoms were lost in a minimization: {atoms} became {}",
                self.state.atoms.len()
            )));
        }
        self.compute_forces(Tally::GLOBAL.or(self.tally_wanted(self.state.step)))?;
        self.clock.book(Section::Pair);
        let energy = self.complete_forces(search);
        self.clock.book(Section::Modify);
        energy
    }

    /// Begins an iteration; says whether the user or the clock wants it to be the last.
    fn begin_iteration(&mut self, search: &mut Search) -> bool {
        if self.time_limit.reached(search.iterations) && search.iterations > 0 {
            search.stop = Some(Stop::TimeLimit);
            return false;
        }
        if let Some(stop) = pending_signal() {
            search.stop = Some(stop);
            return false;
        }
        let fixes = self.fixes.values().filter_map(|s| s.fix.as_ref());
        let mut controls = fixes.map(|f| f.min_control());
        if let Some(control) = controls.find(|c| *c != Control::Continue) {
            search.stop = Some(match control {
                Control::EndRuns => Stop::FixForGood,
                _ => Stop::Fix,
            });
            return false;
        }
        self.state.step += 1;
        search.iterations += 1;
        true
    }

    /// Output at the end of an iteration.
    fn end_iteration(&mut self, search: &mut Search) -> Result<()> {
        if self.state.step == self.next_row {
            search.shown = self.state.step;
        }
        self.step_output()?;
        self.clock.book(Section::Output);
        Ok(())
    }

    /// The force that is compared with the tolerance, squared.
    fn force_measure(&self, search: &Search) -> f64 {
        let f = &self.state.atoms.f;
        let extra = search.extra.iter().map(|e| e * e);
        match search.settings.norm {
            Norm::Two => dot(f, f) + extra.sum::<f64>(),
            Norm::Max => f
                .iter()
                .map(|v| v[0] * v[0] + v[1] * v[1] + v[2] * v[2])
                .chain(extra)
                .fold(0.0, f64::max),
            Norm::Inf => f
                .iter()
                .flatten()
                .map(|c| c * c)
                .chain(extra)
                .fold(0.0, f64::max),
        }
    }

    fn force_converged(&self, search: &Search) -> bool {
        let tolerance = search.plan.force_tolerance;
        tolerance > 0.0 && self.force_measure(search) < tolerance * tolerance
    }

    /// Length of the force and its largest component.
    fn force_norms(&self, search: &Search) -> (f64, f64) {
        let f = &self.state.atoms.f;
        let sum = dot(f, f) + search.extra.iter().map(|e| e * e).sum::<f64>();
        let all = f.iter().flatten().chain(&search.extra);
        (sum.sqrt(), all.fold(0.0, |m: f64, c| m.max(c.abs())))
    }

    /// The last row, dumps and restart file of a minimisation that ended early.
    fn finish_minimum(&mut self, search: &mut Search) -> Result<()> {
        self.state.run.last = self.state.step;
        if search.shown == self.state.step {
            return Ok(());
        }
        self.energy_and_forces(search)?;
        self.write_dumps()?;
        self.thermo_row()?;
        self.clock.book(Section::Output);
        Ok(())
    }
}

/// The block after the loop.
fn statistics(
    criterion: Criterion,
    first: f64,
    s: &Search,
    (length, largest): (f64, f64),
    (last_length, last_largest): (f64, f64),
) -> String {
    let g = |v: f64| crate::cformat::general(8, v);
    let wide = |v: f64| format!("{:>18}", crate::cformat::general(15, v));
    let mut t = String::from("Minimization stats:\n");
    let _ = writeln!(t, "  Stopping criterion = {}", criterion.text());
    let _ = writeln!(
        t,
        "  Energy initial, next-to-last, final = \n    {} {} {}",
        wide(first),
        wide(s.previous),
        wide(s.energy)
    );
    let _ = writeln!(
        t,
        "  Force two-norm initial, final = {} {}",
        g(length),
        g(last_length)
    );
    let _ = writeln!(
        t,
        "  Force max component initial, final = {} {}",
        g(largest),
        g(last_largest)
    );
    let _ = writeln!(
        t,
        "  Final line search alpha, max atom move = {} {}",
        g(s.alpha),
        g(s.alpha * last_largest)
    );
    let _ = writeln!(
        t,
        "  Iterations, force evaluations = {} {}",
        s.iterations, s.evaluations
    );
    t
}
