//! `kspace_style pppm`: particle-particle particle-mesh sums (Hockney and Eastwood, 1988), with differentiation in
//! reciprocal space.
//!
//! Charges go to a mesh, its Fourier transform times the influence function is the potential, times -i k the
//! field, which is interpolated back to the atoms with the same weights.

mod charge;
mod fft;
mod green;
mod mesh;
mod spline;

use super::modify::{KspaceModify, Slab};
use super::setup::{
    Charges, Lattice, check, first_g, not_neutral, own_energy, own_energy_of, slab_correction,
    table_error, two_charge_force,
};
use super::{KspaceEntry, KspaceStyle, LongRange, Prepared, RealSpace};
use crate::cformat::general;
use crate::domain::{State, Tally};
use crate::error::{Error, Result};
use crate::signature::{Kind, Signature, arg};
use charge::Stencils;
use fft::{C, Fft3};
use green::Green;
use rayon::prelude::*;

/// Entry in the table of kspace styles.
pub const STYLE: KspaceEntry = KspaceEntry {
    signature: &SIGNATURE,
    build: |args| {
        Ok(Box::new(Pppm {
            relative: args.real("accuracy")?,
            modify: KspaceModify::default(),
            g: 0.0,
            lattice: Lattice::default(),
            mesh: None,
        }))
    },
};

const SIGNATURE: Signature = Signature {
    name: "pppm",
    summary: "particle-particle particle-mesh sum",
    args: &[arg(
        "accuracy",
        Kind::Positive,
        "error of forces, relative to that between two unit charges at 1 angstrom",
    )],
    keywords: &[],
    description: "Long-range Coulomb interaction on a mesh, with an effort of N log N; the pair style's coul/long \
        part is the real-space sum. The splitting parameter and the mesh follow from the accuracy, the pair \
        style's cutoff and the order (`kspace_modify order`, default 5) as in LAMMPS, and are in the log. \
        Triclinic cells and slabs (`kspace_modify slab`) are supported; forces come from differentiation in \
        reciprocal space (`kspace_modify diff ik`).",
    examples: &["kspace_style pppm 1.0e-5"],
};

struct Mesh {
    n: [usize; 3],
    order: usize,
    fft: Fft3,
    green: Green,
    stencils: Stencils,
    /// Charge density, then potentials of per-atom quantities.
    density: Vec<f64>,
    field: [Vec<f64>; 3],
    spectrum: Vec<C>,
}

struct Pppm {
    relative: f64,
    modify: KspaceModify,
    g: f64,
    lattice: Lattice,
    mesh: Option<Mesh>,
}

impl Mesh {
    fn new(n: [usize; 3], order: usize, g: f64, lattice: &Lattice) -> Self {
        let fft = Fft3::new(n);
        let size = Stencils::width(n, order) * n[1] * n[2];
        Self {
            n,
            order,
            green: Green::new(n, order, g, lattice),
            stencils: Stencils::default(),
            density: vec![0.0; size],
            field: [vec![0.0; size], vec![0.0; size], vec![0.0; size]],
            spectrum: vec![C::default(); fft.spectrum()],
            fft,
        }
    }

    fn width(&self) -> usize {
        Stencils::width(self.n, self.order)
    }

    /// Energy and virial per volume, without the charges' own energy: sums over lines, then over their sums.
    fn sums(&self, virial: bool) -> (f64, [f64; 6]) {
        let points = self.n.iter().product::<usize>() as f64;
        let scale = 1.0 / (points * points);
        let (lines, length) = self.green.lines();
        let parts: Vec<(f64, [f64; 6])> = (0..lines)
            .into_par_iter()
            .map(|line| {
                let times = self.green.times(line) * scale;
                let (mut energy, mut sum) = (0.0, [0.0; 6]);
                for at in line * length..(line + 1) * length {
                    let e = times * self.green.value[at] * self.spectrum[at].norm_sqr();
                    energy += e;
                    if virial {
                        let v = self.green.virial(at);
                        (0..6).for_each(|k| sum[k] += e * v[k]);
                    }
                }
                (energy, sum)
            })
            .collect();
        parts.iter().fold((0.0, [0.0; 6]), |(e, mut v), p| {
            (0..6).for_each(|k| v[k] += p.1[k]);
            (e + p.0, v)
        })
    }

    /// Fills `field` with the components of the field.
    fn fields(&mut self) {
        let points = self.n.iter().product::<usize>() as f64;
        let width = self.width();
        let (green, spectrum) = (&self.green, &self.spectrum);
        for (d, field) in self.field.iter_mut().enumerate() {
            let value = |at: usize| {
                let (s, k) = (spectrum[at], green.gradient[at][d] / points);
                // -i k s
                C::new(k * s.im, -k * s.re)
            };
            self.fft.backward(value, width, field);
        }
    }

    /// The mesh of the potential, or of one component of the virial, into `density`.
    fn potential(&mut self, component: Option<usize>) {
        let points = self.n.iter().product::<usize>() as f64;
        let width = self.width();
        let (green, spectrum) = (&self.green, &self.spectrum);
        let value = |at: usize| {
            let factor = component.map_or(1.0, |c| green.virial(at)[c]);
            spectrum[at] * (green.value[at] * factor / points)
        };
        self.fft.backward(value, width, &mut self.density);
    }
}

