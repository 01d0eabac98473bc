//! Attention layers of se_atten over the neighbours of one centre: matrix products forward and
//! backward. See [`AttentionLayer`] for the formulas.
//!
//! Slots without a neighbour are not visited: in the smooth form each adds exp(-20) to the
//! denominators of the softmax, otherwise nothing.

use crate::ml::activation::Activation;
use crate::ml::brick::Unsupported;
use crate::ml::deepmd::model::{ATTENTION_SHIFT, AttentionLayer, Dense, Residual};
use crate::simd::activation::Exponential;
use crate::simd::matmul::{Matrix, Product, Rows};
use crate::simd::{Level, Real, padded};

/// A linear map without activation.
#[derive(Debug)]
struct Linear<T> {
    forward: Matrix<T>,
    backward: Matrix<T>,
    /// Padded.
    bias: Vec<T>,
}

/// An attention layer prepared for the kernels.
#[derive(Debug)]
pub struct Layer<T> {
    /// From G to q, k and v.
    input: [Linear<T>; 3],
    output: Linear<T>,
    hidden: usize,
    scaling: T,
    normalize: bool,
    smooth: bool,
    angular: bool,
    /// Smallest length that vectors are divided by.
    pub shortest: f64,
    /// Padded with zeros.
    norm_weight: Vec<T>,
    norm_bias: Vec<T>,
    norm_eps: f64,
    /// Width of G.
    columns: usize,
}

/// What the layers know of the neighbours.
#[derive(Debug, Clone, Default)]
pub struct Around<T> {
    /// Number of slots without a neighbour.
    pub empty: f64,
    /// Switch of each neighbour.
    pub switch: Vec<T>,
    /// Unit vectors of the last three components of the normalised rows.
    pub direction: Vec<[T; 3]>,
}

/// What one layer keeps for the way back.
#[derive(Debug, Clone, Default)]
pub struct State<T> {
    /// q (with its factor), k and v, \[neighbours\]\[hidden\].
    qkv: [Vec<T>; 3],
    /// Inverse norms before normalisation.
    inverse: [Vec<T>; 3],
    /// q k and the softmax, \[neighbours\]\[neighbours\], rows padded.
    scores: Vec<T>,
    probability: Vec<T>,
    /// Standardised input of the layer norm and its inverse deviation.
    standard: Vec<T>,
    scale: Vec<T>,
}

/// Adjoints of what the layers know of the neighbours.
#[derive(Debug, Clone, Default)]
pub struct AroundBar {
    /// Of the switches.
    pub switch: Vec<f64>,
    /// Of the directions.
    pub direction: Vec<[f64; 3]>,
}

/// Buffers.
#[derive(Debug, Default)]
pub struct Buffers<T> {
    packed: Matrix<T>,
    rows: Vec<u32>,
    weights: Vec<T>,
    turned: Vec<T>,
    mixed: Vec<T>,
    qkv_bar: [Vec<T>; 3],
    weights_bar: Vec<T>,
}

fn linear<T: Real>(dense: &Dense, columns: std::ops::Range<usize>) -> Linear<T> {
    let rows = dense.weight.chunks_exact(dense.outputs.max(1));
    let weight: Vec<f64> = rows.flat_map(|row| row[columns.clone()].to_vec()).collect();
    let count = columns.len();
    let bias = dense.bias.get(columns).unwrap_or_default();
    Linear {
        forward: Matrix::new(dense.inputs, count, &weight),
        backward: Matrix::transposed(dense.inputs, count, &weight),
        bias: row(bias, padded::<T>(count)),
    }
}

fn row<T: Real>(values: &[f64], width: usize) -> Vec<T> {
    let mut row = vec![T::default(); width];
    let pairs = row.iter_mut().zip(values);
    pairs.for_each(|(to, x)| *to = T::from_f64(*x));
    row
}

/// `to` = rows times a matrix, plus `bias` if there is one.
fn apply<T: Real>(
    level: Level,
    rows: &[u32],
    (x, x_width): (&[T], usize),
    matrix: &Matrix<T>,
    (to, to_width): (&mut [T], usize),
    accumulate: bool,
) {
    let each = |width| Rows {
        order: rows,
        per: 1,
        outer: width,
        inner: 0,
        base: 0,
    };
    let product = Product {
        matrix,
        input: x,
        from: each(x_width),
        output: to,
        to: each(to_width),
        accumulate,
    };
    T::dispatch(level, product);
}

