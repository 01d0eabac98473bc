//! `pair_style lj/cut/coul/cut`: Lennard-Jones plus Coulomb C qi qj / (dielectric r), each with a cutoff.

use super::coeffs::{Given, TypePairs, exact, numbers};
use super::lennard_jones::{LennardJones, LjCoeff, LjRow};
use super::pairwise::{PairForm, accumulate};
use super::{BrickForces, ForceContext, PairEntry, PairModify, PairOptions, PairStyle};
use crate::domain::{Needs, State};
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, optional};

/// Entry in the table of pair styles.
pub const STYLE: PairEntry = PairEntry {
    signature: &SIGNATURE,
    coeff: &COEFF,
    build,
};

const NAME: &str = "lj/cut/coul/cut";

const SIGNATURE: Signature = Signature {
    name: NAME,
    summary: "12-6 Lennard-Jones potential and Coulomb interaction, both with a cutoff",
    args: &[
        arg(
            "cutoff",
            Kind::Positive,
            "global Lennard-Jones cutoff, length units",
        ),
        optional(
            "coul_cutoff",
            Kind::Positive,
            "global Coulomb cutoff, length units (default: the same)",
        ),
    ],
    keywords: &[],
    description: "E = 4 epsilon [(sigma/r)^12 - (sigma/r)^6] for r < cutoff, plus C q_i q_j / (D r) for r < \
        coul_cutoff, where C is the unit style's constant and D the `dielectric`. The Coulomb energy is \
        not shifted, so it jumps at its cutoff.\n\nNeeds atoms with charges (`atom_style charge`). \
        `pair_modify mix`, `shift` and `tail` act on the Lennard-Jones part.",
    examples: &["pair_style lj/cut/coul/cut 9.0 8.0"],
};

const COEFF: Signature = Signature {
    name: NAME,
    summary: "coefficients of lj/cut/coul/cut for a pair of types",
    args: &[
        arg("I", Kind::Types, "first type"),
        arg("J", Kind::Types, "second type"),
        arg("epsilon", Kind::Real, "depth of the well, energy units"),
        arg("sigma", Kind::Real, "distance of zero energy, length units"),
        optional(
            "cutoff",
            Kind::Positive,
            "cutoff of this pair (of both parts if it is the only one)",
        ),
        optional("coul_cutoff", Kind::Positive, "Coulomb cutoff of this pair"),
    ],
    keywords: &[],
    description: "",
    examples: &["pair_coeff 1 1 0.10 3.2"],
};

#[derive(Debug, Clone, Copy)]
struct Row {
    cut2: f64,
    coul2: f64,
    lj: LjRow,
}

#[derive(Debug, Clone)]
struct LjCutCoulCut {
    cutoff: f64,
    coul_cutoff: f64,
    lj: LennardJones,
    coul: Given<f64>,
    rows: Vec<Row>,
    width: usize,
    /// C / dielectric
    qqrd2e: f64,
}

fn build(args: &Args, _: &State) -> Result<Box<dyn PairStyle>> {
    let cutoff = args.real("cutoff")?;
    let coul_cutoff = match args.get("coul_cutoff") {
        Some(_) => args.real("coul_cutoff")?,
        None => cutoff,
    };
    Ok(Box::new(LjCutCoulCut {
        cutoff,
        coul_cutoff,
        lj: LennardJones::default(),
        coul: Given::default(),
        rows: Vec::new(),
        width: 0,
        qqrd2e: 0.0,
    }))
}

impl LjCutCoulCut {
    fn coul_cut(&self, i: usize, j: usize) -> f64 {
        let mixed = || {
            let (a, b) = (self.coul.get(i, i)?, self.coul.get(j, j)?);
            Some(self.lj.mix().length(*a, *b))
        };
        self.coul.get(i, j).copied().or_else(mixed).unwrap_or(0.0)
    }
}

