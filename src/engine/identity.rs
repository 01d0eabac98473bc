//! What decides the result of a run, named in the log before its first step.

use super::Engine;
use crate::pair::Precision;
use crate::simd::Level;
use std::fmt::Write;

impl Engine {
    /// Writes the lines about neighbour lists, and those about the program, model, precision, threads and
    /// seeds unless they are those of the previous run.
    pub(crate) fn announce(&mut self) {
        let (lists, identity) = (self.neighbor_text(), self.identity_text());
        let text = format!("{lists}{identity}");
        if text != self.identity {
            let bricks = self.brick_text();
            self.log
                .line(format!("{lists}{bricks}{identity}").trim_end());
            self.identity = text;
        }
    }

    fn neighbor_text(&self) -> String {
        let mut s = String::new();
        let Some(pair) = &self.pair else { return s };
        let n = &self.neighbor;
        let (cutoff, skin) = (self.cutoff(), n.skin(&self.state));
        let needs = pair.style.needs();
        let kind = match (needs.half, needs.full) {
            (true, true) => "half and full lists",
            (_, true) => "full list",
            (true, false) => "half list",
            (false, false) => "no list",
        };
        let yes = |b: bool| if b { "yes" } else { "no" };
        let _ = writeln!(s, "Neighbor list info ...");
        let _ = writeln!(
            s,
            "  update: every = {} steps, delay = {} steps, check = {}",
            n.every,
            n.delay,
            yes(n.check)
        );
        let _ = writeln!(
            s,
            "  master list distance cutoff = {}",
            number(cutoff + skin)
        );
        let _ = writeln!(
            s,
            "  ghost atom cutoff = {}",
            number((cutoff + skin).max(n.ghost_cutoff))
        );
        let _ = writeln!(s, "  pair {}: {kind}", pair.name);
        s
    }

    fn brick_text(&self) -> String {
        let grid = self.bricks.grid;
        let bricks = &self.bricks.bricks;
        format!(
            "  bricks: {} by {} by {}, largest {} atoms and {} ghosts, lists {} Mbytes\n",
            grid[0],
            grid[1],
            grid[2],
            bricks.iter().map(|b| b.own).max().unwrap_or(0),
            bricks.iter().map(|b| b.len() - b.own).max().unwrap_or(0),
            crate::cformat::general(3, self.bricks.memory_bytes() as f64 / 1048576.0),
        )
    }

    fn identity_text(&self) -> String {
        let mut s = String::new();
        let _ = writeln!(
            s,
            "argyro {}: precision {}, SIMD {}, {} thread(s), 1 rank",
            env!("CARGO_PKG_VERSION"),
            match self.pair_options.precision {
                Precision::Auto => "auto",
                Precision::Single => "single",
                Precision::Double => "double",
            },
            Level::detect().name(),
            rayon::current_num_threads(),
        );
        if let Some(pair) = &self.pair {
            for line in pair.style.describe() {
                let _ = writeln!(s, "  {}: {line}", pair.name);
            }
        }
        for (what, seed) in &self.seeds {
            let _ = writeln!(s, "  seed {seed}: {what}");
        }
        for slot in self.fixes.values() {
            let Some(f) = &slot.fix else { continue };
            for line in f.describe() {
                let _ = writeln!(s, "  fix {} ({}): {line}", slot.id.id, slot.style);
            }
        }
        s
    }

    /// Remembers a seed to be named in the log; `what` is the command that uses it. Each seed is named once, and
    /// only those of the last sixteen commands are kept: a loop may use thousands.
    pub fn note_seed(&mut self, what: &str, seed: i64) {
        self.seeds.retain(|s| (s.0.as_str(), s.1) != (what, seed));
        self.seeds.push((what.to_string(), seed));
        if self.seeds.len() > 16 {
            self.seeds.remove(0);
        }
    }
}

fn number(x: f64) -> String {
    crate::cformat::general(6, x)
}
