//! `compute gyration`: radius of gyration of a group.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::values::{centre_of_mass, members, unwrapped};
use crate::error::{Error, Result};
use crate::signature::{Args, Signature};

const SIGNATURE: Signature = Signature {
    name: "gyration",
    summary: "radius of gyration of a group",
    args: &[],
    keywords: &[],
    description: "The scalar is Rg = sqrt(sum m (r - r_cm)^2 / M), length units; the vector of length 6 the tensor of which \
Rg^2 is the trace (xx, yy, zz, xy, xz, yz), from unwrapped positions.",
    examples: &["compute rg Li gyration"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct Gyration {
    bit: u32,
}

#[allow(clippy::unnecessary_wraps)]
fn build(id: &ComputeId, _: &Args, _: &mut dyn Host) -> Result<Box<dyn Compute>> {
    Ok(Box::new(Gyration { bit: id.bit }))
}

impl Compute for Gyration {
    fn output(&self) -> Output {
        Output {
            vector: 6,
            ..Output::SCALAR
        }
    }

    fn evaluate(&mut self, part: Part, host: &mut dyn Host) -> Result<Data> {
        let s = host.state();
        let (centre, mass) = centre_of_mass(s, self.bit);
        let mut t = [0.0; 6];
        for i in members(s, self.bit) {
            let (m, x) = (s.mass_of(i), unwrapped(s, i));
            let d: [f64; 3] = std::array::from_fn(|k| x[k] - centre[k]);
            for (k, (a, b)) in [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]
                .into_iter()
                .enumerate()
            {
                t[k] += m * d[a] * d[b];
            }
        }
        if mass > 0.0 {
            t = t.map(|x| x / mass);
        }
        match part {
            Part::Scalar => Ok(Data::Scalar((t[0] + t[1] + t[2]).sqrt())),
            Part::Vector => Ok(Data::Vector(t.to_vec())),
            _ => Err(Error::input(
                "compute gyration has a scalar and a vector only",
            )),
        }
    }
}
