//! Manual pages as Markdown files, in the order of LAMMPS' manual: Syntax, Examples, Description,
//! Restrictions, Related, Default. An index lists them.

use super::{Page, coming, kind_text, pages, place_holder, syntax};
use crate::signature::{Arg, Keyword, Signature};
use std::fmt::Write;
use std::path::Path;

/// Kinds of pages with their titles, in the order of the index.
pub const KINDS: &[(&str, &str)] = &[
    ("command", "Commands"),
    ("pair_style", "Pair styles"),
    ("bond_style", "Bond styles"),
    ("angle_style", "Angle styles"),
    ("kspace_style", "Long-range solvers"),
    ("fix", "Fixes"),
    ("compute", "Computes"),
    ("dump", "Dumps"),
    ("region", "Regions"),
];

/// First line of every file, so that nobody edits it by hand.
pub(super) const NOTE: &str = "<!-- Made by `argyro explain --markdown docs/commands` from the tables that parse scripts. -->";

/// Writes all pages and the index into `folder`; gives the number of pages.
///
/// # Errors
/// A file cannot be written.
pub fn write_all(folder: &Path) -> std::io::Result<usize> {
    let files = files();
    std::fs::create_dir_all(folder)?;
    for (name, text) in &files {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(pages().len())
}

/// Name and content of every file: the index, "Coming from LAMMPS", the pages.
pub fn files() -> Vec<(String, String)> {
    let all = pages();
    let mut files = vec![
        ("README.md".to_owned(), index(&all)),
        ("coming-from-lammps.md".to_owned(), coming::page(&all)),
    ];
    files.extend(all.iter().map(|p| (file_name(p), page(p, &all))));
    files
}

/// `fix-temp-rescale.md`.
pub fn file_name(page: &Page) -> String {
    let name = page.signature.name.replace('/', "-");
    match page.kind {
        "command" => format!("{name}.md"),
        kind => format!("{}-{name}.md", kind.replace('_', "-")),
    }
}

fn title(page: &Page) -> String {
    match page.kind {
        "command" => format!("{} command", page.signature.name),
        kind => format!("{kind} {}", page.signature.name),
    }
}

fn index(all: &[Page]) -> String {
    let mut text = format!(
        "{NOTE}\n\n# Commands and styles\n\n[Coming from LAMMPS](coming-from-lammps.md): what is the same, \
         different and missing.\n"
    );
    for (kind, heading) in KINDS {
        let mut of_kind: Vec<&Page> = all.iter().filter(|p| p.kind == *kind).collect();
        of_kind.sort_by_key(|p| p.signature.name);
        if of_kind.is_empty() {
            continue;
        }
        let _ = write!(text, "\n## {heading}\n\n| name | |\n|---|---|\n");
        for p in of_kind {
            let s = p.signature;
            let _ = writeln!(
                text,
                "| [`{}`]({}) | {} |",
                s.name,
                file_name(p),
                cell(s.summary)
            );
        }
    }
    text
}

/// Text for a table cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn page(page: &Page, all: &[Page]) -> String {
    let s = page.signature;
    let parts = Parts::of(s.description);
    let mut text = format!("{NOTE}\n\n# {}\n\n{}\n", title(page), sentence(s.summary));
    let _ = write!(text, "\n## Syntax\n\n```\n{}\n", syntax(&page.prefix, s));
    if let Some(c) = page.coeff {
        let _ = writeln!(text, "{}", syntax(page.coeff_command(), c));
    }
    text.push_str("```\n");
    arguments(&mut text, s);
    if let Some(c) = page.coeff.filter(|c| !c.args.is_empty()) {
        let _ = write!(text, "\nWords of `{}`:\n\n", page.coeff_command());
        c.args.iter().for_each(|a| item(&mut text, a, 0));
    }
    let examples = page.examples();
    if !examples.is_empty() {
        let _ = write!(text, "\n## Examples\n\n```\n{}\n```\n", examples.join("\n"));
    }
    text.push_str("\n## Description\n\n");
    text.push_str(&parts.description);
    if let Some(c) = page.coeff.filter(|c| !c.description.is_empty()) {
        let name = page.coeff_command();
        let _ = write!(text, "\n`{name}`: {}\n", unwrap(c.description));
    }
    let _ = write!(text, "\n## Restrictions\n\n{}\n", parts.restrictions);
    let _ = write!(text, "\n## Related\n\n{}\n", related(page, all));
    let _ = write!(text, "\n## Default\n\n{}\n", parts.default_of(s));
    text
}

