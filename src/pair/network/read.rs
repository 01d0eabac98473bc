//! Model files: their bytes and hash, and which words of `pair_coeff` name them.

use super::species::Species;
use crate::elements;
use crate::error::{Error, Result};
use crate::pair::potential_file::locate;
use std::path::Path;

/// The bytes of a model file, which may be in a folder of LAMMPS_POTENTIALS.
///
/// # Errors
/// It cannot be read.
pub fn bytes(file: &str) -> Result<Vec<u8>> {
    let path = locate(file).unwrap_or_else(|| file.into());
    std::fs::read(path).map_err(|e| Error::input(format!("Cannot open model file {file}: {e}")))
}

/// How many of the words after `* *` are model files; a wrong word counts as an element, so that the
/// message about it is the right one. `known` are species of the first model.
pub fn count_files(words: &[&str], known: &[Species]) -> usize {
    let names = |w: &str| known.iter().any(|s| s.name == w);
    let element = |w: &str| w == "NULL" || elements::atomic_number(w).is_some() || names(w);
    let file = |w: &str| !element(w) && (w.contains(['.', '/']) || Path::new(w).exists());
    1 + words.iter().skip(1).take_while(|w| file(w)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_end_where_the_elements_begin() {
        let known = [Species::element(3), Species::named("O.w")];
        let count = |text: &str| count_files(&text.split(' ').collect::<Vec<_>>(), &known);
        assert_eq!(count("a.model Li P"), 1);
        assert_eq!(count("Li Li P"), 1);
        assert_eq!(count("a.model b.model dir/c Li P"), 3);
        assert_eq!(count("a.model O.w Li"), 1);
        assert_eq!(count("a.model Lii P"), 1);
        assert_eq!(count("a.model"), 1);
        assert_eq!(count("a.model NULL b.model"), 1);
    }
}
