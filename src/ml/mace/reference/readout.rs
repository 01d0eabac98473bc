//! Readouts of one node: energy of a head and its gradient by the features.

use crate::ml::activation::Activation;
use crate::ml::layers::Linear;
use crate::ml::mace::model::ReadoutKind;
use crate::ml::plain::linear;

/// Energy of one head.
pub fn energy(kind: &ReadoutKind, h: &[f64], head: usize, heads: usize) -> f64 {
    match kind {
        ReadoutKind::Linear(map) => linear::apply(map, h)[head],
        ReadoutKind::NonLinear {
            hidden,
            activation,
            last,
        } => {
            let inputs = hidden_inputs(hidden, *activation, h, head, heads);
            let x = match inputs.last() {
                Some(x) => masked(x, head, heads, |x| activation.value(x)),
                None => h.to_vec(),
            };
            linear::apply(last, &x)[head]
        }
    }
}

/// Gradient of [`energy`] by h.
pub fn gradient(kind: &ReadoutKind, h: &[f64], head: usize, heads: usize) -> Vec<f64> {
    let seed = |map: &Linear| {
        let mut bar = vec![0.0; map.output.dim()];
        bar[head] = 1.0;
        linear::transpose(map, &bar)
    };
    match kind {
        ReadoutKind::Linear(map) => seed(map),
        ReadoutKind::NonLinear {
            hidden,
            activation,
            last,
        } => {
            let inputs = hidden_inputs(hidden, *activation, h, head, heads);
            let steps = hidden.iter().zip(&inputs).rev();
            steps.fold(seed(last), |bar, (map, input)| {
                let slope = masked(input, head, heads, |x| activation.slope(x));
                let bar: Vec<f64> = bar.iter().zip(&slope).map(|(b, s)| b * s).collect();
                linear::transpose(map, &bar)
            })
        }
    }
}

/// Arguments of the activation after each hidden map.
fn hidden_inputs(
    hidden: &[Linear],
    activation: Activation,
    h: &[f64],
    head: usize,
    heads: usize,
) -> Vec<Vec<f64>> {
    let mut x = h.to_vec();
    let mut inputs = Vec::new();
    for map in hidden {
        let input = linear::apply(map, &x);
        x = masked(&input, head, heads, |x| activation.value(x));
        inputs.push(input);
    }
    inputs
}

/// f of the components of one head, zero for the other heads.
fn masked(x: &[f64], head: usize, heads: usize, f: impl Fn(f64) -> f64) -> Vec<f64> {
    let per_head = x.len() / heads;
    let own = |i: usize| i / per_head.max(1) == head;
    x.iter()
        .enumerate()
        .map(|(i, &x)| if own(i) { f(x) } else { 0.0 })
        .collect()
}
