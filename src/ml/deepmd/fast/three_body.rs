//! Three-body descriptors (se_e3): sums over pairs of neighbours of tabulated functions of the scalar
//! product of their directions, `D[g] = sum_kl weight_kl c_kl G(c_kl)[g]`, `c_kl = R[k] . R[l]`
//! over the last three components of the normalised rows.
//!
//! Each pair is visited once and evaluated again in the adjoint. Padding and masked neighbours have
//! R = 0 and add nothing: models whose means of directions are not 0 are for the plain evaluation.

use super::attended::Place;
use super::block::{Adjoint, Exact, Section, derivative};
use super::edges::{EXACT, Edges};
use super::forms::{Context, statistics};
use super::function::Function;
use super::part::{Geometry, Kind, Pair, Part, Slot};
use crate::ml::brick::Unsupported;
use crate::ml::deepmd::model::SeE3;
use crate::simd::embedding::{Deferred, GROUP, Neighbors, Pieces, accumulate, gradient};
use crate::simd::{Real, Simd};
use std::ops::Range;

/// Distances (Å) between which tables change their grid; where both neighbours are nearer than the
/// first one functions are evaluated exactly.
const RADII: [f64; 4] = [0.7, 1.0, 1.6, 2.4];

/// Functions of two types of neighbours.
#[derive(Debug, Clone, Copy)]
pub struct Angle {
    /// Index of the functions.
    pub table: usize,
    /// Factor of a pair of neighbours.
    pub scale: f64,
}

/// Functions of all pairs of types, \[types\]\[types\], the smaller type first.
#[derive(Debug, Default)]
pub struct Angles {
    types: usize,
    list: Vec<Option<Angle>>,
}

impl Angles {
    /// Functions of neighbours of the types `first` and `second`; None where the first is greater.
    pub fn get(&self, first: usize, second: usize) -> Option<Angle> {
        self.list[first * self.types + second]
    }
}

/// Prepares a descriptor whose first feature has place `offset`.
///
/// # Errors
/// Means or deviations that only the plain evaluation knows.
pub fn part<T: Real>(
    d: &SeE3,
    context: &Context<'_>,
    offset: usize,
) -> Result<Part<T>, Unsupported> {
    let (types, environment) = (context.types, &d.environment);
    let mut pairs = Vec::new();
    // largest inverse deviation of neighbours of each type
    let mut inverse_of = vec![0.0_f64; types];
    for i in 0..types {
        for (j, largest) in inverse_of.iter_mut().enumerate() {
            let (mean, inverse) = statistics(environment, i, j)?;
            if mean[1..].iter().any(|&m| m != 0.0) {
                return Err(Unsupported::new("means of directions that are not zero"));
            }
            *largest = inverse[1..].iter().fold(*largest, |m, x| m.max(x.abs()));
            pairs.push(Pair {
                table: 0,
                mean,
                inverse,
                role: context.role(environment, i * types + j),
                gate: Vec::new(),
                padding: Vec::new(),
                masked: Vec::new(),
            });
        }
    }
    let (mut slots, mut list) = (Vec::new(), Vec::new());
    let slots_of = |z: usize| environment.selection.section(z).len();
    for first in 0..types {
        for second in 0..types {
            let embedding = d.embeddings.get(first * types + second);
            list.push(embedding.and_then(Option::as_ref).map(|embedding| {
                let function = Function::Scalar(embedding.clone());
                slots.push(Slot::new(
                    function,
                    bounds(inverse_of[first] * inverse_of[second]),
                ));
                Angle {
                    table: slots.len() - 1,
                    scale: 1.0 / (slots_of(first) * slots_of(second)).max(1) as f64,
                }
            }));
        }
    }
    Ok(Part {
        kind: Kind::Angular,
        geometry: Geometry::new(environment),
        selection: environment.selection.clone(),
        nearest: context.nearest,
        types,
        pairs,
        slots,
        columns: d.outputs(),
        axes: 0,
        angles: Angles { types, list },
        attention: Vec::new(),
        scale: 1.0,
        offset,
    })
}

/// Bounds of the segments of a table for products of directions that have the factor `inverse`.
fn bounds(inverse: f64) -> Vec<f64> {
    let above = RADII.iter().rev().map(|r| inverse / (r * r));
    let below = RADII.iter().map(|r| -inverse / (r * r));
    below.chain(above).collect()
}

/// The pairs of neighbours of two types of one centre.
#[derive(Debug, Default)]
pub struct Buffers<T> {
    /// Neighbours k and l.
    ends: Vec<[u32; 2]>,
    /// c.
    product: Vec<f64>,
    /// Piece of the table, position in it, its derivative.
    piece: Vec<u32>,
    position: Vec<T>,
    rate: Vec<f64>,
    /// Factor of a pair, and that times c.
    weight: Vec<f64>,
    row: Vec<T>,
    /// Adjoints of the directions.
    bar: Vec<[f64; 3]>,
}

/// Last three components of a row.
#[inline(always)]
fn direction<T: Real>(edges: &Edges<T>, e: usize) -> [f64; 3] {
    let row = &edges.rows[4 * e..4 * e + 4];
    [row[1].to_f64(), row[2].to_f64(), row[3].to_f64()]
}

