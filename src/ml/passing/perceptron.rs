//! Perceptrons that map scalar features of atoms to an energy, and the adjoint of the features.

use super::linear::{DenseMap, LinearMap, multiply};
use crate::ml::activation::Activation;
use crate::ml::brick::Unsupported;
use crate::ml::irreps::{Block, Irrep, Irreps};
use crate::ml::layers::{Linear, LinearBlock, Mlp, MlpLayer};
use crate::simd::{Level, Real};

/// A perceptron with one output, the energy.
#[derive(Debug, Clone)]
pub struct Perceptron<T> {
    /// Linear maps and the activations of their outputs; none for a linear perceptron.
    hidden: Vec<(LinearMap<T>, Activation)>,
    /// Map to the energy.
    last: LinearMap<T>,
}

/// Buffers of the hidden layers: activations, their slopes, adjoints; \[atoms\]\[width\] each.
#[derive(Debug, Clone, Default)]
pub struct ReadoutScratch<T> {
    value: Vec<Vec<T>>,
    slope: Vec<Vec<T>>,
    energy: Vec<T>,
}

impl<T: Real> Perceptron<T> {
    /// Perceptron of linear maps with activations, and a linear map to one scalar.
    pub fn new(hidden: Vec<(LinearMap<T>, Activation)>, last: LinearMap<T>) -> Perceptron<T> {
        Perceptron { hidden, last }
    }

    /// The perceptron `net` of the scalars of `input` from component `start` on.
    ///
    /// # Errors
    /// A normalisation of layers, or an activation of the inputs or of the energy.
    pub fn of(net: &Mlp, input: &Irreps, start: usize) -> Result<Perceptron<T>, Unsupported> {
        let mut maps: Vec<(Dense, Option<Activation>)> = Vec::new();
        for layer in &net.layers {
            match (layer, maps.last_mut()) {
                (MlpLayer::Dense { .. }, Some((before, None))) => before.compose(layer),
                (MlpLayer::Dense { .. }, _) => maps.push((Dense::new(layer), None)),
                (MlpLayer::Activation(a), Some((_, none @ None))) => *none = Some(*a),
                _ => return Err(Unsupported::new("a readout of this kind")),
            }
        }
        let mut hidden = Vec::new();
        let mut input = input.clone();
        let mut start = start;
        for (dense, activation) in maps {
            let map = LinearMap::new(&dense.of_scalars(&input, start));
            input = scalars(dense.outputs);
            start = 0;
            match activation {
                Some(activation) => hidden.push((map, activation)),
                None => return Ok(Perceptron::new(hidden, map)),
            }
        }
        Err(Unsupported::new("a readout that ends with an activation"))
    }

    /// True where the adjoint does not depend on the features.
    pub fn is_linear(&self) -> bool {
        self.hidden.is_empty()
    }

    /// Adds `scale` times the energies of rows of h, and adds their derivatives to the same rows of
    /// `adjoint`.
    pub fn run(
        &self,
        level: Level,
        (features, rows): (&[T], &[u32]),
        scale: f64,
        energies: &mut [f64],
        adjoint: &mut [T],
        scratch: &mut ReadoutScratch<T>,
    ) {
        let n = rows.len();
        scratch.value.resize(self.hidden.len(), Vec::new());
        scratch.slope.resize(self.hidden.len(), Vec::new());
        for k in 0..self.hidden.len() {
            let (map, activation) = &self.hidden[k];
            let (done, rest) = scratch.value.split_at_mut(k);
            let (value, slope) = (&mut rest[0], &mut scratch.slope[k]);
            value.resize(n * map.output.width, T::default());
            slope.resize(n * map.output.width, T::default());
            let input = done.last().map_or(features, |v| v.as_slice());
            map.apply(level, 0, (input, rows), (value, rows), false);
            activation.apply(level, value, slope);
        }
        let width = self.last.output.width;
        scratch.energy.resize(n * width, T::default());
        let input = scratch.value.last().map_or(features, |v| v.as_slice());
        let energy = &mut scratch.energy;
        self.last
            .apply(level, 0, (input, rows), (energy, rows), false);
        for (sum, row) in energies.iter_mut().zip(energy.chunks_mut(width)) {
            *sum += scale * row[0].to_f64();
            row.fill(T::default());
            row[0] = T::from_f64(scale);
        }
        self.adjoint(level, rows, adjoint, scratch);
    }

