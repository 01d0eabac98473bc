//! The `variable` command.

use super::file::{AtomSets, ValueLines};
use super::style::WORDS;
use super::{Body, Content, Style, Variables};
use crate::script::ast::Word;
use crate::script::error::{Result, ScriptError};
use crate::script::expr::{FormulaHost, Target, is_vector_list, parse_vector_list};
use crate::script::flow::parse_number;
use crate::script::source::Span;
use crate::script::substitute::{float_conversion, substitute};
use std::sync::Arc;

/// What the `variable` command has to tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Defined {
    /// Lines to be echoed (string-style variables substitute in their text).
    pub echoes: Vec<String>,
    /// Something that LAMMPS accepts in silence and that is probably not meant.
    pub warning: Option<String>,
}

pub(super) fn check_name(name: &str) -> Result<()> {
    if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Ok(());
    }
    Err(ScriptError::variable(format!(
        "Variable name '{name}' must have only letters, numbers, or underscores"
    )))
}

/// The words of a `variable` command, with errors that point at them.
struct Args<'a> {
    style: &'a str,
    words: &'a [Word],
}

impl<'a> Args<'a> {
    fn wrong(&self, i: usize, error: ScriptError) -> ScriptError {
        match self.words.get(i) {
            Some(w) => error.located(&w.text),
            None => error,
        }
    }

    fn one(&self) -> Result<&'a Word> {
        self.words.first().ok_or_else(|| {
            ScriptError::usage(
                "variable",
                format!("missing argument(s): style {} needs one", self.style),
            )
        })
    }

    /// LAMMPS ignores further words: mostly a formula whose quotes were forgotten.
    fn surplus(&self, most: usize) -> Option<String> {
        let extra = self.words.get(most..).filter(|w| !w.is_empty())?;
        let extra: Vec<&str> = extra.iter().map(Word::as_str).collect();
        Some(format!(
            "variable command: '{}' is ignored; put a formula with blanks into quotes",
            extra.join(" ")
        ))
    }

    fn integer(&self, i: usize) -> Result<i64> {
        let Some(word) = self.words.get(i) else {
            return Err(ScriptError::usage(
                "variable",
                "missing argument(s): a number is expected",
            ));
        };
        word.as_str().parse().map_err(|_| {
            let message = format!(
                "Expected integer parameter instead of '{}' in input script or data file",
                word.as_str()
            );
            self.wrong(i, ScriptError::variable(message))
        })
    }

    /// Removes a trailing `pad`.
    fn padded(&self) -> (Self, bool) {
        match self.words.split_last() {
            Some((last, rest)) if last.as_str() == "pad" => (
                Self {
                    words: rest,
                    ..*self
                },
                true,
            ),
            _ => (Self { ..*self }, false),
        }
    }

    fn strings(&self) -> Result<Vec<String>> {
        self.one()?;
        Ok(self.words.iter().map(|w| w.as_str().to_string()).collect())
    }
}

impl Variables {
    /// Executes `variable NAME STYLE ARGS...`; `args` are the words after `variable`.
    ///
    /// index, loop, world, universe, uloop, file and atomfile are ignored where the variable exists (so that
    /// loops can pass the line again and `-var` overrides it); the other styles are redefined.
    ///
    /// # Errors
    /// Unknown style, unsuitable arguments, a file that cannot be read, redefinition with another style.
    pub fn define(&self, args: &[Word], host: &mut dyn FormulaHost) -> Result<Defined> {
        let [name, style, words @ ..] = args else {
            return Err(ScriptError::usage(
                "variable",
                "missing argument(s): expected a name and a style",
            ));
        };
        check_name(name.as_str()).map_err(|e| e.located(&name.text))?;
        let span = name
            .span()
            .zip(args.last().and_then(Word::span))
            .map(|(a, b)| a.to(b));
        let args = Args {
            style: style.as_str(),
            words,
        };
        self.define_style(name.as_str(), &args, span, host)
            .map_err(|e| {
                let known = WORDS.contains(&args.style);
                if known {
                    e.located(&name.text)
                } else {
                    e.located(&style.text)
                }
            })
    }

