//! Embedding functions G of one pair of types, evaluated exactly: value and two derivatives with
//! respect to the first component s of the normalised row.

use crate::ml::deepmd::model::{Dense, Embedding, Network, Residual, Table};
use crate::simd::embedding::ORDER;

/// G, dG/ds and d2G/ds2 of all functions.
pub type Jets = [Vec<f64>; 3];

/// The functions of one pair.
#[derive(Debug, Clone)]
pub enum Function {
    /// Of s alone.
    Scalar(Embedding),
    /// Network whose other inputs are constants that the types decide.
    Typed(Network, Vec<f64>),
    /// The first times constants.
    Scaled(Embedding, Vec<f64>),
}

impl Function {
    /// Number of functions.
    pub fn outputs(&self) -> usize {
        match self {
            Function::Scalar(e) | Function::Scaled(e, _) => e.outputs(),
            Function::Typed(net, _) => net.outputs(),
        }
    }

    /// The table of the file and the factors of its columns (empty for 1), if the functions are a
    /// table.
    pub fn table(&self) -> Option<(&Table, &[f64])> {
        match self {
            Function::Scalar(Embedding::Table(table)) => Some((table, &[])),
            Function::Scaled(Embedding::Table(table), factors) => Some((table, factors)),
            _ => None,
        }
    }

    /// All functions at s.
    pub fn evaluate(&self, s: f64) -> Jets {
        match self {
            Function::Scalar(embedding) => scalar(embedding, s),
            Function::Typed(net, constants) => network(net, s, constants),
            Function::Scaled(embedding, factors) => {
                let mut jets = scalar(embedding, s);
                for row in &mut jets {
                    row.iter_mut().zip(factors).for_each(|(y, f)| *y *= f);
                }
                jets
            }
        }
    }
}

fn scalar(embedding: &Embedding, s: f64) -> Jets {
    match embedding {
        Embedding::Network(net) => network(net, s, &[]),
        Embedding::Table(table) => tabulated(table, s),
        Embedding::Zero(outputs) => std::array::from_fn(|_| vec![0.0; *outputs]),
    }
}

/// A network at the inputs s and, behind it, constants.
pub fn network(net: &Network, s: f64, constants: &[f64]) -> Jets {
    let none = vec![0.0; constants.len()];
    let input = |first: f64, rest: &[f64]| [&[first], rest].concat();
    let mut x = [input(s, constants), input(1.0, &none), input(0.0, &none)];
    for layer in &net.layers {
        x = dense(layer, &x);
    }
    x
}

fn dense(layer: &Dense, x: &Jets) -> Jets {
    let mut y: Jets = std::array::from_fn(|_| vec![0.0; layer.outputs]);
    if !layer.bias.is_empty() {
        y[0].copy_from_slice(&layer.bias);
    }
    for (u, row) in layer.weight.chunks_exact(layer.outputs.max(1)).enumerate() {
        for (x, y) in x.iter().zip(&mut y) {
            let factor = x[u];
            for (y, w) in y.iter_mut().zip(row) {
                *y += factor * w;
            }
        }
    }
    let act = layer.activation;
    for w in 0..layer.outputs {
        let [value, slope, curvature] = [y[0][w], y[1][w], y[2][w]];
        let (d1, d2) = (act.slope(value), act.curvature(value));
        let step = layer.step.get(w).copied().unwrap_or(1.0);
        y[0][w] = step * act.value(value);
        y[1][w] = step * d1 * slope;
        y[2][w] = step * (d2 * slope * slope + d1 * curvature);
    }
    let repeats = match layer.residual {
        Residual::None => 0,
        Residual::Same => 1,
        Residual::Twice => 2,
    };
    for (x, y) in x.iter().zip(&mut y) {
        for part in y.chunks_mut(x.len().max(1)).take(repeats) {
            part.iter_mut().zip(x).for_each(|(y, x)| *y += x);
        }
    }
    y
}

