//! `dump dcd`: positions in the DCD format of CHARMM and NAMD, in single precision.

use super::keywords_common::{BUFFER, FLUSH, PBC};
use super::positions_common::{self, SORT, UNWRAP, with_pbc};
use super::{Dump, DumpEntry, DumpId};
use crate::domain::cell::Cell;
use crate::domain::host::Host;
use crate::domain::values::members;
use crate::error::{Error, Result};
use crate::signature::{Args, Signature};
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};

const SIGNATURE: Signature = Signature {
    name: "dcd",
    summary: "positions in DCD format (binary, single precision)",
    args: &[],
    keywords: &[],
    description: "Atoms of the group in the order of their IDs, with the cell of each frame. The header's number of frames is \
brought up to date after every frame, so that a killed run leaves a readable file. Length units are those of the script.\n\n\
Restrictions: the number of atoms in the group must not change; single precision is enough for pictures and structure, but \
`dump h5md` keeps what the analysis of diffusion needs.\n\nRelated: dump h5md, dump custom",
    examples: &["dump 1 all dcd 100 traj.dcd"],
};

const MODIFY: Signature = Signature {
    name: "dump_modify dcd",
    summary: "settings of dump dcd",
    args: &[],
    keywords: &[BUFFER, FLUSH, PBC, SORT, UNWRAP],
    description: "",
    examples: &["dump_modify 1 unwrap yes"],
};

/// The line of the table.
pub const STYLE: DumpEntry = DumpEntry {
    signature: &SIGNATURE,
    modify: &MODIFY,
    build,
};

/// Positions of numbers in the header that grow with the file, and length of the header.
const FRAMES_AT: u64 = 8;
const LAST_STEP_AT: u64 = 20;
const HEADER: usize = 276;

struct Dcd {
    id: DumpId,
    unwrap: bool,
    pbc: bool,
    file: Option<File>,
    atoms: usize,
    frames: i32,
}

fn build(id: &DumpId, _: &Args, host: &mut dyn Host) -> Result<Box<dyn Dump>> {
    if id.file.contains('*') {
        return Err(Error::input(
            "Invalid dump dcd filename: one file holds all frames",
        ));
    }
    let atoms = members(host.state(), id.bit).count();
    if atoms == 0 || i32::try_from(12 * atoms + 8).is_err() {
        return Err(Error::input(format!(
            "Invalid number of atoms for dump dcd: {atoms}"
        )));
    }
    Ok(Box::new(Dcd {
        id: id.clone(),
        unwrap: false,
        pbc: false,
        file: None,
        atoms,
        frames: 0,
    }))
}

/// Appends a Fortran record: length, bytes, length.
fn record(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = (bytes.len() as i32).to_le_bytes();
    out.extend_from_slice(&length);
    out.extend_from_slice(bytes);
    out.extend_from_slice(&length);
}

/// The header of a file without frames, as CHARMM 24 writes it.
fn header(atoms: usize, step: i64, every: i64, dt: f64) -> Vec<u8> {
    let mut first = b"CORD".to_vec();
    let int = |v: &mut Vec<u8>, n: i64| v.extend_from_slice(&(n as i32).to_le_bytes());
    for n in [0, step, every, 0, 0, 0, 0, 0, 0] {
        int(&mut first, n);
    }
    first.extend_from_slice(&(dt as f32).to_le_bytes());
    int(&mut first, 1); // frames have a unit cell
    (0..8).for_each(|_| int(&mut first, 0));
    int(&mut first, 24);
    let mut title = 2i32.to_le_bytes().to_vec();
    for text in ["REMARKS FROM dump dcd", "REMARKS written by argyro"] {
        title.extend_from_slice(format!("{text:<80}").as_bytes());
    }
    let mut out = Vec::new();
    record(&mut out, &first);
    record(&mut out, &title);
    record(&mut out, &(atoms as i32).to_le_bytes());
    out
}