fn fill_rows<T: Real>(to: &mut Vec<T>, row: &[T], count: usize) {
    to.clear();
    (0..count).for_each(|_| to.extend_from_slice(row));
}

/// Room for `len` numbers that are about to be written.
fn sized<T: Real>(to: &mut Vec<T>, len: usize) {
    to.resize(len, T::default());
}

/// Sum of `term` of the numbers of two rows, of which the shorter counts, in 16 partial sums.
#[inline(always)]
fn sum_of<T: Real>(a: &[T], b: &[T], term: impl Fn(T, T) -> T) -> f64 {
    let mut partial = [T::default(); 16];
    for (a, b) in a.chunks(16).zip(b.chunks(16)) {
        for (sum, (a, b)) in partial.iter_mut().zip(a.iter().zip(b)) {
            *sum += term(*a, *b);
        }
    }
    partial.iter().fold(0.0, |sum, x| sum + x.to_f64())
}

#[inline(always)]
fn sum<T: Real>(a: &[T]) -> f64 {
    sum_of(a, a, |a, _| a)
}

#[inline(always)]
fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    T::from_f64(sum_of(a, b, |a, b| a * b))
}

impl<T: Real> Layer<T> {
    /// Prepares a layer.
    ///
    /// # Errors
    /// Its maps are not linear.
    pub fn new(layer: &AttentionLayer) -> Result<Layer<T>, Unsupported> {
        let plain = |d: &Dense| {
            d.activation == Activation::IDENTITY
                && d.residual == Residual::None
                && d.step.is_empty()
        };
        let (input, output, hidden) = (&layer.input, &layer.output, layer.hidden);
        if !plain(input) || !plain(output) || input.outputs != 3 * hidden {
            return Err(Unsupported::new("attention layers of this shape"));
        }
        let columns = output.outputs;
        let width = padded::<T>(columns);
        Ok(Layer {
            input: [0, 1, 2].map(|p| linear(input, p * hidden..(p + 1) * hidden)),
            output: linear(output, 0..columns),
            hidden,
            scaling: T::from_f64(layer.scaling),
            normalize: layer.normalize,
            smooth: layer.smooth,
            angular: layer.angular,
            shortest: layer.shortest,
            norm_weight: row(&layer.norm_weight, width),
            norm_bias: row(&layer.norm_bias, width),
            norm_eps: layer.norm_eps,
            columns,
        })
    }

    fn width(&self) -> usize {
        self.norm_weight.len()
    }

    fn hidden_width(&self) -> usize {
        padded::<T>(self.hidden)
    }

    /// Replaces G, \[neighbours\]\[width\], by that after the layer.
    #[inline(always)]
    pub fn forward(
        &self,
        level: Level,
        around: &Around<T>,
        g: &mut [T],
        state: &mut State<T>,
        buffers: &mut Buffers<T>,
    ) {
        let n = around.switch.len();
        let (width, hidden) = (self.width(), self.hidden_width());
        buffers.rows.clear();
        buffers.rows.extend(0..n as u32);
        for (p, map) in self.input.iter().enumerate() {
            let to = &mut state.qkv[p];
            fill_rows(to, &map.bias, n);
            let rows = &buffers.rows;
            apply(level, rows, (g, width), &map.forward, (to, hidden), true);
            let one = T::from_f64(1.0);
            state.inverse[p].clear();
            for vector in to.chunks_exact_mut(hidden) {
                let mut factor = one;
                if self.normalize {
                    let norm = dot(vector, vector).to_f64().sqrt().max(self.shortest);
                    factor = T::from_f64(1.0 / norm);
                }
                state.inverse[p].push(factor);
                let factor = if p == 0 {
                    factor * self.scaling
                } else {
                    factor
                };
                vector.iter_mut().for_each(|x| *x = *x * factor);
            }
        }
        self.softmax(level, around, state, buffers);
        self.weights(around, state, buffers);
        let v = &state.qkv[2];
        let packed = &mut buffers.packed;
        packed.pack(n, self.hidden, |l, c| v[l * hidden + c]);
        sized(&mut buffers.mixed, n * hidden);
        let from = (buffers.weights.as_slice(), padded::<T>(n));
        let mixed = (buffers.mixed.as_mut_slice(), hidden);
        apply(level, &buffers.rows, from, packed, mixed, false);
        // G plus the output of the attention
        for row in g.chunks_exact_mut(width) {
            let pairs = row.iter_mut().zip(&self.output.bias);
            pairs.for_each(|(x, b)| *x += *b);
        }
        let from = (buffers.mixed.as_slice(), hidden);
        let matrix = &self.output.forward;
        apply(level, &buffers.rows, from, matrix, (g, width), true);
        self.norm(g, state);
    }

