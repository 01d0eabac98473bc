//! One layer prepared for the fast evaluation: all constants folded into as few maps as possible.

use super::readout::readout;
use super::unsupported;
use crate::ml::irreps::Irreps;
use crate::ml::layers::Path;
use crate::ml::mace::model::{Interaction, Layer, MaceModel, Mixing, Normalization};
use crate::ml::passing::convolution::{Convolution, Radial, Target, Wiring};
use crate::ml::passing::layout::Layout;
use crate::ml::passing::linear::{DenseMap, LinearMap};
use crate::ml::passing::perceptron::{Perceptron, ReadoutScratch};
use crate::ml::polynomial::{Component, merge};
use crate::ml::radial::grid::Grid;
use crate::ml::radial::net::RadialFunctions;
use crate::simd::{Level, Real};

/// A layer.
#[derive(Debug)]
pub struct FastLayer<T> {
    /// First layer: `up` of the embedding of each species.
    pub species_features: Vec<T>,
    /// Other layers: map from h of the layer before.
    pub up: Option<LinearMap<T>>,
    /// From features of the senders `up(h)` to Phi.
    pub convolution: Convolution<T>,
    /// Division by `alpha + beta * density`, the density that of the convolution.
    pub density: Option<Density>,
    /// From Phi to A, per species, the constant divisor included.
    pub mix: LinearMap<T>,
    /// Product basis: for each block of its layout the polynomials of its components.
    pub products: Vec<Vec<Component<T>>>,
    /// From the product basis to h.
    pub linear: LinearMap<T>,
    /// Constant skip connection of each species (first layer), rows in the layout of h.
    pub skip_constant: Vec<T>,
    /// Skip connection from h of the layer before.
    pub skip: Option<LinearMap<T>>,
    /// Readouts of h.
    pub readouts: Vec<Perceptron<T>>,
    /// Sum of the adjoints of h of the readouts, where all are linear.
    pub readout_constant: Vec<T>,
}

/// Normalisation by the density of edges.
#[derive(Debug, Clone, Copy)]
pub struct Density {
    /// Constant part.
    pub alpha: f64,
    /// Factor of the sum.
    pub beta: f64,
}

/// What all layers have in common.
pub struct Settings {
    /// Nodes of the radial tables.
    pub grid: Grid,
    /// Evaluate radial networks for each edge.
    pub exact: bool,
    /// Head.
    pub head: usize,
}

/// Result of building, the error says what the fast evaluation does not know.
pub type Built<T> = Result<T, crate::ml::brick::Unsupported>;

impl<T: Real> FastLayer<T> {
    /// Prepares layer `t` of `model`.
    pub fn new(model: &MaceModel, t: usize, settings: &Settings) -> Built<FastLayer<T>> {
        let layer = &model.layers[t];
        let interaction = &layer.interaction;
        let species = model.species();
        let up = DenseMap::linear(&interaction.up);
        let (mix, skip) = mixing(layer, species)?;
        let features = Layout::new::<T>(&interaction.up.output);
        let convolution = convolution(model, interaction, &features, settings)?;
        let linear = LinearMap::new(&DenseMap::linear(&layer.product.linear));
        let products = products(layer, &linear.input, interaction)?;
        let embedding_len = model.embedding_len();
        let embedding = |z: usize| &model.embedding[z * embedding_len..(z + 1) * embedding_len];
        let species_features =
            (0..species).flat_map(|z| features.row::<T>(&up.apply(z, embedding(z))));
        let (skip_constant, skip) = match skip {
            Some(map) if t == 0 => {
                let row = |z| linear.output.row::<T>(&map.apply(z, embedding(z)));
                ((0..species).flat_map(row).collect(), None)
            }
            Some(map) => (Vec::new(), Some(LinearMap::new(&map))),
            None => (Vec::new(), None),
        };
        let output = linear.output.width;
        let here = model.readouts.iter().filter(|r| r.layer == t);
        let scale = model.scale[settings.head];
        let readouts: Vec<Perceptron<T>> = here
            .map(|r| readout(r, settings.head, model.heads.len(), scale))
            .collect();
        Ok(FastLayer {
            readout_constant: constant_adjoint(&readouts, output),
            species_features: if t == 0 {
                species_features.collect()
            } else {
                Vec::new()
            },
            up: (t > 0).then(|| LinearMap::new(&up)),
            convolution,
            density: match interaction.normalization {
                Normalization::AverageNeighbors(_) => None,
                Normalization::Density { alpha, beta, .. } => Some(Density { alpha, beta }),
            },
            mix: LinearMap::new(&mix),
            products,
            linear,
            skip_constant,
            skip,
            readouts,
        })
    }
}

