//! Layers that several families of networks have in common, as plain data: equivariant linear
//! maps, paths of tensor products, multilayer perceptrons.
//!
//! Normalisation constants of the trainers (1/sqrt(fan-in) and the like) are folded into the
//! weights. Matrices are row-major, input index first:
//! `y[w] = sum_u x[u] * weight[u * outputs + w]`.
//! Imports [`crate::ml::irreps`] and [`crate::ml::activation`] only.

use crate::ml::activation::Activation;
use crate::ml::irreps::Irreps;

/// Type in which the file stores the network weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// 32-bit floats (or narrower).
    Single,
    /// 64-bit floats.
    Double,
}

/// One path of the tensor product of features and spherical harmonics.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Path {
    /// Block of the entering features (the output of the linear map before the product).
    pub input: usize,
    /// Degree of the entering block.
    pub l1: usize,
    /// Degree of the spherical harmonics.
    pub l2: usize,
    /// Degree of the message.
    pub l3: usize,
    /// Number of channels; the same as of the entering block.
    pub channels: usize,
    /// Position of the path's first channel among the outputs of the radial network.
    pub weight_offset: usize,
    /// Position of the path's block in the message.
    pub message_offset: usize,
    /// Factor of the path: sqrt(2 l3 + 1) in all known files, times the sign of the file's
    /// Wigner symbols relative to [`crate::ml::wigner::wigner_3j`] and what the loader folds in.
    pub weight: f64,
}

/// Multilayer perceptron of scalars (radial networks, readouts): a chain of layers.
#[derive(Debug, Clone)]
pub struct Mlp {
    /// Number of inputs.
    pub inputs: usize,
    /// Number of outputs.
    pub outputs: usize,
    /// The chain.
    pub layers: Vec<MlpLayer>,
}

impl Mlp {
    /// The perceptron of these layers; None where they do not fit together or there is no dense
    /// layer.
    pub fn new(layers: Vec<MlpLayer>) -> Option<Mlp> {
        let mut width = None;
        let mut first = None;
        for layer in &layers {
            let (expected, next) = match layer {
                MlpLayer::Dense {
                    inputs, outputs, ..
                } => (Some(*inputs), Some(*outputs)),
                MlpLayer::LayerNorm { weight, .. } => (Some(weight.len()), Some(weight.len())),
                MlpLayer::Activation(_) => (width, width),
            };
            match (width, expected) {
                (None, Some(n)) => first = Some(n),
                (Some(a), Some(b)) if a == b => {}
                _ => return None,
            }
            width = next;
        }
        match (first, width) {
            (Some(inputs), Some(outputs)) if inputs > 0 && outputs > 0 => Some(Mlp {
                inputs,
                outputs,
                layers,
            }),
            _ => None,
        }
    }
}

/// One step of a perceptron.
#[derive(Debug, Clone)]
pub enum MlpLayer {
    /// `y = x W + b`.
    Dense {
        /// Length of x.
        inputs: usize,
        /// Length of y.
        outputs: usize,
        /// W, \[inputs\]\[outputs\].
        weight: Vec<f64>,
        /// b, \[outputs\], or empty for none.
        bias: Vec<f64>,
    },
    /// `y = (x - mean) / sqrt(variance + eps) * weight + bias`, variance with divisor n.
    LayerNorm {
        /// Factors, one per component.
        weight: Vec<f64>,
        /// Constants, one per component.
        bias: Vec<f64>,
        /// eps.
        eps: f64,
    },
    /// Componentwise activation.
    Activation(Activation),
}

/// Equivariant linear map: every output block is a sum over input blocks of the same irrep.
#[derive(Debug, Clone)]
pub struct Linear {
    /// Layout of the input.
    pub input: Irreps,
    /// Layout of the output.
    pub output: Irreps,
    /// Blocks in the order of the file.
    pub blocks: Vec<LinearBlock>,
    /// Constants of the even scalars of the output, concatenated; empty for none.
    pub bias: Vec<f64>,
}

/// `y[output][w, m] += sum_u weight[u, w] x[input][u, m]`.
#[derive(Debug, Clone)]
pub struct LinearBlock {
    /// Block of the input layout.
    pub input: usize,
    /// Block of the output layout.
    pub output: usize,
    /// \[copies of the input block\]\[copies of the output block\], normalisation included.
    pub weight: Vec<f64>,
}

/// Linear map whose weights depend on the species of the node.
#[derive(Debug, Clone)]
pub struct SpeciesLinear {
    /// Layout of the input.
    pub input: Irreps,
    /// Layout of the output.
    pub output: Irreps,
    /// Blocks in the order of the file; their weights are
    /// \[Nz\]\[copies of the input block\]\[copies of the output block\].
    pub blocks: Vec<LinearBlock>,
}
