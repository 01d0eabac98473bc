//! What the integration tests share: running the program, reading its log.
#![allow(dead_code)]

use std::path::Path;
use std::process::{Command, Output};

/// The built program.
pub fn argyro() -> Command {
    let mut c = Command::new(env!("CARGO_BIN_EXE_argyro"));
    c.env("RAYON_NUM_THREADS", "2")
        .stdin(std::process::Stdio::null());
    c
}

/// Writes `text` as `in.test` into `dir` and runs it there; the log is `log.lammps`.
pub fn run(dir: &Path, text: &str, args: &[&str]) -> Output {
    std::fs::write(dir.join("in.test"), text).expect("writable folder");
    let mut c = argyro();
    c.current_dir(dir)
        .args(["-in", "in.test", "-screen", "none"])
        .args(args);
    c.output().expect("the program starts")
}

/// Runs a script that must succeed and gives its log.
pub fn run_ok(dir: &Path, text: &str, args: &[&str]) -> String {
    let out = run(dir, text, args);
    let log = std::fs::read_to_string(dir.join("log.lammps")).unwrap_or_default();
    assert!(
        out.status.success(),
        "exit {:?}\n{}\n{log}",
        out.status.code(),
        String::from_utf8_lossy(&out.stderr)
    );
    log
}

/// One thermo table.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Table {
    /// Column names.
    pub columns: Vec<String>,
    /// Rows of numbers.
    pub rows: Vec<Vec<f64>>,
    /// Steps and atoms of the "Loop time" line.
    pub steps_atoms: Option<(i64, i64)>,
}

impl Table {
    /// Values of one column.
    pub fn column(&self, name: &str) -> Vec<f64> {
        let k = self
            .columns
            .iter()
            .position(|c| c == name)
            .unwrap_or_else(|| panic!("no column {name} in {:?}", self.columns));
        self.rows.iter().map(|r| r[k]).collect()
    }
}

fn numbers(line: &str) -> Option<Vec<f64>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let parsed: Option<Vec<f64>> = words.iter().map(|w| w.parse().ok()).collect();
    parsed.filter(|v| !v.is_empty())
}

/// The thermo tables of a log: styles one, custom, multi and yaml.
pub fn thermo_tables(log: &str) -> Vec<Table> {
    let mut tables = Vec::new();
    let mut now = Table::default();
    let mut multi: Vec<(String, f64)> = Vec::new();
    let flush = |now: &mut Table, multi: &mut Vec<(String, f64)>| {
        if multi.is_empty() {
            return;
        }
        if now.columns.is_empty() {
            now.columns = multi.iter().map(|m| m.0.clone()).collect();
        }
        now.rows.push(multi.drain(..).map(|m| m.1).collect());
    };
    for line in log.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let Some(rest) = line.strip_prefix("Loop time of ") {
            flush(&mut now, &mut multi);
            let w: Vec<&str> = rest.split_whitespace().collect();
            now.steps_atoms = Some((w[5].parse().expect("steps"), w[8].parse().expect("atoms")));
            tables.push(std::mem::take(&mut now));
        } else if line.starts_with("---") && line.contains(" Step ") {
            flush(&mut now, &mut multi);
            let step = words
                .iter()
                .skip_while(|w| **w != "Step")
                .nth(1)
                .and_then(|w| w.parse().ok())
                .expect("step");
            multi.push(("Step".into(), step));
        } else if !multi.is_empty() && line.contains(" = ") {
            for k in 0..words.len().saturating_sub(2) {
                if words[k + 1] == "=" {
                    multi.push((words[k].into(), words[k + 2].parse().expect("a number")));
                }
            }
        } else if let Some(list) = line.strip_prefix("keywords:") {
            now.columns = list
                .split('\'')
                .skip(1)
                .step_by(2)
                .map(str::to_string)
                .collect();
        } else if line.trim_start().starts_with("- [") {
            let inside = line
                .trim()
                .trim_start_matches("- [")
                .trim_end_matches([']', ',', ' ']);
            now.rows.push(
                inside
                    .split(',')
                    .filter_map(|v| v.trim().parse().ok())
                    .collect(),
            );
        } else if words.first() == Some(&"Step") && words.iter().all(|w| w.parse::<f64>().is_err())
        {
            now.columns = words.iter().map(ToString::to_string).collect();
            now.rows.clear();
        } else if !now.columns.is_empty() && words.len() == now.columns.len() {
            now.rows.extend(numbers(line));
        }
    }
    tables
}
