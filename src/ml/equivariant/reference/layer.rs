//! One layer, forward and reverse; see [`crate::ml::equivariant::model`] for the formulas.

use super::{Edge, EdgeAdjoint, Features, add_scaled, gate};
use crate::ml::equivariant::model::{Layer, SelfConnection};
use crate::ml::layers::Path;
use crate::ml::plain::dual::Dual;
use crate::ml::plain::{linear, radial};
use crate::ml::wigner::wigner_3j;

/// What the reverse sweep needs.
pub struct LayerState {
    /// Features that are sent, g.
    sent: Features,
    /// Input of the gate.
    gate_input: Features,
}

/// Path with the non-zero elements of its coupling, the path's factor included.
struct Coupled<'m> {
    path: &'m Path,
    /// First component of the entering block.
    input_offset: usize,
    elements: Vec<([usize; 3], f64)>,
}

fn coupled(layer: &Layer) -> Vec<Coupled<'_>> {
    let offsets = layer.linear_1.output.offsets();
    let paths = layer.paths.iter();
    paths
        .map(|path| {
            let scaled = |(m, value)| (m, path.weight * value);
            let elements = wigner_3j(path.l1, path.l2, path.l3);
            Coupled {
                path,
                input_offset: offsets[path.input],
                elements: elements.into_iter().map(scaled).collect(),
            }
        })
        .collect()
}

impl Coupled<'_> {
    /// K\[m1\]\[m3\] = sum over m2 of the coupling times Y.
    fn matrix(&self, harmonics: &[f64]) -> Vec<f64> {
        let n3 = 2 * self.path.l3 + 1;
        let mut k = vec![0.0; (2 * self.path.l1 + 1) * n3];
        for &([m1, m2, m3], value) in &self.elements {
            k[m1 * n3 + m3] += value * harmonics[self.path.l2 * self.path.l2 + m2];
        }
        k
    }
}

fn source_scale(layer: &Layer, species: usize) -> f64 {
    layer.source_scale.get(species).copied().unwrap_or(1.0)
}

/// Features after the layer from those before it.
pub fn forward(
    layer: &Layer,
    species: &[usize],
    edges: &[Edge],
    h: &[Vec<f64>],
) -> (LayerState, Features) {
    let send = |(h, &z): (&Vec<f64>, &usize)| {
        let factor = source_scale(layer, z);
        let g = linear::apply(&layer.linear_1, h);
        g.into_iter().map(|g| factor * g).collect()
    };
    let sent: Features = h.iter().zip(species).map(send).collect();
    let message = messages(layer, edges, &sent);
    let mut gate_input = Features::new();
    let mut next = Features::new();
    for ((h, message), &z) in h.iter().zip(&message).zip(species) {
        let mut x = linear::apply(&layer.linear_2, message);
        match &layer.self_connection {
            SelfConnection::None => {}
            SelfConnection::Linear(map) => add_scaled(&mut x, 1.0, &linear::apply(map, h)),
            SelfConnection::Species(map) => {
                add_scaled(&mut x, 1.0, &linear::apply_species(map, z, h));
            }
        }
        let mut y = gate::forward(&layer.gate, &x);
        if layer.residual {
            add_scaled(&mut y, 1.0, h);
        }
        gate_input.push(x);
        next.push(y);
    }
    (LayerState { sent, gate_input }, next)
}

fn messages(layer: &Layer, edges: &[Edge], sent: &Features) -> Features {
    let paths = coupled(layer);
    let mut message = vec![vec![0.0; layer.message.dim()]; sent.len()];
    for edge in edges.iter().filter(|edge| !edge.basis.is_empty()) {
        let weights = radial::net(&layer.radial, &edge.basis);
        for coupled in &paths {
            let k = coupled.matrix(&edge.harmonics);
            let (n1, n3) = (2 * coupled.path.l1 + 1, 2 * coupled.path.l3 + 1);
            for u in 0..coupled.path.channels {
                let r = weights[coupled.path.weight_offset + u].value;
                let from = &sent[edge.sender][coupled.input_offset + u * n1..][..n1];
                let at = coupled.path.message_offset + u * n3;
                let to = &mut message[edge.receiver][at..at + n3];
                for (m1, x) in from.iter().enumerate() {
                    add_scaled(to, r * x, &k[m1 * n3..(m1 + 1) * n3]);
                }
            }
        }
    }
    message
}

