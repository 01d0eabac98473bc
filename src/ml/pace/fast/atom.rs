//! The neighbours of one atom, which are the lanes: its atomic base A, and the derivatives by its
//! edges. No closures in the loops: they would be compiled without the vector instructions.

use super::{Batch, FastPace, Group, Plan};
use crate::ml::complex_sphere::{Constants, count, place};
use crate::ml::pace::radial::{Core, Table};
use crate::ml::pace::reference::combine;
use crate::ml::passing::edges::BrickEdges;
use crate::simd::Simd;

/// Puts the neighbours of the atom of a lane into groups of one species and interpolates their
/// radial functions.
#[inline(always)]
pub fn group(
    pace: &FastPace,
    species: usize,
    batch: &mut Batch,
    edges: &BrickEdges<f64>,
    lane: usize,
) {
    let i = batch.atoms[lane];
    let run = edges.start[i]..edges.start[i + 1];
    let mut nearest: Option<(u32, f64, f64)> = None;
    for other in 0..pace.plans.len() {
        let bond = pace.model.bond(species, other);
        let first = batch.members.len();
        for e in run.clone() {
            let at = e as usize;
            if edges.sender_species[at] as usize != other || edges.distance[at] >= bond.cut {
                continue;
            }
            batch.members.push(e);
            let gap = edges.distance[at] - (bond.inner - bond.inner_width);
            if nearest.is_none_or(|(_, least, _)| gap < least) {
                nearest = Some((e, gap, bond.inner_width));
            }
        }
        let count = batch.members.len() - first;
        if count > 0 {
            batch.groups.push(Group {
                species: other,
                first,
                count,
                radial: 0,
            });
        }
    }
    batch.nearest[lane] = nearest;
    batch.first_group.push(batch.groups.len());
}

/// A of the atom of a lane, as leaves of the graph.
#[inline(always)]
pub fn base<S: Simd<T = f64>>(
    s: S,
    pace: &FastPace,
    plan: &Plan,
    batch: &mut Batch,
    edges: &BrickEdges<f64>,
    lane: usize,
) {
    let pair = 2 * S::N;
    for g in batch.first_group[lane]..batch.first_group[lane + 1] {
        let group = batch.groups[g];
        let channels = &plan.graph.channels[group.species];
        let table = match plan.tables[group.species].get() {
            Some(table) => table,
            None => pace.table(species_of(pace, plan), group.species),
        };
        let radial = batch.radial.len();
        batch.groups[g].radial = radial;
        let tiles = group.count.div_ceil(S::N);
        let stride = 2 * table.width * S::N;
        batch.radial.resize(radial + tiles * stride, 0.0);
        let l_max = plan.l_max[group.species];
        let angular = Angular::<S>::new(l_max);
        batch.angular.clear();
        batch.angular.resize(angular.len(), 0.0);
        batch.base.clear();
        batch
            .base
            .resize(channels.iter().map(|c| c.l + 1).sum::<usize>() * pair, 0.0);
        let mut core = 0.0;
        for tile in 0..tiles {
            let count = S::N.min(group.count - tile * S::N);
            let members = &batch.members[group.first + tile * S::N..][..count];
            let functions = &mut batch.radial[radial + tile * stride..][..stride];
            interpolate(s, table, members, edges, &mut batch.row, functions);
            for k in 0..count {
                core += functions[channels.len() * S::N + k];
            }
            let u = directions(s, members, edges);
            angular.fill(s, &pace.constants, u, &mut batch.angular);
            let (q, powers) = batch.angular.split_at(angular.powers);
            let mut at = 0;
            let mut first = 0;
            for l in 0..=l_max {
                let mut end = first;
                while end < channels.len() && channels[end].l == l {
                    end += 1;
                }
                for m in 0..=l {
                    let here = place(l, m);
                    let n = s.mul(
                        s.splat(pace.constants.norm[here]),
                        s.read(&q[here * S::N..]),
                    );
                    let re = s.mul(n, s.read(&powers[m * pair..]));
                    let im = s.mul(n, s.read(&powers[m * pair + S::N..]));
                    for k in first..end {
                        let r = s.read(&functions[k * S::N..]);
                        let to = &mut batch.base[at + ((k - first) * (l + 1) + m) * pair..];
                        let (a, b) = (s.read(to), s.read(&to[S::N..]));
                        s.write(to, s.fma(r, re, a));
                        s.write(&mut to[S::N..], s.fma(r, im, b));
                    }
                }
                at += (end - first) * (l + 1) * pair;
                first = end;
            }
        }
        batch.core[lane][0] += core;
        scatter::<S>(plan, group.species, batch, lane);
    }
}