    /// Scores and their softmax.
    #[inline(always)]
    fn softmax(
        &self,
        level: Level,
        around: &Around<T>,
        state: &mut State<T>,
        buffers: &mut Buffers<T>,
    ) {
        let n = around.switch.len();
        let (hidden, square) = (self.hidden_width(), padded::<T>(n));
        let [q, k, _] = &state.qkv;
        buffers
            .packed
            .pack(self.hidden, n, |c, l| k[l * hidden + c]);
        sized(&mut state.scores, n * square);
        let scores = (state.scores.as_mut_slice(), square);
        apply(
            level,
            &buffers.rows,
            (q, hidden),
            &buffers.packed,
            scores,
            false,
        );
        let shift = T::from_f64(ATTENTION_SHIFT);
        state.probability.clone_from(&state.scores);
        let rows = state.probability.chunks_exact_mut(square);
        let empty = if self.smooth { around.empty } else { 0.0 };
        let mut tops = Vec::with_capacity(n);
        for (logits, &wk) in rows.zip(&around.switch) {
            if self.smooth {
                for (x, &wl) in logits.iter_mut().zip(&around.switch) {
                    *x = (*x + shift) * wk * wl - shift;
                }
            }
            let mut top = logits[0];
            for &x in &logits[1..n] {
                top = if x > top { x } else { top };
            }
            if empty > 0.0 && top.to_f64() < -ATTENTION_SHIFT {
                top = T::default() - shift;
            }
            logits.iter_mut().for_each(|x| *x = *x - top);
            tops.push(top.to_f64());
        }
        T::dispatch(level, Exponential(&mut state.probability));
        let rows = state.probability.chunks_exact_mut(square);
        for (powers, top) in rows.zip(&tops) {
            powers[n..].fill(T::default());
            let sum = sum(&powers[..n]) + empty * (-ATTENTION_SHIFT - top).exp();
            let factor = T::from_f64(1.0 / sum);
            powers.iter_mut().for_each(|x| *x = *x * factor);
        }
    }

    /// Factors of the probabilities: of the switches and of the directions.
    #[inline(always)]
    fn factors(&self, around: &Around<T>, k: usize, l: usize) -> (T, T) {
        let one = T::from_f64(1.0);
        let gate = if self.smooth {
            around.switch[k] * around.switch[l]
        } else {
            one
        };
        let cosine = if self.angular {
            let (a, b) = (&around.direction[k], &around.direction[l]);
            a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
        } else {
            one
        };
        (gate, cosine)
    }

    /// A, \[neighbours\]\[padded neighbours\], into `weights`.
    #[inline(always)]
    fn weights(&self, around: &Around<T>, state: &State<T>, buffers: &mut Buffers<T>) {
        let n = around.switch.len();
        let square = padded::<T>(n);
        sized(&mut buffers.weights, n * square);
        let rows = buffers.weights.chunks_exact_mut(square);
        for (k, (row, from)) in rows.zip(state.probability.chunks_exact(square)).enumerate() {
            for (l, (a, p)) in row[..n].iter_mut().zip(from).enumerate() {
                let (gate, cosine) = self.factors(around, k, l);
                *a = *p * gate * cosine;
            }
        }
    }

