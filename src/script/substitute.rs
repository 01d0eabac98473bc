//! Substitution of `$x`, `${name}` and `$(formula:%format)` when a command is executed.

use super::ast::{Subst, Word};
use super::error::{Reason, Result, ScriptError};
use super::expr::FormulaHost;
use super::mapped::Mapped;
use super::parse::{TemplatePart, split, template};
use super::variables::Variables;
use crate::cformat::{Conversion, format_f64, general};

/// Digits of `$(formula)` without a format.
const IMMEDIATE_DIGITS: usize = 20;

/// A text after substitution.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expanded {
    /// The text; places in it lead back to the source.
    pub text: Mapped,
    /// What LAMMPS echoes: the whole text after each single substitution.
    pub echoes: Vec<String>,
}

/// Substitutes everything that is not inside quotes.
///
/// # Errors
/// A variable does not exist or has no value, a formula is wrong, a brace or quote is not closed.
pub fn substitute(
    text: &Mapped,
    variables: &Variables,
    host: &mut dyn FormulaHost,
) -> Result<Expanded> {
    if !text.as_str().contains(['$', '"', '\'']) {
        return Ok(Expanded {
            text: text.clone(),
            echoes: Vec::new(),
        });
    }
    let mut out = Expanded::default();
    for part in template(text)? {
        match part {
            TemplatePart::Copy(range) => out.text.push(&text.slice(range)),
            TemplatePart::Subst(what, range) => {
                let value = resolve(&what, variables, host).map_err(|e| match &what {
                    // The place inside the immediate formula is the narrower one
                    Subst::Formula { .. } if e.place().is_some() => e,
                    Subst::Variable(name) => {
                        let remark = format!("in the definition of variable '{name}'");
                        e.demoted(&remark).at(range.clone()).located(text)
                    }
                    Subst::Formula { .. } => e.at(range.clone()).located(text),
                })?;
                out.text.push_replaced(&value, text.span(range.clone()));
                let beyond = &text.as_str()[range.end..];
                out.echoes.push(format!("{}{beyond}", out.text));
            }
        }
    }
    Ok(out)
}

fn resolve(what: &Subst, variables: &Variables, host: &mut dyn FormulaHost) -> Result<String> {
    match what {
        Subst::Variable(name) => variables.retrieve(name, host)?.ok_or_else(|| {
            let error = ScriptError::new(Reason::IllegalVariable(name.clone()));
            match variables.style(name) {
                Some(style) => {
                    error.help(format!("a variable of style {style} has no string value"))
                }
                None => error
                    .suggest(name, variables.names().iter().map(String::as_str))
                    .help(format!(
                        "define it before, or give it on the command line: -var {name} VALUE"
                    )),
            }
        }),
        Subst::Formula { text, format } => {
            let value = variables.evaluate_text(text, host)?;
            match format {
                None => Ok(general(IMMEDIATE_DIGITS, value)),
                Some(format) => {
                    let conversion = float_conversion(format)?;
                    Ok(format_f64(&conversion, value))
                }
            }
        }
    }
}

/// A conversion that suits a floating-point number.
pub(super) fn float_conversion(format: &str) -> Result<Conversion> {
    let conversion: Conversion = format.parse()?;
    if conversion.is_float() {
        return Ok(conversion);
    }
    let error = ScriptError::new(Reason::Format(crate::cformat::FormatError::Conversion(
        format.to_string(),
    )));
    Err(error.help("use one of %f, %e, %g, for example %.6g; whole numbers print well with %.0f"))
}

/// A command as it is executed.
#[derive(Debug, Clone, Default)]
pub struct CommandLine {
    /// The words, the command's name first; empty for a blank line.
    pub words: Vec<Word>,
    /// The line after substitution, before its quotes were removed.
    pub text: Mapped,
    /// What LAMMPS echoes below the line itself: the text after each single substitution.
    pub echoes: Vec<String>,
}

impl CommandLine {
    /// The command's name.
    pub fn name(&self) -> Option<&str> {
        self.words.first().map(Word::as_str)
    }

    /// The words after the name.
    pub fn args(&self) -> &[Word] {
        self.words.get(1..).unwrap_or(&[])
    }

    /// The words after the name as plain text.
    pub fn arg_strs(&self) -> Vec<&str> {
        self.args().iter().map(Word::as_str).collect()
    }
}

/// Substitutes in a command line (without its comment) and splits it into words.
///
/// # Errors
/// See [`substitute`] and [`split`].
pub fn expand(
    command: &Mapped,
    variables: &Variables,
    host: &mut dyn FormulaHost,
) -> Result<CommandLine> {
    let Expanded { text, echoes } = substitute(command, variables, host)?;
    Ok(CommandLine {
        words: split(&text)?,
        text,
        echoes,
    })
}

/// The text of a command given as a word (`if ... then "..."`, `run every "..."`): its comment removed.
pub fn strip_comment(text: &Mapped) -> Mapped {
    let mut open: Option<&str> = None;
    let s = text.as_str();
    let mut at = 0;
    while at < s.len() {
        let rest = &s.as_bytes()[at..];
        let quote = ["\"\"\"", "\"", "'"]
            .into_iter()
            .find(|q| rest.starts_with(q.as_bytes()));
        at += match (open, quote) {
            (None, _) if rest[0] == b'#' => return text.slice(0..at),
            (None, Some(q)) => {
                open = Some(q);
                q.len()
            }
            (Some(o), _) if rest.starts_with(o.as_bytes()) => {
                open = None;
                o.len()
            }
            _ => 1,
        };
    }
    text.clone()
}

#[cfg(test)]
mod tests;
