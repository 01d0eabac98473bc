//! The integrator of Groenbech-Jensen and Farago (Mol. Phys. 111, 983 (2013)) with the velocities of Jensen and
//! Groenbech-Jensen (Mol. Phys. 117, 2511 (2019)), written as changes of the forces and velocities that `fix nve`
//! meets. Imports `domain` only.
//!
//! With h = dt / (2 damp): a = (1 - h) / (1 + h), s = sqrt(1 + h). The noise of a step is the mean of two draws.

use super::Kick;
use crate::domain::State;
use crate::io::codec::{Reader, Writer};

type Vectors = Vec<[f64; 3]>;

/// Time step and damping time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub dt: f64,
    pub damping: f64,
}

impl Step {
    fn half(self) -> f64 {
        self.dt / 2.0 / self.damping
    }

    fn a(self) -> f64 {
        (1.0 - self.half()) / (1.0 + self.half())
    }

    fn s(self) -> f64 {
        (1.0 + self.half()).sqrt()
    }
}

/// What the integrator keeps from step to step.
#[derive(Debug)]
pub(super) struct Gjf {
    /// Whether atoms have the velocities at the steps after each step, instead of those between the steps.
    full: bool,
    /// Noise that was drawn last.
    previous: Vectors,
    /// Within a step the velocities between the steps, between steps those that nve continues with.
    pub lagged: Vectors,
}

impl Gjf {
    pub fn new(full: bool) -> Self {
        Self {
            full,
            previous: Vec::new(),
            lagged: Vec::new(),
        }
    }

    /// Before the first draw: velocities such that the first step has the given ones.
    pub fn before_setup(
        &mut self,
        step: Step,
        group: &[usize],
        bias: Option<&[[f64; 3]]>,
        state: &mut State,
    ) {
        let n = state.atoms.len();
        self.previous.resize(n, [0.0; 3]);
        self.lagged.resize(n, [0.0; 3]);
        let factor = step.a() * step.s() * step.s();
        for &i in group {
            let half = state.units.ftm2v * 0.5 * step.dt / state.mass_of(i);
            let (v, f) = (&mut state.atoms.v[i], state.atoms.f[i]);
            for k in 0..3 {
                let b = bias.map_or(0.0, |b| b[i][k]);
                v[k] = (v[k] - half * f[k] - b) / factor + b;
            }
        }
    }

    /// After the first forces with noise.
    pub fn after_setup(&mut self, step: Step, group: &[usize], state: &mut State) {
        for &i in group {
            let half = state.units.ftm2v * 0.5 * step.dt / state.mass_of(i);
            for k in 0..3 {
                state.atoms.v[i][k] += half * state.atoms.f[i][k];
            }
            self.lagged[i] = state.atoms.v[i];
        }
    }

    /// Before nve's first half step.
    pub fn initial_integrate(&self, step: Step, group: &[usize], state: &mut State) {
        for &i in group {
            for k in 0..3 {
                state.atoms.f[i][k] /= step.a();
            }
            state.atoms.v[i] = self.lagged[i];
        }
    }

    /// Scales forces and `kick` to those that nve needs; gives the forces of the bath for its energy.
    pub fn post_force(
        &mut self,
        step: Step,
        group: &[usize],
        kick: &mut Kick,
        bias: Option<&[[f64; 3]]>,
        state: &mut State,
    ) -> Vectors {
        let (a, s) = (step.a(), step.s());
        let mut bath = vec![[0.0; 3]; state.atoms.len()];
        for &i in group {
            for k in 0..3 {
                let b = bias.map_or(0.0, |b| b[i][k]);
                let v = state.atoms.v[i][k];
                self.lagged[i][k] = s * (v - b) + b;
                let drawn = std::mem::replace(&mut self.previous[i][k], kick.random[i][k]);
                bath[i][k] = kick.drag[i] * self.lagged[i][k] / (s * s) + drawn / s;
                kick.random[i][k] = a * 0.5 * (kick.random[i][k] + drawn);
                kick.friction[i][k] *= a;
                state.atoms.f[i][k] *= a;
            }
        }
        bath
    }

    /// After nve's second half step: the velocities that are seen from outside.
    pub fn end_of_step(
        &mut self,
        step: Step,
        group: &[usize],
        bath: &[[f64; 3]],
        state: &mut State,
    ) {
        let (a, s) = (step.a(), step.s());
        let lag = s * a * 0.5 + step.dt * 0.25 / step.damping / s;
        for &i in group {
            let half = state.units.ftm2v * 0.5 * step.dt / state.mass_of(i);
            for k in 0..3 {
                let v = state.atoms.v[i][k];
                let between = std::mem::replace(&mut self.lagged[i][k], v);
                state.atoms.v[i][k] = if self.full {
                    0.5 * s * s * (v + half * state.atoms.f[i][k] / a)
                        + 0.5 * half * (s * bath[i][k] - self.previous[i][k])
                        + lag * between
                } else {
                    between
                };
            }
        }
    }

    pub fn retain(&mut self, keep: &[bool]) {
        for list in [&mut self.previous, &mut self.lagged] {
            let mut k = keep.iter();
            list.retain(|_| *k.next().unwrap_or(&true));
        }
    }

    pub fn write(&self, w: &mut Writer) {
        w.vectors(&self.previous).vectors(&self.lagged);
    }

    pub fn read(&mut self, r: &mut Reader<'_>) -> crate::error::Result<()> {
        self.previous = r.vectors()?;
        self.lagged = r.vectors()?;
        Ok(())
    }
}
