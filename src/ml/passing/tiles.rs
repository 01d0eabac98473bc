//! Sums over the edges of one atom, a tile of edges at a time: messages and their adjoints.

use super::convolution::Convolution;
use super::edges::BrickEdges;
use crate::ml::radial::table::RadialTile;
use crate::ml::spherical::Harmonics;
use crate::simd::message::{self, Adjoints, Edges, Partial};
use crate::simd::table::Weights;
use crate::simd::{Level, Op, Real, Simd, TILE};

/// Edges of a brick and the features of their senders.
#[derive(Clone, Copy)]
pub struct Senders<'a, T> {
    edges: &'a BrickEdges<T>,
    features: &'a [T],
    /// Row of `features` of each edge.
    rows: &'a [u32],
}

impl<'a, T: Real> Senders<'a, T> {
    /// Features of a first layer, one row per species.
    pub fn by_species(edges: &'a BrickEdges<T>, features: &'a [T]) -> Self {
        Senders {
            edges,
            features,
            rows: &edges.sender_species,
        }
    }

    /// Features with one row per own atom and ghost.
    pub fn by_atom(edges: &'a BrickEdges<T>, features: &'a [T]) -> Self {
        Senders {
            edges,
            features,
            rows: &edges.sender,
        }
    }
}

/// Arrays of one tile of edges.
#[derive(Debug, Clone, Default)]
pub struct Tile<T> {
    /// Radial functions \[TILE\]\[width\].
    radial: Vec<T>,
    /// Their derivatives.
    slope: Vec<T>,
    /// Weights of the interpolation.
    weights: Weights<T>,
    /// Spherical harmonics \[components\]\[TILE\].
    harmonics: Vec<T>,
    /// Their adjoints.
    harmonics_bar: Vec<T>,
    /// Couplings \[components\]\[TILE\].
    couplings: Vec<T>,
    /// Their adjoints.
    couplings_bar: Vec<T>,
    /// dE/dr \[TILE\].
    distance_bar: Vec<T>,
    /// Part of the gradient perpendicular to the edge \[3\]\[TILE\].
    across: Vec<T>,
    /// Deferred sums.
    partial: Partial<T>,
}

impl<T: Real> Tile<T> {
    /// Sizes the arrays for a layer; contents are unspecified.
    pub fn size(&mut self, convolution: &Convolution<T>, components: usize) {
        let zero = T::default();
        let width = convolution.radial.width();
        self.radial.resize(TILE * width, zero);
        self.slope.resize(TILE * width, zero);
        self.harmonics.resize(TILE * components, zero);
        self.harmonics_bar.resize(TILE * components, zero);
        self.couplings.resize(TILE * convolution.couplings, zero);
        self.couplings_bar
            .resize(TILE * convolution.couplings, zero);
        self.distance_bar.resize(TILE, zero);
        self.across.resize(3 * TILE, zero);
    }
}

/// What an evaluation of the edges of one layer needs.
#[derive(Clone, Copy)]
pub struct Convolve<'a, T> {
    /// Vector instructions.
    pub level: Level,
    /// Spherical harmonics.
    pub harmonics: &'a Harmonics<T>,
    /// Paths and radial functions.
    pub convolution: &'a Convolution<T>,
    /// Edges and features.
    pub senders: Senders<'a, T>,
}

impl<T: Real> Convolve<'_, T> {
    /// Adds the messages to atom `i` of species `z` to its row `phi`; returns the sum of the
    /// densities of its edges.
    pub fn send(&self, i: usize, z: usize, tile: &mut Tile<T>, phi: &mut [T]) -> f64 {
        let mut density = 0.0;
        for (first, count) in self.senders.edges.tiles(i) {
            let at = TileOf {
                all: self,
                receiver_species: z,
                first,
                count,
            };
            let phi = &mut *phi;
            let tile = &mut *tile;
            density += T::dispatch(self.level, Send { at, tile, phi });
        }
        density
    }

    /// Adjoint of [`Convolve::send`]: from the adjoints `phi` of the row of Phi and `density` adds
    /// to the adjoints of the features (none where they are those of species) and to the
    /// derivatives with respect to edge vectors.
    pub fn receive(
        &self,
        (i, z): (usize, usize),
        tile: &mut Tile<T>,
        (phi, density): (&[T], T),
        features: &mut [T],
        gradient: &mut [[f64; 3]],
    ) {
        for (first, count) in self.senders.edges.tiles(i) {
            let at = TileOf {
                all: self,
                receiver_species: z,
                first,
                count,
            };
            let receive = Receive {
                at,
                tile: &mut *tile,
                phi,
                density,
                features: &mut *features,
                gradient: &mut *gradient,
            };
            T::dispatch(self.level, receive);
        }
    }
}

