//! `compute group/group`: energy and force between two groups.
//!
//! Long-range part: with A, B the charges of the groups and C those in both, E = 2 e(A, B) - e(C, C) less the own
//! energies of C and, for `boundary yes`, the background's; e(A, B) is half of the energy of A in the potential of B.
//! Bogusz, Cheatham and Brooks, J. Chem. Phys. 108, 7070 (1998), doi:10.1063/1.476320.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::pairs;
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, keyword};
use std::f64::consts::PI;

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
            &[arg("value", Kind::YesNo, "yes or no")],
            "long-range part, default no",
        ),
        keyword(
            "boundary",
            &[arg("value", Kind::YesNo, "yes or no")],
            "the energy of net charges with the background that neutralises them, default yes",
        ),
        keyword(
            "molecule",
            &[arg("value", Kind::OneOf(&["off", "inter", "intra"]), "")],
            "pairs of all atoms (off, default), of different molecules (inter) or within one (intra)",
        ),
    ],
    description: "The scalar is the energy of all pairs with one atom in each group, the vector the force of the second group on \
the first. `kspace yes` adds the long-range part (ewald, pppm with `kspace_modify diff ik`), which `molecule` does \
not restrict.\n\nRestrictions: of eam, eam/alloy and eam/fs the energy has the pair functions only, the force all that acts between two \
atoms. Other many-body styles and machine-learning force fields have no energy that belongs to a pair.",
    examples: &[
        "compute e low group/group high",
        "compute e low group/group high kspace yes boundary no",
    ],
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
    kspace: bool,
    boundary: bool,
    /// Whether the warning about net charges was given.
    warned: bool,
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
    let flag = |name: &str, default: bool| {
        let given = args.keyword(name);
        given.map_or(Ok(default), |k| k.yes_no("value"))
    };
    Ok(Box::new(GroupGroup {
        same,
        first: id.bit,
        second,
        pair: flag("pair", true)?,
        kspace: flag("kspace", false)?,
        boundary: flag("boundary", true)?,
        warned: false,
    }))
}

/// Net charges below this are none.
const NEUTRAL: f64 = 1.0e-5;

impl GroupGroup {
    fn pairs(&self, host: &dyn Host) -> Result<(f64, [f64; 3])> {
        let cutoff = pairs::reach(host, None, "Compute group/group")?;
        let a = &host.state().atoms;
        let (mut energy, mut force, mut missing) = (0.0, [0.0; 3], false);
        let mut add = |i: usize, j: usize, d: [f64; 3], kind: u8| {
            let forward = a.mask[i] & self.first != 0 && a.mask[j] & self.second != 0;
            let backward = a.mask[j] & self.first != 0 && a.mask[i] & self.second != 0;
            let r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
            let excluded = self
                .same
                .is_some_and(|same| same != (a.molecule[i] == a.molecule[j]));
            if !(forward || backward) || excluded || r2 >= cutoff * cutoff {
                return;
            }
            match host.pair_single((i, j), r2, kind) {
                Some((e, f)) => {
                    // every pair comes twice; forces within the common part cancel
                    energy += 0.5 * e;
                    if forward && !backward {
                        (0..3).for_each(|k| force[k] += f * d[k]);
                    }
                }
                None => missing = true,
            }
        };
        pairs::visit(host.bricks(), |i, j, d| add(i, j, d, 0));
        pairs::visit_special(host.bricks(), &mut add);
        match missing {
            true => Err(Error::input(
                "Pair style does not support compute group/group: it has no energies of pairs",
            )),
            false => Ok((energy, force)),
        }
    }

    fn long_range(&mut self, host: &mut dyn Host) -> Result<(f64, [f64; 3])> {
        let s = host.state();
        let of = |bits: &[u32]| -> Vec<f64> {
            let counts = |m: u32| bits.iter().all(|b| m & b != 0);
            let atoms = s.atoms.mask.iter().zip(&s.atoms.q);
            atoms
                .map(|(&m, &q)| if counts(m) { q } else { 0.0 })
                .collect()
        };
        let (a, b) = (of(&[self.first]), of(&[self.second]));
        let common = of(&[self.first, self.second]);
        let c = s.units.qqr2e / s.dielectric;
        let g = s.g_ewald.unwrap_or(f64::INFINITY);
        let both = host.kspace_between(&a, &b)?;
        let twice = host.kspace_between(&common, &common)?;
        let net = |q: &[f64]| q.iter().sum::<f64>();
        let squares: f64 = common.iter().map(|q| q * q).sum();
        let mut energy = 2.0 * both.energy - twice.energy - c * g * squares / PI.sqrt();
        let background =
            c * 0.5 * PI / (g * g) * (2.0 * net(&a) * net(&b) - net(&common) * net(&common));
        if background.abs() > NEUTRAL && !std::mem::replace(&mut self.warned, true) {
            host.warn("Both groups in compute group/group have a net charge; the Kspace boundary correction to energy will be non-zero");
        }
        if self.boundary {
            energy -= background / both.volume;
        }
        Ok((energy, both.force))
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
        let (mut energy, mut force) = match self.pair {
            true => self.pairs(host)?,
            false => (0.0, [0.0; 3]),
        };
        if self.kspace {
            let (e, f) = self.long_range(host)?;
            energy += e;
            (0..3).for_each(|k| force[k] += f[k]);
        }
        match part {
            Part::Scalar => Ok(Data::Scalar(energy)),
            Part::Vector => Ok(Data::Vector(force.to_vec())),
            _ => Err(Error::input(
                "compute group/group has a scalar and a vector only",
            )),
        }
    }
}
