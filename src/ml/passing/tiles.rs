//! Sums over edges: messages to the atoms of a block, and their adjoints.

use super::FastMace;
use super::edges::BrickEdges;
use super::layer::FastLayer;
use super::work::{Scratch, Tile};
use crate::ml::radial::table::RadialTile;
use crate::simd::message::{self, Adjoints, Edges};
use crate::simd::{Op, Real, Simd, TILE};

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
}

/// One tile of the edges of one atom.
#[derive(Clone, Copy)]
struct TileOf<'a, T> {
    model: &'a FastMace<T>,
    layer: &'a FastLayer<T>,
    senders: &'a Senders<'a, T>,
    receiver_species: usize,
    first: usize,
    count: usize,
}

impl<T: Real> TileOf<'_, T> {
    /// Fills harmonics, couplings and radial functions (with slopes, if wanted).
    #[inline(always)]
    fn fill<S: Simd<T = T>>(&self, s: S, tile: &mut Tile<T>, slopes: bool) {
        let (edges, first) = (self.senders.edges, self.first);
        let harmonics = &self.model.harmonics;
        harmonics.values(s, edges.directions(first), &mut tile.harmonics);
        if !self.layer.paths.is_empty() {
            message::couple(s, &self.layer.terms, &tile.harmonics, &mut tile.couplings);
        }
        let position = edges.position[first..].first_chunk::<TILE>();
        let inverse = edges.inverse[first..].first_chunk::<TILE>();
        let range = first..first + self.count;
        let radial = RadialTile {
            node: &edges.node[range.clone()],
            position: position.expect("edge arrays are padded by a tile"),
            inverse: inverse.expect("edge arrays are padded by a tile"),
            distance: &edges.distance[range.clone()],
            sender_species: &edges.sender_species[range],
            receiver_species: self.receiver_species,
        };
        let slope = if slopes {
            tile.slope.as_mut_slice()
        } else {
            &mut []
        };
        let (weights, value) = (&mut tile.weights, &mut tile.radial);
        self.layer.radial.rows(s, &radial, weights, value, slope);
    }

    /// The edges as the kernels see them.
    #[inline(always)]
    fn edges<'b>(&'b self, radial: &'b [T], slope: &'b [T]) -> Edges<'b, T> {
        Edges {
            count: self.count,
            radial,
            slope,
            radial_width: self.layer.radial.width(),
            features: self.senders.features,
            feature_width: self.layer.features.width,
            senders: &self.senders.rows[self.first..self.first + self.count],
        }
    }
}

/// Adds the messages of a tile to Phi of its atom and returns the sum of edge densities.
struct Send<'a, T> {
    at: TileOf<'a, T>,
    tile: &'a mut Tile<T>,
    phi: &'a mut [T],
}

impl<T: Real> Op<T> for Send<'_, T> {
    type Out = f64;
    #[inline(always)]
    fn run<S: Simd<T = T>>(self, s: S) -> f64 {
        let Send { at, tile, phi } = self;
        at.fill(s, tile, false);
        let edges = at.edges(&tile.radial, &[]);
        for paths in &at.layer.scalars {
            message::scalars(s, paths, edges, &tile.harmonics, phi);
        }
        for path in &at.layer.paths {
            message::path(s, path, edges, &tile.couplings, phi);
        }
        let Some(d) = at.layer.density else {
            return 0.0;
        };
        let mut sum = 0.0;
        for e in 0..edges.count {
            sum += edges.radial[e * edges.radial_width + d.column].to_f64();
        }
        sum
    }
}

/// Adjoint of [`Send`].
struct Receive<'a, T> {
    at: TileOf<'a, T>,
    tile: &'a mut Tile<T>,
    /// Adjoint of Phi.
    phi: &'a [T],
    /// Adjoint of the density.
    density: T,
    features: &'a mut [T],
    gradient: &'a mut [[f64; 3]],
}

