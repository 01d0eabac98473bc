//! Potential files of classical pair styles: where they are looked for, their UNITS tag, and words with the number
//! of their line, so that every message names file and line.
//!
//! Files are untrusted: counts in them are checked against the size of the file before anything is allocated.

use crate::domain::State;
use crate::error::{Error, Result};
use crate::signature::parse_real;
use std::path::{Path, PathBuf};

/// A file in memory.
pub struct PotentialFile {
    /// Name as given.
    name: String,
    text: String,
    /// Factor of energies from the file's units to those of the script.
    pub energy: f64,
}

/// Where LAMMPS looks besides the working directory.
const VARIABLE: &str = "LAMMPS_POTENTIALS";

/// A file in the working directory or where LAMMPS looks besides.
pub(super) fn locate(name: &str) -> Option<PathBuf> {
    let path = Path::new(name);
    if path.is_file() {
        return Some(path.to_path_buf());
    }
    let folders = std::env::var_os(VARIABLE)?;
    std::env::split_paths(&folders)
        .map(|f| f.join(path.file_name().unwrap_or_default()))
        .find(|p| p.is_file())
}

/// The word after `tag` in the first line.
fn tagged<'a>(line: &'a str, tag: &str) -> Option<&'a str> {
    let rest = &line[line.find(tag)? + tag.len()..];
    rest.split_whitespace().next()
}

impl PotentialFile {
    /// Reads a file of pair style `style`, which is word `word` of the command.
    ///
    /// # Errors
    /// It cannot be read, or its UNITS tag names units that cannot be converted.
    pub fn read(name: &str, style: &str, word: usize, state: &State) -> Result<Self> {
        let path = locate(name).ok_or_else(|| {
            Error::input(format!(
                "Cannot open {style} potential file {name}: No such file"
            ))
            .help(format!(
                "looked in the working directory and in the folders of {VARIABLE}"
            ))
            .at(word)
        })?;
        let bytes = std::fs::read(&path).map_err(|e| {
            Error::input(format!("Cannot open {style} potential file {name}: {e}")).at(word)
        })?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let first = text.lines().next().unwrap_or("");
        let energy = match tagged(first, "UNITS:") {
            Some(units) => conversion(units, state.units.name).ok_or_else(|| {
                Error::input(format!(
                    "potential file {name} requires {units} units but {} units are in use",
                    state.units.name
                ))
                .help(format!(
                    "use units {units}, or a file in the script's units"
                ))
                .at(word)
            })?,
            None => 1.0,
        };
        Ok(Self {
            name: name.to_string(),
            text,
            energy,
        })
    }

    /// Size in bytes.
    pub fn size(&self) -> usize {
        self.text.len()
    }

    /// An error at a line (from 1).
    pub fn error(&self, line: usize, what: impl std::fmt::Display) -> Error {
        Error::input(format!("{}:{line}: {what}", self.name))
    }

    /// Lines with their numbers, comments removed if `comments`.
    pub fn lines(&self, comments: bool) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(move |(k, l)| {
            let l = if comments {
                l.split('#').next().unwrap_or("")
            } else {
                l
            };
            (k + 1, l)
        })
    }

    /// The words from line `from` (from 1) on.
    pub fn words(&self, from: usize) -> Words<'_> {
        let lines = self.lines(false).skip(from - 1);
        let words = lines.flat_map(|(k, l)| l.split_whitespace().map(move |w| (k, w)));
        Words {
            file: self,
            words: Box::new(words),
            line: from,
        }
    }

    /// Entries of `names` words and `numbers` numbers each, which may go over several lines.
    ///
    /// # Errors
    /// An entry has too few or too many words, or a word that should be a number is none.
    pub fn entries(&self, names: usize, numbers: usize) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let mut words: Vec<(usize, &str)> = Vec::new();
        let complete = |words: &[(usize, &str)]| {
            let number = |&(line, w): &(usize, &str)| {
                parse_real(w)
                    .ok_or_else(|| self.error(line, format!("expected a number, found '{w}'")))
            };
            Ok::<Entry, Error>(Entry {
                line: words[0].0,
                names: words[..names].iter().map(|w| w.1.to_string()).collect(),
                numbers: words[names..].iter().map(number).collect::<Result<_>>()?,
            })
        };
        for (line, text) in self.lines(true) {
            words.extend(text.split_whitespace().map(|w| (line, w)));
            if words.len() > names + numbers {
                return Err(self.error(
                    line,
                    format!(
                        "an entry must have {names} elements and {numbers} numbers, found {} words",
                        words.len()
                    ),
                ));
            }
            if words.len() == names + numbers {
                entries.push(complete(&words)?);
                words.clear();
            }
        }
        match words.first() {
            None => Ok(entries),
            Some((line, _)) => Err(self.error(
                *line,
                format!("the file ends within an entry of {names} elements and {numbers} numbers"),
            )),
        }
    }
}

