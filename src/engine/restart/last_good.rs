//! What a simulation that blows up leaves behind: the restart file of a state shortly before.
//!
//! The states of some steps are kept in memory, the older of which is written when the simulation fails: the
//! younger may already have the cause of the failure in it.

use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::io::atomic_write;
use crate::io::restart::Sections;
use std::path::Path;

/// Steps between states that are kept.
const EVERY: i64 = 100;

/// Steps at which the states of a run were kept, and the states.
#[derive(Default)]
pub struct LastGood {
    older: Option<(i64, Sections)>,
    younger: Option<(i64, Sections)>,
}

impl Engine {
    /// Keeps the state before a step, every now and then.
    pub(crate) fn keep_good(&mut self, good: &mut LastGood) {
        let step = self.state.step;
        // What is written to disk often enough need not be kept; before the first file, there is the first state.
        let on_disk = self.restart.every > 0 && self.restart.every <= EVERY;
        let due = |y: &(i64, Sections)| !on_disk && step - y.0 >= EVERY;
        if good.younger.as_ref().is_none_or(due) {
            good.older = good.younger.take();
            good.younger = Some((step, self.restart_sections()));
        }
    }

    /// Writes the last good state because the simulation failed, and names the file in the error.
    pub(crate) fn save_good(&mut self, good: &LastGood, e: Error) -> Error {
        if e.kind != ErrorKind::Run || self.dry {
            return e;
        }
        let kept = good.older.as_ref().or(good.younger.as_ref());
        let disk = self.restart.last_written.clone();
        match (kept, disk) {
            (kept, Some(file)) if kept.is_none_or(|k| k.0 <= self.restart.last_step) => {
                e.note(format!(
                    "last good restart file: {file} (step {})",
                    self.restart.last_step
                ))
            }
            (Some((step, sections)), _) => {
                let file = self
                    .restart
                    .file(*step)
                    .unwrap_or_else(|| "argyro.restart".into());
                match atomic_write::write(Path::new(&file), &sections.encode(), true) {
                    Ok(_) => {
                        self.restart.last_written = Some(file.clone());
                        self.restart.last_step = *step;
                        e.note(format!(
                            "last good restart file: {file} (step {step}, written now)"
                        ))
                    }
                    Err(why) => e.note(format!("no restart file could be written: {why:#}")),
                }
            }
            (None, _) => e.note("there is no restart file of this run"),
        }
    }
}
