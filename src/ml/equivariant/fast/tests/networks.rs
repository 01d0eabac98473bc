//! Random networks of many shapes.

use crate::ml::activation::{Activation, Function};
use crate::ml::equivariant::check::check;
use crate::ml::equivariant::model::{
    Gate, GateCopies, GateScalars, Layer, Network, Readout, SelfConnection,
};
use crate::ml::irreps::{Block, Irrep, Irreps};
use crate::ml::layers::{Linear, LinearBlock, Mlp, MlpLayer, Path, SpeciesLinear, Stored};
use crate::ml::radial::form::{Cutoff, DistanceTransform, RadialBasis, RadialEmbedding};
use crate::ml::repulsion::{Pair, Repulsion};

pub const SPECIES: usize = 3;

/// What a random network is to have.
#[derive(Clone)]
pub struct Shape {
    pub name: &'static str,
    pub features: &'static str,
    pub layers: usize,
    pub l_max: usize,
    /// False: everything is labelled even.
    pub parity: bool,
    /// 0: none, 1: the same for all species, 2: per species.
    pub connection: u8,
    pub residual: bool,
    pub bias: bool,
    pub source_scale: bool,
    pub pair_cutoffs: bool,
    pub solid: bool,
    pub xplor: bool,
    pub repulsion: bool,
    /// Hidden widths of the readout; a negative one has no activation.
    pub readout: &'static [i32],
}

pub const PLAIN: Shape = Shape {
    name: "nequip l 1",
    features: "6x0e+6x1o",
    layers: 3,
    l_max: 1,
    parity: true,
    connection: 2,
    residual: false,
    bias: false,
    source_scale: true,
    pair_cutoffs: true,
    solid: false,
    xplor: false,
    repulsion: true,
    readout: &[5],
};

pub fn shapes() -> Vec<Shape> {
    vec![
        PLAIN,
        Shape {
            name: "odd features, resnet",
            features: "4x0e+3x0o+5x1o+3x1e+2x2e+3x2o",
            l_max: 2,
            layers: 4,
            residual: true,
            source_scale: false,
            readout: &[],
            ..PLAIN
        },
        Shape {
            name: "sevennet",
            features: "18x0e+9x1e+4x2e",
            l_max: 2,
            parity: false,
            connection: 1,
            source_scale: false,
            pair_cutoffs: false,
            xplor: true,
            repulsion: false,
            bias: true,
            readout: &[-4],
            ..PLAIN
        },
        Shape {
            name: "l 3, solid harmonics",
            features: "3x0e+2x1e+2x2e+3x3e",
            layers: 2,
            l_max: 3,
            parity: false,
            connection: 1,
            pair_cutoffs: false,
            solid: true,
            readout: &[-4, 3],
            ..PLAIN
        },
        Shape {
            name: "one layer",
            features: "7x0e+2x1o",
            layers: 1,
            connection: 0,
            ..PLAIN
        },
        Shape {
            name: "scalars, resnet",
            features: "5x0e",
            l_max: 2,
            connection: 2,
            residual: true,
            source_scale: false,
            ..PLAIN
        },
    ]
}

/// Numbers that look random, between -1 and 1.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64) / (1u64 << 52) as f64 - 1.0
    }

    fn some(&mut self, n: usize, scale: f64) -> Vec<f64> {
        (0..n).map(|_| scale * self.next()).collect()
    }
}

/// Irreps in the order of the trainers: by degree, odd before even.
fn sorted(mut blocks: Vec<Block>, join: bool) -> Irreps {
    blocks.sort_by_key(|b| (b.irrep.l, !b.irrep.odd));
    let mut out: Vec<Block> = Vec::new();
    for block in blocks {
        match out.last_mut() {
            Some(last) if join && last.irrep == block.irrep => last.mul += block.mul,
            _ => out.push(block),
        }
    }
    Irreps(out)
}

fn block(mul: usize, l: usize, odd: bool) -> Block {
    Block {
        mul,
        irrep: Irrep { l, odd },
    }
}

/// Blocks of a linear map between equal irreps, `copies` times the weights.
fn blocks(x: &mut Numbers, from: &Irreps, to: &Irreps, copies: usize) -> Vec<LinearBlock> {
    let mut out = Vec::new();
    for (input, a) in from.0.iter().enumerate() {
        for (output, b) in to.0.iter().enumerate().filter(|(_, b)| b.irrep == a.irrep) {
            let scale = 1.5 / (a.mul as f64).sqrt();
            out.push(LinearBlock {
                input,
                output,
                weight: x.some(copies * a.mul * b.mul, scale),
            });
        }
    }
    out
}

