//! `pair_style sw`: Stillinger and Weber, Phys. Rev. B 31, 5262 (1985), doi:10.1103/PhysRevB.31.5262.
//!
//! E = sum_{i<j} A eps [B (s/r)^p - (s/r)^q] exp(s/(r - a s))
//!   + sum_i sum_{j<k} lambda eps [cos(theta_jik) - cos(theta_0)]^2 g_ij g_ik, g = exp(gamma s/(r - a s)).
//!
//! The two exponentials of a triple belong to its two pairs and are evaluated once per neighbour.

use super::coeffs::TypePairs;
use super::manybody::{Near, gather, share};
use super::potential_file::{PotentialFile, TypeMap, triples};
use super::{BrickForces, ForceContext, PairEntry, PairModify, PairOptions, PairStyle};
use crate::domain::{Brick, Needs, State, Tally};
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, elements, keyword};
use rayon::prelude::*;

/// Entry in the table of pair styles.
pub const STYLE: PairEntry = PairEntry {
    signature: &SIGNATURE,
    coeff: &COEFF,
    build,
};

const SIGNATURE: Signature = Signature {
    name: "sw",
    summary: "Stillinger-Weber three-body potential",
    args: &[],
    keywords: &[
        keyword(
            "threebody",
            &[arg("value", Kind::OneOf(&["on", "off", "yes", "no"]), "")],
            "off leaves the three-body term out, default on",
        ),
        keyword(
            "maxdelcs",
            &[arg("delta1", Kind::Real, ""), arg("delta2", Kind::Real, "")],
            "only in LAMMPS' sw/mod: not supported",
        ),
    ],
    description: "Parameters come from a file with one entry per ordered triple of elements: three names, then epsilon \
        sigma a lambda gamma cos(theta0) A B p q tol. `pair_coeff * * FILE El1 El2 ...` maps atom types to \
        elements; NULL leaves a type to other styles of a hybrid. The tag `UNITS: metal` in the first line of the \
        file is honoured.",
    examples: &["pair_style sw"],
};

const COEFF: Signature = Signature {
    name: "sw",
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
    examples: &["pair_coeff * * Si.sw Si"],
};

/// Parameters of a pair of elements: those of the triple i j j.
#[derive(Debug, Clone, Copy, Default)]
struct Pair {
    cut2: f64,
    /// a sigma
    end: f64,
    sigma: f64,
    gamma_sigma: f64,
    /// A eps B sigma^p and A eps sigma^q
    repulsion: f64,
    attraction: f64,
    p: f64,
    q: f64,
}

/// Parameters of a triple.
#[derive(Debug, Clone, Copy, Default)]
struct Triple {
    /// lambda eps
    strength: f64,
    cosine: f64,
}

impl Pair {
    fn new(v: &[f64]) -> Self {
        let (eps, sigma, a, gamma, big_a, b) = (v[0], v[1], v[2], v[4], v[6], v[7]);
        let (p, q) = (v[8], v[9]);
        let end = sigma * a;
        // beyond this distance the exponential is below tol
        let tol = v[10].min(0.01);
        let reach = if tol > 0.0 {
            end + gamma.min(1.0) * sigma / tol.ln()
        } else {
            end
        };
        Self {
            cut2: reach * reach,
            end,
            sigma,
            gamma_sigma: gamma * sigma,
            repulsion: eps * big_a * b * sigma.powf(p),
            attraction: eps * big_a * sigma.powf(q),
            p,
            q,
        }
    }

    /// F/r and energy of the two-body part.
    #[inline]
    fn two(&self, r: f64) -> (f64, f64) {
        let inner = 1.0 / (r - self.end);
        let envelope = (self.sigma * inner).exp();
        let power = |n: f64| {
            if n == 0.0 {
                1.0
            } else if n == 4.0 {
                let r2 = r * r;
                1.0 / (r2 * r2)
            } else {
                r.powf(-n)
            }
        };
        let (rp, rq) = (
            self.repulsion * power(self.p),
            self.attraction * power(self.q),
        );
        let slope = (self.p * rp - self.q * rq) / r + (rp - rq) * self.sigma * inner * inner;
        (slope * envelope / r, (rp - rq) * envelope)
    }
}

/// A neighbour with its factor g and dg/dr.
#[derive(Debug, Clone, Copy)]
struct Factor {
    g: f64,
    slope: f64,
    inverse: f64,
}

fn build(args: &Args, _: &State) -> Result<Box<dyn PairStyle>> {
    if let Some(k) = args.keyword("maxdelcs") {
        return Err(Error::input(
            "pair_style sw maxdelcs belongs to sw/mod, which argyro does not have",
        )
        .at(k.position()));
    }
    let value = args
        .keyword("threebody")
        .map(|k| k.str("value").to_string());
    Ok(Box::new(Sw {
        pairs_only: value.is_some_and(|v| v == "off" || v == "no"),
        ..Sw::default()
    }))
}

