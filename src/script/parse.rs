//! From text to the syntax tree. Parsing is total: every text gives a tree, and what is wrong is
//! recorded line by line.

use super::ast::{Line, Quote, Script, Subst, Substitution, Word};
use super::error::{Reason, Result, ScriptError};
use super::mapped::Mapped;
use super::source::{FileId, Span};
use pest::Parser;
use pest::iterators::Pair;

/// The pest parser of `grammar/argyro.pest`.
#[derive(pest_derive::Parser)]
#[grammar = "../grammar/argyro.pest"]
pub(super) struct Grammar;

/// Parentheses may be nested this deep: the grammar is recursive there, and the stack is finite.
pub(super) const MAX_NESTING: usize = 100;

pub(super) type Node<'a> = Pair<'a, Rule>;

/// Runs one entry rule, with the guard against deep recursion.
pub(super) fn run(rule: Rule, text: &str) -> Result<Node<'_>> {
    check_nesting(text)?;
    let mut pairs = Grammar::parse(rule, text).map_err(|e| {
        let at = match e.location {
            pest::error::InputLocation::Pos(p) => p,
            pest::error::InputLocation::Span((p, _)) => p,
        };
        let found = text.get(at..).and_then(|t| t.chars().next());
        let length = found.map_or(0, char::len_utf8);
        let found = match found {
            Some(c) => format!("unexpected '{c}'"),
            None => "unexpected end".to_string(),
        };
        ScriptError::new(Reason::FormulaSyntax(found)).at(at..at + length)
    })?;
    // A successful parse of one rule yields exactly one pair
    pairs
        .next()
        .ok_or_else(|| Reason::FormulaSyntax("nothing there".to_string()).into())
}

fn check_nesting(text: &str) -> Result<()> {
    let mut depth = 0usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(ScriptError::new(Reason::TooDeep(MAX_NESTING)).at(at..at + 1));
        }
    }
    Ok(())
}

/// Parses a whole file.
pub fn parse_script(file: FileId, text: &str) -> Script {
    let Ok(tree) = Grammar::parse(Rule::script, text) else {
        // The rule matches every text; should it not, the text becomes one line with an error
        return Script {
            file,
            lines: vec![broken(file, text)],
        };
    };
    let lines = tree
        .flat_map(Node::into_inner)
        .filter(|p| p.as_rule() == Rule::line);
    let mut lines: Vec<Line> = lines.map(|p| line(file, &p)).collect();
    // What follows the last line end is no line unless something stands there.
    if text.ends_with('\n') && lines.len() > 1 && lines.last().is_some_and(|l| l.raw.is_empty()) {
        lines.pop();
    }
    Script { file, lines }
}

fn broken(file: FileId, text: &str) -> Line {
    let raw = Mapped::verbatim(text, file, 0);
    let error = ScriptError::usage("script", "text cannot be read").located(&raw);
    Line {
        command: Mapped::default(),
        words: Vec::new(),
        substitutions: Vec::new(),
        errors: vec![error],
        span: Span::new(file, 0..text.len()),
        raw,
    }
}

/// Builds a logical line from its node: joints (`&` and the line end) are cut out.
fn line(file: FileId, node: &Node) -> Line {
    let mut raw = Mapped::default();
    let mut comment = None;
    let mut open = None;
    let text = node.as_str();
    let first = node.as_span().start();
    let mut done = 0;
    for part in node.clone().into_inner().flatten() {
        let at = part.as_span().start() - first;
        match part.as_rule() {
            Rule::joint => {
                push(&mut raw, file, first, text, done..at);
                done = part.as_span().end() - first;
            }
            Rule::comment => {
                push(&mut raw, file, first, text, done..at);
                done = at;
                comment = Some(raw.len());
            }
            rule @ (Rule::open_single | Rule::open_double | Rule::open_triple) => {
                push(&mut raw, file, first, text, done..at);
                done = at;
                open = Some((raw.len(), rule));
            }
            _ => {}
        }
    }
    push(&mut raw, file, first, text, done..text.len());
    let raw = raw.slice(0..raw.as_str().trim_end().len());
    let command = raw.slice(0..comment.unwrap_or(raw.len()).min(raw.len()));
    let mut errors = Vec::new();
    if let Some((at, rule)) = open {
        let end = raw.len();
        let error = ScriptError::new(Reason::UnmatchedQuote(quote_name(rule)));
        errors.push(error.at(at.min(end)..end).located(&raw));
    }
    let (words, substitutions) = if errors.is_empty() {
        static_words(&command, &mut errors)
    } else {
        Default::default()
    };
    Line {
        raw,
        command,
        words,
        substitutions,
        errors,
        span: Span::new(file, first..first + text.trim_end().len()),
    }
}

fn push(raw: &mut Mapped, file: FileId, first: usize, text: &str, range: std::ops::Range<usize>) {
    if let Some(part) = text.get(range.clone()) {
        raw.push_verbatim(
            part,
            Span::new(file, first + range.start..first + range.end),
        );
    }
}

