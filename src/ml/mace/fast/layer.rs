//! One layer prepared for the fast evaluation: all constants folded into as few maps as possible.

use super::layout::Layout;
use super::linear::{DenseMap, LinearMap};
use super::readout::{FastReadout, ReadoutScratch};
use super::unsupported;
use crate::ml::irreps::Irreps;
use crate::ml::layers::Path as ModelPath;
use crate::ml::mace::model::{Interaction, Layer, MaceModel, Mixing, Normalization};
use crate::ml::polynomial::{Component, merge};
use crate::ml::radial::net::RadialFunctions;
use crate::ml::radial::table::{ColumnBlock, Grid, RadialTables};
use crate::ml::wigner::wigner_3j;
use crate::simd::message::{CouplingTerm, Path, Scalars};
use crate::simd::{Level, Real, padded};

/// A layer.
#[derive(Debug)]
pub struct FastLayer<T> {
    /// Layout of the features of the senders, `up(h)`.
    pub features: Layout,
    /// First layer: `up` of the embedding of each species.
    pub species_features: Vec<T>,
    /// Other layers: map from h of the layer before.
    pub up: Option<LinearMap<T>>,
    /// Messages from scalars, done together.
    pub scalars: Vec<Scalars>,
    /// Other paths.
    pub paths: Vec<Path>,
    /// Couplings of `paths` from spherical harmonics.
    pub terms: Vec<CouplingTerm<T>>,
    /// Number of components of the couplings.
    pub couplings: usize,
    /// Radial functions.
    pub radial: RadialTables<T>,
    /// Division by `alpha + beta * density`, the density in this column of the radial functions.
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
    pub readouts: Vec<FastReadout<T>>,
    /// Sum of the adjoints of h of the readouts, where all are linear.
    pub readout_constant: Vec<T>,
}

/// Normalisation by the density of edges.
#[derive(Debug, Clone, Copy)]
pub struct Density {
    /// Column of the radial functions.
    pub column: usize,
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
        let message = Layout::new::<T>(&interaction.message);
        let columns = Columns::new::<T>(interaction);
        let (scalars, rest) = group(interaction, &features, &message, &columns)?;
        let (paths, terms, couplings) = couple(interaction, &rest, &features, &message, &columns)?;
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
        let readouts: Vec<FastReadout<T>> = here
            .map(|r| FastReadout::new(r, settings.head, model.heads.len(), scale))
            .collect();
        Ok(FastLayer {
            readout_constant: constant_adjoint(&readouts, output),
            species_features: if t == 0 {
                species_features.collect()
            } else {
                Vec::new()
            },
            up: (t > 0).then(|| LinearMap::new(&up)),
            scalars,
            paths,
            terms,
            couplings,
            density: columns.density,
            radial: columns.tables(model, interaction, settings),
            mix: LinearMap::new(&mix),
            products,
            linear,
            skip_constant,
            skip,
            readouts,
            features,
        })
    }
}

