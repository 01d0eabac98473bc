//! The 12-6 Lennard-Jones loop over a half list: F/r = i6 (a i6 - b) / r^2 with i6 = 1/r^6.
//!
//! Positions and forces are four numbers per atom (the fourth of a position is the bits of its type), so
//! that an atom is one load and eight atoms are transposed into vectors of x, y, z and type; gathers and
//! scatters are slower than that. Coefficients of one type with up to eight types fit one vector and are
//! picked by a permutation.
//!
//! The vector functions use no iterator adapters or `map`: those are compiled without the vector
//! instructions, and a closure with them cannot be inlined there.

use super::{Instructions, Level};

/// Types that fit, counting the unused type 0.
pub const TYPES: usize = 8;

/// Position (and type) or force of one atom.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[repr(C, align(32))]
pub struct Four(pub [f64; 4]);

impl Four {
    /// A position with a type below [`TYPES`].
    #[inline]
    pub fn position(x: [f64; 3], kind: u32) -> Self {
        Self([x[0], x[1], x[2], f64::from_bits(u64::from(kind))])
    }
}

/// Coefficients of one type with all types, indexed by type.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C, align(64))]
pub struct Coefficients {
    /// Squared cutoff, negative for no interaction.
    pub cut2: [f64; TYPES],
    /// a = 48 eps sigma^12
    pub f12: [f64; TYPES],
    /// b = 24 eps sigma^6
    pub f6: [f64; TYPES],
    /// 4 eps sigma^12
    pub e12: [f64; TYPES],
    /// 4 eps sigma^6
    pub e6: [f64; TYPES],
    /// Energy at the cutoff, subtracted.
    pub shift: [f64; TYPES],
}

/// A half list in compressed rows.
#[derive(Debug, Clone, Copy)]
pub struct List<'a> {
    /// Row starts, one more than there are rows.
    pub start: &'a [u32],
    /// Neighbours.
    pub index: &'a [u32],
}

/// Energy and virial (xx yy zz xy xz yz) of all pairs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sums {
    /// Energy.
    pub energy: f64,
    /// Sum of r_a f_b.
    pub virial: [f64; 6],
}

/// Adds the forces of all pairs to `f` and returns energy and virial (zero unless `tally`).
/// `rows[t]` are the coefficients of type `t`; types are below [`TYPES`].
///
/// # Panics
/// If the list names atoms beyond `x`, `f` is shorter than `x`, or a type has no row.
pub fn accumulate(
    level: Level,
    list: List<'_>,
    x: &[Four],
    rows: &[Coefficients],
    f: &mut [Four],
    tally: bool,
) -> Sums {
    assert!(f.len() >= x.len() && list.start.len() <= x.len() + 1);
    let largest = list.index.iter().copied().fold(0, u32::max);
    assert!(list.index.is_empty() || (largest as usize) < x.len());
    let task = Task { list, x, rows };
    match level.instructions() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a `Level` is only made if the processor has its instructions; all
        // indices of the list were checked against the lengths of `x` and `f` above.
        Instructions::Avx512 => unsafe {
            if tally {
                avx512::run::<true>(&task, f)
            } else {
                avx512::run::<false>(&task, f)
            }
        },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Instructions::Avx2Fma => unsafe {
            if tally {
                avx2::run::<true>(&task, f)
            } else {
                avx2::run::<false>(&task, f)
            }
        },
        _ => portable(&task, f, tally),
    }
}

/// Components xx yy zz xy xz yz.
const TENSOR: [(usize, usize); 6] = [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)];

struct Task<'a> {
    list: List<'a>,
    x: &'a [Four],
    rows: &'a [Coefficients],
}

impl<'a> Task<'a> {
    #[inline(always)]
    fn len(&self) -> usize {
        self.list.start.len().saturating_sub(1)
    }

    #[inline(always)]
    fn row(&self, i: usize) -> &'a [u32] {
        &self.list.index[self.list.start[i] as usize..self.list.start[i + 1] as usize]
    }

    /// Neighbours `at..at + N` of a row and how many of them are real: idle lanes repeat the last
    /// neighbour, to which they add zero.
    #[inline(always)]
    fn lanes<const N: usize>(row: &[u32], at: usize) -> ([u32; N], usize) {
        let rest = &row[at..];
        let mut j = [rest[rest.len().min(N) - 1]; N];
        let real = rest.len().min(N);
        j[..real].copy_from_slice(&rest[..real]);
        (j, real)
    }

    #[inline(always)]
    fn coefficients(&self, i: usize) -> &'a Coefficients {
        &self.rows[self.x[i].0[3].to_bits() as usize]
    }
}

