//! Coulomb formulas of pairwise styles: none, with a plain cutoff, screened, damped and shifted, Wolf, and the
//! real-space part of Ewald sums.

use super::Distance;
use super::long_table::LongTable;
use crate::domain::State;
use crate::error::{Error, Result};
use crate::pair::PairModify;
use libm::erfc;
use std::f64::consts::PI;

/// A Coulomb formula.
pub trait Coulomb: Clone + Send + Sync + 'static {
    /// Whether there is one at all.
    const CHARGES: bool = true;
    /// Whether `pair_coeff` may give a cutoff.
    const CUTOFF_PER_PAIR: bool = false;
    /// Whether pairs that `special_bonds` excludes still contribute, because the sum has them elsewhere.
    const KEEPS_EXCLUDED: bool = false;
    /// Whether a kspace style supplies the rest.
    const LONG: bool = false;

    /// Prepares constants and tables for the global cutoff `cut`.
    ///
    /// # Errors
    /// Something is missing, e.g. the kspace style.
    fn init(&mut self, state: &State, modify: &PairModify, cut: f64) -> Result<()>;

    /// F/r and energy for the product of charges `qq`; `special` is the factor of `special_bonds`.
    fn pair(&self, d: Distance, qq: f64, special: f64) -> (f64, f64);

    /// Energy of a charge with itself.
    fn self_energy(&self, _q: f64) -> f64 {
        0.0
    }
}

/// erfc(x) for x >= 0, given exp(-x^2): Abramowitz and Stegun, 7.1.26 (error below 1.5e-7), which LAMMPS
/// uses for exact (not tabulated) pairs.
#[inline]
pub(super) fn erfc_polynomial(x: f64, exp: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let p = t * (-1.453_152_027 + t * 1.061_405_429);
    t * (0.254_829_592 + t * (-0.284_496_736 + t * (1.421_413_741 + p))) * exp
}

/// No charges.
#[derive(Debug, Clone, Copy)]
pub struct Uncharged;

impl Coulomb for Uncharged {
    const CHARGES: bool = false;

    fn init(&mut self, _: &State, _: &PairModify, _: f64) -> Result<()> {
        Ok(())
    }

    #[inline]
    fn pair(&self, _: Distance, _: f64, _: f64) -> (f64, f64) {
        (0.0, 0.0)
    }
}

fn constant(state: &State) -> f64 {
    state.units.qqr2e / state.dielectric
}

/// E = C q_i q_j / r with a cutoff.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cut {
    c: f64,
}

impl Coulomb for Cut {
    const CUTOFF_PER_PAIR: bool = true;

    fn init(&mut self, state: &State, _: &PairModify, _: f64) -> Result<()> {
        self.c = constant(state);
        Ok(())
    }

    #[inline]
    fn pair(&self, d: Distance, qq: f64, special: f64) -> (f64, f64) {
        let energy = special * self.c * qq * d.i2.sqrt();
        (energy * d.i2, energy)
    }
}

/// E = C q_i q_j exp(-kappa r) / r with a cutoff.
#[derive(Debug, Clone, Copy)]
pub struct Debye {
    c: f64,
    kappa: f64,
}

impl Debye {
    /// With the inverse screening length.
    pub fn new(kappa: f64) -> Self {
        Self { c: 0.0, kappa }
    }
}

impl Coulomb for Debye {
    const CUTOFF_PER_PAIR: bool = true;

    fn init(&mut self, state: &State, _: &PairModify, _: f64) -> Result<()> {
        self.c = constant(state);
        Ok(())
    }

    #[inline]
    fn pair(&self, d: Distance, qq: f64, special: f64) -> (f64, f64) {
        let r = d.r();
        let screened = special * self.c * qq * (-self.kappa * r).exp();
        let force = screened * (self.kappa + 1.0 / r) * d.i2;
        (force, screened / r)
    }
}

/// Damped shifted force: Fennell and Gezelter, J. Chem. Phys. 124, 234104 (2006), doi:10.1063/1.2206581.
#[derive(Debug, Clone, Copy)]
pub struct Dsf {
    c: f64,
    alpha: f64,
    /// Whether erfc is evaluated to the last digit instead of by the polynomial.
    exact: bool,
    e_shift: f64,
    f_shift: f64,
}

impl Dsf {
    /// With the damping parameter, 1/length; LAMMPS evaluates erfc by a polynomial, but exactly in born/coul/dsf.
    pub fn new(alpha: f64, exact: bool) -> Self {
        Self {
            c: 0.0,
            alpha,
            exact,
            e_shift: 0.0,
            f_shift: 0.0,
        }
    }
}

impl Coulomb for Dsf {
    const KEEPS_EXCLUDED: bool = true;

    fn init(&mut self, state: &State, _: &PairModify, cut: f64) -> Result<()> {
        let a = self.alpha;
        self.c = constant(state);
        let (erfcc, gauss) = (erfc(a * cut), (-a * a * cut * cut).exp());
        self.f_shift = -(erfcc / (cut * cut) + 2.0 / PI.sqrt() * a * gauss / cut);
        self.e_shift = erfcc / cut - self.f_shift * cut;
        Ok(())
    }

    #[inline]
    fn pair(&self, d: Distance, qq: f64, special: f64) -> (f64, f64) {
        let (r, a) = (d.r(), self.alpha);
        let bare = self.c * qq / r;
        let gauss = (-a * a * d.r2).exp();
        let erfcc = if self.exact {
            erfc(a * r)
        } else {
            erfc_polynomial(a * r, gauss)
        };
        let damped = bare * (erfcc / r + 2.0 * a / PI.sqrt() * gauss + r * self.f_shift) * r;
        let excluded = (1.0 - special) * bare;
        let energy = bare * (erfcc - r * self.e_shift - d.r2 * self.f_shift);
        ((damped - excluded) * d.i2, energy - excluded)
    }

