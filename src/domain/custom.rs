//! Properties of atoms that scripts define (`fix property/atom`): `i_NAME`, `d_NAME`, `i2_NAME[k]`, `d2_NAME[k]`.

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

#[cfg(test)]
mod tests {
    use super::*;

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
