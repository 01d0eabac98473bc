//! `bond_style fene`: finite extensible bonds with a repulsive Lennard-Jones core.

use super::{BondEntry, BondPotential};
use crate::error::Result;
use crate::signature::{Args, Kind, Signature, arg};

/// The line of the table.
pub const STYLE: BondEntry = BondEntry {
    signature: &Signature {
        name: "fene",
        summary: "finite extensible bonds of bead-spring polymers",
        args: &[],
        keywords: &[],
        description: "E = -K R0^2 / 2 ln[1 - (r/R0)^2] + 4 epsilon [(sigma/r)^12 - (sigma/r)^6] + epsilon, the last two terms for \
r < 2^(1/6) sigma: Kremer and Grest, J. Chem. Phys. 92, 5057 (1990). The pair style must not act between bonded atoms beyond that: use \
`special_bonds fene`. A bond longer than R0 gives a warning in LAMMPS at first; here a bond beyond sqrt(2) R0 ends the run.",
        examples: &["bond_style fene"],
    },
    coeff: &Signature {
        name: "fene",
        summary: "coefficients of a type of FENE bonds",
        args: &[
            arg("K", Kind::Real, "energy / length^2"),
            arg("R0", Kind::Positive, "largest length"),
            arg("epsilon", Kind::Real, "energy"),
            arg("sigma", Kind::Real, "length"),
        ],
        keywords: &[],
        description: "",
        examples: &["bond_coeff 1 30.0 1.5 1.0 1.0"],
    },
    build,
};

struct Fene {
    k: f64,
    limit: f64,
    epsilon: f64,
    sigma: f64,
}

fn build(args: &Args) -> Result<Box<dyn BondPotential>> {
    Ok(Box::new(Fene {
        k: args.real("K")?,
        limit: args.real("R0")?,
        epsilon: args.real("epsilon")?,
        sigma: args.real("sigma")?,
    }))
}

impl BondPotential for Fene {
    fn evaluate(&self, r: f64) -> std::result::Result<(f64, f64), String> {
        let limit2 = self.limit * self.limit;
        let mut left = 1.0 - r * r / limit2;
        // As in LAMMPS, a bond near its limit is given a finite force, and one far beyond is broken.
        if left < 0.1 {
            if left <= -3.0 {
                return Err("Bad FENE bond".into());
            }
            left = 0.1;
        }
        let mut energy = -0.5 * self.k * limit2 * left.ln();
        let mut f = -self.k / left;
        let s6 = (self.sigma / r).powi(6);
        if s6 > 0.5 {
            energy += 4.0 * self.epsilon * s6 * (s6 - 1.0) + self.epsilon;
            f += 48.0 * self.epsilon * s6 * (s6 - 0.5) / (r * r);
        }
        Ok((energy, f))
    }

    fn rest_length(&self) -> f64 {
        0.97 * self.sigma
    }

    fn words(&self) -> Vec<String> {
        [self.k, self.limit, self.epsilon, self.sigma]
            .map(|v| format!("{v:?}"))
            .to_vec()
    }
}
