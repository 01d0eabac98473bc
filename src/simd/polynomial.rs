//! Sparse polynomials in a few variables per channel and their gradients, channels across vector
//! lanes.
//!
//! The monomials form a tree of prefixes: a node at depth d stands for the product of d variables
//! in non-descending order. With q = coefficient + sum over children of (their variable times their
//! q), the polynomial is the sum over the first level, and its gradient needs one more
//! multiplication per node: `dP/dx_v = sum over nodes of variable v of (product of the parent) q`.

use super::{Op, Real, Simd};

/// Largest degree.
pub const MAX_DEGREE: usize = 8;
/// Most variables.
pub const MAX_VARIABLES: usize = 128;

/// Tree of the monomials of one polynomial; coefficients are stored apart, in the order of
/// [`Tree::monomials`].
#[derive(Debug, Clone, Default)]
pub struct Tree {
    branches: Vec<Branch>,
    /// Variables of the leaves below each branch.
    leaves: Vec<u8>,
    monomials: Vec<Vec<u8>>,
    /// Largest variable plus one.
    variables: usize,
}

/// A node with the leaves directly below it. Coefficients are read in order: of the node itself,
/// then of its leaves.
#[derive(Debug, Clone, Copy)]
struct Branch {
    depth: u8,
    variable: u8,
    leaves: u16,
}

impl Tree {
    /// Tree of the given monomials: each a non-empty, non-descending list of variables below
    /// [`MAX_VARIABLES`] of a length up to [`MAX_DEGREE`].
    ///
    /// # Panics
    /// If a monomial is not of that form.
    pub fn new(monomials: &[Vec<u8>]) -> Tree {
        let mut nodes: Vec<Vec<u8>> = Vec::new();
        for m in monomials {
            assert!(!m.is_empty() && m.len() <= MAX_DEGREE && m.is_sorted());
            assert!(m.iter().all(|&v| (v as usize) < MAX_VARIABLES));
            nodes.extend((1..=m.len()).map(|n| m[..n].to_vec()));
        }
        nodes.sort();
        nodes.dedup();
        let mut tree = Tree::default();
        // Leaves of the first level have no node above them: they become branches without leaves.
        tree.grow(&nodes, 0);
        let largest = nodes.iter().flatten().max();
        tree.variables = largest.map_or(0, |&v| v as usize + 1);
        tree
    }

    /// Adds the nodes of `family`: all those below one node of depth `depth`, in ascending order,
    /// so that the descendants of a node follow it.
    fn grow(&mut self, family: &[Vec<u8>], depth: usize) {
        for span in spans(family, depth) {
            let (node, below) = (&span[0], &span[1..]);
            // leaves were added by the node above; the first level has none
            if depth > 0 && below.is_empty() {
                continue;
            }
            let is_leaf = |s: &&[Vec<u8>]| s.len() == 1;
            let leaves: Vec<&[Vec<u8>]> = spans(below, depth + 1).filter(is_leaf).collect();
            self.branches.push(Branch {
                depth: depth as u8 + 1,
                variable: node[depth],
                leaves: leaves.len() as u16,
            });
            self.monomials.push(node.clone());
            for leaf in leaves {
                self.leaves.push(leaf[0][depth + 1]);
                self.monomials.push(leaf[0].clone());
            }
            self.grow(below, depth + 1);
        }
    }

    /// Monomials in the order of the coefficients; includes prefixes that were not asked for
    /// (their coefficient is zero).
    pub fn monomials(&self) -> &[Vec<u8>] {
        &self.monomials
    }
}

/// Splits ascending nodes deeper than `depth` into runs that each start with a node of depth
/// `depth + 1` and contain its descendants.
fn spans(family: &[Vec<u8>], depth: usize) -> impl Iterator<Item = &[Vec<u8>]> {
    let mut rest = family;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_first()?;
        let deeper = after.iter().take_while(|n| n.len() > depth + 1).count();
        let (span, others) = rest.split_at(deeper + 1);
        rest = others;
        Some(span)
    })
}

/// Values of one polynomial for all channels of one atom.
pub struct Value<'a, T> {
    /// The monomials.
    pub tree: &'a Tree,
    /// Coefficients \[monomials\]\[channels\].
    pub coefficients: &'a [T],
    /// Variables \[variables\]\[channels\].
    pub variables: &'a [T],
    /// Values \[channels\], overwritten.
    pub out: &'a mut [T],
}

impl<T: Real> Op<T> for Value<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd<T = T>>(self, s: S) {
        value(s, self.tree, self.coefficients, self.variables, self.out);
    }
}

/// Evaluates one polynomial; see [`Value`] for the shapes.
#[inline(always)]
pub fn value<S: Simd>(s: S, tree: &Tree, coefficients: &[S::T], x: &[S::T], out: &mut [S::T]) {
    let channels = out.len();
    check::<S>(tree, coefficients, x, channels);
    let mut c = 0;
    // SAFETY: extents were checked.
    unsafe {
        while S::WIDE && c + 4 * S::N <= channels {
            value_of::<S, 4>(s, tree, coefficients, x, out, c);
            c += 4 * S::N;
        }
        while c + 2 * S::N <= channels {
            value_of::<S, 2>(s, tree, coefficients, x, out, c);
            c += 2 * S::N;
        }
        while c < channels {
            value_of::<S, 1>(s, tree, coefficients, x, out, c);
            c += S::N;
        }
    }
}

