//! Sums over edges: messages to the atoms of a block, and their adjoints.

use super::FastMace;
use super::edges::BrickEdges;
use super::layer::FastLayer;
use super::work::{Scratch, Tile};
use crate::ml::radial::table::RadialTile;
use crate::simd::message::{self, Adjoints, Edges};
use crate::simd::{Real, Simd, TILE};

/// Edges of a brick and the features of their senders in one layer.
#[derive(Clone, Copy)]
pub struct Senders<'a, T> {
    edges: &'a BrickEdges<T>,
    features: &'a [T],
    /// Row of `features` of each edge.
    rows: &'a [u32],
}

impl<'a, T: Real> Senders<'a, T> {
    /// The first layer reads one row per species, the others one per atom.
    pub fn new(layer: &'a FastLayer<T>, edges: &'a BrickEdges<T>, features: &'a [T]) -> Self {
        if layer.up.is_none() {
            Senders {
                edges,
                features: &layer.species_features,
                rows: &edges.sender_species,
            }
        } else {
            Senders {
                edges,
                features,
                rows: &edges.sender,
            }
        }
    }

    /// Fills harmonics, couplings and radial functions (with slopes, if wanted) of a tile and
    /// returns the edges as the kernels see them.
    #[inline(always)]
    fn tile<'b, S: Simd<T = T>>(
        &'b self,
        s: S,
        model: &FastMace<T>,
        layer: &FastLayer<T>,
        receiver_species: usize,
        (first, count): (usize, usize),
        tile: &'b mut Tile<T>,
        slopes: bool,
    ) -> (Edges<'b, T>, TileRest<'b, T>) {
        let edges = self.edges;
        model
            .harmonics
            .values(s, edges.directions(first), &mut tile.harmonics);
        if !layer.paths.is_empty() {
            message::couple(s, &layer.terms, &tile.harmonics, &mut tile.couplings);
        }
        let position = edges.position[first..].first_chunk::<TILE>();
        let radial = RadialTile {
            node: &edges.node[first..first + count],
            position: position.expect("edge arrays are padded by a tile"),
            distance: &edges.distance[first..first + count],
            sender_species: &edges.sender_species[first..first + count],
            receiver_species,
        };
        let slope = if slopes {
            tile.slope.as_mut_slice()
        } else {
            &mut []
        };
        let (weights, value) = (&mut tile.weights, &mut tile.radial);
        layer.radial.rows(s, &radial, weights, value, slope);
        let edges = Edges {
            count,
            radial: &tile.radial,
            slope: &tile.slope,
            radial_width: layer.radial.width(),
            features: self.features,
            feature_width: layer.features.width,
            senders: &self.rows[first..first + count],
        };
        let rest = TileRest {
            harmonics: &tile.harmonics,
            couplings: &tile.couplings,
            harmonics_bar: &mut tile.harmonics_bar,
            couplings_bar: &mut tile.couplings_bar,
            distance_bar: &mut tile.distance_bar,
            across: &mut tile.across,
            partial: &mut tile.partial,
        };
        (edges, rest)
    }
}

/// Arrays of a tile other than the radial functions.
struct TileRest<'a, T> {
    harmonics: &'a [T],
    couplings: &'a [T],
    harmonics_bar: &'a mut [T],
    couplings_bar: &'a mut [T],
    distance_bar: &'a mut [T],
    across: &'a mut [T],
    partial: &'a mut message::Partial<T>,
}

/// Phi of a block of atoms of species `z` into `scratch.message`, and 1 / N where the layer
/// normalises by density.
#[inline(always)]
pub fn messages<S: Simd>(
    s: S,
    model: &FastMace<S::T>,
    layer: &FastLayer<S::T>,
    senders: &Senders<'_, S::T>,
    z: usize,
    atoms: &[u32],
    scratch: &mut Scratch<S::T>,
) {
    let width = layer.mix.input.width;
    for (k, &i) in atoms.iter().enumerate() {
        let phi = &mut scratch.message[k * width..(k + 1) * width];
        phi.fill(S::T::default());
        let mut density = 0.0;
        for range in senders.edges.tiles(i as usize) {
            let tile = &mut scratch.tile;
            let (edges, rest) = senders.tile(s, model, layer, z, range, tile, false);
            for paths in &layer.scalars {
                message::scalars(s, paths, edges, rest.harmonics, phi);
            }
            for path in &layer.paths {
                message::path(s, path, edges, rest.couplings, phi);
            }
            if let Some(d) = layer.density {
                let rho = |e: usize| edges.radial[e * edges.radial_width + d.column].to_f64();
                density += (0..edges.count).map(rho).sum::<f64>();
            }
        }
        if let Some(d) = layer.density {
            scratch.inverse[k] = S::T::from_f64(1.0 / (d.alpha + d.beta * density));
        }
    }
}

/// Adjoint of [`messages`]: from `scratch.message`, now the adjoint of Phi, adds to the derivatives
/// with respect to edge vectors and to the adjoints of the features (none in the first layer).
#[inline(always)]
pub fn messages_adjoint<S: Simd>(
    s: S,
    model: &FastMace<S::T>,
    layer: &FastLayer<S::T>,
    senders: &Senders<'_, S::T>,
    (z, atoms): (usize, &[u32]),
    scratch: &mut Scratch<S::T>,
    features_bar: &mut [S::T],
    gradient: &mut [[f64; 3]],
) {
    let width = layer.mix.input.width;
    for (k, &i) in atoms.iter().enumerate() {
        let phi = &scratch.message[k * width..(k + 1) * width];
        for range in senders.edges.tiles(i as usize) {
            let tile = &mut scratch.tile;
            let (edges, rest) = senders.tile(s, model, layer, z, range, tile, true);
            rest.harmonics_bar.fill(S::T::default());
            rest.couplings_bar.fill(S::T::default());
            rest.distance_bar.fill(S::T::default());
            let mut to = Adjoints {
                features: &mut *features_bar,
                coupling: &mut *rest.harmonics_bar,
                distance: &mut *rest.distance_bar,
                partial: &mut *rest.partial,
            };
            for paths in &layer.scalars {
                message::scalars_adjoint(s, paths, edges, rest.harmonics, phi, &mut to);
            }
            to.coupling = &mut *rest.couplings_bar;
            for path in &layer.paths {
                message::path_adjoint(s, path, edges, rest.couplings, phi, &mut to);
            }
            if !layer.paths.is_empty() {
                message::couple_adjoint(s, &layer.terms, rest.couplings_bar, rest.harmonics_bar);
            }
            if let Some(d) = layer.density {
                for e in 0..edges.count {
                    let slope = edges.slope[e * edges.radial_width + d.column];
                    rest.distance_bar[e] += slope * scratch.density_bar[k];
                }
            }
            let first = range.0;
            let directions = senders.edges.directions(first);
            model
                .harmonics
                .gradient(s, directions, rest.harmonics_bar, rest.across);
            for e in 0..edges.count {
                let (along, inverse) = (rest.distance_bar[e], senders.edges.inverse[first + e]);
                let unit = [directions.x[e], directions.y[e], directions.z[e]];
                for c in 0..3 {
                    let g = along * unit[c] + rest.across[c * TILE + e] * inverse;
                    gradient[first + e][c] += g.to_f64();
                }
            }
        }
    }
}
