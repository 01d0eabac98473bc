//! Neighbour lists of one brick, from Cartesian bins over its own atoms and ghosts.
//!
//! Own atoms and ghosts are each stored in the order of their bins (z slowest), so that the candidates
//! of a row of bins are one range of local indices.

use super::brick::{Brick, Needs, NeighborList};

/// Entries of one brick's list beyond which the build is given up.
const MOST: usize = 1 << 29;

/// Cartesian bins over a brick and its surroundings.
pub(super) struct LocalGrid {
    lo: [f64; 3],
    inverse: [f64; 3],
    edge: [f64; 3],
    n: [usize; 3],
    reach: f64,
}

/// Atoms in the order of their bins.
pub(super) struct Sorted {
    /// Indices as given, sorted by bin; those of one bin keep their order.
    pub order: Vec<u32>,
    /// Start of every bin in `order`, one more than there are bins.
    pub start: Vec<u32>,
}

impl LocalGrid {
    /// A grid that covers everything within `reach` of the given positions.
    pub fn around(own: impl Iterator<Item = [f64; 3]>, reach: f64) -> Self {
        let mut lo = [f64::INFINITY; 3];
        let mut hi = [f64::NEG_INFINITY; 3];
        let mut count = 0usize;
        for p in own {
            count += 1;
            for k in 0..3 {
                lo[k] = lo[k].min(p[k]);
                hi[k] = hi[k].max(p[k]);
            }
        }
        let length: [f64; 3] = std::array::from_fn(|k| hi[k] - lo[k] + 2.0 * reach);
        let bins = |edge: f64| -> [usize; 3] {
            std::array::from_fn(|k| (length[k] / edge).clamp(1.0, 1.0e5) as usize)
        };
        let mut edge = (0.5 * reach).max(f64::MIN_POSITIVE);
        let mut n = if reach > 0.0 {
            bins(edge)
        } else {
            sorting_bins(count)
        };
        while n.iter().product::<usize>() > 64 * count + 4096 {
            edge *= 1.5;
            n = bins(edge);
        }
        let edge: [f64; 3] = std::array::from_fn(|k| (length[k] / n[k] as f64).max(1e-300));
        Self {
            lo: std::array::from_fn(|k| lo[k] - reach),
            inverse: edge.map(|e| 1.0 / e),
            edge,
            n,
            reach,
        }
    }

    fn bin(&self, p: [f64; 3]) -> [usize; 3] {
        std::array::from_fn(|k| {
            // a negative number becomes 0
            (((p[k] - self.lo[k]) * self.inverse[k]) as usize).min(self.n[k] - 1)
        })
    }

    /// Sorts `count` positions into bins.
    pub fn sort(&self, count: usize, position: impl Fn(usize) -> [f64; 3]) -> Sorted {
        let mut start = vec![0u32; self.n.iter().product::<usize>() + 1];
        let mut bins = Vec::with_capacity(count);
        for i in 0..count {
            let b = self.bin(position(i));
            let b = (b[2] * self.n[1] + b[1]) * self.n[0] + b[0];
            bins.push(b as u32);
            start[b + 1] += 1;
        }
        for b in 1..start.len() {
            start[b] += start[b - 1];
        }
        let mut next = start.clone();
        let mut order = vec![0u32; count];
        for (i, &b) in bins.iter().enumerate() {
            let at = &mut next[b as usize];
            order[*at as usize] = i as u32;
            *at += 1;
        }
        Sorted { order, start }
    }

    /// Rows of bins that may hold neighbours of an atom in a bin: (dy, dz, reach in x) in bins.
    fn stencil(&self) -> Vec<(i64, i64, i64)> {
        let gap = |d: i64, k: usize| (d.unsigned_abs().saturating_sub(1)) as f64 * self.edge[k];
        let far = |k: usize| (self.reach * self.inverse[k]).ceil() as i64;
        let mut rows = Vec::new();
        for dz in -far(2)..=far(2) {
            for dy in -far(1)..=far(1) {
                let left = self.reach * self.reach - gap(dy, 1).powi(2) - gap(dz, 2).powi(2);
                if left >= 0.0 {
                    // one more than the distance says, against rounding in the bin index
                    let dx = (left.sqrt() * self.inverse[0]).floor() as i64 + 1;
                    rows.push((dy, dz, dx));
                }
            }
        }
        rows
    }

    /// The bins from..to of the row at (dy, dz) from bin `b`, if it is inside the grid.
    fn row(&self, b: [usize; 3], (dy, dz, dx): (i64, i64, i64)) -> Option<(usize, usize)> {
        let y = usize::try_from(b[1] as i64 + dy)
            .ok()
            .filter(|&y| y < self.n[1])?;
        let z = usize::try_from(b[2] as i64 + dz)
            .ok()
            .filter(|&z| z < self.n[2])?;
        let first = (b[0] as i64 - dx).max(0) as usize;
        let last = (b[0] as i64 + dx).min(self.n[0] as i64 - 1) as usize;
        let base = (z * self.n[1] + y) * self.n[0];
        Some((base + first, base + last + 1))
    }
}

