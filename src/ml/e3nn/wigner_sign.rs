//! Signs of the Wigner 3j symbols that a file was trained with, relative to
//! [`crate::ml::wigner::wigner_3j`].
//!
//! e3nn 0.4 took them from a table, later versions compute them; some symbols of odd total degree
//! differ in sign. A file is evaluated with the signs of the tables that it carries; where it
//! carries none for a symbol, the version decides.
//! Imports the attribute tree, Wigner symbols and the model error.

use std::collections::HashMap;

use crate::ml::error::{ModelError, Result};
use crate::ml::wigner::{sign_in_e3nn_0_4, wigner_3j};

/// Signs of one file.
#[derive(Debug, Clone, Default)]
pub struct WignerSigns {
    tables: HashMap<[usize; 3], f64>,
    /// True where symbols without a table have the sign of e3nn 0.4.
    old: bool,
}

impl WignerSigns {
    /// Signs of e3nn 0.4.
    pub fn of_e3nn_0_4() -> WignerSigns {
        WignerSigns {
            old: true,
            ..WignerSigns::default()
        }
    }

    /// Signs of e3nn 0.5 and later.
    pub fn of_e3nn_0_5() -> WignerSigns {
        WignerSigns::default()
    }

    /// Signs of a version of e3nn, such as `0.4.4`; the newer ones where the text is no version.
    pub fn of_version(version: &str) -> WignerSigns {
        let mut numbers = version.split('.').map(|part| part.parse::<u32>().ok());
        let old = matches!(
            (numbers.next().flatten(), numbers.next().flatten()),
            (Some(0), Some(0..5))
        );
        WignerSigns {
            old,
            ..WignerSigns::default()
        }
    }

    /// Takes the sign of a table `[2 l1 + 1][2 l2 + 1][2 l3 + 1]` that the file carries under the
    /// name `_w3j_l1_l2_l3`. Other names are ignored.
    ///
    /// # Errors
    /// Where the table is not the symbol up to its sign.
    pub fn add_table(&mut self, name: &str, table: &[f64]) -> Result<()> {
        let Some(l) = degrees(name) else {
            return Ok(());
        };
        let wrong = || ModelError::malformed(format!("the table {name} is no Wigner 3j symbol"));
        let dims = l.map(|l| 2 * l + 1);
        if l.iter().any(|&l| l > super::MAX_L) || table.len() != dims.iter().product::<usize>() {
            return Err(wrong());
        }
        let at = |m: [usize; 3]| (m[0] * dims[1] + m[1]) * dims[2] + m[2];
        let symbol = wigner_3j(l[0], l[1], l[2]);
        let dot: f64 = symbol.iter().map(|&(m, value)| value * table[at(m)]).sum();
        let norm = table.iter().map(|x| x * x).sum::<f64>().sqrt();
        // some versions leave the norm sqrt(2 l3 + 1) in the table
        if norm == 0.0 || (dot.abs() / norm - 1.0).abs() > 1e-3 {
            return Err(wrong());
        }
        self.tables.insert(l, dot.signum());
        Ok(())
    }

    /// True where no table has been added.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Sign of a symbol.
    ///
    /// # Errors
    /// Where the file has no table for it and it is not known for its version.
    pub fn of(&self, l: [usize; 3]) -> Result<f64> {
        if let Some(&sign) = self.tables.get(&l) {
            return Ok(sign);
        }
        if !self.old {
            return Ok(1.0);
        }
        sign_in_e3nn_0_4(l[0], l[1], l[2]).ok_or_else(|| {
            ModelError::unsupported(format!(
                "the coupling ({}, {}, {}) of representations of odd total degree is only known \
                 up to degree 8 for the version of e3nn that the model was trained with",
                l[0], l[1], l[2]
            ))
        })
    }
}

/// Degrees in `_w3j_l1_l2_l3`, which may be the last part of a dotted name.
fn degrees(name: &str) -> Option<[usize; 3]> {
    let last = name.rsplit('.').next()?.strip_prefix("_w3j_")?;
    let numbers: Option<Vec<usize>> = last.split('_').map(|n| n.parse().ok()).collect();
    numbers?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(l: [usize; 3], factor: f64) -> Vec<f64> {
        let dims = l.map(|l| 2 * l + 1);
        let mut dense = vec![0.0; dims.iter().product()];
        for (m, value) in wigner_3j(l[0], l[1], l[2]) {
            dense[(m[0] * dims[1] + m[1]) * dims[2] + m[2]] = factor * value;
        }
        dense
    }

    #[test]
    fn tables_decide_and_versions_fill_in() {
        let mut signs = WignerSigns::of_version("0.4.4");
        assert_eq!(signs.of([1, 2, 2]).unwrap(), -1.0);
        assert_eq!(signs.of([1, 1, 1]).unwrap(), 1.0);
        signs
            .add_table("a.b._w3j_1_2_2", &table([1, 2, 2], 2.0))
            .unwrap();
        signs
            .add_table("_w3j_1_1_1", &table([1, 1, 1], -1.0))
            .unwrap();
        assert_eq!(signs.of([1, 2, 2]).unwrap(), 1.0);
        assert_eq!(signs.of([1, 1, 1]).unwrap(), -1.0);
        assert_eq!(WignerSigns::of_version("0.6.0").of([1, 2, 2]).unwrap(), 1.0);
        assert_eq!(WignerSigns::of_version("0.5.6").of([1, 2, 2]).unwrap(), 1.0);
        assert!(signs.add_table("_w3j_1_2_2", &[1.0; 75]).is_err());
        assert!(signs.add_table("_w3j_1_2_2", &[1.0; 74]).is_err());
        assert!(signs.add_table("_w3j_1_99_2", &[1.0]).is_err());
        assert!(signs.add_table("weight", &[1.0]).is_ok());
    }
}
