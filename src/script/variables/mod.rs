//! Variables of all styles.
//!
//! [`Variables`] works behind `&self`: while a formula is evaluated, the host may compute things that
//! evaluate further variables. No borrow is held while a formula or the host runs.

mod define;
mod file;
mod next;
mod partition;
mod style;
mod value;

pub use define::Defined;
pub use next::Advance;
pub use partition::Partition;
pub use style::Style;

use super::error::{Result, ScriptError};
use super::expr::{Formula, Streams, Target};
use super::mapped::Mapped;
use super::source::Span;
use crate::cformat::Conversion;
use file::{AtomSets, ValueLines};
use indexmap::IndexMap;
use std::cell::{RefCell, RefMut};
use std::sync::Arc;
use std::time::Instant;

/// A formula that was parsed when it was defined; its error, if it has one, comes up when it is used.
#[derive(Debug)]
struct Body {
    text: Mapped,
    parsed: Result<Formula>,
}

impl Body {
    fn new(text: &Mapped) -> Self {
        Self {
            text: text.clone(),
            parsed: Formula::parse(text.as_str()).map_err(|e| e.located(text)),
        }
    }
}

/// What a variable holds.
#[derive(Debug, Clone)]
enum Content {
    Index {
        values: Vec<String>,
        at: usize,
    },
    Loop {
        last: i64,
        current: i64,
        width: usize,
    },
    World(String),
    Universe {
        values: Vec<String>,
        at: usize,
    },
    Uloop {
        last: usize,
        at: usize,
        width: usize,
    },
    Text(String),
    Getenv(String),
    File(ValueLines),
    AtomFile(Arc<AtomSets>),
    Format {
        of: String,
        conversion: Conversion,
    },
    Formula(Target, Arc<Body>),
    List(Arc<Vec<f64>>),
    Internal(f64),
    Timer(f64),
}

#[derive(Debug, Clone)]
struct Entry {
    content: Content,
    defined: Option<Span>,
}

/// All variables of a session.
#[derive(Debug)]
pub struct Variables {
    table: RefCell<IndexMap<String, Entry>>,
    /// Names of the variables that are being evaluated, the outermost first.
    active: RefCell<Vec<String>>,
    streams: RefCell<Streams>,
    partition: Partition,
    started: Instant,
    /// Environment variables that the script has set (`shell putenv`), the last setting of a name counts.
    environment: RefCell<Vec<(String, String)>>,
}

impl Default for Variables {
    fn default() -> Self {
        Self::new(Partition::default())
    }
}

impl Variables {
    /// No variables yet; `partition` says which world this is.
    pub fn new(partition: Partition) -> Self {
        Self {
            table: RefCell::default(),
            active: RefCell::default(),
            streams: RefCell::default(),
            partition,
            started: Instant::now(),
            environment: RefCell::default(),
        }
    }

    /// The style of a variable; `None` if there is no such variable.
    pub fn style(&self, name: &str) -> Option<Style> {
        self.table.borrow().get(name).map(|e| e.content.style())
    }

    /// All names in the order of definition.
    pub fn names(&self) -> Vec<String> {
        self.table.borrow().keys().cloned().collect()
    }

    /// Where a variable was defined.
    pub fn definition(&self, name: &str) -> Option<Span> {
        self.table.borrow().get(name).and_then(|e| e.defined)
    }

    /// The text of the formula of an equal-, vector- or atom-style variable.
    pub fn formula(&self, name: &str) -> Option<String> {
        match &self.table.borrow().get(name)?.content {
            Content::Formula(_, body) => Some(body.text.as_str().to_string()),
            _ => None,
        }
    }

    /// Defines an index-style variable (`-var NAME VALUE...`); an existing one stays as it is.
    ///
    /// # Errors
    /// The name is not made of letters, digits and underscores, or there is no value.
    pub fn set_index(&self, name: &str, values: &[String]) -> Result<()> {
        define::check_name(name)?;
        if values.is_empty() {
            return Err(ScriptError::usage(
                "variable",
                format!("missing argument(s): a value of {name} is expected"),
            ));
        }
        let values = values.to_vec();
        self.insert_new(name, Content::Index { values, at: 0 }, None);
        Ok(())
    }

    /// Sets an internal-style variable, which is made if it does not exist.
    ///
    /// # Errors
    /// The variable exists with another style.
    pub fn set_internal(&self, name: &str, value: f64) -> Result<()> {
        self.replace(name, Content::Internal(value), None)
    }

    /// Removes a variable; nothing happens if there is none.
    pub fn delete(&self, name: &str) {
        self.table.borrow_mut().shift_remove(name);
    }

    /// The `clear` command: variables stay, except those of style atomfile.
    pub fn clear(&self) {
        self.table
            .borrow_mut()
            .retain(|_, e| !matches!(e.content, Content::AtomFile(_)));
    }

    /// Sets an environment variable for getenv-style variables and shell commands of this script; that of the
    /// process stays as it is, since other threads may read it.
    pub fn put_environment(&self, name: &str, value: &str) {
        let mut all = self.environment.borrow_mut();
        all.push((name.to_string(), value.to_string()));
    }

    /// What the script has set, in the order of the settings.
    pub fn environment(&self) -> Vec<(String, String)> {
        self.environment.borrow().clone()
    }

    /// The value of an environment variable; empty if there is none.
    fn environment_variable(&self, name: &str) -> String {
        let own = self.environment.borrow();
        match own.iter().rev().find(|(n, _)| n == name) {
            Some((_, value)) => value.clone(),
            None => std::env::var(name).unwrap_or_default(),
        }
    }

    /// Which world this is.
    pub fn partition(&self) -> &Partition {
        &self.partition
    }

    pub(super) fn streams(&self) -> RefMut<'_, Streams> {
        self.streams.borrow_mut()
    }

    fn content(&self, name: &str) -> Option<Content> {
        self.table.borrow().get(name).map(|e| e.content.clone())
    }

    fn insert_new(&self, name: &str, content: Content, defined: Option<Span>) {
        let entry = Entry { content, defined };
        self.table
            .borrow_mut()
            .entry(name.to_string())
            .or_insert(entry);
    }

    /// Defines or redefines a variable that keeps its style.
    fn replace(&self, name: &str, content: Content, defined: Option<Span>) -> Result<()> {
        let style = content.style();
        if let Some(old) = self.style(name).filter(|&s| s != style) {
            return Err(ScriptError::variable(format!(
                "Cannot redefine variable {name} with a different style"
            ))
            .help(format!(
                "it has style {old}; remove it first: variable {name} delete"
            )));
        }
        self.table
            .borrow_mut()
            .insert(name.to_string(), Entry { content, defined });
        Ok(())
    }

    /// Seconds since the session began.
    fn wall_time(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}

#[cfg(test)]
mod tests;
