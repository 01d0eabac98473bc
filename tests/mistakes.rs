//! Scripts with one mistake each: the message names the word and its place, when checked and when run.

use argyro::command::COMMANDS;
use argyro::diag::{Diagnostic, Severity};
use argyro::graph::{Executor, Limits, check};
use argyro::io::log::Log;
use std::path::Path;

const SCRIPTS: &str = include_str!("mistakes/scripts.txt");

const BOX: &str = "lattice fcc 0.8\nregion box block 0 3 0 3 0 3\ncreate_box 1 box\ncreate_atoms 1 box\nmass 1 1.0\n";

const DATA: &str = "LAMMPS data\n\n2 atoms\n1 atom types\n\n0 10 xlo xhi\n0 10 ylo yhi\n0 10 zlo zhi\n\nMasses\n\n\
                    1 6.94\n\nAtoms # atomic\n\n1 1 1 1 1\n2 1 3 3 3\n";

struct Case {
    name: String,
    line: usize,
    word: String,
    text: String,
}

/// A script with `@lj` and `@box` replaced, and the line in it of each of its own lines.
fn expanded(body: &str) -> (String, Vec<usize>) {
    let mut text = String::new();
    let mut places = Vec::new();
    for line in body.lines() {
        match line {
            "@lj" => text += &format!("units lj\n{BOX}pair_style lj/cut 2.5\npair_coeff 1 1 1 1\n"),
            "@box" => text += BOX,
            own => {
                text += own;
                text.push('\n');
                places.push(text.lines().count());
            }
        }
    }
    (text, places)
}

fn cases(dir: &Path) -> Vec<Case> {
    let folder = dir.to_str().expect("a path in UTF-8");
    let blocks = SCRIPTS.split("\n--- ").skip(1);
    blocks
        .map(|block| {
            let (head, body) = block.split_once('\n').expect("a script");
            let head: Vec<&str> = head.split(" | ").collect();
            let [name, line, word] = head[..] else {
                panic!("head of {block}");
            };
            let line: usize = line.parse().expect("a line");
            let (text, places) = expanded(&body.replace("{dir}", folder));
            let line = *places.get(line - 1).expect("the line exists");
            Case {
                name: name.into(),
                line,
                word: word.into(),
                text,
            }
        })
        .collect()
}

fn files(dir: &Path) {
    let write = |name: &str, text: &str| std::fs::write(dir.join(name), text).expect("a file");
    write("good.data", DATA);
    write("word.data", &DATA.replace("2 1 3 3 3", "2 1 3 seven 3"));
    write("section.data", &DATA.replace("Masses", "Mases"));
    write("mass.data", &DATA.replace("1 6.94", "1 -39.95"));
    write("text.model", "no model\n");
}

/// Whether a finding is about the word: it names it or points at it.
fn about(d: &Diagnostic, case: &Case) -> bool {
    let Some(p) = &d.place else { return false };
    let pointed = p.source.get(p.range.clone()).unwrap_or("");
    let all = format!("{} {:?} {:?}", d.message, d.notes, d.help);
    let lines = [Some(p.line_column().0), other_line(d)];
    lines.contains(&Some(case.line)) && (all.contains(&case.word) || pointed.contains(&case.word))
}

/// The line of the command that found a mistake of another one.
fn other_line(d: &Diagnostic) -> Option<usize> {
    let note = d
        .notes
        .iter()
        .find(|n| n.starts_with("found by this command"))?;
    note.split(':').nth(2)?.parse().ok()
}

fn show(d: &[Diagnostic]) -> String {
    d.iter().map(|d| d.render(false) + "\n").collect()
}

#[test]
fn every_mistake_is_named_with_its_place() {
    let dir = tempfile::tempdir().expect("a folder");
    files(dir.path());
    let mut wrong = Vec::new();
    let all = cases(dir.path());
    assert!(all.len() > 50);
    for case in &all {
        let path = dir.path().join("in.script");
        std::fs::write(&path, &case.text).expect("a file");
        let path = path.to_str().expect("a path in UTF-8");
        let mut dry = Executor::new(COMMANDS, Log::silent(), true);
        assert!(dry.open(path).is_ok());
        let found = check(&mut dry, Limits::default());
        let errors: Vec<Diagnostic> = found
            .into_iter()
            .filter(|d| d.severity == Severity::Error)
            .collect();
        if !errors.iter().any(|d| about(d, case)) {
            wrong.push(format!("check {}:\n{}", case.name, show(&errors)));
        }
        let mut real = Executor::new(COMMANDS, Log::silent(), false);
        assert!(real.open(path).is_ok());
        match real.run() {
            Ok(status) => wrong.push(format!("run {}: ended with {status}", case.name)),
            Err(f) if !about(&f.diagnostic, case) => {
                wrong.push(format!("run {}:\n{}", case.name, show(&[f.diagnostic])));
            }
            Err(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
