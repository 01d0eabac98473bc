//! Coefficients and formula of the 12-6 potential E = 4 eps ((sigma/r)^12 - (sigma/r)^6), shared by the
//! styles that contain it.

use super::coeffs::{Given, TypePairs, not_set};
use super::{Mix, PairModify};
use crate::domain::State;
use crate::error::{Error, Result};

/// What one `pair_coeff` command gives, or mixing makes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LjCoeff {
    /// Depth of the well, energy units.
    pub epsilon: f64,
    /// Distance of zero energy, length units.
    pub sigma: f64,
    /// Cutoff, length units.
    pub cut: f64,
}

/// Coefficients in the form in which the loop needs them.
#[derive(Debug, Clone, Copy)]
pub struct LjRow {
    /// Squared cutoff; negative for pairs that do not interact.
    pub cut2: f64,
    /// 48 eps sigma^12 and 24 eps sigma^6
    pub force: [f64; 2],
    /// 4 eps sigma^12 and 4 eps sigma^6
    pub energy: [f64; 2],
    /// Energy at the cutoff, subtracted.
    pub shift: f64,
}

impl LjRow {
    /// No interaction.
    pub const NONE: Self = Self {
        cut2: -1.0,
        force: [0.0; 2],
        energy: [0.0; 2],
        shift: 0.0,
    };

    /// From coefficients; with `shifted` the energy is zero at the cutoff.
    pub fn new(c: LjCoeff, shifted: bool) -> Self {
        let s6 = c.sigma.powi(6);
        let at_cut = s6 / c.cut.powi(6);
        let shift = if shifted {
            4.0 * c.epsilon * (at_cut * at_cut - at_cut)
        } else {
            0.0
        };
        Self {
            cut2: c.cut * c.cut,
            force: [48.0 * c.epsilon * s6 * s6, 24.0 * c.epsilon * s6],
            energy: [4.0 * c.epsilon * s6 * s6, 4.0 * c.epsilon * s6],
            shift,
        }
    }

    /// Force over distance F/r at 1/r^2 = `i2`.
    #[inline]
    pub fn force(&self, i2: f64) -> f64 {
        let i6 = i2 * i2 * i2;
        i6 * (self.force[0] * i6 - self.force[1]) * i2
    }

    /// Energy at 1/r^2 = `i2`.
    #[inline]
    pub fn energy(&self, i2: f64) -> f64 {
        let i6 = i2 * i2 * i2;
        i6 * (self.energy[0] * i6 - self.energy[1]) - self.shift
    }
}

/// Coefficients of all pairs of types.
#[derive(Debug, Clone, Default)]
pub struct LennardJones {
    given: Given<LjCoeff>,
    /// `pair_modify` settings.
    pub modify: PairModify,
    /// Pairs of types to be responsible for, under a hybrid style.
    pub used: Option<TypePairs>,
    pairs: Vec<Option<LjCoeff>>,
    rows: Vec<LjRow>,
    width: usize,
}

impl LennardJones {
    /// Takes the coefficients of the pairs that the first two words name.
    ///
    /// # Errors
    /// A word is no range of types, or the cutoff is not above zero.
    pub fn set(&mut self, state: &State, words: &[&str], value: LjCoeff) -> Result<()> {
        if value.cut <= 0.0 {
            return Err(Error::input("pair_coeff: the cutoff must be above zero").at(4));
        }
        self.given.set(state, words, &value)
    }

    /// The given coefficients, i <= j.
    pub fn given(&self) -> impl Iterator<Item = (usize, usize, &LjCoeff)> {
        self.given.iter()
    }

    /// The mixing rule in force.
    pub fn mix(&self) -> Mix {
        self.modify.mix.unwrap_or(Mix::Geometric)
    }

    /// Coefficients of a pair: given, or mixed from those of like types.
    fn resolve(&self, i: usize, j: usize) -> Option<LjCoeff> {
        if let Some(c) = self.given.get(i, j) {
            return Some(*c);
        }
        let (a, b) = (self.given.get(i, i)?, self.given.get(j, j)?);
        let mix = self.mix();
        Some(LjCoeff {
            epsilon: mix.energy(a.epsilon, b.epsilon, a.sigma, b.sigma),
            sigma: mix.length(a.sigma, b.sigma),
            cut: mix.length(a.cut, b.cut),
        })
    }

    /// Resolves all pairs.
    ///
    /// # Errors
    /// Pairs are neither given nor can be mixed.
    pub fn init(&mut self, state: &State, style: &str) -> Result<()> {
        let n = state.types.count;
        let width = n + 1;
        self.width = width;
        self.pairs = vec![None; width * width];
        self.rows = vec![LjRow::NONE; width * width];
        let mut missing = Vec::new();
        for i in 1..=n {
            for j in i..=n {
                if self.used.as_ref().is_some_and(|u| !u.contains(i, j)) {
                    continue;
                }
                let Some(c) = self.resolve(i, j) else {
                    missing.push((i, j));
                    continue;
                };
                let row = LjRow::new(c, self.modify.shift);
                for at in [i * width + j, j * width + i] {
                    self.pairs[at] = Some(c);
                    self.rows[at] = row;
                }
            }
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(not_set(&missing, style))
        }
    }

    /// The largest cutoff.
    pub fn cutoff(&self) -> f64 {
        let cuts = self.pairs.iter().flatten().map(|c| c.cut);
        cuts.fold(0.0, f64::max)
    }

    /// The resolved coefficients of a pair.
    pub fn pair(&self, i: usize, j: usize) -> Option<LjCoeff> {
        self.pairs.get(i * self.width + j).copied().flatten()
    }

    /// The row of a pair.
    pub fn row(&self, i: usize, j: usize) -> LjRow {
        let row = self.rows.get(i * self.width + j);
        row.copied().unwrap_or(LjRow::NONE)
    }

    /// Rows of type `i` with all types, indexed by type.
    pub fn rows(&self, i: u32) -> &[LjRow] {
        let from = i as usize * self.width;
        &self.rows[from..from + self.width]
    }

    /// Energy and P V of the long-range tail for a uniform density beyond the cutoffs (Sun, J. Phys.
    /// Chem. B 102, 7338 (1998), doi:10.1021/jp980939v), zero without `pair_modify tail yes`.
    pub fn tail(&self, state: &State) -> (f64, f64) {
        let Some(cell) = state.cell.as_ref().filter(|_| self.modify.tail) else {
            return (0.0, 0.0);
        };
        let volume = cell.volume(state.dimension);
        let n = state.types.count;
        let mut count = vec![0.0f64; n + 1];
        for &k in &state.atoms.kind {
            count[k as usize] += 1.0;
        }
        let (mut energy, mut pressure) = (0.0, 0.0);
        for i in 1..=n {
            for j in 1..=n {
                let Some(c) = self.pair(i, j) else { continue };
                let s6 = c.sigma.powi(6);
                let (rc3, rc6) = (c.cut.powi(3), c.cut.powi(6));
                let pi = std::f64::consts::PI;
                let common = pi * count[i] * count[j] * c.epsilon * s6 / (9.0 * rc3 * rc6);
                energy += 8.0 * common * (s6 - 3.0 * rc6);
                pressure += 16.0 * common * (2.0 * s6 - 3.0 * rc6);
            }
        }
        (energy / volume, pressure / volume)
    }
}
