//! Embedding of neighbours by tabulated functions, functions across vector lanes: the sums
//! `T[d, g] = sum_k R[k, d] G[g](s_k)` over neighbours k, their adjoints, and the products
//! `D[h, g] = sum_d T[d, h] T[d, g]` of descriptors that do not change under rotation.
//!
//! G is a table of polynomials of fifth degree. Coefficients of the pieces lie in panels of
//! columns, so that what a pass over one panel reads is small: \[panel\]\[piece\]\[6\]\[columns\].

use super::{Real, Simd, padded};

/// Coefficients of a piece.
pub const ORDER: usize = 6;

/// Neighbours that are handled together in the adjoint.
pub const GROUP: usize = 16;

/// Largest number of rows of T.
pub const ROWS: usize = 8;

/// Columns of a panel.
#[inline(always)]
fn panel<T: Real>() -> usize {
    4 * T::LANES
}

/// Pieces of polynomials `sum_k c[k] t^k` of several functions; padded columns are zero.
#[derive(Debug, Clone, Default)]
pub struct Pieces<T> {
    width: usize,
    count: usize,
    data: Vec<T>,
}

impl<T: Real> Pieces<T> {
    /// `count` pieces of `columns` functions, all zero.
    pub fn new(columns: usize, count: usize) -> Pieces<T> {
        let width = padded::<T>(columns);
        Pieces {
            width,
            count,
            data: vec![T::default(); width * count * ORDER],
        }
    }

    /// Padded number of functions.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of pieces.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Makes room for `count` pieces; their contents are unspecified, padding is zero.
    pub fn resize(&mut self, columns: usize, count: usize) {
        self.width = padded::<T>(columns);
        self.count = count;
        self.data.clear();
        self.data.resize(self.width * count * ORDER, T::default());
    }

    /// Sets coefficient `k` of the first functions of a piece.
    pub fn set(&mut self, piece: usize, k: usize, values: &[f64]) {
        assert!(piece < self.count && k < ORDER && values.len() <= self.width);
        for (c, values) in values.chunks(panel::<T>()).enumerate() {
            let start = c * panel::<T>();
            let columns = panel::<T>().min(self.width - start);
            let at = start * self.count * ORDER + (piece * ORDER + k) * columns;
            for (to, x) in self.data[at..].iter_mut().zip(values) {
                *to = T::from_f64(*x);
            }
        }
    }
}

/// Neighbours of one atom whose functions are in one table.
#[derive(Debug, Clone, Copy)]
pub struct Neighbors<'a, T> {
    /// Piece of each neighbour.
    pub piece: &'a [u32],
    /// Position in the piece.
    pub position: &'a [T],
    /// Rows R, \[neighbour\]\[D\].
    pub rows: &'a [T],
}

impl<T: Real> Neighbors<'_, T> {
    /// Panics unless all arrays fit, and all pieces exist.
    #[inline(always)]
    fn check<const D: usize>(&self, pieces: &Pieces<T>) {
        assert!(self.position.len() == self.piece.len());
        assert!(self.rows.len() == self.piece.len() * D);
        assert!(self.piece.iter().all(|&p| (p as usize) < pieces.count));
    }
}

/// Adds R G of the neighbours to `sum`, \[D\]\[width\].
#[inline(always)]
pub fn accumulate<S: Simd, const D: usize>(
    s: S,
    pieces: &Pieces<S::T>,
    neighbors: &Neighbors<'_, S::T>,
    sum: &mut [S::T],
) {
    neighbors.check::<D>(pieces);
    assert!(sum.len() >= D * pieces.width);
    let step = panel::<S::T>();
    for start in (0..pieces.width).step_by(step) {
        let columns = step.min(pieces.width - start);
        let mut at = 0;
        while at < columns {
            let left = (columns - at) / S::N;
            // SAFETY: extents were checked; `at + C * N` does not exceed the columns.
            unsafe {
                if D <= 4 && S::WIDE && left >= 4 {
                    columns_of::<S, D, 4>(s, pieces, neighbors, sum, (start, at));
                    at += 4 * S::N;
                } else if (D <= 4 || S::WIDE) && left >= 2 {
                    columns_of::<S, D, 2>(s, pieces, neighbors, sum, (start, at));
                    at += 2 * S::N;
                } else {
                    columns_of::<S, D, 1>(s, pieces, neighbors, sum, (start, at));
                    at += S::N;
                }
            }
        }
    }
}

