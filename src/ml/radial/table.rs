//! Tables of the radial functions of one layer, and their values for a tile of edges.
//!
//! A table is made per pair of species where the functions depend on species (only for pairs that
//! occur) and once otherwise. Interpolation is by splines of fifth degree in ln r, because the
//! functions are steep at small r; the derivative is that of the interpolant, so that forces are
//! the gradient of the tabulated energy. Distances below the first node, and all distances in
//! exact mode, evaluate the network.

use super::grid::{EXACT, Grid};
use super::jet::Jet;
use super::net::{RadialFunctions, Rows};
use super::spline::{Conditions, coefficients};
use crate::simd::table::{ROWS, Weights, interpolate};
use crate::simd::{Real, Simd, TILE};
use rayon::prelude::*;
use std::ops::Range;
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
        let mut data = Vec::with_capacity(self.grid.rows() * self.width);
        for (nodes, h) in self.grid.nodes() {
            let last = nodes.len() - 1;
            // the spline takes derivatives at its ends only
            let at =
                |(k, &r): (usize, &f64)| self.evaluate(r, sender, receiver, k == 0 || k == last);
            let all: Vec<Rows> = nodes.par_iter().enumerate().map(at).collect();
            // derivatives with respect to (ln r) / h: h r f' and h^2 (r^2 f'' + r f')
            let slope = |k: usize| self.row(&all[k], |[_, g, _]| h * nodes[k] * g);
            let curvature =
                |k: usize| self.row(&all[k], |[_, g, c]| h * h * nodes[k] * (nodes[k] * c + g));
            let rows = coefficients(Conditions {
                values: all.iter().map(|x| self.row(x, |[f, _, _]| f)).collect(),
                slopes: [slope(0), slope(last)],
                curvatures: [curvature(0), curvature(last)],
            });
            data.extend(rows.as_slice().concat().into_iter().map(T::from_f64));
        }
        data
    }

    /// One number per column from the functions and their derivatives.
    fn row(&self, values: &Rows, number: impl Fn([f64; 3]) -> f64) -> Vec<f64> {
        let mut row = vec![0.0; self.width];
        for block in &self.columns {
            for (k, to) in row[block.column..].iter_mut().take(block.count).enumerate() {
                let f = values.jet(block.function + k);
                *to = block.factor * number([f.value, f.slope, f.curvature]);
            }
        }
        row
    }

    /// All functions, powers of the distance included; values only unless `derivatives` are
    /// wanted.
    fn evaluate(&self, r: f64, sender: usize, receiver: usize, derivatives: bool) -> Rows {
        let functions = &self.functions;
        let mut values = functions.evaluate(r, sender, receiver, derivatives);
        for block in self.columns.iter().filter(|b| b.power > 0) {
            let power = Jet::variable(r).pow(f64::from(block.power));
            for i in block.function..block.function + block.count {
                values.set(i, values.jet(i) * power);
            }
        }
        values
    }

    /// Makes a tile ready for [`RadialTables::columns`].
    #[inline(always)]
    pub fn begin<S: Simd<T = T>>(
        &self,
        s: S,
        tile: &RadialTile<'_, T>,
        scratch: &mut RadialScratch<T>,
    ) {
        scratch.weights.set(s, tile.position, tile.rate);
        if self.exact || tile.row.contains(&EXACT) {
            self.exact_rows(tile, scratch);
        }
    }

    /// Some columns for all edges of a tile into `value`, one row of them per edge, and, unless it
    /// is empty, their derivatives with respect to the distance into `slope`.
    #[inline(always)]
    pub fn columns<S: Simd<T = T>>(
        &self,
        s: S,
        tile: &RadialTile<'_, T>,
        scratch: &RadialScratch<T>,
        columns: Range<usize>,
        (value, slope): (&mut [T], &mut [T]),
    ) {
        let count = columns.len();
        let only = match self.kind {
            PairKind::None if !self.exact => Some(self.table(0, 0)),
            _ => None,
        };
        for (e, &row) in tile.row.iter().enumerate() {
            let range = e * count..(e + 1) * count;
            let value = &mut value[range.clone()];
            let slope = if slope.is_empty() {
                &mut []
            } else {
                &mut slope[range]
            };
            if self.exact || row == EXACT {
                let range = e * self.width + columns.start..e * self.width + columns.end;
                value.copy_from_slice(&scratch.exact[0][range.clone()]);
                if !slope.is_empty() {
                    slope.copy_from_slice(&scratch.exact[1][range]);
                }
            } else {
                let table = match only {
                    Some(table) => table,
                    None => self.table(tile.sender_species[e] as usize, tile.receiver_species),
                };
                let rows = &table[row as usize * self.width..][..ROWS * self.width];
                let rows = (&rows[columns.start..], self.width);
                interpolate(s, rows, &scratch.weights, e, value, slope);
            }
        }
    }

    /// Values and derivatives of the networks for edges that have no place in the tables.
    #[cold]
    #[inline(never)]
    fn exact_rows(&self, tile: &RadialTile<'_, T>, scratch: &mut RadialScratch<T>) {
        let [values, slopes] = &mut scratch.exact;
        values.resize(TILE * self.width, T::default());
        slopes.resize(TILE * self.width, T::default());
        for (e, &row) in tile.row.iter().enumerate() {
            if !self.exact && row != EXACT {
                continue;
            }
            let sender = tile.sender_species[e] as usize;
            let all = self.evaluate(tile.argument[e], sender, tile.receiver_species, true);
            let stretch = tile.argument[e] / tile.distance[e];
            let range = e * self.width..(e + 1) * self.width;
            for (to, x) in values[range.clone()]
                .iter_mut()
                .zip(self.row(&all, |[f, _, _]| f))
            {
                *to = T::from_f64(x);
            }
            let row = self.row(&all, |[_, g, _]| g * stretch);
            for (to, x) in slopes[range].iter_mut().zip(row) {
                *to = T::from_f64(x);
            }
        }
    }
}

