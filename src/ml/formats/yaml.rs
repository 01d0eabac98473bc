//! The part of YAML 1.1 that PyYAML's `safe_dump` writes: block mappings and sequences, flow
//! collections, plain and quoted scalars that may be folded over lines, anchors and aliases. No
//! tags, no literal blocks. Depth and the size of what aliases repeat are bounded.
//! Imports the tree and the model error.

use std::collections::HashMap;

use super::tree::{Data, MAX_DEPTH};
use crate::ml::error::{ModelError, Result};

/// Parses one document.
///
/// # Errors
/// Where the text is none or uses another part of YAML.
pub fn parse(text: &str) -> Result<Data> {
    let mut parser = Parser {
        lines: lines(text),
        at: 0,
        anchors: HashMap::new(),
        budget: text.len(),
    };
    match parser.lines.first().map(|line| line.indent) {
        None => Ok(Data::Null),
        Some(indent) => {
            let data = parser.block(indent, 0)?;
            match parser.lines.get(parser.at) {
                Some(line) => bad(line, "what follows belongs to nothing"),
                None => Ok(data),
            }
        }
    }
}

/// A line that is neither empty nor a comment.
#[derive(Clone, Copy)]
struct Line<'a> {
    number: usize,
    indent: usize,
    text: &'a str,
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut all = Vec::new();
    for (i, raw) in text.lines().enumerate() {
        let text = raw.trim_start_matches(' ');
        let skip = text.trim().is_empty() || text.starts_with('#');
        if skip || raw.starts_with("---") || raw.starts_with('%') || raw.starts_with("...") {
            continue;
        }
        all.push(Line {
            number: i + 1,
            indent: raw.len() - text.len(),
            text: text.trim_end(),
        });
    }
    all
}

fn bad<T>(line: &Line, text: &str) -> Result<T> {
    Err(ModelError::malformed(format!(
        "line {} of the YAML text: {text}",
        line.number
    )))
}

struct Parser<'a> {
    lines: Vec<Line<'a>>,
    at: usize,
    anchors: HashMap<String, Data>,
    /// Values that aliases may still repeat.
    budget: usize,
}

fn is_item(text: &str) -> bool {
    text == "-" || text.starts_with("- ")
}

impl<'a> Parser<'a> {
    /// The block whose lines begin at `indent`.
    fn block(&mut self, indent: usize, depth: usize) -> Result<Data> {
        let line = self.lines[self.at];
        if depth > MAX_DEPTH {
            return bad(&line, "nested too deeply");
        }
        if is_item(line.text) {
            return self.sequence(indent, depth);
        }
        if split_key(line.text).is_some() {
            return self.mapping(indent, depth);
        }
        self.at += 1;
        self.value(line, line.text, indent, depth)
    }

    fn sequence(&mut self, indent: usize, depth: usize) -> Result<Data> {
        let mut list = Vec::new();
        while let Some(&line) = self.lines.get(self.at) {
            if line.indent != indent || !is_item(line.text) {
                break;
            }
            let rest = line.text[1..].trim_start();
            let inner = indent + line.text.len() - rest.len();
            list.push(if is_item(rest) || split_key(rest).is_some() {
                // the item is a block that begins on this line
                self.lines[self.at] = Line {
                    indent: inner,
                    text: rest,
                    ..line
                };
                self.block(inner, depth + 1)?
            } else {
                self.at += 1;
                self.value(line, rest, indent + 1, depth + 1)?
            });
        }
        Ok(Data::List(list))
    }

    fn mapping(&mut self, indent: usize, depth: usize) -> Result<Data> {
        let mut map = Vec::new();
        while let Some(&line) = self.lines.get(self.at) {
            if line.indent != indent || is_item(line.text) {
                break;
            }
            let Some((key, rest)) = split_key(line.text) else {
                return bad(&line, "a name with a colon is expected");
            };
            self.at += 1;
            let value = self.value(line, rest, indent + 1, depth + 1)?;
            map.push((key, value));
        }
        Ok(Data::Map(map))
    }

