//! What the text dumps share: per-atom columns, `thresh`, `sort`, element names.

use crate::domain::State;
pub use crate::domain::attribute::{ATTRIBUTES, Attribute, column, require_custom};
use crate::domain::host::Host;
use crate::domain::regions;
use crate::domain::values::{Shape, expand, require_per_atom};
use crate::error::{Error, Result};
use crate::signature::{Keyword, KeywordArgs, Kind, arg, keyword, parse_int, parse_real};
use std::collections::HashMap;

/// Parses the attribute words of a command, expanding `c_ID[*]`; returns them with their column names.
///
/// # Errors
/// An unknown attribute, or a value that does not exist.
pub fn attributes(words: &[(usize, &str)], host: &dyn Host) -> Result<Vec<(String, Attribute)>> {
    let mut out = Vec::new();
    for (at, w) in expand(words, Shape::AtomColumns, host)? {
        let a = Attribute::parse(&w)
            .filter(|a| *a != Attribute::Bonds)
            .ok_or_else(|| unknown(&w).at(at))?;
        check(&a, &w, host).map_err(|e| e.or_at(at))?;
        out.push((w, a));
    }
    if out.is_empty() {
        return Err(Error::input("No dump custom arguments specified"));
    }
    Ok(out)
}

fn unknown(word: &str) -> Error {
    Error::input(format!("Invalid attribute {word} in dump custom command"))
        .suggest(word, ATTRIBUTES.iter().copied())
}

fn check(a: &Attribute, word: &str, host: &dyn Host) -> Result<()> {
    let style = host.state().atom_style;
    match a {
        Attribute::Charge if !style.charge => Err(Error::input(format!(
            "Dumping an atom property that isn't allocated: {word}"
        ))
        .help(format!(
            "atom_style {} has no charges; use atom_style charge",
            style.name
        ))),
        Attribute::Molecule if !style.molecule => Err(Error::input(format!(
            "Dumping an atom property that isn't allocated: {word}"
        ))
        .help(format!("atom_style {} has no molecules", style.name))),
        Attribute::Value(r) => require_per_atom(r, host),
        Attribute::Custom(..) => require_custom(a, host),
        _ => Ok(()),
    }
}

/// A comparison of `dump_modify thresh`.
#[derive(Debug, Clone)]
pub struct Threshold {
    attribute: Attribute,
    operator: String,
    limit: Limit,
}

/// What an attribute is compared with.
#[derive(Debug, Clone)]
enum Limit {
    Number(f64),
    /// `LAST`: the atom's value when the last frame was written, by atom ID; at first its present one.
    Last(HashMap<i64, f64>),
}

impl Threshold {
    fn holds(&self, v: f64, limit: f64) -> bool {
        match self.operator.as_str() {
            "<" => v < limit,
            "<=" => v <= limit,
            ">" => v > limit,
            ">=" => v >= limit,
            "==" => v == limit,
            "|^" => (v == 0.0) != (limit == 0.0),
            _ => v != limit,
        }
    }
}

/// Order of the atoms in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// As stored.
    #[default]
    Off,
    /// By atom ID.
    Id,
    /// By column (1-based), descending if true.
    Column(usize, bool),
}

/// Sorts indices of atoms by values. LAMMPS sorts 64 atoms at a time and merges these groups: atoms of equal values stay
/// in order within a group, and later groups come first.
fn sort_by_column(order: &mut [usize], values: &[f64], descending: bool) {
    const GROUP: usize = 64;
    let mut places: Vec<(usize, usize)> = order.iter().copied().enumerate().collect();
    places.sort_by(|&(p, i), &(q, j)| {
        let up = values[i].total_cmp(&values[j]);
        (if descending { up.reverse() } else { up })
            .then_with(|| (q / GROUP).cmp(&(p / GROUP)))
            .then(p.cmp(&q))
    });
    for (slot, (_, i)) in order.iter_mut().zip(places) {
        *slot = i;
    }
}

/// `dump_modify region`
pub const REGION: Keyword = keyword(
    "region",
    &[arg("region-ID", Kind::Word, "a region, or none")],
    "write only atoms in the region",
);

/// Which atoms are written, in which order, and how types are called.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Comparisons that all must hold.
    pub thresholds: Vec<Threshold>,
    /// Region to be in.
    pub region: Option<String>,
    /// Order.
    pub sort: Sort,
    /// Element name per type from `dump_modify element`, index type - 1.
    pub elements: Vec<String>,
}

