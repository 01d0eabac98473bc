//! Tables of the radial functions of one layer, and their rows for a tile of edges.
//!
//! A table is made per pair of species where the functions depend on species (only for pairs that
//! occur) and once otherwise. Interpolation is by Hermite polynomials in s = ln r on a uniform grid
//! of s, because the functions are steep at small r; the
//! derivative is that of the interpolant, so that forces are the gradient of the tabulated energy.
//! Distances below the first node, and all distances in exact mode, evaluate the network.

use super::grid::{EXACT, Grid};
use super::jet::Jet;
use super::net::{RadialFunctions, Rows};
use crate::simd::table::{Weights, interpolate};
use crate::simd::{Real, Simd, TILE};
use rayon::prelude::*;
use std::sync::OnceLock;

/// How functions depend on the species of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairKind {
    /// Not at all.
    None,
    /// On the unordered pair.
    Unordered,
    /// On sender and receiver.
    Ordered,
}

/// Where a function of the network goes: `width` columns of the row start at each entry.
#[derive(Debug, Clone, Copy)]
pub struct ColumnBlock {
    /// First function.
    pub function: usize,
    /// Number of functions.
    pub count: usize,
    /// First column of the row.
    pub column: usize,
    /// Factor.
    pub factor: f64,
    /// Power of the distance that multiplies the functions.
    pub power: u8,
}

/// Radial functions of one layer with their tables.
#[derive(Debug)]
pub struct RadialTables<T> {
    functions: RadialFunctions,
    columns: Vec<ColumnBlock>,
    width: usize,
    grid: Grid,
    order: usize,
    exact: bool,
    kind: PairKind,
    species: usize,
    tables: Vec<OnceLock<Vec<T>>>,
}

impl<T: Real> RadialTables<T> {
    /// Tables of `functions` with rows of `width` columns; nothing is computed yet. `exact`
    /// evaluates the networks for every edge instead.
    pub fn new(
        functions: RadialFunctions,
        columns: Vec<ColumnBlock>,
        width: usize,
        grid: Grid,
        exact: bool,
        species: usize,
    ) -> Self {
        let kind = if functions.pair_embedding.is_some() {
            PairKind::Ordered
        } else if functions.embedding.transform.depends_on_species() {
            PairKind::Unordered
        } else {
            PairKind::None
        };
        let count = if kind == PairKind::None {
            1
        } else {
            species * species
        };
        RadialTables {
            functions,
            columns,
            width,
            grid,
            order: T::TABLE.1,
            exact,
            kind,
            species,
            tables: (0..count).map(|_| OnceLock::new()).collect(),
        }
    }

