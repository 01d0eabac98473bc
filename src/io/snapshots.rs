//! Snapshots of text trajectories, for `rerun`: LAMMPS dumps of styles atom and custom, and XYZ (plain or extended),
//! plain or gzipped. Streams: one snapshot is held. Imports bottom modules only.

use super::data::Lines;
use crate::error::{Error, Result};
use crate::signature::{parse_int, parse_real};
use std::path::Path;

/// Box of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SnapshotBox {
    /// Lower corner.
    pub lo: [f64; 3],
    /// Upper corner of the orthogonal part.
    pub hi: [f64; 3],
    /// Tilts xy, xz, yz of a triclinic box.
    pub tilt: Option<[f64; 3]>,
}

/// One snapshot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// Timestep.
    pub step: i64,
    /// The box, if the file has one.
    pub cell: Option<SnapshotBox>,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Numbers, atom after atom; words that are none are NaN.
    pub values: Vec<f64>,
}

impl Snapshot {
    /// The place of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c == name)
    }

    /// Rows of numbers, one per atom.
    pub fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks_exact(self.columns.len().max(1))
    }
}

/// Reads the snapshots of one file.
pub struct Snapshots {
    lines: Lines,
    xyz: bool,
    /// Whether the present line is the first of a snapshot.
    ready: bool,
    frames: i64,
    /// Whether a snapshot has begun and not ended.
    cut: bool,
}

impl Snapshots {
    /// Opens a file; its format is recognised by its first line.
    ///
    /// # Errors
    /// It cannot be read or is no trajectory in text form.
    pub fn open(path: &Path) -> Result<Self> {
        let mut lines = Lines::open(path)?;
        if !lines.advance()? {
            return Err(Error::input(format!("{} is empty", lines.name())));
        }
        let first = lines.text().unwrap_or("").trim().to_string();
        let xyz = !first.starts_with("ITEM:");
        if xyz && parse_int(&first).is_none() {
            return Err(Error::input(format!(
                "{} is neither a LAMMPS dump nor an XYZ file",
                lines.name()
            ))
            .help("turn other trajectories (H5MD, DCD) into a dump first: argyro convert IN OUT.lammpstrj"));
        }
        Ok(Self {
            lines,
            xyz,
            ready: true,
            frames: 0,
            cut: false,
        })
    }

    /// Whether the last snapshot was cut off, after [`Snapshots::read`] has come to the end.
    pub fn is_cut_off(&self) -> bool {
        self.cut
    }

    /// Name of the file.
    pub fn name(&self) -> &str {
        self.lines.name()
    }

    /// The next snapshot; `None` at the end of the file, also if the last snapshot was cut off.
    ///
    /// # Errors
    /// The content contradicts the format.
    pub fn read(&mut self) -> Result<Option<Snapshot>> {
        if !self.ready && !self.lines.next_filled()? {
            return Ok(None);
        }
        self.ready = false;
        self.frames += 1;
        let snapshot = if self.xyz {
            self.read_xyz()?
        } else {
            self.read_dump()?
        };
        self.cut = snapshot.is_none();
        Ok(snapshot)
    }

    /// Goes to the next line; false at the end and for a last line that was cut off, whose numbers cannot be
    /// trusted.
    fn advance(&mut self) -> Result<bool> {
        Ok(self.lines.advance()? && self.lines.is_whole())
    }

    fn bad(&self, why: &str) -> Error {
        self.lines.here(Error::input(format!(
            "Dump file is incorrectly formatted: {why}"
        )))
    }

