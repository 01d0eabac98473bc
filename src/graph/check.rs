//! Everything that can be known about a script before its first step.
//!
//! Two passes: the script is executed dry (set-up commands really, runs only prepared, nothing written), and errors are
//! collected instead of ending it; then the command graph shows what the execution did not reach. Errors that only follow
//! from earlier ones are left out.

use super::executor::{Executor, Step};
use super::failure::{Failure, Outcome, place};
use super::items::{Item, links, style_signature};
use super::model::{CommandGraph, Node, build};
use crate::diag::{Diagnostic, Place, Severity};
use crate::foreign;
use crate::script::Word;
use crate::signature::{Kind, Signature};
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// How far a dry execution goes; loops over results of runs may never end without such limits.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Lines and commands.
    pub steps: usize,
    /// Time.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 20_000,
            time: Duration::from_secs(60),
        }
    }
}

/// All findings of the script that `executor` (made dry, script opened) holds, sorted by place.
pub fn check(executor: &mut Executor, limits: Limits) -> Vec<Diagnostic> {
    let mut findings = Findings::default();
    let predefined = executor.context().variables.script().names();
    let mut damage = Damage::default();
    collect(executor.prepare(), executor, &mut damage, &mut findings);
    let complete = dry_run(executor, limits, &mut damage, &mut findings);
    static_pass(executor, &predefined, complete, &mut findings);
    findings.sorted()
}

/// Executes dry; whether the end was reached.
fn dry_run(
    executor: &mut Executor,
    limits: Limits,
    damage: &mut Damage,
    findings: &mut Findings,
) -> bool {
    let start = Instant::now();
    for _ in 0..limits.steps {
        let step = executor.step();
        let end = matches!(step, Ok(Step::End(_)));
        collect(step.map(|_| ()), executor, damage, findings);
        if end {
            return true;
        }
        if start.elapsed() > limits.time {
            break;
        }
    }
    let d = Diagnostic::warning(
        "the dry execution did not come to an end; what lies behind was checked without executing it",
    );
    findings.add(d.help("does a loop wait for a result of a run?"));
    false
}

fn collect(
    result: Outcome<()>,
    executor: &mut Executor,
    damage: &mut Damage,
    findings: &mut Findings,
) {
    for warning in executor.take_warnings() {
        if !damage.explains_warning(&warning) {
            findings.add(warning);
        }
    }
    let words = executor.last_words();
    damage.ran |= words
        .first()
        .is_some_and(|w| matches!(w.as_str(), "run" | "minimize"));
    let Err(failure) = result else {
        findings.list.extend(no_folder(executor, &words, damage));
        damage.written.extend(written(executor, &words));
        return;
    };
    if let Some(file) = damage.made_by_script(&failure, &words) {
        let mut d = Diagnostic::warning(format!(
            "{file} is written by this script: what follows was checked without it"
        ));
        d.place = failure.diagnostic.place;
        findings.add(d);
    } else if !damage.explains(&failure, &words, executor) {
        findings.add(damage.weighed(failure.diagnostic));
    }
    damage.add(&words, executor);
}

/// Names and patterns of files that a command writes when it is not executed dry.
fn written(executor: &Executor, words: &[Word]) -> Vec<String> {
    let name = words.first().map_or("", Word::as_str);
    if !matches!(
        name,
        "write_data"
            | "write_restart"
            | "restart"
            | "write_dump"
            | "dump"
            | "print"
            | "fix"
            | "shell"
    ) {
        return Vec::new();
    }
    let args: Vec<&str> = words.iter().skip(1).map(Word::as_str).collect();
    if matches!(name, "restart" | "shell") {
        return args.iter().map(|a| (*a).to_string()).collect();
    }
    let kinds = executor
        .context()
        .entry(words)
        .map_or_else(Vec::new, |e| links(e, words, &[]).kinds);
    let files = kinds.iter().filter(|c| matches!(c.kind, Kind::FileOut));
    files.map(|c| args[c.word].to_string()).collect()
}