/// Factor of energies from one unit style to another; `None` if they cannot be converted.
fn conversion(from: &str, to: &str) -> Option<f64> {
    const KCAL_PER_EV: f64 = 23.060549;
    match (from, to) {
        (a, b) if a == b => Some(1.0),
        ("metal", "real") => Some(KCAL_PER_EV),
        ("real", "metal") => Some(1.0 / KCAL_PER_EV),
        _ => None,
    }
}

/// Names and numbers of one entry.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Line where it begins.
    pub line: usize,
    /// Element names.
    pub names: Vec<String>,
    /// Numbers.
    pub numbers: Vec<f64>,
}

/// Words one after the other.
pub struct Words<'a> {
    file: &'a PotentialFile,
    words: Box<dyn Iterator<Item = (usize, &'a str)> + 'a>,
    line: usize,
}

impl<'a> Words<'a> {
    /// The next word; `what` says what it should be.
    ///
    /// # Errors
    /// The file ends.
    pub fn word(&mut self, what: &str) -> Result<&'a str> {
        match self.words.next() {
            Some((line, w)) => {
                self.line = line;
                Ok(w)
            }
            None => Err(self
                .file
                .error(self.line, format!("the file ends where {what} should be"))),
        }
    }

    /// The next number.
    ///
    /// # Errors
    /// The file ends, or the word is no number.
    pub fn real(&mut self, what: &str) -> Result<f64> {
        let w = self.word(what)?;
        // Fortran writes 1.0D-3
        parse_real(w)
            .or_else(|| parse_real(&w.replace(['d', 'D'], "e")))
            .ok_or_else(|| {
                self.file.error(
                    self.line,
                    format!("expected a number for {what}, found '{w}'"),
                )
            })
    }

    /// The next count, at most what the file could hold.
    ///
    /// # Errors
    /// The file ends, or the word is no count.
    pub fn count(&mut self, what: &str) -> Result<usize> {
        let w = self.word(what)?;
        match w.parse::<usize>() {
            Ok(n) if n > 0 && n <= self.file.size() => Ok(n),
            Ok(n) => Err(self.file.error(
                self.line,
                format!("{what} is {n}, which does not fit a file of this size"),
            )),
            Err(_) => Err(self.file.error(
                self.line,
                format!("expected a whole number for {what}, found '{w}'"),
            )),
        }
    }

    /// The next `n` numbers.
    ///
    /// # Errors
    /// The file ends, or a word is no number.
    pub fn reals(&mut self, n: usize, what: &str) -> Result<Vec<f64>> {
        (0..n).map(|_| self.real(what)).collect()
    }

    /// Line of the last word.
    pub fn line(&self) -> usize {
        self.line
    }
}

/// Elements of atom types, as `pair_coeff * * FILE El1 El2 ...` maps them.
#[derive(Debug, Clone, Default)]
pub struct TypeMap {
    /// Names of the elements that occur.
    pub elements: Vec<String>,
    /// Per type (index 0 unused) an index into `elements`; `None` for NULL.
    pub of: Vec<Option<usize>>,
}

