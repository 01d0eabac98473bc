//! Embedded-atom potentials: `eam` (funcfl files), `eam/alloy` (setfl), `eam/fs` (Finnis-Sinclair setfl).
//!
//! E = sum_i F_i(rho_i) + sum_{i<j} phi_ij(r), rho_i = sum_j rho_ji(r): Daw and Baskes, Phys. Rev. B 29, 6443
//! (1984), doi:10.1103/PhysRevB.29.6443; Finnis and Sinclair, Phil. Mag. A 50, 45 (1984),
//! doi:10.1080/01418618408244210. Densities are summed over half lists and ghosts' shares go to their owners;
//! dF/drho then goes to the ghosts.

mod file;
mod spline;
mod tables;

use super::coeffs::{TypePairs, pairs};
use super::potential_file::{PotentialFile, TypeMap};
use super::{BrickForces, ForceContext, PairEntry, PairModify, PairOptions, PairStyle, Single};
use crate::domain::{Brick, Needs, State, Tally};
use crate::error::{Error, Result};
use crate::signature::{Arg, Args, Kind, Signature, arg, elements};
use file::{Funcfl, Setfl};
use rayon::prelude::*;
use tables::Tables;

/// `eam`
pub const FUNCFL: PairEntry = PairEntry {
    signature: &FUNCFL_SIGNATURE,
    coeff: &FUNCFL_COEFF,
    build: |_, _| Ok(build("eam", Source::Funcfl(Vec::new()))),
};

/// `eam/alloy`
pub const ALLOY: PairEntry = PairEntry {
    signature: &ALLOY_SIGNATURE,
    coeff: &ALLOY_COEFF,
    build: |_: &Args, _| Ok(build("eam/alloy", Source::Setfl(None))),
};

/// `eam/fs`
pub const FS: PairEntry = PairEntry {
    signature: &FS_SIGNATURE,
    coeff: &FS_COEFF,
    build: |_, _| Ok(build("eam/fs", Source::Setfl(None))),
};

const FUNCFL_SIGNATURE: Signature = Signature {
    name: "eam",
    summary: "embedded-atom potential from funcfl files",
    args: &[],
    keywords: &[],
    description: "E = sum_i F_i(rho_i) + sum_ij phi_ij(r_ij) with funcfl files (DYNAMO), one per element: `pair_coeff \
        I I FILE`. Pair energies of unlike elements follow from the effective charges Z(r) of both files. Masses \
        are set from the files. A tag `UNITS: metal` in the first line of a file is honoured.",
    examples: &["pair_style eam"],
};

const FUNCFL_COEFF: Signature = Signature {
    name: "eam",
    summary: "funcfl file of atom types",
    args: &[
        arg("I", Kind::Types, "atom type"),
        arg("J", Kind::Types, "the same type"),
        arg("file", Kind::FileIn, "funcfl file"),
    ],
    keywords: &[],
    description: "",
    examples: &["pair_coeff 1 1 Cu_u3.eam"],
};

const ALLOY_ARGS: &[Arg] = &[
    arg("I", Kind::Types, "*"),
    arg("J", Kind::Types, "*"),
    arg("file", Kind::FileIn, "setfl file"),
    elements(
        "elements",
        Kind::Element,
        "element of every atom type, or NULL",
    ),
];

const ALLOY_SIGNATURE: Signature = Signature {
    name: "eam/alloy",
    summary: "embedded-atom potential of alloys from a setfl file",
    args: &[],
    keywords: &[],
    description: "E = sum_i F_i(rho_i) + sum_ij phi_ij(r_ij) with one setfl file (DYNAMO) for all elements. Masses are \
        set from the file; a `mass` command after `pair_coeff` changes them.",
    examples: &["pair_style eam/alloy"],
};

const ALLOY_COEFF: Signature = Signature {
    name: "eam/alloy",
    summary: "setfl file and the element of every atom type",
    args: ALLOY_ARGS,
    keywords: &[],
    description: "",
    examples: &["pair_coeff * * AlCu.eam.alloy Al Cu"],
};

