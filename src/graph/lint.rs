//! Slips that run without an error: times in the wrong unit, unsafe neighbour settings, averages that never appear.
//!
//! They are looked for when a run begins, because only then the timestep and all fixes are known. Each is given once.

use super::Context;
use super::active::Active;
use super::failure::Failure;
use super::masses::Named;
use crate::diag::Place;
use crate::engine::Engine;
use crate::foreign::without_accelerator;
use crate::script::{SourceMap, Word};
use crate::signature::parse_real;
use indexmap::IndexMap;
use std::collections::HashSet;

/// A slip.
#[derive(Debug, Clone)]
pub struct Slip {
    /// One sentence.
    pub message: String,
    /// Where.
    pub place: Option<Place>,
    /// What to do.
    pub help: String,
    /// Whether the run must not begin.
    pub fatal: bool,
}

impl Slip {
    fn warning(message: String, place: Option<Place>, help: impl Into<String>) -> Self {
        Self {
            message,
            place,
            help: help.into(),
            fatal: false,
        }
    }
}

/// A command that still has an effect when a run begins.
#[derive(Debug, Clone)]
pub(super) struct Recorded {
    raw: Vec<Word>,
    words: Vec<String>,
    places: Vec<Option<Place>>,
}

impl Recorded {
    fn new(words: &[Word], sources: &SourceMap) -> Self {
        let fix = words.first().is_some_and(|w| w.as_str() == "fix");
        let names = words.iter().enumerate().map(|(i, w)| match w.as_str() {
            style if fix && i == 3 => without_accelerator(style),
            word => word,
        });
        let place = |w: &Word| w.span().and_then(|s| super::failure::place(sources, s));
        Self {
            raw: words.to_vec(),
            words: names.map(String::from).collect(),
            places: words.iter().map(place).collect(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    pub(super) fn word(&self, i: usize) -> &str {
        self.words.get(i).map_or("", String::as_str)
    }

    pub(super) fn place(&self, i: usize) -> Option<Place> {
        self.places.get(i).cloned().flatten()
    }

    /// The words as they were executed.
    pub(super) fn words(&self) -> &[Word] {
        &self.raw
    }

    /// The longest word from index `from` on that a message contains as a whole.
    pub(super) fn mentioned(&self, message: &str, from: usize) -> Option<usize> {
        let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
        let has = |word: &str| {
            message.match_indices(word).any(|(at, _)| {
                let before = message[..at].chars().next_back();
                let after = message[at + word.len()..].chars().next();
                !before.is_some_and(part_of_name) && !after.is_some_and(part_of_name)
            })
        };
        let words = self.words.iter().enumerate().skip(from);
        words
            .filter(|(_, w)| w.len() > 1 && has(w))
            .max_by_key(|(i, w)| (w.len(), usize::MAX - i))
            .map(|(i, _)| i)
    }

    /// The word that a message is about: one that it names, or the style.
    pub(super) fn meant(&self, message: &str) -> usize {
        let (from, style) = match self.word(0) {
            "fix" | "compute" | "dump" => (4, 3),
            "pair_coeff" => (3, 0),
            _ => (1, 1),
        };
        self.mentioned(message, from).unwrap_or(style)
    }

    pub(super) fn position(&self, word: &str, from: usize) -> Option<usize> {
        (from..self.words.len()).find(|&i| self.words[i] == word)
    }
}

/// Remembers what the slips depend on.
#[derive(Debug, Default)]
pub struct Lints {
    fixes: IndexMap<String, Recorded>,
    timestep: Option<Recorded>,
    neighbor: Option<Recorded>,
    named: Named,
    active: Active,
    given: HashSet<String>,
}

impl Lints {
    /// Takes note of a command that was executed.
    pub fn executed(&mut self, words: &[Word], sources: &SourceMap) {
        let Some(name) = words.first().map(Word::as_str) else {
            return;
        };
        if Active::concerns(name) {
            self.active.executed(Recorded::new(words, sources));
        }
        if Named::concerns(name) {
            self.named.executed(&Recorded::new(words, sources));
        }
        match (name, words.get(1).map(Word::as_str)) {
            ("fix", Some(id)) => {
                self.fixes
                    .insert(id.to_string(), Recorded::new(words, sources));
            }
            ("unfix", Some(id)) => {
                self.fixes.shift_remove(id);
            }
            ("timestep", _) => self.timestep = Some(Recorded::new(words, sources)),
            ("neigh_modify", _) => self.neighbor = Some(Recorded::new(words, sources)),
            ("clear", _) => {
                self.fixes.clear();
                self.timestep = None;
                self.neighbor = None;
            }
            _ => {}
        }
    }

    /// What is suspicious about a run that is about to begin; `words` are those of the command that runs.
    pub fn before_run(&mut self, words: &[Word], engine: &Engine, context: &Context) -> Vec<Slip> {
        let mut found = Vec::new();
        let first = words.first().map_or("", Word::as_str);
        if first == "run" {
            found.extend(self.time_step(engine));
            for fix in self.fixes.values() {
                found.extend(damping(fix, engine));
                found.extend(averages(fix, words, engine));
            }
            found.extend(self.neighbor_check(engine));
        }
        if matches!(first, "run" | "minimize" | "rerun") {
            found.extend(self.active.missing(context, engine));
            found.extend(self.named.contradictions(engine));
            found.extend(self.fixes.values().filter_map(|f| empty_group(f, engine)));
        }
        found.retain(|s| s.fatal || self.given.insert(s.message.clone()));
        found
    }

    /// Points out where the cause of an error was written that a run found when it began.
    pub(super) fn relocate(&self, failure: &mut Failure, words: &[Word]) {
        self.active.relocate(failure, words);
    }

    fn time_step(&self, engine: &Engine) -> Option<Slip> {
        let s = &engine.state;
        let (limit_low, limit_high) = match s.units.name {
            "metal" => (0.0, 0.01),
            "real" => (0.01, 10.0),
            "si" => (0.0, 1.0e-14),
            _ => return None,
        };
        let fs = s.dt / s.units.femtosecond;
        let unit = time_unit(s.units.name);
        let message = if s.dt > limit_high {
            format!(
                "timestep {} {unit} in units {} is {fs} fs, far too long for atoms",
                s.dt, s.units.name
            )
        } else if s.dt < limit_low {
            format!(
                "timestep {} {unit} in units {} is {fs} fs, unusually short",
                s.dt, s.units.name
            )
        } else {
            return None;
        };
        let place = self.timestep.as_ref().and_then(|t| t.place(1));
        let help = format!(
            "units {} counts time in {unit}: 1 fs is {}",
            s.units.name, s.units.femtosecond
        );
        Some(Slip::warning(message, place, help))
    }

    /// `neigh_modify check no` is safe only if no atom crosses half the skin between two builds.
    fn neighbor_check(&self, engine: &Engine) -> Option<Slip> {
        let n = &engine.neighbor;
        let interval = n.every.max(n.delay);
        if n.check || n.once || interval <= 1 {
            return None;
        }
        let s = &engine.state;
        let steps = interval as f64;
        let skin = n.skin(s);
        let fastest = s
            .atoms
            .v
            .iter()
            .map(|v| v.iter().map(|c| c * c).sum::<f64>())
            .fold(0.0, f64::max)
            .sqrt();
        let way = fastest * s.dt * steps;
        (way > 0.5 * skin || skin <= 0.0).then(|| {
            Slip::warning(
                format!(
                    "neigh_modify check no with a build every {steps} steps is unsafe: the fastest atom moves about {way:.3}, half the skin is {}",
                    0.5 * skin
                ),
                self.neighbor.as_ref().and_then(|r| {
                    let word = r.position("check", 1).map_or(0, |i| i + 1);
                    r.place(word)
                }),
                "use neigh_modify check yes, a smaller interval or a wider skin",
            )
        })
    }
}

/// A fix on a group that has no atoms.
fn empty_group(fix: &Recorded, engine: &Engine) -> Option<Slip> {
    let (group, atoms) = (fix.word(2), &engine.state.atoms);
    let bit = engine.state.groups.bit(group)?;
    let lives = engine.fixes.contains_key(fix.word(1));
    let empty = lives && !atoms.mask.is_empty() && atoms.mask.iter().all(|m| m & bit == 0);
    empty.then(|| {
        let message = format!(
            "fix {} {} acts on group {group}, which has no atoms",
            fix.word(1),
            fix.word(3)
        );
        let help = "check the group command: were the atoms there when it was executed?";
        Slip::warning(message, fix.place(2), help)
    })
}

fn time_unit(units: &str) -> &'static str {
    match units {
        "metal" => "ps",
        "real" => "fs",
        "si" => "s",
        _ => "time units",
    }
}

/// Index of every damping time among the words of a fix, and what it is called.
fn damping_words(fix: &Recorded) -> Vec<(usize, &'static str)> {
    match fix.word(3) {
        "nvt" | "npt" | "nph" => {
            let mut found: Vec<(usize, &'static str)> = fix
                .position("temp", 4)
                .map(|i| (i + 3, "Tdamp"))
                .into_iter()
                .collect();
            let pressures = ["iso", "aniso", "tri", "x", "y", "z", "xy", "xz", "yz"];
            found.extend(
                pressures
                    .iter()
                    .filter_map(|k| fix.position(k, 4))
                    .map(|i| (i + 3, "Pdamp")),
            );
            found
        }
        "langevin" => vec![(6, "damp")],
        "temp/berendsen" | "temp/csvr" | "temp/csld" => vec![(6, "Tdamp")],
        "press/berendsen" => fix
            .position("iso", 4)
            .map(|i| (i + 3, "Pdamp"))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

/// Damping times that were meant in another unit.
fn damping(fix: &Recorded, engine: &Engine) -> Vec<Slip> {
    let s = &engine.state;
    let unit = time_unit(s.units.name);
    let physical = ["metal", "real", "si"].contains(&s.units.name);
    let mut found = Vec::new();
    for (i, name) in damping_words(fix) {
        let Some(damp) = parse_real(fix.word(i)).filter(|d| *d > 0.0) else {
            continue;
        };
        let ps = damp / s.units.femtosecond / 1000.0;
        let longest = if name == "Pdamp" { 100.0 } else { 10.0 };
        let (what, usual) = if physical && ps > longest {
            (
                format!("{ps} ps couples hardly at all"),
                if name == "Pdamp" { 1000.0 } else { 100.0 },
            )
        } else if damp < 10.0 * s.dt && name != "Pdamp" {
            (format!("less than 10 timesteps of {} {unit}", s.dt), 100.0)
        } else {
            continue;
        };
        let usual = if physical {
            format!(
                "{} {unit} ({usual} fs) is usual",
                usual * s.units.femtosecond
            )
        } else {
            format!("about 100 timesteps ({}) are usual", 100.0 * s.dt)
        };
        found.push(Slip::warning(
            format!(
                "{name} {damp} {unit} of fix {} {}: {what}",
                fix.word(1),
                fix.word(3)
            ),
            fix.place(i),
            usual,
        ));
    }
    found
}

/// Averages that a run is too short for.
fn averages(fix: &Recorded, run: &[Word], engine: &Engine) -> Option<Slip> {
    if !fix.word(3).starts_with("ave/") {
        return None;
    }
    let every: i64 = fix.word(6).parse().ok().filter(|n| *n > 0)?;
    let steps: i64 = run.get(1)?.as_str().parse().ok()?;
    let upto = run.iter().any(|w| w.as_str() == "upto");
    let first = engine.state.step;
    let last = if upto {
        steps
    } else {
        first.checked_add(steps)?
    };
    let next = (first / every + 1).checked_mul(every)?;
    (next > last && last > first).then(|| {
        Slip::warning(
            format!(
                "fix {} {} writes at multiples of {every} steps, and the run from step {first} to {last} reaches none",
                fix.word(1),
                fix.word(3)
            ),
            fix.place(6),
            "make the run longer or Nfreq smaller",
        )
    })
}

/// What is found when `run` follows these commands; warnings are given once.
#[cfg(test)]
pub(super) fn slips_of(engine: &Engine, commands: &[&str], run: &str) -> Vec<Slip> {
    use crate::script::{Mapped, split};
    let variables = std::rc::Rc::new(super::ScriptVariables::new(&[]));
    let context = Context::new(&[], variables);
    let words = |text: &str| split(&Mapped::plain(text)).expect("test command");
    let mut lints = Lints::default();
    let sources = SourceMap::default();
    for c in commands {
        lints.executed(&words(c), &sources);
    }
    let found = lints.before_run(&words(run), engine, &context);
    let again = lints.before_run(&words(run), engine, &context);
    assert!(again.iter().all(|s| s.fatal), "once is enough");
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::NoVariables;
    use crate::io::log::Log;
    use crate::units::Units;
    use std::rc::Rc;

    fn engine(units: &str, dt: f64) -> Engine {
        let mut e = Engine::new(Log::silent(), Rc::new(NoVariables), true);
        e.state.units = Units::named(units).unwrap();
        e.state.dt = dt;
        e.state.atoms.push(1, 1, [0.0; 3], false, false);
        e.state.atoms.v[0] = [100.0, 0.0, 0.0];
        e
    }

    fn slips(engine: &Engine, commands: &[&str], run: &str) -> Vec<String> {
        let found = slips_of(engine, commands, run);
        found.into_iter().map(|s| s.message).collect()
    }

    #[test]
    fn damping_times_in_the_wrong_unit_are_named() {
        let e = engine("metal", 0.001);
        let found = slips(
            &e,
            &["fix 1 all npt temp 300 300 100.0 iso 1 1 1000"],
            "run 5",
        );
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].contains("Tdamp 100 ps of fix 1 npt") && found[1].contains("Pdamp 1000 ps")
        );
        let short = slips(&e, &["fix l all langevin 300 300 0.001 7"], "run 5");
        assert!(short[0].contains("less than 10 timesteps"), "{short:?}");
        for fine in [
            "fix 1 all nvt temp 300 300 0.1",
            "fix 1 all nve",
            "fix 1 all nvt temp 300 300 v_x",
            "fix 1 all nvt temp 300",
        ] {
            assert!(slips(&e, &[fine], "run 5").is_empty(), "{fine}");
        }
        assert!(
            slips(
                &e,
                &["fix 1 all nvt temp 300 300 100.0", "unfix 1"],
                "run 5"
            )
            .is_empty()
        );
    }

    #[test]
    fn timesteps_are_compared_with_femtoseconds() {
        assert!(slips(&engine("metal", 1.0), &[], "run 5")[0].contains("is 1000 fs"));
        assert!(slips(&engine("real", 0.001), &[], "run 5")[0].contains("unusually short"));
        assert!(slips(&engine("lj", 1.0), &[], "run 5").is_empty());
        assert!(slips(&engine("metal", 0.002), &[], "run 5").is_empty());
    }

    #[test]
    fn lists_that_are_built_blindly_are_checked_against_the_skin() {
        let mut e = engine("metal", 0.001);
        e.neighbor.check = false;
        e.neighbor.every = 10;
        assert!(
            slips(&e, &[], "run 5").is_empty(),
            "1 A of motion, 1 A is half the skin"
        );
        e.neighbor.every = 50;
        assert!(slips(&e, &[], "run 5")[0].contains("check no"));
    }

    #[test]
    fn averages_that_never_appear_are_named() {
        let mut e = engine("lj", 0.005);
        let fix = ["fix a all ave/time 1 10 100 c_x"];
        assert_eq!(slips(&e, &fix, "run 50").len(), 1);
        assert!(slips(&e, &fix, "run 100").is_empty());
        e.state.step = 90;
        assert!(slips(&e, &fix, "run 10").is_empty() && slips(&e, &fix, "run 100 upto").is_empty());
    }
}
