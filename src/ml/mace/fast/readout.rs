//! Readouts: energies of atoms and the adjoint of the features they read.

use super::linear::{DenseMap, LinearMap};
use crate::ml::activation::{Activation, Function};
use crate::ml::irreps::{Block, Irrep, Irreps};
use crate::ml::layers::{Linear, LinearBlock};
use crate::ml::mace::model::{Readout, ReadoutKind};
use crate::simd::{Level, Real};

/// A readout reduced to one head, its energies in eV (scale included).
#[derive(Debug, Clone)]
pub struct FastReadout<T> {
    /// Linear maps between activations; none for a linear readout.
    hidden: Vec<LinearMap<T>>,
    activation: Activation,
    /// Map to the energy.
    last: LinearMap<T>,
}

/// Buffers of the hidden layers: activations, their slopes, adjoints; \[atoms\]\[width\] each.
#[derive(Debug, Clone, Default)]
pub struct ReadoutScratch<T> {
    value: Vec<Vec<T>>,
    slope: Vec<Vec<T>>,
    energy: Vec<T>,
}

impl<T: Real> FastReadout<T> {
    /// The part of `readout` that belongs to head `head` of `heads`, multiplied by `scale`.
    pub fn new(readout: &Readout, head: usize, heads: usize, scale: f64) -> FastReadout<T> {
        let part = |n: usize| {
            let each = n / heads;
            head * each..(head + 1) * each
        };
        let of_head = |map: &Linear| {
            let outputs = map.output.scalars();
            if outputs == 1 { 0..1 } else { head..head + 1 }
        };
        match &readout.kind {
            ReadoutKind::Linear(map) => FastReadout {
                hidden: Vec::new(),
                activation: Activation::IDENTITY,
                last: prepare(map, None, of_head(map), scale),
            },
            ReadoutKind::NonLinear {
                hidden,
                activation,
                last,
            } => {
                let mut input = None;
                let mut maps = Vec::new();
                for map in hidden {
                    let kept = part(map.output.scalars());
                    maps.push(prepare(map, input, kept.clone(), 1.0));
                    input = Some(kept);
                }
                FastReadout {
                    hidden: maps,
                    activation: *activation,
                    last: prepare(last, input, of_head(last), scale),
                }
            }
        }
    }

    /// True where the adjoint does not depend on the features.
    pub fn is_linear(&self) -> bool {
        self.hidden.is_empty()
    }

    /// Adds the energies of rows of h, and adds their derivatives to the same rows of `adjoint`.
    pub fn run(
        &self,
        level: Level,
        (features, rows): (&[T], &[u32]),
        energies: &mut [f64],
        adjoint: &mut [T],
        scratch: &mut ReadoutScratch<T>,
    ) {
        let n = rows.len();
        scratch.value.resize(self.hidden.len(), Vec::new());
        scratch.slope.resize(self.hidden.len(), Vec::new());
        for k in 0..self.hidden.len() {
            let map = &self.hidden[k];
            let (done, rest) = scratch.value.split_at_mut(k);
            let (value, slope) = (&mut rest[0], &mut scratch.slope[k]);
            value.resize(n * map.output.width, T::default());
            slope.resize(n * map.output.width, T::default());
            let input = done.last().map_or(features, |v| v.as_slice());
            map.apply(level, 0, (input, rows), (value, rows), false);
            activate(self.activation, value, slope);
        }
        let width = self.last.output.width;
        scratch.energy.resize(n * width, T::default());
        let input = scratch.value.last().map_or(features, |v| v.as_slice());
        let energy = &mut scratch.energy;
        self.last
            .apply(level, 0, (input, rows), (energy, rows), false);
        for (sum, row) in energies.iter_mut().zip(energy.chunks_mut(width)) {
            *sum += row[0].to_f64();
            row.fill(T::default());
            row[0] = T::from_f64(1.0);
        }
        self.adjoint(level, rows, adjoint, scratch);
    }

    fn adjoint(
        &self,
        level: Level,
        rows: &[u32],
        adjoint: &mut [T],
        scratch: &mut ReadoutScratch<T>,
    ) {
        // `value` of a hidden layer is overwritten by its adjoint, from the last to the first
        let mut above: (&LinearMap<T>, &[T]) = (&self.last, &scratch.energy);
        let mut rest = scratch.value.as_mut_slice();
        for k in (0..self.hidden.len()).rev() {
            let Some((bar, before)) = rest.split_last_mut() else {
                break;
            };
            above
                .0
                .adjoint(level, 0, (above.1, rows), (bar, rows), false);
            for (bar, slope) in bar.iter_mut().zip(&scratch.slope[k]) {
                *bar = *bar * *slope;
            }
            above = (&self.hidden[k], bar);
            rest = before;
        }
        above
            .0
            .adjoint(level, 0, (above.1, rows), (adjoint, rows), true);
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

/// Replaces values by their activations and writes the derivatives.
fn activate<T: Real>(activation: Activation, values: &mut [T], slopes: &mut [T]) {
    for (value, slope) in values.iter_mut().zip(slopes) {
        let x = value.to_f64();
        let (y, d) = if activation.function == Function::Silu {
            // one exponential for both
            let sigmoid = 1.0 / (1.0 + (-x).exp());
            let f = activation.factor * sigmoid;
            (f * x, f * (1.0 + x * (1.0 - sigmoid)))
        } else {
            (activation.value(x), activation.slope(x))
        };
        *value = T::from_f64(y);
        *slope = T::from_f64(d);
    }
}
