//! Readers of trajectories: H5MD, LAMMPS dump, extended XYZ.
//!
//! Every reader streams: it holds one frame. A file is recognised by its content, never by its
//! name, and a last frame that was cut off by a kill is left out with a note. Lengths are angstrom
//! and times picosecond after reading, whatever the file says they are.

mod cell;
mod extxyz;
#[cfg(feature = "hdf5")]
mod h5md;
mod lammps;
pub mod repair;
mod text;
pub mod write;
#[cfg(feature = "hdf5")]
mod write_h5md;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};

pub use cell::Cell;

/// What the positions of a frame mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coordinates {
    /// Positions in (or near) the cell, with image numbers in [`Frame::image`].
    WithImages,
    /// Positions that follow the atom through all images.
    Unwrapped,
    /// Positions without images; they may have been wrapped at any frame.
    Unknown,
}

/// One frame. Atoms have the same order in every frame of a file.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Time step number, if the file has one.
    pub step: Option<i64>,
    /// Time in ps, if the file has one.
    pub time: Option<f64>,
    /// The cell, if the file has one.
    pub cell: Option<Cell>,
    /// Where the cell begins, angstrom; of interest only to writers.
    pub origin: [f64; 3],
    /// Positions, angstrom.
    pub position: Vec<[f64; 3]>,
    /// Number of cell vectors to add to each position; empty without images.
    pub image: Vec<[i32; 3]>,
    /// Velocities in angstrom/ps; empty where the file has none.
    pub velocity: Vec<[f64; 3]>,
    /// What the positions mean.
    pub coordinates: Coordinates,
}

impl Frame {
    /// A frame without atoms.
    pub fn empty() -> Self {
        Self {
            step: None,
            time: None,
            cell: None,
            origin: [0.0; 3],
            position: Vec::new(),
            image: Vec::new(),
            velocity: Vec::new(),
            coordinates: Coordinates::Unknown,
        }
    }
}

/// What holds for a whole file.
#[derive(Clone, Debug)]
pub struct Info {
    /// "H5MD", "LAMMPS dump", "extended XYZ".
    pub format: &'static str,
    /// Species of every atom, in the order of the frames.
    pub species: Vec<String>,
    /// Atom IDs in the order of the frames, where the file has them.
    pub ids: Option<Vec<i64>>,
    /// Temperature in K that the file states, and where it is stated.
    pub temperature: Option<(f64, String)>,
    /// What the program that wrote the file recorded about the run.
    pub provenance: serde_json::Map<String, serde_json::Value>,
}

/// How to read a file that does not say everything.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// Names of the numeric types 1, 2, ... of a LAMMPS dump or of an H5MD file with bare types.
    pub type_map: Vec<String>,
    /// Particle group of an H5MD file; by default `all`, or the first one that has positions.
    pub group: Option<String>,
    /// Time of one MD step in ps, to turn step numbers into times.
    pub timestep: Option<f64>,
}

/// A trajectory being read.
pub trait TrajectoryReader {
    /// What holds for the whole file.
    fn info(&self) -> &Info;

    /// Replaces `frame` by the next one; `false` at the end of the file.
    ///
    /// # Errors
    /// Content that contradicts the format. A last frame that is cut off is no error: reading ends
    /// before it and [`TrajectoryReader::notes`] says so.
    fn read_frame(&mut self, frame: &mut Frame) -> Result<bool>;

    /// What the user should know about how the file was read.
    fn notes(&self) -> Vec<String>;

    /// For an uncompressed text file: its length in bytes up to the end of the last frame read.
    fn whole_bytes(&self) -> Option<u64> {
        None
    }
}

/// Opens a trajectory of any known format.
///
/// # Errors
/// A file that cannot be read or is no trajectory of a known format; the message says what it
/// seems to be.
pub fn open(path: &Path, options: &ReadOptions) -> Result<Box<dyn TrajectoryReader>> {
    let shown = path.display();
    open_by_content(path, options).with_context(|| format!("reading {shown}"))
}

