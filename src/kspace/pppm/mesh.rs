//! Size of the mesh and splitting parameter: error estimates of particle-particle particle-mesh sums with
//! differentiation in reciprocal space. Deserno and Holm, J. Chem. Phys. 109, 7678 (1998),
//! doi:10.1063/1.477414, table II; the search follows what LAMMPS' log shows. With differentiated assignment functions
//! the error is a sum over the mesh ([`squared_error`]).

use super::super::RealSpace;
use super::super::setup::{Charges, Lattice, real_error};
use super::analytic::squared_error;
use crate::error::{Error, Result};
use std::f64::consts::PI;

/// Largest number of points along one direction.
const LARGEST: usize = 16384;

/// Coefficients a_m of the error of order p.
const SERIES: [&[f64]; 8] = [
    &[],
    &[2.0 / 3.0],
    &[1.0 / 50.0, 5.0 / 294.0],
    &[1.0 / 588.0, 7.0 / 1440.0, 21.0 / 3872.0],
    &[
        1.0 / 4320.0,
        3.0 / 1936.0,
        7601.0 / 2_271_360.0,
        143.0 / 28800.0,
    ],
    &[
        1.0 / 23232.0,
        7601.0 / 13_628_160.0,
        143.0 / 69120.0,
        517_231.0 / 106_536_960.0,
        106_640_677.0 / 11_737_571_328.0,
    ],
    &[
        691.0 / 68_140_800.0,
        13.0 / 57600.0,
        47021.0 / 35_512_320.0,
        9_694_607.0 / 2_095_994_880.0,
        733_191_589.0 / 59_609_088_000.0,
        326_190_917.0 / 11_700_633_600.0,
    ],
    &[
        1.0 / 345_600.0,
        3617.0 / 35_512_320.0,
        745_739.0 / 838_397_952.0,
        56_399_353.0 / 12_773_376_000.0,
        25_091_609.0 / 1_560_084_480.0,
        1_755_948_832_039.0 / 36_229_939_200_000.0,
        4_887_769_399.0 / 37_838_389_248.0,
    ],
];

/// What the choice depends on.
pub struct Choice<'a> {
    /// Order of charge assignment.
    pub order: usize,
    /// Absolute accuracy, force units.
    pub accuracy: f64,
    /// Charges of the system.
    pub charges: &'a Charges,
    /// The cell.
    pub lattice: &'a Lattice,
    /// The pair style's part.
    pub real: RealSpace,
    /// Forces by differentiated assignment functions.
    pub analytic: bool,
}

/// Whether FFTs of `n` points are fast.
fn factorable(mut n: usize) -> bool {
    for f in [2, 3, 5] {
        while n > 1 && n.is_multiple_of(f) {
            n /= f;
        }
    }
    n == 1
}

/// The smallest number from `n` on for which FFTs are fast.
pub fn raised(mut n: usize) -> usize {
    while !factorable(n) {
        n += 1;
    }
    n
}

impl Choice<'_> {
    /// Error along one direction of length `length` with points `h` apart.
    fn error_along(&self, h: f64, length: f64, g: f64) -> f64 {
        let x = h * g;
        let sum: f64 = SERIES[self.order]
            .iter()
            .enumerate()
            .map(|(m, a)| a * x.powi(2 * m as i32))
            .sum();
        self.charges.q2()
            * x.powi(self.order as i32)
            * (g * length * (2.0 * PI).sqrt() * sum / self.charges.n).sqrt()
            / (length * length)
    }

    /// Points along x, y, z.
    ///
    /// # Errors
    /// The mesh would be too large.
    pub fn mesh(&self, g: f64) -> Result<[usize; 3]> {
        let e = self.lattice.extended;
        let mut n = if self.analytic {
            self.uniform(g)?
        } else {
            e.map(|length| self.points_along(length, g))
        };
        if self.lattice.tilt != [0.0; 3] {
            let per: [f64; 3] = std::array::from_fn(|k| n[k] as f64 / e[k]);
            n = self.lattice.skewed(per).map(|n| n as usize + 1);
        }
        let n = n.map(raised);
        check(n)?;
        Ok(n)
    }

    /// Points along a direction of length `length` for the accuracy.
    fn points_along(&self, length: f64, g: f64) -> usize {
        let mut h = 1.0 / g;
        let mut n = (length / h) as usize + 1;
        let mut error = self.error_along(h, length, g);
        while error > self.accuracy && n < LARGEST {
            error = self.error_along(h, length, g);
            n += 1;
            h = length / n as f64;
        }
        n
    }

    /// The coarsest mesh of nearly the same spacing along x, y, z with the accuracy.
    ///
    /// # Errors
    /// There is none of a reasonable size.
    fn uniform(&self, g: f64) -> Result<[usize; 3]> {
        let mut h = 4.0 / g;
        for _ in 0..500 {
            let n = self.lattice.extended.map(|l| ((l / h) as usize).max(2));
            check(n)?;
            if self.mesh_error(n, g) <= self.accuracy {
                return Ok(n);
            }
            h *= 0.95;
        }
        Err(Error::input("Could not compute grid size")
            .help("lower the accuracy of kspace_style, or use kspace_modify diff ik"))
    }

    /// Distances between mesh planes along x, y, z.
    fn spacing(&self, n: [usize; 3]) -> [f64; 3] {
        let w = self.lattice.wave(n.map(|n| n as f64));
        w.map(|w| 2.0 * PI / w)
    }

    /// Error of the mesh.
    pub fn mesh_error(&self, n: [usize; 3], g: f64) -> f64 {
        if self.analytic {
            let square = squared_error(n, self.order, g, self.lattice);
            return (square / self.charges.n).sqrt() * self.charges.q2() / self.lattice.volume();
        }
        let (h, e) = (self.spacing(n), self.lattice.extended);
        let sum: f64 = (0..3)
            .map(|k| self.error_along(h[k], e[k], g).powi(2))
            .sum();
        (sum / 3.0).sqrt()
    }

    /// Error of the real-space part.
    pub fn real_error(&self, g: f64) -> f64 {
        real_error(
            g,
            self.charges,
            self.lattice.true_volume(),
            self.real.cutoff,
        )
    }

    /// Newton iterations for the splitting parameter at which both errors are equal.
    ///
    /// # Errors
    /// They do not converge.
    pub fn adjusted(&self, n: [usize; 3], mut g: f64) -> Result<f64> {
        const STEP: f64 = 1.0e-6;
        let f = |g: f64| self.real_error(g) - self.mesh_error(n, g);
        for _ in 0..10_000 {
            g -= f(g) * STEP / (f(g + STEP) - f(g));
            if !g.is_finite() {
                break;
            }
            if f(g).abs() < 1.0e-5 {
                return Ok(g);
            }
        }
        Err(Error::input("Could not compute g_ewald")
            .help("give kspace_modify gewald or mesh, or another accuracy"))
    }
}

/// Refuses meshes that are too large.
///
/// # Errors
/// As it says.
pub fn check(n: [usize; 3]) -> Result<()> {
    if n.iter().any(|&n| n >= LARGEST) || n.iter().product::<usize>() > 1 << 29 {
        return Err(Error::input(format!(
            "PPPM grid is too large: {} {} {} points",
            n[0], n[1], n[2]
        ))
        .help("lower the accuracy of kspace_style, or raise the pair style's Coulomb cutoff"));
    }
    Ok(())
}
