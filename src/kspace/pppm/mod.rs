//! `kspace_style pppm`: particle-particle particle-mesh sums (Hockney and Eastwood, 1988).
//!
//! Charges go to a mesh, its Fourier transform times the influence function is the potential, times -i k the
//! field, which is interpolated back to the atoms with the same weights. With `kspace_modify diff ad` the potential
//! is interpolated with the derivatives of the weights instead.

mod analytic;
mod charge;
mod fft;
mod green;
mod mesh;
mod spline;

use super::modify::{KspaceModify, Slab};
use super::setup::slab_between;
use super::setup::{
    Charges, Lattice, check, first_g, not_neutral, own_energy, own_energy_of, slab_correction,
    table_error, two_charge_force,
};
use super::{KspaceEntry, KspaceStyle, LongRange, Prepared, RealSpace};
use crate::cformat::general;
use crate::domain::host::Between;
use crate::domain::{State, Tally};
use crate::error::{Error, Result};
use crate::signature::{Kind, Signature, arg};
use analytic::OwnForce;
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
        Triclinic cells and slabs (`kspace_modify slab`) are supported. Forces come from differentiation in \
        reciprocal space (four Fourier transforms), or with `kspace_modify diff ad` from differentiated assignment \
        functions (two Fourier transforms, but a finer mesh for the same accuracy; not for triclinic cells).",
    examples: &["kspace_style pppm 1.0e-5"],
};

struct Mesh {
    n: [usize; 3],
    order: usize,
    fft: Fft3,
    green: Green,
    /// With `diff ad`.
    own: Option<OwnForce>,
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
    fn new(n: [usize; 3], order: usize, g: f64, lattice: &Lattice, analytic: bool) -> Self {
        let fft = Fft3::new(n);
        let size = Stencils::width(n, order) * n[1] * n[2];
        let field = || vec![0.0; if analytic { 0 } else { size }];
        let mut mesh = Self {
            n,
            order,
            green: Green::default(),
            own: analytic.then(OwnForce::default),
            stencils: Stencils::default(),
            density: vec![0.0; size],
            field: [field(), field(), field()],
            spectrum: vec![C::default(); fft.spectrum()],
            fft,
        };
        mesh.suit(g, lattice);
        mesh
    }

    /// Computes what depends on the cell.
    fn suit(&mut self, g: f64, lattice: &Lattice) {
        let (n, order) = (self.n, self.order);
        if self.own.is_some() {
            self.green = Green::analytic(n, order, g, lattice);
            self.own = Some(OwnForce::new(n, order, lattice, &self.green.value));
        } else {
            self.green = Green::new(n, order, g, lattice);
        }
    }

    /// Mesh and spectrum of charges `q` in volume `volume`; stencils must be those of the positions.
    fn transform(&mut self, q: &[f64], volume: f64) {
        let points = self.n.iter().product::<usize>() as f64;
        let width = self.width();
        self.stencils.spread(q, points / volume, &mut self.density);
        self.fft.forward(&self.density, width, &mut self.spectrum);
    }

    /// Field at every atom, and with `diff ad` every atom's force on itself, per q^2 C.
    fn field_at_atoms(
        &mut self,
        lattice: &Lattice,
        x: &[[f64; 3]],
    ) -> (Vec<[f64; 3]>, Option<Vec<[f64; 3]>>) {
        let Some(own) = self.own else {
            self.fields();
            let [fx, fy, fz] = &self.field;
            return (self.stencils.gather([fx, fy, fz]), None);
        };
        self.potential(None);
        let per_length: [f64; 3] = std::array::from_fn(|d| self.n[d] as f64 / lattice.extended[d]);
        let mut field = self.stencils.gradients(&self.density);
        for f in &mut field {
            (0..3).for_each(|d| f[d] *= -per_length[d]);
        }
        let own = |x: &[f64; 3]| own.at(std::array::from_fn(|d| x[d] * per_length[d]));
        (field, Some(x.iter().map(own).collect()))
    }

