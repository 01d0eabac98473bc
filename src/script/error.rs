//! Errors of the script language, with their place in the source and in the expanded text.

use super::mapped::Mapped;
use super::source::Span;
use crate::cformat::FormatError;
use crate::error::{Error, ErrorKind, nearest};
use std::fmt;
use std::ops::Range;

/// Result of everything in `script`.
pub type Result<T> = std::result::Result<T, ScriptError>;

/// What is wrong. The wording is LAMMPS' where it has one.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Reason {
    /// A quote is never closed.
    #[error("Unmatched {0} quote in command")]
    UnmatchedQuote(&'static str),
    /// `"a"b`
    #[error("Input line quote not followed by white-space")]
    GluedQuote,
    /// `${x}` without a variable x that has a value.
    #[error("Substitution for illegal variable {0}")]
    IllegalVariable(String),
    /// `${x` is never closed.
    #[error("Invalid variable name: '${{' without '}}'")]
    OpenBrace,
    /// `$(x` is never closed.
    #[error("Invalid immediate variable: '$(' without ')'")]
    OpenImmediate,
    /// `$(x:%q)`
    #[error(transparent)]
    Format(#[from] FormatError),
    /// Parentheses nested beyond any use.
    #[error("parentheses nested more than {0} deep")]
    TooDeep(usize),
    /// A formula cannot be read.
    #[error("Invalid syntax in variable formula: {0}")]
    FormulaSyntax(String),
    /// A formula cannot be evaluated.
    #[error("{0}")]
    Formula(String),
    /// A condition cannot be read.
    #[error("Invalid Boolean syntax in if command: {0}")]
    BooleanSyntax(String),
    /// A condition cannot be evaluated.
    #[error("If command boolean {0}")]
    Boolean(String),
    /// A command of the language got wrong words.
    #[error("Illegal {command} command: {problem}")]
    Usage {
        /// The command.
        command: &'static str,
        /// What is wrong with its words.
        problem: String,
    },
    /// The variable command.
    #[error("{0}")]
    Variable(String),
    /// A label does not exist.
    #[error("Label wasn't found in input script: {0}")]
    LabelMissing(String),
    /// A script cannot be read.
    #[error("Cannot open input script {path}: {cause}")]
    Open {
        /// File name as given.
        path: String,
        /// What the operating system says.
        cause: String,
    },
    /// `include` in a circle.
    #[error("Too many nested levels of input scripts: more than {0}")]
    TooManyFiles(usize),
    /// Something below the script language.
    #[error("{}", .0.message)]
    Host(Error),
}

/// Where an error is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Bytes of the source, if the text has one.
    pub span: Option<Span>,
    /// The text as it was when the error was found (after substitution).
    pub text: String,
    /// The offending bytes of `text`.
    pub range: Range<usize>,
}

impl Place {
    /// A range of a text.
    pub fn new(text: &Mapped, range: Range<usize>) -> Self {
        let end = range.end.min(text.len());
        let range = range.start.min(end)..end;
        Self {
            span: text.span(range.clone()),
            text: text.as_str().to_string(),
            range,
        }
    }
}

#[derive(Debug, Clone)]
struct Inner {
    reason: Reason,
    range: Option<Range<usize>>,
    variable: Option<String>,
    place: Option<Place>,
    related: Vec<(Place, String)>,
    notes: Vec<String>,
    help: Option<String>,
}

/// An error of the script language.
#[derive(Debug, Clone)]
pub struct ScriptError(Box<Inner>);

impl ScriptError {
    /// An error without a place yet.
    pub fn new(reason: Reason) -> Self {
        Self(Box::new(Inner {
            reason,
            range: None,
            variable: None,
            place: None,
            related: Vec::new(),
            notes: Vec::new(),
            help: None,
        }))
    }

    /// A formula that cannot be evaluated.
    pub fn formula(message: impl Into<String>) -> Self {
        Self::new(Reason::Formula(message.into()))
    }

    /// A wrong variable command or an unsuitable variable.
    pub fn variable(message: impl Into<String>) -> Self {
        Self::new(Reason::Variable(message.into()))
    }

