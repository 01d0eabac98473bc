//! Descriptors se_e2_a, se_e2_r and se_e3.

use super::environment::{Centre, Rows};
use super::network::embed;
use crate::ml::deepmd::model::{Embedding, PairEmbeddings, SE_R_FACTOR, SeE2A, SeE2R, SeE3};

/// Embedding of each slot: values and derivatives.
fn embeddings(list: &PairEmbeddings, centre: &Centre, rows: &Rows) -> Vec<(Vec<f64>, Vec<f64>)> {
    let types = centre.model.types();
    let net = |species| &list.list[list.index(types, centre.species, species)];
    rows.iter()
        .map(|slot| embed(net(slot.species), slot.row[0]))
        .collect()
}

/// `T[d][g] = (1/divisor) sum_k R[k, d] G[k, g]`.
pub fn moments(rows: &Rows, g: &[Vec<f64>], width: usize, divisor: f64) -> Vec<Vec<f64>> {
    let mut t = vec![vec![0.0; width]; 4];
    for (slot, g) in rows.iter().zip(g) {
        for (t, r) in t.iter_mut().zip(slot.row) {
            t.iter_mut().zip(g).for_each(|(t, g)| *t += r * g / divisor);
        }
    }
    t
}

/// `D[g, h] = sum_d T[d, g] T[d, h]`.
pub fn contract(t: &[Vec<f64>], axis: usize) -> Vec<f64> {
    let width = t[0].len();
    let entry = |g: usize, h: usize| t.iter().map(|t| t[g] * t[h]).sum();
    (0..width)
        .flat_map(|g| (0..axis).map(move |h| entry(g, h)))
        .collect()
}

/// Adjoint of T from that of D.
pub fn contract_backward(t: &[Vec<f64>], axis: usize, bar: &[f64]) -> Vec<Vec<f64>> {
    let mut t_bar: Vec<Vec<f64>> = t.iter().map(|t| vec![0.0; t.len()]).collect();
    for (t, t_bar) in t.iter().zip(&mut t_bar) {
        for g in 0..t.len() {
            for h in 0..axis {
                t_bar[g] += bar[g * axis + h] * t[h];
                t_bar[h] += bar[g * axis + h] * t[g];
            }
        }
    }
    t_bar
}

/// se_e2_a.
pub fn two_body(d: &SeE2A, centre: &Centre, rows: &Rows) -> Vec<f64> {
    let (g, _): (Vec<_>, Vec<_>) = embeddings(&d.embeddings, centre, rows).into_iter().unzip();
    contract(
        &moments(rows, &g, d.embeddings.outputs(), d.divisor),
        d.axis,
    )
}

/// Adjoints of the rows.
pub fn two_body_backward(d: &SeE2A, centre: &Centre, rows: &mut Rows, bar: &[f64]) {
    let embedded = embeddings(&d.embeddings, centre, rows);
    let (g, _): (Vec<_>, Vec<_>) = embedded.iter().cloned().unzip();
    let t = moments(rows, &g, d.embeddings.outputs(), d.divisor);
    let t_bar = contract_backward(&t, d.axis, bar);
    for (slot, (g, slope)) in rows.iter_mut().zip(&embedded) {
        for c in 0..4 {
            for (w, t_bar) in t_bar[c].iter().enumerate() {
                slot.row_bar[c] += t_bar * g[w] / d.divisor;
                slot.row_bar[0] += t_bar * slot.row[c] * slope[w] / d.divisor;
            }
        }
    }
}

/// se_e2_r.
pub fn radial(d: &SeE2R, centre: &Centre, rows: &Rows) -> Vec<f64> {
    let mut sum = vec![0.0; d.embeddings.outputs()];
    for (g, _) in embeddings(&d.embeddings, centre, rows) {
        sum.iter_mut().zip(g).for_each(|(s, g)| *s += g);
    }
    sum.iter()
        .map(|s| SE_R_FACTOR * s / rows.len() as f64)
        .collect()
}

/// Adjoints of the rows.
pub fn radial_backward(d: &SeE2R, centre: &Centre, rows: &mut Rows, bar: &[f64]) {
    let factor = SE_R_FACTOR / rows.len() as f64;
    let embedded = embeddings(&d.embeddings, centre, rows);
    for (slot, (_, slope)) in rows.iter_mut().zip(embedded) {
        slot.row_bar[0] += bar
            .iter()
            .zip(slope)
            .map(|(b, s)| factor * b * s)
            .sum::<f64>();
    }
}

/// Pairs of slots of two sections and the embedding of their scalar products.
fn pairs(d: &SeE3) -> Vec<(std::ops::Range<usize>, std::ops::Range<usize>, &Embedding)> {
    let selection = &d.environment.selection;
    let types = (1..).find(|n| n * n >= d.embeddings.len()).unwrap_or(1);
    let mut all = Vec::new();
    for first in 0..types {
        for second in first..types {
            if let Some(embedding) = &d.embeddings[first * types + second] {
                all.push((
                    selection.section(first),
                    selection.section(second),
                    embedding,
                ));
            }
        }
    }
    all
}

fn cosine(rows: &Rows, k: usize, l: usize) -> f64 {
    (1..4).map(|c| rows[k].row[c] * rows[l].row[c]).sum()
}

/// se_e3.
pub fn three_body(d: &SeE3, rows: &Rows) -> Vec<f64> {
    let mut sum = vec![0.0; d.outputs()];
    for (first, second, embedding) in pairs(d) {
        let scale = 1.0 / (first.len() * second.len()).max(1) as f64;
        for k in first {
            for l in second.clone() {
                let c = cosine(rows, k, l);
                let (g, _) = embed(embedding, c);
                sum.iter_mut().zip(g).for_each(|(s, g)| *s += scale * c * g);
            }
        }
    }
    sum
}

/// Adjoints of the rows.
pub fn three_body_backward(d: &SeE3, rows: &mut Rows, bar: &[f64]) {
    for (first, second, embedding) in pairs(d) {
        let scale = 1.0 / (first.len() * second.len()).max(1) as f64;
        for k in first {
            for l in second.clone() {
                let c = cosine(rows, k, l);
                let (g, slope) = embed(embedding, c);
                let terms = bar.iter().zip(g.iter().zip(&slope));
                let c_bar: f64 = terms.map(|(b, (g, s))| scale * b * (g + c * s)).sum();
                for column in 1..4 {
                    let (r_k, r_l) = (rows[k].row[column], rows[l].row[column]);
                    rows[k].row_bar[column] += c_bar * r_l;
                    rows[l].row_bar[column] += c_bar * r_k;
                }
            }
        }
    }
}
