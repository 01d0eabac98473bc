//! Visits the pairs of the neighbour lists, for computes.

use super::brick::Bricks;
use super::host::Host;
use crate::error::{Error, Result};

/// Calls `f(i, j, d)` for every ordered pair of the lists: indices into `Atoms` and d = x_i - x_j with
/// the periodic image of the pair, length units. Every pair within the list cutoff comes twice, as (i, j) and (j, i).
pub fn visit(bricks: &Bricks, mut f: impl FnMut(usize, usize, [f64; 3])) {
    for b in &bricks.bricks {
        let full = !b.full.start.is_empty();
        let list = if full { &b.full } else { &b.half };
        for i in 0..b.own {
            for &j in list.of(i) {
                let j = j as usize;
                let d: [f64; 3] = std::array::from_fn(|k| b.x[i][k] - b.x[j][k]);
                let (a, c) = (b.owner[i] as usize, b.owner[j] as usize);
                f(a, c, d);
                if !full {
                    f(c, a, d.map(|x| -x));
                }
            }
        }
    }
}

/// Checks that the lists reach `cutoff`; `what` names the compute. Without a cutoff gives that of the pair style.
///
/// # Errors
/// There are no lists, or they end before the cutoff.
pub fn reach(host: &dyn Host, cutoff: Option<f64>, what: &str) -> Result<f64> {
    let b = host.bricks();
    let r = cutoff.unwrap_or(b.cutoff);
    if b.bricks.is_empty() || b.cutoff <= 0.0 || r <= 0.0 {
        return Err(Error::input(format!("{what} requires a pair style be defined")).help(
            "it works on the neighbour lists of the pair style: evaluate it during or after a run",
        ));
    }
    if r > b.list_cutoff {
        return Err(Error::input(format!(
            "{what}: cutoff {r} is beyond the neighbour lists ({})",
            b.list_cutoff
        ))
        .help("raise the skin with the neighbor command"));
    }
    Ok(r)
}
