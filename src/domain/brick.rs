//! Bricks: the pieces of the cell that threads own, each with copies of its own atoms, ghost atoms and
//! neighbour lists. Invariant: the partition depends on the system only, never on the number of threads.
//!
//! A brick without atoms is not kept. Ghosts are the periodic images and the atoms of other bricks that
//! may be within the list cutoff of an own atom; an own atom's images are among them if the cell is short.

use super::cell::Cell;
use super::state::State;
use rayon::prelude::*;

/// What a pair style needs of the bricks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// A half list: every pair once, in the brick of one of its atoms.
    pub half: bool,
    /// A full list: every neighbour of every own atom.
    pub full: bool,
    /// Number of own atoms per brick that suits the style (0: no preference).
    pub brick_atoms: usize,
    /// Special pairs are wanted even if their weights are zero (styles with a long-range or damped Coulomb sum).
    pub special: bool,
}

impl Needs {
    /// The union of two needs; the smaller preferred brick wins.
    #[must_use]
    pub fn or(self, o: Self) -> Self {
        let brick_atoms = match (self.brick_atoms, o.brick_atoms) {
            (0, b) | (b, 0) => b,
            (a, b) => a.min(b),
        };
        Self {
            half: self.half || o.half,
            full: self.full || o.full,
            brick_atoms,
            special: self.special || o.special,
        }
    }
}

/// Neighbours in compressed rows: those of own atom `i` are `index[start[i]..start[i + 1]]`, local
/// indices into the brick (own atoms first, then ghosts).
#[derive(Debug, Clone, Default)]
pub struct NeighborList {
    /// Row starts, length own atoms + 1 (empty if the list was not asked for).
    pub start: Vec<u32>,
    /// Neighbours.
    pub index: Vec<u32>,
}

impl NeighborList {
    /// The neighbours of own atom `i`.
    pub fn of(&self, i: usize) -> &[u32] {
        &self.index[self.start[i] as usize..self.start[i + 1] as usize]
    }
}

/// One brick.
#[derive(Debug, Clone, Default)]
pub struct Brick {
    /// Number of own atoms; local indices below it are own atoms, the others ghosts.
    pub own: usize,
    /// Index in `Atoms` of every local atom (of a ghost: the atom that it is an image of).
    pub owner: Vec<u32>,
    /// Image of every local atom relative to its owner's stored position; zero for own atoms.
    pub shift: Vec<[i32; 3]>,
    /// Positions of own atoms and ghosts, refreshed every step.
    pub x: Vec<[f64; 3]>,
    /// Types of own atoms and ghosts, 1-based.
    pub kind: Vec<u32>,
    /// Charges of own atoms and ghosts (empty if there are none).
    pub q: Vec<f64>,
    /// Half list within cutoff + skin.
    pub half: NeighborList,
    /// Full list within cutoff + skin.
    pub full: NeighborList,
    /// Pairs within cutoff + skin whose interactions are weighted by `special_bonds`. They are in neither list.
    pub special: Vec<SpecialPair>,
}

/// A pair of bonded atoms (1-2, 1-3, 1-4), once in all bricks: pair styles multiply its interaction by the
/// weights `special.lj[kind]` and `special.coul[kind]` of the state. Pairs whose weights are all one stay in the
/// neighbour lists; pairs whose weights are all zero are nowhere, unless a pair style asks for them with
/// `Needs::special` (long-range Coulomb styles, which have to take back what is summed in reciprocal space).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpecialPair {
    /// Local index of an own atom.
    pub i: u32,
    /// Local index of the other.
    pub j: u32,
    /// 1: 1-2, 2: 1-3, 3: 1-4.
    pub kind: u8,
}

impl Brick {
    /// Number of own atoms and ghosts.
    pub fn len(&self) -> usize {
        self.owner.len()
    }

    /// Whether the brick has no atoms at all.
    pub fn is_empty(&self) -> bool {
        self.owner.is_empty()
    }
}

/// A ghost of some brick that is an image of an own atom of the brick that holds this record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Inward {
    /// Brick that has the ghost.
    pub brick: u32,
    /// Local index of the ghost there.
    pub ghost: u32,
    /// Local index of its owner here.
    pub own: u32,
}

/// All bricks of this process and what they were built with.
#[derive(Debug, Clone, Default)]
pub struct Bricks {
    /// The bricks.
    pub bricks: Vec<Brick>,
    /// Bricks along each cell vector (those without atoms are counted here but not kept).
    pub grid: [usize; 3],
    /// Largest force cutoff of the pair style at the last build.
    pub cutoff: f64,
    /// List cutoff (force cutoff + skin) of the last build.
    pub list_cutoff: f64,
    /// For every atom: its brick and local index there.
    pub home: Vec<(u32, u32)>,
    /// Number of this build, different for every build in the process: styles that keep data
    /// derived from the lists compare it. 0 before the first build.
    pub build_id: u64,
    /// For every brick the ghosts elsewhere that are images of its atoms, in order of (brick, ghost).
    pub(super) inward: Vec<Vec<Inward>>,
}