#[derive(Default)]
struct Sw {
    /// `threebody off`
    pairs_only: bool,
    map: TypeMap,
    pairs: Vec<Pair>,
    triples: Vec<Triple>,
    cut: f64,
    used: Option<TypePairs>,
}

impl Sw {
    fn pair(&self, a: usize, b: usize) -> &Pair {
        &self.pairs[a * self.map.elements.len() + b]
    }

    fn triple(&self, a: usize, b: usize, c: usize) -> &Triple {
        let n = self.map.elements.len();
        &self.triples[(a * n + b) * n + c]
    }

    fn brick<const TALLY: bool>(&self, brick: &Brick, tally: Tally, out: &mut BrickForces) {
        let mut near: Vec<Near> = Vec::new();
        let mut factors: Vec<Factor> = Vec::new();
        for i in 0..brick.own {
            let Some(e) = self.map.element(brick.kind[i]) else {
                continue;
            };
            gather(brick, &self.map, i, &mut near, |b, r2| {
                r2 < self.pair(e, b).cut2
            });
            let mut fi = [0.0; 3];
            factors.clear();
            for n in &near {
                let pair = self.pair(e, n.element);
                let inverse = 1.0 / (n.r - pair.end);
                let g = (pair.gamma_sigma * inverse).exp();
                factors.push(Factor {
                    g,
                    slope: -pair.gamma_sigma * inverse * inverse * g,
                    inverse: 1.0 / n.r,
                });
                if !n.mine {
                    continue;
                }
                let (fr, energy) = pair.two(n.r);
                for k in 0..3 {
                    fi[k] -= n.d[k] * fr;
                    out.f[n.j][k] += n.d[k] * fr;
                }
                if TALLY {
                    out.vdwl += energy;
                    out.add_pair(tally, i, n.j, energy, n.d, fr);
                }
            }
            let triples = if self.pairs_only { 0 } else { near.len() };
            for a in 0..triples {
                let (nj, gj) = (near[a], factors[a]);
                let mut total = [0.0; 3];
                for b in a + 1..near.len() {
                    let (nk, gk) = (near[b], factors[b]);
                    let t = self.triple(e, nj.element, nk.element);
                    let dot = nj.d[0] * nk.d[0] + nj.d[1] * nk.d[1] + nj.d[2] * nk.d[2];
                    let inverse = gj.inverse * gk.inverse;
                    let cos = dot * inverse;
                    let delta = cos - t.cosine;
                    let bend = 2.0 * t.strength * delta * gj.g * gk.g;
                    let stretch = t.strength * delta * delta;
                    let along_j =
                        (stretch * gk.g * gj.slope - bend * cos * gj.inverse) * gj.inverse;
                    let along_k =
                        (stretch * gj.g * gk.slope - bend * cos * gk.inverse) * gk.inverse;
                    let across = bend * inverse;
                    let (mut fj, mut fk) = ([0.0; 3], [0.0; 3]);
                    for d in 0..3 {
                        fj[d] = -(along_j * nj.d[d] + across * nk.d[d]);
                        fk[d] = -(along_k * nk.d[d] + across * nj.d[d]);
                        total[d] += fj[d];
                        fi[d] -= fj[d] + fk[d];
                        out.f[nk.j][d] += fk[d];
                    }
                    if TALLY {
                        let energy = stretch * gj.g * gk.g;
                        out.vdwl += energy;
                        share(out, tally, [i, nj.j, nk.j], energy, (nj.d, fj), (nk.d, fk));
                    }
                }
                (0..3).for_each(|d| out.f[nj.j][d] += total[d]);
            }
            (0..3).for_each(|k| out.f[i][k] += fi[k]);
        }
    }
}

impl PairStyle for Sw {
    fn coeff(&mut self, words: &[&str], state: &State, _: &PairOptions) -> Result<()> {
        let map = TypeMap::new(words, state, "sw")?;
        let file = PotentialFile::read(words[2], "sw", 2, state)?;
        let mut entries = file.entries(3, 11).map_err(|e| e.or_at(2))?;
        for e in &mut entries {
            e.numbers[0] *= file.energy;
            let bad = e
                .numbers
                .iter()
                .enumerate()
                .any(|(k, v)| *v < 0.0 && k != 5);
            if bad {
                return Err(file
                    .error(
                        e.line,
                        "Illegal Stillinger-Weber parameter: only cos(theta0) may be below zero",
                    )
                    .at(2));
            }
        }
        let index = triples(&file, &entries, &map, "sw")?;
        let n = map.elements.len();
        self.triples = index
            .iter()
            .map(|&at| {
                let v = &entries[at].numbers;
                Triple {
                    strength: v[3] * v[0],
                    cosine: v[5],
                }
            })
            .collect();
        self.pairs = (0..n * n)
            .map(|ab| Pair::new(&entries[index[ab * n + ab % n]].numbers))
            .collect();
        let all = index.iter().map(|&at| Pair::new(&entries[at].numbers).cut2);
        self.cut = all.fold(0.0, f64::max).sqrt();
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
        self.map.check(state, self.used.as_ref(), "sw")
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
