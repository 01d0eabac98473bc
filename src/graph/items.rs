//! Which things a command defines and uses: groups, regions, computes, fixes, variables, dumps, labels, files.
//!
//! The kinds of words come from the signatures of commands and styles; `c_`, `f_`, `v_` and `$` are found in any word.

use super::entry::CommandEntry;
use crate::domain::host::Source;
use crate::domain::regions;
use crate::script::expr::FormulaRef;
use crate::script::{Formula, Mapped, Subst, Substitution, Word, substitutions};
use crate::signature::{Arg, Kind, Signature, Times};
use crate::{compute, dump, fix, pair};
use std::fmt;

/// A thing with a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Item {
    /// `group`, `region`, `compute`, `fix`, `variable`, `dump`, `label`, ...
    pub kind: &'static str,
    /// Its ID.
    pub id: String,
}

impl Item {
    /// A thing.
    pub fn new(kind: &'static str, id: impl Into<String>) -> Self {
        Self {
            kind,
            id: id.into(),
        }
    }

    /// Whether it exists from the beginning.
    pub fn predefined(&self) -> bool {
        let id = self.id.as_str();
        match self.kind {
            "group" => id == "all",
            "compute" => ["thermo_temp", "thermo_press", "thermo_pe"].contains(&id),
            _ => false,
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)
    }
}

/// What a word of a command is.
#[derive(Debug, Clone, Copy)]
pub struct Classified {
    /// Index of the word, 0 = first after the command's name.
    pub word: usize,
    /// Its kind.
    pub kind: Kind,
}

/// Definitions and uses of a command; indices count words after the command's name.
#[derive(Debug, Clone, Default)]
pub struct Links {
    /// What it defines.
    pub defines: Vec<(usize, Item)>,
    /// What it removes (`unfix`, `uncompute`, `undump`).
    pub removes: Vec<(usize, Item)>,
    /// What it uses.
    pub uses: Vec<(usize, Item)>,
    /// Kinds of its words as far as they are known.
    pub kinds: Vec<Classified>,
}

/// The definitions and uses of a command with these words (its name first).
pub fn links(entry: &CommandEntry, words: &[Word], found: &[Substitution]) -> Links {
    let args: Vec<&str> = words.iter().skip(1).map(Word::as_str).collect();
    let mut links = Links {
        kinds: classify(entry.signature, &args),
        ..Links::default()
    };
    let name = entry.signature.name;
    for c in &links.kinds {
        let word = args[c.word];
        // Some styles take NULL where no thing is meant
        if word.contains('$') || word == "NULL" {
            continue;
        }
        match c.kind {
            Kind::Defines(what) => links.defines.push((c.word, Item::new(what, word))),
            Kind::Uses(what) if word != "SELF" && !is_reference(word) => {
                let item = Item::new(what, word);
                if name.starts_with("un") {
                    links.removes.push((c.word, item));
                } else {
                    links.uses.push((c.word, item));
                }
            }
            _ => {}
        }
    }
    for (i, word) in args.iter().enumerate() {
        if let Some(item) = reference(word) {
            links.uses.push((i, item));
        }
    }
    for s in found.iter().filter(|s| s.word > 0) {
        substituted(&s.what, s.word - 1, &mut links.uses);
    }
    if name == "variable" && matches!(args.get(1), Some(&("equal" | "vector" | "atom"))) {
        let text = args.get(2..).unwrap_or(&[]).join(" ");
        formula(&text, 2, &mut links.uses);
    }
    named_things(name, &args, &mut links.uses);
    if matches!(name, "variable" | "region" | "group") && args.get(1) == Some(&"delete") {
        links.removes.append(&mut links.defines);
    }
    dedup(&mut links.uses);
    links
}