fn linear(x: &mut Numbers, from: &Irreps, to: &Irreps, bias: bool) -> Linear {
    Linear {
        input: from.clone(),
        output: to.clone(),
        blocks: blocks(x, from, to, 1),
        bias: x.some(if bias { to.scalars() } else { 0 }, 0.3),
    }
}

/// Perceptron of the given widths; a negative width has no activation.
fn mlp(x: &mut Numbers, widths: &[i32], bias: bool) -> Mlp {
    let mut layers = Vec::new();
    for (k, pair) in widths.windows(2).enumerate() {
        let [inputs, outputs] = [pair[0], pair[1]].map(|w| w.unsigned_abs() as usize);
        layers.push(MlpLayer::Dense {
            inputs,
            outputs,
            weight: x.some(inputs * outputs, 1.6 / (inputs as f64).sqrt()),
            bias: x.some(if bias { outputs } else { 0 }, 0.2),
        });
        if k + 2 < widths.len() && pair[1] > 0 {
            layers.push(MlpLayer::Activation(act(Function::Silu)));
        }
    }
    Mlp {
        inputs: widths[0] as usize,
        outputs: widths[widths.len() - 1].unsigned_abs() as usize,
        layers,
    }
}

fn act(function: Function) -> Activation {
    Activation {
        function,
        factor: 1.6,
    }
}

/// Component of channel `u` of the block of an irrep.
fn place(irreps: &Irreps, irrep: Irrep, u: usize) -> usize {
    let b = irreps.0.iter().position(|b| b.irrep == irrep).unwrap();
    irreps.offsets()[b] + u * irrep.dim()
}

fn gate(scalars: &[Block], gated: &[Block]) -> Gate {
    let gates: usize = gated.iter().map(|b| b.mul).sum();
    let mut all = scalars.to_vec();
    all.push(block(gates, 0, false));
    all.extend(gated);
    let input = sorted(all.into_iter().filter(|b| b.mul > 0).collect(), true);
    let output = Irreps(scalars.iter().chain(gated).copied().collect());
    let even: usize = scalars.iter().filter(|b| !b.irrep.odd).map(|b| b.mul).sum();
    let runs = scalars.iter().map(|b| GateScalars {
        input: place(&input, b.irrep, 0),
        output: place(&output, b.irrep, 0),
        mul: b.mul,
        activation: act(if b.irrep.odd {
            Function::Tanh
        } else {
            Function::Silu
        }),
    });
    let scalars = runs.collect();
    let mut next = even;
    let runs = gated.iter().map(|b| {
        next += b.mul;
        GateCopies {
            gate: place(&input, Irrep::SCALAR, next - b.mul),
            input: place(&input, b.irrep, 0),
            output: place(&output, b.irrep, 0),
            mul: b.mul,
            l: b.irrep.l,
            activation: act(Function::Sigmoid),
        }
    });
    let gated = runs.collect();
    Gate {
        input,
        output,
        scalars,
        gated,
    }
}

