//! Control flow: conditions and branches of `if`, text of `print`.

use super::ast::Word;
use super::error::{Reason, Result, ScriptError};
use super::expr::FormulaHost;
use super::mapped::Mapped;
use super::parse::{Node, Rule, run};
use super::substitute::{Expanded, substitute};
use super::variables::Variables;
use std::ops::Range;

/// A finite or infinite number as it is written in scripts; `None` for other words (`nan`, hexadecimal).
pub(super) fn parse_number(word: &str) -> Option<f64> {
    let word = word.trim();
    let plain = word
        .bytes()
        .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    if plain { word.parse().ok() } else { None }
}

/// One branch of `if`: `then`, `elif` or `else`.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch<'a> {
    /// The condition; `None` for `else`.
    pub condition: Option<&'a Word>,
    /// The commands, each one word.
    pub commands: &'a [Word],
}

/// Splits the words after `if` into branches.
///
/// # Errors
/// `then` is missing, or a branch has no command.
pub fn parse_if(args: &[Word]) -> Result<Vec<Branch<'_>>> {
    let missing = |what: &str| ScriptError::usage("if", format!("missing argument(s): {what}"));
    let at = |e: ScriptError, w: &Word| e.located(&w.text);
    let Some(first) = args.first() else {
        return Err(missing("a condition is expected"));
    };
    match args.get(1) {
        Some(w) if w.as_str() == "then" => {}
        Some(w) => {
            let error = ScriptError::usage(
                "if",
                format!(
                    "expected 'then' after the condition, found '{}'",
                    w.as_str()
                ),
            );
            return Err(at(
                error.help("put a condition with blanks into quotes: if \"$a > 2\" then \"...\""),
                w,
            ));
        }
        None => return Err(at(missing("'then' is expected after the condition"), first)),
    }
    let mut branches = Vec::new();
    let mut condition = Some(first);
    let mut start = 2;
    loop {
        let length = args[start..]
            .iter()
            .take_while(|w| !matches!(w.as_str(), "elif" | "else"))
            .count();
        let keyword = &args[start - 1];
        if length == 0 {
            return Err(at(missing("a command is expected"), keyword));
        }
        let end = start + length;
        branches.push(Branch {
            condition,
            commands: &args[start..end],
        });
        let Some(keyword) = args.get(end) else {
            return Ok(branches);
        };
        if keyword.as_str() == "else" {
            condition = None;
            start = end + 1;
        } else {
            condition = Some(
                args.get(end + 1)
                    .ok_or_else(|| at(missing("a condition is expected"), keyword))?,
            );
            start = end + 2;
        }
    }
}

/// The commands of the first branch whose condition holds, each with its origin.
///
/// # Errors
/// See [`parse_if`] and [`condition`].
pub fn choose(
    args: &[Word],
    variables: &Variables,
    host: &mut dyn FormulaHost,
) -> Result<Vec<Mapped>> {
    for branch in parse_if(args)? {
        let holds = match branch.condition {
            Some(word) => condition(&substitute(&word.text, variables, host)?.text)?,
            None => true,
        };
        if holds {
            return Ok(branch.commands.iter().map(|w| w.text.clone()).collect());
        }
    }
    Ok(Vec::new())
}

/// The text that `print`, `fix print` and `run every` show: substituted once more.
///
/// # Errors
/// See [`substitute`].
pub fn print_text(
    word: &Mapped,
    variables: &Variables,
    host: &mut dyn FormulaHost,
) -> Result<Expanded> {
    substitute(word, variables, host)
}

/// An operand or result inside a condition.
#[derive(Debug, Clone, PartialEq)]
enum Operand<'a> {
    Number(f64),
    Text(&'a str),
}

/// Evaluates a condition of `if` after substitution.
///
/// # Errors
/// Wrong syntax, or text where only numbers can be compared.
pub fn condition(text: &Mapped) -> Result<bool> {
    evaluate(text.as_str()).map_err(|e| e.located(text))
}

