//! Fast evaluation of networks of the NequIP kind, in f32 or f64 with energies, forces and virials
//! summed in f64. The parts are those of [`crate::ml::passing`].
//!
//! The system is a set of bricks with ghost atoms ([`BrickWork`]); between layers an [`Exchange`]
//! brings features to ghosts and adjoints back. Invariant: the result depends on the bricks and on
//! the vector level only, never on the number of threads.
//!
//! Units: eV and Å. Imports `simd` and siblings in `ml`.

mod gate;
mod layer;
mod pass;
mod work;

pub use work::BrickWork;

use super::model::Network;
use crate::ml::brick::{BrickAtoms, BrickModel, Exchange, Unsupported, exchange_rows};
use crate::ml::passing::edges::{BrickEdges, Reach};
use crate::ml::passing::perceptron::Perceptron;
use crate::ml::passing::tiles::{Convolve, Senders};
use crate::ml::radial::grid::Grid;
use crate::ml::repulsion::Repulsion;
use crate::ml::spherical::Harmonics;
use crate::simd::{Level, Real};
use layer::FastLayer;
use rayon::prelude::*;

/// A network ready for evaluation; shared by all bricks and threads.
#[derive(Debug)]
pub struct FastNetwork<T> {
    level: Level,
    reach: Reach,
    harmonics: Harmonics<T>,
    layers: Vec<FastLayer<T>>,
    readout: Perceptron<T>,
    /// Factor of the readout per species.
    scale: Vec<f64>,
    /// Constant per species (eV).
    shift: Vec<f64>,
    repulsion: Option<Repulsion>,
}

/// Options of [`FastNetwork::new`].
#[derive(Debug, Clone, Copy)]
pub struct FastOptions {
    /// Evaluate the radial networks for every edge instead of tables of them.
    pub exact: bool,
    /// Vector instructions.
    pub level: Level,
}

impl<T: Real> FastNetwork<T> {
    /// Prepares a network. Radial tables are made later.
    ///
    /// # Errors
    /// The network has a feature that only the plain evaluation knows.
    pub fn new(network: &Network, options: FastOptions) -> Result<FastNetwork<T>, Unsupported> {
        let Some(last) = network.layers.last() else {
            return Err(Unsupported::new("a network without layers"));
        };
        if network.species() >= usize::from(u8::MAX) {
            return Err(Unsupported::new("so many species"));
        }
        let reach = reach::<T>(network)?;
        let tables = (reach.grid, options.exact);
        let layers = (0..network.layers.len()).map(|t| FastLayer::new(network, t, tables));
        let harmonics = Harmonics::new(network.l_max);
        let readout = &network.readout;
        Ok(FastNetwork {
            level: options.level,
            harmonics: harmonics.ok_or_else(|| Unsupported::new("an l_max this high"))?,
            layers: layers.collect::<Result<_, _>>()?,
            readout: Perceptron::of(&readout.net, &last.gate.output, readout.start)?,
            scale: network.scale.clone(),
            shift: network.shift.clone(),
            repulsion: network.repulsion.clone(),
            reach,
        })
    }

    /// The convolution of layer `t` over the edges of a brick.
    fn convolve<'a>(
        &'a self,
        edges: &'a BrickEdges<T>,
        features: &'a [T],
        t: usize,
    ) -> Convolve<'a, T> {
        let layer = &self.layers[t];
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

/// Which pairs are edges.
fn reach<T: Real>(network: &Network) -> Result<Reach, Unsupported> {
    let species = network.species();
    let mut stretch = Vec::new();
    if !network.pair_cutoffs.is_empty() {
        if network.solid_harmonics {
            let what = "solid harmonics together with cutoffs of pairs";
            return Err(Unsupported::new(what));
        }
        let pairs = (0..species * species).map(|p| network.stretch(p / species, p % species));
        stretch.extend(pairs);
    }
    if let Some(repulsion) = &network.repulsion {
        let beyond = |p: usize| {
            let cutoff = network.cutoff(p / species, p % species);
            repulsion.pairs[p].end > cutoff * (1.0 + 1e-9)
        };
        if (0..species * species).any(beyond) {
            let what = "a nuclear repulsion that reaches further than the network";
            return Err(Unsupported::new(what));
        }
    }
    Ok(Reach {
        r_max: network.r_max,
        species,
        stretch,
        grid: Grid::new::<T>(network.r_max, network.radial.kink()),
        sorted: true,
    })
}

impl<T: Compiled> BrickModel<T> for FastNetwork<T> {
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
pub trait Compiled: Real {
    /// See [`BrickModel::evaluate`].
    fn evaluate(
        model: &FastNetwork<Self>,
        works: &mut [BrickWork<Self>],
        exchange: &dyn Exchange<Self>,
    );
}

impl Compiled for f32 {
    fn evaluate(model: &FastNetwork<f32>, works: &mut [BrickWork<f32>], ex: &dyn Exchange<f32>) {
        evaluate(model, works, ex);
    }
}

impl Compiled for f64 {
    fn evaluate(model: &FastNetwork<f64>, works: &mut [BrickWork<f64>], ex: &dyn Exchange<f64>) {
        evaluate(model, works, ex);
    }
}

fn evaluate<T: Real>(
    model: &FastNetwork<T>,
    works: &mut [BrickWork<T>],
    exchange: &dyn Exchange<T>,
) {
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
            |w| &mut w.adjoints[(t + 1) % 2],
            |rows| exchange.reverse(rows, width),
        );
        works
            .par_iter_mut()
            .for_each(|w| pass::backward(model, w, t));
    }
    let repulsion = model.repulsion.as_ref();
    works
        .par_iter_mut()
        .for_each(|w| w.sums.forces(&w.edges, &w.species, repulsion));
}

#[cfg(test)]
mod tests;
