//! The text of frozen TorchScript as a list of formulas: names, literals and calls. Nothing is
//! known here about what a call means.
//!
//! Every statement of TorchScript's printed form stands on one line, and blocks are indented by two
//! spaces. Imports the model error.

use crate::ml::error::{ModelError, Result};

/// Longest text, most statements and deepest nesting that are read.
const MAX_TEXT: usize = 1 << 25;
const MAX_STATEMENTS: usize = 1 << 19;
const MAX_DEPTH: usize = 60;

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A variable, or a dotted name such as `CONSTANTS.c0`.
    Name(String),
    /// A number; truth values are 1 and 0.
    Number(f64),
    /// A text.
    Text(String),
    /// None.
    None,
    /// A list or tuple.
    List(Vec<Expr>),
    /// `function(arguments)`; keyword arguments have been left out.
    Call(String, Vec<Expr>),
    /// `value[index]`.
    Item(Box<Expr>, Box<Expr>),
}

/// A statement and the line it stands on (from 1).
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Line of the file.
    pub line: usize,
    /// What it says.
    pub kind: Kind,
}

/// Kinds of statements.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// `name = expression`.
    Let(String, Expr),
    /// `name, name, = list`.
    Unpack(Vec<String>, Expr),
    /// An expression for its effect.
    Do(Expr),
    /// `if condition: .. else: ..`.
    If(Expr, Vec<Statement>, Vec<Statement>),
    /// `for _ in range(count): ..`.
    Repeat(Expr, Vec<Statement>),
    /// `return ..`.
    Return,
}

/// Reads the body of the method `forward`.
///
/// # Errors
/// Where the text has another form; names the line.
pub fn parse(text: &str) -> Result<Vec<Statement>> {
    if text.len() > MAX_TEXT {
        return Err(ModelError::malformed("the code of the model is too long"));
    }
    let mut lines = Vec::new();
    let (mut head, mut inside) = (false, false);
    for (number, line) in text.lines().enumerate() {
        let body = line.trim_start();
        if inside {
            let indent = line.len() - body.len();
            if body.is_empty() {
                continue;
            }
            if indent < 4 {
                break;
            }
            lines.push((number + 1, indent, body));
        } else {
            // the head of the method may stand on several lines
            head |= body.starts_with("def forward(");
            inside = head && body.ends_with(':') && body.contains("->");
        }
    }
    if lines.is_empty() || lines.len() > MAX_STATEMENTS {
        return Err(ModelError::malformed(
            "the code of the model has no method `forward` of a sensible length",
        ));
    }
    let (block, rest) = block(&lines, 4, 0)?;
    match rest.first() {
        None => Ok(block),
        Some((number, ..)) => Err(at(*number, "the indentation is wrong")),
    }
}

