//! `compute orientorder/atom`: bond-orientational order parameters of each atom.
//!
//! Q_l and W_l: Steinhardt, Nelson and Ronchetti, Phys. Rev. B 28, 784 (1983), doi:10.1103/PhysRevB.28.784, eqs. 1.3,
//! 1.4 and 2.2; normalised components: ten Wolde, Ruiz-Montero and Frenkel, J. Chem. Phys. 104, 9932 (1996).

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::host::{Data, Host, Orientation, Output, Part};
use crate::domain::pairs;
use crate::error::{Error, Result};
use crate::ml::complex_sphere::{Constants, count, harmonics, place};
use crate::ml::wigner::three_j;
use crate::signature::{Args, Kind, Signature, arg, keyword, many, parse_int};
use std::f64::consts::PI;

const SIGNATURE: Signature = Signature {
    name: "orientorder/atom",
    summary: "bond-orientational order parameters of each atom",
    args: &[],
    keywords: &[
        keyword(
            "cutoff",
            &[arg("distance", Kind::Real, "length units")],
            "only neighbours within this distance; default and largest value: the cutoff of the pair style",
        ),
        keyword(
            "nnn",
            &[arg("number", Kind::Word, "number, or NULL")],
            "number of nearest neighbours, default 12; NULL: all within the cutoff",
        ),
        keyword(
            "degrees",
            &[
                arg("n", Kind::Count, "how many degrees follow"),
                many("l", Kind::Int, "degrees, 0 to 50"),
            ],
            "degrees l of the order parameters, default 5 4 6 8 10 12",
        ),
        keyword(
            "wl",
            &[arg("value", Kind::YesNo, "yes or no")],
            "third-order invariants W_l too, default no",
        ),
        keyword(
            "wl/hat",
            &[arg("value", Kind::YesNo, "yes or no")],
            "normalised W_l too, default no",
        ),
        keyword(
            "components",
            &[arg("l", Kind::Int, "one of the degrees")],
            "components of the normalised vector of this degree too",
        ),
        keyword(
            "chunksize",
            &[arg("N", Kind::Count, "atoms")],
            "LAMMPS' KOKKOS package reads this; without effect here",
        ),
    ],
    description: "q_lm is the mean of the spherical harmonic Y_lm over the directions to the nearest neighbours, \
Q_l = sqrt(4 pi / (2 l + 1) sum_m |q_lm|^2) (Steinhardt, Nelson and Ronchetti, Phys. Rev. B 28, 784 (1983)). The per-atom \
array has a column Q_l per degree; then, with w = the sum over m1 + m2 + m3 = 0 of the 3j symbol times q_lm1 q_lm2 q_lm3, w / sqrt(2 l + 1) as in LAMMPS \
(`wl`); then w / (sum_m |q_lm|^2)^(3/2) (`wl/hat`); then real and imaginary part of q_lm / sqrt(sum_m |q_lm|^2) for m = -l to l \
(`components`), which compute coord/atom reads. w of odd degrees is zero. All values are 0 for atoms with fewer neighbours \
than `nnn` and for atoms outside the group.\n\nRestrictions: pairs that special_bonds takes out of the neighbour lists are no \
neighbours.\n\nRelated: compute coord/atom, compute centro/atom",
    examples: &[
        "compute q all orientorder/atom",
        "compute q all orientorder/atom degrees 2 4 6 nnn NULL cutoff 3.5 wl/hat yes",
        "compute q all orientorder/atom components 6",
    ],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

/// Powers of ten that 3j symbols and Legendre functions of this degree reach fit into f64.
const LARGEST_DEGREE: i64 = 50;
/// Q_l below this have no direction.
const ISOTROPIC: f64 = 1.0e-6;

struct OrientOrder {
    bit: u32,
    cutoff: Option<f64>,
    /// Number of nearest neighbours, `None` for all.
    nearest: Option<usize>,
    degrees: Vec<usize>,
    invariants: bool,
    normalised: bool,
    /// Index of the degree whose components are written.
    components: Option<usize>,
    constants: Constants,
    /// Per degree the 3j symbols (m1, m2, value) of m3 = -m1 - m2, if invariants are asked for.
    symbols: Vec<Vec<(i32, i32, f64)>>,
}

fn build(id: &ComputeId, args: &Args, _: &mut dyn Host) -> Result<Box<dyn Compute>> {
    let flag = |name: &str| {
        let given = args.keyword(name);
        given.map_or(Ok(false), |k| k.yes_no("value"))
    };
    let degrees = degrees(args)?;
    let (invariants, normalised) = (flag("wl")?, flag("wl/hat")?);
    let symbols = degrees.iter().map(|&l| match invariants || normalised {
        true => symbols(l as i32),
        false => Vec::new(),
    });
    Ok(Box::new(OrientOrder {
        bit: id.bit,
        cutoff: cutoff(args)?,
        nearest: nearest(args)?,
        invariants,
        normalised,
        components: components(args, &degrees)?,
        symbols: symbols.collect(),
        constants: Constants::new(degrees.iter().copied().max().unwrap_or(0)),
        degrees,
    }))
}

fn cutoff(args: &Args) -> Result<Option<f64>> {
    let Some(k) = args.keyword("cutoff") else {
        return Ok(None);
    };
    match k.real("distance")? {
        r if r > 0.0 => Ok(Some(r)),
        r => Err(Error::input(format!(
            "compute orientorder/atom cutoff must be above zero, not {r}"
        ))
        .at(k.word("distance"))),
    }
}

fn nearest(args: &Args) -> Result<Option<usize>> {
    let Some(k) = args.keyword("nnn") else {
        return Ok(Some(12));
    };
    match (k.str("number"), parse_int(k.str("number"))) {
        ("NULL", _) => Ok(None),
        (_, Some(n)) if n > 0 => Ok(Some(n as usize)),
        (w, _) => Err(Error::input(format!(
            "compute orientorder/atom nnn needs a number above zero or NULL, found '{w}'"
        ))
        .at(k.word("number"))),
    }
}

fn degrees(args: &Args) -> Result<Vec<usize>> {
    let Some(k) = args.keyword("degrees") else {
        return Ok(vec![4, 6, 8, 10, 12]);
    };
    let (n, words) = (k.int("n")?, k.all("l"));
    if n < 1 || n as usize != words.len() {
        return Err(Error::input(format!(
            "compute orientorder/atom degrees: {n} degrees are announced, {} follow",
            words.len()
        ))
        .at(k.word("n")));
    }
    let degree = |&(at, w): &(usize, &str)| match parse_int(w) {
        Some(l) if (0..=LARGEST_DEGREE).contains(&l) => Ok(l as usize),
        _ => Err(Error::input(format!(
            "compute orientorder/atom degrees must be 0 to {LARGEST_DEGREE}, not {w}"
        ))
        .at(at)),
    };
    words.iter().map(degree).collect()
}

fn components(args: &Args, degrees: &[usize]) -> Result<Option<usize>> {
    let Some(k) = args.keyword("components") else {
        return Ok(None);
    };
    let l = k.int("l")?;
    let at = degrees.iter().position(|&d| d as i64 == l);
    at.map(Some).ok_or_else(|| {
        Error::input(format!(
            "compute orientorder/atom components: {l} is not among the degrees {degrees:?}"
        ))
        .at(k.word("l"))
    })
}

/// The 3j symbols of three equal degrees; those of odd degrees change sign when two columns are exchanged, so that
/// their sum with q q q is zero.
fn symbols(l: i32) -> Vec<(i32, i32, f64)> {
    if l % 2 == 1 {
        return Vec::new();
    }
    let pairs = (-l..=l).flat_map(|m1| (-l..=l).map(move |m2| (m1, m2)));
    pairs
        .filter(|(m1, m2)| (m1 + m2).abs() <= l)
        .map(|(m1, m2)| (m1, m2, three_j([l; 3], [m1, m2, -m1 - m2])))
        .collect()
}

/// q_lm of negative m too.
fn component(q: &[(f64, f64)], m: i32) -> (f64, f64) {
    let (re, im) = q[m.unsigned_abs() as usize];
    match (m < 0, m % 2 == 0) {
        (false, _) => (re, im),
        (true, true) => (re, -im),
        (true, false) => (-re, im),
    }
}

/// Means of the harmonics over neighbours, m = 0 to l of all degrees. `None` if a neighbour sits on the atom.
fn means(constants: &Constants, near: &[(f64, [f64; 3])]) -> Option<Vec<(f64, f64)>> {
    let mut q = vec![(0.0, 0.0); count(constants.l_max)];
    for &(r2, d) in near {
        let r = r2.sqrt();
        if r < 10.0 * f64::EPSILON {
            return None;
        }
        for (q, ([re, im], _)) in q.iter_mut().zip(harmonics(constants, d.map(|x| x / r))) {
            *q = (q.0 + re, q.1 + im);
        }
    }
    let scale = 1.0 / ((4.0 * PI).sqrt() * near.len() as f64);
    q.iter_mut().for_each(|q| *q = (q.0 * scale, q.1 * scale));
    Some(q)
}

/// sum_m |q_lm|^2
fn norm2(q: &[(f64, f64)]) -> f64 {
    let square = |q: &(f64, f64)| q.0 * q.0 + q.1 * q.1;
    square(&q[0]) + 2.0 * q[1..].iter().map(square).sum::<f64>()
}

fn invariant(q: &[(f64, f64)], symbols: &[(i32, i32, f64)]) -> f64 {
    let term = |&(m1, m2, c): &(i32, i32, f64)| {
        let (a, b, d) = (component(q, m1), component(q, m2), component(q, -m1 - m2));
        let ab = (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0);
        c * (ab.0 * d.0 - ab.1 * d.1)
    };
    symbols.iter().map(term).sum()
}

impl OrientOrder {
    fn columns(&self) -> usize {
        let sets = 1 + usize::from(self.invariants) + usize::from(self.normalised);
        sets * self.degrees.len() + self.components.map_or(0, |c| 2 * (2 * self.degrees[c] + 1))
    }

    /// The columns of one atom; nothing to write if it has too few neighbours.
    fn row(&self, mut near: Vec<(f64, [f64; 3])>) -> Option<Vec<f64>> {
        if let Some(n) = self.nearest {
            if near.len() < n {
                return None;
            }
            near.sort_by(|a, b| a.0.total_cmp(&b.0));
            near.truncate(n);
        }
        if near.is_empty() {
            return None;
        }
        let all = means(&self.constants, &near)?;
        let of_degree = |&l: &usize| &all[place(l, 0)..=place(l, l)];
        let q: Vec<&[(f64, f64)]> = self.degrees.iter().map(of_degree).collect();
        let order = |q: &&[(f64, f64)]| {
            let l = q.len() as f64 - 1.0;
            (4.0 * PI / (2.0 * l + 1.0) * norm2(q)).sqrt()
        };
        let mut row: Vec<f64> = q.iter().map(order).collect();
        let w: Vec<f64> = q
            .iter()
            .zip(&self.symbols)
            .map(|(q, s)| invariant(q, s))
            .collect();
        if self.invariants {
            // LAMMPS' factor, beside that of eq. 1.4
            let scale = |l: &usize| (2.0 * *l as f64 + 1.0).sqrt();
            row.extend(
                w.iter()
                    .zip(self.degrees.iter().map(scale))
                    .map(|(w, s)| w / s),
            );
        }
        if self.normalised {
            let of = |(q, w): (&&[(f64, f64)], &f64)| match order(q) < ISOTROPIC {
                true => 0.0,
                false => w / norm2(q).powf(1.5),
            };
            row.extend(q.iter().zip(&w).map(of));
        }
        if let Some(c) = self.components {
            let (q, l) = (q[c], self.degrees[c] as i32);
            let scale = match order(&q) < ISOTROPIC {
                true => 0.0,
                false => 1.0 / norm2(q).sqrt(),
            };
            row.extend((-l..=l).flat_map(|m| {
                let (re, im) = component(q, m);
                [re * scale, im * scale]
            }));
        }
        Some(row)
    }
}

impl Compute for OrientOrder {
    fn output(&self) -> Output {
        Output {
            per_atom: Some(self.columns()),
            ..Output::default()
        }
    }

    fn orientation(&self) -> Option<Orientation> {
        self.components.map(|c| {
            let count = 2 * (2 * self.degrees[c] + 1);
            Orientation {
                first: self.columns() - count,
                count,
                cutoff: self.cutoff,
            }
        })
    }

    fn evaluate(&mut self, _: Part, host: &mut dyn Host) -> Result<Data> {
        let reach = pairs::reach(host, None, "Compute orientorder/atom")?;
        let cutoff = self.cutoff.unwrap_or(reach);
        if cutoff > reach {
            return Err(Error::input(format!(
                "Compute orientorder/atom cutoff {cutoff} is longer than pairwise cutoff {reach}"
            )));
        }
        let a = &host.state().atoms;
        let mut near = vec![Vec::new(); a.len()];
        pairs::visit(host.bricks(), |i, _, d| {
            let r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
            if r2 < cutoff * cutoff && a.mask[i] & self.bit != 0 {
                near[i].push((r2, d));
            }
        });
        let columns = self.columns();
        let mut values = vec![0.0; columns * a.len()];
        for (near, values) in near.into_iter().zip(values.chunks_exact_mut(columns)) {
            if let Some(row) = self.row(near) {
                values.copy_from_slice(&row);
            }
        }
        Ok(Data::PerAtomArray { columns, values })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the perfect structure: Steinhardt et al., tables I and II.
    #[test]
    fn parameters_of_the_fcc_structure() {
        let mut near = Vec::new();
        for [a, b] in [[0, 1], [0, 2], [1, 2]] {
            for (s, t) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
                let mut d = [0.0; 3];
                (d[a], d[b]) = (s, t);
                near.push((2.0, d));
            }
        }
        let compute = OrientOrder {
            bit: 1,
            cutoff: None,
            nearest: Some(12),
            degrees: vec![4, 6],
            invariants: true,
            normalised: true,
            components: Some(1),
            symbols: vec![symbols(4), symbols(6)],
            constants: Constants::new(6),
        };
        let row = compute.row(near.clone()).unwrap();
        assert_eq!(row.len(), compute.columns());
        assert!((row[0] - (7.0f64 / 192.0).sqrt()).abs() < 1e-12);
        assert!((row[1] - 0.574_524_259).abs() < 1e-8, "{}", row[1]);
        assert!((row[4] + 7.0 / 3.0 * (2.0f64 / 429.0).sqrt()).abs() < 1e-12);
        let squares: f64 = row[6..].iter().map(|c| c * c).sum();
        assert!((squares - 1.0).abs() < 1e-12);
        assert_eq!(compute.row(near[1..].to_vec()), None);
    }
}
