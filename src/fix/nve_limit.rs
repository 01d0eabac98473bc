//! `fix nve/limit`: velocity Verlet with a largest distance per step.

use super::force_common::no_part;
use super::integrate_common::{drift, kick, kick_factors};
use super::{Fix, FixEntry, FixId};
use crate::domain::State;
use crate::domain::host::{Data, Host, Output, Part};
use crate::error::Result;
use crate::signature::{Args, Kind, Signature, arg};

const SIGNATURE: Signature = Signature {
    name: "nve/limit",
    summary: "moves atoms like nve, but none farther than a given distance in one step",
    args: &[arg(
        "xmax",
        Kind::Positive,
        "largest distance per step, length units",
    )],
    keywords: &[],
    description: "Velocities that would carry an atom farther are shortened. For a start from overlapping atoms only: \
energy is not conserved. `f_ID` counts how often velocities were shortened in the run.\n\nRelated: fix nve, minimize",
    examples: &["fix 1 all nve/limit 0.1"],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

struct NveLimit {
    bit: u32,
    distance: f64,
    count: u64,
}

fn build(id: &FixId, args: &Args, _: &mut dyn Host) -> Result<Box<dyn Fix>> {
    Ok(Box::new(NveLimit {
        bit: id.bit,
        distance: args.real("xmax")?,
        count: 0,
    }))
}

impl NveLimit {
    fn limit(&mut self, state: &mut State) {
        let largest = self.distance / state.dt;
        let a = &mut state.atoms;
        for (v, _) in
            a.v.iter_mut()
                .zip(&a.mask)
                .filter(|(_, m)| *m & self.bit != 0)
        {
            let square = v.iter().map(|c| c * c).sum::<f64>();
            if square > largest * largest {
                self.count += 1;
                let factor = (largest * largest / square).sqrt();
                v.iter_mut().for_each(|c| *c *= factor);
            }
        }
    }
}

impl Fix for NveLimit {
    fn integrates(&self) -> bool {
        true
    }

    fn init(&mut self, _: &mut dyn Host) -> Result<()> {
        self.count = 0;
        Ok(())
    }

    fn initial_integrate(&mut self, host: &mut dyn Host) -> Result<()> {
        let state = host.state_mut();
        let factors = kick_factors(state);
        kick(state, self.bit, &factors);
        self.limit(state);
        drift(state, self.bit);
        Ok(())
    }

    fn final_integrate(&mut self, host: &mut dyn Host) -> Result<()> {
        let state = host.state_mut();
        let factors = kick_factors(state);
        kick(state, self.bit, &factors);
        self.limit(state);
        Ok(())
    }

    fn output(&self) -> Output {
        Output {
            extensive: true,
            ..Output::SCALAR
        }
    }

    fn data(&mut self, part: Part, _: &mut dyn Host) -> Result<Data> {
        match part {
            Part::Scalar => Ok(Data::Scalar(self.count as f64)),
            _ => Err(no_part("nve/limit")),
        }
    }
}
