//! General triclinic boxes: edge vectors of any orientation, and the rotation into the restricted form (a along x, b in
//! the xy plane) in which everything is simulated.
//!
//! The rotation keeps the lower corner of the box where it is. It is composed of two: the first takes a onto the x axis,
//! the second turns about x until b lies in the xy plane. Both are quaternions, multiplied before the matrix is made, in
//! the order of operations of LAMMPS: atoms on a face of the box stay on the same side of it only if every bit agrees.
//! May import `cell` and the bottom modules only.

use super::cell::{Boundary, Cell};
use crate::error::{Error, Result};

/// A 3x3 matrix by rows.
type Matrix = [[f64; 3]; 3];

/// The rotation from a general box to its restricted form.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rotation {
    rows: Matrix,
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

fn transform(m: &Matrix, v: [f64; 3]) -> [f64; 3] {
    [dot(m[0], v), dot(m[1], v), dot(m[2], v)]
}

fn transpose(m: &Matrix) -> Matrix {
    [0, 1, 2].map(|i| [m[0][i], m[1][i], m[2][i]])
}

/// A unit quaternion w + xi + yj + zk.
#[derive(Clone, Copy)]
struct Quaternion([f64; 4]);

impl Quaternion {
    /// Rotation by `angle` about the unit vector `axis`.
    fn about(axis: [f64; 3], angle: f64) -> Self {
        let (sin, cos) = ((0.5 * angle).sin(), (0.5 * angle).cos());
        Self([cos, axis[0] * sin, axis[1] * sin, axis[2] * sin])
    }

    /// `first`, then this one.
    fn after(self, first: Self) -> Self {
        let (a, b) = (self.0, first.0);
        Self([
            a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
            a[0] * b[1] + b[0] * a[1] + a[2] * b[3] - a[3] * b[2],
            a[0] * b[2] + b[0] * a[2] + a[3] * b[1] - a[1] * b[3],
            a[0] * b[3] + b[0] * a[3] + a[1] * b[2] - a[2] * b[1],
        ])
    }

    fn matrix(self) -> Matrix {
        let [w, x, y, z] = self.0;
        let (ww, xx, yy, zz) = (w * w, x * x, y * y, z * z);
        let (xy, xz, yz) = (2.0 * x * y, 2.0 * x * z, 2.0 * y * z);
        let (xw, yw, zw) = (2.0 * x * w, 2.0 * y * w, 2.0 * z * w);
        [
            [ww + xx - yy - zz, xy - zw, yw + xz],
            [xy + zw, ww - xx + yy - zz, yz - xw],
            [xz - yw, yz + xw, ww - xx - yy + zz],
        ]
    }
}

impl Rotation {
    /// The rotation that brings the edge vectors `a`, `b`, `c` into the restricted form.
    ///
    /// # Errors
    /// They lie in a plane or are left-handed.
    pub fn of([a, b, c]: Matrix) -> Result<Self> {
        let volume = dot(cross(a, b), c);
        if volume.is_nan() || volume <= 0.0 {
            let what = if volume == 0.0 {
                "are co-planar"
            } else {
                "must be right-handed"
            };
            return Err(
                Error::input(format!("General triclinic edge vectors {what}")).help(
                    "a x b must point to the side of c: swap two of the vectors, or reverse one",
                ),
            );
        }
        let x = [1.0, 0.0, 0.0];
        let axis = cross(a, x);
        let square = dot(axis, axis);
        let axis = if square > 0.0 {
            let scale = 1.0 / square.sqrt();
            axis.map(|v| v * scale)
        } else {
            // a lies along x, or along -x, where any axis normal to it will do.
            [0.0, 0.0, 1.0]
        };
        let cosine = a[0] / dot(a, a).sqrt();
        let first = Quaternion::about(axis, cosine.clamp(-1.0, 1.0).acos());
        let b = transform(&first.matrix(), b);
        let flat = [0.0, b[1], b[2]];
        let angle = (b[1] / dot(flat, flat).sqrt()).clamp(-1.0, 1.0).acos();
        let second = Quaternion::about(x, if b[2] > 0.0 { -angle } else { angle });
        Ok(Self {
            rows: second.after(first).matrix(),
        })
    }

