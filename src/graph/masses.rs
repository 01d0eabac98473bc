//! Elements that a script names, against the masses of its atom types: the order of elements in `pair_coeff`,
//! `dump_modify element` and `labelmap` is the commonest silent mistake with many-element potentials.
//!
//! Which words are elements comes from the signatures ([`Kind::Element`], [`Kind::Species`]), for all styles alike.

use super::items::style_signature;
use super::lint::{Recorded, Slip};
use crate::domain::State;
use crate::elements::{by_mass, fits_mass, mass};
use crate::engine::Engine;
use crate::signature::{Arg, Kind, Signature};
use indexmap::IndexMap;

/// The commands in force that name elements.
#[derive(Debug, Default)]
pub(super) struct Named {
    coeffs: Vec<Recorded>,
    dumps: IndexMap<String, Recorded>,
    labels: Vec<Recorded>,
}

impl Named {
    /// Whether a command of this name matters here.
    pub(super) fn concerns(name: &str) -> bool {
        matches!(
            name,
            "pair_style" | "pair_coeff" | "dump_modify" | "undump" | "labelmap" | "clear"
        )
    }

    /// Takes note of a command that was executed.
    pub(super) fn executed(&mut self, command: &Recorded) {
        match command.word(0) {
            "pair_style" => self.coeffs.clear(),
            "pair_coeff" => {
                // a later command for the same types and sub-style replaces what was said
                self.coeffs.retain(|c| key(c) != key(command));
                self.coeffs.push(command.clone());
            }
            "dump_modify" if command.position("element", 2).is_some() => {
                self.dumps
                    .insert(command.word(1).to_string(), command.clone());
            }
            "undump" => {
                self.dumps.shift_remove(command.word(1));
            }
            "labelmap" => self.labels.push(command.clone()),
            "clear" => *self = Self::default(),
            _ => {}
        }
    }

    /// What contradicts the masses as they are now.
    pub(super) fn contradictions(&self, engine: &Engine) -> Vec<Slip> {
        let state = &engine.state;
        let types = state.types.count;
        let Some(unit) = mass_unit(state.units.name).filter(|_| types > 0) else {
            return Vec::new();
        };
        let style = engine.pair.as_ref().map_or("", |p| p.name.as_str());
        let masses = Masses { state, unit };
        let mut found = Vec::new();
        for coeff in &self.coeffs {
            if let Some((first, strict)) = coeff_elements(coeff, style, types) {
                found.extend(masses.compare(coeff, first, types, strict));
            }
        }
        for dump in self.dumps.values() {
            let first = dump.position("element", 2).map(|i| i + 1);
            let alive = engine.dumps.contains_key(dump.word(1));
            if let Some(first) = first.filter(|_| alive) {
                found.extend(masses.compare(dump, first, types, false));
            }
        }
        found.extend(masses.labels(&self.labels));
        found
    }
}

/// The types, and under a hybrid style the sub-style with its number.
fn key(coeff: &Recorded) -> Vec<&str> {
    let number = coeff.word(4).parse::<u32>().is_ok();
    let words = match style_signature("pair", coeff.word(3)) {
        None => 1..3,
        Some(_) if number => 1..5,
        Some(_) => 1..4,
    };
    words.map(|i| coeff.word(i)).collect()
}

/// One atomic mass unit in the mass unit of these units; `None` where masses say nothing about elements.
fn mass_unit(units: &str) -> Option<f64> {
    const GRAM: f64 = 1.660_539_066_60e-24;
    match units {
        "metal" | "real" | "electron" => Some(1.0),
        "si" => Some(GRAM * 1.0e-3),
        "cgs" => Some(GRAM),
        "micro" => Some(GRAM * 1.0e12),
        "nano" => Some(GRAM * 1.0e18),
        _ => None,
    }
}

/// Index of the first element among the words of a `pair_coeff`, and whether another mass is an error; `None` where the
/// style of the command names no elements.
fn coeff_elements(coeff: &Recorded, style: &str, types: usize) -> Option<(usize, bool)> {
    let own = if style.starts_with("hybrid") {
        coeff.word(3)
    } else {
        style
    };
    let signature = pair_coeff(own)?;
    let names = |kind: Kind| signature.args.iter().any(|a: &Arg| a.kind == kind);
    let strict = names(Kind::Species);
    let first = coeff.len().checked_sub(types).filter(|&f| f >= 3)?;
    (strict || names(Kind::Element)).then_some((first, strict))
}

fn pair_coeff(style: &str) -> Option<&'static Signature> {
    style_signature("pair_coeff", style)
}

struct Masses<'a> {
    state: &'a State,
    unit: f64,
}