    /// Sums over k of G Re(A B*) and k G Im(A B*) for the spectra A (given) and B (the present one).
    fn products(&self, a: &[C]) -> (f64, [f64; 3]) {
        let points = self.n.iter().product::<usize>() as f64;
        let scale = 1.0 / (points * points);
        let (lines, length) = self.green.lines();
        let parts: Vec<[f64; 4]> = (0..lines)
            .into_par_iter()
            .map(|line| {
                let times = self.green.times(line) * scale;
                let mut sum = [0.0; 4];
                for at in line * length..(line + 1) * length {
                    let product = a[at] * self.spectrum[at].conj() * times;
                    sum[3] += self.green.value[at] * product.re;
                    (0..3).for_each(|d| sum[d] += self.green.gradient[at][d] * product.im);
                }
                sum
            })
            .collect();
        let mut total = [0.0; 4];
        for part in &parts {
            (0..4).for_each(|k| total[k] += part[k]);
        }
        (total[3], [total[0], total[1], total[2]])
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
                    let square = times * self.spectrum[at].norm_sqr();
                    energy += square * self.green.value[at];
                    if virial {
                        let v = self.green.virial(at);
                        (0..6).for_each(|k| sum[k] += square * v[k]);
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
            let factor = component.map_or(green.value[at], |c| green.virial(at)[c]);
            spectrum[at] * (factor / points)
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
            analytic: self.modify.analytic,
        };
        if choice.analytic && self.lattice.tilt != [0.0; 3] {
            return Err(Error::input(
                "Cannot (yet) use PPPM with triclinic box and kspace_modify diff ad",
            )
            .help("use kspace_modify diff ik"));
        }
        let mut g = first_g(choice.accuracy, &charges, &self.lattice, real, &self.modify)?;
        let n = match self.modify.mesh {
            Some(n) => n.map(mesh::raised),
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
        let analytic = self.modify.analytic;
        self.mesh = Some(Mesh::new(n, order, g, &self.lattice, analytic));
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
            mesh.suit(self.g, &lattice);
        }
        if state.atoms.x.iter().flatten().any(|v| !v.is_finite()) {
            return Err(Error::run(format!(
                "Out of range atoms - cannot compute PPPM: a position is not finite at step {}",
                state.step
            )));
        }
        let volume = lattice.volume();
        let (n, order, analytic) = (mesh.n, mesh.order, mesh.own.is_some());
        mesh.stencils
            .fill(n, order, &lattice, cell.lo, &state.atoms.x, analytic);
        mesh.transform(&state.atoms.q, volume);
        if tally.energy || tally.virial {
            let (energy, virial) = mesh.sums(tally.virial);
            let scale = 0.5 * volume * charges.c;
            out.energy = scale * energy + own_energy(self.g, &charges, volume);
            out.virial = virial.map(|v| scale * v);
        }
        let (field, own) = mesh.field_at_atoms(&lattice, &state.atoms.x);
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
        if let Some(own) = own {
            for ((f, own), &q) in out.f.iter_mut().zip(own).zip(q) {
                let axes = if z { 3 } else { 2 };
                (0..axes).for_each(|d| f[d] -= charges.c * q * q * own[d]);
            }
        }
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

    fn between(&mut self, state: &State, a: &[f64], b: &[f64]) -> Result<Between> {
        if self.modify.analytic {
            return Err(Error::input(
                "Cannot (yet) use kspace_modify diff ad with compute group/group",
            )
            .help("use kspace_modify diff ik"));
        }
        let cell = state.cell("kspace_style")?;
        let c = Charges::new(state).c;
        let lattice = self.lattice;
        let slab = self.modify.slab;
        let mesh = self
            .mesh
            .as_mut()
            .ok_or_else(|| Error::run("kspace_style pppm was not prepared"))?;
        let volume = lattice.volume();
        let (n, order) = (mesh.n, mesh.order);
        mesh.stencils
            .fill(n, order, &lattice, cell.lo, &state.atoms.x, false);
        mesh.transform(a, volume);
        let first = mesh.spectrum.clone();
        mesh.transform(b, volume);
        let (energy, force) = mesh.products(&first);
        let mut out = Between {
            energy: 0.5 * c * volume * energy,
            force: force.map(|f| -c * volume * f),
            volume,
        };
        slab_between(state, c, slab, (a, b), &mut out);
        Ok(out)
    }
}