    /// What stands after a dash or a colon: a scalar, or a block on the next lines, which begin at
    /// `indent` at least (a sequence in a mapping may begin one column earlier).
    fn value(&mut self, line: Line<'a>, rest: &str, indent: usize, depth: usize) -> Result<Data> {
        if depth > MAX_DEPTH {
            return bad(&line, "nested too deeply");
        }
        if let Some(name) = rest.strip_prefix('*') {
            return self.alias(&line, name);
        }
        if let Some(anchored) = rest.strip_prefix('&') {
            let (name, rest) = anchored.split_once(' ').unwrap_or((anchored, ""));
            let data = self.value(line, rest.trim_start(), indent, depth + 1)?;
            self.anchors.insert(name.to_owned(), data.clone());
            self.spend(&line, &data)?;
            return Ok(data);
        }
        if rest.is_empty() {
            return match self.lines.get(self.at) {
                Some(next) if next.indent >= indent => self.block(next.indent, depth + 1),
                Some(next) if next.indent + 1 == indent && is_item(next.text) => {
                    // in a sequence this would be the next item
                    if is_item(line.text) && line.indent == next.indent {
                        return Ok(Data::Null);
                    }
                    self.block(next.indent, depth + 1)
                }
                _ => Ok(Data::Null),
            };
        }
        let first = rest.as_bytes()[0];
        if matches!(first, b'!' | b'|' | b'>' | b'@' | b'`') {
            return bad(&line, "this form of YAML is not read");
        }
        let mut text = rest.to_owned();
        let mut balance = Balance::default();
        balance.add(rest);
        while let Some(next) = self.lines.get(self.at) {
            if next.indent < indent || balance.is_complete() {
                break;
            }
            text.push(' ');
            text.push_str(next.text);
            balance.add(next.text);
            self.at += 1;
        }
        let mut flow = Flow { text: &text, at: 0 };
        let data = match first {
            b'[' | b'{' | b'\'' | b'"' => flow.value(depth),
            _ => Some(scalar(&text)),
        };
        match data {
            Some(data) => Ok(data),
            None => bad(&line, "the value is damaged"),
        }
    }

    fn alias(&mut self, line: &Line, name: &str) -> Result<Data> {
        let Some(data) = self.anchors.get(name.trim()).cloned() else {
            return bad(line, "an alias of something unknown");
        };
        self.spend(line, &data)?;
        Ok(data)
    }

    fn spend(&mut self, line: &Line, data: &Data) -> Result<()> {
        match self.budget.checked_sub(size(data)) {
            Some(rest) => {
                self.budget = rest;
                Ok(())
            }
            None => bad(line, "aliases repeat more than the whole text"),
        }
    }
}

/// Number of values of a tree, texts by their length.
fn size(data: &Data) -> usize {
    match data {
        Data::Text(text) => 1 + text.len(),
        Data::List(list) => 1 + list.iter().map(size).sum::<usize>(),
        Data::Map(map) => 1 + map.iter().map(|(k, v)| k.len() + size(v)).sum::<usize>(),
        _ => 1,
    }
}

/// Open brackets and quotes of a value that is read line by line.
#[derive(Default)]
struct Balance {
    /// A bracket or quote has been seen at the beginning.
    enclosed: bool,
    started: bool,
    depth: usize,
    quote: Option<u8>,
}

impl Balance {
    fn add(&mut self, text: &str) {
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            if !self.started {
                self.started = true;
                self.enclosed = matches!(byte, b'[' | b'{' | b'\'' | b'"');
            }
            match (self.quote, byte) {
                (Some(b'"'), b'\\') => {
                    bytes.next();
                }
                (Some(quote), _) if quote == byte => self.quote = None,
                (Some(_), _) => {}
                // an apostrophe inside of a plain text opens nothing
                (None, b'\'' | b'"') if self.enclosed => self.quote = Some(byte),
                (None, b'[' | b'{') => self.depth += 1,
                (None, b']' | b'}') => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    /// True where no further line is needed. Plain text may always go on.
    fn is_complete(&self) -> bool {
        self.enclosed && self.depth == 0 && self.quote.is_none()
    }
}

/// Name and rest of `name: rest`.
fn split_key(text: &str) -> Option<(String, &str)> {
    let mut flow = Flow { text, at: 0 };
    match text.as_bytes().first()? {
        b'\'' | b'"' => {
            let Some(Data::Text(key)) = flow.quoted() else {
                return None;
            };
            let rest = text[flow.at..].strip_prefix(':')?;
            (rest.is_empty() || rest.starts_with(' ')).then(|| (key, rest.trim_start()))
        }
        b'[' => {
            // a list as a key, such as the pairs of elements of ACE potentials
            flow.list(0)?;
            let rest = text[flow.at..].strip_prefix(':')?;
            let key = text[..flow.at].to_owned();
            (rest.is_empty() || rest.starts_with(' ')).then(|| (key, rest.trim_start()))
        }
        b'{' | b'*' | b'&' => None,
        _ => {
            let at = text
                .find(": ")
                .or_else(|| text.ends_with(':').then(|| text.len() - 1))?;
            Some((text[..at].to_owned(), text[at + 1..].trim_start()))
        }
    }
}

/// A plain scalar.
fn scalar(text: &str) -> Data {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Data::Null,
        "true" | "True" | "yes" => Data::Bool(true),
        "false" | "False" | "no" => Data::Bool(false),
        ".inf" | "+.inf" => Data::Number(f64::INFINITY),
        "-.inf" => Data::Number(f64::NEG_INFINITY),
        ".nan" => Data::Number(f64::NAN),
        _ => {
            let numeric = text
                .bytes()
                .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
            match text.parse() {
                Ok(x) if numeric => Data::Number(x),
                _ => Data::Text(text.to_owned()),
            }
        }
    }
}

/// Reader of flow collections and quoted scalars.
struct Flow<'a> {
    text: &'a str,
    at: usize,
}

