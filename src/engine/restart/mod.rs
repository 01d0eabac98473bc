//! Restart files: what they hold, when they are written, and how a run continues from them bit by bit.
//!
//! Besides atoms, cell and styles a file holds what the neighbour lists were built from, because the order of
//! every sum follows from it.

mod contents;
mod last_good;
mod pair;
mod topology;

pub(super) use last_good::LastGood;

use super::Engine;
use crate::error::{Error, Result};
use crate::io::atomic_write;
use std::path::{Path, PathBuf};

/// `restart` settings.
#[derive(Debug, Clone, Default)]
pub struct RestartPlan {
    /// Written every this many steps; 0: never.
    pub every: i64,
    /// Step given by an equal-style variable instead.
    pub variable: Option<String>,
    /// One name with or without `*`, or two names that are used in turn.
    pub files: Vec<String>,
    /// Which of two names is next.
    turn: usize,
    next: Option<i64>,
    /// Name of the last file that was written.
    pub last_written: Option<String>,
    /// Step of that file.
    last_step: i64,
}

/// State of styles from a restart file, waiting for styles with the same ID.
#[derive(Debug, Clone, Default)]
pub struct Restored {
    /// (kind, ID, style, bytes)
    waiting: Vec<(String, String, String, Vec<u8>)>,
    /// Step of the restart file that this simulation continues.
    pub step: Option<i64>,
    /// Forces that the next step begins with, if they do not follow from the positions.
    pub forces: Option<Vec<[f64; 3]>>,
    /// Pair style of the restart file that the script must give again.
    pub pair_style: Option<String>,
}

impl Restored {
    /// The state of a style of this kind, ID and name; handed out once.
    pub fn take(&mut self, kind: &str, id: &str, style: &str) -> Option<Vec<u8>> {
        let i = self
            .waiting
            .iter()
            .position(|w| w.0 == kind && w.1 == id && w.2 == style)?;
        Some(self.waiting.swap_remove(i).3)
    }

    /// IDs and styles that are still waiting, for the log.
    pub fn waiting(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.waiting
            .iter()
            .map(|w| (w.0.as_str(), w.1.as_str(), w.2.as_str()))
    }
}

/// `*` replaced by the step; names without one get `.STEP` if `append`.
fn with_step(name: &str, step: i64, append: bool) -> String {
    match name.split_once('*') {
        Some((a, b)) => format!("{a}{step}{b}"),
        None if append => format!("{name}.{step}"),
        None => name.into(),
    }
}

/// The file that `name` means: with `*` the one with the largest number in its place.
///
/// # Errors
/// No file matches.
pub fn find_newest(name: &str) -> Result<PathBuf> {
    let Some((before, after)) = name.split_once('*') else {
        return Ok(PathBuf::from(name));
    };
    let path = Path::new(before);
    let (folder, stem) = match (path.parent(), before.ends_with('/')) {
        (_, true) => (path, ""),
        (Some(p), _) => (p, path.file_name().and_then(|f| f.to_str()).unwrap_or("")),
        (None, _) => (Path::new(""), ""),
    };
    let listed = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let mut best: Option<(i64, PathBuf)> = None;
    let entries = std::fs::read_dir(listed)
        .map_err(|e| Error::input(format!("Cannot search for restart files {name}: {e}")))?;
    for entry in entries.flatten() {
        let file = entry.file_name();
        let number = file.to_str().and_then(|f| {
            f.strip_prefix(stem)?
                .strip_suffix(after)?
                .parse::<i64>()
                .ok()
        });
        if let Some(n) = number
            && best.as_ref().is_none_or(|b| n > b.0)
        {
            best = Some((n, folder.join(&file)));
        }
    }
    best.map(|b| b.1)
        .ok_or_else(|| Error::input(format!("Found no restart file matching pattern {name}")))
}

impl RestartPlan {
    /// The name of the file that is due at `step`.
    fn file(&mut self, step: i64) -> Option<String> {
        match self.files.as_slice() {
            [] => None,
            [one] => Some(with_step(one, step, true)),
            many => {
                let name = many[self.turn % many.len()].clone();
                self.turn += 1;
                Some(with_step(&name, step, false))
            }
        }
    }
}

impl Engine {
    /// Whether a file is due at the present step: lists are rebuilt then, so that the file holds wrapped positions and
    /// what follows is the same as after reading it.
    pub(crate) fn restart_due(&self) -> bool {
        self.restart.next == Some(self.state.step)
    }

    /// Finds the next step at which a file is due, at the start of a run.
    pub(crate) fn plan_restart(&mut self) -> Result<()> {
        self.restart.next = self.next_restart()?;
        Ok(())
    }

    fn next_restart(&mut self) -> Result<Option<i64>> {
        let step = self.state.step;
        if let Some(name) = self.restart.variable.clone() {
            let variables = self.variables.clone();
            let next = variables.equal(&name, self)? as i64;
            if next <= step {
                return Err(Error::input(format!(
                    "Restart variable {name} returned a bad timestep {next} at step {step}"
                )));
            }
            return Ok(Some(next));
        }
        let n = self.restart.every;
        Ok((n > 0).then(|| (step.div_euclid(n) + 1) * n))
    }

    /// Writes the restart file that is due at the present step of a run, if any.
    pub(crate) fn write_due_restart(&mut self) -> Result<()> {
        if self.restart.next != Some(self.state.step) {
            return Ok(());
        }
        if let Some(file) = self.restart.file(self.state.step) {
            self.write_restart(Path::new(&file))?;
        }
        self.plan_restart()
    }

    /// Writes a restart file because the run ends early; returns its name.
    pub(crate) fn write_emergency_restart(&mut self) -> Result<String> {
        let file = self
            .restart
            .file(self.state.step)
            .unwrap_or_else(|| "argyro.restart".into());
        self.write_restart(Path::new(&file))?;
        Ok(file)
    }

    /// Writes a restart file of the present state; `*` in the name is the caller's to replace.
    ///
    /// # Errors
    /// No box, or the file cannot be written.
    pub fn write_restart(&mut self, path: &Path) -> Result<()> {
        self.state.cell("Write_restart")?;
        if self.dry {
            return Ok(());
        }
        let bytes = self.restart_sections().encode();
        atomic_write::write(path, &bytes, true).map_err(|e| Error::run(format!("{e:#}")))?;
        self.restart.last_written = Some(path.display().to_string());
        self.restart.last_step = self.state.step;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_the_step() {
        assert_eq!(with_step("a.*.rst", 20, true), "a.20.rst");
        assert_eq!(with_step("a", 20, true), "a.20");
        let mut p = RestartPlan {
            files: vec!["one".into(), "two".into()],
            ..RestartPlan::default()
        };
        let names: Vec<_> = (0..3).filter_map(|s| p.file(s)).collect();
        assert_eq!(names, ["one", "two", "one"]);
    }

    #[test]
    fn the_newest_file_is_the_one_with_the_largest_number() {
        let dir = tempfile::tempdir().unwrap();
        for n in ["r.9", "r.10", "r.x", "r.100.prev"] {
            std::fs::write(dir.path().join(n), "").unwrap();
        }
        let name = format!("{}/r.*", dir.path().display());
        assert!(find_newest(&name).unwrap().ends_with("r.10"));
        assert!(find_newest(&format!("{}/q.*", dir.path().display())).is_err());
    }
}
