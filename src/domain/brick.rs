//! Bricks: the pieces of the cell that threads own, each with copies of its own atoms, ghost atoms and
//! neighbour lists. Invariant: the partition depends on the system only, never on the number of threads.

/// What a pair style needs of the bricks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// A half list: every pair once, in the brick of one of its atoms.
    pub half: bool,
    /// A full list: every neighbour of every own atom.
    pub full: bool,
    /// Number of own atoms per brick that suits the style (0: no preference).
    pub brick_atoms: usize,
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

/// All bricks of this process and what they were built with.
#[derive(Debug, Clone, Default)]
pub struct Bricks {
    /// The bricks.
    pub bricks: Vec<Brick>,
    /// Bricks along each cell vector.
    pub grid: [usize; 3],
    /// Largest force cutoff of the pair style at the last build.
    pub cutoff: f64,
    /// List cutoff (force cutoff + skin) of the last build.
    pub list_cutoff: f64,
    /// For every atom: its brick and local index there.
    pub home: Vec<(u32, u32)>,
}
