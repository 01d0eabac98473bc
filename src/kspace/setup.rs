//! What Ewald sums and particle meshes have in common: charges, reciprocal cell, error estimates, the slab
//! correction.
//!
//! Error estimates: Kolafa and Perram, Mol. Simul. 9, 351 (1992), doi:10.1080/08927029208049126, in the form in
//! which LAMMPS uses them.

use super::modify::{KspaceModify, Slab};
use super::{LongRange, RealSpace};
use crate::domain::cell::{Boundary, Cell};
use crate::domain::host::Between;
use crate::domain::{State, Tally};
use crate::error::{Error, Result};
use std::f64::consts::PI;

/// sqrt(pi)
pub const ROOT_PI: f64 = 1.772_453_850_905_516;

/// Sums over charges.
#[derive(Debug, Clone, Copy, Default)]
pub struct Charges {
    /// Number of atoms.
    pub n: f64,
    /// Sum of charges.
    pub sum: f64,
    /// Sum of squared charges.
    pub square: f64,
    /// C / dielectric
    pub c: f64,
}

impl Charges {
    /// Of all atoms.
    pub fn new(state: &State) -> Self {
        let q = &state.atoms.q;
        Self {
            n: q.len() as f64,
            sum: q.iter().sum(),
            square: q.iter().map(|q| q * q).sum(),
            c: state.units.qqr2e / state.dielectric,
        }
    }

    /// C sum q^2
    pub fn q2(&self) -> f64 {
        self.square * self.c
    }
}

/// Force between two unit charges one angstrom apart: accuracies are relative to it.
pub fn two_charge_force(state: &State) -> f64 {
    state.units.qqr2e / (state.units.angstrom * state.units.angstrom)
}

/// The cell of the sum, extended in z for slabs, and its reciprocal.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Lattice {
    /// lx, ly, lz of the cell.
    pub length: [f64; 3],
    /// lx, ly, lz with the extension.
    pub extended: [f64; 3],
    /// xy, xz, yz.
    pub tilt: [f64; 3],
}

impl Lattice {
    /// Of a cell.
    pub fn new(cell: &Cell, slab: Slab) -> Self {
        let length = cell.lengths();
        let mut extended = length;
        if let Slab::Factor(f) = slab {
            extended[2] *= f;
        }
        Self {
            length,
            extended,
            tilt: cell.tilt,
        }
    }

    /// Volume with the extension.
    pub fn volume(&self) -> f64 {
        self.extended.iter().product()
    }

    /// Volume without it.
    pub fn true_volume(&self) -> f64 {
        self.length.iter().product()
    }

    /// 2 pi (n1 b1 + n2 b2 + n3 b3) with the reciprocal vectors b.
    #[inline]
    pub fn wave(&self, n: [f64; 3]) -> [f64; 3] {
        let [lx, ly, lz] = self.extended;
        let [xy, xz, yz] = self.tilt;
        let x = 2.0 * PI * n[0] / lx;
        let y = (2.0 * PI * n[1] - xy * x) / ly;
        let z = (2.0 * PI * n[2] - xz * x - yz * y) / lz;
        [x, y, z]
    }

    /// Resolutions along x, y, z as numbers of points along the edges, which tilts make larger.
    pub fn skewed(&self, per_length: [f64; 3]) -> [f64; 3] {
        let [lx, ly, lz] = self.extended;
        let [xy, xz, yz] = self.tilt.map(f64::abs);
        let [a, b, c] = per_length;
        [lx * a, xy * a + ly * b, xz * a + yz * b + lz * c]
    }
}

/// Checks what all kspace styles need.
///
/// # Errors
/// No charges, the wrong dimension or boundaries, or a setting that the cell does not allow.
pub fn check(state: &State, name: &str, modify: &KspaceModify) -> Result<()> {
    let cell = state.cell("kspace_style")?;
    if !state.atom_style.charge {
        return Err(Error::input(format!(
            "Kspace style requires atom attribute q: atom_style {} has no charges",
            state.atom_style.name
        ))
        .help("use atom_style charge"));
    }
    if state.dimension == 2 {
        return Err(Error::input(format!(
            "Cannot use {name} with 2d simulation"
        )));
    }
    let periodic = |k: usize| cell.periodic(k);
    match modify.slab {
        Slab::Factor(_) | Slab::NoForce => {
            if cell.triclinic && modify.slab != Slab::NoForce {
                return Err(Error::input(format!(
                    "Cannot (yet) use {name} with triclinic box and slab correction"
                )));
            }
            if !periodic(0) || !periodic(1) || cell.boundary[2] != [Boundary::Fixed; 2] {
                return Err(Error::input(format!(
                    "Incorrect boundaries with slab {name}: kspace_modify slab needs boundary p p f"
                )));
            }
        }
        _ if !(periodic(0) && periodic(1) && periodic(2)) => {
            return Err(
                Error::input(format!("Cannot use non-periodic boundaries with {name}"))
                    .help("use boundary p p p, or boundary p p f with kspace_modify slab 3.0"),
            );
        }
        _ => {}
    }
    Ok(())
}

/// The warning about a charged system, if it is one.
pub fn not_neutral(charges: &Charges) -> Option<String> {
    (charges.sum.abs() > 1.0e-5).then(|| {
        format!(
            "System is not charge neutral, net charge = {}",
            crate::cformat::general(6, charges.sum)
        )
    })
}

