//! Messages.

use super::{Copies, Edges, Path, Scalars, by_degrees, runs};
use crate::simd::{Simd, TILE};

/// Couplings of a path for a tile from Y, both \[component\]\[TILE\]; overwrites them.
#[inline(always)]
pub fn couple<S: Simd>(s: S, path: &Path<S::T>, y: &[S::T], k: &mut [S::T]) {
    let k = &mut k[path.coupling * TILE..][..path.d1 * path.d3 * TILE];
    k.fill(S::T::default());
    for term in &path.terms {
        let y = &y[term.harmonic * TILE..][..TILE];
        let k = &mut k[term.k * TILE..][..TILE];
        let factor = s.splat(term.value);
        for lane in (0..TILE).step_by(S::N) {
            let sum = s.fma(factor, s.read(&y[lane..]), s.read(&k[lane..]));
            s.write(&mut k[lane..], sum);
        }
    }
}

/// Adds the messages of `paths` to `message`; `harmonics` is \[(l_max + 1)^2\]\[TILE\].
#[inline(always)]
pub fn scalars<S: Simd>(
    s: S,
    paths: &Scalars,
    edges: Edges<'_, S::T>,
    harmonics: &[S::T],
    message: &mut [S::T],
) {
    edges.check(false);
    paths.check(&edges, harmonics.len(), message.len());
    // SAFETY: extents were checked.
    unsafe {
        by_degrees!(
            paths.degrees,
            scalars_of,
            s,
            paths,
            edges,
            harmonics,
            message
        );
    }
}

/// # Safety
/// The extents checked in [`scalars`].
#[inline(always)]
unsafe fn scalars_of<S: Simd, const D: usize>(
    s: S,
    paths: &Scalars,
    edges: Edges<'_, S::T>,
    harmonics: &[S::T],
    message: &mut [S::T],
) {
    let y = harmonics.as_ptr();
    let out = message.as_mut_ptr();
    for c in (0..paths.channels).step_by(S::N) {
        // SAFETY: by the contract of this function.
        unsafe {
            let mut sum = [s.zero(); 16];
            for l in 0..D {
                for m in 0..2 * l + 1 {
                    sum[l * l + m] = s.load(out.add(paths.message[l] + m * paths.stride[l] + c));
                }
            }
            for e in 0..edges.count {
                let h = edges.feature(s, e, paths.feature + c);
                for l in 0..D {
                    let rh = s.mul(h, edges.radial(s, e, paths.radial[l] + c));
                    for m in 0..2 * l + 1 {
                        let lm = l * l + m;
                        sum[lm] = s.fma(s.splat(*y.add(lm * TILE + e)), rh, sum[lm]);
                    }
                }
            }
            for l in 0..D {
                for m in 0..2 * l + 1 {
                    s.store(
                        out.add(paths.message[l] + m * paths.stride[l] + c),
                        sum[l * l + m],
                    );
                }
            }
        }
    }
}

/// Adds the messages of one path without direction to `message`.
#[inline(always)]
pub fn copies<S: Simd>(s: S, path: &Copies, edges: Edges<'_, S::T>, message: &mut [S::T]) {
    edges.check(false);
    path.check(&edges, message.len());
    for (m, count) in runs(path.dim, 7) {
        // SAFETY: extents were checked.
        unsafe {
            match count {
                1 => copies_of::<S, 1>(s, path, m, edges, message),
                3 => copies_of::<S, 3>(s, path, m, edges, message),
                5 => copies_of::<S, 5>(s, path, m, edges, message),
                _ => copies_of::<S, 7>(s, path, m, edges, message),
            }
        }
    }
}

/// # Safety
/// The extents checked in [`copies`].
#[inline(always)]
unsafe fn copies_of<S: Simd, const D: usize>(
    s: S,
    path: &Copies,
    first: usize,
    edges: Edges<'_, S::T>,
    message: &mut [S::T],
) {
    let out = message[path.message + first * path.stride..].as_mut_ptr();
    let feature = path.feature + first * path.channels;
    for c in (0..path.channels).step_by(S::N) {
        // SAFETY: by the contract of this function.
        unsafe {
            let mut sum = [s.zero(); D];
            for m in 0..D {
                sum[m] = s.load(out.add(m * path.stride + c));
            }
            for e in 0..edges.count {
                let r = edges.radial(s, e, path.radial + c);
                for m in 0..D {
                    let h = edges.feature(s, e, feature + m * path.channels + c);
                    sum[m] = s.fma(r, h, sum[m]);
                }
            }
            for m in 0..D {
                s.store(out.add(m * path.stride + c), sum[m]);
            }
        }
    }
}

