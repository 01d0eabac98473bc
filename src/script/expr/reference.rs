//! References of formulas to atoms, computes, fixes and variables.

use super::eval::{Evaluation, Value};
use super::host::{OutputSource, OutputValues, Provides};
use super::names::suggestions;
use super::{AtomProperty, Index, Op, Target};
use crate::script::error::{Result, ScriptError};

impl Evaluation<'_> {
    /// A step that takes nothing from the stack.
    pub(super) fn leaf(&mut self, op: &Op) -> Result<Value> {
        match op {
            Op::Keyword(word) => self.keyword(word),
            Op::Atoms(property) if self.target == Target::Atom => {
                Ok(Value::List(self.host.atoms(*property)?))
            }
            Op::Atoms(_) => Err(ScriptError::formula(format!(
                "Atom vector in {}-style variable formula",
                self.style()
            ))
            .help("take one atom with an index such as x[5], or use an atom-style variable")),
            Op::AtomValue(property, index) => self.atom_value(*property, index),
            Op::Custom {
                name,
                integer,
                array,
                index,
            } => self.custom(name, *integer, *array, index),
            Op::Output {
                source,
                per_atom,
                id,
                index,
            } => self.output(*source, *per_atom, id, index),
            Op::Variable { name, index } => {
                let index = index.as_ref().map(|i| self.index(i)).transpose()?;
                self.variables
                    .in_formula(name, index, self.target, self.mask, self.host)
            }
            other => self.special(other),
        }
    }

    fn keyword(&mut self, word: &str) -> Result<Value> {
        if let Some(value) = self.host.keyword(word)? {
            return Ok(Value::Scalar(value));
        }
        let error = ScriptError::formula(format!(
            "Invalid thermo keyword '{word}' in variable formula"
        ));
        if self.variables.style(word).is_some() {
            return Err(error.help(format!("'{word}' is a variable: write v_{word}")));
        }
        Err(error.suggest(word, self.host.keywords().into_iter().chain(suggestions())))
    }

    /// The element of a per-atom list that belongs to an atom ID; 0 if no atom has it now.
    pub(super) fn of_atom(&self, list: &[f64], id: usize) -> Result<f64> {
        let at = self.host.atom_index(id)?;
        Ok(at.and_then(|i| list.get(i)).copied().unwrap_or(0.0))
    }

    fn atom_value(&mut self, property: AtomProperty, index: &Index) -> Result<Value> {
        let id = self.index(index)?;
        let list = self.host.atoms(property)?;
        self.of_atom(&list, id).map(Value::Scalar)
    }

    fn custom(&mut self, name: &str, integer: bool, array: bool, index: &[Index]) -> Result<Value> {
        let shown = format!(
            "{}{}_{name}",
            if integer { "i" } else { "d" },
            if array { "2" } else { "" }
        );
        let index: Vec<usize> = index.iter().map(|i| self.index(i)).collect::<Result<_>>()?;
        let (atom, column) = match (array, self.target, index.as_slice()) {
            (false, Target::Atom, []) => (None, None),
            (true, Target::Atom, [column]) => (None, Some(*column)),
            (false, _, [id]) => (Some(*id), None),
            (true, _, [id, column]) => (Some(*id), Some(*column)),
            _ => {
                return Err(ScriptError::formula(format!(
                    "Mismatched custom atom property {shown} in {}-style variable formula",
                    self.style()
                )));
            }
        };
        let list = self.host.custom(name, integer, column)?.ok_or_else(|| {
            ScriptError::formula(format!(
                "Invalid custom atom property reference {shown} in variable formula"
            ))
        })?;
        match atom {
            None => Ok(Value::List(list)),
            Some(id) => self.of_atom(&list, id).map(Value::Scalar),
        }
    }

    /// `c_ID`, `c_ID[i]`, `c_ID[i][j]`, `C_ID[i]`, `C_ID[i][j]` and the same of fixes.
    ///
    /// Lists that suit the formula come first, then scalars; per-atom data of one atom also without the
    /// capital letter where there is nothing else that could be meant.
    fn output(
        &mut self,
        source: OutputSource,
        per_atom: bool,
        id: &str,
        index: &[Index],
    ) -> Result<Value> {
        let has = self.host.provides(source, id)?;
        let index: Vec<usize> = index.iter().map(|i| self.index(i)).collect::<Result<_>>()?;
        let none = Provides::default();
        let (scalar, vector, array) = (
            Provides {
                scalar: true,
                ..none
            },
            Provides {
                vector: true,
                ..none
            },
            Provides {
                array: true,
                ..none
            },
        );
        let atom_vector = Provides {
            per_atom_vector: true,
            ..none
        };
        let atom_array = Provides {
            per_atom_array: true,
            ..none
        };
        let list = self.target;
        let what = match index.as_slice() {
            [] if !per_atom && list == Target::Vector && has.vector => vector,
            [] if !per_atom && list == Target::Atom && has.per_atom_vector => atom_vector,
            [] if !per_atom && has.scalar => scalar,
            [_] if !per_atom && list == Target::Vector && has.array => array,
            [_] if !per_atom && list == Target::Atom && has.per_atom_array => atom_array,
            [_] if !per_atom && has.vector => vector,
            [_] if has.per_atom_vector => atom_vector,
            [_, _] if !per_atom && has.array => array,
            [_, _] if has.per_atom_array => atom_array,
            _ => return Err(self.mismatch(source, per_atom, id, index.len(), has)),
        };
        let values = self.host.output(source, id, what)?;
        self.pick(source, id, values, &index)
    }

    /// The part of an output that the indices name.
    fn pick(
        &self,
        source: OutputSource,
        id: &str,
        values: OutputValues,
        index: &[usize],
    ) -> Result<Value> {
        let range = |what: &str| {
            ScriptError::formula(format!(
                "Variable formula {} {what} is accessed out-of-range: '{id}'",
                source.word()
            ))
        };
        let list = self.target;
        match (values, index) {
            (OutputValues::Scalar(x), _) => Ok(Value::Scalar(x)),
            (OutputValues::Vector(v) | OutputValues::PerAtom(v), []) => Ok(Value::List(v)),
            (OutputValues::Vector(v), [i]) => v
                .get(i - 1)
                .map(|&x| Value::Scalar(x))
                .ok_or_else(|| range("vector")),
            (OutputValues::PerAtom(v), [atom]) => self.of_atom(&v, *atom).map(Value::Scalar),
            (OutputValues::Array { columns, values }, [column]) if list == Target::Vector => {
                column_of(&values, columns, *column)
                    .map(Value::List)
                    .ok_or_else(|| range("array"))
            }
            (OutputValues::PerAtomArray { columns, values }, [column]) => {
                column_of(&values, columns, *column)
                    .map(Value::List)
                    .ok_or_else(|| range("array"))
            }
            (OutputValues::Array { columns, values }, [row, column]) => {
                let column = column_of(&values, columns, *column).ok_or_else(|| range("array"))?;
                column
                    .get(row - 1)
                    .map(|&x| Value::Scalar(x))
                    .ok_or_else(|| range("array"))
            }
            (OutputValues::PerAtomArray { columns, values }, [atom, column]) => {
                let column = column_of(&values, columns, *column).ok_or_else(|| range("array"))?;
                self.of_atom(&column, *atom).map(Value::Scalar)
            }
            _ => Err(range("output")),
        }
    }

    fn mismatch(
        &self,
        source: OutputSource,
        per_atom: bool,
        id: &str,
        indices: usize,
        has: Provides,
    ) -> ScriptError {
        let letter = if source == OutputSource::Compute {
            'c'
        } else {
            'f'
        };
        let upper = letter.to_ascii_uppercase();
        let forms = [
            (has.scalar, format!("{letter}_{id}")),
            (has.vector, format!("{letter}_{id}[i]")),
            (has.array, format!("{letter}_{id}[i][j]")),
            (has.per_atom_vector, format!("{upper}_{id}[atom]")),
            (has.per_atom_array, format!("{upper}_{id}[atom][j]")),
        ];
        let known: Vec<String> = forms.into_iter().filter(|f| f.0).map(|f| f.1).collect();
        let prefix = if per_atom { upper } else { letter };
        let error = ScriptError::formula(format!(
            "Mismatched {} in variable formula: {prefix}_{id} with {indices} index(es) in a formula of {} style",
            source.word(),
            self.style()
        ));
        if known.is_empty() {
            error.help(format!(
                "{} '{id}' has no output that formulas can use",
                source.word()
            ))
        } else {
            error.help(format!(
                "{} '{id}' offers {}",
                source.word(),
                known.join(", ")
            ))
        }
    }
}

/// Column `column` (from 1) of a row-major array; `None` if there is no such column.
pub(super) fn column_of(values: &[f64], columns: usize, column: usize) -> Option<Vec<f64>> {
    if column == 0 || column > columns {
        return None;
    }
    Some(
        values
            .iter()
            .skip(column - 1)
            .step_by(columns)
            .copied()
            .collect(),
    )
}
