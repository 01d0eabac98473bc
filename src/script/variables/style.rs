//! Styles of variables.

use super::{Content, Target};
use std::fmt;

/// The style of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Style {
    Index,
    Loop,
    World,
    Universe,
    Uloop,
    String,
    Getenv,
    File,
    AtomFile,
    Format,
    Equal,
    Vector,
    Atom,
    Internal,
    Timer,
}

/// All words that may follow the name in a variable command.
pub(super) const WORDS: &[&str] = &[
    "delete", "index", "loop", "world", "universe", "uloop", "string", "getenv", "file",
    "atomfile", "format", "equal", "vector", "atom", "internal", "timer", "python",
];

impl Style {
    /// Its word in a variable command.
    pub fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Loop => "loop",
            Self::World => "world",
            Self::Universe => "universe",
            Self::Uloop => "uloop",
            Self::String => "string",
            Self::Getenv => "getenv",
            Self::File => "file",
            Self::AtomFile => "atomfile",
            Self::Format => "format",
            Self::Equal => "equal",
            Self::Vector => "vector",
            Self::Atom => "atom",
            Self::Internal => "internal",
            Self::Timer => "timer",
        }
    }

    /// Can stand where an equal-style variable is required.
    pub fn is_equal(self) -> bool {
        matches!(self, Self::Equal | Self::Internal | Self::Timer)
    }

    /// Can stand where an atom-style variable is required.
    pub fn is_atom(self) -> bool {
        matches!(self, Self::Atom | Self::AtomFile)
    }
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Content {
    pub(super) fn style(&self) -> Style {
        match self {
            Self::Index { .. } => Style::Index,
            Self::Loop { .. } => Style::Loop,
            Self::World(_) => Style::World,
            Self::Universe { .. } => Style::Universe,
            Self::Uloop { .. } => Style::Uloop,
            Self::Text(_) => Style::String,
            Self::Getenv(_) => Style::Getenv,
            Self::File(_) => Style::File,
            Self::AtomFile(_) => Style::AtomFile,
            Self::Format { .. } => Style::Format,
            Self::Formula(Target::Equal, _) => Style::Equal,
            Self::Formula(Target::Vector, _) | Self::List(_) => Style::Vector,
            Self::Formula(Target::Atom, _) => Style::Atom,
            Self::Internal(_) => Style::Internal,
            Self::Timer(_) => Style::Timer,
        }
    }
}