impl Selection {
    /// Takes `element`, `sort` and `thresh`; false if the keyword is another one.
    ///
    /// # Errors
    /// Wrong values.
    pub fn modify(&mut self, k: &KeywordArgs<'_>, columns: usize, host: &dyn Host) -> Result<bool> {
        match k.name() {
            "element" => {
                let names = k.all("name");
                let types = host.state().types.count;
                if let Some((at, word)) = names.get(types) {
                    return Err(Error::input(format!(
                        "Unknown dump_modify keyword '{word}': element takes one name for each of the {types} atom types"
                    ))
                    .at(*at));
                }
                if names.len() < types {
                    return Err(Error::input(format!("Number of dump_modify element names ({}) does not match number of atom types ({types})", names.len())).at(k.position()));
                }
                self.elements = names.iter().map(|n| n.1.to_string()).collect();
            }
            "sort" => {
                self.sort =
                    sort_of(k.str("order"), columns).map_err(|e| e.or_at(k.word("order")))?;
            }
            "region" => {
                let id = k.str("region-ID");
                self.region = None;
                if id != "none" {
                    regions::require(&host.state().regions, "Dump_modify", id)
                        .map_err(|e| e.or_at(k.word("region-ID")))?;
                    self.region = Some(id.to_string());
                }
            }
            "thresh" => self.threshold(k, host)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn threshold(&mut self, k: &KeywordArgs<'_>, host: &dyn Host) -> Result<()> {
        let word = k.str("attribute");
        if word == "none" {
            self.thresholds.clear();
            return Ok(());
        }
        let (Some(operator), Some(value)) = (k.get("operator"), k.get("value")) else {
            return Err(Error::input(
                "Illegal dump_modify thresh command: missing argument(s): attribute operator value",
            )
            .at(k.position()));
        };
        let attribute = Attribute::parse(word)
            .filter(|a| !a.is_text())
            .ok_or_else(|| unknown(word).at(k.word("attribute")))?;
        check(&attribute, word, host).map_err(|e| e.or_at(k.word("attribute")))?;
        const OPERATORS: &[&str] = &["<", "<=", ">", ">=", "==", "!=", "|^"];
        if !OPERATORS.contains(&operator) {
            return Err(
                Error::input(format!("Invalid dump_modify thresh operator '{operator}'"))
                    .at(k.word("operator"))
                    .help("operators are < <= > >= == != |^"),
            );
        }
        let limit = match (value, parse_real(value)) {
            ("LAST", _) => Limit::Last(HashMap::new()),
            (_, Some(v)) => Limit::Number(v),
            _ => {
                return Err(Error::input(format!(
                    "dump_modify thresh needs a number or LAST, found '{value}'"
                ))
                .at(k.word("value")));
            }
        };
        self.thresholds.push(Threshold {
            attribute,
            operator: operator.to_string(),
            limit,
        });
        Ok(())
    }

    /// Indices of the atoms to write, in order. `columns` are the values of the dump's columns.
    ///
    /// # Errors
    /// A threshold cannot be evaluated.
    pub fn select(
        &mut self,
        bit: u32,
        columns: &[Vec<f64>],
        host: &mut dyn Host,
    ) -> Result<Vec<usize>> {
        let mut keep: Vec<bool> = host
            .state()
            .atoms
            .mask
            .iter()
            .map(|m| m & bit != 0)
            .collect();
        if let Some(id) = &self.region {
            regions::update(host, id)?;
            let s = host.state();
            let region = regions::require(&s.regions, "Dump", id)?;
            for (k, x) in keep.iter_mut().zip(&s.atoms.x) {
                *k &= region.contains(*x);
            }
        }
        for t in &mut self.thresholds {
            let values = column(&t.attribute, host)?;
            let id = &host.state().atoms.id;
            for ((k, &v), id) in keep.iter_mut().zip(&values).zip(id) {
                let limit = match &t.limit {
                    Limit::Number(x) => *x,
                    Limit::Last(last) => last.get(id).copied().unwrap_or(v),
                };
                *k &= t.holds(v, limit);
            }
            if let Limit::Last(last) = &mut t.limit {
                *last = id.iter().copied().zip(values).collect();
            }
        }
        let atoms = &host.state().atoms;
        // LAMMPS writes unsorted frames, and atoms of equal values, in the order in which it holds them
        let held = atoms.order.of(keep.len());
        let mut order: Vec<usize> = held.filter(|&i| keep[i]).collect();
        match self.sort {
            Sort::Off => {}
            Sort::Id => order.sort_by_key(|&i| atoms.id[i]),
            Sort::Column(c, descending) => sort_by_column(&mut order, &columns[c - 1], descending),
        }
        Ok(order)
    }

    /// The name of a type: from `dump_modify element`, the type label, or the mass in metal and real units.
    pub fn element(&self, s: &State, kind: u32) -> Option<String> {
        let t = kind as usize;
        let label = s.types.label.get(t).cloned().flatten();
        let by_mass = || {
            let known = matches!(s.units.name, "metal" | "real");
            s.types
                .mass
                .get(t)
                .copied()
                .flatten()
                .filter(|_| known)
                .and_then(crate::elements::by_mass)
                .map(str::to_string)
        };
        self.elements
            .get(t.wrapping_sub(1))
            .cloned()
            .or(label)
            .or_else(by_mass)
    }
}

fn sort_of(word: &str, columns: usize) -> Result<Sort> {
    match word {
        "off" => Ok(Sort::Off),
        "id" => Ok(Sort::Id),
        _ => match parse_int(word) {
            Some(n) if n != 0 && n.unsigned_abs() as usize <= columns => {
                Ok(Sort::Column(n.unsigned_abs() as usize, n < 0))
            }
            _ => Err(Error::input(format!(
                "dump_modify sort '{word}': expected off, id, or a column between 1 and {columns} (negative for descending order)"
            ))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_words_are_recognised() {
        assert_eq!(Attribute::parse("xsu"), Some(Attribute::ScaledUnwrapped(0)));
        assert_eq!(Attribute::parse("iz"), Some(Attribute::Image(2)));
        assert_eq!(Attribute::parse("vq"), None);
        assert_eq!(Attribute::parse("xq"), None);
        assert!(ATTRIBUTES.iter().all(|a| Attribute::parse(a).is_some()));
    }

    #[test]
    fn sort_words_name_a_column_and_a_direction() {
        assert_eq!(sort_of("-6", 6).unwrap(), Sort::Column(6, true));
        assert!(
            sort_of("7", 6).is_err() && sort_of("0", 6).is_err() && sort_of("name", 6).is_err()
        );
    }
}
