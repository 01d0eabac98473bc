//! Bricks with shorter lists and fewer ghosts, for a style that sees less far than another one that is
//! evaluated on the same bricks.
//!
//! Invariant: the kept pairs and ghosts stand in the order of the whole bricks, so that sums over pairs
//! within the cutoff do not depend on which others were left out.

use super::brick::{Brick, Bricks, NeighborList};
use rayon::prelude::*;

/// A part of [`Bricks`].
#[derive(Debug, Clone, Default)]
pub struct Trimmed {
    /// The part; it has the same bricks with the same own atoms.
    pub bricks: Bricks,
    /// Local index in the whole brick of every local atom of the part, per brick.
    pub kept: Vec<Vec<u32>>,
}

impl Bricks {
    /// The part whose lists hold the pairs for which `keep` is true, given a brick and two of its local
    /// atoms, and the ghosts in these lists.
    pub fn trimmed(&self, keep: impl Fn(&Brick, usize, u32) -> bool + Sync) -> Trimmed {
        let parts = self.bricks.par_iter().map(|b| trim(b, &keep));
        let (bricks, kept) = parts.unzip();
        let mut bricks = Bricks {
            bricks,
            inward: Vec::new(),
            home: self.home.clone(),
            ..*self
        };
        bricks.link();
        Trimmed { bricks, kept }
    }
}

impl Trimmed {
    /// Takes over the positions and charges of this step; `whole` are the bricks this is a part of.
    pub fn follow(&mut self, whole: &Bricks) {
        let parts = self.bricks.bricks.par_iter_mut().zip(&self.kept);
        parts.zip(&whole.bricks).for_each(|((part, kept), b)| {
            part.x.clear();
            part.x.extend(kept.iter().map(|&i| b.x[i as usize]));
            if !b.q.is_empty() {
                part.q.clear();
                part.q.extend(kept.iter().map(|&i| b.q[i as usize]));
            }
        });
    }
}

fn trim(b: &Brick, keep: &(impl Fn(&Brick, usize, u32) -> bool + Sync)) -> (Brick, Vec<u32>) {
    let mut lists = [&b.half, &b.full].map(|list| {
        let mut list = list.clone();
        list.retain(|i, j| keep(b, i, j));
        list
    });
    let mut place = vec![u32::MAX; b.len()];
    place[..b.own].fill(0);
    let special = b.special.iter().filter(|s| keep(b, s.i as usize, s.j));
    let mut special: Vec<_> = special.copied().collect();
    let used = lists.iter().flat_map(|l| &l.index);
    for &j in used.chain(special.iter().map(|s| &s.j)) {
        place[j as usize] = 0;
    }
    let kept: Vec<u32> = (0..b.len() as u32)
        .filter(|&i| place[i as usize] == 0)
        .collect();
    for (new, &old) in kept.iter().enumerate() {
        place[old as usize] = new as u32;
    }
    for list in &mut lists {
        list.index.iter_mut().for_each(|j| *j = place[*j as usize]);
    }
    special.iter_mut().for_each(|s| s.j = place[s.j as usize]);
    let [half, full]: [NeighborList; 2] = lists;
    let of = |i: &u32| *i as usize;
    let part = Brick {
        own: b.own,
        owner: kept.iter().map(|i| b.owner[of(i)]).collect(),
        shift: kept.iter().map(|i| b.shift[of(i)]).collect(),
        x: kept.iter().map(|i| b.x[of(i)]).collect(),
        kind: kept.iter().map(|i| b.kind[of(i)]).collect(),
        q: if b.q.is_empty() {
            Vec::new()
        } else {
            kept.iter().map(|i| b.q[of(i)]).collect()
        },
        half,
        full,
        special,
    };
    (part, kept)
}
