//! Sections of table files: keyword, `N n [R|RSQ|BITMAP lo hi] [FP fplo fphi]`, a blank line, and lines of index,
//! r, energy, force.

use super::super::bitmap::Bitmap;
use super::super::potential_file::PotentialFile;
use crate::error::Result;
use crate::signature::parse_real;

/// How distances are spaced if the file says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spacing {
    /// As listed.
    Listed,
    /// Equidistant.
    R,
    /// Equidistant in r^2.
    Rsq,
    /// By the bits of r^2.
    Bitmap,
}

/// One section.
#[derive(Debug, Clone)]
pub struct Section {
    /// Spacing of distances.
    pub spacing: Spacing,
    /// Range of distances.
    pub lo: f64,
    /// End of the range.
    pub hi: f64,
    /// Derivatives of the force at both ends, if the file has them.
    pub slopes: Option<[f64; 2]>,
    /// Distances.
    pub r: Vec<f64>,
    /// Energies.
    pub e: Vec<f64>,
    /// Forces.
    pub f: Vec<f64>,
}

struct Header {
    n: usize,
    spacing: Spacing,
    lo: f64,
    hi: f64,
    slopes: Option<[f64; 2]>,
}

fn header(file: &PotentialFile, line: usize, text: &str) -> Result<Header> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let real = |k: usize| {
        let w = words.get(k).copied().unwrap_or("");
        parse_real(w).ok_or_else(|| file.error(line, format!("expected a number, found '{w}'")))
    };
    let mut h = Header {
        n: 0,
        spacing: Spacing::Listed,
        lo: 0.0,
        hi: 0.0,
        slopes: None,
    };
    let mut k = 0;
    while k < words.len() {
        match words[k] {
            "N" => {
                let w = words.get(k + 1).copied().unwrap_or("");
                h.n = w
                    .parse()
                    .map_err(|_| file.error(line, format!("N must be a number, found '{w}'")))?;
                k += 2;
            }
            s @ ("R" | "RSQ" | "BITMAP") => {
                h.spacing = match s {
                    "R" => Spacing::R,
                    "RSQ" => Spacing::Rsq,
                    _ => Spacing::Bitmap,
                };
                (h.lo, h.hi) = (real(k + 1)?, real(k + 2)?);
                k += 3;
            }
            "FPRIME" | "FP" => {
                h.slopes = Some([real(k + 1)?, real(k + 2)?]);
                k += 3;
            }
            other => {
                return Err(file.error(
                    line,
                    format!("Invalid keyword in pair table parameters: '{other}'; known are N, R, RSQ, BITMAP, FPRIME"),
                ));
            }
        }
    }
    // a line of the table has at least eight characters
    if h.n < 2 || h.n > file.size() / 8 {
        return Err(file.error(
            line,
            format!(
                "Invalid pair table length: N is {} (at least 2, and as many lines must follow)",
                h.n
            ),
        ));
    }
    Ok(h)
}

/// Reads the section `keyword`.
///
/// # Errors
/// It is not there, or its lines are no table; the message names the line.
pub fn section(file: &PotentialFile, keyword: &str, word: usize) -> Result<Section> {
    let mut lines = file
        .lines(true)
        .filter(|(_, l)| !l.trim().is_empty())
        .skip_while(|(_, l)| l.split_whitespace().next() != Some(keyword));
    let Some((start, _)) = lines.next() else {
        let names: Vec<&str> = file
            .lines(true)
            .filter_map(|(_, l)| l.split_whitespace().next())
            .filter(|w| w.starts_with(|c: char| c.is_alphabetic()) && *w != "N")
            .take(12)
            .collect();
        return Err(crate::error::Error::input(format!(
            "Did not find keyword in table file: there is no section '{keyword}'"
        ))
        .at(word + 1)
        .suggest(keyword, names));
    };
    let (line, text) = lines
        .next()
        .ok_or_else(|| file.error(start, "the file ends after the keyword"))?;
    let h = header(file, line, text)?;
    let distance = spacing(&h).map_err(|e| file.error(line, e))?;
    let mut s = Section {
        spacing: h.spacing,
        lo: h.lo,
        hi: h.hi,
        slopes: h.slopes,
        r: Vec::with_capacity(h.n),
        e: Vec::with_capacity(h.n),
        f: Vec::with_capacity(h.n),
    };
    for k in 0..h.n {
        let (line, text) = lines.next().ok_or_else(|| {
            file.error(
                line,
                format!("the section {keyword} ends after {k} of {} lines", h.n),
            )
        })?;
        let values: Option<Vec<f64>> = text.split_whitespace().skip(1).map(parse_real).collect();
        let Some([r, e, f]) = values
            .as_deref()
            .and_then(|v| v.first_chunk::<3>().copied())
        else {
            return Err(file.error(
                line,
                format!("expected index, r, energy, force; found '{}'", text.trim()),
            ));
        };
        s.r.push(distance(k).unwrap_or(r));
        s.e.push(e * file.energy);
        s.f.push(f * file.energy);
    }
    if s.spacing == Spacing::Listed {
        (s.lo, s.hi) = (s.r[0], s.r[h.n - 1]);
        if let Some(k) = (1..h.n).find(|&k| s.r[k] <= s.r[k - 1]) {
            return Err(file.error(
                line,
                format!(
                    "distances must rise: entry {} of section {keyword} does not",
                    k + 1
                ),
            ));
        }
    }
    if s.lo <= 0.0 || s.hi <= s.lo {
        return Err(file.error(
            line,
            format!(
                "Invalid pair table lower boundary: distances go from {} to {}",
                s.lo, s.hi
            ),
        ));
    }
    // The end slopes stay in the units of the file, as in LAMMPS, which converts energies and forces only.
    Ok(s)
}

/// The distance of entry k, `None` where it is as listed.
fn spacing(h: &Header) -> std::result::Result<impl Fn(usize) -> Option<f64>, String> {
    let (kind, lo, hi, n) = (h.spacing, h.lo, h.hi, h.n);
    let bitmap = if kind == Spacing::Bitmap {
        if !n.is_power_of_two() {
            return Err(
                "Bitmapped table is incorrect length in table file: N must be a power of 2".into(),
            );
        }
        Some(Bitmap::new(lo, hi, n.trailing_zeros())?)
    } else {
        None
    };
    Ok(move |k: usize| {
        let part = k as f64 / (n - 1) as f64;
        match kind {
            Spacing::Listed => None,
            Spacing::R => Some(lo + (hi - lo) * k as f64 / (n - 1) as f64),
            Spacing::Rsq => Some((lo * lo + (hi * hi - lo * lo) * part).sqrt()),
            Spacing::Bitmap => bitmap.map(|b| f64::from(b.r2(k)).sqrt()),
        }
    })
}
