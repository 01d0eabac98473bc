//! What the fixes that set or add forces share: components that are kept, constant or variable, the
//! atoms that a fix acts on, and sums of forces.

use super::FixId;
use crate::domain::State;
use crate::domain::host::{Host, Reference, Source};
use crate::domain::regions;
use crate::domain::values::members;
use crate::error::{Error, Result};
use crate::signature::{Args, parse_real};

/// One component of a force: NULL, a number, or `v_name`.
#[derive(Debug, Clone, PartialEq)]
pub enum Component {
    /// `NULL`: not touched.
    Keep,
    /// A number.
    Constant(f64),
    /// An equal- or atom-style variable.
    Variable(Reference),
}

/// Values of a component at one step.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Not touched.
    Keep,
    /// One for all atoms.
    One(f64),
    /// One for each atom, order of `Atoms`.
    Each(Vec<f64>),
}

impl Component {
    /// Parses argument `name`; a variable need not exist before the run.
    ///
    /// # Errors
    /// The word is none of the forms.
    pub fn parse(args: &Args, name: &str) -> Result<Self> {
        Self::parse_word(args.str(name), name, args.word(name))
    }

    /// Parses `word`, which stands at `at` and is called `name` in messages.
    ///
    /// # Errors
    /// As [`Component::parse`].
    pub fn parse_word(word: &str, name: &str, at: usize) -> Result<Self> {
        if word == "NULL" {
            return Ok(Self::Keep);
        }
        if let Some(v) = parse_real(word) {
            return Ok(Self::Constant(v));
        }
        match Reference::parse(word) {
            Some(r) if r.source == Source::Variable && r.index.is_empty() => Ok(Self::Variable(r)),
            _ => Err(Error::input(format!(
                "expected a number, v_name or NULL for '{name}', found '{word}'"
            ))
            .at(at)),
        }
    }

    /// The values now.
    ///
    /// # Errors
    /// The variable cannot be evaluated.
    pub fn evaluate(&self, host: &mut dyn Host) -> Result<Values> {
        Ok(match self {
            Self::Keep => Values::Keep,
            Self::Constant(v) => Values::One(*v),
            Self::Variable(r) if host.output(r.source, &r.id)?.per_atom.is_some() => {
                Values::Each(host.per_atom(r)?)
            }
            Self::Variable(r) => Values::One(host.scalar(r)?),
        })
    }
}

impl Values {
    /// The value for atom `i`; `None` where the component is kept.
    pub fn of(&self, i: usize) -> Option<f64> {
        match self {
            Self::Keep => None,
            Self::One(v) => Some(*v),
            Self::Each(v) => v.get(i).copied(),
        }
    }
}

/// The atoms that a fix acts on: its group, within a region if one is given.
#[derive(Debug, Clone)]
pub struct Chosen {
    bit: u32,
    region: Option<String>,
}

impl Chosen {
    /// Group of the fix and its `region` keyword.
    ///
    /// # Errors
    /// The region does not exist.
    pub fn new(id: &FixId, args: &Args, host: &dyn Host) -> Result<Self> {
        let region = match args.keyword("region") {
            Some(k) => {
                let name = k.str("ID");
                regions::require(&host.state().regions, "Fix", name)
                    .map_err(|e| e.or_at(k.word("ID")))?;
                Some(name.to_string())
            }
            None => None,
        };
        Ok(Self {
            bit: id.bit,
            region,
        })
    }

    /// Indices of the atoms now, ascending.
    ///
    /// # Errors
    /// The region was deleted or its variables cannot be evaluated.
    pub fn atoms(&self, host: &mut dyn Host) -> Result<Vec<usize>> {
        let Some(name) = &self.region else {
            return Ok(members(host.state(), self.bit).collect());
        };
        regions::update(host, name)?;
        let state = host.state();
        let region = regions::require(&state.regions, "Fix", name)?;
        let inside = |i: &usize| region.contains(state.atoms.x[*i]);
        Ok(members(state, self.bit).filter(inside).collect())
    }
}

/// Sum of the forces on atoms.
pub fn total_force(state: &State, atoms: &[usize]) -> [f64; 3] {
    let mut sum = [0.0; 3];
    for &i in atoms {
        (0..3).for_each(|k| sum[k] += state.atoms.f[i][k]);
    }
    sum
}

/// Error for parts that a fix with a scalar and a vector does not have.
pub fn no_part(style: &str) -> Error {
    Error::input(format!("fix {style} has no such output"))
}

/// Lattice spacings for lengths in lattice units, 1 for box units. `args` has a keyword `units` with one word.
///
/// # Errors
/// The word is neither `box` nor `lattice`.
pub fn length_scale(args: &Args, state: &State) -> Result<[f64; 3]> {
    let Some(k) = args.keyword("units") else {
        return Ok(spacing(state));
    };
    match k.str("value") {
        "box" => Ok([1.0; 3]),
        "lattice" => Ok(spacing(state)),
        other => Err(
            Error::input(format!("expected units box or lattice, found '{other}'"))
                .at(k.word("value")),
        ),
    }
}

/// Lattice spacings, 1 without a lattice.
pub fn spacing(state: &State) -> [f64; 3] {
    state.lattice.as_ref().map_or([1.0; 3], |l| l.spacing)
}
