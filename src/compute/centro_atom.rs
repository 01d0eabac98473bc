//! `compute centro/atom`: centro-symmetry parameter of each atom.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::pairs;
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, keyword, parse_int};

const SIGNATURE: Signature = Signature {
    name: "centro/atom",
    summary: "centro-symmetry parameter of each atom",
    args: &[arg(
        "lattice",
        Kind::Word,
        "fcc (12 neighbours), bcc (8) or an even number of neighbours",
    )],
    keywords: &[keyword(
        "axes",
        &[arg("value", Kind::YesNo, "yes or no")],
        "symmetry axes of the neighbours, default no",
    )],
    description: "CS = sum over N/2 pairs of |R_i + R_j|^2, the N/2 smallest of all pairs of the N nearest neighbours: \
Kelchner, Plimpton, Hamilton, Phys. Rev. B 58, 11085 (1998), length units squared. 0 for atoms with fewer neighbours \
within the cutoff of the pair style and for atoms outside the group.\n\n\
With `axes yes` the per-atom array has 10 columns: CS and three unit vectors. The first two point from one atom to the other of \
the two pairs with the smallest |R_i + R_j|^2, the third is normal to them.",
    examples: &[
        "compute cs all centro/atom fcc",
        "compute cs all centro/atom 8",
        "compute cs all centro/atom fcc axes yes",
    ],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct CentroAtom {
    bit: u32,
    neighbours: usize,
    axes: bool,
}

fn build(id: &ComputeId, args: &Args, _: &mut dyn Host) -> Result<Box<dyn Compute>> {
    let neighbours = match args.str("lattice") {
        "fcc" => 12,
        "bcc" => 8,
        w => match parse_int(w) {
            Some(n) if n > 0 && n % 2 == 0 && n <= 1000 => n as usize,
            _ => {
                return Err(Error::input(format!(
                    "Illegal neighbor value for compute centro/atom command: '{w}'"
                ))
                .at(args.word("lattice"))
                .help("fcc, bcc, or an even number of neighbours"));
            }
        },
    };
    Ok(Box::new(CentroAtom {
        bit: id.bit,
        neighbours,
        axes: args
            .keyword("axes")
            .map_or(Ok(false), |k| k.yes_no("value"))?,
    }))
}

/// Vectors from the atom minus those to its neighbours, with their squared lengths.
type Near = Vec<(f64, [f64; 3])>;

/// The pairs of the `n` nearest neighbours: |R_i + R_j|^2 and R_i - R_j, in the order of distance of the neighbours.
/// Nothing if there are fewer.
fn pairs_of(mut near: Near, n: usize) -> Vec<(f64, [f64; 3])> {
    if near.len() < n {
        return Vec::new();
    }
    near.sort_by(|a, b| a.0.total_cmp(&b.0));
    near.truncate(n);
    let mut sums = Vec::with_capacity(n * (n - 1) / 2);
    for (k, (_, a)) in near.iter().enumerate() {
        for (_, b) in &near[k + 1..] {
            let square = (0..3).map(|c| (a[c] + b[c]).powi(2)).sum::<f64>();
            // d = x_i - x_j: the difference of the neighbours' positions is the other way round
            sums.push((square, std::array::from_fn(|c| b[c] - a[c])));
        }
    }
    sums.sort_by(|a, b| a.0.total_cmp(&b.0));
    sums
}

/// The parameter from the vectors to neighbours.
fn parameter(near: Near, n: usize) -> f64 {
    pairs_of(near, n).iter().take(n / 2).map(|p| p.0).sum()
}

fn unit(v: [f64; 3]) -> [f64; 3] {
    let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
    if length > 0.0 {
        v.map(|x| x / length)
    } else {
        v
    }
}

/// The parameter and three axes.
fn with_axes(near: Near, n: usize) -> [f64; 10] {
    let pairs = pairs_of(near, n);
    let mut row = [0.0; 10];
    row[0] = pairs.iter().take(n / 2).map(|p| p.0).sum();
    if let [(_, a), (_, b), ..] = pairs.as_slice() {
        let normal = [
            a[1] * b[2] - a[2] * b[1],
            a[2] * b[0] - a[0] * b[2],
            a[0] * b[1] - a[1] * b[0],
        ];
        for (k, axis) in [*a, *b, normal].into_iter().enumerate() {
            row[1 + 3 * k..4 + 3 * k].copy_from_slice(&unit(axis));
        }
    }
    row
}

impl Compute for CentroAtom {
    fn output(&self) -> Output {
        Output {
            per_atom: Some(if self.axes { 10 } else { 0 }),
            ..Output::default()
        }
    }

    fn evaluate(&mut self, _: Part, host: &mut dyn Host) -> Result<Data> {
        let cutoff = pairs::reach(host, None, "Compute centro/atom")?;
        let a = &host.state().atoms;
        let mut near = vec![Near::new(); a.len()];
        pairs::visit(host.bricks(), |i, _, d| {
            let r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
            if r2 < cutoff * cutoff && a.mask[i] & self.bit != 0 {
                near[i].push((r2, d));
            }
        });
        let n = self.neighbours;
        let near = near.into_iter();
        Ok(if self.axes {
            Data::PerAtomArray {
                columns: 10,
                values: near.flat_map(|near| with_axes(near, n)).collect(),
            }
        } else {
            Data::PerAtom(near.map(|near| parameter(near, n)).collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opposite_neighbours_cancel_and_too_few_give_zero() {
        let d = [
            [1.0, 0.0, 0.0],
            [-1.0, 0.0, 0.0],
            [0.0, 1.1, 0.0],
            [0.0, -1.0, 0.0],
        ];
        let near: Vec<_> = d
            .iter()
            .map(|v| (v.iter().map(|x| x * x).sum(), *v))
            .collect();
        assert!((parameter(near.clone(), 4) - 0.01).abs() < 1e-12);
        assert_eq!(parameter(near.clone(), 6), 0.0);
        let row = with_axes(near, 4);
        assert_eq!(row[1..4], [-1.0, 0.0, 0.0]);
        assert_eq!(row[4..7], [0.0, 1.0, 0.0]);
        assert_eq!(row[7..10], [0.0, 0.0, -1.0]);
    }
}
