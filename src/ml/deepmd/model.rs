//! A Deep Potential model as plain data: what a model file holds, checked for consistency by the
//! loader and independent of the file's form. Numbers are f64 whatever the file stores. Matrices
//! are row-major, input index first: `y[w] = sum_u x[u] * weight[u * outputs + w]`.
//!
//! Words: i is the centre of an environment and j a neighbour; nt is the number of types, a type
//! is an index into [`DeepmdModel::type_map`]; a slot is a place for a neighbour in the matrix of
//! an environment, whose number is fixed (`sel`): slots without a neighbour are padding and still
//! contribute. Units: eV and Å.
//!
//! With r = |r_j - r_i| and the switch w(r), the row of a neighbour is
//! `R = w (1/(r+p), x/(r+p)^2, y/(r+p)^2, z/(r+p)^2)` (only its first component for se_e2_r),
//! p the protection, R = 0 for padding, and the normalised row is
//! `(R - mean[t_i, slot]) / stddev[t_i, slot]`, also for padding.
//! References: L. Zhang et al., NeurIPS 31 (2018), arXiv:1805.09003 (se_e2_a, se_e2_r);
//! D. Zhang et al., arXiv:2208.08236 (se_atten). Details are those of DeePMD-kit 3.2.
//! Imports [`crate::ml::activation`] and [`crate::ml::layers`] only.

use crate::ml::activation::Activation;
pub use crate::ml::layers::Stored;

/// A whole model. The energy of atom i of type t is
/// `fitting(D_i) + energy_bias[t]`, or 0 where `excluded_atoms[t]`.
#[derive(Debug, Clone)]
pub struct DeepmdModel {
    /// Name of each type as the trainer gave it, usually chemical symbols; length nt.
    pub type_map: Vec<String>,
    /// From environments to invariant features D.
    pub descriptor: Descriptor,
    /// From D to energies.
    pub fitting: Fitting,
    /// Constant energy per atom of each type (eV), \[nt\]: all biases of the file added up.
    pub energy_bias: Vec<f64>,
    /// Pairs that are no neighbours in any descriptor, \[nt\]\[nt\], symmetric: their slots are
    /// padding, and they take part in the choice of the nearest.
    pub excluded_pairs: Vec<bool>,
    /// Types whose atoms have no energy of their own, \[nt\].
    pub excluded_atoms: Vec<bool>,
    /// How many neighbours of any type a centre sees at all, the nearest ones; the limits of the
    /// sections apply to what remains. None where there is no such limit (TensorFlow graphs). It
    /// matters only where a section overflows.
    pub nearest: Option<usize>,
    /// Smallest distance in the training data (Å), where the file knows it.
    pub min_distance: Option<f64>,
    /// Version of the format or of the program as the file states it, or empty.
    pub version: String,
}

/// Descriptor: D of one centre from its environment.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)] // one per model; boxes would only blur the reading
pub enum Descriptor {
    /// se_e2_a.
    SeE2A(SeE2A),
    /// se_e2_r.
    SeE2R(SeE2R),
    /// se_e3 (also called se_t, se_at).
    SeE3(SeE3),
    /// se_atten (also called dpa1).
    SeAtten(SeAtten),
    /// The features of several descriptors, concatenated.
    Hybrid(Vec<Descriptor>),
}

/// Environment matrix: geometry, choice of neighbours, normalisation.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Cutoff radius r_c (Å).
    pub cutoff: f64,
    /// Radius r_s where the switch begins (Å).
    pub smooth: f64,
    /// Addend p of the distance in the denominators (Å), 0 in almost all models.
    pub protection: f64,
    /// Form of the switch.
    pub switch: Switch,
    /// How many neighbours have a slot.
    pub selection: Selection,
    /// Type of the stored weights of the descriptor that uses this environment.
    pub stored: Stored,
    /// Components of a row: 4, or 1 for se_e2_r.
    pub columns: usize,
    /// Mean of a row, \[nt\]\[slots\]\[columns\]. In practice the same for all slots of a section
    /// (see [`Environment::section_statistics`]); the file has it per slot.
    pub mean: Vec<f64>,
    /// Divisor of a row, \[nt\]\[slots\]\[columns\], never 0.
    pub stddev: Vec<f64>,
    /// Pairs (centre, neighbour) without interaction in this descriptor, \[nt\]\[nt\], symmetric:
    /// the *normalised* row of such a neighbour is multiplied by 0.
    pub excluded: Vec<bool>,
    /// True where the rows of padding in the section of an excluded pair are multiplied by 0, too
    /// (TensorFlow graphs); padding counts as an ordinary pair otherwise. Sections per type only.
    pub excluded_padding: bool,
}

