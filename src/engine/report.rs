//! The text after a run: loop time, performance, timing table, atoms and neighbours. Layout as LAMMPS',
//! because log readers depend on it; every number is measured.

use super::Engine;
use super::clock::{SECTIONS, Section, TimerDetail, resident_megabytes};
use crate::cformat::general;
use crate::domain::State;
use std::fmt::Write;

/// The line about memory before the first row.
pub fn memory_line() -> String {
    let m = general(4, resident_megabytes().unwrap_or(0.0));
    format!("Per MPI rank memory allocation (min/avg/max) = {m} | {m} | {m} Mbytes")
}

/// Simulated time per day at `rate` steps per second.
fn per_day(state: &State, rate: f64) -> f64 {
    let day = 86400.0 * rate * state.dt;
    if state.units.name == "lj" {
        day
    } else {
        day / state.units.femtosecond / 1.0e6
    }
}

/// Short text of the pace, for the progress bar.
pub fn pace(state: &State, rate: f64) -> String {
    let unit = if state.units.name == "lj" {
        "tau/day"
    } else {
        "ns/day"
    };
    format!("{:.3} {unit}", per_day(state, rate))
}

fn performance(state: &State, rate: f64) -> String {
    let day = per_day(state, rate);
    let mut s = if state.units.name == "lj" {
        format!("Performance: {day:.3} tau/day, {rate:.3} timesteps/s")
    } else {
        let hours = if day > 0.0 { 24.0 / day } else { 0.0 };
        format!("Performance: {day:.3} ns/day, {hours:.3} hours/ns, {rate:.3} timesteps/s")
    };
    let atoms = rate * state.atoms.len() as f64;
    let (scale, prefix) = match atoms {
        a if a >= 1.0e9 => (1.0e9, "G"),
        a if a >= 1.0e6 => (1.0e6, "M"),
        a if a >= 1.0e3 => (1.0e3, "k"),
        _ => (1.0, ""),
    };
    let _ = write!(s, ", {:.3} {prefix}atom-step/s", atoms / scale);
    s
}

/// Average, extremes and a histogram of ten bins.
fn distribution(s: &mut String, name: &str, values: &[usize]) {
    let n = values.len().max(1) as f64;
    let sum: usize = values.iter().sum();
    let max = values.iter().copied().max().unwrap_or(0);
    let min = values.iter().copied().min().unwrap_or(0);
    let mut bins = [0usize; 10];
    for &v in values {
        let width = (max - min) as f64;
        let bin = if width == 0.0 {
            0
        } else {
            ((v - min) as f64 / width * 10.0) as usize
        };
        bins[bin.min(9)] += 1;
    }
    let _ = writeln!(
        s,
        "{:<11}{:>11} ave {max:>11} max {min:>11} min",
        format!("{name}:"),
        general(6, sum as f64 / n)
    );
    let bins: Vec<String> = bins.iter().map(usize::to_string).collect();
    let _ = writeln!(s, "Histogram: {}", bins.join(" "));
}

impl Engine {
    /// Writes the loop time, the block of a minimisation and the tables.
    pub(crate) fn report_minimum(&mut self, seconds: f64, block: &str) {
        let state = &self.state;
        let mut s = format!(
            "Loop time of {} on 1 procs for {} steps with {} atoms\n\n",
            general(6, seconds),
            state.step - state.run.first,
            state.atoms.len()
        );
        self.processor_line(&mut s, seconds);
        s.push('\n');
        s.push_str(block);
        self.timing_table(&mut s, seconds);
        self.list_table(&mut s);
        self.log.line(s.trim_end());
    }

    fn processor_line(&self, s: &mut String, seconds: f64) {
        if let Some(percent) = self.clock.cpu_percent(seconds) {
            let _ = writeln!(
                s,
                "{percent:.1}% CPU use with 1 MPI tasks x {} OpenMP threads",
                rayon::current_num_threads()
            );
        }
    }

