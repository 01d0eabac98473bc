//! From the text of a formula to its steps.

use super::host::{GroupCall, OutputSource};
use super::names::{ATOMS, CONSTANTS, FEATURE, GROUP, MATH, REDUCE, UNARY, functions, operator};
use super::{Binary, Formula, Index, Op, Step, VectorRef};
use crate::error::nearest;
use crate::script::error::{Reason, Result, ScriptError};
use crate::script::parse::{Node, Rule, run};
use std::ops::Range;

pub(super) fn formula(text: &str) -> Result<Formula> {
    check_parentheses(text)?;
    let mut steps = Vec::new();
    compile_text(text, 0, &mut steps)?;
    Ok(Formula {
        text: text.to_string(),
        steps,
    })
}

/// Names the parenthesis that has no partner; the grammar could only say where it gave up.
fn check_parentheses(text: &str) -> Result<()> {
    let mut open = Vec::new();
    let fail = |at: usize, what: &str| {
        Err(ScriptError::new(Reason::FormulaSyntax(what.to_string())).at(at..at + 1))
    };
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => open.push(at),
            b')' if open.pop().is_none() => {
                return fail(at, "unbalanced parenthesis: ')' without '('");
            }
            _ => {}
        }
    }
    match open.first() {
        Some(&at) => fail(at, "unbalanced parenthesis: '(' is never closed"),
        None => Ok(()),
    }
}

/// Compiles a part of the formula that begins at byte `offset`.
fn compile_text(text: &str, offset: usize, steps: &mut Vec<Step>) -> Result<()> {
    if text.trim().is_empty() {
        let error = ScriptError::new(Reason::FormulaSyntax("a value is missing".to_string()));
        return Err(error.at(offset..offset + text.len()));
    }
    let shift = |e: ScriptError| e.shifted(offset);
    let tree = run(Rule::formula, text).map_err(shift)?;
    let expr = tree.into_inner().find(|p| p.as_rule() == Rule::expr);
    match expr {
        Some(expr) => Compiler { offset }.expr(expr, steps),
        None => Ok(()),
    }
}

/// An operator waiting for its right operand.
enum Pending {
    Unary(Op, Range<usize>),
    Binary(Binary, u8, Range<usize>),
}

impl Pending {
    fn precedence(&self) -> u8 {
        match self {
            Self::Unary(..) => UNARY,
            Self::Binary(_, p, _) => *p,
        }
    }

    fn step(self) -> Step {
        match self {
            Self::Unary(op, at) => Step { op, at },
            Self::Binary(b, _, at) => Step {
                op: Op::Binary(b),
                at,
            },
        }
    }
}

#[derive(Clone, Copy)]
struct Compiler {
    offset: usize,
}

impl Compiler {
    fn range(self, node: &Node) -> Range<usize> {
        node.as_span().start() + self.offset..node.as_span().end() + self.offset
    }

    /// Orders operators and operands by precedence (Dijkstra's shunting yard).
    fn expr(self, node: Node, steps: &mut Vec<Step>) -> Result<()> {
        let mut waiting: Vec<Pending> = Vec::new();
        for part in node.into_inner() {
            let at = self.range(&part);
            match part.as_rule() {
                Rule::prefix => {
                    let op = if part.as_str() == "-" {
                        Op::Negate
                    } else {
                        Op::Not
                    };
                    waiting.push(Pending::Unary(op, at));
                }
                Rule::infix => {
                    let Some((binary, precedence)) = operator(part.as_str()) else {
                        continue;
                    };
                    // Equal precedence too: all operators associate to the left, `^` included
                    while waiting.last().is_some_and(|w| w.precedence() >= precedence) {
                        steps.extend(waiting.pop().map(Pending::step));
                    }
                    waiting.push(Pending::Binary(binary, precedence, at));
                }
                _ => self.term(part, steps)?,
            }
        }
        steps.extend(waiting.into_iter().rev().map(Pending::step));
        Ok(())
    }