/// Species of the central atom of a plan.
fn species_of(pace: &FastPace, plan: &Plan) -> usize {
    let same = |p: &Plan| std::ptr::eq(p, plan);
    pace.plans.iter().position(same).unwrap_or(0)
}

/// Sums the lanes of A and writes them to the leaves, also for m < 0.
#[inline(always)]
fn scatter<S: Simd<T = f64>>(plan: &Plan, species: usize, batch: &mut Batch, lane: usize) {
    let pair = 2 * S::N;
    let mut at = 0;
    for c in &plan.graph.channels[species] {
        for m in 0..=c.l {
            let (mut re, mut im) = (0.0, 0.0);
            for k in 0..S::N {
                re += batch.base[at + k];
                im += batch.base[at + S::N + k];
            }
            at += pair;
            let middle = c.leaf as usize + c.l;
            let sign = if m.is_multiple_of(2) { 1.0 } else { -1.0 };
            let values = &mut batch.values;
            values[(middle - m) * pair + lane] = sign * re;
            values[(middle - m) * pair + S::N + lane] = -sign * im;
            values[(middle + m) * pair + lane] = re;
            values[(middle + m) * pair + S::N + lane] = im;
        }
    }
}

/// Unit vectors from the atom to the members, with zero in the lanes beyond.
#[inline(always)]
fn directions<S: Simd<T = f64>>(s: S, members: &[u32], edges: &BrickEdges<f64>) -> [S::V; 3] {
    let mut u = [[0.0; 16]; 3];
    for (k, &e) in members.iter().enumerate() {
        let e = e as usize;
        // edges point from the neighbour to the atom
        u[0][k] = -edges.x[e];
        u[1][k] = -edges.y[e];
        u[2][k] = -edges.z[e];
    }
    [s.read(&u[0]), s.read(&u[1]), s.read(&u[2])]
}

/// Values and slopes of the radial functions of the members: \[value, slope\]\[column\]\[lane\],
/// with zero in the lanes beyond. An atom inside of the first interval makes them no numbers.
#[inline(always)]
fn interpolate<S: Simd<T = f64>>(
    s: S,
    table: &Table,
    members: &[u32],
    edges: &BrickEdges<f64>,
    row: &mut Vec<f64>,
    out: &mut [f64],
) {
    let width = table.width;
    row.resize(2 * width, 0.0);
    let rate = 1.0 / table.nodes.step();
    for (lane, &e) in members.iter().enumerate() {
        let Some((node, t)) = table.nodes.locate(edges.distance[e as usize]) else {
            continue;
        };
        if node == 0 {
            for k in 0..2 * width {
                out[k * S::N + lane] = f64::NAN;
            }
            continue;
        }
        let interval = table.interval(node);
        let (t, two, three) = (s.splat(t), s.splat(2.0), s.splat(3.0));
        let rate = s.splat(rate);
        let mut k = 0;
        while k < width {
            let (a, da) = (s.read(&interval[k..]), s.read(&interval[width + k..]));
            let (b, db) = (
                s.read(&interval[2 * width + k..]),
                s.read(&interval[3 * width + k..]),
            );
            let rise = s.sub(b, a);
            let c2 = s.sub(s.mul(three, rise), s.fma(two, da, db));
            let c3 = s.sub(s.add(da, db), s.mul(two, rise));
            let value = s.fma(t, s.fma(t, s.fma(t, c3, c2), da), a);
            let bend = s.fma(s.mul(three, t), c3, s.mul(two, c2));
            let slope = s.mul(rate, s.fma(t, bend, da));
            s.write(&mut row[k..], value);
            s.write(&mut row[width + k..], slope);
            k += S::N;
        }
        for k in 0..2 * width {
            out[k * S::N + lane] = row[k];
        }
    }
}

/// Layout of the angular functions of a tile: Q_lm \[place\]\[lane\], then the powers of x + i y
/// \[m\]\[2\]\[lane\].
struct Angular<S> {
    l_max: usize,
    powers: usize,
    simd: std::marker::PhantomData<S>,
}

impl<S: Simd<T = f64>> Angular<S> {
    #[inline(always)]
    fn new(l_max: usize) -> Self {
        Angular {
            l_max,
            powers: count(l_max) * S::N,
            simd: std::marker::PhantomData,
        }
    }

    #[inline(always)]
    fn len(&self) -> usize {
        self.powers + (self.l_max + 1) * 2 * S::N
    }

