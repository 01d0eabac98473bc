//! Angles: potentials of the angle between two bonds, and the table of styles. One file and one line in
//! [`ANGLE_STYLES`] per style.
//!
//! May import `domain` and the bottom modules. Styles never import each other.

mod cosine;
mod forces;
mod harmonic;
mod zero;

pub use forces::evaluate;

use crate::domain::State;
use crate::error::{Error, Result};
use crate::signature::{Args, Signature};

/// The potential of one angle type.
pub trait AnglePotential: Send + Sync {
    /// Energy and its derivative by the cosine of the angle, at this cosine.
    fn evaluate(&self, cosine: f64) -> (f64, f64);

    /// Words of `angle_coeff` behind the type.
    fn words(&self) -> Vec<String>;
}

/// A line of the table of angle styles.
pub struct AngleEntry {
    /// Signature of the words after `angle_style NAME`.
    pub signature: &'static Signature,
    /// Signature of the words after `angle_coeff TYPE`.
    pub coeff: &'static Signature,
    /// Makes the potential of a type.
    pub build: fn(&Args) -> Result<Box<dyn AnglePotential>>,
}

/// All angle styles, by name.
pub const ANGLE_STYLES: &[AngleEntry] = &[harmonic::STYLE, cosine::STYLE, zero::STYLE];

/// The entry of style `name`.
///
/// # Errors
/// There is no such style.
pub fn find(name: &str) -> Result<&'static AngleEntry> {
    ANGLE_STYLES
        .iter()
        .find(|e| e.signature.name == name)
        .ok_or_else(|| {
            crate::foreign::unknown_style(
                "angle",
                name,
                ANGLE_STYLES
                    .iter()
                    .map(|e| e.signature.name)
                    .chain(["hybrid", "none"]),
            )
        })
}

/// A potential and the name of its style.
type Named = (&'static str, Box<dyn AnglePotential>);

/// The present angle style with the potentials of all types.
pub struct Angles {
    styles: Vec<&'static AngleEntry>,
    hybrid: bool,
    /// By type, index 0 unused.
    potentials: Vec<Option<Named>>,
}

impl Angles {
    /// `angle_style` with the words behind the command.
    ///
    /// # Errors
    /// A style does not exist or has words that it does not know.
    pub fn new(words: &[&str]) -> Result<Self> {
        let name = words.first().copied().unwrap_or("");
        let hybrid = name == "hybrid";
        let mut styles = Vec::new();
        if hybrid {
            for (i, w) in words.iter().enumerate().skip(1) {
                styles.push(find(w).map_err(|e| e.at(i))?);
            }
            if styles.is_empty() {
                return Err(Error::input("angle_style hybrid needs at least one style"));
            }
        } else {
            let entry = find(name).map_err(|e| e.at(0))?;
            entry
                .signature
                .parse(&format!("angle_style {name}"), &words[1..])
                .map_err(|e| e.shifted(1))?;
            styles.push(entry);
        }
        Ok(Self {
            styles,
            hybrid,
            potentials: Vec::new(),
        })
    }

    /// `angle_coeff` with the words behind the command.
    ///
    /// # Errors
    /// A word does not fit.
    pub fn coeff(&mut self, words: &[&str], state: &State) -> Result<()> {
        let word = words.first().copied().unwrap_or("");
        let range = crate::domain::topology::type_range(
            &crate::domain::state::Types::bonded_type(&state.types.angle_label, word),
            state.types.angles,
            "angle",
        )
        .map_err(|e| e.at(0))?;
        let skip = if self.hybrid { 2 } else { 1 };
        let entry = if self.hybrid {
            let name = words.get(1).copied().unwrap_or("");
            *self
                .styles
                .iter()
                .find(|s| s.signature.name == name)
                .ok_or_else(|| {
                    Error::input(format!("Angle coeff for hybrid has invalid style '{name}'"))
                        .at(1)
                        .suggest(name, self.styles.iter().map(|s| s.signature.name))
                })?
        } else {
            self.styles[0]
        };
        let args = entry
            .coeff
            .parse("angle_coeff", words.get(skip..).unwrap_or(&[]))
            .map_err(|e| e.shifted(skip))?;
        self.potentials.resize_with(state.types.angles + 1, || None);
        for t in range {
            let p = (entry.build)(&args).map_err(|e| e.shifted(skip))?;
            self.potentials[t] = Some((entry.signature.name, p));
        }
        Ok(())
    }

    /// Checks that all types have coefficients.
    ///
    /// # Errors
    /// One has none.
    pub fn init(&self, types: usize) -> Result<()> {
        for t in 1..=types {
            if self.potentials.get(t).is_none_or(Option::is_none) {
                return Err(Error::input(format!(
                    "All angle coeffs are not set. Type {t} is missing."
                ))
                .help(format!("add: angle_coeff {t} ...")));
            }
        }
        Ok(())
    }

    /// The potential of a type, whose coefficients are set.
    pub fn potential(&self, kind: u32) -> Option<&dyn AnglePotential> {
        let p = self.potentials.get(kind as usize)?.as_ref()?;
        Some(&*p.1)
    }

    /// Words of `angle_style` and of every `angle_coeff` that make the same again.
    pub fn commands(&self) -> (Vec<String>, Vec<Vec<String>>) {
        let mut style: Vec<String> = Vec::new();
        if self.hybrid {
            style.push("hybrid".into());
        }
        style.extend(self.styles.iter().map(|s| s.signature.name.to_string()));
        let coeffs = self.potentials.iter().enumerate().filter_map(|(t, p)| {
            let (name, p) = p.as_ref()?;
            let mut words = vec![t.to_string()];
            if self.hybrid {
                words.push((*name).to_string());
            }
            words.extend(p.words());
            Some(words)
        });
        (style, coeffs.collect())
    }

    /// The name of the style.
    pub fn name(&self) -> &'static str {
        if self.hybrid {
            "hybrid"
        } else {
            self.styles[0].signature.name
        }
    }
}
