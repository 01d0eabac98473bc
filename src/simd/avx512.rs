//! 512-bit vectors.

use super::{Op, Real, Simd};
use std::arch::x86_64::*;
use std::marker::PhantomData;

/// Token: the processor has AVX-512 F, DQ, BW and VL.
#[derive(Debug, Clone, Copy)]
pub struct Avx512<T>(PhantomData<T>);

impl<T> Avx512<T> {
    /// Token.
    ///
    /// # Safety
    /// The processor has AVX-512 F, DQ, BW and VL, AVX2 and FMA.
    pub unsafe fn new() -> Self {
        Avx512(PhantomData)
    }
}

/// Compiles `op` for this level.
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")]
pub fn run<T: Real, O: Op<T>, S: Simd<T = T>>(op: O, s: S) -> O::Out {
    op.run(s)
}

macro_rules! arithmetic {
    ($t:ty, $v:ty, $n:expr, $set1:ident, $add:ident, $sub:ident, $mul:ident, $fma:ident,
     $load:ident, $store:ident) => {
        type T = $t;
        type V = $v;
        const N: usize = $n;
        const WIDE: bool = true;

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
        unsafe fn load(self, p: *const $t) -> $v {
            unsafe { $load(p) }
        }
        #[inline(always)]
        unsafe fn store(self, p: *mut $t, v: $v) {
            unsafe { $store(p, v) }
        }
    };
}

impl Simd for Avx512<f32> {
    arithmetic!(
        f32,
        __m512,
        16,
        _mm512_set1_ps,
        _mm512_add_ps,
        _mm512_sub_ps,
        _mm512_mul_ps,
        _mm512_fmadd_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps
    );

    #[inline(always)]
    fn transpose_sum(self, v: [__m512; 16]) -> [__m512; 16] {
        let mut out = [self.zero(); 16];
        // SAFETY: the token proves that the instructions exist.
        out[0] = unsafe {
            // Each step halves the number of vectors: interleave two, add the halves. Inside
            // 128-bit lanes first (a0 b0 ..), then whole 128-bit lanes.
            let pair = |a, b| _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
            let four = |a, b, c, d| {
                let (x, y) = (_mm512_castps_pd(pair(a, b)), _mm512_castps_pd(pair(c, d)));
                _mm512_add_ps(
                    _mm512_castpd_ps(_mm512_unpacklo_pd(x, y)),
                    _mm512_castpd_ps(_mm512_unpackhi_pd(x, y)),
                )
            };
            // q0 holds in each 128-bit lane partial sums of vectors 0..4, and so on
            let q0 = four(v[0], v[1], v[2], v[3]);
            let q1 = four(v[4], v[5], v[6], v[7]);
            let q2 = four(v[8], v[9], v[10], v[11]);
            let q3 = four(v[12], v[13], v[14], v[15]);
            let lanes = |a, b| {
                _mm512_add_ps(
                    _mm512_shuffle_f32x4::<0x88>(a, b),
                    _mm512_shuffle_f32x4::<0xdd>(a, b),
                )
            };
            lanes(lanes(q0, q1), lanes(q2, q3))
        };
        out
    }
}

impl Simd for Avx512<f64> {
    arithmetic!(
        f64,
        __m512d,
        8,
        _mm512_set1_pd,
        _mm512_add_pd,
        _mm512_sub_pd,
        _mm512_mul_pd,
        _mm512_fmadd_pd,
        _mm512_loadu_pd,
        _mm512_storeu_pd
    );

    #[inline(always)]
    fn transpose_sum(self, v: [__m512d; 16]) -> [__m512d; 16] {
        let mut out = [self.zero(); 16];
        for half in 0..2 {
            let w = &v[8 * half..8 * half + 8];
            // SAFETY: the token proves that the instructions exist.
            out[half] = unsafe {
                let pair = |a, b| _mm512_add_pd(_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b));
                let lanes = |a, b| {
                    _mm512_add_pd(
                        _mm512_shuffle_f64x2::<0x88>(a, b),
                        _mm512_shuffle_f64x2::<0xdd>(a, b),
                    )
                };
                let q0 = lanes(pair(w[0], w[1]), pair(w[2], w[3]));
                let q1 = lanes(pair(w[4], w[5]), pair(w[6], w[7]));
                lanes(q0, q1)
            };
        }
        out
    }
}
