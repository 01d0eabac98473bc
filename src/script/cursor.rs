//! Where the executor is: a stack of files and of command lists, with `jump`, `include` and the skip
//! flag of `next`.
//!
//! `include` pushes a file, `if` pushes the commands it chose. `jump` moves the topmost file; with a label it
//! also drops the commands above that file, because LAMMPS skips everything up to the label.

use super::ast::{Line, Script, Word};
use super::error::{Reason, Result, ScriptError};
use super::mapped::Mapped;
use super::parse::parse_script;
use super::source::{FileId, SourceMap};
use super::substitute::strip_comment;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Files may include files this deep.
const MAX_FILES: usize = 16;

/// Command lists may nest this deep (`if` inside `if` inside ...).
const MAX_FRAMES: usize = 1000;

#[derive(Debug)]
enum Frame {
    File {
        script: Arc<Script>,
        at: usize,
        name: String,
    },
    Commands(VecDeque<Mapped>),
}

/// The next thing to execute.
#[derive(Debug, Clone)]
pub enum Fetched {
    /// A line of a file; it may be blank or hold errors.
    Line {
        /// The script it belongs to.
        script: Arc<Script>,
        /// Its index there.
        index: usize,
    },
    /// A command that `if` or another command gave as text.
    Command(Mapped),
}

impl Fetched {
    /// The parsed line; `None` for a command given as text.
    pub fn line(&self) -> Option<&Line> {
        match self {
            Self::Line { script, index } => script.lines.get(*index),
            Self::Command(_) => None,
        }
    }

    /// What is echoed.
    pub fn raw(&self) -> &str {
        match self {
            Self::Line { .. } => self.line().map_or("", |l| l.raw.as_str()),
            Self::Command(text) => text.as_str(),
        }
    }

    /// The command without its comment, before substitution.
    ///
    /// # Errors
    /// A quote of the line is not closed, or the like.
    pub fn command(&self) -> Result<Mapped> {
        match (self, self.line()) {
            (Self::Command(text), _) => Ok(strip_comment(text)),
            (_, Some(line)) => match line.errors.first() {
                Some(e) => Err(e.clone()),
                None => Ok(line.command.clone()),
            },
            _ => Ok(Mapped::default()),
        }
    }
}

/// A position in a script, its includes and its command lists.
#[derive(Debug, Default)]
pub struct Cursor {
    frames: Vec<Frame>,
    sources: SourceMap,
    parsed: HashMap<FileId, Arc<Script>>,
    skip_jump: bool,
}

impl Cursor {
    /// An empty cursor; open a file or text next.
    pub fn new() -> Self {
        Self::default()
    }

    /// All texts that were read.
    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    /// For errors of texts that are not files (`-var`, the command line).
    pub fn sources_mut(&mut self) -> &mut SourceMap {
        &mut self.sources
    }

    /// Parses a text that was read already (standard input, a test) and puts it on top.
    ///
    /// # Errors
    /// Too many files are open.
    pub fn open_text(&mut self, name: &str, text: &str) -> Result<Arc<Script>> {
        let script = self.parse(name, text);
        self.push_file(name, script.clone())?;
        Ok(script)
    }

    /// Reads and parses a file and puts it on top: the script itself, and `include`.
    ///
    /// # Errors
    /// The file cannot be read, or too many files are open.
    pub fn open_file(&mut self, path: &str) -> Result<Arc<Script>> {
        let script = self.read(path)?;
        self.push_file(path, script.clone())?;
        Ok(script)
    }

    /// `include FILE`; the place of an error is the word.
    ///
    /// # Errors
    /// See [`Cursor::open_file`].
    pub fn include(&mut self, path: &Word) -> Result<Arc<Script>> {
        self.open_file(path.as_str())
            .map_err(|e| e.located(&path.text))
    }