    fn define_style(
        &self,
        name: &str,
        args: &Args,
        span: Option<Span>,
        host: &mut dyn FormulaHost,
    ) -> Result<Defined> {
        let exists = self.style(name).is_some();
        let mut defined = Defined::default();
        match args.style {
            "delete" => {
                self.delete(name);
                defined.warning = args.surplus(0);
            }
            "index" | "loop" | "world" | "universe" | "uloop" | "file" | "atomfile" => {
                args.one()?;
                if !exists {
                    self.insert_new(name, self.first_definition(args)?, span);
                }
            }
            "string" => {
                let expanded = substitute(&args.one()?.text, self, host)?;
                defined.echoes = expanded.echoes;
                self.replace(
                    name,
                    Content::Text(expanded.text.as_str().to_string()),
                    span,
                )?;
                if let Some(surplus) = args.words.get(1) {
                    let error = ScriptError::usage(
                        "variable",
                        format!("expected 3 arguments but found {}", args.words.len() + 2),
                    );
                    return Err(error
                        .help("put a string with blanks into quotes")
                        .located(&surplus.text));
                }
            }
            "getenv" => {
                self.replace(
                    name,
                    Content::Getenv(args.one()?.as_str().to_string()),
                    span,
                )?;
                defined.warning = args.surplus(1);
            }
            "format" => self.replace(name, self.format_content(name, args)?, span)?,
            "equal" | "atom" => {
                let target = if args.style == "equal" {
                    Target::Equal
                } else {
                    Target::Atom
                };
                let body = Body::new(&args.one()?.text);
                self.replace(name, Content::Formula(target, Arc::new(body)), span)?;
                defined.warning = args.surplus(1);
            }
            "vector" => {
                self.replace(name, vector_content(args)?, span)?;
                defined.warning = args.surplus(1);
            }
            "internal" => {
                let word = args.one()?.as_str();
                let value = parse_number(word).ok_or_else(|| {
                    let message = format!("Expected floating point parameter instead of '{word}' in input script or data file");
                    args.wrong(0, ScriptError::variable(message))
                })?;
                self.replace(name, Content::Internal(value), span)?;
            }
            "timer" => {
                self.replace(name, Content::Timer(self.wall_time()), span)?;
                defined.warning = args.surplus(0);
            }
            "python" => {
                return Err(ScriptError::variable(format!(
                    "variable {name}: style python is not supported, argyro has no Python inside"
                ))
                .help("use a formula (style equal), or compute the value outside and pass it with -var"));
            }
            other => {
                return Err(
                    ScriptError::variable(format!("Unknown variable style: {other}"))
                        .suggest(other, WORDS.iter().copied())
                        .help(format!("known styles: {}", WORDS.join(", "))),
                );
            }
        }
        Ok(defined)
    }

    /// The styles that are defined only once.
    fn first_definition(&self, args: &Args) -> Result<Content> {
        let worlds = self.partition.worlds();
        let world = self.partition.world();
        match args.style {
            "index" => Ok(Content::Index {
                values: args.strings()?,
                at: 0,
            }),
            "loop" => loop_content(args),
            "world" => {
                let values = args.strings()?;
                if values.len() != worlds {
                    let message = format!(
                        "World variable count {} doesn't match # of partitions {worlds}",
                        values.len()
                    );
                    return Err(args.wrong(0, ScriptError::variable(message)));
                }
                Ok(Content::World(
                    values.into_iter().nth(world).unwrap_or_default(),
                ))
            }
            "universe" => {
                let values = args.strings()?;
                self.check_universe(values.len(), args)?;
                Ok(Content::Universe { values, at: world })
            }
            "uloop" => {
                let (plain, pad) = args.padded();
                let last = plain.integer(0)?;
                let last = usize::try_from(last)
                    .ok()
                    .filter(|&n| n > 0)
                    .ok_or_else(|| {
                        args.wrong(
                            0,
                            ScriptError::variable(format!(
                                "Invalid variable uloop argument: {last}"
                            )),
                        )
                    })?;
                self.check_universe(last, args)?;
                Ok(Content::Uloop {
                    last,
                    at: world,
                    width: if pad { digits(last as i64) } else { 0 },
                })
            }
            style => {
                let path = args.one()?.as_str();
                let content = if style == "file" {
                    ValueLines::open(path).map(Content::File)
                } else {
                    AtomSets::open(path).map(|s| Content::AtomFile(Arc::new(s)))
                };
                content.map_err(|cause| {
                    args.wrong(
                        0,
                        ScriptError::variable(format!(
                            "Cannot open file variable file {path}: {cause}"
                        )),
                    )
                })
            }
        }
    }