impl PairForm for LjCutCoulCut {
    type Row = Row;
    const CHARGES: bool = true;

    fn rows(&self, i: u32) -> &[Row] {
        let from = i as usize * self.width;
        &self.rows[from..from + self.width]
    }

    #[inline]
    fn cutoff2(row: &Row) -> f64 {
        row.cut2
    }

    #[inline]
    fn force(&self, row: &Row, r2: f64, qi: f64, qj: f64) -> f64 {
        let i2 = 1.0 / r2;
        let lj = if r2 < row.lj.cut2 {
            row.lj.force(i2)
        } else {
            0.0
        };
        let coul = if r2 < row.coul2 {
            self.qqrd2e * qi * qj * i2.sqrt() * i2
        } else {
            0.0
        };
        lj + coul
    }

    #[inline]
    fn energy(&self, row: &Row, r2: f64, qi: f64, qj: f64) -> (f64, f64) {
        let i2 = 1.0 / r2;
        let lj = if r2 < row.lj.cut2 {
            row.lj.energy(i2)
        } else {
            0.0
        };
        let coul = if r2 < row.coul2 {
            self.qqrd2e * qi * qj * i2.sqrt()
        } else {
            0.0
        };
        (lj, coul)
    }
}

impl PairStyle for LjCutCoulCut {
    fn coeff(&mut self, words: &[&str], state: &State, _: &PairOptions) -> Result<()> {
        let names = ["epsilon", "sigma", "cutoff", "coul_cutoff"];
        let v = numbers(NAME, words, &names, 2)?;
        let value = LjCoeff {
            epsilon: v[0].unwrap_or(0.0),
            sigma: v[1].unwrap_or(0.0),
            cut: v[2].unwrap_or(self.cutoff),
        };
        let coul = v[3].or(v[2]).unwrap_or(self.coul_cutoff);
        if coul <= 0.0 {
            return Err(Error::input("pair_coeff: the cutoff must be above zero").at(5));
        }
        self.coul.set(state, words, &coul)?;
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
        if !state.atom_style.charge {
            return Err(Error::input(format!(
                "Pair style {NAME} requires atom attribute q: atom_style {} has no charges",
                state.atom_style.name
            ))
            .help("use atom_style charge"));
        }
        self.lj.init(state, NAME)?;
        self.qqrd2e = state.units.qqr2e / state.dielectric;
        let n = state.types.count;
        self.width = n + 1;
        self.rows.clear();
        for i in 0..=n {
            for j in 0..=n {
                let lj = self.lj.row(i, j);
                let coul = self.coul_cut(i, j);
                let coul2 = if lj.cut2 > 0.0 { coul * coul } else { -1.0 };
                self.rows.push(Row {
                    cut2: lj.cut2.max(coul2),
                    coul2,
                    lj,
                });
            }
        }
        Ok(())
    }

    fn cutoff(&self) -> f64 {
        self.rows.iter().map(|r| r.cut2).fold(0.0, f64::max).sqrt()
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
        self.lj.tail(state)
    }

    fn single(&self, i: u32, j: u32, r2: f64, qi: f64, qj: f64) -> Option<(f64, f64)> {
        let row = self.rows.get(i as usize * self.width + j as usize)?;
        let (lj, coul) = self.energy(row, r2, qi, qj);
        Some((lj + coul, self.force(row, r2, qi, qj)))
    }

    fn commands(&self) -> Option<(Vec<String>, Vec<Vec<String>>)> {
        let coeffs = self.lj.given().map(|(i, j, c)| {
            let coul = self.coul_cut(i, j);
            let numbers = [c.epsilon, c.sigma, c.cut, coul].map(exact);
            let types = [i.to_string(), j.to_string()];
            types.into_iter().chain(numbers).collect()
        });
        let style = vec![NAME.into(), exact(self.cutoff), exact(self.coul_cutoff)];
        Some((style, coeffs.collect()))
    }
}
