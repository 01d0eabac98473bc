//! The Nose-Hoover barostat that fix npt and nph share: cell velocities, their chain, the deviatoric part.
//!
//! Equations: Martyna, Tobias, Klein, J. Chem. Phys. 101, 4177 (1994) with the corrections of Martyna, Tuckerman,
//! Tobias, Klein, Mol. Phys. 87, 1117 (1996); the cell matrix of Parrinello and Rahman, J. Appl. Phys. 52, 7182
//! (1981) for stresses that are not hydrostatic; the integrator of Tuckerman et al., J. Phys. A 39, 5629 (2006).
//! Components are in Voigt order (`voigt_common`). `omega` is the logarithmic strain, `dot` its velocity.

use super::nh_common::{Chain, Continued, Coupling};
use super::voigt_common::{Voigt, congruent, inverse, matrix, strain_energy};
use crate::domain::{Cell, State, reshape};
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};

/// Which diagonal components move together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Couple {
    /// None.
    #[default]
    None,
    /// All.
    Xyz,
    /// x and y.
    Xy,
    /// y and z.
    Yz,
    /// x and z.
    Xz,
}

impl Couple {
    /// The value of keyword `couple`.
    pub fn named(word: &str) -> Self {
        match word {
            "xyz" => Self::Xyz,
            "xy" => Self::Xy,
            "yz" => Self::Yz,
            "xz" => Self::Xz,
            _ => Self::None,
        }
    }

    /// Pairs of directions that must have the same settings.
    pub fn pairs(self) -> &'static [(usize, usize)] {
        match self {
            Self::None => &[],
            Self::Xyz => &[(0, 1), (0, 2)],
            Self::Xy => &[(0, 1)],
            Self::Yz => &[(1, 2)],
            Self::Xz => &[(0, 2)],
        }
    }

    /// Averages the coupled diagonal components.
    pub fn average(self, p: &mut Voigt) {
        match self {
            Self::None => {}
            Self::Xyz => {
                let mean = (p[0] + p[1] + p[2]) / 3.0;
                p[..3].fill(mean);
            }
            Self::Xy | Self::Yz | Self::Xz => {
                let (a, b) = self.pairs()[0];
                let mean = 0.5 * (p[a] + p[b]);
                p[a] = mean;
                p[b] = mean;
            }
        }
    }
}

/// How many degrees of freedom the cell has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One: the volume.
    Iso,
    /// The diagonal.
    Aniso,
    /// All six.
    Triclinic,
}

/// Settings of the keywords.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Controlled components.
    pub on: [bool; 6],
    /// Targets at the beginning, pressure units.
    pub start: Voigt,
    /// Targets at the end.
    pub stop: Voigt,
    /// Damping times.
    pub period: Voigt,
    /// Coupled directions.
    pub couple: Couple,
    /// Single components were given: their targets need not be the same.
    pub deviatoric: bool,
    /// Tilts yz, xz, xy that scale with the cell (index 3..6; the others are unused).
    pub scale: [bool; 6],
    /// The correction of Martyna et al. 1996.
    pub mtk: bool,
    /// `drag`
    pub drag: f64,
    /// `nreset`, 0 for never.
    pub nreset: i64,
    /// `flip`
    pub flip: bool,
    /// Point that does not move when the cell changes.
    pub fixed_point: [f64; 3],
    /// Mask bit of the atoms that move with the cell.
    pub dilate: u32,
    /// Length of the chain, 0 for none.
    pub links: usize,
    /// Sub-steps of the chain.
    pub loops: usize,
}

/// Cell and volume that strain energies refer to.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Reference {
    volume: f64,
    inverse: Voigt,
}

/// What the barostat sees at a half step.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// dof kB T, energy units.
    pub twice_kinetic: f64,
    /// sum m v_a v_a along x, y, z, energy units.
    pub kinetic: [f64; 3],
    /// Pressure tensor, or the scalar three times, pressure units.
    pub pressure: Voigt,
}

