//! `compute coord/atom`: coordination number of each atom.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::host::{Data, Host, Output, Part};
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
            Kind::OneOf(&["cutoff"]),
            "how neighbours are counted",
        ),
        rest(
            "words",
            "Rcut, then optionally `group ID` (which neighbours count) and atom types or ranges, one column each",
        ),
    ],
    keywords: &[],
    description: "The number of neighbours within Rcut (length units), of all types or one column for every given type or \
range of types; 0 for atoms outside the group.\n\nRestrictions: Rcut must not be larger than the cutoff of the pair style \
plus the skin; the style `orientorder` of LAMMPS is not supported.",
    examples: &[
        "compute c all coord/atom cutoff 3.0",
        "compute c Li coord/atom cutoff 3.0 1 2*4",
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
