//! Plain evaluation of a Deep Potential model in f64: the formulas of `model.rs` written out, with
//! the analytic gradient by reverse sweep. It is the oracle for the fast evaluation and covers
//! every model that loads; nothing here is optimised.
//!
//! Imports the model description and edges.

mod attention;
mod environment;
mod network;
mod smooth;

use super::model::{DeepmdModel, Descriptor, Inputs};
use crate::ml::edges::{EdgeList, Evaluation};
use environment::{Centre, Rows, rows};

pub use network::{table_value, value as network_value};

/// Energies and the gradient by all edge vectors. Edges longer than the cutoff are allowed and
/// ignored.
///
/// # Panics
/// Where a species or a node index is out of range, slices differ in length, or `inputs` has not
/// as many numbers as the model takes.
pub fn evaluate(model: &DeepmdModel, edges: &EdgeList, inputs: Inputs) -> Evaluation {
    let (receiver, sender) = (edges.receiver, edges.sender);
    assert!(receiver.len() == sender.len() && sender.len() == edges.vector.len());
    let nodes = edges.species.len();
    let mut incoming = vec![Vec::new(); nodes];
    for (e, &i) in receiver.iter().enumerate() {
        incoming[i as usize].push(e);
    }
    let mut result = Evaluation {
        energy: 0.0,
        node_energy: vec![0.0; nodes],
        edge_gradient: vec![[0.0; 3]; receiver.len()],
    };
    for i in 0..nodes {
        let species = usize::from(edges.species[i]);
        assert!(species < model.types(), "species out of range");
        if model.excluded_atoms[species] {
            continue;
        }
        let centre = Centre {
            model,
            edges,
            species,
            incoming: &incoming[i],
        };
        let features = features(&model.descriptor, &centre);
        let parameters = parameters(model, inputs, i);
        let net = model.fitting.network(species);
        let x = [&features[..], &parameters].concat();
        let (energy, bar) = network::scalar(net, &x);
        result.node_energy[i] = energy + model.energy_bias[species];
        if model.fitting.subtract_vacuum[species] {
            let vacuum = [&vec![0.0; features.len()][..], &parameters].concat();
            result.node_energy[i] -= network::scalar(net, &vacuum).0;
        }
        let bar = &bar[..features.len()];
        backward(&model.descriptor, &centre, bar, &mut result.edge_gradient);
    }
    result.energy = result.node_energy.iter().sum();
    result
}

/// Inputs of the fitting besides D, normalised.
fn parameters(model: &DeepmdModel, inputs: Inputs, node: usize) -> Vec<f64> {
    let fitting = &model.fitting;
    let frame = match (&fitting.frame.default, inputs.frame) {
        (Some(default), []) => default,
        (_, given) => given,
    };
    let n = fitting.atomic.len();
    assert!(frame.len() == fitting.frame.len(), "frame parameters");
    let atomic = &inputs.atomic[node * n..(node + 1) * n];
    let mut all = Vec::new();
    for (kind, values) in [(&fitting.frame, frame), (&fitting.atomic, atomic)] {
        let scale = kind.mean.iter().zip(&kind.inverse_std);
        all.extend(values.iter().zip(scale).map(|(x, (m, s))| (x - m) * s));
    }
    all.extend(&fitting.case);
    all
}

/// D of one centre.
fn features(descriptor: &Descriptor, centre: &Centre) -> Vec<f64> {
    match descriptor {
        Descriptor::SeE2A(d) => smooth::two_body(d, centre, &rows(&d.environment, centre)),
        Descriptor::SeE2R(d) => smooth::radial(d, centre, &rows(&d.environment, centre)),
        Descriptor::SeE3(d) => smooth::three_body(d, &rows(&d.environment, centre)),
        Descriptor::SeAtten(d) => attention::features(d, centre, &rows(&d.environment, centre)),
        Descriptor::Hybrid(list) => list.iter().flat_map(|d| features(d, centre)).collect(),
    }
}

/// Adds the gradient by the edges from the adjoint of D.
fn backward(descriptor: &Descriptor, centre: &Centre, bar: &[f64], gradient: &mut [[f64; 3]]) {
    let mut rows: Rows;
    let environment = match descriptor {
        Descriptor::SeE2A(d) => {
            rows = self::rows(&d.environment, centre);
            smooth::two_body_backward(d, centre, &mut rows, bar);
            &d.environment
        }
        Descriptor::SeE2R(d) => {
            rows = self::rows(&d.environment, centre);
            smooth::radial_backward(d, centre, &mut rows, bar);
            &d.environment
        }
        Descriptor::SeE3(d) => {
            rows = self::rows(&d.environment, centre);
            smooth::three_body_backward(d, &mut rows, bar);
            &d.environment
        }
        Descriptor::SeAtten(d) => {
            rows = self::rows(&d.environment, centre);
            attention::backward(d, centre, &mut rows, bar);
            &d.environment
        }
        Descriptor::Hybrid(list) => {
            let mut at = 0;
            for d in list {
                backward(d, centre, &bar[at..at + d.width()], gradient);
                at += d.width();
            }
            return;
        }
    };
    environment::backward(environment, centre, &rows, gradient);
}
