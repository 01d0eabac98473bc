//! Vectors of four numbers in plain Rust: the form for every processor and the oracle of the
//! others.

use super::{Real, Simd};
use std::marker::PhantomData;

/// Token of the portable level.
#[derive(Debug, Clone, Copy, Default)]
pub struct Portable<T>(PhantomData<T>);

const N: usize = 4;

impl<T: Real> Simd for Portable<T> {
    type T = T;
    type V = [T; N];
    const N: usize = N;
    const WIDE: bool = false;

    #[inline(always)]
    fn splat(self, x: T) -> [T; N] {
        [x; N]
    }
    #[inline(always)]
    fn add(self, a: [T; N], b: [T; N]) -> [T; N] {
        [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]]
    }
    #[inline(always)]
    fn sub(self, a: [T; N], b: [T; N]) -> [T; N] {
        [a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3]]
    }
    #[inline(always)]
    fn mul(self, a: [T; N], b: [T; N]) -> [T; N] {
        [a[0] * b[0], a[1] * b[1], a[2] * b[2], a[3] * b[3]]
    }
    #[inline(always)]
    fn fma(self, a: [T; N], b: [T; N], c: [T; N]) -> [T; N] {
        [
            a[0] * b[0] + c[0],
            a[1] * b[1] + c[1],
            a[2] * b[2] + c[2],
            a[3] * b[3] + c[3],
        ]
    }
    #[inline(always)]
    fn div(self, a: [T; N], b: [T; N]) -> [T; N] {
        [a[0] / b[0], a[1] / b[1], a[2] / b[2], a[3] / b[3]]
    }
    #[inline(always)]
    fn min(self, a: [T; N], b: [T; N]) -> [T; N] {
        std::array::from_fn(|i| if a[i] < b[i] { a[i] } else { b[i] })
    }
    #[inline(always)]
    fn max(self, a: [T; N], b: [T; N]) -> [T; N] {
        std::array::from_fn(|i| if a[i] > b[i] { a[i] } else { b[i] })
    }
    #[inline(always)]
    fn round(self, a: [T; N]) -> [T; N] {
        a.map(T::round)
    }
    #[inline(always)]
    fn pow2(self, a: [T; N]) -> [T; N] {
        a.map(T::pow2)
    }
    #[inline(always)]
    unsafe fn load(self, p: *const T) -> [T; N] {
        // SAFETY: the caller guarantees N readable numbers; the read needs no alignment.
        unsafe { p.cast::<[T; N]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut T, v: [T; N]) {
        // SAFETY: the caller guarantees N writable numbers; the write needs no alignment.
        unsafe { p.cast::<[T; N]>().write_unaligned(v) }
    }
    #[inline(always)]
    fn transpose_sum(self, v: [[T; N]; 16]) -> [[T; N]; 16] {
        let mut out = [[T::default(); N]; 16];
        for (i, x) in v.iter().enumerate() {
            out[i / N][i % N] = (x[0] + x[1]) + (x[2] + x[3]);
        }
        out
    }
}
