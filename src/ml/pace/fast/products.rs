//! The products of a batch of atoms, which are the lanes: densities forward, derivatives backward.
//! No closures in the loops: they would be compiled without the vector instructions.

use super::{Batch, Plan};
use crate::simd::Simd;

/// Values of all products, and the densities that they add up to.
#[inline(always)]
pub fn densities<S: Simd<T = f64>>(s: S, plan: &Plan, batch: &mut Batch) {
    let (graph, n) = (&plan.graph, plan.densities);
    let values = &mut batch.values;
    let pair = 2 * S::N;
    for (k, &[a, b]) in graph.inner.iter().enumerate() {
        let (before, at) = values.split_at_mut((graph.leaves + k) * pair);
        let (a, b) = (&before[a as usize * pair..], &before[b as usize * pair..]);
        let (ar, ai) = (s.read(a), s.read(&a[S::N..]));
        let (br, bi) = (s.read(b), s.read(&b[S::N..]));
        s.write(at, s.sub(s.mul(ar, br), s.mul(ai, bi)));
        s.write(&mut at[S::N..], s.fma(ar, bi, s.mul(ai, br)));
    }
    for (k, &v) in graph.direct.iter().enumerate() {
        let value = s.read(&values[v as usize * pair..]);
        add(s, &mut batch.rho, &graph.direct_c[k * n..][..n], value);
    }
    for (k, &[a, b]) in graph.outer.iter().enumerate() {
        let (a, b) = (&values[a as usize * pair..], &values[b as usize * pair..]);
        let imaginary = s.mul(s.read(&a[S::N..]), s.read(&b[S::N..]));
        let value = s.sub(s.mul(s.read(a), s.read(b)), imaginary);
        add(s, &mut batch.rho, &graph.outer_c[k * n..][..n], value);
    }
}

/// Adds coefficients times a value to the densities.
#[inline(always)]
fn add<S: Simd<T = f64>>(s: S, rho: &mut [f64], c: &[f64], value: S::V) {
    for (p, &c) in c.iter().enumerate() {
        let rho = &mut rho[p * S::N..];
        let sum = s.fma(s.splat(c), value, s.read(rho));
        s.write(rho, sum);
    }
}

/// Derivative by a product with coefficients `c`.
#[inline(always)]
fn theta<S: Simd<T = f64>>(s: S, by_rho: &[f64], c: &[f64]) -> S::V {
    let mut sum = s.zero();
    for (p, &c) in c.iter().enumerate() {
        sum = s.fma(s.splat(c), s.read(&by_rho[p * S::N..]), sum);
    }
    sum
}

/// Derivatives by the leaves, from those by the densities: of the energy E and a value A, the number
/// w with dE = Re(w dA).
#[inline(always)]
pub fn slopes<S: Simd<T = f64>>(s: S, plan: &Plan, batch: &mut Batch) {
    let (graph, n) = (&plan.graph, plan.densities);
    let (values, slopes) = (&batch.values, &mut batch.slopes);
    let pair = 2 * S::N;
    for (k, &v) in graph.direct.iter().enumerate() {
        let theta = theta(s, &batch.by_rho, &graph.direct_c[k * n..][..n]);
        let slope = &mut slopes[v as usize * pair..];
        s.write(slope, s.add(s.read(slope), theta));
    }
    for (k, &[a, b]) in graph.outer.iter().enumerate() {
        let theta = theta(s, &batch.by_rho, &graph.outer_c[k * n..][..n]);
        scaled(
            s,
            values,
            slopes,
            a as usize * pair,
            b as usize * pair,
            theta,
        );
        scaled(
            s,
            values,
            slopes,
            b as usize * pair,
            a as usize * pair,
            theta,
        );
    }
    for (k, &[a, b]) in graph.inner.iter().enumerate().rev() {
        let at = (graph.leaves + k) * pair;
        let w = [s.read(&slopes[at..]), s.read(&slopes[at + S::N..])];
        turned(s, values, slopes, a as usize * pair, b as usize * pair, w);
        turned(s, values, slopes, b as usize * pair, a as usize * pair, w);
    }
}

/// Adds `theta` times the value at `from` to the derivative at `to`.
#[inline(always)]
fn scaled<S: Simd<T = f64>>(
    s: S,
    values: &[f64],
    slopes: &mut [f64],
    to: usize,
    from: usize,
    theta: S::V,
) {
    let to = &mut slopes[to..];
    let re = s.fma(theta, s.read(&values[from..]), s.read(to));
    let im = s.fma(theta, s.read(&values[from + S::N..]), s.read(&to[S::N..]));
    s.write(to, re);
    s.write(&mut to[S::N..], im);
}

/// Adds the complex product of `w` and the value at `from` to the derivative at `to`.
#[inline(always)]
fn turned<S: Simd<T = f64>>(
    s: S,
    values: &[f64],
    slopes: &mut [f64],
    to: usize,
    from: usize,
    w: [S::V; 2],
) {
    let (re, im) = (s.read(&values[from..]), s.read(&values[from + S::N..]));
    let to = &mut slopes[to..];
    let real = s.fma(w[0], re, s.sub(s.read(to), s.mul(w[1], im)));
    let imaginary = s.fma(w[0], im, s.fma(w[1], re, s.read(&to[S::N..])));
    s.write(to, real);
    s.write(&mut to[S::N..], imaginary);
}