    fn adjoint(
        &self,
        level: Level,
        rows: &[u32],
        adjoint: &mut [T],
        scratch: &mut ReadoutScratch<T>,
    ) {
        // `value` of a hidden layer is overwritten by its adjoint, from the last to the first
        let mut above: (&LinearMap<T>, &[T]) = (&self.last, &scratch.energy);
        let mut rest = scratch.value.as_mut_slice();
        for k in (0..self.hidden.len()).rev() {
            let Some((bar, before)) = rest.split_last_mut() else {
                break;
            };
            above
                .0
                .adjoint(level, 0, (above.1, rows), (bar, rows), false);
            for (bar, slope) in bar.iter_mut().zip(&scratch.slope[k]) {
                *bar = *bar * *slope;
            }
            above = (&self.hidden[k].0, bar);
            rest = before;
        }
        above
            .0
            .adjoint(level, 0, (above.1, rows), (adjoint, rows), true);
    }
}

/// `mul` even scalars.
fn scalars(mul: usize) -> Irreps {
    Irreps(vec![Block {
        mul,
        irrep: Irrep::SCALAR,
    }])
}

/// A layer `y = x W + b`.
struct Dense {
    inputs: usize,
    outputs: usize,
    weight: Vec<f64>,
    bias: Vec<f64>,
}

impl Dense {
    /// Copy of a dense layer; empty for any other.
    fn new(layer: &MlpLayer) -> Dense {
        match layer {
            MlpLayer::Dense {
                inputs,
                outputs,
                weight,
                bias,
            } => Dense {
                inputs: *inputs,
                outputs: *outputs,
                weight: weight.clone(),
                bias: bias.clone(),
            },
            _ => Dense {
                inputs: 0,
                outputs: 0,
                weight: Vec::new(),
                bias: Vec::new(),
            },
        }
    }

    /// Becomes `next` after this.
    fn compose(&mut self, next: &MlpLayer) {
        let next = Dense::new(next);
        let times = |x: &[f64], rows| multiply(x, &next.weight, rows, self.outputs, next.outputs);
        let mut bias = next.bias.clone();
        if !self.bias.is_empty() {
            bias.resize(next.outputs, 0.0);
            let first = times(&self.bias, 1);
            bias.iter_mut().zip(first).for_each(|(b, x)| *b += x);
        }
        self.weight = times(&self.weight, self.inputs);
        self.bias = bias;
        self.outputs = next.outputs;
    }

    /// The same map of the scalars of `input` from component `start` on.
    fn of_scalars(&self, input: &Irreps, start: usize) -> DenseMap {
        let offsets = input.offsets();
        let mut blocks = Vec::new();
        for (b, block) in input.0.iter().enumerate().filter(|(_, b)| b.irrep.l == 0) {
            let mut weight = vec![0.0; block.mul * self.outputs];
            let mut used = false;
            for (u, row) in weight.chunks_mut(self.outputs).enumerate() {
                let place = (offsets[b] + u).checked_sub(start);
                if let Some(place) = place.filter(|&p| p < self.inputs) {
                    row.copy_from_slice(&self.weight[place * self.outputs..][..self.outputs]);
                    used = true;
                }
            }
            if used {
                blocks.push(LinearBlock {
                    input: b,
                    output: 0,
                    weight,
                });
            }
        }
        DenseMap::linear(&Linear {
            input: input.clone(),
            output: scalars(self.outputs),
            blocks,
            bias: self.bias.clone(),
        })
    }
}
