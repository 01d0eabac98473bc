//! What a fix, compute, dump or region sees of the running simulation. The engine implements it;
//! styles never see the engine itself.

use super::brick::Bricks;
use super::state::{State, Tally};
use crate::error::{Error, Result};

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// `c_ID`
    Compute,
    /// `f_ID`
    Fix,
    /// `v_name`
    Variable,
}

/// A reference `c_ID`, `f_ID[i]`, `v_name`, `c_ID[i][j]`; indices are 1-based as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    /// Compute, fix or variable.
    pub source: Source,
    /// Its ID.
    pub id: String,
    /// Indices in brackets, none to two.
    pub index: Vec<usize>,
}

impl Reference {
    /// Parses `c_ID[1]` and the like; `None` if the word is no reference. `[*]` is expanded by the caller.
    pub fn parse(word: &str) -> Option<Self> {
        let source = match word.get(..2)? {
            "c_" => Source::Compute,
            "f_" => Source::Fix,
            "v_" => Source::Variable,
            _ => return None,
        };
        let rest = &word[2..];
        let (id, mut tail) = rest.split_at(rest.find('[').unwrap_or(rest.len()));
        if id.is_empty() {
            return None;
        }
        let mut index = Vec::new();
        while !tail.is_empty() {
            let end = tail.find(']')?;
            index.push(
                tail.strip_prefix('[')?
                    .get(..end - 1)?
                    .parse()
                    .ok()
                    .filter(|&n: &usize| n > 0)?,
            );
            tail = &tail[end + 1..];
        }
        (index.len() <= 2).then(|| Self {
            source,
            id: id.to_string(),
            index,
        })
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let c = match self.source {
            Source::Compute => 'c',
            Source::Fix => 'f',
            Source::Variable => 'v',
        };
        write!(f, "{c}_{}", self.id)?;
        self.index.iter().try_for_each(|i| write!(f, "[{i}]"))
    }
}

/// The output of a compute, fix or variable.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// One number.
    Scalar(f64),
    /// A global vector.
    Vector(Vec<f64>),
    /// A global array, row-major.
    Array {
        /// Number of columns.
        columns: usize,
        /// rows x columns values.
        values: Vec<f64>,
    },
    /// One number per atom, in the order of `Atoms`.
    PerAtom(Vec<f64>),
    /// Several numbers per atom, atom-major.
    PerAtomArray {
        /// Number of columns.
        columns: usize,
        /// atoms x columns values.
        values: Vec<f64>,
    },
}

/// What a style offers, so that `c_ID` and `c_ID[2]` can be checked before the first step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Output {
    /// Has a scalar.
    pub scalar: bool,
    /// Length of the global vector (0: none).
    pub vector: usize,
    /// Rows and columns of the global array (0, 0: none).
    pub array: (usize, usize),
    /// Columns per atom: `None` no per-atom data, `Some(0)` a per-atom vector, else an array.
    pub per_atom: Option<usize>,
    /// Whether the scalar is extensive (divided by N under `thermo_modify norm yes`).
    pub extensive: bool,
    /// Whether the elements of the global vector or array are extensive.
    pub extensive_vector: bool,
    /// Bit i: element i + 1 of the global vector is extensive, where elements differ.
    pub extensive_elements: u64,
    /// Steps between renewals of the values; 0 or 1: they are those of the present step.
    pub every: i64,
}

impl Output {
    /// Only an intensive scalar.
    pub const SCALAR: Self = Self {
        scalar: true,
        vector: 0,
        array: (0, 0),
        per_atom: None,
        extensive: false,
        extensive_vector: false,
        extensive_elements: 0,
        every: 0,
    };
}

impl Output {
    /// Whether a value is divided by N under `thermo_modify norm yes`; `index` as in brackets behind the ID.
    pub fn is_extensive(&self, index: &[usize]) -> bool {
        match index {
            [] => self.extensive,
            [i, ..] if (1..=64).contains(i) => {
                self.extensive_vector || self.extensive_elements >> (i - 1) & 1 == 1
            }
            _ => self.extensive_vector,
        }
    }
}