    /// The rotation with this matrix, by rows.
    ///
    /// # Errors
    /// It is no rotation.
    pub fn from_rows(rows: Matrix) -> Result<Self> {
        let near = |v: f64, to: f64| (v - to).abs() < 1e-9;
        let orthonormal = (0..3)
            .all(|i| (0..3).all(|j| near(dot(rows[i], rows[j]), if i == j { 1.0 } else { 0.0 })));
        if orthonormal && near(dot(cross(rows[0], rows[1]), rows[2]), 1.0) {
            Ok(Self { rows })
        } else {
            Err(Error::input("the orientation of the box is no rotation"))
        }
    }

    /// Rows of the matrix.
    pub fn rows(&self) -> Matrix {
        self.rows
    }

    /// A vector of the general box in the restricted one.
    pub fn to_restricted(&self, v: [f64; 3]) -> [f64; 3] {
        transform(&self.rows, v)
    }

    /// A vector of the restricted box in the general one.
    pub fn to_general(&self, v: [f64; 3]) -> [f64; 3] {
        transform(&transpose(&self.rows), v)
    }

    /// A symmetric tensor xx, yy, zz, xy, xz, yz of the restricted box in the general one: R^T P R.
    pub fn tensor_to_general(&self, p: [f64; 6]) -> [f64; 6] {
        let m = [[p[0], p[3], p[4]], [p[3], p[1], p[5]], [p[4], p[5], p[2]]];
        let columns = transpose(&self.rows);
        let element = |i: usize, j: usize| dot(columns[i], transform(&m, columns[j]));
        [
            element(0, 0),
            element(1, 1),
            element(2, 2),
            element(0, 1),
            element(0, 2),
            element(1, 2),
        ]
    }
}

impl Cell {
    /// The restricted form of the box with these edge vectors and this lower corner.
    ///
    /// # Errors
    /// The vectors lie in a plane, are left-handed, or, in two dimensions, c is not along z.
    pub fn general(
        edges: Matrix,
        origin: [f64; 3],
        boundary: [[Boundary; 2]; 3],
        dimension: u8,
    ) -> Result<Self> {
        if dimension == 2 && (edges[2][0] != 0.0 || edges[2][1] != 0.0) {
            return Err(Error::input(
                "General triclinic box edge vector C invalid for 2d system",
            ));
        }
        let rotation = Rotation::of(edges)?;
        let [a, b, c] = edges.map(|e| rotation.to_restricted(e));
        let hi = [origin[0] + a[0], origin[1] + b[1], origin[2] + c[2]];
        Ok(Self {
            tilt: [b[0], c[0], c[1]],
            triclinic: true,
            rotation: Some(rotation),
            ..Self::orthogonal(origin, hi, boundary)
        })
    }

    /// Edge vectors as rows, in the orientation in which the box was defined.
    pub fn general_vectors(&self) -> Matrix {
        let edges = self.vectors();
        self.rotation
            .map_or(edges, |r| edges.map(|e| r.to_general(e)))
    }

    /// A position in the general box as one in the restricted box.
    pub fn restricted_position(&self, x: [f64; 3]) -> [f64; 3] {
        self.about_corner(x, Rotation::to_restricted)
    }

    /// A position in the restricted box as one in the general box.
    pub fn general_position(&self, x: [f64; 3]) -> [f64; 3] {
        self.about_corner(x, Rotation::to_general)
    }

    fn about_corner(
        &self,
        x: [f64; 3],
        turn: impl Fn(&Rotation, [f64; 3]) -> [f64; 3],
    ) -> [f64; 3] {
        let Some(rotation) = &self.rotation else {
            return x;
        };
        let d = turn(rotation, [0, 1, 2].map(|k| x[k] - self.lo[k]));
        [0, 1, 2].map(|k| d[k] + self.lo[k])
    }