/// Switch w(r).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Switch {
    /// `w = u^3 (-6 u^2 + 15 u - 10) + 1`, u = (r - r_s)/(r_c - r_s) clamped to \[0, 1\].
    Quintic,
    /// `w = exp(-exp(20 (r - r_s) / r_s))`; 0 beyond r_c.
    Exponential,
}

/// Slots of an environment. Within a section the neighbours are sorted by distance; what does not
/// find a slot is not seen by the model.
#[derive(Debug, Clone, PartialEq)]
pub enum Selection {
    /// A section for each type of neighbour, in the order of the types, \[nt\].
    PerType(Vec<usize>),
    /// One section for neighbours of all types.
    Total(usize),
}

impl Selection {
    /// Number of slots.
    pub fn slots(&self) -> usize {
        match self {
            Selection::PerType(sel) => sel.iter().sum(),
            Selection::Total(n) => *n,
        }
    }

    /// Slots in which neighbours of a type stand.
    pub fn section(&self, neighbor: usize) -> std::ops::Range<usize> {
        match self {
            Selection::PerType(sel) => {
                let start = sel[..neighbor].iter().sum();
                start..start + sel[neighbor]
            }
            Selection::Total(n) => 0..*n,
        }
    }
}

impl Environment {
    /// Mean and divisor of the rows of neighbours of type `neighbor` around a centre of type
    /// `centre` (`columns` components each), where they are the same for all slots; None where
    /// they differ or there is no slot.
    pub fn section_statistics(&self, centre: usize, neighbor: usize) -> Option<(&[f64], &[f64])> {
        let slots = self.selection.slots();
        let section = self.selection.section(neighbor);
        let row = |slot: usize| {
            let at = (centre * slots + slot) * self.columns;
            (
                &self.mean[at..at + self.columns],
                &self.stddev[at..at + self.columns],
            )
        };
        let first = row(section.clone().next()?);
        section
            .into_iter()
            .all(|s| row(s) == first)
            .then_some(first)
    }
}

/// se_e2_a: with the embedding G\[k, g\] of the first component of the normalised row R\[k\],
/// `T[d, g] = (1/divisor) sum_k R[k, d] G[k, g]`, `D[g, h] = sum_d T[d, g] T[d, h]`, h < axis.
/// The first index of D runs slowest.
#[derive(Debug, Clone)]
pub struct SeE2A {
    /// Rows of 4 components, sections per type.
    pub environment: Environment,
    /// Embedding nets.
    pub embeddings: PairEmbeddings,
    /// Number of columns of the second factor, at most the outputs of the embedding.
    pub axis: usize,
    /// Divisor of the sum; the number of slots except in graphs whose `sel` was changed later.
    pub divisor: f64,
}

/// se_e2_r: `D[g] = (1/5) (1/slots) sum_k G[k, g]`, the sum including padding.
#[derive(Debug, Clone)]
pub struct SeE2R {
    /// Rows of 1 component, sections per type.
    pub environment: Environment,
    /// Embedding nets.
    pub embeddings: PairEmbeddings,
}

/// Factor of se_e2_r.
pub const SE_R_FACTOR: f64 = 0.2;

/// se_e3: with the slots k of type t1 and l of type t2 and `c_kl = sum_{d=1..3} R[k, d] R[l, d]`,
/// `D[g] = sum_{t1 <= t2} (1/(sel[t1] sel[t2])) sum_kl c_kl G_{t1,t2}(c_kl)[g]`; k = l occurs where
/// t1 = t2.
#[derive(Debug, Clone)]
pub struct SeE3 {
    /// Rows of 4 components, sections per type.
    pub environment: Environment,
    /// Embedding of each pair of neighbour types, \[nt\]\[nt\] row-major with t1 first; None where
    /// t1 > t2. None is nowhere else.
    pub embeddings: Vec<Option<Embedding>>,
}

