//! `angle_style zero`: angles without forces.

use super::{AngleEntry, AnglePotential};
use crate::error::Result;
use crate::signature::{Args, Kind, Signature, optional};

/// The line of the table.
pub const STYLE: AngleEntry = AngleEntry {
    signature: &Signature {
        name: "zero",
        summary: "angles without energy and forces",
        args: &[optional(
            "nocoeff",
            Kind::OneOf(&["nocoeff"]),
            "coefficients are not read",
        )],
        keywords: &[],
        description: "Angles have no effect.",
        examples: &["angle_style zero"],
    },
    coeff: &Signature {
        name: "zero",
        summary: "an optional angle without effect",
        args: &[optional("theta0", Kind::Real, "degrees")],
        keywords: &[],
        description: "",
        examples: &["angle_coeff 1 109.5"],
    },
    build,
};

struct Zero {
    degrees: f64,
}

fn build(args: &Args) -> Result<Box<dyn AnglePotential>> {
    Ok(Box::new(Zero {
        degrees: args
            .get("theta0")
            .map_or(Ok(0.0), |_| args.real("theta0"))?,
    }))
}

impl AnglePotential for Zero {
    fn evaluate(&self, _: f64) -> (f64, f64) {
        (0.0, 0.0)
    }

    fn words(&self) -> Vec<String> {
        vec![format!("{:?}", self.degrees)]
    }
}