/// Adds the messages of one path to `message`; `couplings` is \[components\]\[TILE\].
#[inline(always)]
pub fn path<S: Simd>(
    s: S,
    path: &Path<S::T>,
    edges: Edges<'_, S::T>,
    couplings: &[S::T],
    message: &mut [S::T],
) {
    edges.check(false);
    path.check(&edges, message.len());
    let k = &couplings[path.coupling * TILE..][..path.d1 * path.d3 * TILE];
    let vectors = path.channels / S::N;
    // several vectors of channels at a time where one has few independent sums
    // SAFETY: extents were checked.
    unsafe {
        match (path.d1, path.d3) {
            (1, 1) if vectors % 4 == 0 => path_of::<S, 1, 1, 4>(s, path, edges, k, message),
            (3, 1) if vectors % 4 == 0 => path_of::<S, 3, 1, 4>(s, path, edges, k, message),
            (3, 1) if vectors % 2 == 0 => path_of::<S, 3, 1, 2>(s, path, edges, k, message),
            (5, 1) if vectors % 2 == 0 => path_of::<S, 5, 1, 2>(s, path, edges, k, message),
            (3, 3) if vectors % 2 == 0 => path_of::<S, 3, 3, 2>(s, path, edges, k, message),
            (5, 3) if vectors % 2 == 0 => path_of::<S, 5, 3, 2>(s, path, edges, k, message),
            (1, 1) => path_of::<S, 1, 1, 1>(s, path, edges, k, message),
            (1, 3) => path_of::<S, 1, 3, 1>(s, path, edges, k, message),
            (1, 5) => path_of::<S, 1, 5, 1>(s, path, edges, k, message),
            (1, 7) => path_of::<S, 1, 7, 1>(s, path, edges, k, message),
            (3, 1) => path_of::<S, 3, 1, 1>(s, path, edges, k, message),
            (3, 3) => path_of::<S, 3, 3, 1>(s, path, edges, k, message),
            (3, 5) => path_of::<S, 3, 5, 1>(s, path, edges, k, message),
            (3, 7) => path_of::<S, 3, 7, 1>(s, path, edges, k, message),
            (5, 1) => path_of::<S, 5, 1, 1>(s, path, edges, k, message),
            (5, 3) => path_of::<S, 5, 3, 1>(s, path, edges, k, message),
            (5, 5) => path_of::<S, 5, 5, 1>(s, path, edges, k, message),
            (5, 7) => path_of::<S, 5, 7, 1>(s, path, edges, k, message),
            other => unreachable!("a path of {other:?} components"),
        }
    }
}

/// # Safety
/// The extents checked in [`path`].
#[inline(always)]
unsafe fn path_of<S: Simd, const D1: usize, const D3: usize, const C: usize>(
    s: S,
    path: &Path<S::T>,
    edges: Edges<'_, S::T>,
    couplings: &[S::T],
    message: &mut [S::T],
) {
    let k = couplings.as_ptr();
    let out = message[path.message..].as_mut_ptr();
    let channels = path.channels;
    for first in (0..channels).step_by(C * S::N) {
        // SAFETY: by the contract of this function.
        unsafe {
            let mut sum = [[s.zero(); C]; D3];
            for m3 in 0..D3 {
                for c in 0..C {
                    sum[m3][c] = s.load(out.add(m3 * path.stride + first + c * S::N));
                }
            }
            for e in 0..edges.count {
                let mut r = [s.zero(); C];
                for c in 0..C {
                    r[c] = edges.radial(s, e, path.radial + first + c * S::N);
                }
                for m1 in 0..D1 {
                    let mut rh = [s.zero(); C];
                    for c in 0..C {
                        let at = path.feature + m1 * channels + first + c * S::N;
                        rh[c] = s.mul(r[c], edges.feature(s, e, at));
                    }
                    for m3 in 0..D3 {
                        let k = s.splat(*k.add((m1 * D3 + m3) * TILE + e));
                        for c in 0..C {
                            sum[m3][c] = s.fma(k, rh[c], sum[m3][c]);
                        }
                    }
                }
            }
            for m3 in 0..D3 {
                for c in 0..C {
                    s.store(out.add(m3 * path.stride + first + c * S::N), sum[m3][c]);
                }
            }
        }
    }
}
