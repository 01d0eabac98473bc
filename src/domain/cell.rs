//! The simulation cell: restricted triclinic box, boundaries, periodic images.

use super::general::Rotation;
use crate::error::{Error, Result};

/// What happens at one face of the cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// Periodic (`p`).
    Periodic,
    /// Fixed; atoms beyond are lost (`f`).
    Fixed,
    /// Follows the outermost atom (`s`).
    Shrink,
    /// Follows the outermost atom, but never inside the initial bound (`m`).
    ShrinkMinimum,
}

impl Boundary {
    /// LAMMPS' letter.
    pub fn letter(self) -> char {
        match self {
            Self::Periodic => 'p',
            Self::Fixed => 'f',
            Self::Shrink => 's',
            Self::ShrinkMinimum => 'm',
        }
    }
}

/// The cell with edge vectors a = (lx,0,0), b = (xy,ly,0), c = (xz,yz,lz), length units.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Lower corner.
    pub lo: [f64; 3],
    /// Upper corner of the orthogonal part.
    pub hi: [f64; 3],
    /// Tilt factors xy, xz, yz.
    pub tilt: [f64; 3],
    /// Whether the cell was made triclinic, even if the tilts are zero now.
    pub triclinic: bool,
    /// Boundary of the lower and upper face in x, y, z.
    pub boundary: [[Boundary; 2]; 3],
    /// Initial bounds, which `m` boundaries do not go inside of.
    pub minimum: [[f64; 2]; 3],
    /// Rotation from the orientation in which a general triclinic box was defined. It stays when the box changes.
    pub rotation: Option<Rotation>,
}

impl Cell {
    /// An orthogonal cell.
    pub fn orthogonal(lo: [f64; 3], hi: [f64; 3], boundary: [[Boundary; 2]; 3]) -> Self {
        let minimum = [[lo[0], hi[0]], [lo[1], hi[1]], [lo[2], hi[2]]];
        Self {
            lo,
            hi,
            tilt: [0.0; 3],
            triclinic: false,
            boundary,
            minimum,
            rotation: None,
        }
    }

    /// Edge lengths lx, ly, lz of the orthogonal part.
    pub fn lengths(&self) -> [f64; 3] {
        [
            self.hi[0] - self.lo[0],
            self.hi[1] - self.lo[1],
            self.hi[2] - self.lo[2],
        ]
    }

    /// Edge vectors as rows.
    pub fn vectors(&self) -> [[f64; 3]; 3] {
        let l = self.lengths();
        [
            [l[0], 0.0, 0.0],
            [self.tilt[0], l[1], 0.0],
            [self.tilt[1], self.tilt[2], l[2]],
        ]
    }

    /// Volume (area in two dimensions).
    pub fn volume(&self, dimension: u8) -> f64 {
        let l = self.lengths();
        if dimension == 2 {
            l[0] * l[1]
        } else {
            l[0] * l[1] * l[2]
        }
    }

    /// Whether direction `k` is periodic.
    pub fn periodic(&self, k: usize) -> bool {
        self.boundary[k][0] == Boundary::Periodic
    }

    /// Fractional coordinates of `x`: 0..1 inside the cell.
    pub fn to_fractional(&self, x: [f64; 3]) -> [f64; 3] {
        let l = self.lengths();
        let d = [x[0] - self.lo[0], x[1] - self.lo[1], x[2] - self.lo[2]];
        let c = d[2] / l[2];
        let b = (d[1] - self.tilt[2] * c) / l[1];
        let a = (d[0] - self.tilt[0] * b - self.tilt[1] * c) / l[0];
        [a, b, c]
    }

    /// Fractional coordinates from products with the inverse cell, which round as those of LAMMPS do: they decide to
    /// which bin an atom on an edge belongs, and the last digits in dumps.
    pub fn fractional_by_inverse(&self, x: [f64; 3]) -> [f64; 3] {
        let l = self.lengths();
        let [xy, xz, yz] = self.tilt;
        let d = [x[0] - self.lo[0], x[1] - self.lo[1], x[2] - self.lo[2]];
        let i = l.map(|l| 1.0 / l);
        if !self.triclinic {
            return [d[0] * i[0], d[1] * i[1], d[2] * i[2]];
        }
        let (i3, i5) = (-yz / (l[1] * l[2]), -xy / (l[0] * l[1]));
        let i4 = (yz * xy - l[1] * xz) / (l[0] * l[1] * l[2]);
        [
            i[0] * d[0] + i5 * d[1] + i4 * d[2],
            i[1] * d[1] + i3 * d[2],
            i[2] * d[2],
        ]
    }

    /// Cartesian coordinates of fractional ones.
    pub fn to_cartesian(&self, s: [f64; 3]) -> [f64; 3] {
        let l = self.lengths();
        [
            l[0] * s[0] + self.tilt[0] * s[1] + self.tilt[1] * s[2] + self.lo[0],
            l[1] * s[1] + self.tilt[2] * s[2] + self.lo[1],
            l[2] * s[2] + self.lo[2],
        ]
    }

    /// The vector of a periodic image, `n` cells along each edge.
    pub fn shift(&self, n: [i32; 3]) -> [f64; 3] {
        let l = self.lengths();
        let [a, b, c] = n.map(f64::from);
        [
            a * l[0] + b * self.tilt[0] + c * self.tilt[1],
            b * l[1] + c * self.tilt[2],
            c * l[2],
        ]
    }