impl KspaceStyle for Pppm {
    fn modify(&mut self, modify: &KspaceModify) -> Result<()> {
        self.modify = *modify;
        Ok(())
    }

    fn init(&mut self, state: &State, real: RealSpace) -> Result<Prepared> {
        check(state, "PPPM", &self.modify)?;
        let charges = Charges::new(state);
        self.lattice = Lattice::new(state.cell("kspace_style")?, self.modify.slab);
        let unit = two_charge_force(state);
        let choice = mesh::Choice {
            order: self.modify.order,
            accuracy: self.modify.force.unwrap_or(self.relative * unit),
            charges: &charges,
            lattice: &self.lattice,
            real,
        };
        let mut g = first_g(choice.accuracy, &charges, &self.lattice, real, &self.modify)?;
        let n = match self.modify.mesh {
            Some(n) => n,
            None => choice.mesh(g)?,
        };
        mesh::check(n)?;
        if self.modify.gewald.is_none() {
            g = choice.adjusted(n, g)?;
        }
        self.g = g;
        let (spr, kspace) = (choice.real_error(g), choice.mesh_error(n, g));
        let root = charges.q2() / (charges.n * real.cutoff * self.lattice.true_volume()).sqrt();
        let (tpr, table) = table_error(real.table, root, spr);
        let total = (kspace * kspace + spr * spr + tpr * tpr).sqrt();
        let order = self.modify.order;
        let [nx, ny, nz] = n;
        let mut lines = vec!["PPPM initialization ...".to_string()];
        if real.table > 0 {
            lines.push(format!(
                "  using {}-bit tables for long-range coulomb",
                real.table
            ));
        }
        lines.extend([
            format!("  G vector (1/distance) = {}", general(8, g)),
            format!("  grid = {nx} {ny} {nz}"),
            format!("  stencil order = {order}"),
            format!(
                "  estimated absolute RMS force accuracy = {}",
                general(8, total)
            ),
            format!(
                "  estimated relative force accuracy = {}",
                general(8, total / unit)
            ),
            "  using double precision RustFFT".to_string(),
            format!(
                "  3d grid and FFT values/proc = {} {}",
                Stencils::width(n, order) * ny * nz,
                (nx / 2 + 1) * ny * nz
            ),
        ]);
        self.mesh = Some(Mesh::new(n, order, g, &self.lattice));
        Ok(Prepared {
            g_ewald: g,
            lines,
            warnings: not_neutral(&charges).into_iter().chain(table).collect(),
        })
    }

    fn compute(&mut self, state: &State, tally: Tally, out: &mut LongRange) -> Result<()> {
        out.reset(state.atoms.len(), tally);
        let cell = state.cell("kspace_style")?;
        let charges = Charges::new(state);
        let lattice = Lattice::new(cell, self.modify.slab);
        let mesh = self
            .mesh
            .as_mut()
            .ok_or_else(|| Error::run("kspace_style pppm was not prepared"))?;
        if lattice != self.lattice {
            self.lattice = lattice;
            mesh.green = Green::new(mesh.n, mesh.order, self.g, &lattice);
        }
        if state.atoms.x.iter().flatten().any(|v| !v.is_finite()) {
            return Err(Error::run(format!(
                "Out of range atoms - cannot compute PPPM: a position is not finite at step {}",
                state.step
            )));
        }
        let volume = lattice.volume();
        let points = mesh.n.iter().product::<usize>() as f64;
        let width = mesh.width();
        mesh.stencils
            .fill(mesh.n, mesh.order, &lattice, cell.lo, &state.atoms.x);
        mesh.stencils
            .spread(&state.atoms.q, points / volume, &mut mesh.density);
        mesh.fft.forward(&mesh.density, width, &mut mesh.spectrum);
        if tally.energy || tally.virial {
            let (energy, virial) = mesh.sums(tally.virial);
            let scale = 0.5 * volume * charges.c;
            out.energy = scale * energy + own_energy(self.g, &charges, volume);
            out.virial = virial.map(|v| scale * v);
        }
        mesh.fields();
        let [fx, fy, fz] = &mesh.field;
        let field = mesh.stencils.gather([fx, fy, fz]);
        let z = self.modify.slab != Slab::NoForce;
        for ((f, field), &q) in out.f.iter_mut().zip(&field).zip(&state.atoms.q) {
            let cq = charges.c * q;
            *f = [
                cq * field[0],
                cq * field[1],
                if z { cq * field[2] } else { 0.0 },
            ];
        }
        let q = &state.atoms.q;
        if tally.atom_energy {
            mesh.potential(None);
            let potential = mesh.stencils.gather([&mesh.density]);
            for ((e, u), &q) in out.atom_energy.iter_mut().zip(potential).zip(q) {
                *e = 0.5 * charges.c * q * u[0] + own_energy_of(q, self.g, &charges, volume);
            }
        }
        if tally.atom_virial {
            for c in 0..6 {
                mesh.potential(Some(c));
                let potential = mesh.stencils.gather([&mesh.density]);
                for ((v, u), &q) in out.atom_virial.iter_mut().zip(potential).zip(q) {
                    v[c] = 0.5 * charges.c * q * u[0];
                }
            }
        }
        if matches!(self.modify.slab, Slab::Factor(_)) {
            slab_correction(state, &charges, &lattice, tally, out);
        }
        Ok(())
    }
}
