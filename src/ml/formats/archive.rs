//! Zip container as torch writes it (PKWARE APPNOTE: stored and deflated members, zip64).
//!
//! Own reader: it needs no more than this subset, every length is checked against the file, each
//! member against its CRC-32, and all reads of one file together are bounded by a small multiple
//! of the file's size. (The general crate refuses some valid torch files, which contain zip files
//! as members; see docs/decisions/dependencies.md.)
//! Imports the model error only.

use std::collections::HashMap;
use std::io::Read;

use crate::ml::error::{ModelError, Result};

/// Factor by which the members read may together exceed the file (compressed source code in
/// TorchScript archives shrinks about five times; weights are not compressed).
const INFLATION: u64 = 32;

/// Factor by which one member may exceed the file, and bytes that any member may have.
const MEMBER_INFLATION: u64 = 4;
const FREE_SIZE: u64 = 1 << 20;

/// Signatures of the records.
const END: &[u8] = b"PK\x05\x06";
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";
const ENTRY: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";

/// A zip file held in memory.
pub struct Archive {
    data: Vec<u8>,
    /// In the order of the directory.
    names: Vec<String>,
    members: HashMap<String, Member>,
    /// Bytes that may still be read.
    budget: u64,
}

/// Directory entry of a member.
struct Member {
    method: u16,
    encrypted: bool,
    crc: u32,
    /// Length in the file.
    packed: u64,
    /// Length of the contents.
    size: u64,
    /// Position of the local header.
    header: u64,
}

fn bad<T>(text: impl std::fmt::Display) -> Result<T> {
    Err(ModelError::malformed(format!("zip archive: {text}")))
}

/// Little-endian fields of a record, read one after the other.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Fields from a position of the data on, after a signature.
    fn at(data: &'a [u8], position: u64, signature: &[u8]) -> Result<Fields<'a>> {
        let start = usize::try_from(position).ok();
        match start
            .and_then(|s| data.get(s..))
            .and_then(|rest| rest.strip_prefix(signature))
        {
            Some(rest) => Ok(Fields(rest)),
            None => bad("a record is not where it should be"),
        }
    }

    fn bytes(&mut self, n: usize) -> Result<&'a [u8]> {
        match self.0.split_at_checked(n) {
            Some((these, rest)) => {
                self.0 = rest;
                Ok(these)
            }
            None => bad("a record is cut off"),
        }
    }

    fn number(&mut self, n: usize) -> Result<u64> {
        let mut raw = [0; 8];
        raw[..n].copy_from_slice(self.bytes(n)?);
        Ok(u64::from_le_bytes(raw))
    }

    fn u16(&mut self) -> Result<u16> {
        Ok(self.number(2)? as u16)
    }

    fn u32(&mut self) -> Result<u64> {
        self.number(4)
    }
}

impl Archive {
    /// True where the data end as a zip file does.
    pub fn is_zip(data: &[u8]) -> bool {
        end_record(data).is_ok()
    }

    /// Reads the directory of a zip file.
    ///
    /// # Errors
    /// Where there is no directory or it is damaged.
    pub fn open(data: Vec<u8>) -> Result<Archive> {
        let (count, start) = directory(&data, end_record(&data)?)?;
        let mut fields = Fields(
            match usize::try_from(start).ok().and_then(|s| data.get(s..)) {
                Some(rest) => rest,
                None => return bad("the directory lies outside of the file"),
            },
        );
        let (mut names, mut members) = (Vec::new(), HashMap::new());
        for _ in 0..count {
            let (name, member) = entry(&mut fields)?;
            names.push(name.clone());
            members.insert(name, member);
        }
        let budget = INFLATION * data.len() as u64;
        Ok(Archive {
            data,
            names,
            members,
            budget,
        })
    }

