//! 256-bit vectors with fused multiply-add.

use super::{Op, Real, Simd};
use std::arch::x86_64::*;
use std::marker::PhantomData;

/// Token: the processor has AVX2 and FMA.
#[derive(Debug, Clone, Copy)]
pub struct Avx2<T>(PhantomData<T>);

impl<T> Avx2<T> {
    /// Token.
    ///
    /// # Safety
    /// The processor has AVX2 and FMA.
    pub unsafe fn new() -> Self {
        Avx2(PhantomData)
    }
}

/// Compiles `op` for this level.
#[target_feature(enable = "avx2,fma")]
pub fn run<T: Real, O: Op<T>, S: Simd<T = T>>(op: O, s: S) -> O::Out {
    op.run(s)
}

macro_rules! arithmetic {
    ($t:ty, $v:ty, $n:expr, $set1:ident, $add:ident, $sub:ident, $mul:ident, $fma:ident,
     $div:ident, $min:ident, $max:ident, $round:ident, $load:ident, $store:ident) => {
        type T = $t;
        type V = $v;
        const N: usize = $n;
        const WIDE: bool = false;

        // SAFETY (all blocks below): the token proves that the instructions exist; pointers are
        // valid by the contract of `load` and `store`.
        #[inline(always)]
        fn splat(self, x: $t) -> $v {
            unsafe { $set1(x) }
        }
        #[inline(always)]
        fn add(self, a: $v, b: $v) -> $v {
            unsafe { $add(a, b) }
        }
        #[inline(always)]
        fn sub(self, a: $v, b: $v) -> $v {
            unsafe { $sub(a, b) }
        }
        #[inline(always)]
        fn mul(self, a: $v, b: $v) -> $v {
            unsafe { $mul(a, b) }
        }
        #[inline(always)]
        fn fma(self, a: $v, b: $v, c: $v) -> $v {
            unsafe { $fma(a, b, c) }
        }
        #[inline(always)]
        fn div(self, a: $v, b: $v) -> $v {
            unsafe { $div(a, b) }
        }
        #[inline(always)]
        fn min(self, a: $v, b: $v) -> $v {
            unsafe { $min(a, b) }
        }
        #[inline(always)]
        fn max(self, a: $v, b: $v) -> $v {
            unsafe { $max(a, b) }
        }
        #[inline(always)]
        fn round(self, a: $v) -> $v {
            unsafe { $round::<8>(a) }
        }
        #[inline(always)]
        unsafe fn load(self, p: *const $t) -> $v {
            unsafe { $load(p) }
        }
        #[inline(always)]
        unsafe fn store(self, p: *mut $t, v: $v) {
            unsafe { $store(p, v) }
        }
    };
}

impl Simd for Avx2<f32> {
    arithmetic!(
        f32,
        __m256,
        8,
        _mm256_set1_ps,
        _mm256_add_ps,
        _mm256_sub_ps,
        _mm256_mul_ps,
        _mm256_fmadd_ps,
        _mm256_div_ps,
        _mm256_min_ps,
        _mm256_max_ps,
        _mm256_round_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps
    );

    #[inline(always)]
    fn pow2(self, a: __m256) -> __m256 {
        // SAFETY: the token proves that the instructions exist.
        unsafe {
            let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(a), _mm256_set1_epi32(127));
            _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent))
        }
    }

    #[inline(always)]
    fn transpose_sum(self, v: [__m256; 16]) -> [__m256; 16] {
        let mut out = [self.zero(); 16];
        for half in 0..2 {
            let w = &v[8 * half..8 * half + 8];
            // SAFETY: the token proves that the instructions exist.
            out[half] = unsafe {
                let a = _mm256_hadd_ps(_mm256_hadd_ps(w[0], w[1]), _mm256_hadd_ps(w[2], w[3]));
                let b = _mm256_hadd_ps(_mm256_hadd_ps(w[4], w[5]), _mm256_hadd_ps(w[6], w[7]));
                let low = _mm256_permute2f128_ps::<0x20>(a, b);
                let high = _mm256_permute2f128_ps::<0x31>(a, b);
                _mm256_add_ps(low, high)
            };
        }
        out
    }
}

impl Simd for Avx2<f64> {
    arithmetic!(
        f64,
        __m256d,
        4,
        _mm256_set1_pd,
        _mm256_add_pd,
        _mm256_sub_pd,
        _mm256_mul_pd,
        _mm256_fmadd_pd,
        _mm256_div_pd,
        _mm256_min_pd,
        _mm256_max_pd,
        _mm256_round_pd,
        _mm256_loadu_pd,
        _mm256_storeu_pd
    );

    #[inline(always)]
    fn pow2(self, a: __m256d) -> __m256d {
        // SAFETY: the token proves that the instructions exist.
        unsafe {
            let n = _mm256_cvtepi32_epi64(_mm256_cvtpd_epi32(a));
            let exponent = _mm256_add_epi64(n, _mm256_set1_epi64x(1023));
            _mm256_castsi256_pd(_mm256_slli_epi64::<52>(exponent))
        }
    }

    #[inline(always)]
    fn transpose_sum(self, v: [__m256d; 16]) -> [__m256d; 16] {
        let mut out = [self.zero(); 16];
        for quarter in 0..4 {
            let w = &v[4 * quarter..4 * quarter + 4];
            // SAFETY: the token proves that the instructions exist.
            out[quarter] = unsafe {
                let a = _mm256_hadd_pd(w[0], w[1]);
                let b = _mm256_hadd_pd(w[2], w[3]);
                let low = _mm256_permute2f128_pd::<0x20>(a, b);
                let high = _mm256_permute2f128_pd::<0x31>(a, b);
                _mm256_add_pd(low, high)
            };
        }
        out
    }
}
