//! Functions of formulas whose arguments are names: groups, vectors, files, features.

use super::eval::{Evaluation, Value};
use super::host::{OutputValues, Provides};
use super::reference::column_of;
use super::{Feature, Op, Reduction, Target, VectorRef};
use crate::script::error::{Result, ScriptError};

/// `slope()` of a single point.
const VERTICAL: f64 = 1.0e20;

fn truth(b: bool) -> Value {
    Value::Scalar(f64::from(u8::from(b)))
}

impl Evaluation<'_> {
    pub(super) fn special(&mut self, op: &Op) -> Result<Value> {
        match op {
            Op::Group(call) => Ok(Value::Scalar(self.host.group_function(call)?)),
            Op::Reduce(reduction, of) => {
                let list = self.vector_of(of)?;
                Ok(Value::Scalar(reduce(*reduction, &list)))
            }
            Op::Sort(of, descending) => {
                if self.target != Target::Vector {
                    return Err(ScriptError::formula(format!(
                        "sort() and rsort() give a vector, which does not fit a formula of {} style",
                        self.style()
                    )));
                }
                let mut list = self.vector_of(of)?;
                list.sort_by(f64::total_cmp);
                if *descending {
                    list.reverse();
                }
                Ok(Value::List(list))
            }
            Op::Mask { group, region } => self.mask_of(group.as_deref(), region.as_deref()),
            Op::Next(name) => self.variables.next_in_formula(name, self.target, self.host),
            Op::IsFile(name) => Ok(truth(
                std::fs::File::open(name).is_ok_and(|f| f.metadata().is_ok_and(|m| m.is_file())),
            )),
            Op::IsOs(pattern) => Ok(truth(matches(pattern, &os_info()))),
            Op::Setting(name) => match self.host.setting(name)? {
                Some(x) => Ok(Value::Scalar(x)),
                None => Err(ScriptError::formula(format!(
                    "Unknown setting {name} for extract_setting() function in variable formula"
                ))),
            },
            Op::LabelToType(kind, label) => match self.host.label_to_type(kind, label)? {
                Some(n) => Ok(Value::Scalar(n as f64)),
                None => Err(ScriptError::formula(format!(
                    "Invalid {kind} type label {label} in label2type() in variable formula"
                ))),
            },
            Op::IsTypeLabel(kind, label) => {
                Ok(truth(self.host.label_to_type(kind, label)?.is_some()))
            }
            Op::IsTimeout => Ok(truth(self.host.timed_out())),
            Op::Feature(feature, category, name) => {
                let answer = match feature {
                    Feature::Available => self.host.is_available(category, name)?,
                    Feature::Active => self.host.is_active(category, name)?,
                    Feature::Defined if category == "variable" => {
                        self.variables.style(name).is_some()
                    }
                    Feature::Defined => self.host.is_defined(category, name)?,
                };
                Ok(truth(answer))
            }
            _ => Err(ScriptError::formula("Invalid syntax in variable formula")),
        }
    }

    fn mask_of(&mut self, group: Option<&str>, region: Option<&str>) -> Result<Value> {
        if self.target != Target::Atom {
            let name = match (group, region) {
                (Some(_), Some(_)) => "Grmask",
                (Some(_), None) => "Gmask",
                _ => "Rmask",
            };
            return Err(ScriptError::formula(format!(
                "{name} function in {}-style variable formula",
                self.style()
            )));
        }
        let mut inside = vec![true; self.host.atom_count()?];
        let masks = [
            group.map(|g| self.host.group_mask(g)).transpose()?,
            region.map(|r| self.host.region_mask(r)).transpose()?,
        ];
        for mask in masks.into_iter().flatten() {
            inside.iter_mut().zip(mask).for_each(|(a, b)| *a &= b);
        }
        Ok(Value::List(
            inside.into_iter().map(|b| f64::from(u8::from(b))).collect(),
        ))
    }

    /// The global vector that a reduction works on.
    fn vector_of(&mut self, of: &VectorRef) -> Result<Vec<f64>> {
        let (source, id, column) = match of {
            VectorRef::Variable(name) => {
                return self
                    .variables
                    .vector(name, self.host)
                    .map_err(|e| e.demoted("defined here"));
            }
            VectorRef::Output { source, id, column } => (*source, id, column),
        };
        let column = column.as_ref().map(|c| self.index(c)).transpose()?;
        let has = self.host.provides(source, id)?;
        let what = Provides {
            vector: column.is_none() && has.vector,
            array: column.is_some() && has.array,
            ..Provides::default()
        };
        if what == Provides::default() {
            return Err(ScriptError::formula(format!(
                "Mismatched {} in variable formula: '{id}' has no global {} for this function",
                source.word(),
                if column.is_some() { "array" } else { "vector" }
            )));
        }
        match (self.host.output(source, id, what)?, column) {
            (OutputValues::Vector(list), None) => Ok(list),
            (OutputValues::Array { columns, values }, Some(c)) => column_of(&values, columns, c)
                .ok_or_else(|| ScriptError::formula(format!(
                    "Variable formula {} array is accessed out-of-range: '{id}' has {columns} columns",
                    source.word()
                ))),
            _ => Err(ScriptError::formula(format!("Mismatched {} in variable formula: '{id}'", source.word()))),
        }
    }
}

/// Reduces a vector; points lie at 1, 2, ... for `trap` and `slope`.
fn reduce(reduction: Reduction, list: &[f64]) -> f64 {
    let n = list.len() as f64;
    let sum: f64 = list.iter().sum();
    let ends = list.first().unwrap_or(&0.0) + list.last().unwrap_or(&0.0);
    match reduction {
        Reduction::Sum => sum,
        Reduction::Min => list.iter().copied().reduce(f64::min).unwrap_or(0.0),
        Reduction::Max => list.iter().copied().reduce(f64::max).unwrap_or(0.0),
        Reduction::Ave => {
            if list.is_empty() {
                0.0
            } else {
                sum / n
            }
        }
        Reduction::Trap => sum - 0.5 * ends,
        Reduction::Slope => {
            let (mut sx, mut sxx, mut sxy) = (0.0, 0.0, 0.0);
            for (i, y) in list.iter().enumerate() {
                let x = (i + 1) as f64;
                sx += x;
                sxx += x * x;
                sxy += x * y;
            }
            let bottom = n * sxx - sx * sx;
            if bottom == 0.0 {
                VERTICAL
            } else {
                (n * sxy - sx * sum) / bottom
            }
        }
    }
}

fn os_info() -> String {
    let name = match std::env::consts::OS {
        "linux" => "Linux",
        "macos" => "macOS",
        "windows" => "Windows",
        other => other,
    };
    format!("{name} {}", std::env::consts::ARCH)
}

/// Small regular expressions: `^`, `$`, `.`, and `*` after a character.
fn matches(pattern: &str, text: &str) -> bool {
    let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    match p.split_first() {
        Some(('^', rest)) => matches_here(rest, &t),
        _ => (0..=t.len()).any(|i| matches_here(&p, &t[i..])),
    }
}

fn matches_here(p: &[char], t: &[char]) -> bool {
    match p {
        [] => true,
        ['$'] => t.is_empty(),
        [c, '*', rest @ ..] => {
            let same = t.iter().take_while(|x| *c == '.' || *x == c).count();
            (0..=same).any(|n| matches_here(rest, &t[n..]))
        }
        [c, rest @ ..] => t
            .split_first()
            .is_some_and(|(x, t)| (*c == '.' || c == x) && matches_here(rest, t)),
    }
}
