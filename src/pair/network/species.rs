//! Mapping of atom types to the species of a machine-learning model, as
//! `pair_coeff * * FILE El1 El2 ...` states it.

use crate::domain::State;
use crate::elements;
use crate::error::{Error, Result};
use crate::ml::brick::NO_SPECIES;

/// A species of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Species {
    /// Name in the model: the symbol of an element, or (DeePMD, NequIP) any word.
    pub name: String,
    /// Atomic number, if the model states one.
    pub number: Option<u8>,
}

impl Species {
    /// The element of atomic number `z`.
    pub fn element(z: u8) -> Species {
        Species {
            name: elements::symbol(z.into()).unwrap_or("?").to_owned(),
            number: Some(z),
        }
    }

    /// A species that is known by name only.
    pub fn named(name: impl Into<String>) -> Species {
        let name = name.into();
        let number = elements::atomic_number(&name).and_then(|z| u8::try_from(z).ok());
        Species { name, number }
    }
}

/// The species of each atom type.
#[derive(Debug, Clone, Default)]
pub struct SpeciesMap {
    /// Per type (index 0 unused): name and species, None for NULL.
    types: Vec<Option<(String, usize)>>,
}

impl SpeciesMap {
    /// Maps types 1.. to the species of the model `known` that are called `names`; they stand at word
    /// `first` of the command.
    ///
    /// # Errors
    /// Not one name per type, or a name that the model does not know.
    pub fn new(names: &[&str], first: usize, known: &[Species], state: &State) -> Result<Self> {
        let types = state.types.count;
        if names.len() != types {
            return Err(Error::input(format!(
                "Incorrect args for pair coefficients: {types} atom types need as many elements after \
                 the file, found {}",
                names.len()
            ))
            .help("one element symbol per atom type, in the order of the types; NULL leaves a type out")
            .at(first));
        }
        let mut map = vec![None];
        for (k, &name) in names.iter().enumerate() {
            map.push(species(name, known).map_err(|e| e.at(first + k))?);
        }
        Ok(Self { types: map })
    }

    /// Maps type 1 to the first species of the model, type 2 to the second and so on.
    ///
    /// # Errors
    /// The model has fewer species than there are types.
    pub fn in_order(known: &[Species], state: &State) -> Result<Self> {
        let types = state.types.count;
        if types > known.len() {
            return Err(Error::input(format!(
                "pair_coeff: {types} atom types, but the model knows {}: {}",
                known.len(),
                list(known)
            ))
            .help("pair_coeff * * followed by the species of every type"));
        }
        let entry = |(k, s): (usize, &Species)| Some((s.name.clone(), k));
        let all = known.iter().enumerate().take(types).map(entry);
        Ok(Self {
            types: std::iter::once(None).chain(all).collect(),
        })
    }

    /// Species of type `t`; None where it is mapped to NULL.
    pub fn of(&self, t: u32) -> Option<usize> {
        let entry = self.types.get(t as usize)?.as_ref()?;
        Some(entry.1)
    }

    /// Species of the types (index 0 unused), [`NO_SPECIES`] for NULL.
    pub fn of_types(&self) -> Vec<u8> {
        let index = |entry: &Option<(String, usize)>| {
            let place = entry.as_ref().map(|e| u8::try_from(e.1));
            place
                .and_then(std::result::Result::ok)
                .unwrap_or(NO_SPECIES)
        };
        self.types.iter().map(index).collect()
    }

    /// Checks that the masses of the types are those of their elements, or, where `only` is given, are not
    /// those of others of these species.
    ///
    /// # Errors
    /// A mass is that of another element.
    pub fn check_masses(&self, style: &str, state: &State, only: Option<&[Species]>) -> Result<()> {
        for (t, entry) in self.types.iter().enumerate() {
            let (Some((symbol, _)), Some(&Some(mass))) = (entry, state.types.mass.get(t)) else {
                continue;
            };
            // a name that is no element has no mass to compare with
            let confused = |s: &Species| elements::fits_mass(&s.name, mass);
            let wrong = only.is_none_or(|known| known.iter().any(confused));
            if !elements::fits_mass(symbol, mass) && wrong {
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
            Some((name, _)) => {
                let z = elements::atomic_number(name).map(|z| format!("Z {z}"));
                let mass = state_mass.get(t).copied().flatten();
                let mass = mass.map(|m| format!("mass {m}"));
                let facts: Vec<String> = z.into_iter().chain(mass).collect();
                if facts.is_empty() {
                    format!("type {t} -> {name}")
                } else {
                    format!("type {t} -> {name} ({})", facts.join(", "))
                }
            }
        };
        self.types.iter().enumerate().skip(1).map(line).collect()
    }
}

fn list(known: &[Species]) -> String {
    let names: Vec<&str> = known.iter().map(|s| s.name.as_str()).collect();
    names.join(" ")
}

fn species(name: &str, known: &[Species]) -> Result<Option<(String, usize)>> {
    if name == "NULL" {
        return Ok(None);
    }
    let z = elements::atomic_number(name);
    let by_number = |s: &Species| z.is_some() && s.number.map(usize::from) == z;
    let place = known.iter().position(|s| s.name == name);
    if let Some(place) = place.or_else(|| known.iter().position(by_number)) {
        return Ok(Some((name.to_string(), place)));
    }
    let help = format!("elements of the model: {}", list(known));
    Err(match z {
        Some(_) => Error::input(format!("the model does not know the element {name}")).help(help),
        None => Error::input(format!("'{name}' is not the symbol of an element"))
            .help(help)
            .suggest(name, known.iter().map(|s| s.name.as_str())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_map_to_the_species_of_the_model() {
        let known = [3, 15, 16].map(Species::element);
        assert_eq!(species("NULL", &known).unwrap(), None);
        assert_eq!(species("S", &known).unwrap(), Some(("S".into(), 2)));
        assert!(species("Na", &known).is_err());
        assert!(species("Xx", &known).is_err());
        let names = [Species::named("O_w"), Species::named("H")];
        assert_eq!(species("O_w", &names).unwrap(), Some(("O_w".into(), 0)));
        assert!(species("O", &names).is_err());
    }
}
