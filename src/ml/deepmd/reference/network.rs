//! Networks and tables: values and adjoints of one input vector.

use crate::ml::deepmd::model::{Dense, Embedding, Network, Residual, Table};

/// Output of a layer and its input to the activation.
fn dense(layer: &Dense, x: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let n = layer.outputs;
    let mut inner = if layer.bias.is_empty() {
        vec![0.0; n]
    } else {
        layer.bias.clone()
    };
    for (u, x) in x.iter().enumerate() {
        for (z, w) in inner.iter_mut().zip(&layer.weight[u * n..]) {
            *z += x * w;
        }
    }
    let output = inner.iter().enumerate().map(|(v, &z)| {
        let step = layer.step.get(v).copied().unwrap_or(1.0);
        let skip = match layer.residual {
            Residual::None => 0.0,
            Residual::Same => x[v],
            Residual::Twice => x[v % layer.inputs],
        };
        layer.activation.value(z) * step + skip
    });
    (output.collect(), inner)
}

/// Value of a single layer.
pub fn dense_value(layer: &Dense, x: &[f64]) -> Vec<f64> {
    dense(layer, x).0
}

/// Adjoint of the input of a layer.
pub fn dense_backward(layer: &Dense, x: &[f64], bar: &[f64]) -> Vec<f64> {
    let inner = dense(layer, x).1;
    let n = layer.outputs;
    let mut input = vec![0.0; layer.inputs];
    for v in 0..n {
        let step = layer.step.get(v).copied().unwrap_or(1.0);
        let z = bar[v] * step * layer.activation.slope(inner[v]);
        for (u, x) in input.iter_mut().enumerate() {
            *x += z * layer.weight[u * n + v];
        }
        match layer.residual {
            Residual::None => {}
            Residual::Same => input[v] += bar[v],
            Residual::Twice => input[v % layer.inputs] += bar[v],
        }
    }
    input
}

/// Value of a network.
pub fn value(net: &Network, x: &[f64]) -> Vec<f64> {
    net.layers
        .iter()
        .fold(x.to_vec(), |x, layer| dense_value(layer, &x))
}

/// Adjoint of the input of a network.
pub fn backward(net: &Network, x: &[f64], bar: &[f64]) -> Vec<f64> {
    let mut inputs = vec![x.to_vec()];
    for layer in &net.layers {
        inputs.push(dense_value(layer, &inputs[inputs.len() - 1]));
    }
    let layers = net.layers.iter().zip(&inputs).rev();
    layers.fold(bar.to_vec(), |bar, (layer, x)| {
        dense_backward(layer, x, &bar)
    })
}

/// Value and gradient of a network with one output.
pub fn scalar(net: &Network, x: &[f64]) -> (f64, Vec<f64>) {
    (value(net, x)[0], backward(net, x, &[1.0]))
}

/// Value and derivative of an embedding of one number.
pub fn embed(embedding: &Embedding, s: f64) -> (Vec<f64>, Vec<f64>) {
    match embedding {
        Embedding::Table(table) => table_value(table, s),
        Embedding::Zero(n) => (vec![0.0; *n], vec![0.0; *n]),
        Embedding::Network(net) => {
            let start = (vec![s], vec![1.0]);
            let layers = net.layers.iter();
            layers.fold(start, |(x, dx), layer| tangent(layer, &x, &dx))
        }
    }
}

/// Value of a layer and its derivative along `dx`.
fn tangent(layer: &Dense, x: &[f64], dx: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let (value, inner) = dense(layer, x);
    let n = layer.outputs;
    let slope = (0..n).map(|v| {
        let step = layer.step.get(v).copied().unwrap_or(1.0);
        let column = layer.weight[v..].iter().step_by(n);
        let along: f64 = dx.iter().zip(column).map(|(d, w)| d * w).sum();
        let skip = match layer.residual {
            Residual::None => 0.0,
            Residual::Same => dx[v],
            Residual::Twice => dx[v % layer.inputs],
        };
        layer.activation.slope(inner[v]) * along * step + skip
    });
    let slope = slope.collect();
    (value, slope)
}

/// Value and derivative of a table.
pub fn table_value(table: &Table, x: f64) -> (Vec<f64>, Vec<f64>) {
    let (node, t) = table.locate(x);
    // tangent outside of the grid
    let beyond = x - x.clamp(table.start(), table.end);
    let width = 6 * table.outputs;
    let row = &table.coefficients[node * width..(node + 1) * width];
    let both = row.chunks_exact(6).map(|c| {
        let value = c.iter().rev().fold(0.0, |y, c| y * t + c);
        let slope = (1..6).rev().fold(0.0, |y, k| y * t + k as f64 * c[k]);
        (value + slope * beyond, slope)
    });
    both.unzip()
}