    #[inline(always)]
    fn norm(&self, g: &mut [T], state: &mut State<T>) {
        let share = 1.0 / self.columns as f64;
        state.scale.clear();
        state.standard.clear();
        for row in g.chunks_exact_mut(self.width()) {
            let real = &mut row[..self.columns];
            let mean = T::from_f64(sum(real) * share);
            real.iter_mut().for_each(|x| *x = *x - mean);
            let square = sum_of(real, real, |x, _| x * x);
            let scale = T::from_f64(1.0 / (square * share + self.norm_eps).sqrt());
            real.iter_mut().for_each(|x| *x = *x * scale);
            state.scale.push(scale);
            state.standard.extend_from_slice(row);
            let affine = self.norm_weight.iter().zip(&self.norm_bias);
            let pairs = row.iter_mut().zip(affine);
            pairs.for_each(|(x, (w, b))| *x = *x * *w + *b);
        }
    }

    /// Replaces the adjoint of G after the layer by that before it, and adds to `around_bar`.
    #[inline(always)]
    pub fn backward(
        &self,
        level: Level,
        (around, state): (&Around<T>, &State<T>),
        g_bar: &mut [T],
        around_bar: &mut AroundBar,
        buffers: &mut Buffers<T>,
    ) {
        let n = around.switch.len();
        let (width, hidden, square) = (self.width(), self.hidden_width(), padded::<T>(n));
        buffers.rows.clear();
        buffers.rows.extend(0..n as u32);
        self.norm_backward(g_bar, state);
        sized(&mut buffers.mixed, n * hidden);
        let mixed_bar = (buffers.mixed.as_mut_slice(), hidden);
        let matrix = &self.output.backward;
        apply(
            level,
            &buffers.rows,
            (g_bar, width),
            matrix,
            mixed_bar,
            false,
        );
        // adjoint of A, and that of v
        let v = &state.qkv[2];
        let packed = &mut buffers.packed;
        packed.pack(self.hidden, n, |c, l| v[l * hidden + c]);
        sized(&mut buffers.weights_bar, n * square);
        let from = (buffers.mixed.as_slice(), hidden);
        let to = (buffers.weights_bar.as_mut_slice(), square);
        apply(level, &buffers.rows, from, packed, to, false);
        self.weights(around, state, buffers);
        let Buffers {
            packed,
            rows,
            weights,
            turned,
            mixed,
            qkv_bar,
            weights_bar,
        } = buffers;
        turn(weights, turned, n);
        packed.pack(n, self.hidden, |l, c| mixed[l * hidden + c]);
        sized(&mut qkv_bar[2], n * hidden);
        let to = (qkv_bar[2].as_mut_slice(), hidden);
        apply(level, rows, (turned, square), packed, to, false);
        self.softmax_backward((around, state), weights, weights_bar, around_bar);
        // those of q and k
        let [q, k, _] = &state.qkv;
        packed.pack(n, self.hidden, |l, c| k[l * hidden + c]);
        sized(&mut qkv_bar[0], n * hidden);
        let to = (qkv_bar[0].as_mut_slice(), hidden);
        apply(level, rows, (weights_bar, square), packed, to, false);
        turn(weights_bar, turned, n);
        packed.pack(n, self.hidden, |l, c| q[l * hidden + c]);
        sized(&mut qkv_bar[1], n * hidden);
        let to = (qkv_bar[1].as_mut_slice(), hidden);
        apply(level, rows, (turned, square), packed, to, false);
        for (p, map) in self.input.iter().enumerate() {
            self.unit_backward(p, state, &mut qkv_bar[p]);
            let from = (qkv_bar[p].as_slice(), hidden);
            apply(level, rows, from, &map.backward, (g_bar, width), true);
        }
    }

