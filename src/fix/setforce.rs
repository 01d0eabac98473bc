//! `fix setforce`: replaces the forces on atoms.

use super::force_common::{Chosen, Component, no_part, total_force};
use super::{Fix, FixEntry, FixId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::error::Result;
use crate::signature::{Arg, Args, Kind, Signature, arg, keyword};

const REGION: &[Arg] = &[arg("ID", Kind::Uses("region"), "region")];

const SIGNATURE: Signature = Signature {
    name: "setforce",
    summary: "sets components of the force on each atom of a group",
    args: &[
        arg(
            "fx",
            Kind::Word,
            "force units: a number, v_name of an equal- or atom-style variable, or NULL to leave it",
        ),
        arg("fy", Kind::Word, "the same for y"),
        arg("fz", Kind::Word, "the same for z"),
    ],
    keywords: &[keyword("region", REGION, "only atoms inside the region")],
    description: "Acts after forces are known, also during minimisation. Atoms whose velocities are zero and \
whose forces are set to zero do not move. `f_ID[1..3]` is the total force on the group before it was changed.\n\n\
Related: fix addforce, fix aveforce",
    examples: &[
        "fix 2 low setforce 0.0 0.0 0.0",
        "fix 2 low setforce NULL NULL 0.0 region half",
    ],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

struct SetForce {
    chosen: Chosen,
    components: [Component; 3],
    before: [f64; 3],
}

fn build(id: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    Ok(Box::new(SetForce {
        chosen: Chosen::new(id, args, host)?,
        components: [
            Component::parse(args, "fx")?,
            Component::parse(args, "fy")?,
            Component::parse(args, "fz")?,
        ],
        before: [0.0; 3],
    }))
}

impl Fix for SetForce {
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
        let atoms = self.chosen.atoms(host)?;
        self.before = total_force(host.state(), &atoms);
        for (k, component) in self.components.iter().enumerate() {
            let values = component.evaluate(host)?;
            let f = &mut host.state_mut().atoms.f;
            for &i in &atoms {
                if let Some(v) = values.of(i) {
                    f[i][k] = v;
                }
            }
        }
        host.state_mut().touch();
        Ok(())
    }

    fn output(&self) -> Output {
        Output {
            vector: 3,
            extensive_vector: true,
            ..Output::default()
        }
    }

    fn data(&mut self, part: Part, _: &mut dyn Host) -> Result<Data> {
        match part {
            Part::Vector => Ok(Data::Vector(self.before.to_vec())),
            _ => Err(no_part("setforce")),
        }
    }
}
