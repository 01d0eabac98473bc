//! The tables that the loop interpolates in, made from a section of a file.

use super::super::bitmap::Bitmap;
use super::file::{Section, Spacing};
use super::spline::{evaluate, second_derivatives};

/// Interpolation in r^2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Value of the nearest bin.
    Lookup,
    /// Linear.
    Linear,
    /// Cubic spline.
    Spline,
    /// Linear in bins by the bits of r^2.
    Bitmap,
}

/// An interpolation table: energies and F/r.
#[derive(Debug, Clone)]
pub struct Table {
    style: Style,
    /// r^2 below which nothing is tabulated.
    pub inner2: f64,
    /// Cutoff.
    pub cut: f64,
    inverse: f64,
    /// Squared bin width over six, for splines.
    sixth: f64,
    /// Lower edges of bins.
    r2: Vec<f64>,
    /// Energy and F/r.
    value: Vec<[f64; 2]>,
    /// Differences to the next entry, or second derivatives.
    more: Vec<[f64; 2]>,
    /// Inverse widths of bins by bits.
    widths: Vec<f64>,
    bitmap: Option<Bitmap>,
}

/// The section as functions of r.
struct Functions<'a> {
    s: &'a Section,
    e2: Vec<f64>,
    f2: Vec<f64>,
    slopes: [f64; 2],
}

impl<'a> Functions<'a> {
    fn new(s: &'a Section) -> Self {
        let n = s.r.len();
        let e2 = second_derivatives(&s.r, &s.e, -s.f[0], -s.f[n - 1]);
        let secant = |a: usize, b: usize| (s.f[b] - s.f[a]) / (s.r[b] - s.r[a]);
        let slopes = s.slopes.unwrap_or([secant(0, 1), secant(n - 2, n - 1)]);
        let f2 = second_derivatives(&s.r, &s.f, slopes[0], slopes[1]);
        Self { s, e2, f2, slopes }
    }

    fn energy(&self, r: f64) -> f64 {
        evaluate(&self.s.r, &self.s.e, &self.e2, r)
    }

    fn force(&self, r: f64) -> f64 {
        evaluate(&self.s.r, &self.s.f, &self.f2, r)
    }

    fn both(&self, r: f64) -> [f64; 2] {
        [self.energy(r), self.force(r) / r]
    }
}

impl Table {
    /// From a section, for a style with `n` entries (2^n for bitmap) and a cutoff.
    ///
    /// # Errors
    /// They do not fit; the text says how.
    pub fn new(s: &Section, style: Style, n: usize, cut: f64) -> Result<Self, String> {
        if cut <= s.lo || cut > s.hi {
            return Err(format!(
                "Pair table cutoff outside of table: {cut} is not between {} and {}",
                s.lo, s.hi
            ));
        }
        let whole = s.hi == cut;
        let matches = match style {
            Style::Linear => s.r.len() == n && s.spacing == Spacing::Rsq && whole,
            Style::Bitmap => s.r.len() == 1 << n && s.spacing == Spacing::Bitmap && whole,
            _ => false,
        };
        if s.spacing == Spacing::Bitmap && !matches {
            return Err("Bitmapped table in file does not match requested table".into());
        }
        let mut t = Self {
            style,
            inner2: s.lo * s.lo,
            cut,
            inverse: 0.0,
            sixth: 0.0,
            r2: Vec::new(),
            value: Vec::new(),
            more: Vec::new(),
            widths: Vec::new(),
            bitmap: None,
        };
        if style == Style::Bitmap {
            t.by_bits(s, n, matches)?;
            return Ok(t);
        }
        let bins = (n - 1) as f64;
        let delta = (cut * cut - t.inner2) / bins;
        t.inverse = 1.0 / delta;
        t.sixth = delta * delta / 6.0;
        match style {
            Style::Lookup => {
                let f = Functions::new(s);
                let middle = |k: usize| (t.inner2 + (k as f64 + 0.5) * delta).sqrt();
                t.value = (0..n - 1).map(|k| f.both(middle(k))).collect();
            }
            _ => {
                t.r2 = (0..n).map(|k| t.inner2 + k as f64 * delta).collect();
                if style == Style::Spline {
                    t.splines(s, delta);
                } else {
                    t.linear(s, matches);
                }
            }
        }
        Ok(t)
    }

    fn linear(&mut self, s: &Section, matches: bool) {
        let n = self.r2.len();
        self.value = if matches {
            let r = |k: usize| self.r2[k].sqrt();
            (0..n).map(|k| [s.e[k], s.f[k] / r(k)]).collect()
        } else {
            let f = Functions::new(s);
            self.r2.iter().map(|r2| f.both(r2.sqrt())).collect()
        };
        let pairs = self.value.windows(2);
        self.more = pairs
            .map(|w| [w[1][0] - w[0][0], w[1][1] - w[0][1]])
            .collect();
    }

