//! The part of HDF5 (File Format Specification 3.0) in which h5py stores a DeePMD model by default:
//! superblock 0, groups as symbol tables, object headers of version 1, arrays of numbers in one
//! piece, texts in the global heap.
//!
//! Own reader, because libhdf5 on a hostile file can end the process (docs/decisions); every
//! address is checked against the file, every walk is bounded. Imports the array type and the model error.

use std::cell::Cell;

use super::torch::{Array, DType};
use crate::ml::error::{ModelError, Result};

/// First bytes of a file.
pub const MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";
/// Undefined address.
const NOWHERE: u64 = u64::MAX;
/// Blocks that one walk may visit.
const MAX_BLOCKS: usize = 100_000;

/// Types of header messages.
const DATASPACE: u64 = 0x01;
const DATATYPE: u64 = 0x03;
const LAYOUT: u64 = 0x08;
const ATTRIBUTE: u64 = 0x0c;
const CONTINUATION: u64 = 0x10;
const SYMBOL_TABLE: u64 = 0x11;

/// A file in memory.
pub struct Hdf5 {
    data: Vec<u8>,
    /// Address of the header of the root group.
    root: u64,
    /// Elements that may still be read; bounds what repeated names cost.
    budget: Cell<usize>,
}

fn bad<T>(text: &str) -> Result<T> {
    Err(ModelError::malformed(format!("HDF5: {text}")))
}

fn unsupported<T>(what: &str) -> Result<T> {
    Err(ModelError::unsupported(format!(
        "the HDF5 file uses {what}, which argyro does not read in model files; convert it with \
         `dp convert-backend NAME.dp NAME.yaml`"
    )))
}

/// Little-endian fields, read one after the other.
#[derive(Clone, Copy)]
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
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

    fn size(&mut self, n: usize) -> Result<usize> {
        match usize::try_from(self.number(n)?) {
            Ok(n) => Ok(n),
            Err(_) => bad("a size is absurd"),
        }
    }

    fn signature(&mut self, expected: &[u8]) -> Result<()> {
        if self.bytes(expected.len())? == expected {
            Ok(())
        } else {
            bad("a record is not where it should be")
        }
    }
}

/// A message of an object header.
struct Message<'a> {
    kind: u64,
    body: Fields<'a>,
}

/// Element type of an array or attribute.
enum Kind {
    Number(DType),
    VariableText,
}

impl Hdf5 {
    /// Opens a file from its bytes.
    ///
    /// # Errors
    /// Where it is damaged or its superblock of another version.
    pub fn open(data: Vec<u8>) -> Result<Hdf5> {
        let mut fields = Fields(&data);
        fields.signature(MAGIC)?;
        if fields.number(1)? > 1 {
            return unsupported("the format of libver='latest'");
        }
        let version = data[8];
        fields.bytes(4)?;
        if (fields.number(1)?, fields.number(1)?) != (8, 8) {
            return unsupported("addresses that are not of 8 bytes");
        }
        fields.bytes(1 + 4 + 4 + if version == 1 { 4 } else { 0 })?;
        if fields.number(8)? != 0 {
            return unsupported("a user block");
        }
        // free space, end of file, driver, name of the root
        fields.bytes(4 * 8)?;
        let root = fields.number(8)?;
        let budget = Cell::new(2 * data.len());
        Ok(Hdf5 { data, root, budget })
    }

