//! Fitting networks for blocks of atoms of one type: matrix products forward and backward.
//!
//! Inputs that do not depend on positions (parameters of the frame and of atoms, embedding of the
//! centre's type, case) are folded into the constants of the first layer.

use super::function;
use super::part::Layout;
use crate::ml::activation::Activation;
use crate::ml::brick::Unsupported;
use crate::ml::deepmd::model::{DeepmdModel, Dense, Network, Parameters, Residual};
use crate::simd::matmul::{Matrix, Product, Rows};
use crate::simd::{Level, Real, padded};

/// A dense layer laid out for the kernels.
#[derive(Debug)]
struct Layer<T> {
    inputs: usize,
    /// Padded number of inputs.
    input_width: usize,
    outputs: usize,
    /// Padded number of outputs.
    width: usize,
    forward: Matrix<T>,
    backward: Matrix<T>,
    /// \[width\]; not used for the first layer, whose constants depend on the type.
    bias: Vec<T>,
    /// \[width\], or empty for 1.
    step: Vec<T>,
    activation: Activation,
    /// Skip connection where inputs are in the order of the outputs.
    residual: Residual,
    /// Skip connection of the first layer: input and output.
    links: Vec<[u32; 2]>,
}

/// Networks of all types.
#[derive(Debug)]
pub struct Fitting<T> {
    /// One network, or one per type.
    networks: Vec<Vec<Layer<T>>>,
    /// Constants of the first layer per type.
    first_bias: Vec<Vec<T>>,
    /// What inputs that do not change add to the first layer's output per type; empty for nothing.
    first_skip: Vec<Vec<T>>,
    /// Energy of an atom of each type beside the network's output (eV).
    constants: Vec<f64>,
    features: usize,
}

/// Values of the model's parameters.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// Of the frame (`fparam`).
    pub frame: Vec<f64>,
    /// Of every atom (`aparam`).
    pub atomic: Vec<f64>,
}

/// Buffers of a block.
#[derive(Debug, Clone, Default)]
pub struct FittingScratch<T> {
    value: Vec<Vec<T>>,
    slope: Vec<Vec<T>>,
    bar: [Vec<T>; 2],
    rows: Vec<u32>,
}

/// Inputs of the networks behind D.
fn constant_inputs(model: &DeepmdModel, given: &Given) -> Vec<f64> {
    let scaled = |p: &Parameters, values: &[f64]| -> Vec<f64> {
        let values = match &p.default {
            Some(default) if values.is_empty() => default,
            _ => values,
        };
        let all = values.iter().zip(&p.mean).zip(&p.inverse_std);
        all.map(|((v, m), s)| (v - m) * s).collect()
    };
    let f = &model.fitting;
    let mut inputs = scaled(&f.frame, &given.frame);
    inputs.extend(scaled(&f.atomic, &given.atomic));
    inputs.extend(&f.case);
    inputs
}

impl<T: Real> Fitting<T> {
    /// Prepares the networks of a model whose features are laid out as `layout` says. `given` has
    /// as many values as the model has parameters, or none where it has defaults.
    ///
    /// # Errors
    /// A network that only the plain evaluation knows.
    pub fn new(model: &DeepmdModel, layout: &Layout, given: &Given) -> Result<Self, Unsupported> {
        let networks = model.fitting.networks.iter();
        let prepared = networks.map(|net| network(net, layout));
        let mut fitting = Fitting {
            networks: prepared.collect::<Result<_, _>>()?,
            first_bias: Vec::new(),
            first_skip: Vec::new(),
            constants: Vec::new(),
            features: layout.order.len(),
        };
        let behind = constant_inputs(model, given);
        for z in 0..model.types() {
            let net = model.fitting.network(z);
            let Some(first) = net.layers.first() else {
                return Err(Unsupported::new("a fitting network without layers"));
            };
            if first.inputs != layout.width + behind.len() {
                return Err(Unsupported::new("a fitting network of this shape"));
            }
            let mut x = vec![0.0; first.inputs];
            for (place, values) in &layout.constants {
                x[*place] = values[z];
            }
            x[layout.width..].copy_from_slice(&behind);
            fitting.first_bias.push(first_bias(first, &x));
            fitting
                .first_skip
                .push(to_row(&x.repeat(repeats(first.residual))));
            let mut constant = model.energy_bias[z];
            if model.fitting.subtract_vacuum[z] {
                // D = 0 includes the embedding of the type
                x[..layout.width].fill(0.0);
                constant -= function::network(net, x[0], &x[1..])[0][0];
            }
            fitting.constants.push(constant);
        }
        Ok(fitting)
    }

