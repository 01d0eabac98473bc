//! `pair_style tersoff`: Tersoff, Phys. Rev. B 37, 6991 (1988), doi:10.1103/PhysRevB.37.6991; 39, 5566 (1989).
//!
//! E = 1/2 sum_i sum_j fc(r_ij) [A exp(-l1 r_ij) - b_ij B exp(-l2 r_ij)], b_ij = (1 + (beta zeta)^n)^(-1/2n),
//! zeta_ij = sum_k fc(r_ik) g(theta_ijk) exp[(l3 (r_ij - r_ik))^m],
//! g = gamma (1 + c^2/d^2 - c^2/(d^2 + (cos theta_0 - cos theta)^2)).
//! fc falls as a sine from 1 at R - D to 0 at R + D. Parameters of a pair are those of the triple i j j.

use super::coeffs::TypePairs;
use super::manybody::{Near, gather, share};
use super::potential_file::{PotentialFile, TypeMap, triples};
use super::{BrickForces, ForceContext, PairEntry, PairModify, PairOptions, PairStyle};
use crate::domain::{Brick, Needs, State, Tally};
use crate::error::Result;
use crate::signature::{Kind, Signature, arg, elements, keyword};
use rayon::prelude::*;
use std::f64::consts::FRAC_PI_2;

/// Entry in the table of pair styles.
pub const STYLE: PairEntry = PairEntry {
    signature: &SIGNATURE,
    coeff: &COEFF,
    build: |args, _| {
        let shift = args.keyword("shift").map_or(Ok(0.0), |k| k.real("delta"))?;
        Ok(Box::new(Tersoff {
            shift,
            ..Tersoff::default()
        }))
    },
};

const SIGNATURE: Signature = Signature {
    name: "tersoff",
    summary: "Tersoff bond-order potential",
    args: &[],
    keywords: &[keyword(
        "shift",
        &[arg("delta", Kind::Real, "distance, may be below zero")],
        "every distance r is replaced by r + delta, which shortens equilibrium bonds by delta",
    )],
    description: "Parameters come from a file with one entry per ordered triple of elements: three names, then m gamma \
        lambda3 c d cos(theta0) n beta lambda2 B R D lambda1 A. `pair_coeff * * FILE El1 El2 ...` maps atom types \
        to elements; NULL leaves a type to other styles of a hybrid. The tag `UNITS: metal` in the first line of \
        the file is honoured. The variants tersoff/mod, tersoff/zbl are not available.",
    examples: &["pair_style tersoff", "pair_style tersoff shift 0.05"],
};

const COEFF: Signature = Signature {
    name: "tersoff",
    summary: "parameter file and the element of every atom type",
    args: &[
        arg("I", Kind::Types, "*"),
        arg("J", Kind::Types, "*"),
        arg("file", Kind::FileIn, "parameter file"),
        elements(
            "elements",
            Kind::Element,
            "element of every atom type, or NULL",
        ),
    ],
    keywords: &[],
    description: "",
    examples: &["pair_coeff * * SiC.tersoff Si C"],
};

/// Parameters of a triple.
#[derive(Debug, Clone, Copy, Default)]
struct Param {
    cubic: bool,
    gamma: f64,
    lambda3: f64,
    c2: f64,
    d2: f64,
    cosine: f64,
    n: f64,
    beta: f64,
    lambda2: f64,
    b: f64,
    r: f64,
    d: f64,
    lambda1: f64,
    a: f64,
    cut2: f64,
    /// beta zeta beyond which b_ij is its asymptote, with and without the first correction, and the inverses.
    limit: [f64; 2],
}

impl Param {
    fn new(v: &[f64], energy: f64) -> Self {
        let n = v[6];
        let limit = |small: f64| (2.0 * n * small).powf(-1.0 / n);
        Self {
            cubic: v[0] == 3.0,
            gamma: v[1],
            lambda3: v[2],
            c2: v[3] * v[3],
            d2: v[4] * v[4],
            cosine: v[5],
            n,
            beta: v[7],
            lambda2: v[8],
            b: v[9] * energy,
            r: v[10],
            d: v[11],
            lambda1: v[12],
            a: v[13] * energy,
            cut2: (v[10] + v[11]).powi(2),
            limit: [limit(1.0e-16), limit(1.0e-8)],
        }
    }

    /// fc and its derivative.
    #[inline]
    fn cutoff(&self, r: f64) -> (f64, f64) {
        if r < self.r - self.d {
            return (1.0, 0.0);
        }
        if r > self.r + self.d {
            return (0.0, 0.0);
        }
        let (sin, cos) = (FRAC_PI_2 * (r - self.r) / self.d).sin_cos();
        (0.5 * (1.0 - sin), -0.5 * FRAC_PI_2 / self.d * cos)
    }

