//! Columns of the thermo output and the text of headers and rows.

use super::keywords::{self, Quantity};
use crate::cformat::{Conversion, LineFormat, format_f64};
use crate::domain::host::Reference;
use crate::error::{Error, Result};

/// A value of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A count.
    Int(i64),
    /// A number.
    Float(f64),
}

impl Value {
    /// As a number.
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Int(i) => i as f64,
            Self::Float(f) => f,
        }
    }
}

/// How rows are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// One line per row.
    One,
    /// `name = value` in threes.
    Multi,
    /// YAML.
    Yaml,
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Word in `thermo_style custom`.
    pub word: String,
    /// Heading.
    pub name: String,
    /// What it shows.
    pub quantity: Quantity,
    /// Whether it is a count.
    pub int: bool,
    /// Format of this column alone.
    format: Option<LineFormat>,
    /// Its word of `format line`.
    line: Option<LineFormat>,
    default_name: String,
}

impl Column {
    /// The column of a keyword, if there is such a keyword.
    pub fn keyword(word: &str) -> Option<Self> {
        let k = keywords::find(word)?;
        Some(Self {
            word: word.into(),
            name: k.heading.into(),
            default_name: k.heading.into(),
            quantity: Quantity::Keyword(k.name),
            int: k.int,
            format: None,
            line: None,
        })
    }

    /// The column of a compute, fix or variable.
    pub fn reference(word: &str, reference: Reference) -> Self {
        Self {
            word: word.into(),
            name: word.into(),
            default_name: word.into(),
            quantity: Quantity::Reference(reference),
            int: false,
            format: None,
            line: None,
        }
    }
}

/// Columns and formats.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The columns.
    pub columns: Vec<Column>,
    /// How rows are laid out.
    pub line: Line,
    float: Option<LineFormat>,
    int: Option<LineFormat>,
}

fn conversion(text: &str) -> Result<LineFormat> {
    LineFormat::one(text).map_err(|e| Error::input(format!("thermo_modify format '{text}': {e}")))
}

impl Layout {
    /// Columns in the default formats.
    pub fn new(columns: Vec<Column>, line: Line) -> Self {
        Self {
            columns,
            line,
            float: None,
            int: None,
        }
    }

    /// Appends a column.
    pub fn push(&mut self, column: Option<Column>) {
        self.columns.extend(column);
    }

    /// `thermo_modify format`: `line`, `float`, `int`, a column number, a keyword, `none`.
    ///
    /// # Errors
    /// The format is none of printf's, or there is no such column.
    pub fn format(&mut self, what: &str, text: &str) -> Result<()> {
        match what {
            "line" => {
                let all = LineFormat::words(text)
                    .map_err(|e| Error::input(format!("thermo_modify format line: {e}")))?;
                if all.len() < self.columns.len() {
                    return Err(Error::input(format!(
                        "thermo_modify format line has {} values for {} columns",
                        all.len(),
                        self.columns.len()
                    )));
                }
                for (c, f) in self.columns.iter_mut().zip(all) {
                    c.line = Some(f);
                }
            }
            "float" => self.float = Some(conversion(text)?),
            "int" => self.int = Some(conversion(text)?),
            which => {
                let i = self.position(which)?;
                self.columns[i].format = Some(conversion(text)?);
            }
        }
        Ok(())
    }

    /// `thermo_modify format none`: back to the defaults.
    pub fn default_formats(&mut self) {
        self.float = None;
        self.int = None;
        for c in &mut self.columns {
            (c.format, c.line) = (None, None);
        }
    }

    /// `thermo_modify colname`: names a column by number or word.
    ///
    /// # Errors
    /// There is no such column.
    pub fn rename(&mut self, which: &str, name: &str) -> Result<()> {
        let i = self.position(which)?;
        self.columns[i].name = name.into();
        Ok(())
    }

    /// `thermo_modify colname default`
    pub fn default_names(&mut self) {
        for c in &mut self.columns {
            c.name.clone_from(&c.default_name);
        }
    }

    /// The column with this number (negative from the end), word or heading.
    fn position(&self, which: &str) -> Result<usize> {
        let n = self.columns.len() as i64;
        let found = match which.parse::<i64>() {
            Ok(i) if i >= 1 && i <= n => Some((i - 1) as usize),
            Ok(i) if i < 0 && -i <= n => Some((n + i) as usize),
            Ok(_) => None,
            Err(_) => self.columns.iter().position(|c| c.word == which),
        };
        found.ok_or_else(|| {
            Error::input(format!("there is no thermo column '{which}'"))
                .suggest(which, self.columns.iter().map(|c| c.word.as_str()))
        })
    }

    /// The lines before the first row, without the last line end.
    pub fn header(&self) -> Option<String> {
        match self.line {
            Line::Multi => None,
            Line::Yaml => {
                let names: String = self
                    .columns
                    .iter()
                    .map(|c| format!("'{}', ", c.name))
                    .collect();
                Some(format!("---\nkeywords: [{names}]\ndata:"))
            }
            Line::One => {
                let names: Vec<String> = self
                    .columns
                    .iter()
                    .map(|c| centred(&c.name, if c.int { 11 } else { 14 }))
                    .collect();
                Some(names.join(" "))
            }
        }
    }

