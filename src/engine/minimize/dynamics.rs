//! Minimisers that follow damped dynamics: quickmin (Sheppard, Terrell, Henkelman, J. Chem. Phys. 128, 134106
//! (2008)) and fire (Bitzek et al., Phys. Rev. Lett. 97, 170201 (2006); Guenole et al., Comput. Mater. Sci. 175,
//! 109584 (2020)), also with the accelerated bias correction of Echeverri Restrepo and Andric, Comput. Mater. Sci. 218,
//! 111978 (2023).

use super::{Criterion, Integrator, Search, dot};
use crate::engine::Engine;
use crate::error::Result;

/// Steps after a reversal before the energy tolerance counts (quickmin).
const QUICKMIN_DELAY: i64 = 5;

/// What fire does to velocities downhill: v = keep v + along F, and no move beyond `most`.
#[derive(Clone, Copy)]
struct Steer {
    keep: f64,
    along: f64,
    most: f64,
}

impl Engine {
    pub(super) fn stop_velocities(&mut self) {
        self.state.atoms.v.iter_mut().for_each(|v| *v = [0.0; 3]);
    }

    /// v += dt ftm2v / m F
    fn accelerate(&mut self, dt: f64) {
        let dtf = dt * self.state.units.ftm2v;
        for i in 0..self.state.atoms.len() {
            let h = dtf / self.state.mass_of(i);
            let a = &mut self.state.atoms;
            (0..3).for_each(|k| a.v[i][k] += h * a.f[i][k]);
        }
    }

    /// x += dt v
    fn advance(&mut self, dt: f64) {
        let a = &mut self.state.atoms;
        for (x, v) in a.x.iter_mut().zip(&a.v) {
            (0..3).for_each(|k| x[k] += dt * v[k]);
        }
    }

    /// v = keep v + along F
    fn steer(&mut self, keep: f64, along: f64) {
        let a = &mut self.state.atoms;
        for (v, f) in a.v.iter_mut().zip(&a.f) {
            (0..3).for_each(|k| v[k] = keep * v[k] + along * f[k]);
        }
    }

    /// `dt`, or less so that no atom moves further than `dmax` along an axis.
    fn limited(&self, dt: f64, dmax: f64) -> f64 {
        let mut dt = dt;
        for v in &self.state.atoms.v {
            let most = v.iter().fold(0.0, |m: f64, c| m.max(c.abs()));
            if dt * most > dmax {
                dt = dmax / most;
            }
        }
        dt
    }

    fn evaluate_step(&mut self, search: &mut Search) -> Result<()> {
        search.previous = search.energy;
        search.energy = self.energy_and_forces(search)?;
        search.evaluations += 1;
        Ok(())
    }

    /// Whether a tolerance is met; the energy counts only `delay` steps after the last reversal.
    fn step_converged(&self, search: &Search, reversed: i64, delay: i64) -> Option<Criterion> {
        let quiet = self.state.step - reversed > delay;
        if search.plan.energy_tolerance > 0.0 && quiet && search.energy_converged() {
            return Some(Criterion::Energy);
        }
        self.force_converged(search).then_some(Criterion::Force)
    }

    pub(super) fn quickmin(&mut self, search: &mut Search) -> Result<Criterion> {
        let dt = self.state.dt;
        let mut reversed = self.state.step;
        self.stop_velocities();
        for _ in 0..search.plan.iterations {
            if !self.begin_iteration(search) {
                return Ok(Criterion::Stopped);
            }
            let a = &self.state.atoms;
            let (power, square) = (dot(&a.v, &a.f), dot(&a.f, &a.f));
            if power < 0.0 {
                reversed = self.state.step;
                self.stop_velocities();
            } else {
                self.steer(0.0, if square == 0.0 { 0.0 } else { power / square });
            }
            let dt = self.limited(dt, search.settings.dmax);
            self.advance(dt);
            self.accelerate(dt);
            self.evaluate_step(search)?;
            if let Some(end) = self.step_converged(search, reversed, QUICKMIN_DELAY) {
                return Ok(end);
            }
            self.end_iteration(search)?;
        }
        Ok(Criterion::Iterations)
    }