    #[inline(always)]
    fn fill(&self, s: S, c: &Constants, [x, y, z]: [S::V; 3], out: &mut [f64]) {
        let (q, powers) = out.split_at_mut(self.powers);
        let (mut re, mut im) = (s.splat(1.0), s.zero());
        for m in 0..=self.l_max {
            s.write(&mut powers[2 * m * S::N..], re);
            s.write(&mut powers[(2 * m + 1) * S::N..], im);
            (re, im) = (
                s.sub(s.mul(re, x), s.mul(im, y)),
                s.fma(re, y, s.mul(im, x)),
            );
            let mut below = s.zero();
            let mut here = s.splat(c.recursion[place(m, m)].0);
            s.write(&mut q[place(m, m) * S::N..], here);
            for l in m + 1..=self.l_max {
                let (a, b) = c.recursion[place(l, m)];
                let next = s.sub(s.mul(s.mul(s.splat(a), z), here), s.mul(s.splat(b), below));
                (below, here) = (here, next);
                s.write(&mut q[place(l, m) * S::N..], here);
            }
        }
    }
}

/// Energy of the atom of a lane without that of an isolated one, and derivatives by the densities
/// and the cores.
#[inline(always)]
pub fn energy<S: Simd<T = f64>>(
    pace: &FastPace,
    species: usize,
    batch: &mut Batch,
    lane: usize,
) -> f64 {
    let embedding = &pace.model.embeddings[species];
    let mut sum = 0.0;
    for (p, &(w, m)) in embedding.terms.iter().enumerate() {
        let (f, d) = embedding.shape.value(batch.rho[p * S::N + lane], m);
        sum += w * f;
        batch.by_rho[p * S::N + lane] = w * d;
    }
    let nearest = batch.nearest[lane].map(|(_, gap, width)| (gap, width));
    let close = combine(&pace.model, species, sum, batch.core[lane][0], nearest);
    for p in 0..embedding.terms.len() {
        batch.by_rho[p * S::N + lane] *= close.factor;
    }
    batch.core[lane][1] = close.by_core;
    batch.core[lane][2] = close.by_nearest;
    close.energy
}

/// Derivatives of the energy by the edges of the atom of a lane.
#[inline(always)]
pub fn gradients<S: Simd<T = f64>>(
    s: S,
    pace: &FastPace,
    plan: &Plan,
    batch: &mut Batch,
    edges: &mut BrickEdges<f64>,
    lane: usize,
) {
    for g in batch.first_group[lane]..batch.first_group[lane + 1] {
        let group = batch.groups[g];
        gather::<S>(plan, group.species, batch, lane);
        let channels = &plan.graph.channels[group.species];
        let Some(table) = plan.tables[group.species].get() else {
            continue;
        };
        let width = table.width * S::N;
        let l_max = plan.l_max[group.species];
        let angular = Angular::<S>::new(l_max);
        batch.angular.clear();
        batch.angular.resize(angular.len(), 0.0);
        let by_core = s.splat(batch.core[lane][1]);
        for tile in 0..group.count.div_ceil(S::N) {
            let count = S::N.min(group.count - tile * S::N);
            let members = &batch.members[group.first + tile * S::N..][..count];
            let functions = &batch.radial[group.radial + tile * 2 * width..][..2 * width];
            let u = directions(s, members, edges);
            angular.fill(s, &pace.constants, u, &mut batch.angular);
            let (q, powers) = batch.angular.split_at(angular.powers);
            let core = s.read(&functions[width + channels.len() * S::N..]);
            let mut sum = Sum {
                along: s.mul(by_core, core),
                across: [s.zero(); 3],
            };
            let (mut at, mut first) = (0, 0);
            for l in 0..=l_max {
                let mut end = first;
                while end < channels.len() && channels[end].l == l {
                    end += 1;
                }
                for m in 0..=l {
                    let mut mixed = Mixed {
                        value: [s.zero(); 2],
                        slope: [s.zero(); 2],
                    };
                    for k in first..end {
                        let w = &batch.weights[at + 2 * ((k - first) * (l + 1) + m)..][..2];
                        mixed.add(s, w, &functions[k * S::N..], &functions[width + k * S::N..]);
                    }
                    sum.add(s, &pace.constants, (l, m), &mixed, q, powers);
                }
                at += 2 * (end - first) * (l + 1);
                first = end;
            }
            sum.write(s, u, members, edges);
        }
    }
    let by_nearest = batch.core[lane][2];
    if let (Core::Zbl, Some((e, ..))) = (pace.model.core, batch.nearest[lane]) {
        let e = e as usize;
        let u = [edges.x[e], edges.y[e], edges.z[e]];
        for c in 0..3 {
            edges.gradient[e][c] += by_nearest * u[c];
        }
    }
}