/// The splitting parameter from accuracy (force units), cutoff and charges.
///
/// # Errors
/// There are no charges.
pub fn first_g(
    accuracy: f64,
    charges: &Charges,
    lattice: &Lattice,
    real: RealSpace,
    modify: &KspaceModify,
) -> Result<f64> {
    if let Some(g) = modify.gewald {
        return Ok(g);
    }
    if accuracy <= 0.0 {
        return Err(Error::input("KSpace accuracy must be > 0"));
    }
    if charges.q2() == 0.0 {
        return Err(
            Error::input("Cannot use a kspace style on a system with no charge")
                .help("set charges (set type I charge Q), or give kspace_modify gewald"),
        );
    }
    let ratio =
        accuracy * (charges.n * real.cutoff * lattice.true_volume()).sqrt() / (2.0 * charges.q2());
    Ok(if ratio >= 1.0 {
        (1.35 - 0.15 * accuracy.ln()) / real.cutoff
    } else {
        (-ratio.ln()).sqrt() / real.cutoff
    })
}

/// Root mean square force error of the real-space part.
pub fn real_error(g: f64, charges: &Charges, volume: f64, cutoff: f64) -> f64 {
    2.0 * charges.q2() * (-g * g * cutoff * cutoff).exp() / (charges.n * cutoff * volume).sqrt()
}

/// Error that a Coulomb table of so many bits adds (LAMMPS' measured values), and a warning if it dominates.
pub fn table_error(bits: u32, q2_over_root: f64, real: f64) -> (f64, Option<String>) {
    const MEASURED: [f64; 11] = [
        6.99e-3, 1.78e-3, 4.72e-4, 1.17e-4, 2.95e-5, 7.41e-6, 1.76e-6, 9.28e-7, 7.46e-7, 7.32e-7,
        7.30e-7,
    ];
    if bits == 0 {
        return (0.0, None);
    }
    let error = MEASURED[bits.clamp(6, 16) as usize - 6] * q2_over_root;
    let warning = (error > real).then(|| "For better accuracy use 'pair_modify table 0'".into());
    (error, warning)
}

/// Energy of the charges with themselves and of the neutralising background.
pub fn own_energy(g: f64, charges: &Charges, volume: f64) -> f64 {
    -charges.c
        * (g * charges.square / ROOT_PI + 0.5 * PI * charges.sum * charges.sum / (g * g * volume))
}

/// The same for one charge.
pub fn own_energy_of(q: f64, g: f64, charges: &Charges, volume: f64) -> f64 {
    -charges.c * (g * q * q / ROOT_PI + 0.5 * PI * q * charges.sum / (g * g * volume))
}

/// The dipole correction of slabs: Yeh and Berkowitz, J. Chem. Phys. 111, 3155 (1999), doi:10.1063/1.479595, for
/// charged slabs Ballenegger, Arnold and Cerda, J. Chem. Phys. 131, 094107 (2009), doi:10.1063/1.3216473.
pub fn slab_correction(
    state: &State,
    charges: &Charges,
    lattice: &Lattice,
    tally: Tally,
    out: &mut LongRange,
) {
    let atoms = &state.atoms;
    let (mut dipole, mut second) = (0.0, 0.0);
    for (x, q) in atoms.x.iter().zip(&atoms.q) {
        dipole += q * x[2];
        second += q * x[2] * x[2];
    }
    let charged = charges.sum.abs() > 1.0e-5;
    let (volume, lz) = (lattice.volume(), lattice.extended[2]);
    let q = if charged { charges.sum } else { 0.0 };
    let factor = charges.c * 2.0 * PI / volume;
    out.energy += factor * (dipole * dipole - q * second - q * q * lz * lz / 12.0);
    for i in 0..atoms.len() {
        let (z, qi) = (atoms.x[i][2], atoms.q[i]);
        if tally.atom_energy {
            out.atom_energy[i] +=
                factor * qi * (z * dipole - 0.5 * (second + q * z * z) - q * lz * lz / 12.0);
        }
        out.f[i][2] -= 2.0 * factor * qi * (dipole - q * z);
    }
}

/// [`slab_correction`] for two sets of charges; nothing without `kspace_modify slab`.
pub fn slab_between(
    state: &State,
    c: f64,
    slab: Slab,
    (a, b): (&[f64], &[f64]),
    out: &mut Between,
) {
    match slab {
        Slab::No => return,
        Slab::NoForce => {
            out.force[2] = 0.0;
            return;
        }
        Slab::Factor(_) => {}
    }
    let moments = |q: &[f64]| {
        let mut m = [0.0; 3];
        for (x, q) in state.atoms.x.iter().zip(q) {
            m[0] += q;
            m[1] += q * x[2];
            m[2] += q * x[2] * x[2];
        }
        m
    };
    let (a, b) = (moments(a), moments(b));
    let lz = state
        .cell
        .as_ref()
        .map_or(0.0, |cell| Lattice::new(cell, slab).extended[2]);
    let factor = c * 2.0 * PI / out.volume;
    out.energy +=
        factor * (a[1] * b[1] - 0.5 * (a[0] * b[2] + b[0] * a[2]) - a[0] * b[0] * lz * lz / 12.0);
    out.force[2] -= 2.0 * factor * (a[0] * b[1] - b[0] * a[1]);
}
