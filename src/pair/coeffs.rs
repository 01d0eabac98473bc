//! Coefficients per pair of types, as `pair_coeff` gives them, and the mixing rules.

use super::Mix;
use crate::domain::State;
use crate::error::{Error, Result};
use crate::signature::parse_real;

/// Pairs of types that a style is responsible for under a hybrid style; symmetric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypePairs {
    n: usize,
    has: Vec<bool>,
}

impl TypePairs {
    /// No pairs of `n` types.
    pub fn none(n: usize) -> Self {
        Self {
            n,
            has: vec![false; (n + 1) * (n + 1)],
        }
    }

    /// All pairs of `n` types.
    pub fn all(n: usize) -> Self {
        Self {
            n,
            has: vec![true; (n + 1) * (n + 1)],
        }
    }

    /// Adds or removes a pair.
    pub fn set(&mut self, i: usize, j: usize, on: bool) {
        let w = self.n + 1;
        self.has[i * w + j] = on;
        self.has[j * w + i] = on;
    }

    /// Whether the pair belongs.
    pub fn contains(&self, i: usize, j: usize) -> bool {
        let w = self.n + 1;
        i < w && j < w && self.has[i * w + j]
    }

    /// Whether all pairs of real types belong.
    pub fn is_all(&self) -> bool {
        (1..=self.n).all(|i| (i..=self.n).all(|j| self.contains(i, j)))
    }
}

/// What `pair_coeff` gave for pairs i <= j of types.
#[derive(Debug, Clone, Default)]
pub struct Given<T> {
    n: usize,
    values: Vec<Option<T>>,
}

impl<T: Clone> Given<T> {
    /// Sets `value` for all pairs i <= j that `words[0]` and `words[1]` name (in the other order, if
    /// they name none).
    ///
    /// # Errors
    /// A word is no range of types.
    pub fn set(&mut self, state: &State, words: &[&str], value: &T) -> Result<()> {
        if self.n != state.types.count {
            self.n = state.types.count;
            self.values = vec![None; (self.n + 1) * (self.n + 1)];
        }
        for (i, j) in pairs(state, words)? {
            let at = i * (self.n + 1) + j;
            self.values[at] = Some(value.clone());
        }
        Ok(())
    }

    /// The value of a pair.
    pub fn get(&self, i: usize, j: usize) -> Option<&T> {
        let (i, j) = (i.min(j), i.max(j));
        self.values.get(i * (self.n + 1) + j)?.as_ref()
    }

    /// All given pairs i <= j.
    pub fn iter(&self) -> impl Iterator<Item = (usize, usize, &T)> {
        let w = self.n + 1;
        let given = self.values.iter().enumerate();
        given.filter_map(move |(at, v)| v.as_ref().map(|v| (at / w, at % w, v)))
    }
}

/// The pairs i <= j of types that the first two words of `pair_coeff` name.
///
/// # Errors
/// A word is missing or no range of types.
pub fn pairs(state: &State, words: &[&str]) -> Result<Vec<(usize, usize)>> {
    let range = |k: usize| match words.get(k) {
        Some(w) => state.types.range(w).map_err(|e| e.at(k)),
        None => Err(Error::input(
            "Illegal pair_coeff command: missing argument(s): two atom types are expected",
        )
        .or_at(k.saturating_sub(1))),
    };
    let (a, b) = (range(0)?, range(1)?);
    let list = |a: &std::ops::RangeInclusive<usize>, b: &std::ops::RangeInclusive<usize>| {
        let from = |i: usize| (*b.start()).max(i)..=*b.end();
        a.clone()
            .flat_map(|i| from(i).map(move |j| (i, j)))
            .collect::<Vec<_>>()
    };
    let found = list(&a, &b);
    Ok(if found.is_empty() {
        list(&b, &a)
    } else {
        found
    })
}

/// LAMMPS' error for pairs without coefficients, naming them. `missing` are pairs of types.
pub fn not_set(missing: &[(usize, usize)], style: &str) -> Error {
    const SHOWN: usize = 6;
    let mut list: Vec<String> = missing
        .iter()
        .take(SHOWN)
        .map(|(i, j)| format!("{i} {j}"))
        .collect();
    if missing.len() > SHOWN {
        list.push(format!("and {} more", missing.len() - SHOWN));
    }
    Error::input(format!(
        "All pair coeffs are not set: pair_style {style} has none for types {}",
        list.join(", ")
    ))
    .help(format!(
        "add: pair_coeff {} {} ...",
        missing.first().map_or(1, |p| p.0),
        missing.first().map_or(1, |p| p.1)
    ))
}

/// The numbers after the types: at least `names.len()` less `optional`, at most `names.len()`.
///
/// # Errors
/// Too few or too many words, or no number.
pub fn numbers(
    style: &str,
    words: &[&str],
    names: &[&str],
    optional: usize,
) -> Result<Vec<Option<f64>>> {
    let least = 2 + names.len() - optional;
    if words.len() < least {
        return Err(Error::input(format!(
            "Incorrect args for pair coefficients: pair_style {style} needs I J {}, '{}' is not given",
            names.join(" "),
            names[words.len().saturating_sub(2).min(names.len() - 1)]
        ))
        .at(words.len().saturating_sub(1)));
    }
    if words.len() > 2 + names.len() {
        let at = 2 + names.len();
        return Err(Error::input(format!(
            "Incorrect args for pair coefficients: unexpected '{}' after I J {}",
            words[at],
            names.join(" ")
        ))
        .at(at));
    }
    let number = |(k, name): (usize, &&str)| match words.get(k + 2) {
        None => Ok(None),
        Some(w) => parse_real(w).map(Some).ok_or_else(|| {
            Error::input(format!(
                "Incorrect args for pair coefficients: expected a number for '{name}', found '{w}'"
            ))
            .at(k + 2)
        }),
    };
    names.iter().enumerate().map(number).collect()
}

impl Mix {
    /// Word of `pair_modify mix`.
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "geometric" => Some(Self::Geometric),
            "arithmetic" => Some(Self::Arithmetic),
            "sixthpower" => Some(Self::SixthPower),
            _ => None,
        }
    }

    /// Energy parameter of unlike types. Waldman and Hagler (1993), doi:10.1002/jcc.540140909, for
    /// the sixth-power rule.
    pub fn energy(self, ei: f64, ej: f64, si: f64, sj: f64) -> f64 {
        match self {
            Self::Geometric | Self::Arithmetic => (ei * ej).sqrt(),
            Self::SixthPower => {
                2.0 * (ei * ej).sqrt() * si.powi(3) * sj.powi(3) / (si.powi(6) + sj.powi(6))
            }
        }
    }

    /// Length parameter (also the cutoff) of unlike types.
    pub fn length(self, si: f64, sj: f64) -> f64 {
        match self {
            Self::Geometric => (si * sj).sqrt(),
            Self::Arithmetic => 0.5 * (si + sj),
            Self::SixthPower => (0.5 * (si.powi(6) + sj.powi(6))).powf(1.0 / 6.0),
        }
    }
}

/// A number that parses back to the same bits.
pub fn exact(v: f64) -> String {
    format!("{v:?}")
}