/// Buffers of one tile.
#[derive(Debug, Clone, Default)]
pub struct RadialScratch<T> {
    weights: Weights<T>,
    /// Values and slopes of edges outside the tables, \[TILE\]\[width\].
    exact: [Vec<T>; 2],
}

/// Edges of a tile as the tables see them. Arrays of edges have at most [`TILE`] entries.
#[derive(Debug, Clone, Copy)]
pub struct RadialTile<'a, T> {
    /// First row of coefficients of each edge, [`EXACT`] below the first node.
    pub row: &'a [u32],
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
                    row: &at.map(|a| a.row),
                    position: &at.map(|a| T::from_f64(a.position)),
                    rate: &at.map(|a| T::from_f64(a.rate)),
                    distance: &r,
                    argument: &r,
                    sender_species: &[1; TILE],
                    receiver_species: 0,
                };
                let mut scratch = RadialScratch::default();
                tables.begin(s, &tile, &mut scratch);
                let mut value = vec![T::default(); TILE * width];
                let mut slope = value.clone();
                let to = (value.as_mut_slice(), slope.as_mut_slice());
                tables.columns(s, &tile, &scratch, 0..width, to);
                let mut part = vec![T::default(); TILE * T::LANES];
                let columns = width - T::LANES..width;
                tables.columns(s, &tile, &scratch, columns.clone(), (&mut part, &mut []));
                for e in 0..TILE {
                    let all = &value[e * width..(e + 1) * width];
                    assert_eq!(part[e * T::LANES..(e + 1) * T::LANES], all[columns.clone()]);
                    let exact = tables.evaluate(r[e], 1, 0, true);
                    for (k, got) in [&value, &slope].into_iter().enumerate() {
                        let row = tables.row(&exact, |x| x[k]);
                        for c in 0..width {
                            let want = T::from_f64(row[c]).to_f64();
                            let error = (want - got[e * width + c].to_f64()).abs();
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
                factor: 0.04,
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
