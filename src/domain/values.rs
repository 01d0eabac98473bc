//! Words that name per-atom or global values: `x`, `vx`, `c_ID[2]`, `f_ID[*]`, `v_name`.

use super::host::{Host, Output, Reference, Source};
use super::state::State;
use crate::error::{Error, Result};

/// An atom attribute or a reference to a per-atom value.
#[derive(Debug, Clone, PartialEq)]
pub enum AtomValue {
    /// `x`, `y`, `z`
    Position(usize),
    /// `vx`, `vy`, `vz`
    Velocity(usize),
    /// `fx`, `fy`, `fz`
    Force(usize),
    /// `c_ID`, `f_ID`, `v_name`
    Reference(Reference),
}

impl AtomValue {
    /// Parses one word; `None` if it is none of these.
    pub fn parse(word: &str) -> Option<Self> {
        let axis = |s: &str| ["x", "y", "z"].iter().position(|a| *a == s);
        if let Some(r) = Reference::parse(word) {
            return Some(Self::Reference(r));
        }
        if let Some(k) = axis(word) {
            return Some(Self::Position(k));
        }
        match word.split_at_checked(1)? {
            ("v", d) => axis(d).map(Self::Velocity),
            ("f", d) => axis(d).map(Self::Force),
            _ => None,
        }
    }

    /// The values of all atoms now.
    ///
    /// # Errors
    /// The reference names no per-atom value.
    pub fn evaluate(&self, host: &mut dyn Host) -> Result<Vec<f64>> {
        let column = |v: &[[f64; 3]], k: usize| v.iter().map(|a| a[k]).collect();
        let atoms = &host.state().atoms;
        Ok(match self {
            Self::Position(k) => column(&atoms.x, *k),
            Self::Velocity(k) => column(&atoms.v, *k),
            Self::Force(k) => column(&atoms.f, *k),
            Self::Reference(r) => return host.per_atom(r),
        })
    }
}

/// How many values an index in brackets can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Elements of a global vector (scalar mode).
    Elements,
    /// Columns of a global array (vector mode).
    Columns,
    /// Columns of a per-atom array.
    AtomColumns,
}

fn extent(output: Output, shape: Shape) -> usize {
    match shape {
        Shape::Elements => output.vector,
        Shape::Columns => output.array.1,
        Shape::AtomColumns => output.per_atom.unwrap_or(0),
    }
}

/// Expands `c_ID[*]`, `c_ID[2*4]`, `f_ID[3*]` into single references; other words are kept as they are.
/// Returns each word with the index of the word that it came from.
///
/// # Errors
/// A wildcard names a compute or fix that does not exist or has nothing to count.
pub fn expand(
    words: &[(usize, &str)],
    shape: Shape,
    host: &dyn Host,
) -> Result<Vec<(usize, String)>> {
    let mut out = Vec::new();
    for &(at, word) in words {
        match wildcard(word) {
            None => out.push((at, word.to_string())),
            Some((head, low, high)) => {
                let output = |source| host.output(source, &head[2..]).map_err(|e| e.or_at(at));
                let n = match &head[..2] {
                    "c_" => extent(output(Source::Compute)?, shape),
                    "f_" => extent(output(Source::Fix)?, shape),
                    _ => host.state().atoms.custom.get(head).map_or(0, |c| c.columns),
                };
                let high = high.unwrap_or(n);
                if low < 1 || high > n || low > high {
                    return Err(Error::input(format!(
                        "'{word}' names elements beyond the {n} that {head} has"
                    ))
                    .at(at));
                }
                out.extend((low..=high).map(|i| (at, format!("{head}[{i}]"))));
            }
        }
    }
    Ok(out)
}

fn wildcard(word: &str) -> Option<(&str, usize, Option<usize>)> {
    let (head, tail) = word.split_once('[')?;
    let inside = tail.strip_suffix(']')?;
    let (a, b) = inside.split_once('*')?;
    if !["c_", "f_", "i2_", "d2_"]
        .iter()
        .any(|p| head.starts_with(p))
    {
        return None;
    }
    let low = if a.is_empty() { 1 } else { a.parse().ok()? };
    let high = if b.is_empty() {
        None
    } else {
        Some(b.parse().ok()?)
    };
    Some((head, low, high))
}