impl<T: Real> Buffers<T> {
    /// Collects the pairs of two sections, of which the second is not before the first; true where
    /// their functions have to be evaluated exactly.
    fn fill(
        &mut self,
        (part, angle): (&Part<T>, Angle),
        edges: &Edges<T>,
        (first, second): (Section, Section),
    ) -> bool {
        self.clear();
        let same = first.first == second.first;
        let mut outside = edges.piece[first.first] == EXACT;
        let table = (!outside).then(|| part.slots[angle.table].table());
        for k in first.first..first.end {
            let r = direction(edges, k);
            for l in (if same { k } else { second.first })..second.end {
                let q = direction(edges, l);
                let c = r[0] * q[0] + r[1] * q[1] + r[2] * q[2];
                let twice = if same && l > k { 2.0 } else { 1.0 };
                let weight = twice * angle.scale;
                self.ends.push([k as u32, l as u32]);
                self.product.push(c);
                self.weight.push(weight);
                self.row.push(T::from_f64(weight * c));
                match table.and_then(|t| t.locate(c)) {
                    Some(place) => {
                        self.piece.push(place.piece);
                        self.position.push(T::from_f64(place.position));
                        self.rate.push(place.rate);
                    }
                    None => outside = true,
                }
            }
        }
        if outside {
            let n = self.ends.len();
            self.piece.clear();
            self.piece.extend(0..n as u32);
            self.position.clear();
            self.position.resize(n, T::default());
            self.rate.clear();
            self.rate.resize(n, 1.0);
        }
        outside
    }

    fn clear(&mut self) {
        self.ends.clear();
        self.product.clear();
        self.piece.clear();
        self.position.clear();
        self.rate.clear();
        self.weight.clear();
        self.row.clear();
    }

    /// Pairs `range` as the kernels take them.
    #[inline(always)]
    fn neighbors(&self, range: Range<usize>) -> Neighbors<'_, T> {
        Neighbors {
            piece: &self.piece[range.clone()],
            position: &self.position[range.clone()],
            rows: &self.row[range],
        }
    }
}

/// Sections of a centre, at its place in the order of the brick, that have pairs of neighbours.
fn sections<'a, T: Real>(
    part: &'a Part<T>,
    edges: &'a Edges<T>,
    place: usize,
) -> impl Iterator<Item = (Angle, (Section, Section))> + 'a {
    let types = part.types;
    let pairs = (0..types).flat_map(move |a| (a..types).map(move |b| (a, b)));
    pairs.filter_map(move |(a, b)| {
        let section = |z| Section::new(edges, place * types + z);
        let (first, second) = (section(a), section(b));
        let empty = first.first == first.end || second.first == second.end;
        let angle = part.angles.get(a, b).filter(|_| !empty)?;
        Some((angle, (first, second)))
    })
}

/// The table of an angle, or pieces made for each pair.
fn pieces<'a, T: Real>(
    (part, angle): (&'a Part<T>, Angle),
    outside: bool,
    buffers: &Buffers<T>,
    exact: &'a mut Exact<T>,
) -> &'a Pieces<T> {
    if outside {
        exact.fill(part, angle.table, &buffers.product);
        &exact.pieces
    } else {
        &part.slots[angle.table].table().pieces
    }
}

/// Adds what the pairs of neighbours of a centre contribute to `sum`, \[width\].
#[inline(always)]
pub fn forward<S: Simd>(
    s: S,
    (part, edges): (&Part<S::T>, &Edges<S::T>),
    place: usize,
    (buffers, exact): (&mut Buffers<S::T>, &mut Exact<S::T>),
    sum: &mut [S::T],
) {
    for (angle, ends) in sections(part, edges, place) {
        let outside = buffers.fill((part, angle), edges, ends);
        let table = pieces((part, angle), outside, buffers, exact);
        let all = buffers.neighbors(0..buffers.ends.len());
        accumulate::<S, 1>(s, table, &all, sum);
    }
}

/// Derivatives with respect to the vectors to the neighbours from the adjoint of the sum.
#[inline(always)]
pub fn backward<S: Simd>(
    s: S,
    (part, edges): (&Part<S::T>, &Edges<S::T>),
    at: Place,
    (buffers, exact, deferred): (&mut Buffers<S::T>, &mut Exact<S::T>, &mut Deferred<S::T>),
    bar: &[S::T],
    gradients: &mut [[f64; 3]],
) {
    let here = at.neighbors(part, edges);
    buffers.bar.clear();
    buffers.bar.resize(here.len(), [0.0; 3]);
    let mut group = [S::T::default(); 2 * GROUP];
    for (angle, ends) in sections(part, edges, at.place) {
        let outside = buffers.fill((part, angle), edges, ends);
        let table = pieces((part, angle), outside, buffers, exact);
        let count = buffers.ends.len();
        for first in (0..count).step_by(GROUP) {
            let range = first..(first + GROUP).min(count);
            let pairs = buffers.neighbors(range.clone());
            gradient::<S, 1>(s, table, &pairs, bar, deferred, &mut group);
            for n in range {
                let of_row = buffers.weight[n] * group[n - first].to_f64();
                let of_position = buffers.rate[n] * group[GROUP + n - first].to_f64();
                let c_bar = of_row + of_position;
                let [k, l] = buffers.ends[n].map(|e| e as usize);
                let (r, q) = (direction(edges, k), direction(edges, l));
                for d in 0..3 {
                    buffers.bar[k - here.start][d] += c_bar * q[d];
                    buffers.bar[l - here.start][d] += c_bar * r[d];
                }
            }
        }
    }
    for z in 0..part.types {
        let section = Section::new(edges, at.place * part.types + z);
        let inverse = &part.pair(at.species, z).inverse;
        for e in section.first..section.end {
            let [x, y, z] = buffers.bar[e - here.start];
            let adjoint = Adjoint {
                row: [0.0, x, y, z],
                ..Adjoint::default()
            };
            gradients[e - here.start] =
                derivative(part, inverse, &edges.shape[e], &edges.vector[e], &adjoint);
        }
    }
}
