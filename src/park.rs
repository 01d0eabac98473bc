//! The Park-Miller "minimal standard" generator (Commun. ACM 31, 1192 (1988), doi 10.1145/63039.63042)
//! as LAMMPS uses it in `velocity create`, `set type/fraction`, `displace_atoms random` and
//! `create_atoms random`. Imports nothing.
//!
//! x' = 16807 x mod (2^31 - 1), uniform variate x / (2^31 - 1). Streams are bit-identical to LAMMPS'.

const MODULUS: i64 = 2_147_483_647;
const MULTIPLIER: i64 = 16_807;
const TO_UNIT: f64 = 1.0 / 2_147_483_647.0;

/// A stream of uniform and Gaussian variates.
#[derive(Debug, Clone, PartialEq)]
pub struct Park {
    seed: i32,
    saved: Option<f64>,
}

/// A seed is not a positive number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Invalid seed for Park random # generator: {0} (a seed must be larger than 0)")]
pub struct InvalidSeed(pub i64);

impl Park {
    /// Starts a stream.
    ///
    /// # Errors
    /// The seed must lie in 1 ... 2^31 - 1.
    pub fn new(seed: i64) -> Result<Self, InvalidSeed> {
        match i32::try_from(seed) {
            Ok(seed) if seed > 0 => Ok(Self { seed, saved: None }),
            _ => Err(InvalidSeed(seed)),
        }
    }

    /// Continues a stream from the result of [`Park::state`].
    ///
    /// # Errors
    /// The seed must lie in 1 ... 2^31 - 1.
    pub fn from_state(seed: i32, saved: Option<f64>) -> Result<Self, InvalidSeed> {
        Self::new(i64::from(seed)).map(|p| Self { saved, ..p })
    }

    /// The seed reached so far and the Gaussian variate kept back: what a restart file stores.
    pub fn state(&self) -> (i32, Option<f64>) {
        (self.seed, self.saved)
    }

    /// A uniform variate in (0, 1).
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        self.seed = (MULTIPLIER * i64::from(self.seed) % MODULUS) as i32;
        f64::from(self.seed) * TO_UNIT
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

    /// Draws and drops `n` uniform variates: 100 before `velocity loop local`, 30 before `create_atoms random`.
    pub fn warm_up(&mut self, n: usize) {
        for _ in 0..n {
            self.uniform();
        }
    }

    /// Restarts the stream from a seed and a position, so that an atom's numbers depend on nothing else.
    ///
    /// The new seed is Jenkins' one-at-a-time hash over the bytes of the seed and of the three
    /// coordinates (little endian, taken as signed bytes), cut to 27 bits; five variates are dropped.
    /// The coordinates must therefore be bit-identical to give the same stream.
    pub fn reset(&mut self, seed: i32, position: [f64; 3]) {
        let mut hash: u32 = 0;
        let coordinates = position.iter().flat_map(|x| x.to_le_bytes());
        for byte in seed.to_le_bytes().into_iter().chain(coordinates) {
            hash = hash.wrapping_add(byte as i8 as u32);
            hash = hash.wrapping_add(hash << 10);
            hash ^= hash >> 6;
        }
        hash = hash.wrapping_add(hash << 3);
        hash ^= hash >> 11;
        hash = hash.wrapping_add(hash << 15);
        self.seed = ((hash & 0x07ff_ffff) as i32).max(1);
        self.warm_up(5);
        self.saved = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected numbers: an independent Python implementation checked bit for bit against LAMMPS 22 Jul 2025.
    #[test]
    fn uniform_stream_agrees_with_the_reference() {
        let mut p = Park::new(12345).unwrap();
        for expected in [
            0.09661652850760917,
            0.8339946273872604,
            0.9477024976851895,
            0.035878594981449935,
        ] {
            assert_eq!(p.uniform(), expected);
        }
    }

    #[test]
    fn gaussian_stream_agrees_with_the_reference() {
        let mut p = Park::new(12345).unwrap();
        for expected in [
            0.4649329739610188,
            1.4550052697342324,
            -1.0580380670021454,
            -0.5790254729328852,
            0.8434589541402375,
        ] {
            let got = p.gaussian();
            assert!((got - expected).abs() < 4e-16, "{got} {expected}");
        }
    }

    #[test]
    fn streams_restarted_at_a_position_agree_with_the_reference() {
        let mut p = Park::new(1).unwrap();
        p.gaussian();
        p.reset(4711, [0.1, -2.5, 1e3]);
        for expected in [0.16628589581990888, 0.7670510452087275, 0.8269168230830305] {
            assert_eq!(p.uniform(), expected);
        }
        assert_eq!(p.state(), (1775790355, None));
        p.reset(i32::MAX, [0.0; 3]);
        assert_eq!(p.uniform(), 0.6143368033759001);
    }

    #[test]
    fn warm_up_drops_variates_and_a_state_continues_a_stream() {
        let mut p = Park::new(777).unwrap();
        p.warm_up(100);
        assert_eq!(p.clone().uniform(), 0.48518901620301835);
        p.gaussian();
        let (seed, saved) = p.state();
        let mut q = Park::from_state(seed, saved).unwrap();
        assert_eq!((p.gaussian(), p.uniform()), (q.gaussian(), q.uniform()));
    }

    #[test]
    fn seeds_must_be_positive() {
        assert!(Park::new(0).is_err() && Park::new(-5).is_err() && Park::new(1 << 31).is_err());
    }
}
