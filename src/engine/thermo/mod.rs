//! Thermodynamic output: settings of `thermo`, `thermo_style` and `thermo_modify`, and the rows in the log.
//!
//! The layout is LAMMPS' to the column, because log readers depend on it: float columns are 14 wide, whole
//! numbers 10 and a blank, joined by blanks. Invariant: a row is made of values of one and the same step.

mod keywords;
mod layout;

pub use keywords::{KEYWORDS, Keyword, Quantity, evaluate, pressure_tensor};
pub use layout::{Column, Layout, Line, Value};

use crate::domain::host::{Host, Part, Reference, Source};
use crate::domain::values::{Shape, expand};
use crate::engine::Engine;
use crate::error::{Error, Result};

/// When rows are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Every {
    /// Every so many steps; 0: only at the first and last step of a run.
    Steps(i64),
    /// At the step that an equal-style variable gives.
    Variable(String),
}

/// What happens when atoms are lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The run fails.
    Error,
    /// A warning, the run goes on.
    Warn,
    /// Nothing.
    Ignore,
}

/// Settings of the thermodynamic output.
#[derive(Debug, Clone)]
pub struct Thermo {
    /// `thermo`
    pub every: Every,
    /// Name of the style.
    pub style: &'static str,
    /// Columns and their formats.
    pub layout: Layout,
    /// `thermo_modify norm`; `None` is the default of the unit style.
    pub norm: Option<bool>,
    /// `thermo_modify lost`
    pub lost: Lost,
    /// `thermo_modify flush`
    pub flush: bool,
    /// Temperature compute of `temp`, `ke`, ...
    pub temperature: String,
    /// Pressure compute of `press`, `pxx`, ...
    pub pressure: String,
    /// `thermo_modify triclinic/general`: cell vectors and pressure tensor as the general triclinic box was defined.
    pub general: bool,
    /// Whether `thermo_modify` changed anything since the last `thermo_style`.
    pub modified: bool,
    /// Columns of styles `one`, `multi` and `yaml` follow the cell: volume if a fix changes it.
    volume_shown: bool,
}

/// Names of the thermo styles.
pub const STYLES: &[&str] = &["one", "multi", "yaml", "custom"];

const ONE: &[&str] = &["step", "temp", "epair", "emol", "etotal", "press"];
const MULTI: &[&str] = &[
    "etotal", "ke", "temp", "pe", "ebond", "eangle", "edihed", "eimp", "evdwl", "ecoul", "elong",
    "press",
];
const YAML: &[&str] = &[
    "step", "temp", "ke", "pe", "ebond", "eangle", "edihed", "eimp", "evdwl", "ecoul", "elong",
    "press",
];

impl Default for Thermo {
    fn default() -> Self {
        Self::preset("one")
    }
}

impl Thermo {
    /// One of the styles without arguments.
    pub fn preset(style: &'static str) -> Self {
        let (words, line) = match style {
            "multi" => (MULTI, layout::Line::Multi),
            "yaml" => (YAML, layout::Line::Yaml),
            _ => (ONE, layout::Line::One),
        };
        let columns = words.iter().filter_map(|w| Column::keyword(w)).collect();
        Self {
            every: Every::Steps(0),
            style,
            layout: Layout::new(columns, line),
            norm: None,
            lost: Lost::Error,
            flush: false,
            temperature: "thermo_temp".into(),
            pressure: "thermo_press".into(),
            general: false,
            modified: false,
            volume_shown: false,
        }
    }

    /// Style `custom` with these words; wildcards are expanded, references must exist.
    ///
    /// # Errors
    /// Unknown keyword, compute, fix or variable; errors point at the word in `words`.
    pub fn custom(words: &[(usize, &str)], engine: &mut Engine) -> Result<Self> {
        if words.is_empty() {
            return Err(Error::input(
                "Illegal thermo_style custom command: missing argument(s)",
            ));
        }
        let mut columns = Vec::new();
        for (at, word) in expand(words, Shape::Elements, engine)? {
            columns.push(column(&word, engine).map_err(|e| e.or_at(at))?);
        }
        Ok(Self {
            style: "custom",
            layout: Layout::new(columns, layout::Line::One),
            ..Self::preset("one")
        })
    }

    /// Shows the volume in styles without arguments as soon as a fix changes the cell.
    pub(crate) fn follow_cell(&mut self, changes: bool) {
        if changes && !self.volume_shown && self.style != "custom" {
            self.volume_shown = true;
            self.layout.push(Column::keyword("vol"));
        }
    }

    /// Whether energies are printed per atom.
    pub fn per_atom(&self, engine: &Engine) -> bool {
        self.norm.unwrap_or(engine.state.units.norm)
    }
}

fn column(word: &str, engine: &mut Engine) -> Result<Column> {
    if let Some(c) = Column::keyword(word) {
        return Ok(c);
    }
    let Some(reference) = Reference::parse(word) else {
        let e = Error::input(format!(
            "Unknown keyword '{word}' in thermo_style custom command"
        ));
        return Err(e.suggest(word, KEYWORDS.iter().map(|k| k.name)));
    };
    check(&reference, engine)?;
    Ok(Column::reference(word, reference))
}

