//! Everything of one brick during an evaluation. Buffers are kept between steps.

use super::FastNetwork;
use super::gate::GateScratch;
use super::layer::FastLayer;
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
    pub(super) species: Vec<u8>,
    pub(super) own: usize,
    pub(super) edges: BrickEdges<T>,
    pub(super) sorted: BySpecies,
    /// Features of the senders per layer (none for the first), \[own and ghost\]\[width\].
    pub(super) features: Vec<Vec<T>>,
    /// Their adjoints: those of layer t in number t mod 2, because the backward pass needs those of
    /// two layers at a time.
    pub(super) adjoints: [Vec<T>; 2],
    pub(super) nodes: Vec<Nodes<T>>,
    pub(super) sums: Sums,
    pub(super) scratch: Scratch<T>,
}

/// Arrays of one layer over own atoms, \[own\]\[width\].
#[derive(Debug, Clone, Default)]
pub struct Nodes<T> {
    /// Input of the gate (first its self-connection); in the backward pass its adjoint.
    pub input: Vec<T>,
    /// Features that entered the layer, later the adjoint of the gate's output, where the layer
    /// adds the former to the latter; otherwise empty.
    pub residual: Vec<T>,
}

/// Arrays of one block of atoms or one tile of edges.
#[derive(Debug, Clone, Default)]
pub struct Scratch<T> {
    /// Phi, later its adjoint, \[atoms of a block\]\[width\].
    pub message: Vec<T>,
    /// h.
    pub output: Vec<T>,
    /// Adjoint of h.
    pub output_bar: Vec<T>,
    /// Energies of the block.
    pub energies: Vec<f64>,
    /// 0, 1, 2, ..: rows of block arrays.
    pub rows: Vec<u32>,
    /// Of a tile.
    pub tile: Tile<T>,
    /// Of the gate.
    pub gate: GateScratch<T>,
    /// Of the readout.
    pub readout: ReadoutScratch<T>,
}

impl<T: Real> BrickWork<T> {
    /// Sets atoms and edges.
    pub(super) fn set(
        &mut self,
        model: &FastNetwork<T>,
        atoms: &BrickAtoms<'_>,
        want_atom_virial: bool,
    ) {
        let BrickAtoms { own, species, .. } = *atoms;
        assert_eq!(species.len(), atoms.x.len());
        assert_eq!(atoms.start.len(), own + 1);
        let known = |&z: &u8| z == NO_SPECIES || usize::from(z) < model.reach.species;
        assert!(species.iter().all(known));
        self.own = own;
        self.species.clear();
        self.species.extend_from_slice(species);
        self.edges.find(atoms, &model.reach);
        self.sorted.set(&species[..own], model.reach.species);
        self.sums.want_atom_virial(want_atom_virial);
    }

    /// Number of edges of the own atoms.
    pub fn edge_count(&self) -> usize {
        self.edges.gradient.len()
    }

    /// Sizes all buffers and clears the sums.
    pub(super) fn reset(&mut self, model: &FastNetwork<T>) {
        let all = self.species.len();
        let zero = T::default();
        let layers = model.layers.len();
        self.features.resize(layers, Vec::new());
        self.nodes.resize(layers, Nodes::default());
        for (t, layer) in model.layers.iter().enumerate() {
            let nodes = &mut self.nodes[t];
            nodes.input.resize(self.own * layer.gate.input.width, zero);
            if t > 0 {
                let width = layer.convolution.feature_width;
                self.features[t].resize(all * width, zero);
                let width = if layer.residual {
                    layer.gate.output.width
                } else {
                    0
                };
                nodes.residual.resize(self.own * width, zero);
            }
        }
        self.sums.reset(self.own, &self.species, &model.shift);
    }

    /// Clears the adjoints of the features of layer `t`; the first layer has none.
    pub(super) fn clear_adjoints(&mut self, t: usize) {
        let bar = &mut self.adjoints[t % 2];
        bar.clear();
        bar.resize(self.features[t].len(), T::default());
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

impl<T: Real> Scratch<T> {
    /// Sizes the buffers for a layer; contents are unspecified.
    pub(super) fn size(&mut self, layer: &FastLayer<T>, components: usize) {
        let n = layer.block_size();
        let zero = T::default();
        self.rows.clear();
        self.rows.extend(0..n as u32);
        self.message.resize(n * layer.linear.input.width, zero);
        self.output.resize(n * layer.gate.output.width, zero);
        self.output_bar.resize(n * layer.gate.output.width, zero);
        self.energies.resize(n, 0.0);
        self.tile.size(&layer.convolution, components);
    }
}
