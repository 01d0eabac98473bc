//! Radial functions and perceptrons with their derivative: cutoff, distance transform, basis,
//! networks.

use super::dual::Dual;
use crate::ml::layers::{Mlp, MlpLayer};
use crate::ml::radial::form::{Cutoff, DistanceTransform, RadialBasis, RadialEmbedding};
use crate::ml::repulsion::Repulsion;

/// What the networks of one edge start from.
pub struct RadialInputs {
    /// Basis functions (times the cutoff function, where it is applied to them).
    pub basis: Vec<Dual>,
    /// Factor of the networks' outputs: the cutoff function where it is not in `basis`, else 1.
    pub factor: Dual,
}

/// Radial inputs at the distance r between species \[receiver, sender\].
pub fn inputs(radial: &RadialEmbedding, pair: [usize; 2], r: Dual) -> RadialInputs {
    let cutoff = match radial.cutoff {
        Cutoff::Polynomial { p } => polynomial_cutoff(r / radial.cutoff_r_max, p),
        Cutoff::Xplor { on } => xplor(r, on, radial.cutoff_r_max),
    };
    let basis = basis(&radial.basis, transform(&radial.transform, pair, r));
    if radial.apply_cutoff {
        let basis = basis.into_iter().map(|b| b * cutoff).collect();
        RadialInputs {
            basis,
            factor: Dual::constant(1.0),
        }
    } else {
        RadialInputs {
            basis,
            factor: cutoff,
        }
    }
}

/// Polynomial cutoff function of x = r / r_c with exponent p.
pub fn polynomial_cutoff(x: Dual, p: f64) -> Dual {
    if x.value >= 1.0 {
        return Dual::constant(0.0);
    }
    let [a, b, c] = [
        (p + 1.0) * (p + 2.0) / 2.0,
        p * (p + 2.0),
        p * (p + 1.0) / 2.0,
    ];
    Dual::constant(1.0) - x.powf(p) * a + x.powf(p + 1.0) * b - x.powf(p + 2.0) * c
}

fn xplor(r: Dual, on: f64, end: f64) -> Dual {
    if r.value < on {
        return Dual::constant(1.0);
    }
    if r.value >= end {
        return Dual::constant(0.0);
    }
    let (square, on, end) = (r * r, on * on, end * end);
    let left = -square + end;
    left * left * (square * 2.0 + (end - 3.0 * on)) / (end - on).powi(3)
}

fn transform(transform: &DistanceTransform, [i, j]: [usize; 2], r: Dual) -> Dual {
    match transform {
        DistanceTransform::None => r,
        DistanceTransform::Agnesi { q, p, a, radii } => {
            let y = r / (0.5 * (radii[i] + radii[j]));
            // y^q / (1 + y^(q-p)), written so that small y gives no infinity
            let ratio = y.powf(*p) / (y.powf(p - q) + 1.0);
            Dual::constant(1.0) / (ratio * *a + 1.0)
        }
        DistanceTransform::Soft { alpha, radii } => {
            let r0 = radii[i] + radii[j];
            let (p0, p1) = (0.75 * r0, 4.0 / 3.0 * r0);
            let steep = (r - 0.5 * (p0 + p1)) * (alpha / (p1 - p0));
            (r - p0) * (steep.tanh() + 1.0) * 0.5 + p0
        }
    }
}

fn basis(basis: &RadialBasis, d: Dual) -> Vec<Dual> {
    match basis {
        RadialBasis::Bessel { prefactor, weights } => weights
            .iter()
            .map(|&w| (d * w).sin() / d * *prefactor)
            .collect(),
        RadialBasis::Gaussian { coeff, centers } => {
            let gaussian = |&center: &f64| ((d - center) * (d - center) * *coeff).exp();
            centers.iter().map(gaussian).collect()
        }
        RadialBasis::Chebyshev { count } => {
            // T_0 = 1, T_1 = d, T_(n+1) = 2 d T_n - T_(n-1)
            let mut t = vec![Dual::constant(1.0), d];
            while t.len() <= *count {
                t.push(d * t[t.len() - 1] * 2.0 - t[t.len() - 2]);
            }
            t[1..=*count].to_vec()
        }
    }
}

/// Outputs of a perceptron.
pub fn net(net: &Mlp, inputs: &[Dual]) -> Vec<Dual> {
    net.layers
        .iter()
        .fold(inputs.to_vec(), |x, layer| apply(layer, x))
}

fn apply(layer: &MlpLayer, x: Vec<Dual>) -> Vec<Dual> {
    match layer {
        MlpLayer::Dense {
            outputs,
            weight,
            bias,
            ..
        } => {
            let constant = |w| Dual::constant(bias.get(w).copied().unwrap_or(0.0));
            let mut y: Vec<Dual> = (0..*outputs).map(constant).collect();
            for (xu, row) in x.iter().zip(weight.chunks_exact(*outputs)) {
                for (yw, &w) in y.iter_mut().zip(row) {
                    *yw = *yw + *xu * w;
                }
            }
            y
        }
        MlpLayer::LayerNorm { weight, bias, eps } => {
            let n = x.len() as f64;
            let zero = Dual::constant(0.0);
            let mean = x.iter().fold(zero, |s, &v| s + v) / n;
            let variance = x.iter().fold(zero, |s, &v| s + (v - mean) * (v - mean)) / n;
            let width = (variance + *eps).sqrt();
            let normed = x.iter().zip(weight.iter().zip(bias));
            normed
                .map(|(&v, (&w, &b))| (v - mean) / width * w + b)
                .collect()
        }
        MlpLayer::Activation(activation) => {
            x.into_iter().map(|v| v.activate(*activation)).collect()
        }
    }
}