    /// Splines of energy and h = F/r as functions of g = r^2: dE/dg = -F/2r.
    fn splines(&mut self, s: &Section, delta: f64) {
        const SECANT: f64 = 0.1;
        let f = Functions::new(s);
        let (inner, cut, n) = (s.lo, self.cut, self.r2.len());
        let e: Vec<f64> = self.r2.iter().map(|r2| f.energy(r2.sqrt())).collect();
        let force: Vec<f64> = self.r2.iter().map(|r2| f.force(r2.sqrt())).collect();
        let e2 = second_derivatives(
            &self.r2,
            &e,
            -force[0] / (2.0 * inner),
            -force[n - 1] / (2.0 * cut),
        );
        let over_r = |r2: f64| f.force(r2.sqrt()) / r2.sqrt();
        let exact = |slope: f64, force: f64, r: f64| (slope / r - force / (r * r)) / (2.0 * r);
        let first = if s.slopes.is_some() {
            exact(f.slopes[0], force[0], inner)
        } else {
            let (a, b) = (self.inner2, self.inner2 + SECANT * delta);
            (over_r(b) - force[0] / a.sqrt()) / (SECANT * delta)
        };
        let last = if s.slopes.is_some() && cut == s.r[s.r.len() - 1] {
            exact(f.slopes[1], force[n - 1], cut)
        } else {
            let (a, b) = (cut * cut - SECANT * delta, cut * cut);
            (force[n - 1] / b.sqrt() - over_r(a)) / (SECANT * delta)
        };
        let h: Vec<f64> = force
            .iter()
            .zip(&self.r2)
            .map(|(f, r2)| f / r2.sqrt())
            .collect();
        let h2 = second_derivatives(&self.r2, &h, first, last);
        self.value = e.into_iter().zip(h).map(|(e, h)| [e, h]).collect();
        self.more = e2.into_iter().zip(h2).map(|(e, h)| [e, h]).collect();
    }

    fn by_bits(&mut self, s: &Section, bits: usize, matches: bool) -> Result<(), String> {
        let bitmap = Bitmap::new(s.lo, self.cut, bits as u32)?;
        let n = bitmap.len();
        let f = (!matches).then(|| Functions::new(s));
        let at = |r2: f32, k: usize| {
            let r = f64::from(r2).sqrt();
            match &f {
                Some(f) => f.both(r),
                None => [s.e[k], s.f[k] / r],
            }
        };
        let r2: Vec<f32> = (0..n).map(|k| bitmap.r2(k)).collect();
        self.value = r2.iter().enumerate().map(|(k, &r2)| at(r2, k)).collect();
        self.r2 = r2.iter().map(|&v| f64::from(v)).collect();
        let step = |k: usize| {
            let next = (k + 1) % n;
            let (a, b) = (self.value[k], self.value[next]);
            (
                [b[0] - a[0], b[1] - a[1]],
                1.0 / (self.r2[next] - self.r2[k]),
            )
        };
        (self.more, self.widths) = (0..n).map(step).unzip();
        let last = bitmap.last();
        let edge = (self.cut * self.cut) as f32;
        if f64::from(bitmap.upper(last)) < self.cut * self.cut {
            let before = (last + n - 1) % n;
            if matches {
                self.more[last] = self.more[before];
                self.widths[last] = self.widths[before];
            } else {
                let (a, b) = (self.value[last], at(edge, last));
                self.more[last] = [b[0] - a[0], b[1] - a[1]];
                self.widths[last] = 1.0 / (f64::from(edge) - self.r2[last]);
            }
        }
        self.inner2 = f64::from(bitmap.smallest());
        self.bitmap = Some(bitmap);
        Ok(())
    }

    /// Energy and F/r at r^2 between `inner2` and the squared cutoff.
    #[inline]
    pub fn at(&self, r2: f64) -> [f64; 2] {
        let last = self.value.len() - 1;
        match (self.style, &self.bitmap) {
            (Style::Lookup, _) => {
                let k = ((r2 - self.inner2) * self.inverse) as usize;
                self.value[k.min(last)]
            }
            (Style::Spline, _) => {
                let k = (((r2 - self.inner2) * self.inverse) as usize).min(last - 1);
                let b = (r2 - self.r2[k]) * self.inverse;
                let a = 1.0 - b;
                let (wa, wb) = ((a * a * a - a) * self.sixth, (b * b * b - b) * self.sixth);
                let (v, w) = (self.value[k], self.value[k + 1]);
                let (p, q) = (self.more[k], self.more[k + 1]);
                std::array::from_fn(|c| a * v[c] + b * w[c] + wa * p[c] + wb * q[c])
            }
            (_, Some(bitmap)) => {
                let single = r2 as f32;
                let k = bitmap.index(single);
                let part = (f64::from(single) - self.r2[k]) * self.widths[k];
                std::array::from_fn(|c| self.value[k][c] + part * self.more[k][c])
            }
            _ => {
                let k = (((r2 - self.inner2) * self.inverse) as usize).min(last - 1);
                let part = (r2 - self.r2[k]) * self.inverse;
                std::array::from_fn(|c| self.value[k][c] + part * self.more[k][c])
            }
        }
    }
}