    /// The line after the last row.
    pub fn footer(&self) -> Option<&'static str> {
        (self.line == Line::Yaml).then_some("...")
    }

    /// One row; style multi begins with a rule that shows `step` and `cpu` seconds.
    pub fn row(&self, values: &[Value], step: i64, cpu: f64) -> String {
        let cells: Vec<String> = self
            .columns
            .iter()
            .zip(values)
            .map(|(c, v)| self.cell(c, *v))
            .collect();
        match self.line {
            Line::One => cells.join(" "),
            Line::Yaml => {
                let joined: String = cells.iter().map(|c| format!("{c}, ")).collect();
                format!("  - [{joined}]")
            }
            Line::Multi => {
                let mut s = format!(
                    "------------ Step {step:>14} ----- CPU = {:>12} (sec) -------------",
                    crate::cformat::general(7, cpu)
                );
                for (i, (c, v)) in self.columns.iter().zip(cells).enumerate() {
                    if i > 0 {
                        s.push(' ');
                    }
                    if i % 3 == 0 {
                        s.push('\n');
                    }
                    s.push_str(&format!("{:<8} = {v}", c.name));
                }
                s
            }
        }
    }

    /// A value in the format of its column, else of its kind, else of the line, else in the default format.
    fn cell(&self, column: &Column, value: Value) -> String {
        let of_kind = if column.int { &self.int } else { &self.float };
        let wanted = column.format.as_ref();
        let wanted = wanted.or(of_kind.as_ref()).or(column.line.as_ref());
        match (wanted, value) {
            (Some(f), value) => {
                let mut out = Vec::new();
                f.write(&mut out, |c, _, out| match value {
                    Value::Int(i) => c.write_i64(out, i),
                    Value::Float(x) => c.write_f64(out, x),
                });
                String::from_utf8_lossy(&out).into_owned()
            }
            (None, Value::Int(i)) => match self.line {
                Line::One => format!("{i:>10} "),
                Line::Multi => format!("{i:>14}"),
                Line::Yaml => i.to_string(),
            },
            (None, Value::Float(x)) => self.default_float(x),
        }
    }

    fn default_float(&self, x: f64) -> String {
        let f = match self.line {
            Line::One => Conversion {
                width: 14,
                left: true,
                space: true,
                ..Conversion::general(8)
            },
            Line::Multi => Conversion {
                kind: crate::cformat::Kind::Fixed,
                width: 14,
                ..Conversion::general(4)
            },
            Line::Yaml => Conversion::general(15),
        };
        format_f64(&f, x)
    }
}

/// Centred as `{:^width}` of LAMMPS' headings: the odd blank goes to the right.
fn centred(text: &str, width: usize) -> String {
    format!("{text:^width$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(words: &[&str], line: Line) -> Layout {
        Layout::new(
            words.iter().map(|w| Column::keyword(w).unwrap()).collect(),
            line,
        )
    }

    // The expected texts are lines of log files that LAMMPS 22 Jul 2025 wrote.
    #[test]
    fn rows_and_headings_have_the_columns_of_lammps() {
        let l = layout(&["step", "elapsed", "pe"], Line::One);
        assert_eq!(
            l.header().unwrap(),
            "   Step       Elapsed       PotEng    "
        );
        let v = [Value::Int(60), Value::Int(0), Value::Float(-5.762_819_9)];
        assert_eq!(l.row(&v, 60, 0.0), "        60           0  -5.7628199    ");
    }

    #[test]
    fn multi_rows_come_in_threes() {
        let l = layout(
            &["step", "temp", "epair", "emol", "etotal", "press"],
            Line::Multi,
        );
        let f = Value::Float;
        let v = [
            Value::Int(30),
            f(0.7222),
            f(-5.7234),
            f(0.0),
            f(-4.6443),
            f(0.3407),
        ];
        let expected = "------------ Step             30 ----- CPU =   0.00068814 (sec) -------------\n\
Step     =             30 Temp     =         0.7222 E_pair   =        -5.7234 \n\
E_mol    =         0.0000 TotEng   =        -4.6443 Press    =         0.3407";
        assert_eq!(l.row(&v, 30, 0.000_688_14), expected);
    }

    #[test]
    fn yaml_rows_keep_fifteen_digits() {
        let l = layout(&["step", "temp"], Line::Yaml);
        assert_eq!(
            l.header().unwrap(),
            "---\nkeywords: ['Step', 'Temp', ]\ndata:"
        );
        let v = [Value::Int(30), Value::Float(0.722_240_066_216_392)];
        assert_eq!(l.row(&v, 30, 0.0), "  - [30, 0.722240066216392, ]");
    }

    #[test]
    fn formats_of_kinds_and_single_columns() {
        let mut l = layout(&["step", "temp", "elapsed", "pe"], Line::One);
        l.format("float", "%12.4f").unwrap();
        l.format("int", "%6d").unwrap();
        l.format("4", "%20.10e").unwrap();
        let v = [
            Value::Int(40),
            Value::Float(0.7022),
            Value::Int(0),
            Value::Float(-5.685_826_134_3),
        ];
        assert_eq!(
            l.row(&v, 40, 0.0),
            "    40       0.7022      0    -5.6858261343e+00"
        );
        assert!(l.format("9", "%g").is_err() && l.format("float", "%q").is_err());
    }
}
