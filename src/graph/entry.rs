//! What a command is to the executor.

use crate::engine::Engine;
use crate::error::Result;
use crate::io::log::{Log, To};
use crate::signature::{Args, Signature};

/// What the executor does after a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flow {
    /// The next command.
    Next,
    /// `jump FILE [LABEL]`; `SELF` is the present file.
    Jump {
        /// File or `SELF`.
        file: String,
        /// Label to go to.
        label: Option<String>,
    },
    /// `include FILE`
    Include(String),
    /// Execute these command texts, then go on (`if`, `run every`).
    Commands(Vec<String>),
    /// `clear`: the engine is made anew, variables stay.
    Clear,
    /// `quit [status]`
    Quit(i32),
}

/// Where input lines are shown (`echo`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Echo(pub To);

impl Echo {
    /// The setting of this name: none, screen, log or both.
    pub fn named(name: &str) -> Option<Self> {
        let (screen, log) = match name {
            "none" => (false, false),
            "screen" => (true, false),
            "log" => (false, true),
            "both" => (true, true),
            _ => return None,
        };
        Some(Self(To { screen, log }))
    }
}

impl Default for Echo {
    fn default() -> Self {
        Self(To::LOG)
    }
}

/// Settings of the script's execution that outlive a command and `clear`.
#[derive(Debug, Default)]
pub struct Control {
    /// Where input lines are shown.
    pub echo: Echo,
    /// The next `jump` is skipped: `next` found its variables exhausted.
    pub skip_jump: bool,
    /// `shell putenv` settings for later shell commands and getenv-style variables.
    pub environment: Vec<(String, String)>,
    /// Notes that were given already.
    noted: Vec<&'static str>,
}

/// What a command works on.
pub struct Session<'a> {
    /// The engine.
    pub engine: &'a mut Engine,
    /// The words of the command after substitution, without the command's name (quotes removed).
    pub words: &'a [&'a str],
    /// Name of the script, for messages only: relative files are relative to the working directory.
    pub script: &'a str,
    /// Settings of the script's execution.
    pub control: &'a mut Control,
    /// Runs further command texts at once (`run every`); they may not change the control flow.
    pub execute: &'a mut dyn FnMut(&mut Engine, &str) -> Result<()>,
}

impl Session<'_> {
    /// Screen and log file.
    pub fn log(&self) -> &Log {
        &self.engine.log
    }

    /// Whether nothing may be written and nothing run (`argyro check`).
    pub fn dry(&self) -> bool {
        self.engine.dry
    }

    /// Writes `text` to screen and log unless a note with this key was given before.
    pub fn note(&mut self, key: &'static str, text: &str) {
        if !self.control.noted.contains(&key) {
            self.control.noted.push(key);
            self.engine.log.line(&format!("NOTE: {text}"));
        }
    }
}

/// A line of the table of commands.
pub struct CommandEntry {
    /// Name, arguments, manual page.
    pub signature: &'static Signature,
    /// Does it.
    pub run: fn(&mut Session<'_>, &Args) -> Result<Flow>,
}