/// se_atten: D as of [`SeE2A`] with one section for all types and an embedding G that sees the
/// types through their embedding vectors and may be transformed by attention over the neighbours.
#[derive(Debug, Clone)]
pub struct SeAtten {
    /// Rows of 4 components, one section for all types.
    pub environment: Environment,
    /// Embedding vector of each type and, last, that of padding (zeros),
    /// \[nt + 1\]\[tebd_width\].
    pub type_embedding: Vec<f64>,
    /// Length of an embedding vector.
    pub tebd_width: usize,
    /// Row of `type_embedding` for padding: nt, or 0 in models with one type converted from
    /// programs that have no such row. It matters only where the mean is not 0.
    pub padding_row: usize,
    /// True where G depends on the type of the neighbour only, not on that of the centre.
    pub one_side: bool,
    /// Form of the embedding.
    pub input: TypeInput,
    /// Attention layers, in order; may be empty.
    pub attention: Vec<AttentionLayer>,
    /// Number of columns of the second factor, at most the outputs of the embedding.
    pub axis: usize,
    /// Divisor of the sum, the number of slots.
    pub divisor: f64,
    /// True where the embedding vector of the centre is appended to D.
    pub append_type: bool,
}

/// How G depends on the types, s being the first component of the normalised row and e_t the
/// embedding vector of type t.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)] // one per model
pub enum TypeInput {
    /// `G = net([s, e_j])` or, two-sided, `net([s, e_j, e_i])`.
    Concat(Network),
    /// `G = a + a b`, a = `radial`(s), b = `types`\[..\] (times w(r) where `smooth`; 0 for padding
    /// then).
    Strip {
        /// a.
        radial: Embedding,
        /// b: one-sided \[nt + 1\]\[width\], row j; two-sided \[nt + 1\]\[nt + 1\]\[width\], row
        /// (i, j), centre first.
        types: Vec<f64>,
        /// Whether b is multiplied by the switch.
        smooth: bool,
    },
}

/// Gated self-attention over the slots of one environment:
/// `G' = norm(G + output(A v))`, `q, k, v = parts of input(G)` of `hidden` components each,
/// L2-normalised where `normalize` (divided by max(|.|, `shortest`));
/// `A = softmax_l(scaling q_k . k_l)` with the slots l of neighbours only, or, where `smooth`,
/// `softmax_l((scaling q_k . k_l + 20) w_k w_l - 20) w_k w_l` with all slots l, w = 0 for padding;
/// rows k of padding are 0; where `angular`, A is multiplied by the cosine of the normalised
/// directions R\[1..4\] of k and l. Excluded pairs count as padding here.
#[derive(Debug, Clone)]
pub struct AttentionLayer {
    /// From the width of G to 3 `hidden`.
    pub input: Dense,
    /// From `hidden` to the width of G.
    pub output: Dense,
    /// Number of components of q, k and v.
    pub hidden: usize,
    /// Factor of q.
    pub scaling: f64,
    /// See above.
    pub normalize: bool,
    /// See above.
    pub smooth: bool,
    /// See above (`attn_dotr`).
    pub angular: bool,
    /// Smallest length that q, k, v and the directions of rows are divided by: [`SHORTEST`], or 1e-6
    /// in TensorFlow graphs, which matters for the directions of neighbours close to the cutoff.
    pub shortest: f64,
    /// Layer norm: factor of each component.
    pub norm_weight: Vec<f64>,
    /// Layer norm: constant of each component.
    pub norm_bias: Vec<f64>,
    /// Layer norm: addend of the variance (divisor n).
    pub norm_eps: f64,
}

/// Smallest length that attention divides vectors by.
pub const SHORTEST: f64 = 1e-12;

/// Shift of the smooth attention scores.
pub const ATTENTION_SHIFT: f64 = 20.0;

/// Embeddings of one number by the types of the pair.
#[derive(Debug, Clone)]
pub struct PairEmbeddings {
    /// True where they depend on the type of the neighbour only.
    pub one_side: bool,
    /// One-sided: \[nt\], index j; two-sided: \[nt\]\[nt\], index (i, j), centre first. All have
    /// the same number of outputs.
    pub list: Vec<Embedding>,
}

impl PairEmbeddings {
    /// Index into `list` for a centre and a neighbour among `types` types.
    pub fn index(&self, types: usize, centre: usize, neighbor: usize) -> usize {
        if self.one_side {
            neighbor
        } else {
            centre * types + neighbor
        }
    }

