//! The sections of a data file.

use super::header::{self, Header, TOPOLOGY, clip};
use super::lines::Lines;
use crate::error::{Error, Result};
use crate::signature::{parse_int, parse_real};

/// Columns of the Atoms section: ID, molecule if any, type, charge if any, x, y, z, three image flags if given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtomLayout {
    /// Name of the atom style.
    pub name: &'static str,
    /// Has a molecule ID.
    pub molecule: bool,
    /// Has a charge.
    pub charge: bool,
}

/// Layouts of LAMMPS' atom styles of point particles.
pub const LAYOUTS: &[AtomLayout] = &[
    AtomLayout {
        name: "atomic",
        molecule: false,
        charge: false,
    },
    AtomLayout {
        name: "charge",
        molecule: false,
        charge: true,
    },
    AtomLayout {
        name: "bond",
        molecule: true,
        charge: false,
    },
    AtomLayout {
        name: "angle",
        molecule: true,
        charge: false,
    },
    AtomLayout {
        name: "molecular",
        molecule: true,
        charge: false,
    },
    AtomLayout {
        name: "full",
        molecule: true,
        charge: true,
    },
];

impl AtomLayout {
    /// Number of columns without image flags.
    pub fn columns(&self) -> usize {
        5 + usize::from(self.molecule) + usize::from(self.charge)
    }
}

/// One line of the Atoms section.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AtomLine<'a> {
    /// Atom ID, positive.
    pub id: i64,
    /// Type: a number or a label.
    pub kind: &'a str,
    /// Molecule ID, 0 if there is none.
    pub molecule: i64,
    /// Charge, 0 if there is none.
    pub charge: f64,
    /// Position as written.
    pub x: [f64; 3],
    /// Image flags as written.
    pub image: [i32; 3],
}

/// Which pair coefficients a section has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coefficients {
    /// `Pair Coeffs`: one type per line.
    Diagonal,
    /// `PairIJ Coeffs`: two types per line.
    All,
}

/// What the reader hands its lines to. Errors get the place in the file added.
pub trait Sink {
    /// The header; comes first.
    ///
    /// # Errors
    /// The box or the counts cannot be used.
    fn header(&mut self, header: &Header) -> Result<()>;

    /// A section begins; `hint` is the comment behind its name. False: its lines are skipped.
    ///
    /// # Errors
    /// The section cannot be used.
    fn section(&mut self, name: &str, hint: &str) -> Result<bool>;

    /// A line of Atom Type Labels.
    ///
    /// # Errors
    /// The line cannot be used.
    fn label(&mut self, kind: i64, label: &str) -> Result<()>;

    /// A line of Bond Type Labels or Angle Type Labels.
    ///
    /// # Errors
    /// The line cannot be used.
    fn bonded_label(&mut self, section: &str, kind: i64, label: &str) -> Result<()>;

    /// A line of Masses.
    ///
    /// # Errors
    /// The line cannot be used.
    fn mass(&mut self, kind: &str, mass: f64) -> Result<()>;

    /// A line of Atoms.
    ///
    /// # Errors
    /// The line cannot be used.
    fn atom(&mut self, atom: &AtomLine<'_>) -> Result<()>;

    /// A line of Velocities.
    ///
    /// # Errors
    /// The line cannot be used.
    fn velocity(&mut self, id: i64, v: [f64; 3]) -> Result<()>;

    /// A line of Pair Coeffs or PairIJ Coeffs.
    ///
    /// # Errors
    /// The line cannot be used.
    fn pair(&mut self, which: Coefficients, words: &[&str]) -> Result<()>;

    /// A line of Bonds (two atoms) or Angles (three): type and atom IDs.
    ///
    /// # Errors
    /// The line cannot be used.
    fn bonded(&mut self, kind: &str, atoms: &[i64]) -> Result<()>;

    /// A line of Bond Coeffs or Angle Coeffs.
    ///
    /// # Errors
    /// The line cannot be used.
    fn bonded_coefficients(&mut self, section: &str, words: &[&str]) -> Result<()>;

    /// Whether the sink wants a section of this name that data files of other systems do not have. It has one line
    /// per atom.
    fn wants(&self, _section: &str) -> bool {
        false
    }

    /// A line of such a section.
    ///
    /// # Errors
    /// The line cannot be used.
    fn property(&mut self, _section: &str, _words: &[&str]) -> Result<()> {
        Ok(())
    }

    /// A section is complete.
    ///
    /// # Errors
    /// What was read cannot be used.
    fn end(&mut self, name: &str, count: u64) -> Result<()>;
}

/// Names of the sections that LAMMPS knows for point particles.
pub(super) const NAMES: &[&str] = &[
    "Atoms",
    "Masses",
    "Velocities",
    "Bonds",
    "Angles",
    "Dihedrals",
    "Impropers",
    "Pair Coeffs",
    "PairIJ Coeffs",
    "Bond Coeffs",
    "Angle Coeffs",
    "Dihedral Coeffs",
    "Improper Coeffs",
    "Atom Type Labels",
    "Bond Type Labels",
    "Angle Type Labels",
    "Dihedral Type Labels",
    "Improper Type Labels",
];
/// Sections of other particles or force fields.
const FOREIGN: &[&str] = &[
    "Ellipsoids",
    "Lines",
    "Triangles",
    "Bodies",
    "BondBond Coeffs",
    "BondAngle Coeffs",
    "MiddleBondTorsion Coeffs",
    "EndBondTorsion Coeffs",
    "AngleTorsion Coeffs",
    "AngleAngleTorsion Coeffs",
    "BondBond13 Coeffs",
    "AngleAngle Coeffs",
];

fn section_name(text: &str) -> Option<&'static str> {
    if !text.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let same = |name: &&str| name.split(' ').eq(text.split_ascii_whitespace());
    NAMES.iter().chain(FOREIGN).copied().find(|n| same(n))
}

