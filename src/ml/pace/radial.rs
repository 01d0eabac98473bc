//! Radial functions of a pair of species: the basis g_n, its mixtures R_nl = sum_k c_nlk g_k, the
//! repulsion of cores, and how they are interpolated.
//!
//! The potential is *defined* by the interpolation: cubic polynomials between equidistant nodes with
//! values and slopes of the functions (`deltaSplineBins`). Every evaluation therefore does it.
//! Imports the switch and the screening function.

use super::embedding::fall;
use super::model::Radial;
use crate::ml::screening;
use std::f64::consts::{PI, SQRT_2};

/// The basis g_n.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Chebyshev polynomials of an exponentially scaled distance times cosine cutoffs.
    ChebExpCos,
    /// Chebyshev polynomials of a power of the distance to the cutoff.
    ChebPow,
    /// Chebyshev polynomials of the distance to the cutoff.
    ChebLinear,
    /// Simplified spherical Bessel functions (E. Kocer, J. K. Mason, H. Erturk, AIP Adv. 10, 015021, 2020).
    SBessel,
}

impl Basis {
    /// All of them.
    pub const ALL: [Basis; 4] = [
        Basis::ChebExpCos,
        Basis::ChebPow,
        Basis::ChebLinear,
        Basis::SBessel,
    ];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Basis::ChebExpCos => "ChebExpCos",
            Basis::ChebPow => "ChebPow",
            Basis::ChebLinear => "ChebLinear",
            Basis::SBessel => "SBessel",
        }
    }

    /// The basis of this name.
    pub fn named(name: &str) -> Option<Basis> {
        let name = if name == "TEST_SBessel" {
            "SBessel"
        } else {
            name
        };
        Basis::ALL.into_iter().find(|b| b.name() == name)
    }
}

/// How atoms that come close are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Core {
    /// The expansion is switched off by the sum of the repulsions.
    Density,
    /// Radial functions are switched off, and the repulsion on, by the distance.
    Distance,
    /// The expansion is replaced by the ZBL repulsion, by the distance of the nearest neighbour.
    Zbl,
}

impl Core {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Core::Density => "density",
            Core::Distance => "distance",
            Core::Zbl => "zbl",
        }
    }

    /// The treatment of this name.
    pub fn named(name: &str) -> Option<Core> {
        [Core::Density, Core::Distance, Core::Zbl]
            .into_iter()
            .find(|c| c.name() == name)
    }
}

/// Radial functions of neighbours of one species of atoms of another.
#[derive(Debug, Clone)]
pub struct Bond {
    /// Basis.
    pub basis: Basis,
    /// Its parameter lambda.
    pub lambda: f64,
    /// Cutoff (Å).
    pub cut: f64,
    /// Width of the outer switch (Å).
    pub width: f64,
    /// Inner cutoff (Å).
    pub inner: f64,
    /// Width of the inner switch (Å).
    pub inner_width: f64,
    /// Prefactor of the core repulsion (eV Å, or a plain factor of ZBL).
    pub core: f64,
    /// Its decay (1/Å^2).
    pub core_decay: f64,
    /// Coefficients \[n\]\[l\]\[k\].
    pub mixing: Vec<f64>,
    /// Number of n, l and k.
    pub shape: [usize; 3],
    /// Atomic numbers of centre and neighbour, for ZBL.
    pub charges: [f64; 2],
}

/// Value and derivative.
pub type Jet = (f64, f64);

fn times(a: Jet, b: Jet) -> Jet {
    (a.0 * b.0, a.1 * b.0 + a.0 * b.1)
}

/// (1 + cos(pi x / width)) / 2.
fn cosine(x: f64, width: f64) -> Jet {
    let (sin, cos) = (PI * x / width).sin_cos();
    (0.5 * (1.0 + cos), -0.5 * sin * PI / width)
}

/// Fills `out` with (1 - T_n(x)) / 2 for n from `first` on, where x has the derivative `slope`.
fn chebyshev(x: f64, slope: f64, first: usize, out: &mut [Jet]) {
    // T_n and U_{n-1}
    let (mut t, mut u) = ([1.0, x], [0.0, 1.0]);
    let steps = out.len() + first;
    for n in 0..steps {
        if n >= first {
            out[n - first] = (0.5 - 0.5 * t[0], -0.5 * n as f64 * u[0] * slope);
        }
        t = [t[1], 2.0 * x * t[1] - t[0]];
        u = [u[1], 2.0 * x * u[1] - u[0]];
    }
}