/// Groups and regions in words that the signatures leave to the command itself.
fn named_things(name: &str, args: &[&str], uses: &mut Vec<(usize, Item)>) {
    let mut add = |range: std::ops::Range<usize>, kind: &'static str| {
        for i in range.start..range.end.min(args.len()) {
            if !args[i].contains('$') && !args[i].starts_with("v_") {
                uses.push((i, Item::new(kind, args[i])));
            }
        }
    };
    match (name, args.get(1).copied(), args.first().copied()) {
        ("group", Some("subtract" | "union" | "intersect"), _) => add(2..args.len(), "group"),
        ("group", Some("region"), _) => add(2..3, "region"),
        ("group", Some("variable"), _) => add(2..3, "variable"),
        ("region", Some("union" | "intersect"), _) => {
            let n = args.get(2).and_then(|n| n.parse().ok()).unwrap_or(0);
            add(3..n.clamp(0, args.len()) + 3, "region");
        }
        ("set" | "delete_atoms", _, Some("group")) => add(1..2, "group"),
        ("set" | "delete_atoms", _, Some("region")) => add(1..2, "region"),
        _ => {}
    }
}

fn dedup(list: &mut Vec<(usize, Item)>) {
    let mut seen = Vec::new();
    list.retain(|(_, item)| {
        let new = !seen.contains(item);
        if new {
            seen.push(item.clone());
        }
        new
    });
}

fn is_reference(word: &str) -> bool {
    reference(word).is_some()
}

/// The thing that `c_ID[1]` and the like refer to.
fn reference(word: &str) -> Option<Item> {
    let plain = word.split('[').next().unwrap_or(word);
    if plain.contains(|c: char| !(c.is_ascii_alphanumeric() || c == '_')) || plain.len() < 3 {
        return None;
    }
    let r = crate::domain::Reference::parse(plain)?;
    let kind = match r.source {
        Source::Compute => "compute",
        Source::Fix => "fix",
        Source::Variable => "variable",
    };
    Some(Item::new(kind, r.id))
}

fn substituted(what: &Subst, word: usize, uses: &mut Vec<(usize, Item)>) {
    match what {
        Subst::Variable(name) => uses.push((word, Item::new("variable", name.clone()))),
        Subst::Formula { text, .. } => formula(text.as_str(), word, uses),
    }
}

fn formula(text: &str, word: usize, uses: &mut Vec<(usize, Item)>) {
    if text.contains('$') {
        for s in substitutions(&Mapped::plain(text)).unwrap_or_default() {
            substituted(&s.what, word, uses);
        }
    }
    let Ok(parsed) = Formula::parse(text) else {
        return;
    };
    for (r, _) in parsed.references() {
        let item = match r {
            FormulaRef::Variable(n) => Item::new("variable", n),
            FormulaRef::Compute(n) => Item::new("compute", n),
            FormulaRef::Fix(n) => Item::new("fix", n),
            FormulaRef::Group(n) => Item::new("group", n),
            FormulaRef::Region(n) => Item::new("region", n),
            FormulaRef::Keyword(_) => continue,
        };
        uses.push((word, item));
    }
}

/// The kinds of the words of a command, as far as its signature and that of its style tell.
pub fn classify(signature: &Signature, args: &[&str]) -> Vec<Classified> {
    let mut out = Vec::new();
    let mut i = positional(signature, args, 0, &mut out);
    while i < args.len() {
        i = keyword(signature, args, i, &mut out);
    }
    let style = out.iter().find_map(|c| match c.kind {
        Kind::Style(kind) => Some((c.word, kind)),
        _ => None,
    });
    if let Some((at, kind)) = style
        && let Some(s) = style_signature(kind, args[at])
    {
        // What follows the style is described by the style's own signature; dumps have their interval and file first.
        let before = match (kind, signature.name) {
            ("dump", "write_dump") => 2,
            ("dump", _) => 3,
            _ => 1,
        };
        let start = (at + before).min(args.len());
        out.retain(|c| c.word < start);
        let mut tail = Vec::new();
        let rest = &args[start..];
        let mut i = positional(s, rest, 0, &mut tail);
        while i < rest.len() {
            i = keyword(s, rest, i, &mut tail);
        }
        out.extend(tail.into_iter().map(|c| Classified {
            word: c.word + start,
            kind: c.kind,
        }));
    }
    out
}

/// The signature of a style; of kind `pair_coeff`, that of the coefficients of a pair style.
pub fn style_signature(kind: &str, name: &str) -> Option<&'static Signature> {
    let plain = || exact_signature(kind, crate::foreign::without_accelerator(name));
    exact_signature(kind, name).or_else(plain)
}

