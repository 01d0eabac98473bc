//! `compute coord/atom`: coordination number of each atom.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::host::{Data, Host, Output, Part, Source};
use crate::domain::pairs;
use crate::error::{Error, Result};
use crate::signature::arg;
use crate::signature::{Args, Kind, Signature, parse_real, rest};

const SIGNATURE: Signature = Signature {
    name: "coord/atom",
    summary: "coordination number of each atom",
    args: &[
        arg(
            "style",
            Kind::OneOf(&["cutoff", "orientorder"]),
            "which neighbours are counted",
        ),
        rest(
            "words",
            "cutoff: Rcut, then optionally `group ID` (which neighbours count) and atom types or ranges, one column each; \
orientorder: ID of a compute orientorder/atom with `components`, then a threshold",
        ),
    ],
    keywords: &[],
    description: "`cutoff`: the number of neighbours within Rcut (length units), of all types or one column for every given \
type or range of types. `orientorder`: the number of neighbours, within the distance of the orientorder/atom compute, whose \
normalised order vector has a scalar product above the threshold with that of the atom: ten Wolde, Ruiz-Montero and \
Frenkel, J. Chem. Phys. 104, 9932 (1996). 0 for atoms outside the group.\n\nRestrictions: Rcut must not be larger than the \
cutoff of the pair style plus the skin in systems with bonds.\n\nRelated: compute orientorder/atom",
    examples: &[
        "compute c all coord/atom cutoff 3.0",
        "compute c Li coord/atom cutoff 3.0 1 2*4",
        "compute c all coord/atom orientorder q 0.5",
    ],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct CoordAtom {
    bit: u32,
    others: u32,
    cutoff: f64,
    /// For each column, which types count.
    types: Vec<Vec<bool>>,
}

fn build(id: &ComputeId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Compute>> {
    match args.str("style") {
        "orientorder" => connected(id, args, host),
        _ => within(id, args, host),
    }
}

fn connected(id: &ComputeId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Compute>> {
    let words = args.all("words");
    let [(at, orders), (there, threshold)] = words.as_slice() else {
        return Err(Error::input(
            "Illegal compute coord/atom command: orientorder needs the ID of a compute and a threshold",
        ));
    };
    host.orientation(orders).map_err(|e| e.or_at(*at))?;
    let threshold = parse_real(threshold)
        .filter(|t| (-1.0..1.0).contains(t))
        .ok_or_else(|| {
            Error::input(format!(
                "compute coord/atom orientorder: the threshold must be between -1 and 1, found '{threshold}'"
            ))
            .at(*there)
        })?;
    Ok(Box::new(Connected {
        bit: id.bit,
        orders: (*orders).to_string(),
        threshold,
    }))
}

/// Neighbours with a similar orientation.
struct Connected {
    bit: u32,
    /// ID of the compute with the vectors.
    orders: String,
    threshold: f64,
}

impl Compute for Connected {
    fn output(&self) -> Output {
        Output {
            per_atom: Some(0),
            ..Output::default()
        }
    }

    fn evaluate(&mut self, _: Part, host: &mut dyn Host) -> Result<Data> {
        let orders = host.orientation(&self.orders)?;
        let cutoff = pairs::reach(host, orders.cutoff, "Compute coord/atom")?;
        let Data::PerAtomArray { columns, values } =
            host.data(Source::Compute, &self.orders, Part::PerAtom)?
        else {
            return Err(Error::input(format!(
                "compute {} has no per-atom array",
                self.orders
            )));
        };
        let a = &host.state().atoms;
        let vector = |i: usize| &values[i * columns + orders.first..][..orders.count];
        let mut counts = vec![0.0; a.len()];
        pairs::visit(host.bricks(), |i, j, d| {
            let near = d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < cutoff * cutoff;
            if near && a.mask[i] & self.bit != 0 {
                let product: f64 = vector(i).iter().zip(vector(j)).map(|(a, b)| a * b).sum();
                if product > self.threshold {
                    counts[i] += 1.0;
                }
            }
        });
        Ok(Data::PerAtom(counts))
    }
}

fn within(id: &ComputeId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Compute>> {
    let words = args.all("words");
    let mut words = words.as_slice();
    let Some((&(at, first), tail)) = words.split_first() else {
        return Err(Error::input(
            "Illegal compute coord/atom command: missing argument(s): Rcut is not given",
        ));
    };
    let cutoff = parse_real(first).filter(|r| *r > 0.0).ok_or_else(|| {
        Error::input(format!(
            "compute coord/atom needs a cutoff above zero, found '{first}'"
        ))
        .at(at)
    })?;
    words = tail;
    let mut others = 1;
    if let [(_, "group"), (at, name), tail @ ..] = words {
        others = host
            .state()
            .groups
            .require("compute coord/atom", name)
            .map_err(|e| e.or_at(*at))?;
        words = tail;
    }
    let types = &host.state().types;
    let mut columns = Vec::new();
    for &(at, w) in words {
        let range = types.range(w).map_err(|e| e.or_at(at))?;
        columns.push((0..=types.count).map(|t| range.contains(&t)).collect());
    }
    if columns.is_empty() {
        columns.push(vec![true; types.count + 1]);
    }
    Ok(Box::new(CoordAtom {
        bit: id.bit,
        others,
        cutoff,
        types: columns,
    }))
}

impl Compute for CoordAtom {
    fn output(&self) -> Output {
        let n = self.types.len();
        Output {
            per_atom: Some(if n == 1 { 0 } else { n }),
            ..Output::default()
        }
    }

    fn evaluate(&mut self, _: Part, host: &mut dyn Host) -> Result<Data> {
        let cutoff = pairs::reach(host, Some(self.cutoff), "Compute coord/atom")?;
        let a = &host.state().atoms;
        let columns = self.types.len();
        let mut values = vec![0.0; columns * a.len()];
        pairs::visit_within(host, cutoff, |i, j, d| {
            let near = d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < cutoff * cutoff;
            if near && a.mask[i] & self.bit != 0 && a.mask[j] & self.others != 0 {
                for (c, types) in self.types.iter().enumerate() {
                    if types[a.kind[j] as usize] {
                        values[i * columns + c] += 1.0;
                    }
                }
            }
        })?;
        Ok(if columns == 1 {
            Data::PerAtom(values)
        } else {
            Data::PerAtomArray { columns, values }
        })
    }
}