fn sinc(x: f64) -> Jet {
    if x == 0.0 {
        return (1.0, 0.0);
    }
    let (sin, cos) = x.sin_cos();
    (sin / x, (cos * x - sin) / (x * x))
}

/// Functions f_n of the simplified Bessel basis, before they are made orthogonal.
fn bessel_part(r: f64, cut: f64, n: usize) -> Jet {
    let (a, b) = ((n + 1) as f64, (n + 2) as f64);
    let sign = if n.is_multiple_of(2) { 1.0 } else { -1.0 };
    let norm = sign * SQRT_2 * PI / cut.powf(1.5) * a * b / (a * a + b * b).sqrt();
    let (ka, kb) = (a * PI / cut, b * PI / cut);
    let (fa, fb) = (sinc(r * ka), sinc(r * kb));
    (norm * (fa.0 + fb.0), norm * (fa.1 * ka + fb.1 * kb))
}

fn bessel(r: f64, cut: f64, out: &mut [Jet]) {
    let mut last = 1.0;
    for n in 0..out.len() {
        let part = bessel_part(r, cut, n);
        if n == 0 {
            out[0] = part;
            continue;
        }
        let k = n as f64;
        let e = (k * (k + 2.0)).powi(2) / (4.0 * (k + 1.0).powi(4) + 1.0);
        let d = 1.0 - e / last;
        let (scale, back) = (1.0 / d.sqrt(), (e / last).sqrt());
        let before = out[n - 1];
        out[n] = (
            scale * (part.0 + back * before.0),
            scale * (part.1 + back * before.1),
        );
        last = d;
    }
}

impl Bond {
    /// Fills `out` with g_n and derivatives at distance `r` (Å).
    pub fn basis(&self, core: Core, r: f64, out: &mut [Jet]) {
        // with ZBL the inner cutoff belongs to the whole expansion
        let inner = match core {
            Core::Zbl if self.inner_width == 0.0 => 1.0,
            Core::Zbl => 0.0,
            _ => self.inner,
        };
        if r <= inner - self.inner_width || r >= self.cut {
            out.fill((0.0, 0.0));
            return;
        }
        self.bare(r, out);
        if core != Core::Density {
            let (f, d) = fall(r, inner, self.inner_width);
            out.iter_mut().for_each(|g| *g = times(*g, (1.0 - f, -d)));
        }
    }

    fn bare(&self, r: f64, out: &mut [Jet]) {
        let (cut, lambda) = (self.cut, self.lambda);
        match self.basis {
            Basis::ChebExpCos => {
                let (near, far) = ((-lambda * r / cut).exp(), (-lambda).exp());
                let x = 1.0 - 2.0 * (near - far) / (1.0 - far);
                chebyshev(x, 2.0 * lambda / cut * near / (1.0 - far), 0, out);
                // the first function is 1, not (1 - T_0) / 2
                if let Some(first) = out.first_mut() {
                    *first = (1.0, 0.0);
                }
                let mut end = cosine(r, cut);
                let begin = cut - self.width;
                if r > begin {
                    end = times(end, cosine(r - begin, self.width));
                }
                out.iter_mut().for_each(|g| *g = times(*g, end));
            }
            Basis::ChebPow => {
                let power = (1.0 - r / cut).powf(lambda - 1.0);
                let x = 1.0 - 2.0 * power * (1.0 - r / cut);
                chebyshev(x, 2.0 * lambda / cut * power, 1, out);
            }
            Basis::ChebLinear => chebyshev(1.0 - r / cut, -1.0 / cut, 1, out),
            Basis::SBessel => bessel(r, cut, out),
        }
    }

    /// R_nl from the values of the basis.
    pub fn mixed(&self, n: usize, l: usize, basis: &[Jet]) -> Jet {
        let [nmax, lmax, kmax] = self.shape;
        // functions that only other pairs have are zero
        if n >= nmax || l >= lmax {
            return (0.0, 0.0);
        }
        let c = &self.mixing[(n * lmax + l) * kmax..][..kmax];
        c.iter()
            .zip(basis)
            .fold((0.0, 0.0), |sum, (c, g)| (sum.0 + c * g.0, sum.1 + c * g.1))
    }

