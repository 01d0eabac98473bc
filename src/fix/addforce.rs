//! `fix addforce`: adds a force to each atom.

use super::force_common::{Chosen, Component, Values, no_part, total_force};
use super::{Fix, FixEntry, FixId};
use crate::domain::host::{Data, Host, Output, Part, Reference, Source};
use crate::domain::values::unwrapped;
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, keyword};

const SIGNATURE: Signature = Signature {
    name: "addforce",
    summary: "adds a force to each atom of a group",
    args: &[
        arg(
            "fx",
            Kind::Word,
            "force units: a number or v_name of an equal- or atom-style variable",
        ),
        arg("fy", Kind::Word, "the same for y"),
        arg("fz", Kind::Word, "the same for z"),
    ],
    keywords: &[
        keyword(
            "every",
            &[arg("N", Kind::Count, "steps")],
            "only at every N-th step, default 1",
        ),
        keyword(
            "region",
            &[arg("ID", Kind::Uses("region"), "region")],
            "only atoms inside the region",
        ),
        keyword(
            "energy",
            &[arg("name", Kind::Word, "v_name of an atom-style variable")],
            "potential energy of the added force, for forces that are variables",
        ),
    ],
    description: "`f_ID` is the energy of the added force, -sum F . x with unwrapped positions (with `energy` the sum of that variable); `f_ID[1..3]` is the total force on the group before it was changed. `fix_modify ID \
energy yes` adds the energy to the potential energy, which a minimisation needs; `fix_modify ID virial yes` adds \
the virial.\n\nRelated: fix setforce, fix aveforce",
    examples: &[
        "fix 3 mobile addforce 0.0 0.0 -0.05",
        "fix 3 mobile addforce v_pull 0.0 0.0 every 2",
    ],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

struct AddForce {
    chosen: Chosen,
    components: [Component; 3],
    every: i64,
    potential: Option<Reference>,
    energy: f64,
    virial: [f64; 6],
    atom_virial: Vec<[f64; 6]>,
    before: [f64; 3],
}

fn build(id: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    let potential = match args.keyword("energy") {
        None => None,
        Some(k) => match Reference::parse(k.str("name")) {
            Some(r) if r.source == Source::Variable => Some(r),
            _ => {
                return Err(Error::input("fix addforce energy needs v_name").at(k.word("name")));
            }
        },
    };
    let mut components = ["fx", "fy", "fz"].map(|_| Component::Keep);
    for (c, name) in components.iter_mut().zip(["fx", "fy", "fz"]) {
        *c = Component::parse(args, name)?;
        if *c == Component::Keep {
            return Err(Error::input(format!(
                "fix addforce needs a number or v_name for '{name}'"
            ))
            .at(args.word(name)));
        }
    }
    Ok(Box::new(AddForce {
        chosen: Chosen::new(id, args, host)?,
        components,
        every: args.keyword("every").map_or(Ok(1), |k| k.int("N"))?,
        potential,
        energy: 0.0,
        virial: [0.0; 6],
        atom_virial: Vec::new(),
        before: [0.0; 3],
    }))
}

/// Indices of the components of a symmetric tensor: xx yy zz xy xz yz.
const PAIRS: [(usize, usize); 6] = [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)];

impl AddForce {
    /// Adds the forces; energy, virial and the sum before are kept.
    fn apply(&mut self, host: &mut dyn Host) -> Result<()> {
        let atoms = self.chosen.atoms(host)?;
        self.before = total_force(host.state(), &atoms);
        let mut values = [Values::Keep, Values::Keep, Values::Keep];
        for (v, c) in values.iter_mut().zip(&self.components) {
            *v = c.evaluate(host)?;
        }
        let potential = match &self.potential {
            Some(r) => Some(host.per_atom(r)?),
            None => None,
        };
        self.energy = 0.0;
        self.virial = [0.0; 6];
        self.atom_virial.clear();
        self.atom_virial.resize(host.state().atoms.len(), [0.0; 6]);
        for &i in &atoms {
            let x = unwrapped(host.state(), i);
            let force: [f64; 3] = std::array::from_fn(|k| values[k].of(i).unwrap_or(0.0));
            self.energy += match &potential {
                Some(p) => p[i],
                None => -(0..3).map(|k| force[k] * x[k]).sum::<f64>(),
            };
            let shares = self.virial.iter_mut().zip(&mut self.atom_virial[i]);
            for ((sum, own), (a, b)) in shares.zip(PAIRS) {
                *own = force[a] * x[b];
                *sum += *own;
            }
            let f = &mut host.state_mut().atoms.f[i];
            (0..3).for_each(|k| f[k] += force[k]);
        }
        host.state_mut().touch();
        Ok(())
    }
}

impl Fix for AddForce {
    fn changes_forces(&self) -> bool {
        true
    }

    fn setup(&mut self, host: &mut dyn Host) -> Result<()> {
        self.post_force(host)
    }

    fn min_post_force(&mut self, host: &mut dyn Host) -> Result<()> {
        self.post_force(host)
    }

    fn post_force(&mut self, host: &mut dyn Host) -> Result<()> {
        if host.state().step % self.every == 0 {
            self.apply(host)?;
        }
        Ok(())
    }

    fn energy(&self) -> Option<f64> {
        Some(self.energy)
    }

    fn virial(&self) -> Option<[f64; 6]> {
        Some(self.virial)
    }

    fn atom_virial(&self) -> Option<&[[f64; 6]]> {
        Some(&self.atom_virial)
    }

    fn output(&self) -> Output {
        Output {
            scalar: true,
            vector: 3,
            extensive: true,
            extensive_vector: true,
            ..Output::default()
        }
    }

    fn data(&mut self, part: Part, _: &mut dyn Host) -> Result<Data> {
        match part {
            Part::Scalar => Ok(Data::Scalar(self.energy)),
            Part::Vector => Ok(Data::Vector(self.before.to_vec())),
            _ => Err(no_part("addforce")),
        }
    }
}
