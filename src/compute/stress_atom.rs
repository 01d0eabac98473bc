//! `compute stress/atom`: symmetric stress tensor of each atom, times volume.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::Tally;
use crate::domain::host::{Data, Host, Output, Part, Source};
use crate::domain::values::members;
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, many};

const SIGNATURE: Signature = Signature {
    name: "stress/atom",
    summary: "stress tensor of each atom, pressure times volume",
    args: &[
        arg(
            "temp-ID",
            Kind::Uses("compute"),
            "temperature compute, or NULL to use the velocities as they are",
        ),
        many(
            "part",
            Kind::OneOf(&["ke", "virial"]),
            "contributions; default both",
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
    kinetic: bool,
    virial: bool,
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
        if name != "thermo_temp" {
            return Err(Error::input(format!(
                "compute stress/atom with temperature compute {name} is not supported"
            ))
            .at(args.word("temp-ID"))
            .help("use NULL or thermo_temp: no velocity bias is removed"));
        }
    }
    let parts = args.all("part");
    let has = |p: &str| parts.is_empty() || parts.iter().any(|x| x.1 == p);
    Ok(Box::new(StressAtom {
        bit: id.bit,
        kinetic: has("ke"),
        virial: has("virial"),
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
        if self.virial {
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
            if self.kinetic {
                let (v, m) = (s.atoms.v[i], s.mass_of(i) * s.units.mvv2e);
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
