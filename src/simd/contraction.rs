//! The polynomial that occurs in every MACE model with l_max = 3 and correlation order 3: the
//! scalar products of up to three components of A, unrolled so that variables and gradient stay
//! in registers. [`super::polynomial`] evaluates the same (and any other) set of monomials.
//!
//! The polynomial is `sum over pairs (i, j) of x_i x_j (c_ij + sum_k c_ijk x_k) + c_0 x_0`; which
//! triples occur follows from the selection rules of the real spherical harmonics.

use super::{Op, Real, Simd};

/// Number of variables, (l_max + 1)^2.
pub const VARIABLES: usize = 16;
/// Number of monomials.
pub const MONOMIALS: usize = 94;

/// Hands the pairs to macro `$visit` as `[i j = c: k c, k c, ..]`: the pair, the position of the
/// coefficient of `x_i x_j` if there is one, then each third variable and the position of the
/// coefficient of `x_i x_j x_k`. Position 0 belongs to `x_0`.
macro_rules! pairs {
    ($visit:ident) => {
        $visit! {
            [0 0 = 1: 0 2]
            [1 1 = 3: 0 4, 6 5, 8 6]
            [1 4: 3 7, 13 8, 15 9]
            [1 5: 2 10, 12 11, 14 12]
            [1 6: 11 13]
            [1 8: 9 14, 11 15]
            [2 2 = 16: 0 17, 6 18]
            [2 6: 12 19]
            [3 3 = 20: 0 21, 6 22, 8 23]
            [3 6: 13 24]
            [3 7: 2 25, 12 26, 14 27]
            [3 8: 13 28, 15 29]
            [4 4 = 30: 0 31, 6 32]
            [4 5: 7 33]
            [4 9: 3 34, 13 35]
            [4 10: 2 36, 12 37]
            [4 11: 3 38, 13 39, 15 40]
            [5 5 = 41: 0 42, 6 43, 8 44]
            [5 9: 14 45]
            [5 10: 3 46, 13 47, 15 48]
            [5 11: 2 49, 12 50, 14 51]
            [6 6 = 52: 0 53, 6 54]
            [7 7 = 55: 0 56, 6 57, 8 58]
            [7 10: 1 59, 9 60, 11 61]
            [7 13: 2 62, 12 63, 14 64]
            [7 14: 15 65]
            [8 8 = 66: 0 67, 6 68]
            [8 9: 11 69]
            [8 13: 15 70]
            [8 14: 2 71, 12 72]
            [9 9 = 73: 0 74, 6 75]
            [10 10 = 76: 0 77]
            [11 11 = 78: 0 79, 6 80, 8 81]
            [12 12 = 82: 0 83, 6 84]
            [13 13 = 85: 0 86, 6 87, 8 88]
            [14 14 = 89: 0 90]
            [15 15 = 91: 0 92, 6 93]
        }
    };
}

/// The monomials in the order of their coefficients, each as ascending variables.
pub fn monomials() -> Vec<Vec<u8>> {
    let mut out: Vec<Vec<u8>> = vec![vec![0]];
    macro_rules! collect {
        ($([$i:literal $j:literal $(= $own:literal)? : $($k:literal $c:literal),*])*) => {$(
            $(debug_assert_eq!(out.len(), $own); out.push(vec![$i, $j]);)?
            $(debug_assert_eq!(out.len(), $c); out.push(sorted([$i, $j, $k]));)*
        )*};
    }
    pairs!(collect);
    out
}

fn sorted(mut m: [u8; 3]) -> Vec<u8> {
    m.sort_unstable();
    m.to_vec()
}

/// Coefficients of all channels as the kernels read them:
/// \[channels / LANES\]\[`MONOMIALS`\]\[LANES\], from \[`MONOMIALS`\]\[channels\].
pub fn pack<T: Real>(coefficients: &[T]) -> Vec<T> {
    let channels = coefficients.len() / MONOMIALS;
    let mut out = Vec::with_capacity(coefficients.len());
    for block in (0..channels).step_by(T::LANES) {
        for row in coefficients.chunks_exact(channels) {
            out.extend_from_slice(&row[block..block + T::LANES]);
        }
    }
    out
}

/// Values of all channels of one atom.
pub struct Value<'a, T> {
    /// See [`pack`].
    pub coefficients: &'a [T],
    /// \[`VARIABLES`\]\[channels\].
    pub variables: &'a [T],
    /// \[channels\], overwritten.
    pub out: &'a mut [T],
}

fn check<T: Real>(coefficients: &[T], variables: &[T], channels: usize) {
    assert!(channels.is_multiple_of(T::LANES));
    assert!(coefficients.len() >= MONOMIALS * channels);
    assert!(variables.len() >= VARIABLES * channels);
}

/// Start of the coefficients of channel `c`.
#[inline(always)]
fn start<T: Real>(c: usize) -> usize {
    c / T::LANES * T::LANES * MONOMIALS + c % T::LANES
}

