//! The commands in force when a run begins: everything that they use must exist then, and an error that shows only then
//! is pointed out where its cause was written.

use super::Context;
use super::failure::Failure;
use super::items::{Item, links};
use super::lint::{Recorded, Slip};
use crate::diag::Diagnostic;
use crate::engine::Engine;
use crate::engine::thermo::KEYWORDS;
use crate::error::{ErrorKind, nearest};
use crate::script::expr::FormulaRef;
use crate::script::{Formula, Mapped, Subst, Word, substitutions};
use crate::signature::Kind;
use indexmap::IndexMap;

/// Commands by what they define, `fix 1` or `thermo_style`.
#[derive(Debug, Default)]
pub(super) struct Active {
    commands: IndexMap<String, Recorded>,
}

/// Something that is used and not there, and the way to it.
struct Missing {
    /// `compute t`, ...
    item: Item,
    /// Variables on the way.
    path: Vec<String>,
    /// One sentence.
    message: String,
    help: Option<String>,
}

impl Active {
    /// Whether a command of this name matters here.
    pub(super) fn concerns(name: &str) -> bool {
        matches!(
            name,
            "fix"
                | "unfix"
                | "compute"
                | "uncompute"
                | "dump"
                | "undump"
                | "thermo_style"
                | "pair_style"
                | "pair_coeff"
                | "kspace_style"
                | "clear"
        )
    }

    /// Takes note of a command that was executed.
    pub(super) fn executed(&mut self, command: Recorded) {
        let (name, id) = (command.word(0).to_string(), command.word(1).to_string());
        match name.as_str() {
            "clear" => self.commands.clear(),
            "fix" | "compute" | "dump" => {
                self.commands.insert(format!("{name} {id}"), command);
            }
            "unfix" | "uncompute" | "undump" => {
                self.commands.shift_remove(&format!("{} {id}", &name[2..]));
            }
            _ => {
                self.commands.insert(name, command);
            }
        }
    }

    /// What commands in force use although it does not exist.
    pub(super) fn missing(&self, context: &Context, engine: &Engine) -> Vec<Slip> {
        let mut found = Vec::new();
        for (key, command) in &self.commands {
            let alive = match key.split_once(' ') {
                Some(("fix", id)) => engine.fixes.contains_key(id),
                Some(("compute", id)) => engine.computes.contains_key(id),
                Some(("dump", id)) => engine.dumps.contains_key(id),
                _ => key == "thermo_style",
            };
            if alive {
                found.extend(missing_in(key, command, context, engine));
            }
        }
        found
    }

    /// Points out where the cause of an error was written that a run found when it began.
    pub(super) fn relocate(&self, failure: &mut Failure, words: &[Word]) {
        if failure.kind != ErrorKind::Input {
            return;
        }
        let here = words.first().map_or("", Word::as_str);
        let d = &mut failure.diagnostic;
        let Some(cause) = self.cause(d, here) else {
            return;
        };
        let Some(place) = cause.place(cause.meant(&d.message)) else {
            return;
        };
        let Some(old) = d.place.replace(place) else {
            return;
        };
        let (line, column) = old.line_column();
        d.notes.push(format!(
            "found by this command: {}:{line}:{column}: {}",
            old.file,
            old.line_text().trim()
        ));
    }

    /// The command that an error is about, other than the one that was executed.
    fn cause(&self, d: &Diagnostic, here: &str) -> Option<&Recorded> {
        let get = |key: &str| self.commands.get(key);
        if here == "pair_coeff" {
            // styles that name their files in pair_style read them here
            return get("pair_style").filter(|c| c.mentioned(&d.message, 2).is_some());
        }
        if !matches!(here, "run" | "minimize" | "rerun") {
            return None;
        }
        if d.message.starts_with("thermo column ") {
            return get("thermo_style");
        }
        for note in &d.notes {
            let mut parts = note.split(' ');
            let (kind, id) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
            if matches!(kind, "fix" | "compute" | "dump") {
                return get(&format!("{kind} {id}"));
            }
            if note.starts_with("pair style ") {
                let coeff = get("pair_coeff").filter(|c| c.mentioned(&d.message, 3).is_some());
                return coeff.or_else(|| get("pair_style"));
            }
        }
        let kspace = d.message.starts_with("KSpace") || d.message.contains("kspace_style");
        get("kspace_style").filter(|_| kspace)
    }
}

/// The first thing that a command uses and that is not there.
fn missing_in(key: &str, command: &Recorded, context: &Context, engine: &Engine) -> Option<Slip> {
    let search = Search { context, engine };
    let words = command.words();
    let texts = texts(command).map(|(w, name)| (w, Item::new("variable", name)));
    let (at, missing) = used(context, words)
        .into_iter()
        .chain(texts)
        .find_map(|(w, item)| Some((w, search.missing(&item, &mut Vec::new())?)))?;
    let way = match &missing.path[..] {
        [] => String::new(),
        path => format!(", which {key} needs through variable {}", path.join(", ")),
    };
    // A row of thermo output and what has no formula in between is looked up when the run begins, by LAMMPS too
    let sure = key == "thermo_style" || missing.path.is_empty();
    let removed = missing.path.is_empty() && missing.item.kind != "variable";
    let help = missing.help.unwrap_or_else(|| {
        if removed {
            format!("{} was there and was removed since", missing.item)
        } else {
            format!("define {} before the run", missing.item)
        }
    });
    Some(Slip {
        message: format!("{}{way}", missing.message),
        place: command.place(at),
        help,
        fatal: sure || engine.dry,
    })
}

