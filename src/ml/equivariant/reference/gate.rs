//! Gates of one node.

use super::add_scaled;
use crate::ml::equivariant::model::{Gate, GateCopies};

/// Input, gate and output of every gated copy: first component, component, first component.
fn copies(part: &GateCopies) -> impl Iterator<Item = (usize, usize, usize)> {
    let (part, dim) = (*part, 2 * part.l + 1);
    (0..part.mul).map(move |u| (part.input + u * dim, part.gate + u, part.output + u * dim))
}

/// y = gate(x).
pub fn forward(gate: &Gate, x: &[f64]) -> Vec<f64> {
    let mut y = vec![0.0; gate.output.dim()];
    for part in &gate.scalars {
        for u in 0..part.mul {
            y[part.output + u] = part.activation.value(x[part.input + u]);
        }
    }
    for part in &gate.gated {
        let dim = 2 * part.l + 1;
        for (from, by, to) in copies(part) {
            let factor = part.activation.value(x[by]);
            add_scaled(&mut y[to..to + dim], factor, &x[from..from + dim]);
        }
    }
    y
}

/// Adjoint of x from that of y.
pub fn backward(gate: &Gate, x: &[f64], y_bar: &[f64]) -> Vec<f64> {
    let mut x_bar = vec![0.0; x.len()];
    for part in &gate.scalars {
        for u in 0..part.mul {
            let at = part.input + u;
            x_bar[at] += part.activation.slope(x[at]) * y_bar[part.output + u];
        }
    }
    for part in &gate.gated {
        let dim = 2 * part.l + 1;
        for (from, by, to) in copies(part) {
            let (x_part, bar) = (&x[from..from + dim], &y_bar[to..to + dim]);
            let dot: f64 = x_part.iter().zip(bar).map(|(x, y)| x * y).sum();
            x_bar[by] += dot * part.activation.slope(x[by]);
            let factor = part.activation.value(x[by]);
            add_scaled(&mut x_bar[from..from + dim], factor, bar);
        }
    }
    x_bar
}
