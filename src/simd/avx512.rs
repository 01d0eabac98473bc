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
     $div:ident, $min:ident, $max:ident, $round:ident, $load:ident, $store:ident) => {
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

// Steps of `transpose_sum`; each halves the number of vectors: interleave two and add the halves,
// inside 128-bit lanes first, then whole lanes. Macros because closures and functions without the
// target features would not be inlined.

macro_rules! pair {
    (f32, $a:expr, $b:expr) => {{
        let (a, b) = ($a, $b);
        _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b))
    }};
    (f64, $a:expr, $b:expr) => {{
        let (a, b) = ($a, $b);
        _mm512_add_pd(_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b))
    }};
}

macro_rules! four {
    ($a:expr, $b:expr, $c:expr, $d:expr) => {{
        let x = _mm512_castps_pd(pair!(f32, $a, $b));
        let y = _mm512_castps_pd(pair!(f32, $c, $d));
        _mm512_add_ps(
            _mm512_castpd_ps(_mm512_unpacklo_pd(x, y)),
            _mm512_castpd_ps(_mm512_unpackhi_pd(x, y)),
        )
    }};
}

macro_rules! lanes {
    (f32, $a:expr, $b:expr) => {{
        let (a, b) = ($a, $b);
        let even = _mm512_shuffle_f32x4::<0x88>(a, b);
        _mm512_add_ps(even, _mm512_shuffle_f32x4::<0xdd>(a, b))
    }};
    (f64, $a:expr, $b:expr) => {{
        let (a, b) = ($a, $b);
        let even = _mm512_shuffle_f64x2::<0x88>(a, b);
        _mm512_add_pd(even, _mm512_shuffle_f64x2::<0xdd>(a, b))
    }};
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
        _mm512_div_ps,
        _mm512_min_ps,
        _mm512_max_ps,
        _mm512_roundscale_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps
    );

    #[inline(always)]
    fn pow2(self, a: __m512) -> __m512 {
        // SAFETY: the token proves that the instructions exist.
        unsafe { _mm512_scalef_ps(_mm512_set1_ps(1.0), a) }
    }

    #[inline(always)]
    fn transpose_sum(self, v: [__m512; 16]) -> [__m512; 16] {
        let mut out = [self.zero(); 16];
        // SAFETY: the token proves that the instructions exist.
        out[0] = unsafe {
            // q holds in each 128-bit lane partial sums of four vectors
            let q0 = four!(v[0], v[1], v[2], v[3]);
            let q1 = four!(v[4], v[5], v[6], v[7]);
            let q2 = four!(v[8], v[9], v[10], v[11]);
            let q3 = four!(v[12], v[13], v[14], v[15]);
            lanes!(f32, lanes!(f32, q0, q1), lanes!(f32, q2, q3))
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
        _mm512_div_pd,
        _mm512_min_pd,
        _mm512_max_pd,
        _mm512_roundscale_pd,
        _mm512_loadu_pd,
        _mm512_storeu_pd
    );

    #[inline(always)]
    fn pow2(self, a: __m512d) -> __m512d {
        // SAFETY: the token proves that the instructions exist.
        unsafe { _mm512_scalef_pd(_mm512_set1_pd(1.0), a) }
    }

    #[inline(always)]
    fn transpose_sum(self, v: [__m512d; 16]) -> [__m512d; 16] {
        let mut out = [self.zero(); 16];
        for half in 0..2 {
            let w = &v[8 * half..8 * half + 8];
            // SAFETY: the token proves that the instructions exist.
            out[half] = unsafe {
                let (p0, p1) = (pair!(f64, w[0], w[1]), pair!(f64, w[2], w[3]));
                let (p2, p3) = (pair!(f64, w[4], w[5]), pair!(f64, w[6], w[7]));
                lanes!(f64, lanes!(f64, p0, p1), lanes!(f64, p2, p3))
            };
        }
        out
    }
}
