//! One network of the NequIP kind as plain data, independent of the trainer and of the file's form:
//! NequIP (>= 0.7 and <= 0.6) and SevenNet (all versions) are all described by it.
//!
//! ```text
//! h_i   = embedding[z_i]
//! per layer:
//!   s_i = self_connection(z_i, h_i)
//!   g_i = source_scale[z_i] * linear_1(h_i)
//!   m_i = sum_j  (+)_q  path_q.weight * R_qu(d_ij) * sum w3j(l1,l2,l3) g_j[u, m1] Y_l2m2(r_ij)
//!   x_i = linear_2(m_i) + s_i
//!   h_i = gate(x_i)  (+ h_i where `residual`)
//! E_i   = scale[z_i] * readout(h_i) + shift[z_i] + repulsion_i
//! ```
//!
//! **Everything constant is folded in by the loader**: normalisation of linear maps and
//! perceptrons, average numbers of neighbours that do not depend on the species, the sign of the
//! file's Wigner symbols relative to [`crate::ml::wigner::wigner_3j`], and the direction of the
//! edge vector. Here as everywhere in `ml` the vector of an edge is r_i - r_j (receiver i minus
//! sender j); both trainers use its negative, and the factor (-1)^l2 is part of `Path::weight`.
//!
//! Numbers are f64 whatever the file stores. Matrices are row-major, input index first. Feature
//! vectors have the layout of [`crate::ml::irreps`] (block after block, in a block (u, m)).
//! Units: eV and Å. Nz is the number of species; a species is an index into
//! [`Network::type_names`].
//! References: S. Batzner et al., Nat. Commun. 13, 2453 (2022); Y. Park et al., J. Chem. Theory
//! Comput. 20, 4857 (2024).
//! Imports [`crate::ml::irreps`], [`crate::ml::activation`], [`crate::ml::layers`],
//! [`crate::ml::repulsion`] and [`crate::ml::radial::form`] only.

use crate::ml::activation::Activation;
use crate::ml::irreps::Irreps;
use crate::ml::layers::{Linear, Mlp, Path, SpeciesLinear, Stored};
use crate::ml::radial::form::RadialEmbedding;
use crate::ml::repulsion::Repulsion;

/// A whole network.
#[derive(Debug, Clone)]
pub struct Network {
    /// Program and version that wrote the file, such as `NequIP 0.19.1`; for people.
    pub origin: String,
    /// Name of each species in the file, normally a chemical symbol; length Nz. Different species
    /// have different names and may be of one element.
    pub type_names: Vec<String>,
    /// Atomic number of each species; 0 where the name is no chemical symbol.
    pub atomic_numbers: Vec<u8>,
    /// Cutoff radius of every layer (Å): the largest over all pairs of species.
    pub r_max: f64,
    /// Where pairs of species have cutoffs of their own: their cutoff radii (Å),
    /// \[species of the receiver\]\[species of the sender\], not always symmetric, none above
    /// `r_max`; empty where all are `r_max`. See [`Network::stretch`].
    pub pair_cutoffs: Vec<f64>,
    /// Type of the stored network weights; decides the precision `auto`.
    pub stored: Stored,
    /// Degree up to which spherical harmonics of the edge direction are used.
    pub l_max: usize,
    /// True for solid harmonics `r^l Y_lm(r / |r|)` (r in Å, not stretched) in place of Y_lm
    /// (old SevenNet files).
    pub solid_harmonics: bool,
    /// Inputs e_n of the radial networks as functions of the *stretched* distance
    /// d = r * stretch(z_i, z_j), with `cutoff_r_max` = `r_max`, no transform, and `apply_cutoff`.
    /// All radial functions are functions of d alone. Edges with d >= r_max do not exist (the
    /// functions end there smoothly).
    pub radial: RadialEmbedding,
    /// Node features before the first layer, \[Nz\]\[C\] even scalars.
    pub embedding: Vec<f64>,
    /// The layers, first layer first.
    pub layers: Vec<Layer>,
    /// From the features after the last layer to one energy.
    pub readout: Readout,
    /// Factor of the readout per species, \[Nz\] (1 where the file has none).
    pub scale: Vec<f64>,
    /// Constant per species (eV), \[Nz\].
    pub shift: Vec<f64>,
    /// Screened nuclear repulsion, of the plain distance; not multiplied by `scale`.
    pub repulsion: Option<Repulsion>,
}

