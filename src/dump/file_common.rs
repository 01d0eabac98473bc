//! Output files of the text dumps: one file, or one per frame (`*` in the name), plain or gzip.
//!
//! A frame is made in memory and written in one piece, so that a killed run leaves whole frames; a file
//! of its own is written beside its name and renamed.

use crate::error::{Error, Result};
use crate::signature::KeywordArgs;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

/// Where frames go.
#[derive(Debug)]
pub struct Output {
    path: String,
    /// Whether the name had a `%`, which stands for the number of the process.
    pieces: bool,
    pad: usize,
    append: bool,
    file: Option<File>,
    /// Most files to keep of a dump with one file per frame, and those written.
    most: Option<usize>,
    written: std::collections::VecDeque<String>,
}

impl Output {
    /// Frames go to `path`; `%` in it becomes 0, the number of the only process.
    pub fn new(path: &str) -> Self {
        Self {
            path: path.replacen('%', "0", 1),
            pieces: path.contains('%'),
            pad: 0,
            most: None,
            written: std::collections::VecDeque::new(),
            append: false,
            file: None,
        }
    }

    /// Takes `append`, `pad` and `flush`; false if the keyword is another one.
    ///
    /// # Errors
    /// Wrong values.
    pub fn modify(&mut self, k: &KeywordArgs<'_>) -> Result<bool> {
        match k.name() {
            "append" => self.append = k.yes_no("value")?,
            "pad" => {
                self.pad = usize::try_from(k.int("digits")?)
                    .ok()
                    .filter(|p| *p <= 20)
                    .ok_or_else(|| {
                        Error::input("dump_modify pad: expected 0 to 20 digits")
                            .at(k.word("digits"))
                    })?;
            }
            // Every frame is flushed in any case.
            "flush" => {
                k.yes_no("value")?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Whether the name has a `%` for the process.
    pub fn in_pieces(&self) -> bool {
        self.pieces
    }

    /// Whether every frame has a file of its own.
    pub fn one_per_frame(&self) -> bool {
        self.path.contains('*')
    }

    /// `dump_modify maxfiles`: keeps only the last `n` files, all of them with -1.
    ///
    /// # Errors
    /// The file name has no `*`, or the number makes no sense.
    pub fn keep(&mut self, n: i64) -> Result<()> {
        if !self.one_per_frame() {
            return Err(Error::input(
                "Cannot use dump_modify maxfiles without * in dump file name",
            ));
        }
        self.most = match n {
            -1 => None,
            n if n > 0 => usize::try_from(n).ok(),
            _ => {
                return Err(Error::input(format!(
                    "Invalid dump_modify maxfiles argument: {n}; must be > 0 or -1"
                )));
            }
        };
        Ok(())
    }

    /// Opens the common file, once.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn open(&mut self) -> Result<()> {
        if self.one_per_frame() || self.file.is_some() {
            return Ok(());
        }
        let mut options = OpenOptions::new();
        options.create(true);
        if self.append {
            options.append(true)
        } else {
            options.write(true).truncate(true)
        };
        let file = options
            .open(&self.path)
            .map_err(|e| Error::input(format!("Cannot open dump file {}: {e}", self.path)))?;
        self.file = Some(file);
        Ok(())
    }

    /// Writes one frame.
    ///
    /// # Errors
    /// The file cannot be written (disk full).
    pub fn write(&mut self, step: i64, text: &[u8]) -> Result<()> {
        let failed = |path: &str, e: std::io::Error| {
            Error::run(format!("Cannot write dump file {path}: {e}"))
        };
        if self.one_per_frame() {
            let path = self
                .path
                .replacen('*', &format!("{step:0width$}", width = self.pad), 1);
            write_whole(Path::new(&path), &self.encode(text)).map_err(|e| failed(&path, e))?;
            self.written.push_back(path);
            while self.most.is_some_and(|most| self.written.len() > most) {
                if let Some(old) = self.written.pop_front() {
                    // A file that is gone already is no loss.
                    let _ = std::fs::remove_file(old);
                }
            }
            return Ok(());
        }
        self.open()?;
        let bytes = self.encode(text);
        let Some(f) = &mut self.file else {
            return Ok(());
        };
        f.write_all(&bytes)
            .and_then(|()| f.flush())
            .map_err(|e| failed(&self.path, e))
    }

    /// A gzip file may consist of several members: each frame is one.
    fn encode(&self, text: &[u8]) -> Vec<u8> {
        if !self.path.ends_with(".gz") {
            return text.to_vec();
        }
        let mut z = GzEncoder::new(Vec::new(), Compression::default());
        let done = z.write_all(text).and_then(|()| z.finish());
        done.unwrap_or_default()
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut f = tempfile::Builder::new()
        .prefix(".argyro-")
        .tempfile_in(folder)?;
    f.write_all(bytes)?;
    f.as_file().sync_data()?;
    f.persist(path).map(|_| ()).map_err(|e| e.error)
}
