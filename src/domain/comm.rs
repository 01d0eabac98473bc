//! Exchange of per-atom data between owners and their ghosts.
//!
//! Pair styles that pass messages call it between their layers. `Local` serves the bricks of one
//! process; further ranks need another implementation and no change in any pair style.

use super::brick::Bricks;

/// Forward (owner to ghosts) and reverse (ghosts summed into owners) communication of arrays with
/// `width` values per local atom; `data[b]` belongs to brick `b` and has `width * bricks[b].len()` values.
pub trait Comm: Send + Sync {
    /// Copies the values of every owner to its ghosts.
    fn forward_f64(&self, bricks: &Bricks, data: &mut [Vec<f64>], width: usize);
    /// Copies the values of every owner to its ghosts.
    fn forward_f32(&self, bricks: &Bricks, data: &mut [Vec<f32>], width: usize);
    /// Adds the values of ghosts to their owners in a fixed order and zeroes them.
    fn reverse_f64(&self, bricks: &Bricks, data: &mut [Vec<f64>], width: usize);
    /// Adds the values of ghosts to their owners in a fixed order and zeroes them.
    fn reverse_f32(&self, bricks: &Bricks, data: &mut [Vec<f32>], width: usize);
}