    fn read_dump(&mut self) -> Result<Option<Snapshot>> {
        let mut s = Snapshot::default();
        let mut atoms = 0;
        loop {
            let head = self.lines.text()?.trim().to_string();
            let Some(item) = head.strip_prefix("ITEM:").map(str::trim) else {
                return Err(self.bad("expected a line with ITEM:"));
            };
            let item = item.to_string();
            match item.split_ascii_whitespace().next() {
                Some("TIMESTEP") => {
                    let Some(n) = self.number()? else {
                        return Ok(None);
                    };
                    s.step = n;
                }
                Some("NUMBER") => {
                    let Some(n) = self.number()? else {
                        return Ok(None);
                    };
                    atoms = n;
                }
                Some("BOX") => {
                    if !self.read_box(&item, &mut s)? {
                        return Ok(None);
                    }
                }
                Some("ATOMS") => {
                    s.columns = item
                        .split_ascii_whitespace()
                        .skip(1)
                        .map(String::from)
                        .collect();
                    let whole = self.read_rows(&mut s, atoms)?;
                    return Ok(whole.then_some(s));
                }
                Some("UNITS" | "TIME") => {
                    if !self.advance()? {
                        return Ok(None);
                    }
                }
                _ => {
                    let known = ["TIMESTEP", "NUMBER OF ATOMS", "BOX BOUNDS", "ATOMS"];
                    return Err(self
                        .bad(&format!("unknown item '{item}'"))
                        .suggest(&item, known));
                }
            }
            if !self.advance()? {
                return Ok(None);
            }
        }
    }

    fn number(&mut self) -> Result<Option<i64>> {
        if !self.advance()? {
            return Ok(None);
        }
        let n = parse_int(self.lines.text()?.trim());
        n.map(Some)
            .ok_or_else(|| self.bad("expected a whole number"))
    }

    fn read_box(&mut self, item: &str, s: &mut Snapshot) -> Result<bool> {
        if item.contains("abc origin") {
            return Err(self.bad("general triclinic boxes are not supported by rerun"));
        }
        let tilted = item.contains("xy xz yz");
        let mut rows = [[0.0; 3]; 3];
        for row in &mut rows {
            if !self.advance()? {
                return Ok(false);
            }
            let text = self.lines.text()?;
            let numbers: Option<Vec<f64>> = text.split_ascii_whitespace().map(parse_real).collect();
            match numbers {
                Some(v) if v.len() == if tilted { 3 } else { 2 } => {
                    row[..v.len()].copy_from_slice(&v);
                }
                _ => return Err(self.bad("a line of the box has other numbers than expected")),
            }
        }
        let mut lo = rows.map(|r| r[0]);
        let mut hi = rows.map(|r| r[1]);
        let tilt = tilted.then(|| rows.map(|r| r[2]));
        if let Some([xy, xz, yz]) = tilt {
            // The file has the box around the tilted cell.
            lo[0] -= 0f64.min(xy).min(xz).min(xy + xz);
            hi[0] -= 0f64.max(xy).max(xz).max(xy + xz);
            lo[1] -= 0f64.min(yz);
            hi[1] -= 0f64.max(yz);
        }
        s.cell = Some(SnapshotBox { lo, hi, tilt });
        Ok(true)
    }

    /// False if the file ends before all rows.
    fn read_rows(&mut self, s: &mut Snapshot, atoms: i64) -> Result<bool> {
        for _ in 0..atoms {
            if !self.advance()? {
                return Ok(false);
            }
            let before = s.values.len();
            let text = self.lines.text()?;
            let numbers = text.split_ascii_whitespace();
            s.values
                .extend(numbers.map(|w| w.parse::<f64>().unwrap_or(f64::NAN)));
            if s.values.len() - before != s.columns.len() {
                return Err(self.bad(&format!(
                    "a line has {} columns instead of {}",
                    s.values.len() - before,
                    s.columns.len()
                )));
            }
        }
        Ok(true)
    }

