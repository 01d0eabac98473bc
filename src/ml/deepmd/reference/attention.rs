//! Descriptor se_atten (dpa1): embedding with types, attention over the slots.

use super::environment::{Centre, Rows, Slot};
use super::network::{self, dense_backward, dense_value, embed};
use super::smooth::{contract, contract_backward, moments};
use crate::ml::deepmd::model::{ATTENTION_SHIFT, AttentionLayer, SeAtten, TypeInput};

/// A vector for each slot.
type Vectors = Vec<Vec<f64>>;

/// D of one centre.
pub fn features(d: &SeAtten, centre: &Centre, rows: &Rows) -> Vec<f64> {
    let g = layers(d, centre, rows).pop().unwrap_or_default();
    let mut out = contract(&moments(rows, &g, d.outputs(), d.divisor), d.axis);
    if d.append_type {
        out.extend(d.type_vector(centre.species));
    }
    out
}

/// Adjoints of the rows and switches.
pub fn backward(d: &SeAtten, centre: &Centre, rows: &mut Rows, bar: &[f64]) {
    let states = layers(d, centre, rows);
    let g = &states[states.len() - 1];
    let t = moments(rows, g, d.outputs(), d.divisor);
    let t_bar = contract_backward(&t, d.axis, bar);
    let mut g_bar = vec![vec![0.0; d.outputs()]; rows.len()];
    for (k, slot) in rows.iter_mut().enumerate() {
        for (c, t_bar) in t_bar.iter().enumerate() {
            for (w, t_bar) in t_bar.iter().enumerate() {
                slot.row_bar[c] += t_bar * g[k][w] / d.divisor;
                g_bar[k][w] += t_bar * slot.row[c] / d.divisor;
            }
        }
    }
    for (layer, x) in d.attention.iter().zip(&states).rev() {
        g_bar = attend_backward(layer, rows, x, &g_bar);
    }
    for (slot, bar) in rows.iter_mut().zip(&g_bar) {
        embedding_backward(d, centre.species, slot, bar);
    }
}

/// G before each attention layer and after the last.
fn layers(d: &SeAtten, centre: &Centre, rows: &Rows) -> Vec<Vectors> {
    let mut states = vec![
        rows.iter()
            .map(|slot| embedding(d, centre.species, slot))
            .collect::<Vectors>(),
    ];
    for layer in &d.attention {
        let next = attend(layer, rows, &states[states.len() - 1]);
        states.push(next);
    }
    states
}

/// Type row of a slot: padding and excluded pairs have that of padding.
fn type_row(d: &SeAtten, slot: &Slot) -> usize {
    if slot.is_neighbor() {
        slot.species
    } else {
        d.padding_row
    }
}

fn concat_input(d: &SeAtten, centre: usize, slot: &Slot) -> Vec<f64> {
    let mut x = vec![slot.row[0]];
    x.extend(d.type_vector(type_row(d, slot)));
    if !d.one_side {
        x.extend(d.type_vector(centre));
    }
    x
}

/// Row of the type table of the stripped form.
fn strip_row<'a>(d: &SeAtten, types: &'a [f64], centre: usize, slot: &Slot) -> &'a [f64] {
    let rows = d.type_embedding.len() / d.tebd_width.max(1);
    let j = type_row(d, slot);
    let row = if d.one_side { j } else { centre * rows + j };
    &types[row * d.outputs()..(row + 1) * d.outputs()]
}

fn embedding(d: &SeAtten, centre: usize, slot: &Slot) -> Vec<f64> {
    match &d.input {
        TypeInput::Concat(net) => network::value(net, &concat_input(d, centre, slot)),
        TypeInput::Strip {
            radial,
            types,
            smooth,
        } => {
            let (a, _) = embed(radial, slot.row[0]);
            let factor = if *smooth { slot.switch } else { 1.0 };
            let b = strip_row(d, types, centre, slot);
            a.iter().zip(b).map(|(a, b)| a + a * b * factor).collect()
        }
    }
}

fn embedding_backward(d: &SeAtten, centre: usize, slot: &mut Slot, bar: &[f64]) {
    match &d.input {
        TypeInput::Concat(net) => {
            let input = network::backward(net, &concat_input(d, centre, slot), bar);
            slot.row_bar[0] += input[0];
        }
        TypeInput::Strip {
            radial,
            types,
            smooth,
        } => {
            let (a, slope) = embed(radial, slot.row[0]);
            let factor = if *smooth { slot.switch } else { 1.0 };
            let b = strip_row(d, types, centre, slot);
            for w in 0..bar.len() {
                slot.row_bar[0] += bar[w] * slope[w] * (1.0 + b[w] * factor);
                if *smooth {
                    slot.switch_bar += bar[w] * a[w] * b[w];
                }
            }
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], factor: f64, from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(t, f)| *t += factor * f);
}