    /// All universe- and uloop-style variables must have as many values, and no fewer than worlds.
    fn check_universe(&self, count: usize, args: &Args) -> Result<()> {
        let worlds = self.partition.worlds();
        if count < worlds {
            let message =
                format!("Universe/uloop variable count {count} < # of partitions {worlds}");
            return Err(args.wrong(0, ScriptError::variable(message)));
        }
        let table = self.table.borrow();
        let other = table.iter().find_map(|(name, e)| match &e.content {
            Content::Universe { values, .. } => Some((name, values.len())),
            Content::Uloop { last, .. } => Some((name, *last)),
            _ => None,
        });
        match other {
            Some((name, n)) if n != count => Err(args.wrong(
                0,
                ScriptError::variable(format!(
                    "All universe/uloop variables must have same # of values: {name} has {n}, this one {count}"
                )),
            )),
            _ => Ok(()),
        }
    }

    fn format_content(&self, name: &str, args: &Args) -> Result<Content> {
        let [of, format] = args.words else {
            return Err(ScriptError::usage(
                "variable",
                format!(
                    "format needs a variable and a format, found {} argument(s)",
                    args.words.len()
                ),
            ));
        };
        match self.style(of.as_str()) {
            Some(style) if style.is_equal() => {}
            Some(style) => {
                let message = format!(
                    "Variable {name}: format variable {} has incompatible style {style}",
                    of.as_str()
                );
                return Err(args.wrong(0, ScriptError::variable(message)));
            }
            None => {
                let error = ScriptError::variable(format!(
                    "Variable {name}: format variable {} does not exist",
                    of.as_str()
                ));
                let names = self.names();
                return Err(args.wrong(
                    0,
                    error.suggest(of.as_str(), names.iter().map(String::as_str)),
                ));
            }
        }
        Ok(Content::Format {
            of: of.as_str().to_string(),
            conversion: float_conversion(format.as_str()).map_err(|e| args.wrong(1, e))?,
        })
    }
}

fn vector_content(args: &Args) -> Result<Content> {
    let word = args.one()?;
    if !is_vector_list(word.as_str()) {
        return Ok(Content::Formula(
            Target::Vector,
            Arc::new(Body::new(&word.text)),
        ));
    }
    let list = parse_vector_list(word.as_str()).map_err(|e| e.located(&word.text))?;
    Ok(Content::List(Arc::new(list)))
}

fn loop_content(args: &Args) -> Result<Content> {
    let (plain, pad) = args.padded();
    let (first, last) = match plain.words.len() {
        1 => (1, plain.integer(0)?),
        2 => (plain.integer(0)?, plain.integer(1)?),
        n => {
            return Err(ScriptError::usage(
                "variable",
                format!("loop takes N or N1 N2, found {n} argument(s)"),
            ));
        }
    };
    if plain.words.len() == 1 && last <= 0 {
        return Err(args.wrong(
            0,
            ScriptError::variable(format!("Invalid variable loop argument: {last}")),
        ));
    }
    if first > last || last < 0 {
        return Err(args.wrong(
            0,
            ScriptError::variable(format!("Illegal variable loop command: {first} > {last}")),
        ));
    }
    Ok(Content::Loop {
        last,
        current: first,
        width: if pad { digits(last) } else { 0 },
    })
}

fn digits(n: i64) -> usize {
    n.to_string().len()
}

impl Style {
    /// What `next` cannot advance.
    pub(super) fn is_fixed(self) -> bool {
        !matches!(
            self,
            Self::Index | Self::Loop | Self::Universe | Self::Uloop | Self::File | Self::AtomFile
        )
    }
}
