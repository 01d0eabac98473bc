//! Table of the real-space Ewald functions by the bits of a single-precision r^2: the exponent's low bits and
//! the mantissa's high bits are the index, so that entries are spaced as 2^-m relative to r^2. LAMMPS'
//! `pair_modify table`; the same entries give the same digits. Method: Wolff and Rudd, Comput. Phys. Commun.
//! 120, 20 (1999), doi:10.1016/S0010-4655(99)00217-9.

use crate::error::{Error, Result};
use crate::pair::bitmap::Bitmap;
use libm::erfc;
use std::f64::consts::FRAC_2_SQRT_PI;

/// Lower edge of a bin, inverse width, and value and difference of one function.
#[derive(Debug, Clone, Copy, Default)]
struct Bin {
    r2: f64,
    inverse: f64,
    value: f64,
    step: f64,
}

impl Bin {
    #[inline]
    fn at(&self, r2: f64) -> f64 {
        self.value + (r2 - self.r2) * self.inverse * self.step
    }
}

/// The tables for one cutoff.
#[derive(Debug, Clone)]
pub struct LongTable {
    bitmap: Bitmap,
    /// r^2 of the first entry: nearer pairs are evaluated exactly.
    pub inner2: f64,
    /// C (erfc(x) + 2/sqrt(pi) x exp(-x^2)) / r
    force: Vec<Bin>,
    /// C erfc(x) / r
    energy: Vec<Bin>,
    /// C / r
    bare: Vec<Bin>,
}

impl LongTable {
    /// Tables of 2^`bits` entries from `inner` to `outer`, with splitting parameter `g` and constant `c`.
    ///
    /// # Errors
    /// The range does not suit the number of bits.
    pub fn new(bits: u32, inner: f64, outer: f64, g: f64, c: f64) -> Result<Self> {
        let bitmap = Bitmap::new(inner, outer, bits).map_err(|e| {
            Error::input(format!("Coulomb table of the pair style: {e}"))
                .help("use pair_modify table 0, or another number of bits or pair_modify tabinner")
        })?;
        let functions = |r2: f32| {
            let r = f64::from(r2).sqrt();
            let x = g * r;
            let (gauss, erfcc) = ((-x * x).exp(), erfc(x));
            let bare = c / r;
            [
                bare * (erfcc + FRAC_2_SQRT_PI * x * gauss),
                bare * erfcc,
                bare,
            ]
        };
        let r2: Vec<f32> = (0..bitmap.len()).map(|k| bitmap.r2(k)).collect();
        let values: Vec<[f64; 3]> = r2.iter().map(|&r2| functions(r2)).collect();
        let edge = (outer * outer) as f32;
        let last = bitmap.last();
        let table = |which: usize| {
            let mut bins = vec![Bin::default(); r2.len()];
            for (k, bin) in bins.iter_mut().enumerate() {
                let next = (k + 1) % r2.len();
                let (mut to, mut value) = (f64::from(r2[next]), values[next][which]);
                if k == last && f64::from(bitmap.upper(last)) < outer * outer {
                    to = f64::from(edge);
                    value = functions(edge)[which];
                }
                let from = f64::from(r2[k]);
                *bin = Bin {
                    r2: from,
                    inverse: 1.0 / (to - from),
                    value: values[k][which],
                    step: value - values[k][which],
                };
            }
            bins
        };
        Ok(Self {
            inner2: f64::from(bitmap.smallest()),
            force: table(0),
            energy: table(1),
            bare: table(2),
            bitmap,
        })
    }

    /// Force times r and energy per product of charges.
    #[inline]
    pub fn at(&self, r2: f64) -> (f64, f64) {
        let single = r2 as f32;
        let (k, r2) = (self.bitmap.index(single), f64::from(single));
        (self.force[k].at(r2), self.energy[k].at(r2))
    }

    /// C / r.
    #[inline]
    pub fn bare(&self, r2: f64) -> f64 {
        let single = r2 as f32;
        self.bare[self.bitmap.index(single)].at(f64::from(single))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_near_the_functions() {
        let (g, c, cut) = (0.32, 14.4, 9.0);
        let table = LongTable::new(12, 2f64.sqrt(), cut, g, c).unwrap();
        assert!(table.inner2 <= 2.0 && table.inner2 > 1.9);
        for k in 0..2000 {
            let r = 1.42 + f64::from(k) * (cut - 1.42) / 2000.0;
            let (force, energy) = table.at(r * r);
            let e = c * erfc(g * r) / r;
            let f = e + c * FRAC_2_SQRT_PI * g * (-g * g * r * r).exp();
            assert!((energy - e).abs() < 3e-6 * c / r, "{r}: {energy} {e}");
            assert!((force - f).abs() < 3e-6 * c / r, "{r}: {force} {f}");
            assert!((table.bare(r * r) - c / r).abs() < 3e-6 * c / r);
        }
    }

    #[test]
    fn unsuitable_ranges_are_refused() {
        assert!(LongTable::new(12, 3.0, 2.0, 0.3, 1.0).is_err());
        assert!(LongTable::new(4, 1.4, 9.0, 0.3, 1.0).is_err());
        assert!(LongTable::new(16, 1e-60, 9.0, 0.3, 1.0).is_err());
    }
}
