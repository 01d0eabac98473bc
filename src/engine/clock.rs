//! Wall-clock times: of the sections of a run, of the thermo keywords `cpu` and the like, of the time limit.

use crate::domain::State;
use std::time::{Duration, Instant};

/// The sections of the timing table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Force evaluation.
    Pair,
    /// Long-range electrostatics.
    Kspace,
    /// Neighbour list builds.
    Neigh,
    /// Exchange between owners and ghosts.
    Comm,
    /// Thermo output, dumps, restart files.
    Output,
    /// Fixes.
    Modify,
}

/// Names and order of the sections in the timing table.
pub const SECTIONS: [(Section, &str); 6] = [
    (Section::Pair, "Pair"),
    (Section::Kspace, "Kspace"),
    (Section::Neigh, "Neigh"),
    (Section::Comm, "Comm"),
    (Section::Output, "Output"),
    (Section::Modify, "Modify"),
];

/// Stop watches of a run.
#[derive(Debug, Default)]
pub struct Clock {
    start: Option<Instant>,
    stamp: Option<Instant>,
    cpu_start: Option<f64>,
    spent: [Duration; 6],
    first_step: i64,
    last_row: Option<(Instant, i64, f64)>,
}

impl Clock {
    /// Starts the stop watches at the beginning of the loop of a run.
    pub fn start(&mut self, step: i64) {
        let now = Instant::now();
        *self = Self {
            start: Some(now),
            stamp: Some(now),
            cpu_start: cpu_seconds(),
            first_step: step,
            ..Self::default()
        };
    }

    /// Stops them; until the next start, `run_seconds` is 0.
    pub fn stop(&mut self) {
        self.start = None;
    }

    /// Books the time since the last call to a section.
    pub fn book(&mut self, section: Section) {
        let now = Instant::now();
        if let Some(last) = self.stamp.replace(now) {
            self.spent[section as usize] += now - last;
        }
    }

    /// Leaves the time since the last call unbooked ("Other").
    pub fn skip(&mut self) {
        self.stamp = Some(Instant::now());
    }

    /// Seconds since the start of the loop; 0 in the setup and between runs.
    pub fn run_seconds(&self) -> f64 {
        self.start.map_or(0.0, |s| s.elapsed().as_secs_f64())
    }

    /// Seconds spent in a section.
    pub fn spent(&self, section: Section) -> f64 {
        self.spent[section as usize].as_secs_f64()
    }

    /// Processor time over wall time since the start, percent, if the system tells.
    pub fn cpu_percent(&self, wall: f64) -> Option<f64> {
        let used = cpu_seconds()? - self.cpu_start?;
        (wall > 0.0).then(|| 100.0 * used / wall)
    }

    /// Remembers when and where the last thermo row was written.
    pub fn thermo_row(&mut self, step: i64, time: f64) {
        self.last_row = Some((Instant::now(), step, time));
    }

    /// Time units per second since the last thermo row.
    pub fn time_rate(&self, time: f64) -> f64 {
        self.since_row(|row| time - row.2)
    }

    /// Steps per second since the last thermo row.
    pub fn step_rate(&self, step: i64) -> f64 {
        self.since_row(|row| (step - row.1) as f64)
    }

    fn since_row(&self, progress: impl Fn(&(Instant, i64, f64)) -> f64) -> f64 {
        match (&self.last_row, self.start) {
            (Some(row), Some(_)) => {
                let seconds = row.0.elapsed().as_secs_f64();
                if seconds > 0.0 {
                    progress(row) / seconds
                } else {
                    0.0
                }
            }
            _ => 0.0,
        }
    }

    /// Seconds until the run ends if it goes on at its mean pace.
    pub fn remaining(&self, state: &State) -> f64 {
        let done = state.step - self.first_step;
        if self.start.is_none() || done <= 0 {
            return 0.0;
        }
        self.run_seconds() * (state.run.last - state.step) as f64 / done as f64
    }
}