    /// Length of the file in bytes.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// True for a file of no bytes, which is never opened.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Names of all members, in the order of the directory.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// True where a member has exactly this name.
    pub fn contains(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// Contents of a member.
    ///
    /// # Errors
    /// Where it is absent, damaged (checksum), encrypted, or larger than what the file may hold.
    pub fn read(&mut self, name: &str) -> Result<Vec<u8>> {
        let Some(member) = self.members.get(name) else {
            return bad(format!("there is no member {name}"));
        };
        let most = FREE_SIZE + MEMBER_INFLATION * self.data.len() as u64;
        if member.size > self.budget || member.size > most {
            return bad(format!(
                "{name} claims {} bytes, too much for this file",
                member.size
            ));
        }
        let contents = match (member.method, member.encrypted) {
            (_, true) => return bad(format!("{name} is encrypted")),
            (0, _) => self.packed(member)?.to_vec(),
            (8, _) => {
                let mut contents = Vec::with_capacity(member.size as usize + 1);
                let inflate = flate2::read::DeflateDecoder::new(self.packed(member)?);
                let read = inflate.take(member.size + 1).read_to_end(&mut contents);
                if let Err(error) = read {
                    return bad(format!("{name}: {error}"));
                }
                contents
            }
            (method, _) => return bad(format!("{name} is compressed by unknown method {method}")),
        };
        if contents.len() as u64 != member.size || crc32fast::hash(&contents) != member.crc {
            return bad(format!("the checksum of {name} is wrong"));
        }
        self.budget -= member.size;
        Ok(contents)
    }

    /// Bytes of a member as they are in the file.
    fn packed(&self, member: &Member) -> Result<&[u8]> {
        let mut fields = Fields::at(&self.data, member.header, LOCAL)?;
        fields.bytes(22)?;
        let (name, extra) = (fields.u16()?, fields.u16()?);
        fields.bytes(name.into())?;
        fields.bytes(extra.into())?;
        match usize::try_from(member.packed) {
            Ok(n) => fields.bytes(n),
            Err(_) => bad("a member is cut off"),
        }
    }
}

/// Position of the end record: the last one whose comment reaches to the end of the file.
fn end_record(data: &[u8]) -> Result<u64> {
    const LEN: usize = 22;
    let last = data.len().saturating_sub(LEN);
    let first = last.saturating_sub(usize::from(u16::MAX));
    for at in (first..=last).rev() {
        let Ok(mut fields) = Fields::at(data, at as u64, END) else {
            continue;
        };
        if fields.bytes(16).is_ok()
            && let Ok(comment) = fields.u16()
            && fields.0.len() == usize::from(comment)
        {
            return Ok(at as u64);
        }
    }
    bad("there is no end record; the file is truncated or no zip file")
}

/// Number of entries and position of the directory.
fn directory(data: &[u8], end: u64) -> Result<(u64, u64)> {
    let mut fields = Fields::at(data, end, END)?;
    fields.bytes(6)?;
    let (count, _, start) = (fields.u16()?, fields.u32()?, fields.u32()?);
    if count != u16::MAX && start != u64::from(u32::MAX) {
        return Ok((count.into(), start));
    }
    // zip64: a locator of fixed length stands before the end record
    let Some(locator) = end.checked_sub(20) else {
        return bad("the zip64 locator is missing");
    };
    let mut fields = Fields::at(data, locator, LOCATOR_64)?;
    fields.bytes(4)?;
    let mut fields = Fields::at(data, fields.number(8)?, END_64)?;
    fields.bytes(28)?;
    let (count, _, start) = (fields.number(8)?, fields.number(8)?, fields.number(8)?);
    Ok((count, start))
}

fn entry(fields: &mut Fields) -> Result<(String, Member)> {
    let signature = fields.bytes(4)?;
    if signature != ENTRY {
        return bad("the directory is damaged");
    }
    fields.bytes(4)?;
    let (flags, method) = (fields.u16()?, fields.u16()?);
    fields.bytes(4)?;
    let crc = fields.u32()? as u32;
    let (mut packed, mut size) = (fields.u32()?, fields.u32()?);
    let lengths = [fields.u16()?, fields.u16()?, fields.u16()?].map(usize::from);
    fields.bytes(8)?;
    let mut header = fields.u32()?;
    let name = String::from_utf8_lossy(fields.bytes(lengths[0])?).into_owned();
    let mut extra = Fields(fields.bytes(lengths[1])?);
    fields.bytes(lengths[2])?;
    // zip64 extra field: those of the three numbers that did not fit, in this order
    while extra.0.len() >= 4 {
        let (id, len) = (extra.u16()?, extra.u16()?);
        let mut field = Fields(extra.bytes(len.into())?);
        if id == 1 {
            for number in [&mut size, &mut packed, &mut header] {
                if *number == u64::from(u32::MAX) {
                    *number = field.number(8)?;
                }
            }
        }
    }
    let encrypted = flags & 1 != 0;
    Ok((
        name,
        Member {
            method,
            encrypted,
            crc,
            packed,
            size,
            header,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// A zip file with one deflated member that claims `size` bytes.
    fn deflated(contents: &[u8], size: u32) -> Vec<u8> {
        let level = flate2::Compression::best();
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), level);
        encoder.write_all(contents).unwrap();
        let packed = encoder.finish().unwrap();
        let crc = crc32fast::hash(contents).to_le_bytes();
        let (packed_len, size) = ((packed.len() as u32).to_le_bytes(), size.to_le_bytes());
        let common = [
            &[20, 0, 0, 0, 8, 0, 0, 0, 0, 0][..],
            &crc,
            &packed_len,
            &size,
            &[1, 0, 0, 0],
        ];
        let common = common.concat();
        let mut file = [LOCAL, &common, b"a", &packed].concat();
        let start = (file.len() as u32).to_le_bytes();
        let entry = [ENTRY, &[20, 0], &common, &[0; 14], b"a"].concat();
        let length = (entry.len() as u32).to_le_bytes();
        file.extend(entry);
        file.extend([END, &[0, 0, 0, 0, 1, 0, 1, 0], &length, &start, &[0, 0]].concat());
        file
    }

    #[test]
    fn compressed_members_are_read() {
        let text = b"def forward(self, x): return torch.silu(x)";
        let file = deflated(text, text.len() as u32);
        assert!(Archive::is_zip(&file));
        let mut archive = Archive::open(file).unwrap();
        assert_eq!(archive.names(), ["a"]);
        assert_eq!(archive.read("a").unwrap(), text);
        assert!(archive.read("b").is_err());
    }

    #[test]
    fn bombs_are_not_inflated() {
        let zeros = vec![0; 4_000_000];
        let mut bomb = Archive::open(deflated(&zeros, zeros.len() as u32)).unwrap();
        let error = bomb.read("a").unwrap_err().to_string();
        assert!(error.contains("too much for this file"), "{error}");
        // a member that is longer than it says is stopped at what it says
        let mut liar = Archive::open(deflated(&zeros, 1000)).unwrap();
        assert!(liar.read("a").unwrap_err().to_string().contains("checksum"));
    }
}
