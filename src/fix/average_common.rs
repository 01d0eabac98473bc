//! What the averaging fixes share: sampling schedule, input values, output files.

use crate::cformat::LineFormat;
use crate::domain::host::{Host, Reference, Source};
use crate::domain::values::{Shape, expand, require_scalar};
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};
use std::io::Write;

/// Samples at `Nfreq - (Nrepeat - 1) Nevery, ..., Nfreq`, then at the next multiple of `Nfreq`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// Steps between samples.
    pub every: i64,
    /// Samples per output.
    pub repeat: i64,
    /// Steps between outputs.
    pub freq: i64,
    /// First step at which sampling may begin.
    pub start: i64,
    /// Samples taken since the last output.
    pub taken: i64,
    /// Next step with a sample.
    pub next: i64,
}

impl Schedule {
    /// A schedule that begins at `step`. `style` names the fix in messages.
    ///
    /// # Errors
    /// `Nfreq` is no multiple of `Nevery`, or the samples do not fit between outputs.
    pub fn new(
        style: &str,
        every: i64,
        repeat: i64,
        freq: i64,
        start: i64,
        step: i64,
    ) -> Result<Self> {
        if freq % every != 0 || repeat.checked_mul(every).is_none_or(|n| n > freq) {
            return Err(Error::input(format!("Inconsistent fix {style} nevery/nrepeat/nfreq values"))
                .at(2)
                .help(format!("Nfreq ({freq}) must be a multiple of Nevery ({every}) and at least Nevery*Nrepeat ({repeat})")));
        }
        let mut s = Self {
            every,
            repeat,
            freq,
            start,
            taken: 0,
            next: 0,
        };
        s.restart(step);
        Ok(s)
    }

    /// Begins anew at `step`.
    pub fn restart(&mut self, step: i64) {
        self.taken = 0;
        let mut next = step.div_euclid(self.freq) * self.freq + self.freq;
        while next < self.start {
            next += self.freq;
        }
        if next - self.freq == step && self.repeat == 1 {
            next = step;
        } else {
            next -= (self.repeat - 1) * self.every;
        }
        if next < step {
            next += self.freq;
        }
        self.next = next;
    }

    /// Notes a sample; true if an output is due now.
    pub fn sampled(&mut self) -> bool {
        self.taken += 1;
        if self.taken < self.repeat {
            self.next += self.every;
            return false;
        }
        self.taken = 0;
        self.next += self.freq - (self.repeat - 1) * self.every;
        true
    }

    /// Writes the position in the schedule.
    pub fn save(&self, w: &mut Writer) {
        w.int(self.taken).int(self.next);
    }

    /// Takes the position in the schedule.
    ///
    /// # Errors
    /// The bytes end.
    pub fn load(&mut self, r: &mut Reader<'_>) -> Result<()> {
        self.taken = r.int()?;
        self.next = r.int()?;
        Ok(())
    }
}

/// References to single numbers, with wildcards expanded.
///
/// # Errors
/// A word is no reference, or names something that does not exist.
pub fn scalars(words: &[(usize, &str)], style: &str, host: &dyn Host) -> Result<Vec<Reference>> {
    let mut out = Vec::new();
    for (at, w) in expand(words, Shape::Elements, host)? {
        let r = reference(&w, at, style)?;
        require_scalar(&r, host).map_err(|e| e.or_at(at))?;
        out.push(r);
    }
    at_least_one(out, style)
}

/// Checks that fixes among the values are renewed at every sample of fix `style`, which comes every `every` steps.
///
/// # Errors
/// One is not.
pub fn require_steps(
    words: &[(usize, &str)],
    every: i64,
    style: &str,
    host: &dyn Host,
) -> Result<()> {
    for (at, word) in words {
        let Some(id) = word.strip_prefix("f_").and_then(|w| w.split('[').next()) else {
            continue;
        };
        let renewed = host.output(Source::Fix, id).map_or(0, |o| o.every);
        if renewed > 1 && every % renewed != 0 {
            return Err(Error::input(format!(
                "Fix {id} for fix {style} not computed at compatible time: its values come every {renewed} steps, \
                 samples every {every}"
            ))
            .at(*at)
            .help(format!("give Nevery a multiple of {renewed}")));
        }
    }
    Ok(())
}

/// References to global vectors (columns of arrays), with wildcards expanded.
///
/// # Errors
/// A word is no reference, or names something that does not exist.
pub fn vectors(words: &[(usize, &str)], style: &str, host: &dyn Host) -> Result<Vec<Reference>> {
    let mut out = Vec::new();
    for (at, w) in expand(words, Shape::Columns, host)? {
        let r = reference(&w, at, style)?;
        if r.source != Source::Variable {
            let o = host.output(r.source, &r.id).map_err(|e| e.or_at(at))?;
            let ok = match r.index.as_slice() {
                [] => o.vector > 0,
                [i] => *i <= o.array.1,
                _ => false,
            };
            if !ok {
                return Err(Error::input(format!(
                    "Fix {style}: {w} is not a vector or a column of an array"
                ))
                .at(at));
            }
        }
        out.push(r);
    }
    at_least_one(out, style)
}