    fn at(&self, address: u64) -> Result<Fields<'_>> {
        let start = usize::try_from(address).ok();
        match start.and_then(|s| self.data.get(s..)) {
            Some(rest) => Ok(Fields(rest)),
            None => bad("an address lies outside of the file"),
        }
    }

    /// Messages of the object header at an address.
    fn messages(&self, address: u64) -> Result<Vec<Message<'_>>> {
        let mut header = self.at(address)?;
        if header.number(1)? != 1 {
            return unsupported("object headers of version 2");
        }
        header.bytes(1)?;
        let count = header.size(2)?;
        header.bytes(4)?;
        let size = header.size(4)?;
        header.bytes(4)?;
        let mut blocks = vec![Fields(header.bytes(size)?)];
        let mut messages = Vec::new();
        let mut next = 0;
        while next < blocks.len() && messages.len() < count {
            let mut block = blocks[next];
            next += 1;
            while block.0.len() >= 8 && messages.len() < count {
                let (kind, size) = (block.number(2)?, block.size(2)?);
                let flags = block.number(1)?;
                block.bytes(3)?;
                let mut body = Fields(block.bytes(size)?);
                if flags & 2 != 0 && kind != 0 {
                    return unsupported("shared header messages");
                }
                if kind == CONTINUATION {
                    let (address, size) = (body.number(8)?, body.size(8)?);
                    blocks.push(Fields(self.at(address)?.bytes(size)?));
                }
                messages.push(Message { kind, body });
            }
        }
        Ok(messages)
    }

    /// Text of an attribute of the root group, None where there is none of that name.
    ///
    /// # Errors
    /// Where it is damaged or no text.
    pub fn text_attribute(&self, name: &str) -> Result<Option<String>> {
        for message in self.messages(self.root)? {
            if message.kind != ATTRIBUTE {
                continue;
            }
            let mut body = message.body;
            let version = body.number(1)?;
            body.bytes(1)?;
            let sizes = [body.size(2)?, body.size(2)?, body.size(2)?];
            match version {
                1 | 2 => {}
                3 => {
                    body.bytes(1)?;
                }
                _ => return unsupported("attributes of an unknown version"),
            }
            let padded = |n: usize| {
                if version == 1 {
                    n.next_multiple_of(8)
                } else {
                    n
                }
            };
            let own = body.bytes(padded(sizes[0]))?;
            let own = own.split(|&b| b == 0).next().unwrap_or_default();
            let kind = Fields(body.bytes(padded(sizes[1]))?);
            body.bytes(padded(sizes[2]))?;
            if own != name.as_bytes() {
                continue;
            }
            return match datatype(kind)? {
                Kind::VariableText => self.variable_text(body).map(Some),
                Kind::Number(_) => bad("the attribute is no text"),
            };
        }
        Ok(None)
    }

    /// Text in the global heap, from its reference.
    fn variable_text(&self, mut reference: Fields) -> Result<String> {
        let length = reference.size(4)?;
        let (collection, index) = (reference.number(8)?, reference.number(4)?);
        let mut heap = self.at(collection)?;
        heap.signature(b"GCOL")?;
        heap.bytes(4)?;
        let size = heap.size(8)?;
        let mut heap = Fields(heap.bytes(size.saturating_sub(16))?);
        for _ in 0..MAX_BLOCKS {
            let id = heap.number(2)?;
            heap.bytes(6)?;
            let size = heap.size(8)?;
            if id == 0 {
                break;
            }
            let object = heap.bytes(size)?;
            if id == index {
                let Some(bytes) = object.get(..length) else {
                    return bad("a text is longer than its place");
                };
                return match std::str::from_utf8(bytes) {
                    Ok(text) => Ok(text.trim_end_matches('\0').to_owned()),
                    Err(_) => bad("a text is not UTF-8"),
                };
            }
            let padding = (size.next_multiple_of(8) - size).min(heap.0.len());
            heap.bytes(padding)?;
        }
        bad("a text is missing in the heap")
    }

    /// Array by its path from the root.
    ///
    /// # Errors
    /// Where it is absent, damaged, or stored in a form that is not read.
    pub fn dataset(&self, path: &str) -> Result<Array> {
        let mut address = self.root;
        for name in path.split('/').filter(|name| !name.is_empty()).take(16) {
            address = match self.member(address, name)? {
                Some(address) => address,
                None => return bad(&format!("there is no array {path}")),
            };
        }
        let (mut shape, mut kind, mut layout) = (None, None, None);
        for message in self.messages(address)? {
            match message.kind {
                DATASPACE => shape = Some(dataspace(message.body)?),
                DATATYPE => kind = Some(datatype(message.body)?),
                LAYOUT => layout = Some(message.body),
                _ => {}
            }
        }
        let (Some(shape), Some(Kind::Number(dtype)), Some(layout)) = (shape, kind, layout) else {
            return bad(&format!("{path} is no array of numbers"));
        };
        let count = shape.iter().try_fold(1usize, |n, &s| n.checked_mul(s));
        let Some(count) = count.filter(|&n| n <= self.budget.get()) else {
            return bad(&format!("{path} claims more elements than the file holds"));
        };
        self.budget.set(self.budget.get() - count);
        let bytes = match count {
            0 => &[][..],
            _ => self.contents(layout, count * dtype.size())?,
        };
        let data = bytes.chunks_exact(dtype.size());
        Ok(Array {
            data: data.map(|b| dtype.decode(b)).collect(),
            shape,
            dtype,
        })
    }

    /// Bytes of an array.
    fn contents(&self, mut layout: Fields<'_>, length: usize) -> Result<&[u8]> {
        let (version, class) = (layout.number(1)?, layout.number(1)?);
        match (version, class) {
            (3 | 4, 0) => {
                // the array stands in the header itself, whose position in the file is known
                let size = layout.size(2)?;
                let own = layout.0.as_ptr() as usize - self.data.as_ptr() as usize;
                match self.data.get(own..own + length) {
                    Some(bytes) if size >= length && layout.0.len() >= length => Ok(bytes),
                    _ => bad("an array is shorter than its shape"),
                }
            }
            (3 | 4, 1) => {
                let (address, size) = (layout.number(8)?, layout.size(8)?);
                if address == NOWHERE || size < length {
                    return bad("an array is shorter than its shape");
                }
                self.at(address)?.bytes(length)
            }
            _ => unsupported("arrays in chunks or of an old layout"),
        }
    }

    /// Address of a member of a group.
    fn member(&self, group: u64, name: &str) -> Result<Option<u64>> {
        let table = self
            .messages(group)?
            .into_iter()
            .find(|m| m.kind == SYMBOL_TABLE);
        let Some(mut table) = table.map(|m| m.body) else {
            return unsupported("groups of a new style");
        };
        let (tree, heap) = (table.number(8)?, table.number(8)?);
        let mut heap = self.at(heap)?;
        heap.signature(b"HEAP")?;
        heap.bytes(4)?;
        let size = heap.size(8)?;
        heap.bytes(8)?;
        let names = self.at(heap.number(8)?)?.bytes(size)?;
        let mut pending = vec![tree];
        let mut visited = 0;
        while let Some(address) = pending.pop() {
            visited += 1;
            if visited > MAX_BLOCKS {
                return bad("a group without an end");
            }
            let mut node = self.at(address)?;
            let kind = node.bytes(4)?;
            if kind == b"TREE" {
                if node.number(1)? != 0 {
                    return bad("the tree of a group is of another kind");
                }
                node.bytes(1)?;
                let used = node.size(2)?;
                node.bytes(16)?;
                for _ in 0..used {
                    node.bytes(8)?;
                    pending.push(node.number(8)?);
                }
            } else if kind == b"SNOD" {
                node.bytes(2)?;
                for _ in 0..node.size(2)? {
                    let mut entry = Fields(node.bytes(40)?);
                    let (at, address) = (entry.size(8)?, entry.number(8)?);
                    let own = names.get(at..).unwrap_or_default();
                    if own.split(|&b| b == 0).next() == Some(name.as_bytes()) {
                        return Ok(Some(address));
                    }
                }
            } else {
                return bad("a group is damaged");
            }
        }
        Ok(None)
    }
}