/// One tile of the edges of one atom.
#[derive(Clone, Copy)]
struct TileOf<'a, T> {
    all: &'a Convolve<'a, T>,
    receiver_species: usize,
    first: usize,
    count: usize,
}

impl<T: Real> TileOf<'_, T> {
    /// Fills harmonics, couplings and radial functions (with slopes, if wanted).
    #[inline(always)]
    fn fill<S: Simd<T = T>>(&self, s: S, tile: &mut Tile<T>, slopes: bool) {
        let convolution = self.all.convolution;
        let (edges, first) = (self.all.senders.edges, self.first);
        let directions = edges.directions(first);
        self.all
            .harmonics
            .values(s, directions, &mut tile.harmonics);
        if !convolution.paths.is_empty() {
            let (y, k) = (&tile.harmonics, &mut tile.couplings);
            message::couple(s, &convolution.terms, y, k);
        }
        let position = edges.position[first..].first_chunk::<TILE>();
        let rate = edges.rate[first..].first_chunk::<TILE>();
        let range = first..first + self.count;
        let radial = RadialTile {
            node: &edges.node[range.clone()],
            position: position.expect("edge arrays are padded by a tile"),
            rate: rate.expect("edge arrays are padded by a tile"),
            distance: &edges.distance[range.clone()],
            argument: &edges.argument[range.clone()],
            sender_species: &edges.sender_species[range],
            receiver_species: self.receiver_species,
        };
        let slope = if slopes {
            tile.slope.as_mut_slice()
        } else {
            &mut []
        };
        let (weights, value) = (&mut tile.weights, &mut tile.radial);
        convolution.radial.rows(s, &radial, weights, value, slope);
    }

    /// The edges as the kernels see them.
    #[inline(always)]
    fn edges<'b>(&'b self, radial: &'b [T], slope: &'b [T]) -> Edges<'b, T> {
        let (convolution, senders) = (self.all.convolution, &self.all.senders);
        Edges {
            count: self.count,
            radial,
            slope,
            radial_width: convolution.radial.width(),
            features: senders.features,
            feature_width: convolution.feature_width,
            senders: &senders.rows[self.first..self.first + self.count],
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
        let convolution = at.all.convolution;
        at.fill(s, tile, false);
        let edges = at.edges(&tile.radial, &[]);
        for paths in &convolution.scalars {
            message::scalars(s, paths, edges, &tile.harmonics, phi);
        }
        for path in &convolution.copies {
            message::copies(s, path, edges, phi);
        }
        for path in &convolution.paths {
            message::path(s, path, edges, &tile.couplings, phi);
        }
        let Some(column) = convolution.density else {
            return 0.0;
        };
        let mut sum = 0.0;
        for e in 0..edges.count {
            sum += edges.radial[e * edges.radial_width + column].to_f64();
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
        let convolution = at.all.convolution;
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
        for paths in &convolution.scalars {
            message::scalars_adjoint(s, paths, edges, &tile.harmonics, phi, &mut to);
        }
        for path in &convolution.copies {
            message::copies_adjoint(s, path, edges, phi, &mut to);
        }
        to.coupling = &mut tile.couplings_bar;
        for path in &convolution.paths {
            message::path_adjoint(s, path, edges, &tile.couplings, phi, &mut to);
        }
        if !convolution.paths.is_empty() {
            let (from, to) = (&tile.couplings_bar, &mut tile.harmonics_bar);
            message::couple_adjoint(s, &convolution.terms, from, to);
        }
        if let Some(column) = convolution.density {
            for e in 0..edges.count {
                let slope = edges.slope[e * edges.radial_width + column];
                tile.distance_bar[e] += slope * self.density;
            }
        }
        let found = at.all.senders.edges;
        let directions = found.directions(at.first);
        let (bar, across) = (&tile.harmonics_bar, &mut tile.across);
        at.all.harmonics.gradient(s, directions, bar, across);
        let range = at.first..at.first + at.count;
        let inverse = &found.inverse[range.clone()];
        for (e, g) in self.gradient[range].iter_mut().enumerate() {
            let unit = [directions.x[e], directions.y[e], directions.z[e]];
            for c in 0..3 {
                let across = tile.across[c * TILE + e] * inverse[e];
                g[c] += (tile.distance_bar[e] * unit[c] + across).to_f64();
            }
        }
    }
}
