//! Recognises the gate of a layer of a frozen model by what it makes of features.
//! Imports siblings and the description of gates.

use super::probe::{ROWS, Sections};
use super::survey::LayerEvents;
use crate::ml::activation::{Activation, Function};
use crate::ml::e3nn::activation::normalized;
use crate::ml::equivariant::model::{Gate, GateCopies, GateScalars};
use crate::ml::error::{ModelError, Result};
use crate::ml::irreps::Irreps;

/// Step by which features are changed.
const STEP: f64 = 0.25;
/// Relative error within which two numbers are one (constants are f32).
const NEAR: f64 = 2e-6;

/// Positions and activations of a gate; the layouts are left empty.
///
/// # Errors
/// Where the section is no gate of known activations.
pub fn gate(model: &Sections<'_>, layer: &LayerEvents) -> Result<Gate> {
    let [_, _, inputs, outputs] = layer.widths;
    let response = Response::ask(model, layer, inputs, outputs)?;
    // inputs on which each output depends
    let mut depends: Vec<Vec<usize>> = vec![Vec::new(); outputs];
    let mut reach: Vec<Vec<usize>> = vec![Vec::new(); inputs];
    for (i, row) in response.changed.iter().enumerate() {
        for (o, y) in row.iter().enumerate() {
            if (y - response.base[o]).abs() > 1e-9 * (1.0 + y.abs()) {
                depends[o].push(i);
                reach[i].push(o);
            }
        }
    }
    let mut gate = Gate {
        input: Irreps::default(),
        output: Irreps::default(),
        scalars: Vec::new(),
        gated: Vec::new(),
    };
    let mut o = 0;
    while o < outputs {
        match depends[o][..] {
            [input] => {
                let points = [
                    (value(input), response.base[o]),
                    (value(input) + STEP, response.changed[input][o]),
                ];
                let activation = known(&points)?;
                push_scalar(&mut gate.scalars, input, o, activation);
                o += 1;
            }
            [a, b] => {
                let (factor, first) = if reach[a].len() > reach[b].len() {
                    (a, b)
                } else {
                    (b, a)
                };
                let dim = reach[factor].len();
                let copy = GateCopies {
                    gate: factor,
                    input: first,
                    output: o,
                    mul: 1,
                    l: dim / 2,
                    activation: response.factor(factor, first, o)?,
                };
                let whole = (0..dim).all(|m| {
                    let both = depends.get(o + m).map(Vec::as_slice);
                    let mut expected = [factor, first + m];
                    expected.sort_unstable();
                    both == Some(&expected[..]) && reach[factor][m] == o + m
                });
                if dim.is_multiple_of(2) || !whole {
                    return Err(other());
                }
                push_copy(&mut gate.gated, copy);
                o += dim;
            }
            _ => return Err(other()),
        }
    }
    Ok(gate)
}

fn other() -> ModelError {
    ModelError::unsupported(
        "the deployed model has a gate of another form; give argyro the checkpoint that it was \
         deployed from",
    )
}

fn push_scalar(list: &mut Vec<GateScalars>, input: usize, output: usize, activation: Activation) {
    if let Some(last) = list.last_mut()
        && last.input + last.mul == input
        && last.output + last.mul == output
        && last.activation == activation
    {
        last.mul += 1;
        return;
    }
    list.push(GateScalars {
        input,
        output,
        mul: 1,
        activation,
    });
}

fn push_copy(list: &mut Vec<GateCopies>, copy: GateCopies) {
    let dim = 2 * copy.l + 1;
    if let Some(last) = list.last_mut()
        && last.l == copy.l
        && last.gate + last.mul == copy.gate
        && last.input + last.mul * dim == copy.input
        && last.output + last.mul * dim == copy.output
        && last.activation == copy.activation
    {
        last.mul += 1;
        return;
    }
    list.push(copy);
}

/// What the gate makes of one set of features, and of each with one feature changed.
struct Response {
    base: Vec<f64>,
    changed: Vec<Vec<f64>>,
}

impl Response {
    fn ask(
        model: &Sections<'_>,
        layer: &LayerEvents,
        inputs: usize,
        outputs: usize,
    ) -> Result<Response> {
        let start: Vec<f64> = (0..inputs).map(value).collect();
        let mut response = Response {
            base: Vec::new(),
            changed: Vec::new(),
        };
        while response.changed.len() < inputs {
            let first = response.changed.len();
            // the last row is unchanged
            let mut data = start.repeat(ROWS);
            for (k, row) in data.chunks_exact_mut(inputs).take(ROWS - 1).enumerate() {
                if let Some(x) = row.get_mut(first + k) {
                    *x += STEP;
                }
            }
            let image = model.ask(layer.sum, data, layer.gate)?;
            if image.width() != outputs {
                return Err(other());
            }
            let lines = image.data.chunks_exact(outputs.max(1));
            let count = (ROWS - 1).min(inputs - first);
            response
                .changed
                .extend(lines.take(count).map(<[f64]>::to_vec));
            response.base = image.data[(ROWS - 1) * outputs..].to_vec();
        }
        Ok(response)
    }

    /// Activation of the gate `factor` of the copy whose component `first` becomes output `o`.
    fn factor(&self, factor: usize, first: usize, o: usize) -> Result<Activation> {
        let x = value(first);
        known(&[
            (value(factor), self.base[o] / x),
            (value(factor) + STEP, self.changed[factor][o] / x),
        ])
    }
}

/// Value of a feature: of either sign, none near zero, none like another.
fn value(k: usize) -> f64 {
    let size = 0.35 + 0.5 * ((k + 1) as f64 * 0.618_034).fract();
    if k % 3 == 2 { -size } else { size }
}

/// The activation with these values, e3nn's constant included.
fn known(points: &[(f64, f64)]) -> Result<Activation> {
    use Function::{Abs, Elu, Identity, Relu, ShiftedSoftplus, Sigmoid, Silu, Tanh};
    let all = [
        Silu,
        Tanh,
        Abs,
        ShiftedSoftplus,
        Sigmoid,
        Relu,
        Elu,
        Identity,
    ];
    let fits = |act: &Activation| {
        let near = |&(x, y): &(f64, f64)| (act.value(x) - y).abs() < NEAR * (1.0 + y.abs());
        points.iter().all(near)
    };
    all.map(normalized).into_iter().find(fits).ok_or_else(|| {
        ModelError::unsupported(
            "the deployed model has an activation function that is not known; give argyro the \
             checkpoint that it was deployed from",
        )
    })
}
