//! `compute rdf`: radial distribution functions and coordination numbers from the neighbour lists.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::pairs;
use crate::domain::values::members;
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, keyword, many};
use std::f64::consts::PI;

const SIGNATURE: Signature = Signature {
    name: "rdf",
    summary: "radial distribution functions g(r) and running coordination numbers",
    args: &[
        arg("Nbin", Kind::Count, "number of bins"),
        many(
            "types",
            Kind::Types,
            "pairs itype jtype, each a type or a range; default * *",
        ),
    ],
    keywords: &[keyword(
        "cutoff",
        &[arg(
            "Rcut",
            Kind::Positive,
            "largest distance, length units",
        )],
        "default: the largest cutoff of the pair style",
    )],
    description: "A global array of Nbin rows: bin centre, then g and the coordination number up to the bin for every \
pair of types. g = h / (n_i (n_j - n_ij/n_i) shell / V) with h the number of ordered pairs in a bin and n_ij the number \
of atoms that are in both sets.",
    examples: &["compute g all rdf 100", "compute g all rdf 200 1 1 1 2"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct Rdf {
    bit: u32,
    bins: usize,
    /// For each pair: whether a type belongs to the first and to the second set.
    pairs: Vec<(Vec<bool>, Vec<bool>)>,
    cutoff: Option<f64>,
}

fn build(id: &ComputeId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Compute>> {
    let types = &host.state().types;
    let set = |at: usize, w: &str| -> Result<Vec<bool>> {
        let range = types.range(w).map_err(|e| e.or_at(at))?;
        Ok((0..=types.count).map(|t| range.contains(&t)).collect())
    };
    let words = args.all("types");
    if words.len() % 2 == 1 {
        return Err(
            Error::input("Illegal compute rdf command: types come in pairs")
                .at(words[words.len() - 1].0),
        );
    }
    let mut pairs = Vec::new();
    for p in words.chunks_exact(2) {
        pairs.push((set(p[0].0, p[0].1)?, set(p[1].0, p[1].1)?));
    }
    if pairs.is_empty() {
        pairs.push((set(0, "*")?, set(0, "*")?));
    }
    let cutoff = args.keyword("cutoff").map(|k| k.real("Rcut")).transpose()?;
    let bins = usize::try_from(args.int("Nbin")?).unwrap_or(1);
    if bins > 1_000_000 {
        return Err(Error::input("compute rdf: more than a million bins").at(args.word("Nbin")));
    }
    Ok(Box::new(Rdf {
        bit: id.bit,
        bins,
        pairs,
        cutoff,
    }))
}

impl Rdf {
    fn range(&self, host: &dyn Host) -> Result<f64> {
        pairs::reach(host, self.cutoff, "Compute rdf")
    }

    /// Numbers of ordered pairs per pair of types and bin.
    fn histogram(&self, host: &dyn Host, range: f64) -> Result<Vec<Vec<f64>>> {
        let mut hist = vec![vec![0.0; self.bins]; self.pairs.len()];
        let per_length = self.bins as f64 / range;
        let a = &host.state().atoms;
        pairs::visit_within(host, range, |i, j, d| {
            if a.mask[i] & a.mask[j] & self.bit == 0 {
                return;
            }
            let bin = ((d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).sqrt() * per_length) as usize;
            if bin >= self.bins {
                return;
            }
            let (ti, tj) = (a.kind[i] as usize, a.kind[j] as usize);
            for (h, (first, second)) in hist.iter_mut().zip(&self.pairs) {
                h[bin] += f64::from(u8::from(first[ti] && second[tj]));
            }
        })?;
        Ok(hist)
    }
}

impl Compute for Rdf {
    fn output(&self) -> Output {
        Output {
            array: (self.bins, 1 + 2 * self.pairs.len()),
            ..Output::default()
        }
    }

    fn evaluate(&mut self, _: Part, host: &mut dyn Host) -> Result<Data> {
        let range = self.range(host)?;
        let hist = self.histogram(host, range)?;
        let s = host.state();
        let volume = s.cell("compute rdf")?.volume(s.dimension);
        let columns = 1 + 2 * self.pairs.len();
        let width = range / self.bins as f64;
        let mut values = vec![0.0; self.bins * columns];
        for (p, (first, second)) in self.pairs.iter().enumerate() {
            let count = |f: &dyn Fn(usize) -> bool| {
                members(s, self.bit)
                    .filter(|&i| f(s.atoms.kind[i] as usize))
                    .count() as f64
            };
            let ni = count(&|t| first[t]);
            let nj = count(&|t| second[t]);
            let both = count(&|t| first[t] && second[t]);
            let others = if ni > 0.0 { nj - both / ni } else { 0.0 };
            let mut coordination = 0.0;
            for b in 0..self.bins {
                let (r0, r1) = (b as f64 * width, (b + 1) as f64 * width);
                let shell = if s.dimension == 2 {
                    PI * (r1 * r1 - r0 * r0)
                } else {
                    4.0 * PI / 3.0 * (r1.powi(3) - r0.powi(3))
                };
                let ideal = shell / volume * others * ni;
                if ideal != 0.0 {
                    values[b * columns + 1 + 2 * p] = hist[p][b] / ideal;
                }
                if ni > 0.0 {
                    coordination += hist[p][b] / ni;
                }
                values[b * columns + 2 + 2 * p] = coordination;
                values[b * columns] = (b as f64 + 0.5) * width;
            }
        }
        Ok(Data::Array { columns, values })
    }
}