/// The barostat.
#[derive(Debug, Clone)]
pub struct Barostat {
    /// Settings.
    pub set: Settings,
    /// Which components move.
    pub shape: Shape,
    omega: Voigt,
    dot: Voigt,
    mass: Voigt,
    chain: Option<Chain>,
    reference: Option<Reference>,
    /// Mean of the diagonal targets now.
    hydro: f64,
    sigma: Voigt,
    /// Trace term of the velocity factor.
    trace: f64,
    kt: f64,
    /// Whether masses came with a restart file.
    continued: Continued,
}

impl Barostat {
    /// A barostat at rest.
    pub fn new(set: Settings, dimension: u8) -> Self {
        let shape = if set.on[3..].contains(&true) {
            Shape::Triclinic
        } else if set.couple == Couple::Xyz || (dimension == 2 && set.couple == Couple::Xy) {
            Shape::Iso
        } else {
            Shape::Aniso
        };
        let mut b = Self {
            shape,
            omega: [0.0; 6],
            dot: [0.0; 6],
            mass: [0.0; 6],
            chain: None,
            reference: None,
            hydro: 0.0,
            sigma: [0.0; 6],
            trace: 0.0,
            kt: 0.0,
            continued: Continued::No,
            set,
        };
        if b.set.links > 0 {
            let damping = 1.0 / b.largest_frequency();
            b.chain = Some(Chain::new(b.set.links, b.set.loops, b.set.drag, damping));
        }
        b
    }

    fn largest_frequency(&self) -> f64 {
        self.active()
            .map(|k| 1.0 / self.set.period[k])
            .fold(0.0, f64::max)
    }

