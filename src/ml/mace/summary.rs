//! What a MACE model is, as data to be printed. Imports the model, the summary and the element table.

use super::load::load_bytes;
use super::model::{MaceModel, Mixing, Normalization, ReadoutKind};
use crate::elements;
use crate::ml::error::Result;
use crate::ml::layers::{Mlp, MlpLayer, Stored};
use crate::ml::radial::form::{Cutoff, DistanceTransform, RadialBasis};
use crate::ml::summary::ModelSummary;

/// Description of the MACE model in the contents of a file.
///
/// # Errors
/// It is none, or damaged.
pub fn describe(bytes: Vec<u8>) -> Result<ModelSummary> {
    Ok(summary(&load_bytes(bytes)?))
}

/// Description of a MACE model.
pub fn summary(model: &MaceModel) -> ModelSummary {
    let symbol = |&z: &u8| elements::symbol(z.into()).unwrap_or("?").to_owned();
    ModelSummary {
        architecture: model.class.clone(),
        elements: model.atomic_numbers.iter().map(symbol).collect(),
        cutoff: model.r_max,
        precision: match model.stored {
            Stored::Single => "float32",
            Stored::Double => "float64",
        },
        heads: model.heads.clone(),
        implied_head: model.implied_head().map(|head| model.heads[head].clone()),
        hyperparameters: hyperparameters(model),
    }
}

fn hyperparameters(model: &MaceModel) -> Vec<(String, String)> {
    let mut list = Vec::new();
    let mut add = |name: &str, value: String| list.push((name.to_owned(), value));
    add("layers", model.layers.len().to_string());
    add("l_max", model.l_max.to_string());
    let radial = &model.radial;
    add(
        "radial basis",
        format!("{} {}", radial.basis.len(), basis_name(&radial.basis)),
    );
    let applied = if radial.apply_cutoff {
        ""
    } else {
        ", applied after the radial network"
    };
    add(
        "cutoff function",
        format!("{}{applied}", cutoff_name(radial.cutoff)),
    );
    add(
        "distance transform",
        transform_name(&radial.transform).to_owned(),
    );
    for (t, layer) in model.layers.iter().enumerate() {
        let it = &layer.interaction;
        add(&format!("layer {t}"), it.class.clone());
        add(
            &format!("layer {t} output"),
            layer.product.linear.output.to_string(),
        );
        let orders = layer
            .product
            .contractions
            .iter()
            .map(|c| c.terms.len())
            .max();
        add(
            &format!("layer {t} correlation"),
            orders.unwrap_or(0).to_string(),
        );
        add(&format!("layer {t} paths"), it.paths.len().to_string());
        add(&format!("layer {t} radial network"), widths(&it.radial));
        match (&it.normalization, &it.mixing) {
            (Normalization::AverageNeighbors(n), _) => {
                add(&format!("layer {t} average neighbours"), n.to_string());
            }
            (Normalization::Density { .. }, Mixing::NonLinear { .. }) => {
                add(
                    &format!("layer {t} normalisation"),
                    "learned density, gate".to_owned(),
                );
            }
            (Normalization::Density { .. }, _) => {
                add(
                    &format!("layer {t} normalisation"),
                    "learned density".to_owned(),
                );
            }
        }
    }
    for readout in &model.readouts {
        let what = match &readout.kind {
            ReadoutKind::Linear(_) => "linear".to_owned(),
            ReadoutKind::NonLinear { hidden, .. } => {
                let sizes = hidden.iter().map(|map| map.output.to_string());
                format!("non-linear, {}", sizes.collect::<Vec<_>>().join(", "))
            }
        };
        add(&format!("readout of layer {}", readout.layer), what);
    }
    add(
        "ZBL repulsion",
        if model.zbl.is_some() { "yes" } else { "no" }.to_owned(),
    );
    for (head, name) in model.heads.iter().enumerate() {
        let (scale, shift) = (model.scale[head], model.shift[head]);
        add(
            &format!("scale and shift of {name}"),
            format!("{scale}, {shift} eV"),
        );
        let n = model.species();
        let energies = model.atomic_energies[head * n..(head + 1) * n].iter();
        let energies: Vec<_> = energies.map(|e| format!("{e:.4}")).collect();
        add(
            &format!("E0 of {name}"),
            format!("{} eV", energies.join(" ")),
        );
    }
    list
}

fn basis_name(basis: &RadialBasis) -> &'static str {
    match basis {
        RadialBasis::Bessel { .. } => "Bessel",
        RadialBasis::Gaussian { .. } => "Gaussian",
        RadialBasis::Chebyshev { .. } => "Chebyshev",
    }
}

fn cutoff_name(cutoff: Cutoff) -> String {
    match cutoff {
        Cutoff::Polynomial { p } => format!("polynomial, p = {p}"),
        Cutoff::Xplor { on } => format!("XPLOR from {on} Å"),
    }
}

fn transform_name(transform: &DistanceTransform) -> &'static str {
    match transform {
        DistanceTransform::None => "none",
        DistanceTransform::Agnesi { .. } => "Agnesi",
        DistanceTransform::Soft { .. } => "Soft",
    }
}

/// `8-64-64-64-640`.
fn widths(net: &Mlp) -> String {
    let dense = net.layers.iter().filter_map(|layer| match layer {
        MlpLayer::Dense { outputs, .. } => Some(*outputs),
        _ => None,
    });
    let all = std::iter::once(net.inputs).chain(dense);
    all.map(|n| n.to_string()).collect::<Vec<_>>().join("-")
}
