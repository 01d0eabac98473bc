//! Files behind variables of style file and atomfile.

use std::collections::VecDeque;
use std::path::Path;

fn read(path: &str) -> Result<String, String> {
    let bytes = std::fs::read(Path::new(path)).map_err(|e| e.to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Lines without comments, blank ones left out.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(|l| l.split('#').next().unwrap_or("").trim())
        .filter(|l| !l.is_empty())
}

/// The values of a file-style variable, one a line.
#[derive(Debug, Clone)]
pub(super) struct ValueLines {
    rest: VecDeque<String>,
}

impl ValueLines {
    pub(super) fn open(path: &str) -> Result<Self, String> {
        let text = read(path)?;
        let rest: VecDeque<String> = lines(&text).map(str::to_string).collect();
        if rest.is_empty() {
            return Err("it holds no value".to_string());
        }
        Ok(Self { rest })
    }

    /// The present value; there is always one.
    pub(super) fn current(&self) -> &str {
        self.rest.front().map_or("", String::as_str)
    }

    /// Goes to the next value; false if there is none.
    pub(super) fn advance(&mut self) -> bool {
        self.rest.pop_front();
        !self.rest.is_empty()
    }
}

/// The sets of an atomfile-style variable: atom IDs with values, all other atoms have 0.
#[derive(Debug, Clone)]
pub(super) struct AtomSets {
    sets: Vec<Vec<(usize, f64)>>,
    at: usize,
}

impl AtomSets {
    pub(super) fn open(path: &str) -> Result<Self, String> {
        let text = read(path)?;
        let mut rest = lines(&text);
        let mut sets = Vec::new();
        while let Some(head) = rest.next() {
            let count: usize = head
                .parse()
                .map_err(|_| format!("'{head}' is not a number of lines"))?;
            // Bounded by the file: a set ends where the lines end
            let set: Vec<_> = rest
                .by_ref()
                .take(count)
                .map(pair)
                .collect::<Result<_, _>>()?;
            if set.len() < count {
                return Err(format!(
                    "it ends after {} of {count} lines of a set",
                    set.len()
                ));
            }
            sets.push(set);
        }
        if sets.is_empty() {
            return Err("it holds no set of values".to_string());
        }
        Ok(Self { sets, at: 0 })
    }

    pub(super) fn current(&self) -> &[(usize, f64)] {
        self.sets.get(self.at).map_or(&[], Vec::as_slice)
    }

    /// Goes to the next set; false if there is none.
    pub(super) fn advance(&mut self) -> bool {
        self.at += 1;
        self.at < self.sets.len()
    }
}

fn pair(line: &str) -> Result<(usize, f64), String> {
    let mut words = line.split_whitespace();
    let id = words.next().and_then(|w| w.parse().ok());
    let value = words.next().and_then(crate::script::flow::parse_number);
    match (id, value, words.next()) {
        (Some(id), Some(value), None) => Ok((id, value)),
        _ => Err(format!("'{line}' is not an atom ID and a value")),
    }
}
