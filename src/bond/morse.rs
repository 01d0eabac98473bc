//! `bond_style morse`: E = D (1 - exp(-alpha (r - r0)))^2.

use super::{BondEntry, BondPotential};
use crate::error::Result;
use crate::signature::{Args, Kind, Signature, arg};

/// The line of the table.
pub const STYLE: BondEntry = BondEntry {
    signature: &Signature {
        name: "morse",
        summary: "Morse bonds",
        args: &[],
        keywords: &[],
        description: "E = D [1 - exp(-alpha (r - r0))]^2: Morse, Phys. Rev. 34, 57 (1929).",
        examples: &["bond_style morse"],
    },
    coeff: &Signature {
        name: "morse",
        summary: "coefficients of a type of Morse bonds",
        args: &[
            arg("D", Kind::Real, "depth, energy"),
            arg("alpha", Kind::Real, "1 / length"),
            arg("r0", Kind::Real, "length"),
        ],
        keywords: &[],
        description: "",
        examples: &["bond_coeff 1 1.0 2.0 1.2"],
    },
    build,
};

struct Morse {
    depth: f64,
    alpha: f64,
    length: f64,
}

fn build(args: &Args) -> Result<Box<dyn BondPotential>> {
    Ok(Box::new(Morse {
        depth: args.real("D")?,
        alpha: args.real("alpha")?,
        length: args.real("r0")?,
    }))
}

impl BondPotential for Morse {
    fn evaluate(&self, r: f64) -> std::result::Result<(f64, f64), String> {
        let e = (-self.alpha * (r - self.length)).exp();
        let f = if r > 0.0 {
            -2.0 * self.depth * self.alpha * (1.0 - e) * e / r
        } else {
            0.0
        };
        Ok((self.depth * (1.0 - e) * (1.0 - e), f))
    }

    fn rest_length(&self) -> f64 {
        self.length
    }

    fn words(&self) -> Vec<String> {
        [self.depth, self.alpha, self.length]
            .map(|v| format!("{v:?}"))
            .to_vec()
    }
}
