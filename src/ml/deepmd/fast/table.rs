//! Tables of embedding functions as pieces of polynomials of fifth degree.
//!
//! The table of a compressed file is taken as it is. A network is tabulated on a grid that is
//! uniform in each of a few segments; pieces have the network's value and first two derivatives at
//! both ends, so that the table has two continuous derivatives, and they are made as short as the
//! precision asks for. The derivative is that of the interpolant, so that forces are the gradient
//! of the tabulated energy. What lies outside is evaluated exactly.

use super::function::{Function, Jets};
use crate::ml::deepmd::model::Table;
use crate::simd::Real;
use crate::simd::embedding::{ORDER, Pieces};
use rayon::prelude::*;

/// Uniform part of a grid.
#[derive(Debug, Clone, Copy)]
struct Part {
    start: f64,
    stride: f64,
    first: usize,
    count: usize,
}

/// A table and its grid.
#[derive(Debug, Clone)]
pub struct Tabulated<T> {
    parts: Vec<Part>,
    end: f64,
    /// The polynomials, in the position 0..1 inside their piece.
    pub pieces: Pieces<T>,
}

/// Where a number lies in a table.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Piece.
    pub piece: u32,
    /// Position in the piece, 0..1.
    pub position: f64,
    /// Derivative of the position with respect to the number.
    pub rate: f64,
}

/// Error that a table may have, relative to its largest value.
fn tolerance<T: Real>() -> f64 {
    if std::mem::size_of::<T>() == 8 {
        2e-11
    } else {
        3e-8
    }
}

/// Pieces that a segment may have. Where it would need more (means and deviations of rows are
/// numbers of a file) functions are evaluated exactly.
const MAX_PIECES: usize = 1 << 15;

/// Lengths of pieces that are tried, longest first.
const STRIDES: [f64; 8] = [0.32, 0.16, 0.08, 0.04, 0.02, 0.01, 0.005, 0.0025];

impl<T: Real> Tabulated<T> {
    /// Table of `functions` between the `bounds` (at least two, ascending); each interval between
    /// bounds is a segment of its own.
    pub fn new(function: &Function, bounds: &[f64]) -> Tabulated<T> {
        match function.table() {
            Some((table, factors)) => from_file(table, factors),
            None => sampled(function, bounds),
        }
    }

    /// Piece of `s`; None outside of the table.
    #[inline(always)]
    pub fn locate(&self, s: f64) -> Option<Place> {
        // the last part that begins at or before s; numbers that are none have no place
        let part = self.parts.iter().rev().find(|p| s >= p.start)?;
        if s > self.end {
            return None;
        }
        let rate = 1.0 / part.stride;
        let x = (s - part.start) * rate;
        let piece = (x as usize).min(part.count - 1);
        Some(Place {
            piece: (part.first + piece) as u32,
            position: x - piece as f64,
            rate,
        })
    }
}

fn from_file<T: Real>(table: &Table, factors: &[f64]) -> Tabulated<T> {
    let nodes = table.nodes();
    let mut parts = Vec::new();
    let mut strides = vec![1.0; nodes];
    for (n, segment) in table.segments.iter().enumerate() {
        let next = table.segments.get(n + 1).map_or(nodes, |s| s.first);
        let count = next.min(nodes).saturating_sub(segment.first);
        if count > 0 {
            parts.push(Part {
                start: segment.start,
                stride: segment.stride,
                first: segment.first,
                count,
            });
            strides[segment.first..segment.first + count].fill(segment.stride);
        }
    }
    let mut pieces = Pieces::new(table.outputs, nodes);
    let mut row = vec![0.0; table.outputs];
    let rows = table
        .coefficients
        .chunks_exact((table.outputs * ORDER).max(1));
    for ((node, c), stride) in rows.enumerate().zip(&strides) {
        for k in 0..ORDER {
            let power = stride.powi(k as i32);
            for (g, to) in row.iter_mut().enumerate() {
                *to = c[g * ORDER + k] * power * factors.get(g).unwrap_or(&1.0);
            }
            pieces.set(node, k, &row);
        }
    }
    Tabulated {
        parts,
        end: table.end,
        pieces,
    }
}