    /// Replaces the adjoint of A by that of the scores.
    #[inline(always)]
    fn softmax_backward(
        &self,
        (around, state): (&Around<T>, &State<T>),
        weights: &[T],
        weights_bar: &mut [T],
        around_bar: &mut AroundBar,
    ) {
        let n = around.switch.len();
        let square = padded::<T>(n);
        let shift = T::from_f64(ATTENTION_SHIFT);
        for k in 0..n {
            let here = k * square..k * square + n;
            let bar = &mut weights_bar[here.clone()];
            let (scores, probability) = (
                &state.scores[here.clone()],
                &state.probability[here.clone()],
            );
            let mean = dot(bar, &weights[here]);
            for l in 0..n {
                let (gate, cosine) = self.factors(around, k, l);
                let (a_bar, p) = (bar[l], probability[l]);
                if self.angular {
                    let cosine_bar = (a_bar * p * gate).to_f64();
                    for c in 0..3 {
                        let (a, b) = (around.direction[k][c], around.direction[l][c]);
                        around_bar.direction[k][c] += cosine_bar * b.to_f64();
                        around_bar.direction[l][c] += cosine_bar * a.to_f64();
                    }
                }
                let mut logit_bar = p * (a_bar * gate * cosine - mean);
                if self.smooth {
                    let gate_bar = a_bar * p * cosine + logit_bar * (scores[l] + shift);
                    around_bar.switch[k] += (gate_bar * around.switch[l]).to_f64();
                    around_bar.switch[l] += (gate_bar * around.switch[k]).to_f64();
                    logit_bar = logit_bar * gate;
                }
                bar[l] = logit_bar;
            }
        }
    }

    /// Adjoint before normalisation and scaling of q, k or v from that after.
    #[inline(always)]
    fn unit_backward(&self, part: usize, state: &State<T>, bar: &mut [T]) {
        let width = self.hidden_width();
        let scaling = if part == 0 {
            self.scaling
        } else {
            T::from_f64(1.0)
        };
        let vectors = state.qkv[part].chunks_exact(width);
        let rows = bar.chunks_exact_mut(width).zip(vectors);
        for ((bar, unit), &inverse) in rows.zip(&state.inverse[part]) {
            let short = inverse.to_f64() >= 1.0 / self.shortest;
            if self.normalize && !short {
                // with u = s x / |x|: x_bar = s (u_bar - u (u . u_bar) / s^2) / |x|
                let along = dot(unit, bar) / (scaling * scaling);
                let pairs = bar.iter_mut().zip(unit);
                pairs.for_each(|(b, u)| *b = *b - *u * along);
            }
            let factor = inverse * scaling;
            bar.iter_mut().for_each(|b| *b = *b * factor);
        }
    }

    #[inline(always)]
    fn norm_backward(&self, g_bar: &mut [T], state: &State<T>) {
        let width = self.width();
        let share = T::from_f64(1.0 / self.columns as f64);
        let rows = g_bar.chunks_exact_mut(width);
        let standard = state.standard.chunks_exact(width);
        for ((bar, y), &scale) in rows.zip(standard).zip(&state.scale) {
            let pairs = bar.iter_mut().zip(&self.norm_weight);
            pairs.for_each(|(b, w)| *b = *b * *w);
            let mean = T::from_f64(sum(bar)) * share;
            let along = dot(bar, y) * share;
            let pairs = bar[..self.columns].iter_mut().zip(y);
            pairs.for_each(|(b, y)| *b = scale * (*b - mean - *y * along));
        }
    }
}

/// Transpose of the first `n` columns of `n` padded rows.
#[inline(always)]
fn turn<T: Real>(from: &[T], to: &mut Vec<T>, n: usize) {
    let square = padded::<T>(n);
    sized(to, n * square);
    for k in 0..n {
        for l in 0..n {
            to[l * square + k] = from[k * square + l];
        }
    }
}

/// G of a slot of padding after all layers: attention gives it nothing.
pub fn padding(layers: &[AttentionLayer], mut g: Vec<f64>) -> Vec<f64> {
    for layer in layers {
        let pairs = g.iter_mut().zip(&layer.output.bias);
        pairs.for_each(|(x, b)| *x += b);
        let share = 1.0 / g.len() as f64;
        let mean = g.iter().sum::<f64>() * share;
        let variance = g.iter().map(|x| (x - mean).powi(2)).sum::<f64>() * share;
        let scale = 1.0 / (variance + layer.norm_eps).sqrt();
        let affine = layer.norm_weight.iter().zip(&layer.norm_bias);
        let pairs = g.iter_mut().zip(affine);
        pairs.for_each(|(x, (w, b))| *x = (*x - mean) * scale * w + b);
    }
    g
}
