//! `fix box/relax`: the cell as further degrees of freedom of a minimisation.
//!
//! Strains relative to the cell at the start are minimised together with the atoms under the energy
//! E + P V (and a strain energy for stresses that are not hydrostatic): LAMMPS manual, fix box/relax.

mod keywords;

use super::barostat_common::Couple;
use super::pressure_common::Computes;
use super::voigt_common::{Voigt, congruent, inverse, matrix, strain_energy, symmetric, upper};
use super::{Companion, Fix, FixEntry, FixId, MinDofs};
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::{Cell, State, reshape};
use crate::error::{Error, Result};
use crate::signature::{Args, Signature};
use keywords::Settings;

const SIGNATURE: Signature = Signature {
    name: "box/relax",
    summary: "lets the cell relax to a pressure in a minimisation",
    args: &[],
    keywords: keywords::KEYWORDS,
    description: "Acts in `minimize` with min_style cg or sd only. The objective is E + P (V - V0), with a strain energy for targets that \
are not hydrostatic; strains refer to the cell at the start of the minimisation, or `nreset` iterations ago. `vmax` is the largest change of a \
strain in one iteration. The pressure is the virial part of that of `compute ID_press all pressure ID_temp virial`. The minimum of E + P V is \
not reached exactly if the stress is not hydrostatic: minimise again. `f_ID` is the energy P (V - V0) with the strain energy.",
    examples: &[
        "fix 1 all box/relax iso 0.0 vmax 0.001",
        "fix 1 all box/relax x 0.0 y 0.0 couple xy",
        "fix 1 all box/relax tri 0.0",
    ],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

/// Cell and matrix that strains refer to.
#[derive(Debug, Clone)]
struct Reference {
    h: Voigt,
    volume: f64,
}

struct BoxRelax {
    set: Settings,
    isotropic: bool,
    triclinic: bool,
    computes: Computes,
    reference: Option<Reference>,
    /// Cell matrix at the start of the minimisation, which strains are converted to lengths with.
    origin: Voigt,
    /// Cell at the start of the line search.
    start: Option<Cell>,
    hydro: f64,
    deviatoric: bool,
    sigma: Voigt,
}

fn build(id: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    let set = keywords::settings(id, args, host)?;
    let flat = host.state().dimension == 2;
    let triclinic = set.on[3..].contains(&true);
    Ok(Box::new(BoxRelax {
        isotropic: !triclinic && (set.couple == Couple::Xyz || (flat && set.couple == Couple::Xy)),
        triclinic,
        set,
        computes: Computes::new("box/relax", id),
        reference: None,
        origin: [1.0; 6],
        start: None,
        hydro: 0.0,
        deviatoric: false,
        sigma: [0.0; 6],
    }))
}

impl BoxRelax {
    /// Takes the present cell as the reference, and the stress relative to it.
    fn refer_to(&mut self, state: &State) -> Result<()> {
        let cell = state.cell("fix box/relax")?;
        let mut h = matrix(cell);
        if state.dimension == 2 {
            h[2] = 1.0;
        }
        let volume = h[0] * h[1] * h[2];
        let on = &self.set.on;
        let diagonal: Vec<usize> = (0..3).filter(|&k| on[k]).collect();
        let sum: f64 = diagonal.iter().map(|&k| self.set.target[k]).sum();
        self.hydro = sum / (diagonal.len().max(1)) as f64;
        let mut excess = [0.0; 6];
        for k in (0..6).filter(|&k| on[k]) {
            excess[k] = self.set.target[k] - if k < 3 { self.hydro } else { 0.0 };
        }
        self.deviatoric = excess.iter().any(|e| e.abs() > 1.0e-6);
        // With tilts, these targets make the stress that was asked for the stationary one.
        let (u, o) = (inverse(&h), self.origin);
        excess[1] -= excess[3] * u[3] * o[1];
        excess[5] -= excess[4] * u[3] * o[1];
        excess[0] -= (excess[5] * u[5] + excess[4] * u[4]) * o[0];
        self.sigma = congruent(&u, &excess).map(|s| s * volume);
        self.reference = Some(Reference { h, volume });
        Ok(())
    }

    /// Pressure tensor in Voigt order, coupled directions averaged.
    fn read(&self, host: &mut dyn Host) -> Result<Voigt> {
        if self.isotropic {
            return Ok([self.computes.scalar(host)?; 6]);
        }
        let p = self.computes.tensor(host)?;
        let mut p = [p[0], p[1], p[2], p[5], p[4], p[3]];
        self.set.couple.average(&mut p);
        Ok(p)
    }

    fn missing() -> Error {
        Error::run("fix box/relax has no reference cell")
    }

    /// E and forces with one strain for all directions.
    fn isotropic_energy(&self, p: f64, r: &Reference, state: &State) -> Result<(f64, Vec<f64>)> {
        let scale = state.cell("fix box/relax")?.lengths()[0] / r.h[0];
        let to_energy = 1.0 / state.units.nktv2p;
        let target = self.set.target[0];
        let power = i32::from(state.dimension);
        let energy = to_energy * target * (scale.powi(power) - 1.0) * r.volume;
        let force = to_energy * (p - target) * f64::from(power) * scale.powi(power - 1) * r.volume;
        Ok((energy, vec![force]))
    }

    fn general_energy(&self, p: &Voigt, r: &Reference, state: &State) -> Result<(f64, Vec<f64>)> {
        let h = matrix(state.cell("fix box/relax")?);
        let to_energy = 1.0 / state.units.nktv2p;
        let scale: [f64; 3] =
            std::array::from_fn(|k| if self.set.on[k] { h[k] / r.h[k] } else { 1.0 });
        let mut energy = to_energy * self.hydro * (scale[0] * scale[1] * scale[2] - 1.0) * r.volume;
        let n = if self.triclinic { 6 } else { 3 };
        let mut force = vec![0.0; n];
        for k in (0..3).filter(|&k| self.set.on[k]) {
            let (a, b) = ((k + 1) % 3, (k + 2) % 3);
            force[k] = to_energy * (p[k] - self.hydro) * scale[a] * scale[b] * r.volume;
        }
        let l: [f64; 3] = std::array::from_fn(|k| scale[k] * r.h[k]);
        // A tilt is a strain times the length along which the face moves.
        for (k, area, along) in [(3, (0, 1), 1), (4, (0, 1), 0), (5, (0, 2), 0)] {
            if k < n && self.set.on[k] {
                force[k] = to_energy * p[k] * l[area.0] * l[area.1] * r.h[along];
            }
        }
        if self.deviatoric {
            let (u, s) = (upper(&h), symmetric(&self.sigma));
            let product = |i: usize, j: usize| -> f64 { (0..3).map(|k| u[i][k] * s[k][j]).sum() };
            let places = [
                (0, 0, 0),
                (1, 1, 1),
                (2, 2, 2),
                (1, 2, 1),
                (0, 2, 0),
                (0, 1, 0),
            ];
            for (k, &(i, j, along)) in places.iter().enumerate().take(n) {
                if self.set.on[k] {
                    force[k] -= to_energy * product(i, j) * r.h[along];
                }
            }
            energy += to_energy * strain_energy(&h, &self.sigma);
        }
        Ok((energy, force))
    }
}

impl MinDofs for BoxRelax {
    fn count(&self) -> usize {
        match (self.isotropic, self.triclinic) {
            (true, _) => 1,
            (_, true) => 6,
            _ => 3,
        }
    }

    fn energy(&mut self, host: &mut dyn Host) -> Result<(f64, Vec<f64>)> {
        host.state_mut().touch();
        let p = self.read(host)?;
        let r = self.reference.clone().ok_or_else(Self::missing)?;
        if self.isotropic {
            self.isotropic_energy(p[0], &r, host.state())
        } else {
            self.general_energy(&p, &r, host.state())
        }
    }

    fn store(&mut self, host: &mut dyn Host) -> Result<()> {
        self.start = Some(host.state().cell("fix box/relax")?.clone());
        Ok(())
    }

    fn step(&mut self, alpha: f64, direction: &[f64], host: &mut dyn Host) -> Result<()> {
        let start = self.start.clone().ok_or_else(Self::missing)?;
        let r = self.reference.as_ref().ok_or_else(Self::missing)?;
        let strain = |k: usize| {
            let at = if self.isotropic { 0 } else { k };
            alpha * direction.get(at).copied().unwrap_or(0.0)
        };
        let mut cell = start.clone();
        let l = start.lengths();
        for k in (0..3).filter(|&k| self.set.on[k]) {
            let c = self.set.fixed_point[k];
            let by = strain(k) * self.origin[k] / l[k];
            cell.lo[k] = start.lo[k] + (start.lo[k] - c) * by;
            cell.hi[k] = start.hi[k] + (start.hi[k] - c) * by;
        }
        let now = cell.lengths();
        for (k, height) in [(3, 2), (4, 2), (5, 1)] {
            if self.set.scale[k] {
                cell.tilt[5 - k] = now[height] * self.origin[k] / self.origin[height];
            }
            if self.triclinic && self.set.on[k] {
                let along = if k == 3 { 1 } else { 0 };
                cell.tilt[5 - k] = start.tilt[5 - k] + strain(k) * r.h[along];
            }
        }
        if cell.validate().is_err() {
            return Err(Error::run("fix box/relax generated negative box length")
                .help("use a smaller vmax"));
        }
        let state = host.state_mut();
        if alpha == 0.0 {
            // The caller puts the atoms back.
            state.cell = Some(cell);
            state.touch();
        } else {
            reshape::change_cell(state, cell, Some(self.set.dilate));
        }
        Ok(())
    }

    fn largest_step(&self, direction: &[f64]) -> f64 {
        let used = direction.iter().enumerate();
        let used = used.filter(|(k, _)| self.isotropic || self.set.on[*k]);
        let limit = used.map(|(_, d)| self.set.vmax / d.abs());
        let first = if self.isotropic { f64::INFINITY } else { 1.0 };
        limit.fold(first, f64::min)
    }

    fn new_reference(&mut self, host: &mut dyn Host) -> Result<bool> {
        let state = host.state();
        let since = state.step - state.run.begin;
        if !self.deviatoric || self.set.nreset == 0 || since % self.set.nreset != 0 {
            return Ok(false);
        }
        self.refer_to(state)?;
        Ok(true)
    }
}

impl Fix for BoxRelax {
    fn changes_cell(&self) -> bool {
        true
    }

    fn min_dofs(&mut self) -> Option<&mut dyn MinDofs> {
        Some(self)
    }

    fn companions(&self) -> Vec<Companion> {
        self.computes.companions(&["virial"])
    }

    fn init(&mut self, host: &mut dyn Host) -> Result<()> {
        self.computes.require(host)?;
        keywords::check_cell(&self.set, host.state())?;
        self.origin = matrix(host.state().cell("fix box/relax")?);
        self.refer_to(host.state())
    }

    fn output(&self) -> Output {
        Output {
            extensive: true,
            ..Output::SCALAR
        }
    }

    fn data(&mut self, part: Part, host: &mut dyn Host) -> Result<Data> {
        if part != Part::Scalar {
            return Err(Error::input("fix box/relax has a scalar only"));
        }
        if host.state().step == 0 || self.reference.is_none() {
            return Ok(Data::Scalar(0.0));
        }
        Ok(Data::Scalar(MinDofs::energy(self, host)?.0))
    }

    fn modify(&mut self, words: &[&str], host: &mut dyn Host) -> Result<()> {
        self.computes.modify(words, host)
    }
}