    /// Force and energy of the repulsion of a pair.
    #[inline]
    fn repulsion(&self, r: f64) -> (f64, f64) {
        let (fc, slope) = self.cutoff(r);
        let e = self.a * (-self.lambda1 * r).exp();
        (-e * (slope - fc * self.lambda1), fc * e)
    }

    /// fc fA and its derivative.
    #[inline]
    fn attraction(&self, r: f64) -> (f64, f64) {
        let (fc, slope) = self.cutoff(r);
        let e = self.b * (-self.lambda2 * r).exp();
        (-fc * e, e * (self.lambda2 * fc - slope))
    }

    /// b_ij and its derivative by zeta.
    #[inline]
    fn bond_order(&self, zeta: f64) -> (f64, f64) {
        let (n, t) = (self.n, self.beta * zeta);
        let half = 1.0 / (2.0 * n);
        if t > self.limit[0] {
            let root = 1.0 / t.sqrt();
            (root, -0.5 * self.beta * root / t)
        } else if t > self.limit[1] {
            let (root, p) = (1.0 / t.sqrt(), t.powf(-n));
            (
                (1.0 - p * half) * root,
                -0.5 * self.beta * root / t * (1.0 - (1.0 + half) * p),
            )
        } else if t < 1.0 / self.limit[0] {
            (1.0, 0.0)
        } else if t < 1.0 / self.limit[1] {
            let p = t.powf(n);
            (1.0 - p * half, -0.5 * self.beta * p / t)
        } else {
            let p = t.powf(n);
            let b = (1.0 + p).powf(-half);
            (b, -0.5 * b / (1.0 + p) * p / zeta)
        }
    }

    /// exp[(l3 x)^m] and its derivative by x.
    #[inline]
    fn stretch(&self, x: f64) -> (f64, f64) {
        if self.lambda3 == 0.0 {
            return (1.0, 0.0);
        }
        let l = self.lambda3 * x;
        let (argument, slope) = if self.cubic {
            (l * l * l, 3.0 * self.lambda3 * l * l)
        } else {
            (l, self.lambda3)
        };
        // as in LAMMPS: no overflow
        let e = if argument > 69.0776 {
            1.0e30
        } else if argument < -69.0776 {
            0.0
        } else {
            argument.exp()
        };
        (e, slope * e)
    }

    /// g and its derivative by the cosine.
    #[inline]
    fn angle(&self, cos: f64) -> (f64, f64) {
        let h = self.cosine - cos;
        let denominator = 1.0 / (self.d2 + h * h);
        let term = self.c2 * denominator;
        (
            self.gamma * (1.0 + self.c2 / self.d2 - term),
            -2.0 * self.gamma * term * h * denominator,
        )
    }
}

/// A contribution to zeta and its derivatives.
#[derive(Debug, Clone, Copy)]
struct Term {
    k: usize,
    cos: f64,
    /// by the cosine, r_ij and r_ik
    by: [f64; 3],
}

#[derive(Default)]
struct Tersoff {
    map: TypeMap,
    params: Vec<Param>,
    cut: f64,
    used: Option<TypePairs>,
    /// What is added to every distance.
    shift: f64,
}

impl Tersoff {
    #[inline]
    fn param(&self, a: usize, b: usize, c: usize) -> &Param {
        let n = self.map.elements.len();
        &self.params[(a * n + b) * n + c]
    }

    fn brick<const TALLY: bool>(&self, brick: &Brick, tally: Tally, out: &mut BrickForces) {
        let mut near: Vec<Near> = Vec::new();
        let mut terms: Vec<Term> = Vec::new();
        for i in 0..brick.own {
            let Some(e) = self.map.element(brick.kind[i]) else {
                continue;
            };
            let elements = self.map.elements.len();
            gather(brick, &self.map, i, &mut near, |b, r2| {
                let r2 = if self.shift == 0.0 {
                    r2
                } else {
                    (r2.sqrt() + self.shift).powi(2)
                };
                (0..elements).any(|c| r2 < self.param(e, c, b).cut2)
            });
            let mut fi = [0.0; 3];
            for a in 0..near.len() {
                let nj = near[a];
                let pair = self.param(e, nj.element, nj.element);
                let rj = nj.r + self.shift;
                if rj * rj >= pair.cut2 {
                    continue;
                }
                let mut along = 0.0;
                if nj.mine {
                    let (force, energy) = pair.repulsion(rj);
                    let fr = force / nj.r;
                    along += fr;
                    if TALLY {
                        out.vdwl += energy;
                        out.add_pair(tally, i, nj.j, energy, nj.d, fr);
                    }
                }
                let zeta = self.zeta(e, &near, a, &mut terms);
                let (order, by_zeta) = pair.bond_order(zeta);
                let (attraction, slope) = pair.attraction(rj);
                let fr = -0.5 * order * slope / nj.r;
                along += fr;
                if TALLY {
                    let energy = 0.5 * order * attraction;
                    out.vdwl += energy;
                    out.add_pair(tally, i, nj.j, energy, nj.d, fr);
                }
                let scale = -0.5 * by_zeta * attraction;
                let mut fj = nj.d.map(|d| along * d);
                let inverse_j = 1.0 / nj.r;
                for t in &terms {
                    let nk = near[t.k];
                    let inverse_k = 1.0 / nk.r;
                    let across = scale * t.by[0] * inverse_j * inverse_k;
                    let on_j = scale * (t.by[1] - t.by[0] * t.cos * inverse_j) * inverse_j;
                    let on_k = scale * (t.by[2] - t.by[0] * t.cos * inverse_k) * inverse_k;
                    let (mut gj, mut gk) = ([0.0; 3], [0.0; 3]);
                    for d in 0..3 {
                        gj[d] = on_j * nj.d[d] + across * nk.d[d];
                        gk[d] = on_k * nk.d[d] + across * nj.d[d];
                        fj[d] += gj[d];
                        fi[d] -= gk[d];
                        out.f[nk.j][d] += gk[d];
                    }
                    if TALLY {
                        share(out, tally, [i, nj.j, nk.j], 0.0, (nj.d, gj), (nk.d, gk));
                    }
                }
                for d in 0..3 {
                    fi[d] -= fj[d];
                    out.f[nj.j][d] += fj[d];
                }
            }
            (0..3).for_each(|k| out.f[i][k] += fi[k]);
        }
    }

