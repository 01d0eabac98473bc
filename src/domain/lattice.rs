//! Lattices: unit cell, basis, orientation and spacings, as the `lattice` command defines them.
//!
//! A point with fractional coordinates s of the unit cell lies at R (scale A s) + origin * spacing, where
//! the columns of A are a1, a2, a3 and the rows of R are the normalised orientation vectors. The order of
//! operations is fixed: random streams that depend on positions need them to the last bit. A lattice of a
//! general triclinic box is one of the box as it was defined; only its spacings are those of the restricted form. May
//! import `general` and the bottom modules only.

use super::general::Rotation;
use crate::error::{Error, Result};

/// A lattice; lengths in distance units.
#[derive(Debug, Clone, PartialEq)]
pub struct Lattice {
    /// Name of the style.
    pub style: String,
    /// Lattice spacings in x, y, z (`xlat`, `ylat`, `zlat`).
    pub spacing: [f64; 3],
    /// Unit vectors a1, a2, a3 as rows, before scaling and rotation.
    pub vectors: [[f64; 3]; 3],
    /// Factor from the unit vectors to distance units.
    pub scale: f64,
    /// Rows: the directions of the lattice that lie along x, y, z of the box.
    pub rotation: [[f64; 3]; 3],
    /// Basis atoms in fractions of the unit cell.
    pub basis: Vec<[f64; 3]>,
    /// Origin in fractions of the spacings.
    pub origin: [f64; 3],
    /// Whether it is the lattice of a general triclinic box.
    pub general: bool,
}

/// What a lattice is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// Style name, one of [`STYLES`].
    pub style: String,
    /// Lattice constant, or the reduced density in `units lj`.
    pub scale: f64,
    /// `a1`, `a2`, `a3` (style custom only).
    pub vectors: [Option<[f64; 3]>; 3],
    /// `basis` (style custom only).
    pub basis: Vec<[f64; 3]>,
    /// `origin`
    pub origin: [f64; 3],
    /// `orient x|y|z`
    pub orient: [[i32; 3]; 3],
    /// `spacing`
    pub spacing: Option<[f64; 3]>,
    /// `triclinic/general`
    pub general: bool,
}

/// The styles with a basis.
pub const STYLES: &[&str] = &[
    "none", "sc", "bcc", "fcc", "hcp", "diamond", "sq", "sq2", "hex", "custom",
];

const FCC: &[[f64; 3]] = &[
    [0.0, 0.0, 0.0],
    [0.5, 0.5, 0.0],
    [0.5, 0.0, 0.5],
    [0.0, 0.5, 0.5],
];
const HCP: &[[f64; 3]] = &[
    [0.0, 0.0, 0.0],
    [0.5, 0.5, 0.0],
    [0.5, 5.0 / 6.0, 0.5],
    [0.0, 1.0 / 3.0, 0.5],
];
const DIAMOND: &[[f64; 3]] = &[
    [0.0, 0.0, 0.0],
    [0.0, 0.5, 0.5],
    [0.5, 0.0, 0.5],
    [0.5, 0.5, 0.0],
    [0.25, 0.25, 0.25],
    [0.25, 0.75, 0.75],
    [0.75, 0.25, 0.75],
    [0.75, 0.75, 0.25],
];

impl Definition {
    /// A lattice of this style and scale, unrotated, with its origin at zero.
    pub fn new(style: &str, scale: f64) -> Self {
        Self {
            style: style.to_string(),
            scale,
            vectors: [None; 3],
            basis: Vec::new(),
            origin: [0.0; 3],
            orient: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
            spacing: None,
            general: false,
        }
    }

    fn standard_basis(&self) -> Vec<[f64; 3]> {
        match self.style.as_str() {
            "sc" | "sq" => vec![[0.0; 3]],
            "bcc" => vec![[0.0; 3], [0.5; 3]],
            "fcc" => FCC.to_vec(),
            "hcp" => HCP.to_vec(),
            "diamond" => DIAMOND.to_vec(),
            "sq2" | "hex" => vec![[0.0; 3], [0.5, 0.5, 0.0]],
            _ => self.basis.clone(),
        }
    }

