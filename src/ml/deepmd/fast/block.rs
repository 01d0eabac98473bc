//! A block of atoms of one species, of one or several bricks: descriptors, fitting network,
//! adjoints, derivatives with respect to the vectors to neighbours.

use super::FastDeepmd;
use super::attended::{self, Centre, CentreScratch, Place};
use super::edges::{EXACT, Edges, Shape};
use super::fitting::FittingScratch;
use super::part::{Kind, Part};
use super::three_body;
use super::work::BrickWork;
use crate::simd::embedding::{
    Axes, Deferred, GROUP, Neighbors, Pieces, ROWS, accumulate, gradient, products,
    products_adjoint,
};
use crate::simd::{Level, Op, Real, Simd};

/// Atoms of a block.
pub const BLOCK: usize = 48;

/// Consecutive atoms of one species of one brick.
#[derive(Debug)]
pub struct Run<'a, T> {
    edges: &'a [Edges<T>],
    /// First atom in the order of the brick.
    first: usize,
    energies: &'a mut [f64],
    /// For every descriptor the derivatives of these atoms.
    gradients: Vec<&'a mut [[f64; 3]]>,
}

/// A block.
#[derive(Debug)]
pub struct Block<'a, T> {
    species: usize,
    runs: Vec<Run<'a, T>>,
    atoms: usize,
}

/// Splits all bricks into blocks. The blocks depend on the bricks only.
pub fn blocks<'a, T: Real>(types: usize, works: &'a mut [BrickWork<T>]) -> Vec<Block<'a, T>> {
    let mut open: Vec<Block<'a, T>> = (0..types).map(|z| Block::new(z)).collect();
    let mut full = Vec::new();
    for work in works {
        let BrickWork {
            edges,
            groups,
            results,
            ..
        } = work;
        let edges: &'a [Edges<T>] = edges;
        let mut energies = results.energies.as_mut_slice();
        let slices = results.gradients.iter_mut().map(Vec::as_mut_slice);
        let mut gradients: Vec<&'a mut [[f64; 3]]> = slices.collect();
        for (z, block) in open.iter_mut().enumerate() {
            let mut first = groups[z];
            while first < groups[z + 1] {
                let count = (groups[z + 1] - first).min(BLOCK - block.atoms);
                let energies_here = split(&mut energies, count);
                let mut parts = Vec::with_capacity(gradients.len());
                for (g, e) in gradients.iter_mut().zip(edges) {
                    let (a, b) = (e.start[first * types], e.start[(first + count) * types]);
                    parts.push(split(g, (b - a) as usize));
                }
                block.runs.push(Run {
                    edges,
                    first,
                    energies: energies_here,
                    gradients: parts,
                });
                block.atoms += count;
                first += count;
                if block.atoms == BLOCK {
                    full.push(std::mem::replace(block, Block::new(z)));
                }
            }
        }
    }
    full.extend(open.into_iter().filter(|b| b.atoms > 0));
    full
}

/// Takes the first `count` elements off a slice.
fn split<'a, E>(rest: &mut &'a mut [E], count: usize) -> &'a mut [E] {
    let (first, after) = std::mem::take(rest).split_at_mut(count);
    *rest = after;
    first
}

/// Buffers of a block.
#[derive(Debug, Default)]
pub struct Scratch<T> {
    /// T of every descriptor, \[atoms\]\[kept rows\]\[width\].
    sums: Vec<Vec<T>>,
    /// D, then its adjoint, \[atoms\]\[stride\].
    features: Vec<T>,
    fitting: FittingScratch<T>,
    energies: Vec<f64>,
    atom: AtomScratch<T>,
    /// For every descriptor what attention layers keep, per atom.
    centres: Vec<Vec<Centre<T>>>,
    attention: CentreScratch<T>,
}

