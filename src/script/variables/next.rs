//! The `next` command and the `next()` function.

use super::{Content, Style, Variables};
use crate::script::ast::Word;
use crate::script::error::{Result, ScriptError};
use crate::script::expr::{FormulaHost, Target, Value};
use crate::script::flow::parse_number;
use std::sync::Arc;

/// What `next` did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Advance {
    /// A variable had no further value and was deleted: the next `jump` is skipped.
    pub exhausted: bool,
    /// A line for the screen and the log (universe- and uloop-style variables).
    pub message: Option<String>,
}

impl Content {
    /// Goes to the next value; false if there is none.
    fn advance(&mut self, shared: usize) -> bool {
        match self {
            Self::Index { values, at } => {
                *at += 1;
                *at < values.len()
            }
            Self::Loop { last, current, .. } => {
                *current += 1;
                *current <= *last
            }
            Self::Universe { values, at } => {
                *at = shared;
                *at < values.len()
            }
            Self::Uloop { last, at, .. } => {
                *at = shared;
                *at < *last
            }
            Self::File(lines) => lines.advance(),
            Self::AtomFile(sets) => Arc::make_mut(sets).advance(),
            _ => true,
        }
    }
}

impl Variables {
    /// Executes `next NAME...`.
    ///
    /// # Errors
    /// A variable does not exist, has a style that cannot be advanced, or the styles differ.
    pub fn next(&self, names: &[Word]) -> Result<Advance> {
        let Some(first) = names.first() else {
            return Err(ScriptError::usage(
                "next",
                "missing argument(s): expected names of variables",
            ));
        };
        let style = self.checked_style(first)?;
        let shared = matches!(style, Style::Universe | Style::Uloop);
        for name in names {
            let other = self.checked_style(name)?;
            let pair = shared && matches!(other, Style::Universe | Style::Uloop);
            if other != style && !pair {
                return Err(ScriptError::variable(
                    "All variables in next command must have same style",
                )
                .located(&name.text));
            }
        }
        if shared {
            self.check_all_listed(names)?;
        }
        let mut advance = Advance::default();
        let value = if shared { self.partition().take() } else { 0 };
        if shared {
            let world = self.partition().world();
            advance.message = Some(format!(
                "Increment via next: value {} on partition {world}",
                value + 1
            ));
        }
        for name in names {
            advance.exhausted |= !self.advance(name.as_str(), value);
        }
        Ok(advance)
    }

    fn checked_style(&self, name: &Word) -> Result<Style> {
        let known = self.names();
        let Some(style) = self.style(name.as_str()) else {
            let error = ScriptError::variable(format!(
                "Invalid variable '{}' in next command",
                name.as_str()
            ));
            return Err(error
                .suggest(name.as_str(), known.iter().map(String::as_str))
                .located(&name.text));
        };
        if style.is_fixed() {
            let message = format!(
                "Variable {} has invalid style {style} for next command",
                name.as_str()
            );
            return Err(ScriptError::variable(message).located(&name.text));
        }
        Ok(style)
    }

    fn check_all_listed(&self, names: &[Word]) -> Result<()> {
        for name in self.names() {
            let shared = matches!(self.style(&name), Some(Style::Universe | Style::Uloop));
            if shared && !names.iter().any(|w| w.as_str() == name) {
                return Err(ScriptError::variable(format!(
                    "Next command must list all universe and uloop variables: {name} is missing"
                )));
            }
        }
        Ok(())
    }

    /// Advances one variable; deletes it and gives false if it has no further value.
    fn advance(&self, name: &str, shared: usize) -> bool {
        let mut table = self.table.borrow_mut();
        let more = table
            .get_mut(name)
            .is_some_and(|e| e.content.advance(shared));
        if !more {
            table.shift_remove(name);
        }
        more
    }

    /// `next(name)` in a formula: the present value of a file variable, which is then advanced.
    pub(in crate::script) fn next_in_formula(
        &self,
        name: &str,
        target: Target,
        host: &mut dyn FormulaHost,
    ) -> Result<Value> {
        let value = match self.content(name) {
            Some(Content::File(lines)) => {
                let text = lines.current();
                let number = parse_number(text).ok_or_else(|| {
                    ScriptError::formula(format!(
                        "Non-numeric value '{text}' of file variable {name} in variable formula"
                    ))
                })?;
                Value::Scalar(number)
            }
            Some(Content::AtomFile(_)) if target == Target::Atom => {
                self.in_formula(name, None, target, None, host)?
            }
            Some(_) => {
                return Err(ScriptError::formula(format!(
                    "Invalid variable style in special function next: {name} must have style file (or atomfile in an atom-style formula)"
                )));
            }
            None => {
                return Err(ScriptError::formula(format!(
                    "Variable ID '{name}' in variable formula does not exist"
                )));
            }
        };
        self.advance(name, 0);
        Ok(value)
    }
}
