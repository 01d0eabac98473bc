//! `fix balance`: accepted without effect.

use super::{Fix, FixEntry, FixId};
use crate::domain::host::Host;
use crate::error::Result;
use crate::signature::{Args, Kind, Signature, arg, rest};

const SIGNATURE: Signature = Signature {
    name: "balance",
    summary: "balance of work between processors; without effect: threads take bricks as they become free",
    args: &[
        arg("Nfreq", Kind::Int, "steps"),
        arg("thresh", Kind::Real, "imbalance that is accepted"),
        rest("style", "shift or rcb with their arguments"),
    ],
    keywords: &[],
    description: "Accepted so that scripts run unchanged. It has no output: `f_ID` is an error.\n\nRelated: balance",
    examples: &["fix b all balance 1000 1.1 shift xyz 10 1.05"],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

struct Balance;

#[allow(clippy::unnecessary_wraps)]
fn build(_: &FixId, _: &Args, _: &mut dyn Host) -> Result<Box<dyn Fix>> {
    Ok(Box::new(Balance))
}

impl Fix for Balance {}