fn layer(x: &mut Numbers, shape: &Shape, input: &Irreps, last: bool) -> Layer {
    let wanted = Irreps::parse(shape.features).unwrap();
    let wanted: Vec<Block> = wanted
        .0
        .into_iter()
        .filter(|b| !last || b.irrep == Irrep::SCALAR)
        .collect();
    let mut paths = Vec::new();
    let mut parts = Vec::new();
    let mut weights = 0;
    for (i, from) in input.0.iter().enumerate() {
        for l2 in 0..=shape.l_max {
            for l3 in from.irrep.l.abs_diff(l2)..=from.irrep.l + l2 {
                let odd = from.irrep.odd ^ (shape.parity && l2 % 2 == 1);
                if !wanted.iter().any(|b| b.irrep == Irrep { l: l3, odd }) {
                    continue;
                }
                parts.push(block(from.mul, l3, odd));
                paths.push(Path {
                    input: i,
                    l1: from.irrep.l,
                    l2,
                    l3,
                    channels: from.mul,
                    weight_offset: weights,
                    message_offset: 0,
                    weight: ((2 * l3 + 1) as f64).sqrt() * if l2 % 2 == 1 { -0.5 } else { 0.5 },
                });
                weights += from.mul;
            }
        }
    }
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|&q| (parts[q].irrep.l, !parts[q].irrep.odd, q));
    let message = Irreps(order.iter().map(|&q| parts[q]).collect());
    for (&q, offset) in order.iter().zip(message.offsets()) {
        paths[q].message_offset = offset;
    }
    let reached = |b: &&Block| parts.iter().any(|p| p.irrep == b.irrep);
    let (scalars, gated): (Vec<Block>, Vec<Block>) =
        wanted.iter().filter(reached).partition(|b| b.irrep.l == 0);
    let gate = gate(&scalars, &gated);
    let self_connection = match shape.connection {
        0 => SelfConnection::None,
        1 => SelfConnection::Linear(linear(x, input, &gate.input, false)),
        _ => SelfConnection::Species(SpeciesLinear {
            input: input.clone(),
            output: gate.input.clone(),
            blocks: blocks(x, input, &gate.input, SPECIES),
        }),
    };
    let joined = sorted(message.0.clone(), true);
    Layer {
        input: input.clone(),
        self_connection,
        linear_1: linear(x, input, input, shape.bias),
        source_scale: match shape.source_scale {
            true => (0..SPECIES).map(|z| 0.7 + 0.2 * z as f64).collect(),
            false => Vec::new(),
        },
        radial: mlp(x, &[6, 9, weights as i32], false),
        paths,
        linear_2: linear(x, &joined, &gate.input, shape.bias),
        message,
        residual: shape.residual && gate.output == *input,
        gate,
    }
}

fn repulsion(cutoffs: &[f64]) -> Repulsion {
    let pair = |end: &f64| Pair {
        charge: 30.0,
        a: 0.2,
        end: *end,
    };
    Repulsion {
        c: [0.02817, 0.28022, 0.50986, 0.18175],
        t: [0.20162, 0.40290, 0.94229, 3.19980],
        p: 6.0,
        pairs: cutoffs.iter().map(pair).collect(),
        species: SPECIES,
    }
}

/// A random network.
pub fn network(shape: &Shape) -> Network {
    let x = &mut Numbers(shape.name.len() as u64 * 7919 + 5);
    let r_max = 3.6;
    let channels = Irreps::parse(shape.features).unwrap().0[0].mul;
    let mut features = Irreps(vec![block(channels, 0, false)]);
    let embedding = x.some(SPECIES * channels, 1.5);
    let mut layers = Vec::new();
    for t in 0..shape.layers {
        let made = layer(x, shape, &features, t + 1 == shape.layers);
        features = made.gate.output.clone();
        layers.push(made);
    }
    let mut widths = vec![features.dim() as i32];
    widths.extend(shape.readout);
    widths.push(1);
    let pairs = SPECIES * SPECIES;
    let cutoff = |p| r_max - 0.1 * p as f64;
    let cutoffs: Vec<f64> = match shape.pair_cutoffs {
        true => (0..pairs).map(cutoff).collect(),
        false => vec![r_max; pairs],
    };
    let network = Network {
        origin: shape.name.to_owned(),
        type_names: ["Li", "P", "S"].map(str::to_owned).to_vec(),
        atomic_numbers: vec![3, 15, 16],
        r_max,
        pair_cutoffs: if shape.pair_cutoffs {
            cutoffs.clone()
        } else {
            Vec::new()
        },
        stored: Stored::Double,
        l_max: shape.l_max,
        solid_harmonics: shape.solid,
        radial: RadialEmbedding {
            basis: RadialBasis::Bessel {
                prefactor: 0.7,
                weights: (1..=6).map(|n| f64::from(n) * 0.87).collect(),
            },
            cutoff: if shape.xplor {
                Cutoff::Xplor { on: 3.0 }
            } else {
                Cutoff::Polynomial { p: 6.0 }
            },
            cutoff_r_max: r_max,
            apply_cutoff: true,
            transform: DistanceTransform::None,
        },
        embedding,
        layers,
        readout: Readout {
            start: 0,
            net: mlp(x, &widths, shape.bias),
        },
        scale: vec![1.3, 0.8, 1.1],
        shift: vec![-1.0, -5.0, -3.0],
        repulsion: shape.repulsion.then(|| repulsion(&cutoffs)),
    };
    check(&network).unwrap();
    network
}