/// Buffers of one atom.
#[derive(Debug, Default)]
struct AtomScratch<T> {
    /// Rows of T or their adjoints, \[8\]\[width\].
    rows: Vec<T>,
    deferred: Deferred<T>,
    /// Adjoints of a group of neighbours.
    group: Vec<T>,
    exact: Exact<T>,
    pairs: three_body::Buffers<T>,
}

impl<'a, T: Real> Block<'a, T> {
    fn new(species: usize) -> Block<'a, T> {
        Block {
            species,
            runs: Vec::new(),
            atoms: 0,
        }
    }

    /// Evaluates the block.
    pub fn evaluate(mut self, model: &FastDeepmd<T>, scratch: &mut Scratch<T>) {
        let stride = model.stride();
        scratch.features.clear();
        scratch.features.resize(self.atoms * stride, T::default());
        scratch.sums.resize(model.parts.len(), Vec::new());
        scratch.centres.resize_with(model.parts.len(), Vec::new);
        for n in 0..model.parts.len() {
            let forward = Forward {
                part: &model.parts[n],
                number: n,
                level: model.level,
                block: &self,
                scratch,
                stride,
            };
            T::dispatch(model.level, forward);
        }
        scratch.energies.clear();
        scratch.energies.resize(self.atoms, 0.0);
        model.fitting.run(
            model.level,
            self.species,
            (&mut scratch.features, stride),
            &mut scratch.energies,
            &mut scratch.fitting,
        );
        let mut energies = scratch.energies.as_slice();
        for run in &mut self.runs {
            let (here, rest) = energies.split_at(run.energies.len());
            run.energies.copy_from_slice(here);
            energies = rest;
        }
        for n in 0..model.parts.len() {
            let backward = Backward {
                part: &model.parts[n],
                number: n,
                level: model.level,
                block: &mut self,
                scratch,
                stride,
            };
            T::dispatch(model.level, backward);
        }
    }
}

/// T and D of one descriptor.
struct Forward<'a, 'b, T> {
    part: &'a Part<T>,
    number: usize,
    level: Level,
    block: &'a Block<'b, T>,
    scratch: &'a mut Scratch<T>,
    stride: usize,
}

impl<T: Real> Op<T> for Forward<'_, '_, T> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd<T = T>>(self, s: S) {
        match self.part.kind {
            Kind::Radial => self.rows::<S, 1>(s),
            Kind::Full | Kind::Angular => self.rows::<S, 4>(s),
            Kind::Gated => self.rows::<S, 8>(s),
        }
    }
}

impl<T: Real> Forward<'_, '_, T> {
    #[inline(always)]
    fn rows<S: Simd<T = T>, const D: usize>(self, s: S) {
        let (part, types) = (self.part, self.part.types);
        let width = part.width();
        let kept = part.kind.kept() * width;
        let Scratch {
            sums,
            features,
            atom,
            centres,
            attention,
            ..
        } = self.scratch;
        let centres = &mut centres[self.number];
        if !part.attention.is_empty() {
            centres.resize_with(self.block.atoms.max(centres.len()), Centre::default);
        }
        let (level, mut done) = (self.level, 0);
        let sums = &mut sums[self.number];
        sums.clear();
        sums.resize(self.block.atoms * kept, T::default());
        let mut rows = sums.chunks_exact_mut(kept);
        let mut features = features.chunks_exact_mut(self.stride);
        for run in &self.block.runs {
            let edges = &run.edges[self.number];
            let places = run.first..run.first + run.energies.len();
            for ((place, sum), features) in places.zip(&mut rows).zip(&mut features) {
                if !part.attention.is_empty() {
                    let at = Place {
                        place,
                        species: self.block.species,
                    };
                    let buffers = (&mut centres[done], &mut *attention, &mut atom.exact);
                    attended::forward::<S, D>((s, level), (part, edges), at, buffers, sum);
                }
                done += 1;
                if part.kind == Kind::Angular {
                    let buffers = (&mut atom.pairs, &mut atom.exact);
                    three_body::forward(s, (part, edges), place, buffers, sum);
                }
                for z in 0..types {
                    let section = Section::new(edges, place * types + z);
                    constants(part, (self.block.species, z), edges, section.number, sum);
                    if section.first == section.end || !part.sums_neighbors() {
                        continue;
                    }
                    let pair = part.pair(self.block.species, z);
                    let (pieces, index) = section.pieces(part, pair.table, edges, &mut atom.exact);
                    let all = 0..section.end - section.first;
                    let neighbors = neighbors::<T, D>(section, edges, index, all);
                    if part.kind == Kind::Gated {
                        let to = &mut atom.rows;
                        to.clear();
                        to.resize(D * width, T::default());
                        accumulate::<S, D>(s, pieces, &neighbors, to);
                        open_gate(sum, to, &pair.gate);
                    } else {
                        accumulate::<S, D>(s, pieces, &neighbors, sum);
                    }
                }
                let scale = T::from_f64(part.scale);
                sum.iter_mut().for_each(|x| *x = *x * scale);
                let to = &mut features[part.offset..];
                if part.axes == 0 {
                    to[..part.columns].copy_from_slice(&sum[..part.columns]);
                } else {
                    products(s, axes(part), sum, to);
                }
            }
        }
    }
}

