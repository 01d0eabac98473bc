//! `fix enforce2d`: keeps atoms of two-dimensional systems in their plane.

use super::{Fix, FixEntry, FixId};
use crate::domain::host::Host;
use crate::error::{Error, Result};
use crate::signature::{Args, Signature};

const SIGNATURE: Signature = Signature {
    name: "enforce2d",
    summary: "sets velocities and forces along z to zero",
    args: &[],
    keywords: &[],
    description: "For `dimension 2` only.",
    examples: &["fix 3 all enforce2d"],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

struct Enforce2d {
    bit: u32,
}

fn build(id: &FixId, _: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    if host.state().dimension != 2 {
        return Err(Error::input("Cannot use fix enforce2d with 3d simulation"));
    }
    Ok(Box::new(Enforce2d { bit: id.bit }))
}

impl Fix for Enforce2d {
    fn setup(&mut self, host: &mut dyn Host) -> Result<()> {
        self.post_force(host)
    }

    fn min_post_force(&mut self, host: &mut dyn Host) -> Result<()> {
        self.post_force(host)
    }

    fn post_force(&mut self, host: &mut dyn Host) -> Result<()> {
        let a = &mut host.state_mut().atoms;
        for i in 0..a.mask.len() {
            if a.mask[i] & self.bit != 0 {
                a.v[i][2] = 0.0;
                a.f[i][2] = 0.0;
            }
        }
        Ok(())
    }
}
