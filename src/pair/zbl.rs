//! `pair_style zbl`: screened nuclear repulsion of Ziegler, Biersack and Littmark,
//! E = C Zi Zj / r phi(r/a) + S(r), a = 0.4685 A / (Zi^0.23 + Zj^0.23)
//! (J. F. Ziegler, J. P. Biersack, U. Littmark, The Stopping and Range of Ions in Matter, 1985).
//!
//! S(r) = C below the inner cutoff and A/3 (r-r1)^3 + B/4 (r-r1)^4 + C above, so that energy, force and
//! curvature vanish at the outer cutoff, as LAMMPS' manual states it.

use super::coeffs::{Given, TypePairs, exact, not_set, numbers};
use super::pairwise::{PairForm, PairValues, accumulate};
use super::{BrickForces, ForceContext, PairEntry, PairModify, PairOptions, PairStyle, Single};
use crate::domain::{Needs, State};
use crate::error::{Error, Result};
use crate::ml::screening;
use crate::signature::{Args, Kind, Signature, arg};

/// Entry in the table of pair styles.
pub const STYLE: PairEntry = PairEntry {
    signature: &SIGNATURE,
    coeff: &COEFF,
    build,
};

const SIGNATURE: Signature = Signature {
    name: "zbl",
    summary: "Ziegler-Biersack-Littmark screened nuclear repulsion",
    args: &[
        arg(
            "inner",
            Kind::Positive,
            "where switching begins, length units",
        ),
        arg("outer", Kind::Positive, "cutoff, length units"),
    ],
    keywords: &[],
    description: "Repulsion at short range from the nuclear charges alone, switched off smoothly between \
        `inner` and `outer`; usually added to another potential by `hybrid/overlay`.\n\nCoefficients of unlike \
        types that are not given follow from the charges of the like ones.",
    examples: &["pair_style zbl 1.0 2.6"],
};

const COEFF: Signature = Signature {
    name: "zbl",
    summary: "nuclear charges of a pair of types",
    args: &[
        arg("I", Kind::Types, "first type"),
        arg("J", Kind::Types, "second type"),
        arg(
            "Zi",
            Kind::Positive,
            "nuclear charge of type I, elementary charges",
        ),
        arg(
            "Zj",
            Kind::Positive,
            "nuclear charge of type J, elementary charges",
        ),
    ],
    keywords: &[],
    description: "",
    examples: &["pair_coeff 1 1 14 14"],
};

#[derive(Debug, Clone, Copy, Default)]
struct Row {
    cut2: f64,
    inner: f64,
    /// C Zi Zj
    zze: f64,
    /// Decay constants over the screening length.
    decay: [f64; 4],
    /// Switching: A, B of the force, C of the energy.
    switch: [f64; 3],
}

impl Row {
    fn new(zi: f64, zj: f64, inner: f64, outer: f64, constant: f64, angstrom: f64) -> Self {
        let length = screening::length(zi, zj) * angstrom;
        let mut row = Self {
            cut2: outer * outer,
            inner,
            zze: constant * zi * zj,
            decay: screening::PHI.map(|(_, d)| d / length),
            switch: [0.0; 3],
        };
        let end = row.bare(outer);
        let width = outer - inner;
        if width > 0.0 {
            row.switch = screening::switch(end, width);
        } else {
            row.switch[2] = -end[0];
        }
        row
    }

    /// Energy without switching, its first and second derivative.
    fn bare(&self, r: f64) -> [f64; 3] {
        screening::screened(&self.decay, r).map(|e| self.zze * e)
    }
}

#[derive(Debug, Clone)]
struct Zbl {
    inner: f64,
    outer: f64,
    given: Given<(f64, f64)>,
    used: Option<TypePairs>,
    rows: Vec<Row>,
    width: usize,
}

fn build(args: &Args, _: &State) -> Result<Box<dyn PairStyle>> {
    let (inner, outer) = (args.real("inner")?, args.real("outer")?);
    if inner > outer {
        return Err(Error::input(format!(
            "Illegal pair_style zbl command: inner cutoff {inner} is larger than outer cutoff {outer}"
        ))
        .at(args.word("inner")));
    }
    Ok(Box::new(Zbl {
        inner,
        outer,
        given: Given::default(),
        used: None,
        rows: Vec::new(),
        width: 0,
    }))
}

