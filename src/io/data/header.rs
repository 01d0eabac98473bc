//! The header of a data file.

use super::lines::Lines;
use crate::error::{Error, Result};
use crate::signature::parse_real;

/// A general triclinic box: edge vectors in any orientation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct General {
    /// Edge vectors as rows.
    pub vectors: [[f64; 3]; 3],
    /// Their common corner, if the file has it.
    pub corner: Option<[f64; 3]>,
}

impl General {
    /// The corner of a box of this dimension; without a line it is the zero point, in two dimensions with z = -0.5.
    pub fn origin(&self, dimension: u8) -> [f64; 3] {
        let z = if dimension == 2 { -0.5 } else { 0.0 };
        self.corner.unwrap_or([0.0, 0.0, z])
    }
}

/// What a header says; absent counts are 0, absent bounds -0.5 to 0.5.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// Number of atoms.
    pub atoms: u64,
    /// Number of atom types.
    pub atom_types: u64,
    /// Numbers of bonds, angles, dihedrals, impropers.
    pub topology: [u64; 4],
    /// Numbers of their types.
    pub topology_types: [u64; 4],
    /// Lower corner.
    pub lo: [f64; 3],
    /// Upper corner.
    pub hi: [f64; 3],
    /// Whether the file gives the bounds of x, y, z.
    pub bounded: [bool; 3],
    /// Tilts xy, xz, yz if the box is triclinic.
    pub tilt: Option<[f64; 3]>,
    /// Edge vectors, if the box is given by these.
    pub general: Option<General>,
}

impl Default for Header {
    fn default() -> Self {
        Self {
            atoms: 0,
            atom_types: 0,
            topology: [0; 4],
            topology_types: [0; 4],
            lo: [-0.5; 3],
            hi: [0.5; 3],
            bounded: [false; 3],
            tilt: None,
            general: None,
        }
    }
}

/// Bonds, angles, dihedrals, impropers.
pub(super) const TOPOLOGY: [&str; 4] = ["bonds", "angles", "dihedrals", "impropers"];
const TOPOLOGY_TYPES: [&str; 4] = ["bond", "angle", "dihedral", "improper"];
const UNSUPPORTED: [&str; 4] = ["ellipsoids", "lines", "triangles", "bodies"];
const NAMES: &[&str] = &[
    "atoms",
    "atom types",
    "bonds",
    "bond types",
    "angles",
    "angle types",
    "xlo xhi",
    "ylo yhi",
    "zlo zhi",
    "xy xz yz",
    "avec",
    "bvec",
    "cvec",
    "abc origin",
];

/// Reads up to the first section, whose line stays the present one; `None` sections: end of file.
pub(super) fn read(lines: &mut Lines, is_section: fn(&str) -> bool) -> Result<(Header, bool)> {
    if !lines.advance()? {
        return Err(Error::input(format!(
            "Unexpected end of data file: {} is empty",
            lines.name()
        )));
    }
    let mut header = Header::default();
    let mut general = Partial::default();
    let mut more = lines.next_filled()?;
    while more {
        let text = lines.text()?;
        if is_section(text) {
            break;
        }
        entry(text, &mut header, &mut general).map_err(|e| lines.here(e))?;
        more = lines.next_filled()?;
    }
    header.general = general.finish().map_err(|e| lines.here(e))?;
    Ok((header, more))
}

#[derive(Default)]
struct Partial {
    vectors: [Option<[f64; 3]>; 3],
    origin: Option<[f64; 3]>,
    /// Whether there are bounds or tilts.
    bounds: bool,
}

impl Partial {
    /// The general box, whose missing vectors are unit vectors; none if the header has no line of it.
    fn finish(self) -> Result<Option<General>> {
        if self.vectors.iter().all(Option::is_none) && self.origin.is_none() {
            return Ok(None);
        }
        if self.bounds {
            return Err(Error::input(
                "Read_data header cannot specify simulation box lo/hi/tilt and ABC vectors",
            ));
        }
        let unit = |k: usize| [0, 1, 2].map(|j| f64::from(u8::from(j == k)));
        Ok(Some(General {
            vectors: [0, 1, 2].map(|k| self.vectors[k].unwrap_or_else(|| unit(k))),
            corner: self.origin,
        }))
    }
}

fn entry(text: &str, h: &mut Header, g: &mut Partial) -> Result<()> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    g.bounds |= matches!(words.last(), Some(&("xhi" | "yhi" | "zhi" | "yz")));
    match words.as_slice() {
        [n, "atoms"] => h.atoms = count(n, text)?,
        [n, "atom", "types"] => h.atom_types = count(n, text)?,
        [n, kind, "types"] if TOPOLOGY_TYPES.contains(kind) => {
            let k = TOPOLOGY_TYPES.iter().position(|t| t == kind).unwrap_or(0);
            h.topology_types[k] = count(n, text)?;
        }
        [n, kind] if TOPOLOGY.contains(kind) => {
            let k = TOPOLOGY.iter().position(|t| t == kind).unwrap_or(0);
            h.topology[k] = count(n, text)?;
        }
        [n, kind] if UNSUPPORTED.contains(kind) => {
            if count(n, text)? > 0 {
                return Err(Error::input(format!(
                    "data files with {kind} are not supported"
                )));
            }
        }
        // Storage hints of other programs; there is no limit here.
        [n, "extra", _, "per", "atom"] => {
            count(n, text)?;
        }
        [a, b, lo @ ("xlo" | "ylo" | "zlo"), hi]
            if hi.starts_with(&lo[..1]) && hi.ends_with("hi") && hi.len() == 3 =>
        {
            let k = usize::from(lo.as_bytes()[0] - b'x');
            (h.lo[k], h.hi[k]) = (real(a, text)?, real(b, text)?);
            h.bounded[k] = true;
        }
        [a, b, c, "xy", "xz", "yz"] => {
            h.tilt = Some([real(a, text)?, real(b, text)?, real(c, text)?]);
        }
        [a, b, c, "avec"] => g.vectors[0] = Some([real(a, text)?, real(b, text)?, real(c, text)?]),
        [a, b, c, "bvec"] => g.vectors[1] = Some([real(a, text)?, real(b, text)?, real(c, text)?]),
        [a, b, c, "cvec"] => g.vectors[2] = Some([real(a, text)?, real(b, text)?, real(c, text)?]),
        [a, b, c, "abc", "origin"] => {
            g.origin = Some([real(a, text)?, real(b, text)?, real(c, text)?]);
        }
        _ => {
            let tail = words
                .iter()
                .skip_while(|w| w.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)))
                .copied()
                .collect::<Vec<_>>()
                .join(" ");
            let known = NAMES
                .iter()
                .copied()
                .chain(super::sections::NAMES.iter().copied());
            return Err(
                Error::input(format!("Unknown identifier in data file: {}", clip(text)))
                    .suggest(&tail, known),
            );
        }
    }
    Ok(())
}

/// The beginning of a text, for messages.
pub(super) fn clip(text: &str) -> String {
    let mut s: String = text.chars().take(80).collect();
    if s.len() < text.len() {
        s.push_str("...");
    }
    s
}

fn count(word: &str, text: &str) -> Result<u64> {
    word.parse()
        .ok()
        .filter(|n| *n <= i64::MAX as u64)
        .ok_or_else(|| {
            Error::input(format!(
                "expected a whole number in the data file header: {}",
                clip(text)
            ))
        })
}

fn real(word: &str, text: &str) -> Result<f64> {
    parse_real(word).ok_or_else(|| {
        Error::input(format!(
            "expected a number in the data file header: {}",
            clip(text)
        ))
    })
}
