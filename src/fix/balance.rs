//! `fix balance`: accepted without effect.

use super::{Fix, FixEntry, FixId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, parse_int, parse_real, rest};

const SIGNATURE: Signature = Signature {
    name: "balance",
    summary: "balance of work between processors; without effect: threads take bricks as they become free",
    args: &[
        arg("Nfreq", Kind::Int, "steps"),
        arg("thresh", Kind::Real, "imbalance that is accepted"),
        rest("style", "shift or rcb with their arguments"),
    ],
    keywords: &[],
    description: "Accepted so that scripts run unchanged. `f_ID` and `f_ID[1..3]` are what LAMMPS gives on one processor: 0, the number of \
atoms, 0, 0.\n\nRelated: balance",
    examples: &["fix b all balance 1000 1.1 shift xyz 10 1.05"],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

struct Balance;

fn build(_: &FixId, args: &Args, _: &mut dyn Host) -> Result<Box<dyn Fix>> {
    let words = args.all("style");
    let words: Vec<&str> = words.iter().map(|w| w.1).collect();
    check_words(&words, false).map_err(|e| e.shifted(2))?;
    Ok(Box::new(Balance))
}

impl Fix for Balance {
    /// LAMMPS counts the bounds of processors as a change of the box, which adds a column to `thermo_style one`.
    fn changes_cell(&self) -> bool {
        true
    }

    fn output(&self) -> Output {
        Output {
            vector: 3,
            ..Output::SCALAR
        }
    }

    fn data(&mut self, part: Part, host: &mut dyn Host) -> Result<Data> {
        match part {
            Part::Scalar => Ok(Data::Scalar(0.0)),
            Part::Vector => {
                let atoms = host.state().atoms.len() as f64;
                Ok(Data::Vector(vec![atoms, 0.0, 0.0]))
            }
            _ => Err(Error::input("fix balance has a scalar and a vector only")),
        }
    }
}

/// Checks the style of balancing and its keywords, which have no effect; `fractions`: also the styles x, y and z of the
/// command `balance`.
///
/// # Errors
/// An unknown word or a wrong value; indices of words count from `words[0]`.
pub fn check_words(words: &[&str], fractions: bool) -> Result<()> {
    let number = |w: &&str| parse_real(w).is_some();
    let mut at = match words {
        ["rcb", ..] => 1,
        ["shift", dims, n, stop, ..] => {
            let axes = !dims.is_empty() && dims.bytes().all(|b| b"xyz".contains(&b));
            let good = [axes, parse_int(n).is_some(), number(stop)];
            match good.iter().position(|g| !g) {
                Some(k) => return Err(wrong(words, k + 1)),
                None => 4,
            }
        }
        _ if fractions => 0,
        _ => return Err(wrong(words, 0)),
    };
    while at < words.len() {
        at += match words[at..] {
            ["x" | "y" | "z", "uniform", ..] if fractions => 2,
            ["x" | "y" | "z", ref more @ ..] if fractions && more.first().is_some_and(number) => {
                1 + more.iter().take_while(|w| number(w)).count()
            }
            ["weight", "group", n, ..] => {
                3 + 2 * parse_int(n).map_or(0, |n| n.clamp(0, 99) as usize)
            }
            ["weight", "neigh" | "time" | "var" | "store", _, ..] | ["sort" | "out", _, ..] => {
                2 + usize::from(words[at] == "weight")
            }
            _ => return Err(wrong(words, at)),
        };
    }
    Ok(())
}

fn wrong(words: &[&str], at: usize) -> Error {
    let known = ["shift", "rcb", "x", "y", "z", "weight", "sort", "out"];
    match words.get(at) {
        Some(word) => Error::input(format!(
            "Illegal balance command: '{word}' is unknown or out of place"
        ))
        .suggest(word, known)
        .at(at),
        None => Error::input("Illegal balance command: missing argument(s)")
            .help("usage: THRESH shift DIMS Niter STOP, or THRESH rcb")
            .at(words.len().saturating_sub(1)),
    }
}
