//! Zip container as torch writes it: members are read whole, checked against their CRC-32, and
//! all reads of one file together are bounded by a small multiple of the file's size.
//! Imports the model error only.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use crate::ml::error::{ModelError, Result};

/// Factor by which the members read may together exceed the file (compressed source code in
/// TorchScript archives shrinks about five times; weights are not compressed).
const INFLATION: u64 = 32;

/// A zip file held in memory.
pub struct Archive {
    zip: ZipArchive<Cursor<Vec<u8>>>,
    names: Vec<String>,
    /// Bytes that may still be read.
    budget: u64,
}

impl Archive {
    /// Reads the directory of a zip file.
    ///
    /// # Errors
    /// Where there is no directory or it is damaged.
    pub fn open(bytes: Vec<u8>) -> Result<Archive> {
        let budget = INFLATION * bytes.len() as u64;
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
        let names = zip
            .file_names()
            .map(|name| name.map(|n| n.into_owned()).map_err(damaged))
            .collect::<Result<Vec<_>>>()?;
        Ok(Archive { zip, names, budget })
    }

    /// Names of all members, in the order of the directory.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// True where a member has exactly this name.
    pub fn contains(&self, name: &str) -> bool {
        self.zip.index_for_name(name).is_some()
    }

    /// Contents of a member.
    ///
    /// # Errors
    /// Where it is absent, damaged (checksum), or larger than what the file may hold.
    pub fn read(&mut self, name: &str) -> Result<Vec<u8>> {
        let member = self.zip.by_name(name).map_err(damaged)?;
        let size = member.size();
        if size > self.budget {
            let text = format!("member {name} claims {size} bytes, too much for this file");
            return Err(ModelError::malformed(text));
        }
        let mut data = Vec::with_capacity(size as usize);
        let read = member.take(size + 1).read_to_end(&mut data);
        read.map_err(|e| ModelError::malformed(format!("member {name}: {e}")))?;
        if data.len() as u64 != size {
            let text = format!("member {name} has another length than the directory says");
            return Err(ModelError::malformed(text));
        }
        self.budget -= size;
        Ok(data)
    }
}

fn damaged(error: zip::result::ZipError) -> ModelError {
    ModelError::malformed(format!("zip archive: {error}"))
}