    /// Number of features.
    pub fn features(&self) -> usize {
        self.features
    }

    fn network(&self, species: usize) -> &[Layer<T>] {
        match &self.networks[..] {
            [shared] => shared,
            list => &list[species],
        }
    }

    /// Energies (eV) of the atoms of a block of one species, from `x`, \[atoms\]\[stride\], which
    /// is overwritten by their derivatives with respect to it. Rows have room for whole vectors.
    pub fn run(
        &self,
        level: Level,
        species: usize,
        (x, stride): (&mut [T], usize),
        energies: &mut [f64],
        scratch: &mut FittingScratch<T>,
    ) {
        let layers = self.network(species);
        let n = energies.len();
        scratch.rows.clear();
        scratch.rows.extend(0..n as u32);
        scratch.value.resize(layers.len(), Vec::new());
        scratch.slope.resize(layers.len(), Vec::new());
        for (k, layer) in layers.iter().enumerate() {
            let (before, rest) = scratch.value.split_at_mut(k);
            let (bias, skip) = if k == 0 {
                (&self.first_bias[species], &self.first_skip[species][..])
            } else {
                (&layer.bias, [].as_slice())
            };
            let input = match before.last() {
                None => (&*x, stride),
                Some(v) => (v.as_slice(), layer.input_width),
            };
            let buffers = (&mut rest[0], &mut scratch.slope[k]);
            layer.forward(level, input, (bias, skip), &scratch.rows, buffers);
        }
        let last = &layers[layers.len() - 1];
        let values = scratch.value[layers.len() - 1].chunks_exact(last.width);
        for (e, row) in energies.iter_mut().zip(values) {
            *e = row[0].to_f64() + self.constants[species];
        }
        let [bar, next] = &mut scratch.bar;
        bar.clear();
        bar.resize(n * last.width, T::default());
        bar.iter_mut()
            .step_by(last.width)
            .for_each(|b| *b = T::from_f64(1.0));
        for (k, layer) in layers.iter().enumerate().rev() {
            if k > 0 {
                next.resize(n * layer.input_width, T::default());
            }
            let to = if k == 0 {
                (&mut *x, stride)
            } else {
                (next.as_mut_slice(), layer.input_width)
            };
            layer.backward(level, &scratch.slope[k], bar, &scratch.rows, to);
            std::mem::swap(bar, next);
        }
    }
}

fn network<T: Real>(net: &Network, layout: &Layout) -> Result<Vec<Layer<T>>, Unsupported> {
    let prepare = |(k, dense): (usize, &Dense)| {
        if k > 0 {
            return Ok(Layer::new(dense, &dense.weight, dense.inputs));
        }
        if dense.inputs < layout.width {
            return Err(Unsupported::new("a fitting network of this shape"));
        }
        let row = |&place: &usize| &dense.weight[place * dense.outputs..][..dense.outputs];
        let weight: Vec<f64> = layout.order.iter().flat_map(row).copied().collect();
        let layer = Layer::new(dense, &weight, layout.order.len());
        Ok(layer.linked(dense, &layout.order))
    };
    net.layers.iter().enumerate().map(prepare).collect()
}

/// Constants of the first layer for the inputs `x` that do not change.
fn first_bias<T: Real>(first: &Dense, x: &[f64]) -> Vec<T> {
    let mut bias = vec![0.0; first.outputs];
    bias.iter_mut().zip(&first.bias).for_each(|(b, x)| *b = *x);
    for (row, x) in first.weight.chunks_exact(first.outputs.max(1)).zip(x) {
        if *x != 0.0 {
            bias.iter_mut().zip(row).for_each(|(b, w)| *b += x * w);
        }
    }
    to_row(&bias)
}

fn to_row<T: Real>(values: &[f64]) -> Vec<T> {
    let mut row = vec![T::default(); padded::<T>(values.len())];
    row.iter_mut()
        .zip(values)
        .for_each(|(to, x)| *to = T::from_f64(*x));
    row
}

