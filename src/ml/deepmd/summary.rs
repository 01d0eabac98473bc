//! What a Deep Potential model is, as data to be printed. Imports the model and the summary.

use super::load::load_bytes;
use super::model::{
    DeepmdModel, Descriptor, Embedding, Environment, Network, PairEmbeddings, SeAtten, Selection,
    Switch, TypeInput,
};
use crate::ml::error::Result;
use crate::ml::layers::Stored;
use crate::ml::summary::ModelSummary;

/// Description of the Deep Potential model in the contents of a file.
///
/// # Errors
/// It is none, or damaged.
pub fn describe(bytes: Vec<u8>) -> Result<ModelSummary> {
    Ok(summary(&load_bytes(bytes)?))
}

/// Description of a Deep Potential model.
pub fn summary(model: &DeepmdModel) -> ModelSummary {
    ModelSummary {
        architecture: format!("Deep Potential, {}", model.descriptor.name()),
        elements: model.type_map.clone(),
        cutoff: model.cutoff(),
        precision: precision(model.stored()),
        heads: Vec::new(),
        implied_head: None,
        hyperparameters: hyperparameters(model),
    }
}

fn precision(stored: Stored) -> &'static str {
    match stored {
        Stored::Single => "float32",
        Stored::Double => "float64",
    }
}

/// Names of the pairs that a symmetric mask excludes.
fn pairs(model: &DeepmdModel, mask: &[bool]) -> String {
    let n = model.types();
    let all = (0..n).flat_map(|i| (i..n).map(move |j| (i, j)));
    let names = all
        .filter(|&(i, j)| mask[i * n + j])
        .map(|(i, j)| format!("{}-{}", model.type_map[i], model.type_map[j]));
    names.collect::<Vec<_>>().join(" ")
}

/// Names of the types that a mask marks, None where there is none.
fn marked(model: &DeepmdModel, mask: &[bool]) -> Option<String> {
    let names = model.type_map.iter().zip(mask).filter(|(_, m)| **m);
    let names: Vec<_> = names.map(|(name, _)| &name[..]).collect();
    (!names.is_empty()).then(|| names.join(" "))
}

fn hyperparameters(model: &DeepmdModel) -> Vec<(String, String)> {
    let mut list = descriptor(model, &model.descriptor, "descriptor");
    let mut add = |name: &str, value: String| list.push((name.to_owned(), value));
    let fitting = &model.fitting;
    let net = fitting.network(0);
    let shared = if fitting.networks.len() == 1 {
        "one for all types"
    } else {
        "one per type"
    };
    add("fitting network", format!("{}, {shared}", widths(net)));
    add("fitting precision", precision(fitting.stored).to_owned());
    for (name, parameters) in [
        ("frame parameters (fparam)", &fitting.frame),
        ("atomic parameters (aparam)", &fitting.atomic),
    ] {
        if !parameters.is_empty() {
            let default = match &parameters.default {
                Some(values) => format!(", by default {values:?}"),
                None => String::new(),
            };
            add(name, format!("{}{default}", parameters.len()));
        }
    }
    let bias = model.energy_bias.iter().map(|e| format!("{e:.4}"));
    let bias = bias.collect::<Vec<_>>().join(" ");
    add("energy bias", format!("{bias} eV"));
    if let Some(names) = marked(model, &fitting.subtract_vacuum) {
        add("vacuum energy subtracted for", names);
    }
    if model.excluded_pairs.contains(&true) {
        add("excluded pairs", pairs(model, &model.excluded_pairs));
    }
    if let Some(names) = marked(model, &model.excluded_atoms) {
        add("types without energy", names);
    }
    if let Some(r) = model.min_distance {
        add("smallest distance in training", format!("{r:.4} Å"));
    }
    if !model.version.is_empty() {
        add("version", model.version.clone());
    }
    list
}