    fn unit_vectors(&self) -> [[f64; 3]; 3] {
        let mut a = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        match self.style.as_str() {
            "hex" => a[1][1] = 3f64.sqrt(),
            "hcp" => {
                a[1][1] = 3f64.sqrt();
                a[2][2] = (8f64 / 3.0).sqrt();
            }
            "custom" => (0..3).for_each(|k| a[k] = self.vectors[k].unwrap_or(a[k])),
            _ => {}
        }
        a
    }

    fn check(&self, dimension: u8) -> Result<()> {
        let two = ["sq", "sq2", "hex"].contains(&self.style.as_str());
        let three = ["sc", "bcc", "fcc", "hcp", "diamond"].contains(&self.style.as_str());
        if (dimension == 2 && three) || (dimension == 3 && two) {
            return Err(Error::input(format!(
                "Lattice style {} is incompatible with simulation dimension {dimension}",
                self.style
            ))
            .at(0));
        }
        let custom = self.style == "custom";
        if !custom && (self.vectors.iter().any(Option::is_some) || !self.basis.is_empty()) {
            return Err(Error::input(format!(
                "Invalid lattice option a1, a2, a3 or basis for style {}",
                self.style
            ))
            .help("only style custom has them"));
        }
        if custom && self.basis.is_empty() {
            return Err(Error::input("No basis atoms in lattice").help("add: basis 0 0 0"));
        }
        let unit = |v: &[f64; 3]| v.iter().all(|c| (0.0..1.0).contains(c));
        if !self.basis.iter().all(unit) || !unit(&self.origin) {
            return Err(Error::input(
                "Lattice basis and origin must lie in 0 <= value < 1",
            ));
        }
        let flat = self.vectors[0].is_some_and(|a| a[2] != 0.0)
            || self.vectors[1].is_some_and(|a| a[2] != 0.0)
            || self.vectors[2].is_some_and(|a| a[0] != 0.0 || a[1] != 0.0);
        if dimension == 2 && (flat || self.origin[2] != 0.0) {
            return Err(Error::input(
                "Lattice settings are not compatible with 2d simulation",
            ));
        }
        if self.general {
            self.check_general(dimension)?;
        }
        Ok(())
    }

    /// What `triclinic/general` asks for.
    fn check_general(&self, dimension: u8) -> Result<()> {
        let identity = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
        let c = self.unit_vectors()[2];
        let broken = [
            (self.style != "custom", "must be style = CUSTOM"),
            (self.origin != [0.0; 3], "must have default origin"),
            (self.orient != identity, "must have default orientation"),
            (
                dimension == 2 && c != [0.0, 0.0, 1.0],
                "a3 vector for a 2d simulation must be (0,0,1)",
            ),
            (
                triple_product(self.unit_vectors()) < 0.0,
                "a1,a2,a3 must be right-handed",
            ),
        ];
        match broken.iter().find(|b| b.0) {
            Some((_, what)) => Err(Error::input(format!("Lattice triclinic/general {what}"))),
            None => Ok(()),
        }
    }

    fn rotation(&self) -> Result<[[f64; 3]; 3]> {
        let [x, y, z] = self.orient;
        let dot = |a: [i32; 3], b: [i32; 3]| -> i64 {
            (0..3).map(|k| i64::from(a[k]) * i64::from(b[k])).sum()
        };
        if dot(x, y) != 0 || dot(y, z) != 0 || dot(x, z) != 0 {
            return Err(Error::input("Lattice orient vectors are not orthogonal"));
        }
        let cross = |i: usize, j: usize| {
            i64::from(x[i]) * i64::from(y[j]) - i64::from(x[j]) * i64::from(y[i])
        };
        let triple = cross(1, 2) * i64::from(z[0])
            + cross(2, 0) * i64::from(z[1])
            + cross(0, 1) * i64::from(z[2]);
        if triple <= 0 {
            return Err(Error::input("Lattice orient vectors are not right-handed"));
        }
        Ok(self.orient.map(|row| {
            let length = (dot(row, row) as f64).sqrt();
            row.map(|c| f64::from(c) / length)
        }))
    }

