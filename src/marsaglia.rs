//! The lagged-Fibonacci generator RANMAR of Marsaglia, Zaman and Tsang (Stat. Probab. Lett. 9, 35 (1990),
//! doi 10.1016/0167-7152(90)90092-L), which LAMMPS uses in formulas (`random`, `normal`) and in
//! stochastic fixes. Imports nothing.
//!
//! u_n = u_(n-97) - u_(n-33) mod 1, combined with an arithmetic sequence c_n modulo 16777213/16777216;
//! the variate is u_n - c_n mod 1, with 24 significant bits.

const LAG: usize = 97;
const SHORT_LAG: usize = 33;
const UNIT: f64 = 1.0 / 16_777_216.0;
const C_START: f64 = 362_436.0 * UNIT;
const C_STEP: f64 = 7_654_321.0 * UNIT;
const C_MODULUS: f64 = 16_777_213.0 * UNIT;

/// A stream of uniform and Gaussian variates.
#[derive(Debug, Clone, PartialEq)]
pub struct Marsaglia {
    table: Vec<f64>,
    long: usize,
    short: usize,
    c: f64,
    saved: Option<f64>,
}

/// A seed lies outside 1 ... 900000000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "Invalid seed for Marsaglia random # generator: {0} (a seed must lie between 1 and 900000000)"
)]
pub struct InvalidSeed(pub i64);

impl Marsaglia {
    /// Starts a stream.
    ///
    /// # Errors
    /// The seed must lie in 1 ... 900000000.
    pub fn new(seed: i64) -> Result<Self, InvalidSeed> {
        if !(1..=900_000_000).contains(&seed) {
            return Err(InvalidSeed(seed));
        }
        let (ij, kl) = ((seed - 1) / 30_082, (seed - 1) % 30_082);
        // Three-lag Fibonacci and linear congruential seeds of the initial bit pattern
        let mut a = [ij / 177 % 177 + 2, ij % 177 + 2, kl / 169 % 178 + 1];
        let mut b = kl % 169;
        let mut bits = || {
            (1..=24).fold(0.0, |sum, bit| {
                let m = a[0] * a[1] % 179 * a[2] % 179;
                a = [a[1], a[2], m];
                b = (53 * b + 1) % 169;
                sum + if b * m % 64 >= 32 {
                    0.5_f64.powi(bit)
                } else {
                    0.0
                }
            })
        };
        let mut stream = Self {
            table: (0..LAG).map(|_| bits()).collect(),
            long: LAG - 1,
            short: SHORT_LAG - 1,
            c: C_START,
            saved: None,
        };
        stream.uniform();
        Ok(stream)
    }

    /// A uniform variate in [0, 1).
    pub fn uniform(&mut self) -> f64 {
        let wrap = |x: f64, modulus: f64| if x < 0.0 { x + modulus } else { x };
        let u = wrap(self.table[self.long] - self.table[self.short], 1.0);
        self.table[self.long] = u;
        self.long = self.long.checked_sub(1).unwrap_or(LAG - 1);
        self.short = self.short.checked_sub(1).unwrap_or(LAG - 1);
        self.c = wrap(self.c - C_STEP, C_MODULUS);
        wrap(u - self.c, 1.0)
    }

    /// A Gaussian variate of mean 0 and variance 1 (polar method; the second variate of a pair comes first).
    pub fn gaussian(&mut self) -> f64 {
        if let Some(kept) = self.saved.take() {
            return kept;
        }
        loop {
            let a = 2.0 * self.uniform() - 1.0;
            let b = 2.0 * self.uniform() - 1.0;
            let r = a * a + b * b;
            if r > 0.0 && r < 1.0 {
                let f = (-2.0 * r.ln() / r).sqrt();
                self.saved = Some(a * f);
                return b * f;
            }
        }
    }

    /// A variate with the gamma distribution of integer shape and scale 1. Shapes below 6 are the logarithm of a
    /// product of uniform variates; others use rejection from a Lorentzian, whose point is a direction in the half
    /// plane (Press et al., Numerical Recipes, section on gamma deviates).
    pub fn gamma(&mut self, shape: usize) -> f64 {
        const DIRECT: usize = 6;
        const LEAST: f64 = 1e-5;
        if shape < DIRECT {
            return -(0..shape).map(|_| self.uniform()).product::<f64>().ln();
        }
        let mode = shape as f64 - 1.0;
        let width = (2.0 * mode + 1.0).sqrt();
        loop {
            let (a, b) = (self.uniform(), 2.0 * self.uniform() - 1.0);
            if a * a + b * b > 1.0 {
                continue;
            }
            let slope = b / a;
            let x = width * slope + mode;
            if x <= 0.0 {
                continue;
            }
            // Tails that would underflow are left out, as LAMMPS does.
            let e = mode * (x / mode).ln() - width * slope;
            if e < -700.0 || a < LEAST {
                continue;
            }
            if self.uniform() <= (1.0 + slope * slope) * e.exp() {
                return x;
            }
        }
    }