    pub(super) fn fire(&mut self, search: &mut Search) -> Result<Criterion> {
        let set = search.settings.fire.clone();
        let dmax = search.settings.dmax;
        let (shortest, longest) = (set.tmin * self.state.dt, set.tmax * self.state.dt);
        let (mut dt, mut alpha) = (self.state.dt, set.alpha);
        let first = self.state.step;
        let (mut reversed, mut against) = (first, 0);
        let mut at_rest = true;
        self.stop_velocities();
        if set.integrator == Integrator::Leapfrog {
            search.energy = self.energy_and_forces(search)?;
            search.evaluations += 1;
            self.accelerate(-0.5 * dt);
        }
        for _ in 0..search.plan.iterations {
            if !self.begin_iteration(search) {
                return Ok(Criterion::Stopped);
            }
            let step = self.state.step;
            let a = &self.state.atoms;
            let power = dot(&a.v, &a.f);
            let mut steer = None;
            if power > 0.0 {
                against = 0;
                let (v2, f2) = (dot(&a.v, &a.v), dot(&a.f, &a.f));
                let bias = if set.corrected {
                    alpha = alpha.max(1e-10);
                    1.0 - (1.0 - alpha).powf((step - reversed) as f64)
                } else {
                    1.0
                };
                steer = Some(Steer {
                    keep: (1.0 - alpha) / bias,
                    along: if f2 <= 1e-20 {
                        0.0
                    } else {
                        alpha * (v2 / f2).sqrt() / bias
                    },
                    most: if set.corrected { dmax } else { f64::INFINITY },
                });
                if step - reversed > set.delay {
                    dt = (dt * set.grow).min(longest);
                    alpha *= set.alpha_shrink;
                }
            } else {
                reversed = step;
                if !(step - first < set.delay && set.initial_delay) {
                    alpha = set.alpha;
                    if dt * set.shrink >= shortest {
                        dt *= set.shrink;
                    }
                }
                against += 1;
                if set.most_negative > 0 && against > set.most_negative {
                    return Ok(Criterion::Negative);
                }
                if set.half_step_back {
                    self.advance(-0.5 * dt);
                }
                self.stop_velocities();
                at_rest = true;
            }
            let limited = if set.corrected {
                at_rest = false;
                dt
            } else if std::mem::take(&mut at_rest) {
                // From rest, the velocities that the forces would give limit the step.
                search.energy = self.energy_and_forces(search)?;
                search.evaluations += 1;
                self.accelerate(dt);
                let limited = self.limited(dt, dmax);
                self.stop_velocities();
                limited
            } else {
                self.limited(dt, dmax)
            };
            self.fire_step(search, set.integrator, limited, steer)?;
            if let Some(end) = self.step_converged(search, reversed, set.delay) {
                return Ok(end);
            }
            self.end_iteration(search)?;
        }
        Ok(Criterion::Iterations)
    }

    fn fire_step(
        &mut self,
        search: &mut Search,
        integrator: Integrator,
        dt: f64,
        steer: Option<Steer>,
    ) -> Result<()> {
        match integrator {
            Integrator::EulerImplicit | Integrator::Leapfrog => self.accelerate(dt),
            Integrator::Verlet => self.accelerate(0.5 * dt),
            Integrator::EulerExplicit => {}
        }
        if let Some(Steer { keep, along, most }) = steer {
            self.steer(keep, along);
            let fastest = most / dt;
            for v in self.state.atoms.v.iter_mut().flatten() {
                *v = v.clamp(-fastest, fastest);
            }
        }
        self.advance(dt);
        if integrator == Integrator::EulerExplicit {
            self.accelerate(dt);
        }
        self.evaluate_step(search)?;
        if integrator == Integrator::Verlet {
            self.accelerate(0.5 * dt);
        }
        Ok(())
    }
}
