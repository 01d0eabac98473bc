//! The Born-Mayer-Huggins potential E = A exp((sigma - r)/rho) - C/r^6 + D/r^8: `born`, `born/coul/long`,
//! `born/coul/dsf`, `born/coul/wolf`.

use super::PairEntry;
use super::form::coulomb::{Dsf, Long, Uncharged, Wolf};
use super::form::{
    COUL_CUTOFF, CUTOFF, Combined, Dispersion, Distance, PAIR_CUTOFF, Settings, TYPE_I, TYPE_J,
    coeff_signature, one_cutoff, two_cutoffs,
};
use crate::error::Result;
use crate::signature::{Arg, Args, Kind, Signature, arg};

/// `born`
pub const BORN: PairEntry = PairEntry {
    signature: &BORN_SIGNATURE,
    coeff: &BORN_COEFF,
    build: |args, _| {
        Ok(Combined::<Born, _>::boxed(
            "born",
            one_cutoff(args)?,
            Uncharged,
        ))
    },
};

/// `born/coul/long`
pub const LONG: PairEntry = PairEntry {
    signature: &LONG_SIGNATURE,
    coeff: &LONG_COEFF,
    build: |args, _| {
        let settings = two_cutoffs(args)?;
        Ok(Combined::<Born, _>::boxed(
            "born/coul/long",
            settings,
            Long::default(),
        ))
    },
};

/// `born/coul/dsf`
pub const DSF: PairEntry = PairEntry {
    signature: &DSF_SIGNATURE,
    coeff: &DSF_COEFF,
    build: |args, _| {
        let (alpha, settings) = damped(args)?;
        Ok(Combined::<Born, _>::boxed(
            "born/coul/dsf",
            settings,
            Dsf::new(alpha),
        ))
    },
};

/// `born/coul/wolf`
pub const WOLF: PairEntry = PairEntry {
    signature: &WOLF_SIGNATURE,
    coeff: &WOLF_COEFF,
    build: |args, _| {
        let (alpha, settings) = damped(args)?;
        Ok(Combined::<Born, _>::boxed(
            "born/coul/wolf",
            settings,
            Wolf::new(alpha),
        ))
    },
};

fn damped(args: &Args) -> Result<(f64, Settings)> {
    let alpha = args.real("alpha")?;
    let mut settings = two_cutoffs(args)?;
    settings.words.insert(0, alpha);
    Ok((alpha, settings))
}

const ALPHA: Arg = arg("alpha", Kind::Real, "damping parameter, 1/length");
const ARGS: &[Arg] = &[
    TYPE_I,
    TYPE_J,
    arg("A", Kind::Real, "strength of the repulsion, energy units"),
    arg("rho", Kind::Positive, "length of the repulsion"),
    arg("sigma", Kind::Real, "size of the ions, length units"),
    arg("C", Kind::Real, "dipole-dipole dispersion, energy length^6"),
    arg(
        "D",
        Kind::Real,
        "dipole-quadrupole dispersion, energy length^8",
    ),
    PAIR_CUTOFF,
];
const EXAMPLES: &[&str] = &["pair_coeff 1 1 0.2637 0.317 2.340 1.0486 0.4993"];
const BORN_COEFF: Signature = coeff_signature("born", "coefficients of born", ARGS, EXAMPLES);
const LONG_COEFF: Signature = coeff_signature(
    "born/coul/long",
    "coefficients of born/coul/long",
    ARGS,
    EXAMPLES,
);
const DSF_COEFF: Signature = coeff_signature(
    "born/coul/dsf",
    "coefficients of born/coul/dsf",
    ARGS,
    EXAMPLES,
);
const WOLF_COEFF: Signature = coeff_signature(
    "born/coul/wolf",
    "coefficients of born/coul/wolf",
    ARGS,
    EXAMPLES,
);

const BORN_SIGNATURE: Signature = Signature {
    name: "born",
    summary: "Born-Mayer-Huggins potential with a cutoff",
    args: &[CUTOFF],
    keywords: &[],
    description: "E = A exp((sigma - r)/rho) - C/r^6 + D/r^8 for r < cutoff. Coefficients of unlike types are not \
        mixed: give all of them. In the literature the last term is often written - D/r^8: then give -D. \
        `pair_modify shift` and `tail` are honoured.",
    examples: &["pair_style born 10.0"],
};

const LONG_SIGNATURE: Signature = Signature {
    name: "born/coul/long",
    summary: "Born-Mayer-Huggins potential and Coulomb interaction with a kspace style",
    args: &[CUTOFF, COUL_CUTOFF],
    keywords: &[],
    description: "As born, plus the real-space part of an Ewald sum for r < coul_cutoff; a `kspace_style` adds the \
        rest. The Coulomb part comes from a table of 2^12 entries by default (`pair_modify table 0` for exact \
        evaluation).",
    examples: &["pair_style born/coul/long 8.0"],
};

const DSF_SIGNATURE: Signature = Signature {
    name: "born/coul/dsf",
    summary: "Born-Mayer-Huggins potential and damped shifted Coulomb forces",
    args: &[ALPHA, CUTOFF, COUL_CUTOFF],
    keywords: &[],
    description: "As born, plus the damped shifted force model of coul/dsf. Needs no kspace style.",
    examples: &["pair_style born/coul/dsf 0.1 10.0 12.0"],
};

const WOLF_SIGNATURE: Signature = Signature {
    name: "born/coul/wolf",
    summary: "Born-Mayer-Huggins potential and Coulomb interaction by the Wolf sum",
    args: &[ALPHA, CUTOFF, COUL_CUTOFF],
    keywords: &[],
    description: "As born, plus the Wolf sum of coul/wolf. Needs no kspace style.",
    examples: &["pair_style born/coul/wolf 0.25 10.0 9.0"],
};

#[derive(Debug, Clone, Copy, Default)]
struct Born {
    a: f64,
    inverse_rho: f64,
    sigma: f64,
    c: f64,
    d: f64,
}

impl Dispersion for Born {
    const NAMES: &'static [&'static str] = &["A", "rho", "sigma", "C", "D"];

    fn none() -> Self {
        Self::default()
    }

    fn new(p: &[f64], _: f64, _: &[f64]) -> Self {
        Self {
            a: p[0],
            inverse_rho: 1.0 / p[1],
            sigma: p[2],
            c: p[3],
            d: p[4],
        }
    }

    fn wrong(p: &[f64]) -> Option<(usize, &'static str)> {
        (p[1] <= 0.0).then_some((1, "must be above zero"))
    }

    #[inline]
    fn pair(&self, at: Distance) -> (f64, f64) {
        let r = at.r();
        let i6 = at.i2 * at.i2 * at.i2;
        let repulsion = self.a * ((self.sigma - r) * self.inverse_rho).exp();
        let (six, eight) = (self.c * i6, self.d * i6 * at.i2);
        let force = (r * self.inverse_rho * repulsion - 6.0 * six + 8.0 * eight) * at.i2;
        (force, repulsion - six + eight)
    }

    fn tail(p: &[f64], cut: f64) -> Option<f64> {
        let (rho, rc2) = (p[1], cut * cut);
        let repulsion = p[0] * rho * ((p[2] - cut) / rho).exp();
        Some(
            repulsion * (rc2 + 2.0 * rho * cut + 2.0 * rho * rho) - p[3] / (3.0 * rc2 * cut)
                + p[4] / (5.0 * rc2 * rc2 * cut),
        )
    }
}
