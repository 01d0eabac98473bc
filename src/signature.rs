//! Typed signatures of commands and styles: one table from which parsing, messages,
//! `argyro explain` and the documentation pages come. Imports only `error`.
//!
//! A signature lists positional arguments, then keywords with arguments of their own. Words that
//! do not fit are errors that name the word, say what was expected and suggest the nearest keyword.

use crate::error::{Error, Result};

/// What kind of word an argument is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Any word.
    Word,
    /// A whole number.
    Int,
    /// A positive whole number (seeds, frequencies).
    Count,
    /// A number.
    Real,
    /// A number above zero.
    Positive,
    /// A number or `v_name` of an equal-style variable.
    RealOrVariable,
    /// `yes`/`no`/`on`/`off`/`true`/`false`.
    YesNo,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A file to be read.
    FileIn,
    /// A file to be written.
    FileOut,
    /// A range of atom types: `*`, `3`, `2*4`, `*3`, or a type label.
    Types,
    /// `c_ID`, `f_ID`, `v_name` with optional indices.
    Value,
    /// ID that this command defines; the text says of what ("fix", "compute", "group", ...).
    Defines(&'static str),
    /// ID of an existing thing; the text says of what ("fix", "compute", "group", "region", ...).
    Uses(&'static str),
    /// Name of a style of this kind ("pair", "fix", "compute", "dump", "region", ...).
    Style(&'static str),
    /// Symbols of elements, one for every atom type (or NULL), the last words of the command. A contradicting mass is
    /// suspicious.
    Element,
    /// As `Element`, of a model that was trained for these elements: a contradicting mass is an error.
    Species,
    /// Text to be printed.
    Text,
    /// A command in quotes.
    Command,
}

/// How often an argument occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// Exactly once.
    Once,
    /// Once or not at all; only as the last positional arguments.
    Optional,
    /// Any number of times up to the next keyword; only as the last positional argument.
    Many,
    /// Everything up to the end of the line; what follows is parsed by the command itself.
    Rest,
}

/// One argument.
#[derive(Debug, Clone, Copy)]
pub struct Arg {
    /// Name as in LAMMPS' manual, e.g. `Tstart`.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// How often it occurs.
    pub times: Times,
    /// One line: meaning and unit.
    pub doc: &'static str,
}

/// One keyword with its arguments.
#[derive(Debug, Clone, Copy)]
pub struct Keyword {
    /// The word itself.
    pub name: &'static str,
    /// Its arguments.
    pub args: &'static [Arg],
    /// One line: meaning, unit, default.
    pub doc: &'static str,
}

/// The signature and manual page of a command or style.
#[derive(Debug, Clone, Copy)]
pub struct Signature {
    /// Command or style name.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Positional arguments (of a style: those after the style name).
    pub args: &'static [Arg],
    /// Keywords, in any order after the positional arguments.
    pub keywords: &'static [Keyword],
    /// Manual text: description, formula with source, restrictions, defaults (Markdown).
    pub description: &'static str,
    /// Example lines that parse.
    pub examples: &'static [&'static str],
}

/// A required argument.
pub const fn arg(name: &'static str, kind: Kind, doc: &'static str) -> Arg {
    Arg {
        name,
        kind,
        times: Times::Once,
        doc,
    }
}

/// An argument that may be left out.
pub const fn optional(name: &'static str, kind: Kind, doc: &'static str) -> Arg {
    Arg {
        name,
        kind,
        times: Times::Optional,
        doc,
    }
}

/// An argument that may occur any number of times.
pub const fn many(name: &'static str, kind: Kind, doc: &'static str) -> Arg {
    Arg {
        name,
        kind,
        times: Times::Many,
        doc,
    }
}

/// The rest of the line, parsed by the command itself.
pub const fn rest(name: &'static str, doc: &'static str) -> Arg {
    Arg {
        name,
        kind: Kind::Word,
        times: Times::Rest,
        doc,
    }
}

