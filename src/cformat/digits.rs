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

/// The `count` leading decimal digits of `value` >= 0 (rounded) and the decimal exponent of the first.
fn significant(value: f64, count: usize, digits: &mut Vec<u8>) -> i32 {
    digits.clear();
    if value == 0.0 {
        digits.resize(count, b'0');
        return 0;
    }
    if count <= 19 {
        // log10 may be off by one next to a power of ten: then the digit count tells, and we retry
        let mut first = value.log10().floor() as i32;
        for _ in 0..2 {
            let Some(number) = scaled(value, count as i32 - 1 - first) else {
                break;
            };
            integer(digits, number);
            if digits.len() == count {
                return first;
            }
            // 9.99 rounded up to 10.0: the exponent grows and the last zero goes
            let grew = digits.len() == count + 1;
            first += if grew { 1 } else { -1 };
            let rounded_up = grew && number == POWERS[count];
            if rounded_up {
                digits.truncate(count);
                return first;
            }
            digits.clear();
        }
    }
    digits.clear();
    slow_significant(value, count, digits)
}

/// The same through `core::fmt`, for magnitudes and precisions beyond the integer path.
pub(super) fn slow_significant(value: f64, count: usize, digits: &mut Vec<u8>) -> i32 {
    let start = digits.len();
    // Writing to a vector cannot fail
    let _ = write!(digits, "{:.*e}", count - 1, value);
    let e = digits[start..]
        .iter()
        .position(|&b| b == b'e')
        .map_or(digits.len(), |i| start + i);
    let exponent = std::str::from_utf8(digits.get(e + 1..).unwrap_or_default())
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(0);
    digits.truncate(e);
    if count > 1 {
        digits.remove(start + 1);
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
            if missing > 0 {
                out.splice(start..start, std::iter::repeat_n(b'0', missing));
            }
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
    let mut digits = Vec::with_capacity(24);
    let first = significant(value, precision + 1, &mut digits);
    out.push(digits[0]);
    if precision > 0 || point {
        out.push(b'.');
    }
    out.extend_from_slice(&digits[1..]);
    push_exponent(out, first, upper);
}

/// `%.{precision}g` of `value` >= 0.
pub(super) fn general(out: &mut Vec<u8>, value: f64, precision: usize, keep: bool, upper: bool) {
    let precision = precision.max(1);
    let mut digits = Vec::with_capacity(24);
    let first = significant(value, precision, &mut digits);
    let scientific = first < -4 || first >= precision as i32;
    if !keep {
        while digits.len() > 1 && digits.last() == Some(&b'0') {
            digits.pop();
        }
    }
    if scientific {
        out.push(digits[0]);
        if digits.len() > 1 || keep {
            out.push(b'.');
        }
        out.extend_from_slice(&digits[1..]);
        push_exponent(out, first, upper);
    } else if first < 0 {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + (-first - 1) as usize, b'0');
        out.extend_from_slice(&digits);
    } else {
        let whole = first as usize + 1;
        let known = whole.min(digits.len());
        out.extend_from_slice(&digits[..known]);
        out.resize(out.len() + whole - known, b'0');
        if digits.len() > whole || keep {
            out.push(b'.');
            out.extend_from_slice(&digits[known..]);
        }
    }
}
