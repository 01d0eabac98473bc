//! Nose-Hoover chains and ramps, shared by the thermostats and barostats that use them.
//!
//! Equations: Martyna, Tuckerman, Tobias, Klein, Mol. Phys. 87, 1117 (1996), doi:10.1080/00268979600100761. The
//! chain eta_1..eta_M with masses Q_1 = N_f kT tau^2, Q_i = kT tau^2 is coupled to twice a kinetic energy;
//! names in the code: eta, dot (its velocity), acc (its acceleration).

use crate::domain::State;
use crate::domain::host::Host;
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};

/// A target that changes linearly over the run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ramp {
    /// Value at the beginning.
    pub start: f64,
    /// Value at the end.
    pub stop: f64,
}

impl Ramp {
    /// The target at the present step.
    pub fn now(&self, state: &State) -> f64 {
        self.start + state.ramp() * (self.stop - self.start)
    }
}

/// Whether what a restart file held goes on, or is set up anew as at the start of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Continued {
    /// There was no restart file.
    #[default]
    No,
    /// It was written inside of a run, which goes on.
    Inside,
    /// It was written between runs: goes on if the run is part of a series (`run ... start`).
    Between,
}

impl Continued {
    /// From the flag in the file.
    pub fn written(running: bool) -> Self {
        if running { Self::Inside } else { Self::Between }
    }

    /// Whether the run that starts now goes on; asked once.
    pub fn take(&mut self, state: &State) -> bool {
        match std::mem::take(self) {
            Self::No => false,
            Self::Inside => true,
            Self::Between => state.run.begin < state.run.first,
        }
    }
}

/// A chain of thermostats.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    /// Positions of the links.
    pub eta: Vec<f64>,
    /// Their velocities, 1/time.
    pub dot: Vec<f64>,
    /// Their masses, energy time^2.
    pub mass: Vec<f64>,
    acc: Vec<f64>,
    /// Sub-steps per half step (`tloop`).
    loops: usize,
    /// Drag added to the links (`drag`), 0 for none.
    drag: f64,
    /// 1 / damping time.
    frequency: f64,
}

/// What a chain is coupled to.
#[derive(Debug, Clone, Copy)]
pub struct Coupling {
    /// Twice the kinetic energy now.
    pub twice_kinetic: f64,
    /// Its target, N_f kT.
    pub target: f64,
    /// kT of the target.
    pub kt: f64,
}

impl Chain {
    /// A chain of `links` at rest with damping time `damping`.
    pub fn new(links: usize, loops: usize, drag: f64, damping: f64) -> Self {
        let zeros = vec![0.0; links];
        Self {
            eta: zeros.clone(),
            dot: zeros.clone(),
            mass: zeros.clone(),
            acc: zeros,
            loops,
            drag,
            frequency: 1.0 / damping,
        }
    }

    /// Masses for the target N_f kT of the first link and kT of the others.
    pub fn set_masses(&mut self, target: f64, kt: f64) {
        let square = self.frequency * self.frequency;
        for (i, q) in self.mass.iter_mut().enumerate() {
            *q = if i == 0 { target } else { kt } / square;
        }
    }

    /// Accelerations of the links behind the first, at the start of a run.
    pub fn start(&mut self, kt: f64) {
        for i in 1..self.eta.len() {
            self.acc[i] = self.acceleration(i, kt);
        }
    }

    fn acceleration(&self, i: usize, kt: f64) -> f64 {
        (self.mass[i - 1] * self.dot[i - 1] * self.dot[i - 1] - kt) / self.mass[i]
    }

    fn first_acceleration(&self, twice_kinetic: f64, target: f64) -> f64 {
        if self.mass[0] > 0.0 {
            (twice_kinetic - target) / self.mass[0]
        } else {
            0.0
        }
    }

    /// exp(-dot_{i+1} dt/8 / loops), 1 for the last link.
    fn decay(&self, i: usize, eighth: f64) -> f64 {
        match self.dot.get(i + 1) {
            Some(d) => (-d * eighth).exp(),
            None => 1.0,
        }
    }