/// Element symbols of all atom types at the end of the line (`Kind::Element` or `Kind::Species`), parsed by the command.
pub const fn elements(name: &'static str, kind: Kind, doc: &'static str) -> Arg {
    Arg {
        kind,
        ..rest(name, doc)
    }
}

/// A keyword.
pub const fn keyword(name: &'static str, args: &'static [Arg], doc: &'static str) -> Keyword {
    Keyword { name, args, doc }
}

/// The words of one keyword occurrence.
#[derive(Debug, Clone)]
struct Occurrence {
    name: &'static str,
    word: usize,
    values: Vec<(&'static str, usize, String)>,
}

/// Parsed arguments. Every value remembers the index of its word, so that later errors can point at it.
#[derive(Debug, Clone, Default)]
pub struct Args {
    values: Vec<(&'static str, usize, String)>,
    keywords: Vec<Occurrence>,
}

/// The arguments of one occurrence of a keyword.
#[derive(Debug, Clone, Copy)]
pub struct KeywordArgs<'a> {
    occurrence: &'a Occurrence,
}

fn expected(kind: Kind) -> String {
    match kind {
        Kind::Int => "a whole number".into(),
        Kind::Count => "a positive whole number".into(),
        Kind::Real => "a number".into(),
        Kind::Positive => "a number above zero".into(),
        Kind::RealOrVariable => "a number or v_name of an equal-style variable".into(),
        Kind::YesNo => "yes or no".into(),
        Kind::OneOf(words) => format!("one of {}", words.join(", ")),
        Kind::Value => "c_ID, f_ID or v_name".into(),
        Kind::Types => "an atom type or a range such as 1, 2*3 or *".into(),
        _ => "a word".into(),
    }
}

/// A whole number; `1e6`-like forms are refused as LAMMPS does.
pub fn parse_int(word: &str) -> Option<i64> {
    word.parse().ok()
}

/// A finite number in C notation.
pub fn parse_real(word: &str) -> Option<f64> {
    let ok = word
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    if !ok {
        return None;
    }
    word.parse::<f64>().ok().filter(|v| v.is_finite())
}

/// `yes`, `no` and their synonyms.
pub fn parse_yes_no(word: &str) -> Option<bool> {
    match word {
        "yes" | "on" | "true" => Some(true),
        "no" | "off" | "false" => Some(false),
        _ => None,
    }
}

fn check(context: &str, a: &Arg, word: &str, index: usize) -> Result<()> {
    let ok = match a.kind {
        Kind::Int => parse_int(word).is_some(),
        Kind::Count => parse_int(word).is_some_and(|v| v > 0),
        Kind::Real => parse_real(word).is_some(),
        Kind::Positive => parse_real(word).is_some_and(|v| v > 0.0),
        Kind::RealOrVariable => word.starts_with("v_") || parse_real(word).is_some(),
        Kind::YesNo => parse_yes_no(word).is_some(),
        Kind::OneOf(words) => words.contains(&word),
        Kind::Value => ["c_", "f_", "v_"].iter().any(|p| word.starts_with(p)),
        _ => true,
    };
    if ok {
        return Ok(());
    }
    let e = Error::input(format!(
        "Illegal {context} command: expected {} for '{}', found '{word}'",
        expected(a.kind),
        a.name
    ))
    .at(index);
    Err(match a.kind {
        Kind::OneOf(words) => e.suggest(word, words.iter().copied()),
        _ => e,
    })
}

impl Signature {
    /// Number of positional arguments before the first that may be left out, if there is such an argument.
    pub fn required(&self) -> Option<usize> {
        self.args.iter().position(|a| a.times == Times::Optional)
    }

    /// Parses the words after the command (or style) name. `context` is how messages call the
    /// command, e.g. `fix nvt`; word indices in errors count from `words[0]`.
    ///
    /// # Errors
    /// A missing argument, a word of the wrong kind, an unknown keyword.
    pub fn parse(&self, context: &str, words: &[&str]) -> Result<Args> {
        let mut args = Args::default();
        let mut i = self.positional(context, words, &mut args)?;
        while i < words.len() {
            i = self.one_keyword(context, words, i, &mut args)?;
        }
        Ok(args)
    }