/// A file that cannot be written because its folder does not exist and no shell command mentions it.
fn no_folder(executor: &Executor, words: &[Word], damage: &Damage) -> Option<Diagnostic> {
    let entry = executor.context().entry(words)?;
    let kinds = links(entry, words, &[]).kinds;
    let files = kinds
        .iter()
        .filter(|c| matches!(c.kind, Kind::FileOut))
        .filter_map(|c| words.get(c.word + 1));
    let missing = |w: &&Word| {
        let folder = std::path::Path::new(w.as_str()).parent()?;
        let name = folder.to_str()?;
        let made = damage.written.iter().any(|p| p.contains(name));
        (!name.is_empty() && !made && !name.contains(['*', '%', '$']) && !folder.is_dir())
            .then(|| name.to_string())
    };
    let (word, name) = files.filter_map(|w| Some((w, missing(&w)?))).next()?;
    let d = Diagnostic::error(format!(
        "Cannot open file {}: there is no folder {name}",
        word.as_str()
    ));
    let at = word
        .span()
        .and_then(|s| place(executor.context().cursor.borrow().sources(), s));
    let d = d.help(format!("make it first: shell mkdir {name}"));
    Some(match at {
        Some(p) => d.at(p),
        None => d,
    })
}

/// Whether `name` fits `pattern`, in which `*` stands for anything.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => name.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len()).any(|i| rest.is_char_boundary(i) && fits(after, &rest[i..]))
        }),
    }
}

/// What earlier errors left undone.
#[derive(Default)]
struct Damage {
    items: HashSet<Item>,
    cell: bool,
    pair: bool,
    atoms: bool,
    /// Files that the script would have written so far.
    written: Vec<String>,
    /// A run was passed.
    ran: bool,
}

impl Damage {
    /// Takes note of a command that failed.
    fn add(&mut self, words: &[Word], executor: &Executor) {
        let Some(name) = words.first().map(Word::as_str) else {
            return;
        };
        match name {
            "create_box" | "read_data" | "read_restart" | "replicate" => {
                self.cell = true;
                self.atoms = true;
            }
            "create_atoms" | "mass" | "set" | "lattice" | "units" | "atom_style" => {
                self.atoms = true;
            }
            "pair_style" | "pair_coeff" => self.pair = true,
            _ => {}
        }
        let entry = executor.context().entry(words);
        let defined = entry.map_or_else(Vec::new, |e| links(e, words, &[]).defines);
        self.items.extend(defined.into_iter().map(|d| d.1));
    }

    /// The file that is missing only because nothing was written.
    fn made_by_script(&self, failure: &Failure, words: &[Word]) -> Option<String> {
        let message = &failure.diagnostic.message;
        let missing = message.starts_with("Cannot open");
        let mut names = words.iter().skip(1).map(Word::as_str);
        let file = names.find(|w| message.contains(w) && self.written.iter().any(|p| fits(p, w)));
        file.filter(|_| missing).map(String::from)
    }

    /// Values that a run would have given are not there in a dry execution: what a command says about substituted
    /// values behind a run is no more than a warning.
    fn weighed(&self, mut d: Diagnostic) -> Diagnostic {
        let of_words = [
            "Unknown",
            "Unrecognized",
            "Could not find",
            "Illegal",
            "Cannot open",
            "Substitution",
        ];
        if self.ran && d.expanded.is_some() && !of_words.iter().any(|w| d.message.starts_with(w)) {
            d.severity = Severity::Warning;
            d.notes
                .push("a run before this line was not executed: values may differ".into());
        }
        d
    }

    /// Whether a warning follows from earlier errors.
    fn explains_warning(&self, warning: &Diagnostic) -> bool {
        let message = warning.message.as_str();
        let fixes = self.items.iter().any(|i| i.kind == "fix");
        (self.pair && message.starts_with("No pair style"))
            || (fixes
                && (message.contains("time integration") || message.contains("time integrated")))
    }