    fn term(self, node: Node, steps: &mut Vec<Step>) -> Result<()> {
        let at = self.range(&node);
        let op = match node.as_rule() {
            Rule::group => {
                return node
                    .into_inner()
                    .try_for_each(|expr| self.expr(expr, steps));
            }
            Rule::number => {
                let value = node.as_str().parse().map_err(|_| {
                    ScriptError::new(Reason::FormulaSyntax("no number".to_string())).at(at.clone())
                })?;
                Op::Number(value)
            }
            Rule::call => return self.call(node, steps),
            Rule::element => element(node).map_err(|e| e.at(at.clone()))?,
            _ => symbol(node.as_str(), Vec::new()).map_err(|e| e.at(at.clone()))?,
        };
        steps.push(Step { op, at });
        Ok(())
    }

    fn call(self, node: Node, steps: &mut Vec<Step>) -> Result<()> {
        let at = self.range(&node);
        let mut parts = node.into_inner();
        let name = parts.next().map_or("", |n| n.as_str());
        let mut args: Vec<Arg> = parts
            .map(|p| Arg {
                text: p.as_str(),
                offset: self.range(&p).start,
            })
            .collect();
        if args.len() == 1 && args[0].text.trim().is_empty() {
            args.clear();
        }
        if let Some(&(_, function, arity)) = MATH.iter().find(|f| f.0 == name) {
            count(name, &args, arity, arity).map_err(|e| e.at(at.clone()))?;
            for arg in &args {
                compile_text(arg.text, arg.offset, steps)?;
            }
            steps.push(Step {
                op: Op::Math(function),
                at,
            });
            return Ok(());
        }
        if name == "ternary" {
            count(name, &args, 3, 3).map_err(|e| e.at(at.clone()))?;
            let (mut yes, mut no) = (Vec::new(), Vec::new());
            compile_text(args[0].text, args[0].offset, steps)?;
            compile_text(args[1].text, args[1].offset, &mut yes)?;
            compile_text(args[2].text, args[2].offset, &mut no)?;
            steps.push(Step {
                op: Op::Ternary(yes, no),
                at,
            });
            return Ok(());
        }
        let op = special(name, &args).map_err(|e| e.at(at.clone()))?;
        steps.push(Step { op, at });
        Ok(())
    }
}

/// An argument as it is written.
struct Arg<'a> {
    text: &'a str,
    offset: usize,
}

fn count(name: &str, args: &[Arg], least: usize, most: usize) -> Result<()> {
    if (least..=most).contains(&args.len()) {
        return Ok(());
    }
    let expected = if least == most {
        least.to_string()
    } else {
        format!("{least} to {most}")
    };
    Err(ScriptError::formula(format!(
        "Invalid {name}() function in variable formula: expected {expected} argument(s), found {}",
        args.len()
    )))
}

