//! Steps through a script: takes the next line, executes it, follows jumps and includes.

use super::context::Context;
use super::entry::{CommandEntry, Flow};
use super::failure::{Failure, Outcome, of_script};
use super::lint::Lints;
use super::variables::ScriptVariables;
use crate::diag::{Diagnostic, Severity};
use crate::engine::Engine;
use crate::error::ErrorKind;
use crate::io::log::Log;
use crate::script::{CommandLine, Fetched, Mapped, Script, ScriptError, Span, Word};
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

/// What became of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A line was executed.
    Line,
    /// The script is at its end (0), or `quit` gave this exit status.
    End(i32),
}

/// An execution of a script.
pub struct Executor {
    context: Context,
    engine: Engine,
    main: Option<Arc<Script>>,
    /// Commands of the command line that also hold after `clear`.
    setup: Vec<String>,
    lints: Lints,
    /// Warnings with their places, for `argyro check`.
    warnings: Vec<Diagnostic>,
    /// Lines that were executed, for `argyro check`.
    executed: HashSet<Span>,
}

impl Executor {
    /// An execution with an empty engine. `dry`: nothing is written and no steps are made (`argyro check`).
    pub fn new(commands: &'static [CommandEntry], log: Log, dry: bool) -> Self {
        let variables = Rc::new(ScriptVariables::new(commands));
        Self {
            engine: Engine::new(log, variables.clone(), dry),
            context: Context::new(commands, variables),
            main: None,
            setup: Vec::new(),
            lints: Lints::default(),
            warnings: Vec::new(),
            executed: HashSet::new(),
        }
    }

    /// What the commands share.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The engine, for tests and for use as a library.
    pub fn engine(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// Screen and log file.
    pub fn log(&self) -> &Log {
        &self.engine.log
    }

    /// The script that was opened.
    pub fn main_script(&self) -> Option<Arc<Script>> {
        self.main.clone()
    }

    /// The words of the last command after substitution, its name first; empty if substitution failed.
    pub fn last_words(&self) -> Vec<Word> {
        self.context.last_words.borrow().clone()
    }

    /// Whether the line at this place was executed.
    pub fn was_executed(&self, line: Option<Span>) -> bool {
        line.is_some_and(|l| self.executed.contains(&l))
    }

    /// The warnings since the last call.
    pub fn take_warnings(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.warnings)
    }

    /// Defines an index-style variable (`-var NAME VALUE ...`).
    ///
    /// # Errors
    /// The name is no name or there is no value.
    pub fn predefine(&self, name: &str, values: &[String]) -> Outcome<()> {
        let variables = self.context.variables.script();
        variables
            .set_index(name, values)
            .map_err(|e| Failure::input(format!("-var {name}: {e}")))
    }

    /// Adds a command that is executed before the script and after every `clear`.
    pub fn add_setup(&mut self, command: String) {
        self.setup.push(command);
    }

    /// Whether runs are only prepared (`-skiprun`).
    pub fn skip_runs(&mut self, skip: bool) {
        self.engine.skip_run = skip;
    }