/// # Safety
/// The extents checked in [`accumulate`]; column `at` of panel `start` begins `C` whole vectors.
#[inline(always)]
unsafe fn columns_of<S: Simd, const D: usize, const C: usize>(
    s: S,
    pieces: &Pieces<S::T>,
    neighbors: &Neighbors<'_, S::T>,
    sum: &mut [S::T],
    (start, at): (usize, usize),
) {
    let columns = panel::<S::T>().min(pieces.width - start);
    // SAFETY: by the contract of this function.
    unsafe {
        let data = pieces.data.as_ptr().add(start * pieces.count * ORDER + at);
        let out = sum.as_mut_ptr().add(start + at);
        let mut total = [[s.zero(); C]; D];
        for d in 0..D {
            for c in 0..C {
                total[d][c] = s.load(out.add(d * pieces.width + c * S::N));
            }
        }
        for k in 0..neighbors.piece.len() {
            let piece = *neighbors.piece.get_unchecked(k) as usize;
            let coefficients = data.add(piece * ORDER * columns);
            let t = s.splat(*neighbors.position.get_unchecked(k));
            let mut g = [s.zero(); C];
            for c in 0..C {
                g[c] = s.load(coefficients.add((ORDER - 1) * columns + c * S::N));
            }
            for order in (0..ORDER - 1).rev() {
                for c in 0..C {
                    let a = s.load(coefficients.add(order * columns + c * S::N));
                    g[c] = s.fma(g[c], t, a);
                }
            }
            for d in 0..D {
                let r = s.splat(*neighbors.rows.get_unchecked(k * D + d));
                for c in 0..C {
                    total[d][c] = s.fma(r, g[c], total[d][c]);
                }
            }
        }
        for d in 0..D {
            for c in 0..C {
                s.store(out.add(d * pieces.width + c * S::N), total[d][c]);
            }
        }
    }
}

/// Functions of every neighbour and their derivatives with respect to the position, both
/// \[neighbour\]\[width\]; rows R are not read.
#[inline(always)]
pub fn values<S: Simd>(
    s: S,
    pieces: &Pieces<S::T>,
    neighbors: &Neighbors<'_, S::T>,
    value: &mut [S::T],
    slope: &mut [S::T],
) {
    let (width, step) = (pieces.width, panel::<S::T>());
    let count = neighbors.piece.len();
    assert!(value.len() >= count * width && slope.len() >= count * width);
    for k in 0..count {
        let piece = neighbors.piece[k] as usize;
        assert!(piece < pieces.count);
        let t = s.splat(neighbors.position[k]);
        for start in (0..width).step_by(step) {
            let columns = step.min(width - start);
            let at = start * pieces.count * ORDER + piece * ORDER * columns;
            let c = &pieces.data[at..at + ORDER * columns];
            for lane in (0..columns).step_by(S::N) {
                let mut g = s.read(&c[(ORDER - 1) * columns + lane..]);
                let mut derivative = s.zero();
                for order in (0..ORDER - 1).rev() {
                    derivative = s.fma(derivative, t, g);
                    g = s.fma(g, t, s.read(&c[order * columns + lane..]));
                }
                let to = k * width + start + lane;
                s.write(&mut value[to..], g);
                s.write(&mut slope[to..], derivative);
            }
        }
    }
}

/// Sums over lanes that [`gradient`] defers, \[D + 1\]\[GROUP\]\[lanes\].
#[derive(Debug, Clone)]
pub struct Deferred<T>([T; (ROWS + 1) * GROUP * 16]);

impl<T: Default> Default for Deferred<T> {
    fn default() -> Self {
        Deferred(std::array::from_fn(|_| T::default()))
    }
}

/// Adjoint of [`accumulate`] for at most [`GROUP`] neighbours. From `adjoint` \[D\]\[width\] of the
/// sums: `out[d * GROUP + k]` is the adjoint of R\[k, d\], and `out[D * GROUP + k]` that of the
/// position of neighbour k.
#[inline(always)]
pub fn gradient<S: Simd, const D: usize>(
    s: S,
    pieces: &Pieces<S::T>,
    neighbors: &Neighbors<'_, S::T>,
    adjoint: &[S::T],
    deferred: &mut Deferred<S::T>,
    out: &mut [S::T],
) {
    neighbors.check::<D>(pieces);
    let count = neighbors.piece.len();
    assert!(count <= GROUP && D <= ROWS);
    assert!(adjoint.len() >= D * pieces.width && out.len() >= (D + 1) * GROUP);
    let partial = deferred.0.as_mut_ptr();
    for k in 0..count {
        // SAFETY: extents were checked above.
        unsafe {
            let (rows, slope) = one_neighbor::<S, D>(s, pieces, neighbors, adjoint, k);
            for d in 0..D {
                s.store(partial.add((d * GROUP + k) * S::N), rows[d]);
            }
            s.store(partial.add((D * GROUP + k) * S::N), slope);
        }
    }
    for row in 0..=D {
        let mut v = [s.zero(); GROUP];
        for (k, v) in v.iter_mut().enumerate().take(count) {
            *v = s.read(&deferred.0[(row * GROUP + k) * S::N..]);
        }
        let to = &mut out[row * GROUP..(row + 1) * GROUP];
        for (part, sum) in to.chunks_exact_mut(S::N).zip(s.transpose_sum(v)) {
            s.write(part, sum);
        }
    }
}

