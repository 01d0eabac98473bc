//! Recognises the radial basis, cutoff function, harmonics and perceptrons of a frozen model by
//! their values. Imports siblings and the forms of radial functions.

use std::collections::HashMap;

use super::probe::{Edges, Frozen};
use super::survey::Survey;
use super::syntax::{Expr, Kind, Statement};
use super::tensor::{Step, Tensor};
use crate::ml::activation::{Activation, Function};
use crate::ml::error::{ModelError, Result};
use crate::ml::layers::{Mlp, MlpLayer};
use crate::ml::plain::dual::Dual;
use crate::ml::plain::{radial, sphere};
use crate::ml::radial::form::{Cutoff, DistanceTransform, RadialBasis, RadialEmbedding};

/// Relative error within which functions are the same (constants are f32).
const NEAR: f64 = 1e-6;
/// Numbers of the code that are tried as parameters.
const MAX_NUMBERS: usize = 512;

/// Radial functions and harmonics.
#[derive(Debug)]
pub struct EdgeFunctions {
    /// Basis and cutoff function.
    pub radial: RadialEmbedding,
    /// Degree of the harmonics.
    pub l_max: usize,
    /// Whether they are solid.
    pub solid: bool,
}

fn other(what: &str) -> ModelError {
    ModelError::unsupported(format!(
        "the {what} of the deployed model are not those of SevenNet; give argyro the checkpoint \
         that it was deployed from"
    ))
}

/// Recognises radial functions and harmonics.
///
/// # Errors
/// Where they are none of those that SevenNet has.
pub fn edge_functions(model: &Frozen, survey: &Survey) -> Result<EdgeFunctions> {
    let edges = Edges::spread(2, 24, model.cutoff);
    let wanted = [survey.basis.0, survey.harmonics.0];
    let found = model.ask(&[0, 0], &edges, HashMap::new(), &wanted)?;
    let get = |event: usize| found.get(&event).filter(|t| t.shape.first() == Some(&24));
    let (Some(basis), Some(harmonics)) = (get(wanted[0]), get(wanted[1])) else {
        return Err(other("functions of the edges"));
    };
    let (l_max, solid) = degree(&edges, harmonics)?;
    Ok(EdgeFunctions {
        radial: embedding(model, &edges, basis)?,
        l_max,
        solid,
    })
}

fn near(a: f64, b: f64, scale: f64) -> bool {
    (a - b).abs() <= NEAR * (scale + b.abs())
}

/// Degree of the harmonics and whether they are solid.
fn degree(edges: &Edges, values: &Tensor) -> Result<(usize, bool)> {
    let width = values.width();
    let l_max = (width as f64).sqrt() as usize;
    let l_max = l_max.wrapping_sub(1);
    if l_max > crate::ml::e3nn::MAX_L || (l_max + 1) * (l_max + 1) != width {
        return Err(other("spherical harmonics"));
    }
    for solid in [false, true] {
        let row_fits = |(vector, row): (&[f64; 3], &[f64])| {
            let r = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
            let expected = sphere::harmonics(l_max, vector.map(|x| x / r));
            let factor = |k: usize| match solid {
                true => r.powf((k as f64).sqrt().floor()),
                false => 1.0,
            };
            let mut pairs = expected.iter().zip(row).enumerate();
            pairs.all(|(k, (e, y))| near(e * factor(k), *y, factor(k)))
        };
        if edges
            .vector
            .iter()
            .zip(values.data.chunks_exact(width))
            .all(row_fits)
        {
            return Ok((l_max, solid));
        }
    }
    Err(other("spherical harmonics"))
}

