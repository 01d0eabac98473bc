//! Readouts reduced to one head, their energies in eV (scale included).

use crate::ml::irreps::{Block, Irrep, Irreps};
use crate::ml::layers::{Linear, LinearBlock};
use crate::ml::mace::model::{Readout, ReadoutKind};
use crate::ml::passing::linear::{DenseMap, LinearMap};
use crate::ml::passing::perceptron::Perceptron;
use crate::simd::Real;

/// The part of `readout` that belongs to head `head` of `heads`, multiplied by `scale`.
pub fn readout<T: Real>(readout: &Readout, head: usize, heads: usize, scale: f64) -> Perceptron<T> {
    let part = |n: usize| {
        let each = n / heads;
        head * each..(head + 1) * each
    };
    let of_head = |map: &Linear| {
        let outputs = map.output.scalars();
        if outputs == 1 { 0..1 } else { head..head + 1 }
    };
    match &readout.kind {
        ReadoutKind::Linear(map) => {
            Perceptron::new(Vec::new(), prepare(map, None, of_head(map), scale))
        }
        ReadoutKind::NonLinear {
            hidden,
            activation,
            last,
        } => {
            let mut input = None;
            let mut maps = Vec::new();
            for map in hidden {
                let kept = part(map.output.scalars());
                maps.push((prepare(map, input, kept.clone(), 1.0), *activation));
                input = Some(kept);
            }
            Perceptron::new(maps, prepare(last, input, of_head(last), scale))
        }
    }
}

/// Keeps some inputs (None: all) and outputs of a map between scalars.
fn prepare<T: Real>(
    map: &Linear,
    inputs: Option<std::ops::Range<usize>>,
    outputs: std::ops::Range<usize>,
    scale: f64,
) -> LinearMap<T> {
    let scalars = |mul| {
        Irreps(vec![Block {
            mul,
            irrep: Irrep::SCALAR,
        }])
    };
    // Positions of the first copy of each block among the scalars.
    let firsts = |irreps: &Irreps| {
        let mut at = 0;
        let place = |b: &Block| {
            let first = at;
            at += if b.irrep == Irrep::SCALAR { b.mul } else { 0 };
            first
        };
        irreps.0.iter().map(place).collect::<Vec<usize>>()
    };
    let (in_first, out_first) = (firsts(&map.input), firsts(&map.output));
    let mut blocks = Vec::new();
    for block in &map.blocks {
        let (rows, columns) = (map.input.0[block.input].mul, map.output.0[block.output].mul);
        let row_kept = |u: usize| {
            let place = in_first[block.input] + u;
            inputs.as_ref().is_none_or(|k| k.contains(&place))
        };
        let mut weight = Vec::new();
        for u in (0..rows).filter(|&u| row_kept(u)) {
            // outputs of several blocks are side by side in one block of scalars
            let mut row = vec![0.0; outputs.len()];
            for w in 0..columns {
                let place = out_first[block.output] + w;
                if outputs.contains(&place) {
                    row[place - outputs.start] = block.weight[u * columns + w];
                }
            }
            weight.extend(row);
        }
        if !weight.is_empty() {
            blocks.push(LinearBlock {
                input: if inputs.is_some() { 0 } else { block.input },
                output: 0,
                weight,
            });
        }
    }
    let bias = if map.bias.is_empty() {
        Vec::new()
    } else {
        map.bias[outputs.clone()].to_vec()
    };
    let reduced = Linear {
        input: inputs.map_or_else(|| map.input.clone(), |k| scalars(k.len())),
        output: scalars(outputs.len()),
        blocks,
        bias,
    };
    LinearMap::new(&DenseMap::linear(&reduced).scale(scale))
}