fn open_by_content(path: &Path, options: &ReadOptions) -> Result<Box<dyn TrajectoryReader>> {
    let mut head = Vec::new();
    File::open(path)?.take(4096).read_to_end(&mut head)?;
    if head.is_empty() {
        bail!("the file is empty");
    }
    if head.starts_with(b"\x89HDF\r\n\x1a\n") {
        return open_h5md(path, options);
    }
    if head.starts_with(b"PK\x03\x04") {
        bail!("this is a zip archive (a model file?), not a trajectory");
    }
    if head.len() > 8 && &head[4..8] == b"CORD" {
        bail!(
            "this is a DCD file, which names no elements; write H5MD, a LAMMPS dump or extended \
             XYZ instead (MDAnalysis converts: `u.atoms.write('x.xyz', frames='all')`)"
        );
    }
    let mut lines = text::Lines::open(path)?;
    let first = lines.next_line()?.unwrap_or("").trim().to_string();
    if first.starts_with("ITEM:") {
        return Ok(Box::new(lammps::LammpsDump::open(path, options)?));
    }
    if first.parse::<usize>().is_ok() {
        return Ok(Box::new(extxyz::ExtXyz::open(path, options)?));
    }
    let start: String = first.chars().take(60).collect();
    bail!(
        "not a trajectory of a known format (H5MD, LAMMPS dump, extended XYZ): it starts with \
         \"{}\"",
        start.escape_default()
    )
}

#[cfg(feature = "hdf5")]
fn open_h5md(path: &Path, options: &ReadOptions) -> Result<Box<dyn TrajectoryReader>> {
    Ok(Box::new(h5md::H5md::open(path, options)?))
}

#[cfg(not(feature = "hdf5"))]
fn open_h5md(_: &Path, _: &ReadOptions) -> Result<Box<dyn TrajectoryReader>> {
    bail!("this argyro was built without HDF5; build with the feature `hdf5` to read H5MD")
}

/// Name of a numeric type: from the map where there is one, else the number itself.
fn type_name(number: i64, type_map: &[String]) -> Result<String> {
    if type_map.is_empty() {
        return Ok(number.to_string());
    }
    let index = usize::try_from(number - 1).ok();
    index
        .and_then(|i| type_map.get(i))
        .cloned()
        .with_context(|| {
            format!(
                "atom type {number} has no name: --type-map lists {} types ({})",
                type_map.len(),
                type_map.join(",")
            )
        })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::io::Write;

    /// Writes `content` to a temporary file.
    pub(crate) fn file_with(content: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        file.flush().unwrap();
        file
    }

    /// All frames of a file, with its info and notes.
    pub(crate) fn read_all(
        path: &Path,
        options: &ReadOptions,
    ) -> Result<(Info, Vec<Frame>, Vec<String>)> {
        let mut reader = open(path, options)?;
        let mut frames = Vec::new();
        let mut frame = Frame::empty();
        while reader.read_frame(&mut frame)? {
            frames.push(frame.clone());
        }
        let notes = reader.notes();
        Ok((reader.info().clone(), frames, notes))
    }

    #[test]
    fn unknown_content_is_named() {
        let open_error = |bytes: &[u8]| {
            let file = file_with(bytes);
            let error = open(file.path(), &ReadOptions::default()).err().unwrap();
            format!("{error:#}")
        };
        assert!(open_error(b"").contains("empty"));
        assert!(open_error(b"hello world\n").contains("starts with \"hello world\""));
        assert!(open_error(b"PK\x03\x04abc").contains("zip"));
        assert!(open_error(b"\xff\xfe\x00abc\n").contains("not text"));
        let missing = open(Path::new("no-such-file"), &ReadOptions::default());
        assert!(missing.is_err());
    }

    #[test]
    fn type_names_come_from_the_map() {
        let map = vec!["Li".to_string(), "P".to_string()];
        assert_eq!(type_name(2, &map).unwrap(), "P");
        assert_eq!(type_name(7, &[]).unwrap(), "7");
        let error = type_name(3, &map).unwrap_err().to_string();
        assert!(error.contains("type 3") && error.contains("Li,P"));
        assert!(type_name(i64::MIN + 1, &map).is_err());
    }
}
