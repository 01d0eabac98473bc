//! Numbers as C's `printf` writes them: `%d %i %u %f %e %g %s` with flags, width and precision.
//! Log files, dumps, `fix ave/time` and `${...}` all print through here, so that other programs'
//! readers see LAMMPS' digits. Imports nothing.
//!
//! Digits are exact: a double is m 2^e, so its decimal expansion is finite and is rounded half to even,
//! as glibc does. Common magnitudes take a 128-bit integer path; the others go through `core::fmt`.

mod digits;
mod parse;

pub use parse::{FormatError, LineFormat, Piece};

/// What a conversion prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `%d`, `%i`, `%u`: a whole number.
    Int,
    /// `%f`
    Fixed,
    /// `%e`
    Exponent,
    /// `%g`
    General,
    /// `%s`
    Text,
}

/// One conversion specification such as `%-14.8g`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conversion {
    /// What it prints.
    pub kind: Kind,
    /// Minimum width.
    pub width: usize,
    /// Digits; `None` if not given.
    pub precision: Option<usize>,
    /// `-`: pad on the right.
    pub left: bool,
    /// `+`: always a sign.
    pub plus: bool,
    /// Space instead of a plus sign.
    pub space: bool,
    /// `0`: pad with zeros.
    pub zero: bool,
    /// `#`: keep the decimal point and trailing zeros.
    pub alternate: bool,
    /// `E`, `G`, `F`: upper-case exponent, INF, NAN.
    pub upper: bool,
}

impl Conversion {
    /// `%.{precision}g`, the way most numbers are printed.
    pub const fn general(precision: usize) -> Self {
        Self {
            kind: Kind::General,
            width: 0,
            precision: Some(precision),
            left: false,
            plus: false,
            space: false,
            zero: false,
            alternate: false,
            upper: false,
        }
    }

    /// Whether this is one of `%f %e %g`.
    pub fn is_float(&self) -> bool {
        matches!(self.kind, Kind::Fixed | Kind::Exponent | Kind::General)
    }

    /// Appends a floating-point number. Under `%d` it is cut towards zero, under `%s` it is `%g`.
    pub fn write_f64(&self, out: &mut Vec<u8>, value: f64) {
        match self.kind {
            Kind::Int if value.is_finite() => return self.write_i64(out, value as i64),
            _ => {}
        }
        let start = out.len();
        self.write_sign(out, value.is_sign_negative());
        let body = out.len();
        if value.is_finite() {
            let magnitude = value.abs();
            match self.kind {
                Kind::Fixed => digits::fixed(out, magnitude, self.digits(), self.alternate),
                Kind::Exponent => {
                    digits::exponent(out, magnitude, self.digits(), self.alternate, self.upper);
                }
                _ => digits::general(out, magnitude, self.digits(), self.alternate, self.upper),
            }
        } else {
            let word: &[u8] = if value.is_nan() { b"nan" } else { b"inf" };
            out.extend_from_slice(word);
            if self.upper {
                out[body..].make_ascii_uppercase();
            }
        }
        self.pad(out, start, body, self.zero && value.is_finite());
    }

    /// Appends a whole number. Under `%f %e %g` it is converted to a double, under `%s` it is `%d`.
    pub fn write_i64(&self, out: &mut Vec<u8>, value: i64) {
        if self.is_float() {
            return self.write_f64(out, value as f64);
        }
        let start = out.len();
        self.write_sign(out, value < 0);
        let body = out.len();
        digits::integer(out, u128::from(value.unsigned_abs()));
        let precision = if self.kind == Kind::Int {
            self.precision.unwrap_or(1)
        } else {
            1
        };
        if precision == 0 && value == 0 {
            out.truncate(body);
        }
        let missing = precision.saturating_sub(out.len() - body);
        digits::insert_fill(out, body, missing, b'0');
        // C ignores the 0 flag where a precision is given
        self.pad(out, start, body, self.zero && self.precision.is_none());
    }

    /// Appends a text (under any conversion); a precision limits the number of characters under `%s`.
    pub fn write_str(&self, out: &mut Vec<u8>, text: &str) {
        let start = out.len();
        match self.precision {
            Some(n) if self.kind == Kind::Text => {
                let end = text.char_indices().nth(n).map_or(text.len(), |(i, _)| i);
                out.extend_from_slice(&text.as_bytes()[..end]);
            }
            _ => out.extend_from_slice(text.as_bytes()),
        }
        self.pad(out, start, start, false);
    }

    fn digits(&self) -> usize {
        self.precision.unwrap_or(6)
    }

    fn write_sign(&self, out: &mut Vec<u8>, negative: bool) {
        if negative {
            out.push(b'-');
        } else if self.plus {
            out.push(b'+');
        } else if self.space {
            out.push(b' ');
        }
    }

    /// Pads what was written from `start` on; zeros go after the sign, at `body`.
    fn pad(&self, out: &mut Vec<u8>, start: usize, body: usize, zeros: bool) {
        // Characters, not bytes: continuation bytes of UTF-8 take no column
        let length = out[start..].iter().filter(|&&b| b & 0xc0 != 0x80).count();
        if length >= self.width {
            return;
        }
        let missing = self.width - length;
        if self.left {
            out.resize(out.len() + missing, b' ');
        } else {
            let (at, fill) = if zeros { (body, b'0') } else { (start, b' ') };
            digits::insert_fill(out, at, missing, fill);
        }
    }
}

fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::with_capacity(24);
    write(&mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// A number as `printf` would write it.
pub fn format_f64(conversion: &Conversion, value: f64) -> String {
    text(|out| conversion.write_f64(out, value))
}

/// A whole number as `printf` would write it.
pub fn format_i64(conversion: &Conversion, value: i64) -> String {
    text(|out| conversion.write_i64(out, value))
}

/// A text as `printf` would write it.
pub fn format_str(conversion: &Conversion, value: &str) -> String {
    text(|out| conversion.write_str(out, value))
}

/// `%.{precision}g`: 15 digits for `${equal}`, 20 for `$(formula)`.
pub fn general(precision: usize, value: f64) -> String {
    format_f64(&Conversion::general(precision), value)
}

/// The fewest digits that give the same number back, with an exponent below 1e-4 and from 1e16 on, as `{}` of C++'s
/// fmt library writes numbers.
pub fn shortest(value: f64) -> String {
    if !value.is_finite() || value == 0.0 {
        return if value == 0.0 && value.is_sign_negative() {
            "-0".into()
        } else {
            general(6, value)
        };
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    match exponent.parse::<i32>() {
        Ok(e) if (-4..16).contains(&e) => format!("{value}"),
        Ok(e) => {
            let sign = if e < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", e.abs())
        }
        Err(_) => text,
    }
}

#[cfg(test)]
mod tests;
