//! The container of restart files: named sections of bytes between a header and a checksum.
//!
//! Layout, little-endian: magic `ARGYRO\r\n`, format version, number of bytes of the body, body, CRC-32 of all
//! before. The body is a sequence of (name, bytes). Readers skip names that they do not know, so later versions
//! can add sections. Invariant: nothing is allocated that the file does not have the bytes for.

use super::codec::{Reader, Writer};
use crate::error::{Error, Result};
use std::path::Path;

const MAGIC: &[u8; 8] = b"ARGYRO\r\n";
const VERSION: u64 = 1;
const HEADER: usize = 24;
const TRAILER: usize = 4;

/// Named sections in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sections(Vec<(String, Vec<u8>)>);

impl Sections {
    /// Appends a section.
    pub fn push(&mut self, name: &str, bytes: Vec<u8>) {
        self.0.push((name.into(), bytes));
    }

    /// The bytes of a section, if there is one with this name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|s| s.0 == name).map(|s| s.1.as_slice())
    }

    /// A reader of a section that must be there.
    ///
    /// # Errors
    /// It is not.
    pub fn require(&self, name: &str) -> Result<Reader<'_>> {
        self.get(name).map(Reader::new).ok_or_else(|| {
            Error::input(format!(
                "the restart file has no section '{name}': it is damaged or of another version"
            ))
        })
    }

    /// Sections whose names begin with `prefix`, with the rest of their names.
    pub fn with_prefix<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a [u8])> + 'a {
        self.0
            .iter()
            .filter_map(move |s| Some((s.0.strip_prefix(prefix)?, s.1.as_slice())))
    }

    /// The whole file.
    pub fn encode(&self) -> Vec<u8> {
        let mut body = Writer::new();
        body.int(self.0.len() as i64);
        for (name, bytes) in &self.0 {
            body.text(name).bytes(bytes);
        }
        let body = body.finish();
        let mut file = Vec::with_capacity(HEADER + body.len() + TRAILER);
        file.extend_from_slice(MAGIC);
        file.extend_from_slice(&VERSION.to_le_bytes());
        file.extend_from_slice(&(body.len() as u64).to_le_bytes());
        file.extend_from_slice(&body);
        file.extend_from_slice(&crc32fast::hash(&file).to_le_bytes());
        file
    }

    /// Reads a whole file.
    ///
    /// # Errors
    /// It is no restart file of argyro, truncated, damaged, or of a later version.
    pub fn decode(file: &[u8]) -> Result<Self> {
        if file.get(..8) != Some(MAGIC) {
            return Err(not_ours(file));
        }
        let word = |at: usize| -> Option<u64> {
            let bytes = file.get(at..at + 8)?;
            Some(u64::from_le_bytes(bytes.try_into().ok()?))
        };
        let truncated = || {
            Error::input("the restart file is truncated: it was not written to its end")
                .help("use an earlier restart file, or the one with .prev at the end of its name")
        };
        let version = word(8).ok_or_else(truncated)?;
        if version != VERSION {
            return Err(Error::input(format!(
                "the restart file has format version {version}; this program reads version {VERSION}"
            )));
        }
        let length = word(16).ok_or_else(truncated)?;
        if length != file.len().saturating_sub(HEADER + TRAILER) as u64 {
            return Err(truncated());
        }
        let (content, sum) = file.split_at(file.len() - TRAILER);
        if crc32fast::hash(content).to_le_bytes() != sum {
            return Err(
                Error::input("the checksum of the restart file is wrong: it is damaged").help(
                    "use an earlier restart file, or the one with .prev at the end of its name",
                ),
            );
        }
        let mut r = Reader::new(&content[HEADER..]);
        let count = r.int()?;
        let mut sections = Self::default();
        for _ in 0..count {
            let name = r.text()?;
            let bytes = r.bytes()?.to_vec();
            sections.0.push((name, bytes));
        }
        Ok(sections)
    }

    /// Reads a file by name.
    ///
    /// # Errors
    /// It cannot be opened, or as for [`Sections::decode`].
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|e| {
            Error::input(format!("Cannot open restart file {}: {e}", path.display()))
        })?;
        Self::decode(&bytes).map_err(|e| e.note(path.display().to_string()))
    }
}

fn not_ours(file: &[u8]) -> Error {
    let e = Error::input("this is not a restart file of argyro");
    if file.windows(7).take(64).any(|w| w == b"RestarT") || file.starts_with(b"LammpS") {
        return e.help("it was written by LAMMPS: convert it there with `lmp -restart2data FILE data.lmp` and use read_data");
    }
    e
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Sections {
        let mut s = Sections::default();
        s.push("box", vec![1, 2, 3]);
        s.push("fix nvt 1", (0..200).collect());
        s
    }

    #[test]
    fn sections_come_back() {
        let s = Sections::decode(&sample().encode()).unwrap();
        assert_eq!(s, sample());
        assert_eq!(s.with_prefix("fix ").next().unwrap().0, "nvt 1");
    }

    #[test]
    fn every_truncation_and_every_flipped_bit_is_noticed() {
        let file = sample().encode();
        for n in 0..file.len() {
            assert!(Sections::decode(&file[..n]).is_err(), "cut at {n}");
            let mut bad = file.clone();
            bad[n] ^= 1 << (n % 8);
            assert!(Sections::decode(&bad).is_err(), "flip at {n}");
        }
    }

    #[test]
    fn a_length_beyond_the_file_is_refused_even_with_a_right_checksum() {
        let mut body = Writer::new();
        body.int(1).text("x").int(i64::MAX);
        let body = body.finish();
        let mut file = MAGIC.to_vec();
        file.extend_from_slice(&VERSION.to_le_bytes());
        file.extend_from_slice(&(body.len() as u64).to_le_bytes());
        file.extend_from_slice(&body);
        file.extend_from_slice(&crc32fast::hash(&file).to_le_bytes());
        assert!(Sections::decode(&file).is_err());
    }
}
