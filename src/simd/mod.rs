//! Vector instructions: the dispatch level, vector operations behind one trait, and the numerical
//! kernels of the machine-learning models. The only place with `unsafe` instructions.
//!
//! A kernel is a generic function over [`Simd`]; the same source is compiled for AVX-512, for
//! AVX2 with FMA and for portable Rust, and [`Real::dispatch`] picks the best the processor has.
//! The portable form is the oracle of the others in the tests.
//!
//! Invariant: the result depends on the level (order of additions, fused rounding) but never on
//! alignment, on buffer addresses or on the number of threads. Imports nothing of the crate.

pub mod activation;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
pub mod contraction;
pub mod embedding;
mod level;
pub mod lj;
pub mod matmul;
pub mod message;
pub mod polynomial;
mod portable;
pub mod table;

pub use level::{Instructions, Level};

/// Edges that are processed together; a multiple of the lanes of every vector.
pub const TILE: usize = 16;

/// A number of the network: f32 or f64.
pub trait Real:
    Copy
    + Default
    + Send
    + Sync
    + PartialEq
    + PartialOrd
    + std::fmt::Debug
    + std::ops::Add<Output = Self>
    + std::ops::Sub<Output = Self>
    + std::ops::Mul<Output = Self>
    + std::ops::Div<Output = Self>
    + std::ops::AddAssign
    + 'static
{
    /// Numbers in 64 bytes; rows of features are padded to a multiple of this.
    const LANES: usize;
    /// Distance of the nodes of radial tables in ln r; their error is about the rounding of f32, or
    /// 1e-10 of the largest value in f64.
    const TABLE: f64;
    /// Nearest number.
    fn from_f64(x: f64) -> Self;
    /// Exact value.
    fn to_f64(self) -> f64;
    /// Nearest whole number, of two the even one.
    fn round(self) -> Self;
    /// 2 to the power of a whole number; the power must be a normal number.
    fn pow2(self) -> Self;
    /// Runs `op` with the instructions of `level`.
    fn dispatch<O: Op<Self>>(level: Level, op: O) -> O::Out;
}

/// Work that is compiled once for each level.
pub trait Op<T: Real> {
    /// Result.
    type Out;
    /// The work; implementations are `#[inline(always)]`, as is everything they call with `s`.
    fn run<S: Simd<T = T>>(self, s: S) -> Self::Out;
}

/// `len` rounded up to whole vectors.
pub fn padded<T: Real>(len: usize) -> usize {
    len.div_ceil(T::LANES) * T::LANES
}

/// Operations on vectors of `N` numbers. A value of an implementing type is a proof that the
/// processor has the instructions.
pub trait Simd: Copy {
    /// Lane type.
    type T: Real;
    /// Vector.
    type V: Copy;
    /// Lanes.
    const N: usize;
    /// True where there are 32 vector registers.
    const WIDE: bool;

    /// All lanes `x`.
    fn splat(self, x: Self::T) -> Self::V;
    /// a + b.
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// a - b.
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// a * b.
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// a * b + c.
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// a / b.
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// a where it is smaller than b, otherwise b (also where one is not a number).
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    /// a where it is larger than b, otherwise b (also where one is not a number).
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// Nearest whole numbers, ties to even.
    fn round(self, a: Self::V) -> Self::V;
    /// 2 to the power of whole numbers; the powers must be normal numbers.
    fn pow2(self, a: Self::V) -> Self::V;
    /// Reads `N` numbers.
    ///
    /// # Safety
    /// `p` is valid for reading `N` numbers.
    unsafe fn load(self, p: *const Self::T) -> Self::V;
    /// Writes `N` numbers.
    ///
    /// # Safety
    /// `p` is valid for writing `N` numbers.
    unsafe fn store(self, p: *mut Self::T, v: Self::V);
    /// Sums over the lanes of 16 vectors: number i of the result is the sum of vector i; the
    /// result fills the first 16 / `N` vectors, the others are unspecified.
    fn transpose_sum(self, v: [Self::V; 16]) -> [Self::V; 16]
    where
        Self: Sized;

    /// All lanes zero.
    #[inline(always)]
    fn zero(self) -> Self::V {
        self.splat(Self::T::default())
    }

    /// Reads the first `N` numbers of a slice.
    ///
    /// # Panics
    /// If there are fewer.
    #[inline(always)]
    fn read(self, x: &[Self::T]) -> Self::V {
        assert!(x.len() >= Self::N);
        // SAFETY: the length was checked.
        unsafe { self.load(x.as_ptr()) }
    }

    /// Writes the first `N` numbers of a slice.
    ///
    /// # Panics
    /// If there are fewer.
    #[inline(always)]
    fn write(self, x: &mut [Self::T], v: Self::V) {
        assert!(x.len() >= Self::N);
        // SAFETY: the length was checked.
        unsafe { self.store(x.as_mut_ptr(), v) }
    }
}