const FS_SIGNATURE: Signature = Signature {
    name: "eam/fs",
    summary: "Finnis-Sinclair potential from a setfl file with densities per pair of elements",
    args: &[],
    keywords: &[],
    description: "As eam/alloy, but the density that an atom makes depends on the element of the atom that feels it.",
    examples: &["pair_style eam/fs"],
};

const FS_COEFF: Signature = Signature {
    name: "eam/fs",
    summary: "setfl file of Finnis-Sinclair kind and the element of every atom type",
    args: ALLOY_ARGS,
    keywords: &[],
    description: "",
    examples: &["pair_coeff * * AlFe.eam.fs Al Fe"],
};

enum Source {
    /// Files with their names.
    Funcfl(Vec<(String, Funcfl)>),
    Setfl(Option<Setfl>),
}

struct Eam {
    name: &'static str,
    source: Source,
    /// Per type (index 0 unused) file or element.
    of: Vec<Option<usize>>,
    masses: Vec<(usize, f64)>,
    used: Option<TypePairs>,
    tables: Tables,
    /// Per brick and local atom: density, then dF/drho.
    work: Vec<Vec<f64>>,
    near: Vec<Near>,
    /// dF/drho of every atom in the last evaluation.
    slopes: Vec<f64>,
}

/// Pairs within the cutoff, from the density loop for the force loop.
#[derive(Debug, Clone, Default)]
struct Near {
    start: Vec<u32>,
    pairs: Vec<(u32, f64)>,
}

fn build(name: &'static str, source: Source) -> Box<dyn PairStyle> {
    Box::new(Eam {
        name,
        source,
        of: Vec::new(),
        masses: Vec::new(),
        used: None,
        tables: Tables::default(),
        work: Vec::new(),
        near: Vec::new(),
        slopes: Vec::new(),
    })
}

impl Eam {
    fn read_funcfl(&mut self, words: &[&str], state: &State) -> Result<()> {
        let list = pairs(state, words)?;
        let Some(name) = words.get(2) else {
            return Err(Error::input(
                "Incorrect args for pair coefficients: pair_style eam needs I I FILE",
            )
            .at(words.len().saturating_sub(1)));
        };
        if let Some(extra) = words.get(3) {
            return Err(Error::input(format!(
                "Incorrect args for pair coefficients: unexpected '{extra}' after the file"
            ))
            .help("pair_style eam reads one file per type; for a file with several elements use eam/alloy or eam/fs")
            .at(3));
        }
        let Source::Funcfl(files) = &mut self.source else {
            return Ok(());
        };
        let at = match files.iter().position(|f| f.0 == *name) {
            Some(at) => at,
            None => {
                let file = PotentialFile::read(name, "eam", 2, state)?;
                files.push((
                    (*name).to_string(),
                    Funcfl::parse(&file).map_err(|e| e.or_at(2))?,
                ));
                files.len() - 1
            }
        };
        self.of.resize(state.types.count + 1, None);
        self.masses.clear();
        for (i, j) in list {
            if i == j {
                self.of[i] = Some(at);
                self.masses.push((i, files[at].1.mass));
            }
        }
        if self.masses.is_empty() {
            return Err(Error::input(
                "Incorrect args for pair coefficients: pair_style eam needs equal types I I; unlike pairs follow from both files",
            )
            .at(1));
        }
        Ok(())
    }

