//! Products of feature rows with a weight matrix, `y[w] (+)= sum_u x[u] W[u, w]`, for rows that
//! lie anywhere in a feature array.

use super::{Op, Real, Simd, padded};

/// Rows of a feature array: for each atom of `order` there are `per` rows, row m of atom a starts
/// at `base + a * outer + m * inner`.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// Atoms.
    pub order: &'a [u32],
    /// Rows of one atom.
    pub per: usize,
    /// Distance of atoms.
    pub outer: usize,
    /// Distance of the rows of one atom.
    pub inner: usize,
    /// Start of the first row of atom 0.
    pub base: usize,
}

impl Rows<'_> {
    /// One past the last element of the last row, for rows of `width` elements.
    fn end(&self, width: usize) -> usize {
        let last = self.order.iter().copied().max().unwrap_or(0) as usize;
        self.base + last * self.outer + (self.per - 1) * self.inner + width
    }
}

/// Matrix of weights, columns padded with zeros to whole vectors and stored in panels of
/// 4 * [`Real::LANES`] columns.
#[derive(Debug, Clone, Default)]
pub struct Matrix<T> {
    rows: usize,
    columns: usize,
    data: Vec<T>,
}

impl<T: Real> Matrix<T> {
    /// Matrix from row-major weights \[rows\]\[columns\].
    pub fn new(rows: usize, columns: usize, weight: &[f64]) -> Matrix<T> {
        assert_eq!(
            weight.len(),
            rows * columns,
            "weights have the stated shape"
        );
        let width = padded::<T>(columns);
        let panel = 4 * T::LANES;
        let mut data = Vec::with_capacity(rows * width);
        for start in (0..width).step_by(panel) {
            let end = width.min(start + panel);
            for row in weight.chunks_exact(columns.max(1)) {
                let value = |c| row.get(c).copied().unwrap_or(0.0);
                data.extend((start..end).map(|c| T::from_f64(value(c))));
            }
        }
        Matrix {
            rows,
            columns: width,
            data,
        }
    }

    /// Overwrites the matrix with `rows` x `columns` weights `weight(row, column)`.
    pub fn pack(&mut self, rows: usize, columns: usize, weight: impl Fn(usize, usize) -> T) {
        let width = padded::<T>(columns);
        let panel = 4 * T::LANES;
        (self.rows, self.columns) = (rows, width);
        self.data.clear();
        self.data.resize(rows * width, T::default());
        for start in (0..width).step_by(panel) {
            let lanes = panel.min(width - start);
            let filled = lanes.min(columns - start.min(columns));
            let to = self.data[start * rows..].chunks_exact_mut(lanes);
            for (row, to) in to.take(rows).enumerate() {
                for (c, to) in to[..filled].iter_mut().enumerate() {
                    *to = weight(row, start + c);
                }
            }
        }
    }

    /// Matrix from the transpose of row-major weights \[rows\]\[columns\].
    pub fn transposed(rows: usize, columns: usize, weight: &[f64]) -> Matrix<T> {
        let turned: Vec<f64> = (0..columns)
            .flat_map(|c| (0..rows).map(move |r| weight[r * columns + c]))
            .collect();
        Matrix::new(columns, rows, &turned)
    }
}

/// The product. Input rows have at least `matrix.rows` elements, output rows at least the padded
/// number of columns.
pub struct Product<'a, T> {
    /// W.
    pub matrix: &'a Matrix<T>,
    /// Array of x.
    pub input: &'a [T],
    /// Rows of x.
    pub from: Rows<'a>,
    /// Array of y.
    pub output: &'a mut [T],
    /// Rows of y; as many as `from` has.
    pub to: Rows<'a>,
    /// Add to y instead of overwriting it.
    pub accumulate: bool,
}

impl<T: Real> Op<T> for Product<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd<T = T>>(self, s: S) {
        let rows = self.from.order.len() * self.from.per;
        if rows == 0 {
            return;
        }
        assert_eq!(rows, self.to.order.len() * self.to.per);
        assert!(self.from.end(self.matrix.rows) <= self.input.len());
        assert!(self.to.end(self.matrix.columns) <= self.output.len());
        let output = self.output.as_mut_ptr();
        let panel = 4 * T::LANES;
        for start in (0..self.matrix.columns).step_by(panel) {
            let width = panel.min(self.matrix.columns - start);
            let mut at = 0;
            while at < width {
                let left = (width - at) / S::N;
                let columns = Columns {
                    output,
                    // SAFETY: panel `start` begins at `start * rows` and has `rows * width`
                    // elements.
                    weight: unsafe { self.matrix.data.as_ptr().add(start * self.matrix.rows + at) },
                    stride: width,
                    depth: self.matrix.rows,
                    first: start + at,
                };
                // SAFETY: the extents of all rows were checked above.
                unsafe {
                    if S::WIDE && left >= 4 {
                        all_rows::<S, 6, 4>(s, &self, columns, rows);
                        at += 4 * S::N;
                    } else if left >= 2 {
                        all_rows::<S, 6, 2>(s, &self, columns, rows);
                        at += 2 * S::N;
                    } else {
                        all_rows::<S, 6, 1>(s, &self, columns, rows);
                        at += S::N;
                    }
                }
            }
        }
    }
}

/// Some columns of a matrix, and the output array.
#[derive(Clone, Copy)]
struct Columns<T> {
    output: *mut T,
    weight: *const T,
    stride: usize,
    depth: usize,
    first: usize,
}

/// Position of a row: atom and row inside the atom.
struct Cursor {
    atom: usize,
    row: usize,
}