/// Processor time of this process, all threads, seconds.
fn cpu_seconds() -> Option<f64> {
    // Fields 14 and 15 of proc(5) stat, in ticks of 1/100 s; the name in field 2 may contain blanks.
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |i: usize| fields.get(i)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// Processor time of this process and time since it began, seconds; 0 where the system does not tell.
pub fn process_seconds() -> (f64, f64) {
    let began = || {
        let text = std::fs::read_to_string("/proc/self/stat").ok()?;
        let field = text.rsplit_once(')')?.1.split_whitespace().nth(19)?;
        let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
        let now: f64 = uptime.split_whitespace().next()?.parse().ok()?;
        Some(now - field.parse::<f64>().ok()? / 100.0)
    };
    (cpu_seconds().unwrap_or(0.0), began().unwrap_or(0.0))
}

/// Resident memory of this process, megabytes.
pub fn resident_megabytes() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|l| l.starts_with("VmRSS:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1024.0)
}

/// `timer timeout`: the wall time after which a run ends with a restart file.
#[derive(Debug, Clone, Copy, Default)]
pub struct TimeLimit {
    end: Option<(Instant, Duration)>,
    /// Steps between checks (`timer every`); 0 means 10, as in LAMMPS.
    pub every: i64,
    /// How much of the timing is written after a run.
    pub detail: TimerDetail,
    /// `timer sync`: without effect, one process has nobody to wait for.
    pub sync: bool,
}

/// `timer off|loop|normal|full`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimerDetail {
    /// Nothing.
    Off,
    /// The time of the loop.
    Loop,
    /// The table of sections too.
    #[default]
    Normal,
    /// The same table: argyro measures wall times of sections only.
    Full,
}

impl TimerDetail {
    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Loop => "loop",
            Self::Normal => "normal",
            Self::Full => "full",
        }
    }
}

impl TimeLimit {
    /// Ends runs `limit` after now; `None` removes the limit.
    pub fn set(&mut self, limit: Option<Duration>) {
        self.end = limit.map(|l| (Instant::now(), l));
    }

    /// The line that says what is set.
    pub fn describe(&self) -> String {
        let limit = self.end.map_or("off".to_string(), |(_, l)| {
            let s = l.as_secs();
            format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
        });
        format!(
            "New timer settings: style={}  mode={}  timeout={limit}",
            self.detail.name(),
            if self.sync { "sync" } else { "nosync" }
        )
    }

    /// Seconds left, 0 without a limit.
    pub fn remaining(&self) -> f64 {
        self.end.map_or(0.0, |(from, limit)| {
            limit.as_secs_f64() - from.elapsed().as_secs_f64()
        })
    }

    /// Whether the limit has been reached, looked at every `every` steps of a run.
    pub fn reached(&self, steps_done: i64) -> bool {
        let every = if self.every > 0 { self.every } else { 10 };
        steps_done % every == 0
            && self
                .end
                .is_some_and(|(from, limit)| from.elapsed() >= limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_booked_to_sections() {
        let mut c = Clock::default();
        assert_eq!(c.run_seconds(), 0.0);
        c.start(0);
        std::thread::sleep(Duration::from_millis(5));
        c.book(Section::Pair);
        c.book(Section::Neigh);
        assert!(
            c.spent(Section::Pair) >= 0.005 && c.spent(Section::Neigh) < c.spent(Section::Pair)
        );
        c.stop();
        assert_eq!(c.run_seconds(), 0.0);
    }

    #[test]
    fn a_time_limit_of_nothing_is_reached_at_once() {
        let mut t = TimeLimit::default();
        assert!(!t.reached(0));
        t.set(Some(Duration::ZERO));
        assert!(t.reached(20) && !t.reached(21));
        t.set(None);
        assert!(!t.reached(20) && t.remaining() == 0.0);
    }
}
