//! Layout of feature rows in the fast evaluation: blocks of irreps, inside a block component m
//! first and channels contiguous, padded to whole vectors: number (block, m, u) is at
//! `offset + m * padded + u`. Padding is zero.

use crate::ml::irreps::Irreps;
use crate::simd::{Real, padded};

/// One block of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayoutBlock {
    /// Degree l.
    pub l: usize,
    /// Components, 2l + 1.
    pub dim: usize,
    /// Channels.
    pub channels: usize,
    /// Padded channels.
    pub padded: usize,
    /// Start in the row.
    pub offset: usize,
}

/// All blocks of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The blocks.
    pub blocks: Vec<LayoutBlock>,
    /// Length of a row.
    pub width: usize,
}

impl Layout {
    /// Layout of features with the given irreps.
    pub fn new<T: Real>(irreps: &Irreps) -> Layout {
        let mut blocks = Vec::new();
        let mut width = 0;
        for block in &irreps.0 {
            let dim = block.irrep.dim();
            let padded = padded::<T>(block.mul);
            blocks.push(LayoutBlock {
                l: block.irrep.l,
                dim,
                channels: block.mul,
                padded,
                offset: width,
            });
            width += dim * padded;
        }
        Layout { blocks, width }
    }

    /// A row from one in the layout of the model (channel before component).
    pub fn row<T: Real>(&self, model_row: &[f64]) -> Vec<T> {
        let mut out = vec![T::default(); self.width];
        let mut at = 0;
        for b in &self.blocks {
            for u in 0..b.channels {
                for m in 0..b.dim {
                    out[b.offset + m * b.padded + u] = T::from_f64(model_row[at]);
                    at += 1;
                }
            }
        }
        out
    }
}