impl<T: Real> Layer<T> {
    fn new(dense: &Dense, weight: &[f64], inputs: usize) -> Layer<T> {
        let none = vec![0.0; dense.outputs];
        let bias = if dense.bias.is_empty() {
            &none
        } else {
            &dense.bias
        };
        Layer {
            inputs,
            input_width: padded::<T>(inputs),
            outputs: dense.outputs,
            width: padded::<T>(dense.outputs),
            forward: Matrix::new(inputs, dense.outputs, weight),
            backward: Matrix::transposed(inputs, dense.outputs, weight),
            bias: to_row(bias),
            step: to_row(&dense.step),
            activation: dense.activation,
            residual: dense.residual,
            links: Vec::new(),
        }
    }

    /// The first layer, whose inputs are those with the numbers `order` in the model.
    fn linked(self, dense: &Dense, order: &[usize]) -> Layer<T> {
        let link = |part: usize| {
            let inputs = order.iter().enumerate();
            inputs.map(move |(n, place)| [n as u32, (part * dense.inputs + place) as u32])
        };
        let links = (0..repeats(dense.residual)).flat_map(link).collect();
        Layer {
            residual: Residual::None,
            links,
            ..self
        }
    }

    /// `value` = act(x W + bias) * step (+ x) + `skip`; `slope` is its derivative without x and skip.
    fn forward(
        &self,
        level: Level,
        (x, stride): (&[T], usize),
        (bias, skip): (&[T], &[T]),
        rows: &[u32],
        (value, slope): (&mut Vec<T>, &mut Vec<T>),
    ) {
        value.clear();
        for _ in rows {
            value.extend_from_slice(bias);
        }
        slope.resize(value.len(), T::default());
        let product = Product {
            matrix: &self.forward,
            input: x,
            from: one_row_each(rows, stride),
            output: value.as_mut_slice(),
            to: one_row_each(rows, self.width),
            accumulate: true,
        };
        T::dispatch(level, product);
        self.activation.apply(level, value, slope);
        if !self.step.is_empty() {
            for row in value.chunks_exact_mut(self.width) {
                multiply(row, &self.step);
            }
            for row in slope.chunks_exact_mut(self.width) {
                multiply(row, &self.step);
            }
        }
        let input_rows = x.chunks(stride);
        for (y, x) in value.chunks_exact_mut(self.width).zip(input_rows) {
            for part in y[..self.outputs]
                .chunks_exact_mut(self.inputs.max(1))
                .take(repeats(self.residual))
            {
                add(part, &x[..self.inputs]);
            }
            add(y, skip);
            for &[from, to] in &self.links {
                y[to as usize] += x[from as usize];
            }
        }
    }

    /// Adjoint of the input into `to` from that of the output in `bar`, which is overwritten.
    fn backward(
        &self,
        level: Level,
        slope: &[T],
        bar: &mut [T],
        rows: &[u32],
        (to, stride): (&mut [T], usize),
    ) {
        let started = self.residual != Residual::None || !self.links.is_empty();
        if started {
            for (x, y) in to.chunks_mut(stride).zip(bar.chunks_exact(self.width)) {
                x.fill(T::default());
                let parts = y[..self.outputs].chunks_exact(self.inputs.max(1));
                parts
                    .take(repeats(self.residual))
                    .for_each(|part| add(&mut x[..self.inputs], part));
                for &[from, to] in &self.links {
                    x[from as usize] += y[to as usize];
                }
            }
        }
        multiply(bar, slope);
        let product = Product {
            matrix: &self.backward,
            input: bar,
            from: one_row_each(rows, self.width),
            output: to,
            to: one_row_each(rows, stride),
            accumulate: started,
        };
        T::dispatch(level, product);
    }
}

/// How often a layer adds its input to its output.
fn repeats(residual: Residual) -> usize {
    match residual {
        Residual::None => 0,
        Residual::Same => 1,
        Residual::Twice => 2,
    }
}

fn one_row_each(rows: &[u32], stride: usize) -> Rows<'_> {
    Rows {
        order: rows,
        per: 1,
        outer: stride,
        inner: 0,
        base: 0,
    }
}

fn multiply<T: Real>(y: &mut [T], x: &[T]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y = *y * *x);
}

fn add<T: Real>(y: &mut [T], x: &[T]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += *x);
}
