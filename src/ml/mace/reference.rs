//! Plain evaluation of a MACE model in f64: the formulas of `model.rs` written out, with the
//! analytic gradient by reverse sweep. It is the oracle for the fast evaluation and covers every
//! model that loads; nothing here is optimised.
//!
//! Imports the model description, edges, irreps and Wigner symbols; deliberately not the fast
//! modules that it is compared with.

mod interaction;
mod product;
mod radial;
mod readout;

use super::model::MaceModel;
use crate::ml::edges::{EdgeList, Evaluation};
use crate::ml::plain;
use interaction::InteractionState;
use product::ProductState;

/// A vector of features for each node.
type Features = Vec<Vec<f64>>;

/// Geometry of one edge.
struct Edge {
    receiver: usize,
    sender: usize,
    /// Length (Å).
    r: f64,
    /// Direction.
    unit: [f64; 3],
    /// Spherical harmonics of the direction, (l_max + 1)^2.
    harmonics: Vec<f64>,
}

/// Adjoints of one edge: derivative of the energy by its length and its spherical harmonics.
#[derive(Clone)]
struct EdgeAdjoint {
    r: f64,
    harmonics: Vec<f64>,
}

/// Energies of one head and the gradient by all edge vectors.
///
/// # Panics
/// Where `head`, a species or a node index is out of range, or slices differ in length.
pub fn evaluate(model: &MaceModel, edges: &EdgeList, head: usize) -> Evaluation {
    assert!(head < model.heads.len(), "head out of range");
    let geometry = geometry(model, edges);
    let species: Vec<usize> = edges.species.iter().map(|&z| z.into()).collect();

    // forward: features before each layer and after the last
    let width = model.embedding_len();
    let row = |&z: &usize| model.embedding[z * width..(z + 1) * width].to_vec();
    let mut features: Vec<Features> = vec![species.iter().map(row).collect()];
    let mut states: Vec<(InteractionState, ProductState)> = Vec::new();
    for (layer, t) in model.layers.iter().zip(0..) {
        let h: &Features = &features[t];
        let interaction = interaction::forward(model, &layer.interaction, &species, &geometry, h);
        let (product, next) = product::forward(
            &layer.product,
            &species,
            &layer.interaction.out,
            &interaction.basis,
            interaction.skip.as_ref(),
        );
        states.push((interaction, product));
        features.push(next);
    }

    // energies and the adjoints of the features that are read out
    let (scale, shift) = (model.scale[head], model.shift[head]);
    let constants = &model.atomic_energies[head * model.species()..];
    let mut node_energy: Vec<f64> = species.iter().map(|&z| constants[z] + shift).collect();
    let mut adjoints: Vec<Features> = features.iter().map(zeros_like).collect();
    for readout in &model.readouts {
        let t = readout.layer + 1;
        for (i, h) in features[t].iter().enumerate() {
            let energy = readout::energy(&readout.kind, h, head, model.heads.len());
            node_energy[i] += scale * energy;
            let bar = readout::gradient(&readout.kind, h, head, model.heads.len());
            add_scaled(&mut adjoints[t][i], scale, &bar);
        }
    }
    let components = (model.l_max + 1).pow(2);
    let mut edge_adjoint = vec![
        EdgeAdjoint {
            r: 0.0,
            harmonics: vec![0.0; components]
        };
        geometry.len()
    ];
    if let Some(zbl) = &model.zbl {
        let repulsion = zbl.repulsion(&model.atomic_numbers, 1.0);
        for (edge, bar) in geometry.iter().zip(&mut edge_adjoint) {
            let pair = [species[edge.receiver], species[edge.sender]];
            let energy = plain::radial::repulsion(&repulsion, pair, edge.r);
            node_energy[edge.receiver] += scale * energy.value;
            bar.r += scale * energy.slope;
        }
    }

    // reverse
    for (t, layer) in model.layers.iter().enumerate().rev() {
        let (interaction, product) = &states[t];
        let after = std::mem::take(&mut adjoints[t + 1]);
        let basis = product::backward(
            &layer.product,
            &species,
            &layer.interaction.out,
            product,
            &after,
        );
        let skip = (layer.product.use_sc && interaction.skip.is_some()).then_some(&after);
        let before = interaction::backward(
            model,
            &layer.interaction,
            &species,
            &geometry,
            interaction,
            &basis,
            skip,
            &mut edge_adjoint,
        );
        for (bar, more) in adjoints[t].iter_mut().zip(&before) {
            add_scaled(bar, 1.0, more);
        }
    }
    let pairs = geometry.iter().zip(&edge_adjoint);
    let edge_gradient = pairs
        .map(|(edge, bar)| edge_gradient(model.l_max, edge, bar))
        .collect();
    Evaluation {
        energy: node_energy.iter().sum(),
        node_energy,
        edge_gradient,
    }
}

fn geometry(model: &MaceModel, edges: &EdgeList) -> Vec<Edge> {
    let (receiver, sender) = (edges.receiver, edges.sender);
    assert!(receiver.len() == sender.len() && sender.len() == edges.vector.len());
    let edge = |(e, v): (usize, &[f64; 3])| {
        let r = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        let unit = v.map(|x| x / r);
        let harmonics = plain::sphere::harmonics(model.l_max, unit);
        let (receiver, sender) = (receiver[e] as usize, sender[e] as usize);
        Edge {
            receiver,
            sender,
            r,
            unit,
            harmonics,
        }
    };
    edges.vector.iter().enumerate().map(edge).collect()
}

/// dE/d(vector): along the edge from its length, across it from its direction.
fn edge_gradient(l_max: usize, edge: &Edge, bar: &EdgeAdjoint) -> [f64; 3] {
    let slopes = plain::sphere::gradients(l_max, edge.unit);
    let mut by_direction = [0.0; 3];
    for (slope, y) in slopes.iter().zip(&bar.harmonics) {
        (0..3).for_each(|k| by_direction[k] += slope[k] * y);
    }
    let along: f64 = (0..3).map(|k| by_direction[k] * edge.unit[k]).sum();
    [0, 1, 2].map(|k| bar.r * edge.unit[k] + (by_direction[k] - along * edge.unit[k]) / edge.r)
}

fn zeros_like(features: &Features) -> Features {
    features.iter().map(|h| vec![0.0; h.len()]).collect()
}

fn add_scaled(to: &mut [f64], factor: f64, from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(t, f)| *t += factor * f);
}
