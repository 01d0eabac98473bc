//! Writes data files. Numbers have as many digits as it takes to read the same bits back.

use std::io::{self, Write};

/// Pair coefficients to be written.
pub struct PairCoefficients {
    /// Name of the pair style.
    pub style: String,
    /// `Pair Coeffs` (false) or `PairIJ Coeffs` (true).
    pub all: bool,
    /// The words of every line.
    pub lines: Vec<Vec<String>>,
}

/// Bonds and angles to be written.
pub struct BondedData<'a> {
    /// Labels of bond types and of angle types, if all have one.
    pub labels: [Option<Vec<&'a str>>; 2],
    /// Number of bond types.
    pub bond_types: usize,
    /// Number of angle types.
    pub angle_types: usize,
    /// Types and atom IDs of bonds.
    pub bonds: Vec<(u32, &'a [i64])>,
    /// Types and atom IDs of angles.
    pub angles: Vec<(u32, &'a [i64])>,
    /// Section names with the name of the style and the words of every line.
    pub coefficients: Vec<(&'static str, String, Vec<Vec<String>>)>,
}

/// A section of further properties of atoms.
pub struct Section {
    /// Name of the section.
    pub name: String,
    /// Comment behind it.
    pub hint: String,
    /// The words of every line.
    pub lines: Vec<Vec<String>>,
}

/// What a data file contains.
pub struct DataFile<'a> {
    /// The first line.
    pub title: String,
    /// Name of the atom style, for the hint behind `Atoms`.
    pub atom_style: &'a str,
    /// Lower and upper corner.
    pub bounds: ([f64; 3], [f64; 3]),
    /// Tilts of a triclinic box.
    pub tilt: Option<[f64; 3]>,
    /// Edge vectors of a general triclinic box, which are written instead of upper corner and tilts.
    pub edges: Option<[[f64; 3]; 3]>,
    /// Masses of types 1, 2, ...; `None` leaves the section out.
    pub masses: Option<Vec<f64>>,
    /// Number of types.
    pub types: usize,
    /// Labels of types 1, 2, ..., if all have one.
    pub labels: Option<Vec<&'a str>>,
    /// Whether types are written as labels.
    pub label_types: bool,
    /// Pair coefficients.
    pub pair: Option<PairCoefficients>,
    /// Bonds and angles, if the atom style has them.
    pub bonded: Option<BondedData<'a>>,
    /// Further sections.
    pub properties: Vec<Section>,
    /// Atom IDs.
    pub id: &'a [i64],
    /// Types, 1-based.
    pub kind: &'a [u32],
    /// Molecule IDs, or empty.
    pub molecule: &'a [i64],
    /// Charges, or empty.
    pub charge: &'a [f64],
    /// Positions.
    pub x: &'a [[f64; 3]],
    /// Image flags.
    pub image: &'a [[i32; 3]],
    /// Velocities.
    pub v: &'a [[f64; 3]],
}

/// Writes the file.
///
/// # Errors
/// Writing fails.
pub fn write(d: &DataFile<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}\n", d.title)?;
    writeln!(out, "{} atoms\n{} atom types", d.id.len(), d.types)?;
    if let Some(b) = &d.bonded {
        let counts = [
            ("bond", b.bonds.len(), b.bond_types),
            ("angle", b.angles.len(), b.angle_types),
        ];
        for (what, count, types) in counts {
            if count > 0 || types > 0 {
                writeln!(out, "{count} {what}s\n{types} {what} types")?;
            }
        }
    }
    writeln!(out)?;
    cell(d, out)?;
    if let Some(labels) = &d.labels {
        writeln!(out, "\nAtom Type Labels\n")?;
        for (t, l) in labels.iter().enumerate() {
            writeln!(out, "{} {l}", t + 1)?;
        }
    }
    for (b, what) in d
        .bonded
        .iter()
        .flat_map(|b| b.labels.iter().zip(["Bond", "Angle"]))
    {
        if let Some(labels) = b {
            writeln!(out, "\n{what} Type Labels\n")?;
            for (t, l) in labels.iter().enumerate() {
                writeln!(out, "{} {l}", t + 1)?;
            }
        }
    }
    if let Some(masses) = &d.masses {
        writeln!(out, "\nMasses\n")?;
        for (t, m) in masses.iter().enumerate() {
            writeln!(out, "{} {m:?}", t + 1)?;
        }
    }
    if let Some(p) = &d.pair {
        let section = if p.all {
            "PairIJ Coeffs"
        } else {
            "Pair Coeffs"
        };
        writeln!(out, "\n{section} # {}\n", p.style)?;
        for words in &p.lines {
            writeln!(out, "{}", words.join(" "))?;
        }
    }
    for (section, style, lines) in d.bonded.iter().flat_map(|b| &b.coefficients) {
        writeln!(out, "\n{section} # {style}\n")?;
        for words in lines {
            writeln!(out, "{}", words.join(" "))?;
        }
    }
    if !d.id.is_empty() {
        atoms(d, out)?;
    }
    if let Some(b) = &d.bonded {
        let labels = |k: usize| b.labels[k].as_deref().filter(|_| d.label_types);
        bonded("Bonds", &b.bonds, labels(0), out)?;
        bonded("Angles", &b.angles, labels(1), out)?;
    }
    for section in &d.properties {
        writeln!(out, "\n{} # {}\n", section.name, section.hint)?;
        for words in &section.lines {
            writeln!(out, "{}", words.join(" "))?;
        }
    }
    Ok(())
}

fn cell(d: &DataFile<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (lo, hi) = d.bounds;
    if let Some(edges) = &d.edges {
        let origin = ("abc origin", &lo);
        for (name, [x, y, z]) in ["avec", "bvec", "cvec"]
            .into_iter()
            .zip(edges)
            .chain([origin])
        {
            writeln!(out, "{x:?} {y:?} {z:?} {name}")?;
        }
        return Ok(());
    }
    for (k, axis) in ["x", "y", "z"].iter().enumerate() {
        writeln!(out, "{:?} {:?} {axis}lo {axis}hi", lo[k], hi[k])?;
    }
    if let Some([xy, xz, yz]) = d.tilt {
        writeln!(out, "{xy:?} {xz:?} {yz:?} xy xz yz")?;
    }
    Ok(())
}

fn bonded(
    section: &str,
    list: &[(u32, &[i64])],
    labels: Option<&[&str]>,
    out: &mut dyn Write,
) -> io::Result<()> {
    if list.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{section}\n")?;
    for (n, (kind, atoms)) in list.iter().enumerate() {
        let atoms: Vec<String> = atoms.iter().map(i64::to_string).collect();
        let label = labels.and_then(|l| l.get(*kind as usize - 1));
        let kind = label.map_or_else(|| kind.to_string(), |l| (*l).to_string());
        writeln!(out, "{} {kind} {}", n + 1, atoms.join(" "))?;
    }
    Ok(())
}

fn atoms(d: &DataFile<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nAtoms # {}\n", d.atom_style)?;
    for (i, id) in d.id.iter().enumerate() {
        write!(out, "{id} ")?;
        if let Some(m) = d.molecule.get(i) {
            write!(out, "{m} ")?;
        }
        match &d.labels {
            Some(l) if d.label_types => write!(out, "{} ", l[d.kind[i] as usize - 1])?,
            _ => write!(out, "{} ", d.kind[i])?,
        }
        if let Some(q) = d.charge.get(i) {
            write!(out, "{q:?} ")?;
        }
        let ([x, y, z], [ix, iy, iz]) = (d.x[i], d.image[i]);
        writeln!(out, "{x:?} {y:?} {z:?} {ix} {iy} {iz}")?;
    }
    writeln!(out, "\nVelocities\n")?;
    for (id, [x, y, z]) in d.id.iter().zip(d.v) {
        writeln!(out, "{id} {x:?} {y:?} {z:?}")?;
    }
    Ok(())
}