    /// Makes the lattice. `reduced_density` says that `scale` is one (`units lj`).
    ///
    /// # Errors
    /// The settings contradict each other or the dimension.
    pub fn build(&self, dimension: u8, reduced_density: bool) -> Result<Lattice> {
        if self.scale <= 0.0 {
            return Err(Error::input("Lattice scale must be positive").at(1));
        }
        if self.style == "none" {
            return Ok(Lattice {
                style: self.style.clone(),
                spacing: [self.scale; 3],
                vectors: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
                scale: self.scale,
                rotation: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
                basis: Vec::new(),
                origin: [0.0; 3],
                general: false,
            });
        }
        self.check(dimension)?;
        let mut lattice = Lattice {
            style: self.style.clone(),
            spacing: [0.0; 3],
            vectors: self.unit_vectors(),
            scale: self.scale,
            rotation: self.rotation()?,
            basis: self.standard_basis(),
            origin: self.origin,
            general: self.general,
        };
        let volume = triple_product(lattice.vectors);
        if volume == 0.0 {
            return Err(Error::input("Lattice primitive vectors are collinear"));
        }
        if reduced_density {
            // a = (n / (V rho))^(1/d)
            lattice.scale = (lattice.basis.len() as f64 / volume.abs() / self.scale)
                .powf(1.0 / f64::from(dimension));
        }
        lattice.spacing = match self.spacing {
            Some(s) => s.map(|v| v * lattice.scale),
            None if self.general => {
                let rotation = Rotation::of(lattice.vectors)?;
                let vectors = lattice.vectors.map(|a| rotation.to_restricted(a));
                let restricted = Lattice {
                    vectors,
                    ..lattice.clone()
                };
                restricted.extent()
            }
            None => lattice.extent(),
        };
        Ok(lattice)
    }
}

fn triple_product([a, b, c]: [[f64; 3]; 3]) -> f64 {
    a[0] * (b[1] * c[2] - b[2] * c[1])
        + a[1] * (b[2] * c[0] - b[0] * c[2])
        + a[2] * (b[0] * c[1] - b[1] * c[0])
}

impl Lattice {
    /// The setting before any `lattice` command: no basis, spacing 1.
    pub fn undefined() -> Self {
        Self {
            style: "none".into(),
            spacing: [1.0; 3],
            vectors: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            scale: 1.0,
            rotation: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            basis: Vec::new(),
            origin: [0.0; 3],
            general: false,
        }
    }

    /// Position of fractional coordinates, without the origin of an undefined spacing.
    pub fn to_box(&self, s: [f64; 3]) -> [f64; 3] {
        let a = &self.vectors;
        let p = [0, 1, 2].map(|k| (a[0][k] * s[0] + a[1][k] * s[1] + a[2][k] * s[2]) * self.scale);
        let r = &self.rotation;
        [0, 1, 2].map(|k| {
            r[k][0] * p[0] + r[k][1] * p[1] + r[k][2] * p[2] + self.spacing[k] * self.origin[k]
        })
    }

    /// Fractional coordinates of a position, for bounds of loops over cells.
    pub fn from_box(&self, x: [f64; 3]) -> [f64; 3] {
        let d = [0, 1, 2].map(|k| x[k] - self.spacing[k] * self.origin[k]);
        let r = &self.rotation;
        let p = [0, 1, 2].map(|k| (r[0][k] * d[0] + r[1][k] * d[1] + r[2][k] * d[2]) / self.scale);
        let [a, b, c] = self.vectors;
        let v = triple_product([a, b, c]);
        [
            triple_product([p, b, c]) / v,
            triple_product([a, p, c]) / v,
            triple_product([a, b, p]) / v,
        ]
    }

    /// Edges of the bounding box of the rotated unit cell.
    fn extent(&self) -> [f64; 3] {
        let mut lo = [f64::INFINITY; 3];
        let mut hi = [f64::NEG_INFINITY; 3];
        for corner in 0..8 {
            let s = [0, 1, 2].map(|k| f64::from((corner >> k) & 1));
            let x = self.to_box(s);
            for k in 0..3 {
                lo[k] = lo[k].min(x[k]);
                hi[k] = hi[k].max(x[k]);
            }
        }
        [hi[0] - lo[0], hi[1] - lo[1], hi[2] - lo[2]]
    }