#[cfg(target_arch = "x86_64")]
macro_rules! dispatch_on {
    ($level:expr, $op:expr, $t:ty) => {
        match $level.instructions() {
            // SAFETY: a `Level` is only made if the processor has its instructions.
            Instructions::Avx512 => unsafe { avx512::run($op, avx512::Avx512::<$t>::new()) },
            // SAFETY: as above.
            Instructions::Avx2Fma => unsafe { avx2::run($op, avx2::Avx2::<$t>::new()) },
            Instructions::Portable => $op.run(portable::Portable::<$t>::default()),
        }
    };
}

#[cfg(not(target_arch = "x86_64"))]
macro_rules! dispatch_on {
    ($level:expr, $op:expr, $t:ty) => {{
        let _ = $level;
        $op.run(portable::Portable::<$t>::default())
    }};
}

impl Real for f32 {
    const LANES: usize = 16;
    const TABLE: f64 = 0.01;
    #[inline(always)]
    fn from_f64(x: f64) -> f32 {
        x as f32
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn round(self) -> f32 {
        self.round_ties_even()
    }
    #[inline(always)]
    fn pow2(self) -> f32 {
        f32::from_bits(((self as i32 + 127) as u32) << 23)
    }
    fn dispatch<O: Op<f32>>(level: Level, op: O) -> O::Out {
        dispatch_on!(level, op, f32)
    }
}

impl Real for f64 {
    const LANES: usize = 8;
    const TABLE: f64 = 0.004;
    #[inline(always)]
    fn from_f64(x: f64) -> f64 {
        x
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }
    #[inline(always)]
    fn round(self) -> f64 {
        self.round_ties_even()
    }
    #[inline(always)]
    fn pow2(self) -> f64 {
        f64::from_bits(((self as i64 + 1023) as u64) << 52)
    }
    fn dispatch<O: Op<f64>>(level: Level, op: O) -> O::Out {
        dispatch_on!(level, op, f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Operations<'a, T>(&'a [T]);

    impl<T: Real> Op<T> for Operations<'_, T> {
        type Out = Vec<T>;
        #[inline(always)]
        fn run<S: Simd<T = T>>(self, s: S) -> Vec<T> {
            let mut out = vec![T::default(); 16 * 16];
            for (chunk, x) in out.chunks_exact_mut(S::N).zip(self.0.chunks_exact(S::N)) {
                let v = s.read(x);
                let three = s.splat(T::from_f64(3.0));
                let w = s.sub(s.mul(v, three), s.add(v, v));
                s.write(chunk, s.fma(v, three, w));
            }
            // sums of 16 rows of 16 numbers, first lanes of each row only
            let mut rows = [s.zero(); 16];
            for (r, row) in rows.iter_mut().enumerate() {
                for part in self.0[r * 16..(r + 1) * 16].chunks_exact(S::N) {
                    *row = s.add(*row, s.read(part));
                }
            }
            let sums = s.transpose_sum(rows);
            let mut flat = [T::default(); 16];
            for (part, v) in flat.chunks_exact_mut(S::N).zip(sums) {
                s.write(part, v);
            }
            out.extend_from_slice(&flat);
            for x in self.0.chunks_exact(S::N) {
                let (v, three) = (s.read(x), s.splat(T::from_f64(3.0)));
                let whole = s.round(s.div(v, three));
                let bounded = s.min(three, s.max(s.zero(), s.pow2(whole)));
                let at = out.len();
                out.resize(at + S::N, T::default());
                s.write(&mut out[at..], bounded);
            }
            out
        }
    }

    fn levels_agree<T: Real>(tolerance: f64) {
        let x: Vec<T> = (0..256)
            .map(|i| T::from_f64(f64::from(i * 37 % 101) / 16.0 - 3.0))
            .collect();
        for level in Level::all() {
            let y = T::dispatch(level, Operations(&x));
            for i in 0..256 {
                assert!((y[i].to_f64() - 4.0 * x[i].to_f64()).abs() < tolerance);
            }
            for r in 0..16 {
                let sum: f64 = (0..16).map(|i| x[r * 16 + i].to_f64()).sum();
                assert!(
                    (y[256 + r].to_f64() - sum).abs() < tolerance,
                    "{level:?} {r}"
                );
            }
            for i in 0..256 {
                let whole = (x[i].to_f64() / 3.0).round_ties_even();
                let expected = whole.exp2().clamp(0.0, 3.0);
                assert_eq!(y[272 + i].to_f64(), expected, "{level:?} {i}");
            }
        }
    }

    #[test]
    fn every_level_computes_the_same() {
        levels_agree::<f32>(1e-4);
        levels_agree::<f64>(1e-12);
    }
}
