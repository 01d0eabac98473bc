//! Product basis of one layer: symmetric contractions, the linear map, the skip connection.

use super::{Features, add_scaled};
use crate::ml::irreps::{Block, Irreps};
use crate::ml::mace::model::{Contraction, Product};
use crate::ml::plain::linear;

/// What the reverse sweep needs: A of each node as \[component\]\[channel\].
pub struct ProductState {
    basis: Features,
}

/// Next features from the atomic basis, laid out as `layout`, and the skip connection.
pub fn forward(
    product: &Product,
    species: &[usize],
    layout: &Irreps,
    basis: &Features,
    skip: Option<&Features>,
) -> (ProductState, Features) {
    let basis: Features = basis
        .iter()
        .map(|a| component_major(&layout.0, a))
        .collect();
    let mut next = Features::new();
    for (i, a) in basis.iter().enumerate() {
        let mut b = Vec::new();
        for contraction in &product.contractions {
            let values = contract(contraction, species[i], a);
            b.extend(channel_major(&[block(contraction)], &values));
        }
        let mut h = linear::apply(&product.linear, &b);
        if let (Some(skip), true) = (skip, product.use_sc) {
            add_scaled(&mut h, 1.0, &skip[i]);
        }
        next.push(h);
    }
    (ProductState { basis }, next)
}

/// Adjoint of the atomic basis from that of the next features.
pub fn backward(
    product: &Product,
    species: &[usize],
    layout: &Irreps,
    state: &ProductState,
    next_bar: &Features,
) -> Features {
    let node = |(i, bar): (usize, &Vec<f64>)| {
        let b_bar = linear::transpose(&product.linear, bar);
        let a = &state.basis[i];
        let mut a_bar = vec![0.0; a.len()];
        let mut rest = &b_bar[..];
        for contraction in &product.contractions {
            let block = block(contraction);
            let (these, others) = rest.split_at(block.dim());
            rest = others;
            let b_bar = component_major(&[block], these);
            contract_backward(contraction, species[i], a, &b_bar, &mut a_bar);
        }
        channel_major(&layout.0, &a_bar)
    };
    next_bar.iter().enumerate().map(node).collect()
}

fn block(contraction: &Contraction) -> Block {
    Block {
        mul: contraction.channels,
        irrep: contraction.irrep,
    }
}

/// B\[M\]\[c\] from A\[component\]\[c\].
fn contract(contraction: &Contraction, species: usize, a: &[f64]) -> Vec<f64> {
    let channels = contraction.channels;
    let mut b = vec![0.0; contraction.irrep.dim() * channels];
    let mut product = vec![0.0; channels];
    for term in &contraction.terms {
        let weights = term.weights_of(species);
        let u = &term.coupling;
        for (e, factors) in u.factors.chunks_exact(term.degree).enumerate() {
            weighted(
                &mut product,
                &weights[u.path[e] as usize * channels..],
                u.value[e],
            );
            factors
                .iter()
                .for_each(|&lm| multiply(&mut product, &a[usize::from(lm) * channels..]));
            add_scaled(&mut b[usize::from(u.m[e]) * channels..], 1.0, &product);
        }
    }
    b
}

/// Adds to the adjoint of A: each factor in turn is left out of the product.
fn contract_backward(
    contraction: &Contraction,
    species: usize,
    a: &[f64],
    b_bar: &[f64],
    a_bar: &mut [f64],
) {
    let channels = contraction.channels;
    let mut product = vec![0.0; channels];
    for term in &contraction.terms {
        let weights = term.weights_of(species);
        let u = &term.coupling;
        for (e, factors) in u.factors.chunks_exact(term.degree).enumerate() {
            for left_out in 0..term.degree {
                weighted(
                    &mut product,
                    &weights[u.path[e] as usize * channels..],
                    u.value[e],
                );
                multiply(&mut product, &b_bar[usize::from(u.m[e]) * channels..]);
                for (s, &lm) in factors.iter().enumerate() {
                    if s != left_out {
                        multiply(&mut product, &a[usize::from(lm) * channels..]);
                    }
                }
                let at = usize::from(factors[left_out]) * channels;
                add_scaled(&mut a_bar[at..], 1.0, &product);
            }
        }
    }
}

fn weighted(product: &mut [f64], weights: &[f64], value: f64) {
    product
        .iter_mut()
        .zip(weights)
        .for_each(|(p, w)| *p = value * w);
}

fn multiply(product: &mut [f64], by: &[f64]) {
    product.iter_mut().zip(by).for_each(|(p, x)| *p *= x);
}

/// From (c, m) inside each block to (component, c) over all blocks.
fn component_major(blocks: &[Block], x: &[f64]) -> Vec<f64> {
    let mut out = Vec::with_capacity(x.len());
    let mut rest = x;
    for block in blocks {
        let (these, others) = rest.split_at(block.dim());
        rest = others;
        for m in 0..block.irrep.dim() {
            out.extend(these.iter().skip(m).step_by(block.irrep.dim()));
        }
    }
    out
}

/// Inverse of [`component_major`].
fn channel_major(blocks: &[Block], x: &[f64]) -> Vec<f64> {
    let mut out = Vec::with_capacity(x.len());
    let mut rest = x;
    for block in blocks {
        let (these, others) = rest.split_at(block.dim());
        rest = others;
        for c in 0..block.mul {
            out.extend(these.iter().skip(c).step_by(block.mul));
        }
    }
    out
}
