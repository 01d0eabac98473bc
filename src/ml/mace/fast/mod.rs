//! Fast evaluation of MACE, in f32 or f64 with energies, forces and virials summed in f64.
//!
//! What is not done at run time: radial networks (tables), maps that only depend on species
//! (fused at load), sums over paths of the symmetric contraction (merged to sparse polynomials).
//! The parts are those of [`crate::ml::passing`].
//!
//! The system is a set of bricks with ghost atoms ([`BrickWork`]); between layers an [`Exchange`]
//! brings features to ghosts and adjoints back. Invariant: the result depends on the bricks and on
//! the vector level only, never on the number of threads.
//!
//! Units: eV and Å. Imports `simd` and siblings in `ml`.

mod layer;
mod nodes;
mod pass;
mod readout;
mod work;

pub use work::BrickWork;

use crate::ml::brick::{BrickAtoms, BrickModel, Exchange, Unsupported, exchange_rows};
use crate::ml::mace::model::MaceModel;
use crate::ml::passing::edges::{BrickEdges, Reach};
use crate::ml::passing::tiles::{Convolve, Senders};
use crate::ml::radial::grid::Grid;
use crate::ml::repulsion::Repulsion;
use crate::ml::spherical::Harmonics;
use crate::simd::{Level, Real};
use layer::{FastLayer, Settings};
use rayon::prelude::*;

fn unsupported(what: &str) -> Unsupported {
    Unsupported::new(what)
}

/// A model ready for evaluation; shared by all bricks and threads.
#[derive(Debug)]
pub struct FastMace<T> {
    level: Level,
    reach: Reach,
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
            grid: Grid::new::<T>(model.r_max, model.radial.kink()),
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
            reach: Reach {
                r_max: model.r_max,
                species,
                stretch: Vec::new(),
                grid: settings.grid,
                sorted: false,
            },
            harmonics,
            layers: layers.collect::<Result<_, _>>()?,
            constants: e0.iter().map(|e| e + shift).collect(),
            repulsion: model
                .zbl
                .as_ref()
                .map(|zbl| zbl.repulsion(&model.atomic_numbers, scale)),
        })
    }
}

impl<T: Real> FastMace<T> {
    /// The convolution of layer `t` over the edges of a brick.
    fn convolve<'a>(&'a self, w: (&'a BrickEdges<T>, &'a [T]), t: usize) -> Convolve<'a, T> {
        let layer = &self.layers[t];
        let (edges, features) = w;
        Convolve {
            level: self.level,
            harmonics: &self.harmonics,
            convolution: &layer.convolution,
            senders: if layer.up.is_none() {
                Senders::by_species(edges, &layer.species_features)
            } else {
                Senders::by_atom(edges, features)
            },
        }
    }
}

impl<T: Network> BrickModel<T> for FastMace<T> {
    type Work = BrickWork<T>;

    fn r_max(&self) -> f64 {
        self.reach.r_max
    }

    fn species(&self) -> usize {
        self.reach.species
    }

    fn prepare(&self, present: &[bool]) {
        for layer in &self.layers {
            layer.convolution.radial.prepare(present);
        }
    }

    fn set(&self, work: &mut BrickWork<T>, atoms: &BrickAtoms<'_>, want_atom_virial: bool) {
        work.set(self, atoms, want_atom_virial);
    }

    fn evaluate(&self, works: &mut [BrickWork<T>], exchange: &dyn Exchange<T>) {
        T::evaluate(self, works, exchange);
    }
}

/// Number types that the evaluation is compiled for, once in this crate.
pub trait Network: Real {
    /// See [`BrickModel::evaluate`].
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
        let width = model.layers[t + 1].convolution.feature_width;
        exchange_rows(
            works,
            |w| &mut w.features[t + 1],
            |rows| exchange.forward(rows, width),
        );
    }
    works
        .par_iter_mut()
        .for_each(|w| pass::forward_and_back(model, w));
    for t in (0..last).rev() {
        let width = model.layers[t + 1].convolution.feature_width;
        exchange_rows(
            works,
            |w| &mut w.adjoints[t + 1],
            |rows| exchange.reverse(rows, width),
        );
        works
            .par_iter_mut()
            .for_each(|w| pass::backward(model, w, t));
    }
    works.par_iter_mut().for_each(|w| {
        w.sums
            .forces(&w.edges, &w.species, model.repulsion.as_ref());
    });
}

#[cfg(test)]
mod tests;