impl Flow<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Option<Data> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.spaces();
        match self.peek()? {
            b'[' => self.list(depth),
            b'{' => self.map(depth),
            b'\'' | b'"' => self.quoted(),
            _ => {
                let rest = &self.text[self.at..];
                let end = rest.find([',', ']', '}']).unwrap_or(rest.len());
                self.at += end;
                Some(scalar(rest[..end].trim()))
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<Data> {
        self.at += 1;
        let mut list = Vec::new();
        loop {
            self.spaces();
            match self.peek()? {
                b']' => {
                    self.at += 1;
                    return Some(Data::List(list));
                }
                b',' if !list.is_empty() => self.at += 1,
                // a brace that nothing opened would be an empty value for ever
                b'}' => return None,
                _ => list.push(self.value(depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Option<Data> {
        self.at += 1;
        let mut map = Vec::new();
        loop {
            self.spaces();
            match self.peek()? {
                b'}' => {
                    self.at += 1;
                    return Some(Data::Map(map));
                }
                b',' if !map.is_empty() => self.at += 1,
                b'\'' | b'"' => {
                    let Data::Text(key) = self.quoted()? else {
                        return None;
                    };
                    self.spaces();
                    (self.peek()? == b':').then_some(())?;
                    self.at += 1;
                    map.push((key, self.value(depth + 1)?));
                }
                _ => {
                    let rest = &self.text[self.at..];
                    let end = rest.find(':')?;
                    let key = rest[..end].trim().to_owned();
                    self.at += end + 1;
                    map.push((key, self.value(depth + 1)?));
                }
            }
        }
    }

    fn quoted(&mut self) -> Option<Data> {
        let quote = char::from(self.peek()?);
        self.at += 1;
        let mut out = String::new();
        let mut chars = self.text[self.at..].char_indices().peekable();
        while let Some((i, c)) = chars.next() {
            if c == quote {
                if quote == '\'' && chars.peek().is_some_and(|&(_, c)| c == '\'') {
                    out.push('\'');
                    chars.next();
                    continue;
                }
                self.at += i + 1;
                return Some(Data::Text(out));
            }
            if c != '\\' || quote == '\'' {
                out.push(c);
                continue;
            }
            let (_, escaped) = chars.next()?;
            let mut code = |digits: usize| {
                let hex: String = (0..digits)
                    .filter_map(|_| chars.next())
                    .map(|(_, c)| c)
                    .collect();
                u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32)
            };
            match escaped {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'r' => out.push('\r'),
                '0' => out.push('\0'),
                'x' => out.push(code(2)?),
                'u' => out.push(code(4)?),
                'U' => out.push(code(8)?),
                // a folded line
                ' ' => {}
                other => out.push(other),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(s: &str) -> Data {
        Data::Text(s.to_owned())
    }

    #[test]
    fn reads_what_pyyaml_writes() {
        let yaml = "'@class': Model\na:\n- 1\n- - 2.5e-3\n  - -4\n- b: x y\n    z\n  c: []\n- null\n\
                    d: &id001\n- O\n- 'it''s'\ne: *id001\nf: {}\ng: \"tab\\t\\u00e9: \\\n  more\"\n\
                    h: [1, [2, k], {m: 3}]\ni:\nj: true\n";
        let Data::Map(map) = parse(yaml).expect("valid") else {
            panic!("a map is expected")
        };
        let get = |name: &str| map.iter().find(|(k, _)| k == name).expect(name).1.clone();
        let shared = Data::List(vec![text("O"), text("it's")]);
        assert_eq!(get("@class"), text("Model"));
        assert_eq!(
            get("a"),
            Data::List(vec![
                Data::Number(1.0),
                Data::List(vec![Data::Number(0.0025), Data::Number(-4.0)]),
                Data::Map(vec![
                    ("b".into(), text("x y z")),
                    ("c".into(), Data::List(vec![])),
                ]),
                Data::Null,
            ])
        );
        assert_eq!((get("d"), get("e")), (shared.clone(), shared));
        assert_eq!(get("f"), Data::Map(vec![]));
        assert_eq!(get("g"), text("tab\té: more"));
        assert_eq!(
            get("h"),
            Data::List(vec![
                Data::Number(1.0),
                Data::List(vec![Data::Number(2.0), text("k")]),
                Data::Map(vec![("m".into(), Data::Number(3.0))]),
            ])
        );
        assert_eq!((get("i"), get("j")), (Data::Null, Data::Bool(true)));
    }

    #[test]
    fn bombs_are_errors() {
        let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
        let mut last = 'a';
        for next in 'b'..'l' {
            let items = format!("- *{last}\n").repeat(9);
            bomb += &format!("{next}: &{next}\n{items}");
            last = next;
        }
        assert!(parse(&bomb).is_err());
        assert!(parse(&"- ".repeat(100_000)).is_err());
        assert!(parse(&format!("a: {}", "[".repeat(100_000))).is_err());
        assert!(parse("a: *b").is_err());
        assert!(parse("a: !!python/object:os.system x").is_err());
    }
}
