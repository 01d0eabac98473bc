//! Adjoints of messages. Sums over channels that belong to one edge (the adjoints of Y and the
//! derivative with respect to the distance) stay vectors until all paths of a tile are done, and
//! are summed over lanes then.

use super::{Copies, Edges, MOST_M1, MOST_M3, Path, Scalars, by_degrees};
use crate::simd::{Real, Simd, TILE};

/// Vectors that are summed over lanes when a tile is complete.
#[derive(Debug, Clone, Default)]
pub struct Partial<T> {
    /// Of each component of Y and of the distance, \[components + 1\]\[TILE\]\[lanes\].
    sums: Vec<T>,
    components: usize,
    /// Adjoints of the couplings of one edge \[components of a path\]\[lanes\].
    couplings: Vec<T>,
}

/// Lanes of the widest vector.
const LANES: usize = 16;

impl<T: Real> Partial<T> {
    /// Starts a tile for so many components of Y.
    #[inline(always)]
    pub fn begin(&mut self, components: usize) {
        self.components = components;
        let length = (components + 1) * TILE * LANES;
        if self.sums.len() < length {
            self.sums.resize(length, T::default());
            self.couplings
                .resize(MOST_M1 * MOST_M3 * LANES, T::default());
        }
        self.sums[..length].fill(T::default());
    }

    /// Sums over lanes: the adjoint of Y \[component\]\[TILE\] and dE/dr \[TILE\].
    #[inline(always)]
    pub fn finish<S: Simd<T = T>>(&self, s: S, harmonics: &mut [T], distance: &mut [T]) {
        for row in 0..=self.components {
            let mut v = [s.zero(); 16];
            for (e, v) in v.iter_mut().enumerate() {
                *v = s.read(&self.sums[(row * TILE + e) * S::N..]);
            }
            let sums = s.transpose_sum(v);
            let out = if row < self.components {
                &mut harmonics[row * TILE..][..TILE]
            } else {
                &mut distance[..TILE]
            };
            for i in 0..TILE / S::N {
                s.write(&mut out[i * S::N..], sums[i]);
            }
        }
    }

    /// Panics unless there are so many components.
    #[inline(always)]
    fn check(&self, components: usize) {
        assert!(components <= self.components);
        assert!(self.sums.len() >= (self.components + 1) * TILE * LANES);
        assert!(self.couplings.len() >= MOST_M1 * MOST_M3 * LANES);
    }

    /// # Safety
    /// `check` has passed, component <= components and e < TILE.
    #[inline(always)]
    unsafe fn add<S: Simd<T = T>>(&mut self, s: S, component: usize, e: usize, v: S::V) {
        // SAFETY: by the contract of this function; N is at most LANES.
        unsafe {
            let at = self.sums.as_mut_ptr().add((component * TILE + e) * S::N);
            s.store(at, s.add(s.load(at), v));
        }
    }
}

/// Adjoints that a tile of edges receives.
pub struct Adjoints<'a, T> {
    /// Of the features, one row per possible sender; empty if not wanted.
    pub features: &'a mut [T],
    /// Of the harmonics and the distance.
    pub partial: &'a mut Partial<T>,
}

impl<T: Real> Adjoints<'_, T> {
    #[inline(always)]
    fn check(&self, edges: &Edges<'_, T>, components: usize) {
        assert!(self.features.is_empty() || self.features.len() == edges.features.len());
        self.partial.check(components);
    }
}

/// Adjoint of [`super::scalars`]: adds to `to` what follows from `message`, the adjoint of Phi.
#[inline(always)]
pub fn scalars_adjoint<S: Simd>(
    s: S,
    paths: &Scalars,
    edges: Edges<'_, S::T>,
    harmonics: &[S::T],
    message: &[S::T],
    to: &mut Adjoints<'_, S::T>,
) {
    edges.check(true);
    paths.check(&edges, harmonics.len(), message.len());
    to.check(&edges, paths.degrees * paths.degrees);
    // SAFETY: extents were checked.
    unsafe {
        by_degrees!(
            paths.degrees,
            scalars_of,
            s,
            paths,
            edges,
            harmonics,
            message,
            to
        );
    }
}

