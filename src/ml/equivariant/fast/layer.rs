//! One layer prepared for the fast evaluation.

use super::gate::FastGate;
use crate::ml::brick::Unsupported;
use crate::ml::equivariant::model::{Layer, Network, SelfConnection};
use crate::ml::irreps::{Block, Irreps};
use crate::ml::layers::{Linear, LinearBlock};
use crate::ml::passing::convolution::{Convolution, Radial, Target, Wiring};
use crate::ml::passing::layout::Layout;
use crate::ml::passing::linear::{DenseMap, LinearMap};
use crate::ml::radial::grid::Grid;
use crate::ml::radial::net::RadialFunctions;
use crate::simd::{Real, padded};

/// A layer.
#[derive(Debug)]
pub struct FastLayer<T> {
    /// First layer: features of the senders of each species.
    pub species_features: Vec<T>,
    /// Other layers: map from h of the layer before to the features of the senders.
    pub up: Option<LinearMap<T>>,
    /// Factor of the features of the senders per species; empty for none.
    pub source_scale: Vec<T>,
    /// From the features of the senders to Phi.
    pub convolution: Convolution<T>,
    /// From Phi to the gate's input.
    pub linear: LinearMap<T>,
    /// Constant self-connection of each species (first layer), rows of the gate's input.
    pub skip_constant: Vec<T>,
    /// Self-connection from h of the layer before.
    pub skip: Option<LinearMap<T>>,
    /// Gate.
    pub gate: FastGate<T>,
    /// True where h of the layer before is added to the gate's output.
    pub residual: bool,
    /// What is added in the first layer, one row per species; empty for nothing.
    pub residual_constant: Vec<T>,
}

impl<T: Real> FastLayer<T> {
    /// Prepares layer `t` of `network`.
    ///
    /// # Errors
    /// The layer has a feature that only the plain evaluation knows.
    pub fn new(
        network: &Network,
        t: usize,
        (grid, exact): (Grid, bool),
    ) -> Result<FastLayer<T>, Unsupported> {
        let layer = &network.layers[t];
        let species = network.species();
        let (linear, targets) = spread::<T>(layer)?;
        let linear = LinearMap::new(&DenseMap::linear(&linear));
        let features = Layout::new::<T>(&layer.linear_1.output);
        let wiring = Wiring {
            paths: &layer.paths,
            features: &features,
            targets,
            message_width: linear.input.width,
            solid: network.solid_harmonics,
        };
        let radial = Radial {
            functions: RadialFunctions {
                embedding: network.radial.clone(),
                net: layer.radial.clone(),
                density: None,
                pair_embedding: None,
            },
            grid,
            exact,
            species,
        };
        let up = DenseMap::linear(&layer.linear_1);
        let skip = match &layer.self_connection {
            SelfConnection::None => None,
            SelfConnection::Linear(map) => Some(DenseMap::linear(map)),
            SelfConnection::Species(map) => Some(DenseMap::by_species(map, species)),
        };
        let mut out = FastLayer {
            species_features: Vec::new(),
            up: None,
            source_scale: layer.source_scale.iter().map(|&x| T::from_f64(x)).collect(),
            convolution: Convolution::new(&wiring, radial),
            linear,
            skip_constant: Vec::new(),
            skip: None,
            gate: FastGate::new(&layer.gate)?,
            residual: layer.residual,
            residual_constant: Vec::new(),
        };
        if t == 0 {
            out.first(network, (&up, &features), skip.as_ref());
        } else {
            out.up = Some(LinearMap::new(&up));
            out.skip = skip.as_ref().map(LinearMap::new);
        }
        Ok(out)
    }

    /// What follows from the constant features before the first layer.
    fn first(
        &mut self,
        network: &Network,
        (up, features): (&DenseMap, &Layout),
        skip: Option<&DenseMap>,
    ) {
        let width = network.embedding_len();
        for (z, h) in network.embedding.chunks(width).enumerate() {
            let mut sent = up.apply(z, h);
            if let Some(scale) = network.layers[0].source_scale.get(z) {
                sent.iter_mut().for_each(|x| *x *= scale);
            }
            self.species_features.extend(features.row::<T>(&sent));
            if let Some(skip) = skip {
                let row = self.linear.output.row::<T>(&skip.apply(z, h));
                self.skip_constant.extend(row);
            }
            if self.residual {
                self.residual_constant.extend(self.gate.output.row::<T>(h));
            }
        }
    }
}

/// `linear_2` with the channels of every path padded to whole vectors, and where the messages of
/// each path go in a row of its input.
fn spread<T: Real>(layer: &Layer) -> Result<(Linear, Vec<Target>), Unsupported> {
    let map = &layer.linear_2;
    let joined = map.input.offsets();
    // for each joined block the (channels, padded place) of its parts
    let mut parts: Vec<Vec<(usize, usize)>> = vec![Vec::new(); map.input.0.len()];
    let mut place_of = Vec::new();
    let mut at = 0;
    let mut b = 0;
    for block in &layer.message.0 {
        while b + 1 < map.input.0.len() && joined[b + 1] <= at {
            b += 1;
        }
        let fits = map.input.0.get(b).is_some_and(|j| j.irrep == block.irrep);
        if !fits || at + block.dim() > joined[b + 1] {
            return Err(Unsupported::new("messages of this layout"));
        }
        let end = parts[b]
            .last()
            .map_or(0, |(mul, at)| at + padded::<T>(*mul));
        parts[b].push((block.mul, end));
        place_of.push((at, b, end));
        at += block.dim();
    }
    let wide = |parts: &[(usize, usize)]| parts.iter().map(|p| padded::<T>(p.0)).sum();
    let input = map.input.0.iter().zip(&parts).map(|(block, parts)| Block {
        mul: wide(parts),
        irrep: block.irrep,
    });
    let input = Irreps(input.collect());
    let blocks = map.blocks.iter().map(|block| {
        let outputs = map.output.0[block.output].mul;
        let mut weight = vec![0.0; input.0[block.input].mul * outputs];
        let mut from = 0;
        for &(mul, to) in &parts[block.input] {
            let rows = &block.weight[from * outputs..(from + mul) * outputs];
            weight[to * outputs..][..rows.len()].copy_from_slice(rows);
            from += mul;
        }
        LinearBlock {
            weight,
            ..block.clone()
        }
    });
    let blocks = blocks.collect();
    let layout = Layout::new::<T>(&input);
    let target = |offset: usize| {
        let found = place_of.iter().find(|p| p.0 == offset);
        let &(_, b, channel) = found.ok_or_else(|| Unsupported::new("messages of this layout"))?;
        Ok(Target {
            offset: layout.blocks[b].offset + channel,
            stride: layout.blocks[b].padded,
        })
    };
    let targets = layer.paths.iter().map(|p| target(p.message_offset));
    let targets = targets.collect::<Result<_, Unsupported>>()?;
    let linear = Linear {
        input,
        output: map.output.clone(),
        blocks,
        bias: map.bias.clone(),
    };
    Ok((linear, targets))
}
