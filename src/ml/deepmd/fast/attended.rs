//! T of one centre, and its adjoint, where attention layers transform the embedding functions of
//! the neighbours: these are evaluated for every neighbour, unlike in the other descriptors.

use super::attention::{Around, AroundBar, Buffers, State};
use super::block::{Adjoint, Exact, Section, derivative, neighbors};
use super::edges::Edges;
use super::part::{Kind, Part};
use crate::simd::embedding::values;
use crate::simd::{Level, Real, Simd};
use std::ops::Range;

/// What one centre keeps for the way back.
#[derive(Debug, Default)]
pub struct Centre<T> {
    around: Around<T>,
    /// Tabulated functions and their derivatives, \[neighbours\]\[width\].
    value: Vec<T>,
    slope: Vec<T>,
    /// G after the layers.
    g: Vec<T>,
    layers: Vec<State<T>>,
}

/// Buffers of [`forward`] and [`backward`].
#[derive(Debug, Default)]
pub struct CentreScratch<T> {
    layers: Buffers<T>,
    g_bar: Vec<T>,
    around_bar: AroundBar,
}

/// A centre: its place in the order of its brick and its species.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Place in the order of the brick.
    pub place: usize,
    /// Species.
    pub species: usize,
}

impl Place {
    /// Its neighbours in the arrays of the brick.
    pub fn neighbors<T: Real>(self, part: &Part<T>, edges: &Edges<T>) -> Range<usize> {
        let start = &edges.start[self.place * part.types..];
        start[0] as usize..start[part.types] as usize
    }
}

/// Adds what the neighbours contribute to `sum`, \[4\]\[width\].
#[inline(always)]
pub fn forward<S: Simd, const D: usize>(
    (s, level): (S, Level),
    (part, edges): (&Part<S::T>, &Edges<S::T>),
    at: Place,
    (centre, scratch, exact): (
        &mut Centre<S::T>,
        &mut CentreScratch<S::T>,
        &mut Exact<S::T>,
    ),
    sum: &mut [S::T],
) {
    let here = at.neighbors(part, edges);
    if here.is_empty() {
        return;
    }
    let (n, width) = (here.len(), part.width());
    centre.value.resize(n * width, S::T::default());
    centre.slope.resize(n * width, S::T::default());
    for z in 0..part.types {
        let section = Section::new(edges, at.place * part.types + z);
        if section.first == section.end {
            continue;
        }
        let pair = part.pair(at.species, z);
        let (pieces, index) = section.pieces(part, pair.table, edges, exact);
        let all = neighbors::<S::T, D>(section, edges, index, 0..section.end - section.first);
        let from = (section.first - here.start) * width;
        let (value, slope) = (&mut centre.value[from..], &mut centre.slope[from..]);
        values(s, pieces, &all, value, slope);
    }
    centre.g.clone_from(&centre.value);
    look_around(part, edges, here.clone(), &mut centre.around);
    if part.kind == Kind::Gated {
        for z in 0..part.types {
            let section = Section::new(edges, at.place * part.types + z);
            let gate = &part.pair(at.species, z).gate;
            for e in section.first - here.start..section.end - here.start {
                let w = centre.around.switch[e];
                let row = centre.g[e * width..(e + 1) * width].iter_mut();
                row.zip(gate).for_each(|(g, b)| *g += *g * w * *b);
            }
        }
    }
    centre
        .layers
        .resize_with(part.attention.len(), State::default);
    for (layer, state) in part.attention.iter().zip(&mut centre.layers) {
        let buffers = &mut scratch.layers;
        layer.forward(level, &centre.around, &mut centre.g, state, buffers);
    }
    for (k, g) in centre.g.chunks_exact(width).enumerate() {
        let row = &edges.rows[(here.start + k) * D..];
        for (sum, r) in sum.chunks_exact_mut(width).zip(&row[..4]) {
            sum.iter_mut().zip(g).for_each(|(sum, g)| *sum += *r * *g);
        }
    }
}

fn look_around<T: Real>(
    part: &Part<T>,
    edges: &Edges<T>,
    here: Range<usize>,
    around: &mut Around<T>,
) {
    around.empty = part.selection.slots().saturating_sub(here.len()) as f64;
    around.switch.clear();
    around.direction.clear();
    let (rows, shortest) = (part.kind.rows(), part.shortest());
    for e in here {
        around.switch.push(T::from_f64(edges.shape[e].weight));
        let (unit, _) = direction(&edges.rows[e * rows..], shortest);
        around.direction.push(unit.map(T::from_f64));
    }
}

/// Unit vector of the last three components of a row, and their inverse norm.
fn direction<T: Real>(row: &[T], shortest: f64) -> ([f64; 3], f64) {
    let v = [row[1].to_f64(), row[2].to_f64(), row[3].to_f64()];
    let norm = (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).sqrt();
    let inverse = 1.0 / norm.max(shortest);
    (v.map(|x| x * inverse), inverse)
}

