//! General triclinic boxes: rotation into the orientation with a along x and b in the xy plane.

use crate::error::{Error, Result};
use crate::io::data::General;
use nalgebra::{Matrix3, Vector3};

/// A restricted box and the rotation into it.
#[derive(Debug, Clone)]
pub(super) struct Rotated {
    /// Edge lengths lx, ly, lz.
    pub lengths: [f64; 3],
    /// Tilts xy, xz, yz.
    pub tilt: [f64; 3],
    origin: Vector3<f64>,
    rotation: Matrix3<f64>,
}

/// Rotates a general box; its origin stays where it is.
///
/// # Errors
/// The vectors are left-handed or have no volume.
pub(super) fn rotate(g: &General) -> Result<Rotated> {
    let [a, b, c] = g.vectors.map(Vector3::from);
    if a.cross(&b).dot(&c) <= 0.0 {
        return Err(
            Error::input("General triclinic box edge vectors must be right-handed")
                .help("swap two of avec, bvec, cvec, or reverse one"),
        );
    }
    // Rows of the rotation: unit vectors along a, in the plane of a and b, and normal to it.
    let ex = a.normalize();
    let ez = a.cross(&b).normalize();
    let ey = ez.cross(&ex);
    let rotation = Matrix3::from_rows(&[ex.transpose(), ey.transpose(), ez.transpose()]);
    Ok(Rotated {
        lengths: [a.norm(), ey.dot(&b), ez.dot(&c)],
        tilt: [ex.dot(&b), ex.dot(&c), ey.dot(&c)],
        origin: Vector3::from(g.origin),
        rotation,
    })
}

impl Rotated {
    /// A position in the restricted frame.
    pub(super) fn position(&self, x: [f64; 3]) -> [f64; 3] {
        (self.rotation * (Vector3::from(x) - self.origin) + self.origin).into()
    }

    /// A velocity in the restricted frame.
    pub(super) fn direction(&self, v: [f64; 3]) -> [f64; 3] {
        (self.rotation * Vector3::from(v)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_angles_and_positions_survive_the_rotation() {
        let g = General {
            vectors: [[0.0, 2.0, 0.0], [-3.0, 1.0, 0.0], [0.5, 0.4, 4.0]],
            origin: [1.0, 2.0, 3.0],
        };
        let r = rotate(&g).unwrap();
        assert!((r.lengths[0] - 2.0).abs() < 1e-15 && (r.lengths[1] - 3.0).abs() < 1e-15);
        assert!(
            (r.tilt[0] - 1.0).abs() < 1e-15
                && (r.tilt[1] - 0.4).abs() < 1e-15
                && (r.tilt[2] + 0.5).abs() < 1e-15
        );
        let corner = r.position([1.0 - 3.0, 2.0 + 1.0, 3.0]);
        for (c, e) in corner.iter().zip([1.0 + 1.0, 2.0 + 3.0, 3.0]) {
            assert!((c - e).abs() < 1e-14);
        }
        let mut left = g;
        left.vectors.swap(0, 1);
        assert!(rotate(&left).is_err());
    }
}
