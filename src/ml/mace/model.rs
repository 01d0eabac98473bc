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
//! Imports [`crate::ml::irreps`], [`crate::ml::activation`], [`crate::ml::layers`] and
//! [`crate::ml::radial::form`] only.

use crate::ml::activation::Activation;
use crate::ml::irreps::{Irrep, Irreps};
use crate::ml::layers::{Linear, Mlp, Path, SpeciesLinear, Stored};
use crate::ml::radial::form::{PairEmbedding, RadialEmbedding};
use crate::ml::repulsion::{Pair, Repulsion};

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
    pub radial: Mlp,
    /// Second argument of the radial networks besides the radial basis.
    pub pair_embedding: Option<PairEmbedding>,
    /// How the sum over neighbours is divided.
    pub normalization: Normalization,
    /// From Phi to A, and the skip connection.
    pub mixing: Mixing,
    /// Layout of the atomic basis A: C channels of each l = 0..=l_max in ascending order.
    pub out: Irreps,
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
        net: Mlp,
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

    /// The repulsion times `scale` for all pairs of the species with these atomic numbers.
    pub fn repulsion(&self, atomic_numbers: &[u8], scale: f64) -> Repulsion {
        let mut pairs = Vec::new();
        for (&zi, ri) in atomic_numbers.iter().zip(&self.radii) {
            for (&zj, rj) in atomic_numbers.iter().zip(&self.radii) {
                let (zi, zj) = (f64::from(zi), f64::from(zj));
                pairs.push(Pair {
                    charge: 0.5 * Zbl::COULOMB * zi * zj,
                    a: self.a_prefactor * Zbl::BOHR / (zi.powf(self.a_exp) + zj.powf(self.a_exp)),
                    end: ri + rj,
                });
            }
        }
        Repulsion {
            c: self.c.map(|c| c * scale),
            t: Zbl::EXPONENTS,
            p: self.p,
            pairs,
            species: atomic_numbers.len(),
        }
    }
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
