//! A periodic cell as three edge vectors. Imports nothing of argyro.

use anyhow::{Result, bail};

/// A cell: rows of `edges` are the vectors a, b, c in angstrom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Edge vectors as rows, angstrom.
    pub edges: [[f64; 3]; 3],
    /// Which directions are periodic.
    pub periodic: [bool; 3],
    inverse: [[f64; 3]; 3],
}

impl Cell {
    /// A cell from its edge vectors (rows, angstrom).
    ///
    /// # Errors
    /// Edges that are not finite or span no volume.
    pub fn new(edges: [[f64; 3]; 3], periodic: [bool; 3]) -> Result<Self> {
        let [a, b, c] = edges;
        let volume = dot(a, cross(b, c));
        if !volume.is_finite() || volume == 0.0 {
            bail!("the cell {edges:?} has no volume");
        }
        let (bc, ca, ab) = (cross(b, c), cross(c, a), cross(a, b));
        let mut inverse = [[0.0; 3]; 3];
        for k in 0..3 {
            inverse[k] = [bc[k] / volume, ca[k] / volume, ab[k] / volume];
        }
        Ok(Self {
            edges,
            periodic,
            inverse,
        })
    }

    /// An orthogonal cell with the given lengths (angstrom).
    ///
    /// # Errors
    /// As [`Cell::new`].
    pub fn orthogonal(lengths: [f64; 3], periodic: [bool; 3]) -> Result<Self> {
        let [x, y, z] = lengths;
        Self::new([[x, 0.0, 0.0], [0.0, y, 0.0], [0.0, 0.0, z]], periodic)
    }

    /// A cell from lengths (angstrom) and angles alpha, beta, gamma (degrees), a along x and b in
    /// the xy plane.
    ///
    /// # Errors
    /// Angles that span no cell.
    pub fn from_lengths_angles(lengths: [f64; 3], angles: [f64; 3]) -> Result<Self> {
        let [a, b, c] = lengths;
        // Right angles are the common case; their cosine must be exactly zero.
        let cosine = |deg: f64| {
            if deg == 90.0 {
                0.0
            } else {
                deg.to_radians().cos()
            }
        };
        let [ca, cb, cg] = angles.map(cosine);
        let sg = (1.0 - cg * cg).max(0.0).sqrt();
        let cx = c * cb;
        let cy = c * (ca - cb * cg) / sg;
        let cz = (c * c - cx * cx - cy * cy).max(0.0).sqrt();
        Self::new(
            [[a, 0.0, 0.0], [b * cg, b * sg, 0.0], [cx, cy, cz]],
            [true; 3],
        )
    }

    /// Volume in angstrom^3.
    pub fn volume(&self) -> f64 {
        let [a, b, c] = self.edges;
        dot(a, cross(b, c)).abs()
    }

    /// Fractional coordinates of a Cartesian vector.
    pub fn to_fractional(&self, x: [f64; 3]) -> [f64; 3] {
        multiply(x, &self.inverse)
    }

    /// Cartesian vector (angstrom) of fractional coordinates.
    pub fn to_cartesian(&self, s: [f64; 3]) -> [f64; 3] {
        multiply(s, &self.edges)
    }

    /// True when the edges agree to `tolerance` relative to the longest edge component.
    pub fn same_edges(&self, other: &Self, tolerance: f64) -> bool {
        let flat = || {
            self.edges
                .iter()
                .flatten()
                .zip(other.edges.iter().flatten())
        };
        let scale = flat().fold(0.0_f64, |m, (x, _)| m.max(x.abs()));
        flat().all(|(x, y)| (x - y).abs() <= tolerance * scale)
    }
}

fn multiply(row: [f64; 3], m: &[[f64; 3]; 3]) -> [f64; 3] {
    let mut out = [0.0; 3];
    for k in 0..3 {
        out[k] = row[0] * m[0][k] + row[1] * m[1][k] + row[2] * m[2][k];
    }
    out
}

fn cross(u: [f64; 3], v: [f64; 3]) -> [f64; 3] {
    [
        u[1] * v[2] - u[2] * v[1],
        u[2] * v[0] - u[0] * v[2],
        u[0] * v[1] - u[1] * v[0],
    ]
}

fn dot(u: [f64; 3], v: [f64; 3]) -> f64 {
    u[0] * v[0] + u[1] * v[1] + u[2] * v[2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractional_round_trip_in_a_triclinic_cell() {
        let cell = Cell::new(
            [[10.0, 0.0, 0.0], [3.0, 9.0, 0.0], [-1.0, 2.0, 8.0]],
            [true; 3],
        )
        .unwrap();
        assert!((cell.volume() - 720.0).abs() < 1e-9);
        let x = [1.5, -7.0, 22.0];
        let back = cell.to_cartesian(cell.to_fractional(x));
        for k in 0..3 {
            assert!((x[k] - back[k]).abs() < 1e-12);
        }
        let s = cell.to_fractional([3.0, 9.0, 0.0]);
        assert!((s[1] - 1.0).abs() < 1e-12 && s[0].abs() < 1e-12 && s[2].abs() < 1e-12);
    }

    #[test]
    fn flat_cells_are_refused() {
        assert!(Cell::orthogonal([1.0, 0.0, 1.0], [true; 3]).is_err());
        assert!(Cell::orthogonal([1.0, f64::NAN, 1.0], [true; 3]).is_err());
    }

    #[test]
    fn lengths_and_angles() {
        let cell = Cell::from_lengths_angles([4.0, 5.0, 6.0], [90.0, 90.0, 120.0]).unwrap();
        assert!((cell.volume() - 4.0 * 5.0 * 6.0 * (0.75_f64).sqrt()).abs() < 1e-9);
    }
}
