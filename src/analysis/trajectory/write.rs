//! Writers of trajectories: LAMMPS dump, extended XYZ, H5MD.
//!
//! A frame is written as it was read: wrapped positions keep their images, unwrapped ones stay
//! unwrapped. Numbers are written with as many digits as give the same number back. Units are
//! angstrom and ps.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::{Cell, Coordinates, Frame};

/// A file format that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// H5MD 1.1.
    H5md,
    /// LAMMPS dump, style custom.
    Lammps,
    /// Extended XYZ.
    Extxyz,
}

impl Format {
    /// The format that a file name asks for, and whether the file is compressed.
    pub fn of_name(path: &Path) -> Option<(Self, bool)> {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        let (stem, compressed) = match name.strip_suffix(".gz") {
            Some(stem) => (stem.to_string(), true),
            None => (name, false),
        };
        let format = match stem.rsplit('.').next()? {
            "h5" | "h5md" | "hdf5" => Self::H5md,
            "lammpstrj" | "dump" | "lammpsdump" => Self::Lammps,
            "xyz" | "extxyz" => Self::Extxyz,
            _ => return None,
        };
        Some((format, compressed))
    }
}

/// What holds for all frames that are written.
pub struct Atoms<'a> {
    /// Species of each atom.
    pub species: &'a [String],
    /// IDs; 1, 2, ... where the source has none.
    pub ids: Vec<i64>,
    /// Distinct species in order of appearance; their places are the types.
    pub kinds: Vec<String>,
    /// Type of each atom, counted from 1.
    pub types: Vec<usize>,
    /// Temperature in K to record.
    pub temperature: Option<f64>,
}

impl<'a> Atoms<'a> {
    /// Types in the order in which species appear.
    pub fn new(species: &'a [String], ids: Option<&[i64]>, temperature: Option<f64>) -> Self {
        let mut kinds: Vec<String> = Vec::new();
        let mut types = Vec::with_capacity(species.len());
        for name in species {
            let place = kinds.iter().position(|k| k == name);
            types.push(1 + place.unwrap_or(kinds.len()));
            if place.is_none() {
                kinds.push(name.clone());
            }
        }
        let ids = ids.map_or_else(|| (1..=species.len() as i64).collect(), <[i64]>::to_vec);
        Self {
            species,
            ids,
            kinds,
            types,
            temperature,
        }
    }
}

/// A trajectory being written.
pub trait TrajectoryWriter {
    /// Appends a frame, which has a step and, where known, a time.
    ///
    /// # Errors
    /// The frame lacks what the format needs, or the file cannot be written.
    fn write_frame(&mut self, frame: &Frame, atoms: &Atoms) -> Result<()>;

