//! `angle_style harmonic`: E = K (theta - theta0)^2.

use super::{AngleEntry, AnglePotential};
use crate::error::Result;
use crate::signature::{Args, Kind, Signature, arg};

/// The line of the table.
pub const STYLE: AngleEntry = AngleEntry {
    signature: &Signature {
        name: "harmonic",
        summary: "harmonic angles",
        args: &[],
        keywords: &[],
        description: "E = K (theta - theta0)^2; the usual factor 1/2 is part of K.",
        examples: &["angle_style harmonic"],
    },
    coeff: &Signature {
        name: "harmonic",
        summary: "coefficients of a type of harmonic angles",
        args: &[
            arg("K", Kind::Real, "energy / radian^2"),
            arg("theta0", Kind::Real, "degrees"),
        ],
        keywords: &[],
        description: "",
        examples: &["angle_coeff 1 55.0 104.52"],
    },
    build,
};

/// Sine below which angles are taken as not straight, as in LAMMPS.
const LEAST_SINE: f64 = 0.001;

struct Harmonic {
    k: f64,
    degrees: f64,
}

fn build(args: &Args) -> Result<Box<dyn AnglePotential>> {
    Ok(Box::new(Harmonic {
        k: args.real("K")?,
        degrees: args.real("theta0")?,
    }))
}

impl AnglePotential for Harmonic {
    fn evaluate(&self, cosine: f64) -> (f64, f64) {
        let d = cosine.acos() - self.degrees / 180.0 * std::f64::consts::PI;
        let sine = (1.0 - cosine * cosine).sqrt().max(LEAST_SINE);
        (self.k * d * d, -2.0 * self.k * d / sine)
    }

    fn words(&self) -> Vec<String> {
        vec![format!("{:?}", self.k), format!("{:?}", self.degrees)]
    }
}