    fn read_xyz(&mut self) -> Result<Option<Snapshot>> {
        let count = parse_int(self.lines.text()?.trim())
            .ok_or_else(|| self.bad("expected the number of atoms"))?;
        if !self.advance()? {
            return Ok(None);
        }
        let comment = self.lines.text()?.to_string();
        let mut s = Snapshot {
            step: step_of(&comment).unwrap_or(self.frames - 1),
            columns: ["id", "element", "x", "y", "z"].map(String::from).to_vec(),
            cell: lattice_of(&comment),
            ..Snapshot::default()
        };
        for n in 0..count {
            if !self.advance()? {
                return Ok(None);
            }
            let words: Vec<&str> = self.lines.text()?.split_ascii_whitespace().collect();
            let x: Option<Vec<f64>> = words
                .get(1..4)
                .and_then(|w| w.iter().map(|w| parse_real(w)).collect());
            let Some(x) = x else {
                return Err(self.bad("expected an element and three numbers"));
            };
            s.values.extend([(n + 1) as f64, f64::NAN]);
            s.values.extend(x);
        }
        Ok(Some(s))
    }
}

/// `Timestep: N` of LAMMPS, `step=N` of extended XYZ.
fn step_of(comment: &str) -> Option<i64> {
    let lower = comment.to_ascii_lowercase();
    let at = lower
        .find("timestep")
        .map(|i| i + 8)
        .or_else(|| lower.find("step=").map(|i| i + 4))?;
    let digits: String = lower[at..]
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}

/// `Lattice="ax ay az bx by bz cx cy cz"` in LAMMPS' orientation, with the corner at `Origin` or 0.
fn lattice_of(comment: &str) -> Option<SnapshotBox> {
    let numbers = |key: &str| -> Option<Vec<f64>> {
        let rest = &comment[comment.find(key)? + key.len()..];
        let inside = &rest[..rest.find('"')?];
        inside.split_ascii_whitespace().map(parse_real).collect()
    };
    let v = numbers("Lattice=\"").filter(|v| v.len() == 9)?;
    if v[1] != 0.0 || v[2] != 0.0 || v[5] != 0.0 {
        return None;
    }
    let lo: [f64; 3] = numbers("Origin=\"")
        .and_then(|o| o.try_into().ok())
        .unwrap_or([0.0; 3]);
    let tilt = [v[3], v[6], v[7]];
    Some(SnapshotBox {
        lo,
        hi: [lo[0] + v[0], lo[1] + v[4], lo[2] + v[8]],
        tilt: (tilt != [0.0; 3]).then_some(tilt),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<Vec<Snapshot>> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t");
        std::fs::write(&path, text).unwrap();
        let mut reader = Snapshots::open(&path)?;
        let mut found = Vec::new();
        while let Some(s) = reader.read()? {
            found.push(s);
        }
        Ok(found)
    }

    const DUMP: &str = "ITEM: TIMESTEP\n5\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS xy xz yz pp pp pp\n0 11 1\n0 10 0\n0 10 0\n\
ITEM: ATOMS id type element x y z\n2 1 Li 0.5 1 2\n1 1 S 1e-3 1 2\n";

    #[test]
    fn a_dump_is_read_and_a_cut_end_left_out() {
        let two = format!("{DUMP}{}", &DUMP[..DUMP.len() - 12]);
        let s = all(&two).unwrap();
        assert_eq!(s.len(), 1);
        assert_eq!((s[0].step, s[0].column("x")), (5, Some(3)));
        let cell = s[0].cell.unwrap();
        assert_eq!((cell.hi[0], cell.tilt), (10.0, Some([1.0, 0.0, 0.0])));
        let x: Vec<f64> = s[0].rows().map(|r| r[3]).collect();
        assert_eq!(x, [0.5, 1e-3]);
    }

    #[test]
    fn xyz_files_have_steps_and_lattices() {
        let s = all(
            "1\nLattice=\"4 0 0 0 5 0 0 0 6\" Properties=species:S:1:pos:R:3 step=30\nLi 1 2 3\n1\n Atoms. Timestep: 40\nLi 1 2 4\n",
        )
        .unwrap();
        assert_eq!((s[0].step, s[1].step), (30, 40));
        assert_eq!(s[0].cell.unwrap().hi, [4.0, 5.0, 6.0]);
        assert!(s[1].cell.is_none());
    }

    #[test]
    fn other_files_are_refused() {
        assert!(all("hello\n").is_err());
        assert!(all(&DUMP.replace("0.5 1 2", "0.5 1")).is_err());
    }
}
