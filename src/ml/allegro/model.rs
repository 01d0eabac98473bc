//! An Allegro model as plain data.
//!
//! Features belong to directed edges e = (i, j); an atom's environment is the sum over the edges
//! of which it is the receiver, so that the energy of an atom depends on its neighbours only.
//!
//! ```text
//! x_e    = two_body(d_e, z_i, z_j)                      s_e = embed(x_e)
//! T_e    = tensor_embed(s_e)_ur Y_r(e)                  (p_e, w_e) = projection(s_e)
//! per layer:
//!   A_i  = norms[z_i] sum_e w_e,ur Y_r(e)
//!   T_e' = sum_mn C^u_mnk T_e,um A_i,un                 (the Wigner symbols are in C)
//!   (p_e', w_e) = latent(p_e, p_e', .., T'_e,u0)        all p so far
//! E_i    = shift + scale * edge_norms[z_i] sum_e readout(p_e, p_e', ..) + repulsion_i
//! ```
//!
//! u are channels, r harmonics' degrees, m, n, k components. Y is taken of r_j - r_i, as the
//! trainer does; edge vectors in `ml` are its negative. Units: eV and Å.
//! Reference: A. Musaelian et al., Nat. Commun. 14, 579 (2023).
//! Imports the plain data of layers, radial functions and the repulsion.

use crate::ml::layers::{Mlp, Stored};
use crate::ml::radial::form::RadialEmbedding;
use crate::ml::repulsion::Repulsion;
use crate::ml::summary::ModelSummary;

/// A whole model. Nz is the number of species.
#[derive(Debug, Clone)]
pub struct Allegro {
    /// Program and version that wrote the file; for people.
    pub origin: String,
    /// Name of each species in the file; length Nz.
    pub type_names: Vec<String>,
    /// Atomic number of each species; 0 where the name is no chemical symbol.
    pub atomic_numbers: Vec<u8>,
    /// Largest cutoff radius (Å).
    pub r_max: f64,
    /// Cutoff radii of pairs (Å), \[receiver\]\[sender\]; empty where all are `r_max`.
    pub pair_cutoffs: Vec<f64>,
    /// Type of the stored network weights.
    pub stored: Stored,
    /// Degree up to which spherical harmonics are used.
    pub l_max: usize,
    /// First scalars of an edge.
    pub two_body: TwoBody,
    /// Perceptron of the first scalars.
    pub embed: Mlp,
    /// Number S of scalars p per layer.
    pub scalars: usize,
    /// Number U of channels of the tensors.
    pub channels: usize,
    /// Linear map to the weights of the first tensors, \[U\]\[l_max + 1\].
    pub tensor_embed: Mlp,
    /// Linear map to the first p and the weights of the first environment, S then
    /// \[U\]\[l_max + 1\].
    pub projection: Mlp,
    /// Factor of the environment of each species, \[Nz\].
    pub norms: Vec<f64>,
    /// The layers.
    pub layers: Vec<AllegroLayer>,
    /// Perceptron of all p to the energy of an edge.
    pub readout: Mlp,
    /// Factor of the sum of edge energies of each species, \[Nz\].
    pub edge_norms: Vec<f64>,
    /// Factor of the energy per species, \[Nz\].
    pub scale: Vec<f64>,
    /// Constant per species (eV), \[Nz\].
    pub shift: Vec<f64>,
    /// Screened nuclear repulsion.
    pub repulsion: Option<Repulsion>,
}

/// First scalars of an edge, functions of the stretched distance d = r * stretch and the species.
#[derive(Debug, Clone)]
pub enum TwoBody {
    /// `(center[z_i], neighbor[z_j]) * linear(e(d))`, element by element; the first half of the
    /// outputs is multiplied by the vector of the receiver, the second by that of the sender.
    Bessel {
        /// Inputs e, with `cutoff_r_max` = `r_max`.
        radial: RadialEmbedding,
        /// Linear map of the inputs.
        linear: Mlp,
        /// \[Nz\]\[half of the outputs of `linear`\].
        center: Vec<f64>,
        /// The same.
        neighbor: Vec<f64>,
    },
    /// `x_c = sum_k weights[z_i][z_j][c][k] b_k(d / r_max)`,
    /// `b_k(x) = ((1 - cos(2 pi t)) / 2)^2`, t = (x - (k - span) / n) n / (span + 1) kept
    /// between 0 and 1.
    Spline {
        /// Number n of functions.
        functions: usize,
        /// span.
        span: usize,
        /// Number of scalars.
        channels: usize,
        /// \[Nz\]\[Nz\]\[channels\]\[n\].
        weights: Vec<f64>,
    },
}

impl TwoBody {
    /// Number of scalars.
    pub fn outputs(&self) -> usize {
        match self {
            TwoBody::Bessel { linear, .. } => linear.outputs,
            TwoBody::Spline { channels, .. } => *channels,
        }
    }
}

/// One layer.
#[derive(Debug, Clone)]
pub struct AllegroLayer {
    /// Components of the entering tensors per channel.
    pub input: usize,
    /// Components of the new tensors per channel; the first is an even scalar.
    pub output: usize,
    /// Components (m, n, k) of the non-zero couplings.
    pub couplings: Vec<[u16; 3]>,
    /// Their values, \[couplings\]\[U\].
    pub weights: Vec<f64>,
    /// Perceptron to the next p and (not in the last layer) environment weights.
    pub latent: Mlp,
}

impl Allegro {
    /// Number of species.
    pub fn species(&self) -> usize {
        self.type_names.len()
    }

    /// Cutoff radius of an edge (Å).
    pub fn cutoff(&self, receiver: usize, sender: usize) -> f64 {
        let pair = receiver * self.species() + sender;
        self.pair_cutoffs.get(pair).copied().unwrap_or(self.r_max)
    }

    /// Description of the model, as data to be printed.
    pub fn summary(&self) -> ModelSummary {
        let mut list = vec![
            ("layers", self.layers.len().to_string()),
            ("l_max", self.l_max.to_string()),
            ("scalars", self.scalars.to_string()),
            ("tensor channels", self.channels.to_string()),
        ];
        let basis = match &self.two_body {
            TwoBody::Bessel { radial, .. } => format!("{} Bessel", radial.basis.len()),
            TwoBody::Spline { functions, .. } => format!("{functions} splines"),
        };
        list.push(("radial basis", basis));
        let yes = if self.repulsion.is_some() {
            "yes"
        } else {
            "no"
        };
        list.push(("ZBL repulsion", yes.to_owned()));
        let list = list.into_iter();
        ModelSummary {
            architecture: self.origin.clone(),
            elements: self.type_names.clone(),
            cutoff: self.r_max,
            precision: match self.stored {
                Stored::Single => "float32",
                Stored::Double => "float64",
            },
            heads: Vec::new(),
            implied_head: None,
            hyperparameters: list.map(|(name, v)| (name.to_owned(), v)).collect(),
        }
    }
}