fn quote_name(rule: Rule) -> &'static str {
    match rule {
        Rule::open_triple | Rule::open_triple_word => "triple",
        Rule::open_double | Rule::open_double_word => "double",
        _ => "single",
    }
}

/// The words before substitution, and what will be substituted in them.
fn static_words(command: &Mapped, errors: &mut Vec<ScriptError>) -> (Vec<Word>, Vec<Substitution>) {
    let words = match split(command) {
        Ok(words) => words,
        Err(e) => {
            errors.push(e);
            return Default::default();
        }
    };
    let mut all = Vec::new();
    for (i, word) in words.iter().enumerate() {
        match substitutions(&word.text) {
            Ok(found) => all.extend(found.into_iter().map(|s| Substitution { word: i, ..s })),
            // Quoted text is looked at again only by some commands, and may hold anything
            Err(e) if word.quote == Quote::Bare => errors.push(e),
            Err(_) => {}
        }
    }
    (words, all)
}

/// Splits a line into words and removes their quotes, as LAMMPS does after substitution.
///
/// # Errors
/// A quote is not closed or not followed by a blank.
pub fn split(text: &Mapped) -> Result<Vec<Word>> {
    let tree = run(Rule::words, text.as_str()).map_err(|e| e.located(text))?;
    let mut words = Vec::new();
    for node in tree.into_inner().filter(|p| p.as_rule() == Rule::word) {
        let (start, end) = (node.as_span().start(), node.as_span().end());
        let mut word = None;
        for part in node.into_inner() {
            let range = part.as_span().start()..part.as_span().end();
            let (quote, trim) = match part.as_rule() {
                Rule::quoted_triple => (Quote::Triple, 3),
                Rule::quoted_double => (Quote::Double, 1),
                Rule::quoted_single => (Quote::Single, 1),
                Rule::bare => (Quote::Bare, 0),
                Rule::glued => {
                    return Err(ScriptError::new(Reason::GluedQuote).at(range).located(text));
                }
                rule => {
                    let error = ScriptError::new(Reason::UnmatchedQuote(quote_name(rule)));
                    return Err(error.at(range).located(text));
                }
            };
            word = Some(Word {
                text: text.slice(range.start + trim..range.end - trim),
                quote,
                start,
                end,
            });
        }
        words.extend(word);
    }
    Ok(words)
}

/// What `$` stands for in a text that is not inside quotes of its own.
///
/// # Errors
/// A brace, parenthesis or quote is not closed.
pub fn substitutions(text: &Mapped) -> Result<Vec<Substitution>> {
    let mut found = Vec::new();
    for part in template(text)? {
        let TemplatePart::Subst(what, range) = part else {
            continue;
        };
        found.push(Substitution {
            what,
            word: 0,
            span: text.span(range),
        });
    }
    Ok(found)
}

/// A part of a text that is substituted.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TemplatePart {
    /// Copied as it is: bytes of the text.
    Copy(std::ops::Range<usize>),
    /// Replaced; the bytes that are replaced.
    Subst(Subst, std::ops::Range<usize>),
}

/// Cuts a text into what is copied and what is substituted.
pub(super) fn template(text: &Mapped) -> Result<Vec<TemplatePart>> {
    let tree = run(Rule::template, text.as_str()).map_err(|e| e.located(text))?;
    let mut parts = Vec::new();
    for node in tree.into_inner() {
        let range = node.as_span().start()..node.as_span().end();
        let fail = |reason: Reason| Err(ScriptError::new(reason).at(range.clone()).located(text));
        let what = match node.as_rule() {
            Rule::literal | Rule::skipped => {
                parts.push(TemplatePart::Copy(range));
                continue;
            }
            Rule::open_quote if node.as_str().starts_with("\"\"\"") => {
                return fail(Reason::UnmatchedQuote("triple"));
            }
            Rule::open_quote if node.as_str().starts_with('"') => {
                return fail(Reason::UnmatchedQuote("double"));
            }
            Rule::open_quote => return fail(Reason::UnmatchedQuote("single")),
            Rule::open_immediate => return fail(Reason::OpenImmediate),
            Rule::open_brace => return fail(Reason::OpenBrace),
            Rule::immediate => immediate(text, range.start + 2..range.end - 1),
            Rule::braced | Rule::short => {
                let name = node.into_inner().next();
                Subst::Variable(name.map_or_else(String::new, |n| n.as_str().to_string()))
            }
            _ => continue,
        };
        parts.push(TemplatePart::Subst(what, range));
    }
    Ok(parts)
}

/// `formula:%format` between the parentheses; the format begins at the last `:%`.
fn immediate(text: &Mapped, range: std::ops::Range<usize>) -> Subst {
    let inner = text.slice(range);
    let colon = inner
        .as_str()
        .rfind(':')
        .filter(|&c| inner.as_str()[c + 1..].starts_with('%'));
    match colon {
        Some(c) => Subst::Formula {
            format: Some(inner.as_str()[c + 1..].to_string()),
            text: inner.slice(0..c),
        },
        None => Subst::Formula {
            text: inner,
            format: None,
        },
    }
}

#[cfg(test)]
mod tests;
