//! What bonds and angles share: a style, or a mixture of styles, with the potentials of all types.
//!
//! May import `domain` and the bottom modules; `bond` and `angle` hold the potentials and their tables.

use crate::domain::State;
use crate::domain::state::Types;
use crate::domain::topology::type_range;
use crate::error::{Error, Result};
use crate::foreign;
use crate::signature::{Args, Signature};

/// A kind of bonded interaction, implemented for the trait object of its potentials.
pub trait Bonded: 'static {
    /// `bond` or `angle`: the beginning of `bond_style` and `bond_coeff`.
    const NOUN: &'static str;
    /// The same with a capital letter, as messages of LAMMPS begin.
    const TITLE: &'static str;
    /// All styles, by name.
    const STYLES: &'static [Entry<Self>];

    /// Labels of the types, and how many types there are.
    fn types(types: &Types) -> (&[Option<String>], usize);

    /// Words of the coefficients behind the type.
    fn coefficients(&self) -> Vec<String>;
}

/// A line of the table of styles.
pub struct Entry<P: ?Sized> {
    /// Signature of the words behind the name of the style.
    pub signature: &'static Signature,
    /// Signature of the words behind the type of the coefficients.
    pub coeff: &'static Signature,
    /// Makes the potential of a type.
    pub build: fn(&Args) -> Result<Box<P>>,
}

/// What a type of a mixture has instead of a style if it has no interaction.
const NONE: &str = "none";

fn find<P: Bonded + ?Sized>(name: &str) -> Result<&'static Entry<P>> {
    let names = P::STYLES.iter().map(|e| e.signature.name);
    let found = P::STYLES.iter().find(|e| e.signature.name == name);
    found.ok_or_else(|| foreign::unknown_style(P::NOUN, name, names.chain(["hybrid", "none"])))
}

/// The present style with the potentials of all types.
pub struct Styles<P: Bonded + ?Sized> {
    styles: Vec<&'static Entry<P>>,
    hybrid: bool,
    /// Coefficients are not read (`zero nocoeff`).
    nocoeff: bool,
    /// Name of the style and potential by type, index 0 unused.
    potentials: Vec<Option<(&'static str, Box<P>)>>,
}

impl<P: Bonded + ?Sized> Styles<P> {
    /// From the words behind `bond_style` or `angle_style`.
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
                let noun = P::NOUN;
                return Err(Error::input(format!(
                    "{noun}_style hybrid needs at least one style"
                )));
            }
        } else {
            let entry = find::<P>(name).map_err(|e| e.at(0))?;
            entry
                .signature
                .parse(&format!("{}_style {name}", P::NOUN), &words[1..])
                .map_err(|e| e.shifted(1))?;
            styles.push(entry);
        }
        Ok(Self {
            styles,
            hybrid,
            nocoeff: !hybrid && words.contains(&"nocoeff"),
            potentials: Vec::new(),
        })
    }

    /// Takes the words behind `bond_coeff` or `angle_coeff`.
    ///
    /// # Errors
    /// A word does not fit.
    pub fn coeff(&mut self, words: &[&str], state: &State) -> Result<()> {
        let word = words.first().copied().unwrap_or("");
        let (labels, types) = P::types(&state.types);
        let range =
            type_range(&Types::bonded_type(labels, word), types, P::NOUN).map_err(|e| e.at(0))?;
        let skip = if self.hybrid { 2 } else { 1 };
        let entry = if self.hybrid {
            self.member(words.get(1).copied().unwrap_or(""))?
        } else {
            self.styles[0]
        };
        let mut own = words.get(skip..).unwrap_or(&[]);
        if self.nocoeff {
            own = &[];
        }
        let args = entry
            .coeff
            .parse(&format!("{}_coeff", P::NOUN), own)
            .map_err(|e| e.shifted(skip))?;
        let none = self.hybrid && words.get(1) == Some(&NONE);
        let name = if none { NONE } else { entry.signature.name };
        self.potentials.resize_with(types + 1, || None);
        for t in range {
            let p = (entry.build)(&args).map_err(|e| e.shifted(skip))?;
            self.potentials[t] = Some((name, p));
        }
        Ok(())
    }

    /// The style of this name in a mixture.
    fn member(&self, name: &str) -> Result<&'static Entry<P>> {
        if name == NONE {
            return find("zero");
        }
        let found = self.styles.iter().find(|s| s.signature.name == name);
        found.copied().ok_or_else(|| {
            let title = P::TITLE;
            Error::input(format!(
                "{title} coeff for hybrid has invalid style '{name}'"
            ))
            .at(1)
            .suggest(name, self.styles.iter().map(|s| s.signature.name))
        })
    }

    /// Checks that all types have coefficients.
    ///
    /// # Errors
    /// One has none.
    pub fn init(&self, types: usize) -> Result<()> {
        let noun = P::NOUN;
        let missing = |t: &usize| self.potentials.get(*t).is_none_or(Option::is_none);
        match (1..=types).find(missing) {
            None => Ok(()),
            Some(t) => Err(Error::input(format!(
                "All {noun} coeffs are not set. Type {t} is missing."
            ))
            .help(format!("add: {noun}_coeff {t} ..."))),
        }
    }

    /// The potential of a type, whose coefficients are set.
    pub fn potential(&self, kind: u32) -> Option<&P> {
        let p = self.potentials.get(kind as usize)?.as_ref()?;
        Some(&*p.1)
    }

    /// Words of the style and of the coefficients of every type that make the same again.
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
            if *name != NONE {
                words.extend(p.coefficients());
            }
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