impl<T: Real> Op<T> for Receive<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd<T = T>>(self, s: S) {
        let Receive { at, tile, phi, .. } = self;
        at.fill(s, tile, true);
        tile.harmonics_bar.fill(T::default());
        tile.couplings_bar.fill(T::default());
        tile.distance_bar.fill(T::default());
        let edges = at.edges(&tile.radial, &tile.slope);
        let mut to = Adjoints {
            features: self.features,
            coupling: &mut tile.harmonics_bar,
            distance: &mut tile.distance_bar,
            partial: &mut tile.partial,
        };
        for paths in &at.layer.scalars {
            message::scalars_adjoint(s, paths, edges, &tile.harmonics, phi, &mut to);
        }
        to.coupling = &mut tile.couplings_bar;
        for path in &at.layer.paths {
            message::path_adjoint(s, path, edges, &tile.couplings, phi, &mut to);
        }
        if !at.layer.paths.is_empty() {
            let (from, to) = (&tile.couplings_bar, &mut tile.harmonics_bar);
            message::couple_adjoint(s, &at.layer.terms, from, to);
        }
        if let Some(d) = at.layer.density {
            for e in 0..edges.count {
                let slope = edges.slope[e * edges.radial_width + d.column];
                tile.distance_bar[e] += slope * self.density;
            }
        }
        let directions = at.senders.edges.directions(at.first);
        let harmonics = &at.model.harmonics;
        harmonics.gradient(s, directions, &tile.harmonics_bar, &mut tile.across);
        let inverse = &at.senders.edges.inverse[at.first..at.first + at.count];
        for (e, g) in self.gradient[at.first..at.first + at.count]
            .iter_mut()
            .enumerate()
        {
            let unit = [directions.x[e], directions.y[e], directions.z[e]];
            for c in 0..3 {
                let across = tile.across[c * TILE + e] * inverse[e];
                g[c] += (tile.distance_bar[e] * unit[c] + across).to_f64();
            }
        }
    }
}

/// Phi of a block of atoms of species `z` into `scratch.message`, and 1 / N where the layer
/// normalises by density.
pub fn messages<T: Real>(
    model: &FastMace<T>,
    layer: &FastLayer<T>,
    senders: &Senders<'_, T>,
    (z, atoms): (usize, &[u32]),
    scratch: &mut Scratch<T>,
) {
    let width = layer.mix.input.width;
    for (k, &i) in atoms.iter().enumerate() {
        let phi = &mut scratch.message[k * width..(k + 1) * width];
        phi.fill(T::default());
        let mut density = 0.0;
        for (first, count) in senders.edges.tiles(i as usize) {
            let at = TileOf {
                model,
                layer,
                senders,
                receiver_species: z,
                first,
                count,
            };
            let tile = &mut scratch.tile;
            let phi = &mut *phi;
            density += T::dispatch(model.level, Send { at, tile, phi });
        }
        if let Some(d) = layer.density {
            scratch.inverse[k] = T::from_f64(1.0 / (d.alpha + d.beta * density));
        }
    }
}

/// Adjoint of [`messages`]: from `scratch.message`, now the adjoint of Phi, adds to the derivatives
/// with respect to edge vectors and to the adjoints of the features (none in the first layer).
pub fn messages_adjoint<T: Real>(
    model: &FastMace<T>,
    layer: &FastLayer<T>,
    senders: &Senders<'_, T>,
    (z, atoms): (usize, &[u32]),
    scratch: &mut Scratch<T>,
    features_bar: &mut [T],
    gradient: &mut [[f64; 3]],
) {
    let width = layer.mix.input.width;
    for (k, &i) in atoms.iter().enumerate() {
        for (first, count) in senders.edges.tiles(i as usize) {
            let at = TileOf {
                model,
                layer,
                senders,
                receiver_species: z,
                first,
                count,
            };
            let receive = Receive {
                at,
                tile: &mut scratch.tile,
                phi: &scratch.message[k * width..(k + 1) * width],
                density: scratch.density_bar[k],
                features: features_bar,
                gradient,
            };
            T::dispatch(model.level, receive);
        }
    }
}