/// Derivative of the sum of linear readouts with respect to h; meaningless for others.
fn constant_adjoint<T: Real>(readouts: &[FastReadout<T>], width: usize) -> Vec<T> {
    let mut adjoint = vec![T::default(); width];
    for readout in readouts {
        let h = vec![T::default(); width];
        let mut scratch = ReadoutScratch::default();
        readout.run(
            Level::PORTABLE,
            (&h, &[0]),
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

/// Columns of a row of radial functions.
struct Columns {
    /// First column of each path.
    paths: Vec<usize>,
    density: Option<Density>,
    width: usize,
}

impl Columns {
    fn new<T: Real>(interaction: &Interaction) -> Columns {
        let mut width = 0;
        let mut paths = Vec::new();
        for path in &interaction.paths {
            paths.push(width);
            width += padded::<T>(path.channels);
        }
        let density = match interaction.normalization {
            Normalization::AverageNeighbors(_) => None,
            Normalization::Density { alpha, beta, .. } => {
                width += T::LANES;
                Some(Density {
                    column: width - T::LANES,
                    alpha,
                    beta,
                })
            }
        };
        Columns {
            paths,
            density,
            width,
        }
    }

    fn tables<T: Real>(
        &self,
        model: &MaceModel,
        interaction: &Interaction,
        settings: &Settings,
    ) -> RadialTables<T> {
        let mut blocks: Vec<ColumnBlock> = Vec::new();
        for (path, &column) in interaction.paths.iter().zip(&self.paths) {
            blocks.push(ColumnBlock {
                function: path.weight_offset,
                count: path.channels,
                column,
                factor: factor(path),
            });
        }
        let net = match &interaction.normalization {
            Normalization::AverageNeighbors(_) => None,
            Normalization::Density { net, .. } => Some(net.clone()),
        };
        if let Some(density) = &self.density {
            blocks.push(ColumnBlock {
                function: interaction.radial.outputs,
                count: 1,
                column: density.column,
                factor: 1.0,
            });
        }
        let functions = RadialFunctions {
            embedding: model.radial.clone(),
            net: interaction.radial.clone(),
            density: net,
            pair_embedding: interaction.pair_embedding.clone(),
        };
        RadialTables::new(
            functions,
            blocks,
            self.width,
            settings.grid,
            settings.exact,
            model.species(),
        )
    }
}

/// Factor of the radial functions of a path. For l1 = 0 it contains the only value
/// 1 / sqrt(2l + 1) of the Wigner symbol, so that the coupling is Y itself.
fn factor(path: &ModelPath) -> f64 {
    if path.l1 == 0 {
        path.weight / ((2 * path.l3 + 1) as f64).sqrt()
    } else {
        path.weight
    }
}

fn message_offset(interaction: &Interaction, message: &Layout, path: &ModelPath) -> Built<usize> {
    let offsets = interaction.message.offsets();
    let block = offsets.iter().position(|&o| o == path.message_offset);
    let block = block.filter(|&b| b < message.blocks.len());
    block
        .map(|b| message.blocks[b].offset)
        .ok_or_else(|| unsupported("a message that is not one block"))
}

/// Groups of paths 0 x l -> l that leave the same block, and the indices of all other paths.
fn group(
    interaction: &Interaction,
    features: &Layout,
    message: &Layout,
    columns: &Columns,
) -> Built<(Vec<Scalars>, Vec<usize>)> {
    let mut groups = Vec::new();
    let mut grouped = vec![false; interaction.paths.len()];
    for input in 0..features.blocks.len() {
        let find = |l: usize| {
            interaction
                .paths
                .iter()
                .position(|p| p.input == input && (p.l1, p.l2, p.l3) == (0, l, l))
        };
        let members: Vec<usize> = (0..4).map_while(find).collect();
        if members.is_empty() {
            continue;
        }
        let block = features.blocks[input];
        let mut group = Scalars {
            degrees: members.len(),
            radial: [0; 4],
            message: [0; 4],
            feature: block.offset,
            channels: block.padded,
        };
        for (l, &p) in members.iter().enumerate() {
            grouped[p] = true;
            group.radial[l] = columns.paths[p];
            group.message[l] = message_offset(interaction, message, &interaction.paths[p])?;
        }
        groups.push(group);
    }
    let rest = (0..grouped.len()).filter(|&p| !grouped[p]).collect();
    Ok((groups, rest))
}

type Coupled<T> = (Vec<Path>, Vec<CouplingTerm<T>>, usize);

fn couple<T: Real>(
    interaction: &Interaction,
    rest: &[usize],
    features: &Layout,
    message: &Layout,
    columns: &Columns,
) -> Built<Coupled<T>> {
    let mut paths = Vec::new();
    let mut terms = Vec::new();
    let mut couplings = 0;
    for &p in rest {
        let path = &interaction.paths[p];
        let block = features.blocks[path.input];
        let (d1, d3) = (2 * path.l1 + 1, 2 * path.l3 + 1);
        // the factor of `factor` for l1 = 0 is taken out of the Wigner symbol
        let norm = path.weight / factor(path);
        for ([m1, m2, m3], value) in wigner_3j(path.l1, path.l2, path.l3) {
            terms.push(CouplingTerm {
                coupling: (couplings + m1 * d3 + m3) as u16,
                harmonic: (path.l2 * path.l2 + m2) as u16,
                value: T::from_f64(value * norm),
            });
        }
        paths.push(Path {
            d1,
            d3,
            coupling: couplings,
            radial: columns.paths[p],
            feature: block.offset,
            message: message_offset(interaction, message, path)?,
            channels: block.padded,
        });
        couplings += d1 * d3;
        if couplings > usize::from(u16::MAX) {
            return Err(unsupported("so many couplings"));
        }
    }
    Ok((paths, terms, couplings))
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
