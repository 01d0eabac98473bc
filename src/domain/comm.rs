//! Exchange of per-atom data between owners and their ghosts.
//!
//! Pair styles that pass messages call it between their layers. [`LocalComm`] serves the bricks of one
//! process; further ranks need another implementation and no change in any pair style.

use super::brick::Bricks;
use rayon::prelude::*;

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

/// The exchange between the bricks of one process.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalComm;

/// Own and ghost parts of every brick's array.
fn split<'a, T>(
    bricks: &Bricks,
    data: &'a mut [Vec<T>],
    width: usize,
) -> (Vec<&'a mut [T]>, Vec<&'a mut [T]>) {
    data.iter_mut()
        .zip(&bricks.bricks)
        .map(|(d, b)| d.split_at_mut(b.own * width))
        .unzip()
}

fn forward<T: Copy + Send + Sync>(bricks: &Bricks, data: &mut [Vec<T>], width: usize) {
    if width == 0 {
        return;
    }
    let (own, ghosts) = split(bricks, data, width);
    let own: Vec<&[T]> = own.into_iter().map(|v| &*v).collect();
    ghosts
        .into_par_iter()
        .zip(&bricks.bricks)
        .for_each(|(ghost, brick)| {
            let owners = &brick.owner[brick.own..];
            for (g, &owner) in ghost.chunks_exact_mut(width).zip(owners) {
                let (b, i) = bricks.home[owner as usize];
                let from = i as usize * width;
                g.copy_from_slice(&own[b as usize][from..from + width]);
            }
        });
}

fn reverse<T>(bricks: &Bricks, data: &mut [Vec<T>], width: usize)
where
    T: Copy + Default + Send + Sync + std::ops::AddAssign,
{
    if width == 0 {
        return;
    }
    let (own, mut ghosts) = split(bricks, data, width);
    let from: Vec<&[T]> = ghosts.iter().map(|v| &**v).collect();
    own.into_par_iter()
        .zip(&bricks.inward)
        .for_each(|(own, inward)| {
            for g in inward {
                let b = g.brick as usize;
                let at = (g.ghost as usize - bricks.bricks[b].own) * width;
                let to = g.own as usize * width;
                let target = &mut own[to..to + width];
                for (t, &v) in target.iter_mut().zip(&from[b][at..at + width]) {
                    *t += v;
                }
            }
        });
    ghosts.par_iter_mut().for_each(|g| g.fill(T::default()));
}

impl Comm for LocalComm {
    fn forward_f64(&self, bricks: &Bricks, data: &mut [Vec<f64>], width: usize) {
        forward(bricks, data, width);
    }
    fn forward_f32(&self, bricks: &Bricks, data: &mut [Vec<f32>], width: usize) {
        forward(bricks, data, width);
    }
    fn reverse_f64(&self, bricks: &Bricks, data: &mut [Vec<f64>], width: usize) {
        reverse(bricks, data, width);
    }
    fn reverse_f32(&self, bricks: &Bricks, data: &mut [Vec<f32>], width: usize) {
        reverse(bricks, data, width);
    }
}