/// # Safety
/// The extents checked in [`scalars_adjoint`].
#[inline(always)]
unsafe fn scalars_of<S: Simd, const D: usize>(
    s: S,
    paths: &Scalars,
    edges: Edges<'_, S::T>,
    harmonics: &[S::T],
    message: &[S::T],
    to: &mut Adjoints<'_, S::T>,
) {
    let y = harmonics.as_ptr();
    let phi = message.as_ptr();
    let wants_features = !to.features.is_empty();
    for e in 0..edges.count {
        let mut y_bar = [s.zero(); 16];
        let mut distance = s.zero();
        for c in (0..paths.channels).step_by(S::N) {
            // SAFETY: by the contract of this function.
            unsafe {
                let h = edges.feature(s, e, paths.feature + c);
                let mut h_bar = s.zero();
                let mut slope = s.zero();
                for l in 0..D {
                    let r = edges.radial(s, e, paths.radial[l] + c);
                    let rh = s.mul(r, h);
                    let mut t = s.zero();
                    for m in 0..2 * l + 1 {
                        let lm = l * l + m;
                        let p = s.load(phi.add(paths.message[l] + m * paths.stride[l] + c));
                        t = s.fma(s.splat(*y.add(lm * TILE + e)), p, t);
                        y_bar[lm] = s.fma(rh, p, y_bar[lm]);
                    }
                    h_bar = s.fma(r, t, h_bar);
                    slope = s.fma(edges.slope(s, e, paths.radial[l] + c), t, slope);
                }
                distance = s.fma(h, slope, distance);
                if wants_features {
                    let row = *edges.senders.get_unchecked(e) as usize * edges.feature_width;
                    let at = to.features.as_mut_ptr().add(row + paths.feature + c);
                    s.store(at, s.add(s.load(at), h_bar));
                }
            }
        }
        // SAFETY: extents were checked.
        unsafe {
            for lm in 0..D * D {
                to.partial.add(s, lm, e, y_bar[lm]);
            }
            to.partial.add(s, to.partial.components, e, distance);
        }
    }
}

/// Adjoint of [`super::copies`]: adds to `to` what follows from `message`, the adjoint of Phi.
#[inline(always)]
pub fn copies_adjoint<S: Simd>(
    s: S,
    path: &Copies,
    edges: Edges<'_, S::T>,
    message: &[S::T],
    to: &mut Adjoints<'_, S::T>,
) {
    edges.check(true);
    path.check(&edges, message.len());
    to.check(&edges, 0);
    let wants_features = !to.features.is_empty();
    for e in 0..edges.count {
        let mut distance = s.zero();
        for c in (0..path.channels).step_by(S::N) {
            // SAFETY: extents were checked.
            unsafe {
                let r = edges.radial(s, e, path.radial + c);
                let mut u = s.zero();
                for m in 0..path.dim {
                    let at = path.feature + m * path.channels + c;
                    let p = s.load(message.as_ptr().add(path.message + m * path.stride + c));
                    u = s.fma(edges.feature(s, e, at), p, u);
                    if wants_features {
                        let row = *edges.senders.get_unchecked(e) as usize * edges.feature_width;
                        let at = to.features.as_mut_ptr().add(row + at);
                        s.store(at, s.fma(r, p, s.load(at)));
                    }
                }
                distance = s.fma(edges.slope(s, e, path.radial + c), u, distance);
            }
        }
        // SAFETY: extents were checked.
        unsafe { to.partial.add(s, to.partial.components, e, distance) };
    }
}