    fn read_setfl(&mut self, words: &[&str], state: &State) -> Result<()> {
        let map = TypeMap::new(words, state, self.name)?;
        let file = PotentialFile::read(words[2], self.name, 2, state)?;
        let setfl = Setfl::parse(&file, self.name == "eam/fs").map_err(|e| e.or_at(2))?;
        let place = |k: usize, name: &String| {
            setfl
                .elements
                .iter()
                .position(|e| e == name)
                .ok_or_else(|| {
                    Error::input(format!(
                    "No matching element in EAM potential file: {name} is not in {}, which has {}",
                    words[2],
                    setfl.elements.join(", ")
                ))
                .at(map.word(k))
                })
        };
        let elements = map.elements.iter().enumerate();
        let places = elements
            .map(|(k, n)| place(k, n))
            .collect::<Result<Vec<usize>>>()?;
        self.of = map.of.iter().map(|o| o.map(|e| places[e])).collect();
        let types = self.of.iter().enumerate();
        self.masses = types
            .filter_map(|(t, o)| Some((t, setfl.mass[(*o)?])))
            .collect();
        self.source = Source::Setfl(Some(setfl));
        Ok(())
    }

    fn mapped(&self, kind: usize) -> bool {
        self.of.get(kind).copied().flatten().is_some()
    }
}

impl PairStyle for Eam {
    fn coeff(&mut self, words: &[&str], state: &State, _: &PairOptions) -> Result<()> {
        match self.source {
            Source::Funcfl(_) => self.read_funcfl(words, state),
            Source::Setfl(_) => self.read_setfl(words, state),
        }
    }

    fn modify(&mut self, _: &PairModify) -> Result<()> {
        Ok(())
    }

    fn restrict(&mut self, used: &TypePairs) {
        self.used = Some(used.clone());
    }

    fn handles(&self, i: u32, j: u32) -> bool {
        self.mapped(i as usize) && self.mapped(j as usize)
    }

    fn masses(&self) -> Vec<(usize, f64)> {
        self.masses.clone()
    }

    fn init(&mut self, state: &State) -> Result<()> {
        let n = state.types.count;
        let needed = |t: usize| match &self.used {
            None => true,
            Some(u) => (1..=n).any(|j| u.contains(t, j)),
        };
        let missing: Vec<(usize, usize)> = (1..=n)
            .filter(|&t| needed(t) && !self.mapped(t))
            .map(|t| (t, t))
            .collect();
        if !missing.is_empty() {
            return Err(super::coeffs::not_set(&missing, self.name));
        }
        self.tables = match &self.source {
            Source::Funcfl(files) => {
                let files: Vec<Funcfl> = files.iter().map(|f| f.1.clone()).collect();
                Tables::of_funcfl(&files, &self.of)
            }
            Source::Setfl(Some(s)) => Tables::of_setfl(s, &self.of),
            Source::Setfl(None) => Tables::default(),
        };
        Ok(())
    }

    fn cutoff(&self) -> f64 {
        self.tables.cut
    }

    fn needs(&self) -> Needs {
        Needs {
            half: true,
            ..Needs::default()
        }
    }

    fn compute(&mut self, context: &ForceContext<'_>, out: &mut [BrickForces]) -> Result<()> {
        let (bricks, tally) = (context.bricks, context.tally);
        let tables = &self.tables;
        let n = bricks.bricks.len();
        self.work.resize_with(n, Vec::new);
        self.near.resize_with(n, Near::default);
        bricks
            .bricks
            .par_iter()
            .zip(&mut self.work)
            .zip(&mut self.near)
            .for_each(|((brick, rho), near)| densities(tables, brick, rho, near));
        context.comm.reverse_f64(bricks, &mut self.work, 1);
        bricks
            .bricks
            .par_iter()
            .zip(&mut self.work)
            .zip(&mut *out)
            .for_each(|((brick, rho), out)| embed(tables, brick, rho, tally, out));
        context.comm.forward_f64(bricks, &mut self.work, 1);
        self.slopes.resize(context.state.atoms.len(), 0.0);
        for (brick, slopes) in bricks.bricks.iter().zip(&self.work) {
            for (owner, slope) in brick.owner.iter().zip(slopes).take(brick.own) {
                self.slopes[*owner as usize] = *slope;
            }
        }
        bricks
            .bricks
            .par_iter()
            .zip(&self.work)
            .zip(&self.near)
            .zip(out)
            .for_each(|(((brick, slope), near), out)| {
                if tally == Tally::NONE {
                    forces::<false>(tables, brick, slope, near, tally, out);
                } else {
                    forces::<true>(tables, brick, slope, near, tally, out);
                }
            });
        Ok(())
    }