type Lines<'a> = &'a [(usize, usize, &'a str)];

fn at(line: usize, what: &str) -> ModelError {
    ModelError::malformed(format!("code line {line}: {what}"))
}

/// Statements of one indentation and the lines behind them.
fn block<'a>(
    mut lines: Lines<'a>,
    indent: usize,
    depth: usize,
) -> Result<(Vec<Statement>, Lines<'a>)> {
    let mut out = Vec::new();
    while let Some(&(line, own, text)) = lines.first() {
        if own < indent {
            break;
        }
        if own > indent || depth > MAX_DEPTH {
            return Err(at(line, "the indentation is wrong"));
        }
        lines = &lines[1..];
        if text == "pass" {
            continue;
        }
        let kind = if let Some(head) = text.strip_prefix("if ") {
            let condition = whole(head.strip_suffix(':').unwrap_or(head), line)?;
            let (then, rest) = block(lines, indent + 2, depth + 1)?;
            lines = rest;
            let mut otherwise = Vec::new();
            if let Some(&(_, own, "else:")) = lines.first()
                && own == indent
            {
                let (found, rest) = block(&lines[1..], indent + 2, depth + 1)?;
                (otherwise, lines) = (found, rest);
            }
            Kind::If(condition, then, otherwise)
        } else if let Some(head) = text.strip_prefix("for ") {
            let range = head
                .split_once(" in range(")
                .and_then(|(_, r)| r.strip_suffix("):"));
            let range = range.ok_or_else(|| at(line, "a loop of another form"))?;
            let count = whole(range, line)?;
            let (body, rest) = block(lines, indent + 2, depth + 1)?;
            lines = rest;
            Kind::Repeat(count, body)
        } else if text == "return" || text.starts_with("return ") {
            Kind::Return
        } else {
            simple(text, line)?
        };
        out.push(Statement { line, kind });
    }
    Ok((out, lines))
}

/// `name = expression` or an expression.
fn simple(text: &str, line: usize) -> Result<Kind> {
    if let Some((name, value)) = text.split_once(" = ") {
        let plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if plain(name) && !name.is_empty() {
            return Ok(Kind::Let(name.to_owned(), whole(value, line)?));
        }
        let names = name.split(',').map(str::trim).filter(|n| !n.is_empty());
        if names.clone().all(plain) && name.contains(',') {
            let names = names.map(str::to_owned).collect();
            return Ok(Kind::Unpack(names, whole(value, line)?));
        }
    }
    Ok(Kind::Do(whole(text, line)?))
}

/// An expression that is the whole text.
fn whole(text: &str, line: usize) -> Result<Expr> {
    let mut reader = Reader {
        rest: text,
        depth: 0,
    };
    let found = reader
        .expression()
        .filter(|_| reader.rest.trim().is_empty());
    found.ok_or_else(|| {
        at(
            line,
            &format!("an unexpected form near `{}`", start(reader.rest)),
        )
    })
}

fn start(text: &str) -> String {
    text.trim().chars().take(40).collect()
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn take(&mut self, sign: &str) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expression(&mut self) -> Option<Expr> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let mut value = self.atom()?;
        // indices of indices nest as well
        for _ in 0..MAX_DEPTH {
            if self.take("[") {
                let index = self.items("]")?;
                let index = match <[Expr; 1]>::try_from(index) {
                    Ok([only]) => only,
                    Err(several) => Expr::List(several),
                };
                value = Expr::Item(Box::new(value), Box::new(index));
            } else if self.take("(") {
                let Expr::Name(name) = value else {
                    return None;
                };
                value = Expr::Call(name, self.items(")")?);
            } else {
                break;
            }
        }
        self.depth -= 1;
        Some(value)
    }

    /// Expressions up to a closing bracket; keyword arguments are read and left out.
    fn items(&mut self, close: &str) -> Option<Vec<Expr>> {
        let mut items = Vec::new();
        while !self.take(close) {
            let value = self.expression()?;
            if matches!(value, Expr::Name(_)) && self.take("=") {
                self.expression()?;
            } else {
                items.push(value);
            }
            if !self.take(",") {
                return self.take(close).then_some(items);
            }
        }
        Some(items)
    }

    fn atom(&mut self) -> Option<Expr> {
        self.rest = self.rest.trim_start();
        let first = self.rest.chars().next()?;
        if first == '(' || first == '[' {
            self.rest = &self.rest[1..];
            let close = if first == '(' { ")" } else { "]" };
            let items = self.items(close)?;
            return Some(match <[Expr; 1]>::try_from(items) {
                Ok([only]) if first == '(' => only,
                Ok([only]) => Expr::List(vec![only]),
                Err(several) => Expr::List(several),
            });
        }
        if first == '"' || first == '\'' {
            let text = &self.rest[1..];
            let end = text.find(first)?;
            let (value, rest) = (&text[..end], &text[end + 1..]);
            self.rest = rest;
            // escapes do not occur in names; a text with one is of no use here
            return (!value.contains('\\')).then(|| Expr::Text(value.to_owned()));
        }
        if first.is_ascii_digit() || first == '-' || first == '.' {
            let number = |(i, c): (usize, char)| {
                let sign = c == '-' || c == '+';
                let exponent = i > 0 && self.rest[..i].ends_with(['e', 'E']);
                !(c.is_ascii_digit() || ".eE".contains(c) || (sign && (i == 0 || exponent)))
            };
            let end = self
                .rest
                .char_indices()
                .find(|&x| number(x))
                .map_or(self.rest.len(), |x| x.0);
            let value = self.rest[..end].parse().ok()?;
            self.rest = &self.rest[end..];
            return Some(Expr::Number(value));
        }
        let name_end = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.');
        let end = self.rest.find(name_end).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(match name {
            "" => return None,
            "None" => Expr::None,
            "True" => Expr::Number(1.0),
            "False" => Expr::Number(0.0),
            _ => Expr::Name(name.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_body(body: &str) -> Result<Vec<Statement>> {
        parse(&format!(
            "class M(Module):\n  __parameters__ = []\n  def forward(self: __torch__.M,\n    input: Dict[str, Tensor]) -> Dict[str, Tensor]:\n{body}"
        ))
    }

    fn name(text: &str) -> Expr {
        Expr::Name(text.to_owned())
    }

    #[test]
    fn statements_are_read() {
        let body = "    x = torch.mul(CONSTANTS.c0, -1.5e-3)\n    if torch.eq((torch.size(x))[-1], 2):\n      pass\n    else:\n      ops.prim.RaiseException(\"no\")\n    for _1 in range(n):\n      y = f([x], a=None)\n    a, b, = ([1], 2)\n    return x\n";
        let found = parse_body(body).unwrap();
        let call = |f: &str, args: Vec<Expr>| Expr::Call(f.to_owned(), args);
        assert_eq!(
            found[0].kind,
            Kind::Let(
                "x".into(),
                call(
                    "torch.mul",
                    vec![name("CONSTANTS.c0"), Expr::Number(-1.5e-3)]
                )
            )
        );
        let Kind::If(condition, then, otherwise) = &found[1].kind else {
            panic!("{found:?}");
        };
        let size = call("torch.size", vec![name("x")]);
        let last = Expr::Item(Box::new(size), Box::new(Expr::Number(-1.0)));
        assert_eq!(*condition, call("torch.eq", vec![last, Expr::Number(2.0)]));
        assert_eq!((then.len(), otherwise.len()), (0, 1));
        let Kind::Repeat(count, body) = &found[2].kind else {
            panic!("{found:?}");
        };
        assert_eq!(*count, name("n"));
        let list = Expr::List(vec![name("x")]);
        assert_eq!(body[0].kind, Kind::Let("y".into(), call("f", vec![list])));
        let Kind::Unpack(names, Expr::List(values)) = &found[3].kind else {
            panic!("{found:?}");
        };
        assert_eq!(
            (&names[..], values.len()),
            (&["a".to_owned(), "b".to_owned()][..], 2)
        );
        assert_eq!((found[4].line, &found[4].kind), (13, &Kind::Return));
    }

    #[test]
    fn other_forms_are_refused() {
        for body in [
            "",
            "    x = (\n",
            "    x = a b\n",
            "      x = a\n",
            "    x = \"a\n",
            "    while a:\n      b\n",
        ] {
            assert!(parse_body(body).is_err(), "{body}");
        }
        let deep = format!("    x = {}a{}\n", "[".repeat(1000), "]".repeat(1000));
        assert!(parse_body(&deep).is_err());
        let chain = format!("    x = a{}\n", "[0]".repeat(1000));
        assert!(parse_body(&chain).is_err());
        assert!(parse("").is_err());
    }
}
