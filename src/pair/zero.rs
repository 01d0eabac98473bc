//! `pair_style zero`: no interaction, only a cutoff, so that lists are built.

use super::coeffs::{Given, TypePairs, exact, not_set, numbers, pairs};
use super::{BrickForces, ForceContext, PairEntry, PairModify, PairOptions, PairStyle, Single};
use crate::domain::{Needs, State};
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, keyword, optional};

/// Entry in the table of pair styles.
pub const STYLE: PairEntry = PairEntry {
    signature: &SIGNATURE,
    coeff: &COEFF,
    build,
};

const SIGNATURE: Signature = Signature {
    name: "zero",
    summary: "no interaction; neighbour lists with a cutoff",
    args: &[arg(
        "cutoff",
        Kind::Positive,
        "cutoff of the lists, length units",
    )],
    keywords: &[
        keyword(
            "nocoeff",
            &[],
            "accept and ignore coefficients, e.g. of a data file",
        ),
        keyword("full", &[], "full neighbour lists instead of half ones"),
    ],
    description: "Energies and forces are zero. Lists exist for computes that count neighbours.",
    examples: &["pair_style zero 5.0", "pair_style zero 5.0 nocoeff"],
};

const COEFF: Signature = Signature {
    name: "zero",
    summary: "cutoff of a pair of types",
    args: &[
        arg("I", Kind::Types, "first type"),
        arg("J", Kind::Types, "second type"),
        optional(
            "cutoff",
            Kind::Positive,
            "cutoff of this pair, length units",
        ),
    ],
    keywords: &[],
    description: "",
    examples: &["pair_coeff * *"],
};

#[derive(Debug, Clone)]
struct Zero {
    global: f64,
    nocoeff: bool,
    full: bool,
    given: Given<f64>,
    used: Option<TypePairs>,
    cutoff: f64,
}

fn build(args: &Args, _: &State) -> Result<Box<dyn PairStyle>> {
    Ok(Box::new(Zero {
        global: args.real("cutoff")?,
        nocoeff: args.keyword("nocoeff").is_some(),
        full: args.keyword("full").is_some(),
        given: Given::default(),
        used: None,
        cutoff: 0.0,
    }))
}

impl PairStyle for Zero {
    fn coeff(&mut self, words: &[&str], state: &State, _: &PairOptions) -> Result<()> {
        if self.nocoeff {
            pairs(state, words)?;
            return self.given.set(state, words, &self.global);
        }
        let cut = numbers("zero", words, &["cutoff"], 1)?[0].unwrap_or(self.global);
        if cut <= 0.0 {
            return Err(Error::input("pair_coeff: the cutoff must be above zero").at(2));
        }
        self.given.set(state, words, &cut)
    }

    fn modify(&mut self, _: &PairModify) -> Result<()> {
        Ok(())
    }

    fn restrict(&mut self, used: &TypePairs) {
        self.used = Some(used.clone());
    }

    fn init(&mut self, state: &State) -> Result<()> {
        let n = state.types.count;
        let used = |i, j| self.used.as_ref().is_none_or(|u| u.contains(i, j));
        let known = |i, j| {
            let like = self.given.get(i, i).is_some() && self.given.get(j, j).is_some();
            self.given.get(i, j).is_some() || like
        };
        let missing: Vec<(usize, usize)> = (1..=n)
            .flat_map(|i| (i..=n).map(move |j| (i, j)))
            .filter(|&(i, j)| used(i, j) && !known(i, j))
            .collect();
        if !missing.is_empty() {
            return Err(not_set(&missing, "zero"));
        }
        // mixed cutoffs are never larger than those they are mixed from
        self.cutoff = self.given.iter().map(|(_, _, &c)| c).fold(0.0, f64::max);
        Ok(())
    }

    fn cutoff(&self) -> f64 {
        self.cutoff
    }

    fn needs(&self) -> Needs {
        Needs {
            half: !self.full,
            full: self.full,
            ..Needs::default()
        }
    }

    fn compute(&mut self, _: &ForceContext<'_>, _: &mut [BrickForces]) -> Result<()> {
        Ok(())
    }

    fn single(&self, _: &Single) -> Option<(f64, f64)> {
        Some((0.0, 0.0))
    }

    fn commands(&self) -> Option<(Vec<String>, Vec<Vec<String>>)> {
        let mut style = vec!["zero".into(), exact(self.global)];
        if self.nocoeff {
            style.push("nocoeff".into());
        }
        if self.full {
            style.push("full".into());
        }
        let coeffs = self.given.iter().map(|(i, j, &c)| {
            let mut words = vec![i.to_string(), j.to_string()];
            if !self.nocoeff {
                words.push(exact(c));
            }
            words
        });
        Some((style, coeffs.collect()))
    }
}