    fn single(&self, pair: &Single) -> Option<(f64, f64)> {
        let t = &self.tables;
        let (i, j) = (pair.types.0 as usize, pair.types.1 as usize);
        if i.max(j) >= t.width || !(self.mapped(i) && self.mapped(j)) {
            return None;
        }
        if pair.r2 >= t.cut * t.cut {
            return Some((0.0, 0.0));
        }
        let slope = |i: usize| self.slopes.get(i).copied().unwrap_or(0.0);
        let slopes = pair.atoms.map_or((0.0, 0.0), |(i, j)| (slope(i), slope(j)));
        Some(t.between((i, j), pair.r2.sqrt(), slopes))
    }

    fn manybody(&self) -> bool {
        true
    }
}

#[inline]
fn difference(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn densities(t: &Tables, brick: &Brick, rho: &mut Vec<f64>, near: &mut Near) {
    rho.clear();
    rho.resize(brick.len(), 0.0);
    near.pairs.clear();
    near.start.clear();
    near.start.push(0);
    let cut2 = t.cut * t.cut;
    for i in 0..brick.own {
        let ti = brick.kind[i] as usize;
        let (p, row) = (brick.x[i], ti * t.width);
        let first = near.pairs.len();
        for &j in brick.half.of(i) {
            let d = difference(p, brick.x[j as usize]);
            let r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
            if r2 < cut2 {
                near.pairs.push((j, r2.sqrt()));
            }
        }
        let mut sum = 0.0;
        for &(j, r) in &near.pairs[first..] {
            let j = j as usize;
            let tj = brick.kind[j] as usize;
            let (here, there) = (t.density_of[tj * t.width + ti], t.density_of[row + tj]);
            let f = &t.density[here as usize];
            let at = f.place(r);
            let at_i = f.value(at);
            sum += at_i;
            rho[j] += if here == there {
                at_i
            } else {
                t.density[there as usize].value(at)
            };
        }
        rho[i] += sum;
        near.start.push(near.pairs.len() as u32);
    }
}

/// Replaces densities of own atoms by dF/drho and adds F.
fn embed(t: &Tables, brick: &Brick, rho: &mut [f64], tally: Tally, out: &mut BrickForces) {
    for i in 0..brick.own {
        let Some(k) = t.embed_of[brick.kind[i] as usize] else {
            rho[i] = 0.0;
            continue;
        };
        let f = &t.embed[k as usize];
        let (mut energy, slope) = f.both(f.place(rho[i]));
        if tally != Tally::NONE {
            if rho[i] > t.rho_max {
                energy += slope * (rho[i] - t.rho_max);
            }
            out.vdwl += energy;
            if tally.atom_energy {
                out.atom_energy[i] += energy;
            }
        }
        rho[i] = slope;
    }
}

fn forces<const TALLY: bool>(
    t: &Tables,
    brick: &Brick,
    slope: &[f64],
    near: &Near,
    tally: Tally,
    out: &mut BrickForces,
) {
    for i in 0..brick.own {
        let (ti, p) = (brick.kind[i] as usize, brick.x[i]);
        let mut fi = [0.0; 3];
        for &(j, r) in &near.pairs[near.start[i] as usize..near.start[i + 1] as usize] {
            let j = j as usize;
            let tj = brick.kind[j] as usize;
            let (phi, fr) = t.between((ti, tj), r, (slope[i], slope[j]));
            let d = difference(p, brick.x[j]);
            for k in 0..3 {
                fi[k] += d[k] * fr;
                out.f[j][k] -= d[k] * fr;
            }
            if TALLY {
                out.vdwl += phi;
                out.add_pair(tally, i, j, phi, d, fr);
            }
        }
        (0..3).for_each(|k| out.f[i][k] += fi[k]);
    }
}
