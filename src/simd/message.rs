//! Messages of one atom over a tile of edges, and their adjoints, channels across vector lanes.
//!
//! With h the features of the senders, R the radial functions and K the couplings to the edge
//! direction, a path with degrees l1 -> l3 adds
//! `Phi[m3, u] += sum_e R_e[u] sum_m1 K_e[m1, m3] h_e[m1, u]`.
//! For l1 = 0 the couplings are the spherical harmonics themselves; all l3 that leave the same
//! scalars are then done together (`Scalars`), sixteen sums in registers for l_max = 3.
//!
//! Arrays per edge that multiply whole rows (Y, K, and their adjoints) are \[component\]\[TILE\].

use super::{Real, Simd, TILE};

/// Edges of a tile and the rows that belong to them.
#[derive(Clone, Copy)]
pub struct Edges<'a, T> {
    /// Number of edges, at most [`TILE`].
    pub count: usize,
    /// Radial functions, one row per edge.
    pub radial: &'a [T],
    /// Their derivatives with respect to the distance; used by the adjoints only.
    pub slope: &'a [T],
    /// Length of a row of both.
    pub radial_width: usize,
    /// Features of all possible senders, one row each.
    pub features: &'a [T],
    /// Length of a row of `features`.
    pub feature_width: usize,
    /// Row of the sender of each edge.
    pub senders: &'a [u32],
}

impl<T: Real> Edges<'_, T> {
    /// Panics unless every row exists.
    #[inline(always)]
    fn check(&self, slopes: bool) {
        assert!(self.count <= TILE && self.count <= self.senders.len());
        assert!(self.count * self.radial_width <= self.radial.len());
        assert!(!slopes || self.count * self.radial_width <= self.slope.len());
        for &j in &self.senders[..self.count] {
            assert!((j as usize + 1) * self.feature_width <= self.features.len());
        }
    }

    /// # Safety
    /// `check` has passed, e < count, and at + N lies inside a row.
    #[inline(always)]
    unsafe fn feature<S: Simd<T = T>>(&self, s: S, e: usize, at: usize) -> S::V {
        // SAFETY: by the contract of this function.
        unsafe {
            let row = *self.senders.get_unchecked(e) as usize * self.feature_width;
            s.load(self.features.as_ptr().add(row + at))
        }
    }

    /// # Safety
    /// As [`Edges::feature`].
    #[inline(always)]
    unsafe fn radial<S: Simd<T = T>>(&self, s: S, e: usize, at: usize) -> S::V {
        // SAFETY: by the contract of this function.
        unsafe { s.load(self.radial.as_ptr().add(e * self.radial_width + at)) }
    }

    /// # Safety
    /// As [`Edges::feature`], and slopes are present.
    #[inline(always)]
    unsafe fn slope<S: Simd<T = T>>(&self, s: S, e: usize, at: usize) -> S::V {
        // SAFETY: by the contract of this function.
        unsafe { s.load(self.slope.as_ptr().add(e * self.radial_width + at)) }
    }
}

/// One path, in units of array elements. Rows of channels are padded to whole vectors.
#[derive(Debug, Clone, Copy)]
pub struct Path {
    /// 2 l1 + 1.
    pub d1: usize,
    /// 2 l3 + 1.
    pub d3: usize,
    /// First of the couplings \[d1\]\[d3\] of this path (not yet times TILE).
    pub coupling: usize,
    /// Column of the radial functions.
    pub radial: usize,
    /// Offset of the entering block \[d1\]\[channels\] in a feature row.
    pub feature: usize,
    /// Offset of component m3 = 0 in Phi.
    pub message: usize,
    /// Distance of components in Phi.
    pub stride: usize,
    /// Padded number of channels.
    pub channels: usize,
}

/// A path (l, 0, l): copies of the features times radial functions.
#[derive(Debug, Clone, Copy)]
pub struct Copies {
    /// 2 l + 1.
    pub dim: usize,
    /// Column of the radial functions.
    pub radial: usize,
    /// Offset of the entering block \[dim\]\[channels\] in a feature row.
    pub feature: usize,
    /// Offset of component m = 0 in Phi.
    pub message: usize,
    /// Distance of components in Phi.
    pub stride: usize,
    /// Padded number of channels.
    pub channels: usize,
}

/// Paths (0, l, l) for l = 0..degrees that leave the same block of scalars.
#[derive(Debug, Clone, Copy)]
pub struct Scalars {
    /// Number of degrees, l_max + 1; 1 to 4.
    pub degrees: usize,
    /// Column of the radial functions of each l.
    pub radial: [usize; 4],
    /// Offset of component m = 0 of each l in Phi.
    pub message: [usize; 4],
    /// Distance of components of each l in Phi.
    pub stride: [usize; 4],
    /// Offset of the scalars in a feature row.
    pub feature: usize,
    /// Padded number of channels.
    pub channels: usize,
}

