//! A MACE model as plain data: what a model file holds, checked for consistency by the loader and
//! independent of the file's form.
//!
//! All normalisation constants of the trainer (1/sqrt(fan-in) of linear maps, 1/sqrt(h_in) of the
//! radial networks) are folded into the weights; no further factor has to be applied to a weight
//! array. Numbers are f64 whatever the file stores. Matrices are row-major, input index first:
//! `y[w] = sum_u x[u] * weight[u * outputs + w]`.
//!
//! Words: i is the receiver (centre) of an edge and j its sender (neighbour); the vector of an
//! edge is r_i - r_j (+ cell shift); C is the number of channels, Nz that of species, a species is
//! an index into [`MaceModel::atomic_numbers`]. Units: eV and Å.
//! Reference: I. Batatia et al., NeurIPS 35 (2022), arXiv:2206.07697.
//! Imports [`crate::ml::irreps`], [`crate::ml::activation`] and [`crate::ml::stored`] only.

use crate::ml::activation::Activation;
use crate::ml::irreps::{Irrep, Irreps};
pub use crate::ml::stored::Stored;

/// A whole model.
#[derive(Debug, Clone)]
pub struct MaceModel {
    /// Class name in the file, `MACE` or `ScaleShiftMACE`.
    pub class: String,
    /// Atomic number Z of each species, in the model's order (normally ascending); length Nz.
    pub atomic_numbers: Vec<u8>,
    /// Cutoff radius of every layer (Å).
    pub r_max: f64,
    /// Names of the heads (levels of theory); at least one.
    pub heads: Vec<String>,
    /// Head that the file itself selects (`*-lammps.pt` files do), as an index into `heads`.
    pub default_head: Option<usize>,
    /// Type of the stored network weights; decides the precision `auto`.
    pub stored: Stored,
    /// Degree up to which spherical harmonics of the edge direction are used.
    pub l_max: usize,
    /// Radial basis, cutoff function and distance transform.
    pub radial: RadialEmbedding,
    /// Node features before the first layer, \[Nz\]\[C\] even scalars.
    pub embedding: Vec<f64>,
    /// Interaction and product of each layer, first layer first.
    pub layers: Vec<Layer>,
    /// Readouts in the order of the file.
    pub readouts: Vec<Readout>,
    /// Energy of each isolated species E0 (eV), \[heads\]\[Nz\].
    pub atomic_energies: Vec<f64>,
    /// Factor of the interaction energy per head (1 for class MACE), \[heads\].
    pub scale: Vec<f64>,
    /// Constant added per atom and head (eV; 0 for class MACE), \[heads\].
    pub shift: Vec<f64>,
    /// Screened nuclear repulsion; it is multiplied by `scale` as the readouts are.
    pub zbl: Option<Zbl>,
    /// True where only the last layer has a readout although there are several layers.
    pub use_last_readout_only: bool,
}

/// From the edge length to the inputs of the radial networks.
///
/// With d the transformed distance and f_c the cutoff function of the plain distance r, the inputs
/// are `e_n = b_n(d) * f_c(r)`; where `apply_cutoff` is false they are `e_n = b_n(d)` and f_c
/// multiplies the outputs of the radial networks (path weights and edge densities) instead.
#[derive(Debug, Clone)]
pub struct RadialEmbedding {
    /// Basis functions b_n.
    pub basis: RadialBasis,
    /// Exponent p of the polynomial cutoff
    /// `f_c = 1 - (p+1)(p+2)/2 x^p + p(p+2) x^(p+1) - p(p+1)/2 x^(p+2)`, x = r / `cutoff_r_max`,
    /// zero for x >= 1.
    pub cutoff_p: f64,
    /// Radius of the cutoff function (Å).
    pub cutoff_r_max: f64,
    /// See above.
    pub apply_cutoff: bool,
    /// Map of the distance before the basis.
    pub transform: DistanceTransform,
}

