//! Lines of a text file that may be compressed with gzip; every line has bounded length.

use crate::error::{Error, Result};
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Longest line that is read, bytes.
const MAX_LINE: u64 = 1 << 16;

/// Reads line by line; the comment behind `#` is kept apart.
pub struct Lines {
    reader: Box<dyn BufRead>,
    name: String,
    number: usize,
    line: Vec<u8>,
    text_end: usize,
}

impl Lines {
    /// Opens a file; gzip is recognised by its first two bytes.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let cannot = |e: std::io::Error| Error::input(format!("Cannot open file {name}: {e}"));
        let file = File::open(path).map_err(cannot)?;
        if file.metadata().is_ok_and(|m| m.is_dir()) {
            return Err(Error::input(format!(
                "Cannot open file {name}: it is a folder"
            )));
        }
        let mut plain = BufReader::with_capacity(1 << 18, file);
        let gzip = plain.fill_buf().map_err(cannot)?.starts_with(&[0x1f, 0x8b]);
        let reader: Box<dyn BufRead> = if gzip {
            Box::new(BufReader::with_capacity(
                1 << 18,
                MultiGzDecoder::new(plain),
            ))
        } else {
            Box::new(plain)
        };
        Ok(Self::new(reader, name))
    }

    /// Reads from anything; `name` is for messages.
    pub fn new(reader: Box<dyn BufRead>, name: String) -> Self {
        Self {
            reader,
            name,
            number: 0,
            line: Vec::new(),
            text_end: 0,
        }
    }

    /// Name of the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Goes to the next line, whatever is on it; false at the end of the file.
    ///
    /// # Errors
    /// The file cannot be read or a line is too long.
    pub fn advance(&mut self) -> Result<bool> {
        self.line.clear();
        let mut limited = self.reader.by_ref().take(MAX_LINE);
        let n = limited
            .read_until(b'\n', &mut self.line)
            .map_err(|e| Error::input(format!("Cannot read file {}: {e}", self.name)))?;
        if n == 0 {
            return Ok(false);
        }
        self.number += 1;
        if n as u64 == MAX_LINE && self.line.last() != Some(&b'\n') {
            return Err(self.here(
                Error::input(format!("a line is longer than {MAX_LINE} bytes"))
                    .help("this is no text file with lines as a data file has them"),
            ));
        }
        self.text_end = self
            .line
            .iter()
            .position(|b| *b == b'#')
            .unwrap_or(self.line.len());
        Ok(true)
    }

    /// Goes to the next line that is neither blank nor only a comment; false at the end of the file.
    ///
    /// # Errors
    /// As [`Lines::advance`].
    pub fn next_filled(&mut self) -> Result<bool> {
        loop {
            if !self.advance()? {
                return Ok(false);
            }
            if self.line[..self.text_end]
                .iter()
                .any(|b| !b.is_ascii_whitespace())
            {
                return Ok(true);
            }
        }
    }

    /// True if the present line has its line end: false for the last line of a file that was cut off.
    pub fn is_whole(&self) -> bool {
        self.line.last() == Some(&b'\n')
    }

    /// The present line without its comment.
    ///
    /// # Errors
    /// It is not UTF-8.
    pub fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.line[..self.text_end])
            .map(str::trim)
            .map_err(|_| {
                self.here(Error::input("a line is not text").help("is this really a data file?"))
            })
    }

    /// The comment of the present line without `#`.
    pub fn comment(&self) -> String {
        let tail = self.line.get(self.text_end + 1..).unwrap_or(&[]);
        String::from_utf8_lossy(tail).trim().to_string()
    }

    /// Adds file and line to an error.
    pub fn here(&self, e: Error) -> Error {
        e.note(format!("in {}, line {}", self.name, self.number))
    }
}
