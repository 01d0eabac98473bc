//! What a command is to the executor.

use super::variables::ScriptVariables;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::io::log::{Log, To};
use crate::script::{Mapped, ScriptError, Word};
use crate::signature::{Args, Signature};
use std::cell::{Cell, RefCell};

/// What the executor does after a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flow {
    /// The next command.
    Next,
    /// `jump`: to where the words of this command say.
    Jump,
    /// The next `jump` is skipped: `next` found its variables exhausted.
    SkipJump,
    /// `include`: the file that the words of this command name.
    Include,
    /// Execute these command texts, then go on (`if`).
    Commands(Vec<Mapped>),
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
    pub echo: Cell<Echo>,
    /// Notes that were given already.
    noted: RefCell<Vec<&'static str>>,
    /// The error of the script language behind the last [`Session::script_error`].
    pub(super) script_error: RefCell<Option<ScriptError>>,
}

/// What a command works on.
pub struct Session<'a> {
    /// The engine.
    pub engine: &'a mut Engine,
    /// The words of the command after substitution, without the command's name (quotes removed).
    pub words: &'a [&'a str],
    /// The same words with their quotes' kinds and their places in the script.
    pub raw: &'a [Word],
    /// Name of the script, for messages only: relative files are relative to the working directory.
    pub script: &'a str,
    /// The script's variables.
    pub variables: &'a ScriptVariables,
    /// Settings of the script's execution.
    pub control: &'a Control,
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
        let mut noted = self.control.noted.borrow_mut();
        if !noted.contains(&key) {
            noted.push(key);
            self.engine.log.line(&format!("NOTE: {text}"));
        }
    }

    /// An error of the script language as the error of this command; its place in the script is kept.
    pub fn script_error(&self, error: ScriptError) -> Error {
        let plain = Error::from(error.clone());
        self.control.script_error.borrow_mut().replace(error);
        plain
    }

    /// Shows input lines where `echo` says.
    pub fn echo(&self, lines: &[String]) {
        let to = self.control.echo.get().0;
        lines.iter().for_each(|l| self.engine.log.line_to(to, l));
    }
}

/// A line of the table of commands.
#[derive(Debug)]
pub struct CommandEntry {
    /// Name, arguments, manual page.
    pub signature: &'static Signature,
    /// Does it.
    pub run: fn(&mut Session<'_>, &Args) -> Result<Flow>,
}