/// x divided by its length, or by `shortest` where it is shorter.
fn unit(x: &[f64], shortest: f64) -> Vec<f64> {
    let norm = dot(x, x).sqrt().max(shortest);
    x.iter().map(|x| x / norm).collect()
}

/// Adjoint of x from that of `unit(x, shortest)`.
fn unit_backward(x: &[f64], shortest: f64, bar: &[f64]) -> Vec<f64> {
    let norm = dot(x, x).sqrt();
    if norm <= shortest {
        return bar.iter().map(|b| b / shortest).collect();
    }
    let along = dot(x, bar) / (norm * norm);
    x.iter()
        .zip(bar)
        .map(|(x, b)| (b - x * along) / norm)
        .collect()
}

/// Everything between the input of an attention layer and its weights A.
struct Weights {
    /// q (with its factor), k and v, before and after normalisation.
    raw: [Vectors; 3],
    qkv: [Vectors; 3],
    /// q_k . k_l.
    scores: Vectors,
    /// Softmax.
    probability: Vectors,
    /// Factors after the softmax: w_k w_l and the cosine.
    gate: Vectors,
    cosine: Vectors,
    directions: Vectors,
}

fn weights(layer: &AttentionLayer, rows: &Rows, x: &Vectors) -> Weights {
    let n = rows.len();
    let h = layer.hidden;
    let z: Vectors = x.iter().map(|x| dense_value(&layer.input, x)).collect();
    let raw = [0, 1, 2].map(|part| {
        z.iter()
            .map(|z| z[part * h..(part + 1) * h].to_vec())
            .collect::<Vectors>()
    });
    let mut qkv = raw.clone();
    if layer.normalize {
        qkv.iter_mut()
            .flatten()
            .for_each(|v| *v = unit(v, layer.shortest));
    }
    qkv[0]
        .iter_mut()
        .flatten()
        .for_each(|q| *q *= layer.scaling);
    let directions = rows.iter().map(|slot| unit(&slot.row[1..], layer.shortest));
    let directions: Vectors = directions.collect();
    let square = |f: &dyn Fn(usize, usize) -> f64| -> Vectors {
        (0..n).map(|k| (0..n).map(|l| f(k, l)).collect()).collect()
    };
    let scores = square(&|k, l| dot(&qkv[0][k], &qkv[1][l]));
    let both = |k: usize, l: usize| rows[k].switch * rows[l].switch;
    let logits = square(&|k, l| match (layer.smooth, rows[l].is_neighbor()) {
        (true, _) => (scores[k][l] + ATTENTION_SHIFT) * both(k, l) - ATTENTION_SHIFT,
        (false, true) => scores[k][l],
        (false, false) => f64::NEG_INFINITY,
    });
    let probability = (0..n)
        .map(|k| {
            if !rows[k].is_neighbor() {
                return vec![0.0; n];
            }
            let top = logits[k].iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let powers: Vec<f64> = logits[k].iter().map(|a| (a - top).exp()).collect();
            let sum: f64 = powers.iter().sum();
            powers.iter().map(|p| p / sum).collect()
        })
        .collect();
    let gate = square(&|k, l| if layer.smooth { both(k, l) } else { 1.0 });
    let cosine = square(&|k, l| {
        if layer.angular {
            dot(&directions[k], &directions[l])
        } else {
            1.0
        }
    });
    Weights {
        raw,
        qkv,
        scores,
        probability,
        gate,
        cosine,
        directions,
    }
}

impl Weights {
    fn a(&self, k: usize, l: usize) -> f64 {
        self.probability[k][l] * self.gate[k][l] * self.cosine[k][l]
    }

    /// `sum_l A_kl v_l`.
    fn mixed(&self, k: usize) -> Vec<f64> {
        let v = &self.qkv[2];
        let mut o = vec![0.0; v[k].len()];
        (0..v.len()).for_each(|l| add(&mut o, self.a(k, l), &v[l]));
        o
    }
}

/// Input of the layer norm.
fn before_norm(layer: &AttentionLayer, w: &Weights, x: &Vectors) -> Vectors {
    let sum = |(k, x): (usize, &Vec<f64>)| {
        let mut u = dense_value(&layer.output, &w.mixed(k));
        add(&mut u, 1.0, x);
        u
    };
    x.iter().enumerate().map(sum).collect()
}

