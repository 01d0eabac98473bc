//! Radial functions of one edge and their derivatives: cutoff, distance transform, basis, radial
//! networks, nuclear repulsion.

use super::dual::Dual;
use crate::ml::layers::{Mlp, MlpLayer};
use crate::ml::mace::model::{Interaction, MaceModel, Zbl};
use crate::ml::radial::form::{Cutoff, DistanceTransform, RadialBasis};

/// What the networks of one edge start from.
pub struct RadialInputs {
    /// Basis functions (times the cutoff function, where it is applied to them).
    pub basis: Vec<Dual>,
    /// Factor of the networks' outputs: the cutoff function where it is not in `basis`, else 1.
    pub factor: Dual,
}

/// Radial inputs of an edge of length r between species \[receiver, sender\].
pub fn inputs(model: &MaceModel, pair: [usize; 2], r: f64) -> RadialInputs {
    let r = Dual::variable(r);
    let radial = &model.radial;
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

fn polynomial_cutoff(x: Dual, p: f64) -> Dual {
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

/// Inputs of the radial networks of one interaction.
pub fn net_inputs(
    model: &MaceModel,
    interaction: &Interaction,
    [i, j]: [usize; 2],
    inputs: &RadialInputs,
) -> Vec<Dual> {
    debug_assert_eq!(model.radial.basis.len(), inputs.basis.len());
    let mut x = inputs.basis.clone();
    if let Some(pair) = &interaction.pair_embedding {
        let (n, m) = (pair.source_len, pair.target_len);
        let rows = [
            &pair.source[j * n..(j + 1) * n],
            &pair.target[i * m..(i + 1) * m],
        ];
        x.extend(rows.into_iter().flatten().map(|&v| Dual::constant(v)));
    }
    x
}

/// Outputs of a radial network.
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

/// Half of the screened nuclear repulsion of a pair: the receiver's share of the directed edge.
pub fn zbl(zbl: &Zbl, atomic_numbers: &[u8], [i, j]: [usize; 2], r: f64) -> Dual {
    let r = Dual::variable(r);
    let [zi, zj] = [i, j].map(|s| f64::from(atomic_numbers[s]));
    let a = zbl.a_prefactor * Zbl::BOHR / (zi.powf(zbl.a_exp) + zj.powf(zbl.a_exp));
    let mut phi = Dual::constant(0.0);
    for (&c, t) in zbl.c.iter().zip(Zbl::EXPONENTS) {
        phi = phi + (r * (-t / a)).exp() * c;
    }
    let envelope = polynomial_cutoff(r / (zbl.radii[i] + zbl.radii[j]), zbl.p);
    phi * envelope / r * (0.5 * Zbl::COULOMB * zi * zj)
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
}