impl TypeMap {
    /// From all words of `pair_coeff`.
    ///
    /// # Errors
    /// The types are not `* *`, or there is not one element per type.
    pub fn new(words: &[&str], state: &State, style: &str) -> Result<Self> {
        for k in 0..2 {
            if words.get(k).is_some_and(|w| *w != "*") {
                return Err(Error::input(format!(
                    "Incorrect args for pair coefficients: pair_style {style} needs pair_coeff * * FILE El1 El2 ..."
                ))
                .at(k));
            }
        }
        let names = words.get(3..).unwrap_or_default();
        let n = state.types.count;
        if words.len() < 3 || names.len() != n {
            return Err(Error::input(format!(
                "Number of element to type mappings does not match number of atom types: there are {n} atom types, and {} elements are given after the file",
                names.len()
            ))
            .help("one element per atom type, in the order of the types; NULL leaves a type to other styles")
            .at(words.len().saturating_sub(1).min(2)));
        }
        let mut map = Self {
            elements: Vec::new(),
            of: vec![None],
        };
        for &name in names {
            map.of.push(match name {
                "NULL" => None,
                name => {
                    let known = map.elements.iter().position(|e| e == name);
                    Some(known.unwrap_or_else(|| {
                        map.elements.push(name.to_string());
                        map.elements.len() - 1
                    }))
                }
            });
        }
        if map.elements.is_empty() {
            return Err(
                Error::input("Incorrect args for pair coefficients: all types are NULL").at(3),
            );
        }
        Ok(map)
    }

    /// Element of a type.
    pub fn element(&self, kind: u32) -> Option<usize> {
        self.of.get(kind as usize).copied().flatten()
    }

    /// Word of `pair_coeff` that names element `e`.
    pub fn word(&self, e: usize) -> usize {
        let place = self.of.iter().position(|o| *o == Some(e));
        2 + place.unwrap_or(1)
    }
}

/// For every ordered triple of elements the index of its entry, element-major.
///
/// # Errors
/// A triple has no entry or two.
pub fn triples(
    file: &PotentialFile,
    entries: &[Entry],
    map: &TypeMap,
    style: &str,
) -> Result<Vec<usize>> {
    let n = map.elements.len();
    let known: std::collections::HashSet<&str> = entries
        .iter()
        .flat_map(|e| e.names.iter().map(String::as_str))
        .collect();
    for (k, name) in map.elements.iter().enumerate() {
        if !known.contains(name.as_str()) {
            let mut all: Vec<&str> = known.into_iter().collect();
            all.sort_unstable();
            return Err(Error::input(format!(
                "element {name} is not in {style} potential file {}",
                file.name
            ))
            .at(map.word(k))
            .suggest(name, all));
        }
    }
    let mut found = vec![None; n * n * n];
    for (at, entry) in entries.iter().enumerate() {
        let index = |name: &String| map.elements.iter().position(|e| e == name);
        let [Some(i), Some(j), Some(k)] = [0, 1, 2].map(|m| index(&entry.names[m])) else {
            continue;
        };
        if found[(i * n + j) * n + k].replace(at).is_some() {
            return Err(file.error(
                entry.line,
                format!(
                    "Potential file has a duplicate entry for: {}",
                    entry.names.join(" ")
                ),
            ));
        }
    }
    let missing = found.iter().position(Option::is_none);
    if let Some(at) = missing {
        let names = [at / (n * n), at / n % n, at % n].map(|k| map.elements[k].as_str());
        return Err(Error::input(format!(
            "Potential file {} is missing an entry for: {}",
            file.name,
            names.join(" ")
        ))
        .at(2));
    }
    Ok(found.into_iter().flatten().collect())
}

impl TypeMap {
    /// Checks that all types are mapped, or those that a hybrid style leaves to this one.
    ///
    /// # Errors
    /// Some are not.
    pub fn check(
        &self,
        state: &State,
        used: Option<&super::coeffs::TypePairs>,
        style: &str,
    ) -> Result<()> {
        let n = state.types.count;
        let needed = |t: usize| used.is_none_or(|u| (1..=n).any(|j| u.contains(t, j)));
        let missing: Vec<(usize, usize)> = (1..=n)
            .filter(|&t| needed(t) && self.element(t as u32).is_none())
            .map(|t| (t, t))
            .collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(super::coeffs::not_set(&missing, style))
        }
    }
}
