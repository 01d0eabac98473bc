//! From the distance to the inputs of the radial networks: transform, basis, cutoff, with two
//! derivatives.

use super::jet::Jet;
use crate::ml::radial::form::{Cutoff, DistanceTransform, RadialBasis, RadialEmbedding};

/// Cutoff function that ends at `r_max`, at distance `r`.
pub fn cutoff(function: Cutoff, r_max: f64, r: f64) -> Jet {
    match function {
        _ if r >= r_max => Jet::default(),
        Cutoff::Polynomial { p } => polynomial(p, r_max, r),
        Cutoff::Xplor { on } if r < on => Jet::constant(1.0),
        Cutoff::Xplor { on } => {
            let (x, end, on) = (Jet::variable(r), r_max * r_max, on * on);
            let square = x * x;
            let left = Jet::constant(end) - square;
            let bracket = Jet::constant(end - 3.0 * on) + square.scale(2.0);
            (left * left * bracket).scale((end - on).powi(-3))
        }
    }
}

fn polynomial(p: f64, r_max: f64, r: f64) -> Jet {
    let x = Jet::variable(r).scale(1.0 / r_max);
    let first = x.pow(p).scale((p + 1.0) * (p + 2.0) / 2.0);
    let second = x.pow(p + 1.0).scale(p * (p + 2.0));
    let third = x.pow(p + 2.0).scale(p * (p + 1.0) / 2.0);
    Jet::constant(1.0) - first + second - third
}

/// The transformed distance for the species `a` and `b` of the edge's atoms.
fn transformed(transform: &DistanceTransform, r: f64, a: usize, b: usize) -> Jet {
    let r = Jet::variable(r);
    let one = Jet::constant(1.0);
    match transform {
        DistanceTransform::None => r,
        DistanceTransform::Agnesi {
            q,
            p,
            a: strength,
            radii,
        } => {
            let y = r.scale(2.0 / (radii[a] + radii[b]));
            // y^q / (1 + y^(q-p)) in the form whose powers do not overflow
            let ratio = if y.value < 1.0 {
                y.pow(*p) * (one + y.pow(p - q)).recip()
            } else {
                y.pow(*q) * (one + y.pow(q - p)).recip()
            };
            (one + ratio.scale(*strength)).recip()
        }
        DistanceTransform::Soft { alpha, radii } => {
            let r0 = radii[a] + radii[b];
            let (p0, p1) = (0.75 * r0, 4.0 / 3.0 * r0);
            let middle = Jet::constant(0.5 * (p0 + p1));
            let step = (r - middle).scale(alpha / (p1 - p0)).tanh();
            let p0 = Jet::constant(p0);
            p0 + (r - p0) * (one + step).scale(0.5)
        }
    }
}

fn basis(basis: &RadialBasis, d: Jet) -> Vec<Jet> {
    match basis {
        RadialBasis::Bessel { prefactor, weights } => {
            let inverse = d.recip().scale(*prefactor);
            weights
                .iter()
                .map(|&w| d.scale(w).sin() * inverse)
                .collect()
        }
        RadialBasis::Gaussian { coeff, centers } => {
            let gauss = |&c: &f64| {
                let x = d - Jet::constant(c);
                (x * x).scale(*coeff).exp()
            };
            centers.iter().map(gauss).collect()
        }
        RadialBasis::Chebyshev { count } => {
            let (mut before, mut now) = (Jet::constant(1.0), d);
            let mut out = Vec::with_capacity(*count);
            for _ in 0..*count {
                out.push(now);
                (before, now) = (now, d.scale(2.0) * now - before);
            }
            out
        }
    }
}

/// Inputs of the radial networks at distance `r` for an edge between species `a` and `b`, and the
/// factor of the networks' outputs (1, or the cutoff function where the inputs leave it out).
pub fn inputs(embedding: &RadialEmbedding, r: f64, a: usize, b: usize) -> (Vec<Jet>, Jet) {
    let end = cutoff(embedding.cutoff, embedding.cutoff_r_max, r);
    let functions = basis(&embedding.basis, transformed(&embedding.transform, r, a, b));
    if embedding.apply_cutoff {
        let inputs = functions.into_iter().map(|f| f * end).collect();
        (inputs, Jet::constant(1.0))
    } else {
        (functions, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: Cutoff = Cutoff::Polynomial { p: 5.0 };
    const X: Cutoff = Cutoff::Xplor { on: 1.0 };

    #[test]
    fn every_form_has_consistent_derivatives() {
        let radii = vec![0.31, 1.28];
        let bessel = RadialBasis::Bessel {
            prefactor: 0.6,
            weights: vec![0.6, 1.2, 1.9],
        };
        let gaussian = RadialBasis::Gaussian {
            coeff: -2.0,
            centers: vec![0.0, 1.0, 2.0],
        };
        let agnesi = DistanceTransform::Agnesi {
            q: 0.9183,
            p: 4.5791,
            a: 1.0805,
            radii: radii.clone(),
        };
        let soft = DistanceTransform::Soft { alpha: 4.0, radii };
        for basis in [bessel, gaussian, RadialBasis::Chebyshev { count: 5 }] {
            for transform in [DistanceTransform::None, agnesi.clone(), soft.clone()] {
                for (apply_cutoff, cutoff) in [(true, P), (false, P), (true, X)] {
                    let embedding = RadialEmbedding {
                        basis: basis.clone(),
                        cutoff,
                        cutoff_r_max: 5.0,
                        apply_cutoff,
                        transform: transform.clone(),
                    };
                    let all = |r| {
                        let (mut x, factor) = inputs(&embedding, r, 0, 1);
                        x.push(factor);
                        x
                    };
                    for r in [0.4, 0.8, 1.4, 3.0, 4.99] {
                        let h = 1e-5;
                        let (a, b, x) = (all(r - h), all(r + h), all(r));
                        for k in 0..x.len() {
                            let slope = (b[k].value - a[k].value) / (2.0 * h);
                            let curvature = (b[k].slope - a[k].slope) / (2.0 * h);
                            let size = 1.0 + x[k].curvature.abs();
                            assert!((x[k].slope - slope).abs() < 1e-6 * size, "{r} {k}");
                            assert!((x[k].curvature - curvature).abs() < 1e-5 * size, "{r} {k}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn cutoff_ends_smoothly() {
        for function in [P, X] {
            assert_eq!(cutoff(function, 4.0, 4.0), Jet::default());
            let near = cutoff(function, 4.0, 4.0 - 1e-6);
            assert!(near.value.abs() < 1e-12 && near.slope.abs() < 1e-5);
            assert_eq!(cutoff(function, 4.0, 0.0).value, 1.0);
        }
        assert!((cutoff(X, 4.0, 1.0 + 1e-9).value - 1.0).abs() < 1e-12);
    }
}