    /// Controlled components.
    fn active(&self) -> impl Iterator<Item = usize> + '_ {
        (0..6).filter(|&k| self.set.on[k])
    }

    fn diagonal(&self) -> impl Iterator<Item = usize> + '_ {
        self.active().filter(|&k| k < 3)
    }

    /// Number of controlled directions.
    pub fn directions(&self) -> f64 {
        self.diagonal().count() as f64
    }

    /// Remembers the cell that strain energies refer to, at the first run.
    pub fn keep_reference(&mut self, cell: &Cell, dimension: u8) {
        if self.reference.is_none() {
            self.set_reference(cell, dimension);
        }
    }

    fn set_reference(&mut self, cell: &Cell, dimension: u8) {
        self.reference = Some(Reference {
            volume: cell.volume(dimension),
            inverse: inverse(&matrix(cell)),
        });
    }

    /// Masses at the start of a run for the target kT.
    pub fn start(&mut self, state: &State, kt: f64) {
        self.kt = kt;
        let natoms = state.atoms.len() as f64;
        if !self.continued.take(state) {
            for k in 0..6 {
                if self.set.on[k] {
                    self.mass[k] = (natoms + 1.0) * kt * self.set.period[k] * self.set.period[k];
                }
            }
            if let Some(c) = &mut self.chain {
                c.set_masses(kt, kt);
            }
        }
        if let Some(c) = &mut self.chain {
            c.start(kt);
        }
    }

    /// kT of the thermostat now.
    pub fn set_target(&mut self, kt: f64) {
        self.kt = kt;
    }

    /// Targets of this step.
    pub fn targets(&mut self, state: &State) -> Result<()> {
        let ramp = state.ramp();
        let target: Voigt = std::array::from_fn(|k| {
            if self.set.on[k] {
                self.set.start[k] + ramp * (self.set.stop[k] - self.set.start[k])
            } else {
                0.0
            }
        });
        self.hydro = self.diagonal().map(|k| target[k]).sum::<f64>() / self.directions().max(1.0);
        if !self.set.deviatoric {
            return Ok(());
        }
        let cell = state.cell("fix npt")?;
        let since = state.step - state.run.begin;
        if self.set.nreset > 0 && since % self.set.nreset == 0 {
            self.set_reference(cell, state.dimension);
        }
        if let Some(r) = &self.reference {
            let mut excess = target;
            excess[..3].iter_mut().for_each(|p| *p -= self.hydro);
            self.sigma = congruent(&r.inverse, &excess).map(|s| s * r.volume);
        }
        Ok(())
    }

    /// Half a step of the chain, which scales the cell velocities.
    pub fn chain_half_step(&mut self, dt: f64) {
        let twice_kinetic = self
            .active()
            .map(|k| self.mass[k] * self.dot[k] * self.dot[k])
            .sum();
        let n = if self.shape == Shape::Iso {
            1.0
        } else {
            self.active().count() as f64
        };
        let Some(chain) = &mut self.chain else { return };
        let coupling = Coupling {
            twice_kinetic,
            target: n * self.kt,
            kt: self.kt,
        };
        let factor = chain.half_step(dt, coupling);
        for k in 0..6 {
            if self.set.on[k] {
                self.dot[k] *= factor;
            }
        }
    }

    /// Half a step of the cell velocities.
    pub fn velocity_half_step(&mut self, state: &State, mut reading: Reading) -> Result<()> {
        let cell = state.cell("fix npt")?;
        let volume = cell.volume(state.dimension);
        let to_energy = 1.0 / state.units.nktv2p;
        let half = 0.5 * state.dt;
        if self.shape != Shape::Iso {
            self.set.couple.average(&mut reading.pressure);
        }
        let deviation = if self.set.deviatoric {
            congruent(&matrix(cell), &self.sigma)
        } else {
            [0.0; 6]
        };
        let count = self.directions() * state.atoms.len() as f64;
        let mtk = if !self.set.mtk || count == 0.0 {
            0.0
        } else if self.shape == Shape::Iso {
            reading.twice_kinetic / count
        } else {
            self.diagonal().map(|k| reading.kinetic[k]).sum::<f64>() / count
        };
        let drag =
            1.0 - state.dt * self.largest_frequency() * self.set.drag / self.set.loops as f64;
        for k in 0..6 {
            if !self.set.on[k] {
                continue;
            }
            let (target, mtk) = if k < 3 { (self.hydro, mtk) } else { (0.0, 0.0) };
            let force = ((reading.pressure[k] - target) * volume - deviation[k]) * to_energy + mtk;
            self.dot[k] = (self.dot[k] + force / self.mass[k] * half) * drag;
        }
        self.trace = if self.set.mtk && count > 0.0 {
            self.diagonal().map(|k| self.dot[k]).sum::<f64>() / count
        } else {
            0.0
        };
        Ok(())
    }

    /// Half a step of the velocities of atoms under the cell velocities.
    pub fn drag_velocity(&self, dt: f64, v: &mut [f64; 3]) {
        let factor: [f64; 3] =
            std::array::from_fn(|k| (-0.25 * dt * (self.dot[k] + self.trace)).exp());
        let half = 0.5 * dt;
        (0..3).for_each(|k| v[k] *= factor[k]);
        if self.shape == Shape::Triclinic {
            v[0] -= half * (v[1] * self.dot[5] + v[2] * self.dot[4]);
            v[1] -= half * v[2] * self.dot[3];
        }
        (0..3).for_each(|k| v[k] *= factor[k]);
    }

    /// Half a step of the cell, and of the atoms that move with it.
    ///
    /// # Errors
    /// The cell tilts or shrinks too far in one step.
    pub fn cell_half_step(&mut self, state: &mut State) -> Result<()> {
        let half = 0.5 * state.dt;
        for k in 0..6 {
            self.omega[k] += half * self.dot[k];
        }
        let mut cell = state.cell("fix npt")?.clone();
        let mut h = matrix(&cell);
        self.shear(&mut h, half);
        for k in 0..3 {
            if !self.set.on[k] {
                continue;
            }
            let factor = (half * self.dot[k]).exp();
            let c = self.set.fixed_point[k];
            cell.lo[k] = (cell.lo[k] - c) * factor + c;
            cell.hi[k] = (cell.hi[k] - c) * factor + c;
            let tilts: &[usize] = match k {
                1 => &[5],
                2 => &[4, 3],
                _ => &[],
            };
            for &t in tilts {
                if self.set.scale[t] {
                    h[t] *= factor;
                }
            }
        }
        self.shear(&mut h, half);
        cell.tilt = [h[5], h[4], h[3]];
        check(&cell, state.step)?;
        reshape::change_cell(state, cell, Some(self.set.dilate));
        Ok(())
    }

    /// Half of the change of the tilts that follows h' = dot h, in an order that is symmetric in time.
    fn shear(&self, h: &mut Voigt, dt: f64) {
        if self.shape != Shape::Triclinic {
            return;
        }
        let d = &self.dot;
        let step = |value: f64, rate: f64, source: f64, dt: f64| {
            let e = (0.5 * dt * rate).exp();
            (value * e + dt * source) * e
        };
        let xz = |h: &mut Voigt| {
            if self.set.on[4] {
                h[4] = step(h[4], d[0], d[5] * h[3] + d[4] * h[2], 0.25 * dt);
            }
        };
        xz(h);
        if self.set.on[3] {
            h[3] = step(h[3], d[1], d[3] * h[2], 0.5 * dt);
        }
        if self.set.on[5] {
            h[5] = step(h[5], d[0], d[5] * h[1], 0.5 * dt);
        }
        xz(h);
    }

    /// Energy of the barostat: cell, P (V - V0), chain, strain.
    pub fn energy(&self, state: &State) -> f64 {
        let parts = self.parts(state, self.active().count() as f64 * self.kt);
        parts.iter().map(|p| p.iter().sum::<f64>()).sum()
    }

    fn strain_energy(&self, h: &Voigt, nktv2p: f64) -> f64 {
        if !self.set.deviatoric {
            return 0.0;
        }
        strain_energy(h, &self.sigma) / nktv2p
    }

    /// Potential and kinetic energies of the cell and of the chain, and the strain energy.
    /// `target` is what the first link of the chain is counted with.
    fn parts(&self, state: &State, target: f64) -> [Vec<f64>; 5] {
        let Some(cell) = &state.cell else {
            return Default::default();
        };
        let volume = cell.volume(state.dimension);
        let origin = self.reference.map_or(volume, |r| r.volume);
        let work = self.hydro * (volume - origin) / state.units.nktv2p;
        let kinetic = |k: usize| 0.5 * self.mass[k] * self.dot[k] * self.dot[k];
        let (potential, kinetic): (Vec<f64>, Vec<f64>) = if self.shape == Shape::Iso {
            (vec![work], vec![self.directions() * kinetic(0)])
        } else {
            let of = |k: usize| {
                if !self.set.on[k] {
                    (0.0, 0.0)
                } else if k < 3 {
                    (work / self.directions(), kinetic(k))
                } else {
                    (0.0, kinetic(k))
                }
            };
            (0..self.degrees()).map(of).unzip()
        };
        let (chain_potential, chain_kinetic) = match &self.chain {
            None => (Vec::new(), Vec::new()),
            Some(c) => (0..c.eta.len())
                .map(|i| (c.potential(i, target, self.kt), c.kinetic(i)))
                .unzip(),
        };
        let strain = if self.set.deviatoric {
            vec![self.strain_energy(&matrix(cell), state.units.nktv2p)]
        } else {
            Vec::new()
        };
        [potential, kinetic, chain_potential, chain_kinetic, strain]
    }

    /// Components that `f_ID` shows.
    pub fn degrees(&self) -> usize {
        match self.shape {
            Shape::Iso => 1,
            Shape::Aniso => 3,
            Shape::Triclinic => 6,
        }
    }

    /// Number of values of [`Self::positions`] and [`Self::energies`] together.
    pub fn outputs(&self) -> usize {
        let links = self.chain.as_ref().map_or(0, |c| c.eta.len());
        4 * self.degrees() + 4 * links + usize::from(self.set.deviatoric)
    }

    /// omega, its velocity, chain positions and velocities.
    pub fn positions(&self) -> Vec<f64> {
        let n = self.degrees();
        let mut v = self.omega[..n].to_vec();
        v.extend(&self.dot[..n]);
        if let Some(c) = &self.chain {
            v.extend(&c.eta);
            v.extend(&c.dot);
        }
        v
    }

    /// Potential and kinetic energies of omega and of the chain, strain energy.
    pub fn energies(&self, state: &State) -> Vec<f64> {
        // LAMMPS shows the first link with kT, although its energy counts kT of every component.
        self.parts(state, self.kt).concat()
    }

    /// Appends the state to that of a fix. `running`: inside of a run, whose masses go on.
    pub fn save(&self, w: &mut Writer, running: bool) {
        w.reals(&self.omega).reals(&self.dot);
        // The default is the centre of the box when the fix was made, which has other last bits later.
        w.vectors(&[self.set.fixed_point]);
        w.flag(self.reference.is_some());
        if let Some(r) = &self.reference {
            w.real(r.volume).reals(&r.inverse);
        }
        w.flag(running);
        w.reals(&self.mass);
        w.flag(self.chain.is_some());
        if let Some(c) = &self.chain {
            c.save(w);
            w.reals(&c.mass);
        }
    }

    /// Takes the state of a restart file.
    ///
    /// # Errors
    /// The bytes do not fit.
    pub fn load(&mut self, r: &mut Reader<'_>) -> Result<()> {
        self.omega = six(r)?;
        self.dot = six(r)?;
        if let [point] = r.vectors()?[..] {
            self.set.fixed_point = point;
        }
        if r.flag()? {
            self.reference = Some(Reference {
                volume: r.real()?,
                inverse: six(r)?,
            });
        }
        let running = r.flag()?;
        let mass = six(r)?;
        let mut same = (0..6).all(|k| self.set.on[k] == (mass[k] > 0.0));
        if r.flag()? {
            match &mut self.chain {
                Some(c) => {
                    c.load(r)?;
                    let masses = r.reals()?;
                    same &= masses.len() == c.mass.len();
                    if same {
                        c.mass = masses;
                    }
                }
                None => same = false,
            }
        } else {
            same &= self.chain.is_none();
        }
        if same {
            self.continued = Continued::written(running);
            self.mass = mass;
        }
        Ok(())
    }
}