    /// Completes the file.
    ///
    /// # Errors
    /// The file cannot be written.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// Starts a file; an existing one is replaced.
///
/// # Errors
/// The file cannot be made; the format cannot be compressed.
pub fn create(path: &Path, format: Format, compressed: bool) -> Result<Box<dyn TrajectoryWriter>> {
    if format == Format::H5md {
        if compressed {
            bail!("H5MD is compressed inside: leave out .gz");
        }
        return create_h5md(path);
    }
    let file = File::create(path).with_context(|| format!("creating {}", path.display()))?;
    let file = BufWriter::with_capacity(1 << 18, file);
    let sink = if compressed {
        Sink::Gzip(GzEncoder::new(file, Compression::default()))
    } else {
        Sink::Plain(file)
    };
    Ok(Box::new(TextWriter {
        sink,
        format,
        buffer: String::new(),
    }))
}

#[cfg(feature = "hdf5")]
fn create_h5md(path: &Path) -> Result<Box<dyn TrajectoryWriter>> {
    Ok(Box::new(super::write_h5md::H5mdWriter::create(path)?))
}

#[cfg(not(feature = "hdf5"))]
fn create_h5md(_: &Path) -> Result<Box<dyn TrajectoryWriter>> {
    bail!("this argyro was built without HDF5; build with the feature `hdf5` to write H5MD")
}

enum Sink {
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
}

struct TextWriter {
    sink: Sink,
    format: Format,
    buffer: String,
}

impl TrajectoryWriter for TextWriter {
    fn write_frame(&mut self, frame: &Frame, atoms: &Atoms) -> Result<()> {
        self.buffer.clear();
        if self.format == Format::Lammps {
            lammps_frame(&mut self.buffer, frame, atoms)?;
        } else {
            extxyz_frame(&mut self.buffer, frame, atoms);
        }
        match &mut self.sink {
            Sink::Plain(w) => w.write_all(self.buffer.as_bytes())?,
            Sink::Gzip(w) => w.write_all(self.buffer.as_bytes())?,
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let mut plain = match self.sink {
            Sink::Plain(w) => w,
            Sink::Gzip(w) => w.finish()?,
        };
        plain.flush()?;
        plain.get_ref().sync_all()?;
        Ok(())
    }
}

// Writing to a String cannot fail, so the results of write! are dropped below.

fn lammps_frame(out: &mut String, frame: &Frame, atoms: &Atoms) -> Result<()> {
    let Some(cell) = &frame.cell else {
        bail!("a LAMMPS dump needs a cell, which the source does not have");
    };
    let step = frame.step.unwrap_or(0);
    let _ = write!(out, "ITEM: UNITS\nmetal\n");
    if let Some(time) = frame.time {
        let _ = write!(out, "ITEM: TIME\n{time}\n");
    }
    let n = atoms.species.len();
    let _ = write!(out, "ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{n}\n");
    box_lines(out, cell, frame.origin);
    let names = match frame.coordinates {
        Coordinates::Unwrapped => "xu yu zu",
        _ => "x y z",
    };
    let _ = write!(out, "ITEM: ATOMS id type element {names}");
    let images = frame.image.len() == n;
    let velocities = frame.velocity.len() == n;
    out.push_str(if images { " ix iy iz" } else { "" });
    out.push_str(if velocities { " vx vy vz\n" } else { "\n" });
    for i in 0..n {
        let [x, y, z] = frame.position[i];
        let (id, kind, name) = (atoms.ids[i], atoms.types[i], &atoms.species[i]);
        let _ = write!(out, "{id} {kind} {name} {x} {y} {z}");
        atom_tail(out, frame, i, images, velocities);
    }
    Ok(())
}

fn atom_tail(out: &mut String, frame: &Frame, i: usize, images: bool, velocities: bool) {
    if images {
        let [a, b, c] = frame.image[i];
        let _ = write!(out, " {a} {b} {c}");
    }
    if velocities {
        let [a, b, c] = frame.velocity[i];
        let _ = write!(out, " {a} {b} {c}");
    }
    out.push('\n');
}

fn box_lines(out: &mut String, cell: &Cell, origin: [f64; 3]) {
    let [a, b, c] = cell.edges;
    let boundary: Vec<&str> = cell
        .periodic
        .iter()
        .map(|p| if *p { "pp" } else { "ff" })
        .collect();
    let boundary = boundary.join(" ");
    let [ox, oy, oz] = origin;
    let restricted = a[1] == 0.0 && a[2] == 0.0 && b[2] == 0.0;
    let restricted = restricted && a[0] > 0.0 && b[1] > 0.0 && c[2] > 0.0;
    if !restricted {
        let _ = writeln!(out, "ITEM: BOX BOUNDS abc origin {boundary}");
        for (row, o) in cell.edges.iter().zip(origin) {
            let _ = writeln!(out, "{} {} {} {o}", row[0], row[1], row[2]);
        }
        return;
    }
    let (xy, xz, yz) = (b[0], c[0], c[1]);
    if xy == 0.0 && xz == 0.0 && yz == 0.0 {
        let _ = writeln!(out, "ITEM: BOX BOUNDS {boundary}");
        for (o, l) in [(ox, a[0]), (oy, b[1]), (oz, c[2])] {
            let _ = writeln!(out, "{o} {}", o + l);
        }
        return;
    }
    let low = [xy, xz, xy + xz].into_iter().fold(0.0, f64::min);
    let high = [xy, xz, xy + xz].into_iter().fold(0.0, f64::max);
    let _ = writeln!(out, "ITEM: BOX BOUNDS xy xz yz {boundary}");
    let _ = writeln!(out, "{} {} {xy}", ox + low, ox + a[0] + high);
    let _ = writeln!(out, "{} {} {xz}", oy + yz.min(0.0), oy + b[1] + yz.max(0.0));
    let _ = writeln!(out, "{oz} {} {yz}", oz + c[2]);
}

fn extxyz_frame(out: &mut String, frame: &Frame, atoms: &Atoms) {
    let n = atoms.species.len();
    let _ = writeln!(out, "{n}");
    if let Some(cell) = &frame.cell {
        let numbers: Vec<String> = cell.edges.iter().flatten().map(f64::to_string).collect();
        let flags: Vec<&str> = cell
            .periodic
            .iter()
            .map(|p| if *p { "T" } else { "F" })
            .collect();
        let _ = write!(
            out,
            "Lattice=\"{}\" pbc=\"{}\" ",
            numbers.join(" "),
            flags.join(" ")
        );
        if frame.origin != [0.0; 3] {
            let [x, y, z] = frame.origin;
            let _ = write!(out, "Origin=\"{x} {y} {z}\" ");
        }
    }
    if let Some(step) = frame.step {
        let _ = write!(out, "Step={step} ");
    }
    if let Some(time) = frame.time {
        let _ = write!(out, "Time={time} ");
    }
    if let Some(t) = atoms.temperature {
        let _ = write!(out, "temperature={t} ");
    }
    let position = match frame.coordinates {
        // Readers that know only `pos` find it; the second name tells argyro what it means.
        Coordinates::Unwrapped if frame.cell.is_some() => "pos:R:3:unwrapped:R:3",
        _ => "pos:R:3",
    };
    let _ = write!(out, "Properties=species:S:1:{position}");
    let images = frame.image.len() == n;
    let velocities = frame.velocity.len() == n;
    out.push_str(if images { ":image:I:3" } else { "" });
    out.push_str(if velocities { ":vel:R:3\n" } else { "\n" });
    for i in 0..n {
        let [x, y, z] = frame.position[i];
        let _ = write!(out, "{} {x} {y} {z}", atoms.species[i]);
        if position.len() > 7 {
            let _ = write!(out, " {x} {y} {z}");
        }
        atom_tail(out, frame, i, images, velocities);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{file_with, read_all};
    use super::super::{ReadOptions, open};
    use super::*;

    const SOURCE: &str = "ITEM: UNITS\nmetal\nITEM: TIME\n0.5\nITEM: TIMESTEP\n10\n\
        ITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS xy xz yz pp pp ff\n-1.0 13.0 2.0\n1.0 10.0 -1.0\n\
        0.5 8.5 1.0\nITEM: ATOMS id element x y z ix iy iz vx vy vz\n7 Li 1.25 2.5 3.1 0 -1 2 0.1 0.2 \
        0.3\n9 S 4 5 6 0 0 0 -1 0 1e-7\n";

    fn copied(name: &str, source: &str) -> (Vec<Frame>, Vec<Frame>, Vec<String>) {
        let input = file_with(source.as_bytes());
        let none = ReadOptions::default();
        let (info, frames, _) = read_all(input.path(), &none).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let (format, compressed) = Format::of_name(&path).unwrap();
        let atoms = Atoms::new(&info.species, info.ids.as_deref(), Some(600.0));
        let mut writer = create(&path, format, compressed).unwrap();
        for frame in &frames {
            writer.write_frame(frame, &atoms).unwrap();
        }
        writer.finish().unwrap();
        let (again, back, _) = read_all(&path, &none).unwrap();
        assert_eq!(again.species, info.species);
        (frames, back, again.species)
    }

    #[test]
    fn every_format_gives_the_frames_back() {
        let mut names = vec!["a.lammpstrj", "a.dump.gz", "a.xyz", "a.extxyz.gz"];
        if cfg!(feature = "hdf5") {
            names.push("a.h5");
        }
        for name in names {
            let (before, after, _) = copied(name, SOURCE);
            assert_eq!(after.len(), 1, "{name}");
            let (a, b) = (&before[0], &after[0]);
            assert_eq!(a.position, b.position, "{name}");
            assert_eq!(a.image, b.image, "{name}");
            assert_eq!(a.velocity, b.velocity, "{name}");
            assert_eq!((a.step, a.time), (b.step, b.time), "{name}");
            assert_eq!(a.origin, b.origin, "{name}");
            let (c, d) = (a.cell.unwrap(), b.cell.unwrap());
            assert!(c.same_edges(&d, 1e-15), "{name}");
            assert_eq!(c.periodic, d.periodic, "{name}");
        }
    }

    #[test]
    fn unwrapped_and_general_cells_survive() {
        let source = "1\nLattice=\"0 10 0 9 0 0 0 0 8\" Properties=species:S:1:unwrapped:R:3 Time=1\n\
            Li 100 -20 3\n";
        for name in ["a.lammpstrj", "a.xyz"] {
            let (before, after, _) = copied(name, source);
            assert_eq!(after[0].coordinates, Coordinates::Unwrapped, "{name}");
            assert_eq!(before[0].position, after[0].position, "{name}");
            assert_eq!(before[0].cell.unwrap(), after[0].cell.unwrap(), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_written_is_said() {
        let input = file_with(b"1\n\nLi 1 2 3\n");
        let mut reader = open(input.path(), &ReadOptions::default()).unwrap();
        let mut frame = Frame::empty();
        reader.read_frame(&mut frame).unwrap();
        let species = reader.info().species.clone();
        let atoms = Atoms::new(&species, None, None);
        let folder = tempfile::tempdir().unwrap();
        let mut writer = create(&folder.path().join("x"), Format::Lammps, false).unwrap();
        let error = writer.write_frame(&frame, &atoms).unwrap_err().to_string();
        assert!(error.contains("needs a cell"));
        assert!(create(&folder.path().join("x"), Format::H5md, true).is_err());
        assert!(Format::of_name(Path::new("a.pdb")).is_none());
    }
}