#[inline(always)]
fn check<S: Simd>(tree: &Tree, coefficients: &[S::T], x: &[S::T], channels: usize) {
    assert!(channels.is_multiple_of(S::N) && channels > 0);
    assert!(coefficients.len() == tree.monomials.len() * channels);
    assert!(tree.variables * channels <= x.len());
}

/// # Safety
/// The extents checked by `check`; c + B * N is at most the number of channels.
#[inline(always)]
unsafe fn value_of<S: Simd, const B: usize>(
    s: S,
    tree: &Tree,
    coefficients: &[S::T],
    x: &[S::T],
    out: &mut [S::T],
    c: usize,
) {
    let channels = out.len();
    let mut q = [[s.zero(); B]; MAX_DEGREE + 1];
    let mut open = [0usize; MAX_DEGREE + 1];
    let mut depth = 0;
    let mut leaf = 0;
    // SAFETY: by the contract of this function; the tree is consistent by construction.
    unsafe {
        let mut coefficient = coefficients.as_ptr().add(c);
        macro_rules! at {
            ($v:expr, $b:expr) => {
                s.load(x.as_ptr().add($v * channels + c + $b * S::N))
            };
        }
        for branch in &tree.branches {
            let d = branch.depth as usize;
            while depth >= d {
                for b in 0..B {
                    q[depth - 1][b] = s.fma(at!(open[depth], b), q[depth][b], q[depth - 1][b]);
                }
                depth -= 1;
            }
            depth = d;
            open[d] = branch.variable as usize;
            let mut sum = [s.zero(); B];
            for b in 0..B {
                sum[b] = s.load(coefficient.add(b * S::N));
            }
            coefficient = coefficient.add(channels);
            for _ in 0..branch.leaves {
                let v = *tree.leaves.get_unchecked(leaf) as usize;
                leaf += 1;
                for b in 0..B {
                    sum[b] = s.fma(at!(v, b), s.load(coefficient.add(b * S::N)), sum[b]);
                }
                coefficient = coefficient.add(channels);
            }
            q[d] = sum;
        }
        while depth >= 1 {
            for b in 0..B {
                q[depth - 1][b] = s.fma(at!(open[depth], b), q[depth][b], q[depth - 1][b]);
            }
            depth -= 1;
        }
        for b in 0..B {
            s.store(out.as_mut_ptr().add(c + b * S::N), q[0][b]);
        }
    }
}

/// Adds the gradient of one polynomial times `seed` \[channels\] to `gradient`
/// \[variables\]\[channels\].
pub struct Gradient<'a, T> {
    /// The monomials.
    pub tree: &'a Tree,
    /// Coefficients \[monomials\]\[channels\].
    pub coefficients: &'a [T],
    /// Variables \[variables\]\[channels\].
    pub variables: &'a [T],
    /// Adjoint of the value \[channels\].
    pub seed: &'a [T],
    /// Adjoint of the variables, added to.
    pub gradient: &'a mut [T],
}

impl<T: Real> Op<T> for Gradient<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd<T = T>>(self, s: S) {
        gradient(
            s,
            self.tree,
            self.coefficients,
            self.variables,
            self.seed,
            self.gradient,
        );
    }
}

/// See [`Gradient`].
#[inline(always)]
pub fn gradient<S: Simd>(
    s: S,
    tree: &Tree,
    coefficients: &[S::T],
    x: &[S::T],
    seed: &[S::T],
    out: &mut [S::T],
) {
    let channels = seed.len();
    check::<S>(tree, coefficients, x, channels);
    assert!(out.len() >= x.len());
    let mut c = 0;
    // SAFETY: extents were checked.
    unsafe {
        while S::WIDE && c + 4 * S::N <= channels {
            gradient_of::<S, 4>(s, tree, coefficients, x, seed, out, c);
            c += 4 * S::N;
        }
        while c + 2 * S::N <= channels {
            gradient_of::<S, 2>(s, tree, coefficients, x, seed, out, c);
            c += 2 * S::N;
        }
        while c < channels {
            gradient_of::<S, 1>(s, tree, coefficients, x, seed, out, c);
            c += S::N;
        }
    }
}