    /// The rotation of a box that was defined as general triclinic.
    ///
    /// # Errors
    /// The box is orthogonal or was defined in the restricted form; `what` begins the message.
    pub fn require_general(&self, what: &str) -> Result<Rotation> {
        self.rotation.ok_or_else(|| {
            Error::input(format!(
                "{what} triclinic/general cannot be used if simulation box is not general triclinic"
            ))
            .help("general boxes come from read_data (avec, bvec, cvec) and create_box NULL")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIODIC: [[Boundary; 2]; 3] = [[Boundary::Periodic; 2]; 3];

    fn close(a: [f64; 3], b: [f64; 3], tolerance: f64) -> bool {
        (0..3).all(|k| (a[k] - b[k]).abs() < tolerance)
    }

    #[test]
    fn edges_and_positions_come_back_to_the_last_digits() {
        let boxes = [
            [[4.0, 0.5, 0.3], [0.2, 4.5, 0.4], [0.1, 0.6, 5.0]],
            [[0.0, 2.0, 0.0], [-3.0, 1.0, 0.0], [0.5, 0.4, 4.0]],
            [[1.0, -1.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]],
            [[-2.0, 0.0, 0.0], [0.0, -3.0, 0.0], [0.0, 0.0, 4.0]],
            [[3.0, 0.0, 0.0], [0.4, 2.0, 0.0], [0.1, -0.3, 4.0]],
        ];
        for edges in boxes {
            let cell = Cell::general(edges, [1.0, 2.0, 3.0], PERIODIC, 3).unwrap();
            let back = cell.general_vectors();
            for k in 0..3 {
                assert!(close(back[k], edges[k], 4e-15), "{edges:?} {back:?}");
            }
            for x in [[1.3, -2.1, 0.7], [1.0, 2.0, 3.0], [11.0, 7.0, -5.0]] {
                let s = cell.to_fractional(cell.restricted_position(x));
                let direct: [f64; 3] = [0, 1, 2].map(|j| {
                    x[j] - [1.0, 2.0, 3.0][j] - (0..3).map(|i| s[i] * edges[i][j]).sum::<f64>()
                });
                assert!(close(direct, [0.0; 3], 1e-13));
                let back = cell.general_position(cell.restricted_position(x));
                assert!(close(back, x, 1e-14), "{back:?} {x:?}");
            }
        }
    }

    #[test]
    fn the_matrix_has_the_bits_of_lammps() {
        // From the restart file that LAMMPS 22 Jul 2025 writes of this box.
        let r = Rotation::of([[4.0, 0.5, 0.3], [0.2, 4.5, 0.4], [0.1, 0.6, 5.0]]).unwrap();
        assert_eq!(r.rows(), LAMMPS);
    }

    const LAMMPS: Matrix = [
        [0.9895413919905868, 0.12369267399882264, 0.07421560439929359],
        [-0.1293342740989041, 0.9886266840252554, 0.07674584794330556],
        [
            -0.06387862772978928,
            -0.08554181452511057,
            0.9942847272723797,
        ],
    ];

    #[test]
    fn a_pressure_along_an_edge_stays_along_it() {
        let edges = [[1.0, -1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let r = Rotation::of(edges).unwrap();
        let p = r.tensor_to_general([1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let expected = [0.5, 0.5, 0.0, -0.5, 0.0, 0.0];
        assert!(
            p.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-15),
            "{p:?}"
        );
    }

    #[test]
    fn flat_and_left_handed_boxes_are_refused() {
        let e = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.0]];
        assert!(Rotation::of(e).unwrap_err().message.contains("co-planar"));
        let e = [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]];
        assert!(
            Rotation::of(e)
                .unwrap_err()
                .message
                .contains("right-handed")
        );
        assert!(Rotation::from_rows([[1.0, 0.0, 0.0]; 3]).is_err());
    }
}