fn sampled<T: Real>(function: &Function, bounds: &[f64]) -> Tabulated<T> {
    let mut parts: Vec<Part> = Vec::new();
    let mut end = f64::NEG_INFINITY;
    for ends in bounds.windows(2) {
        let count = intervals(function, (ends[0], ends[1]), tolerance::<T>());
        let Some(count) = count else {
            if parts.is_empty() {
                continue;
            }
            break;
        };
        end = ends[1];
        parts.push(Part {
            start: ends[0],
            stride: (ends[1] - ends[0]) / count as f64,
            first: parts.last().map_or(0, |p| p.first + p.count),
            count,
        });
    }
    let total = parts.last().map_or(0, |p| p.first + p.count);
    let mut pieces = Pieces::new(function.outputs(), total);
    for part in &parts {
        let node = |k: usize| function.evaluate(part.start + k as f64 * part.stride);
        let nodes: Vec<Jets> = (0..=part.count).into_par_iter().map(node).collect();
        for (k, ends) in nodes.windows(2).enumerate() {
            let coefficients = hermite(&ends[0], &ends[1], part.stride);
            for (order, row) in coefficients.iter().enumerate() {
                pieces.set(part.first + k, order, row);
            }
        }
    }
    Tabulated { end, parts, pieces }
}

/// Coefficients in the position 0..1 from the functions at both ends of a piece of length `h`.
fn hermite(left: &Jets, right: &Jets, h: f64) -> [Vec<f64>; ORDER] {
    let outputs = left[0].len();
    let mut c: [Vec<f64>; ORDER] = std::array::from_fn(|_| vec![0.0; outputs]);
    for g in 0..outputs {
        let (v0, d0, s0) = (left[0][g], h * left[1][g], h * h * left[2][g]);
        let (v1, d1, s1) = (right[0][g], h * right[1][g], h * h * right[2][g]);
        let step = v1 - v0;
        c[0][g] = v0;
        c[1][g] = d0;
        c[2][g] = 0.5 * s0;
        c[3][g] = 10.0 * step - 4.0 * d1 - 6.0 * d0 + 0.5 * s1 - 1.5 * s0;
        c[4][g] = -15.0 * step + 7.0 * d1 + 8.0 * d0 - s1 + 1.5 * s0;
        c[5][g] = 6.0 * step - 3.0 * (d1 + d0) + 0.5 * (s1 - s0);
    }
    c
}

/// Number of pieces between two bounds that keeps the error in the middle of pieces below
/// `tolerance` of the largest value, or comes as near as the shortest pieces do;
/// None where that takes too many.
fn intervals(function: &Function, (start, end): (f64, f64), tolerance: f64) -> Option<usize> {
    /// Pieces that are looked at.
    const SAMPLES: usize = 48;
    let length = end - start;
    if !length.is_finite() {
        return None;
    }
    let count = |stride: f64| (length / stride).ceil().max(1.0) as usize;
    let good = |count: usize| {
        let h = length / count as f64;
        let samples = SAMPLES.min(count);
        (0..samples).into_par_iter().all(|k| {
            let left = start + (k * count / samples) as f64 * h;
            let (a, b) = (function.evaluate(left), function.evaluate(left + h));
            let middle = function.evaluate(left + 0.5 * h);
            let c = hermite(&a, &b, h);
            let value = |g: usize| c.iter().rev().fold(0.0, |y, c| y * 0.5 + c[g]);
            let scale = middle[0].iter().fold(1.0, |m: f64, y| m.max(y.abs()));
            (0..function.outputs()).all(|g| (value(g) - middle[0][g]).abs() <= tolerance * scale)
        })
    };
    let mut finest = None;
    for stride in STRIDES {
        let n = Some(count(stride)).filter(|&n| n <= MAX_PIECES)?;
        if good(n) {
            return Some(n);
        }
        finest = Some(n);
    }
    finest
}

