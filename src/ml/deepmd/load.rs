//! From a model file to the model description: every container of DeePMD-kit that holds an energy
//! model whose descriptor argyro evaluates.
//! Imports the formats, the model description and the reference evaluation of networks.

mod build;
mod check;
mod graph;
mod portable;
mod script;

use super::model::{DeepmdModel, Environment, Network};
use super::reference;
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::kind::{Family, ModelFile, ModelKind};
use crate::ml::formats::node::Node;
use crate::ml::formats::tree::Tree;

/// Reads the model in the contents of a file.
///
/// # Errors
/// As [`load`].
pub fn load_bytes(bytes: Vec<u8>) -> Result<DeepmdModel> {
    load(&ModelFile::open(bytes)?)
}

/// Reads the model of a file.
///
/// # Errors
/// As [`load`], or where the file cannot be read.
pub fn load_file(path: &std::path::Path) -> Result<DeepmdModel> {
    load_bytes(std::fs::read(path)?)
}

/// Reads the model of a recognised file.
///
/// # Errors
/// Where the file is of another kind, damaged, or of a form that argyro does not evaluate.
pub fn load(file: &ModelFile) -> Result<DeepmdModel> {
    let model = match (&file.kind, &file.torch) {
        (ModelKind::DeepmdScript, Some(torch)) => script::load(&Node::root(torch))?,
        (ModelKind::DeepmdGraph, _) => graph::load(file.bytes.clone())?,
        (ModelKind::DeepmdPortable, _) => {
            portable::load(&Tree::from_hdf5(file.bytes.clone())?.root())?
        }
        (ModelKind::DeepmdText, _) => portable::load(&Tree::from_text(&file.bytes)?.root())?,
        (kind, _) => return Err(kind.refusal(Family::Deepmd)),
    };
    check::check(&model)?;
    Ok(model)
}

/// What argyro says to models whose output or composition it does not evaluate.
fn unsupported_model(what: &str) -> ModelError {
    let what = if what.is_empty() {
        "of no known class"
    } else {
        what
    };
    ModelError::unsupported(format!(
        "the DeePMD model is {what}, which argyro does not evaluate; models of energies (type \
         `ener`, class EnergyModel) without spin, tables (`use_srtab`, `pairtab`) or linear \
         combinations are evaluated"
    ))
}

/// What argyro says to descriptors that it does not evaluate.
fn unsupported_descriptor(what: &str) -> ModelError {
    ModelError::unsupported(format!(
        "the descriptor is {what}, which argyro does not evaluate; se_e2_a, se_e2_r, se_e3, \
         se_atten (DPA-1), se_atten_v2 and hybrids of them are. A DPA-2 or DPA-3 model can be \
         distilled into one of these: label structures with it and train"
    ))
}

/// What argyro says to models whose atomic parameters are no inputs.
fn masked_parameters() -> ModelError {
    ModelError::unsupported(
        "the model uses its atomic parameters as a mask of virtual atoms, which argyro does not \
         evaluate",
    )
}

/// Row of the type embedding that padding has in programs which give it the type of the first
/// atom of the system.
///
/// # Errors
/// Where the energy would depend on which atom is the first.
fn padding_row(environment: &Environment, types: usize) -> Result<usize> {
    let matters = environment.mean.iter().any(|&x| x != 0.0);
    match (matters, types) {
        (false, _) => Ok(types),
        (true, 1) => Ok(0),
        (true, _) => Err(ModelError::unsupported(
            "the model was trained with `set_davg_zero: false`, which makes the padding of its \
             neighbour lists have the type of the first atom of the system: its energy depends \
             on the order of the atoms. Train with `set_davg_zero: true` (the default of se_atten)",
        )),
    }
}

/// Types from whose energy that of an empty environment is subtracted, by the list of the file.
fn vacuum(types: usize, shared: bool, list: &[bool]) -> Vec<bool> {
    let of = |t: usize| shared || list.get(t).copied().unwrap_or(true);
    (0..types).map(of).collect()
}

/// Embedding vectors of all types and, as last row, zeros for padding; and their length. `inputs`
/// are what the network takes for each type, one-hot vectors where None.
fn type_vectors(net: &Network, types: usize, inputs: Option<&[f64]>) -> Result<(Vec<f64>, usize)> {
    let n = net.inputs();
    if inputs.is_none() && n != types {
        return build::bad(format!("a type embedding of {n} types for {types}"));
    }
    let mut vectors = Vec::new();
    for t in 0..types {
        let hot: Vec<f64> = (0..n).map(|i| f64::from(u8::from(i == t))).collect();
        let x = inputs.map_or(&hot[..], |rows| &rows[t * n..(t + 1) * n]);
        vectors.extend(reference::network_value(net, x));
    }
    vectors.extend(vec![0.0; net.outputs()]);
    Ok((vectors, net.outputs()))
}

/// Outputs of the network of a stripped type embedding: for each type (and padding), or for each
/// pair with the centre running slowest.
fn strip_table(net: &Network, vectors: &[f64], width: usize, one_side: bool) -> Result<Vec<f64>> {
    let sides = if one_side { 1 } else { 2 };
    if net.inputs() != sides * width {
        return build::bad("the network of the type embedding takes something else");
    }
    // a small file can name many types: their pairs are bounded
    let rows = (vectors.len() / width.max(1)).pow(sides as u32);
    if rows.saturating_mul(net.outputs()) > build::MAX_PAIR_NUMBERS {
        return build::bad(format!("type embeddings of {rows} pairs of types"));
    }
    let mut table = Vec::new();
    for centre in vectors.chunks_exact(width) {
        if one_side {
            table.extend(reference::network_value(net, centre));
            continue;
        }
        for neighbor in vectors.chunks_exact(width) {
            table.extend(reference::network_value(net, &[neighbor, centre].concat()));
        }
    }
    Ok(table)
}