fn portable(task: &Task<'_>, f: &mut [Four], tally: bool) -> Sums {
    let mut sums = Sums::default();
    for i in 0..task.len() {
        let c = task.coefficients(i);
        let p = task.x[i].0;
        let mut fi = [0.0; 3];
        for &j in task.row(i) {
            let q = task.x[j as usize].0;
            let d = [p[0] - q[0], p[1] - q[1], p[2] - q[2]];
            let r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
            let t = q[3].to_bits() as usize % TYPES;
            if r2 >= c.cut2[t] {
                continue;
            }
            let i2 = 1.0 / r2;
            let i6 = i2 * i2 * i2;
            let fr = i6 * (c.f12[t] * i6 - c.f6[t]) * i2;
            let fj = &mut f[j as usize].0;
            for k in 0..3 {
                fi[k] += d[k] * fr;
                fj[k] -= d[k] * fr;
            }
            if tally {
                sums.energy += i6 * (c.e12[t] * i6 - c.e6[t]) - c.shift[t];
                for (v, (a, b)) in sums.virial.iter_mut().zip(TENSOR) {
                    *v += d[a] * d[b] * fr;
                }
            }
        }
        (0..3).for_each(|k| f[i].0[k] += fi[k]);
    }
    sums
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use super::{Coefficients, Four, Sums, TENSOR, Task};
    use std::arch::x86_64::*;

    /// Eight atoms as vectors of x, y, z and type.
    struct Eight {
        x: __m512d,
        y: __m512d,
        z: __m512d,
        kind: __m512i,
    }

    /// Takes the lower pairs of each half of `a`, then of `b` (and the upper ones with `HIGH`).
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn merge<const HIGH: bool>(a: __m512d, b: __m512d) -> __m512d {
        let low = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
        let high = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
        _mm512_permutex2var_pd(a, if HIGH { high } else { low }, b)
    }

    /// # Safety
    /// All indices are below the length of the array that `x` points to.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn load(x: *const Four, j: &[u32; 8]) -> Eight {
        macro_rules! two {
            ($a:expr, $b:expr) => {{
                // SAFETY: by the contract; `Four` is 32 bytes, aligned.
                let (a, b) = unsafe {
                    (
                        _mm256_load_pd(x.add(j[$a] as usize).cast()),
                        _mm256_load_pd(x.add(j[$b] as usize).cast()),
                    )
                };
                _mm512_insertf64x4::<1>(_mm512_castpd256_pd512(a), b)
            }};
        }
        let (a, b, c, d) = (two!(0, 4), two!(1, 5), two!(2, 6), two!(3, 7));
        let (xz0, yw0) = (_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b));
        let (xz1, yw1) = (_mm512_unpacklo_pd(c, d), _mm512_unpackhi_pd(c, d));
        Eight {
            x: merge::<false>(xz0, xz1),
            y: merge::<false>(yw0, yw1),
            z: merge::<true>(xz0, xz1),
            kind: _mm512_castpd_si512(merge::<true>(yw0, yw1)),
        }
    }

    /// Subtracts the vectors from the forces of the eight atoms, one after the other.
    ///
    /// # Safety
    /// All indices are below the length of the array that `f` points to.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn subtract(f: *mut Four, j: &[u32; 8], x: __m512d, y: __m512d, z: __m512d) {
        let zero = _mm512_setzero_pd();
        let (xy0, xy1) = (_mm512_unpacklo_pd(x, y), _mm512_unpackhi_pd(x, y));
        let (z0, z1) = (_mm512_unpacklo_pd(z, zero), _mm512_unpackhi_pd(z, zero));
        macro_rules! two {
            ($a:expr, $b:expr, $v:expr) => {{
                let v = $v;
                // SAFETY: by the contract; the second atom may be the first, so one after the other.
                unsafe {
                    let p: *mut f64 = f.add(j[$a] as usize).cast();
                    let v0 = _mm512_castpd512_pd256(v);
                    _mm256_store_pd(p, _mm256_sub_pd(_mm256_load_pd(p), v0));
                    let p: *mut f64 = f.add(j[$b] as usize).cast();
                    let v1 = _mm512_extractf64x4_pd::<1>(v);
                    _mm256_store_pd(p, _mm256_sub_pd(_mm256_load_pd(p), v1));
                }
            }};
        }
        two!(0, 4, merge::<false>(xy0, z0));
        two!(1, 5, merge::<false>(xy1, z1));
        two!(2, 6, merge::<true>(xy0, z0));
        two!(3, 7, merge::<true>(xy1, z1));
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn table(c: &[f64; 8]) -> __m512d {
        // SAFETY: eight numbers are read from an array of eight.
        unsafe { _mm512_loadu_pd(c.as_ptr()) }
    }

    /// # Safety
    /// The processor has AVX-512 F; indices in the list are below the lengths of `task.x` and `f`.
    #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx2,fma")]
    pub unsafe fn run<const TALLY: bool>(task: &Task<'_>, f: &mut [Four]) -> Sums {
        let zero = _mm512_setzero_pd();
        let one = _mm512_set1_pd(1.0);
        let mut energy = zero;
        let mut virial = [zero; 6];
        let (x, f) = (task.x, f);
        for i in 0..task.len() {
            let c: &Coefficients = task.coefficients(i);
            let (cut2, f12, f6) = (table(&c.cut2), table(&c.f12), table(&c.f6));
            let p = x[i].0;
            let p = [
                _mm512_set1_pd(p[0]),
                _mm512_set1_pd(p[1]),
                _mm512_set1_pd(p[2]),
            ];
            let mut fi = [zero; 3];
            let row = task.row(i);
            for at in (0..row.len()).step_by(8) {
                let (j, real) = match row[at..].first_chunk::<8>() {
                    Some(j) => (*j, 8),
                    None => Task::lanes::<8>(row, at),
                };
                let lanes = ((1u32 << real) - 1) as __mmask8;
                // SAFETY: the caller checked the list.
                let q = unsafe { load(x.as_ptr(), &j) };
                let d = [
                    _mm512_sub_pd(p[0], q.x),
                    _mm512_sub_pd(p[1], q.y),
                    _mm512_sub_pd(p[2], q.z),
                ];
                let r2 = _mm512_fmadd_pd(
                    d[2],
                    d[2],
                    _mm512_fmadd_pd(d[1], d[1], _mm512_mul_pd(d[0], d[0])),
                );
                let cut2 = _mm512_permutexvar_pd(q.kind, cut2);
                let inside = _mm512_mask_cmp_pd_mask::<_CMP_LT_OQ>(lanes, r2, cut2);
                let i2 = _mm512_maskz_div_pd(inside, one, r2);
                let i6 = _mm512_mul_pd(_mm512_mul_pd(i2, i2), i2);
                let f12 = _mm512_permutexvar_pd(q.kind, f12);
                let f6 = _mm512_permutexvar_pd(q.kind, f6);
                let fr = _mm512_mul_pd(_mm512_mul_pd(i6, i2), _mm512_fmsub_pd(f12, i6, f6));
                let g = [
                    _mm512_mul_pd(d[0], fr),
                    _mm512_mul_pd(d[1], fr),
                    _mm512_mul_pd(d[2], fr),
                ];
                for k in 0..3 {
                    fi[k] = _mm512_add_pd(fi[k], g[k]);
                }
                // SAFETY: the caller checked the list.
                unsafe { subtract(f.as_mut_ptr(), &j, g[0], g[1], g[2]) };
                if TALLY {
                    let e12 = _mm512_permutexvar_pd(q.kind, table(&c.e12));
                    let e6 = _mm512_permutexvar_pd(q.kind, table(&c.e6));
                    let shift = _mm512_permutexvar_pd(q.kind, table(&c.shift));
                    let bare = _mm512_mul_pd(i6, _mm512_fmsub_pd(e12, i6, e6));
                    energy = _mm512_add_pd(energy, _mm512_maskz_sub_pd(inside, bare, shift));
                    for k in 0..6 {
                        let (a, b) = TENSOR[k];
                        virial[k] = _mm512_fmadd_pd(d[a], g[b], virial[k]);
                    }
                }
            }
            for k in 0..3 {
                f[i].0[k] += _mm512_reduce_add_pd(fi[k]);
            }
        }
        let mut sums = Sums {
            energy: _mm512_reduce_add_pd(energy),
            virial: [0.0; 6],
        };
        for k in 0..6 {
            sums.virial[k] = _mm512_reduce_add_pd(virial[k]);
        }
        sums
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::{Coefficients, Four, Sums, TENSOR, TYPES, Task};
    use std::arch::x86_64::*;

    /// Rows and columns of a 4 x 4 block exchanged.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn transpose(m: [__m256d; 4]) -> [__m256d; 4] {
        let (a, b) = (
            _mm256_unpacklo_pd(m[0], m[1]),
            _mm256_unpackhi_pd(m[0], m[1]),
        );
        let (c, d) = (
            _mm256_unpacklo_pd(m[2], m[3]),
            _mm256_unpackhi_pd(m[2], m[3]),
        );
        [
            _mm256_permute2f128_pd::<0x20>(a, c),
            _mm256_permute2f128_pd::<0x20>(b, d),
            _mm256_permute2f128_pd::<0x31>(a, c),
            _mm256_permute2f128_pd::<0x31>(b, d),
        ]
    }

    /// Coefficients of the four types `kind`, which are below [`TYPES`].
    #[inline]
    #[target_feature(enable = "avx2")]
    fn pick(table: &[f64; TYPES], kind: __m256i) -> __m256d {
        // SAFETY: the mask keeps the indices within the eight numbers.
        unsafe {
            let kind = _mm256_and_si256(kind, _mm256_set1_epi64x(TYPES as i64 - 1));
            _mm256_i64gather_pd::<8>(table.as_ptr(), kind)
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn sum(v: __m256d) -> f64 {
        let v: [f64; 4] = [
            _mm256_cvtsd_f64(v),
            _mm256_cvtsd_f64(_mm256_permute_pd::<1>(v)),
            _mm256_cvtsd_f64(_mm256_permute4x64_pd::<2>(v)),
            _mm256_cvtsd_f64(_mm256_permute4x64_pd::<3>(v)),
        ];
        (v[0] + v[1]) + (v[2] + v[3])
    }

    /// # Safety
    /// The processor has AVX2 and FMA; indices in the list are below the lengths of `task.x` and `f`.
    #[target_feature(enable = "avx2,fma")]
    pub unsafe fn run<const TALLY: bool>(task: &Task<'_>, f: &mut [Four]) -> Sums {
        let zero = _mm256_setzero_pd();
        let one = _mm256_set1_pd(1.0);
        let lane = _mm256_setr_epi64x(0, 1, 2, 3);
        let mut energy = zero;
        let mut virial = [zero; 6];
        let (x, f) = (task.x, f);
        for i in 0..task.len() {
            let c: &Coefficients = task.coefficients(i);
            let p = x[i].0;
            let p = [
                _mm256_set1_pd(p[0]),
                _mm256_set1_pd(p[1]),
                _mm256_set1_pd(p[2]),
            ];
            let mut fi = [zero; 3];
            let row = task.row(i);
            for at in (0..row.len()).step_by(4) {
                let (j, real) = match row[at..].first_chunk::<4>() {
                    Some(j) => (*j, 4),
                    None => Task::lanes::<4>(row, at),
                };
                // SAFETY: the caller checked the list; `Four` is 32 bytes, aligned.
                let q = unsafe {
                    transpose([
                        _mm256_load_pd(x.as_ptr().add(j[0] as usize).cast()),
                        _mm256_load_pd(x.as_ptr().add(j[1] as usize).cast()),
                        _mm256_load_pd(x.as_ptr().add(j[2] as usize).cast()),
                        _mm256_load_pd(x.as_ptr().add(j[3] as usize).cast()),
                    ])
                };
                let kind = _mm256_castpd_si256(q[3]);
                let d = [
                    _mm256_sub_pd(p[0], q[0]),
                    _mm256_sub_pd(p[1], q[1]),
                    _mm256_sub_pd(p[2], q[2]),
                ];
                let r2 = _mm256_fmadd_pd(
                    d[2],
                    d[2],
                    _mm256_fmadd_pd(d[1], d[1], _mm256_mul_pd(d[0], d[0])),
                );
                let lanes = _mm256_cmpgt_epi64(_mm256_set1_epi64x(real as i64), lane);
                let near = _mm256_cmp_pd::<_CMP_LT_OQ>(r2, pick(&c.cut2, kind));
                let inside = _mm256_and_pd(near, _mm256_castsi256_pd(lanes));
                let i2 = _mm256_and_pd(inside, _mm256_div_pd(one, r2));
                let i6 = _mm256_mul_pd(_mm256_mul_pd(i2, i2), i2);
                let bracket = _mm256_fmsub_pd(pick(&c.f12, kind), i6, pick(&c.f6, kind));
                let fr = _mm256_mul_pd(_mm256_mul_pd(i6, i2), bracket);
                let g = [
                    _mm256_mul_pd(d[0], fr),
                    _mm256_mul_pd(d[1], fr),
                    _mm256_mul_pd(d[2], fr),
                ];
                for k in 0..3 {
                    fi[k] = _mm256_add_pd(fi[k], g[k]);
                }
                let back = transpose([g[0], g[1], g[2], zero]);
                for k in 0..4 {
                    // SAFETY: the caller checked the list; one atom after the other.
                    unsafe {
                        let at: *mut f64 = f.as_mut_ptr().add(j[k] as usize).cast();
                        _mm256_store_pd(at, _mm256_sub_pd(_mm256_load_pd(at), back[k]));
                    }
                }
                if TALLY {
                    let bracket = _mm256_fmsub_pd(pick(&c.e12, kind), i6, pick(&c.e6, kind));
                    let e = _mm256_sub_pd(_mm256_mul_pd(i6, bracket), pick(&c.shift, kind));
                    energy = _mm256_add_pd(energy, _mm256_and_pd(inside, e));
                    for k in 0..6 {
                        let (a, b) = TENSOR[k];
                        virial[k] = _mm256_fmadd_pd(d[a], g[b], virial[k]);
                    }
                }
            }
            for k in 0..3 {
                f[i].0[k] += sum(fi[k]);
            }
        }
        let mut sums = Sums {
            energy: sum(energy),
            virial: [0.0; 6],
        };
        for k in 0..6 {
            sums.virial[k] = sum(virial[k]);
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three types, rows of all lengths from 0 to 20.
    fn problem() -> (Vec<Four>, Vec<u32>, Vec<u32>, Vec<Coefficients>) {
        let mut seed = 7u64;
        let mut next = || {
            seed = seed
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (seed >> 11) as f64 / (1u64 << 53) as f64
        };
        let n = 60;
        let at = |k: usize| [(k % 4) as f64, (k / 4 % 4) as f64, (k / 16) as f64];
        let x: Vec<Four> = (0..n)
            .map(|k| {
                let p = at(k).map(|v| v + 0.2 * next());
                Four::position(p, 1 + (k % 3) as u32)
            })
            .collect();
        let (mut start, mut index) = (vec![0], Vec::new());
        for i in 0..21u32 {
            index.extend((0..i).map(|k| 20 + i + k));
            index.retain(|&j| j < n as u32);
            start.push(index.len() as u32);
        }
        let mut rows = vec![Coefficients::default(); 4];
        for r in &mut rows {
            for t in 0..TYPES {
                r.cut2[t] = 2.0 + 6.0 * next();
                r.f12[t] = 48.0 * next();
                r.f6[t] = 24.0 * next();
                r.e12[t] = r.f12[t] / 12.0;
                r.e6[t] = r.f6[t] / 6.0;
                r.shift[t] = 0.01 * next();
            }
        }
        rows[1].cut2[2] = -1.0;
        (x, start, index, rows)
    }

    #[test]
    fn all_levels_agree_with_the_portable_loop() {
        let (x, start, index, rows) = problem();
        let list = List {
            start: &start,
            index: &index,
        };
        let run = |level, tally| {
            let mut f = vec![Four([0.5, -0.25, 1.0, 0.0]); x.len()];
            let sums = accumulate(level, list, &x, &rows, &mut f, tally);
            (f, sums)
        };
        let (f, sums) = run(Level::PORTABLE, true);
        assert!(sums.energy.abs() > 0.1 && sums.virial[3].abs() > 1e-3);
        for level in Level::all() {
            for tally in [false, true] {
                let (g, s) = run(level, tally);
                for (a, b) in f.iter().zip(&g) {
                    for k in 0..4 {
                        let d = (a.0[k] - b.0[k]).abs();
                        assert!(d <= 1e-12 * (1.0 + a.0[k].abs()), "{level:?} {d}");
                    }
                }
                if tally {
                    assert!((s.energy - sums.energy).abs() < 1e-12 * sums.energy.abs());
                    for k in 0..6 {
                        let d = (s.virial[k] - sums.virial[k]).abs();
                        assert!(d < 1e-11 * (1.0 + sums.virial[k].abs()), "{level:?} {d}");
                    }
                } else {
                    assert_eq!(s, Sums::default());
                }
            }
        }
    }

    #[test]
    fn a_list_beyond_the_atoms_is_refused() {
        let (x, start, mut index, rows) = problem();
        index[3] = 60;
        let refused = std::panic::catch_unwind(|| {
            let list = List {
                start: &start,
                index: &index,
            };
            let mut f = vec![Four::default(); x.len()];
            accumulate(Level::detect(), list, &x, &rows, &mut f, false)
        });
        assert!(refused.is_err());
    }
}