    /// Number of outputs; 0 for none.
    pub fn outputs(&self) -> usize {
        self.list.first().map_or(0, Embedding::outputs)
    }
}

/// Function from one number to a vector.
#[derive(Debug, Clone)]
pub enum Embedding {
    /// A network with one input.
    Network(Network),
    /// Tabulated by `dp compress`.
    Table(Table),
    /// Zero: nets of excluded pairs that were pruned; number of outputs.
    Zero(usize),
}

impl Embedding {
    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        match self {
            Embedding::Network(net) => net.outputs(),
            Embedding::Table(table) => table.outputs,
            Embedding::Zero(outputs) => *outputs,
        }
    }
}

/// Piecewise quintic polynomials on a piecewise uniform grid:
/// `y[g] = c0 + c1 t + .. + c5 t^5`, t the distance from the left end of the interval. Outside of
/// the grid the function is continued by its tangent.
#[derive(Debug, Clone)]
pub struct Table {
    /// Parts of the grid from left to right: each begins where the one before ends.
    pub segments: Vec<Segment>,
    /// Right end of the grid.
    pub end: f64,
    /// Number of functions.
    pub outputs: usize,
    /// Coefficients, \[nodes\]\[outputs\]\[6\].
    pub coefficients: Vec<f64>,
}

/// Uniform part of a grid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// Left end.
    pub start: f64,
    /// Length of an interval.
    pub stride: f64,
    /// Node of the first interval.
    pub first: usize,
}

impl Table {
    /// Number of intervals.
    pub fn nodes(&self) -> usize {
        self.coefficients.len() / (6 * self.outputs).max(1)
    }

    /// Left end of the grid.
    pub fn start(&self) -> f64 {
        self.segments.first().map_or(0.0, |s| s.start)
    }

    /// Interval of x (which is clamped to the grid) and the distance from its left end.
    pub fn locate(&self, x: f64) -> (usize, f64) {
        let x = x.clamp(self.start(), self.end);
        let found = self.segments.iter().rposition(|s| x >= s.start);
        let n = found.unwrap_or(0);
        let segment = self.segments[n];
        // the last interval of a part reaches to the beginning of the next
        let next = self.segments.get(n + 1).map_or(self.nodes(), |s| s.first);
        let steps = ((x - segment.start) / segment.stride).max(0.0) as usize;
        let steps = steps.min((next - segment.first).saturating_sub(1));
        let t = x - (segment.start + steps as f64 * segment.stride);
        (segment.first + steps, t)
    }
}

/// Chain of dense layers.
#[derive(Debug, Clone)]
pub struct Network {
    /// First layer first; never empty, each takes what the one before gives.
    pub layers: Vec<Dense>,
}

impl Network {
    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.inputs)
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.outputs)
    }
}

/// One dense layer: `y = act(x W + b) * step (+ x, or + [x, x])`.
#[derive(Debug, Clone)]
pub struct Dense {
    /// Length of x.
    pub inputs: usize,
    /// Length of y.
    pub outputs: usize,
    /// W, \[inputs\]\[outputs\].
    pub weight: Vec<f64>,
    /// b, \[outputs\], or empty for none.
    pub bias: Vec<f64>,
    /// Time step (`resnet_dt`), \[outputs\], or empty for 1.
    pub step: Vec<f64>,
    /// act; its factor is 1.
    pub activation: Activation,
    /// What is added.
    pub residual: Residual,
}

/// Skip connection of a dense layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Residual {
    /// None.
    None,
    /// x; outputs = inputs.
    Same,
    /// x twice, one after the other; outputs = 2 inputs.
    Twice,
}

/// Fitting: the energy of an atom from `x = [D, frame parameters, atomic parameters, case]`,
/// each parameter as (value - mean) * inverse standard deviation.
#[derive(Debug, Clone)]
pub struct Fitting {
    /// Networks with one output, \[nt\], or a single one for all types.
    pub networks: Vec<Network>,
    /// Parameters of the whole system (`fparam`).
    pub frame: Parameters,
    /// Parameters of each atom (`aparam`).
    pub atomic: Parameters,
    /// Constant inputs that select a task of a multi-task model; usually empty.
    pub case: Vec<f64>,
    /// Types from whose energy that of D = 0 (same parameters) is subtracted (`atom_ener`), \[nt\].
    pub subtract_vacuum: Vec<bool>,
    /// Type of the stored weights.
    pub stored: Stored,
}