/// Radial basis functions of the (transformed) distance d.
#[derive(Debug, Clone)]
pub enum RadialBasis {
    /// `b_n = prefactor * sin(w_n d) / d`.
    Bessel {
        /// sqrt(2 / r_max).
        prefactor: f64,
        /// Wave numbers w_n (1/Å).
        weights: Vec<f64>,
    },
    /// `b_n = exp(coeff * (d - center_n)^2)`.
    Gaussian {
        /// Negative inverse squared width.
        coeff: f64,
        /// Centres.
        centers: Vec<f64>,
    },
    /// Chebyshev polynomials of the first kind `b_n = T_n(d)`, n = 1..=count.
    Chebyshev {
        /// Number of functions.
        count: usize,
    },
}

impl RadialBasis {
    /// Number of functions.
    pub fn len(&self) -> usize {
        match self {
            RadialBasis::Bessel { weights, .. } => weights.len(),
            RadialBasis::Gaussian { centers, .. } => centers.len(),
            RadialBasis::Chebyshev { count } => *count,
        }
    }

    /// True where there is no function; no loaded model has that.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Distance transform; radii are indexed by species.
#[derive(Debug, Clone)]
pub enum DistanceTransform {
    /// d = r.
    None,
    /// `d = 1 / (1 + a y^q / (1 + y^(q-p)))`, y = r / r0, r0 = (R_i + R_j) / 2.
    Agnesi {
        /// Exponent q.
        q: f64,
        /// Exponent p.
        p: f64,
        /// Strength a.
        a: f64,
        /// Covalent radii R (Å), \[Nz\].
        radii: Vec<f64>,
    },
    /// `d = p0 + (r - p0) (1 + tanh(alpha/(p1-p0) (r - (p0+p1)/2))) / 2`, p0 = 3/4 r0,
    /// p1 = 4/3 r0, r0 = R_i + R_j.
    Soft {
        /// Steepness.
        alpha: f64,
        /// Covalent radii R (Å), \[Nz\].
        radii: Vec<f64>,
    },
}

impl DistanceTransform {
    /// True where the radial functions depend on the species of the (unordered) pair.
    pub fn depends_on_species(&self) -> bool {
        !matches!(self, DistanceTransform::None)
    }
}

/// One layer: messages, then products of them.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Message passing: from node features h to the atomic basis A and the skip connection.
    pub interaction: Interaction,
    /// Symmetric contraction of A and the linear map to the next node features.
    pub product: Product,
}

/// Message passing of one layer.
///
/// `Phi_i = sum_j m_ij` with, for every path q = (l1, l2, l3) and channel u,
/// `m_ij[q, u, m3] = path.weight * R_{q,u} * sum_{m1 m2} w3j(l1,l2,l3)[m1,m2,m3] *
/// up(h_j)[u, m1] * Y_{l2 m2}(r_ij)`; what follows is [`Mixing`].
#[derive(Debug, Clone)]
pub struct Interaction {
    /// Class name in the file.
    pub class: String,
    /// Linear map of the features of the sender.
    pub up: Linear,
    /// Paths in the order of their weights and of the blocks of `message`.
    pub paths: Vec<Path>,
    /// Layout of Phi, one block per path; also the input layout of the linear map that follows.
    pub message: Irreps,
    /// Network from the radial inputs to R_{q,u}, the paths concatenated.
    pub radial: RadialNet,
    /// Second argument of the radial networks besides the radial basis.
    pub pair_embedding: Option<PairEmbedding>,
    /// How the sum over neighbours is divided.
    pub normalization: Normalization,
    /// From Phi to A, and the skip connection.
    pub mixing: Mixing,
    /// Layout of the atomic basis A: C channels of each l = 0..=l_max in ascending order.
    pub out: Irreps,
}

/// Species-dependent inputs appended to the radial basis: `[e, source[z_j], target[z_i]]`.
#[derive(Debug, Clone)]
pub struct PairEmbedding {
    /// Length of one row of `source`.
    pub source_len: usize,
    /// Row of the sender, \[Nz\]\[source_len\].
    pub source: Vec<f64>,
    /// Length of one row of `target`.
    pub target_len: usize,
    /// Row of the receiver, \[Nz\]\[target_len\].
    pub target: Vec<f64>,
}

/// One path of the tensor product of features and spherical harmonics.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Path {
    /// Block of `Interaction::up.output` that enters.
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
    /// Position of the path's block in Phi.
    pub message_offset: usize,
    /// Factor of the path, sqrt(2 l3 + 1) in all known files.
    pub weight: f64,
}

