//! `compute group/group`: energy and force between two groups.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::pairs;
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, keyword};

const SIGNATURE: Signature = Signature {
    name: "group/group",
    summary: "energy of interaction and force between two groups",
    args: &[arg("group2-ID", Kind::Uses("group"), "second group")],
    keywords: &[
        keyword(
            "pair",
            &[arg("value", Kind::YesNo, "yes or no")],
            "pairwise part, default yes",
        ),
        keyword(
            "kspace",
            &[arg("value", Kind::OneOf(&["no", "off"]), "only no")],
            "long-range part; not supported",
        ),
        keyword(
            "boundary",
            &[arg("value", Kind::YesNo, "yes or no")],
            "whether the long-range part has its boundary term: without effect on the pairwise part",
        ),
        keyword(
            "molecule",
            &[arg("value", Kind::OneOf(&["off", "inter", "intra"]), "")],
            "pairs of all atoms (off, default), of different molecules (inter) or within one (intra)",
        ),
    ],
    description: "The scalar is the energy of all pairs with one atom in each group, the vector the force of the second group on \
the first.\n\nRestrictions: pairwise additive styles only: the energy of many-body and machine-learning force fields has no \
part that belongs to a pair.",
    examples: &["compute e low group/group high"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct GroupGroup {
    first: u32,
    second: u32,
    pair: bool,
    /// Only pairs of the same (true) or of different (false) molecules.
    same: Option<bool>,
}

fn build(id: &ComputeId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Compute>> {
    let name = args.str("group2-ID");
    let second = host
        .state()
        .groups
        .require("compute group/group", name)
        .map_err(|e| e.or_at(args.word("group2-ID")))?;
    let same = match args.keyword("molecule") {
        None => None,
        Some(k) => match k.str("value") {
            "off" => None,
            v if host.state().atom_style.molecule => Some(v == "intra"),
            v => {
                return Err(Error::input(format!(
                    "Compute group/group molecule {v} requires molecule IDs"
                ))
                .at(k.word("value")));
            }
        },
    };
    Ok(Box::new(GroupGroup {
        same,
        first: id.bit,
        second,
        pair: args
            .keyword("pair")
            .map_or(Ok(true), |k| k.yes_no("value"))?,
    }))
}

impl GroupGroup {
    fn sum(&self, host: &dyn Host) -> Result<(f64, [f64; 3])> {
        let cutoff = pairs::reach(host, None, "Compute group/group")?;
        let a = &host.state().atoms;
        let (mut energy, mut force, mut missing) = (0.0, [0.0; 3], false);
        let charge = |i: usize| a.q.get(i).copied().unwrap_or(0.0);
        pairs::visit(host.bricks(), |i, j, d| {
            let forward = a.mask[i] & self.first != 0 && a.mask[j] & self.second != 0;
            let backward = a.mask[j] & self.first != 0 && a.mask[i] & self.second != 0;
            let r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
            let excluded = self
                .same
                .is_some_and(|same| same != (a.molecule[i] == a.molecule[j]));
            if !(forward || backward) || excluded || r2 >= cutoff * cutoff {
                return;
            }
            match host.pair_single((a.kind[i], a.kind[j]), r2, (charge(i), charge(j))) {
                Some((e, f)) => {
                    // every pair comes twice; forces within the common part cancel
                    energy += 0.5 * e;
                    if forward && !backward {
                        (0..3).for_each(|k| force[k] += f * d[k]);
                    }
                }
                None => missing = true,
            }
        });
        match missing {
            true => Err(Error::input(
                "Pair style does not support compute group/group: it has no energies of pairs",
            )),
            false => Ok((energy, force)),
        }
    }
}

impl Compute for GroupGroup {
    fn output(&self) -> Output {
        Output {
            vector: 3,
            extensive: true,
            extensive_vector: true,
            ..Output::SCALAR
        }
    }

    fn evaluate(&mut self, part: Part, host: &mut dyn Host) -> Result<Data> {
        let (energy, force) = match self.pair {
            true => self.sum(host)?,
            false => (0.0, [0.0; 3]),
        };
        match part {
            Part::Scalar => Ok(Data::Scalar(energy)),
            Part::Vector => Ok(Data::Vector(force.to_vec())),
            _ => Err(Error::input(
                "compute group/group has a scalar and a vector only",
            )),
        }
    }
}
