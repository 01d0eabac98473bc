//! The fast evaluation of a network as a pair style sees it, for every family: bricks of atoms with
//! ghosts in, energies, forces and virials out.
//!
//! A prepared model ([`BrickModel`]) is shared by all bricks and threads; everything of one brick is
//! in its work (an implementor of [`BrickResult`]), which is kept between steps. Families that pass
//! messages exchange features between the bricks through [`Exchange`]; the others ignore it.
//! Invariant: results depend on the bricks and the vector level only, never on the number of threads.
//!
//! Units: eV and Å. Imports `simd`.

use crate::simd::Real;
use std::fmt;

/// Marks an atom that the model does not see.
pub const NO_SPECIES: u8 = u8::MAX;

/// What a fast evaluation does not know; the plain evaluation takes such models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported(String);

impl Unsupported {
    /// `what` follows "the fast evaluation does not know".
    pub fn new(what: impl Into<String>) -> Unsupported {
        Unsupported(what.into())
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the fast evaluation does not know {}", self.0)
    }
}

impl std::error::Error for Unsupported {}

/// Exchange of features between bricks: `rows[b]` is the array of brick b, one row of `width`
/// numbers per own atom and then per ghost.
pub trait Exchange<T> {
    /// Copies the rows of owners to their ghosts.
    fn forward(&self, rows: &mut [Vec<T>], width: usize);
    /// Adds the rows of ghosts to those of their owners, in a fixed order.
    fn reverse(&self, rows: &mut [Vec<T>], width: usize);
}

/// Exchange inside the only brick: ghost g is an image of own atom `owner[g]`.
#[derive(Debug, Clone, Default)]
pub struct OneBrick {
    /// Own atoms of the ghosts.
    pub owner: Vec<u32>,
}

impl<T: Real> Exchange<T> for OneBrick {
    fn forward(&self, rows: &mut [Vec<T>], width: usize) {
        let (own, ghosts) = self.split(&mut rows[0], width);
        for (ghost, &i) in ghosts.chunks_exact_mut(width).zip(&self.owner) {
            ghost.copy_from_slice(&own[i as usize * width..][..width]);
        }
    }

    fn reverse(&self, rows: &mut [Vec<T>], width: usize) {
        let (own, ghosts) = self.split(&mut rows[0], width);
        for (ghost, &i) in ghosts.chunks_exact(width).zip(&self.owner) {
            let to = &mut own[i as usize * width..][..width];
            to.iter_mut().zip(ghost).for_each(|(to, x)| *to += *x);
        }
    }
}

impl OneBrick {
    fn split<'a, T>(&self, rows: &'a mut [T], width: usize) -> (&'a mut [T], &'a mut [T]) {
        let own = rows.len() - self.owner.len() * width;
        rows.split_at_mut(own)
    }
}

/// Lends one array of every work to `exchange`.
pub fn exchange_rows<W, T>(
    works: &mut [W],
    array: impl Fn(&mut W) -> &mut Vec<T>,
    exchange: impl FnOnce(&mut [Vec<T>]),
) {
    let mut rows: Vec<Vec<T>> = works.iter_mut().map(|w| std::mem::take(array(w))).collect();
    exchange(&mut rows);
    for (w, row) in works.iter_mut().zip(rows) {
        *array(w) = row;
    }
}

/// Atoms of one brick and candidates for neighbours of its own atoms.
#[derive(Debug, Clone, Copy)]
pub struct BrickAtoms<'a> {
    /// Number of own atoms; the others are ghosts.
    pub own: usize,
    /// Species of own atoms and ghosts, indices of the model or [`NO_SPECIES`].
    pub species: &'a [u8],
    /// Positions of own atoms and ghosts (Å).
    pub x: &'a [[f64; 3]],
    /// Candidates of own atom i are `index[start[i]..start[i + 1]]`; length own + 1.
    pub start: &'a [u32],
    /// Candidates: own atoms and ghosts, every image of a neighbour as its own ghost. They may be
    /// further away than the cutoff.
    pub index: &'a [u32],
}

/// A model prepared for evaluation in T, with energies, forces and virials summed in f64.
pub trait BrickModel<T>: Send + Sync + fmt::Debug {
    /// Everything of one brick; kept between steps.
    type Work: BrickResult + Default + Send + Sync + fmt::Debug;

    /// Cutoff radius (Å).
    fn r_max(&self) -> f64;

    /// Number of species of the model.
    fn species(&self) -> usize;

    /// Makes what depends on the species (indices of the model) that are `present`, such as tables.
    fn prepare(&self, present: &[bool]);

    /// Sets atoms and candidates of a brick and whether per-atom virials are wanted.
    ///
    /// # Panics
    /// If the arrays contradict each other.
    fn set(&self, work: &mut Self::Work, atoms: &BrickAtoms<'_>, want_atom_virial: bool);

    /// Energies, forces and virials of all bricks, whose atoms have been set.
    fn evaluate(&self, works: &mut [Self::Work], exchange: &dyn Exchange<T>);
}

/// More neighbours than a model has places for: it does not see the farthest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped {
    /// Own atom of the brick.
    pub atom: usize,
    /// Species of the neighbours; None where the places are for all species.
    pub species: Option<usize>,
    /// Neighbours inside the cutoff.
    pub found: usize,
    /// Places.
    pub places: usize,
}

/// Results of one brick.
pub trait BrickResult {
    /// Energies of the own atoms (eV); zero for an atom without species.
    fn energies(&self) -> &[f64];

    /// Forces on own atoms and ghosts that follow from the energies of the own atoms (eV/Å).
    fn forces(&self) -> &[[f64; 3]];

    /// Sum of r_a f_b over all pairs, in the order xx yy zz xy xz yz (eV).
    fn virial(&self) -> [f64; 6];

    /// Virials of own atoms and ghosts, one half of each pair's (eV); empty unless asked for.
    fn atom_virial(&self) -> &[[f64; 6]];

    /// The first atom with more neighbours than the model has places for.
    fn dropped(&self) -> Option<Dropped> {
        None
    }
}
