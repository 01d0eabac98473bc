//! `kspace_style ewald`: the plain Ewald sum.
//!
//! E = C sum over half of the k: u_k |S_k|^2 with u_k = 4 pi / V exp(-k^2 / 4 g^2) / k^2 and S_k = sum q exp(i k r),
//! less the energy of the charges with themselves. de Leeuw, Perram and Smith, Proc. R. Soc. A 373, 27 (1980),
//! doi:10.1098/rspa.1980.0135. Wave vectors are grouped into columns of equal (kx, ky): the phases of a column
//! are products of one-dimensional ones.

use super::modify::{KspaceModify, Slab};
use super::setup::{
    Charges, Lattice, check, first_g, not_neutral, own_energy, own_energy_of, real_error,
    slab_between, slab_correction, table_error, two_charge_force,
};
use super::{KspaceEntry, KspaceStyle, LongRange, Prepared, RealSpace};
use crate::cformat::general;
use crate::domain::host::Between;
use crate::domain::{State, Tally};
use crate::error::{Error, Result};
use crate::signature::{Kind, Signature, arg};
use rayon::prelude::*;
use std::f64::consts::PI;

/// Entry in the table of kspace styles.
pub const STYLE: KspaceEntry = KspaceEntry {
    signature: &SIGNATURE,
    build: |args| {
        Ok(Box::new(Ewald {
            relative: args.real("accuracy")?,
            ..Ewald::default()
        }))
    },
};

const SIGNATURE: Signature = Signature {
    name: "ewald",
    summary: "Ewald sum",
    args: &[arg(
        "accuracy",
        Kind::Positive,
        "error of forces, relative to that between two unit charges at 1 angstrom",
    )],
    keywords: &[],
    description: "Sums over wave vectors; the pair style's coul/long part is the real-space sum. The splitting \
        parameter and the number of wave vectors follow from the accuracy and the pair style's cutoff as in \
        LAMMPS, and are in the log. The effort grows as N^(3/2) at best: for more than a few hundred atoms use \
        pppm.",
    examples: &["kspace_style ewald 1.0e-6"],
};

/// Wave vectors beyond which a sum is refused.
const MOST: usize = 4_000_000;
/// Atoms that one task handles at once.
const CHUNK: usize = 256;

/// Wave vectors with the same first two indices.
#[derive(Debug, Clone, Default)]
struct Column {
    n: [i32; 2],
    /// Third indices.
    nz: Vec<i32>,
    /// Wave vectors.
    k: Vec<[f64; 3]>,
    /// u_k
    u: Vec<f64>,
}

#[derive(Debug, Clone, Default)]
struct Ewald {
    relative: f64,
    modify: KspaceModify,
    g: f64,
    accuracy: f64,
    lattice: Lattice,
    /// Largest indices of phases.
    largest: [usize; 3],
    /// LAMMPS' kxmax, kymax, kzmax.
    shown: [usize; 3],
    columns: Vec<Column>,
    /// exp(i 2 pi n s) of every atom: for each direction, n from 0 on, cosines and sines, atom fastest
    phase: [Vec<f64>; 3],
}

/// Error of leaving out wave vectors beyond index `k`.
fn error_of(k: usize, length: f64, g: f64, charges: &Charges) -> f64 {
    let k = k as f64;
    2.0 * charges.q2() * g / length
        * (1.0 / (PI * k * charges.n)).sqrt()
        * (-PI * PI * k * k / (g * g * length * length)).exp()
}

impl Ewald {
    /// Indices along each direction that the accuracy needs (LAMMPS' kx, ky, kz before skewing).
    fn resolution(&self, charges: &Charges) -> [usize; 3] {
        if let Some(k) = self.modify.kmax {
            return k;
        }
        self.lattice.extended.map(|length| {
            let mut k = 1;
            while error_of(k, length, self.g, charges) > self.accuracy && k < 10_000 {
                k += 1;
            }
            k
        })
    }