/// Which part of a style's output is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// `c_ID`
    Scalar,
    /// `c_ID[i]`
    Vector,
    /// `c_ID[i][j]`
    Array,
    /// per-atom vector or array
    PerAtom,
}

/// A column of the thermo output with its present value.
#[derive(Debug, Clone, PartialEq)]
pub struct ThermoColumn {
    /// Word of `thermo_style`.
    pub word: String,
    /// Heading.
    pub heading: String,
    /// Value.
    pub value: f64,
}

/// Long-range interaction of two sets of charges.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Between {
    /// Half of the energy of the first in the potential of the second.
    pub energy: f64,
    /// Force of the second on the first.
    pub force: [f64; 3],
    /// Volume of the cell of the sum.
    pub volume: f64,
}

/// Where a compute has the components of an orientation vector of each atom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Orientation {
    /// First column of its per-atom array.
    pub first: usize,
    /// Number of columns.
    pub count: usize,
    /// Distance of neighbours, length units; `None` for the cutoff of the pair style.
    pub cutoff: Option<f64>,
}

/// The running simulation as styles see it.
pub trait Host {
    /// Atoms, cell, groups, step, accumulated energies.
    fn state(&self) -> &State;

    /// The same, to be changed.
    fn state_mut(&mut self) -> &mut State;

    /// Bricks and neighbour lists of the last build.
    fn bricks(&self) -> &Bricks;

    /// What compute or fix `id` offers.
    ///
    /// # Errors
    /// There is no such compute or fix.
    fn output(&self, source: Source, id: &str) -> Result<Output>;

    /// The whole output of a compute or fix now (computed once per step and state of the atoms).
    ///
    /// # Errors
    /// There is no such thing, or it cannot be evaluated.
    fn data(&mut self, source: Source, id: &str, part: Part) -> Result<Data>;

    /// One number: `c_ID`, `f_ID[2]`, `v_name`, ...
    ///
    /// # Errors
    /// The reference does not name a single number.
    fn scalar(&mut self, reference: &Reference) -> Result<f64>;

    /// One number per atom: `c_ID`, `c_ID[2]`, `f_ID`, atom-style `v_name`. Atoms outside the group of
    /// the style have 0.
    ///
    /// # Errors
    /// The reference does not name a per-atom vector.
    fn per_atom(&mut self, reference: &Reference) -> Result<Vec<f64>>;

    /// A global vector: `c_ID`, a column of `c_ID[2]`, vector-style `v_name`.
    ///
    /// # Errors
    /// The reference does not name a vector.
    fn vector(&mut self, reference: &Reference) -> Result<Vec<f64>>;

    /// A thermo keyword (`temp`, `pe`, `press`, ...).
    ///
    /// # Errors
    /// Unknown keyword, or it cannot be evaluated.
    fn thermo(&mut self, keyword: &str) -> Result<f64>;

    /// The pressure tensor xx, yy, zz, xy, xz, yz of the thermo output, in the orientation of the cell of the state
    /// even if the output shows that of a general triclinic box.
    ///
    /// # Errors
    /// The force field cannot be evaluated.
    fn pressure_tensor(&mut self) -> Result<[f64; 6]>;

    /// The columns of the thermo output, evaluated now; none in a run at a step without a row.
    ///
    /// # Errors
    /// One of them cannot be evaluated.
    fn thermo_columns(&mut self) -> Result<Vec<ThermoColumn>> {
        Ok(Vec::new())
    }

    /// Words of the columns of the thermo output.
    fn thermo_words(&self) -> Vec<String> {
        Vec::new()
    }