/// Screened nuclear repulsion at the distance r between species \[receiver, sender\]: the
/// receiver's share.
pub fn repulsion(repulsion: &Repulsion, [i, j]: [usize; 2], r: f64) -> Dual {
    let r = Dual::variable(r);
    let pair = repulsion.pair(i, j);
    let mut phi = Dual::constant(0.0);
    for (&c, t) in repulsion.c.iter().zip(repulsion.t) {
        phi = phi + (r * (-t / pair.a)).exp() * c;
    }
    phi * polynomial_cutoff(r / pair.end, repulsion.p) / r * pair.charge
}

/// Outputs of a perceptron of plain numbers: the inputs of each of its layers, then its outputs.
pub fn layers(net: &Mlp, inputs: &[f64]) -> Vec<Vec<f64>> {
    let mut all = vec![inputs.to_vec()];
    for layer in &net.layers {
        let x = all[all.len() - 1].iter().map(|&x| Dual::constant(x));
        let y = apply(layer, x.collect());
        all.push(y.into_iter().map(|y| y.value).collect());
    }
    all
}

/// Adjoint of a perceptron's inputs from that of its outputs; `layers` as [`layers`] gave them.
pub fn transpose(net: &Mlp, layers: &[Vec<f64>], outputs: &[f64]) -> Vec<f64> {
    let steps = net.layers.iter().zip(layers).rev();
    steps.fold(outputs.to_vec(), |bar, (layer, x)| match layer {
        MlpLayer::Dense {
            outputs, weight, ..
        } => {
            let rows = weight.chunks_exact(*outputs);
            rows.map(|row| row.iter().zip(&bar).map(|(w, b)| w * b).sum())
                .collect()
        }
        MlpLayer::Activation(act) => {
            let slopes = x.iter().map(|&x| act.slope(x));
            slopes.zip(&bar).map(|(s, b)| s * b).collect()
        }
        MlpLayer::LayerNorm { weight, eps, .. } => {
            let n = x.len() as f64;
            let mean = x.iter().sum::<f64>() / n;
            let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            let width = (variance + eps).sqrt();
            let scaled: Vec<f64> = bar.iter().zip(weight).map(|(b, w)| b * w).collect();
            let sum = scaled.iter().sum::<f64>() / n;
            let dot = scaled
                .iter()
                .zip(x)
                .map(|(s, x)| s * (x - mean))
                .sum::<f64>()
                / n;
            let one = |(s, x): (&f64, &f64)| (s - sum - dot * (x - mean) / (width * width)) / width;
            scaled.iter().zip(x).map(one).collect()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_differences() {
        let radii = vec![0.31, 0.76];
        let agnesi = DistanceTransform::Agnesi {
            q: 0.9183,
            p: 4.5791,
            a: 1.0805,
            radii,
        };
        let soft = DistanceTransform::Soft {
            alpha: 4.0,
            radii: vec![0.31, 0.76],
        };
        let bases = [
            RadialBasis::Bessel {
                prefactor: 0.7,
                weights: vec![0.7, 2.1],
            },
            RadialBasis::Gaussian {
                coeff: -2.0,
                centers: vec![0.5, 2.0],
            },
            RadialBasis::Chebyshev { count: 5 },
        ];
        for t in [DistanceTransform::None, agnesi, soft] {
            for b in &bases {
                for r in [0.2, 0.9, 1.7] {
                    let at = |r| basis(b, transform(&t, [0, 1], Dual::variable(r)));
                    let h = 1e-5;
                    for ((now, plus), minus) in at(r).iter().zip(at(r + h)).zip(at(r - h)) {
                        let slope = (plus.value - minus.value) / (2.0 * h);
                        assert!(
                            (now.slope - slope).abs() < 1e-7,
                            "{t:?} {b:?} {r} {now:?} {slope}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn transposed_perceptron_is_its_gradient() {
        use crate::ml::activation::{Activation, Function};
        let act = |function| {
            MlpLayer::Activation(Activation {
                function,
                factor: 1.3,
            })
        };
        let weight = |n: usize| (0..n).map(|i| ((i * 37 % 19) as f64 - 9.0) / 9.0).collect();
        let net = Mlp {
            inputs: 3,
            outputs: 1,
            layers: vec![
                MlpLayer::Dense {
                    inputs: 3,
                    outputs: 4,
                    weight: weight(12),
                    bias: weight(4),
                },
                MlpLayer::LayerNorm {
                    weight: weight(4),
                    bias: weight(4),
                    eps: 1e-5,
                },
                act(Function::Silu),
                MlpLayer::Dense {
                    inputs: 4,
                    outputs: 1,
                    weight: weight(4),
                    bias: Vec::new(),
                },
                act(Function::Tanh),
            ],
        };
        let x = [0.3, -0.7, 1.1];
        let value = |x: &[f64]| layers(&net, x)[5][0];
        let gradient = transpose(&net, &layers(&net, &x), &[1.0]);
        for k in 0..3 {
            let moved = |h: f64| {
                let mut y = x;
                y[k] += h;
                value(&y)
            };
            let slope = (moved(1e-6) - moved(-1e-6)) / 2e-6;
            assert!((gradient[k] - slope).abs() < 1e-8, "{k}");
        }
    }
}
