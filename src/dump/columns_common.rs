//! What the text dumps with chosen columns share: attributes, headings and number formats.

use super::file_common::Output;
use super::positions_common::with_pbc;
use super::selection_common::{Attribute, Selection, column};
use crate::cformat::{Conversion, Kind, LineFormat};
use crate::domain::host::Host;
use crate::domain::values::unwrapped;
use crate::domain::{Cell, State};
use crate::error::{Error, Result};
use crate::signature::KeywordArgs;

/// The columns of a dump.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// Words and what they stand for, in order.
    pub list: Vec<(String, Attribute)>,
    names: Vec<(usize, String)>,
    line: Option<Vec<LineFormat>>,
    int: Option<LineFormat>,
    float: Option<LineFormat>,
    column: Vec<(usize, LineFormat)>,
    labels: bool,
    general: bool,
}

/// Names of types as a frame writes them: element and label per type, index type.
pub struct TypeNames(Vec<(String, String)>);

impl TypeNames {
    /// Elements from `dump_modify element` or else as `by_default` says, labels from `labelmap`.
    pub fn new(selection: &Selection, host: &dyn Host) -> Self {
        let s = host.state();
        let name = |t: usize| {
            let number = t.to_string();
            let label = s.types.label.get(t).cloned().flatten();
            let element = selection.element(s, t as u32);
            (
                element.unwrap_or_else(|| number.clone()),
                label.unwrap_or(number),
            )
        };
        Self((0..=s.types.count).map(name).collect())
    }

    fn of(&self, kind: f64) -> (&str, &str) {
        self.0
            .get(kind as usize)
            .map_or(("", ""), |n| (n.0.as_str(), n.1.as_str()))
    }
}

/// A component of a vector, turned into the general triclinic box; none if the attribute is not one or the box is not one.
fn general_column(a: &Attribute, s: &State) -> Option<Vec<f64>> {
    let cell = s.cell.as_ref()?;
    let rotation = cell.rotation?;
    let t = &s.atoms;
    let turned =
        |of: &[[f64; 3]], k: usize| of.iter().map(|v| rotation.to_general(*v)[k]).collect();
    Some(match a {
        Attribute::Position(k) => t.x.iter().map(|x| cell.general_position(*x)[*k]).collect(),
        Attribute::Unwrapped(k) => (0..t.len())
            .map(|i| cell.general_position(unwrapped(s, i))[*k])
            .collect(),
        Attribute::Velocity(k) => turned(&t.v, *k),
        Attribute::Force(k) => turned(&t.f, *k),
        _ => return None,
    })
}

fn wrong(e: impl std::fmt::Display) -> Error {
    Error::input(e.to_string())
}

impl Columns {
    /// Columns in their default formats.
    pub fn new(list: Vec<(String, Attribute)>) -> Self {
        Self {
            list,
            ..Self::default()
        }
    }