    /// Makes sure that energies, virial and per-atom values of `tally` in the state belong to the present
    /// positions; evaluates the force field once more without touching forces if they do not.
    ///
    /// # Errors
    /// The pair style cannot give them.
    fn tally(&mut self, tally: Tally) -> Result<()>;

    /// Number of degrees of freedom of a group: d N - `extra` - those removed by fixes.
    fn degrees_of_freedom(&self, group_bit: u32, extra: f64) -> f64;

    /// Atoms of a group that this run has lost, which [`Self::degrees_of_freedom`] still counts.
    fn lost_atoms(&self, _group_bit: u32) -> usize {
        0
    }

    /// The temperature compute `id`'s bias-free scalar and its degrees of freedom.
    ///
    /// # Errors
    /// `id` is not a temperature compute.
    fn temperature(&mut self, id: &str) -> Result<(f64, f64)>;

    /// Makes pressure compute `pressure` use temperature compute `temperature`.
    ///
    /// # Errors
    /// One of them does not exist, or the first is no pressure.
    fn bind_temperature(&mut self, pressure: &str, temperature: &str) -> Result<()>;

    /// The velocity of each atom that temperature compute `id` does not count as thermal (order of
    /// `Atoms`), if it leaves any out; a thermostat must not touch it.
    ///
    /// # Errors
    /// There is no such compute, or it cannot be evaluated.
    fn velocity_bias(&mut self, id: &str) -> Result<Option<Vec<[f64; 3]>>>;

    /// Where compute `id` has orientation vectors.
    ///
    /// # Errors
    /// There is no such compute, or it has none.
    fn orientation(&mut self, id: &str) -> Result<Orientation> {
        Err(Error::input(format!(
            "compute {id} has no orientation vectors"
        )))
    }

    /// IDs or style names of a category that the state does not know: `dump`, `pair_style`, `kspace_style`.
    fn names(&self, _category: &str) -> Vec<String> {
        Vec::new()
    }

    /// Substitutes `$x`, `${x}`, `$(..)` in a text now (`fix print`).
    ///
    /// # Errors
    /// A variable does not exist or a formula is wrong.
    fn substitute(&mut self, text: &str) -> Result<String>;

    /// Writes a line to the screen and the log.
    fn print(&mut self, screen: bool, log: bool, line: &str);

    /// Writes a warning to the screen and the log.
    fn warn(&mut self, message: &str);

    /// Target temperature of the thermostat at the present step, if there is one.
    fn target_temperature(&self) -> Option<f64> {
        None
    }

    /// Names and values that trajectories record about their making: script, model files with hashes, seeds.
    fn provenance(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Energy and force factor F/r of two atoms at squared distance `r2`, if the pair style has energies of pairs.
    /// `kind` is that of a special pair (1: 1-2, 2: 1-3, 3: 1-4), 0 for others.
    fn pair_single(&self, _atoms: (usize, usize), _r2: f64, _kind: u8) -> Option<(f64, f64)> {
        None
    }

    /// The kspace style's interaction of two sets of charges, one value per atom each.
    ///
    /// # Errors
    /// There is no kspace style, or it was not prepared for a run.
    fn kspace_between(&mut self, _a: &[f64], _b: &[f64]) -> Result<Between> {
        Err(Error::input(
            "No Kspace style defined for compute group/group",
        ))
    }

    /// Whether files and side effects are suppressed (`argyro check`, `-skiprun` does not set it).
    fn dry(&self) -> bool;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_parsed_with_their_indices() {
        let r = Reference::parse("c_msd[4]").unwrap();
        assert_eq!(
            (r.source, r.id.as_str(), r.index.clone()),
            (Source::Compute, "msd", vec![4])
        );
        assert_eq!(
            Reference::parse("f_a[1][2]").unwrap().to_string(),
            "f_a[1][2]"
        );
        assert!(
            Reference::parse("temp").is_none()
                && Reference::parse("c_x[0]").is_none()
                && Reference::parse("c_x[").is_none()
        );
    }
}
