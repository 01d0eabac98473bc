//! Radial networks evaluated exactly, with two derivatives with respect to the distance.

use super::embedding;
use super::jet::Jet;
use crate::ml::layers::{Mlp, MlpLayer};
use crate::ml::radial::form::{PairEmbedding, RadialEmbedding};

/// Values and derivatives of several functions: f, f' and f'' as separate rows. The rows of
/// derivatives are empty where only values are wanted.
#[derive(Debug, Clone, Default)]
pub struct Rows(pub [Vec<f64>; 3]);

impl Rows {
    /// Function `i`; derivatives that are not wanted are zero.
    pub(super) fn jet(&self, i: usize) -> Jet {
        let derivative = |k: usize| self.0[k].get(i).copied().unwrap_or(0.0);
        Jet {
            value: self.0[0][i],
            slope: derivative(1),
            curvature: derivative(2),
        }
    }

    pub(super) fn set(&mut self, i: usize, jet: Jet) {
        self.0[0][i] = jet.value;
        if self.has_derivatives() {
            self.0[1][i] = jet.slope;
            self.0[2][i] = jet.curvature;
        }
    }

    fn push(&mut self, jet: Jet) {
        self.0[0].push(jet.value);
        if self.has_derivatives() {
            self.0[1].push(jet.slope);
            self.0[2].push(jet.curvature);
        }
    }

    fn has_derivatives(&self) -> bool {
        !self.0[1].is_empty()
    }

    fn from_jets(jets: &[Jet], derivatives: bool) -> Rows {
        let wanted = if derivatives { jets } else { &[] };
        Rows([
            jets.iter().map(|j| j.value).collect(),
            wanted.iter().map(|j| j.slope).collect(),
            wanted.iter().map(|j| j.curvature).collect(),
        ])
    }

    /// Multiplies every function by `factor`.
    fn scale(&mut self, factor: Jet) {
        for i in 0..self.0[0].len() {
            let product = self.jet(i) * factor;
            self.set(i, product);
        }
    }
}

/// The radial functions of one layer: path weights, and the density of edges where the layer
/// normalises by it (then the last column, after the weights).
#[derive(Debug, Clone)]
pub struct RadialFunctions {
    /// Inputs of the networks.
    pub embedding: RadialEmbedding,
    /// Network of the path weights.
    pub net: Mlp,
    /// Network of the edge density, if there is one.
    pub density: Option<Mlp>,
    /// Species-dependent inputs, if any.
    pub pair_embedding: Option<PairEmbedding>,
}

impl RadialFunctions {
    /// Number of functions.
    pub fn len(&self) -> usize {
        self.net.outputs + usize::from(self.density.is_some())
    }

    /// True where there is no function.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All functions at distance `r` (Å) of an edge from the sender `sender` to the receiver
    /// `receiver`, both species indices; values only unless `derivatives` are wanted.
    pub fn evaluate(&self, r: f64, sender: usize, receiver: usize, derivatives: bool) -> Rows {
        let (mut x, factor) = embedding::inputs(&self.embedding, r, sender, receiver);
        if let Some(pair) = &self.pair_embedding {
            let source = &pair.source[sender * pair.source_len..][..pair.source_len];
            let target = &pair.target[receiver * pair.target_len..][..pair.target_len];
            x.extend(source.iter().chain(target).map(|&v| Jet::constant(v)));
        }
        let x = Rows::from_jets(&x, derivatives);
        let mut out = run(&self.net, x.clone());
        if let Some(density) = &self.density {
            let d = run(density, x).jet(0);
            out.push((d * d).tanh());
        }
        if !self.embedding.apply_cutoff {
            out.scale(factor);
        }
        out
    }
}

fn run(net: &Mlp, mut x: Rows) -> Rows {
    for layer in &net.layers {
        match layer {
            MlpLayer::Dense {
                inputs,
                outputs,
                weight,
                bias,
            } => x = dense(&x, *inputs, *outputs, weight, bias),
            MlpLayer::LayerNorm { weight, bias, eps } => layer_norm(&mut x, weight, bias, *eps),
            MlpLayer::Activation(act) => {
                for i in 0..x.0[0].len() {
                    let v = x.0[0][i];
                    if x.has_derivatives() {
                        let y = x.jet(i).chain(act.value(v), act.slope(v), act.curvature(v));
                        x.set(i, y);
                    } else {
                        x.0[0][i] = act.value(v);
                    }
                }
            }
        }
    }
    x
}

fn dense(x: &Rows, inputs: usize, outputs: usize, weight: &[f64], bias: &[f64]) -> Rows {
    let wanted = if x.has_derivatives() { outputs } else { 0 };
    let mut y = Rows([vec![0.0; outputs], vec![0.0; wanted], vec![0.0; wanted]]);
    if !bias.is_empty() {
        y.0[0].copy_from_slice(bias);
    }
    for u in 0..inputs {
        let row = &weight[u * outputs..(u + 1) * outputs];
        for (x, y) in x.0.iter().zip(&mut y.0).filter(|(x, _)| !x.is_empty()) {
            let factor = x[u];
            for (y, w) in y.iter_mut().zip(row) {
                *y += factor * w;
            }
        }
    }
    y
}

