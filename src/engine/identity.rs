//! What decides the result of a run, named in the log before its first step.

use super::Engine;
use crate::pair::Precision;
use crate::simd::Level;
use std::fmt::Write;

impl Engine {
    /// Writes the lines about neighbour lists, and those about the program, model, precision, threads and
    /// seeds unless they are those of the previous run.
    pub(crate) fn announce(&mut self) {
        let text = format!("{}{}", self.neighbor_text(), self.identity_text());
        if text != self.identity {
            self.log.line(text.trim_end());
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
        let grid = self.bricks.grid;
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
        let _ = writeln!(
            s,
            "  bricks: {} by {} by {}, largest {} atoms and {} ghosts",
            grid[0],
            grid[1],
            grid[2],
            self.bricks.bricks.iter().map(|b| b.own).max().unwrap_or(0),
            self.bricks
                .bricks
                .iter()
                .map(|b| b.len() - b.own)
                .max()
                .unwrap_or(0),
        );
        s
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

    /// Remembers a seed to be named in the log; `what` is the command that uses it.
    pub fn note_seed(&mut self, what: &str, seed: i64) {
        self.seeds.push((what.to_string(), seed));
    }
}

fn number(x: f64) -> String {
    crate::cformat::general(6, x)
}
