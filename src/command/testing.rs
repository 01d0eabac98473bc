//! Runs set-up commands line by line in tests, without the script layer, and compares with dumps of LAMMPS.

use super::COMMANDS;
use crate::engine::{Engine, NoVariables};
use crate::error::Result;
use crate::graph::{Control, ScriptVariables, Session};
use crate::io::log::Log;
use std::rc::Rc;

/// An engine that takes command lines.
pub(super) struct Rig {
    /// The engine.
    pub engine: Engine,
    control: Control,
    variables: ScriptVariables,
}

impl Rig {
    /// An empty engine whose log is kept in memory.
    pub(super) fn new() -> Self {
        Self {
            engine: Engine::new(Log::to_memory(), Rc::new(NoVariables), false),
            control: Control::default(),
            variables: ScriptVariables::new(COMMANDS),
        }
    }

    /// A rig that has run these lines.
    pub(super) fn after(text: &str) -> Self {
        let mut rig = Self::new();
        rig.run(text).unwrap_or_else(|e| panic!("{e}"));
        rig
    }

    /// Runs lines; words are separated by blanks, `#` begins a comment.
    pub(super) fn run(&mut self, text: &str) -> Result<()> {
        text.lines().try_for_each(|l| self.line(l))
    }

    fn line(&mut self, line: &str) -> Result<()> {
        let words: Vec<&str> = line
            .split('#')
            .next()
            .unwrap_or("")
            .split_whitespace()
            .collect();
        let Some((name, words)) = words.split_first() else {
            return Ok(());
        };
        let entry = COMMANDS
            .iter()
            .find(|c| c.signature.name == *name)
            .unwrap_or_else(|| panic!("no command {name}"));
        let args = entry.signature.parse(name, words)?;
        let mut session = Session {
            engine: &mut self.engine,
            words,
            script: "test",
            raw: &[],
            variables: &self.variables,
            control: &self.control,
            execute: &mut |_, _| Ok(()),
        };
        (entry.run)(&mut session, &args).map(|_| ())
    }

    /// The message of a line that must fail.
    pub(super) fn fails(&mut self, line: &str) -> String {
        match self.run(line) {
            Ok(()) => panic!("'{line}' did not fail"),
            Err(e) => e.to_string(),
        }
    }

    /// What was written to the screen.
    pub(super) fn screen(&self) -> String {
        self.engine.log.contents()
    }

    /// Compares the atoms with a dump that a reference of `tests/lammps` holds: columns as named, sorted by ID.
    pub(super) fn compare(&self, reference: &str, file: &str, tolerance: f64) {
        let rows = dump_rows(reference, file);
        let atoms = &self.engine.state.atoms;
        let index = atoms.index();
        assert_eq!(
            rows.1.len(),
            atoms.len(),
            "{reference} {file}: number of atoms"
        );
        for row in &rows.1 {
            let i = index[&(row[0] as i64)];
            for (column, expected) in rows.0.iter().zip(row) {
                let got = match column.as_str() {
                    "id" => atoms.id[i] as f64,
                    "type" => f64::from(atoms.kind[i]),
                    "x" => atoms.x[i][0],
                    "y" => atoms.x[i][1],
                    "z" => atoms.x[i][2],
                    "vx" => atoms.v[i][0],
                    "vy" => atoms.v[i][1],
                    "vz" => atoms.v[i][2],
                    other => panic!("column {other}"),
                };
                let error = (got - expected).abs();
                assert!(
                    error <= tolerance * expected.abs().max(1.0),
                    "{reference} {file}: atom {} {column}: {got}, LAMMPS {expected}",
                    row[0]
                );
            }
        }
    }
}

/// Columns and rows of the first frame of a dump in a reference file (LAMMPS 22 Jul 2025).
fn dump_rows(reference: &str, file: &str) -> (Vec<String>, Vec<Vec<f64>>) {
    let path = format!(
        "{}/tests/lammps/{reference}.ref.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let lines: Vec<&str> = json["files"][file]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l.as_str().unwrap())
        .collect();
    let n: usize = lines[3].parse().unwrap();
    let columns = lines[8]
        .split_whitespace()
        .skip(2)
        .map(str::to_string)
        .collect();
    let rows = lines[9..9 + n]
        .iter()
        .map(|l| l.split_whitespace().map(|w| w.parse().unwrap()).collect())
        .collect();
    (columns, rows)
}