/// Words of a command that name things, as word indices with the name of the command at 0.
fn used(context: &Context, words: &[Word]) -> Vec<(usize, Item)> {
    let Some(entry) = context.entry(words) else {
        return Vec::new();
    };
    let l = links(entry, words, &[]);
    let text = |w: usize| {
        let kinds = l.kinds.iter().filter(|c| c.word == w);
        kinds.into_iter().any(|c| {
            matches!(
                c.kind,
                Kind::FileIn | Kind::FileOut | Kind::Text | Kind::Defines(_) | Kind::Command
            )
        })
    };
    let uses = l.uses.iter().filter(|(w, _)| !text(*w));
    uses.map(|(w, item)| (w + 1, item.clone())).collect()
}

/// Variables in a text that a fix substitutes during runs.
fn texts(command: &Recorded) -> impl Iterator<Item = (usize, String)> + '_ {
    let print = command.word(0) == "fix" && command.word(3) == "print";
    let at = if print { 5 } else { usize::MAX };
    let found = substitutions(&Mapped::plain(command.word(at))).unwrap_or_default();
    found.into_iter().filter_map(move |s| match s.what {
        Subst::Variable(name) => Some((at, name)),
        Subst::Formula { .. } => None,
    })
}

struct Search<'a> {
    context: &'a Context,
    engine: &'a Engine,
}

impl Search<'_> {
    /// What is not there of a thing and of what its formula uses; `path` are the variables above it.
    fn missing(&self, item: &Item, path: &mut Vec<String>) -> Option<Missing> {
        let e = self.engine;
        let id = item.id.as_str();
        let there = match item.kind {
            "compute" => e.computes.contains_key(id) || item.predefined(),
            "fix" => e.fixes.contains_key(id),
            "dump" => e.dumps.contains_key(id),
            "group" => e.state.groups.bit(id).is_some(),
            "region" => e.state.regions.contains_key(id),
            "variable" => return self.variable(item, path),
            _ => true,
        };
        (!there).then(|| Missing {
            item: item.clone(),
            path: path.clone(),
            message: format!("Could not find {} ID {id}", item.kind),
            help: None,
        })
    }

    fn variable(&self, item: &Item, path: &mut Vec<String>) -> Option<Missing> {
        let variables = self.context.variables.script();
        let name = item.id.as_str();
        let report = |message: String, help: Option<String>| {
            Some(Missing {
                item: item.clone(),
                path: path.clone(),
                message,
                help,
            })
        };
        if path.iter().any(|p| p == name) {
            let circle = format!("the circle is {} -> {name}", path.join(" -> "));
            return report(
                format!("Variable {name} has a circular dependency"),
                Some(circle),
            );
        }
        if variables.style(name).is_none() {
            let names = variables.names();
            let near = nearest(name, names.iter().map(String::as_str));
            let help = near.map(|n| format!("did you mean '{n}'?"));
            return report(format!("Variable name {name} does not exist"), help);
        }
        let text = variables.formula(name).filter(|t| !t.contains('$'))?;
        let formula = match Formula::parse(&text) {
            Ok(f) => f,
            Err(e) => return report(format!("Variable {name}: {}", e.reason()), None),
        };
        path.push(name.to_string());
        let found = formula.references().into_iter().find_map(|(r, _)| {
            let item = match r {
                FormulaRef::Variable(n) => Item::new("variable", n),
                FormulaRef::Compute(n) => Item::new("compute", n),
                FormulaRef::Fix(n) => Item::new("fix", n),
                FormulaRef::Group(n) => Item::new("group", n),
                FormulaRef::Region(n) => Item::new("region", n),
                FormulaRef::Keyword(word) => return unknown_keyword(word, path),
            };
            self.missing(&item, path)
        });
        path.pop();
        found
    }
}

/// A thermo keyword of a formula that does not exist.
fn unknown_keyword(word: &str, path: &[String]) -> Option<Missing> {
    let known = || KEYWORDS.iter().map(|k| k.name);
    if known().any(|k| k == word) {
        return None;
    }
    let help = nearest(word, known()).map(|n| format!("did you mean '{n}'?"));
    Some(Missing {
        item: Item::new("thermo keyword", word),
        path: path.to_vec(),
        message: format!("Invalid thermo keyword '{word}' in variable formula"),
        help: help.or_else(|| Some("`argyro explain thermo_style` lists the keywords".into())),
    })
}
