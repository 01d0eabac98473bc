//! `fix nve`: velocity Verlet, constant energy.

use super::integrate_common::{drift, kick, kick_factors};
use super::{Fix, FixEntry, FixId};
use crate::domain::host::Host;
use crate::error::Result;
use crate::signature::{Args, Signature};

const SIGNATURE: Signature = Signature {
    name: "nve",
    summary: "moves atoms at constant number, volume and energy",
    args: &[],
    keywords: &[],
    description: "Velocity Verlet: v(t + dt/2) = v(t) + dt/2 F(t)/m, x(t + dt) = x(t) + dt v(t + dt/2), then the second half \
of the velocity with the new forces.",
    examples: &["fix 1 all nve"],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

struct Nve {
    bit: u32,
}

#[allow(clippy::unnecessary_wraps)]
fn build(id: &FixId, _: &Args, _: &mut dyn Host) -> Result<Box<dyn Fix>> {
    Ok(Box::new(Nve { bit: id.bit }))
}

impl Fix for Nve {
    fn integrates(&self) -> bool {
        true
    }

    fn initial_integrate(&mut self, host: &mut dyn Host) -> Result<()> {
        let state = host.state_mut();
        let factors = kick_factors(state);
        kick(state, self.bit, &factors);
        drift(state, self.bit);
        Ok(())
    }

    fn final_integrate(&mut self, host: &mut dyn Host) -> Result<()> {
        let state = host.state_mut();
        let factors = kick_factors(state);
        kick(state, self.bit, &factors);
        Ok(())
    }
}
