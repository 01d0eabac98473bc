//! Fast evaluation of Deep Potential models, in f32 or f64 with energies, forces and virials summed
//! in f64.
//!
//! What is not done at run time: embedding networks (tables of polynomials, or those of the file),
//! slots without neighbours (their contribution is a constant). Embedding functions are across
//! vector lanes and are evaluated again in the adjoint; atoms of one species are handled in blocks,
//! so that fitting networks are matrix products. There is no message passing: blocks take atoms of
//! any brick, and what they write is summed per brick afterwards.
//!
//! Invariant: the result depends on the bricks and on the vector level only, never on the number
//! of threads. Units: eV and Å. Imports `simd` and siblings in `ml`.

mod attended;
mod attention;
mod block;
mod edges;
mod fitting;
mod forms;
mod function;
mod part;
mod table;
mod three_body;
mod work;

pub use fitting::Given;
pub use work::BrickWork;

use crate::ml::brick::{BrickAtoms, BrickModel, Exchange, Unsupported};
use crate::ml::deepmd::model::DeepmdModel;
use crate::simd::{Level, Real, padded};
use block::{Scratch, blocks};
use fitting::Fitting;
use part::Part;
use rayon::prelude::*;
use std::sync::{Mutex, PoisonError};

/// A model ready for evaluation; shared by all bricks and threads.
#[derive(Debug)]
pub struct FastDeepmd<T> {
    level: Level,
    exact: bool,
    cutoff: f64,
    types: usize,
    /// Types whose atoms have no energy.
    silent: Vec<bool>,
    parts: Vec<Part<T>>,
    fitting: Fitting<T>,
    /// Buffers of blocks that nobody uses now; which one a block gets does not matter.
    spare: Mutex<Vec<Scratch<T>>>,
}

/// Options of [`FastDeepmd::new`].
#[derive(Debug, Clone)]
pub struct FastOptions {
    /// Evaluate the embedding networks for every neighbour instead of tables of them.
    pub exact: bool,
    /// Vector instructions.
    pub level: Level,
    /// Parameters of frame and atoms.
    pub given: Given,
}

impl<T: Real> FastDeepmd<T> {
    /// Prepares a model. Tables are made later, for the types that occur.
    ///
    /// # Errors
    /// The model has a feature that only the plain evaluation knows.
    pub fn new(model: &DeepmdModel, options: &FastOptions) -> Result<Self, Unsupported> {
        let types = model.types();
        let (parts, layout) = forms::parts(model)?;
        Ok(FastDeepmd {
            level: options.level,
            exact: options.exact,
            cutoff: model.cutoff(),
            types,
            silent: model.excluded_atoms.clone(),
            fitting: Fitting::new(model, &layout, &options.given)?,
            parts,
            spare: Mutex::new(Vec::new()),
        })
    }

    /// Length of a row of features, with room behind the last for the kernels.
    fn stride(&self) -> usize {
        let widest = self.parts.iter().map(Part::width).max().unwrap_or(0);
        padded::<T>(self.fitting.features() + widest)
    }
}

impl<T: Real> BrickModel<T> for FastDeepmd<T> {
    type Work = BrickWork<T>;

    fn r_max(&self) -> f64 {
        self.cutoff
    }

    fn species(&self) -> usize {
        self.types
    }

    fn prepare(&self, present: &[bool]) {
        if !self.exact {
            self.parts.iter().for_each(|p| p.prepare(present));
        }
    }

    fn set(&self, work: &mut BrickWork<T>, atoms: &BrickAtoms<'_>, want_atom_virial: bool) {
        work.set(self, atoms, want_atom_virial);
    }

    fn evaluate(&self, works: &mut [BrickWork<T>], _: &dyn Exchange<T>) {
        blocks(self.types, works).into_par_iter().for_each(|block| {
            let taken = self.spare().pop();
            let mut scratch = taken.unwrap_or_default();
            block.evaluate(self, &mut scratch);
            self.spare().push(scratch);
        });
        works.par_iter_mut().for_each(|w| w.collect(self.types));
    }
}

impl<T> FastDeepmd<T> {
    fn spare(&self) -> std::sync::MutexGuard<'_, Vec<Scratch<T>>> {
        // buffers have no invariants that a panic elsewhere could break
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
