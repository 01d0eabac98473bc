//! `compute stress/atom`: symmetric stress tensor of each atom, times volume.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::Tally;
use crate::domain::host::{Data, Host, Output, Part, Source};
use crate::domain::state::CONTRIBUTIONS;
use crate::domain::values::members;
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, many};

const PARTS: &[&str] = &[
    "ke", "virial", "pair", "bond", "angle", "dihedral", "improper", "kspace", "fix",
];

const SIGNATURE: Signature = Signature {
    name: "stress/atom",
    summary: "stress tensor of each atom, pressure times volume",
    args: &[
        arg(
            "temp-ID",
            Kind::Uses("compute"),
            "temperature compute whose velocity bias is left out, or NULL to use the velocities as they are",
        ),
        many(
            "part",
            Kind::OneOf(PARTS),
            "contributions; default all (`virial`: all but ke)",
        ),
    ],
    keywords: &[],
    description: "A per-atom array with 6 columns -(m v_a v_b + w_ab) in the order xx, yy, zz, xy, xz, yz, units \
pressure times volume; w is the atom's share of the virial. The sum of the diagonal over all atoms, divided by -3 V, is \
the pressure. 0 for atoms outside the group.",
    examples: &[
        "compute s all stress/atom NULL",
        "compute s all stress/atom NULL virial",
    ],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct StressAtom {
    bit: u32,
    temperature: Option<String>,
    kinetic: bool,
    virial: bool,
    fixes: bool,
    /// Contributions to the virial, if not all of them
    parts: Vec<&'static str>,
}

fn build(id: &ComputeId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Compute>> {
    let name = args.str("temp-ID");
    if name != "NULL" {
        host.output(Source::Compute, name).map_err(|_| {
            Error::input(format!(
                "Could not find compute stress/atom temperature ID {name}"
            ))
            .at(args.word("temp-ID"))
        })?;
    }
    let parts = args.all("part");
    let has = |p: &str| parts.iter().any(|x| x.1 == p);
    let virial = parts.is_empty() || has("virial");
    let given = CONTRIBUTIONS.iter().copied().filter(|c| !virial && has(c));
    Ok(Box::new(StressAtom {
        bit: id.bit,
        temperature: (name != "NULL").then(|| name.to_string()),
        kinetic: parts.is_empty() || has("ke"),
        virial,
        fixes: has("fix"),
        parts: given.collect(),
    }))
}

impl Compute for StressAtom {
    fn output(&self) -> Output {
        Output {
            per_atom: Some(6),
            ..Output::default()
        }
    }

    fn evaluate(&mut self, _: Part, host: &mut dyn Host) -> Result<Data> {
        let bias = match &self.temperature {
            Some(id) if self.kinetic => host.velocity_bias(id)?,
            _ => None,
        };
        if self.virial || !self.parts.is_empty() {
            host.tally(Tally {
                virial: true,
                atom_virial: true,
                ..Tally::NONE
            })?;
        }
        let s = host.state();
        let mut values = vec![0.0; 6 * s.atoms.len()];
        for i in members(s, self.bit) {
            let mut w = [0.0; 6];
            if self.virial {
                w = s.tallies.atom_virial.get(i).copied().unwrap_or(w);
            }
            if (self.virial || self.fixes)
                && let Some(v) = s.tallies.fix_atom_virial.get(i)
            {
                (0..6).for_each(|k| w[k] += v[k]);
            }
            for part in &self.parts {
                (0..6).for_each(|k| w[k] += s.tallies.atom_virial_of(part, i, k));
            }
            if self.kinetic {
                let (mut v, m) = (s.atoms.v[i], s.mass_of(i) * s.units.mvv2e);
                if let Some(bias) = &bias {
                    (0..3).for_each(|k| v[k] -= bias[i][k]);
                }
                for (k, (a, b)) in [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]
                    .into_iter()
                    .enumerate()
                {
                    w[k] += m * v[a] * v[b];
                }
            }
            (0..6).for_each(|k| values[6 * i + k] = -w[k] * s.units.nktv2p);
        }
        Ok(Data::PerAtomArray { columns: 6, values })
    }
}