    fn positional(&self, context: &str, words: &[&str], args: &mut Args) -> Result<usize> {
        let mut i = 0;
        for a in self.args {
            match a.times {
                Times::Once => {
                    let Some(w) = words.get(i) else {
                        return Err(self.missing(context, a.name, words.len()));
                    };
                    check(context, a, w, i)?;
                    args.values.push((a.name, i, (*w).to_string()));
                    i += 1;
                }
                Times::Optional => {
                    if let Some(w) = words.get(i).filter(|w| !self.is_keyword(w)) {
                        check(context, a, w, i)?;
                        args.values.push((a.name, i, (*w).to_string()));
                        i += 1;
                    }
                }
                Times::Many | Times::Rest => {
                    while let Some(w) = words
                        .get(i)
                        .filter(|w| a.times == Times::Rest || !self.is_keyword(w))
                    {
                        check(context, a, w, i)?;
                        args.values.push((a.name, i, (*w).to_string()));
                        i += 1;
                    }
                }
            }
        }
        Ok(i)
    }

    fn one_keyword(
        &self,
        context: &str,
        words: &[&str],
        at: usize,
        args: &mut Args,
    ) -> Result<usize> {
        let Some(k) = self.keywords.iter().find(|k| k.name == words[at]) else {
            let e = Error::input(format!(
                "Illegal {context} command: unknown keyword '{}'",
                words[at]
            ))
            .at(at);
            return Err(e.suggest(words[at], self.keywords.iter().map(|k| k.name)));
        };
        let mut occurrence = Occurrence {
            name: k.name,
            word: at,
            values: Vec::new(),
        };
        let mut i = at + 1;
        for a in k.args {
            let many = matches!(a.times, Times::Many | Times::Rest);
            loop {
                let next = words.get(i).filter(|w| {
                    a.times == Times::Once || a.times == Times::Rest || !self.is_keyword(w)
                });
                let Some(w) = next else {
                    if a.times == Times::Once {
                        return Err(Error::input(format!(
                            "Illegal {context} {} command: missing argument(s): '{}' is not given",
                            k.name, a.name
                        ))
                        .at(at)
                        .help(self.usage(context)));
                    }
                    break;
                };
                check(&format!("{context} {}", k.name), a, w, i)?;
                occurrence.values.push((a.name, i, (*w).to_string()));
                i += 1;
                if !many {
                    break;
                }
            }
        }
        args.keywords.push(occurrence);
        Ok(i)
    }

    fn is_keyword(&self, word: &str) -> bool {
        self.keywords.iter().any(|k| k.name == word)
    }

    fn missing(&self, context: &str, name: &str, at: usize) -> Error {
        Error::input(format!(
            "Illegal {context} command: missing argument(s): '{name}' is not given"
        ))
        .at(at.saturating_sub(1))
        .help(self.usage(context))
    }

    /// One line such as `usage: fix nvt temp Tstart Tstop Tdamp`.
    pub fn usage(&self, context: &str) -> String {
        let mut s = format!("usage: {context}");
        for a in self.args {
            s.push(' ');
            s.push_str(&usage_of(a));
        }
        if !self.keywords.is_empty() {
            s.push_str(" keyword value ...");
        }
        s
    }
}

fn usage_of(a: &Arg) -> String {
    match a.times {
        Times::Once => a.name.into(),
        Times::Optional => format!("[{}]", a.name),
        Times::Many | Times::Rest => format!("{} ...", a.name),
    }
}

fn find<'a>(
    values: &'a [(&'static str, usize, String)],
    name: &str,
) -> Option<&'a (&'static str, usize, String)> {
    values.iter().find(|v| v.0 == name)
}

