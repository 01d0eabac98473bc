//! Messages of one atom over a tile of edges, and their adjoints, channels across vector lanes.
//!
//! With h the features of the senders, R the radial functions and K the couplings to the edge
//! direction, a path with degrees l1 -> l3 adds
//! `Phi[m3, u] += sum_e R_e[u] sum_m1 K_e[m1, m3] h_e[m1, u]`.
//! For l1 = 0 the couplings are the spherical harmonics themselves; all l3 that leave the same
//! scalars are then done together ([`Scalars`]), sixteen sums in registers for l_max = 3. For l2 = 0
//! they are unity ([`Copies`]).
//!
//! Arrays per edge that multiply whole rows (Y, K, and the adjoint of Y) are \[component\]\[TILE\].

mod backward;
mod forward;

pub use backward::{Adjoints, Partial, copies_adjoint, path_adjoint, scalars_adjoint};
pub use forward::{copies, couple, path, scalars};

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

/// Most components m1 of a [`Path`].
pub const MOST_M1: usize = 5;

/// Most components m3 of a [`Path`].
pub const MOST_M3: usize = 7;

/// One path, or some of its components, in units of array elements. Rows of channels are padded to
/// whole vectors.
#[derive(Debug, Clone)]
pub struct Path<T> {
    /// Number of components m1: 1, 3 or [`MOST_M1`].
    pub d1: usize,
    /// Number of components m3: 1, 3, 5 or [`MOST_M3`].
    pub d3: usize,
    /// First of the couplings \[d1\]\[d3\] (not yet times TILE).
    pub coupling: usize,
    /// Column of the radial functions.
    pub radial: usize,
    /// Offset of the first component \[d1\]\[channels\] in a feature row.
    pub feature: usize,
    /// Offset of the first component in Phi.
    pub message: usize,
    /// Distance of components in Phi.
    pub stride: usize,
    /// Padded number of channels.
    pub channels: usize,
    /// `K[coupling + k] = sum value Y[harmonic]`, sorted by harmonic.
    pub terms: Vec<Term<T>>,
}

/// Term of a coupling.
#[derive(Debug, Clone, Copy)]
pub struct Term<T> {
    /// Component m1 d3 + m3 of the path's couplings.
    pub k: usize,
    /// Component of Y.
    pub harmonic: usize,
    /// Factor.
    pub value: T,
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

impl<T: Real> Path<T> {
    /// Panics unless the path lies inside all arrays.
    #[inline(always)]
    fn check(&self, edges: &Edges<'_, T>, message: usize) {
        assert!(self.message + (self.d3 - 1) * self.stride + self.channels <= message);
        assert!(self.feature + self.d1 * self.channels <= edges.feature_width);
        assert!(self.radial + self.channels <= edges.radial_width);
    }
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

impl Scalars {
    /// Panics unless the paths lie inside all arrays.
    #[inline(always)]
    fn check<T: Real>(&self, edges: &Edges<'_, T>, harmonics: usize, message: usize) {
        assert!((1..=4).contains(&self.degrees));
        assert!(harmonics >= self.degrees * self.degrees * TILE);
        for l in 0..self.degrees {
            assert!(self.message[l] + 2 * l * self.stride[l] + self.channels <= message);
            assert!(self.radial[l] + self.channels <= edges.radial_width);
        }
        assert!(self.feature + self.channels <= edges.feature_width);
    }
}

/// Calls a function with the number of degrees as a constant.
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
use by_degrees;

/// Splits the components of a degree into runs of an odd number up to `most`, as (start, length).
pub fn runs(components: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let left = components - start;
        let length = most.min(if left % 2 == 1 {
            left
        } else {
            left.saturating_sub(1)
        });
        start += length;
        (left > 0).then_some((start - length, length))
    })
}