impl Cursor {
    #[inline(always)]
    fn next(&mut self, rows: &Rows<'_>) -> usize {
        // SAFETY: the cursor advances at most order.len() * per times.
        let atom = unsafe { *rows.order.get_unchecked(self.atom) } as usize;
        let at = rows.base + atom * rows.outer + self.row * rows.inner;
        self.row += 1;
        if self.row == rows.per {
            self.row = 0;
            self.atom += 1;
        }
        at
    }
}

/// # Safety
/// All rows of `p` lie inside its arrays, and `columns` inside its matrix.
#[inline(always)]
unsafe fn all_rows<S: Simd, const R: usize, const C: usize>(
    s: S,
    p: &Product<'_, S::T>,
    columns: Columns<S::T>,
    rows: usize,
) {
    let mut from = Cursor { atom: 0, row: 0 };
    let mut to = Cursor { atom: 0, row: 0 };
    let mut done = 0;
    // SAFETY: by the contract of this function.
    unsafe {
        while rows - done >= R {
            some_rows::<S, R, C>(s, p, columns, &mut from, &mut to);
            done += R;
        }
        while rows - done >= 2 {
            some_rows::<S, 2, C>(s, p, columns, &mut from, &mut to);
            done += 2;
        }
        if done < rows {
            some_rows::<S, 1, C>(s, p, columns, &mut from, &mut to);
        }
    }
}

/// # Safety
/// As [`all_rows`]; the cursors have `R` rows left.
#[inline(always)]
unsafe fn some_rows<S: Simd, const R: usize, const C: usize>(
    s: S,
    p: &Product<'_, S::T>,
    columns: Columns<S::T>,
    from: &mut Cursor,
    to: &mut Cursor,
) {
    // SAFETY: by the contract of this function.
    unsafe {
        let mut x = [p.input.as_ptr(); R];
        let mut y = [columns.output; R];
        for r in 0..R {
            x[r] = x[r].add(from.next(&p.from));
            y[r] = y[r].add(to.next(&p.to) + columns.first);
        }
        let mut sum = [[s.zero(); C]; R];
        if p.accumulate {
            for r in 0..R {
                for c in 0..C {
                    sum[r][c] = s.load(y[r].add(c * S::N));
                }
            }
        }
        let mut weight = columns.weight;
        for k in 0..columns.depth {
            let mut w = [s.zero(); C];
            for c in 0..C {
                w[c] = s.load(weight.add(c * S::N));
            }
            for r in 0..R {
                let factor = s.splat(*x[r].add(k));
                for c in 0..C {
                    sum[r][c] = s.fma(factor, w[c], sum[r][c]);
                }
            }
            weight = weight.add(columns.stride);
        }
        for r in 0..R {
            for c in 0..C {
                s.store(y[r].add(c * S::N), sum[r][c]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Level;

    fn product_equals_sums<T: Real>(level: Level, depth: usize, columns: usize, tolerance: f64) {
        let weight: Vec<f64> = (0..depth * columns)
            .map(|i| ((i * 29 % 47) as f64 - 20.0) / 16.0)
            .collect();
        let order = [4u32, 0, 2, 5, 1];
        let (per, inner) = (3, depth + 1);
        let outer = per * inner;
        let input: Vec<T> = (0..6 * outer)
            .map(|i| T::from_f64(((i * 13 % 31) as f64 - 15.0) / 8.0))
            .collect();
        for turned in [None, Some(false), Some(true)] {
            let matrix: Matrix<T> = if turned.is_none() {
                let mut packed = Matrix::new(2, 3, &[9.0; 6]);
                packed.pack(depth, columns, |r, c| T::from_f64(weight[r * columns + c]));
                packed
            } else if turned == Some(true) {
                let w: Vec<f64> = (0..columns * depth)
                    .map(|i| weight[i % depth * columns + i / depth])
                    .collect();
                Matrix::transposed(columns, depth, &w)
            } else {
                Matrix::new(depth, columns, &weight)
            };
            let width = padded::<T>(columns);
            let mut output = vec![T::from_f64(1.0); 15 * width];
            let positions = [0u32, 1, 2, 3, 4];
            T::dispatch(
                level,
                Product {
                    matrix: &matrix,
                    input: &input,
                    from: Rows {
                        order: &order,
                        per,
                        outer,
                        inner,
                        base: 0,
                    },
                    output: &mut output,
                    to: Rows {
                        order: &positions,
                        per,
                        outer: per * width,
                        inner: width,
                        base: 0,
                    },
                    accumulate: true,
                },
            );
            for (a, &atom) in order.iter().enumerate() {
                for m in 0..per {
                    for c in 0..width {
                        let x = |k: usize| -> f64 {
                            Real::to_f64(input[atom as usize * outer + m * inner + k])
                        };
                        let w = |k: usize| {
                            if c < columns {
                                weight[k * columns + c]
                            } else {
                                0.0
                            }
                        };
                        let sum: f64 = (0..depth).map(|k| x(k) * w(k)).sum::<f64>();
                        let got = output[(a * per + m) * width + c].to_f64();
                        assert!((got - 1.0 - sum).abs() < tolerance, "{level:?} {a} {m} {c}");
                    }
                }
            }
        }
    }

    #[test]
    fn products_equal_sums() {
        for level in Level::all() {
            for (depth, columns) in [(1, 1), (7, 16), (32, 33), (20, 100), (5, 64), (3, 48)] {
                product_equals_sums::<f32>(level, depth, columns, 1e-3);
                product_equals_sums::<f64>(level, depth, columns, 1e-12);
            }
        }
    }
}
