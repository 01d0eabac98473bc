//! The syntax tree of a script file: its logical lines, their words and what `$` stands for in them.

use super::error::ScriptError;
use super::mapped::Mapped;
use super::source::{FileId, Span};

/// How a word was quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quote {
    /// Not at all.
    Bare,
    /// `'...'`
    Single,
    /// `"..."`
    Double,
    /// `"""..."""`
    Triple,
}

/// A word of a command without its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The text between the quotes, with its origin.
    pub text: Mapped,
    /// The quotes that were removed.
    pub quote: Quote,
    /// Where the word (with quotes) stands in the line that was split.
    pub start: usize,
    /// One past its end.
    pub end: usize,
}

impl Word {
    /// A word made by the program.
    pub fn plain(text: &str) -> Self {
        Self {
            text: Mapped::plain(text),
            quote: Quote::Bare,
            start: 0,
            end: text.len(),
        }
    }

    /// The text between the quotes.
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// Where the text stands in the source.
    pub fn span(&self) -> Option<Span> {
        self.text.whole()
    }
}

/// One `$` in a word, resolved when the command is executed (or by `print`, `if`, ... if it is quoted).
#[derive(Debug, Clone, PartialEq)]
pub struct Substitution {
    /// What it stands for.
    pub what: Subst,
    /// Index of the word in its line.
    pub word: usize,
    /// Where it stands.
    pub span: Option<Span>,
}

/// What a `$` stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Subst {
    /// `$x` or `${name}`: the string of a variable.
    Variable(String),
    /// `$(formula:%format)`: an immediate formula.
    Formula {
        /// The text of the formula.
        text: Mapped,
        /// The printf format, if one is given.
        format: Option<String>,
    },
}

/// A logical line: physical lines joined at `&` and inside triple quotes.
#[derive(Debug, Clone)]
pub struct Line {
    /// The whole line as it is echoed, comment included, trailing blanks removed.
    pub raw: Mapped,
    /// The command: `raw` without its comment.
    pub command: Mapped,
    /// The words before substitution; empty for blank lines.
    pub words: Vec<Word>,
    /// What will be substituted.
    pub substitutions: Vec<Substitution>,
    /// What is wrong with quotes and parentheses; such a line cannot be executed.
    pub errors: Vec<ScriptError>,
    /// Where the line stands, from its first to its last byte.
    pub span: Span,
}

impl Line {
    /// The command name before substitution; `None` for blank lines and comments.
    pub fn name(&self) -> Option<&str> {
        self.words.first().map(Word::as_str)
    }

    /// The words after the name, before substitution.
    pub fn args(&self) -> &[Word] {
        self.words.get(1..).unwrap_or(&[])
    }

    /// X of a line `label X`.
    pub fn label(&self) -> Option<&Word> {
        match self.words.as_slice() {
            [name, label, ..] if name.as_str() == "label" => Some(label),
            _ => None,
        }
    }
}

/// A script file.
#[derive(Debug, Clone)]
pub struct Script {
    /// Its text in the source map.
    pub file: FileId,
    /// All logical lines, blank ones included.
    pub lines: Vec<Line>,
}

impl Script {
    /// Index of the first line `label NAME`.
    pub fn find_label(&self, name: &str) -> Option<usize> {
        self.lines
            .iter()
            .position(|l| l.label().is_some_and(|w| w.as_str() == name))
    }

    /// All labels in order.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.lines
            .iter()
            .filter_map(|l| l.label().map(Word::as_str))
    }

    /// All errors found while parsing.
    pub fn errors(&self) -> impl Iterator<Item = &ScriptError> {
        self.lines.iter().flat_map(|l| &l.errors)
    }

    /// The lines that hold a command.
    pub fn commands(&self) -> impl Iterator<Item = &Line> {
        self.lines
            .iter()
            .filter(|l| !l.words.is_empty() || !l.errors.is_empty())
    }
}