/// Folds the derivatives by leaves of m < 0 into those of m > 0, for one atom:
/// \[channel\]\[m\]\[2\].
#[inline(always)]
fn gather<S: Simd<T = f64>>(plan: &Plan, species: usize, batch: &mut Batch, lane: usize) {
    let pair = 2 * S::N;
    batch.weights.clear();
    for c in &plan.graph.channels[species] {
        let middle = c.leaf as usize + c.l;
        for m in 0..=c.l {
            let plus = &batch.slopes[(middle + m) * pair + lane..];
            let (mut re, mut im) = (plus[0], plus[S::N]);
            if m > 0 {
                let sign = if m.is_multiple_of(2) { 1.0 } else { -1.0 };
                let minus = &batch.slopes[(middle - m) * pair + lane..];
                re += sign * minus[0];
                im -= sign * minus[S::N];
            }
            batch.weights.push(re);
            batch.weights.push(im);
        }
    }
}

/// Sums over the radial functions of weights times values and slopes; complex.
struct Mixed<V> {
    value: [V; 2],
    slope: [V; 2],
}

impl<V: Copy> Mixed<V> {
    #[inline(always)]
    fn add<S: Simd<T = f64, V = V>>(&mut self, s: S, w: &[f64], value: &[f64], slope: &[f64]) {
        let (re, im) = (s.splat(w[0]), s.splat(w[1]));
        let (value, slope) = (s.read(value), s.read(slope));
        self.value[0] = s.fma(re, value, self.value[0]);
        self.value[1] = s.fma(im, value, self.value[1]);
        self.slope[0] = s.fma(re, slope, self.slope[0]);
        self.slope[1] = s.fma(im, slope, self.slope[1]);
    }
}

/// Derivatives by the neighbours of a tile: along the unit vector, and by the unit vector.
struct Sum<V> {
    along: V,
    across: [V; 3],
}

impl<V: Copy> Sum<V> {
    /// Adds what the harmonic (l, m) contributes.
    #[inline(always)]
    fn add<S: Simd<T = f64, V = V>>(
        &mut self,
        s: S,
        c: &Constants,
        (l, m): (usize, usize),
        mixed: &Mixed<V>,
        q: &[f64],
        powers: &[f64],
    ) {
        let here = place(l, m);
        let norm = s.splat(c.norm[here]);
        let n = s.mul(norm, s.read(&q[here * S::N..]));
        let (re, im) = (
            s.read(&powers[2 * m * S::N..]),
            s.read(&powers[(2 * m + 1) * S::N..]),
        );
        let [vr, vi] = mixed.slope;
        let product = s.sub(s.mul(vr, re), s.mul(vi, im));
        self.along = s.fma(n, product, self.along);
        let [ur, ui] = mixed.value;
        if m < l {
            let up = s.mul(norm, s.read(&q[place(l, m + 1) * S::N..]));
            let product = s.sub(s.mul(ur, re), s.mul(ui, im));
            self.across[2] = s.fma(up, product, self.across[2]);
        }
        if m > 0 {
            let (re, im) = (
                s.read(&powers[2 * (m - 1) * S::N..]),
                s.read(&powers[(2 * m - 1) * S::N..]),
            );
            let n = s.mul(s.splat(m as f64), n);
            let x = s.sub(s.mul(ur, re), s.mul(ui, im));
            let y = s.fma(ur, im, s.mul(ui, re));
            self.across[0] = s.fma(n, x, self.across[0]);
            self.across[1] = s.sub(self.across[1], s.mul(n, y));
        }
    }

    /// Writes the derivatives by the edges of the members.
    #[inline(always)]
    fn write<S: Simd<T = f64, V = V>>(
        &self,
        s: S,
        u: [V; 3],
        members: &[u32],
        edges: &mut BrickEdges<f64>,
    ) {
        let [x, y, z] = self.across;
        let inward = s.fma(x, u[0], s.fma(y, u[1], s.mul(z, u[2])));
        let mut inverse = [0.0; 16];
        for (k, &e) in members.iter().enumerate() {
            inverse[k] = edges.inverse[e as usize];
        }
        let inverse = s.read(&inverse);
        let mut out = [[0.0; 16]; 3];
        for c in 0..3 {
            let tangent = s.sub(self.across[c], s.mul(inward, u[c]));
            s.write(
                &mut out[c],
                s.fma(self.along, u[c], s.mul(tangent, inverse)),
            );
        }
        for (k, &e) in members.iter().enumerate() {
            for c in 0..3 {
                edges.gradient[e as usize][c] = -out[c][k];
            }
        }
    }
}