/// Derivatives with respect to the vectors to the neighbours from the adjoint of the sum.
#[inline(always)]
pub fn backward<S: Simd>(
    (s, level): (S, Level),
    (part, edges): (&Part<S::T>, &Edges<S::T>),
    at: Place,
    (centre, scratch): (&Centre<S::T>, &mut CentreScratch<S::T>),
    bar: &[S::T],
    gradients: &mut [[f64; 3]],
) {
    let here = at.neighbors(part, edges);
    let (n, width, rows) = (here.len(), part.width(), part.kind.rows());
    if n == 0 {
        return;
    }
    let CentreScratch {
        layers,
        g_bar,
        around_bar,
    } = scratch;
    g_bar.resize(n * width, S::T::default());
    for (e, to) in here.clone().zip(g_bar.chunks_exact_mut(width)) {
        let row: [S::V; 4] = std::array::from_fn(|d| s.splat(edges.rows[e * rows + d]));
        for c in (0..width).step_by(S::N) {
            let mut sum = s.zero();
            for d in 0..4 {
                sum = s.fma(row[d], s.read(&bar[d * width + c..]), sum);
            }
            s.write(&mut to[c..], sum);
        }
        to[part.columns..].fill(S::T::default());
    }
    around_bar.switch.clear();
    around_bar.switch.resize(n, 0.0);
    around_bar.direction.clear();
    around_bar.direction.resize(n, [0.0; 3]);
    for (layer, state) in part.attention.iter().zip(&centre.layers).rev() {
        let known = (&centre.around, state);
        layer.backward(level, known, g_bar, around_bar, layers);
    }
    for z in 0..part.types {
        let section = Section::new(edges, at.place * part.types + z);
        let pair = part.pair(at.species, z);
        for e in section.first..section.end {
            let k = e - here.start;
            let mut adjoint = of_functions(s, (part, &pair.gate), (centre, k), g_bar, bar);
            adjoint.switch += around_bar.switch[k];
            let direction_bar = &around_bar.direction[k];
            let row = &edges.rows[e * rows..];
            turn_back(row, part.shortest(), direction_bar, &mut adjoint);
            gradients[k] = derivative(
                part,
                &pair.inverse,
                &edges.shape[e],
                &edges.vector[e],
                &adjoint,
            );
        }
    }
}

/// Adjoints of the row, the position and the switch of neighbour `k` that come from its functions,
/// given those of the tabulated ones and of the sum.
#[inline(always)]
fn of_functions<S: Simd>(
    s: S,
    (part, gate): (&Part<S::T>, &[S::T]),
    (centre, k): (&Centre<S::T>, usize),
    g_bar: &[S::T],
    bar: &[S::T],
) -> Adjoint {
    let width = part.width();
    let (w, one) = (
        s.splat(centre.around.switch[k]),
        s.splat(S::T::from_f64(1.0)),
    );
    let mut sums = [s.zero(); 16];
    for c in (0..width).step_by(S::N) {
        let at = k * width + c;
        let (g, g_bar) = (s.read(&centre.g[at..]), s.read(&g_bar[at..]));
        for d in 0..4 {
            sums[d] = s.fma(s.read(&bar[d * width + c..]), g, sums[d]);
        }
        let mut factor = one;
        if !gate.is_empty() {
            let gate = s.read(&gate[c..]);
            factor = s.fma(w, gate, one);
            let along = s.mul(s.read(&centre.value[at..]), gate);
            sums[5] = s.fma(g_bar, along, sums[5]);
        }
        let along = s.mul(s.read(&centre.slope[at..]), factor);
        sums[4] = s.fma(g_bar, along, sums[4]);
    }
    let mut flat = [S::T::default(); 16];
    for (part, v) in flat.chunks_exact_mut(S::N).zip(s.transpose_sum(sums)) {
        s.write(part, v);
    }
    Adjoint {
        row: std::array::from_fn(|d| flat[d].to_f64()),
        position: flat[4].to_f64(),
        switch: flat[5].to_f64(),
    }
}

/// Adds to the adjoint of a row that of its direction.
fn turn_back<T: Real>(row: &[T], shortest: f64, bar: &[f64; 3], adjoint: &mut Adjoint) {
    let (unit, inverse) = direction(row, shortest);
    let mut along = unit[0] * bar[0] + unit[1] * bar[1] + unit[2] * bar[2];
    if inverse >= 1.0 / shortest {
        along = 0.0;
    }
    for c in 0..3 {
        adjoint.row[c + 1] += inverse * (bar[c] - unit[c] * along);
    }
}
