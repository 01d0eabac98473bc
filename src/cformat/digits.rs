//! Exact decimal digits of doubles.

use std::io::Write;

/// Powers of ten that fit a 128-bit product with a 53-bit mantissa.
const MAX_POWER: usize = 22;

const POWERS: [u128; MAX_POWER + 1] = {
    let mut p = [1u128; MAX_POWER + 1];
    let mut i = 1;
    while i <= MAX_POWER {
        p[i] = p[i - 1] * 10;
        i += 1;
    }
    p
};

/// Appends a whole number.
pub(super) fn integer(out: &mut Vec<u8>, value: u128) {
    let mut buffer = [0u8; 40];
    let mut at = buffer.len();
    let mut rest = value;
    while rest > u128::from(u64::MAX) {
        at -= 1;
        buffer[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let mut rest = rest as u64;
    loop {
        at -= 1;
        buffer[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&buffer[at..]);
}

/// round(|value| 10^power), half to even, exactly; `None` if it does not fit the integer path.
fn scaled(value: f64, power: i32) -> Option<u128> {
    let bits = value.to_bits();
    let raw = (bits >> 52 & 0x7ff) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) = match raw {
        0 => (fraction, -1074),
        _ => (fraction | 1 << 52, raw - 1075),
    };
    let magnitude = usize::try_from(power.unsigned_abs()).ok()?;
    if magnitude > MAX_POWER {
        return None;
    }
    let ten = POWERS[magnitude];
    let mut numerator = u128::from(mantissa);
    let mut denominator = 1u128;
    if power >= 0 {
        numerator *= ten;
    } else {
        denominator = ten;
    }
    if exponent >= 0 {
        if exponent as u32 >= numerator.leading_zeros() {
            return None;
        }
        numerator <<= exponent;
    } else if denominator == 1 {
        // A right shift with rounding: the usual case, without a division
        let shift = exponent.unsigned_abs();
        if shift >= 127 {
            return None;
        }
        let quotient = numerator >> shift;
        let rest = numerator & ((1u128 << shift) - 1);
        let half = 1u128 << (shift - 1);
        let up = rest > half || (rest == half && quotient & 1 == 1);
        return Some(quotient + u128::from(up));
    } else {
        if exponent.unsigned_abs() + 2 >= denominator.leading_zeros() {
            return None;
        }
        denominator <<= exponent.unsigned_abs();
    }
    let (quotient, rest) = (numerator / denominator, numerator % denominator);
    let up = rest * 2 > denominator || (rest * 2 == denominator && quotient & 1 == 1);
    Some(quotient + u128::from(up))
}

/// Inserts `count` bytes at `at`.
pub(super) fn insert_fill(out: &mut Vec<u8>, at: usize, count: usize, byte: u8) {
    let end = out.len();
    out.resize(end + count, byte);
    out.copy_within(at..end, at + count);
    out[at..at + count].fill(byte);
}

/// Appends the `count` leading decimal digits of `value` >= 0 (rounded); gives the decimal exponent of the first.
fn significant(out: &mut Vec<u8>, value: f64, count: usize) -> i32 {
    let start = out.len();
    if value == 0.0 {
        out.resize(start + count, b'0');
        return 0;
    }
    if count <= 19 {
        // log10 may be off by one next to a power of ten: then the digit count tells, and we retry
        let mut first = value.log10().floor() as i32;
        for _ in 0..2 {
            let Some(number) = scaled(value, count as i32 - 1 - first) else {
                break;
            };
            integer(out, number);
            let length = out.len() - start;
            if length == count {
                return first;
            }
            // 9.99 rounded up to 10.0: the exponent grows and the last zero goes
            let grew = length == count + 1;
            first += if grew { 1 } else { -1 };
            if grew && number == POWERS[count] {
                out.truncate(start + count);
                return first;
            }
            out.truncate(start);
        }
    }
    slow_significant(out, value, count)
}

/// The same through `core::fmt`, for magnitudes and precisions beyond the integer path.
pub(super) fn slow_significant(out: &mut Vec<u8>, value: f64, count: usize) -> i32 {
    let start = out.len();
    // Writing to a vector cannot fail
    let _ = write!(out, "{:.*e}", count - 1, value);
    let e = out[start..].iter().position(|&b| b == b'e');
    let e = e.map_or(out.len(), |i| start + i);
    let exponent = std::str::from_utf8(out.get(e + 1..).unwrap_or_default())
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(0);
    out.truncate(e);
    if count > 1 {
        out.remove(start + 1);
    }
    exponent
}

/// `%.{precision}f` of `value` >= 0.
pub(super) fn fixed(out: &mut Vec<u8>, value: f64, precision: usize, point: bool) {
    let number = i32::try_from(precision).ok().and_then(|p| scaled(value, p));
    match number {
        Some(number) => {
            let start = out.len();
            integer(out, number);
            let missing = (precision + 1).saturating_sub(out.len() - start);
            insert_fill(out, start, missing, b'0');
            if precision > 0 {
                out.insert(out.len() - precision, b'.');
            }
        }
        None => {
            // Writing to a vector cannot fail
            let _ = write!(out, "{value:.precision$}");
        }
    }
    if precision == 0 && point {
        out.push(b'.');
    }
}

fn push_exponent(out: &mut Vec<u8>, exponent: i32, upper: bool) {
    out.push(if upper { b'E' } else { b'e' });
    out.push(if exponent < 0 { b'-' } else { b'+' });
    if exponent.abs() < 10 {
        out.push(b'0');
    }
    integer(out, u128::from(exponent.unsigned_abs()));
}

/// `%.{precision}e` of `value` >= 0.
pub(super) fn exponent(out: &mut Vec<u8>, value: f64, precision: usize, point: bool, upper: bool) {
    let start = out.len();
    let first = significant(out, value, precision + 1);
    if precision > 0 || point {
        out.insert(start + 1, b'.');
    }
    push_exponent(out, first, upper);
}

/// `%.{precision}g` of `value` >= 0.
pub(super) fn general(out: &mut Vec<u8>, value: f64, precision: usize, keep: bool, upper: bool) {
    let precision = precision.max(1);
    let start = out.len();
    let first = significant(out, value, precision);
    let scientific = first < -4 || first >= precision as i32;
    if !keep {
        let zeros = out[start + 1..].iter().rev().take_while(|&&b| b == b'0');
        let zeros = zeros.count();
        out.truncate(out.len() - zeros);
    }
    let digits = out.len() - start;
    if scientific {
        if digits > 1 || keep {
            out.insert(start + 1, b'.');
        }
        push_exponent(out, first, upper);
    } else if first < 0 {
        let zeros = first.unsigned_abs() as usize;
        insert_fill(out, start, zeros + 1, b'0');
        out[start + 1] = b'.';
    } else {
        let whole = first as usize + 1;
        if digits < whole {
            out.resize(start + whole, b'0');
        }
        if digits > whole || keep {
            out.insert(start + whole, b'.');
        }
    }
}