    /// Repulsion of the cores at distance `r`, eV and eV/Å.
    pub fn repulsion(&self, core: Core, r: f64) -> Jet {
        match core {
            Core::Zbl => self.zbl(r),
            Core::Density => self.gauss(r),
            Core::Distance => times(self.gauss(r), fall(r, self.inner, self.inner_width)),
        }
    }

    /// p exp(-lambda r^2) / r times a cosine cutoff.
    fn gauss(&self, r: f64) -> Jet {
        let (p, decay) = (self.core.abs(), self.core_decay.abs());
        let exponent = decay * r * r;
        if exponent >= 50.0 {
            return (0.0, 0.0);
        }
        let e = p * (-exponent).exp();
        let bare = (e / r, -e * (2.0 * exponent + 1.0) / (r * r));
        times(bare, cosine(r, self.cut))
    }

    /// Ziegler-Biersack-Littmark repulsion of half a pair, brought to zero over the outer switch.
    fn zbl(&self, r: f64) -> Jet {
        let (end, begin) = (self.cut, self.cut - self.width);
        if r >= end {
            return (0.0, 0.0);
        }
        let [zi, zj] = self.charges;
        let length = screening::length(zi, zj);
        let decay = screening::PHI.map(|(_, d)| d / length);
        let here = screening::screened(&decay, r);
        let w = end - begin;
        let [cubic, quartic, constant] = screening::switch(screening::screened(&decay, end), w);
        let x = (r - begin).max(0.0);
        let shift = cubic / 3.0 * x.powi(3) + quartic / 4.0 * x.powi(4) + constant;
        let slope = cubic * x * x + quartic * x.powi(3);
        let scale = self.core * COULOMB / 2.0 * zi * zj;
        let bare = (scale * (here[0] + shift), scale * (here[1] + slope));
        times(bare, fall(r, end, w))
    }

    /// Value and slope of a radial function at `r` by the interpolation between nodes.
    pub fn interpolated(&self, nodes: Nodes, r: f64, function: impl Fn(f64) -> Jet) -> Jet {
        let Some((node, t)) = nodes.locate(r) else {
            return (0.0, 0.0);
        };
        let h = nodes.step();
        let (a, b) = (function(nodes.at(node)), function(nodes.at(node + 1)));
        hermite(t, h, a, b)
    }

    /// The nodes of its splines.
    pub fn nodes(&self, spacing: f64) -> Nodes {
        Nodes {
            last: (self.cut / spacing) as usize,
            cut: self.cut,
        }
    }
}

/// e^2 / (4 pi epsilon_0), eV Å.
const COULOMB: f64 = 14.399_645_351_950_543;

/// Cubic polynomial with given values and slopes at both ends of an interval of length `h`, at
/// position `t` of 0..1.
fn hermite(t: f64, h: f64, a: Jet, b: Jet) -> Jet {
    let (da, db) = (a.1 * h, b.1 * h);
    let rise = b.0 - a.0;
    let (c2, c3) = (3.0 * rise - db - 2.0 * da, db + da - 2.0 * rise);
    (
        a.0 + t * (da + t * (c2 + t * c3)),
        (da + t * (2.0 * c2 + 3.0 * t * c3)) / h,
    )
}

/// Equidistant nodes up to the cutoff of a pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nodes {
    /// Number of intervals.
    pub last: usize,
    /// Cutoff (Å).
    cut: f64,
}

impl Nodes {
    /// Distance of two nodes (Å).
    pub fn step(self) -> f64 {
        self.cut / self.last as f64
    }

    /// Distance of node `n` (Å).
    pub fn at(self, n: usize) -> f64 {
        let scale = self.last as f64 / self.cut;
        1.0 / scale * n as f64
    }

    /// Interval and position in it, None beyond the last. Interval 0 is none that may be used.
    #[inline(always)]
    pub fn locate(self, r: f64) -> Option<(usize, f64)> {
        let x = r * (self.last as f64 / self.cut);
        let node = x as usize;
        (node < self.last).then_some((node, x - node as f64))
    }
}

/// Values and slopes of several functions at the nodes.
#[derive(Debug, Clone)]
pub struct Table {
    /// Nodes.
    pub nodes: Nodes,
    /// Functions of a row, rounded up.
    pub width: usize,
    /// Rows of values and then of slopes times the step, one for each node.
    rows: Vec<f64>,
}