    /// Half a step of `dt`: returns the factor of the velocities. Masses must be set.
    pub fn half_step(&mut self, dt: f64, coupling: Coupling) -> f64 {
        let n = self.eta.len();
        let part = 1.0 / self.loops as f64;
        let (half, quarter, eighth) = (part * dt / 2.0, part * dt / 4.0, part * dt / 8.0);
        let drag = 1.0 - dt * self.frequency * self.drag / self.loops as f64;
        let mut kinetic = coupling.twice_kinetic;
        let mut scale = 1.0;
        self.acc[0] = self.first_acceleration(kinetic, coupling.target);
        for _ in 0..self.loops {
            for i in (0..n).rev() {
                let e = self.decay(i, eighth);
                self.dot[i] = (self.dot[i] * e + self.acc[i] * quarter) * drag * e;
            }
            let factor = (-half * self.dot[0]).exp();
            scale *= factor;
            kinetic *= factor * factor;
            self.acc[0] = self.first_acceleration(kinetic, coupling.target);
            for i in 0..n {
                self.eta[i] += half * self.dot[i];
            }
            for i in 0..n {
                let e = self.decay(i, eighth);
                if i > 0 {
                    // the link before has moved; its own decay comes first, as in the way back
                    self.acc[i] = self.acceleration(i, coupling.kt);
                }
                self.dot[i] = (self.dot[i] * e + self.acc[i] * quarter) * e;
            }
        }
        scale
    }

    /// Potential energy of link `i`: N_f kT eta_1, kT eta_i.
    pub fn potential(&self, i: usize, target: f64, kt: f64) -> f64 {
        if i == 0 {
            target * self.eta[0]
        } else {
            kt * self.eta[i]
        }
    }

    /// Kinetic energy of link `i`.
    pub fn kinetic(&self, i: usize) -> f64 {
        0.5 * self.mass[i] * self.dot[i] * self.dot[i]
    }

    /// Energy of the chain.
    pub fn energy(&self, target: f64, kt: f64) -> f64 {
        (0..self.eta.len())
            .map(|i| self.potential(i, target, kt) + self.kinetic(i))
            .sum()
    }

    /// Appends positions and velocities to the state of a fix.
    pub fn save(&self, w: &mut Writer) {
        w.reals(&self.eta).reals(&self.dot);
    }

    /// Takes positions and velocities; a chain of another length starts afresh, as in LAMMPS.
    ///
    /// # Errors
    /// The bytes end.
    pub fn load(&mut self, r: &mut Reader<'_>) -> Result<()> {
        let (eta, dot) = (r.reals()?, r.reals()?);
        if eta.len() != dot.len() {
            return Err(Error::input(
                "the thermostat in the restart file is damaged",
            ));
        }
        if eta.len() == self.eta.len() {
            self.eta = eta;
            self.dot = dot;
        }
        Ok(())
    }
}

/// Temperature and degrees of freedom that a thermostat is coupled to. They are measured at the end of a step, and the
/// temperature is then scaled with the velocities: the next step begins with these values, whatever other fixes did to
/// the velocities in between, as in LAMMPS.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Kinetic {
    /// Temperature.
    pub temperature: f64,
    /// N_f.
    pub dof: f64,
}

impl Kinetic {
    /// Measures with the compute `id`.
    ///
    /// # Errors
    /// It cannot be evaluated.
    pub fn measure(host: &mut dyn Host, id: &str) -> Result<Self> {
        host.state_mut().touch();
        let (temperature, dof) = host.temperature(id)?;
        Ok(Self { temperature, dof })
    }

    /// Twice the kinetic energy.
    pub fn twice(&self, boltz: f64) -> f64 {
        self.dof * boltz * self.temperature
    }

    /// Appends it to the state of a fix.
    pub fn save(&self, w: &mut Writer) {
        w.real(self.temperature).real(self.dof);
    }

    /// Takes it from the state of a fix.
    ///
    /// # Errors
    /// The bytes end.
    pub fn load(r: &mut Reader<'_>) -> Result<Self> {
        Ok(Self {
            temperature: r.real()?,
            dof: r.real()?,
        })
    }
}

/// A chain on the atoms with its ramp of temperatures.
#[derive(Debug, Clone, PartialEq)]
pub struct Thermostat {
    /// Target temperature.
    pub target: Ramp,
    /// The chain.
    pub chain: Chain,
    /// kT of this step.
    pub kt: f64,
    /// N_f kT of this step, with N_f at its begin: a compute that counts atoms in a region may have another one at its
    /// end.
    pub goal: f64,
}

impl Thermostat {
    /// A chain at rest.
    pub fn new(target: Ramp, chain: Chain) -> Self {
        Self {
            target,
            chain,
            kt: 0.0,
            goal: 0.0,
        }
    }

