//! `pair_style lj/cut`: the 12-6 Lennard-Jones potential E = 4 eps ((sigma/r)^12 - (sigma/r)^6), r < rc.

use super::coeffs::{Given, TypePairs, exact, not_set, numbers};
use super::pairwise::{PairForm, accumulate};
use super::{BrickForces, ForceContext, Mix, PairEntry, PairModify, PairOptions, PairStyle};
use crate::domain::{Needs, State};
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, optional};

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

/// What one pair_coeff command gives.
#[derive(Debug, Clone, Copy, Default)]
struct LjCoeff {
    epsilon: f64,
    sigma: f64,
    cut: f64,
}

/// Coefficients in the form in which the loop needs them.
#[derive(Debug, Clone, Copy)]
struct Row {
    cut2: f64,
    /// 48 eps sigma^12 and 24 eps sigma^6
    force: [f64; 2],
    /// 4 eps sigma^12 and 4 eps sigma^6
    energy: [f64; 2],
    shift: f64,
}

const NO_PAIR: Row = Row {
    cut2: -1.0,
    force: [0.0; 2],
    energy: [0.0; 2],
    shift: 0.0,
};

/// The style.
#[derive(Debug, Clone)]
struct LjCut {
    cutoff: f64,
    given: Given<LjCoeff>,
    modify: PairModify,
    used: Option<TypePairs>,
    /// Resolved coefficients and rows of all pairs, (n + 1)^2.
    pairs: Vec<Option<LjCoeff>>,
    rows: Vec<Row>,
    width: usize,
}

fn build(args: &Args, _: &State) -> Result<Box<dyn PairStyle>> {
    Ok(Box::new(LjCut {
        cutoff: args.real("cutoff")?,
        given: Given::default(),
        modify: PairModify::default(),
        used: None,
        pairs: Vec::new(),
        rows: Vec::new(),
        width: 0,
    }))
}

impl LjCut {
    /// Coefficients of a pair: given, or mixed from those of like types.
    fn resolve(&self, i: usize, j: usize) -> Option<LjCoeff> {
        if let Some(c) = self.given.get(i, j) {
            return Some(*c);
        }
        let (a, b) = (self.given.get(i, i)?, self.given.get(j, j)?);
        let mix = self.modify.mix.unwrap_or(Mix::Geometric);
        Some(LjCoeff {
            epsilon: mix.energy(a.epsilon, b.epsilon, a.sigma, b.sigma),
            sigma: mix.length(a.sigma, b.sigma),
            cut: mix.length(a.cut, b.cut),
        })
    }

    fn row(&self, c: LjCoeff) -> Row {
        let s6 = c.sigma.powi(6);
        let at_cut = s6 / c.cut.powi(6);
        let shift = if self.modify.shift {
            4.0 * c.epsilon * (at_cut * at_cut - at_cut)
        } else {
            0.0
        };
        Row {
            cut2: c.cut * c.cut,
            force: [48.0 * c.epsilon * s6 * s6, 24.0 * c.epsilon * s6],
            energy: [4.0 * c.epsilon * s6 * s6, 4.0 * c.epsilon * s6],
            shift,
        }
    }
}

impl PairForm for LjCut {
    type Row = Row;
    const CHARGES: bool = false;

    fn rows(&self, i: u32) -> &[Row] {
        let from = i as usize * self.width;
        &self.rows[from..from + self.width]
    }

    #[inline]
    fn cutoff2(row: &Row) -> f64 {
        row.cut2
    }

    #[inline]
    fn force(&self, row: &Row, r2: f64, _: f64, _: f64) -> f64 {
        let i2 = 1.0 / r2;
        let i6 = i2 * i2 * i2;
        i6 * (row.force[0] * i6 - row.force[1]) * i2
    }

    #[inline]
    fn energy(&self, row: &Row, r2: f64, _: f64, _: f64) -> (f64, f64) {
        let i2 = 1.0 / r2;
        let i6 = i2 * i2 * i2;
        (i6 * (row.energy[0] * i6 - row.energy[1]) - row.shift, 0.0)
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
        if value.cut <= 0.0 {
            return Err(Error::input("pair_coeff: the cutoff must be above zero").at(4));
        }
        self.given.set(state, words, &value)
    }

    fn modify(&mut self, modify: &PairModify) -> Result<()> {
        self.modify = *modify;
        Ok(())
    }

    fn restrict(&mut self, used: &TypePairs) {
        self.used = Some(used.clone());
    }

    fn init(&mut self, state: &State) -> Result<()> {
        let n = state.types.count;
        self.width = n + 1;
        self.pairs = vec![None; self.width * self.width];
        self.rows = vec![NO_PAIR; self.width * self.width];
        let mut missing = Vec::new();
        for i in 1..=n {
            for j in i..=n {
                if self.used.as_ref().is_some_and(|u| !u.contains(i, j)) {
                    continue;
                }
                let Some(c) = self.resolve(i, j) else {
                    missing.push((i, j));
                    continue;
                };
                let row = self.row(c);
                for at in [i * self.width + j, j * self.width + i] {
                    self.pairs[at] = Some(c);
                    self.rows[at] = row;
                }
            }
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(not_set(&missing, "lj/cut"))
        }
    }

    fn cutoff(&self) -> f64 {
        let cuts = self.pairs.iter().flatten().map(|c| c.cut);
        cuts.fold(0.0, f64::max)
    }

    fn needs(&self) -> Needs {
        Needs {
            half: true,
            ..Needs::default()
        }
    }

    fn compute(&mut self, context: &ForceContext<'_>, out: &mut [BrickForces]) -> Result<()> {
        accumulate(self, context, out);
        Ok(())
    }

    fn tail(&self, state: &State) -> (f64, f64) {
        if !self.modify.tail {
            return (0.0, 0.0);
        }
        super::tail::lennard_jones(state, |i, j| {
            let c = self.pairs.get(i * self.width + j).copied().flatten()?;
            Some((c.epsilon, c.sigma, c.cut))
        })
    }

    fn single(&self, i: u32, j: u32, r2: f64, _: f64, _: f64) -> Option<(f64, f64)> {
        let row = self.rows.get(i as usize * self.width + j as usize)?;
        if r2 >= row.cut2 {
            return Some((0.0, 0.0));
        }
        Some((
            self.energy(row, r2, 0.0, 0.0).0,
            self.force(row, r2, 0.0, 0.0),
        ))
    }

    fn commands(&self) -> Option<(Vec<String>, Vec<Vec<String>>)> {
        let coeffs = self.given.iter().map(|(i, j, c)| {
            let numbers = [c.epsilon, c.sigma, c.cut].map(exact);
            [i.to_string(), j.to_string()]
                .into_iter()
                .chain(numbers)
                .collect()
        });
        Some((vec!["lj/cut".into(), exact(self.cutoff)], coeffs.collect()))
    }
}