fn sentence(summary: &str) -> String {
    let mut letters = summary.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

fn arguments(text: &mut String, s: &Signature) {
    if !s.args.is_empty() {
        text.push('\n');
        s.args.iter().for_each(|a| item(text, a, 0));
    }
    if !s.keywords.is_empty() {
        text.push_str("\nKeywords, in any order:\n\n");
        s.keywords.iter().for_each(|k| keyword(text, k));
    }
}

fn keyword(text: &mut String, k: &Keyword) {
    let names: Vec<String> = k.args.iter().map(place_holder).collect();
    let head = format!("{} {}", k.name, names.join(" "));
    let _ = writeln!(text, "- `{}`: {}", head.trim(), k.doc);
    k.args.iter().for_each(|a| item(text, a, 2));
}

fn item(text: &mut String, a: &Arg, indent: usize) {
    let kind = kind_text(a.kind);
    let doc = match (a.doc.is_empty(), kind.is_empty()) {
        (true, _) => kind,
        (false, true) => a.doc.to_owned(),
        (false, false) => format!("{} ({kind})", a.doc),
    };
    let _ = writeln!(text, "{:indent$}- `{}`: {doc}", "", place_holder(a));
}

/// Lines of one paragraph, joined.
fn unwrap(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.join("\n").trim().to_owned()
}

/// The paragraphs of a description, by the section that they belong to.
struct Parts {
    description: String,
    restrictions: String,
    default: String,
}

impl Parts {
    fn of(description: &str) -> Parts {
        let (mut text, mut restrictions, mut default) = (Vec::new(), Vec::new(), Vec::new());
        for paragraph in unwrap(description).split("\n\n") {
            let p = paragraph.trim();
            let after = |word: &str| p.strip_prefix(word).map(|rest| rest.trim().to_owned());
            if let Some(rest) = after("Restrictions:") {
                restrictions.push(rest);
            } else if let Some(rest) = after("Default:").or_else(|| after("Defaults:")) {
                default.push(rest);
            } else if !p.is_empty() && !p.starts_with("Related:") {
                text.push(p.to_owned());
            }
        }
        let or_none = |list: Vec<String>| match list.is_empty() {
            true => "none".to_owned(),
            false => list.join("\n\n"),
        };
        Parts {
            description: match text.is_empty() {
                true => "See the syntax above.\n".to_owned(),
                false => text.join("\n\n") + "\n",
            },
            restrictions: or_none(restrictions),
            default: default.join("\n\n"),
        }
    }

    /// The defaults: of the text, else those that the lines of the keywords state.
    fn default_of(&self, s: &Signature) -> String {
        if !self.default.is_empty() {
            return self.default.clone();
        }
        let stated = s.keywords.iter().filter(|k| k.doc.contains("default"));
        let lines: Vec<String> = stated
            .map(|k| format!("- `{}`: {}", k.name, k.doc))
            .collect();
        match lines.is_empty() {
            true => "none".to_owned(),
            false => lines.join("\n"),
        }
    }
}

/// Pages that belong to this one: those named in a paragraph `Related:`, and the command of a style.
fn related(page: &Page, all: &[Page]) -> String {
    let named = unwrap(page.signature.description)
        .split("\n\n")
        .filter_map(|p| p.trim().strip_prefix("Related:").map(str::to_owned))
        .collect::<Vec<_>>()
        .join(", ");
    let near: &[&str] = match (page.kind, page.signature.name) {
        ("fix", _) => &["fix", "fix_modify", "unfix"],
        ("compute", _) => &["compute", "compute_modify", "uncompute"],
        ("dump", _) => &["dump", "dump_modify", "undump", "write_dump"],
        ("pair_style", _) => &["pair_style", "pair_coeff", "pair_modify"],
        ("region", _) => &["region"],
        ("bond_style", _) => &["bond_style", "bond_coeff"],
        ("angle_style", _) => &["angle_style", "angle_coeff"],
        ("kspace_style", _) => &["kspace_style", "kspace_modify"],
        _ => &[],
    };
    let mut links: Vec<String> = split_names(&named).map(|n| link(n, all)).collect();
    links.extend(near.iter().map(|n| link(n, all)));
    let styles = all
        .iter()
        .filter(|p| p.kind == page.signature.name && page.kind == "command");
    links.extend(styles.map(|p| format!("[`{}`]({})", p.signature.name, file_name(p))));
    match links.is_empty() {
        true => "none".to_owned(),
        false => links.join(", "),
    }
}

fn split_names(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(|n| n.trim().trim_matches(|c| c == '`' || c == '.'))
        .filter(|n| !n.is_empty())
}

fn link(name: &str, all: &[Page]) -> String {
    let found = all.iter().find(|p| match name.split_once(' ') {
        Some((kind, style)) => p.kind == kind && p.signature.name == style,
        None => p.kind == "command" && p.signature.name == name,
    });
    match found {
        Some(p) => format!("[`{name}`]({})", file_name(p)),
        None => format!("`{name}`"),
    }
}
