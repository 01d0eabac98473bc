//! Execution of one command: substitution, look-up, parsing, call. Knows nothing of the order of commands.

use super::entry::{CommandEntry, Control, Flow, Session};
use super::failure::{Failure, Outcome, of_command, of_script};
use super::items::style_signature;
use super::variables::ScriptVariables;
use crate::engine::Engine;
use crate::error::Error;
use crate::foreign;
use crate::script::{CommandLine, Cursor, Mapped, Word, expand, strip_comment};
use std::cell::RefCell;
use std::rc::Rc;

/// What is shared by all commands of an execution.
pub struct Context {
    /// The table of commands.
    pub commands: &'static [CommandEntry],
    /// The script's variables.
    pub variables: Rc<ScriptVariables>,
    /// Settings that outlive commands.
    pub control: Control,
    /// Where the execution is, and the texts that were read.
    pub cursor: RefCell<Cursor>,
    /// The words of the last command, its name first.
    pub last_words: RefCell<Vec<Word>>,
    /// Failure inside a command that runs commands itself (`run every`).
    nested: RefCell<Option<Box<Failure>>>,
}

impl Context {
    /// Nothing executed yet.
    pub fn new(commands: &'static [CommandEntry], variables: Rc<ScriptVariables>) -> Self {
        Self {
            commands,
            variables,
            control: Control::default(),
            cursor: RefCell::default(),
            last_words: RefCell::default(),
            nested: RefCell::default(),
        }
    }

    /// Substitutes variables in a command (given without its comment) and splits it.
    ///
    /// # Errors
    /// A variable does not exist, a formula or quote is wrong.
    pub fn expand(&self, engine: &mut Engine, command: &Mapped) -> Outcome<CommandLine> {
        self.last_words.borrow_mut().clear();
        let line = expand(
            command,
            self.variables.script(),
            &mut self.variables.bridge(engine),
        );
        let line =
            line.map_err(|e| Box::new(of_script(self.cursor.borrow().sources(), &e, command)))?;
        self.last_words.borrow_mut().clone_from(&line.words);
        Ok(line)
    }

    /// Executes a command after substitution; `command` is the text before it.
    ///
    /// # Errors
    /// Whatever the command says, with its place.
    pub fn call(&self, engine: &mut Engine, line: &CommandLine, command: &Mapped) -> Outcome<Flow> {
        let Some(name) = line.name() else {
            return Ok(Flow::Next);
        };
        self.control.script_error.borrow_mut().take();
        let error = match self.invoke(engine, name, &line.words) {
            Ok(flow) => return Ok(flow),
            Err(e) => e,
        };
        if let Some(inner) = self.nested.borrow_mut().take() {
            return Err(inner);
        }
        let cursor = self.cursor.borrow();
        let script_error = self.control.script_error.borrow_mut().take();
        Err(Box::new(match script_error {
            Some(e) => of_script(cursor.sources(), &e, command),
            None => of_command(cursor.sources(), &error, line, command),
        }))
    }

    fn invoke(&self, engine: &mut Engine, name: &str, words: &[Word]) -> Result<Flow, Error> {
        let entry = self.find(name)?;
        let raw = &words[1..];
        let mut args: Vec<&str> = raw.iter().map(Word::as_str).collect();
        let variants = plain_styles(name, &mut args);
        let parsed = entry.signature.parse(name, &args)?;
        let script = self
            .cursor
            .borrow()
            .file_name()
            .unwrap_or_default()
            .to_string();
        let mut execute = |engine: &mut Engine, text: &str| self.nested(engine, text, words);
        let mut session = Session {
            engine,
            words: &args,
            raw,
            script: &script,
            variables: &self.variables,
            control: &self.control,
            execute: &mut execute,
        };
        if variants {
            session.note(
                "accelerator",
                "argyro has no accelerated variants of styles: the endings /kk, /gpu, /omp, /opt and /intel have no effect",
            );
        }
        let flow = (entry.run)(&mut session, &parsed)?;
        match engine.log.take_failure() {
            Some(f) => Err(Error::run(f).help("is the disk full?")),
            None => Ok(flow),
        }
    }

    /// The table line of a command, if there is one.
    pub fn entry(&self, words: &[Word]) -> Option<&'static CommandEntry> {
        let name = words.first()?.as_str();
        self.commands.iter().find(|c| c.signature.name == name)
    }

    fn find(&self, name: &str) -> Result<&'static CommandEntry, Error> {
        if let Some(entry) = self.commands.iter().find(|c| c.signature.name == name) {
            return Ok(entry);
        }
        let names = self.commands.iter().map(|c| c.signature.name);
        Err(foreign::unknown_command(name, names))
    }

    /// Executes a text that stands in one of `words`; it may not change the control flow.
    fn nested(&self, engine: &mut Engine, text: &str, words: &[Word]) -> Result<(), Error> {
        let result = self.nested_command(engine, &origin(text, words));
        // What the outer command was made of is what a later look at the words should find.
        self.last_words.borrow_mut().clear();
        result.map_err(|failure| {
            let e = Error {
                kind: failure.kind,
                ..Error::input(failure.diagnostic.message.clone())
            };
            self.nested.borrow_mut().replace(failure);
            e
        })
    }

    fn nested_command(&self, engine: &mut Engine, command: &Mapped) -> Outcome<()> {
        let command = strip_comment(command);
        let line = self.expand(engine, &command)?;
        match self.call(engine, &line, &command)? {
            Flow::Next => Ok(()),
            Flow::Commands(list) => list.iter().try_for_each(|c| self.nested_command(engine, c)),
            _ => {
                let text = line.text.as_str().trim();
                let e = Error::input(format!(
                    "'{text}' changes the order of commands and cannot be executed during a run"
                ));
                let cursor = self.cursor.borrow();
                Err(Box::new(of_command(cursor.sources(), &e, &line, &command)))
            }
        }
    }

    /// Shows an input line where `echo` says.
    pub fn echo(&self, engine: &Engine, line: &str) {
        engine.log.line_to(self.control.echo.get().0, line);
    }
}

/// A text with the origin of the word that it was taken from.
fn origin(text: &str, words: &[Word]) -> Mapped {
    let word = words.iter().find(|w| w.as_str() == text);
    word.map_or_else(|| Mapped::plain(text), |w| w.text.clone())
}

/// Removes the endings of accelerator packages from the names of styles; whether there were any.
fn plain_styles(command: &str, args: &mut [&str]) -> bool {
    let hybrid = args.first().is_some_and(|a| a.starts_with("hybrid"));
    // the kind of style, the word that names one, and those that may
    let (kind, named, others) = match command {
        "pair_style" if hybrid => ("pair", 0, 1..args.len()),
        "bond_style" if hybrid => ("bond", 0, 1..args.len()),
        "angle_style" if hybrid => ("angle", 0, 1..args.len()),
        "pair_coeff" => ("pair", usize::MAX, 2..3),
        "bond_coeff" => ("bond", usize::MAX, 1..2),
        "angle_coeff" => ("angle", usize::MAX, 1..2),
        "pair_style" | "bond_style" | "angle_style" | "kspace_style" | "atom_style"
        | "min_style" | "run_style" => ("", 0, 0..0),
        "region" => ("", 1, 0..0),
        "fix" | "compute" | "dump" => ("", 2, 0..0),
        _ => return false,
    };
    let mut found = false;
    for (i, arg) in args.iter_mut().enumerate() {
        let plain = foreign::without_accelerator(arg);
        let style = i == named || (others.contains(&i) && style_signature(kind, plain).is_some());
        if style && plain != *arg {
            *arg = plain;
            found = true;
        }
    }
    found
}
