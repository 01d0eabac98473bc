//! Readouts: from node features to energies per head.

use super::module_list;
use crate::ml::activation::Activation;
use crate::ml::e3nn::{activation, linear};
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::node::Node;
use crate::ml::mace::model::{Readout, ReadoutKind};

/// All readouts; a single one reads the last layer.
pub fn readouts(module: &Node, layers: usize, heads: usize) -> Result<Vec<Readout>> {
    let nodes = module_list(module, "readouts")?;
    if nodes.len() > layers {
        return Err(module.error("there are more readouts than layers"));
    }
    let single = nodes.len() == 1;
    let all = nodes.iter().enumerate();
    all.map(|(i, node)| {
        let kind = kind(node)?;
        let (output, hidden) = match &kind {
            ReadoutKind::Linear(map) => (&map.output, &[][..]),
            ReadoutKind::NonLinear { hidden, last, .. } => (&last.output, &hidden[..]),
        };
        let even = |dim: usize, scalars: usize| dim == scalars;
        if output.dim() != heads || !even(output.dim(), output.scalars()) {
            return Err(node.error(format!("{output} are not the energies of {heads} heads")));
        }
        if hidden.iter().any(|map| {
            !even(map.output.dim(), map.output.scalars()) || map.output.dim() % heads != 0
        }) {
            return Err(node.error("the hidden layer cannot be divided among the heads"));
        }
        Ok(Readout {
            layer: if single { layers - 1 } else { i },
            kind,
        })
    })
    .collect()
}

fn kind(node: &Node) -> Result<ReadoutKind> {
    let part = |name: &str| node.child(name).and_then(|n| linear(&n));
    match node.class().as_str() {
        "LinearReadoutBlock" => Ok(ReadoutKind::Linear(part("linear")?)),
        "NonLinearReadoutBlock" => Ok(ReadoutKind::NonLinear {
            hidden: vec![part("linear_1")?],
            activation: gate(node)?,
            last: part("linear_2")?,
        }),
        "NonLinearBiasReadoutBlock" => Ok(ReadoutKind::NonLinear {
            hidden: vec![part("linear_1")?, part("linear_mid")?],
            activation: gate(node)?,
            last: part("linear_2")?,
        }),
        class => Err(ModelError::unsupported(format!(
            "the readout class {class} is not supported; LinearReadoutBlock, \
             NonLinearReadoutBlock and NonLinearBiasReadoutBlock are"
        ))),
    }
}

/// Activation of the hidden layer; identity where the model was trained with `--gate=None`.
fn gate(node: &Node) -> Result<Activation> {
    match node.child("non_linearity")?.child("acts")?.some("0") {
        Some(act) => activation(&act),
        None => Ok(Activation::IDENTITY),
    }
}