fn evaluate(text: &str) -> Result<bool> {
    let tree = run(Rule::boolean, text).map_err(|e| match e.reason() {
        Reason::FormulaSyntax(what) => {
            let range = e.place().map(|p| p.range.clone());
            let error = ScriptError::new(Reason::BooleanSyntax(what.clone()))
                .help("operands are numbers or words of letters, digits, _ and /; arithmetic needs $(...)");
            match range.or_else(|| e.range()) {
                Some(r) => error.at(r),
                None => error,
            }
        }
        _ => e,
    })?;
    match tree.into_inner().find(|p| p.as_rule() == Rule::condition) {
        Some(node) => match combine(node)? {
            Operand::Number(x) => Ok(x != 0.0),
            Operand::Text(word) => Err(ScriptError::new(Reason::Boolean(format!(
                "cannot be single string: '{word}'"
            )))),
        },
        None => Err(Reason::BooleanSyntax("nothing there".to_string()).into()),
    }
}

const NOT: u8 = 8;

/// An operator waiting for its right operand: sign, precedence, place.
type Waiting<'a> = (&'a str, u8, Range<usize>);

/// Evaluates operands and operators by precedence (Dijkstra's shunting yard).
fn combine(node: Node<'_>) -> Result<Operand<'_>> {
    let mut values: Vec<Operand> = Vec::new();
    let mut waiting: Vec<Waiting> = Vec::new();
    for part in node.into_inner() {
        let at = part.as_span().start()..part.as_span().end();
        match part.as_rule() {
            Rule::not => waiting.push(("!", NOT, at)),
            Rule::relation => {
                let (sign, precedence) = (part.as_str(), precedence(part.as_str()));
                settle(&mut waiting, &mut values, precedence)?;
                waiting.push((sign, precedence, at));
            }
            Rule::constant => match part.as_str().parse() {
                Ok(x) => values.push(Operand::Number(x)),
                Err(_) => {
                    let reason = Reason::BooleanSyntax("no number".to_string());
                    return Err(ScriptError::new(reason).at(at));
                }
            },
            Rule::string => values.push(Operand::Text(part.as_str())),
            _ => {
                for inner in part.into_inner() {
                    values.push(combine(inner)?);
                }
            }
        }
    }
    settle(&mut waiting, &mut values, 0)?;
    values
        .pop()
        .ok_or_else(|| Reason::BooleanSyntax("nothing there".to_string()).into())
}

/// Applies the waiting operators that bind at least as tightly as `precedence`.
fn settle<'a>(
    waiting: &mut Vec<Waiting<'a>>,
    values: &mut Vec<Operand<'a>>,
    precedence: u8,
) -> Result<()> {
    while waiting.last().is_some_and(|w| w.1 >= precedence) {
        if let Some((sign, _, at)) = waiting.pop() {
            apply(sign, values).map_err(|e| e.at(at))?;
        }
    }
    Ok(())
}

fn precedence(sign: &str) -> u8 {
    super::expr::precedence(sign).unwrap_or(0)
}

fn apply(sign: &str, values: &mut Vec<Operand>) -> Result<()> {
    let empty = || ScriptError::new(Reason::BooleanSyntax("an operand is missing".to_string()));
    let b = values.pop().ok_or_else(empty)?;
    let only_numbers = || {
        ScriptError::new(Reason::Boolean(format!(
            "can only operate on numbers with '{sign}'"
        )))
        .help("texts can be compared with == and != only")
    };
    let result = if sign == "!" {
        match b {
            Operand::Number(x) => x == 0.0,
            Operand::Text(_) => return Err(only_numbers()),
        }
    } else {
        let a = values.pop().ok_or_else(empty)?;
        match (sign, &a, &b) {
            (_, Operand::Number(a), Operand::Number(b)) => {
                let value = super::expr::binary_number(sign, *a, *b);
                value.ok_or_else(empty)? != 0.0
            }
            ("==", Operand::Text(a), Operand::Text(b)) => a == b,
            ("!=", Operand::Text(a), Operand::Text(b)) => a != b,
            ("==" | "!=", _, _) => {
                return Err(ScriptError::new(Reason::Boolean(
                    "is comparing string to number".to_string(),
                )));
            }
            _ => return Err(only_numbers()),
        }
    };
    values.push(Operand::Number(f64::from(u8::from(result))));
    Ok(())
}

#[cfg(test)]
mod tests;
