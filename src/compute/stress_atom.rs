//! `compute stress/atom`, `compute centroid/stress/atom`: stress tensor of each atom, times volume.
//!
//! The second gives each atom of an angle the virial of its own force about the centre of the three atoms: Surblys,
//! Matsubara, Kikugawa and Ohara, Phys. Rev. E 99, 051301 (2019), doi:10.1103/PhysRevE.99.051301. Pairs and bonds are
//! shared equally in both.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::host::{Data, Host, Output, Part, Source};
use crate::domain::state::CONTRIBUTIONS;
use crate::domain::values::members;
use crate::domain::{State, Tally};
use crate::error::{Error, Result};
use crate::signature::{Arg, Args, Kind, Signature, arg, many};

const PARTS: &[&str] = &[
    "ke", "virial", "pair", "bond", "angle", "dihedral", "improper", "kspace", "fix",
];

const ARGS: &[Arg] = &[
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
];

const SIGNATURE: Signature = Signature {
    name: "stress/atom",
    summary: "stress tensor of each atom, pressure times volume",
    args: ARGS,
    keywords: &[],
    description: "A per-atom array with 6 columns -(m v_a v_b + w_ab) in the order xx, yy, zz, xy, xz, yz, units \
pressure times volume; w is the atom's share of the virial. The sum of the diagonal over all atoms, divided by -3 V, is \
the pressure. 0 for atoms outside the group.\n\nRelated: compute centroid/stress/atom, compute heat/flux",
    examples: &[
        "compute s all stress/atom NULL",
        "compute s all stress/atom NULL virial",
    ],
};

const CENTROID_SIGNATURE: Signature = Signature {
    name: "centroid/stress/atom",
    summary: "stress tensor of each atom, angles about their centres, pressure times volume",
    args: ARGS,
    keywords: &[],
    description: "A per-atom array with 9 columns as of compute stress/atom in the order xx, yy, zz, xy, xz, yz, yx, zx, zy. \
The virial of an angle is not shared equally: each of its atoms has that of the force on it and its distance from the centre \
of the three (Surblys et al., Phys. Rev. E 99, 051301 (2019)), as a heat flux needs it. Pairs and bonds are as in \
compute stress/atom.\n\nRestrictions: pair styles with energies of pairs, and no kspace style.\n\n\
Related: compute stress/atom, compute heat/flux",
    examples: &["compute s all centroid/stress/atom NULL virial"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build: |id, args, host| build(id, args, host, false),
};

/// `centroid/stress/atom`
pub const CENTROID: ComputeEntry = ComputeEntry {
    signature: &CENTROID_SIGNATURE,
    build: |id, args, host| build(id, args, host, true),
};

struct StressAtom {
    bit: u32,
    /// Angles about their centres, nine columns.
    centroid: bool,
    temperature: Option<String>,
    kinetic: bool,
    virial: bool,
    fixes: bool,
    /// Contributions to the virial, if not all of them
    parts: Vec<&'static str>,
}

fn build(
    id: &ComputeId,
    args: &Args,
    host: &mut dyn Host,
    centroid: bool,
) -> Result<Box<dyn Compute>> {
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
        centroid,
        temperature: (name != "NULL").then(|| name.to_string()),
        kinetic: parts.is_empty() || has("ke"),
        virial,
        fixes: has("fix"),
        parts: given.collect(),
    }))
}

/// Index into a symmetric tensor of each of the nine components.
const SYMMETRIC: [usize; 9] = [0, 1, 2, 3, 4, 5, 3, 4, 5];
/// Directions of the components.
const DIRECTIONS: [(usize, usize); 6] = [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)];

impl StressAtom {
    /// Virial and kinetic part of an atom, symmetric, without the angles if they are about their centres.
    fn symmetric(&self, s: &State, i: usize, bias: Option<[f64; 3]>) -> [f64; 6] {
        let mut w = [0.0; 6];
        let angles = |k: usize| s.tallies.atom_virial_of("angle", i, k);
        if self.virial {
            w = s.tallies.atom_virial.get(i).copied().unwrap_or(w);
            if self.centroid {
                (0..6).for_each(|k| w[k] -= angles(k));
            }
        }
        if (self.virial || self.fixes)
            && let Some(v) = s.tallies.fix_atom_virial.get(i)
        {
            (0..6).for_each(|k| w[k] += v[k]);
        }
        let parts = self
            .parts
            .iter()
            .filter(|p| !self.centroid || **p != "angle");
        for part in parts {
            (0..6).for_each(|k| w[k] += s.tallies.atom_virial_of(part, i, k));
        }
        if self.kinetic {
            let (mut v, m) = (s.atoms.v[i], s.mass_of(i) * s.units.mvv2e);
            if let Some(bias) = bias {
                (0..3).for_each(|k| v[k] -= bias[k]);
            }
            for (w, (a, b)) in w.iter_mut().zip(DIRECTIONS) {
                *w += m * v[a] * v[b];
            }
        }
        w
    }

    /// Refuses what has no virial of single atoms about a centre.
    fn supported(host: &dyn Host) -> Result<()> {
        if host.names("kspace_style") != ["none"] {
            return Err(Error::input(
                "Compute centroid/stress/atom does not support kspace styles",
            )
            .help("compute stress/atom does"));
        }
        let features = host.names("pair");
        if features.iter().any(|f| f == "manybody") && !features.iter().any(|f| f == "single") {
            return Err(Error::input(
                "Compute centroid/stress/atom does not support this pair style: it has forces between more than two atoms",
            )
            .help("compute stress/atom does"));
        }
        Ok(())
    }
}

impl Compute for StressAtom {
    fn output(&self) -> Output {
        Output {
            per_atom: Some(if self.centroid { 9 } else { 6 }),
            ..Output::default()
        }
    }

    fn evaluate(&mut self, _: Part, host: &mut dyn Host) -> Result<Data> {
        if self.centroid {
            Self::supported(host)?;
        }
        let bias = match &self.temperature {
            Some(id) if self.kinetic => host.velocity_bias(id)?,
            _ => None,
        };
        if self.virial || !self.parts.is_empty() {
            host.tally(Tally {
                virial: true,
                atom_virial: true,
                centroid: self.centroid,
                ..Tally::NONE
            })?;
        }
        let s = host.state();
        let columns = if self.centroid { 9 } else { 6 };
        let angles = self.centroid && (self.virial || self.parts.contains(&"angle"));
        let mut values = vec![0.0; columns * s.atoms.len()];
        for i in members(s, self.bit) {
            let w = self.symmetric(s, i, bias.as_ref().map(|b| b[i]));
            for k in 0..columns {
                let about = s.tallies.centroid.get(i).filter(|_| angles);
                let sum = w[SYMMETRIC[k]] + about.map_or(0.0, |c| c[k]);
                values[columns * i + k] = -sum * s.units.nktv2p;
            }
        }
        Ok(Data::PerAtomArray { columns, values })
    }
}