    fn wave_vectors(&mut self, resolution: [usize; 3]) -> Result<()> {
        let e = self.lattice.extended;
        let unit = |k: usize| 2.0 * PI / e[k];
        let limit = (0..3)
            .map(|k| (unit(k) * resolution[k] as f64).powi(2))
            .fold(0.0, f64::max)
            * 1.00001;
        let mut largest = resolution;
        if self.lattice.tilt != [0.0; 3] {
            let per: [f64; 3] = std::array::from_fn(|k| resolution[k] as f64 / e[k]);
            largest = self.lattice.skewed(per).map(|n| (n as usize).max(1));
        }
        self.largest = largest;
        self.shown = largest;
        let [mx, my, mz] = largest.map(|n| n as i32);
        let all = (mx as usize + 1) * (2 * my as usize + 1) * (2 * mz as usize + 1);
        if all > 8 * MOST {
            return Err(Error::input(format!(
                "ewald needs {largest:?} wave vectors along the edges of the cell: too many"
            ))
            .help("lower the accuracy, or use kspace_style pppm"));
        }
        let (g, volume) = (self.g, self.lattice.volume());
        self.columns.clear();
        // along the axes LAMMPS goes as far in all directions as in the one with most wave vectors
        let straight = self.lattice.tilt == [0.0; 3];
        let most = mx.max(my).max(mz);
        let (tx, ty) = if straight { (most, most) } else { (mx, my) };
        self.largest = self.largest.map(|n| n.max(most as usize));
        for nx in 0..=tx {
            for ny in if nx == 0 { 0 } else { -my }..=ty {
                if (nx > mx && ny != 0) || (ny > my && nx != 0) {
                    continue;
                }
                let mut column = Column {
                    n: [nx, ny],
                    ..Column::default()
                };
                let (from, to) = match (nx, ny) {
                    (0, 0) => (1, most),
                    _ if nx > mx || ny > my => (0, 0),
                    _ => (-mz, mz),
                };
                for nz in from..=to {
                    let k = self.lattice.wave([nx, ny, nz].map(f64::from));
                    let k2 = k[0] * k[0] + k[1] * k[1] + k[2] * k[2];
                    if k2 > limit {
                        continue;
                    }
                    column.nz.push(nz);
                    column.k.push(k);
                    column
                        .u
                        .push(4.0 * PI / volume * (-0.25 * k2 / (g * g)).exp() / k2);
                }
                if !column.nz.is_empty() {
                    self.columns.push(column);
                }
            }
        }
        Ok(())
    }

    /// Fills in exp(i 2 pi n s) by repeated multiplication.
    fn phases(&mut self, state: &State) {
        let n = state.atoms.len();
        let (e, [xy, xz, yz]) = (self.lattice.extended, self.lattice.tilt);
        let x = &state.atoms.x;
        self.phase
            .par_iter_mut()
            .zip(self.largest)
            .enumerate()
            .for_each(|(d, (phase, largest))| {
                phase.clear();
                phase.resize(2 * n * (largest + 1), 0.0);
                for i in 0..n {
                    let c = x[i][2] / e[2];
                    let b = (x[i][1] - yz * c) / e[1];
                    let a = (x[i][0] - xy * b - xz * c) / e[0];
                    let (sin, cos) = (2.0 * PI * [a, b, c][d]).sin_cos();
                    let (mut re, mut im) = (1.0, 0.0);
                    for k in 0..=largest {
                        phase[2 * k * n + i] = re;
                        phase[(2 * k + 1) * n + i] = im;
                        (re, im) = (re * cos - im * sin, re * sin + im * cos);
                    }
                }
            });
    }

    /// Cosine and sine of direction `d`, index `k`, for atoms `from..to`; negative indices are conjugates.
    fn phase(&self, d: usize, k: i32, n: usize, from: usize, to: usize) -> (&[f64], &[f64], f64) {
        let at = 2 * k.unsigned_abs() as usize * n;
        let p = &self.phase[d];
        (
            &p[at + from..at + to],
            &p[at + n + from..at + n + to],
            f64::from(k.signum()),
        )
    }

    /// exp(i (kx x + ky y)) of atoms `from..to`.
    fn plane(&self, c: &Column, n: usize, from: usize, to: usize, out: &mut [Vec<f64>; 2]) {
        let (xr, xi, _) = self.phase(0, c.n[0], n, from, to);
        let (yr, yi, sign) = self.phase(1, c.n[1], n, from, to);
        out.iter_mut().for_each(|v| v.resize(to - from, 0.0));
        let [re, im] = out;
        for i in 0..to - from {
            let (yr, yi) = (yr[i], sign * yi[i]);
            re[i] = xr[i] * yr - xi[i] * yi;
            im[i] = xr[i] * yi + xi[i] * yr;
        }
    }