/// Whether `thermo_modify norm yes` divides a value by N; never those of variables. `vector`: the reference names a
/// vector or a column of an array.
pub fn is_extensive(r: &Reference, vector: bool, host: &dyn Host) -> bool {
    let known = host.output(r.source, &r.id);
    known.is_ok_and(|o| {
        if vector {
            o.extensive_vector
        } else {
            o.is_extensive(&r.index)
        }
    })
}

fn at_least_one(out: Vec<Reference>, style: &str) -> Result<Vec<Reference>> {
    if out.is_empty() {
        return Err(Error::input(format!(
            "Illegal fix {style} command: missing argument(s): no values are given"
        )));
    }
    Ok(out)
}

fn reference(word: &str, at: usize, style: &str) -> Result<Reference> {
    Reference::parse(word).ok_or_else(|| {
        Error::input(format!(
            "Illegal fix {style} command: unknown value or keyword '{word}'"
        ))
        .at(at)
        .help("values are c_ID, f_ID and v_name, with an index in brackets where they have several")
    })
}

/// A text file that rows are appended to; every row is flushed.
pub struct Rows {
    file: Option<std::fs::File>,
    path: String,
    /// Rewritten from this position on by `overwrite`.
    overwrite: Option<u64>,
    /// Last line, written when the fix ends.
    pub closing: Option<&'static str>,
}

impl Drop for Rows {
    fn drop(&mut self) {
        use std::io::Write;
        if let (Some(f), Some(text)) = (&mut self.file, self.closing) {
            // Nobody is left who could be told of a failure, and the rows are in the file.
            let _ = writeln!(f, "{text}");
        }
    }
}

impl Rows {
    /// Opens `path` and writes the header lines; does nothing in a dry run or without a file.
    ///
    /// # Errors
    /// The file cannot be opened or written.
    pub fn open(
        path: Option<&str>,
        append: bool,
        overwrite: bool,
        header: &[String],
        dry: bool,
    ) -> Result<Self> {
        let mut rows = Self {
            file: None,
            path: path.unwrap_or("").to_string(),
            overwrite: None,
            closing: None,
        };
        let Some(p) = path.filter(|_| !dry) else {
            return Ok(rows);
        };
        let opened = std::fs::OpenOptions::new()
            .create(true)
            .write(true)
            .append(append)
            .truncate(!append)
            .open(p);
        let file = opened.map_err(|e| Error::input(format!("Cannot open file {p}: {e}")))?;
        rows.file = Some(file);
        let text: String = header.iter().map(|h| format!("{h}\n")).collect();
        rows.write(&text)?;
        if overwrite {
            rows.overwrite = Some(text.len() as u64);
        }
        Ok(rows)
    }

    /// Whether each block replaces the last.
    pub fn overwrites(&self) -> bool {
        self.overwrite.is_some()
    }

    /// Writes one block of rows.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, text: &str) -> Result<()> {
        use std::io::Seek;
        let Some(f) = &mut self.file else {
            return Ok(());
        };
        let mut put = || -> std::io::Result<()> {
            if let Some(at) = self.overwrite {
                f.set_len(at)?;
                f.seek(std::io::SeekFrom::Start(at))?;
            }
            f.write_all(text.as_bytes())?;
            f.flush()
        };
        put().map_err(|e| Error::run(format!("Cannot write file {}: {e}", self.path)))
    }
}

/// The `format` of values, default ` %g`.
///
/// # Errors
/// The text is no printf format of one number.
pub fn value_format(text: Option<&str>) -> Result<LineFormat> {
    let text = text.unwrap_or(" %g");
    text.parse()
        .map_err(|e| Error::input(format!("Illegal format '{text}': {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_end_at_multiples_of_the_output_interval() {
        let mut s = Schedule::new("ave/time", 2, 5, 10, 0, 0).unwrap();
        let mut seen = Vec::new();
        for step in 0..=20 {
            if step == s.next {
                seen.push((step, s.sampled()));
            }
        }
        let steps: Vec<i64> = seen.iter().map(|x| x.0).collect();
        assert_eq!(steps, vec![2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
        assert!(seen[4].1 && seen[9].1 && !seen[3].1);
    }

    #[test]
    fn step_zero_is_a_sample_only_without_repeats() {
        assert_eq!(Schedule::new("ave/time", 5, 1, 10, 0, 0).unwrap().next, 0);
        assert_eq!(Schedule::new("ave/time", 5, 1, 10, 0, 7).unwrap().next, 10);
    }

    #[test]
    fn inconsistent_intervals_are_refused() {
        let e = Schedule::new("ave/time", 10, 20, 100, 0, 0).unwrap_err();
        assert!(e.message.contains("nevery/nrepeat/nfreq"));
    }
}
