//! Properties of atoms that scripts define (`fix property/atom`): `i_NAME`, `d_NAME`, `i2_NAME[k]`, `d2_NAME[k]`.

use super::atoms::Atoms;
use indexmap::IndexMap;

/// One property: a number, or several, per atom.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Custom {
    /// Numbers per atom.
    pub columns: usize,
    /// atoms x columns numbers.
    pub values: Vec<f64>,
}

/// Properties by the word that names them, e.g. `d_charge` or `i2_tags`.
pub type CustomTable = IndexMap<String, Custom>;

/// Kind of a word of this form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomName {
    /// The word without index.
    pub key: String,
    /// Whole numbers.
    pub integer: bool,
    /// An array.
    pub array: bool,
    /// Column from 1, where one is named.
    pub column: Option<usize>,
}

impl CustomName {
    /// Parses `i_x`, `d_x`, `i2_x`, `d2_x[3]`; `None` for other words.
    pub fn parse(word: &str) -> Option<Self> {
        let (key, column) = match word.split_once('[') {
            Some((key, tail)) => (
                key,
                Some(tail.strip_suffix(']')?.parse().ok().filter(|n| *n > 0)?),
            ),
            None => (word, None),
        };
        let (prefix, name) = key.split_once('_')?;
        let (integer, array) = match prefix {
            "i" => (true, false),
            "d" => (false, false),
            "i2" => (true, true),
            "d2" => (false, true),
            _ => return None,
        };
        (!name.is_empty()).then(|| Self {
            key: key.to_owned(),
            integer,
            array,
            column,
        })
    }
}

/// A property of `fix property/atom` among the arrays of the atoms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    name: String,
    /// Numbers per atom.
    pub columns: usize,
    /// Whole numbers.
    pub integer: bool,
}

impl Property {
    /// The property with this name: `mol`, `q`, `rmass`, or a word of [`CustomName`]; `None` if atoms do not have it.
    pub fn find(atoms: &Atoms, name: &str) -> Option<Self> {
        let (columns, integer) = match name {
            "mol" if !atoms.molecule.is_empty() => (1, true),
            "q" if !atoms.q.is_empty() => (1, false),
            "rmass" if atoms.rmass.is_some() => (1, false),
            _ => (
                atoms.custom.get(name)?.columns,
                CustomName::parse(name)?.integer,
            ),
        };
        Some(Self {
            name: name.to_owned(),
            columns,
            integer,
        })
    }

    /// Column `k` of atom `i`, 0 if there is none.
    pub fn get(&self, atoms: &Atoms, i: usize, k: usize) -> f64 {
        let value = match self.name.as_str() {
            "mol" => atoms.molecule.get(i).map(|m| *m as f64),
            "q" => atoms.q.get(i).copied(),
            "rmass" => atoms.rmass.as_ref().and_then(|m| m.get(i).copied()),
            name => {
                let c = atoms.custom.get(name);
                c.and_then(|c| c.values.get(i * c.columns + k).copied())
            }
        };
        value.unwrap_or(0.0)
    }

    /// Sets column `k` of atom `i`.
    pub fn set(&self, atoms: &mut Atoms, i: usize, k: usize, value: f64) {
        let place = match self.name.as_str() {
            "mol" => {
                if let Some(m) = atoms.molecule.get_mut(i) {
                    *m = value as i64;
                }
                return;
            }
            "q" => atoms.q.get_mut(i),
            "rmass" => atoms.rmass.as_mut().and_then(|m| m.get_mut(i)),
            name => {
                let c = atoms.custom.get_mut(name);
                c.and_then(|c| c.values.get_mut(i * c.columns + k))
            }
        };
        if let Some(place) = place {
            *place = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_and_named_properties_are_read_and_set_alike() {
        let mut atoms = Atoms::default();
        for id in 1..=2 {
            atoms.push(id, 1, [0.0; 3], true, true);
        }
        atoms.rmass = Some(vec![0.0; 2]);
        atoms.custom.insert(
            "d2_flux".into(),
            Custom {
                columns: 2,
                values: vec![0.0; 4],
            },
        );
        for (name, columns, integer) in [
            ("mol", 1, true),
            ("q", 1, false),
            ("rmass", 1, false),
            ("d2_flux", 2, false),
        ] {
            let p = Property::find(&atoms, name).unwrap();
            assert_eq!((p.columns, p.integer), (columns, integer), "{name}");
            p.set(&mut atoms, 1, columns - 1, 3.0);
            assert_eq!(p.get(&atoms, 1, columns - 1), 3.0, "{name}");
            assert_eq!(p.get(&atoms, 0, 0), 0.0, "{name}");
        }
        assert_eq!((atoms.molecule[1], atoms.q[1]), (3, 3.0));
        assert_eq!(Property::find(&atoms, "d_none"), None);
    }

    #[test]
    fn words_are_recognised() {
        let n = CustomName::parse("d2_flux[3]").unwrap();
        assert_eq!(
            (n.key.as_str(), n.integer, n.array, n.column),
            ("d2_flux", false, true, Some(3))
        );
        assert!(CustomName::parse("i_tag").unwrap().integer);
        for w in ["ix", "d_", "c_x", "v_d_x", "d2_x[0]", "d2_x[1"] {
            assert_eq!(CustomName::parse(w), None, "{w}");
        }
    }
}
