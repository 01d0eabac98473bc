//! Fast evaluation of MACE, in f32 or f64 with energies, forces and virials summed in f64.
//!
//! What is not done at run time: radial networks (tables), maps that only depend on species
//! (fused at load), sums over paths of the symmetric contraction (merged to sparse polynomials).
//! Channels are across vector lanes; edges are handled in tiles whose radial functions and
//! spherical harmonics are recomputed in the backward pass; atoms of one species are handled in
//! blocks so that linear maps are matrix products.
//!
//! The system is a set of bricks with ghost atoms ([`BrickWork`]); between layers an [`Exchange`]
//! brings features to ghosts and adjoints back. Invariant: the result depends on the bricks and on
//! the vector level only, never on the number of threads.
//!
//! Units: eV and Å. Imports `simd` and siblings in `ml`.

mod edges;
mod gradient;
mod layer;
mod layout;
mod linear;
mod messages;
mod nodes;
mod pass;
mod readout;
mod work;

pub use work::BrickWork;

use crate::ml::mace::model::MaceModel;
use crate::ml::radial::table::Grid;
use crate::ml::repulsion::Repulsion;
use crate::ml::spherical::Harmonics;
use crate::simd::{Level, Real};
use layer::{FastLayer, Settings};
use rayon::prelude::*;
use std::fmt;

/// What the fast evaluation does not know; the reference evaluation takes such models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported(String);

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the fast evaluation does not know {}", self.0)
    }
}

impl std::error::Error for Unsupported {}

fn unsupported(what: &str) -> Unsupported {
    Unsupported(what.to_owned())
}

/// Marks an atom that the model does not see.
pub const NO_SPECIES: u8 = u8::MAX;

/// A model ready for evaluation; shared by all bricks and threads.
#[derive(Debug)]
pub struct FastMace<T> {
    level: Level,
    r_max: f64,
    species: usize,
    grid: Grid,
    harmonics: Harmonics<T>,
    layers: Vec<FastLayer<T>>,
    /// Energy of a species without readouts, E0 + shift (eV).
    constants: Vec<f64>,
    repulsion: Option<Repulsion>,
}

/// Options of [`FastMace::new`].
#[derive(Debug, Clone, Copy)]
pub struct FastOptions {
    /// Head, an index into the model's heads.
    pub head: usize,
    /// Evaluate the radial networks for every edge instead of tables of them.
    pub exact: bool,
    /// Vector instructions.
    pub level: Level,
}

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

impl<T: Real> FastMace<T> {
    /// Prepares a model. Radial tables are made later, for the species that occur.
    ///
    /// # Errors
    /// The model has a feature that only the reference evaluation knows.
    pub fn new(model: &MaceModel, options: FastOptions) -> Result<FastMace<T>, Unsupported> {
        if model.layers.is_empty() {
            return Err(unsupported("a model without layers"));
        }
        let settings = Settings {
            grid: Grid::new::<T>(model.r_max),
            exact: options.exact,
            head: options.head,
        };
        let harmonics =
            Harmonics::new(model.l_max).ok_or_else(|| unsupported("an l_max this high"))?;
        let layers = (0..model.layers.len()).map(|t| FastLayer::new(model, t, &settings));
        let species = model.species();
        let e0 = &model.atomic_energies[options.head * species..][..species];
        let shift = model.shift[options.head];
        let scale = model.scale[options.head];
        Ok(FastMace {
            level: options.level,
            r_max: model.r_max,
            species,
            grid: settings.grid,
            harmonics,
            layers: layers.collect::<Result<_, _>>()?,
            constants: e0.iter().map(|e| e + shift).collect(),
            repulsion: model
                .zbl
                .as_ref()
                .map(|zbl| zbl.repulsion(&model.atomic_numbers, scale)),
        })
    }

    /// Cutoff radius (Å).
    pub fn r_max(&self) -> f64 {
        self.r_max
    }

    /// Number of species of the model.
    pub fn species(&self) -> usize {
        self.species
    }

    /// Makes the radial tables for the species (indices of the model) that are `present`.
    pub fn prepare(&self, present: &[bool]) {
        for layer in &self.layers {
            layer.radial.prepare(present);
        }
    }

    /// Energies, forces and virial of all bricks, whose atoms and edges have been set.
    pub fn evaluate(&self, works: &mut [BrickWork<T>], exchange: &dyn Exchange<T>)
    where
        T: Network,
    {
        T::evaluate(self, works, exchange);
    }
}

/// Number types that the evaluation is compiled for, once in this crate.
pub trait Network: Real {
    /// See [`FastMace::evaluate`].
    fn evaluate(
        model: &FastMace<Self>,
        works: &mut [BrickWork<Self>],
        exchange: &dyn Exchange<Self>,
    );
}

impl Network for f32 {
    fn evaluate(model: &FastMace<f32>, works: &mut [BrickWork<f32>], ex: &dyn Exchange<f32>) {
        evaluate(model, works, ex);
    }
}

impl Network for f64 {
    fn evaluate(model: &FastMace<f64>, works: &mut [BrickWork<f64>], ex: &dyn Exchange<f64>) {
        evaluate(model, works, ex);
    }
}

fn evaluate<T: Real>(model: &FastMace<T>, works: &mut [BrickWork<T>], exchange: &dyn Exchange<T>) {
    let last = model.layers.len() - 1;
    works.par_iter_mut().for_each(|w| w.reset(model));
    for t in 0..last {
        works
            .par_iter_mut()
            .for_each(|w| pass::forward(model, w, t));
        let width = model.layers[t + 1].features.width;
        swap_rows(
            works,
            |w| &mut w.features[t + 1],
            |rows| exchange.forward(rows, width),
        );
    }
    works
        .par_iter_mut()
        .for_each(|w| pass::forward_and_back(model, w));
    for t in (0..last).rev() {
        let width = model.layers[t + 1].features.width;
        swap_rows(
            works,
            |w| &mut w.adjoints[t + 1],
            |rows| exchange.reverse(rows, width),
        );
        works
            .par_iter_mut()
            .for_each(|w| pass::backward(model, w, t));
    }
    works
        .par_iter_mut()
        .for_each(|w| gradient::forces(model, w));
}

/// Lends one array of every brick to `exchange`.
fn swap_rows<T>(
    works: &mut [BrickWork<T>],
    array: impl Fn(&mut BrickWork<T>) -> &mut Vec<T>,
    exchange: impl FnOnce(&mut [Vec<T>]),
) {
    let mut rows: Vec<Vec<T>> = works.iter_mut().map(|w| std::mem::take(array(w))).collect();
    exchange(&mut rows);
    for (w, row) in works.iter_mut().zip(rows) {
        *array(w) = row;
    }
}

#[cfg(test)]
mod tests;