impl Table {
    /// Tabulates `columns` (radial function and degree) and, after them, the core repulsion; `basis`
    /// is the number of functions g_n. Rows are padded to multiples of `lanes`.
    pub fn new(
        bond: &Bond,
        core: Core,
        spacing: f64,
        basis: usize,
        columns: &[(Radial, usize)],
        lanes: usize,
    ) -> Table {
        let nodes = bond.nodes(spacing);
        let step = nodes.step();
        let width = (columns.len() + 1).div_ceil(lanes) * lanes;
        let mut rows = vec![0.0; (nodes.last + 1) * 2 * width];
        let mut g = vec![(0.0, 0.0); basis];
        for (n, row) in rows.chunks_exact_mut(2 * width).enumerate().skip(1) {
            let r = nodes.at(n);
            bond.basis(core, r, &mut g);
            let (values, slopes) = row.split_at_mut(width);
            for (k, &(radial, l)) in columns.iter().enumerate() {
                let f = match radial {
                    Radial::Basis(n) => g[usize::from(n)],
                    Radial::Mixed(n) => bond.mixed(usize::from(n), l, &g),
                };
                (values[k], slopes[k]) = (f.0, f.1 * step);
            }
            let f = bond.repulsion(core, r);
            (values[columns.len()], slopes[columns.len()]) = (f.0, f.1 * step);
        }
        Table { nodes, width, rows }
    }

    /// Values and slopes (times the step) at both ends of interval `node`, in this order.
    #[inline(always)]
    pub fn interval(&self, node: usize) -> &[f64] {
        &self.rows[node * 2 * self.width..][..4 * self.width]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bond(basis: Basis) -> Bond {
        Bond {
            basis,
            lambda: 3.3,
            cut: 4.7,
            width: 0.4,
            inner: 1.2,
            inner_width: 0.3,
            core: 20.0,
            core_decay: 1.1,
            mixing: vec![0.4, -1.0, 0.3, 0.7, 0.1, 0.2],
            shape: [1, 2, 3],
            charges: [3.0, 16.0],
        }
    }

    #[test]
    fn slopes_are_derivatives() {
        let h = 1e-6;
        for basis in Basis::ALL {
            for core in [Core::Density, Core::Distance, Core::Zbl] {
                let bond = bond(basis);
                for r in [1.05, 1.7, 3.9, 4.5] {
                    let [mut low, mut at, mut high] = [[(0.0, 0.0); 5]; 3];
                    bond.basis(core, r - h, &mut low);
                    bond.basis(core, r, &mut at);
                    bond.basis(core, r + h, &mut high);
                    let jets = (0..5).map(|n| (low[n].0, at[n].1, high[n].0));
                    let pair = [r - h, r, r + h].map(|r| bond.repulsion(core, r));
                    for (low, slope, high) in jets.chain([(pair[0].0, pair[1].1, pair[2].0)]) {
                        let difference = (high - low) / (2.0 * h);
                        assert!(
                            (slope - difference).abs() < 1e-6 * slope.abs().max(1.0),
                            "{basis:?} {core:?} {r}: {slope} {difference}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn tables_hold_what_is_interpolated() {
        let bond = bond(Basis::ChebPow);
        let columns = [(Radial::Basis(2), 0), (Radial::Mixed(0), 1)];
        let table = Table::new(&bond, Core::Distance, 0.05, 3, &columns, 8);
        assert_eq!(table.width, 8);
        let nodes = bond.nodes(0.05);
        for r in [1.0, 2.33, 4.69] {
            let (node, t) = nodes.locate(r).unwrap();
            let row = table.interval(node);
            let exact = |r: f64| {
                let mut g = [(0.0, 0.0); 3];
                bond.basis(Core::Distance, r, &mut g);
                bond.mixed(0, 1, &g)
            };
            let expected = bond.interpolated(nodes, r, exact);
            let h = nodes.step();
            let got = hermite(
                t,
                h,
                (row[1], row[8 + 1] / h),
                (row[16 + 1], row[24 + 1] / h),
            );
            assert!((got.0 - expected.0).abs() < 1e-13 && (got.1 - expected.1).abs() < 1e-12);
        }
        assert_eq!(nodes.locate(4.7), None);
    }
}
