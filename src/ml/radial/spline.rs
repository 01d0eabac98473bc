//! Coefficients of splines of fifth degree through given values at uniform nodes, with given first
//! and second derivatives at both ends. Imports nothing of the crate.

/// B-spline of fifth degree at the five nodes inside its support, times 120, and its first
/// (times 24) and second (times 6) derivatives.
const VALUE: [f64; 5] = [1.0, 26.0, 66.0, 26.0, 1.0];
const SLOPE: [f64; 5] = [-1.0, -10.0, 0.0, 10.0, 1.0];
const CURVATURE: [f64; 5] = [1.0, 2.0, -6.0, 2.0, 1.0];

/// Furthest column from the diagonal in the conditions.
const BAND: usize = 4;

/// What a spline goes through; a row holds one number per function. Derivatives are with respect
/// to the number of the node.
pub struct Conditions {
    /// Values at nodes 0..=n.
    pub values: Vec<Vec<f64>>,
    /// First derivatives at both ends.
    pub slopes: [Vec<f64>; 2],
    /// Second derivatives at both ends.
    pub curvatures: [Vec<f64>; 2],
}

/// Rows of coefficients, n + 5: the functions between the nodes i and i + 1 follow from rows
/// i..i + 6.
pub fn coefficients(conditions: Conditions) -> Vec<Vec<f64>> {
    let n = conditions.values.len() - 1;
    let size = n + 5;
    let mut matrix = Vec::with_capacity(size);
    let mut rows = Vec::with_capacity(size);
    let mut add = |node: usize, basis: [f64; 5], factor: f64, row: Vec<f64>| {
        let mut line = vec![0.0; size];
        for (to, x) in line[node..].iter_mut().zip(basis) {
            *to = x / factor;
        }
        matrix.push(line);
        rows.push(row);
    };
    let ([first_slope, last_slope], [first_curve, last_curve]) =
        (conditions.slopes, conditions.curvatures);
    add(0, CURVATURE, 6.0, first_curve);
    add(0, SLOPE, 24.0, first_slope);
    for (i, row) in conditions.values.into_iter().enumerate() {
        add(i, VALUE, 120.0, row);
    }
    add(n, SLOPE, 24.0, last_slope);
    add(n, CURVATURE, 6.0, last_curve);
    solve(&mut matrix, &mut rows);
    rows
}

/// Gauss elimination with row exchanges of a matrix with [`BAND`] diagonals on both sides; `rows`
/// becomes the solution.
fn solve(matrix: &mut [Vec<f64>], rows: &mut [Vec<f64>]) {
    let size = rows.len();
    for k in 0..size {
        let below = (k + BAND + 1).min(size);
        let right = (k + 2 * BAND + 1).min(size);
        let pivot = (k..below).fold(k, |best, r| {
            if matrix[r][k].abs() > matrix[best][k].abs() {
                r
            } else {
                best
            }
        });
        matrix.swap(k, pivot);
        rows.swap(k, pivot);
        for r in k + 1..below {
            let factor = matrix[r][k] / matrix[k][k];
            if factor == 0.0 {
                continue;
            }
            let (upper, lower) = matrix.split_at_mut(r);
            subtract(&mut lower[0][k..right], &upper[k][k..right], factor);
            let (upper, lower) = rows.split_at_mut(r);
            subtract(&mut lower[0], &upper[k], factor);
        }
    }
    for k in (0..size).rev() {
        let right = (k + 2 * BAND + 1).min(size);
        let (upper, lower) = rows.split_at_mut(k + 1);
        for (c, row) in (k + 1..right).zip(&*lower) {
            if matrix[k][c] != 0.0 {
                subtract(&mut upper[k], row, matrix[k][c]);
            }
        }
        let inverse = 1.0 / matrix[k][k];
        upper[k].iter_mut().for_each(|x| *x *= inverse);
    }
}

fn subtract(y: &mut [f64], x: &[f64], factor: f64) {
    for (y, x) in y.iter_mut().zip(x) {
        *y -= factor * x;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_of_fifth_degree_have_their_coefficients() {
        for n in [1usize, 2, 7, 40] {
            // (x / n)^5 and x^2 / 2
            let size = n as f64;
            let five = |x: f64| (x / size).powi(5);
            let row = |x: f64| vec![five(x), 0.5 * x * x];
            let end = size;
            let rows = coefficients(Conditions {
                values: (0..=n).map(|i| row(i as f64)).collect(),
                slopes: [vec![0.0, 0.0], vec![5.0 / size, end]],
                curvatures: [vec![0.0, 1.0], vec![20.0 / size / size, 1.0]],
            });
            assert_eq!(rows.len(), n + 5);
            // the value at the middle of an interval from the pieces at 1/2, times 3840
            let half = [1.0, 237.0, 1682.0, 1682.0, 237.0, 1.0];
            for i in 0..n {
                for (f, want) in row(i as f64 + 0.5).into_iter().enumerate() {
                    let got: f64 = (0..6).map(|k| half[k] * rows[i + k][f] / 3840.0).sum();
                    assert!(
                        (got - want).abs() < 1e-11 * (1.0 + want.abs()),
                        "{n} {i} {f}"
                    );
                }
            }
        }
    }
}