impl Masses<'_> {
    /// What is wrong with type `t` being `element`.
    fn contradiction(&self, t: usize, element: &str) -> Option<String> {
        let given = self.state.types.mass.get(t).copied().flatten()?;
        let amu = given / self.unit;
        let standard = mass(element)?;
        if fits_mass(element, amu) {
            return None;
        }
        let looks = by_mass(amu).map_or(String::new(), |e| format!(", that of {e}"));
        Some(format!(
            "type {t} is {element} (mass {}) but has mass {given}{looks}",
            standard * self.unit
        ))
    }

    /// Compares `types` elements from word `first` on.
    fn compare(
        &self,
        command: &Recorded,
        first: usize,
        types: usize,
        strict: bool,
    ) -> Option<Slip> {
        let wrong: Vec<(usize, String)> = (1..=types)
            .map(|t| (t, first + t - 1))
            .filter_map(|(t, w)| Some((w, self.contradiction(t, command.word(w))?)))
            .collect();
        let word = wrong.first()?.0;
        let texts: Vec<&str> = wrong.iter().map(|w| w.1.as_str()).collect();
        let message = format!(
            "the elements of {} contradict the masses: {}",
            command.word(0),
            texts.join("; ")
        );
        Some(Slip {
            message,
            place: command.place(word),
            help: self.advice(types),
            fatal: strict,
        })
    }

    /// Labels that are symbols of elements.
    fn labels(&self, commands: &[Recorded]) -> Vec<Slip> {
        let labels = self.state.types.label.iter().enumerate();
        labels
            .filter_map(|(t, l)| {
                let label = l.as_deref()?;
                let what = self.contradiction(t, label)?;
                let of = |c: &Recorded| c.position(label, 2).and_then(|i| c.place(i));
                Some(Slip {
                    message: format!("the type label contradicts the mass: {what}"),
                    place: commands.iter().rev().find_map(of),
                    help: "labels that are symbols of elements are read as elements; is the order right?".into(),
                    fatal: false,
                })
            })
            .collect()
    }

    fn advice(&self, types: usize) -> String {
        let of = |t: usize| by_mass(self.state.types.mass.get(t).copied().flatten()? / self.unit);
        let order = "elements are given in the order of the atom types";
        match (1..=types).map(of).collect::<Option<Vec<_>>>() {
            Some(names) => format!("{order}; by the masses they are {}", names.join(" ")),
            None => order.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lint::slips_of;
    use crate::engine::{Engine, NoVariables};
    use crate::io::log::Log;
    use crate::pair::PAIR_STYLES;
    use crate::signature::Kind;
    use crate::units::Units;
    use std::rc::Rc;

    /// Two types, silicon and germanium.
    fn engine(units: &str, unit: f64, style: &str) -> Engine {
        let mut e = Engine::new(Log::silent(), Rc::new(NoVariables), true);
        e.state.units = Units::named(units).unwrap();
        e.state.dt = e.state.units.femtosecond;
        e.state.types = crate::domain::state::Types::new(2);
        e.state.types.mass = vec![None, Some(28.085 * unit), Some(72.63 * unit)];
        let words: Vec<&str> = style.split(' ').collect();
        e.set_pair_style(&words).unwrap();
        e
    }

    #[test]
    fn every_style_that_names_elements_is_compared() {
        for entry in PAIR_STYLES {
            for a in entry.coeff.args {
                let named = a.name.eq_ignore_ascii_case("elements");
                let kind = matches!(a.kind, Kind::Element | Kind::Species);
                assert_eq!(named, kind, "pair_coeff of {}", entry.signature.name);
            }
        }
        for (style, coeff) in [
            ("eam/alloy", "* * f Ge Si"),
            ("eam/fs", "* * f Ge Si"),
            ("tersoff", "* * f Ge Si"),
            ("sw", "* * f Ge Si"),
            ("mace", "* * f Ge Si"),
            ("nequip", "* * f Ge Si"),
            ("allegro", "* * f Ge Si"),
            ("e3gnn", "* * f Ge Si"),
            ("hybrid/overlay sw zero 3.0", "* * sw f Ge Si"),
        ] {
            let found = slips_of(
                &engine("metal", 1.0, style),
                &[&format!("pair_coeff {coeff}")],
                "run 0",
            );
            assert_eq!(found.len(), 1, "{style}");
            let text = &found[0].message;
            assert!(
                text.contains("type 1 is Ge") && text.contains("mass 28.085, that of Si"),
                "{text}"
            );
            assert!(found[0].help.ends_with("they are Si Ge"));
        }
    }

    #[test]
    fn the_right_order_other_units_and_plain_names_pass() {
        let fine = ["pair_coeff * * f Si Ge"];
        for (units, unit) in [("metal", 1.0), ("real", 1.0), ("si", 1.66053906660e-27)] {
            assert!(slips_of(&engine(units, unit, "sw"), &fine, "run 0").is_empty());
            let wrong = ["pair_coeff * * f Ge Si"];
            assert_eq!(
                slips_of(&engine(units, unit, "sw"), &wrong, "run 0").len(),
                1
            );
        }
        let any = ["pair_coeff * * f Ge Si"];
        assert!(slips_of(&engine("lj", 1.0, "sw"), &any, "run 0").is_empty());
        let null = ["pair_coeff * * f NULL Bead"];
        assert!(slips_of(&engine("metal", 1.0, "sw"), &null, "run 0").is_empty());
    }

    #[test]
    fn labels_are_compared_and_a_later_pair_coeff_replaces() {
        let mut e = engine("metal", 1.0, "sw");
        e.state.types.label = vec![None, Some("Ge".into()), Some("G1".into())];
        let found = slips_of(&e, &["labelmap atom 1 Ge 2 G1"], "minimize 0 0 1 1");
        assert_eq!(found.len(), 1);
        let e = engine("metal", 1.0, "sw");
        let commands = ["pair_coeff * * f Ge Si", "pair_coeff * * f Si Ge"];
        assert!(slips_of(&e, &commands, "run 0").is_empty());
    }
}