/// Reads a data file whose Atoms section has the columns of `layout`.
///
/// # Errors
/// The file is malformed, or the sink refuses a line; the message names file and line.
pub fn read(lines: &mut Lines, layout: AtomLayout, sink: &mut dyn Sink) -> Result<()> {
    let (header, mut more) = header::read(lines, |t| section_name(t).is_some())?;
    sink.header(&header).map_err(|e| in_file(lines, e))?;
    let mut seen_atoms = false;
    while more {
        let text = lines.text()?;
        if sink.wants(text) {
            let title = text.to_string();
            properties(lines, &title, header.atoms, sink)?;
            more = lines.next_filled()?;
            continue;
        }
        let Some(name) = section_name(text) else {
            return Err(lines.here(stray(text, &header)));
        };
        let hint = lines.comment();
        let wanted = sink.section(name, &hint).map_err(|e| lines.here(e))?;
        if name == "Velocities" && !seen_atoms {
            return Err(lines.here(Error::input("Must read Atoms before Velocities")));
        }
        let count = lines_of(name, &header).map_err(|e| lines.here(e))?;
        for done in 0..count {
            if !lines.next_filled()? || section_name(lines.text()?).is_some() {
                return Err(lines.here(
                    Error::input(format!(
                        "Unexpected end of data file: section {name} has {done} of {count} lines"
                    ))
                    .help("the header announces how many lines a section has"),
                ));
            }
            if wanted {
                body(name, lines.text()?, layout, &hint, sink).map_err(|e| lines.here(e))?;
            }
        }
        seen_atoms |= name == "Atoms";
        sink.end(name, count).map_err(|e| in_file(lines, e))?;
        more = lines.next_filled()?;
    }
    if header.atoms > 0 && !seen_atoms {
        return Err(in_file(
            lines,
            Error::input("No Atoms section in data file"),
        ));
    }
    Ok(())
}

fn properties(lines: &mut Lines, title: &str, count: u64, sink: &mut dyn Sink) -> Result<()> {
    for done in 0..count {
        if !lines.next_filled()? {
            return Err(lines.here(Error::input(format!(
                "Unexpected end of data file: section {title} has {done} of {count} lines"
            ))));
        }
        let words: Vec<&str> = lines.text()?.split_ascii_whitespace().collect();
        sink.property(title, &words).map_err(|e| lines.here(e))?;
    }
    Ok(())
}

fn in_file(lines: &Lines, e: Error) -> Error {
    let name = lines.name();
    e.note(format!("in {name}"))
}

fn stray(text: &str, header: &Header) -> Error {
    let e = Error::input(format!("Unknown identifier in data file: {}", clip(text)));
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        e.help(format!(
            "the header announces {} atoms and {} atom types, but more lines follow",
            header.atoms, header.atom_types
        ))
    } else {
        e.suggest(text, NAMES.iter().copied())
    }
}

fn lines_of(name: &str, h: &Header) -> Result<u64> {
    let types = h.atom_types;
    Ok(match name {
        "Atoms" | "Velocities" => h.atoms,
        "Masses" | "Pair Coeffs" | "Atom Type Labels" => types,
        "PairIJ Coeffs" => types.saturating_mul(types.saturating_add(1)) / 2,
        _ => {
            let topology = TOPOLOGY.iter().position(|t| {
                let singular = t.trim_end_matches('s');
                name.to_ascii_lowercase().starts_with(singular)
            });
            match topology {
                Some(k) if name.to_ascii_lowercase() == TOPOLOGY[k] => h.topology[k],
                Some(k) => h.topology_types[k],
                None => {
                    return Err(Error::input(format!(
                        "section {name} of a data file is not supported"
                    )));
                }
            }
        }
    })
}

