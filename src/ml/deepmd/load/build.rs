//! Parts of a model from raw arrays, with all shapes checked: shared by the loaders of the
//! different containers. Imports the model description and the array type of the formats.

use crate::ml::activation::{Activation, Function};
use crate::ml::deepmd::model::{
    Dense, Embedding, Network, PairEmbeddings, Residual, Segment, Stored, Table,
};
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::torch::{Array, DType};

/// Limits far above any trained model, so that sums and products of sizes stay small.
pub const MAX_TYPES: usize = 1000;
/// Numbers in the table of a stripped type embedding (119 types with 256 outputs have 3.6 million).
pub const MAX_PAIR_NUMBERS: usize = 1 << 22;
/// Layers of one network.
pub const MAX_LAYERS: usize = 64;
/// Slots of one environment.
pub const MAX_SLOTS: usize = 100_000;

/// A [`ModelError::Malformed`].
pub fn bad<T>(text: impl Into<String>) -> Result<T> {
    Err(ModelError::malformed(text))
}

/// Embeddings by the types of a pair, from networks for `ends` types each: that of the neighbour, or
/// both, where the type of the centre runs fastest in a file. None for another number.
///
/// # Errors
/// Those of `embedding`, which is asked by the index in the file.
pub fn pair_embeddings(
    ends: usize,
    types: usize,
    embedding: impl FnMut(usize) -> Result<Embedding>,
) -> Result<Option<PairEmbeddings>> {
    let list: Result<Vec<_>> = match ends {
        1 => (0..types).map(embedding).collect(),
        2 => {
            let pairs = (0..types).flat_map(|i| (0..types).map(move |j| i + types * j));
            pairs.map(embedding).collect()
        }
        _ => return Ok(None),
    };
    Ok(Some(PairEmbeddings {
        one_side: ends == 1,
        list: list?,
    }))
}

/// Embeddings of the angles between neighbours of two types, in the order of [`pair_embeddings`]; a
/// pair of types has one.
///
/// # Errors
/// Those of `embedding`.
pub fn angle_embeddings(
    types: usize,
    mut embedding: impl FnMut(usize) -> Result<Embedding>,
) -> Result<Vec<Option<Embedding>>> {
    let pairs = (0..types).flat_map(|i| (0..types).map(move |j| (i, j)));
    pairs
        .map(|(i, j)| (i <= j).then(|| embedding(i + types * j)).transpose())
        .collect()
}

/// Activation by the trainer's name.
///
/// # Errors
/// Where the name is not known.
pub fn activation(name: &str) -> Result<Activation> {
    let lower = name.trim().to_ascii_lowercase();
    let (stem, parameter) = match lower.split_once(':') {
        Some((stem, parameter)) => (stem, Some(parameter)),
        None => (&lower[..], None),
    };
    let function = match stem {
        "" | "none" | "linear" => Function::Identity,
        "tanh" => Function::Tanh,
        "relu" => Function::Relu,
        "relu6" => Function::Relu6,
        "softplus" => Function::Softplus,
        "sigmoid" => Function::Sigmoid,
        "gelu" | "gelu_tf" => Function::GeluTanh,
        "silu" => Function::Silu,
        "silut" | "custom_silu" => {
            let threshold = parameter.map_or(Some(3.0), |text| text.parse().ok());
            match threshold.filter(|t: &f64| t.is_finite()) {
                Some(threshold) => Function::SiluTanh { threshold },
                None => return bad(format!("the activation function {name:?} has no threshold")),
            }
        }
        _ => {
            return Err(ModelError::unsupported(format!(
                "the activation function {name:?} is not known; tanh, relu, relu6, softplus, \
                 sigmoid, gelu, gelu_tf, silu, silut and linear are"
            )));
        }
    };
    Ok(Activation {
        function,
        factor: 1.0,
    })
}

/// Type of stored weights.
pub fn stored(dtype: DType) -> Stored {
    match dtype {
        DType::F64 => Stored::Double,
        _ => Stored::Single,
    }
}

