//! What an ACE potential is, as data to be printed. Imports the model and the summary.

use super::load::load_bytes;
use super::model::{Form, PaceModel};
use super::radial::Bond;
use crate::ml::error::Result;
use crate::ml::summary::ModelSummary;

/// Description of the potential in the contents of a file.
///
/// # Errors
/// It is none, or damaged.
pub fn describe(bytes: Vec<u8>) -> Result<ModelSummary> {
    Ok(summary(&load_bytes(bytes)?))
}

/// Description of a potential.
pub fn summary(model: &PaceModel) -> ModelSummary {
    ModelSummary {
        architecture: match model.form {
            Form::Yaml => "ACE (atomic cluster expansion), .yace",
            Form::Text => "ACE (atomic cluster expansion), .ace",
        }
        .to_owned(),
        elements: model.elements.clone(),
        cutoff: model.r_max,
        precision: "float64",
        heads: Vec::new(),
        implied_head: None,
        hyperparameters: hyperparameters(model),
    }
}

/// Distinct texts of several things, in their order.
fn distinct<T>(all: &[T], text: impl Fn(&T) -> String) -> String {
    let mut texts: Vec<String> = Vec::new();
    for t in all.iter().map(text) {
        if !texts.contains(&t) {
            texts.push(t);
        }
    }
    texts.join("; ")
}

/// The functions of every element, for the log: `Cu: 15 of one factor, 741 of more`.
pub fn functions(model: &PaceModel) -> Vec<String> {
    let each = model.elements.iter().zip(&model.expansions);
    each.map(|(name, e)| {
        let [one, more] = e.functions;
        format!("{name}: {one} functions of rank 1, {more} of higher rank")
    })
    .collect()
}

fn hyperparameters(model: &PaceModel) -> Vec<(String, String)> {
    let mut list = Vec::new();
    let mut add = |name: &str, value: String| list.push((name.to_owned(), value));
    let rank = model
        .expansions
        .iter()
        .map(super::model::Expansion::rank)
        .max();
    add("functions", functions(model).join("; "));
    add("highest rank", rank.unwrap_or(0).to_string());
    add("highest degree l", model.l_max().to_string());
    add(
        "embedding",
        distinct(&model.embeddings, |e| {
            let terms = e.terms.iter().map(|(w, m)| format!("{w} F(rho, {m})"));
            let terms = terms.collect::<Vec<_>>().join(" + ");
            format!("{}: {terms}", e.shape.name())
        }),
    );
    let radial = |b: &Bond| {
        let [n, l, k] = b.shape;
        let (name, cut) = (b.basis.name(), b.cut);
        format!("{name}, {k} functions mixed to {n} of each l < {l}, cutoff {cut} A")
    };
    add("radial functions", distinct(&model.bonds, radial));
    add("spline spacing", format!("{} A", model.spacing));
    add("inner cutoff", model.core.name().to_owned());
    if model.isolated.iter().any(|e| *e != 0.0) {
        let each = model.elements.iter().zip(&model.isolated);
        let each = each.map(|(name, e)| format!("{name} {e}"));
        add("isolated atoms (eV)", each.collect::<Vec<_>>().join(", "));
    }
    list
}