fn axes<T>(part: &Part<T>) -> Axes {
    Axes {
        columns: part.columns,
        axes: part.axes,
    }
}

/// Adds what padding and masked neighbours of a section contribute.
#[inline(always)]
fn constants<T: Real>(
    part: &Part<T>,
    (centre, neighbor): (usize, usize),
    edges: &Edges<T>,
    section: usize,
    sum: &mut [T],
) {
    let pair = part.pair(centre, neighbor);
    let counts = [edges.padding[section], edges.masked[section]];
    for (count, row) in counts.into_iter().zip([&pair.padding, &pair.masked]) {
        if count > 0 && !row.is_empty() {
            let count = T::from_f64(f64::from(count));
            sum.iter_mut()
                .zip(row)
                .for_each(|(sum, x)| *sum += count * *x);
        }
    }
}

/// Adds rows and gated rows to the four kept ones.
#[inline(always)]
fn open_gate<T: Real>(sum: &mut [T], rows: &[T], gate: &[T]) {
    let (plain, gated) = rows.split_at(sum.len());
    let width = gate.len();
    let all = sum.chunks_exact_mut(width);
    let pairs = plain.chunks_exact(width).zip(gated.chunks_exact(width));
    for (sum, (plain, gated)) in all.zip(pairs) {
        for (((sum, a), b), gate) in sum.iter_mut().zip(plain).zip(gated).zip(gate) {
            *sum += *a + *b * *gate;
        }
    }
}

/// Neighbours of one type of one centre.
#[derive(Clone, Copy)]
pub struct Section {
    number: usize,
    /// First neighbour.
    pub first: usize,
    /// One past the last.
    pub end: usize,
}

impl Section {
    /// Section `number` of a brick.
    #[inline(always)]
    pub fn new<T>(edges: &Edges<T>, number: usize) -> Section {
        Section {
            number,
            first: edges.start[number] as usize,
            end: edges.start[number + 1] as usize,
        }
    }

    /// The table of a section and the piece of each neighbour, or pieces made for it.
    #[inline(always)]
    pub fn pieces<'a, T: Real>(
        &self,
        part: &'a Part<T>,
        table: usize,
        edges: &'a Edges<T>,
        exact: &'a mut Exact<T>,
    ) -> (&'a Pieces<T>, &'a [u32]) {
        let here = self.first..self.end;
        if edges.piece[self.first] == EXACT {
            exact.fill(part, table, &edges.s[here]);
            (&exact.pieces, &exact.index)
        } else {
            (&part.slots[table].table().pieces, &edges.piece[here])
        }
    }
}

