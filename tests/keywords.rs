//! The keywords that LAMMPS documents for what argyro has: each is run, or refused with a message that names it.
//!
//! `bench/lammps_keywords.py` says how `tests/keywords/*.txt` are read and compares every row with LAMMPS. The pages in `docs/keywords` are made
//! of the same rows: run this test with `ARGYRO_WRITE_TABLE=1` to make them anew.

mod support;

use rayon::prelude::*;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// One keyword.
#[derive(Debug, Clone)]
struct Row {
    item: String,
    keyword: String,
    status: String,
    lines: String,
    block: Block,
}

/// What surrounds the rows of an item.
#[derive(Debug, Clone, Default)]
struct Block {
    system: String,
    files: Vec<(String, String)>,
    before: Vec<String>,
    after: Vec<String>,
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// Files of a folder with one of the endings, sorted.
fn files(folder: &str, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(tests().join(folder)).expect("the folder is there");
    let mut all: Vec<PathBuf> = entries
        .flatten()
        .map(|e| e.path())
        .filter(|p| wanted(p.extension().and_then(|e| e.to_str()).unwrap_or("")))
        .collect();
    all.sort();
    all
}

fn rows(path: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(path).expect("the file is text");
    let (mut item, mut block, mut all) = (String::new(), Block::default(), Vec::new());
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            (item, block) = (title.trim().to_owned(), Block::default());
        } else if let Some(setting) = line.strip_prefix('@') {
            let (word, rest) = setting.split_once(' ').unwrap_or((setting, ""));
            match word {
                "system" => block.system = rest.trim().to_owned(),
                "before" => block.before.push(rest.to_owned()),
                "after" => block.after.push(rest.to_owned()),
                "file" => {
                    let (from, to) = rest.trim().split_once(' ').expect("FIXTURE NAME");
                    block.files.push((from.to_owned(), to.trim().to_owned()));
                }
                _ => panic!("{}: unknown setting @{word}", path.display()),
            }
        } else if !item.is_empty() && !line.trim().is_empty() {
            let parts: Vec<&str> = line.splitn(3, " | ").map(str::trim).collect();
            let [keyword, status, lines] = parts[..] else {
                panic!("{}: not KEYWORD | STATUS | LINES: {line}", path.display());
            };
            all.push(Row {
                item: item.clone(),
                keyword: keyword.to_owned(),
                status: status.to_owned(),
                lines: lines.to_owned(),
                block: block.clone(),
            });
        }
    }
    all
}

fn all_rows() -> Vec<Row> {
    files("keywords", |e| e == "txt")
        .iter()
        .flat_map(|p| rows(p))
        .collect()
}

/// The beginning of the scripts of a block.
fn system(name: &str) -> String {
    if name.is_empty() || name == "none" {
        return String::new();
    }
    ["keywords", "manual"]
        .iter()
        .find_map(|f| std::fs::read_to_string(tests().join(f).join(format!("{name}.in"))).ok())
        .unwrap_or_else(|| panic!("there is no system {name}"))
}

/// Runs a row; gives what is wrong.
fn check(row: &Row) -> Option<String> {
    let dir = tempfile::tempdir().expect("a folder");
    let put = |from: &Path, to: &str| {
        std::fs::copy(from, dir.path().join(to)).expect("the fixture is there");
    };
    let others = files("keywords", |e| e != "txt" && e != "in");
    for path in others.iter().chain(&files("manual", |e| e == "data")) {
        put(path, &path.file_name().expect("a file").to_string_lossy());
    }
    for (from, to) in &row.block.files {
        put(&tests().join(from), to);
    }
    let mut text = system(&row.block.system);
    let lines = row.lines.split(" ;; ").map(str::to_owned);
    for line in row
        .block
        .before
        .iter()
        .cloned()
        .chain(lines)
        .chain(row.block.after.clone())
    {
        text.push_str(&line);
        text.push('\n');
    }
    let out = support::run(dir.path(), &text, &[]);
    let message = String::from_utf8_lossy(&out.stderr).into_owned();
    let ok = match first_word(&row.status) {
        "same" | "differs" | "random" | "argyro" => out.status.success(),
        "stops" => matches!(out.status.code(), Some(1..=3)),
        "refused" => out.status.code() == Some(1) && names(&message, row),
        other => panic!("[{}] {}: unknown status {other}", row.item, row.keyword),
    };
    (!ok).then(|| {
        format!(
            "[{}] {} ({}): exit {:?}\n{message}\n",
            row.item,
            row.keyword,
            row.status,
            out.status.code()
        )
    })
}

/// Whether the sentence of a message, without the frame that shows the script, names a word of the keyword.
fn names(message: &str, row: &Row) -> bool {
    let sentence = message.split('╭').next().unwrap_or(message);
    row.keyword
        .split_whitespace()
        .any(|word| sentence.contains(word))
}

#[test]
fn every_keyword_runs_or_is_refused_by_name() {
    let all = all_rows();
    let wrong: Vec<String> = all.par_iter().filter_map(check).collect();
    assert!(
        wrong.is_empty(),
        "{} of {} keywords:\n{}",
        wrong.len(),
        all.len(),
        wrong.join("\n")
    );
}

/// The page of the rows of one file.
fn page(name: &str, rows: &[Row]) -> String {
    let mut text = format!(
        "# Keywords beside LAMMPS: {name}\n\nMade from `tests/keywords/{name}.txt`; `bench/lammps_keywords.py` compares its rows \
with LAMMPS (22 Jul 2025).\n\n`same`: thermo output and files agree. `differs`: both run, with the reason. `random`: equal \
in distribution.\n`refused`: argyro stops and says so. `stops`: a mistake, both stop. `argyro`: only argyro runs it.\n",
    );
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for row in rows {
        *counts.entry(first_word(&row.status)).or_default() += 1;
    }
    let counts: Vec<String> = counts.iter().map(|(s, n)| format!("{s} {n}")).collect();
    let _ = writeln!(text, "\n{} rows: {}.", rows.len(), counts.join(", "));
    let mut item = "";
    for row in rows {
        if row.item != item {
            item = &row.item;
            let _ = writeln!(
                text,
                "\n## {item}\n\n| keyword | status | as tested |\n|---|---|---|"
            );
        }
        let cell = |s: &str| s.replace('|', "\\|");
        let lines = cell(&row.lines).replace(" ;; ", "` `");
        let (keyword, status) = (cell(&row.keyword), cell(&row.status));
        let _ = writeln!(text, "| {keyword} | {status} | `{lines}` |");
    }
    text
}

fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or("")
}

#[test]
fn the_pages_of_keywords_are_those_of_the_rows() {
    let folder = tests().join("../docs/keywords");
    let mut wrong = Vec::new();
    for path in files("keywords", |e| e == "txt") {
        let name = path.file_stem().expect("a name").to_string_lossy();
        let wanted = page(&name, &rows(&path));
        let file = folder.join(format!("{name}.md"));
        if std::env::var_os("ARGYRO_WRITE_TABLE").is_some() {
            std::fs::create_dir_all(&folder).expect("docs can be written");
            std::fs::write(&file, &wanted).expect("docs can be written");
        }
        if std::fs::read_to_string(&file).unwrap_or_default() != wanted {
            wrong.push(file);
        }
    }
    assert!(
        wrong.is_empty(),
        "run this test with ARGYRO_WRITE_TABLE=1: {wrong:?}"
    );
}