    /// zeta of the bond to neighbour `a`, with its terms.
    #[inline]
    fn zeta(&self, e: usize, near: &[Near], a: usize, terms: &mut Vec<Term>) -> f64 {
        terms.clear();
        let nj = near[a];
        let mut zeta = 0.0;
        for (k, nk) in near.iter().enumerate() {
            let p = self.param(e, nj.element, nk.element);
            let rk = nk.r + self.shift;
            if k == a || rk * rk >= p.cut2 {
                continue;
            }
            let dot = nj.d[0] * nk.d[0] + nj.d[1] * nk.d[1] + nj.d[2] * nk.d[2];
            let cos = dot / (nj.r * nk.r);
            let (fc, fc_slope) = p.cutoff(rk);
            let (g, g_slope) = p.angle(cos);
            let (ex, ex_slope) = p.stretch(nj.r - nk.r);
            zeta += fc * g * ex;
            terms.push(Term {
                k,
                cos,
                by: [
                    fc * g_slope * ex,
                    fc * g * ex_slope,
                    fc_slope * g * ex - fc * g * ex_slope,
                ],
            });
        }
        zeta
    }
}

impl PairStyle for Tersoff {
    fn coeff(&mut self, words: &[&str], state: &State, _: &PairOptions) -> Result<()> {
        let map = TypeMap::new(words, state, "tersoff")?;
        let file = PotentialFile::read(words[2], "tersoff", 2, state)?;
        let entries = file.entries(3, 14).map_err(|e| e.or_at(2))?;
        for e in &entries {
            let v = &e.numbers;
            let signs = v.iter().enumerate().any(|(k, v)| *v < 0.0 && k != 5);
            let wrong = signs || v[11] > v[10] || (v[0] != 1.0 && v[0] != 3.0);
            if wrong {
                return Err(file
                    .error(
                        e.line,
                        "Illegal Tersoff parameter: m must be 1 or 3, D at most R, and only cos(theta0) below zero",
                    )
                    .at(2));
            }
        }
        let index = triples(&file, &entries, &map, "tersoff")?;
        self.params = index
            .iter()
            .map(|&at| Param::new(&entries[at].numbers, file.energy))
            .collect();
        // a shift to larger distances does not shorten the lists, as in LAMMPS
        self.cut = self
            .params
            .iter()
            .map(|p| p.cut2)
            .fold(0.0, f64::max)
            .sqrt()
            - self.shift.min(0.0);
        self.map = map;
        Ok(())
    }

    fn modify(&mut self, _: &PairModify) -> Result<()> {
        Ok(())
    }

    fn restrict(&mut self, used: &TypePairs) {
        self.used = Some(used.clone());
    }

    fn handles(&self, i: u32, j: u32) -> bool {
        self.map.element(i).is_some() && self.map.element(j).is_some()
    }

    fn init(&mut self, state: &State) -> Result<()> {
        self.map.check(state, self.used.as_ref(), "tersoff")
    }

    fn cutoff(&self) -> f64 {
        self.cut
    }

    fn needs(&self) -> Needs {
        Needs {
            full: true,
            ..Needs::default()
        }
    }

    fn compute(&mut self, context: &ForceContext<'_>, out: &mut [BrickForces]) -> Result<()> {
        let tally = context.tally;
        let bricks = &context.bricks.bricks;
        bricks.par_iter().zip(out).for_each(|(brick, out)| {
            if tally == Tally::NONE {
                self.brick::<false>(brick, tally, out);
            } else {
                self.brick::<true>(brick, tally, out);
            }
        });
        Ok(())
    }
}
