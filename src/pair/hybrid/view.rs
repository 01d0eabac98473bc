//! Neighbour lists of one sub-style: those of the pair style without the pairs of others and without those far beyond the
//! sub-style's own cutoff.

use crate::domain::{Bricks, Trimmed};
use crate::pair::{BrickForces, TypePairs};
use rayon::prelude::*;

/// Lists of one sub-style.
pub(super) struct View {
    pairs: TypePairs,
    /// Interaction range of the sub-style.
    cutoff: f64,
    /// The bricks that this is a view of.
    build_id: u64,
    /// The bricks with these lists.
    pub part: Trimmed,
    /// What the sub-style adds to them.
    pub out: Vec<BrickForces>,
}

impl View {
    /// For the pairs of types and the cutoff of a sub-style.
    pub fn new(pairs: TypePairs, cutoff: f64) -> View {
        View {
            pairs,
            cutoff,
            build_id: 0,
            part: Trimmed::default(),
            out: Vec::new(),
        }
    }

    /// Takes over positions of this step, and the lists if they are new.
    pub fn follow(&mut self, bricks: &Bricks) {
        if self.build_id == bricks.build_id {
            self.part.follow(bricks);
            return;
        }
        self.build_id = bricks.build_id;
        // After a restart the positions are not those of the build: atoms may since have moved by half a
        // skin each, and may do so again in the other direction.
        let skin = bricks.list_cutoff - bricks.cutoff;
        let reach = self.cutoff + 2.0 * skin;
        let reach2 = if reach < bricks.list_cutoff {
            reach * reach
        } else {
            f64::INFINITY
        };
        let pairs = &self.pairs;
        self.part = bricks.trimmed(|b, i, j| {
            let j = j as usize;
            let d2: f64 = (0..3).map(|k| (b.x[i][k] - b.x[j][k]).powi(2)).sum();
            d2 < reach2 && pairs.contains(b.kind[i] as usize, b.kind[j] as usize)
        });
    }

    /// Adds what the sub-style computed to the output of the whole bricks.
    pub fn add_to(&self, out: &mut [BrickForces]) {
        let parts = out.par_iter_mut().zip(&self.out).zip(&self.part.kept);
        parts.for_each(|((whole, part), kept)| whole.add_at(part, kept));
    }
}