fn body(name: &str, text: &str, layout: AtomLayout, hint: &str, sink: &mut dyn Sink) -> Result<()> {
    let mut words = [""; 16];
    let mut n = 0;
    for w in text.split_ascii_whitespace() {
        if let Some(slot) = words.get_mut(n) {
            *slot = w;
        }
        n += 1;
    }
    let given = &words[..n.min(words.len())];
    let wrong = || {
        Error::input(format!(
            "Incorrect format in {name} section of data file: {}",
            clip(text)
        ))
    };
    match name {
        "Atoms" => {
            let atom = atom_line(given, n, layout)
                .map_err(|why| wrong().note(why).help(fitting(given, n, layout, hint)))?;
            sink.atom(&atom)
        }
        "Velocities" => match (n, reals(given.get(1..4)), parse_int(given[0])) {
            (4, Some(v), Some(id)) => sink.velocity(id, v),
            _ => Err(wrong().help("a line has four columns: ID vx vy vz")),
        },
        "Masses" => match (n, given.get(1).and_then(|w| parse_real(w))) {
            (2, Some(m)) => sink.mass(given[0], m),
            _ => Err(wrong().help("a line has two columns: type mass")),
        },
        "Atom Type Labels" => match (n, parse_int(given[0])) {
            (2, Some(kind)) => sink.label(kind, given[1]),
            _ => Err(wrong().help("a line has two columns: type label")),
        },
        "Bond Type Labels" | "Angle Type Labels" => match (n, parse_int(given[0])) {
            (2, Some(kind)) => sink.bonded_label(name, kind, given[1]),
            _ => Err(wrong().help("a line has two columns: type label")),
        },
        "Pair Coeffs" | "PairIJ Coeffs" => {
            let all: Vec<&str> = text.split_ascii_whitespace().collect();
            let which = if name == "Pair Coeffs" {
                Coefficients::Diagonal
            } else {
                Coefficients::All
            };
            sink.pair(which, &all)
        }
        "Bonds" | "Angles" => {
            let atoms = if name == "Bonds" { 2 } else { 3 };
            let ids: Option<Vec<i64>> = given.iter().skip(2).map(|w| parse_int(w)).collect();
            match ids {
                Some(ids) if n == atoms + 2 => sink.bonded(given[1], &ids),
                _ => Err(wrong().help(format!(
                    "a line has {} columns: ID, type and {atoms} atom IDs",
                    atoms + 2
                ))),
            }
        }
        "Bond Coeffs" | "Angle Coeffs" => {
            let all: Vec<&str> = text.split_ascii_whitespace().collect();
            sink.bonded_coefficients(name, &all)
        }
        _ => Err(Error::input(format!(
            "section {name} of a data file is not supported"
        ))),
    }
}

fn reals(words: Option<&[&str]>) -> Option<[f64; 3]> {
    let w = words.filter(|w| w.len() == 3)?;
    Some([parse_real(w[0])?, parse_real(w[1])?, parse_real(w[2])?])
}

fn atom_line<'a>(
    words: &[&'a str],
    n: usize,
    layout: AtomLayout,
) -> std::result::Result<AtomLine<'a>, String> {
    let columns = layout.columns();
    if n != columns && n != columns + 3 {
        return Err(format!(
            "{n} columns, but atom_style {} has {columns}, or {} with image flags",
            layout.name,
            columns + 3
        ));
    }
    let id = parse_int(words[0])
        .filter(|id| *id > 0)
        .ok_or_else(|| format!("'{}' is no atom ID (a positive whole number)", words[0]))?;
    let mut k = 1;
    let mut molecule = 0;
    if layout.molecule {
        molecule =
            parse_int(words[k]).ok_or_else(|| format!("'{}' is no molecule ID", words[k]))?;
        k += 1;
    }
    let kind = words[k];
    k += 1;
    let mut charge = 0.0;
    if layout.charge {
        charge = parse_real(words[k]).ok_or_else(|| format!("'{}' is no charge", words[k]))?;
        k += 1;
    }
    let x = reals(words.get(k..k + 3)).ok_or("the position is not three finite numbers")?;
    let mut image = [0; 3];
    if n > columns {
        for (i, w) in image.iter_mut().zip(&words[k + 3..]) {
            *i = w.parse().map_err(|_| format!("'{w}' is no image flag"))?;
        }
    }
    Ok(AtomLine {
        id,
        kind,
        molecule,
        charge,
        x,
        image,
    })
}

/// Which atom style the columns look like.
fn fitting(words: &[&str], n: usize, layout: AtomLayout, hint: &str) -> String {
    let fits = |l: &&AtomLayout| l.name != layout.name && atom_line(words, n, **l).is_ok();
    let named = LAYOUTS.iter().find(|l| l.name == hint).filter(fits);
    // With a number that is not whole in the column of the type, the layout cannot be the right one.
    let typed = |l: &&AtomLayout| {
        words
            .get(1 + usize::from(l.molecule))
            .is_some_and(|w| parse_real(w).is_none() || parse_int(w).is_some())
    };
    match named.or_else(|| LAYOUTS.iter().filter(fits).find(typed)) {
        Some(l) => format!("this looks like atom_style {}", l.name),
        None => format!(
            "atom_style {} has the columns {}",
            layout.name,
            columns_text(layout)
        ),
    }
}

fn columns_text(l: AtomLayout) -> String {
    let molecule = if l.molecule { " molecule" } else { "" };
    let charge = if l.charge { " charge" } else { "" };
    format!("ID{molecule} type{charge} x y z, then three whole image flags or nothing")
}