fn descriptor(model: &DeepmdModel, d: &Descriptor, prefix: &str) -> Vec<(String, String)> {
    let mut list = vec![(prefix.to_owned(), d.name().to_owned())];
    if let Descriptor::Hybrid(parts) = d {
        for (k, part) in parts.iter().enumerate() {
            list.extend(descriptor(model, part, &format!("{prefix} {k}")));
        }
        return list;
    }
    let mut add = |name: &str, value: String| list.push((format!("{prefix} {name}"), value));
    match d {
        Descriptor::SeE2A(d) => {
            add("embedding", embeddings(&d.embeddings));
            add("axis", d.axis.to_string());
        }
        Descriptor::SeE2R(d) => add("embedding", embeddings(&d.embeddings)),
        Descriptor::SeE3(d) => {
            if let Some(first) = d.embeddings.iter().flatten().next() {
                let net = embedding(first);
                add("embedding", format!("{net}, one per pair of neighbours"));
            }
        }
        Descriptor::SeAtten(d) => attention(d, &mut add),
        Descriptor::Hybrid(_) => {}
    }
    for environment in d.environments() {
        surroundings(model, environment, &mut add);
    }
    list
}

fn attention(d: &SeAtten, add: &mut impl FnMut(&str, String)) {
    let sides = if d.one_side {
        "neighbour"
    } else {
        "centre and neighbour"
    };
    let input = match &d.input {
        TypeInput::Concat(net) => format!("{}, types concatenated ({sides})", widths(net)),
        TypeInput::Strip { radial, smooth, .. } => {
            let smooth = if *smooth { ", smooth" } else { "" };
            format!("{}, types stripped ({sides}{smooth})", embedding(radial))
        }
    };
    add("embedding", input);
    add("type embedding", d.tebd_width.to_string());
    add("axis", d.axis.to_string());
    add("attention layers", d.attention.len().to_string());
    if let Some(layer) = d.attention.first() {
        let options = [
            ("smooth", layer.smooth),
            ("normalised", layer.normalize),
            ("angular", layer.angular),
        ];
        let options = options.iter().filter(|o| o.1).map(|o| format!(", {}", o.0));
        let options: String = options.collect();
        add("attention", format!("{} components{options}", layer.hidden));
    }
    let appends = if d.append_type { "yes" } else { "no" };
    add("appends the type", appends.to_owned());
}

fn surroundings(model: &DeepmdModel, e: &Environment, add: &mut impl FnMut(&str, String)) {
    let radii = format!("{} Å, switch from {} Å", e.cutoff, e.smooth);
    add("cutoff", radii);
    let sel = match &e.selection {
        Selection::PerType(sel) => {
            let sel = sel.iter().map(ToString::to_string);
            format!("{} per type", sel.collect::<Vec<_>>().join(" "))
        }
        Selection::Total(n) => format!("{n} of all types"),
    };
    add("neighbours (sel)", sel);
    add("precision", precision(e.stored).to_owned());
    if e.switch == Switch::Exponential {
        add("switch", "exponential".to_owned());
    }
    if e.protection != 0.0 {
        add("protection", format!("{} Å", e.protection));
    }
    if e.excluded.contains(&true) {
        add("excluded pairs", pairs(model, &e.excluded));
    }
}

fn embeddings(list: &PairEmbeddings) -> String {
    let sides = if list.one_side {
        "one per type of neighbour"
    } else {
        "one per pair of types"
    };
    let kept = list.list.iter().find(|e| !matches!(e, Embedding::Zero(_)));
    format!("{}, {sides}", kept.map_or(String::new(), embedding))
}

fn embedding(e: &Embedding) -> String {
    match e {
        Embedding::Network(net) => widths(net),
        Embedding::Table(table) => {
            let (nodes, outputs) = (table.nodes(), table.outputs);
            format!("table of {nodes} intervals, {outputs} functions")
        }
        Embedding::Zero(n) => format!("{n} zeros"),
    }
}

/// `1-25-50-100 tanh`.
fn widths(net: &Network) -> String {
    let all = std::iter::once(net.inputs()).chain(net.layers.iter().map(|l| l.outputs));
    let sizes = all.map(|n| n.to_string()).collect::<Vec<_>>().join("-");
    let first = net.layers.first();
    let name = first.map(|l| format!("{:?}", l.activation.function));
    format!("{sizes} {}", name.unwrap_or_default().to_ascii_lowercase())
}
