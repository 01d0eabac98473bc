//! Lennard-Jones with a Coulomb part: `lj/cut/coul/cut`, `/long`, `/dsf`, `/wolf`, `/debye`.

use super::form::coulomb::{Cut, Debye, Dsf, Long, Wolf};
use super::form::{
    COUL_CUTOFF, CUTOFF, Combined, Dispersion, Distance, PAIR_COUL_CUTOFF, PAIR_CUTOFF, Settings,
    TYPE_I, TYPE_J, coeff_signature, two_cutoffs,
};
use super::lennard_jones::{LjCoeff, LjRow};
use super::{Mix, PairEntry};
use crate::error::Result;
use crate::signature::{Arg, Args, Kind, Signature, arg};

/// `lj/cut/coul/cut`
pub const CUT: PairEntry = PairEntry {
    signature: &CUT_SIGNATURE,
    coeff: &CUT_COEFF,
    build: |args, _| {
        let settings = two_cutoffs(args)?;
        let coulomb = Cut::default();
        Ok(Combined::<Lj, _>::boxed(CUT_NAME, settings, coulomb))
    },
};

/// `lj/cut/coul/long`
pub const LONG: PairEntry = PairEntry {
    signature: &LONG_SIGNATURE,
    coeff: &LONG_COEFF,
    build: |args, _| {
        let settings = two_cutoffs(args)?;
        Ok(Combined::<Lj, _>::boxed(
            LONG_NAME,
            settings,
            Long::default(),
        ))
    },
};

/// `lj/cut/coul/dsf`
pub const DSF: PairEntry = PairEntry {
    signature: &DSF_SIGNATURE,
    coeff: &DSF_COEFF,
    build: |args, _| {
        let (alpha, settings) = damped(args, "alpha")?;
        Ok(Combined::<Lj, _>::boxed(
            DSF_NAME,
            settings,
            Dsf::new(alpha),
        ))
    },
};

/// `lj/cut/coul/wolf`
pub const WOLF: PairEntry = PairEntry {
    signature: &WOLF_SIGNATURE,
    coeff: &WOLF_COEFF,
    build: |args, _| {
        let (alpha, settings) = damped(args, "alpha")?;
        Ok(Combined::<Lj, _>::boxed(
            WOLF_NAME,
            settings,
            Wolf::new(alpha),
        ))
    },
};

/// `lj/cut/coul/debye`
pub const DEBYE: PairEntry = PairEntry {
    signature: &DEBYE_SIGNATURE,
    coeff: &DEBYE_COEFF,
    build: |args, _| {
        let (kappa, settings) = damped(args, "kappa")?;
        Ok(Combined::<Lj, _>::boxed(
            DEBYE_NAME,
            settings,
            Debye::new(kappa),
        ))
    },
};

const CUT_NAME: &str = "lj/cut/coul/cut";
const LONG_NAME: &str = "lj/cut/coul/long";
const DSF_NAME: &str = "lj/cut/coul/dsf";
const WOLF_NAME: &str = "lj/cut/coul/wolf";
const DEBYE_NAME: &str = "lj/cut/coul/debye";

/// Number that comes before the cutoffs, and the settings.
fn damped(args: &Args, name: &str) -> Result<(f64, Settings)> {
    let value = args.real(name)?;
    let mut settings = two_cutoffs(args)?;
    settings.words.insert(0, value);
    Ok((value, settings))
}

const ALPHA: Arg = arg("alpha", Kind::Real, "damping parameter, 1/length");
const KAPPA: Arg = arg("kappa", Kind::Real, "inverse screening length");
const EPSILON: Arg = arg("epsilon", Kind::Real, "depth of the well, energy units");
const SIGMA: Arg = arg("sigma", Kind::Real, "distance of zero energy, length units");
const TWO: &[Arg] = &[TYPE_I, TYPE_J, EPSILON, SIGMA, PAIR_CUTOFF];
const THREE: &[Arg] = &[
    TYPE_I,
    TYPE_J,
    EPSILON,
    SIGMA,
    PAIR_CUTOFF,
    PAIR_COUL_CUTOFF,
];

const CUT_COEFF: Signature = coeff_signature(
    CUT_NAME,
    "coefficients of lj/cut/coul/cut; the first cutoff is that of both parts if it is the only one",
    THREE,
    &["pair_coeff 1 1 0.10 3.2"],
);
const LONG_COEFF: Signature = coeff_signature(
    LONG_NAME,
    "coefficients of lj/cut/coul/long",
    TWO,
    &["pair_coeff 1 1 0.10 3.2"],
);
const DSF_COEFF: Signature = coeff_signature(
    DSF_NAME,
    "coefficients of lj/cut/coul/dsf",
    TWO,
    &["pair_coeff 1 1 0.10 3.2"],
);
const WOLF_COEFF: Signature = coeff_signature(
    WOLF_NAME,
    "coefficients of lj/cut/coul/wolf",
    TWO,
    &["pair_coeff 1 1 0.10 3.2"],
);
const DEBYE_COEFF: Signature = coeff_signature(
    DEBYE_NAME,
    "coefficients of lj/cut/coul/debye",
    THREE,
    &["pair_coeff 1 1 0.10 3.2"],
);

