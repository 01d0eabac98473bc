//! `fix aveforce`: gives all atoms of a group their average force.

use super::force_common::{Chosen, Component, Values, no_part, total_force};
use super::{Fix, FixEntry, FixId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::error::{Error, Result};
use crate::signature::{Arg, Args, Kind, Signature, arg, keyword};

const REGION: &[Arg] = &[arg("ID", Kind::Uses("region"), "region")];

const SIGNATURE: Signature = Signature {
    name: "aveforce",
    summary: "replaces components of the forces on a group by their average",
    args: &[
        arg(
            "fx",
            Kind::Word,
            "force units, added to the average: a number, v_name of an equal-style variable, or NULL to leave the component",
        ),
        arg("fy", Kind::Word, "the same for y"),
        arg("fz", Kind::Word, "the same for z"),
    ],
    keywords: &[keyword("region", REGION, "only atoms inside the region")],
    description: "The group then moves like a rigid body that does not rotate, if its velocities are equal. \
`f_ID[1..3]` is the total force on the group before it was changed.\n\nRelated: fix setforce, fix addforce",
    examples: &["fix 2 top aveforce NULL 0.0 NULL"],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

struct AveForce {
    chosen: Chosen,
    components: [Component; 3],
    before: [f64; 3],
}

fn build(id: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    Ok(Box::new(AveForce {
        chosen: Chosen::new(id, args, host)?,
        components: [
            Component::parse(args, "fx")?,
            Component::parse(args, "fy")?,
            Component::parse(args, "fz")?,
        ],
        before: [0.0; 3],
    }))
}

impl Fix for AveForce {
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
        if atoms.is_empty() {
            return Ok(());
        }
        for (k, component) in self.components.iter().enumerate() {
            let added = match component.evaluate(host)? {
                Values::Keep => continue,
                Values::One(v) => v,
                Values::Each(_) => {
                    return Err(Error::input(
                        "fix aveforce takes equal-style variables, not atom-style ones",
                    ));
                }
            };
            let average = self.before[k] / atoms.len() as f64 + added;
            let f = &mut host.state_mut().atoms.f;
            atoms.iter().for_each(|&i| f[i][k] = average);
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
            _ => Err(no_part("aveforce")),
        }
    }
}
