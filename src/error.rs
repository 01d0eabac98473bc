//! The error type of everything below the script layer.
//!
//! Styles and the engine know no spans: an error may point at one word of the command that caused
//! it, and the executor turns that into a place in the script. Imports nothing.

use std::fmt;

/// Result of styles, commands and the engine.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, which decides the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The script, its data or its model is wrong: exit status 1.
    Input,
    /// The simulation failed (lost atoms, non-finite forces, disk full): exit status 2.
    Run,
    /// Stopped by a signal or a time limit, with a restart file written: exit status 3.
    Stopped,
}

/// An error of a style, a command or the engine.
#[derive(Debug, Clone)]
pub struct Error {
    /// Decides the exit status.
    pub kind: ErrorKind,
    /// One sentence that names the offending word; LAMMPS' wording where that is well known.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Index of the offending word after the command name (0 = first argument).
    pub word: Option<usize>,
    /// Column span inside the word, if narrower than the whole.
    pub notes: Vec<String>,
}

impl Error {
    /// The script, its data or its model is wrong.
    pub fn input(message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::Input,
            message: message.into(),
            help: None,
            word: None,
            notes: Vec::new(),
        }
    }

    /// The simulation failed.
    pub fn run(message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::Run,
            ..Self::input(message)
        }
    }

    /// Stopped from outside with a restart file written.
    pub fn stopped(message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::Stopped,
            ..Self::input(message)
        }
    }

    /// Adds advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Points at argument `index` of the command (0 = first word after the command name).
    #[must_use]
    pub fn at(mut self, index: usize) -> Self {
        self.word = Some(index);
        self
    }

    /// Points at argument `index` unless the error already points somewhere.
    #[must_use]
    pub fn or_at(mut self, index: usize) -> Self {
        self.word.get_or_insert(index);
        self
    }

    /// Shifts the word that is pointed at, when a style saw only the tail of a command.
    #[must_use]
    pub fn shifted(mut self, by: usize) -> Self {
        self.word = self.word.map(|w| w + by);
        self
    }

    /// Adds a line of further facts.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds advice naming the nearest of `known` words, or lists them if none is near.
    #[must_use]
    pub fn suggest<'a>(self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        match nearest(word, known.iter().copied()) {
            Some(k) => self.help(format!("did you mean '{k}'?")),
            None if !known.is_empty() && known.len() <= 16 => {
                self.help(format!("known here: {}", known.join(", ")))
            }
            None => self,
        }
    }
}

/// The known word that is nearest to `word`, if any is near enough to be a slip of the keyboard.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|k| {
            (
                strsim::damerau_levenshtein(&word.to_lowercase(), &k.to_lowercase()),
                k,
            )
        })
        .filter(|&(d, _)| d <= limit)
        .min_by_key(|&(d, _)| d)
        .map(|(_, k)| k)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for n in &self.notes {
            write!(f, "; {n}")?;
        }
        if let Some(h) = &self.help {
            write!(f, " ({h})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Files that cannot be read or written are the user's to mend.
impl From<anyhow::Error> for Error {
    fn from(e: anyhow::Error) -> Self {
        Self::input(format!("{e:#}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_a_slip_of_the_keyboard_away() {
        assert_eq!(
            nearest("neigbor", ["neighbor", "neigh_modify"]),
            Some("neighbor")
        );
        assert_eq!(nearest("lj/cuut", ["lj/cut", "zbl"]), Some("lj/cut"));
        assert_eq!(nearest("reaxff", ["lj/cut", "zbl"]), None);
    }
}
