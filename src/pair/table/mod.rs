//! `pair_style table`: energies and forces interpolated in tables from files.

mod file;
mod grid;
mod spline;

use super::coeffs::{Given, TypePairs, not_set};
use super::pairwise::{PairForm, PairValues, accumulate};
use super::potential_file::PotentialFile;
use super::{BrickForces, ForceContext, PairEntry, PairModify, PairOptions, PairStyle, Single};
use crate::domain::{Needs, State};
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, keyword, optional, parse_real};
use grid::{Style, Table};
use std::sync::atomic::{AtomicBool, Ordering};

/// Entry in the table of pair styles.
pub const STYLE: PairEntry = PairEntry {
    signature: &SIGNATURE,
    coeff: &COEFF,
    build,
};

const SIGNATURE: Signature = Signature {
    name: "table",
    summary: "pair potentials from tables in files",
    args: &[
        arg(
            "style",
            Kind::OneOf(&["lookup", "linear", "spline", "bitmap"]),
            "interpolation",
        ),
        arg("N", Kind::Count, "entries of the tables (bitmap: 2^N)"),
    ],
    keywords: &[
        keyword(
            "ewald",
            &[],
            "the tables are the real-space part of an Ewald sum",
        ),
        keyword(
            "pppm",
            &[],
            "the tables are the real-space part of a particle-mesh sum",
        ),
        keyword("msm", &[], "not available: argyro has no kspace_style msm"),
        keyword(
            "dispersion",
            &[],
            "not available: argyro has no dispersion solver",
        ),
        keyword("tip4p", &[], "not available: argyro has no TIP4P water"),
    ],
    description: "A section of a file gives energy and force at some distances; cubic splines through them fill tables \
        of N entries, evenly spaced in r^2 (bitmap: by the bits of r^2), in which the loop looks up (lookup) or \
        interpolates (linear, spline, bitmap). A pair nearer than the table's beginning is an error.\n\nA section is \
        a keyword alone on its line, a line `N n [R|RSQ|BITMAP lo hi] [FPRIME fplo fphi]`, and n lines of index, r, \
        energy, force. The tag `UNITS: metal` in the first line of a file is honoured.",
    examples: &[
        "pair_style table linear 1000",
        "pair_style table spline 2000 pppm",
    ],
};

const COEFF: Signature = Signature {
    name: "table",
    summary: "section of a table file for a pair of types",
    args: &[
        arg("I", Kind::Types, "first type"),
        arg("J", Kind::Types, "second type"),
        arg("file", Kind::FileIn, "table file"),
        arg("keyword", Kind::Word, "section of the file"),
        optional(
            "cutoff",
            Kind::Positive,
            "cutoff, length units (default: end of the table)",
        ),
    ],
    keywords: &[],
    description: "",
    examples: &["pair_coeff 1 1 pair.table SOFT3 2.6"],
};

/// Entries beyond which a table is refused.
const MOST: i64 = 10_000_000;

struct TableStyle {
    style: Style,
    n: usize,
    long: bool,
    tables: Vec<Table>,
    given: Given<usize>,
    used: Option<TypePairs>,
    rows: Vec<Row>,
    width: usize,
    /// Set where a pair is nearer than its table begins.
    too_near: AtomicBool,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    cut2: f64,
    table: u32,
}

fn build(args: &Args, _: &State) -> Result<Box<dyn PairStyle>> {
    let style = match args.str("style") {
        "lookup" => Style::Lookup,
        "linear" => Style::Linear,
        "spline" => Style::Spline,
        _ => Style::Bitmap,
    };
    let n = args.int("N")?;
    let most = if style == Style::Bitmap { 23 } else { MOST };
    if !(2..=most).contains(&n) {
        return Err(Error::input(format!(
            "Illegal number of pair table entries: {n} is not between 2 and {most}"
        ))
        .at(args.word("N")));
    }
    for name in ["msm", "dispersion", "tip4p"] {
        if let Some(k) = args.keyword(name) {
            return Err(Error::input(format!(
                "pair_style table: argyro has no long-range solver for '{name}'"
            ))
            .help("ewald and pppm are available")
            .at(k.position()));
        }
    }
    Ok(Box::new(TableStyle {
        style,
        n: n as usize,
        long: args.keyword("ewald").is_some() || args.keyword("pppm").is_some(),
        tables: Vec::new(),
        given: Given::default(),
        used: None,
        rows: Vec::new(),
        width: 0,
        too_near: AtomicBool::new(false),
    }))
}

impl PairForm for TableStyle {
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
        let table = &self.tables[row.table as usize];
        if r2 < table.inner2 {
            self.too_near.store(true, Ordering::Relaxed);
            return PairValues::default();
        }
        let [energy, force] = table.at(r2);
        PairValues {
            force: special[0] * force,
            vdwl: special[0] * energy,
            coul: 0.0,
        }
    }
}