    /// Wrong words after a command of the language.
    pub fn usage(command: &'static str, problem: impl Into<String>) -> Self {
        let problem = problem.into();
        Self::new(Reason::Usage { command, problem })
    }

    /// Adds advice, unless there is some.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help.get_or_insert_with(|| help.into());
        self
    }

    /// Advises the nearest of `known` words, if one is near.
    #[must_use]
    pub fn suggest<'a>(self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(word, known) {
            Some(k) => self.help(format!("did you mean '{k}'?")),
            None => self,
        }
    }

    /// Says which bytes are meant, before the text around them is known; the innermost wins.
    #[must_use]
    pub fn at(mut self, range: Range<usize>) -> Self {
        if self.0.place.is_none() {
            self.0.range.get_or_insert(range);
        }
        self
    }

    /// Names the variable in whose formula it happened; the innermost wins.
    #[must_use]
    pub fn in_variable(mut self, name: &str) -> Self {
        self.0.variable.get_or_insert_with(|| name.to_string());
        self
    }

    /// Moves the bytes that are meant, when the text is a part of a longer one.
    #[must_use]
    pub fn shifted(mut self, by: usize) -> Self {
        if let Some(r) = &mut self.0.range {
            *r = r.start + by..r.end + by;
        }
        self
    }

    /// Gives the text in which [`ScriptError::at`] counts, unless the place is known.
    #[must_use]
    pub fn located(mut self, text: &Mapped) -> Self {
        if self.0.place.is_none() {
            let range = self.0.range.take().unwrap_or(0..text.len());
            self.0.place = Some(Place::new(text, range));
        }
        self
    }

    /// Marks the place so far as related, so that the caller's place can be set.
    #[must_use]
    pub fn demoted(mut self, remark: &str) -> Self {
        if let Some(inner) = self.0.place.take() {
            self.0.related.push((inner, remark.to_string()));
        }
        self.0.range = None;
        self
    }

    /// The bytes set by [`ScriptError::at`] that have no text yet.
    pub(super) fn range(&self) -> Option<Range<usize>> {
        self.0.range.clone()
    }

    /// What is wrong.
    pub fn reason(&self) -> &Reason {
        &self.0.reason
    }

    /// Where.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// Further places (definitions of variables), innermost first, with remarks.
    pub fn related(&self) -> &[(Place, String)] {
        &self.0.related
    }

    /// Further facts.
    pub fn notes(&self) -> &[String] {
        &self.0.notes
    }

    /// What to do about it.
    pub fn advice(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// Decides the exit status.
    pub fn kind(&self) -> ErrorKind {
        match &self.0.reason {
            Reason::Host(e) => e.kind,
            _ => ErrorKind::Input,
        }
    }
}

impl ScriptError {
    /// The sentence without notes: `Variable x: ...` where a variable was evaluated.
    pub fn headline(&self) -> String {
        match &self.0.variable {
            Some(name) => format!("Variable {name}: {}", self.0.reason),
            None => self.0.reason.to_string(),
        }
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline())?;
        self.0.notes.iter().try_for_each(|n| write!(f, "; {n}"))
    }
}

impl std::error::Error for ScriptError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.0.reason)
    }
}

impl From<Reason> for ScriptError {
    fn from(reason: Reason) -> Self {
        Self::new(reason)
    }
}

impl From<FormatError> for ScriptError {
    fn from(e: FormatError) -> Self {
        Self::new(Reason::Format(e))
    }
}

impl From<Error> for ScriptError {
    fn from(mut e: Error) -> Self {
        let help = e.help.take();
        let notes = std::mem::take(&mut e.notes);
        let mut error = Self::new(Reason::Host(e));
        error.0.help = help;
        error.0.notes = notes;
        error
    }
}

/// For code below the script layer (a compute that evaluates a variable): the place is lost.
impl From<ScriptError> for Error {
    fn from(e: ScriptError) -> Self {
        let notes = e.0.notes.clone();
        let kind = e.kind();
        let bare = ScriptError(Box::new(Inner {
            notes: Vec::new(),
            ..*e.0.clone()
        }));
        let mut error = Self::input(bare.to_string());
        error.kind = kind;
        error.help = e.0.help;
        error.notes = notes;
        error
    }
}
