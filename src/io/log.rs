//! Where text goes: the screen, the log file, or a buffer in tests. Imports nothing of argyro.
//!
//! A [`Log`] is a handle: its clones write to the same places, so that the executor and the engine share one.
//! Everything that a user should see goes through it, never through `println!`.

use std::cell::RefCell;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::rc::Rc;

/// Most warnings that are shown, by default.
pub const WARNINGS: usize = 100;

/// Places that a line can go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct To {
    /// The screen.
    pub screen: bool,
    /// The log file.
    pub log: bool,
}

impl To {
    /// Both places.
    pub const BOTH: Self = Self {
        screen: true,
        log: true,
    };
    /// Only the screen.
    pub const SCREEN: Self = Self {
        screen: true,
        log: false,
    };
    /// Only the log file.
    pub const LOG: Self = Self {
        screen: false,
        log: true,
    };
}

enum Sink {
    None,
    Stdout,
    File(BufWriter<File>),
    Memory(Vec<u8>),
}

impl Sink {
    fn write(&mut self, text: &str) -> std::io::Result<()> {
        match self {
            Self::None => Ok(()),
            Self::Stdout => std::io::stdout().lock().write_all(text.as_bytes()),
            Self::File(f) => f.write_all(text.as_bytes()),
            Self::Memory(m) => {
                m.extend_from_slice(text.as_bytes());
                Ok(())
            }
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::None | Self::Memory(_) => Ok(()),
            Self::Stdout => std::io::stdout().lock().flush(),
            Self::File(f) => f.flush(),
        }
    }
}

struct Inner {
    screen: Sink,
    log: Sink,
    log_name: Option<String>,
    warnings: Vec<String>,
    /// Most warnings that are shown, and how many there were.
    warning_limit: usize,
    warning_count: usize,
    failure: Option<String>,
}

impl Inner {
    fn write(&mut self, to: To, text: &str) {
        if to.screen && self.screen.write(text).is_err() {
            // A reader that went away (`argyro ... | head`) must not end a simulation.
            self.screen = Sink::None;
        }
        if to.log
            && let Err(e) = self.log.write(text)
        {
            self.fail(&e);
        }
    }

    fn fail(&mut self, e: &std::io::Error) {
        let name = self.log_name.as_deref().unwrap_or("log file");
        self.failure
            .get_or_insert_with(|| format!("writing {name}: {e}"));
        self.log = Sink::None;
    }

    fn flush(&mut self) {
        if self.screen.flush().is_err() {
            self.screen = Sink::None;
        }
        if let Err(e) = self.log.flush() {
            self.fail(&e);
        }
    }
}

/// Handle of the screen and the log file.
#[derive(Clone)]
pub struct Log(Rc<RefCell<Inner>>);

impl Log {
    fn with(screen: Sink) -> Self {
        Self(Rc::new(RefCell::new(Inner {
            screen,
            log: Sink::None,
            log_name: None,
            warnings: Vec::new(),
            warning_limit: WARNINGS,
            warning_count: 0,
            failure: None,
        })))
    }

    /// Screen on standard output, no log file yet.
    pub fn to_stdout() -> Self {
        Self::with(Sink::Stdout)
    }

    /// Neither screen nor log file.
    pub fn silent() -> Self {
        Self::with(Sink::None)
    }

    /// Screen in memory, for tests; [`Log::contents`] gives it back.
    pub fn to_memory() -> Self {
        Self::with(Sink::Memory(Vec::new()))
    }

    /// Screen in a file (`-screen FILE`).
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn to_screen_file(path: &Path) -> anyhow::Result<Self> {
        Ok(Self::with(Sink::File(open(path, false)?)))
    }

    /// What was written to a screen in memory.
    pub fn contents(&self) -> String {
        match &self.0.borrow().screen {
            Sink::Memory(m) => String::from_utf8_lossy(m).into_owned(),
            _ => String::new(),
        }
    }

    /// Writes to `path` from now on; the previous log file is closed. With `append` the file is continued.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(&self, path: &Path, append: bool) -> anyhow::Result<()> {
        self.close();
        let file = open(path, append)?;
        let mut inner = self.0.borrow_mut();
        inner.log = Sink::File(file);
        inner.log_name = Some(path.display().to_string());
        Ok(())
    }

    /// Closes the log file (`log none`).
    pub fn close(&self) {
        let mut inner = self.0.borrow_mut();
        inner.flush();
        inner.log = Sink::None;
        inner.log_name = None;
    }

    /// Writes a line to screen and log.
    pub fn line(&self, text: &str) {
        self.line_to(To::BOTH, text);
    }

    /// Writes a line to the given places.
    pub fn line_to(&self, to: To, text: &str) {
        let mut inner = self.0.borrow_mut();
        inner.write(to, text);
        inner.write(to, "\n");
    }

    /// Writes text as it is, without a line end.
    pub fn text(&self, to: To, text: &str) {
        self.0.borrow_mut().write(to, text);
    }

    /// Writes `WARNING: message` to both places and remembers it.
    pub fn warn(&self, message: &str) {
        let (count, limit) = {
            let mut inner = self.0.borrow_mut();
            inner.warnings.push(message.to_string());
            inner.warning_count += 1;
            (inner.warning_count, inner.warning_limit)
        };
        if count <= limit {
            self.line(&format!("WARNING: {message}"));
        } else if limit > 0 && count == limit + 1 {
            self.line(&format!(
                "WARNING: Too many warnings: {count} vs {limit}. All future warnings will be suppressed"
            ));
        }
    }

    /// Shows at most this many warnings from now on; with `reset` those so far do not count.
    pub fn limit_warnings(&self, limit: Option<usize>, reset: bool) {
        let mut inner = self.0.borrow_mut();
        inner.warning_limit = limit.unwrap_or(inner.warning_limit);
        if reset {
            inner.warning_count = 0;
        }
    }

    /// The warnings since the last call; `argyro check` turns them into findings.
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut self.0.borrow_mut().warnings)
    }

    /// Makes what was written visible to readers of the file.
    pub fn flush(&self) {
        self.0.borrow_mut().flush();
    }

    /// The first failure to write the log file (disk full), once.
    pub fn take_failure(&self) -> Option<String> {
        self.0.borrow_mut().failure.take()
    }
}

fn open(path: &Path, append: bool) -> anyhow::Result<BufWriter<File>> {
    use anyhow::Context;
    let file = File::options()
        .create(true)
        .write(true)
        .append(append)
        .truncate(!append)
        .open(path)
        .with_context(|| format!("Cannot open logfile {}", path.display()))?;
    Ok(BufWriter::new(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_file_is_switched_and_continued() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.a");
        let log = Log::to_memory();
        log.open(&path, false).unwrap();
        log.line("one");
        log.close();
        log.line("two");
        log.open(&path, true).unwrap();
        log.line_to(To::LOG, "three");
        log.flush();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\nthree\n");
        assert_eq!(log.contents(), "one\ntwo\n");
    }

    #[test]
    fn warnings_are_written_and_remembered() {
        let log = Log::to_memory();
        log.clone().warn("thin skin");
        assert_eq!(log.contents(), "WARNING: thin skin\n");
        assert_eq!(log.take_warnings(), ["thin skin"]);
    }

    #[test]
    fn a_log_file_in_a_missing_folder_is_an_error() {
        let e = Log::silent()
            .open(Path::new("no/such/folder/log"), false)
            .unwrap_err();
        assert!(format!("{e:#}").contains("no/such/folder/log"));
    }
}