/// Functions of a section that are evaluated exactly: a piece for every neighbour, which is at its
/// beginning.
#[derive(Debug, Default)]
pub struct Exact<T> {
    /// The pieces.
    pub pieces: Pieces<T>,
    index: Vec<u32>,
}

impl<T: Real> Exact<T> {
    /// Makes the pieces of the functions `table` at `s`.
    #[cold]
    #[inline(never)]
    pub fn fill(&mut self, part: &Part<T>, table: usize, s: &[f64]) {
        self.index.clear();
        self.index.extend(0..s.len() as u32);
        self.pieces.resize(part.columns, s.len());
        for (k, &s) in s.iter().enumerate() {
            let [value, slope, _] = part.slots[table].function.evaluate(s);
            self.pieces.set(k, 0, &value);
            self.pieces.set(k, 1, &slope);
        }
    }
}

/// Neighbours `range` (counted from the first of the section) of a section.
#[inline(always)]
pub fn neighbors<'a, T: Real, const D: usize>(
    section: Section,
    edges: &'a Edges<T>,
    index: &'a [u32],
    range: std::ops::Range<usize>,
) -> Neighbors<'a, T> {
    let (first, end) = (section.first + range.start, section.first + range.end);
    Neighbors {
        piece: &index[range],
        position: &edges.position[first..end],
        rows: &edges.rows[first * D..end * D],
    }
}

/// Adjoints of one descriptor, and derivatives with respect to vectors.
struct Backward<'a, 'b, T> {
    part: &'a Part<T>,
    number: usize,
    level: Level,
    block: &'a mut Block<'b, T>,
    scratch: &'a mut Scratch<T>,
    stride: usize,
}

impl<T: Real> Op<T> for Backward<'_, '_, T> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd<T = T>>(self, s: S) {
        match self.part.kind {
            Kind::Radial => self.rows::<S, 1>(s),
            Kind::Full | Kind::Angular => self.rows::<S, 4>(s),
            Kind::Gated => self.rows::<S, 8>(s),
        }
    }
}

impl<T: Real> Backward<'_, '_, T> {
    #[inline(always)]
    fn rows<S: Simd<T = T>, const D: usize>(self, s: S) {
        let (part, types, species) = (self.part, self.part.types, self.block.species);
        let width = part.width();
        let kept = part.kind.kept() * width;
        let atom = &mut self.scratch.atom;
        atom.rows.resize(ROWS * width, T::default());
        atom.group.resize((ROWS + 1) * GROUP, T::default());
        let centres = &self.scratch.centres[self.number];
        let mut done = 0;
        let mut sums = self.scratch.sums[self.number].chunks_exact(kept);
        let mut features = self.scratch.features.chunks_exact(self.stride);
        for run in &mut self.block.runs {
            let edges = &run.edges[self.number];
            let gradients = &mut *run.gradients[self.number];
            let start = edges.start[run.first * types] as usize;
            let places = run.first..run.first + run.energies.len();
            for ((place, sum), features) in places.zip(&mut sums).zip(&mut features) {
                let from = &features[part.offset..];
                let bar = &mut atom.rows[..kept];
                if part.axes == 0 {
                    bar[..part.columns].copy_from_slice(&from[..part.columns]);
                } else {
                    products_adjoint(s, axes(part), sum, from, bar);
                }
                let scale = T::from_f64(part.scale);
                bar.iter_mut().for_each(|x| *x = *x * scale);
                done += 1;
                if part.kind == Kind::Angular {
                    let first = edges.start[place * types] as usize - start;
                    let to = &mut gradients[first..];
                    let buffers = (&mut atom.pairs, &mut atom.exact, &mut atom.deferred);
                    let at = Place { place, species };
                    three_body::backward(s, (part, edges), at, buffers, bar, to);
                    continue;
                }
                if !part.attention.is_empty() {
                    let buffers = (&centres[done - 1], &mut self.scratch.attention);
                    let first = edges.start[place * types] as usize - start;
                    let to = &mut gradients[first..];
                    let at = Place { place, species };
                    attended::backward((s, self.level), (part, edges), at, buffers, bar, to);
                    continue;
                }
                for z in 0..types {
                    let section = Section::new(edges, place * types + z);
                    if section.first == section.end {
                        continue;
                    }
                    let pair = part.pair(species, z);
                    if part.kind == Kind::Gated {
                        gated_adjoint(&mut atom.rows, &pair.gate);
                    }
                    let (pieces, index) = section.pieces(part, pair.table, edges, &mut atom.exact);
                    for at in (0..section.end - section.first).step_by(GROUP) {
                        let end = (at + GROUP).min(section.end - section.first);
                        gradient::<S, D>(
                            s,
                            pieces,
                            &neighbors::<T, D>(section, edges, index, at..end),
                            &atom.rows,
                            &mut atom.deferred,
                            &mut atom.group,
                        );
                        for k in at..end {
                            let e = section.first + k;
                            let adjoint = gathered(part, edges, e, &atom.group[k - at..]);
                            let (shape, d) = (&edges.shape[e], &edges.vector[e]);
                            gradients[e - start] =
                                derivative(part, &pair.inverse, shape, d, &adjoint);
                        }
                    }
                }
            }
        }
    }
}