/// Checks before the first step that a reference names a per-atom vector or one column of an array.
///
/// # Errors
/// The compute or fix does not exist, or has no such per-atom data.
pub fn require_per_atom(r: &Reference, host: &dyn Host) -> Result<()> {
    if r.source == Source::Variable {
        return Ok(());
    }
    let columns = host
        .output(r.source, &r.id)?
        .per_atom
        .ok_or_else(|| Error::input(format!("{r} is no per-atom value")))?;
    match (columns, r.index.as_slice()) {
        (0, []) => Ok(()),
        (0, _) => Err(Error::input(format!(
            "{r}: there is one value per atom and no column to choose"
        ))),
        (n, []) => Err(Error::input(format!(
            "{r} has {n} columns: choose one with an index in brackets"
        ))),
        (n, [i]) if *i <= n => Ok(()),
        (n, _) => Err(Error::input(format!(
            "{r} is out of range: there are {n} columns"
        ))),
    }
}

/// Checks before the first step that a reference names one number.
///
/// # Errors
/// The compute or fix does not exist, or has no such value.
pub fn require_scalar(r: &Reference, host: &dyn Host) -> Result<()> {
    if r.source == Source::Variable {
        return Ok(());
    }
    let o = host.output(r.source, &r.id)?;
    let ok = match r.index.as_slice() {
        [] => o.scalar,
        [i] => *i <= o.vector,
        [i, j] => *i <= o.array.0 && *j <= o.array.1,
        _ => false,
    };
    if ok {
        Ok(())
    } else {
        let e = Error::input(format!(
            "{r} is not a single number that the {} has",
            kind_of(r.source)
        ));
        Err(match (o.per_atom, o.vector) {
            (Some(_), _) => e.help("it is per atom: compute reduce makes a number of it"),
            (None, n) if n > 0 => {
                let plain = Reference {
                    index: Vec::new(),
                    ..r.clone()
                };
                e.help(format!("it has a vector: {plain}[1] to {plain}[{n}]"))
            }
            _ => e,
        })
    }
}

fn kind_of(source: Source) -> &'static str {
    match source {
        Source::Compute => "compute",
        Source::Fix => "fix",
        Source::Variable => "variable",
    }
}

/// Atoms of a group, as indices in ascending order.
pub fn members(state: &State, bit: u32) -> impl Iterator<Item = usize> + '_ {
    state
        .atoms
        .mask
        .iter()
        .enumerate()
        .filter(move |(_, m)| *m & bit != 0)
        .map(|(i, _)| i)
}

/// Unwrapped position of atom `i`.
pub fn unwrapped(state: &State, i: usize) -> [f64; 3] {
    let x = state.atoms.x[i];
    state
        .cell
        .as_ref()
        .map_or(x, |c| c.unwrap(x, state.atoms.image[i]))
}

/// Centre of mass of a group from unwrapped positions, and its mass.
pub fn centre_of_mass(state: &State, bit: u32) -> ([f64; 3], f64) {
    let mut sum = [0.0; 3];
    let mut mass = 0.0;
    for i in members(state, bit) {
        let m = state.mass_of(i);
        let x = unwrapped(state, i);
        (0..3).for_each(|k| sum[k] += m * x[k]);
        mass += m;
    }
    if mass > 0.0 {
        sum = sum.map(|s| s / mass);
    }
    (sum, mass)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_name_attributes_or_references() {
        assert_eq!(AtomValue::parse("vz"), Some(AtomValue::Velocity(2)));
        assert_eq!(AtomValue::parse("y"), Some(AtomValue::Position(1)));
        assert!(matches!(
            AtomValue::parse("c_a[2]"),
            Some(AtomValue::Reference(_))
        ));
        assert_eq!(AtomValue::parse("vq"), None);
        assert_eq!(wildcard("c_g[*]"), Some(("c_g", 1, None)));
        assert_eq!(wildcard("f_g[2*4]"), Some(("f_g", 2, Some(4))));
        assert_eq!(wildcard("c_g[2]"), None);
    }
}
