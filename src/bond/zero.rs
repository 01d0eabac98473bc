//! `bond_style zero`: bonds without forces, for their special neighbours only.

use super::{BondEntry, BondPotential};
use crate::error::Result;
use crate::signature::{Args, Kind, Signature, optional};

/// The line of the table.
pub const STYLE: BondEntry = BondEntry {
    signature: &Signature {
        name: "zero",
        summary: "bonds without energy and forces",
        args: &[optional(
            "nocoeff",
            Kind::OneOf(&["nocoeff"]),
            "coefficients are not read",
        )],
        keywords: &[],
        description: "Bonded atoms are special neighbours all the same.",
        examples: &["bond_style zero"],
    },
    coeff: &Signature {
        name: "zero",
        summary: "an optional length without effect",
        args: &[optional("r0", Kind::Real, "length")],
        keywords: &[],
        description: "",
        examples: &["bond_coeff 1 1.0"],
    },
    build,
};

struct Zero {
    length: f64,
}

fn build(args: &Args) -> Result<Box<dyn BondPotential>> {
    Ok(Box::new(Zero {
        length: args.get("r0").map_or(Ok(0.0), |_| args.real("r0"))?,
    }))
}

impl BondPotential for Zero {
    fn evaluate(&self, _: f64) -> std::result::Result<(f64, f64), String> {
        Ok((0.0, 0.0))
    }

    fn rest_length(&self) -> f64 {
        self.length
    }

    fn words(&self) -> Vec<String> {
        vec![format!("{:?}", self.length)]
    }
}