/// Functions whose arguments are no formulas.
fn special(name: &str, args: &[Arg]) -> Result<Op> {
    let text = |i: usize| args.get(i).map_or("", |a| a.text.trim()).to_string();
    let exactly = |n: usize| count(name, args, n, n);
    if let Some(&(_, function, components)) = GROUP.iter().find(|f| f.0 == name) {
        let fixed = if components.is_empty() { 1 } else { 2 };
        count(name, args, fixed, fixed + 1)?;
        let component = if components.is_empty() {
            0
        } else {
            let word = text(1);
            components.iter().position(|c| *c == word).ok_or_else(|| {
                let known = components.join(", ");
                let message = format!(
                    "Invalid {name}() function in variable formula: '{word}' is none of {known}"
                );
                ScriptError::formula(message)
                    .at(args[1].offset..args[1].offset + args[1].text.len())
            })?
        };
        return Ok(Op::Group(GroupCall {
            function,
            group: text(0),
            component,
            region: (args.len() > fixed).then(|| text(fixed)),
        }));
    }
    if let Some(&(_, reduction)) = REDUCE.iter().find(|f| f.0 == name) {
        exactly(1)?;
        return Ok(Op::Reduce(reduction, vector_ref(name, &args[0])?));
    }
    if let Some(&(_, feature, categories)) = FEATURE.iter().find(|f| f.0 == name) {
        exactly(2)?;
        let category = text(0);
        if !categories.contains(&category.as_str()) {
            let message = format!("Unknown category for info {name}(): {category}");
            let help = match nearest(&category, categories.iter().copied()) {
                Some(k) => format!("did you mean '{k}'?"),
                None => format!("known here: {}", categories.join(", ")),
            };
            return Err(ScriptError::formula(message).help(help));
        }
        return Ok(Op::Feature(feature, category, text(1)));
    }
    match name {
        "sort" | "rsort" => {
            exactly(1)?;
            Ok(Op::Sort(vector_ref(name, &args[0])?, name == "rsort"))
        }
        "gmask" | "rmask" => {
            exactly(1)?;
            let id = Some(text(0));
            Ok(match name {
                "gmask" => Op::Mask {
                    group: id,
                    region: None,
                },
                _ => Op::Mask {
                    group: None,
                    region: id,
                },
            })
        }
        "grmask" => {
            exactly(2)?;
            Ok(Op::Mask {
                group: Some(text(0)),
                region: Some(text(1)),
            })
        }
        "next" => exactly(1).map(|()| Op::Next(text(0))),
        "is_file" => count(name, args, 0, 1).map(|()| Op::IsFile(text(0))),
        "is_os" => exactly(1).map(|()| Op::IsOs(text(0))),
        "extract_setting" => exactly(1).map(|()| Op::Setting(text(0))),
        "label2type" => exactly(2).map(|()| Op::LabelToType(text(0), text(1))),
        "is_typelabel" => exactly(2).map(|()| Op::IsTypeLabel(text(0), text(1))),
        "is_timeout" => exactly(0).map(|()| Op::IsTimeout),
        _ if name.starts_with("py_") => Err(ScriptError::formula(format!(
            "Python function '{name}()' in variable formula: argyro has no Python inside"
        ))
        .help("compute the value outside and pass it with -var, or write it as a formula")),
        _ => Err(ScriptError::formula(format!(
            "Invalid math/group/special/feature function '{name}()' in variable formula"
        ))
        .suggest(name, functions())),
    }
}

/// `c_ID`, `c_ID[N]`, `f_ID`, `f_ID[N]` or `v_name`.
fn vector_ref(function: &str, arg: &Arg) -> Result<VectorRef> {
    let place = arg.offset..arg.offset + arg.text.len();
    let wrong = || {
        ScriptError::formula(format!(
            "Invalid special function in variable formula: {function}() takes c_ID, c_ID[N], f_ID, f_ID[N] or v_name"
        ))
        .at(place.clone())
    };
    let mut steps = Vec::new();
    compile_text(arg.text, arg.offset, &mut steps).map_err(|_| wrong())?;
    match steps.pop().map(|s| s.op) {
        Some(Op::Output {
            source,
            per_atom: false,
            id,
            mut index,
        }) if steps.is_empty() && index.len() < 2 => Ok(VectorRef::Output {
            source,
            id,
            column: index.pop(),
        }),
        Some(Op::Variable { name, index: None }) if steps.is_empty() => {
            Ok(VectorRef::Variable(name))
        }
        _ => Err(wrong()),
    }
}

/// `word[i]` or `word[i][j]`.
fn element(node: Node) -> Result<Op> {
    let mut word = "";
    let mut index = Vec::new();
    for part in node.into_inner() {
        match part.as_rule() {
            Rule::symbol => word = part.as_str(),
            _ => {
                let inner = part.into_inner().next();
                index.push(parse_index(inner.map_or("", |p| p.as_str()))?);
            }
        }
    }
    symbol(word, index)
}