/// Division of the sum over neighbours, applied to the mixed Phi.
#[derive(Debug, Clone)]
pub enum Normalization {
    /// Divide by a constant.
    AverageNeighbors(f64),
    /// Divide by `alpha + beta * sum_j rho_ij`, `rho_ij = tanh(D(e)^2)` (times f_c where
    /// `apply_cutoff` is false), D a radial network with one output.
    Density {
        /// D.
        net: RadialNet,
        /// Constant; 1 for the Density classes.
        alpha: f64,
        /// Factor of the density; 1 for the Density classes.
        beta: f64,
    },
}

/// From the summed messages Phi to the atomic basis A, and the skip connection sc that is added to
/// the output of the product. N is the divisor given by [`Normalization`].
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)] // one per layer; boxes would only blur the reading
pub enum Mixing {
    /// `A = skip(z_i) (linear(Phi) / N)`; no sc.
    Plain {
        /// Mixes paths and channels.
        linear: Linear,
        /// Species-dependent map of A.
        skip: SpeciesLinear,
    },
    /// `A = linear(Phi) / N`, `sc = skip(z_i) h_i` with h before `up`.
    Residual {
        /// Mixes paths and channels.
        linear: Linear,
        /// Species-dependent map to the layer's output layout.
        skip: SpeciesLinear,
    },
    /// `x = linear_1(Phi) / N + residual(up(h_i))`, `A = linear_2(gate(x))`, `sc = skip(h_i)`.
    NonLinear {
        /// Mixes paths and channels; output layout of the gate's input.
        linear_1: Linear,
        /// Map of the receiver's own features `up(h_i)`.
        residual: Linear,
        /// The gate.
        gate: Gate,
        /// After the gate.
        linear_2: Linear,
        /// Skip connection from h before `up`.
        skip: Linear,
    },
}

/// Equivariant gate. Input: `scalars` even scalars, `gates` even scalars, then the gated blocks;
/// output: `scalar_act(scalars)`, then each gated copy multiplied by `gate_act` of its gate.
#[derive(Debug, Clone)]
pub struct Gate {
    /// Number of plain scalars.
    pub scalars: usize,
    /// Number of gates, the sum of copies of the gated blocks.
    pub gates: usize,
    /// Blocks with l > 0, in the order of input and output.
    pub gated: Irreps,
    /// Activation of the plain scalars.
    pub scalar_act: Activation,
    /// Activation of the gates.
    pub gate_act: Activation,
}

/// Radial network: a chain of layers from the radial inputs to `outputs` numbers.
#[derive(Debug, Clone)]
pub struct RadialNet {
    /// Number of inputs.
    pub inputs: usize,
    /// Number of outputs.
    pub outputs: usize,
    /// The chain.
    pub layers: Vec<RadialLayer>,
}