/// A dense layer. `residual` asks for the skip connection, which exists where the widths allow it.
///
/// # Errors
/// Where the shapes do not fit.
pub fn dense(
    weight: Array,
    bias: Option<Array>,
    step: Option<Array>,
    function: &str,
    residual: bool,
) -> Result<Dense> {
    let [inputs, outputs] = weight.shape[..] else {
        return bad("the weight of a layer is no matrix");
    };
    if inputs == 0 || outputs == 0 {
        return bad("a layer without inputs or outputs");
    }
    let vector = |array: Option<Array>| match array {
        None => Ok(Vec::new()),
        Some(array) if array.data.is_empty() => Ok(Vec::new()),
        Some(array) if array.data.len() == outputs => Ok(array.data),
        Some(array) => bad(format!(
            "{} numbers for {outputs} outputs of a layer",
            array.data.len()
        )),
    };
    let residual = match residual {
        true if inputs == outputs => Residual::Same,
        true if 2 * inputs == outputs => Residual::Twice,
        _ => Residual::None,
    };
    Ok(Dense {
        inputs,
        outputs,
        weight: weight.data,
        bias: vector(bias)?,
        step: vector(step)?,
        activation: activation(function)?,
        residual,
    })
}

/// A chain of layers.
///
/// # Errors
/// Where a layer does not take what the one before gives, or there is none.
pub fn network(layers: Vec<Dense>) -> Result<Network> {
    if layers.is_empty() || layers.len() > MAX_LAYERS {
        return bad(format!("a network of {} layers", layers.len()));
    }
    match layers.windows(2).find(|w| w[0].outputs != w[1].inputs) {
        Some(w) => bad(format!(
            "a layer with {} outputs meets one with {} inputs",
            w[0].outputs, w[1].inputs
        )),
        None => Ok(Network { layers }),
    }
}

/// Kind of a table's grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grid {
    /// Fine to `upper`, then coarse.
    OneSided,
    /// Coarse, fine between `lower` and `upper`, coarse (se_e3).
    TwoSided,
}

/// A table of `dp compress` from its parameters `[lower, upper, max, fine stride, coarse stride,
/// ..]` and its coefficients \[nodes\]\[6 outputs\].
///
/// # Errors
/// Where they contradict each other.
pub fn table(info: &[f64], data: Array, grid: Grid) -> Result<Table> {
    let [lower, upper, max, fine, coarse, ..] = *info else {
        return bad("a compressed embedding without its five parameters");
    };
    let [nodes, width] = data.shape[..] else {
        return bad("the table of a compressed embedding is no matrix");
    };
    let ordered = lower < upper && upper <= max && fine > 0.0 && coarse > 0.0;
    let finite = info.iter().all(|x| x.is_finite() && x.abs() < 1e9);
    if !ordered || !finite || nodes == 0 || width == 0 || width % 6 != 0 {
        return bad("the parameters of a compressed embedding are contradictory");
    }
    // as many intervals as fit, counted as the trainer counts them
    let count = |length: f64, stride: f64| (length / stride).clamp(0.0, 1e12) as usize;
    let part = |start, stride, first| Segment {
        start,
        stride,
        first,
    };
    let segments = match grid {
        Grid::OneSided => vec![
            part(lower, fine, 0),
            part(upper, coarse, count(upper - lower, fine)),
        ],
        Grid::TwoSided if -max <= lower => {
            let first = count(lower + max, coarse);
            let second = first + count(upper - lower, fine);
            vec![
                part(-max, coarse, 0),
                part(lower, fine, first),
                part(upper, coarse, second),
            ]
        }
        Grid::TwoSided => return bad("the grid of a compressed embedding does not begin before 0"),
    };
    if segments.last().is_some_and(|s| s.first >= nodes) {
        return bad("the table of a compressed embedding is too short for its grid");
    }
    Ok(Table {
        segments,
        end: max,
        outputs: width / 6,
        coefficients: data.data,
    })
}

/// Which pairs or types a mask excludes; `keep(i, j)` is true for those that interact.
pub fn excluded_pairs(types: usize, keep: impl Fn(usize, usize) -> bool) -> Vec<bool> {
    let pairs = (0..types).flat_map(|i| (0..types).map(move |j| (i, j)));
    pairs.map(|(i, j)| !keep(i, j)).collect()
}

/// A square mask of `types` + 1 rows as deepmd-kit stores it (1 for pairs that interact).
///
/// # Errors
/// Where the size is wrong.
pub fn pair_mask(types: usize, mask: &[f64]) -> Result<Vec<bool>> {
    if mask.len() != (types + 1).pow(2) {
        return bad(format!("a mask of {} pairs for {types} types", mask.len()));
    }
    Ok(excluded_pairs(types, |i, j| {
        mask[i * (types + 1) + j] != 0.0
    }))
}