macro_rules! accessors {
    ($values:expr, $self:ident) => {
        /// The word of argument `name`, if given.
        pub fn get(&$self, name: &str) -> Option<&str> {
            find($values, name).map(|v| v.2.as_str())
        }

        /// The index of the word of argument `name` (0 if it was not given), for [`Error::at`].
        pub fn word(&$self, name: &str) -> usize {
            find($values, name).map_or(0, |v| v.1)
        }

        /// The word of a required argument; empty if the signature does not have it.
        pub fn str(&$self, name: &str) -> &str {
            $self.get(name).unwrap_or("")
        }

        /// All words of a repeated argument with their word indices.
        pub fn all(&$self, name: &str) -> Vec<(usize, &str)> {
            $values.iter().filter(|v| v.0 == name).map(|v| (v.1, v.2.as_str())).collect()
        }

        /// A number.
        ///
        /// # Errors
        /// The argument is absent or not a number.
        pub fn real(&$self, name: &str) -> Result<f64> {
            let w = $self.str(name);
            parse_real(w).ok_or_else(|| Error::input(format!("expected a number for '{name}', found '{w}'")).at($self.word(name)))
        }

        /// A whole number.
        ///
        /// # Errors
        /// The argument is absent or not a whole number.
        pub fn int(&$self, name: &str) -> Result<i64> {
            let w = $self.str(name);
            parse_int(w).ok_or_else(|| Error::input(format!("expected a whole number for '{name}', found '{w}'")).at($self.word(name)))
        }

        /// A yes/no word.
        ///
        /// # Errors
        /// The argument is absent or neither yes nor no.
        pub fn yes_no(&$self, name: &str) -> Result<bool> {
            let w = $self.str(name);
            parse_yes_no(w).ok_or_else(|| Error::input(format!("expected yes or no for '{name}', found '{w}'")).at($self.word(name)))
        }
    };
}

impl Args {
    accessors!(&self.values, self);

    /// The last occurrence of a keyword.
    pub fn keyword(&self, name: &str) -> Option<KeywordArgs<'_>> {
        self.keywords
            .iter()
            .rev()
            .find(|k| k.name == name)
            .map(|occurrence| KeywordArgs { occurrence })
    }

    /// All keyword occurrences in order.
    pub fn keywords(&self) -> impl Iterator<Item = KeywordArgs<'_>> {
        self.keywords
            .iter()
            .map(|occurrence| KeywordArgs { occurrence })
    }
}

impl KeywordArgs<'_> {
    accessors!(&self.occurrence.values, self);

    /// The keyword itself.
    pub fn name(&self) -> &'static str {
        self.occurrence.name
    }

    /// The index of the keyword's word.
    pub fn position(&self) -> usize {
        self.occurrence.word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NVT: Signature = Signature {
        name: "nvt",
        summary: "",
        args: &[],
        keywords: &[keyword(
            "temp",
            &[
                arg("Tstart", Kind::Real, ""),
                arg("Tstop", Kind::Real, ""),
                arg("Tdamp", Kind::Positive, ""),
            ],
            "",
        )],
        description: "",
        examples: &[],
    };

    #[test]
    fn keyword_arguments_are_read_by_name() {
        let a = NVT
            .parse("fix nvt", &["temp", "1.0", "2.0", "0.5"])
            .unwrap();
        assert_eq!(a.keyword("temp").unwrap().real("Tdamp").unwrap(), 0.5);
    }

    #[test]
    fn a_missing_argument_names_the_command_and_the_argument() {
        let e = NVT.parse("fix nvt", &["temp", "1.0", "2.0"]).unwrap_err();
        assert!(
            e.message.contains("fix nvt temp") && e.message.contains("Tdamp"),
            "{e}"
        );
        assert_eq!(e.word, Some(0));
    }

    #[test]
    fn an_unknown_keyword_is_named_with_the_nearest_one() {
        let e = NVT.parse("fix nvt", &["tmep", "1.0"]).unwrap_err();
        assert_eq!(e.help.as_deref(), Some("did you mean 'temp'?"));
    }
}