/// # Safety
/// The extents checked in [`gradient`].
#[inline(always)]
unsafe fn one_neighbor<S: Simd, const D: usize>(
    s: S,
    pieces: &Pieces<S::T>,
    neighbors: &Neighbors<'_, S::T>,
    adjoint: &[S::T],
    k: usize,
) -> ([S::V; D], S::V) {
    let (width, step) = (pieces.width, panel::<S::T>());
    let mut rows = [s.zero(); D];
    let mut slope = s.zero();
    // SAFETY: by the contract of this function.
    unsafe {
        let piece = *neighbors.piece.get_unchecked(k) as usize;
        let t = s.splat(*neighbors.position.get_unchecked(k));
        let mut r = [s.zero(); D];
        for d in 0..D {
            r[d] = s.splat(*neighbors.rows.get_unchecked(k * D + d));
        }
        for start in (0..width).step_by(step) {
            let columns = step.min(width - start);
            let data = pieces.data.as_ptr().add(start * pieces.count * ORDER);
            let coefficients = data.add(piece * ORDER * columns);
            for c in (0..columns).step_by(S::N) {
                let mut g = s.load(coefficients.add((ORDER - 1) * columns + c));
                let mut derivative = g;
                for order in (1..ORDER - 1).rev() {
                    g = s.fma(g, t, s.load(coefficients.add(order * columns + c)));
                    derivative = s.fma(derivative, t, g);
                }
                g = s.fma(g, t, s.load(coefficients.add(c)));
                let mut along = s.zero();
                for d in 0..D {
                    let a = s.load(adjoint.as_ptr().add(d * width + start + c));
                    rows[d] = s.fma(a, g, rows[d]);
                    along = s.fma(a, r[d], along);
                }
                slope = s.fma(along, derivative, slope);
            }
        }
    }
    (rows, slope)
}

/// Shape of the products of [`products`].
#[derive(Debug, Clone, Copy)]
pub struct Axes {
    /// Functions g, not padded.
    pub columns: usize,
    /// Functions h: the first ones.
    pub axes: usize,
}

/// `D[h, g] = sum_d T[d, h] T[d, g]` for h below `axes`, g below `columns`, \[h\]\[g\] without
/// padding; `out` has [`padded`] room behind the last row, whose contents are unspecified.
/// `t` is \[4\]\[padded columns\].
#[inline(always)]
pub fn products<S: Simd>(s: S, shape: Axes, t: &[S::T], out: &mut [S::T]) {
    let width = padded::<S::T>(shape.columns);
    assert!(t.len() >= 4 * width && shape.axes <= shape.columns);
    assert!(shape.axes == 0 || out.len() >= (shape.axes - 1) * shape.columns + width);
    for h in 0..shape.axes {
        // the padding of a row is overwritten by the next row
        let factor: [S::V; 4] = std::array::from_fn(|d| s.splat(t[d * width + h]));
        let row = &mut out[h * shape.columns..][..width];
        for (c, to) in row.chunks_exact_mut(S::N).enumerate() {
            let mut sum = s.zero();
            for d in 0..4 {
                sum = s.fma(factor[d], s.read(&t[d * width + c * S::N..]), sum);
            }
            s.write(to, sum);
        }
    }
}

