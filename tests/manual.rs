//! The manual pages: every example in them is executed, and the files in `docs/commands` are those that
//! the program makes.
//!
//! `tests/manual/contexts.txt` says which lines an example needs around it; `tests/manual/*.in` are the
//! systems that they start from.

mod support;

use argyro::cli::manual::{Page, markdown, pages};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/manual")
}

/// Lines before and after an example.
#[derive(Debug, Clone, Default)]
struct Context {
    system: Option<String>,
    /// Fixtures that are copied: path below `tests`, name, and words of it that are replaced.
    files: Vec<(String, String, Vec<String>)>,
    before: Vec<String>,
    after: Option<Vec<String>>,
    /// Messages of which one must appear: the example shows a restriction.
    fails: Option<String>,
}

/// Reads `contexts.txt`: blocks that begin with `## page` or `## page #n` (n-th example); inside,
/// `@system NAME`, `@file FIXTURE NAME [OLD NEW ...]` (words of a text file that are replaced), `@fails TEXT`, lines before, `--`, lines after.
fn contexts() -> BTreeMap<String, Context> {
    let text = std::fs::read_to_string(folder().join("contexts.txt")).expect("contexts are there");
    let mut all = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            name = title.trim().to_owned();
            let old = all.insert(name.clone(), Context::default());
            assert!(old.is_none(), "two contexts for {name}");
            continue;
        }
        let Some(c) = all.get_mut(&name) else {
            continue;
        };
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["@system", s] => c.system = Some((*s).to_owned()),
            ["@file", from, to, words @ ..] => {
                let words = words.iter().map(|w| (*w).to_owned()).collect();
                c.files.push(((*from).to_owned(), (*to).to_owned(), words));
            }
            ["@fails", ..] => c.fails = Some(line["@fails ".len()..].to_owned()),
            ["--"] => c.after = Some(Vec::new()),
            [] => {}
            _ => match &mut c.after {
                Some(after) => after.push(line.to_owned()),
                None => c.before.push(line.to_owned()),
            },
        }
    }
    all
}

/// What an example is called in `contexts.txt`.
fn title(page: &Page) -> String {
    match page.kind {
        "command" => page.signature.name.to_owned(),
        kind => format!("{kind} {}", page.signature.name),
    }
}

/// One script to run.
#[derive(Debug)]
struct Case {
    title: String,
    context: Context,
    lines: Vec<String>,
}

/// The scripts of a page: one per example; of a style with coefficients one per line of the style, with all
/// lines of coefficients.
fn cases(page: &Page, contexts: &BTreeMap<String, Context>) -> Vec<Case> {
    let name = title(page);
    let examples = page.examples();
    let groups: Vec<Vec<String>> = if page.coeff.is_some() && page.kind.ends_with("_style") {
        let coeff = page.coeff.map_or(&[][..], |c| c.examples);
        let styles = page.signature.examples.iter();
        let line = |s: &&str| {
            let mut lines = vec![(*s).to_owned()];
            lines.extend(coeff.iter().map(|c| (*c).to_owned()));
            lines
        };
        styles.map(line).collect()
    } else {
        examples.iter().map(|e| vec![(*e).to_owned()]).collect()
    };
    groups
        .into_iter()
        .enumerate()
        .map(|(k, lines)| {
            let title = format!("{name} #{}", k + 1);
            let context = contexts.get(&title).or_else(|| contexts.get(&name));
            Case {
                title,
                context: context.cloned().unwrap_or_default(),
                lines,
            }
        })
        .collect()
}

/// Default lines after an example.
fn default_after(page: &Page) -> Vec<String> {
    match page.kind {
        "compute" | "dump" | "region" | "command" => vec!["run 0".into()],
        _ => vec!["run 2".into()],
    }
}

fn script(page: &Page, case: &Case) -> String {
    let default = if page.kind.ends_with("_style") {
        "one"
    } else {
        "lpsc"
    };
    let system = case.context.system.as_deref().unwrap_or(default);
    let base = match system {
        "none" => String::new(),
        s => {
            std::fs::read_to_string(folder().join(format!("{s}.in"))).expect("the system is there")
        }
    };
    let after = case
        .context
        .after
        .clone()
        .unwrap_or_else(|| default_after(page));
    let mut lines = vec![base];
    lines.extend(case.context.before.iter().cloned());
    lines.extend(case.lines.iter().cloned());
    lines.extend(after);
    lines.join("\n") + "\n"
}

/// Runs an example; gives what is wrong.
fn check(page: &Page, case: &Case) -> Option<String> {
    let dir = tempfile::tempdir().expect("a folder");
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests");
    let put = |from: &Path, to: &str| {
        std::fs::copy(from, dir.path().join(to))
            .unwrap_or_else(|e| panic!("{}: {e}", from.display()));
    };
    put(&tests.join("manual/lpsc.data"), "lpsc.data");
    for (from, to, words) in &case.context.files {
        if words.is_empty() {
            put(&tests.join(from), to);
            continue;
        }
        let mut text = std::fs::read_to_string(tests.join(from)).expect("the fixture is text");
        for pair in words.chunks_exact(2) {
            text = text.replace(&pair[0], &pair[1]);
        }
        std::fs::write(dir.path().join(to), text).expect("the folder can be written");
    }
    let text = script(page, case);
    let out = support::run(dir.path(), &text, &[]);
    let message = String::from_utf8_lossy(&out.stderr).into_owned();
    let as_expected = match &case.context.fails {
        None => out.status.success(),
        Some(words) => !out.status.success() && message.contains(words.as_str()),
    };
    (!as_expected).then(|| format!("{}\n{text}\n{message}\n", case.title))
}

#[test]
fn every_example_runs() {
    let contexts = contexts();
    let pages = pages();
    let all: Vec<(&Page, Case)> = pages
        .iter()
        .flat_map(|p| cases(p, &contexts).into_iter().map(move |c| (p, c)))
        .collect();
    let titles: Vec<String> = pages.iter().map(title).collect();
    for name in contexts.keys() {
        let page = name.split(" #").next().unwrap_or(name);
        assert!(
            titles.iter().any(|t| t == page),
            "contexts.txt: there is no page {page}"
        );
    }
    let wrong: Vec<String> = all.par_iter().filter_map(|(p, c)| check(p, c)).collect();
    assert!(all.len() > 200, "{} examples", all.len());
    assert!(
        wrong.is_empty(),
        "{} of {} examples:\n{}",
        wrong.len(),
        all.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_page_has_an_example() {
    let bare: Vec<String> = pages()
        .iter()
        .filter(|p| p.examples().is_empty())
        .map(title)
        .collect();
    assert!(bare.is_empty(), "pages without examples: {bare:?}");
}

#[test]
fn pages_on_disk_are_those_of_the_program() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/commands");
    let mut wrong = Vec::new();
    let files = markdown::files();
    for (name, text) in &files {
        if std::fs::read_to_string(folder.join(name)).ok().as_ref() != Some(text) {
            wrong.push(name.clone());
        }
    }
    for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !files.iter().any(|(n, _)| *n == name) {
            wrong.push(name);
        }
    }
    assert!(
        wrong.is_empty(),
        "run `argyro explain --markdown docs/commands`; these differ: {wrong:?}"
    );
}
