//! `pair_style lj/cut`: the 12-6 Lennard-Jones potential E = 4 eps ((sigma/r)^12 - (sigma/r)^6), r < rc.

use super::coeffs::{TypePairs, exact, numbers};
use super::lennard_jones::{LennardJones, LjCoeff, LjRow};
use super::pairwise::{PairForm, PairValues, accumulate, special};
use super::{BrickForces, ForceContext, PairEntry, PairModify, PairOptions, PairStyle, Single};
use crate::domain::{Needs, State};
use crate::error::Result;
use crate::signature::{Args, Kind, Signature, arg, optional};
use crate::simd::Level;
use crate::simd::lj::{self, Coefficients, Four};
use rayon::prelude::*;

/// Entry in the table of pair styles.
pub const STYLE: PairEntry = PairEntry {
    signature: &SIGNATURE,
    coeff: &COEFF,
    build,
};

const SIGNATURE: Signature = Signature {
    name: "lj/cut",
    summary: "12-6 Lennard-Jones potential with a cutoff",
    args: &[arg("cutoff", Kind::Positive, "global cutoff, length units")],
    keywords: &[],
    description: "E = 4 epsilon [(sigma/r)^12 - (sigma/r)^6] for r < cutoff.\n\n\
        `pair_modify mix` makes the coefficients of unlike types that are not given (default \
        geometric); `pair_modify shift yes` shifts the energy to zero at the cutoff; `pair_modify tail \
        yes` adds the long-range corrections of energy and pressure (Allen and Tildesley, Computer \
        Simulation of Liquids, 1987, section 2.8).",
    examples: &["pair_style lj/cut 2.5"],
};

const COEFF: Signature = Signature {
    name: "lj/cut",
    summary: "coefficients of lj/cut for a pair of types",
    args: &[
        arg("I", Kind::Types, "first type"),
        arg("J", Kind::Types, "second type"),
        arg("epsilon", Kind::Real, "depth of the well, energy units"),
        arg("sigma", Kind::Real, "distance of zero energy, length units"),
        optional(
            "cutoff",
            Kind::Positive,
            "cutoff of this pair, length units",
        ),
    ],
    keywords: &[],
    description: "",
    examples: &["pair_coeff 1 1 1.0 1.0 2.5"],
};

/// The style.
#[derive(Debug, Clone)]
struct LjCut {
    cutoff: f64,
    lj: LennardJones,
    /// Coefficients for the vector loop, if there are few enough types.
    vectors: Vec<Coefficients>,
    work: Vec<Work>,
}

/// Positions and forces of one brick in the layout of the vector loop.
#[derive(Debug, Clone, Default)]
struct Work {
    x: Vec<Four>,
    f: Vec<Four>,
}

fn build(args: &Args, _: &State) -> Result<Box<dyn PairStyle>> {
    Ok(Box::new(LjCut {
        cutoff: args.real("cutoff")?,
        lj: LennardJones::default(),
        vectors: Vec::new(),
        work: Vec::new(),
    }))
}

impl LjCut {
    fn vectors(&self, types: usize) -> Vec<Coefficients> {
        if types >= lj::TYPES {
            return Vec::new();
        }
        let of = |i: usize| {
            let mut c = Coefficients::default();
            for j in 0..=types {
                let row = self.lj.row(i, j);
                c.cut2[j] = row.cut2;
                [c.f12[j], c.f6[j]] = row.force;
                [c.e12[j], c.e6[j]] = row.energy;
                c.shift[j] = row.shift;
            }
            c
        };
        (0..=types).map(of).collect()
    }

