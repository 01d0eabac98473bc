//! What a command is to the executor.

use crate::engine::Engine;
use crate::error::Result;
use crate::io::log::Log;
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

/// What a command works on.
pub struct Session<'a> {
    /// The engine.
    pub engine: &'a mut Engine,
    /// The words of the command after substitution, without the command's name (quotes removed).
    pub words: &'a [&'a str],
    /// Folder of the script, for messages only: relative files are relative to the working directory.
    pub script: &'a str,
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
}

/// A line of the table of commands.
pub struct CommandEntry {
    /// Name, arguments, manual page.
    pub signature: &'static Signature,
    /// Does it.
    pub run: fn(&mut Session<'_>, &Args) -> Result<Flow>,
}