    /// S_k of all wave vectors, column by column.
    fn structure(&self, q: &[f64]) -> Vec<Vec<[f64; 2]>> {
        let n = q.len();
        self.columns
            .par_iter()
            .map(|c| {
                let mut plane = [Vec::new(), Vec::new()];
                self.plane(c, n, 0, n, &mut plane);
                for (i, &q) in q.iter().enumerate() {
                    plane[0][i] *= q;
                    plane[1][i] *= q;
                }
                let [re, im] = &plane;
                let one = |&nz: &i32| {
                    let (zr, zi, sign) = self.phase(2, nz, n, 0, n);
                    let mut s = [[0.0f64; 4]; 4];
                    // four sums of each kind, so that they need not wait for one another
                    for i in 0..n {
                        let lane = i & 3;
                        s[0][lane] += re[i] * zr[i];
                        s[1][lane] += im[i] * zi[i];
                        s[2][lane] += re[i] * zi[i];
                        s[3][lane] += im[i] * zr[i];
                    }
                    let t = s.map(|v| (v[0] + v[1]) + (v[2] + v[3]));
                    [t[0] - sign * t[1], sign * t[2] + t[3]]
                };
                c.nz.iter().map(one).collect()
            })
            .collect()
    }

    fn atoms(&self, state: &State, s: &[Vec<[f64; 2]>], tally: Tally, out: &mut LongRange) {
        let n = state.atoms.len();
        let c2 = 2.0 * state.units.qqr2e / state.dielectric;
        let chunks = n.div_ceil(CHUNK);
        let z = self.modify.slab != Slab::NoForce;
        let parts: Vec<Part> = (0..chunks)
            .into_par_iter()
            .map(|b| self.part(b * CHUNK, ((b + 1) * CHUNK).min(n), n, s, tally))
            .collect();
        for (b, part) in parts.iter().enumerate() {
            for (l, f) in part.f.iter().enumerate() {
                let i = b * CHUNK + l;
                let q = c2 * state.atoms.q[i];
                (0..2).for_each(|k| out.f[i][k] += q * f[k]);
                if z {
                    out.f[i][2] += q * f[2];
                }
                if tally.atom_energy {
                    out.atom_energy[i] += 0.5 * q * part.energy[l];
                }
                if tally.atom_virial {
                    (0..6).for_each(|k| out.atom_virial[i][k] += 0.5 * q * part.virial[l][k]);
                }
            }
        }
    }

    /// Field, potential and virial at atoms `from..to`.
    fn part(&self, from: usize, to: usize, n: usize, s: &[Vec<[f64; 2]>], tally: Tally) -> Part {
        let m = to - from;
        let mut part = Part {
            f: vec![[0.0; 3]; m],
            energy: vec![0.0; if tally.atom_energy { m } else { 0 }],
            virial: vec![[0.0; 6]; if tally.atom_virial { m } else { 0 }],
        };
        let mut plane = [Vec::new(), Vec::new()];
        for (c, s) in self.columns.iter().zip(s) {
            self.plane(c, n, from, to, &mut plane);
            let [re, im] = &plane;
            for (l, &nz) in c.nz.iter().enumerate() {
                let (zr, zi, sign) = self.phase(2, nz, n, from, to);
                let (k, u) = (c.k[l], c.u[l]);
                let (sr, si) = (u * s[l][0], u * s[l][1]);
                let v = virial_factors(k, self.g);
                for i in 0..m {
                    let zi = sign * zi[i];
                    let (cos, sin) = (re[i] * zr[i] - im[i] * zi, re[i] * zi + im[i] * zr[i]);
                    let field = sr * sin - si * cos;
                    (0..3).for_each(|d| part.f[i][d] += k[d] * field);
                    if tally.atom_energy || tally.atom_virial {
                        let e = sr * cos + si * sin;
                        if tally.atom_energy {
                            part.energy[i] += e;
                        }
                        if tally.atom_virial {
                            (0..6).for_each(|d| part.virial[i][d] += v[d] * e);
                        }
                    }
                }
            }
        }
        part
    }
}

struct Part {
    f: Vec<[f64; 3]>,
    energy: Vec<f64>,
    virial: Vec<[f64; 6]>,
}

/// Virial per energy of a wave vector: delta_ab - 2 (1/k^2 + 1/4g^2) k_a k_b.
pub(super) fn virial_factors(k: [f64; 3], g: f64) -> [f64; 6] {
    let k2 = k[0] * k[0] + k[1] * k[1] + k[2] * k[2];
    let t = -2.0 * (1.0 / k2 + 0.25 / (g * g));
    [
        1.0 + t * k[0] * k[0],
        1.0 + t * k[1] * k[1],
        1.0 + t * k[2] * k[2],
        t * k[0] * k[1],
        t * k[0] * k[2],
        t * k[1] * k[2],
    ]
}

impl Ewald {
    /// Sums over wave vectors of u Re(A B*) and 2 k u Im(A B*).
    fn products(&self, a: &[Vec<[f64; 2]>], b: &[Vec<[f64; 2]>]) -> (f64, [f64; 3]) {
        let (mut energy, mut force) = (0.0, [0.0; 3]);
        for (c, (a, b)) in self.columns.iter().zip(a.iter().zip(b)) {
            for (l, (a, b)) in a.iter().zip(b).enumerate() {
                energy += c.u[l] * (a[0] * b[0] + a[1] * b[1]);
                let im = 2.0 * c.u[l] * (a[1] * b[0] - a[0] * b[1]);
                (0..3).for_each(|d| force[d] += c.k[l][d] * im);
            }
        }
        (energy, force)
    }
}