/// The table of a file, outside of its range by the tangent at its end.
fn tabulated(table: &Table, s: f64) -> Jets {
    let (node, t) = table.locate(s);
    let beyond = s - s.clamp(table.start(), table.end);
    let mut y: Jets = std::array::from_fn(|_| vec![0.0; table.outputs]);
    let rows = table.coefficients[node * table.outputs * ORDER..].chunks_exact(ORDER);
    for (g, c) in rows.take(table.outputs).enumerate() {
        let (mut value, mut slope, mut half) = (0.0, 0.0, 0.0);
        for &c in c.iter().rev() {
            half = half * t + slope;
            slope = slope * t + value;
            value = value * t + c;
        }
        y[0][g] = value + beyond * slope;
        y[1][g] = slope;
        y[2][g] = if beyond == 0.0 { 2.0 * half } else { 0.0 };
    }
    y
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::ml::activation::{Activation, Function as Curve};
    use crate::ml::deepmd::model::Segment;

    pub fn number(i: usize) -> f64 {
        ((i * 7919 + 17) % 2003) as f64 / 1001.0 - 1.0
    }

    /// Dense layers with residuals wherever the widths allow it.
    pub fn net(sizes: &[usize], seed: usize, curve: Curve) -> Network {
        let layer = |(k, pair): (usize, &[usize])| {
            let (inputs, outputs) = (pair[0], pair[1]);
            let many = |n: usize, s: usize| -> Vec<f64> {
                (0..n).map(|i| number(i + s * 31 + seed * 101)).collect()
            };
            let scale = 1.5 / (inputs as f64).sqrt();
            Dense {
                inputs,
                outputs,
                weight: many(inputs * outputs, k)
                    .iter()
                    .map(|w| w * scale)
                    .collect(),
                bias: many(outputs, k + 5),
                step: if k % 2 == 1 {
                    many(outputs, k + 9).iter().map(|s| 0.3 + 0.1 * s).collect()
                } else {
                    Vec::new()
                },
                activation: Activation {
                    function: curve,
                    factor: 1.0,
                },
                residual: if outputs == inputs {
                    Residual::Same
                } else if outputs == 2 * inputs {
                    Residual::Twice
                } else {
                    Residual::None
                },
            }
        };
        Network {
            layers: sizes.windows(2).enumerate().map(layer).collect(),
        }
    }

    fn check(function: &Function, s: f64) {
        let h = 1e-4;
        let [value, slope, curvature] = function.evaluate(s);
        let (low, high) = (function.evaluate(s - h), function.evaluate(s + h));
        for g in 0..function.outputs() {
            let difference = (high[0][g] - low[0][g]) / (2.0 * h);
            assert!((slope[g] - difference).abs() < 1e-6, "{s} {g}");
            let difference = (high[1][g] - low[1][g]) / (2.0 * h);
            assert!((curvature[g] - difference).abs() < 1e-6, "{s} {g}");
            assert!(value[g].is_finite());
        }
    }

    #[test]
    fn derivatives_agree_with_differences() {
        for curve in [Curve::Tanh, Curve::GeluTanh, Curve::Softplus] {
            let scalar = Embedding::Network(net(&[1, 4, 8, 8], 1, curve));
            let typed = Function::Typed(net(&[3, 5, 10], 2, curve), vec![0.3, -0.7]);
            let factors = (0..8).map(number).collect();
            for s in [-0.9, 0.0, 0.4, 2.3] {
                check(&Function::Scalar(scalar.clone()), s);
                check(&typed, s);
                check(&Function::Scaled(scalar.clone(), Clone::clone(&factors)), s);
            }
        }
    }

    #[test]
    fn tables_continue_along_their_tangent() {
        let table = Table {
            segments: vec![Segment {
                start: -1.0,
                stride: 0.5,
                first: 0,
            }],
            end: 0.0,
            outputs: 2,
            coefficients: (0..24).map(number).collect(),
        };
        let function = Function::Scalar(Embedding::Table(table));
        for s in [-0.9, -0.3, 0.4, -1.7] {
            check(&function, s);
        }
        let [end, slope, _] = function.evaluate(0.0);
        let beyond = function.evaluate(0.5);
        assert!((beyond[0][1] - end[1] - 0.5 * slope[1]).abs() < 1e-12);
    }
}