/// A grid that only sorts atoms for locality, when no list is wanted.
fn sorting_bins(count: usize) -> [usize; 3] {
    let edge = ((count as f64 / 8.0).cbrt() as usize).max(1);
    [edge; 3]
}

impl NeighborList {
    /// Keeps the entries for which `keep(own atom, neighbour)` is true.
    pub fn retain(&mut self, mut keep: impl FnMut(usize, u32) -> bool) {
        let mut to = 0;
        for i in 0..self.start.len().saturating_sub(1) {
            let (a, b) = (self.start[i] as usize, self.start[i + 1] as usize);
            self.start[i] = to as u32;
            for e in a..b {
                if keep(i, self.index[e]) {
                    self.index[to] = self.index[e];
                    to += 1;
                }
            }
        }
        if let Some(end) = self.start.last_mut() {
            *end = to as u32;
        }
        self.index.truncate(to);
    }
}

/// Appends the indices of `from..to` that are within `r2` of `p` to `row`, which has room for them.
#[inline]
fn within(x: &[[f64; 3]], from: usize, to: usize, p: [f64; 3], r2: f64, row: &mut Row) {
    let need = row.used + (to - from);
    if row.index.len() < need {
        row.index.resize(need.next_power_of_two(), 0);
    }
    let room = &mut row.index[row.used..need];
    let mut used = 0;
    for (j, q) in (from..to).zip(&x[from..to]) {
        let d = [q[0] - p[0], q[1] - p[1], q[2] - p[2]];
        room[used] = j as u32;
        used += usize::from(d[0] * d[0] + d[1] * d[1] + d[2] * d[2] <= r2);
    }
    row.used += used;
}

#[derive(Default)]
struct Row {
    index: Vec<u32>,
    used: usize,
}

impl Row {
    fn end(&mut self, list: &mut NeighborList) {
        list.index.extend_from_slice(&self.index[..self.used]);
        list.start.push(list.index.len() as u32);
        self.used = 0;
    }
}

/// Fills the lists that are needed. `has_pair` says of a ghost (owner, shift) whether the half list
/// has its pairs.
///
/// # Errors
/// The number of entries at which the build was given up.
pub(super) fn fill_lists(
    brick: &mut Brick,
    grid: &LocalGrid,
    own_start: &[u32],
    ghost_start: &[u32],
    needs: Needs,
    has_pair: impl Fn((u32, [i32; 3])) -> bool,
) -> Result<(), usize> {
    let own = brick.own;
    let r2 = grid.reach * grid.reach;
    let stencil = grid.stencil();
    let x = &brick.x;
    let range = |start: &[u32], (a, b): (usize, usize)| (start[a] as usize, start[b] as usize);
    // if there are full lists too, the ghosts include those whose pairs another brick has
    let paired: Vec<bool> = if needs.half && needs.full {
        let ghosts = brick.owner.iter().zip(&brick.shift).skip(own);
        ghosts.map(|(&i, &s)| has_pair((i, s))).collect()
    } else {
        Vec::new()
    };
    let mut half = NeighborList::default();
    let mut full = NeighborList::default();
    let mut row = Row::default();
    half.start.push(0);
    full.start.push(0);
    for i in 0..own {
        let p = x[i];
        let b = grid.bin(p);
        if needs.half {
            for &s in &stencil {
                let Some(bins) = grid.row(b, s) else { continue };
                if (s.1, s.0) >= (0, 0) {
                    let (from, to) = range(own_start, bins);
                    let from = from.max(i + 1);
                    within(x, from.min(to), to, p, r2, &mut row);
                }
                let (from, to) = range(ghost_start, bins);
                let before = row.used;
                within(x, own + from, own + to, p, r2, &mut row);
                if needs.full {
                    let mut kept = before;
                    for e in before..row.used {
                        let j = row.index[e];
                        row.index[kept] = j;
                        kept += usize::from(paired[j as usize - own]);
                    }
                    row.used = kept;
                }
            }
            row.end(&mut half);
        }
        if needs.full {
            for &s in &stencil {
                let Some(bins) = grid.row(b, s) else { continue };
                let (from, to) = range(own_start, bins);
                if (from..to).contains(&i) {
                    within(x, from, i, p, r2, &mut row);
                    within(x, i + 1, to, p, r2, &mut row);
                } else {
                    within(x, from, to, p, r2, &mut row);
                }
                let (from, to) = range(ghost_start, bins);
                within(x, own + from, own + to, p, r2, &mut row);
            }
            row.end(&mut full);
        }
        let entries = half.index.len().max(full.index.len());
        if entries > MOST {
            return Err(MOST);
        }
    }
    if needs.half {
        brick.half = half;
    }
    if needs.full {
        brick.full = full;
    }
    Ok(())
}