    #[inline]
    fn self_energy(&self, q: f64) -> f64 {
        -(0.5 * self.e_shift + self.alpha / PI.sqrt()) * q * q * self.c
    }
}

/// The Wolf sum: Wolf et al., J. Chem. Phys. 110, 8254 (1999), doi:10.1063/1.478738. The energy is shifted to
/// zero at the cutoff and so is the force, which therefore is not quite the energy's derivative; LAMMPS does
/// the same.
#[derive(Debug, Clone, Copy)]
pub struct Wolf {
    c: f64,
    alpha: f64,
    e_shift: f64,
    f_shift: f64,
}

impl Wolf {
    /// With the damping parameter, 1/length.
    pub fn new(alpha: f64) -> Self {
        Self {
            c: 0.0,
            alpha,
            e_shift: 0.0,
            f_shift: 0.0,
        }
    }
}

impl Coulomb for Wolf {
    const KEEPS_EXCLUDED: bool = true;

    fn init(&mut self, state: &State, _: &PairModify, cut: f64) -> Result<()> {
        let a = self.alpha;
        self.c = constant(state);
        self.e_shift = erfc(a * cut) / cut;
        let slope = 2.0 * a / PI.sqrt() * (-a * a * cut * cut).exp();
        self.f_shift = -(self.e_shift + slope) / cut;
        Ok(())
    }

    #[inline]
    fn pair(&self, d: Distance, qq: f64, special: f64) -> (f64, f64) {
        let (r, a) = (d.r(), self.alpha);
        let bare = self.c * qq / r;
        let erfcc = erfc(a * r);
        let gauss = (-a * a * d.r2).exp();
        let slope = erfcc * d.i2 + 2.0 * a / PI.sqrt() * gauss / r + self.f_shift;
        let excluded = (1.0 - special) * bare;
        let force = (slope * d.r2 * bare - excluded) * d.i2;
        (force, (erfcc - self.e_shift * r) * bare - excluded)
    }

    #[inline]
    fn self_energy(&self, q: f64) -> f64 {
        -(0.5 * self.e_shift + self.alpha / PI.sqrt()) * q * q * self.c
    }
}

/// The real-space part C q_i q_j erfc(g r)/r of an Ewald sum, from a table beyond `tabinner` as in LAMMPS.
#[derive(Debug, Clone, Default)]
pub struct Long {
    c: f64,
    g: f64,
    table: Option<LongTable>,
    /// r^2 up to which the table is not used
    exact2: f64,
}

/// 2/sqrt(pi) in the digits that LAMMPS uses for exact (not tabulated) pairs.
#[expect(
    clippy::approx_constant,
    reason = "the rounded value is part of what LAMMPS computes"
)]
const TWO_OVER_ROOT_PI: f64 = 1.128_379_17;

impl Coulomb for Long {
    const LONG: bool = true;
    const KEEPS_EXCLUDED: bool = true;

    fn init(&mut self, state: &State, modify: &PairModify, cut: f64) -> Result<()> {
        self.c = constant(state);
        self.g = state.g_ewald.ok_or_else(|| {
            Error::input("Pair style requires a KSpace style: no kspace_style is given").help(
                "add kspace_style pppm 1.0e-5 (or ewald), or use a coul/cut or coul/dsf variant of the pair style",
            )
        })?;
        self.table = if modify.table == 0 {
            None
        } else {
            Some(LongTable::new(
                modify.table,
                modify.tabinner,
                cut,
                self.g,
                self.c,
            )?)
        };
        self.exact2 = self.table.as_ref().map_or(f64::INFINITY, |t| t.inner2);
        Ok(())
    }

    #[inline]
    fn pair(&self, d: Distance, qq: f64, special: f64) -> (f64, f64) {
        if let Some(table) = &self.table
            && d.r2 > self.exact2
        {
            let (force, energy) = table.at(d.r2);
            if special == 1.0 {
                return (qq * force * d.i2, qq * energy);
            }
            let excluded = (1.0 - special) * qq * table.bare(d.r2);
            return ((qq * force - excluded) * d.i2, qq * energy - excluded);
        }
        let r = d.r();
        let x = self.g * r;
        let gauss = (-x * x).exp();
        let erfcc = erfc_polynomial(x, gauss);
        let bare = self.c * qq / r;
        let excluded = (1.0 - special) * bare;
        let force = bare * (erfcc + TWO_OVER_ROOT_PI * x * gauss) - excluded;
        (force * d.i2, bare * erfcc - excluded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_polynomial_is_near_the_complementary_error_function() {
        for k in 0..60 {
            let x = 0.05 * f64::from(k);
            assert!((erfc_polynomial(x, (-x * x).exp()) - erfc(x)).abs() < 1.6e-7);
        }
    }

    #[test]
    fn damped_forces_vanish_at_the_cutoff() {
        let state = State::default();
        let cut = 3.0;
        let d = Distance::new(cut * cut);
        let mut dsf = Dsf::new(0.3, true);
        dsf.init(&state, &PairModify::default(), cut).unwrap();
        let mut wolf = Wolf::new(0.3);
        wolf.init(&state, &PairModify::default(), cut).unwrap();
        for (force, energy) in [dsf.pair(d, 1.0, 1.0), wolf.pair(d, 1.0, 1.0)] {
            assert!(
                force.abs() < 1e-6 && energy.abs() < 1e-6,
                "{force} {energy}"
            );
        }
    }
}