/// Adjoint of [`super::path`]: adds to `to` what follows from `message`, the adjoint of Phi.
#[inline(always)]
pub fn path_adjoint<S: Simd>(
    s: S,
    path: &Path<S::T>,
    edges: Edges<'_, S::T>,
    couplings: &[S::T],
    message: &[S::T],
    to: &mut Adjoints<'_, S::T>,
) {
    edges.check(true);
    path.check(&edges, message.len());
    to.check(&edges, path.terms.last().map_or(0, |t| t.harmonic + 1));
    let k = &couplings[path.coupling * TILE..][..path.d1 * path.d3 * TILE];
    // SAFETY: extents were checked.
    unsafe {
        match (path.d1, path.d3) {
            (1, 1) => path_of::<S, 1, 1>(s, path, edges, k, message, to),
            (1, 3) => path_of::<S, 1, 3>(s, path, edges, k, message, to),
            (1, 5) => path_of::<S, 1, 5>(s, path, edges, k, message, to),
            (1, 7) => path_of::<S, 1, 7>(s, path, edges, k, message, to),
            (3, 1) => path_of::<S, 3, 1>(s, path, edges, k, message, to),
            (3, 3) => path_of::<S, 3, 3>(s, path, edges, k, message, to),
            (3, 5) => path_of::<S, 3, 5>(s, path, edges, k, message, to),
            (3, 7) => path_of::<S, 3, 7>(s, path, edges, k, message, to),
            (5, 1) => path_of::<S, 5, 1>(s, path, edges, k, message, to),
            (5, 3) => path_of::<S, 5, 3>(s, path, edges, k, message, to),
            (5, 5) => path_of::<S, 5, 5>(s, path, edges, k, message, to),
            (5, 7) => path_of::<S, 5, 7>(s, path, edges, k, message, to),
            other => unreachable!("a path of {other:?} components"),
        }
    }
}

/// # Safety
/// The extents checked in [`path_adjoint`].
#[inline(always)]
unsafe fn path_of<S: Simd, const D1: usize, const D3: usize>(
    s: S,
    path: &Path<S::T>,
    edges: Edges<'_, S::T>,
    couplings: &[S::T],
    message: &[S::T],
    to: &mut Adjoints<'_, S::T>,
) {
    let k = couplings.as_ptr();
    let phi = message[path.message..].as_ptr();
    let channels = path.channels;
    let wants_features = !to.features.is_empty();
    for e in 0..edges.count {
        let mut k_bar = [[s.zero(); D3]; D1];
        let mut distance = s.zero();
        for c in (0..channels).step_by(S::N) {
            // SAFETY: by the contract of this function.
            unsafe {
                let mut p = [s.zero(); D3];
                for m3 in 0..D3 {
                    p[m3] = s.load(phi.add(m3 * path.stride + c));
                }
                let r = edges.radial(s, e, path.radial + c);
                let mut u = s.zero();
                for m1 in 0..D1 {
                    let at = path.feature + m1 * channels + c;
                    let h = edges.feature(s, e, at);
                    let rh = s.mul(r, h);
                    let mut t = s.zero();
                    for m3 in 0..D3 {
                        let k = s.splat(*k.add((m1 * D3 + m3) * TILE + e));
                        t = s.fma(k, p[m3], t);
                        k_bar[m1][m3] = s.fma(rh, p[m3], k_bar[m1][m3]);
                    }
                    u = s.fma(h, t, u);
                    if wants_features {
                        let row = *edges.senders.get_unchecked(e) as usize * edges.feature_width;
                        let at = to.features.as_mut_ptr().add(row + at);
                        s.store(at, s.fma(r, t, s.load(at)));
                    }
                }
                distance = s.fma(edges.slope(s, e, path.radial + c), u, distance);
            }
        }
        // SAFETY: `couplings` of `Partial` has room for MOST_M1 * MOST_M3 vectors.
        unsafe {
            let stored = to.partial.couplings.as_mut_ptr();
            for m1 in 0..D1 {
                for m3 in 0..D3 {
                    s.store(stored.add((m1 * D3 + m3) * S::N), k_bar[m1][m3]);
                }
            }
            to.partial.add(s, to.partial.components, e, distance);
        }
        contract(s, path, e, to.partial);
    }
}

/// Adds to the adjoints of Y at edge `e` what follows from those of the path's couplings.
#[inline(always)]
fn contract<S: Simd>(s: S, path: &Path<S::T>, e: usize, partial: &mut Partial<S::T>) {
    // no closures here: they would be compiled without the vector instructions
    let terms = path.terms.as_slice();
    let mut i = 0;
    while i < terms.len() {
        let harmonic = terms[i].harmonic;
        let mut sum = s.zero();
        while i < terms.len() && terms[i].harmonic == harmonic {
            let k = s.read(&partial.couplings[terms[i].k * S::N..]);
            sum = s.fma(k, s.splat(terms[i].value), sum);
            i += 1;
        }
        // SAFETY: the harmonics of all terms were checked.
        unsafe { partial.add(s, harmonic, e, sum) };
    }
}
