//! Coulomb interaction alone: `coul/cut`, `coul/long`, `coul/dsf`, `coul/wolf`, `coul/debye`.

use super::PairEntry;
use super::form::coulomb::{Cut, Debye, Dsf, Long, Wolf};
use super::form::{
    CUTOFF, Combined, Nothing, PAIR_COUL_CUTOFF, Settings, TYPE_I, TYPE_J, coeff_signature,
};
use crate::error::Result;
use crate::signature::{Arg, Args, Kind, Signature, arg};

/// `coul/cut`
pub const CUT: PairEntry = PairEntry {
    signature: &CUT_SIGNATURE,
    coeff: &CUT_COEFF,
    build: |args, _| {
        let settings = settings(args, &[])?;
        Ok(Combined::<Nothing, _>::boxed(
            "coul/cut",
            settings,
            Cut::default(),
        ))
    },
};

/// `coul/long`
pub const LONG: PairEntry = PairEntry {
    signature: &LONG_SIGNATURE,
    coeff: &LONG_COEFF,
    build: |args, _| {
        let settings = settings(args, &[])?;
        Ok(Combined::<Nothing, _>::boxed(
            "coul/long",
            settings,
            Long::default(),
        ))
    },
};

/// `coul/dsf`
pub const DSF: PairEntry = PairEntry {
    signature: &DSF_SIGNATURE,
    coeff: &DSF_COEFF,
    build: |args, _| {
        let settings = settings(args, &["alpha"])?;
        let coulomb = Dsf::new(args.real("alpha")?);
        Ok(Combined::<Nothing, _>::boxed("coul/dsf", settings, coulomb))
    },
};

/// `coul/wolf`
pub const WOLF: PairEntry = PairEntry {
    signature: &WOLF_SIGNATURE,
    coeff: &WOLF_COEFF,
    build: |args, _| {
        let settings = settings(args, &["alpha"])?;
        let coulomb = Wolf::new(args.real("alpha")?);
        Ok(Combined::<Nothing, _>::boxed(
            "coul/wolf",
            settings,
            coulomb,
        ))
    },
};

/// `coul/debye`
pub const DEBYE: PairEntry = PairEntry {
    signature: &DEBYE_SIGNATURE,
    coeff: &DEBYE_COEFF,
    build: |args, _| {
        let settings = settings(args, &["kappa"])?;
        let coulomb = Debye::new(args.real("kappa")?);
        Ok(Combined::<Nothing, _>::boxed(
            "coul/debye",
            settings,
            coulomb,
        ))
    },
};

fn settings(args: &Args, before: &[&str]) -> Result<Settings> {
    let mut words = Vec::new();
    for name in before {
        words.push(args.real(name)?);
    }
    let coul = args.real("cutoff")?;
    words.push(coul);
    Ok(Settings {
        words,
        cutoff: None,
        coul,
        own: Vec::new(),
    })
}

const ALPHA: Arg = arg("alpha", Kind::Real, "damping parameter, 1/length");
const TYPES: &[Arg] = &[TYPE_I, TYPE_J];
const WITH_CUTOFF: &[Arg] = &[TYPE_I, TYPE_J, PAIR_COUL_CUTOFF];
const ALL: &[&str] = &["pair_coeff * *"];
const CUT_COEFF: Signature = coeff_signature("coul/cut", "pairs of types", WITH_CUTOFF, ALL);
const LONG_COEFF: Signature = coeff_signature("coul/long", "pairs of types", TYPES, ALL);
const DSF_COEFF: Signature = coeff_signature("coul/dsf", "pairs of types", TYPES, ALL);
const WOLF_COEFF: Signature = coeff_signature("coul/wolf", "pairs of types", TYPES, ALL);
const DEBYE_COEFF: Signature = coeff_signature("coul/debye", "pairs of types", WITH_CUTOFF, ALL);

const CUT_SIGNATURE: Signature = Signature {
    name: "coul/cut",
    summary: "Coulomb interaction with a cutoff",
    args: &[CUTOFF],
    keywords: &[],
    description: "E = C q_i q_j / (D r) for r < cutoff, where C is the unit style's constant and D the \
        `dielectric`. The energy jumps at the cutoff; coul/dsf does not.",
    examples: &["pair_style coul/cut 8.0"],
};

const LONG_SIGNATURE: Signature = Signature {
    name: "coul/long",
    summary: "Coulomb interaction with a kspace style",
    args: &[CUTOFF],
    keywords: &[],
    description: "The real-space part C q_i q_j erfc(g r)/r of an Ewald sum; a `kspace_style` adds the rest and \
        determines g. Often used with hybrid/overlay. The function comes from a table of 2^12 entries by \
        default (`pair_modify table 0` for exact evaluation).",
    examples: &["pair_style coul/long 10.0"],
};

const DSF_SIGNATURE: Signature = Signature {
    name: "coul/dsf",
    summary: "damped shifted Coulomb forces",
    args: &[ALPHA, CUTOFF],
    keywords: &[],
    description: "The damped shifted force model of Fennell and Gezelter (J. Chem. Phys. 124, 234104 (2006), \
        doi:10.1063/1.2206581): energy and force go to zero at the cutoff, and every charge has an energy with \
        its neutralising sphere. Needs no kspace style.",
    examples: &["pair_style coul/dsf 0.05 10.0"],
};

const WOLF_SIGNATURE: Signature = Signature {
    name: "coul/wolf",
    summary: "Coulomb interaction by the Wolf sum",
    args: &[ALPHA, CUTOFF],
    keywords: &[],
    description: "The Wolf sum (J. Chem. Phys. 110, 8254 (1999), doi:10.1063/1.478738). Energy and force are \
        shifted separately to zero at the cutoff, so that forces are not exactly the derivatives of the energy; \
        coul/dsf has none of that. Needs no kspace style.",
    examples: &["pair_style coul/wolf 0.2 9.0"],
};

const DEBYE_SIGNATURE: Signature = Signature {
    name: "coul/debye",
    summary: "screened Coulomb interaction with a cutoff",
    args: &[arg("kappa", Kind::Real, "inverse screening length"), CUTOFF],
    keywords: &[],
    description: "E = C q_i q_j exp(-kappa r) / (D r) for r < cutoff.",
    examples: &["pair_style coul/debye 1.4 3.0"],
};
