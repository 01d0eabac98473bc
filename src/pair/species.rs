//! Mapping of atom types to the species of a machine-learning model, for all styles that name
//! elements in `pair_coeff * * FILE El1 El2 ...`.

use crate::domain::State;
use crate::elements;
use crate::error::{Error, Result};

/// The species of each atom type.
#[derive(Debug, Clone, Default)]
pub struct SpeciesMap {
    /// Per type (index 0 unused): symbol and species, None for NULL.
    types: Vec<Option<(String, usize)>>,
}

impl SpeciesMap {
    /// Maps types 1.. to `symbols`, which stand at word `first` of the command. `known` are the
    /// atomic numbers of the model's species.
    ///
    /// # Errors
    /// Not one symbol per type, or an element that the model does not know.
    pub fn new(symbols: &[&str], first: usize, known: &[u8], state: &State) -> Result<Self> {
        let types = state.types.count;
        if symbols.len() != types {
            return Err(Error::input(format!(
                "Incorrect args for pair coefficients: {types} atom types need as many elements after \
                 the file, found {}",
                symbols.len()
            ))
            .help("one element symbol per atom type, in the order of the types; NULL leaves a type out")
            .at(first));
        }
        let mut map = vec![None];
        for (k, &symbol) in symbols.iter().enumerate() {
            map.push(species(symbol, known).map_err(|e| e.at(first + k))?);
        }
        Ok(Self { types: map })
    }

    /// Species of type `t`; None where it is mapped to NULL.
    pub fn of(&self, t: u32) -> Option<usize> {
        let entry = self.types.get(t as usize)?.as_ref()?;
        Some(entry.1)
    }

    /// Number of types plus one, the length of arrays indexed by type.
    pub fn width(&self) -> usize {
        self.types.len()
    }

    /// Which of `count` species occur.
    pub fn present(&self, count: usize) -> Vec<bool> {
        let mut present = vec![false; count];
        for (_, species) in self.types.iter().flatten() {
            present[*species] = true;
        }
        present
    }

    /// Checks that the masses of the types are those of their elements.
    ///
    /// # Errors
    /// A mass is that of another element.
    pub fn check_masses(&self, style: &str, state: &State) -> Result<()> {
        for (t, entry) in self.types.iter().enumerate() {
            let (Some((symbol, _)), Some(&Some(mass))) = (entry, state.types.mass.get(t)) else {
                continue;
            };
            if !fits(symbol, mass) {
                let standard = elements::mass(symbol).unwrap_or_default();
                let looks =
                    elements::by_mass(mass).map_or(String::new(), |e| format!(", that of {e}"));
                return Err(Error::input(format!(
                    "pair_style {style}: type {t} is {symbol} (mass {standard}) but has mass {mass}{looks}"
                ))
                .help("the elements after the model file must be in the order of the atom types"));
            }
        }
        Ok(())
    }

    /// Lines `type 1 -> Li (Z 3, mass 6.941)` for the log.
    pub fn describe(&self, state_mass: &[Option<f64>]) -> Vec<String> {
        let line = |(t, entry): (usize, &Option<(String, usize)>)| match entry {
            None => format!("type {t} -> NULL"),
            Some((symbol, _)) => {
                let z = elements::atomic_number(symbol).unwrap_or_default();
                let mass = state_mass.get(t).copied().flatten();
                let mass = mass.map_or(String::new(), |m| format!(", mass {m}"));
                format!("type {t} -> {symbol} (Z {z}{mass})")
            }
        };
        self.types.iter().enumerate().skip(1).map(line).collect()
    }
}

fn species(symbol: &str, known: &[u8]) -> Result<Option<(String, usize)>> {
    if symbol == "NULL" {
        return Ok(None);
    }
    let names = || known.iter().filter_map(|&z| elements::symbol(i64::from(z)));
    let Some(z) = elements::atomic_number(symbol) else {
        let error = Error::input(format!("'{symbol}' is not the symbol of an element"));
        return Err(error.suggest(symbol, names()));
    };
    let place = known.iter().position(|&k| usize::from(k) == z);
    place.map(|s| Some((symbol.to_string(), s))).ok_or_else(|| {
        let all: Vec<&str> = names().collect();
        Error::input(format!("the model does not know the element {symbol}"))
            .help(format!("elements of the model: {}", all.join(" ")))
    })
}

/// Whether `mass` can be that of the element: the standard mass or an isotope.
fn fits(symbol: &str, mass: f64) -> bool {
    match (elements::by_mass(mass), elements::mass(symbol)) {
        (Some(other), _) if other == symbol => true,
        // heavy and light isotopes: hydrogen up to tritium, others within 15 %
        (None, Some(_)) if symbol == "H" => mass > 0.9 && mass < 3.2,
        (None, Some(standard)) => (mass - standard).abs() < 0.15 * standard,
        // neighbours whose masses overlap (Co and Ni, Te and I) are told apart by `by_mass`
        (Some(_), Some(standard)) => (mass - standard).abs() < 0.002 * standard,
        (_, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masses_must_be_those_of_the_elements() {
        assert!(fits("Li", 6.941) && fits("Li", 6.015) && fits("H", 2.014) && fits("Cl", 35.453));
        assert!(fits("Cl", 36.966) && fits("S", 32.06) && fits("Pu", 244.0));
        assert!(!fits("S", 35.453) && !fits("Li", 30.974) && !fits("H", 4.0));
    }

    #[test]
    fn symbols_map_to_the_species_of_the_model() {
        assert_eq!(species("NULL", &[3]).unwrap(), None);
        assert_eq!(species("S", &[3, 15, 16]).unwrap(), Some(("S".into(), 2)));
        assert!(species("Na", &[3, 15, 16]).is_err());
        assert!(species("Xx", &[3]).is_err());
    }
}