    /// Takes `colname`, `format`, `triclinic/general` and `types`; false if the keyword is another one.
    ///
    /// # Errors
    /// Wrong values.
    pub fn modify(&mut self, k: &KeywordArgs<'_>, host: &dyn Host) -> Result<bool> {
        match k.name() {
            "colname" => {
                let which = k.str("column");
                match k.get("name") {
                    None if which == "default" => self.names.clear(),
                    None => {
                        return Err(Error::input(
                            "Illegal dump_modify colname command: missing argument(s): 'name' is not given",
                        )
                        .at(k.position()));
                    }
                    Some(name) => {
                        let c = self.number(which).map_err(|e| e.or_at(k.word("column")))?;
                        self.names.push((c, name.to_string()));
                    }
                }
            }
            "types" => {
                self.labels = k.str("value") == "labels";
                if self.labels && host.state().types.label.iter().skip(1).any(Option::is_none) {
                    return Err(Error::input(
                        "Label map is incomplete: all types must be assigned a unique type label",
                    )
                    .at(k.word("value"))
                    .help("labelmap atom 1 Li 2 P ..."));
                }
            }
            "triclinic/general" => {
                self.general = k.yes_no("value")?;
                if self.general {
                    let cell = host.state().cell("Dump_modify")?;
                    let checked = cell.require_general("Dump_modify");
                    checked.map_err(|e| e.at(k.word("value")))?;
                }
            }
            "format" => self
                .format(k.str("which"), k.get("text"))
                .map_err(|e| e.or_at(k.word("which")))?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn format(&mut self, which: &str, text: Option<&str>) -> Result<()> {
        if which == "none" {
            (self.line, self.int, self.float) = (None, None, None);
            self.column.clear();
            return Ok(());
        }
        let text = text.ok_or_else(|| {
            Error::input(
                "Illegal dump_modify format command: missing argument(s): 'text' is not given",
            )
        })?;
        match which {
            "line" => {
                let words = LineFormat::words(text).map_err(wrong)?;
                if words.len() != self.list.len() {
                    return Err(Error::input(format!(
                        "dump_modify format line has {} conversions for {} columns",
                        words.len(),
                        self.list.len()
                    )));
                }
                self.line = Some(words);
            }
            "int" => self.int = Some(LineFormat::one(text).map_err(wrong)?),
            "float" => self.float = Some(LineFormat::one(text).map_err(wrong)?),
            _ => {
                let c = self.number(which)?;
                self.column.push((c, LineFormat::one(text).map_err(wrong)?));
            }
        }
        Ok(())
    }

    /// A column by its number, from the end if negative, or its word; from 0.
    fn number(&self, word: &str) -> Result<usize> {
        let n = self.list.len() as i64;
        let by_number = match word.parse::<i64>() {
            Ok(k) if (1..=n).contains(&k) => Some(k - 1),
            Ok(k) if (-n..=-1).contains(&k) => Some(n + k),
            _ => None,
        };
        by_number
            .map(|k| k as usize)
            .or_else(|| self.list.iter().position(|c| c.0 == word))
            .ok_or_else(|| {
                Error::input(format!("dump_modify: '{word}' is no column of this dump"))
                    .suggest(word, self.list.iter().map(|c| c.0.as_str()))
            })
    }

    /// Heading of column `i` if `colname` changed it.
    pub fn renamed(&self, i: usize) -> Option<&str> {
        let last = self.names.iter().rev().find(|n| n.0 == i);
        last.map(|n| n.1.as_str())
    }

    /// Headings of all columns.
    pub fn headings(&self) -> impl Iterator<Item = &str> {
        let all = self.list.iter().enumerate();
        all.map(|(i, (word, _))| self.renamed(i).unwrap_or(word))
    }

    /// The format of every column: its own, else that of its kind, else that of the line, else `%d`, `%g`, `%s`.
    pub fn formats(&self) -> Vec<LineFormat> {
        let plain = |kind| {
            LineFormat::of(Conversion {
                kind,
                precision: None,
                ..Conversion::general(6)
            })
        };
        let format = |(i, (_, a)): (usize, &(String, Attribute))| {
            let text = a.is_text() || (self.labels && *a == Attribute::Type);
            let own = self.column.iter().rev().find(|c| c.0 == i).map(|c| &c.1);
            let of_kind = match (text, a.is_int()) {
                (true, _) => None,
                (_, true) => self.int.as_ref(),
                _ => self.float.as_ref(),
            };
            let of_line = self.line.as_ref().and_then(|l| l.get(i));
            own.or(of_kind)
                .or(of_line)
                .cloned()
                .unwrap_or_else(|| match (text, a.is_int()) {
                    (true, _) => plain(Kind::Text),
                    (_, true) => plain(Kind::Int),
                    _ => LineFormat::of(Conversion::general(6)),
                })
        };
        self.list.iter().enumerate().map(format).collect()
    }

    /// The numbers of all columns: with `triclinic/general` positions, velocities and forces are those of the box as it
    /// was defined; what computes, fixes and variables say stays in its restricted form.
    ///
    /// # Errors
    /// A value cannot be evaluated.
    pub fn values(&self, host: &mut dyn Host) -> Result<Vec<Vec<f64>>> {
        let one = |(_, a): &(String, Attribute)| {
            let general = self
                .general
                .then(|| general_column(a, host.state()))
                .flatten();
            general.map_or_else(|| column(a, host), Ok)
        };
        self.list.iter().map(one).collect()
    }

    /// The box as it was defined, if `triclinic/general` asks for it and it is still triclinic.
    pub fn general_cell<'a>(&self, s: &'a State) -> Option<&'a Cell> {
        s.cell
            .as_ref()
            .filter(|c| self.general && c.triclinic && c.rotation.is_some())
    }

    /// Writes the value `v` of column `k` under a conversion.
    pub fn write(&self, c: &Conversion, k: usize, v: f64, names: &TypeNames, out: &mut Vec<u8>) {
        match self.list.get(k).map(|l| &l.1) {
            Some(Attribute::Element) => c.write_str(out, names.of(v).0),
            Some(Attribute::Type) if self.labels => c.write_str(out, names.of(v).1),
            Some(Attribute::TypeLabel) => c.write_str(out, names.of(v).1),
            Some(a) if a.is_int() && !c.is_float() => c.write_i64(out, v as i64),
            _ => c.write_f64(out, v),
        }
    }
}

/// Settings of a whole frame that most text dumps know.
#[derive(Debug, Clone, Copy, Default)]
pub struct FrameSettings {
    /// `time`: write the simulation time.
    pub time: bool,
    /// `units`: write the unit style.
    pub units: bool,
    /// `pbc`: positions are those in the periodic box.
    pub pbc: bool,
}

impl FrameSettings {
    /// Takes `time`, `units`, `pbc`, and what makes no difference here: `buffer`, `balance`, the
    /// number of files of one process, `maxfiles`. False if the keyword is another one.
    ///
    /// # Errors
    /// Wrong values.
    pub fn modify(&mut self, k: &KeywordArgs<'_>, output: &mut Output) -> Result<bool> {
        match k.name() {
            "time" => self.time = k.yes_no("value")?,
            "units" => self.units = k.yes_no("value")?,
            "pbc" => self.pbc = k.yes_no("value")?,
            "maxfiles" => output.keep(k.int("N")?).map_err(|e| e.at(k.word("N")))?,
            "nfile" | "fileper" if !output.in_pieces() => {
                return Err(Error::input(format!(
                    "Cannot use dump_modify {} without % in dump file name",
                    k.name()
                ))
                .at(k.position()));
            }
            "buffer" | "balance" | "nfile" | "fileper" => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Evaluates `call` with all atoms wrapped into the periodic box, if that is wanted.
    ///
    /// # Errors
    /// Those of `call`.
    pub fn with_pbc<T>(
        &self,
        host: &mut dyn Host,
        call: impl FnOnce(&mut dyn Host) -> Result<T>,
    ) -> Result<T> {
        with_pbc(self.pbc, host, call)
    }
}