    /// Position without periodic wrapping: `x` plus the vector of its image flags.
    pub fn unwrap(&self, x: [f64; 3], image: [i32; 3]) -> [f64; 3] {
        let s = self.shift(image);
        [x[0] + s[0], x[1] + s[1], x[2] + s[2]]
    }

    /// Wraps `x` into the cell along periodic directions and counts the crossings in `image`.
    pub fn wrap(&self, x: &mut [f64; 3], image: &mut [i32; 3]) {
        if self.triclinic {
            self.wrap_triclinic(x, image);
            return;
        }
        for k in 0..3 {
            if !self.periodic(k) {
                continue;
            }
            let l = self.hi[k] - self.lo[k];
            while x[k] < self.lo[k] {
                let n = ((self.lo[k] - x[k]) / l).floor().max(1.0);
                x[k] += n * l;
                image[k] -= n as i32;
            }
            while x[k] >= self.hi[k] {
                let n = ((x[k] - self.hi[k]) / l).floor().max(1.0);
                x[k] -= n * l;
                image[k] += n as i32;
            }
            x[k] = x[k].max(self.lo[k]);
        }
    }

    fn wrap_triclinic(&self, x: &mut [f64; 3], image: &mut [i32; 3]) {
        let mut s = self.fractional_by_inverse(*x);
        let outside = |k: usize| self.periodic(k) && !(0.0..1.0).contains(&s[k]);
        if (0..3).any(outside) {
            self.wrap_fractional(&mut s, image);
            *x = self.to_cartesian(s);
        }
    }

    /// Brings fractional coordinates along periodic edges into 0 <= s < 1 and counts the cells in `image`.
    fn wrap_fractional(&self, s: &mut [f64; 3], image: &mut [i32; 3]) {
        for k in 0..3 {
            if self.periodic(k) && !(0.0..1.0).contains(&s[k]) {
                let n = s[k].floor();
                s[k] = (s[k] - n).max(0.0);
                image[k] += n as i32;
                if s[k] >= 1.0 {
                    // A tiny negative fraction rounds up to the upper face.
                    s[k] -= 1.0;
                    image[k] += 1;
                }
            }
        }
    }

    /// Wraps an atom that is read, copied or displaced. Positions in a triclinic cell take the way through
    /// fractional coordinates even if they lie inside, as in LAMMPS: random streams that start from a
    /// position (`velocity loop geom`, `set type/fraction`) need its last bit.
    pub fn remap(&self, x: &mut [f64; 3], image: &mut [i32; 3]) {
        if !self.triclinic {
            return self.wrap(x, image);
        }
        let mut s = self.fractional_by_inverse(*x);
        self.wrap_fractional(&mut s, image);
        *x = self.to_cartesian(s);
    }

    /// The shortest periodic image of the difference `d` (exact for cells that are not too skewed).
    pub fn minimum_image(&self, d: [f64; 3]) -> [f64; 3] {
        let l = self.lengths();
        let mut r = d;
        for k in (0..3).rev() {
            if self.periodic(k) {
                let n = (r[k] / l[k]).round();
                if n != 0.0 {
                    let mut m = [0i32; 3];
                    m[k] = n as i32;
                    let s = self.shift(m);
                    (0..3).for_each(|j| r[j] -= s[j]);
                }
            }
        }
        r
    }

    /// Distances between opposite faces.
    pub fn heights(&self) -> [f64; 3] {
        let v = self.vectors();
        let volume = self.volume(3);
        let cross = |a: [f64; 3], b: [f64; 3]| {
            let c = [
                a[1] * b[2] - a[2] * b[1],
                a[2] * b[0] - a[0] * b[2],
                a[0] * b[1] - a[1] * b[0],
            ];
            (c[0] * c[0] + c[1] * c[1] + c[2] * c[2]).sqrt()
        };
        [
            volume / cross(v[1], v[2]),
            volume / cross(v[2], v[0]),
            volume / cross(v[0], v[1]),
        ]
    }

    /// Corners of the orthogonal box around the cell.
    pub fn bounds(&self) -> ([f64; 3], [f64; 3]) {
        let [xy, xz, yz] = self.tilt;
        // One tilt after the other, for the last bit.
        let below = |v: f64, tilt: f64| v.min(v + tilt);
        let above = |v: f64, tilt: f64| v.max(v + tilt);
        let lo = [
            below(below(self.lo[0], xy), xz),
            below(self.lo[1], yz),
            self.lo[2],
        ];
        let hi = [
            above(above(self.hi[0], xy), xz),
            above(self.hi[1], yz),
            self.hi[2],
        ];
        (lo, hi)
    }

    /// Refuses cells without volume or with non-finite bounds.
    ///
    /// # Errors
    /// Names the direction.
    pub fn validate(&self) -> Result<()> {
        for (k, name) in ["x", "y", "z"].iter().enumerate() {
            let l = self.hi[k] - self.lo[k];
            if !l.is_finite() || l <= 0.0 {
                return Err(Error::input(format!(
                    "Box bounds are invalid or missing: {name}lo {} {name}hi {}",
                    self.lo[k], self.hi[k]
                )));
            }
        }
        if self.tilt.iter().any(|t| !t.is_finite()) {
            return Err(Error::input("Box tilt factors are not finite"));
        }
        Ok(())
    }
}
