//! Errors on their way up: what is wrong becomes a diagnostic with a place in a source.

use crate::diag::{Diagnostic, Place};
use crate::error::{Error, ErrorKind};
use crate::script::{CommandLine, Mapped, ScriptError, SourceMap, Span, Word};

/// An error with its place, ready to be shown.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Decides the exit status.
    pub kind: ErrorKind,
    /// What to show.
    pub diagnostic: Diagnostic,
    /// The command as it was executed, for LAMMPS' `Last input line:`.
    pub last_line: String,
}

impl Failure {
    /// An error of the command line or of a file, without a place in a script.
    pub fn input(message: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            kind: ErrorKind::Input,
            diagnostic: Diagnostic::error(message),
            last_line: String::new(),
        })
    }
}

/// Result of the executor.
pub type Outcome<T> = std::result::Result<T, Box<Failure>>;

/// The place of a span.
pub fn place(sources: &SourceMap, span: Span) -> Option<Place> {
    let file = sources.file(span.file)?;
    Some(Place {
        file: file.name.clone(),
        source: file.text.clone(),
        range: span.range(),
    })
}

/// A diagnostic for an error of the script language in `command`.
pub fn of_script(sources: &SourceMap, error: &ScriptError, command: &Mapped) -> Failure {
    let mut d = Diagnostic::error(error.headline());
    let span = error.place().and_then(|p| p.span).or(command.whole());
    d.place = span.and_then(|s| place(sources, s));
    if let Some(p) = error.place() {
        let written = span.map(|s| sources.text(s)).unwrap_or_default();
        let meant = p.text.get(p.range.clone()).unwrap_or_default();
        d.expanded = (meant != written && !p.text.is_empty()).then(|| folded(&p.text));
    }
    for (related, remark) in error.related() {
        let at = related.span.and_then(|s| sources.location(s));
        let at = at.map_or(String::new(), |l| {
            format!(" ({}:{}:{})", l.file, l.line, l.column)
        });
        d.notes.push(format!("{remark}{at}: {}", related.text));
    }
    d.notes.extend(error.notes().iter().cloned());
    d.help = error.advice().map(String::from);
    Failure {
        kind: error.kind(),
        diagnostic: d,
        last_line: command.as_str().trim().to_string(),
    }
}

/// A command with single blanks, unless blanks in quotes count.
fn folded(text: &str) -> String {
    if text.contains(['"', '\'']) {
        return text.trim().to_string();
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// A diagnostic for an error of the command `line`; `command` is its text before substitution.
pub fn of_command(
    sources: &SourceMap,
    error: &Error,
    line: &CommandLine,
    command: &Mapped,
) -> Failure {
    let mut d = Diagnostic::error(error.message.clone());
    // Without a word, the command's name is pointed at
    let word = match error.word {
        Some(w) => line.words.get(w + 1),
        None => line.words.first(),
    };
    let span = word
        .and_then(Word::span)
        .or(line.text.whole())
        .or(command.whole());
    d.place = span.and_then(|s| place(sources, s));
    let after = line.text.as_str().trim();
    if after != command.as_str().trim() {
        d.expanded = Some(folded(after));
    }
    d.notes.clone_from(&error.notes);
    d.help.clone_from(&error.help);
    Failure {
        kind: error.kind,
        diagnostic: d,
        last_line: after.to_string(),
    }
}