/// Basis and cutoff function whose product has these values.
fn embedding(model: &Frozen, edges: &Edges, values: &Tensor) -> Result<RadialEmbedding> {
    let width = values.width();
    let program = model
        .programs
        .first()
        .ok_or_else(|| other("radial functions"))?;
    let mut numbers = Vec::new();
    numbers_of(&program.body, &mut numbers);
    let powers = (1..=24).map(f64::from).chain(numbers.iter().copied());
    let powers = powers
        .filter(|p| (0.5..200.0).contains(p))
        .map(|p| Cutoff::Polynomial { p });
    let inside = |on: &&f64| (0.0..model.cutoff).contains(*on);
    let starts = numbers
        .iter()
        .filter(inside)
        .map(|&on| Cutoff::Xplor { on });
    let cutoffs: Vec<Cutoff> = starts.chain(powers).collect();
    let constants = program.constants.iter().flatten();
    for weights in constants.filter(|c| c.data.len() == width).take(8) {
        for &cutoff in &cutoffs {
            let form = RadialEmbedding {
                basis: RadialBasis::Bessel {
                    prefactor: 2.0 / model.cutoff,
                    weights: weights.data.to_vec(),
                },
                cutoff,
                cutoff_r_max: model.cutoff,
                apply_cutoff: true,
                transform: DistanceTransform::None,
            };
            let row_fits = |(vector, row): (&[f64; 3], &[f64])| {
                let r = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
                let expected = radial::inputs(&form, [0, 0], Dual::constant(r)).basis;
                expected
                    .iter()
                    .zip(row)
                    .all(|(e, y)| near(e.value, *y, 0.1))
            };
            if edges
                .vector
                .iter()
                .zip(values.data.chunks_exact(width.max(1)))
                .all(row_fits)
            {
                return Ok(form);
            }
        }
    }
    Err(other("radial functions"))
}

/// Numbers in the code up to the place where the radial basis is set.
fn numbers_of(body: &[Statement], out: &mut Vec<f64>) {
    for statement in body {
        match &statement.kind {
            Kind::Let(_, value) => collect(value, out),
            Kind::Do(value) => {
                collect(value, out);
                if let Expr::Call(_, arguments) = value
                    && arguments
                        .iter()
                        .any(|a| *a == Expr::Text("edge_embedding".to_owned()))
                {
                    return;
                }
            }
            _ => {}
        }
        if out.len() > MAX_NUMBERS {
            return;
        }
    }
}

fn collect(value: &Expr, out: &mut Vec<f64>) {
    match value {
        Expr::Number(x) if !out.contains(x) => out.push(*x),
        Expr::List(items) | Expr::Call(_, items) => items.iter().for_each(|v| collect(v, out)),
        Expr::Item(a, b) => [a, b].into_iter().for_each(|v| collect(v, out)),
        _ => {}
    }
}

/// The perceptron of a chain of steps.
///
/// # Errors
/// Where the steps are none of a perceptron.
pub fn perceptron(steps: &[Step]) -> Result<Mlp> {
    let mut layers: Vec<MlpLayer> = Vec::new();
    let mut shape: Option<(usize, usize)> = None;
    let mut pending = 1.0;
    for step in steps {
        match step {
            Step::Dense(inputs, outputs, weight) => {
                if shape.is_some_and(|(_, width)| width != *inputs) {
                    return Err(other("perceptrons"));
                }
                layers.push(MlpLayer::Dense {
                    inputs: *inputs,
                    outputs: *outputs,
                    weight: weight.iter().map(|w| w * pending).collect(),
                    bias: Vec::new(),
                });
                pending = 1.0;
                shape = Some((shape.map_or(*inputs, |(first, _)| first), *outputs));
            }
            // a factor before a function is part of the layer before it
            Step::Function(function) => {
                scale_last(&mut layers, &mut pending)?;
                layers.push(MlpLayer::Activation(Activation {
                    function: *function,
                    factor: 1.0,
                }));
            }
            Step::Scale(factor) => pending *= factor,
            Step::Add(x) => match layers.last_mut() {
                Some(MlpLayer::Activation(act))
                    if act.function == Function::Softplus
                        && near(*x, -std::f64::consts::LN_2, 0.0) =>
                {
                    act.function = Function::ShiftedSoftplus;
                }
                _ => return Err(other("perceptrons")),
            },
        }
        // a factor behind a function is its constant
        if let Some(MlpLayer::Activation(act)) = layers.last_mut()
            && pending != 1.0
        {
            act.factor *= pending;
            pending = 1.0;
        }
    }
    scale_last(&mut layers, &mut pending)?;
    match shape {
        Some((inputs, outputs)) => Ok(Mlp {
            inputs,
            outputs,
            layers,
        }),
        None => Err(other("perceptrons")),
    }
}

/// Multiplies a factor into the last layer.
fn scale_last(layers: &mut [MlpLayer], pending: &mut f64) -> Result<()> {
    if *pending != 1.0 {
        match layers.last_mut() {
            Some(MlpLayer::Dense { weight, .. }) => weight.iter_mut().for_each(|w| *w *= *pending),
            Some(MlpLayer::Activation(act)) => act.factor *= *pending,
            _ => return Err(other("perceptrons")),
        }
        *pending = 1.0;
    }
    Ok(())
}
