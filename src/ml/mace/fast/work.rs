//! Everything of one brick during an evaluation. Buffers are kept between steps.

use super::{FastMace, layer::FastLayer};
use crate::ml::brick::{BrickAtoms, BrickResult, NO_SPECIES};
use crate::ml::passing::blocks::{BySpecies, block_size};
use crate::ml::passing::edges::BrickEdges;
use crate::ml::passing::forces::Sums;
use crate::ml::passing::perceptron::ReadoutScratch;
use crate::ml::passing::tiles::Tile;
use crate::simd::Real;

/// A brick: own atoms, ghosts, edges of the own atoms, features and results.
#[derive(Debug, Clone, Default)]
pub struct BrickWork<T> {
    pub(super) own: usize,
    pub(super) species: Vec<u8>,
    pub(super) edges: BrickEdges<T>,
    pub(super) sorted: BySpecies,
    /// Features of the senders per layer (none for the first), \[own and ghost\]\[width\].
    pub(super) features: Vec<Vec<T>>,
    /// Their adjoints.
    pub(super) adjoints: Vec<Vec<T>>,
    /// Per layer: A, divisors by density, skip connections, adjoints of h; \[own\]\[width\].
    pub(super) nodes: Vec<Nodes<T>>,
    pub(super) sums: Sums,
    pub(super) scratch: Scratch<T>,
}

/// Arrays of one layer over own atoms.
#[derive(Debug, Clone, Default)]
pub struct Nodes<T> {
    /// Atomic basis A.
    pub basis: Vec<T>,
    /// 1 / N of the density normalisation; empty without.
    pub inverse: Vec<T>,
    /// Skip connection to this layer's h; empty if there is none.
    pub skip: Vec<T>,
    /// Adjoint of this layer's h: kept where the skip connection needs it.
    pub output_bar: Vec<T>,
    /// Adjoint of this layer's h from readouts that are not linear.
    pub readout_bar: Vec<T>,
}

/// Arrays of one block of atoms or one tile of edges.
#[derive(Debug, Clone, Default)]
pub struct Scratch<T> {
    /// Phi, later its adjoint, \[atoms of a block\]\[width\].
    pub message: Vec<T>,
    /// A of the last layer.
    pub basis: Vec<T>,
    /// Adjoint of A.
    pub basis_bar: Vec<T>,
    /// Product basis and its adjoint.
    pub product: Vec<T>,
    /// h and its adjoint.
    pub output: Vec<T>,
    /// Adjoint of h.
    pub output_bar: Vec<T>,
    /// 1 / N of each atom of the block.
    pub inverse: Vec<T>,
    /// Adjoint of the density of each atom of the block.
    pub density_bar: Vec<T>,
    /// Energies of the block.
    pub energies: Vec<f64>,
    /// 0, 1, 2, ..: rows of block arrays.
    pub rows: Vec<u32>,
    /// Of a tile.
    pub tile: Tile<T>,
    /// Of the readouts.
    pub readout: ReadoutScratch<T>,
}

impl<T: Real> BrickWork<T> {
    /// Sets atoms and edges.
    pub(super) fn set(
        &mut self,
        model: &FastMace<T>,
        atoms: &BrickAtoms<'_>,
        want_atom_virial: bool,
    ) {
        let BrickAtoms { own, species, .. } = *atoms;
        assert_eq!(species.len(), atoms.x.len());
        assert_eq!(atoms.start.len(), own + 1);
        let known = |&z: &u8| z == NO_SPECIES || (z as usize) < model.reach.species;
        assert!(species.iter().all(known));
        self.sums.want_atom_virial(want_atom_virial);
        self.own = own;
        self.species.clear();
        self.species.extend_from_slice(species);
        self.edges.find(atoms, &model.reach);
        self.sorted.set(&species[..own], model.reach.species);
    }

    /// Number of edges of the own atoms.
    pub fn edge_count(&self) -> usize {
        self.edges.gradient.len()
    }

    /// Sizes all buffers and clears the sums.
    pub(super) fn reset(&mut self, model: &FastMace<T>) {
        let all = self.species.len();
        let layers = model.layers.len();
        self.features.resize(layers, Vec::new());
        self.adjoints.resize(layers, Vec::new());
        self.nodes.resize(layers, Nodes::default());
        for (t, layer) in model.layers.iter().enumerate() {
            if t > 0 {
                self.features[t].resize(all * layer.convolution.feature_width, T::default());
                self.adjoints[t].clear();
                self.adjoints[t].resize(all * layer.convolution.feature_width, T::default());
            }
            self.nodes[t].reset(layer, self.own, t + 1 == layers);
        }
        self.sums.reset(self.own, &self.species, &model.constants);
    }
}

impl<T> BrickResult for BrickWork<T> {
    fn energies(&self) -> &[f64] {
        self.sums.energies()
    }

    fn forces(&self) -> &[[f64; 3]] {
        self.sums.forces()
    }

    fn virial(&self) -> [f64; 6] {
        self.sums.virial()
    }

    fn atom_virial(&self) -> &[[f64; 6]] {
        self.sums.atom_virial()
    }
}

impl<T: Real> FastLayer<T> {
    /// Atoms of a block.
    pub(super) fn block_size(&self) -> usize {
        block_size(self.convolution.message_width * std::mem::size_of::<T>())
    }
}

impl<T: Real> Nodes<T> {
    fn reset(&mut self, layer: &FastLayer<T>, own: usize, last: bool) {
        let zero = T::default();
        self.basis.resize(
            if last {
                0
            } else {
                own * layer.mix.output.width
            },
            zero,
        );
        self.inverse
            .resize(if layer.density.is_some() { own } else { 0 }, zero);
        let width = layer.linear.output.width;
        let skip = if layer.skip.is_some() { own * width } else { 0 };
        self.skip.resize(skip, zero);
        self.output_bar.resize(skip, zero);
        let curved = layer.readouts.iter().any(|r| !r.is_linear());
        let readout = if curved && !last { own * width } else { 0 };
        self.readout_bar.resize(readout, zero);
    }
}

impl<T: Real> Scratch<T> {
    /// Sizes the buffers for a layer; contents are unspecified.
    pub(super) fn size(&mut self, layer: &FastLayer<T>, components: usize) {
        let n = layer.block_size();
        let zero = T::default();
        self.rows.clear();
        self.rows.extend(0..n as u32);
        self.message.resize(n * layer.mix.input.width, zero);
        self.basis.resize(n * layer.mix.output.width, zero);
        self.basis_bar.resize(n * layer.mix.output.width, zero);
        self.product.resize(n * layer.linear.input.width, zero);
        self.output.resize(n * layer.linear.output.width, zero);
        self.output_bar.resize(n * layer.linear.output.width, zero);
        self.inverse.resize(n, zero);
        self.density_bar.resize(n, zero);
        self.energies.resize(n, 0.0);
        self.tile.size(&layer.convolution, components);
    }
}
