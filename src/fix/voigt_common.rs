//! Cell and stress matrices in Voigt order xx yy zz yz xz xy, as barostats and `fix box/relax` use them.

use crate::domain::Cell;

/// A symmetric or upper triangular matrix in Voigt order.
pub type Voigt = [f64; 6];

/// The cell matrix (upper triangular).
pub fn matrix(cell: &Cell) -> Voigt {
    let [lx, ly, lz] = cell.lengths();
    let [xy, xz, yz] = cell.tilt;
    [lx, ly, lz, yz, xz, xy]
}

/// Inverse of an upper triangular matrix.
pub fn inverse(h: &Voigt) -> Voigt {
    [
        1.0 / h[0],
        1.0 / h[1],
        1.0 / h[2],
        -h[3] / (h[1] * h[2]),
        (h[3] * h[5] - h[1] * h[4]) / (h[0] * h[1] * h[2]),
        -h[5] / (h[0] * h[1]),
    ]
}

/// As a full matrix.
pub fn upper(h: &Voigt) -> [[f64; 3]; 3] {
    [[h[0], h[5], h[4]], [0.0, h[1], h[3]], [0.0, 0.0, h[2]]]
}

/// As a full matrix.
pub fn symmetric(s: &Voigt) -> [[f64; 3]; 3] {
    [[s[0], s[5], s[4]], [s[5], s[1], s[3]], [s[4], s[3], s[2]]]
}

/// u s u^T for an upper triangular `u` and a symmetric `s`.
pub fn congruent(u: &Voigt, s: &Voigt) -> Voigt {
    let (u, s) = (upper(u), symmetric(s));
    let element = |i: usize, j: usize| -> f64 {
        (0..3)
            .map(|k| u[i][k] * (0..3).map(|l| s[k][l] * u[j][l]).sum::<f64>())
            .sum()
    };
    [
        element(0, 0),
        element(1, 1),
        element(2, 2),
        element(1, 2),
        element(0, 2),
        element(0, 1),
    ]
}

/// Half of the trace of sigma h h^T, in units of pressure and volume.
pub fn strain_energy(h: &Voigt, sigma: &Voigt) -> f64 {
    let (h, s) = (upper(h), symmetric(sigma));
    let mut sum = 0.0;
    for i in 0..3 {
        for j in 0..3 {
            let hh: f64 = (0..3).map(|k| h[i][k] * h[j][k]).sum();
            sum += s[i][j] * hh;
        }
    }
    0.5 * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_of_a_cell_matrix() {
        let h = [5.0, 4.0, 3.0, 0.5, -0.7, 0.9];
        let (a, b) = (upper(&h), upper(&inverse(&h)));
        for (i, row) in a.iter().enumerate() {
            for j in 0..3 {
                let v: f64 = (0..3).map(|k| row[k] * b[k][j]).sum();
                assert!((v - f64::from(u8::from(i == j))).abs() < 1e-14);
            }
        }
    }
}