    fn vector_loop(&mut self, context: &ForceContext<'_>, out: &mut [BrickForces]) {
        let bricks = &context.bricks.bricks;
        let tally = context.tally.energy || context.tally.virial;
        self.work.resize_with(bricks.len(), Work::default);
        let (level, rows) = (Level::detect(), &self.vectors);
        bricks
            .par_iter()
            .zip(out)
            .zip(&mut self.work)
            .for_each(|((brick, out), work)| {
                let atoms = brick.x.iter().zip(&brick.kind);
                work.x.clear();
                work.x.extend(atoms.map(|(&x, &k)| Four::position(x, k)));
                work.f.clear();
                work.f.resize(brick.len(), Four::default());
                let list = lj::List {
                    start: &brick.half.start,
                    index: &brick.half.index,
                };
                let sums = lj::accumulate(level, list, &work.x, rows, &mut work.f, tally);
                for (f, g) in out.f.iter_mut().zip(&work.f) {
                    (0..3).for_each(|k| f[k] += g.0[k]);
                }
                out.vdwl += sums.energy;
                (0..6).for_each(|k| out.virial[k] += sums.virial[k]);
            });
    }
}

impl PairForm for LjCut {
    type Row = LjRow;
    const CHARGES: bool = false;

    fn rows(&self, i: u32) -> &[LjRow] {
        self.lj.rows(i)
    }

    #[inline]
    fn cutoff2(row: &LjRow) -> f64 {
        row.cut2
    }

    #[inline]
    fn pair(&self, row: &LjRow, r2: f64, _: f64, _: f64, special: [f64; 2]) -> PairValues {
        let i2 = 1.0 / r2;
        PairValues {
            force: special[0] * row.force(i2),
            vdwl: special[0] * row.energy(i2),
            coul: 0.0,
        }
    }
}

impl PairStyle for LjCut {
    fn coeff(&mut self, words: &[&str], state: &State, _: &PairOptions) -> Result<()> {
        let v = numbers("lj/cut", words, &["epsilon", "sigma", "cutoff"], 1)?;
        let value = LjCoeff {
            epsilon: v[0].unwrap_or(0.0),
            sigma: v[1].unwrap_or(0.0),
            cut: v[2].unwrap_or(self.cutoff),
        };
        self.lj.set(state, words, value)
    }

    fn modify(&mut self, modify: &PairModify) -> Result<()> {
        self.lj.modify = *modify;
        Ok(())
    }

    fn restrict(&mut self, used: &TypePairs) {
        self.lj.used = Some(used.clone());
    }

    fn init(&mut self, state: &State) -> Result<()> {
        self.lj.init(state, "lj/cut")?;
        self.vectors = self.vectors(state.types.count);
        Ok(())
    }

    fn cutoff(&self) -> f64 {
        self.lj.cutoff()
    }

    fn needs(&self) -> Needs {
        Needs {
            half: true,
            ..Needs::default()
        }
    }

    fn weights_special(&self) -> bool {
        true
    }

    fn compute(&mut self, context: &ForceContext<'_>, out: &mut [BrickForces]) -> Result<()> {
        let per_atom = context.tally.atom_energy || context.tally.atom_virial;
        if per_atom || self.vectors.is_empty() {
            accumulate(self, context, out);
        } else {
            self.vector_loop(context, out);
            for (brick, out) in context.bricks.bricks.iter().zip(out) {
                special(self, brick, &context.special, context.tally, out);
            }
        }
        Ok(())
    }

    fn tail(&self, state: &State) -> (f64, f64) {
        self.lj.tail(state)
    }

    fn single(&self, p: &Single) -> Option<(f64, f64)> {
        let row = self.lj.row(p.types.0 as usize, p.types.1 as usize);
        if p.r2 >= row.cut2 {
            return Some((0.0, 0.0));
        }
        let v = self.pair(&row, p.r2, 0.0, 0.0, p.weights());
        Some((v.vdwl, v.force))
    }

    fn resolved(&self, i: usize, j: usize) -> Option<Vec<f64>> {
        let c = self.lj.pair(i, j)?;
        Some(vec![c.epsilon, c.sigma, c.cut])
    }

    fn commands(&self) -> Option<(Vec<String>, Vec<Vec<String>>)> {
        let coeffs = self.lj.given().map(|(i, j, c)| {
            let numbers = [c.epsilon, c.sigma, c.cut].map(exact);
            let types = [i.to_string(), j.to_string()];
            types.into_iter().chain(numbers).collect()
        });
        Some((vec!["lj/cut".into(), exact(self.cutoff)], coeffs.collect()))
    }
}
