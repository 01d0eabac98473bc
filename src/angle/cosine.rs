//! `angle_style cosine`: E = K (1 + cos theta).

use super::{AngleEntry, AnglePotential};
use crate::error::Result;
use crate::signature::{Args, Kind, Signature, arg};

/// The line of the table.
pub const STYLE: AngleEntry = AngleEntry {
    signature: &Signature {
        name: "cosine",
        summary: "angles with the cosine as potential",
        args: &[],
        keywords: &[],
        description: "E = K (1 + cos theta).",
        examples: &["angle_style cosine"],
    },
    coeff: &Signature {
        name: "cosine",
        summary: "coefficient of a type of cosine angles",
        args: &[arg("K", Kind::Real, "energy")],
        keywords: &[],
        description: "",
        examples: &["angle_coeff 1 75.0"],
    },
    build,
};

struct Cosine {
    k: f64,
}

fn build(args: &Args) -> Result<Box<dyn AnglePotential>> {
    Ok(Box::new(Cosine { k: args.real("K")? }))
}

impl AnglePotential for Cosine {
    fn evaluate(&self, cosine: f64) -> (f64, f64) {
        (self.k * (1.0 + cosine), self.k)
    }

    fn words(&self) -> Vec<String> {
        vec![format!("{:?}", self.k)]
    }
}