/// Sizes that the log reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListStatistics {
    /// Own atoms.
    pub local: usize,
    /// Ghosts of all bricks.
    pub ghosts: usize,
    /// Pairs in half lists (half of the full lists' entries if there are no half lists).
    pub pairs: usize,
    /// Entries of the full lists.
    pub full: usize,
}

impl ListStatistics {
    /// LAMMPS' "Ave neighs/atom".
    pub fn average(&self) -> f64 {
        if self.local == 0 {
            0.0
        } else {
            self.pairs as f64 / self.local as f64
        }
    }
}

impl Bricks {
    /// Copies the positions and charges of this step into the bricks. The atoms and their order must be
    /// those of the last build; the cell may have changed its shape.
    pub fn refresh(&mut self, state: &State) {
        if let Some(cell) = &state.cell {
            self.refresh_from(&state.atoms.x, &state.atoms.q, cell);
        }
    }

    /// The same with given positions (and charges, empty if there are none) and cell.
    pub fn refresh_from(&mut self, x: &[[f64; 3]], q: &[f64], cell: &Cell) {
        self.bricks.par_iter_mut().for_each(|b| {
            let mut last = ([0; 3], [0.0; 3]);
            for ((xb, &owner), &shift) in b.x.iter_mut().zip(&b.owner).zip(&b.shift) {
                let p = x[owner as usize];
                if shift != last.0 {
                    last = (shift, cell.shift(shift));
                }
                let d = last.1;
                *xb = [p[0] + d[0], p[1] + d[1], p[2] + d[2]];
            }
            if !q.is_empty() {
                b.q.clear();
                b.q.extend(b.owner.iter().map(|&o| q[o as usize]));
            }
        });
    }

    /// Number of own atoms, ghosts and list entries.
    pub fn statistics(&self) -> ListStatistics {
        let mut s = ListStatistics::default();
        let mut half = 0;
        for b in &self.bricks {
            s.local += b.own;
            s.ghosts += b.len() - b.own;
            half += b.half.index.len();
            s.full += b.full.index.len();
        }
        s.pairs = if half > 0 { half } else { s.full / 2 };
        s
    }

    /// Memory of bricks and lists, bytes.
    pub fn memory_bytes(&self) -> usize {
        let list = |l: &NeighborList| 4 * (l.start.capacity() + l.index.capacity());
        let bricks: usize = self
            .bricks
            .iter()
            .map(|b| {
                4 * b.owner.capacity()
                    + 12 * b.shift.capacity()
                    + 24 * b.x.capacity()
                    + 4 * b.kind.capacity()
                    + 8 * b.q.capacity()
                    + list(&b.half)
                    + list(&b.full)
                    + 12 * b.special.capacity()
            })
            .sum();
        let inward: usize = self.inward.iter().map(|v| 12 * v.capacity()).sum();
        bricks + inward + 8 * self.home.capacity()
    }

    /// Adds to `target` (per atom, order of `Atoms`) the values that the bricks have for own atoms and
    /// ghosts, `width` numbers each: `parts[b]` belongs to brick `b`. The order of additions is own
    /// value, then ghosts by (brick, ghost), whatever the number of threads.
    pub fn reduce<const W: usize>(&self, parts: &[&[[f64; W]]], target: &mut [[f64; W]]) {
        let sums: Vec<Vec<[f64; W]>> = self
            .bricks
            .par_iter()
            .zip(&self.inward)
            .enumerate()
            .map(|(b, (brick, inward))| {
                let mut sum = parts[b][..brick.own].to_vec();
                for g in inward {
                    let v = &parts[g.brick as usize][g.ghost as usize];
                    let s = &mut sum[g.own as usize];
                    (0..W).for_each(|k| s[k] += v[k]);
                }
                sum
            })
            .collect();
        let home = &self.home;
        target
            .par_iter_mut()
            .zip(home)
            .with_min_len(4096)
            .for_each(|(t, &(b, i))| {
                let v = &sums[b as usize][i as usize];
                (0..W).for_each(|k| t[k] += v[k]);
            });
    }

    /// Fills in the records of who has ghosts of whose atoms; called at the end of a build.
    pub(super) fn link(&mut self) {
        let mut inward = vec![Vec::new(); self.bricks.len()];
        for (b, brick) in self.bricks.iter().enumerate() {
            for (g, &owner) in brick.owner.iter().enumerate().skip(brick.own) {
                let (home, own) = self.home[owner as usize];
                inward[home as usize].push(Inward {
                    brick: b as u32,
                    ghost: g as u32,
                    own,
                });
            }
        }
        self.inward = inward;
    }
}