/// Adjoints of the features before the layer from those after it; adds to the adjoints of the
/// edges.
pub fn backward(
    layer: &Layer,
    species: &[usize],
    edges: &[Edge],
    state: &LayerState,
    next_bar: &Features,
    edge_bar: &mut [EdgeAdjoint],
) -> Features {
    let mut h_bar = Features::new();
    let mut message_bar = Features::new();
    for ((x, y_bar), &z) in state.gate_input.iter().zip(next_bar).zip(species) {
        let x_bar = gate::backward(&layer.gate, x, y_bar);
        message_bar.push(linear::transpose(&layer.linear_2, &x_bar));
        let mut bar = match &layer.self_connection {
            SelfConnection::None => vec![0.0; layer.input.dim()],
            SelfConnection::Linear(map) => linear::transpose(map, &x_bar),
            SelfConnection::Species(map) => linear::transpose_species(map, z, &x_bar),
        };
        if layer.residual {
            add_scaled(&mut bar, 1.0, y_bar);
        }
        h_bar.push(bar);
    }
    let paths = coupled(layer);
    let mut sent_bar: Features = state.sent.iter().map(|g| vec![0.0; g.len()]).collect();
    let inside = |(edge, _): &(&Edge, &mut EdgeAdjoint)| !edge.basis.is_empty();
    for (edge, bar) in edges.iter().zip(edge_bar).filter(inside) {
        let weights = radial::net(&layer.radial, &edge.basis);
        let (sent, message_bar) = (&state.sent[edge.sender], &message_bar[edge.receiver]);
        for coupled in &paths {
            let sent_bar = &mut sent_bar[edge.sender];
            path_backward(coupled, edge, &weights, sent, message_bar, sent_bar, bar);
        }
    }
    for ((h, g), &z) in h_bar.iter_mut().zip(&sent_bar).zip(species) {
        let factor = source_scale(layer, z);
        add_scaled(h, factor, &linear::transpose(&layer.linear_1, g));
    }
    h_bar
}

/// Reverse of `message[u, m3] += R_u sum_m1 K[m1, m3] sent[u, m1]` on one edge.
fn path_backward(
    coupled: &Coupled,
    edge: &Edge,
    weights: &[Dual],
    sent: &[f64],
    message_bar: &[f64],
    sent_bar: &mut [f64],
    bar: &mut EdgeAdjoint,
) {
    let path = coupled.path;
    let k = coupled.matrix(&edge.harmonics);
    let (n1, n3) = (2 * path.l1 + 1, 2 * path.l3 + 1);
    let mut k_bar = vec![0.0; k.len()];
    for u in 0..path.channels {
        let r = weights[path.weight_offset + u];
        let at = coupled.input_offset + u * n1;
        let phi = &message_bar[path.message_offset + u * n3..][..n3];
        let mut r_bar = 0.0;
        for m1 in 0..n1 {
            let row = &k[m1 * n3..][..n3];
            let dot: f64 = row.iter().zip(phi).map(|(k, p)| k * p).sum();
            r_bar += sent[at + m1] * dot;
            sent_bar[at + m1] += r.value * dot;
            add_scaled(&mut k_bar[m1 * n3..][..n3], r.value * sent[at + m1], phi);
        }
        bar.r += r_bar * r.slope;
    }
    for &([m1, m2, m3], value) in &coupled.elements {
        bar.harmonics[path.l2 * path.l2 + m2] += value * k_bar[m1 * n3 + m3];
    }
}