/// Adjoint of [`products`]: from that of D to that of T, which is overwritten. Numbers behind the
/// last row of `d_bar` (room for one vector) are read, and must be finite; the padding of the result is
/// unspecified.
#[inline(always)]
pub fn products_adjoint<S: Simd>(
    s: S,
    shape: Axes,
    t: &[S::T],
    d_bar: &[S::T],
    t_bar: &mut [S::T],
) {
    let width = padded::<S::T>(shape.columns);
    assert!(t.len() >= 4 * width && t_bar.len() >= 4 * width && shape.axes <= shape.columns);
    assert!(shape.axes == 0 || d_bar.len() >= (shape.axes - 1) * shape.columns + width);
    for c in (0..width).step_by(S::N) {
        let mut sum = [s.zero(); 4];
        for h in 0..shape.axes {
            let bar = s.read(&d_bar[h * shape.columns + c..]);
            for d in 0..4 {
                sum[d] = s.fma(s.splat(t[d * width + h]), bar, sum[d]);
            }
        }
        for d in 0..4 {
            s.write(&mut t_bar[d * width + c..], sum[d]);
        }
    }
    // T of the axes: sums over g, for four axes at once
    for first in (0..shape.axes).step_by(4) {
        let axes = 4.min(shape.axes - first);
        let mut sum = [s.zero(); 16];
        for c in (0..width).step_by(S::N) {
            let mut row = [s.zero(); 4];
            for d in 0..4 {
                row[d] = s.read(&t[d * width + c..]);
            }
            for h in 0..4 {
                // axes beyond the last are computed again and not used
                let at = (first + h.min(axes - 1)) * shape.columns + c;
                let bar = s.read(&d_bar[at..]);
                for d in 0..4 {
                    sum[h * 4 + d] = s.fma(bar, row[d], sum[h * 4 + d]);
                }
            }
        }
        let mut flat = [S::T::default(); 16];
        for (part, v) in flat.chunks_exact_mut(S::N).zip(s.transpose_sum(sum)) {
            s.write(part, v);
        }
        for h in 0..axes {
            for d in 0..4 {
                t_bar[d * width + first + h] += flat[h * 4 + d];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Level, Op};

    fn number(i: usize) -> f64 {
        ((i * 7919 + 31) % 1009) as f64 / 504.5 - 1.0
    }

    fn numbers<T: Real>(n: usize, seed: usize) -> Vec<T> {
        (0..n).map(|i| T::from_f64(number(i + seed))).collect()
    }

    struct Embed<'a, T, const D: usize> {
        pieces: &'a Pieces<T>,
        neighbors: Neighbors<'a, T>,
        adjoint: &'a [T],
    }

    impl<T: Real, const D: usize> Op<T> for Embed<'_, T, D> {
        type Out = (Vec<T>, Vec<T>);
        #[inline(always)]
        fn run<S: Simd<T = T>>(self, s: S) -> Self::Out {
            if D == 0 {
                let n = self.neighbors.piece.len() * self.pieces.width();
                let mut out = (vec![T::default(); n], vec![T::default(); n]);
                values(s, self.pieces, &self.neighbors, &mut out.0, &mut out.1);
                return out;
            }
            let mut sum = vec![T::default(); D * self.pieces.width()];
            accumulate::<S, D>(s, self.pieces, &self.neighbors, &mut sum);
            let mut out = vec![T::default(); (D + 1) * GROUP];
            let mut deferred = Deferred::default();
            gradient::<S, D>(
                s,
                self.pieces,
                &self.neighbors,
                self.adjoint,
                &mut deferred,
                &mut out,
            );
            (sum, out)
        }
    }

    fn embedding_equals_sums<T: Real, const D: usize>(columns: usize, tolerance: f64) {
        let (count, atoms) = (5, 11);
        let mut pieces = Pieces::<T>::new(columns, count);
        let value = |p: usize, k: usize, g: usize| number(p * 977 + k * 131 + g);
        for p in 0..count {
            for k in 0..ORDER {
                let row: Vec<f64> = (0..columns).map(|g| value(p, k, g)).collect();
                pieces.set(p, k, &row);
            }
        }
        let piece: Vec<u32> = (0..atoms as u32).map(|i| i * 3 % 5).collect();
        let position: Vec<T> = (0..atoms).map(|i| T::from_f64(i as f64 / 16.0)).collect();
        let rows: Vec<T> = numbers(atoms * D, 7);
        let width = pieces.width();
        let mut adjoint: Vec<T> = numbers(D * width, 50);
        for row in adjoint.chunks_mut(width) {
            row[columns..].fill(T::from_f64(3.0)); // padding must not matter
        }
        let polynomial = |k: usize, g: usize| {
            let t = position[k].to_f64();
            let (mut y, mut slope) = (0.0, 0.0);
            for order in (0..ORDER).rev() {
                slope = slope * t + y;
                y = y * t + value(piece[k] as usize, order, g);
            }
            (y, slope)
        };
        for level in Level::all() {
            let (sum, out) = T::dispatch(
                level,
                Embed::<T, D> {
                    pieces: &pieces,
                    neighbors: Neighbors {
                        piece: &piece,
                        position: &position,
                        rows: &rows,
                    },
                    adjoint: &adjoint,
                },
            );
            let (value, slope) = T::dispatch(
                level,
                Embed::<T, 0> {
                    pieces: &pieces,
                    neighbors: Neighbors {
                        piece: &piece,
                        position: &position,
                        rows: &[],
                    },
                    adjoint: &[],
                },
            );
            for k in 0..atoms {
                for g in 0..columns {
                    let (y, dy) = polynomial(k, g);
                    assert!((value[k * width + g].to_f64() - y).abs() < tolerance);
                    assert!((slope[k * width + g].to_f64() - dy).abs() < 10.0 * tolerance);
                }
            }
            for d in 0..D {
                for g in 0..columns {
                    let expected: f64 = (0..atoms)
                        .map(|k| rows[k * D + d].to_f64() * polynomial(k, g).0)
                        .sum();
                    let got = sum[d * width + g].to_f64();
                    assert!((got - expected).abs() < tolerance, "{level:?} {d} {g}");
                }
            }
            for k in 0..atoms {
                let mut slope = 0.0;
                for d in 0..D {
                    let bar = |g: usize| adjoint[d * width + g].to_f64();
                    let expected: f64 = (0..columns).map(|g| bar(g) * polynomial(k, g).0).sum();
                    let got = out[d * GROUP + k].to_f64();
                    assert!((got - expected).abs() < tolerance, "{level:?} {d} {k}");
                    let part: f64 = (0..columns).map(|g| bar(g) * polynomial(k, g).1).sum();
                    slope += rows[k * D + d].to_f64() * part;
                }
                let got = out[D * GROUP + k].to_f64();
                assert!((got - slope).abs() < 10.0 * tolerance, "{level:?} {k}");
            }
        }
    }

    #[test]
    fn embeddings_equal_sums() {
        for columns in [1, 7, 20, 100, 130] {
            embedding_equals_sums::<f64, 1>(columns, 1e-11);
            embedding_equals_sums::<f64, 4>(columns, 1e-11);
            embedding_equals_sums::<f64, 8>(columns, 1e-11);
            embedding_equals_sums::<f32, 1>(columns, 1e-3);
            embedding_equals_sums::<f32, 4>(columns, 1e-3);
            embedding_equals_sums::<f32, 8>(columns, 1e-3);
        }
    }

    struct Square<'a, T> {
        shape: Axes,
        t: &'a [T],
        bar: &'a [T],
    }

    impl<T: Real> Op<T> for Square<'_, T> {
        type Out = (Vec<T>, Vec<T>);
        #[inline(always)]
        fn run<S: Simd<T = T>>(self, s: S) -> Self::Out {
            let mut out = vec![T::default(); self.bar.len()];
            products(s, self.shape, self.t, &mut out);
            let mut t_bar = vec![T::from_f64(9.0); self.t.len()];
            products_adjoint(s, self.shape, self.t, self.bar, &mut t_bar);
            (out, t_bar)
        }
    }

    fn products_equal_sums<T: Real>(columns: usize, axes: usize, tolerance: f64) {
        let width = padded::<T>(columns);
        let mut t: Vec<T> = numbers(4 * width, 3);
        t.chunks_mut(width)
            .for_each(|row| row[columns..].fill(T::default()));
        let bar: Vec<T> = numbers(axes * columns + width, 11);
        let at = |d: usize, g: usize| t[d * width + g].to_f64();
        for level in Level::all() {
            let op = Square {
                shape: Axes { columns, axes },
                t: &t,
                bar: &bar,
            };
            let (out, t_bar) = T::dispatch(level, op);
            for h in 0..axes {
                for g in 0..columns {
                    let expected: f64 = (0..4).map(|d| at(d, h) * at(d, g)).sum();
                    let got = out[h * columns + g].to_f64();
                    assert!((got - expected).abs() < tolerance, "{level:?} {h} {g}");
                }
            }
            let b = |h: usize, g: usize| bar[h * columns + g].to_f64();
            for d in 0..4 {
                for g in 0..columns {
                    let mut expected: f64 = (0..axes).map(|h| b(h, g) * at(d, h)).sum();
                    if g < axes {
                        expected += (0..columns).map(|c| b(g, c) * at(d, c)).sum::<f64>();
                    }
                    let got = t_bar[d * width + g].to_f64();
                    assert!((got - expected).abs() < tolerance, "{level:?} {d} {g}");
                }
            }
        }
    }

    #[test]
    fn products_and_their_adjoints_equal_sums() {
        for (columns, axes) in [(100, 16), (20, 4), (7, 6), (8, 8), (33, 5)] {
            products_equal_sums::<f64>(columns, axes, 1e-12);
            products_equal_sums::<f32>(columns, axes, 1e-4);
        }
    }
}
