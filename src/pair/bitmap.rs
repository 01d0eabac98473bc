//! Index of a table by the bits of a single-precision r^2, as `pair_modify table` and `pair_style table bitmap`
//! use it.
//!
//! Invariant: entry k belongs to the r^2 whose bits are k shifted left, with the remaining high bits of the
//! inner cutoff (or, where that would fall below the inner cutoff, of the outer one).

/// The mapping from r^2 to entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bitmap {
    bits: u32,
    shift: u32,
    mask: u32,
    low: u32,
    high: u32,
    inner2: u64,
}

impl Bitmap {
    /// For 2^`bits` entries between the distances `inner` and `outer`.
    ///
    /// # Errors
    /// The range does not suit the number of bits; the text says how.
    pub fn new(inner: f64, outer: f64, bits: u32) -> Result<Self, String> {
        const MANTISSA: u32 = f32::MANTISSA_DIGITS;
        if inner >= outer || inner <= 0.0 || !outer.is_finite() {
            return Err(format!(
                "Table inner cutoff >= outer cutoff: {inner} and {outer}"
            ));
        }
        let (inner2, outer2) = (inner * inner, outer * outer);
        let lowest = inner2.log2().floor();
        // guards against rounding of the logarithm at powers of two
        let lowest = if 2f64.powf(lowest) > inner2 {
            lowest - 1.0
        } else if 2f64.powf(lowest + 1.0) <= inner2 {
            lowest + 1.0
        } else {
            lowest
        };
        let required = outer2 / 2f64.powf(lowest);
        let mut exponent = 0u32;
        while 2f64.powf(2f64.powi(exponent as i32)) < required && exponent < 10 {
            exponent += 1;
        }
        if exponent > 32 - MANTISSA {
            return Err("Too many exponent bits for lookup table".into());
        }
        let mantissa = bits.saturating_sub(exponent);
        if mantissa < 3 {
            return Err("Too few bits for lookup table".into());
        }
        if mantissa + 1 > MANTISSA {
            return Err("Too many mantissa bits for lookup table".into());
        }
        let shift = MANTISSA - (mantissa + 1);
        let mask = (1u32 << (bits + shift)) - 1;
        Ok(Self {
            bits,
            shift,
            mask,
            low: (inner2 as f32).to_bits() & !mask,
            high: (outer2 as f32).to_bits() & !mask,
            inner2: inner2.to_bits(),
        })
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        1 << self.bits
    }

    /// Entry of a squared distance.
    #[inline]
    pub fn index(&self, r2: f32) -> usize {
        ((r2.to_bits() & self.mask) >> self.shift) as usize
    }

    /// Squared distance of entry `k`.
    pub fn r2(&self, k: usize) -> f32 {
        let at = f32::from_bits(((k as u32) << self.shift) | self.low);
        if f64::from(at) < f64::from_bits(self.inner2) {
            self.upper(k)
        } else {
            at
        }
    }

    /// Squared distance of entry `k` with the high bits of the outer cutoff.
    pub fn upper(&self, k: usize) -> f32 {
        f32::from_bits(((k as u32) << self.shift) | self.high)
    }

    /// The smallest squared distance of all entries.
    pub fn smallest(&self) -> f32 {
        (0..self.len())
            .map(|k| self.r2(k))
            .fold(self.upper(0), f32::min)
    }

    /// The entry with the largest squared distance.
    pub fn last(&self) -> usize {
        let first = self.index(self.smallest());
        if first == 0 {
            self.len() - 1
        } else {
            first - 1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_distance_finds_its_entry() {
        for (inner, outer, bits) in [(2f64.sqrt(), 9.0, 12), (0.7, 3.1, 10), (1.0, 2.0, 6)] {
            let b = Bitmap::new(inner, outer, bits).unwrap();
            let last = b.last();
            for k in 0..5000 {
                let r = inner * 1.001 + (outer * 0.999 - inner * 1.001) * f64::from(k) / 5000.0;
                let r2 = (r * r) as f32;
                let i = b.index(r2);
                assert!(b.r2(i) <= r2, "{r2} is below entry {i} {}", b.r2(i));
                let next = (i + 1) % b.len();
                assert!(i == last || b.r2(next) > r2, "{r2} is beyond entry {i}");
            }
        }
    }
}