const CUT_SIGNATURE: Signature = Signature {
    name: CUT_NAME,
    summary: "12-6 Lennard-Jones potential and Coulomb interaction, both with a cutoff",
    args: &[CUTOFF, COUL_CUTOFF],
    keywords: &[],
    description: "E = 4 epsilon [(sigma/r)^12 - (sigma/r)^6] for r < cutoff, plus C q_i q_j / (D r) for r < \
        coul_cutoff, where C is the unit style's constant and D the `dielectric`. The Coulomb energy is \
        not shifted, so it jumps at its cutoff.\n\nNeeds atoms with charges (`atom_style charge`). \
        `pair_modify mix`, `shift` and `tail` act on the Lennard-Jones part.",
    examples: &["pair_style lj/cut/coul/cut 9.0 8.0"],
};

const LONG_SIGNATURE: Signature = Signature {
    name: LONG_NAME,
    summary: "12-6 Lennard-Jones potential and Coulomb interaction with a kspace style",
    args: &[CUTOFF, COUL_CUTOFF],
    keywords: &[],
    description: "E = 4 epsilon [(sigma/r)^12 - (sigma/r)^6] for r < cutoff, plus the real-space part C q_i q_j \
        erfc(g r)/r of an Ewald sum for r < coul_cutoff. A `kspace_style` adds the rest and determines g.\n\n\
        The Coulomb part comes from a table of 2^12 entries by default (`pair_modify table 0` for exact \
        evaluation). `pair_modify mix`, `shift` and `tail` act on the Lennard-Jones part.",
    examples: &["pair_style lj/cut/coul/long 10.0 8.0"],
};

const DSF_SIGNATURE: Signature = Signature {
    name: DSF_NAME,
    summary: "12-6 Lennard-Jones potential and damped shifted Coulomb forces",
    args: &[ALPHA, CUTOFF, COUL_CUTOFF],
    keywords: &[],
    description: "Lennard-Jones as lj/cut, and the damped shifted force model of Fennell and Gezelter \
        (doi:10.1063/1.2206581) for the charges; see coul/dsf. Needs no kspace style.",
    examples: &["pair_style lj/cut/coul/dsf 0.05 2.5 10.0"],
};

const WOLF_SIGNATURE: Signature = Signature {
    name: WOLF_NAME,
    summary: "12-6 Lennard-Jones potential and Coulomb interaction by the Wolf sum",
    args: &[ALPHA, CUTOFF, COUL_CUTOFF],
    keywords: &[],
    description: "Lennard-Jones as lj/cut, and the Wolf sum for the charges; see coul/wolf. Needs no kspace style.",
    examples: &["pair_style lj/cut/coul/wolf 0.2 5.0 10.0"],
};

const DEBYE_SIGNATURE: Signature = Signature {
    name: DEBYE_NAME,
    summary: "12-6 Lennard-Jones potential and screened Coulomb interaction",
    args: &[KAPPA, CUTOFF, COUL_CUTOFF],
    keywords: &[],
    description: "Lennard-Jones as lj/cut, plus C q_i q_j exp(-kappa r) / (D r) for r < coul_cutoff.",
    examples: &["pair_style lj/cut/coul/debye 1.5 3.0 5.0"],
};

/// 4 epsilon ((sigma/r)^12 - (sigma/r)^6)
#[derive(Debug, Clone, Copy)]
struct Lj(LjRow);

impl Dispersion for Lj {
    const NAMES: &'static [&'static str] = &["epsilon", "sigma"];

    fn none() -> Self {
        Self(LjRow::NONE)
    }

    fn new(p: &[f64], cut: f64, _: &[f64]) -> Self {
        let c = LjCoeff {
            epsilon: p[0],
            sigma: p[1],
            cut,
        };
        Self(LjRow::new(c, false))
    }

    #[inline]
    fn pair(&self, d: Distance) -> (f64, f64) {
        (self.0.force(d.i2), self.0.energy(d.i2))
    }

    fn mix(rule: Mix, a: &[f64], b: &[f64]) -> Option<Vec<f64>> {
        Some(vec![
            rule.energy(a[0], b[0], a[1], b[1]),
            rule.length(a[1], b[1]),
        ])
    }

    fn tail(p: &[f64], cut: f64) -> Option<f64> {
        let s6 = p[1].powi(6);
        Some(4.0 * p[0] * (s6 * s6 / (9.0 * cut.powi(9)) - s6 / (3.0 * cut.powi(3))))
    }
}
