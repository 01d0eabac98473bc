//! What the words behind `dump` of a `rerun` say.

use crate::error::{Error, Result};
use std::collections::HashMap;

/// A field and where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Position(usize),
    Velocity(usize),
    Force(usize),
    Image(usize),
    Charge,
}

impl Field {
    fn named(word: &str) -> Option<Self> {
        let axis = |s: &str| ["x", "y", "z"].iter().position(|a| *a == s);
        if word == "q" {
            return Some(Self::Charge);
        }
        if let Some(k) = axis(word) {
            return Some(Self::Position(k));
        }
        match word.split_at_checked(1)? {
            ("v", d) => axis(d).map(Self::Velocity),
            ("f", d) => axis(d).map(Self::Force),
            ("i", d) => axis(d).map(Self::Image),
            _ => None,
        }
    }
}

/// What the words behind `dump` say.
pub(super) struct Fields {
    pub(super) fields: Vec<(String, Field)>,
    pub(super) labels: HashMap<String, String>,
    pub(super) cell: bool,
    pub(super) scaled: Option<bool>,
    pub(super) wrapped: Option<bool>,
    /// `timestep`: the step of the simulation becomes that of the snapshot.
    pub(super) timestep: bool,
    /// `format xyz`: frames are numbered from 0, whatever their comments say.
    pub(super) numbered: bool,
    pub(super) atoms: AtomRules,
}

/// What happens to atoms of the simulation and of the snapshot that are not in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AtomRules {
    /// `replace`: atoms in both take the fields.
    pub(super) replace: bool,
    /// `purge`: all atoms of the simulation are removed first.
    pub(super) purge: bool,
    /// `trim`: atoms that the snapshot does not have are removed.
    pub(super) trim: bool,
    /// `add`: atoms that the simulation does not have are added; with their own IDs (true) or with new ones.
    pub(super) add: Option<bool>,
}

pub(super) fn fields(words: &[(usize, &str)]) -> Result<Fields> {
    let mut f = Fields {
        fields: Vec::new(),
        labels: HashMap::new(),
        cell: true,
        scaled: None,
        wrapped: None,
        timestep: true,
        numbered: false,
        atoms: AtomRules {
            replace: true,
            purge: false,
            trim: false,
            add: None,
        },
    };
    let mut i = 0;
    while let Some((_, w)) = words.get(i)
        && let Some(field) = Field::named(w)
    {
        f.fields.push(((*w).to_string(), field));
        i += 1;
    }
    while let Some(&(at, word)) = words.get(i) {
        let value = words.get(i + 1).map_or("", |w| w.1);
        let switch = || {
            crate::signature::parse_yes_no(value).ok_or_else(|| {
                Error::input(format!(
                    "Illegal rerun dump {word} command: expected yes or no, found '{value}'"
                ))
                .at(at)
            })
        };
        let refuse = |why: &str| Err(Error::input(why.to_string()).at(at));
        i += 2;
        match word {
            "box" => f.cell = switch()?,
            "scaled" => f.scaled = Some(switch()?),
            "wrapped" => f.wrapped = Some(switch()?),
            "timestep" => f.timestep = switch()?,
            "replace" => f.atoms.replace = switch()?,
            "purge" => f.atoms.purge = switch()?,
            "trim" => f.atoms.trim = switch()?,
            "add" => {
                f.atoms.add = match value {
                    "keep" => Some(true),
                    _ => switch()?.then_some(false),
                };
            }
            "nfile" if value == "1" => {}
            "nfile" => {
                return refuse("rerun dump nfile: argyro reads dumps of one file only");
            }
            "label" => {
                let column = words.get(i).map_or("", |w| w.1);
                i += 1;
                if column.is_empty() {
                    return refuse(
                        "Illegal rerun dump label command: a field and a column are needed",
                    );
                }
                f.labels.insert(value.to_string(), column.to_string());
            }
            "format" if matches!(value, "native" | "xyz") => f.numbered = value == "xyz",
            "format" => {
                return Err(Error::input(format!(
                    "rerun dump format {value} is not available"
                ))
                .at(at)
                .help("known: native, xyz; turn other files into a dump first: argyro convert IN OUT.lammpstrj"));
            }
            other => {
                let known = [
                    "x", "y", "z", "vx", "vy", "vz", "q", "ix", "iy", "iz", "fx", "fy", "fz",
                    "box", "timestep", "replace", "purge", "trim", "add", "label", "scaled",
                    "wrapped", "format",
                ];
                return Err(Error::input(format!(
                    "Illegal rerun dump command: unknown field or keyword '{other}'"
                ))
                .at(at)
                .suggest(other, known));
            }
        }
    }
    if f.atoms.purge && (f.atoms.replace || f.atoms.trim) {
        return Err(Error::input(
            "If read_dump purges it cannot replace or trim: rerun dump purge yes needs replace no",
        ));
    }
    if f.fields.is_empty() {
        return Err(
            Error::input("Illegal rerun command: no fields are given behind dump")
                .help("for example: dump x y z"),
        );
    }
    Ok(f)
}