/// One layer; formulas in the head of the module.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Layout of the features that enter.
    pub input: Irreps,
    /// Map of an atom's own features to the gate's input.
    pub self_connection: SelfConnection,
    /// Map of the features before they are sent; its bias is added before `source_scale`.
    pub linear_1: Linear,
    /// Factor of an atom's sent features per species, \[Nz\] (the sender's average number of
    /// neighbours to the power -1/2), or empty for none.
    pub source_scale: Vec<f64>,
    /// Network from the radial inputs to R_qu, the paths concatenated in *their* order of
    /// `weight_offset` (which need not be the order of `paths`).
    pub radial: Mlp,
    /// Paths from blocks of `linear_1.output` to blocks of `message`. Several paths may not share
    /// a block of `message`.
    pub paths: Vec<Path>,
    /// Layout of the summed messages, one block per path, ordered by irrep (not always in the
    /// order of `paths`: see `Path::message_offset`). Neighbouring blocks of one irrep are *not*
    /// joined here.
    pub message: Irreps,
    /// Map of the summed messages to the gate's input. `linear_2.input` is `message` with
    /// neighbouring blocks of one irrep joined: the same vector of the same length.
    pub linear_2: Linear,
    /// Gate; its output is the layout of the next layer's features.
    pub gate: Gate,
    /// True where the features that entered are added to the gate's output (same layout).
    pub residual: bool,
}

/// Map of an atom's own features to the gate's input.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)] // one per layer; boxes would only blur the reading
pub enum SelfConnection {
    /// None.
    None,
    /// The same for all species.
    Linear(Linear),
    /// Weights per species.
    Species(SpeciesLinear),
}

/// Equivariant gate. Components of the output that no part writes do not exist: `scalars` and
/// `gated` together cover the output exactly once. Components of the input that no part reads are
/// ignored (no known file has any).
#[derive(Debug, Clone)]
pub struct Gate {
    /// Layout of the input (that of `linear_2.output` and the self-connection).
    pub input: Irreps,
    /// Layout of the output.
    pub output: Irreps,
    /// Scalars that are activated: `y[output + u] = activation(x[input + u])`, u < mul. Odd
    /// scalars have odd (tanh) or even (|x|, then the output is an even scalar) activations.
    pub scalars: Vec<GateScalars>,
    /// Gated copies: `y[output + u d + m] = activation(x[gate + u]) x[input + u d + m]`,
    /// u < mul, m < d = 2l + 1.
    pub gated: Vec<GateCopies>,
}

/// Run of scalars of a [`Gate`]; positions are components of the feature vectors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GateScalars {
    /// First component of the input.
    pub input: usize,
    /// First component of the output.
    pub output: usize,
    /// Number of scalars.
    pub mul: usize,
    /// Function applied, normalisation included.
    pub activation: Activation,
}

/// Run of gated copies of a [`Gate`]; positions are components of the feature vectors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GateCopies {
    /// Component of the input that is the first copy's gate.
    pub gate: usize,
    /// First component of the first copy in the input.
    pub input: usize,
    /// First component of the first copy in the output.
    pub output: usize,
    /// Number of copies.
    pub mul: usize,
    /// Degree of the copies.
    pub l: usize,
    /// Function applied to the gates, normalisation included.
    pub activation: Activation,
}

/// From features to one energy: a perceptron of consecutive even scalars.
#[derive(Debug, Clone)]
pub struct Readout {
    /// First component of the features that enters; `net.inputs` components do.
    pub start: usize,
    /// The perceptron, with one output.
    pub net: Mlp,
}

impl Network {
    /// Number of species.
    pub fn species(&self) -> usize {
        self.type_names.len()
    }

    /// Species index of a name in the file, None where the model does not know it.
    pub fn species_of(&self, name: &str) -> Option<usize> {
        self.type_names.iter().position(|n| n == name)
    }

    /// Length of a row of `embedding`, the number of channels before the first layer.
    pub fn embedding_len(&self) -> usize {
        self.embedding.len() / self.species()
    }

    /// Cutoff radius of an edge (Å).
    pub fn cutoff(&self, receiver: usize, sender: usize) -> f64 {
        match self.pair_cutoffs.get(receiver * self.species() + sender) {
            Some(&cutoff) => cutoff,
            None => self.r_max,
        }
    }

    /// Factor by which the distance of an edge is multiplied before the radial functions, so that
    /// its own cutoff falls on `r_max`; at least 1.
    pub fn stretch(&self, receiver: usize, sender: usize) -> f64 {
        self.r_max / self.cutoff(receiver, sender)
    }
}