/// The adjoint of gated rows behind that of the four kept rows.
#[inline(always)]
fn gated_adjoint<T: Real>(rows: &mut [T], gate: &[T]) {
    let (plain, gated) = rows.split_at_mut(4 * gate.len());
    let width = gate.len();
    for (to, from) in gated.chunks_exact_mut(width).zip(plain.chunks_exact(width)) {
        for ((to, from), gate) in to.iter_mut().zip(from).zip(gate) {
            *to = *from * *gate;
        }
    }
}

/// Adjoints of what a neighbour contributes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Adjoint {
    /// Of its normalised row.
    pub row: [f64; 4],
    /// Of its position in the table.
    pub position: f64,
    /// Of its switch.
    pub switch: f64,
}

/// Adjoints of neighbour `e` from those of its rows and of its position in the table, which are at
/// every [`GROUP`]th place of `group`.
#[inline(always)]
fn gathered<T: Real>(part: &Part<T>, edges: &Edges<T>, e: usize, group: &[T]) -> Adjoint {
    let rows = part.kind.rows();
    let bar = |row: usize| group[row * GROUP].to_f64();
    let mut adjoint = Adjoint {
        position: bar(rows),
        ..Adjoint::default()
    };
    if part.kind == Kind::Radial {
        return adjoint;
    }
    adjoint.row = [bar(0), bar(1), bar(2), bar(3)];
    if part.kind == Kind::Gated {
        let weight = edges.shape[e].weight;
        for k in 0..4 {
            adjoint.switch += edges.rows[e * rows + k].to_f64() * bar(4 + k);
            adjoint.row[k] += weight * bar(4 + k);
        }
    }
    adjoint
}

/// dE/dd of a neighbour, d the vector to it.
#[inline(always)]
pub fn derivative<T: Real>(
    part: &Part<T>,
    inverse: &[f64; 4],
    shape: &Shape,
    d: &[f64; 3],
    adjoint: &Adjoint,
) -> [f64; 3] {
    let s = (adjoint.row[0] + adjoint.position * shape.rate) * inverse[0];
    let along = s * shape.radial + adjoint.switch * shape.switch;
    if part.kind == Kind::Radial {
        return [along * d[0], along * d[1], along * d[2]];
    }
    let v = [
        adjoint.row[1] * inverse[1],
        adjoint.row[2] * inverse[2],
        adjoint.row[3] * inverse[3],
    ];
    let dot = v[0] * d[0] + v[1] * d[1] + v[2] * d[2];
    let along = along + dot * shape.along;
    std::array::from_fn(|c| along * d[c] + v[c] * shape.across)
}
