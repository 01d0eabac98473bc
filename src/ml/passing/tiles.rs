//! Sums over the edges of one atom, a tile of edges at a time: messages and their adjoints.

use super::convolution::{Convolution, Kernel};
use super::edges::BrickEdges;
use crate::ml::radial::table::{RadialScratch, RadialTile};
use crate::ml::spherical::Harmonics;
use crate::simd::message::{self, Adjoints, Edges, Partial};
use crate::simd::{Level, Op, Real, Simd, TILE};
use std::ops::Range;

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
    /// Radial functions of one step \[TILE\]\[columns\].
    radial: Vec<T>,
    /// Their derivatives.
    slope: Vec<T>,
    /// Of the radial tables.
    tables: RadialScratch<T>,
    /// Spherical harmonics \[components\]\[TILE\].
    harmonics: Vec<T>,
    /// Their adjoints.
    harmonics_bar: Vec<T>,
    /// Couplings \[components\]\[TILE\].
    couplings: Vec<T>,
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
        let widths = convolution.steps.iter().map(|s| s.columns.len());
        let width = widths.max().unwrap_or(0).max(T::LANES);
        self.radial.resize(TILE * width, zero);
        self.slope.resize(TILE * width, zero);
        self.harmonics.resize(TILE * components, zero);
        self.harmonics_bar.resize(TILE * components, zero);
        self.couplings.resize(TILE * convolution.couplings, zero);
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
    /// Fills harmonics and couplings and makes the radial tables ready.
    #[inline(always)]
    fn fill<S: Simd<T = T>>(&self, s: S, tile: &mut Tile<T>) {
        let convolution = self.all.convolution;
        let directions = self.all.senders.edges.directions(self.first);
        let y = &mut tile.harmonics;
        self.all.harmonics.values(s, directions, y);
        for step in &convolution.steps {
            if let Kernel::Path(parts) = &step.kernel {
                for path in parts {
                    message::couple(s, path, y, &mut tile.couplings);
                }
            }
        }
        convolution
            .radial
            .begin(s, &self.radial(), &mut tile.tables);
    }

    /// The edges as the radial tables see them.
    #[inline(always)]
    fn radial(&self) -> RadialTile<'_, T> {
        let (edges, first) = (self.all.senders.edges, self.first);
        let position = edges.position[first..].first_chunk::<TILE>();
        let rate = edges.rate[first..].first_chunk::<TILE>();
        let range = first..first + self.count;
        RadialTile {
            row: &edges.row[range.clone()],
            position: position.expect("edge arrays are padded by a tile"),
            rate: rate.expect("edge arrays are padded by a tile"),
            distance: &edges.distance[range.clone()],
            argument: &edges.argument[range.clone()],
            sender_species: &edges.sender_species[range],
            receiver_species: self.receiver_species,
        }
    }

    /// Radial functions of some columns, with slopes if wanted.
    #[inline(always)]
    fn columns<S: Simd<T = T>>(
        &self,
        s: S,
        tile: &mut Tile<T>,
        columns: &Range<usize>,
        slopes: bool,
    ) {
        let size = self.count * columns.len();
        let slope = if slopes {
            &mut tile.slope[..size]
        } else {
            &mut []
        };
        let to = (&mut tile.radial[..size], slope);
        let tables = &self.all.convolution.radial;
        tables.columns(s, &self.radial(), &tile.tables, columns.clone(), to);
    }

    /// The edges as the kernels see them, with radial functions of `width` columns.
    #[inline(always)]
    fn edges<'b>(&'b self, radial: &'b [T], slope: &'b [T], width: usize) -> Edges<'b, T> {
        let senders = &self.all.senders;
        Edges {
            count: self.count,
            radial,
            slope,
            radial_width: width,
            features: senders.features,
            feature_width: self.all.convolution.feature_width,
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
        at.fill(s, tile);
        for step in &convolution.steps {
            at.columns(s, tile, &step.columns, false);
            let edges = at.edges(&tile.radial, &[], step.columns.len());
            match &step.kernel {
                Kernel::Scalars(paths) => message::scalars(s, paths, edges, &tile.harmonics, phi),
                Kernel::Copies(path) => message::copies(s, path, edges, phi),
                Kernel::Path(parts) => {
                    for path in parts {
                        message::path(s, path, edges, &tile.couplings, phi);
                    }
                }
            }
        }
        let Some(columns) = &convolution.density else {
            return 0.0;
        };
        at.columns(s, tile, columns, false);
        let mut sum = 0.0;
        for e in 0..at.count {
            sum += tile.radial[e * columns.len()].to_f64();
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
        at.fill(s, tile);
        // lent out because the kernels read the rest of the tile
        let mut partial = std::mem::take(&mut tile.partial);
        partial.begin(at.all.harmonics.components());
        let mut to = Adjoints {
            features: self.features,
            partial: &mut partial,
        };
        for step in &convolution.steps {
            at.columns(s, tile, &step.columns, true);
            let edges = at.edges(&tile.radial, &tile.slope, step.columns.len());
            match &step.kernel {
                Kernel::Scalars(paths) => {
                    message::scalars_adjoint(s, paths, edges, &tile.harmonics, phi, &mut to);
                }
                Kernel::Copies(path) => message::copies_adjoint(s, path, edges, phi, &mut to),
                Kernel::Path(parts) => {
                    for path in parts {
                        message::path_adjoint(s, path, edges, &tile.couplings, phi, &mut to);
                    }
                }
            }
        }
        partial.finish(s, &mut tile.harmonics_bar, &mut tile.distance_bar);
        tile.partial = partial;
        if let Some(columns) = &convolution.density {
            at.columns(s, tile, columns, true);
            for e in 0..at.count {
                tile.distance_bar[e] += tile.slope[e * columns.len()] * self.density;
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