    /// Whether an error follows from earlier ones.
    fn explains(&self, failure: &Failure, words: &[Word], executor: &Executor) -> bool {
        let name = words.first().map_or("", Word::as_str);
        let message = failure.diagnostic.message.as_str();
        let broken = |item: &Item| self.items.contains(item);
        let uses_broken = executor.context().entry(words).is_some_and(|e| {
            let l = links(e, words, &[]);
            let mut items = l.uses.iter().chain(&l.removes);
            items.any(|(_, i)| broken(i))
        });
        let names_broken = self.items.iter().any(|i| {
            i.kind == "variable"
                && (message.contains(&format!("illegal variable {}", i.id))
                    || message.contains(&format!("'{}'", i.id)))
        });
        let runs = matches!(name, "run" | "minimize" | "write_data" | "velocity");
        uses_broken
            || names_broken
            || (self.cell && message.contains("before simulation box is defined"))
            || (self.pair
                && (name.starts_with("pair_") || (runs && message.to_lowercase().contains("pair"))))
            || ((self.cell || self.atoms || self.pair) && runs)
    }
}

/// Findings, each once.
#[derive(Default)]
struct Findings {
    list: Vec<Diagnostic>,
    seen: HashSet<(String, usize, String)>,
}

impl Findings {
    fn add(&mut self, d: Diagnostic) {
        let (file, line) = Self::key(d.place.as_ref());
        if self.seen.insert((file, line, d.message.clone())) {
            self.list.push(d);
        }
    }

    /// Adds what the graph shows, unless the execution had something to say about the same line.
    fn add_static(&mut self, d: Diagnostic) {
        let (file, line) = Self::key(d.place.as_ref());
        let known = self.list.iter().any(|o| {
            o.severity == Severity::Error && Self::key(o.place.as_ref()) == (file.clone(), line)
        });
        if !known {
            self.add(d);
        }
    }

    fn key(place: Option<&Place>) -> (String, usize) {
        place.map_or((String::new(), 0), |p| (p.file.clone(), p.line_column().0))
    }

    /// By place; the main file's order is that of its lines, findings without a place come last.
    fn sorted(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_cached_key(|d| {
            let at = d.place.as_ref().map(|p| (p.line_column(), p.file.clone()));
            (at.is_none(), at, d.severity == Severity::Warning)
        });
        self.list
    }
}

/// What the command graph shows about lines that were not executed.
fn static_pass(
    executor: &Executor,
    predefined: &[String],
    complete: bool,
    findings: &mut Findings,
) {
    let context = executor.context();
    let Some(script) = executor.main_script() else {
        return;
    };
    let variables = predefined
        .iter()
        .map(|v| Item::new("variable", v.clone()))
        .collect();
    let graph = {
        let mut cursor = context.cursor.borrow_mut();
        build(&script, context.commands, cursor.sources_mut(), variables)
    };
    for (i, node) in graph.nodes.iter().enumerate() {
        let executed = node.parent.is_none() && executor.was_executed(node.span);
        if executed && complete {
            continue;
        }
        for d in node_findings(executor, &graph, i, node) {
            findings.add_static(d);
        }
    }
}

fn word_place(executor: &Executor, node: &Node, word: usize) -> Option<Place> {
    let span = node.words.get(word).and_then(Word::span).or(node.span)?;
    place(executor.context().cursor.borrow().sources(), span)
}

fn at(d: Diagnostic, place: Option<Place>) -> Diagnostic {
    match place {
        Some(p) => d.at(p),
        None => d,
    }
}

fn node_findings(
    executor: &Executor,
    graph: &CommandGraph,
    i: usize,
    node: &Node,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let commands = executor.context().commands;
    if !node.known {
        let names = commands.iter().map(|c| c.signature.name);
        let e = foreign::unknown_command(&node.name, names);
        found.push(at(plain(e), word_place(executor, node, 0)));
    }
    for (_, message) in graph.missing_files.iter().filter(|m| m.0 == i) {
        found.push(at(
            Diagnostic::error(message.clone()),
            word_place(executor, node, 1),
        ));
    }
    for (_, label) in graph.missing_labels.iter().filter(|m| m.0 == i) {
        let d = Diagnostic::error(format!("Label wasn't found in input script: {label}"));
        found.push(at(d, word_place(executor, node, 2)));
    }
    for u in graph.undefined.iter().filter(|u| u.node == i) {
        let d = Diagnostic::error(format!("{} is used but never defined", u.item));
        found.push(at(d, word_place(executor, node, u.word + 1)));
    }
    found.extend(file_findings(executor, node));
    found.extend(style_findings(executor, node));
    found
}