fn six(r: &mut Reader<'_>) -> Result<Voigt> {
    r.reals()?
        .try_into()
        .map_err(|_| Error::input("the barostat in the restart file is damaged"))
}

/// Refuses cells that no integrator makes.
fn check(cell: &Cell, step: i64) -> Result<()> {
    const MOST: f64 = 1.5;
    let l = cell.lengths();
    if l.iter().any(|v| !v.is_finite() || *v <= 0.0) {
        return Err(Error::run(format!(
            "the barostat has made a cell of lengths {} {} {} at step {step}",
            l[0], l[1], l[2]
        ))
        .help(
            "look for a target pressure or damping time in wrong units, or a bad initial structure",
        ));
    }
    let [xy, xz, yz] = cell.tilt;
    if yz.abs() > MOST * l[1] || xz.abs() > MOST * l[0] || xy.abs() > MOST * l[0] {
        return Err(Error::run(format!(
            "Fix npt/nph has tilted box too far in one step - periodic cell is too far from equilibrium state (step {step}, tilts {xy} {xz} {yz})"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coupled_components_are_averaged() {
        let mut p = [1.0, 2.0, 6.0, 7.0, 8.0, 9.0];
        Couple::Xz.average(&mut p);
        assert_eq!(p, [3.5, 2.0, 3.5, 7.0, 8.0, 9.0]);
        Couple::Xyz.average(&mut p);
        assert_eq!(p[..3], [3.0; 3]);
    }
}
