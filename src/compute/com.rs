//! `compute com`: centre of mass of a group.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::values::centre_of_mass;
use crate::error::Result;
use crate::signature::{Args, Signature};

const SIGNATURE: Signature = Signature {
    name: "com",
    summary: "centre of mass of a group",
    args: &[],
    keywords: &[],
    description: "The vector of length 3 is the centre of mass from unwrapped positions, length units.",
    examples: &["compute c Li com"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct Com {
    bit: u32,
}

#[allow(clippy::unnecessary_wraps)]
fn build(id: &ComputeId, _: &Args, _: &mut dyn Host) -> Result<Box<dyn Compute>> {
    Ok(Box::new(Com { bit: id.bit }))
}

impl Compute for Com {
    fn output(&self) -> Output {
        Output {
            vector: 3,
            ..Output::default()
        }
    }

    fn evaluate(&mut self, _: Part, host: &mut dyn Host) -> Result<Data> {
        Ok(Data::Vector(
            centre_of_mass(host.state(), self.bit).0.to_vec(),
        ))
    }
}