/// a, cos gamma, b, cos beta, cos alpha, c.
fn unit_cell(cell: &Cell) -> [f64; 6] {
    let v = cell.vectors();
    let length = |a: [f64; 3]| a.iter().map(|x| x * x).sum::<f64>().sqrt();
    let cosine =
        |a: [f64; 3], b: [f64; 3]| (0..3).map(|k| a[k] * b[k]).sum::<f64>() / length(a) / length(b);
    let [a, b, c] = v;
    [
        length(a),
        cosine(a, b),
        length(b),
        cosine(a, c),
        cosine(b, c),
        length(c),
    ]
}

impl Dcd {
    /// One frame: cell, then x, y and z of all atoms.
    fn frame(&self, host: &dyn Host) -> Result<Vec<u8>> {
        let s = host.state();
        let x = positions_common::frame(s, "dcd", self.id.bit, self.atoms, self.unwrap)?;
        let mut out = Vec::new();
        let cell: Vec<u8> = unit_cell(s.cell("dump dcd")?)
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect();
        record(&mut out, &cell);
        for k in 0..3 {
            let bytes: Vec<u8> = x.iter().flat_map(|x| (x[k] as f32).to_le_bytes()).collect();
            record(&mut out, &bytes);
        }
        Ok(out)
    }

    fn put(&mut self, frame: &[u8], step: i64) -> std::io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        file.seek(SeekFrom::End(0))?;
        file.write_all(frame)?;
        file.flush()?;
        // counted only when it is whole
        self.frames += 1;
        for (at, n) in [(FRAMES_AT, self.frames), (LAST_STEP_AT, step as i32)] {
            file.seek(SeekFrom::Start(at))?;
            file.write_all(&n.to_le_bytes())?;
        }
        file.flush()
    }
}

impl Dump for Dcd {
    fn modify(&mut self, words: &[&str], _: &mut dyn Host) -> Result<()> {
        let args = MODIFY.parse("dump_modify", words)?;
        if let Some(k) = args.keyword("unwrap") {
            self.unwrap = k.yes_no("value")?;
        }
        if let Some(k) = args.keyword("pbc") {
            self.pbc = k.yes_no("value")?;
        }
        Ok(())
    }

    fn init(&mut self, host: &mut dyn Host) -> Result<()> {
        if self.file.is_some() || host.dry() {
            return Ok(());
        }
        let failed = |e| Error::input(format!("Cannot open dump file {}: {e}", self.id.file));
        let file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .open(&self.id.file)
            .map_err(failed)?;
        self.file = Some(file);
        Ok(())
    }

    fn write(&mut self, host: &mut dyn Host) -> Result<()> {
        self.init(host)?;
        let mut frame = with_pbc(self.pbc, host, |host| self.frame(host))?;
        let s = host.state();
        let step = s.step;
        if self.frames == 0 {
            // the header names the step of the first frame
            let mut head = header(self.atoms, step, self.id.every, s.dt);
            debug_assert_eq!(head.len(), HEADER);
            head.append(&mut frame);
            frame = head;
        }
        self.put(&frame, step)
            .map_err(|e| Error::run(format!("Cannot write dump file {}: {e}", self.id.file)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Boundary;

    #[test]
    fn the_header_has_its_length_and_counters_are_where_they_are_updated() {
        let h = header(7, 100, 10, 0.001);
        assert_eq!(h.len(), HEADER);
        assert_eq!(&h[4..8], b"CORD");
        assert_eq!(h[FRAMES_AT as usize..][..4], 0i32.to_le_bytes());
        assert_eq!(h[12..16], 100i32.to_le_bytes());
        assert_eq!(h[HEADER - 8..HEADER - 4], 7i32.to_le_bytes());
    }

    #[test]
    fn cosines_of_a_tilted_cell() {
        let mut cell = Cell::orthogonal([0.0; 3], [3.0, 4.0, 5.0], [[Boundary::Periodic; 2]; 3]);
        assert_eq!(unit_cell(&cell), [3.0, 0.0, 4.0, 0.0, 0.0, 5.0]);
        cell.triclinic = true;
        cell.tilt = [3.0, 0.0, 0.0];
        let u = unit_cell(&cell);
        assert!(
            (u[2] - 5.0).abs() < 1e-12 && (u[1] - 0.6).abs() < 1e-12,
            "{u:?}"
        );
    }
}
