//! Simple potentials: `yukawa`, `soft`, `lj/expand`.

use super::form::coulomb::Uncharged;
use super::form::{
    CUTOFF, Combined, Dispersion, Distance, PAIR_CUTOFF, Settings, TYPE_I, TYPE_J, coeff_signature,
    one_cutoff,
};
use super::{Mix, PairEntry};
use crate::signature::{Kind, Signature, arg};
use std::f64::consts::PI;

/// `yukawa`
pub const YUKAWA: PairEntry = PairEntry {
    signature: &YUKAWA_SIGNATURE,
    coeff: &YUKAWA_COEFF,
    build: |args, _| {
        let (kappa, cutoff) = (args.real("kappa")?, args.real("cutoff")?);
        let settings = Settings {
            words: vec![kappa, cutoff],
            cutoff: Some(cutoff),
            coul: 0.0,
            own: vec![kappa],
        };
        Ok(Combined::<Yukawa, _>::boxed("yukawa", settings, Uncharged))
    },
};

/// `soft`
pub const SOFT: PairEntry = PairEntry {
    signature: &SOFT_SIGNATURE,
    coeff: &SOFT_COEFF,
    build: |args, _| {
        Ok(Combined::<Soft, _>::boxed(
            "soft",
            one_cutoff(args)?,
            Uncharged,
        ))
    },
};

/// `lj/expand`
pub const EXPAND: PairEntry = PairEntry {
    signature: &EXPAND_SIGNATURE,
    coeff: &EXPAND_COEFF,
    build: |args, _| {
        Ok(Combined::<Expand, _>::boxed(
            "lj/expand",
            one_cutoff(args)?,
            Uncharged,
        ))
    },
};

const YUKAWA_SIGNATURE: Signature = Signature {
    name: "yukawa",
    summary: "Yukawa potential with a cutoff",
    args: &[arg("kappa", Kind::Real, "inverse screening length"), CUTOFF],
    keywords: &[],
    description: "E = A exp(-kappa r) / r for r < cutoff. `pair_modify mix` makes the coefficients of unlike types \
        that are not given; `pair_modify shift` is honoured.",
    examples: &["pair_style yukawa 2.0 2.5"],
};

const YUKAWA_COEFF: Signature = coeff_signature(
    "yukawa",
    "coefficients of yukawa",
    &[
        TYPE_I,
        TYPE_J,
        arg("A", Kind::Real, "strength, energy length"),
        PAIR_CUTOFF,
    ],
    &["pair_coeff 1 1 100.0 2.3"],
);

const SOFT_SIGNATURE: Signature = Signature {
    name: "soft",
    summary: "soft cosine potential, to push overlapping atoms apart",
    args: &[CUTOFF],
    keywords: &[],
    description: "E = A [1 + cos(pi r / rc)] for r < rc = cutoff. LAMMPS' `fix adapt`, which ramps A, is not \
        available: raise A from run to run.",
    examples: &["pair_style soft 1.0"],
};

const SOFT_COEFF: Signature = coeff_signature(
    "soft",
    "coefficients of soft",
    &[
        TYPE_I,
        TYPE_J,
        arg("A", Kind::Real, "strength, energy units"),
        PAIR_CUTOFF,
    ],
    &["pair_coeff * * 10.0"],
);

const EXPAND_SIGNATURE: Signature = Signature {
    name: "lj/expand",
    summary: "12-6 Lennard-Jones potential of particles with a core",
    args: &[CUTOFF],
    keywords: &[],
    description: "E = 4 epsilon [(sigma/(r - delta))^12 - (sigma/(r - delta))^6] for r < cutoff + delta. \
        `pair_modify mix` makes the coefficients of unlike types that are not given (delta is always the \
        arithmetic mean); `pair_modify shift` is honoured.",
    examples: &["pair_style lj/expand 2.5"],
};

const EXPAND_COEFF: Signature = coeff_signature(
    "lj/expand",
    "coefficients of lj/expand",
    &[
        TYPE_I,
        TYPE_J,
        arg("epsilon", Kind::Real, "depth of the well, energy units"),
        arg("sigma", Kind::Real, "length units"),
        arg("delta", Kind::Real, "radius of the core, length units"),
        PAIR_CUTOFF,
    ],
    &["pair_coeff 1 1 1.0 1.0 0.5"],
);

#[derive(Debug, Clone, Copy, Default)]
struct Yukawa {
    a: f64,
    kappa: f64,
}

impl Dispersion for Yukawa {
    const NAMES: &'static [&'static str] = &["A"];

    fn none() -> Self {
        Self::default()
    }

    fn new(p: &[f64], _: f64, settings: &[f64]) -> Self {
        Self {
            a: p[0],
            kappa: settings.first().copied().unwrap_or(0.0),
        }
    }

    #[inline]
    fn pair(&self, d: Distance) -> (f64, f64) {
        let r = d.r();
        let e = self.a * (-self.kappa * r).exp();
        (e * (self.kappa + 1.0 / r) * d.i2, e / r)
    }

    fn mix(rule: Mix, a: &[f64], b: &[f64]) -> Option<Vec<f64>> {
        Some(vec![rule.energy(a[0], b[0], 1.0, 1.0)])
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Soft {
    a: f64,
    cut: f64,
}

impl Dispersion for Soft {
    const NAMES: &'static [&'static str] = &["A"];
    const SHIFTS: bool = false;

    fn none() -> Self {
        Self::default()
    }

    fn new(p: &[f64], cut: f64, _: &[f64]) -> Self {
        Self { a: p[0], cut }
    }

    #[inline]
    fn pair(&self, d: Distance) -> (f64, f64) {
        let r = d.r();
        let phase = PI * r / self.cut;
        let force = if r > 0.0 {
            self.a * phase.sin() * PI / self.cut / r
        } else {
            0.0
        };
        (force, self.a * (1.0 + phase.cos()))
    }

    fn mix(rule: Mix, a: &[f64], b: &[f64]) -> Option<Vec<f64>> {
        Some(vec![rule.energy(a[0], b[0], 1.0, 1.0)])
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Expand {
    e12: f64,
    e6: f64,
    delta: f64,
}

impl Dispersion for Expand {
    const NAMES: &'static [&'static str] = &["epsilon", "sigma", "delta"];

    fn none() -> Self {
        Self::default()
    }

    fn new(p: &[f64], _: f64, _: &[f64]) -> Self {
        let s6 = p[1].powi(6);
        Self {
            e12: 4.0 * p[0] * s6 * s6,
            e6: 4.0 * p[0] * s6,
            delta: p[2],
        }
    }

    #[inline]
    fn pair(&self, d: Distance) -> (f64, f64) {
        let r = d.r();
        let inner = r - self.delta;
        let i2 = 1.0 / (inner * inner);
        let i6 = i2 * i2 * i2;
        let force = i6 * (12.0 * self.e12 * i6 - 6.0 * self.e6) / (inner * r);
        (force, i6 * (self.e12 * i6 - self.e6))
    }

    fn mix(rule: Mix, a: &[f64], b: &[f64]) -> Option<Vec<f64>> {
        Some(vec![
            rule.energy(a[0], b[0], a[1], b[1]),
            rule.length(a[1], b[1]),
            0.5 * (a[2] + b[2]),
        ])
    }

    fn reach(p: &[f64], cut: f64) -> f64 {
        cut + p[2]
    }
}
