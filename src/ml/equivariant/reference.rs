//! Plain evaluation of a network in f64: the formulas of `model.rs` written out, with the analytic
//! gradient by reverse sweep. It is the oracle for the fast evaluation and covers every network
//! that loads; nothing here is optimised.
//!
//! Imports the description, edges, Wigner symbols and [`crate::ml::plain`].

mod gate;
mod layer;

use super::model::Network;
use crate::ml::edges::{EdgeList, Evaluation};
use crate::ml::plain::dual::Dual;
use crate::ml::plain::{radial, sphere};
use layer::LayerState;

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
    /// Harmonics of the edge, normalised or solid, (l_max + 1)^2.
    harmonics: Vec<f64>,
    /// Inputs of the radial networks with their slopes by r; empty beyond the cutoff.
    basis: Vec<Dual>,
}

/// Adjoints of one edge: derivative of the energy by its length and its harmonics.
#[derive(Clone)]
struct EdgeAdjoint {
    r: f64,
    harmonics: Vec<f64>,
}

/// Energies and the gradient by all edge vectors. Edges beyond the cutoff of their pair give zero.
///
/// # Panics
/// Where a species or node index is out of range, or slices differ in length.
pub fn evaluate(network: &Network, edges: &EdgeList) -> Evaluation {
    let species: Vec<usize> = edges.species.iter().map(|&z| z.into()).collect();
    let geometry = geometry(network, edges, &species);

    // forward
    let width = network.embedding_len();
    let row = |&z: &usize| network.embedding[z * width..(z + 1) * width].to_vec();
    let mut features: Features = species.iter().map(row).collect();
    let mut states: Vec<LayerState> = Vec::new();
    for layer in &network.layers {
        let (state, next) = layer::forward(layer, &species, &geometry, &features);
        states.push(state);
        features = next;
    }

    // energies and the adjoints of the last features
    let mut node_energy = Vec::new();
    let mut bar: Features = Vec::new();
    let (start, net) = (network.readout.start, &network.readout.net);
    for (h, &z) in features.iter().zip(&species) {
        let layers = radial::layers(net, &h[start..start + net.inputs]);
        let energy = layers[net.layers.len()][0];
        node_energy.push(network.shift[z] + network.scale[z] * energy);
        let gradient = radial::transpose(net, &layers, &[network.scale[z]]);
        let mut all = vec![0.0; h.len()];
        all[start..start + net.inputs].copy_from_slice(&gradient);
        bar.push(all);
    }
    let none = EdgeAdjoint {
        r: 0.0,
        harmonics: vec![0.0; (network.l_max + 1).pow(2)],
    };
    let mut edge_bar = vec![none; geometry.len()];
    if let Some(repulsion) = &network.repulsion {
        for (edge, bar) in geometry.iter().zip(&mut edge_bar) {
            let pair = [species[edge.receiver], species[edge.sender]];
            let energy = radial::repulsion(repulsion, pair, edge.r);
            node_energy[edge.receiver] += energy.value;
            bar.r += energy.slope;
        }
    }

    // reverse
    for (layer, state) in network.layers.iter().zip(&states).rev() {
        bar = layer::backward(layer, &species, &geometry, state, &bar, &mut edge_bar);
    }
    let pairs = geometry.iter().zip(&edge_bar);
    let edge_gradient = pairs.map(|(edge, bar)| edge_gradient(network, edge, bar));
    Evaluation {
        energy: node_energy.iter().sum(),
        edge_gradient: edge_gradient.collect(),
        node_energy,
    }
}

fn geometry(network: &Network, edges: &EdgeList, species: &[usize]) -> Vec<Edge> {
    let (receivers, senders) = (edges.receiver, edges.sender);
    assert!(receivers.len() == senders.len() && senders.len() == edges.vector.len());
    let ends = receivers.iter().zip(senders).zip(edges.vector);
    let edge = |((&receiver, &sender), v): ((&u32, &u32), &[f64; 3])| {
        let (receiver, sender) = (receiver as usize, sender as usize);
        let pair = [species[receiver], species[sender]];
        let r = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        let unit = v.map(|x| x / r);
        let mut harmonics = sphere::harmonics(network.l_max, unit);
        if network.solid_harmonics {
            let degrees = degrees(network.l_max);
            harmonics
                .iter_mut()
                .zip(degrees)
                .for_each(|(y, l)| *y *= r.powi(l));
        }
        let d = Dual::variable(r) * network.stretch(pair[0], pair[1]);
        let inside = d.value < network.r_max;
        let basis = inside.then(|| radial::inputs(&network.radial, pair, d).basis);
        Edge {
            receiver,
            sender,
            r,
            unit,
            harmonics,
            basis: basis.unwrap_or_default(),
        }
    };
    ends.map(edge).collect()
}

/// Degree of each component up to `l_max`.
fn degrees(l_max: usize) -> impl Iterator<Item = i32> {
    (0..=l_max as i32).flat_map(|l| std::iter::repeat_n(l, 2 * l as usize + 1))
}

/// dE/d(vector): along the edge from its length, across it from its direction.
fn edge_gradient(network: &Network, edge: &Edge, bar: &EdgeAdjoint) -> [f64; 3] {
    let slopes = sphere::gradients(network.l_max, edge.unit);
    let (mut by_length, mut by_direction) = (bar.r, [0.0; 3]);
    let components = slopes.iter().zip(&bar.harmonics);
    for ((slope, &y_bar), (l, y)) in components.zip(degrees(network.l_max).zip(&edge.harmonics)) {
        let mut factor = y_bar;
        if network.solid_harmonics {
            // r^l Y(unit)
            factor *= edge.r.powi(l);
            by_length += y_bar * f64::from(l) * y / edge.r;
        }
        (0..3).for_each(|k| by_direction[k] += slope[k] * factor);
    }
    let along: f64 = (0..3).map(|k| by_direction[k] * edge.unit[k]).sum();
    [0, 1, 2].map(|k| by_length * edge.unit[k] + (by_direction[k] - along * edge.unit[k]) / edge.r)
}

fn add_scaled(to: &mut [f64], factor: f64, from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(t, f)| *t += factor * f);
}
