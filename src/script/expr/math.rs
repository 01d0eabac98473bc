//! The math functions of formulas on single numbers, and the binary operators.

use super::host::Clock;
use super::{Binary, MathFunction};
use std::f64::consts::TAU;

/// The value of a sequence function that has come to its end: larger than any step.
const NEVER: f64 = 9_223_372_036_854_774_784.0;

/// More parts of an interval than this would take long to add up.
const MAX_PARTS: i64 = 1_000_000;

/// Why a function has no value here.
pub(super) type Fault = &'static str;

const ILLEGAL: Fault = "Invalid math function in variable formula: arguments out of range";

fn truth(b: bool) -> f64 {
    f64::from(u8::from(b))
}

/// A binary operator on two numbers.
pub(super) fn binary(op: Binary, a: f64, b: f64) -> Result<f64, Fault> {
    Ok(match op {
        Binary::Or => truth(a != 0.0 || b != 0.0),
        Binary::Xor => truth((a != 0.0) != (b != 0.0)),
        Binary::And => truth(a != 0.0 && b != 0.0),
        Binary::Eq => truth(a == b),
        Binary::Ne => truth(a != b),
        Binary::Lt => truth(a < b),
        Binary::Le => truth(a <= b),
        Binary::Gt => truth(a > b),
        Binary::Ge => truth(a >= b),
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div if b == 0.0 => return Err("Divide by 0 in variable formula"),
        Binary::Div => a / b,
        Binary::Rem if b == 0.0 => return Err("Modulo 0 in variable formula"),
        Binary::Rem => a % b,
        Binary::Pow if a == 0.0 && b < 0.0 => {
            return Err("Invalid power expression in variable formula: 0 to a negative power");
        }
        Binary::Pow => a.powf(b),
    })
}

/// A math function; `args` has as many numbers as its arity says.
pub(super) fn apply(function: MathFunction, args: &[f64], clock: &Clock) -> Result<f64, Fault> {
    use MathFunction as M;
    let (x, y, z) = (arg(args, 0), arg(args, 1), arg(args, 2));
    let elapsed = (clock.step - clock.begin) as f64 * clock.dt;
    Ok(match function {
        M::Sqrt if x < 0.0 => return Err("Sqrt of negative value in variable formula"),
        M::Sqrt => x.sqrt(),
        M::Exp => x.exp(),
        M::Ln | M::Log if x <= 0.0 => return Err("Log of zero/negative value in variable formula"),
        M::Ln => x.ln(),
        M::Log => x.log10(),
        M::Abs => x.abs(),
        M::Sign => {
            if x >= 0.0 {
                1.0
            } else {
                -1.0
            }
        }
        M::Sin => x.sin(),
        M::Cos => x.cos(),
        M::Tan => x.tan(),
        M::Asin if x.abs() > 1.0 => return Err("Arcsin of invalid value in variable formula"),
        M::Asin => x.asin(),
        M::Acos if x.abs() > 1.0 => return Err("Arccos of invalid value in variable formula"),
        M::Acos => x.acos(),
        M::Atan => x.atan(),
        M::Atan2 => x.atan2(y),
        M::Ceil => x.ceil(),
        M::Floor => x.floor(),
        // Halves go up, also below zero: -2.5 gives -2
        M::Round if x - x.floor() >= 0.5 => x.ceil(),
        M::Round => x.floor(),
        M::Ramp if !clock.running || clock.end == clock.begin => x,
        M::Ramp => {
            let fraction = (clock.step - clock.begin) as f64 / (clock.end - clock.begin) as f64;
            x + fraction * (y - x)
        }
        M::Vdisplace => x + y * elapsed,
        M::Swiggle | M::Cwiggle if z == 0.0 => return Err(ILLEGAL),
        M::Swiggle => x + y * (TAU / z * elapsed).sin(),
        M::Cwiggle => x + y * (1.0 - (TAU / z * elapsed).cos()),
        M::Stagger => stagger(clock.step, x, y)?,
        M::Logfreq => logfreq(clock.step, x, y, z)?,
        M::Logfreq2 => logfreq2(clock.step, x, y, z)?,
        M::Logfreq3 => logfreq3(clock.step, x, y, z)?,
        M::Stride => stride(clock.step, integer(x)?, integer(y)?, integer(z)?)?,
        M::Stride2 => stride2(clock.step, args)?,
        // The caller owns the random streams
        M::Random | M::Normal => return Err(ILLEGAL),
    })
}

fn arg(args: &[f64], i: usize) -> f64 {
    args.get(i).copied().unwrap_or(0.0)
}

/// Arguments of sequence functions are cut to whole numbers; half the range leaves room for sums.
fn integer(x: f64) -> Result<i64, Fault> {
    if x.abs() < 4.0e18 {
        Ok(x as i64)
    } else {
        Err(ILLEGAL)
    }
}