impl Fitting {
    /// Network of a type.
    pub fn network(&self, species: usize) -> &Network {
        match &self.networks[..] {
            [shared] => shared,
            list => &list[species],
        }
    }
}

/// Extra inputs of the fitting.
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    /// Mean of each.
    pub mean: Vec<f64>,
    /// Inverse standard deviation of each.
    pub inverse_std: Vec<f64>,
    /// Values that the model uses where none are given.
    pub default: Option<Vec<f64>>,
}

impl Parameters {
    /// Number of parameters.
    pub fn len(&self) -> usize {
        self.mean.len()
    }

    /// True where the model takes none.
    pub fn is_empty(&self) -> bool {
        self.mean.is_empty()
    }
}

/// Values of the extra inputs for one evaluation.
#[derive(Debug, Clone, Copy, Default)]
pub struct Inputs<'a> {
    /// Frame parameters (`fparam`); empty for the model's default or for none.
    pub frame: &'a [f64],
    /// Atomic parameters (`aparam`), \[nodes\]\[parameters\]; empty for none.
    pub atomic: &'a [f64],
}

impl Descriptor {
    /// Length of D.
    pub fn width(&self) -> usize {
        match self {
            Descriptor::SeE2A(d) => d.embeddings.outputs() * d.axis,
            Descriptor::SeE2R(d) => d.embeddings.outputs(),
            Descriptor::SeE3(d) => d.outputs(),
            Descriptor::SeAtten(d) => {
                let types = if d.append_type { d.tebd_width } else { 0 };
                d.outputs() * d.axis + types
            }
            Descriptor::Hybrid(list) => list.iter().map(Descriptor::width).sum(),
        }
    }

    /// Environments of this descriptor and of those inside.
    pub fn environments(&self) -> Vec<&Environment> {
        match self {
            Descriptor::SeE2A(d) => vec![&d.environment],
            Descriptor::SeE2R(d) => vec![&d.environment],
            Descriptor::SeE3(d) => vec![&d.environment],
            Descriptor::SeAtten(d) => vec![&d.environment],
            Descriptor::Hybrid(list) => list.iter().flat_map(Descriptor::environments).collect(),
        }
    }

    /// Largest cutoff radius (Å).
    pub fn cutoff(&self) -> f64 {
        let all = self.environments();
        all.iter().map(|e| e.cutoff).fold(0.0, f64::max)
    }

    /// Name that the trainer's input uses.
    pub fn name(&self) -> &'static str {
        match self {
            Descriptor::SeE2A(_) => "se_e2_a",
            Descriptor::SeE2R(_) => "se_e2_r",
            Descriptor::SeE3(_) => "se_e3",
            Descriptor::SeAtten(_) => "se_atten",
            Descriptor::Hybrid(_) => "hybrid",
        }
    }
}

impl SeE3 {
    /// Length of D.
    pub fn outputs(&self) -> usize {
        let first = self.embeddings.iter().flatten().next();
        first.map_or(0, Embedding::outputs)
    }
}

impl SeAtten {
    /// Width of G.
    pub fn outputs(&self) -> usize {
        match &self.input {
            TypeInput::Concat(net) => net.outputs(),
            TypeInput::Strip { radial, .. } => radial.outputs(),
        }
    }

    /// Embedding vector of a type, or of padding for `nt`.
    pub fn type_vector(&self, species: usize) -> &[f64] {
        &self.type_embedding[species * self.tebd_width..(species + 1) * self.tebd_width]
    }
}

impl DeepmdModel {
    /// Number of types nt.
    pub fn types(&self) -> usize {
        self.type_map.len()
    }

    /// Cutoff radius of the model (Å).
    pub fn cutoff(&self) -> f64 {
        self.descriptor.cutoff()
    }

    /// Type of the stored weights: double where any part is.
    pub fn stored(&self) -> Stored {
        let environments = self.descriptor.environments();
        let mut all = environments.iter().map(|e| e.stored);
        if self.fitting.stored == Stored::Double || all.any(|s| s == Stored::Double) {
            Stored::Double
        } else {
            Stored::Single
        }
    }

    /// Whether two types are no neighbours at all.
    pub fn is_excluded_pair(&self, centre: usize, neighbor: usize) -> bool {
        self.excluded_pairs[centre * self.types() + neighbor]
    }
}