impl TableStyle {
    /// The error of the nearest pair below the beginning of its table.
    fn nearest(&self, context: &ForceContext<'_>) -> Error {
        let mut worst: Option<(f64, f64, [i64; 2])> = None;
        for b in &context.bricks.bricks {
            for i in 0..b.own {
                for &j in b.half.of(i) {
                    let j = j as usize;
                    let row = self.rows(b.kind[i])[b.kind[j] as usize];
                    let r2: f64 = (0..3).map(|k| (b.x[i][k] - b.x[j][k]).powi(2)).sum();
                    if row.cut2 <= 0.0 || worst.is_some_and(|w| w.0 <= r2) {
                        continue;
                    }
                    let inner2 = self.tables[row.table as usize].inner2;
                    if r2 < inner2 {
                        let id = |l: usize| context.state.atoms.id[b.owner[l] as usize];
                        worst = Some((r2, inner2, [id(i), id(j)]));
                    }
                }
            }
        }
        match worst {
            Some((r2, inner2, [a, b])) => Error::run(format!(
                "Pair distance < table inner cutoff: atoms {a} and {b} are {:.6} apart, the table begins at {:.6}",
                r2.sqrt(),
                inner2.sqrt()
            )),
            None => Error::run("Pair distance < table inner cutoff"),
        }
        .help("look for overlapping atoms, or begin the table at a smaller distance")
    }
}

impl PairStyle for TableStyle {
    fn coeff(&mut self, words: &[&str], state: &State, _: &PairOptions) -> Result<()> {
        if words.len() < 4 || words.len() > 5 {
            return Err(Error::input(
                "Incorrect args for pair coefficients: pair_style table needs I J FILE KEYWORD [cutoff]",
            )
            .at(words.len().saturating_sub(1).min(5)));
        }
        let file = PotentialFile::read(words[2], "table", 2, state)?;
        let section = file::section(&file, words[3], 2).map_err(|e| e.or_at(2))?;
        let cut = match words.get(4) {
            None => section.hi,
            Some(w) => parse_real(w).ok_or_else(|| {
                Error::input(format!(
                    "Incorrect args for pair coefficients: expected a number for the cutoff, found '{w}'"
                ))
                .at(4)
            })?,
        };
        let at = if words.len() > 4 { 4 } else { 3 };
        let table = Table::new(&section, self.style, self.n, cut).map_err(|e| {
            Error::input(format!("{e} (section {} of {})", words[3], words[2])).at(at)
        })?;
        self.tables.push(table);
        self.given.set(state, words, &(self.tables.len() - 1))
    }

    fn modify(&mut self, _: &PairModify) -> Result<()> {
        Ok(())
    }

    fn restrict(&mut self, used: &TypePairs) {
        self.used = Some(used.clone());
    }

    fn long_cutoff(&self) -> Option<f64> {
        let cuts = self.given.iter().map(|(_, _, &t)| self.tables[t].cut);
        cuts.reduce(f64::max).filter(|_| self.long)
    }

    fn init(&mut self, state: &State) -> Result<()> {
        let n = state.types.count;
        self.width = n + 1;
        let none = Row {
            cut2: -1.0,
            table: 0,
        };
        self.rows = vec![none; self.width * self.width];
        let mut missing = Vec::new();
        for i in 1..=n {
            for j in i..=n {
                if self.used.as_ref().is_some_and(|u| !u.contains(i, j)) {
                    continue;
                }
                let Some(&table) = self.given.get(i, j) else {
                    missing.push((i, j));
                    continue;
                };
                let row = Row {
                    cut2: self.tables[table].cut.powi(2),
                    table: table as u32,
                };
                self.rows[i * self.width + j] = row;
                self.rows[j * self.width + i] = row;
            }
        }
        if !missing.is_empty() {
            return Err(not_set(&missing, "table"));
        }
        let cuts: Vec<f64> = self
            .given
            .iter()
            .map(|(_, _, &t)| self.tables[t].cut)
            .collect();
        if self.long && cuts.iter().any(|c| *c != cuts[0]) {
            return Err(Error::input(
                "Pair table cutoffs must all be equal to use with KSpace",
            ));
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

    fn weights_special(&self) -> bool {
        true
    }

    fn compute(&mut self, context: &ForceContext<'_>, out: &mut [BrickForces]) -> Result<()> {
        self.too_near.store(false, Ordering::Relaxed);
        accumulate(self, context, out);
        if self.too_near.load(Ordering::Relaxed) {
            return Err(self.nearest(context));
        }
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
}
