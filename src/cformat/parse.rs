//! Format strings.

use super::{Conversion, Kind};

/// Widths and precisions beyond this are refused: no column of a log is wider.
const LIMIT: usize = 1000;

/// A format string cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Nothing that `printf` understands.
    #[error("Incorrect conversion in format string '{0}'")]
    Conversion(String),
    /// A width or precision nobody wants.
    #[error("Incorrect conversion in format string '{0}': width or precision above {LIMIT}")]
    TooWide(String),
}

/// A part of a format string.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// Text printed as it is.
    Literal(String),
    /// A number or text is printed here.
    Value(Conversion),
}

/// A whole format string such as `%d %d %.6f`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LineFormat {
    pieces: Vec<Piece>,
}

impl std::str::FromStr for Conversion {
    type Err = FormatError;

    /// Parses exactly one conversion, nothing around it.
    fn from_str(text: &str) -> Result<Self, FormatError> {
        match conversion(text)? {
            (c, "") => Ok(c),
            _ => Err(FormatError::Conversion(text.to_string())),
        }
    }
}

/// Parses the conversion at the start of `text`, and gives what follows it.
fn conversion(text: &str) -> Result<(Conversion, &str), FormatError> {
    let wrong = || FormatError::Conversion(text.to_string());
    let mut rest = text.strip_prefix('%').ok_or_else(wrong)?;
    let mut c = Conversion {
        precision: None,
        ..Conversion::general(6)
    };
    while let Some(flag) = rest.chars().next() {
        match flag {
            '-' => c.left = true,
            '+' => c.plus = true,
            ' ' => c.space = true,
            '0' => c.zero = true,
            '#' => c.alternate = true,
            _ => break,
        }
        rest = &rest[1..];
    }
    c.width = number(&mut rest, text)?.unwrap_or(0);
    if let Some(after) = rest.strip_prefix('.') {
        rest = after;
        c.precision = Some(number(&mut rest, text)?.unwrap_or(0));
    }
    let rest = rest.trim_start_matches(['h', 'l', 'L', 'q', 'j', 'z', 't']);
    let letter = rest.chars().next().ok_or_else(wrong)?;
    c.upper = letter.is_ascii_uppercase();
    c.kind = match letter {
        'd' | 'i' | 'u' => Kind::Int,
        'f' | 'F' => Kind::Fixed,
        'e' | 'E' => Kind::Exponent,
        'g' | 'G' => Kind::General,
        's' => Kind::Text,
        _ => return Err(wrong()),
    };
    Ok((c, &rest[1..]))
}

fn number(rest: &mut &str, text: &str) -> Result<Option<usize>, FormatError> {
    let end = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, after) = rest.split_at(end);
    *rest = after;
    if digits.is_empty() {
        return Ok(None);
    }
    match digits.parse() {
        Ok(n) if n <= LIMIT => Ok(Some(n)),
        _ => Err(FormatError::TooWide(text.to_string())),
    }
}

impl std::str::FromStr for LineFormat {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('%') {
            literal.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(after) = rest.strip_prefix("%%") {
                literal.push('%');
                rest = after;
                continue;
            }
            let (c, after) = conversion(rest)?;
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Value(c));
            rest = after;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Self { pieces })
    }
}

impl LineFormat {
    /// Literals and conversions in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Number of values that the format prints.
    pub fn values(&self) -> usize {
        self.conversions().count()
    }

    /// The conversions in order.
    pub fn conversions(&self) -> impl Iterator<Item = &Conversion> {
        self.pieces.iter().filter_map(|p| match p {
            Piece::Value(c) => Some(c),
            Piece::Literal(_) => None,
        })
    }

    /// The conversions in order, to be changed one by one (`dump_modify format 3 ...`).
    pub fn conversions_mut(&mut self) -> impl Iterator<Item = &mut Conversion> {
        self.pieces.iter_mut().filter_map(|p| match p {
            Piece::Value(c) => Some(c),
            Piece::Literal(_) => None,
        })
    }

    /// Conversions separated by blanks.
    pub fn spaced(conversions: impl IntoIterator<Item = Conversion>) -> Self {
        let mut pieces = Vec::new();
        for c in conversions {
            if !pieces.is_empty() {
                pieces.push(Piece::Literal(" ".to_string()));
            }
            pieces.push(Piece::Value(c));
        }
        Self { pieces }
    }

    /// A format of exactly one value, perhaps with text around it.
    ///
    /// # Errors
    /// The text is no format, or it has no or several conversions.
    pub fn one(text: &str) -> Result<Self, FormatError> {
        let f: Self = text.parse()?;
        match f.values() {
            1 => Ok(f),
            _ => Err(FormatError::Conversion(text.to_string())),
        }
    }

    /// The words of a format, one value each (`format line` of thermo output and of dumps with columns).
    ///
    /// # Errors
    /// As [`Self::one`], for one of the words.
    pub fn words(text: &str) -> Result<Vec<Self>, FormatError> {
        text.split_whitespace().map(Self::one).collect()
    }

    /// A format of one value.
    pub fn of(conversion: Conversion) -> Self {
        Self {
            pieces: vec![Piece::Value(conversion)],
        }
    }

    /// Formats one after the other with `separator` between them.
    pub fn joined(parts: &[Self], separator: &str) -> Self {
        let mut pieces = Vec::new();
        for part in parts {
            if !pieces.is_empty() && !separator.is_empty() {
                pieces.push(Piece::Literal(separator.to_string()));
            }
            pieces.extend(part.pieces.iter().cloned());
        }
        Self { pieces }
    }

    /// Writes a line: `write` is called for every conversion with its number from 0 on.
    pub fn write(
        &self,
        out: &mut Vec<u8>,
        mut write: impl FnMut(&Conversion, usize, &mut Vec<u8>),
    ) {
        let mut index = 0;
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Value(c) => {
                    write(c, index, out);
                    index += 1;
                }
            }
        }
    }

    /// Writes floating-point numbers; conversions beyond the last value print nothing.
    pub fn write_f64s(&self, out: &mut Vec<u8>, values: &[f64]) {
        self.write(out, |c, i, out| {
            if let Some(&v) = values.get(i) {
                c.write_f64(out, v);
            }
        });
    }
}