    /// Takes the target of this step.
    pub fn aim(&mut self, state: &State, now: Kinetic) {
        self.kt = state.units.boltz * self.target.now(state);
        self.goal = now.dof * self.kt;
    }

    /// Target and masses at the start of a run.
    pub fn start(&mut self, state: &State, now: Kinetic) {
        self.aim(state, now);
        self.chain.set_masses(self.goal, self.kt);
        self.chain.start(self.kt);
    }

    /// Half a step: returns the factor of the velocities and scales `now` by it.
    pub fn half_step(&mut self, state: &State, now: &mut Kinetic) -> f64 {
        self.chain.set_masses(now.dof * self.kt, self.kt);
        let coupling = Coupling {
            twice_kinetic: now.twice(state.units.boltz),
            target: self.goal,
            kt: self.kt,
        };
        let factor = self.chain.half_step(state.dt, coupling);
        now.temperature *= factor * factor;
        factor
    }

    /// Energy of the chain.
    pub fn energy(&self) -> f64 {
        self.chain.energy(self.goal, self.kt)
    }

    /// Positions and velocities of the links.
    pub fn positions(&self) -> Vec<f64> {
        [&self.chain.eta[..], &self.chain.dot].concat()
    }

    /// Potential and kinetic energies of the links.
    pub fn energies(&self) -> Vec<f64> {
        let links = 0..self.chain.eta.len();
        let potential = |i| self.chain.potential(i, self.goal, self.kt);
        let kinetic = |i| self.chain.kinetic(i);
        links
            .clone()
            .map(potential)
            .chain(links.map(kinetic))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A harmonic oscillator in one dimension with a chain: the extended energy is conserved.
    #[test]
    fn the_extended_energy_is_conserved() {
        let (dt, kt) = (0.005, 0.7);
        for loops in [1, 3] {
            let mut chain = Chain::new(3, loops, 0.0, 0.5);
            chain.set_masses(kt, kt);
            chain.start(kt);
            let (mut x, mut v) = (1.3f64, 0.2f64);
            let energy = |x: f64, v: f64, c: &Chain| 0.5 * (x * x + v * v) + c.energy(kt, kt);
            let first = energy(x, v, &chain);
            let coupling = |v: f64| Coupling {
                twice_kinetic: v * v,
                target: kt,
                kt,
            };
            for _ in 0..20_000 {
                v *= chain.half_step(dt, coupling(v));
                v -= 0.5 * dt * x;
                x += dt * v;
                v -= 0.5 * dt * x;
                v *= chain.half_step(dt, coupling(v));
            }
            let drift = (energy(x, v, &chain) - first).abs();
            assert!(
                drift < 2e-4 * first,
                "{drift} of {first} with {loops} loops"
            );
        }
    }

    #[test]
    fn the_goal_is_that_of_the_begin_of_a_step() {
        let state = State::default();
        let ramp = Ramp {
            start: 100.0,
            stop: 100.0,
        };
        let mut t = Thermostat::new(ramp, Chain::new(3, 1, 0.0, 0.5));
        let mut now = Kinetic {
            temperature: 100.0,
            dof: 30.0,
        };
        t.start(&state, now);
        assert_eq!(t.half_step(&state, &mut now), 1.0);
        // One atom has left the region of the compute: too little kinetic energy for the goal.
        now.dof = 27.0;
        t.half_step(&state, &mut now);
        assert!(t.chain.dot[0] < 0.0 && t.goal == 30.0 * t.kt);
        t.aim(&state, now);
        assert_eq!(t.goal, 27.0 * t.kt);
    }

    #[test]
    fn state_comes_back() {
        let mut a = Chain::new(3, 1, 0.0, 0.5);
        a.set_masses(30.0, 1.0);
        a.start(1.0);
        a.half_step(
            0.01,
            Coupling {
                twice_kinetic: 40.0,
                target: 30.0,
                kt: 1.0,
            },
        );
        let mut w = Writer::new();
        a.save(&mut w);
        let bytes = w.finish();
        let mut b = Chain::new(3, 1, 0.0, 0.5);
        b.load(&mut Reader::new(&bytes)).unwrap();
        b.set_masses(30.0, 1.0);
        b.start(1.0);
        assert_eq!((a.eta, a.dot, &a.acc[1..]), (b.eta, b.dot, &b.acc[1..]));
    }
}