    /// Ranges of cell indices along a1, a2, a3 that cover the hexahedron with these corners.
    ///
    /// # Errors
    /// There would be more than 2^31 cells along a direction.
    pub fn covering(&self, corners: [[f64; 3]; 8]) -> Result<[(i64, i64); 3]> {
        let mut range = [(i64::MAX, i64::MIN); 3];
        for x in corners {
            for (k, s) in self.from_box(x).into_iter().enumerate() {
                if !s.is_finite() || s.abs() > f64::from(i32::MAX) {
                    return Err(Error::input("Too many lattice points in the box"));
                }
                range[k].0 = range[k].0.min(s.floor() as i64 - 1);
                range[k].1 = range[k].1.max(s.ceil() as i64 + 1);
            }
        }
        Ok(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_a_reduced_density_in_lj_units() {
        let l = Definition::new("fcc", 0.8442).build(3, true).unwrap();
        // Four cells of the box in LAMMPS 22 Jul 2025 (units lj, lattice fcc 0.8442).
        assert!(
            (4.0 * l.spacing[0] - 6.718384765530029).abs() < 1e-12,
            "{}",
            4.0 * l.spacing[0]
        );
        let h = Definition::new("hcp", 1.0).build(3, true).unwrap();
        for (got, expected) in
            h.spacing
                .iter()
                .zip([1.122462048309373, 1.9441612972396656, 1.8329728493314703])
        {
            assert!((got - expected).abs() < 1e-14);
        }
    }

    #[test]
    fn spacings_are_those_of_the_rotated_cell_or_as_given() {
        let mut d = Definition::new("sc", 2.0);
        d.orient = [[1, 1, 0], [-1, 1, 0], [0, 0, 1]];
        let l = d.build(3, false).unwrap();
        assert!((l.spacing[0] - 8f64.sqrt()).abs() < 1e-14 && (l.spacing[2] - 2.0).abs() < 1e-15);
        d.spacing = Some([1.5, 1.6, 1.7]);
        assert_eq!(d.build(3, false).unwrap().spacing, [3.0, 3.2, 3.4]);
    }

    #[test]
    fn box_and_lattice_coordinates_are_inverse() {
        let mut d = Definition::new("custom", 3.1);
        d.vectors = [
            Some([1.0, 0.2, 0.0]),
            Some([0.0, 1.1, 0.1]),
            Some([0.3, 0.0, 1.2]),
        ];
        d.basis = vec![[0.0; 3]];
        d.origin = [0.1, 0.2, 0.3];
        d.orient = [[1, 1, 0], [-1, 1, 0], [0, 0, 1]];
        let l = d.build(3, false).unwrap();
        let s = [0.3, -1.7, 4.2];
        let back = l.from_box(l.to_box(s));
        assert!((0..3).all(|k| (back[k] - s[k]).abs() < 1e-13), "{back:?}");
    }

    #[test]
    fn spacings_of_a_general_lattice_are_those_of_its_restricted_form() {
        let mut d = Definition::new("custom", 3.0);
        d.vectors = [
            Some([1.0, 0.2, 0.1]),
            Some([0.3, 1.0, -0.2]),
            Some([0.1, 0.2, 1.0]),
        ];
        d.basis = vec![[0.0; 3]];
        d.general = true;
        // As LAMMPS 22 Jul 2025 prints them.
        let expected = [5.1820294, 3.1133272, 2.9821938];
        let l = d.build(3, false).unwrap();
        assert!((0..3).all(|k| (l.spacing[k] - expected[k]).abs() < 5e-8));
        d.origin = [0.5, 0.0, 0.0];
        assert!(d.build(3, false).unwrap_err().message.contains("origin"));
        d.origin = [0.0; 3];
        d.vectors.swap(0, 1);
        assert!(
            d.build(3, false)
                .unwrap_err()
                .message
                .contains("right-handed")
        );
    }

    #[test]
    fn contradictions_are_refused() {
        assert!(Definition::new("fcc", 1.0).build(2, true).is_err());
        assert!(Definition::new("sq", 1.0).build(3, true).is_err());
        assert!(Definition::new("custom", 1.0).build(3, true).is_err());
        let mut d = Definition::new("sc", 1.0);
        d.orient = [[0, 1, 0], [1, 0, 0], [0, 0, 1]];
        assert!(
            d.build(3, false)
                .unwrap_err()
                .message
                .contains("right-handed")
        );
        d.orient = [[1, 1, 0], [0, 1, 0], [0, 0, 1]];
        assert!(
            d.build(3, false)
                .unwrap_err()
                .message
                .contains("orthogonal")
        );
    }
}