/// Lengths of the dimensions.
fn dataspace(mut body: Fields) -> Result<Vec<usize>> {
    let (version, rank) = (body.number(1)?, body.number(1)?);
    body.bytes(match version {
        1 => 6,
        2 => 2,
        _ => return unsupported("dataspaces of an unknown version"),
    })?;
    if rank > 8 {
        return bad("an array of too many dimensions");
    }
    (0..rank).map(|_| body.size(8)).collect()
}

fn datatype(mut body: Fields) -> Result<Kind> {
    let class = body.number(1)? & 15;
    let bits = body.number(3)?;
    let size = body.number(4)?;
    let little = bits & 1 == 0;
    let signed = bits & 8 != 0;
    let dtype = match (class, size) {
        (9, _) if bits & 15 == 1 => return Ok(Kind::VariableText),
        (0 | 1, _) if !little => return unsupported("big-endian numbers"),
        (1, 8) => DType::F64,
        (1, 4) => DType::F32,
        (1, 2) => DType::F16,
        (0, 8) if signed => DType::I64,
        (0, 4) if signed => DType::I32,
        (0, 2) if signed => DType::I16,
        (0, 1) if signed => DType::I8,
        (0, 1) => DType::U8,
        // h5py's bool: an enumeration of bytes
        (8, 1) => DType::Bool,
        _ => return unsupported("arrays of an unknown element type"),
    };
    Ok(Kind::Number(dtype))
}