fn exact_signature(kind: &str, name: &str) -> Option<&'static Signature> {
    match kind {
        "pair" => pair::PAIR_STYLES
            .iter()
            .map(|e| e.signature)
            .find(|s| s.name == name),
        "pair_coeff" => {
            let mut styles = pair::PAIR_STYLES.iter();
            styles.find(|e| e.signature.name == name).map(|e| e.coeff)
        }
        "bond" => crate::bond::BOND_STYLES
            .iter()
            .map(|e| e.signature)
            .find(|s| s.name == name),
        "angle" => crate::angle::ANGLE_STYLES
            .iter()
            .map(|e| e.signature)
            .find(|s| s.name == name),
        "fix" => fix::FIXES
            .iter()
            .map(|e| e.signature)
            .find(|s| s.name == name),
        "compute" => compute::COMPUTES
            .iter()
            .map(|e| e.signature)
            .find(|s| s.name == name),
        "region" => regions::REGIONS
            .iter()
            .map(|e| e.signature)
            .find(|s| s.name == name),
        "dump" => dump::DUMPS
            .iter()
            .map(|e| e.signature)
            .find(|s| s.name == name),
        _ => None,
    }
}

fn positional(s: &Signature, args: &[&str], start: usize, out: &mut Vec<Classified>) -> usize {
    arguments(s, s.args, args, start, out)
}

fn arguments(
    s: &Signature,
    list: &[Arg],
    args: &[&str],
    start: usize,
    out: &mut Vec<Classified>,
) -> usize {
    let is_keyword = |w: &str| s.keywords.iter().any(|k| k.name == w);
    let mut i = start;
    for a in list {
        let many = matches!(a.times, Times::Many | Times::Rest);
        while i < args.len()
            && (matches!(a.times, Times::Once | Times::Rest) || !is_keyword(args[i]))
        {
            out.push(Classified {
                word: i,
                kind: a.kind,
            });
            i += 1;
            if !many {
                break;
            }
        }
    }
    i
}

fn keyword(s: &Signature, args: &[&str], at: usize, out: &mut Vec<Classified>) -> usize {
    match s.keywords.iter().find(|k| k.name == args[at]) {
        Some(k) => arguments(s, k.args, args, at + 1, out).max(at + 1),
        None => at + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{CommandEntry, Flow};
    use crate::script::split;
    use crate::signature::{arg, keyword, many, rest};

    const GROUPED: Signature = Signature {
        name: "sample",
        summary: "",
        args: &[
            arg("ID", Kind::Defines("fix"), ""),
            arg("group-ID", Kind::Uses("group"), ""),
            many("values", Kind::Value, ""),
        ],
        keywords: &[keyword(
            "region",
            &[arg("ID", Kind::Uses("region"), "")],
            "",
        )],
        description: "",
        examples: &[],
    };
    const VARIABLE: Signature = Signature {
        name: "variable",
        args: &[
            arg("name", Kind::Defines("variable"), ""),
            arg("style", Kind::Word, ""),
            rest("args", ""),
        ],
        keywords: &[],
        ..GROUPED
    };

    fn of(signature: &'static Signature, text: &str) -> Links {
        let entry = CommandEntry {
            signature,
            run: |_, _| Ok(Flow::Next),
        };
        let words = split(&Mapped::plain(text)).unwrap();
        links(&entry, &words, &[])
    }

    fn names(list: &[(usize, Item)]) -> Vec<String> {
        list.iter().map(|(_, i)| i.to_string()).collect()
    }

    #[test]
    fn ids_come_from_the_signature() {
        let l = of(&GROUPED, "sample 1 mobile c_msd[4] v_x region slab");
        assert_eq!(names(&l.defines), ["fix 1"]);
        assert_eq!(
            names(&l.uses),
            ["group mobile", "region slab", "compute msd", "variable x"]
        );
    }

    #[test]
    fn formulas_are_searched() {
        let l = of(
            &VARIABLE,
            "variable d equal c_msd[4]/(6*v_t)+count(Li,slab)",
        );
        assert_eq!(names(&l.defines), ["variable d"]);
        let mut uses = names(&l.uses);
        uses.sort();
        assert_eq!(
            uses,
            ["compute msd", "group Li", "region slab", "variable t"]
        );
    }

    #[test]
    fn short_commands_are_harmless() {
        for text in ["sample", "sample 1", "sample 1 all region"] {
            of(&GROUPED, text);
        }
    }
}