/// # Safety
/// The extents checked by [`gradient`]; c + B * N is at most the number of channels.
#[inline(always)]
unsafe fn gradient_of<S: Simd, const B: usize>(
    s: S,
    tree: &Tree,
    coefficients: &[S::T],
    x: &[S::T],
    seed: &[S::T],
    out: &mut [S::T],
    c: usize,
) {
    let channels = seed.len();
    // p: seed times the product of the variables down to a depth; q: as in the module's head.
    let mut p = [[s.zero(); B]; MAX_DEGREE + 1];
    let mut q = [[s.zero(); B]; MAX_DEGREE + 1];
    let mut open = [0usize; MAX_DEGREE + 1];
    let mut depth = 0;
    let mut leaf = 0;
    // SAFETY: by the contract of this function; the tree is consistent by construction.
    unsafe {
        let mut coefficient = coefficients.as_ptr().add(c);
        let x = x.as_ptr().add(c);
        let out = out.as_mut_ptr().add(c);
        for b in 0..B {
            p[0][b] = s.load(seed.as_ptr().add(c + b * S::N));
        }
        macro_rules! close {
            () => {
                for b in 0..B {
                    let offset = open[depth] * channels + b * S::N;
                    let g = s.fma(p[depth - 1][b], q[depth][b], s.load(out.add(offset)));
                    s.store(out.add(offset), g);
                    q[depth - 1][b] = s.fma(s.load(x.add(offset)), q[depth][b], q[depth - 1][b]);
                }
                depth -= 1;
            };
        }
        for branch in &tree.branches {
            let d = branch.depth as usize;
            while depth >= d {
                close!();
            }
            depth = d;
            open[d] = branch.variable as usize;
            let mut sum = [s.zero(); B];
            let mut product = [s.zero(); B];
            for b in 0..B {
                let offset = open[d] * channels + b * S::N;
                product[b] = s.mul(p[d - 1][b], s.load(x.add(offset)));
                sum[b] = s.load(coefficient.add(b * S::N));
            }
            coefficient = coefficient.add(channels);
            for _ in 0..branch.leaves {
                let v = *tree.leaves.get_unchecked(leaf) as usize;
                leaf += 1;
                for b in 0..B {
                    let offset = v * channels + b * S::N;
                    let k = s.load(coefficient.add(b * S::N));
                    sum[b] = s.fma(s.load(x.add(offset)), k, sum[b]);
                    let g = s.fma(product[b], k, s.load(out.add(offset)));
                    s.store(out.add(offset), g);
                }
                coefficient = coefficient.add(channels);
            }
            p[d] = product;
            q[d] = sum;
        }
        while depth >= 1 {
            close!();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Level;

    fn agrees_with_direct_sums<T: Real>(tolerance: f64) {
        let monomials: Vec<Vec<u8>> = vec![
            vec![0],
            vec![3],
            vec![0, 0],
            vec![1, 2],
            vec![0, 0, 0],
            vec![0, 1, 1],
            vec![0, 1, 4],
            vec![2, 2, 3],
            vec![4, 4, 4, 4],
            vec![1, 2, 3, 4],
            vec![1, 2, 4, 4, 4],
        ];
        let tree = Tree::new(&monomials);
        let channels = 3 * T::LANES;
        let number = |i: usize| ((i * 31 % 57) as f64 - 28.0) / 32.0;
        let all = tree.monomials();
        let coefficient = |m: usize, c: usize| {
            if monomials.contains(&all[m]) {
                number(m * 7 + c)
            } else {
                0.0
            }
        };
        let x = |v: usize, c: usize| number(v * 11 + 3 * c + 1);
        let table = |rows: usize, f: &dyn Fn(usize, usize) -> f64| -> Vec<T> {
            (0..rows * channels)
                .map(|i| T::from_f64(f(i / channels, i % channels)))
                .collect()
        };
        let coefficients = table(all.len(), &coefficient);
        let variables = table(5, &x);
        let seed = table(1, &|_, c| number(c + 5));
        for level in Level::all() {
            let mut out = vec![T::default(); channels];
            T::dispatch(
                level,
                Value {
                    tree: &tree,
                    coefficients: &coefficients,
                    variables: &variables,
                    out: &mut out,
                },
            );
            let mut gradient = vec![T::from_f64(1.0); 5 * channels];
            T::dispatch(
                level,
                Gradient {
                    tree: &tree,
                    coefficients: &coefficients,
                    variables: &variables,
                    seed: &seed,
                    gradient: &mut gradient,
                },
            );
            for c in 0..channels {
                let term = |m: usize, skip: usize| -> f64 {
                    let mut product = coefficient(m, c);
                    for (i, &v) in all[m].iter().enumerate() {
                        product *= if i == skip { 1.0 } else { x(v as usize, c) };
                    }
                    product
                };
                let sum: f64 = (0..all.len()).map(|m| term(m, 99)).sum();
                assert!((out[c].to_f64() - sum).abs() < tolerance, "{level:?}");
                for v in 0..5u8 {
                    let slope: f64 = (0..all.len())
                        .flat_map(|m| (0..all[m].len()).map(move |i| (m, i)))
                        .filter(|&(m, i)| all[m][i] == v)
                        .map(|(m, i)| term(m, i))
                        .sum();
                    let got = gradient[v as usize * channels + c].to_f64();
                    assert!((got - 1.0 - number(c + 5) * slope).abs() < tolerance);
                }
            }
        }
    }

    #[test]
    fn values_and_gradients_agree_with_direct_sums() {
        agrees_with_direct_sums::<f32>(1e-4);
        agrees_with_direct_sums::<f64>(1e-12);
    }
}