#[cfg(test)]
mod tests {
    use super::super::function::tests::{net, number};
    use super::*;
    use crate::ml::activation::Function as Curve;
    use crate::ml::deepmd::model::{Embedding, Segment};
    use crate::simd::embedding::{Neighbors, accumulate};
    use crate::simd::{Level, Op, Simd};

    struct Values<'a, T>(&'a Tabulated<T>, f64);

    impl<T: Real> Op<T> for Values<'_, T> {
        type Out = Vec<f64>;
        #[inline(always)]
        fn run<S: Simd<T = T>>(self, s: S) -> Vec<f64> {
            let place = self.0.locate(self.1).unwrap();
            let mut sum = vec![T::default(); self.0.pieces.width()];
            let neighbors = Neighbors {
                piece: &[place.piece],
                position: &[T::from_f64(place.position)],
                rows: &[T::from_f64(1.0)],
            };
            accumulate::<S, 1>(s, &self.0.pieces, &neighbors, &mut sum);
            sum.iter().map(|y| y.to_f64()).collect()
        }
    }

    fn worst<T: Real>(function: &Function, table: &Tabulated<T>, range: (f64, f64)) -> f64 {
        let mut worst = 0f64;
        for k in 0..=400 {
            // not at the nodes, where tables of arbitrary coefficients jump
            let s = range.0 + (range.1 - range.0) * (f64::from(k) + 0.37) / 401.0;
            let got = T::dispatch(Level::detect(), Values(table, s));
            for (a, b) in function.evaluate(s)[0].iter().zip(&got) {
                worst = worst.max((a - b).abs());
            }
        }
        worst
    }

    #[test]
    fn tables_reproduce_networks() {
        let net = net(&[1, 10, 20, 20], 3, Curve::Tanh);
        let function = Function::Scalar(Embedding::Network(net));
        let bounds = [-1.0, 4.0, 9.0];
        let table = Tabulated::<f64>::new(&function, &bounds);
        let error = worst(&function, &table, (-1.0, 9.0));
        assert!(error < 1e-10, "{error:e}");
        let table = Tabulated::<f32>::new(&function, &bounds);
        let error = worst(&function, &table, (-1.0, 9.0));
        assert!(error < 2e-6, "{error:e}");
        assert!(table.locate(-1.1).is_none() && table.locate(9.1).is_none());
        assert!(table.locate(f64::NAN).is_none());
    }

    #[test]
    fn tables_do_not_grow_with_numbers_of_the_file() {
        let net = net(&[1, 4, 8], 3, Curve::Tanh);
        let function = Function::Scalar(Embedding::Network(net));
        for bounds in [[0.0, 1e12, 2e12], [0.0, f64::INFINITY, f64::NAN]] {
            let table = Tabulated::<f64>::new(&function, &bounds);
            assert_eq!(table.pieces.count(), 0);
            assert!(table.locate(0.5).is_none());
        }
        // the segments beside the one that can be tabulated are exact
        let table = Tabulated::<f64>::new(&function, &[-1e12, -1.0, 1.0, 1e12]);
        assert!(table.pieces.count() > 0 && table.pieces.count() <= MAX_PIECES);
        assert!(table.locate(0.5).is_some());
        assert!(table.locate(-2.0).is_none() && table.locate(2.0).is_none());
    }

    #[test]
    fn tables_of_files_are_taken_as_they_are() {
        let segment = |start, stride, first| Segment {
            start,
            stride,
            first,
        };
        let table = Table {
            segments: vec![segment(-0.5, 0.1, 0), segment(0.5, 0.25, 10)],
            end: 1.5,
            outputs: 3,
            coefficients: (0..14 * 3 * 6).map(number).collect(),
        };
        let factors = vec![1.0, -2.0, 0.5];
        let function = Function::Scaled(Embedding::Table(table), factors);
        let tabulated = Tabulated::<f64>::new(&function, &[]);
        let error = worst(&function, &tabulated, (-0.5, 1.5));
        assert!(error < 1e-12, "{error:e}");
    }
}