    /// The sum of the squares of `n` Gaussian variates; one of them if `n` is odd, the others by a gamma variate.
    pub fn chi_squared(&mut self, n: usize) -> f64 {
        let pairs = |stream: &mut Self| match n / 2 {
            0 => 0.0,
            k => 2.0 * stream.gamma(k),
        };
        if n.is_multiple_of(2) {
            return pairs(self);
        }
        let single = self.gaussian();
        pairs(self) + single * single
    }

    /// Chooses exactly `wanted` (at most `total`) of `total` items, as LAMMPS does: sweeps over one of the two
    /// sets move every item to the other set with the probability that would make the numbers right; the next
    /// sweep goes over those items of this sweep that are on the side that has too many.
    pub fn subset(&mut self, wanted: usize, total: usize) -> Vec<bool> {
        const LEAST: f64 = 0.01;
        let mut chosen = vec![false; total];
        let mut sets = [(0..total).collect::<Vec<usize>>(), Vec::new()];
        let mut count = 0usize;
        while count != wanted {
            let from = usize::from(count > wanted);
            let active = std::mem::take(&mut sets[from]);
            if active.is_empty() {
                break;
            }
            let probability = (wanted.abs_diff(count) as f64 / active.len() as f64).max(LEAST);
            sets = [Vec::new(), Vec::new()];
            for k in active {
                if self.uniform() < probability {
                    chosen[k] = !chosen[k];
                    if from == 0 {
                        count += 1;
                    } else {
                        count -= 1;
                    }
                }
                sets[usize::from(chosen[k])].push(k);
            }
        }
        chosen
    }

    /// Everything that decides the rest of the stream, as numbers for a restart file.
    pub fn state(&self) -> Vec<f64> {
        let tail = [
            self.long as f64,
            self.short as f64,
            self.c,
            self.saved.unwrap_or(f64::NAN),
        ];
        self.table.iter().copied().chain(tail).collect()
    }

    /// Continues a stream from the result of [`Marsaglia::state`]; `None` if the numbers are no state.
    pub fn from_state(state: &[f64]) -> Option<Self> {
        let (table, tail) = state.split_at_checked(LAG)?;
        let &[long, short, c, saved] = tail else {
            return None;
        };
        let index = |x: f64| (x >= 0.0 && x < LAG as f64 && x.fract() == 0.0).then_some(x as usize);
        let unit = |x: f64| (0.0..1.0).contains(&x);
        Some(Self {
            long: index(long)?,
            short: index(short)?,
            c: Some(c).filter(|&c| unit(c))?,
            table: table.iter().all(|&x| unit(x)).then(|| table.to_vec())?,
            saved: Some(saved).filter(|s| !s.is_nan()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // `print "$(random(0,1,123)) $(random(0,1,5)) $(normal(0,1,5)) $(normal(0,1,7))"` of LAMMPS 22 Jul 2025.
    #[test]
    fn the_stream_agrees_with_lammps() {
        let mut m = Marsaglia::new(123).unwrap();
        assert_eq!(m.uniform(), 0.131_169_378_757_476_8);
        assert_eq!(m.uniform(), 0.031_880_199_909_210_205);
        assert!((m.gaussian() + 1.817_735_582_812_947_6).abs() < 1e-15);
        assert!((m.gaussian() - 1.390_223_140_792_533_2).abs() < 1e-15);
    }

    #[test]
    fn a_state_continues_a_stream() {
        let mut m = Marsaglia::new(900_000_000).unwrap();
        m.gaussian();
        let mut copy = Marsaglia::from_state(&m.state()).unwrap();
        for _ in 0..300 {
            assert_eq!(m.gaussian(), copy.gaussian());
        }
        assert!(Marsaglia::from_state(&m.state()[1..]).is_none());
    }

    #[test]
    fn seeds_are_checked() {
        assert!(Marsaglia::new(0).is_err() && Marsaglia::new(900_000_001).is_err());
    }
}