impl KspaceStyle for Ewald {
    fn modify(&mut self, modify: &KspaceModify) -> Result<()> {
        self.modify = *modify;
        Ok(())
    }

    fn init(&mut self, state: &State, real: RealSpace) -> Result<Prepared> {
        check(state, "Ewald", &self.modify)?;
        let charges = Charges::new(state);
        self.lattice = Lattice::new(state.cell("kspace_style")?, self.modify.slab);
        let unit = two_charge_force(state);
        self.accuracy = self.modify.force.unwrap_or(self.relative * unit);
        self.g = first_g(self.accuracy, &charges, &self.lattice, real, &self.modify)?;
        let resolution = self.resolution(&charges);
        self.wave_vectors(resolution)?;
        let sum: f64 = (0..3)
            .map(|d| error_of(resolution[d], self.lattice.extended[d], self.g, &charges).powi(2))
            .sum();
        let volume = self.lattice.volume();
        let spr = real_error(self.g, &charges, volume, real.cutoff);
        let root = charges.q2() / (charges.n * real.cutoff * volume).sqrt();
        let (tpr, table) = table_error(real.table, root, spr);
        let total = (sum / 3.0 + spr * spr + tpr * tpr).sqrt();
        let count: usize = self.columns.iter().map(|c| c.nz.len()).sum();
        let most = self.shown.iter().copied().max().unwrap_or(1);
        let mut lines = vec!["Ewald initialization ...".to_string()];
        if real.table > 0 {
            lines.push(format!(
                "  using {}-bit tables for long-range coulomb",
                real.table
            ));
        }
        lines.extend([
            format!("  G vector (1/distance) = {}", general(8, self.g)),
            format!(
                "  estimated absolute RMS force accuracy = {}",
                general(8, total)
            ),
            format!(
                "  estimated relative force accuracy = {}",
                general(8, total / unit)
            ),
            format!(
                "  KSpace vectors: actual max1d max3d = {count} {most} {}",
                4 * most * most * most + 6 * most * most + 3 * most
            ),
            format!(
                "                  kxmax kymax kzmax  = {} {} {}",
                self.shown[0], self.shown[1], self.shown[2]
            ),
        ]);
        Ok(Prepared {
            g_ewald: self.g,
            lines,
            warnings: not_neutral(&charges).into_iter().chain(table).collect(),
        })
    }

    fn compute(&mut self, state: &State, tally: Tally, out: &mut LongRange) -> Result<()> {
        out.reset(state.atoms.len(), tally);
        let charges = Charges::new(state);
        let lattice = Lattice::new(state.cell("kspace_style")?, self.modify.slab);
        if lattice != self.lattice {
            self.lattice = lattice;
            let resolution = self.resolution(&charges);
            self.wave_vectors(resolution)?;
        }
        self.phases(state);
        let s = self.structure(&state.atoms.q);
        for (c, s) in self.columns.iter().zip(&s) {
            for (l, s) in s.iter().enumerate() {
                let e = charges.c * c.u[l] * (s[0] * s[0] + s[1] * s[1]);
                out.energy += e;
                let v = virial_factors(c.k[l], self.g);
                (0..6).for_each(|k| out.virial[k] += e * v[k]);
            }
        }
        let volume = self.lattice.volume();
        out.energy += own_energy(self.g, &charges, volume);
        self.atoms(state, &s, tally, out);
        if tally.atom_energy {
            for (e, &q) in out.atom_energy.iter_mut().zip(&state.atoms.q) {
                *e += own_energy_of(q, self.g, &charges, volume);
            }
        }
        if matches!(self.modify.slab, Slab::Factor(_)) {
            slab_correction(state, &charges, &self.lattice, tally, out);
        }
        Ok(())
    }

    fn between(&mut self, state: &State, a: &[f64], b: &[f64]) -> Result<Between> {
        if self.columns.is_empty() {
            return Err(Error::run("kspace_style ewald was not prepared"));
        }
        let c = Charges::new(state).c;
        self.phases(state);
        let (energy, force) = self.products(&self.structure(a), &self.structure(b));
        let mut out = Between {
            energy: c * energy,
            force: force.map(|f| c * f),
            volume: self.lattice.volume(),
        };
        slab_between(state, c, self.modify.slab, (a, b), &mut out);
        Ok(out)
    }
}