impl<T: Real> Op<T> for Value<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd<T = T>>(self, s: S) {
        let channels = self.out.len();
        check(self.coefficients, self.variables, channels);
        for c in (0..channels).step_by(S::N) {
            // SAFETY: extents were checked.
            unsafe {
                let coefficient = self.coefficients.as_ptr().add(start::<T>(c));
                let variable = self.variables.as_ptr().add(c);
                let mut x = [s.zero(); VARIABLES];
                for v in 0..VARIABLES {
                    x[v] = s.load(variable.add(v * channels));
                }
                let mut total = s.mul(s.load(coefficient), x[0]);
                macro_rules! add {
                    ($([$i:literal $j:literal $(= $own:literal)? : $($k:literal $c:literal),*])*) => {$(
                        let mut sum = s.zero();
                        $(sum = s.add(sum, s.load(coefficient.add($own * T::LANES)));)?
                        $(sum = s.fma(s.load(coefficient.add($c * T::LANES)), x[$k], sum);)*
                        total = s.fma(s.mul(x[$i], x[$j]), sum, total);
                    )*};
                }
                pairs!(add);
                s.store(self.out.as_mut_ptr().add(c), total);
            }
        }
    }
}

/// Adds the gradient times `seed` \[channels\] to `gradient` \[`VARIABLES`\]\[channels\].
pub struct Gradient<'a, T> {
    /// See [`pack`].
    pub coefficients: &'a [T],
    /// \[`VARIABLES`\]\[channels\].
    pub variables: &'a [T],
    /// Adjoint of the value.
    pub seed: &'a [T],
    /// Adjoint of the variables.
    pub gradient: &'a mut [T],
}

impl<T: Real> Op<T> for Gradient<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd<T = T>>(self, s: S) {
        let channels = self.seed.len();
        check(self.coefficients, self.variables, channels);
        assert!(self.gradient.len() >= VARIABLES * channels);
        for c in (0..channels).step_by(S::N) {
            // SAFETY: extents were checked.
            unsafe {
                let coefficient = self.coefficients.as_ptr().add(start::<T>(c));
                let variable = self.variables.as_ptr().add(c);
                let gradient = self.gradient.as_mut_ptr().add(c);
                let seed = s.load(self.seed.as_ptr().add(c));
                let mut x = [s.zero(); VARIABLES];
                for v in 0..VARIABLES {
                    x[v] = s.load(variable.add(v * channels));
                }
                let mut g = [s.zero(); VARIABLES];
                g[0] = s.load(coefficient);
                macro_rules! add {
                    ($([$i:literal $j:literal $(= $own:literal)? : $($k:literal $c:literal),*])*) => {$(
                        let mut sum = s.zero();
                        $(sum = s.add(sum, s.load(coefficient.add($own * T::LANES)));)?
                        let product = s.mul(x[$i], x[$j]);
                        $(
                            let factor = s.load(coefficient.add($c * T::LANES));
                            sum = s.fma(factor, x[$k], sum);
                            g[$k] = s.fma(factor, product, g[$k]);
                        )*
                        g[$i] = s.fma(sum, x[$j], g[$i]);
                        g[$j] = s.fma(sum, x[$i], g[$j]);
                    )*};
                }
                pairs!(add);
                for v in 0..VARIABLES {
                    let at = gradient.add(v * channels);
                    s.store(at, s.fma(seed, g[v], s.load(at)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Level;
    use crate::simd::polynomial::{self, Tree};

    fn agrees_with_the_tree<T: Real>(tolerance: f64) {
        let channels = 3 * T::LANES;
        let number = |i: usize| T::from_f64(((i * 31 % 57) as f64 - 28.0) / 32.0);
        let monomials = monomials();
        assert_eq!(monomials.len(), MONOMIALS);
        let coefficients: Vec<T> = (0..MONOMIALS * channels).map(number).collect();
        let tree = Tree::new(&monomials);
        let mut of_tree = Vec::new();
        for m in tree.monomials() {
            match monomials.iter().position(|n| n == m) {
                Some(n) => of_tree.extend_from_slice(&coefficients[n * channels..][..channels]),
                None => of_tree.resize(of_tree.len() + channels, T::default()),
            }
        }
        let packed = pack(&coefficients);
        let variables: Vec<T> = (0..VARIABLES * channels)
            .map(|i| number(i * 7 + 3))
            .collect();
        let seed: Vec<T> = (0..channels).map(|i| number(i + 11)).collect();
        for level in Level::all() {
            let (mut a, mut b) = (vec![T::default(); channels], vec![T::default(); channels]);
            let fixed = Value {
                coefficients: &packed,
                variables: &variables,
                out: &mut a,
            };
            T::dispatch(level, fixed);
            let general = polynomial::Value {
                tree: &tree,
                coefficients: &of_tree,
                variables: &variables,
                out: &mut b,
            };
            T::dispatch(level, general);
            let close = |a: &[T], b: &[T]| {
                let pairs = a.iter().zip(b);
                pairs
                    .map(|(a, b)| (a.to_f64() - b.to_f64()).abs())
                    .fold(0.0, f64::max)
                    < tolerance
            };
            assert!(close(&a, &b));
            let (mut a, mut b) = (variables.clone(), variables.clone());
            let fixed = Gradient {
                coefficients: &packed,
                variables: &variables,
                seed: &seed,
                gradient: &mut a,
            };
            T::dispatch(level, fixed);
            let general = polynomial::Gradient {
                tree: &tree,
                coefficients: &of_tree,
                variables: &variables,
                seed: &seed,
                gradient: &mut b,
            };
            T::dispatch(level, general);
            assert!(close(&a, &b));
        }
    }

    #[test]
    fn unrolled_form_agrees_with_the_tree() {
        agrees_with_the_tree::<f32>(2e-4);
        agrees_with_the_tree::<f64>(1e-12);
    }
}