    /// Reads and parses a file without executing it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&mut self, path: &str) -> Result<Arc<Script>> {
        let bytes = std::fs::read(path).map_err(|e| {
            let (path, cause) = (path.to_string(), e.to_string());
            ScriptError::new(Reason::Open { path, cause })
        })?;
        Ok(self.parse(path, &as_ascii(&String::from_utf8_lossy(&bytes))))
    }

    /// A file that did not change since it was last read is not parsed again: loops jump often.
    fn parse(&mut self, name: &str, text: &str) -> Arc<Script> {
        let id = self.sources.add(name, text);
        self.parsed
            .entry(id)
            .or_insert_with(|| Arc::new(parse_script(id, text)))
            .clone()
    }

    fn push_file(&mut self, name: &str, script: Arc<Script>) -> Result<()> {
        let open = self
            .frames
            .iter()
            .filter(|f| matches!(f, Frame::File { .. }))
            .count();
        if open >= MAX_FILES {
            return Err(Reason::TooManyFiles(MAX_FILES).into());
        }
        let name = name.to_string();
        self.frames.push(Frame::File {
            script,
            at: 0,
            name,
        });
        Ok(())
    }

    /// Puts commands on top, to be executed before what follows.
    ///
    /// # Errors
    /// Commands are nested beyond any use.
    pub fn push_commands(&mut self, commands: impl IntoIterator<Item = Mapped>) -> Result<()> {
        if self.frames.len() >= MAX_FRAMES {
            return Err(ScriptError::usage(
                "if",
                format!("commands nested more than {MAX_FRAMES} deep"),
            ));
        }
        self.frames
            .push(Frame::Commands(commands.into_iter().collect()));
        Ok(())
    }

    /// The next line or command; `None` at the end.
    pub fn fetch(&mut self) -> Option<Fetched> {
        while let Some(frame) = self.frames.last_mut() {
            match frame {
                Frame::File { script, at, .. } if *at < script.lines.len() => {
                    let index = *at;
                    *at += 1;
                    let script = script.clone();
                    return Some(Fetched::Line { script, index });
                }
                Frame::Commands(queue) => {
                    if let Some(command) = queue.pop_front() {
                        return Some(Fetched::Command(command));
                    }
                }
                Frame::File { .. } => {}
            }
            self.frames.pop();
        }
        None
    }

    /// Name of the file being executed.
    pub fn file_name(&self) -> Option<&str> {
        self.frames.iter().rev().find_map(|f| match f {
            Frame::File { name, .. } => Some(name.as_str()),
            Frame::Commands(_) => None,
        })
    }

    /// The next `jump` does nothing, because `next` found no further value.
    pub fn skip_next_jump(&mut self) {
        self.skip_jump = true;
    }

    /// `jump FILE [LABEL]`; `args` are the words after `jump`. Gives false if the jump was skipped.
    ///
    /// # Errors
    /// The file cannot be read, or the label does not exist in it.
    pub fn jump(&mut self, args: &[Word]) -> Result<bool> {
        let (file, label) = match args {
            [file] => (file, None),
            [file, label] => (file, Some(label)),
            _ => {
                return Err(ScriptError::usage(
                    "jump",
                    format!("expected 1 or 2 arguments, found {}", args.len()),
                ));
            }
        };
        if std::mem::take(&mut self.skip_jump) {
            return Ok(false);
        }
        let current = self
            .frames
            .iter()
            .rposition(|f| matches!(f, Frame::File { .. }));
        let Some(current) = current else {
            return Err(
                ScriptError::usage("jump", "there is no file to jump in").located(&file.text)
            );
        };
        let own_name = self.file_name().unwrap_or("").to_string();
        let script = match (&self.frames[current], file.as_str()) {
            // A text that is no file cannot be read again
            (Frame::File { script, .. }, "SELF") if own_name.starts_with('<') => script.clone(),
            // After `shell cd` the name may lead nowhere; the text that was read still holds
            (Frame::File { script, .. }, "SELF") => {
                let known = script.clone();
                self.read(&own_name).unwrap_or(known)
            }
            (_, path) => self.read(path).map_err(|e| e.located(&file.text))?,
        };
        let name = if file.as_str() == "SELF" {
            own_name
        } else {
            file.as_str().to_string()
        };
        let at = match label {
            None => 0,
            Some(label) => {
                let found = find_label(&script, label)?;
                self.frames.truncate(current + 1);
                found + 1
            }
        };
        self.frames[current] = Frame::File { script, at, name };
        Ok(true)
    }

    /// Stops: nothing follows.
    pub fn quit(&mut self) {
        self.frames.clear();
    }
}

fn find_label(script: &Script, label: &Word) -> Result<usize> {
    script.find_label(label.as_str()).ok_or_else(|| {
        ScriptError::new(Reason::LabelMissing(label.as_str().to_string()))
            .suggest(label.as_str(), script.labels())
            .located(&label.text)
    })
}

/// The text with typographic blanks, quotes and dashes as ASCII, as LAMMPS reads them, and without a byte order mark:
/// they come from word processors and web pages.
fn as_ascii(text: &str) -> std::borrow::Cow<'_, str> {
    if text.is_ascii() {
        return text.into();
    }
    let ascii = |c: char| match c {
        '\u{a0}' | '\u{2002}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
        '\u{2018}' | '\u{2019}' | '\u{201b}' => '\'',
        '\u{201c}'..='\u{201f}' => '"',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    };
    let plain = text.strip_prefix('\u{feff}').unwrap_or(text);
    plain.chars().map(ascii).collect::<String>().into()
}

#[cfg(test)]
mod tests;