fn parse_index(text: &str) -> Result<Index> {
    let name = text
        .strip_prefix("v_")
        .filter(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
    if let Some(name) = name {
        return Ok(Index::Variable(name.to_string()));
    }
    match text.parse::<usize>() {
        Ok(n) if n > 0 => Ok(Index::Number(n)),
        Ok(_) => Err(ScriptError::formula(
            "Index between variable brackets must be positive",
        )),
        Err(_) => Err(ScriptError::formula(format!(
            "Non digit character between brackets in variable: '{text}'"
        ))
        .help("an index is a number or v_name; put a formula into a variable of its own")),
    }
}

/// A word with its indices.
fn symbol(word: &str, index: Vec<Index>) -> Result<Op> {
    let output = |source, per_atom, id: &str, index| Op::Output {
        source,
        per_atom,
        id: id.to_string(),
        index,
    };
    let prefix = word.split_once('_').filter(|(_, rest)| !rest.is_empty());
    match prefix {
        Some(("c", id)) => return Ok(output(OutputSource::Compute, false, id, index)),
        Some(("C", id)) => return Ok(output(OutputSource::Compute, true, id, index)),
        Some(("f", id)) => return Ok(output(OutputSource::Fix, false, id, index)),
        Some(("F", id)) => return Ok(output(OutputSource::Fix, true, id, index)),
        Some(("v", name)) => return variable(name, index),
        Some((kind @ ("i" | "d" | "i2" | "d2"), name)) => {
            return Ok(Op::Custom {
                name: name.to_string(),
                integer: kind.starts_with('i'),
                array: kind.ends_with('2'),
                index,
            });
        }
        _ => {}
    }
    let atoms = ATOMS.iter().find(|a| a.0 == word).map(|a| a.1);
    let mut index = index.into_iter();
    match (atoms, index.next(), index.next()) {
        (Some(property), None, _) => Ok(Op::Atoms(property)),
        (Some(property), Some(i), None) => Ok(Op::AtomValue(property, i)),
        (None, None, _) => match CONSTANTS.iter().find(|c| c.0 == word) {
            Some(&(_, value)) => Ok(Op::Number(value)),
            None => Ok(Op::Keyword(word.to_string())),
        },
        _ => Err(ScriptError::formula(format!(
            "Invalid atom value '{word}[...]' in variable formula"
        ))
        .suggest(word, ATOMS.iter().map(|a| a.0))),
    }
}

fn variable(name: &str, mut index: Vec<Index>) -> Result<Op> {
    let last = index.pop();
    if !index.is_empty() {
        return Err(ScriptError::formula(format!(
            "Mismatched variable in variable formula: v_{name} takes at most one index"
        )));
    }
    Ok(Op::Variable {
        name: name.to_string(),
        index: last,
    })
}

/// Whether the text of a vector-style variable is a list `[1,2,3]` rather than a formula.
pub fn is_vector_list(text: &str) -> bool {
    text.trim_start().starts_with('[')
}

/// The numbers of a list `[1,2,3]`.
///
/// # Errors
/// An item is no number, or the bracket is not closed.
pub fn parse_vector_list(text: &str) -> Result<Vec<f64>> {
    let tree = run(Rule::list, text)?;
    let items: Vec<Node> = tree
        .into_inner()
        .filter(|p| p.as_rule() == Rule::item)
        .collect();
    if items.len() == 1 && items[0].as_str().trim().is_empty() {
        return Ok(Vec::new());
    }
    let number = |p: &Node| {
        let word = p.as_str().trim();
        match crate::script::flow::parse_number(word) {
            Some(n) => Ok(n),
            None => Err(ScriptError::formula(format!(
                "Expected floating point parameter instead of '{word}' in vector-style variable"
            ))
            .at(p.as_span().start()..p.as_span().end())),
        }
    };
    items.iter().map(number).collect()
}
