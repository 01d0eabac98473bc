//! The words of fix deform.

use super::Remap;
use super::course::Change;
use crate::domain::host::{Host, Reference, Source};
use crate::error::{Error, Result};
use crate::signature::{parse_real, parse_yes_no};

/// Names of the components.
pub const NAMES: [&str; 6] = ["x", "y", "z", "yz", "xz", "xy"];

/// What the words say.
pub struct Parsed {
    /// Changes of the components.
    pub changes: [Change; 6],
    /// `remap`
    pub remap: Remap,
    /// `flip`
    pub flip: bool,
}

struct Words<'a> {
    words: &'a [(usize, &'a str)],
    next: usize,
    what: String,
}

impl<'a> Words<'a> {
    fn take(&mut self) -> Option<(usize, &'a str)> {
        let w = self.words.get(self.next).copied();
        self.next += 1;
        w
    }

    fn need(&mut self) -> Result<(usize, &'a str)> {
        let what = self.what.clone();
        let at = self.words.last().map_or(0, |w| w.0);
        self.take().ok_or_else(|| {
            Error::input(format!(
                "Illegal fix deform {what} command: missing argument(s)"
            ))
            .at(at)
        })
    }

    fn real(&mut self) -> Result<f64> {
        let (at, w) = self.need()?;
        parse_real(w).ok_or_else(|| {
            Error::input(format!(
                "Illegal fix deform {} command: expected a number, found '{w}'",
                self.what
            ))
            .at(at)
        })
    }

    fn variable(&mut self) -> Result<Reference> {
        let (at, w) = self.need()?;
        Reference::parse(w)
            .filter(|r| r.source == Source::Variable)
            .ok_or_else(|| {
                Error::input(format!(
                    "Illegal fix deform {} command: expected v_name of an equal-style variable, found '{w}'",
                    self.what
                ))
                .at(at)
            })
    }
}

/// Reads the words behind N.
///
/// # Errors
/// A word does not fit, or nothing changes.
pub fn parse(words: &[(usize, &str)], host: &dyn Host) -> Result<Parsed> {
    let mut w = Words {
        words,
        next: 0,
        what: String::new(),
    };
    let mut p = Parsed {
        changes: Default::default(),
        remap: Remap::Positions,
        flip: true,
    };
    let mut lattice = true;
    while let Some((at, word)) = w.take() {
        w.what = word.to_string();
        if let Some(k) = NAMES.iter().position(|n| *n == word) {
            p.changes[k] = change(k, &mut w)?;
            continue;
        }
        match word {
            "remap" => {
                let (at, v) = w.need()?;
                p.remap = match v {
                    "x" => Remap::Positions,
                    "v" => Remap::Velocities,
                    "none" => Remap::Nothing,
                    _ => return Err(expected("x, v or none", v, at)),
                };
            }
            "flip" => {
                let (at, v) = w.need()?;
                p.flip = parse_yes_no(v).ok_or_else(|| expected("yes or no", v, at))?;
            }
            "units" => {
                let (at, v) = w.need()?;
                lattice = match v {
                    "lattice" => true,
                    "box" => false,
                    _ => return Err(expected("lattice or box", v, at)),
                };
            }
            other => {
                let known = NAMES.iter().copied().chain(["remap", "flip", "units"]);
                return Err(Error::input(format!(
                    "Illegal fix deform command: unknown keyword '{other}'"
                ))
                .at(at)
                .suggest(other, known));
            }
        }
    }
    if p.changes.iter().all(|c| *c == Change::None) {
        return Err(Error::input("Illegal fix deform command: nothing changes")
            .help("for example: fix 2 all deform 1 x erate 0.001"));
    }
    if lattice {
        let spacing = host
            .state()
            .lattice
            .as_ref()
            .map_or([1.0; 3], |l| l.spacing);
        for (k, c) in p.changes.iter_mut().enumerate() {
            // Tilts xy and xz are lengths along x, yz along y.
            let s = spacing[[0, 1, 2, 1, 0, 0][k]];
            match c {
                Change::Final(a, b) | Change::Delta(a, b) => (*a, *b) = (*a * s, *b * s),
                Change::Velocity(v) => *v *= s,
                Change::Wiggle(a, _) => *a *= s,
                _ => {}
            }
        }
    }
    Ok(p)
}

fn expected(what: &str, found: &str, at: usize) -> Error {
    Error::input(format!(
        "Illegal fix deform command: expected {what}, found '{found}'"
    ))
    .at(at)
}

fn change(k: usize, w: &mut Words<'_>) -> Result<Change> {
    let (at, style) = w.need()?;
    let tilt = k >= 3;
    w.what = format!("{} {style}", NAMES[k]);
    Ok(match style {
        "final" if tilt => Change::Final(w.real()?, 0.0),
        "final" => Change::Final(w.real()?, w.real()?),
        "delta" if tilt => Change::Delta(w.real()?, 0.0),
        "delta" => Change::Delta(w.real()?, w.real()?),
        "scale" if !tilt => Change::Scale(w.real()?),
        "vel" => Change::Velocity(w.real()?),
        "erate" => Change::Engineering(w.real()?),
        "trate" => Change::True(w.real()?),
        "volume" if !tilt => Change::Volume,
        "wiggle" => {
            let c = (w.real()?, w.real()?);
            if c.1 <= 0.0 {
                return Err(expected("a period above zero", &c.1.to_string(), at));
            }
            Change::Wiggle(c.0, c.1)
        }
        "variable" => Change::Variable(w.variable()?, w.variable()?),
        other => {
            let mut known = vec![
                "final", "delta", "vel", "erate", "trate", "wiggle", "variable",
            ];
            if !tilt {
                known.extend(["scale", "volume"]);
            }
            return Err(Error::input(format!(
                "Illegal fix deform {} command: unknown style '{other}'",
                NAMES[k]
            ))
            .at(at)
            .help(format!("known here: {}", known.join(", ")))
            .suggest(other, known));
        }
    })
}
