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
        &[arg("value", Kind::OneOf(&["no"]), "no")],
        "symmetry axes; only `no` is supported",
    )],
    description: "CS = sum over N/2 pairs of |R_i + R_j|^2, the N/2 smallest of all pairs of the N nearest neighbours: \
Kelchner, Plimpton, Hamilton, Phys. Rev. B 58, 11085 (1998), length units squared. 0 for atoms with fewer neighbours \
within the cutoff of the pair style and for atoms outside the group.",
    examples: &[
        "compute cs all centro/atom fcc",
        "compute cs all centro/atom 8",
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
    }))
}

/// The parameter from the vectors to neighbours.
fn parameter(mut near: Vec<(f64, [f64; 3])>, n: usize) -> f64 {
    if near.len() < n {
        return 0.0;
    }
    near.sort_by(|a, b| a.0.total_cmp(&b.0));
    near.truncate(n);
    let mut sums = Vec::with_capacity(n * (n - 1) / 2);
    for (k, (_, a)) in near.iter().enumerate() {
        for (_, b) in &near[k + 1..] {
            sums.push((0..3).map(|c| (a[c] + b[c]).powi(2)).sum::<f64>());
        }
    }
    sums.sort_by(f64::total_cmp);
    sums.iter().take(n / 2).sum()
}

impl Compute for CentroAtom {
    fn output(&self) -> Output {
        Output {
            per_atom: Some(0),
            ..Output::default()
        }
    }

    fn evaluate(&mut self, _: Part, host: &mut dyn Host) -> Result<Data> {
        let cutoff = pairs::reach(host, None, "Compute centro/atom")?;
        let a = &host.state().atoms;
        let mut near = vec![Vec::new(); a.len()];
        pairs::visit(host.bricks(), |i, _, d| {
            let r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
            if r2 < cutoff * cutoff && a.mask[i] & self.bit != 0 {
                near[i].push((r2, d));
            }
        });
        Ok(Data::PerAtom(
            near.into_iter()
                .map(|n| parameter(n, self.neighbours))
                .collect(),
        ))
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
        assert_eq!(parameter(near, 6), 0.0);
    }
}