    /// Writes the loop time and, with `post`, the tables.
    pub(crate) fn report(&mut self, seconds: f64, post: bool) {
        let state = &self.state;
        let steps = state.step - state.run.first;
        let timed = self.time_limit.detail != TimerDetail::Off;
        let mut s = String::new();
        if timed {
            let _ = writeln!(
                s,
                "Loop time of {} on 1 procs for {steps} steps with {} atoms\n",
                general(6, seconds),
                state.atoms.len()
            );
        }
        if post {
            if timed && steps > 0 && seconds > 0.0 {
                let _ = writeln!(s, "{}", performance(state, steps as f64 / seconds));
            }
            if timed {
                self.processor_line(&mut s, seconds);
            }
            self.timing_table(&mut s, seconds);
            self.list_table(&mut s);
        }
        self.log.line(s.trim_end());
        if !post {
            self.log.line("");
        }
    }

    fn timing_table(&self, s: &mut String, seconds: f64) {
        let percent = |t: f64| {
            if seconds > 0.0 {
                100.0 * t / seconds
            } else {
                0.0
            }
        };
        if matches!(self.time_limit.detail, TimerDetail::Off | TimerDetail::Loop) {
            s.push('\n');
            return;
        }
        s.push_str("\nMPI task timing breakdown:\n");
        s.push_str("Section |  min time  |  avg time  |  max time  |%varavg| %total\n");
        s.push_str("---------------------------------------------------------------\n");
        let mut other = seconds;
        for (section, name) in SECTIONS {
            if section == Section::Kspace && self.kspace.is_none() {
                continue;
            }
            let t = self.clock.spent(section);
            other -= t;
            let g = general(5, t);
            let _ = writeln!(
                s,
                "{name:<7} | {g:<10} | {g:<10} | {g:<10} |   0.0 |{:>6.2}",
                percent(t)
            );
        }
        let other = other.max(0.0);
        let _ = writeln!(
            s,
            "Other   |            | {:<10} |            |       |{:>6.2}\n",
            general(4, other),
            percent(other)
        );
    }

    /// Atoms, ghosts and neighbours; the distribution is over bricks.
    fn list_table(&self, s: &mut String) {
        let bricks = &self.bricks.bricks;
        let of =
            |f: &dyn Fn(&crate::domain::Brick) -> usize| bricks.iter().map(f).collect::<Vec<_>>();
        distribution(s, "Nlocal", &of(&|b| b.own));
        distribution(s, "Nghost", &of(&|b| b.len() - b.own));
        let half = bricks.iter().any(|b| !b.half.index.is_empty());
        let full = bricks.iter().any(|b| !b.full.index.is_empty());
        if half || !full {
            distribution(s, "Neighs", &of(&|b| b.half.index.len()));
        }
        if full {
            distribution(s, "FullNghs", &of(&|b| b.full.index.len()));
        }
        let total: usize = bricks
            .iter()
            .map(|b| {
                if half {
                    b.half.index.len()
                } else {
                    b.full.index.len()
                }
            })
            .sum();
        let n = self.state.atoms.len();
        let _ = writeln!(s, "\nTotal # of neighbors = {total}");
        if n > 0 {
            let _ = writeln!(
                s,
                "Ave neighs/atom = {}",
                general(8, total as f64 / n as f64)
            );
        }
        let _ = writeln!(s, "Neighbor list builds = {}", self.lists.builds);
        let _ = writeln!(s, "Dangerous builds = {}", self.lists.dangerous);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Lines of a log file that LAMMPS 22 Jul 2025 wrote.
    #[test]
    fn distributions_have_the_columns_of_lammps() {
        let mut s = String::new();
        distribution(&mut s, "Nghost", &[1431]);
        assert_eq!(
            s,
            "Nghost:           1431 ave        1431 max        1431 min\nHistogram: 1 0 0 0 0 0 0 0 0 0\n"
        );
    }

    #[test]
    fn performance_is_scaled_as_in_lammps() {
        let mut state = State {
            units: crate::units::Units::named("metal").unwrap(),
            dt: 0.001,
            ..State::default()
        };
        for i in 0..108 {
            state.atoms.push(i + 1, 1, [0.0; 3], false, false);
        }
        assert_eq!(
            performance(&state, 5.0 / 0.000_651_516),
            "Performance: 663.069 ns/day, 0.036 hours/ns, 7674.409 timesteps/s, 828.836 katom-step/s"
        );
    }
}