fn check(reference: &Reference, engine: &mut Engine) -> Result<()> {
    let id = &reference.id;
    let what = match reference.source {
        Source::Variable => {
            return match engine.variables.style(id) {
                Some(style @ ("atom" | "vector")) if reference.index.is_empty() => {
                    Err(Error::input(format!(
                        "Thermo custom variable {id} is not an equal-style variable: it has style {style}"
                    ))
                    .help("compute reduce makes one number of many"))
                }
                Some(_) => Ok(()),
                None => Err(Error::input(format!(
                    "Could not find thermo custom variable name {id}"
                ))),
            };
        }
        Source::Compute => "compute",
        Source::Fix => "fix",
    };
    let output = engine.output(reference.source, id).map_err(|e| Error {
        message: format!("Could not find thermo custom {what} ID {id}"),
        ..e
    })?;
    let ok = match reference.index.as_slice() {
        [] => output.scalar,
        [i] => *i <= output.vector || (output.vector == 0 && output.per_atom == Some(0)),
        [i, j] => *i <= output.array.0 && *j <= output.array.1,
        _ => false,
    };
    if ok {
        return Ok(());
    }
    Err(Error::input(match reference.index.len() {
        0 => format!(
            "Thermo {what} {id} does not compute a scalar: it needs an index, or compute reduce"
        ),
        1 => format!("Thermo {what} {id} does not compute a vector of that length: {reference}"),
        _ => format!("Thermo {what} {id} does not compute an array of that size: {reference}"),
    }))
}

impl Engine {
    /// The values of the thermo columns now.
    ///
    /// # Errors
    /// A column cannot be evaluated; the message names it.
    pub(crate) fn thermo_values(&mut self) -> Result<Vec<Value>> {
        let columns = self.thermo.layout.columns.clone();
        columns
            .iter()
            .map(|c| {
                self.thermo_value(&c.quantity).map_err(|e| Error {
                    message: format!("thermo column {}: {}", c.name, e.message),
                    ..e
                })
            })
            .collect()
    }

    fn thermo_value(&mut self, quantity: &Quantity) -> Result<Value> {
        match quantity {
            Quantity::Keyword(k) => keywords::evaluate(k, self),
            Quantity::Reference(r) => {
                self.thermo_reads = r.source == Source::Fix;
                let v = self.scalar(r);
                self.thermo_reads = false;
                let v = v?;
                let output = self.output(r.source, &r.id)?;
                let extensive = output.is_extensive(&r.index) && self.thermo.per_atom(self);
                let n = self.state.atoms.len() as f64;
                Ok(Value::Float(if extensive && n > 0.0 { v / n } else { v }))
            }
        }
    }

    /// Checks that rows come at steps at which the fixes among their columns have values.
    ///
    /// # Errors
    /// One has not.
    pub(crate) fn check_thermo_steps(&mut self) -> Result<()> {
        let Every::Steps(rows) = self.thermo.every else {
            return Ok(());
        };
        for c in &self.thermo.layout.columns {
            let Quantity::Reference(r) = &c.quantity else {
                continue;
            };
            if r.source != Source::Fix {
                continue;
            }
            let every = self.output(r.source, &r.id).map_or(0, |o| o.every);
            if every > 1 && rows % every != 0 {
                let id = &r.id;
                return Err(Error::input(format!(
                    "thermo column {}: Thermo and fix {id} not computed at compatible times: rows come every {rows} steps, \
                     values of the fix every {every}",
                    c.name
                ))
                .help(format!("give thermo a multiple of {every}")));
            }
        }
        Ok(())
    }

    /// Writes the header of the thermo output.
    pub(crate) fn thermo_header(&mut self) {
        if let Some(h) = self.thermo.layout.header() {
            self.log.line(&h);
        }
    }

    /// Writes the end of the thermo output of a run.
    pub(crate) fn thermo_footer(&mut self) {
        if let Some(f) = self.thermo.layout.footer() {
            self.log.line(f);
        }
    }

    /// Writes a row.
    ///
    /// # Errors
    /// A column cannot be evaluated.
    pub(crate) fn thermo_row(&mut self) -> Result<()> {
        self.thermo_rows += 1;
        let values = self.thermo_values()?;
        let cpu = self.clock.run_seconds();
        let row = self.thermo.layout.row(&values, self.state.step, cpu);
        self.clock
            .thermo_row(self.state.step, self.state.time_now());
        self.log.line(&row);
        if self.thermo.flush {
            self.log.flush();
        }
        Ok(())
    }

    /// The next step at which a row is due, after the present one.
    ///
    /// # Errors
    /// The variable does not give a later step.
    pub(crate) fn next_thermo(&mut self) -> Result<i64> {
        let last = self.state.run.last;
        match self.thermo.every.clone() {
            Every::Steps(0) => Ok(last),
            Every::Steps(n) => Ok(((self.state.step.div_euclid(n) + 1) * n).min(last)),
            Every::Variable(name) => {
                let variables = self.variables.clone();
                let next = variables.equal(&name, self)? as i64;
                if next <= self.state.step {
                    return Err(Error::run(format!(
                        "Thermo every variable {name} returned a bad timestep {next} at step {}",
                        self.state.step
                    )));
                }
                Ok(next.min(last))
            }
        }
    }

    /// The scalar of a compute.
    pub(crate) fn compute_scalar(&mut self, id: &str) -> Result<f64> {
        self.scalar(&Reference {
            source: Source::Compute,
            id: id.to_string(),
            index: Vec::new(),
        })
    }

    /// The vector of a compute.
    pub(crate) fn compute_vector(&mut self, id: &str) -> Result<Vec<f64>> {
        match self.data(Source::Compute, id, Part::Vector)? {
            crate::domain::Data::Vector(v) => Ok(v),
            _ => Err(Error::input(format!("compute {id} has no vector"))),
        }
    }
}