/// One step of a radial network.
#[derive(Debug, Clone)]
pub enum RadialLayer {
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

/// Product basis of one layer: `h' = linear(B) (+ sc)`, B the contractions concatenated
/// (each with its channels first: (c, M)).
#[derive(Debug, Clone)]
pub struct Product {
    /// One per output irrep, in the order of the output blocks.
    pub contractions: Vec<Contraction>,
    /// Map of B.
    pub linear: Linear,
    /// True where the interaction's skip connection is added.
    pub use_sc: bool,
}

/// Symmetric contraction for one output irrep L:
/// `B[c, M] = sum_nu sum_k w^nu[z_i, k, c] sum U^nu[M, lm_1..lm_nu, k] A[c, lm_1]..A[c, lm_nu]`,
/// lm = l^2 + l + m running over the concatenated components of A.
#[derive(Debug, Clone)]
pub struct Contraction {
    /// Output irrep L.
    pub irrep: Irrep,
    /// Number of channels.
    pub channels: usize,
    /// Number of components of A per channel, (l_max + 1)^2.
    pub components: usize,
    /// One per degree nu = 1, 2, .. correlation.
    pub terms: Vec<ContractionTerm>,
}

/// Part of a contraction that is homogeneous of one degree in A.
#[derive(Debug, Clone)]
pub struct ContractionTerm {
    /// Degree nu.
    pub degree: usize,
    /// Number of paths k.
    pub paths: usize,
    /// Rows of `weight`: Nz, or 1 where the weights do not depend on the species.
    pub weight_species: usize,
    /// w, \[weight_species\]\[paths\]\[channels\].
    pub weight: Vec<f64>,
    /// Non-zero entries of U as the file has them (not symmetrised).
    pub coupling: Coupling,
}

/// Sparse array U; entry e is `value[e]` at M = `m[e]`, k = `path[e]` and
/// lm_s = `factors[e * degree + s]`. Entries are in the row-major order of the dense array.
#[derive(Debug, Clone, Default)]
pub struct Coupling {
    /// Component M of the output, 0..2L+1.
    pub m: Vec<u16>,
    /// Path k.
    pub path: Vec<u32>,
    /// Components of A, `degree` per entry.
    pub factors: Vec<u16>,
    /// Values.
    pub value: Vec<f64>,
}

impl ContractionTerm {
    /// Weights of one species, \[paths\]\[channels\].
    pub fn weights_of(&self, species: usize) -> &[f64] {
        let row = if self.weight_species == 1 { 0 } else { species };
        let len = self.weight.len() / self.weight_species;
        &self.weight[row * len..(row + 1) * len]
    }
}

/// A readout: one energy per head from the node features after layer `layer`.
#[derive(Debug, Clone)]
pub struct Readout {
    /// Index of the layer whose output is read.
    pub layer: usize,
    /// The map.
    pub kind: ReadoutKind,
}

/// Maps of a readout. The output layout is one even scalar per head (or a single one).
#[derive(Debug, Clone)]
pub enum ReadoutKind {
    /// Linear in the even scalars.
    Linear(Linear),
    /// `last(mask act(.. mask act(first(h))))`: after each activation only the hidden components
    /// of the chosen head are kept, `head * n .. (head + 1) * n` with n = hidden / heads.
    NonLinear {
        /// Linear maps before each activation: one, or two where the file has a `linear_mid`.
        hidden: Vec<Linear>,
        /// The activation.
        activation: Activation,
        /// Map to the energies.
        last: Linear,
    },
}

/// Ziegler-Biersack-Littmark repulsion with a smooth end at the sum of the covalent radii:
/// `E_i = 1/2 sum_j 14.3996 Z_i Z_j / r * phi(r / a) * f_env(r / (R_i + R_j))`,
/// `a = a_prefactor * 0.529 / (Z_i^a_exp + Z_j^a_exp)`, `phi(x) = sum_k c_k exp(-t_k x)`,
/// t = [`Zbl::EXPONENTS`], f_env the polynomial cutoff with exponent `p`.
#[derive(Debug, Clone)]
pub struct Zbl {
    /// Amplitudes c_k.
    pub c: [f64; 4],
    /// Exponent of the cutoff.
    pub p: f64,
    /// Exponent of Z in the screening length.
    pub a_exp: f64,
    /// Factor of the screening length.
    pub a_prefactor: f64,
    /// Covalent radii R (Å), \[Nz\].
    pub radii: Vec<f64>,
}

impl Zbl {
    /// Exponents t_k of the universal screening function.
    pub const EXPONENTS: [f64; 4] = [3.2, 0.9423, 0.4028, 0.2016];
    /// Coulomb constant as the trainer writes it (eV Å). The trainer multiplies it with Z_i Z_j in
    /// torch's default precision: where that is f32, its ZBL energies deviate by 1e-8 relative.
    pub const COULOMB: f64 = 14.3996;
    /// Bohr radius as the trainer writes it (Å).
    pub const BOHR: f64 = 0.529;
}

impl MaceModel {
    /// Number of species.
    pub fn species(&self) -> usize {
        self.atomic_numbers.len()
    }

    /// Species index of an atomic number, None where the model does not know the element.
    pub fn species_of(&self, atomic_number: u8) -> Option<usize> {
        self.atomic_numbers.iter().position(|&z| z == atomic_number)
    }

    /// Length of a row of `embedding`, the number of channels before the first layer.
    pub fn embedding_len(&self) -> usize {
        self.embedding.len() / self.species()
    }

    /// Head to use where the user named none: the file's own choice, or the only head.
    pub fn implied_head(&self) -> Option<usize> {
        self.default_head.or((self.heads.len() == 1).then_some(0))
    }
}