    /// Columns of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    fn index(&self, sender: usize, receiver: usize) -> usize {
        match self.kind {
            PairKind::None => 0,
            PairKind::Unordered => sender.min(receiver) * self.species + sender.max(receiver),
            PairKind::Ordered => sender * self.species + receiver,
        }
    }

    /// Makes the tables of all pairs of the species that are `present`.
    pub fn prepare(&self, present: &[bool]) {
        if self.exact {
            return;
        }
        let here = |z: &usize| present[*z];
        for a in (0..self.species).filter(here) {
            for b in (0..self.species).filter(here) {
                self.table(a, b);
            }
        }
    }

    fn table(&self, sender: usize, receiver: usize) -> &[T] {
        self.tables[self.index(sender, receiver)].get_or_init(|| self.build(sender, receiver))
    }

    fn build(&self, sender: usize, receiver: usize) -> Vec<T> {
        let mut data = vec![T::default(); self.grid.nodes() * self.order * self.width];
        let nodes = data.par_chunks_mut(self.order * self.width);
        nodes.enumerate().for_each(|(node, rows)| {
            let (r, h) = self.grid.node(node);
            let mut values = self.evaluate(r, sender, receiver);
            // derivatives with respect to (ln r) / h: df/ds = r f', d2f/ds2 = r^2 f'' + r f'
            let [_, slope, curvature] = &mut values.0;
            for (slope, curvature) in slope.iter_mut().zip(curvature) {
                *slope *= r;
                *curvature = h * h * (r * r * *curvature + *slope);
                *slope *= h;
            }
            for (k, row) in rows.chunks_mut(self.width).enumerate() {
                self.fill(&values, k, row);
            }
        });
        data
    }

    /// All functions, powers of the distance included.
    fn evaluate(&self, r: f64, sender: usize, receiver: usize) -> Rows {
        let mut values = self.functions.evaluate(r, sender, receiver);
        for block in self.columns.iter().filter(|b| b.power > 0) {
            let power = Jet::variable(r).pow(f64::from(block.power));
            for i in block.function..block.function + block.count {
                values.set(i, values.jet(i) * power);
            }
        }
        values
    }

    /// Writes derivative `k` into a row.
    fn fill(&self, values: &Rows, k: usize, row: &mut [T]) {
        row.fill(T::default());
        for block in &self.columns {
            let from = &values.0[k][block.function..block.function + block.count];
            let to = &mut row[block.column..block.column + block.count];
            for (to, x) in to.iter_mut().zip(from) {
                *to = T::from_f64(x * block.factor);
            }
        }
    }

    /// Rows of a tile of edges into `value` and, unless it is empty, their derivatives with
    /// respect to the distance into `slope`.
    #[inline(always)]
    pub fn rows<S: Simd<T = T>>(
        &self,
        s: S,
        tile: &RadialTile<'_, T>,
        weights: &mut Weights<T>,
        value: &mut [T],
        slope: &mut [T],
    ) {
        weights.set(s, self.order, tile.position, tile.rate);
        let node_len = self.order * self.width;
        for (e, &node) in tile.node.iter().enumerate() {
            let range = e * self.width..(e + 1) * self.width;
            let value = &mut value[range.clone()];
            let slope = if slope.is_empty() {
                &mut []
            } else {
                &mut slope[range]
            };
            let sender = tile.sender_species[e] as usize;
            if self.exact || node == EXACT {
                self.exact_row(tile, e, value, slope);
            } else {
                let table = self.table(sender, tile.receiver_species);
                let start = node as usize * node_len;
                let nodes = &table[start..start + 2 * node_len];
                interpolate(s, self.order, nodes, weights, e, value, slope);
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn exact_row(&self, tile: &RadialTile<'_, T>, e: usize, value: &mut [T], slope: &mut [T]) {
        let sender = tile.sender_species[e] as usize;
        let values = self.evaluate(tile.argument[e], sender, tile.receiver_species);
        self.fill(&values, 0, value);
        if !slope.is_empty() {
            self.fill(&values, 1, slope);
            let stretch = T::from_f64(tile.argument[e] / tile.distance[e]);
            slope.iter_mut().for_each(|x| *x = *x * stretch);
        }
    }
}

/// Edges of a tile as the tables see them. Arrays of edges have at most [`TILE`] entries.
#[derive(Debug, Clone, Copy)]
pub struct RadialTile<'a, T> {
    /// Node of each edge, [`EXACT`] below the first.
    pub node: &'a [u32],
    /// Position between two nodes.
    pub position: &'a [T; TILE],
    /// Derivative of the position with respect to the distance (1/Å).
    pub rate: &'a [T; TILE],
    /// Distance (Å).
    pub distance: &'a [f64],
    /// Argument of the functions (Å): the distance, or a multiple of it.
    pub argument: &'a [f64],
    /// Species of the senders.
    pub sender_species: &'a [u32],
    /// Species of the receiver.
    pub receiver_species: usize,
}

#[cfg(test)]
mod tests {
    use super::super::net::tests::functions;
    use super::*;
    use crate::simd::{Level, Op};

    struct Compare<'a, T>(&'a RadialTables<T>);

    impl<T: Real> Op<T> for Compare<'_, T> {
        /// Largest error of values and of slopes.
        type Out = (f64, f64);
        #[inline(always)]
        fn run<S: Simd<T = T>>(self, s: S) -> (f64, f64) {
            let tables = self.0;
            let width = tables.width;
            let mut worst = (0f64, 0f64);
            for k in 0..40 {
                let r: [f64; TILE] = std::array::from_fn(|e| {
                    0.2 + 4.799 * (k * TILE + e) as f64 / (40.0 * TILE as f64)
                });
                let at = r.map(|r| tables.grid.locate(r));
                let tile = RadialTile {
                    node: &at.map(|a| a.node),
                    position: &at.map(|a| T::from_f64(a.position)),
                    rate: &at.map(|a| T::from_f64(a.rate)),
                    distance: &r,
                    argument: &r,
                    sender_species: &[1; TILE],
                    receiver_species: 0,
                };
                let mut value = vec![T::default(); TILE * width];
                let mut slope = value.clone();
                tables.rows(s, &tile, &mut Weights::default(), &mut value, &mut slope);
                for e in 0..TILE {
                    let exact = tables.evaluate(r[e], 1, 0);
                    let mut row = vec![T::default(); width];
                    for (k, got) in [&value, &slope].into_iter().enumerate() {
                        tables.fill(&exact, k, &mut row);
                        for c in 0..width {
                            let error = (row[c].to_f64() - got[e * width + c].to_f64()).abs();
                            let worst = if k == 0 { &mut worst.0 } else { &mut worst.1 };
                            *worst = worst.max(error);
                        }
                    }
                }
            }
            worst
        }
    }

    fn errors<T: Real>(rich: bool, exact: bool) -> (f64, f64) {
        let f = functions(20, rich);
        let columns = vec![
            ColumnBlock {
                function: 0,
                count: 10,
                column: 0,
                factor: 1.0,
                power: 2,
            },
            ColumnBlock {
                function: 10,
                count: f.len() - 10,
                column: 16,
                factor: 0.5,
                power: 0,
            },
        ];
        let tables = RadialTables::<T>::new(f, columns, 32, Grid::new::<T>(5.0, None), exact, 2);
        tables.prepare(&[true, true]);
        T::dispatch(Level::detect(), Compare(&tables))
    }

    #[test]
    fn tables_reproduce_the_networks() {
        for rich in [false, true] {
            let (value, slope) = errors::<f64>(rich, false);
            assert!(value < 2e-10 && slope < 2e-8, "{value} {slope}");
            let (value, slope) = errors::<f32>(rich, false);
            assert!(value < 1e-5 && slope < 1e-3, "{value} {slope}");
        }
    }

    #[test]
    fn exact_mode_is_exact() {
        assert_eq!(errors::<f64>(true, true), (0.0, 0.0));
    }
}