/// Scratch of the adjoints: sums over lanes are deferred until a tile is complete.
#[derive(Debug, Clone)]
pub struct Partial<T>(Vec<T>);

impl<T: Default> Default for Partial<T> {
    fn default() -> Self {
        Partial((0..ROWS * TILE * 16).map(|_| T::default()).collect())
    }
}

/// Most components that `Partial` holds: 7 x 7 couplings and the radial derivative.
const ROWS: usize = 50;

/// Adjoints that a tile of edges receives.
pub struct Adjoints<'a, T> {
    /// Of the features, one row per possible sender; empty if not wanted.
    pub features: &'a mut [T],
    /// Of the couplings (or of the spherical harmonics), \[components\]\[TILE\].
    pub coupling: &'a mut [T],
    /// dE/dr of each edge, \[TILE\].
    pub distance: &'a mut [T],
    /// Scratch.
    pub partial: &'a mut Partial<T>,
}

macro_rules! by_degrees {
    ($degrees:expr, $function:ident, $($argument:expr),*) => {
        match $degrees {
            1 => $function::<S, 1>($($argument),*),
            2 => $function::<S, 2>($($argument),*),
            3 => $function::<S, 3>($($argument),*),
            _ => $function::<S, 4>($($argument),*),
        }
    };
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
    let last = paths.degrees - 1;
    edges.check(false);
    assert!(harmonics.len() >= (last + 1) * (last + 1) * TILE);
    for l in 0..=last {
        assert!(paths.message[l] + 2 * l * paths.stride[l] + paths.channels <= message.len());
        assert!(paths.radial[l] + paths.channels <= edges.radial_width);
    }
    assert!(paths.feature + paths.channels <= edges.feature_width);
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

/// Adjoint of [`scalars`]: adds to `to` what follows from `message`, the adjoint of Phi.
#[inline(always)]
pub fn scalars_adjoint<S: Simd>(
    s: S,
    paths: &Scalars,
    edges: Edges<'_, S::T>,
    harmonics: &[S::T],
    message: &[S::T],
    to: &mut Adjoints<'_, S::T>,
) {
    let last = paths.degrees - 1;
    edges.check(true);
    assert!(harmonics.len() >= (last + 1) * (last + 1) * TILE);
    assert!(to.coupling.len() >= (last + 1) * (last + 1) * TILE);
    assert!(to.features.is_empty() || to.features.len() == edges.features.len());
    for l in 0..=last {
        assert!(paths.message[l] + 2 * l * paths.stride[l] + paths.channels <= message.len());
        assert!(paths.radial[l] + paths.channels <= edges.radial_width);
    }
    assert!(paths.feature + paths.channels <= edges.feature_width);
    // SAFETY: extents were checked.
    unsafe {
        by_degrees!(
            paths.degrees,
            scalars_adjoint_of,
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
unsafe fn scalars_adjoint_of<S: Simd, const D: usize>(
    s: S,
    paths: &Scalars,
    edges: Edges<'_, S::T>,
    harmonics: &[S::T],
    message: &[S::T],
    to: &mut Adjoints<'_, S::T>,
) {
    let y = harmonics.as_ptr();
    let phi = message.as_ptr();
    let partial = to.partial.0.as_mut_ptr();
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
        // SAFETY: `Partial` has ROWS * TILE * 16 elements.
        unsafe {
            for lm in 0..D * D {
                s.store(partial.add((lm * TILE + e) * S::N), y_bar[lm]);
            }
            s.store(partial.add((D * D * TILE + e) * S::N), distance);
        }
    }
    finish(s, to, D * D, |row| row);
}

/// Adds the sums over lanes of `rows` components to the couplings `place(row)`, and those of the
/// radial derivative behind them.
#[inline(always)]
fn finish<S: Simd>(s: S, to: &mut Adjoints<'_, S::T>, rows: usize, place: impl Fn(usize) -> usize) {
    assert!(rows < ROWS && to.distance.len() >= TILE);
    for row in 0..=rows {
        let mut v = [s.zero(); 16];
        for (e, v) in v.iter_mut().enumerate() {
            *v = s.read(&to.partial.0[(row * TILE + e) * S::N..]);
        }
        let sums = s.transpose_sum(v);
        let out = if row < rows {
            &mut to.coupling[place(row) * TILE..]
        } else {
            &mut *to.distance
        };
        for (part, sum) in out[..TILE].chunks_exact_mut(S::N).zip(sums) {
            let old = s.read(part);
            s.write(part, s.add(old, sum));
        }
    }
}

/// Part of the components of a path that one kernel handles.
#[derive(Clone, Copy)]
struct Part {
    coupling: usize,
    stride: usize,
    feature: usize,
    message: usize,
}

/// Splits `d` components into runs of an odd number up to `most`, as (start, length).
fn runs(d: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let left = d - start;
        let length = most.min(if left % 2 == 1 {
            left
        } else {
            left.saturating_sub(1)
        });
        start += length;
        (left > 0).then_some((start - length, length))
    })
}

macro_rules! for_parts {
    ($path:expr, $function:ident, $($argument:expr),*) => {
        for (m1, n1) in runs($path.d1, 5) {
            for (m3, n3) in runs($path.d3, 7) {
                let part = Part {
                    coupling: $path.coupling + m1 * $path.d3 + m3,
                    stride: $path.d3,
                    feature: $path.feature + m1 * $path.channels,
                    message: $path.message + m3 * $path.stride,
                };
                match (n1, n3) {
                    (1, 1) => $function::<S, 1, 1>(part, $($argument),*),
                    (1, 3) => $function::<S, 1, 3>(part, $($argument),*),
                    (1, 5) => $function::<S, 1, 5>(part, $($argument),*),
                    (1, 7) => $function::<S, 1, 7>(part, $($argument),*),
                    (3, 1) => $function::<S, 3, 1>(part, $($argument),*),
                    (3, 3) => $function::<S, 3, 3>(part, $($argument),*),
                    (3, 5) => $function::<S, 3, 5>(part, $($argument),*),
                    (3, 7) => $function::<S, 3, 7>(part, $($argument),*),
                    (5, 1) => $function::<S, 5, 1>(part, $($argument),*),
                    (5, 3) => $function::<S, 5, 3>(part, $($argument),*),
                    (5, 5) => $function::<S, 5, 5>(part, $($argument),*),
                    _ => $function::<S, 5, 7>(part, $($argument),*),
                }
            }
        }
    };
}

impl Path {
    /// Panics unless the path lies inside all arrays.
    #[inline(always)]
    fn check<T: Real>(&self, edges: &Edges<'_, T>, couplings: usize, message: usize) {
        assert!((self.coupling + self.d1 * self.d3) * TILE <= couplings);
        assert!(self.message + (self.d3 - 1) * self.stride + self.channels <= message);
        assert!(self.feature + self.d1 * self.channels <= edges.feature_width);
        assert!(self.radial + self.channels <= edges.radial_width);
    }
}

/// Adds the messages of one path to `message`; `couplings` is \[components\]\[TILE\].
#[inline(always)]
pub fn path<S: Simd>(
    s: S,
    path: &Path,
    edges: Edges<'_, S::T>,
    couplings: &[S::T],
    message: &mut [S::T],
) {
    edges.check(false);
    path.check(&edges, couplings.len(), message.len());
    // SAFETY: extents were checked.
    unsafe { for_parts!(path, part, s, path, edges, couplings, message) }
}

/// # Safety
/// The extents checked in [`path`].
#[inline(always)]
unsafe fn part<S: Simd, const D1: usize, const D3: usize>(
    part: Part,
    s: S,
    path: &Path,
    edges: Edges<'_, S::T>,
    couplings: &[S::T],
    message: &mut [S::T],
) {
    let k = couplings[part.coupling * TILE..].as_ptr();
    let out = message[part.message..].as_mut_ptr();
    let channels = path.channels;
    for c in (0..channels).step_by(S::N) {
        // SAFETY: by the contract of this function.
        unsafe {
            let mut sum = [s.zero(); D3];
            for m3 in 0..D3 {
                sum[m3] = s.load(out.add(m3 * path.stride + c));
            }
            for e in 0..edges.count {
                let r = edges.radial(s, e, path.radial + c);
                for m1 in 0..D1 {
                    let h = edges.feature(s, e, part.feature + m1 * channels + c);
                    let rh = s.mul(r, h);
                    for m3 in 0..D3 {
                        let k = s.splat(*k.add((m1 * part.stride + m3) * TILE + e));
                        sum[m3] = s.fma(k, rh, sum[m3]);
                    }
                }
            }
            for m3 in 0..D3 {
                s.store(out.add(m3 * path.stride + c), sum[m3]);
            }
        }
    }
}

/// Adjoint of [`path`]: adds to `to` what follows from `message`, the adjoint of Phi.
#[inline(always)]
pub fn path_adjoint<S: Simd>(
    s: S,
    path: &Path,
    edges: Edges<'_, S::T>,
    couplings: &[S::T],
    message: &[S::T],
    to: &mut Adjoints<'_, S::T>,
) {
    edges.check(true);
    path.check(
        &edges,
        couplings.len().min(to.coupling.len()),
        message.len(),
    );
    assert!(to.features.is_empty() || to.features.len() == edges.features.len());
    // SAFETY: extents were checked.
    unsafe { for_parts!(path, part_adjoint, s, path, edges, couplings, message, to) }
}

/// # Safety
/// The extents checked in [`path_adjoint`].
#[inline(always)]
unsafe fn part_adjoint<S: Simd, const D1: usize, const D3: usize>(
    part: Part,
    s: S,
    path: &Path,
    edges: Edges<'_, S::T>,
    couplings: &[S::T],
    message: &[S::T],
    to: &mut Adjoints<'_, S::T>,
) {
    let k = couplings[part.coupling * TILE..].as_ptr();
    let phi = message[part.message..].as_ptr();
    let partial = to.partial.0.as_mut_ptr();
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
                    let at = part.feature + m1 * channels + c;
                    let h = edges.feature(s, e, at);
                    let rh = s.mul(r, h);
                    let mut t = s.zero();
                    for m3 in 0..D3 {
                        let k = s.splat(*k.add((m1 * part.stride + m3) * TILE + e));
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
        // SAFETY: `Partial` has ROWS * TILE * 16 elements and D1 * D3 < ROWS.
        unsafe {
            for m1 in 0..D1 {
                for m3 in 0..D3 {
                    let row = m1 * D3 + m3;
                    s.store(partial.add((row * TILE + e) * S::N), k_bar[m1][m3]);
                }
            }
            s.store(partial.add((D1 * D3 * TILE + e) * S::N), distance);
        }
    }
    finish(s, to, D1 * D3, |row| {
        part.coupling + row / D3 * part.stride + row % D3
    });
}

impl Copies {
    /// Panics unless the path lies inside all arrays.
    #[inline(always)]
    fn check<T: Real>(&self, edges: &Edges<'_, T>, message: usize) {
        assert!(self.message + (self.dim - 1) * self.stride + self.channels <= message);
        assert!(self.feature + self.dim * self.channels <= edges.feature_width);
        assert!(self.radial + self.channels <= edges.radial_width);
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

/// Adjoint of [`copies`]: adds to `to` (but for the couplings) what follows from `message`, the
/// adjoint of Phi.
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
    assert!(to.features.is_empty() || to.features.len() == edges.features.len());
    let partial = to.partial.0.as_mut_ptr();
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
        // SAFETY: `Partial` has ROWS * TILE * 16 elements.
        unsafe { s.store(partial.add(e * S::N), distance) };
    }
    finish(s, to, 0, |row| row);
}

/// Term of a coupling: `K[coupling] += value * Y[harmonic]`.
#[derive(Debug, Clone, Copy)]
pub struct CouplingTerm<T> {
    /// Component of K.
    pub coupling: u16,
    /// Component of Y.
    pub harmonic: u16,
    /// Factor.
    pub value: T,
}

/// K of a tile from Y, both \[components\]\[TILE\]; overwrites K.
#[inline(always)]
pub fn couple<S: Simd>(s: S, terms: &[CouplingTerm<S::T>], y: &[S::T], k: &mut [S::T]) {
    k.fill(S::T::default());
    for term in terms {
        accumulate(s, term.value, y, term.harmonic, k, term.coupling);
    }
}

/// Adjoint of [`couple`]: adds to the adjoint of Y.
#[inline(always)]
pub fn couple_adjoint<S: Simd>(s: S, terms: &[CouplingTerm<S::T>], k: &[S::T], y: &mut [S::T]) {
    for term in terms {
        accumulate(s, term.value, k, term.coupling, y, term.harmonic);
    }
}

#[inline(always)]
fn accumulate<S: Simd>(s: S, factor: S::T, x: &[S::T], from: u16, y: &mut [S::T], to: u16) {
    let x = &x[from as usize * TILE..(from as usize + 1) * TILE];
    let y = &mut y[to as usize * TILE..(to as usize + 1) * TILE];
    let factor = s.splat(factor);
    for (x, y) in x.chunks_exact(S::N).zip(y.chunks_exact_mut(S::N)) {
        let sum = s.fma(factor, s.read(x), s.read(y));
        s.write(y, sum);
    }
}