    /// Takes a file as the script.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open(&mut self, path: &str) -> Outcome<()> {
        let opened = self.context.cursor.borrow_mut().open_file(path);
        self.main = Some(opened.map_err(|e| self.script_failure(&e, &Mapped::default()))?);
        Ok(())
    }

    /// Takes a text as the script.
    ///
    /// # Errors
    /// Too many texts are open.
    pub fn open_text(&mut self, name: &str, text: &str) -> Outcome<()> {
        let opened = self.context.cursor.borrow_mut().open_text(name, text);
        self.main = Some(opened.map_err(|e| self.script_failure(&e, &Mapped::default()))?);
        Ok(())
    }

    /// Executes the script to its end; the exit status of `quit`, or 0.
    ///
    /// # Errors
    /// The first failure of a command.
    pub fn run(&mut self) -> Outcome<i32> {
        self.prepare()?;
        loop {
            if let Step::End(status) = self.step()? {
                return Ok(status);
            }
        }
    }

    /// Executes the set-up commands.
    ///
    /// # Errors
    /// As the commands.
    pub fn prepare(&mut self) -> Outcome<()> {
        for command in self.setup.clone() {
            self.command(&Mapped::plain(command))?;
        }
        Ok(())
    }

    /// Executes the next line.
    ///
    /// # Errors
    /// The line's command failed. Calling again goes on behind it.
    pub fn step(&mut self) -> Outcome<Step> {
        let Some(fetched) = self.context.cursor.borrow_mut().fetch() else {
            return Ok(Step::End(0));
        };
        self.note_line(&fetched);
        let command = match fetched.command() {
            Ok(c) => c,
            Err(e) => {
                self.context.last_words.borrow_mut().clear();
                let raw = fetched
                    .line()
                    .map_or_else(Mapped::default, |l| l.raw.clone());
                return Err(self.script_failure(&e, &raw));
            }
        };
        let status = self.command(&command)?;
        Ok(status.map_or(Step::Line, Step::End))
    }

    /// Shows a line of a file and remembers that it was reached.
    fn note_line(&mut self, fetched: &Fetched) {
        if let Some(line) = fetched.line() {
            self.context.echo(&self.engine, line.raw.as_str());
            if self.engine.dry {
                self.executed.insert(line.span);
            }
        }
    }

    /// Executes a command and does what it asks for; the exit status if it ends the script.
    fn command(&mut self, command: &Mapped) -> Outcome<Option<i32>> {
        let line = self.context.expand(&mut self.engine, command)?;
        for echo in &line.echoes {
            self.context.echo(&self.engine, echo);
        }
        self.look_for_slips(&line, command)?;
        let result = self.context.call(&mut self.engine, &line, command);
        self.collect_warnings(&line, command);
        let flow = result.map_err(|mut failure| {
            self.lints.relocate(&mut failure, &line.words);
            failure
        })?;
        let cursor = self.context.cursor.borrow();
        self.lints.executed(&line.words, cursor.sources());
        drop(cursor);
        self.perform(flow, &line, command)
    }

    fn perform(
        &mut self,
        flow: Flow,
        line: &CommandLine,
        command: &Mapped,
    ) -> Outcome<Option<i32>> {
        let mut cursor = self.context.cursor.borrow_mut();
        let result: Result<(), ScriptError> = match flow {
            Flow::Next => Ok(()),
            Flow::Jump => cursor.jump(line.args()).map(|_| ()),
            Flow::SkipJump => {
                cursor.skip_next_jump();
                Ok(())
            }
            Flow::Include => line
                .args()
                .first()
                .map_or(Ok(()), |w| cursor.include(w).map(|_| ())),
            Flow::Commands(list) => cursor.push_commands(list),
            Flow::Clear => {
                drop(cursor);
                self.clear();
                return self.prepare().map(|()| None);
            }
            Flow::Quit(status) => {
                cursor.quit();
                return Ok(Some(status));
            }
        };
        drop(cursor);
        result
            .map(|()| None)
            .map_err(|e| self.script_failure(&e, command))
    }

    /// A new engine with the same log, variables and switches.
    fn clear(&mut self) {
        let old = &self.engine;
        let mut engine = Engine::new(old.log.clone(), self.context.variables.clone(), old.dry);
        engine.skip_run = old.skip_run;
        self.engine = engine;
        self.context.variables.script().clear();
    }

    /// Warns of slips that show when a run begins; stops at those that would make it worthless.
    fn look_for_slips(&mut self, line: &CommandLine, command: &Mapped) -> Outcome<()> {
        let mut fatal = None;
        for slip in self
            .lints
            .before_run(&line.words, &self.engine, &self.context)
        {
            let mut d = Diagnostic::warning(slip.message).help(slip.help);
            d.place = slip.place;
            if slip.fatal {
                d.severity = Severity::Error;
                fatal.get_or_insert(d);
            } else {
                self.engine.log.line(&d.one_line());
                self.warnings.push(d);
            }
        }
        match fatal {
            None => Ok(()),
            Some(diagnostic) => Err(Box::new(Failure {
                kind: ErrorKind::Input,
                diagnostic,
                last_line: command.as_str().trim().to_string(),
            })),
        }
    }

    /// Gives the warnings of a command its place.
    fn collect_warnings(&mut self, line: &CommandLine, command: &Mapped) {
        let warnings = self.engine.log.take_warnings();
        if !self.engine.dry {
            return;
        }
        let cursor = self.context.cursor.borrow();
        for w in warnings {
            let mut d = Diagnostic::warning(w);
            let span = line.words.first().and_then(Word::span).or(command.whole());
            d.place = span.and_then(|s| super::failure::place(cursor.sources(), s));
            self.warnings.push(d);
        }
    }

    fn script_failure(&self, error: &ScriptError, command: &Mapped) -> Box<Failure> {
        let cursor = self.context.cursor.borrow();
        Box::new(of_script(cursor.sources(), error, command))
    }
}