/// Derivative of the sum of linear readouts with respect to h; meaningless for others.
fn constant_adjoint<T: Real>(readouts: &[Perceptron<T>], width: usize) -> Vec<T> {
    let mut adjoint = vec![T::default(); width];
    for readout in readouts {
        let h = vec![T::default(); width];
        let mut scratch = ReadoutScratch::default();
        readout.run(
            Level::PORTABLE,
            (&h, &[0]),
            1.0,
            &mut [0.0],
            &mut adjoint,
            &mut scratch,
        );
    }
    adjoint
}

/// Map from Phi to A and the skip connection that the product adds.
fn mixing(layer: &Layer, species: usize) -> Built<(DenseMap, Option<DenseMap>)> {
    let divisor = match &layer.interaction.normalization {
        Normalization::AverageNeighbors(n) => *n,
        Normalization::Density { .. } => 1.0,
    };
    match &layer.interaction.mixing {
        Mixing::Plain { linear, skip } => {
            let skip = DenseMap::by_species(skip, species);
            let map = DenseMap::linear(linear).then(&skip).scale(1.0 / divisor);
            Ok((map, None))
        }
        Mixing::Residual { linear, skip } => {
            let map = DenseMap::linear(linear).scale(1.0 / divisor);
            let skip = layer
                .product
                .use_sc
                .then(|| DenseMap::by_species(skip, species));
            Ok((map, skip))
        }
        Mixing::NonLinear { .. } => Err(unsupported("a gated (NonLinear) interaction")),
    }
}

fn convolution<T: Real>(
    model: &MaceModel,
    interaction: &Interaction,
    features: &Layout,
    settings: &Settings,
) -> Built<Convolution<T>> {
    let message = Layout::new::<T>(&interaction.message);
    let offsets = interaction.message.offsets();
    let target = |path: &Path| {
        let block = offsets.iter().position(|&o| o == path.message_offset);
        let block = block.and_then(|b| message.blocks.get(b));
        block
            .map(|b| Target {
                offset: b.offset,
                stride: b.padded,
            })
            .ok_or_else(|| unsupported("a message that is not one block"))
    };
    let wiring = Wiring {
        paths: &interaction.paths,
        features,
        targets: interaction.paths.iter().map(target).collect::<Built<_>>()?,
        message_width: message.width,
        solid: false,
    };
    let density = match &interaction.normalization {
        Normalization::AverageNeighbors(_) => None,
        Normalization::Density { net, .. } => Some(net.clone()),
    };
    let radial = Radial {
        functions: RadialFunctions {
            embedding: model.radial.clone(),
            net: interaction.radial.clone(),
            density,
            pair_embedding: interaction.pair_embedding.clone(),
        },
        grid: settings.grid,
        exact: settings.exact,
        species: model.species(),
    };
    Ok(Convolution::new(&wiring, radial))
}

fn products<T: Real>(
    layer: &Layer,
    layout: &Layout,
    interaction: &Interaction,
) -> Built<Vec<Vec<Component<T>>>> {
    let contractions = &layer.product.contractions;
    let same = |a: &Irreps| a.0.windows(2).all(|w| w[0].mul == w[1].mul);
    let fits = contractions.len() == layout.blocks.len()
        && same(&interaction.out)
        && contractions.iter().zip(&layout.blocks).all(|(c, b)| {
            c.irrep.dim() == b.dim
                && c.channels == b.channels
                && interaction
                    .out
                    .0
                    .first()
                    .is_some_and(|a| a.mul == c.channels)
                && interaction.out.dim() == c.components * c.channels
        });
    if !fits {
        return Err(unsupported("a product basis with unequal channels"));
    }
    let all = contractions.iter().map(merge::<T>);
    all.collect::<Option<_>>()
        .ok_or_else(|| unsupported("a correlation order or l_max this high"))
}
