//! `bond_style harmonic`: E = K (r - r0)^2.

use super::{BondEntry, BondPotential};
use crate::error::Result;
use crate::signature::{Args, Kind, Signature, arg};

/// The line of the table.
pub const STYLE: BondEntry = BondEntry {
    signature: &Signature {
        name: "harmonic",
        summary: "harmonic bonds",
        args: &[],
        keywords: &[],
        description: "E = K (r - r0)^2; the usual factor 1/2 is part of K.",
        examples: &["bond_style harmonic"],
    },
    coeff: &Signature {
        name: "harmonic",
        summary: "coefficients of a type of harmonic bonds",
        args: &[
            arg("K", Kind::Real, "energy / length^2"),
            arg("r0", Kind::Real, "length"),
        ],
        keywords: &[],
        description: "",
        examples: &["bond_coeff 1 450.0 1.0"],
    },
    build,
};

struct Harmonic {
    k: f64,
    length: f64,
}

fn build(args: &Args) -> Result<Box<dyn BondPotential>> {
    Ok(Box::new(Harmonic {
        k: args.real("K")?,
        length: args.real("r0")?,
    }))
}

impl BondPotential for Harmonic {
    fn evaluate(&self, r: f64) -> std::result::Result<(f64, f64), String> {
        let d = r - self.length;
        let f = if r > 0.0 { -2.0 * self.k * d / r } else { 0.0 };
        Ok((self.k * d * d, f))
    }

    fn rest_length(&self) -> f64 {
        self.length
    }

    fn words(&self) -> Vec<String> {
        vec![format!("{:?}", self.k), format!("{:?}", self.length)]
    }
}
