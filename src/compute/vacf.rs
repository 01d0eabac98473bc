//! `compute vacf`: velocity autocorrelation of a group since the compute was defined.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::values::members;
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};
use crate::signature::{Args, Signature};

const SIGNATURE: Signature = Signature {
    name: "vacf",
    summary: "velocity autocorrelation function of a group",
    args: &[],
    keywords: &[],
    description: "The vector of length 4 holds the mean over the group of v(0) v(t) in x, y, z and their sum, \
velocity units squared; v(0) are the velocities when the compute command was executed.",
    examples: &["compute v Li vacf"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct Vacf {
    bit: u32,
    reference: Vec<[f64; 3]>,
}

#[allow(clippy::unnecessary_wraps)]
fn build(id: &ComputeId, _: &Args, host: &mut dyn Host) -> Result<Box<dyn Compute>> {
    Ok(Box::new(Vacf {
        bit: id.bit,
        reference: host.state().atoms.v.clone(),
    }))
}

impl Compute for Vacf {
    fn output(&self) -> Output {
        Output {
            vector: 4,
            ..Output::default()
        }
    }

    fn evaluate(&mut self, _: Part, host: &mut dyn Host) -> Result<Data> {
        let s = host.state();
        if s.atoms.len() != self.reference.len() {
            return Err(Error::run(
                "the number of atoms changed after compute vacf was defined",
            ));
        }
        let mut sum = [0.0; 4];
        let mut count = 0.0;
        for i in members(s, self.bit) {
            for k in 0..3 {
                let c = s.atoms.v[i][k] * self.reference[i][k];
                sum[k] += c;
                sum[3] += c;
            }
            count += 1.0;
        }
        if count > 0.0 {
            sum = sum.map(|x| x / count);
        }
        Ok(Data::Vector(sum.to_vec()))
    }

    fn state(&self) -> Option<Vec<u8>> {
        let mut w = Writer::new();
        w.vectors(&self.reference);
        Some(w.finish())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let reference = Reader::new(bytes).vectors()?;
        if reference.len() != self.reference.len() {
            return Err(Error::input(
                "the restart file's reference velocities of compute vacf belong to another number of atoms",
            ));
        }
        self.reference = reference;
        Ok(())
    }

    fn retain(&mut self, keep: &[bool]) {
        let mut k = keep.iter();
        self.reference.retain(|_| *k.next().unwrap_or(&true));
    }
}
