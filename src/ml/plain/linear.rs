//! Equivariant linear maps and their transposes.

use crate::ml::irreps::{Irrep, Irreps};
use crate::ml::layers::{Linear, LinearBlock, SpeciesLinear};

/// y = map(x).
pub fn apply(map: &Linear, x: &[f64]) -> Vec<f64> {
    let mut y = vec![0.0; map.output.dim()];
    let mut bias = map.bias.iter();
    if !map.bias.is_empty() {
        let offsets = map.output.offsets();
        for (block, &at) in map.output.0.iter().zip(&offsets) {
            if block.irrep == Irrep::SCALAR {
                let block = y[at..at + block.mul].iter_mut();
                block.zip(&mut bias).for_each(|(y, b)| *y = *b);
            }
        }
    }
    for block in &map.blocks {
        forward(block, &block.weight, &map.input, &map.output, x, &mut y);
    }
    y
}

/// Adjoint of x from that of y.
pub fn transpose(map: &Linear, y_bar: &[f64]) -> Vec<f64> {
    let mut x_bar = vec![0.0; map.input.dim()];
    for block in &map.blocks {
        backward(
            block,
            &block.weight,
            &map.input,
            &map.output,
            y_bar,
            &mut x_bar,
        );
    }
    x_bar
}

/// y = map(x) with the weights of one species.
pub fn apply_species(map: &SpeciesLinear, species: usize, x: &[f64]) -> Vec<f64> {
    let mut y = vec![0.0; map.output.dim()];
    for block in &map.blocks {
        let weight = of_species(map, block, species);
        forward(block, weight, &map.input, &map.output, x, &mut y);
    }
    y
}

/// Adjoint of x from that of y, with the weights of one species.
pub fn transpose_species(map: &SpeciesLinear, species: usize, y_bar: &[f64]) -> Vec<f64> {
    let mut x_bar = vec![0.0; map.input.dim()];
    for block in &map.blocks {
        let weight = of_species(map, block, species);
        backward(block, weight, &map.input, &map.output, y_bar, &mut x_bar);
    }
    x_bar
}

fn of_species<'m>(map: &SpeciesLinear, block: &'m LinearBlock, species: usize) -> &'m [f64] {
    let len = map.input.0[block.input].mul * map.output.0[block.output].mul;
    &block.weight[species * len..(species + 1) * len]
}

fn forward(
    block: &LinearBlock,
    weight: &[f64],
    input: &Irreps,
    output: &Irreps,
    x: &[f64],
    y: &mut [f64],
) {
    let (from, to) = (input.0[block.input], output.0[block.output]);
    let (x_at, y_at) = (input.offsets()[block.input], output.offsets()[block.output]);
    let dim = from.irrep.dim();
    for u in 0..from.mul {
        for w in 0..to.mul {
            for m in 0..dim {
                y[y_at + w * dim + m] += weight[u * to.mul + w] * x[x_at + u * dim + m];
            }
        }
    }
}

fn backward(
    block: &LinearBlock,
    weight: &[f64],
    input: &Irreps,
    output: &Irreps,
    y_bar: &[f64],
    x_bar: &mut [f64],
) {
    let (from, to) = (input.0[block.input], output.0[block.output]);
    let (x_at, y_at) = (input.offsets()[block.input], output.offsets()[block.output]);
    let dim = from.irrep.dim();
    for u in 0..from.mul {
        for w in 0..to.mul {
            for m in 0..dim {
                x_bar[x_at + u * dim + m] += weight[u * to.mul + w] * y_bar[y_at + w * dim + m];
            }
        }
    }
}