/// Deviations from the mean and the inverse standard deviation.
fn standardised(u: &[f64], eps: f64) -> (Vec<f64>, f64) {
    let n = u.len() as f64;
    let mean = u.iter().sum::<f64>() / n;
    let variance = u.iter().map(|u| (u - mean).powi(2)).sum::<f64>() / n;
    let scale = 1.0 / (variance + eps).sqrt();
    (u.iter().map(|u| (u - mean) * scale).collect(), scale)
}

fn attend(layer: &AttentionLayer, rows: &Rows, x: &Vectors) -> Vectors {
    let w = weights(layer, rows, x);
    let norm = |u: Vec<f64>| {
        let (y, _) = standardised(&u, layer.norm_eps);
        let affine = layer.norm_weight.iter().zip(&layer.norm_bias);
        y.iter().zip(affine).map(|(y, (g, b))| y * g + b).collect()
    };
    before_norm(layer, &w, x).into_iter().map(norm).collect()
}

fn norm_backward(layer: &AttentionLayer, u: &[f64], bar: &[f64]) -> Vec<f64> {
    let (y, scale) = standardised(u, layer.norm_eps);
    let n = y.len() as f64;
    let y_bar: Vec<f64> = bar
        .iter()
        .zip(&layer.norm_weight)
        .map(|(b, g)| b * g)
        .collect();
    let mean = y_bar.iter().sum::<f64>() / n;
    let along = dot(&y_bar, &y) / n;
    y.iter()
        .zip(&y_bar)
        .map(|(y, b)| scale * (b - mean - y * along))
        .collect()
}

/// Adjoint of x; adds to the adjoints of rows and switches.
fn attend_backward(layer: &AttentionLayer, rows: &mut Rows, x: &Vectors, bar: &Vectors) -> Vectors {
    let n = rows.len();
    let w = weights(layer, rows, x);
    let u = before_norm(layer, &w, x);
    let mut x_bar: Vectors = (0..n)
        .map(|k| norm_backward(layer, &u[k], &bar[k]))
        .collect();
    let mut qkv_bar = w.qkv.clone();
    qkv_bar.iter_mut().flatten().for_each(|v| v.fill(0.0));
    let mut direction_bar = vec![vec![0.0; 3]; n];
    let mut switch_bar = vec![0.0; n];
    for k in 0..n {
        let o_bar = dense_backward(&layer.output, &w.mixed(k), &x_bar[k]);
        let a_bar: Vec<f64> = (0..n).map(|l| dot(&o_bar, &w.qkv[2][l])).collect();
        let mean: f64 = (0..n).map(|l| a_bar[l] * w.a(k, l)).sum();
        for l in 0..n {
            add(&mut qkv_bar[2][l], w.a(k, l), &o_bar);
            let p = w.probability[k][l];
            if layer.angular {
                let cosine_bar = a_bar[l] * p * w.gate[k][l];
                add(&mut direction_bar[k], cosine_bar, &w.directions[l]);
                add(&mut direction_bar[l], cosine_bar, &w.directions[k]);
            }
            let mut logit_bar = p * (a_bar[l] * w.gate[k][l] * w.cosine[k][l] - mean);
            if layer.smooth {
                let score = w.scores[k][l] + ATTENTION_SHIFT;
                let gate_bar = a_bar[l] * p * w.cosine[k][l] + logit_bar * score;
                switch_bar[k] += gate_bar * rows[l].switch;
                switch_bar[l] += gate_bar * rows[k].switch;
                logit_bar *= rows[k].switch * rows[l].switch;
            }
            add(&mut qkv_bar[0][k], logit_bar, &w.qkv[1][l]);
            add(&mut qkv_bar[1][l], logit_bar, &w.qkv[0][k]);
        }
    }
    for (k, slot) in rows.iter_mut().enumerate() {
        slot.switch_bar += switch_bar[k];
        let direction = unit_backward(&slot.row[1..], layer.shortest, &direction_bar[k]);
        add(&mut slot.row_bar[1..], 1.0, &direction);
        let mut z_bar = Vec::new();
        for part in 0..3 {
            let factor = if part == 0 { layer.scaling } else { 1.0 };
            let bar: Vec<f64> = qkv_bar[part][k].iter().map(|b| b * factor).collect();
            z_bar.extend(if layer.normalize {
                unit_backward(&w.raw[part][k], layer.shortest, &bar)
            } else {
                bar
            });
        }
        add(
            &mut x_bar[k],
            1.0,
            &dense_backward(&layer.input, &x[k], &z_bar),
        );
    }
    x_bar
}