impl PairForm for Zbl {
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
    fn pair(&self, row: &Row, r2: f64, _: f64, _: f64, special: [f64; 2]) -> PairValues {
        let r = r2.sqrt();
        let [bare, mut slope, _] = row.bare(r);
        let mut energy = bare + row.switch[2];
        if r > row.inner {
            let t = r - row.inner;
            slope += t * t * (row.switch[0] + row.switch[1] * t);
            energy += t * t * t * (row.switch[0] / 3.0 + row.switch[1] / 4.0 * t);
        }
        PairValues {
            force: -special[0] * slope / r,
            vdwl: special[0] * energy,
            coul: 0.0,
        }
    }
}

impl PairStyle for Zbl {
    fn coeff(&mut self, words: &[&str], state: &State, _: &PairOptions) -> Result<()> {
        let v = numbers("zbl", words, &["Zi", "Zj"], 0)?;
        let (zi, zj) = (v[0].unwrap_or(0.0), v[1].unwrap_or(0.0));
        if zi <= 0.0 || zj <= 0.0 {
            let at = if zi <= 0.0 { 2 } else { 3 };
            return Err(Error::input("pair_coeff: a nuclear charge must be above zero").at(at));
        }
        let like = super::coeffs::pairs(state, words)?
            .iter()
            .any(|(i, j)| i == j);
        if like && zi != zj {
            return Err(Error::input(format!(
                "Incorrect args for pair coefficients: the charges of a type with itself must be equal, found {zi} and {zj}"
            ))
            .at(3));
        }
        self.given.set(state, words, &(zi, zj))
    }

    fn modify(&mut self, _: &PairModify) -> Result<()> {
        Ok(())
    }

    fn restrict(&mut self, used: &TypePairs) {
        self.used = Some(used.clone());
    }

    fn init(&mut self, state: &State) -> Result<()> {
        let n = state.types.count;
        self.width = n + 1;
        self.rows = vec![
            Row {
                cut2: -1.0,
                ..Row::default()
            };
            self.width * self.width
        ];
        // C is that of one elementary charge; only si measures charge in something else
        let unit: f64 = if state.units.name == "si" {
            1.6021765e-19
        } else {
            1.0
        };
        let constant = state.units.qqr2e * unit * unit;
        let mut missing = Vec::new();
        for i in 1..=n {
            for j in i..=n {
                if self.used.as_ref().is_some_and(|u| !u.contains(i, j)) {
                    continue;
                }
                let mixed = || Some((self.given.get(i, i)?.0, self.given.get(j, j)?.0));
                let Some((zi, zj)) = self.given.get(i, j).copied().or_else(mixed) else {
                    missing.push((i, j));
                    continue;
                };
                let row = Row::new(
                    zi,
                    zj,
                    self.inner,
                    self.outer,
                    constant,
                    state.units.angstrom,
                );
                self.rows[i * self.width + j] = row;
                self.rows[j * self.width + i] = row;
            }
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(not_set(&missing, "zbl"))
        }
    }

    fn cutoff(&self) -> f64 {
        self.outer
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
        accumulate(self, context, out);
        Ok(())
    }

    fn single(&self, p: &Single) -> Option<(f64, f64)> {
        let row = self
            .rows
            .get(p.types.0 as usize * self.width + p.types.1 as usize)?;
        if p.r2 >= row.cut2 {
            return Some((0.0, 0.0));
        }
        let v = self.pair(row, p.r2, 0.0, 0.0, p.weights());
        Some((v.vdwl, v.force))
    }

    fn commands(&self) -> Option<(Vec<String>, Vec<Vec<String>>)> {
        let coeffs = self
            .given
            .iter()
            .map(|(i, j, z)| vec![i.to_string(), j.to_string(), exact(z.0), exact(z.1)]);
        let style = vec!["zbl".into(), exact(self.inner), exact(self.outer)];
        Some((style, coeffs.collect()))
    }
}