/// Next of y, x, x+y, 2x, 2x+y, ...
fn stagger(step: i64, x: f64, y: f64) -> Result<f64, Fault> {
    let (x, y) = (integer(x)?, integer(y)?);
    if x <= 0 || y <= 0 || x <= y {
        return Err(ILLEGAL);
    }
    let lower = step / x * x;
    Ok(if step - lower < y {
        lower + y
    } else {
        lower + x
    } as f64)
}

/// Next of x, 2x, ... yx, xz, 2xz, ... yxz, xz^2, ...
fn logfreq(step: i64, x: f64, y: f64, z: f64) -> Result<f64, Fault> {
    let (x, y, z) = (integer(x)?, integer(y)?, integer(z)?);
    if x <= 0 || y <= 0 || z <= 0 || y >= z {
        return Err(ILLEGAL);
    }
    if step < x {
        return Ok(x as f64);
    }
    let mut lower = x;
    while step >= lower.saturating_mul(z) && lower < i64::MAX / z {
        lower *= z;
    }
    let multiple = step / lower;
    Ok(if multiple < y {
        (multiple + 1) as f64 * lower as f64
    } else {
        lower as f64 * z as f64
    })
}

/// As `logfreq`, with y equal parts of every interval from x z^k to x z^(k+1).
///
/// The parts are added up one by one, as LAMMPS does: where they are no whole numbers, the rounding of the
/// sum decides about the next step.
fn logfreq2(step: i64, x: f64, y: f64, z: f64) -> Result<f64, Fault> {
    let (x, y, z) = (integer(x)? as f64, integer(y)?, integer(z)? as f64);
    if x <= 0.0 || y <= 0 || y > MAX_PARTS || z <= 1.0 {
        return Err(ILLEGAL);
    }
    let mut value = x;
    let mut part = x * (z - 1.0) / y as f64;
    let mut parts = 0;
    while step as f64 >= value {
        value += part;
        parts += 1;
        if parts % y == 0 {
            part *= z;
        }
    }
    Ok(value.ceil())
}

/// y steps from x to z, each larger than the last by the factor (z/x)^(1/(y-1)), but by at least 1.
fn logfreq3(step: i64, x: f64, y: f64, z: f64) -> Result<f64, Fault> {
    let (x, y, z) = (integer(x)?, integer(y)?, integer(z)?);
    if x <= 0 || y <= 1 || z <= 0 || z - x + 1 < y {
        return Err(ILLEGAL);
    }
    if step < x {
        return Ok(x as f64);
    }
    if step >= z {
        return Ok(NEVER);
    }
    let factor = (z as f64 / x as f64).powf(1.0 / (y - 1) as f64);
    let (mut log, mut linear) = (x as f64, x);
    while step as f64 >= log {
        log *= factor;
        linear += 1;
    }
    let next = (linear as f64).max(log.ceil());
    Ok(next.max((step + 1) as f64).min(z as f64))
}

/// Next of x, x+z, x+2z, ... up to y.
fn stride(step: i64, x: i64, y: i64, z: i64) -> Result<f64, Fault> {
    if x < 0 || y < 0 || z <= 0 || x > y {
        return Err(ILLEGAL);
    }
    if step < x {
        return Ok(x as f64);
    }
    let next = step - (step - x) % z + z;
    Ok(if next > y { NEVER } else { next as f64 })
}

/// `stride(x,y,z)` with a finer stride (a,b,c) inside.
fn stride2(step: i64, args: &[f64]) -> Result<f64, Fault> {
    let [x, y, z, a, b, c] = args else {
        return Err(ILLEGAL);
    };
    let (x, y, z) = (integer(*x)?, integer(*y)?, integer(*z)?);
    let (a, b, c) = (integer(*a)?, integer(*b)?, integer(*c)?);
    if x < 0 || y < 0 || z <= 0 || x > y || a < 0 || b < 0 || c <= 0 || a > b || a < x || b > y {
        return Err(ILLEGAL);
    }
    // As in LAMMPS, the last step of the coarse strides may lie beyond y unless it follows the fine ones.
    let coarse = |from: i64| from - (from - x).rem_euclid(z) + z;
    if step < x {
        return Ok(x as f64);
    }
    if step >= y {
        return Ok(NEVER);
    }
    if step < a {
        return Ok(coarse(step).min(a) as f64);
    }
    if step > b {
        return Ok(coarse(step) as f64);
    }
    let fine = step - (step - a) % c + c;
    if fine <= b {
        return Ok(fine as f64);
    }
    let next = coarse(b);
    Ok(if next > y { NEVER } else { next as f64 })
}
