//! Lines of a text file that may be compressed and may end in the middle of a line. Imports nothing
//! of argyro.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::read::MultiGzDecoder;

/// No format read here has lines of this length (bytes); a longer one is not text.
const LONGEST_LINE: u64 = 1 << 24;

/// A text file read line by line; gzip is recognised by its first bytes.
pub struct Lines {
    source: Box<dyn BufRead>,
    buffer: Vec<u8>,
    number: usize,
    truncated: bool,
    compressed: bool,
    bytes: u64,
}

impl Lines {
    /// Opens the file.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: &Path) -> Result<Self> {
        let open = || File::open(path).with_context(|| format!("opening {}", path.display()));
        let mut magic = [0_u8; 2];
        let compressed = open()?.read_exact(&mut magic).is_ok() && magic == [0x1f, 0x8b];
        let file = BufReader::with_capacity(1 << 18, open()?);
        let source: Box<dyn BufRead> = if compressed {
            Box::new(BufReader::with_capacity(1 << 18, MultiGzDecoder::new(file)))
        } else {
            Box::new(file)
        };
        Ok(Self {
            source,
            buffer: Vec::new(),
            number: 0,
            truncated: false,
            compressed,
            bytes: 0,
        })
    }

    /// The next line without its end, or `None` at the end of the file.
    ///
    /// A compressed stream that stops early ends the file and sets [`Lines::truncated`], as does a
    /// last line without a line end.
    ///
    /// # Errors
    /// Text that is not UTF-8, a line of more than 16 MiB, a read error.
    pub fn next_line(&mut self) -> Result<Option<&str>> {
        self.buffer.clear();
        let mut limited = self.source.by_ref().take(LONGEST_LINE);
        match limited.read_until(b'\n', &mut self.buffer) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(e) if is_cut(&e) => {
                self.truncated = true;
                return Ok(None);
            }
            Err(e) => return Err(e).context(format!("after line {}", self.number)),
        }
        self.number += 1;
        self.bytes += self.buffer.len() as u64;
        if self.buffer.last() == Some(&b'\n') {
            self.buffer.pop();
        } else if self.buffer.len() as u64 >= LONGEST_LINE {
            bail!(
                "line {} is longer than 16 MiB: not a text file",
                self.number
            );
        } else {
            self.truncated = true;
        }
        let text = std::str::from_utf8(&self.buffer)
            .with_context(|| format!("line {} is not text", self.number))?;
        Ok(Some(text.trim_end_matches('\r')))
    }

    /// Number of the line read last, the first being 1.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Bytes of the file up to the end of the line read last; `None` in a compressed file.
    pub fn offset(&self) -> Option<u64> {
        (!self.compressed).then_some(self.bytes)
    }

    /// True once the file turned out to end in the middle of a line or of the compressed stream.
    pub fn truncated(&self) -> bool {
        self.truncated
    }
}

fn is_cut(e: &std::io::Error) -> bool {
    e.kind() == std::io::ErrorKind::UnexpectedEof
}
