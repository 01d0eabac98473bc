//! Visits the pairs of the neighbour lists, for computes.

use super::brick::Bricks;
use super::cell::Cell;
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

/// Calls `f(i, j, d, kind)` as [`visit`] does for the special pairs that are kept, which are in no list.
pub fn visit_special(bricks: &Bricks, mut f: impl FnMut(usize, usize, [f64; 3], u8)) {
    for b in &bricks.bricks {
        for p in &b.special {
            let (i, j) = (p.i as usize, p.j as usize);
            let d: [f64; 3] = std::array::from_fn(|k| b.x[i][k] - b.x[j][k]);
            let (a, c) = (b.owner[i] as usize, b.owner[j] as usize);
            f(a, c, d, p.kind);
            f(c, a, d.map(|x| -x), p.kind);
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
    let paired = host.names("pair_style").iter().any(|n| n != "none");
    if b.bricks.is_empty() && host.dry() && paired {
        // runs were only prepared, so there are no lists
        return Ok(r);
    }
    if b.bricks.is_empty() || b.cutoff <= 0.0 || r <= 0.0 {
        return Err(Error::input(format!("{what} requires a pair style be defined")).help(
            "it works on the neighbour lists of the pair style: evaluate it during or after a run",
        ));
    }
    let bonds = !host.state().atoms.topology.bonds.is_empty();
    if r > b.list_cutoff && bonds {
        return Err(Error::input(format!(
            "{what}: cutoff {r} is beyond the neighbour lists ({})",
            b.list_cutoff
        ))
        .help("raise the skin with the neighbor command"));
    }
    Ok(r)
}

/// Calls `f` as [`visit`] does for every ordered pair within `cutoff`: from the lists if they reach that far, else by a
/// search of its own, which knows no bonds and no exclusions of `neigh_modify`.
///
/// # Errors
/// There is no cell.
pub fn visit_within(
    host: &dyn Host,
    cutoff: f64,
    f: impl FnMut(usize, usize, [f64; 3]),
) -> Result<()> {
    if cutoff <= host.bricks().list_cutoff {
        visit(host.bricks(), f);
        return Ok(());
    }
    let s = host.state();
    search(s.cell("pairs")?, &s.atoms.x, cutoff, f);
    Ok(())
}

/// Atoms in bins of at least a tenth of a cell, and for every atom all bins, of all periodic images, that the cutoff
/// can reach.
fn search(cell: &Cell, x: &[[f64; 3]], cutoff: f64, mut f: impl FnMut(usize, usize, [f64; 3])) {
    let heights = cell.heights();
    let count = heights.map(|h| ((h / cutoff).floor() as i64).clamp(1, 10));
    let reach: [i64; 3] =
        std::array::from_fn(|k| (cutoff / (heights[k] / count[k] as f64)).ceil() as i64);
    let s: Vec<[f64; 3]> = x.iter().map(|x| cell.to_fractional(*x)).collect();
    // bin and cell that the bin belongs to
    let place = |s: [f64; 3]| -> ([i64; 3], [i64; 3]) {
        let b: [i64; 3] = std::array::from_fn(|k| (s[k] * count[k] as f64).floor() as i64);
        let periodic = |k: usize| cell.periodic(k);
        (
            std::array::from_fn(|k| {
                if periodic(k) {
                    b[k].rem_euclid(count[k])
                } else {
                    b[k].clamp(0, count[k] - 1)
                }
            }),
            std::array::from_fn(|k| {
                if periodic(k) {
                    b[k].div_euclid(count[k])
                } else {
                    0
                }
            }),
        )
    };
    let index = |b: [i64; 3]| ((b[0] * count[1] + b[1]) * count[2] + b[2]) as usize;
    let mut bins = vec![Vec::new(); (count[0] * count[1] * count[2]) as usize];
    let places: Vec<_> = s.iter().map(|s| place(*s)).collect();
    for (i, p) in places.iter().enumerate() {
        bins[index(p.0)].push(i);
    }
    let v = cell.vectors();
    for (i, (bin, home)) in places.iter().enumerate() {
        let range = |k: usize| -reach[k]..=reach[k];
        for a in range(0) {
            for b in range(1) {
                for c in range(2) {
                    let at = [bin[0] + a, bin[1] + b, bin[2] + c];
                    let outside = |k: usize| !cell.periodic(k) && !(0..count[k]).contains(&at[k]);
                    if (0..3).any(outside) {
                        continue;
                    }
                    let own: [i64; 3] = std::array::from_fn(|k| at[k].rem_euclid(count[k]));
                    let image: [i64; 3] = std::array::from_fn(|k| at[k].div_euclid(count[k]));
                    for &j in &bins[index(own)] {
                        let n: [f64; 3] =
                            std::array::from_fn(|k| (image[k] + home[k] - places[j].1[k]) as f64);
                        if i == j && n == [0.0; 3] {
                            continue;
                        }
                        let d: [f64; 3] = std::array::from_fn(|k| {
                            let shift = n[0] * v[0][k] + n[1] * v[1][k] + n[2] * v[2][k];
                            x[i][k] - (x[j][k] + shift)
                        });
                        if d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < cutoff * cutoff {
                            f(i, j, d);
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Boundary;

    #[test]
    fn the_search_finds_all_images_once() {
        let mut cell = Cell::orthogonal([0.0; 3], [3.0, 4.0, 9.0], [[Boundary::Periodic; 2]; 3]);
        cell.triclinic = true;
        cell.tilt = [0.7, -0.4, 0.5];
        let mut random = crate::park::Park::new(7).unwrap();
        let x: Vec<[f64; 3]> = (0..20)
            .map(|_| {
                cell.to_cartesian([random.uniform() * 1.3, random.uniform(), random.uniform()])
            })
            .collect();
        let (cutoff, v) = (3.7, cell.vectors());
        let mut expected = 0;
        for i in 0..x.len() {
            for j in 0..x.len() {
                for (a, b, c) in (0..1331).map(|n| (n % 11 - 5, n / 11 % 11 - 5, n / 121 - 5)) {
                    let n = [a, b, c].map(f64::from);
                    let d: f64 = (0..3)
                        .map(|k| {
                            let shift = n[0] * v[0][k] + n[1] * v[1][k] + n[2] * v[2][k];
                            (x[i][k] - x[j][k] - shift).powi(2)
                        })
                        .sum();
                    expected += usize::from(d < cutoff * cutoff && d > 0.0);
                }
            }
        }
        let mut found = 0;
        search(&cell, &x, cutoff, |_, _, _| found += 1);
        assert_eq!(found, expected);
    }
}
