//! The Buckingham potential E = A exp(-r/rho) - C/r^6: `buck`, `buck/coul/cut`, `buck/coul/long`.

use super::PairEntry;
use super::form::coulomb::{Cut, Long, Uncharged};
use super::form::{
    COUL_CUTOFF, CUTOFF, Combined, Dispersion, Distance, PAIR_COUL_CUTOFF, PAIR_CUTOFF, TYPE_I,
    TYPE_J, coeff_signature, one_cutoff, two_cutoffs,
};
use crate::signature::{Arg, Kind, Signature, arg};

/// `buck`
pub const BUCK: PairEntry = PairEntry {
    signature: &BUCK_SIGNATURE,
    coeff: &BUCK_COEFF,
    build: |args, _| {
        Ok(Combined::<Buck, _>::boxed(
            "buck",
            one_cutoff(args)?,
            Uncharged,
        ))
    },
};

/// `buck/coul/cut`
pub const CUT: PairEntry = PairEntry {
    signature: &CUT_SIGNATURE,
    coeff: &CUT_COEFF,
    build: |args, _| {
        let settings = two_cutoffs(args)?;
        Ok(Combined::<Buck, _>::boxed(
            "buck/coul/cut",
            settings,
            Cut::default(),
        ))
    },
};

/// `buck/coul/long`
pub const LONG: PairEntry = PairEntry {
    signature: &LONG_SIGNATURE,
    coeff: &LONG_COEFF,
    build: |args, _| {
        let settings = two_cutoffs(args)?;
        Ok(Combined::<Buck, _>::boxed(
            "buck/coul/long",
            settings,
            Long::default(),
        ))
    },
};

const A: Arg = arg("A", Kind::Real, "strength of the repulsion, energy units");
const RHO: Arg = arg("rho", Kind::Positive, "length of the repulsion");
const C: Arg = arg("C", Kind::Real, "dispersion, energy length^6");
const TWO: &[Arg] = &[TYPE_I, TYPE_J, A, RHO, C, PAIR_CUTOFF];

const BUCK_COEFF: Signature = coeff_signature(
    "buck",
    "coefficients of buck",
    TWO,
    &["pair_coeff 1 1 7690.0 0.273 64.0"],
);
const CUT_COEFF: Signature = coeff_signature(
    "buck/coul/cut",
    "coefficients of buck/coul/cut; the first cutoff is that of both parts if it is the only one",
    &[TYPE_I, TYPE_J, A, RHO, C, PAIR_CUTOFF, PAIR_COUL_CUTOFF],
    &["pair_coeff 1 1 821.6 0.3242 0.0"],
);
const LONG_COEFF: Signature = coeff_signature(
    "buck/coul/long",
    "coefficients of buck/coul/long",
    TWO,
    &["pair_coeff 1 1 821.6 0.3242 0.0"],
);

const BUCK_SIGNATURE: Signature = Signature {
    name: "buck",
    summary: "Buckingham potential with a cutoff",
    args: &[CUTOFF],
    keywords: &[],
    description: "E = A exp(-r/rho) - C/r^6 for r < cutoff. Coefficients of unlike types are not mixed: give all \
        of them. `pair_modify shift` and `tail` are honoured. With C > 0 the energy falls without bound at short \
        distances.",
    examples: &["pair_style buck 7.0"],
};

const CUT_SIGNATURE: Signature = Signature {
    name: "buck/coul/cut",
    summary: "Buckingham potential and Coulomb interaction, both with a cutoff",
    args: &[CUTOFF, COUL_CUTOFF],
    keywords: &[],
    description: "E = A exp(-r/rho) - C/r^6 for r < cutoff, plus C q_i q_j / (D r) for r < coul_cutoff.",
    examples: &["pair_style buck/coul/cut 7.0 8.0"],
};

const LONG_SIGNATURE: Signature = Signature {
    name: "buck/coul/long",
    summary: "Buckingham potential and Coulomb interaction with a kspace style",
    args: &[CUTOFF, COUL_CUTOFF],
    keywords: &[],
    description: "E = A exp(-r/rho) - C/r^6 for r < cutoff, plus the real-space part of an Ewald sum for r < \
        coul_cutoff; a `kspace_style` adds the rest. The Coulomb part comes from a table of 2^12 entries by \
        default (`pair_modify table 0` for exact evaluation).",
    examples: &["pair_style buck/coul/long 10.0 8.0"],
};

#[derive(Debug, Clone, Copy, Default)]
struct Buck {
    a: f64,
    inverse_rho: f64,
    c: f64,
}

impl Dispersion for Buck {
    const NAMES: &'static [&'static str] = &["A", "rho", "C"];

    fn none() -> Self {
        Self::default()
    }

    fn new(p: &[f64], _: f64, _: &[f64]) -> Self {
        Self {
            a: p[0],
            inverse_rho: 1.0 / p[1],
            c: p[2],
        }
    }

    fn wrong(p: &[f64]) -> Option<(usize, &'static str)> {
        (p[1] <= 0.0).then_some((1, "must be above zero"))
    }

    #[inline]
    fn pair(&self, d: Distance) -> (f64, f64) {
        let r = d.r();
        let repulsion = self.a * (-r * self.inverse_rho).exp();
        let dispersion = self.c * d.i2 * d.i2 * d.i2;
        let force = (r * self.inverse_rho * repulsion - 6.0 * dispersion) * d.i2;
        (force, repulsion - dispersion)
    }

    fn tail(p: &[f64], cut: f64) -> Option<f64> {
        let (a, rho, c) = (p[0], p[1], p[2]);
        let repulsion =
            a * rho * (-cut / rho).exp() * (cut * cut + 2.0 * rho * cut + 2.0 * rho * rho);
        Some(repulsion - c / (3.0 * cut.powi(3)))
    }
}