/// Files that are read and do not exist; `include` is looked at where the graph is built.
fn file_findings(executor: &Executor, node: &Node) -> Vec<Diagnostic> {
    let files = node
        .links
        .kinds
        .iter()
        .filter(|c| matches!(c.kind, Kind::FileIn));
    files
        .filter_map(|c| Some((c.word, node.words.get(c.word + 1)?.as_str())))
        .filter(|(_, f)| {
            node.name != "include" && !f.contains(['$', '*']) && !std::path::Path::new(f).exists()
        })
        .map(|(word, f)| {
            let d = Diagnostic::warning(format!("file {f} does not exist now"));
            at(d, word_place(executor, node, word + 1))
        })
        .collect()
}

/// Unknown styles and words that do not fit the signature, where nothing is substituted.
fn style_findings(executor: &Executor, node: &Node) -> Vec<Diagnostic> {
    let Some(entry) = executor.context().entry(&node.words) else {
        return Vec::new();
    };
    let args: Vec<&str> = node.words.iter().skip(1).map(Word::as_str).collect();
    if args.iter().any(|a| a.contains('$')) {
        return Vec::new();
    }
    for c in &node.links.kinds {
        if let Kind::Style(kind) = c.kind
            && !matches!(args[c.word], "none" | "delete")
            && !(args[c.word] == "hybrid" && matches!(kind, "bond" | "angle"))
            && style_names(kind).is_some()
            && style_signature(kind, args[c.word]).is_none()
        {
            let names = style_names(kind).unwrap_or_default();
            let e = foreign::unknown_style(kind, args[c.word], names);
            return vec![at(plain(e), word_place(executor, node, c.word + 1))];
        }
    }
    match entry.signature.parse(&node.name, &args) {
        Ok(_) => Vec::new(),
        Err(e) => {
            let word = e.word.map_or(0, |w| w + 1);
            vec![at(plain(e), word_place(executor, node, word))]
        }
    }
}

fn style_names(kind: &str) -> Option<Vec<&'static str>> {
    let names = |s: Vec<&'static Signature>| Some(s.into_iter().map(|s| s.name).collect());
    match kind {
        "pair" => names(
            crate::pair::PAIR_STYLES
                .iter()
                .map(|e| e.signature)
                .collect(),
        ),
        "bond" => names(
            crate::bond::BOND_STYLES
                .iter()
                .map(|e| e.signature)
                .collect(),
        ),
        "angle" => names(
            crate::angle::ANGLE_STYLES
                .iter()
                .map(|e| e.signature)
                .collect(),
        ),
        "fix" => names(crate::fix::FIXES.iter().map(|e| e.signature).collect()),
        "compute" => names(
            crate::compute::COMPUTES
                .iter()
                .map(|e| e.signature)
                .collect(),
        ),
        "region" => names(
            crate::domain::regions::REGIONS
                .iter()
                .map(|e| e.signature)
                .collect(),
        ),
        "dump" => names(crate::dump::DUMPS.iter().map(|e| e.signature).collect()),
        _ => None,
    }
}

/// An error as a finding, without its place.
fn plain(e: crate::error::Error) -> Diagnostic {
    let mut d = Diagnostic::error(e.message);
    d.help = e.help;
    d
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_stand_for_anything() {
        assert!(
            fits("final.*.rst", "final.20.rst")
                && fits("a", "a")
                && fits("*", "")
                && fits("x*y*", "xaybz")
        );
        assert!(!fits("final.*.rst", "final.20.rs") && !fits("a", "ab") && !fits("x*y", "x"));
    }
}