fn layer_norm(x: &mut Rows, weight: &[f64], bias: &[f64], eps: f64) {
    let n = x.0[0].len();
    let share = 1.0 / n as f64;
    let sum = |jets: &mut dyn Iterator<Item = Jet>| jets.fold(Jet::default(), |a, b| a + b);
    let mean = sum(&mut (0..n).map(|i| x.jet(i))).scale(share);
    let square = |i| {
        let d = x.jet(i) - mean;
        d * d
    };
    let variance = sum(&mut (0..n).map(square)).scale(share);
    let inverse = (variance + Jet::constant(eps)).pow(-0.5);
    for i in 0..n {
        let y = ((x.jet(i) - mean) * inverse).scale(weight[i]) + Jet::constant(bias[i]);
        x.set(i, y);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::ml::activation::{Activation, Function};
    use crate::ml::radial::form::{Cutoff, DistanceTransform, RadialBasis};

    fn weights(n: usize, seed: usize) -> Vec<f64> {
        (0..n)
            .map(|i| (((i * 7919 + seed * 104_729) % 2003) as f64 / 1001.0 - 1.0) * 0.7)
            .collect()
    }

    fn net(sizes: &[usize], bias: bool, norm: bool) -> Mlp {
        let mut layers = Vec::new();
        for (k, pair) in sizes.windows(2).enumerate() {
            layers.push(MlpLayer::Dense {
                inputs: pair[0],
                outputs: pair[1],
                weight: weights(pair[0] * pair[1], k),
                bias: if bias {
                    weights(pair[1], 9)
                } else {
                    Vec::new()
                },
            });
            if k + 2 < sizes.len() {
                if norm {
                    layers.push(MlpLayer::LayerNorm {
                        weight: weights(pair[1], 5),
                        bias: weights(pair[1], 6),
                        eps: 1e-5,
                    });
                }
                layers.push(MlpLayer::Activation(Activation {
                    function: Function::Silu,
                    factor: 1.679,
                }));
            }
        }
        Mlp {
            inputs: sizes[0],
            outputs: sizes[sizes.len() - 1],
            layers,
        }
    }

    /// Functions with random weights, with or without everything optional.
    pub(crate) fn functions(outputs: usize, rich: bool) -> RadialFunctions {
        let wave = |n| f64::from(n) * std::f64::consts::PI / 5.0;
        let extra = if rich { 4 } else { 0 };
        RadialFunctions {
            embedding: RadialEmbedding {
                basis: RadialBasis::Bessel {
                    prefactor: 0.4f64.sqrt(),
                    weights: (1..=8).map(wave).collect(),
                },
                cutoff: Cutoff::Polynomial { p: 5.0 },
                cutoff_r_max: 5.0,
                apply_cutoff: !rich,
                transform: DistanceTransform::None,
            },
            net: net(&[8 + extra, 16, 16, outputs], rich, rich),
            density: rich.then(|| net(&[8 + extra, 1], false, false)),
            pair_embedding: rich.then(|| PairEmbedding {
                source_len: 1,
                source: vec![0.5, -0.3],
                target_len: 3,
                target: vec![0.1, 0.2, 0.3, -0.4, 0.5, 0.6],
            }),
        }
    }

    #[test]
    fn networks_have_consistent_derivatives() {
        for rich in [false, true] {
            let f = functions(6, rich);
            for r in [0.5, 2.2, 4.9] {
                let h = 1e-5;
                let at = |r| f.evaluate(r, 1, 0, true);
                let (a, b, x) = (at(r - h), at(r + h), at(r));
                assert_eq!(x.0[0].len(), f.len());
                let values = f.evaluate(r, 1, 0, false);
                assert_eq!(values.0, [x.0[0].clone(), Vec::new(), Vec::new()]);
                for i in 0..f.len() {
                    for k in 0..2 {
                        let d = (b.0[k][i] - a.0[k][i]) / (2.0 * h);
                        let size = 1.0 + x.0[2][i].abs();
                        assert!(
                            (x.0[k + 1][i] - d).abs() < 1e-5 * size,
                            "{rich} {r} {i} {k}"
                        );
                    }
                }
            }
            assert_eq!(f.evaluate(5.0, 1, 0, true).0[0][0], 0.0);
        }
        let f = functions(3, true);
        let (a, b) = (f.evaluate(2.0, 0, 1, true), f.evaluate(2.0, 1, 0, true));
        assert!(a.0[0][0] != b.0[0][0]);
    }
}
