//! `pair_style morse`: E = D0 [exp(-2 alpha (r - r0)) - 2 exp(-alpha (r - r0))], r < rc.

use super::PairEntry;
use super::form::coulomb::Uncharged;
use super::form::{
    CUTOFF, Combined, Dispersion, Distance, PAIR_CUTOFF, TYPE_I, TYPE_J, coeff_signature,
    one_cutoff,
};
use crate::signature::{Kind, Signature, arg};

/// Entry in the table of pair styles.
pub const STYLE: PairEntry = PairEntry {
    signature: &SIGNATURE,
    coeff: &COEFF,
    build: |args, _| {
        Ok(Combined::<Morse, _>::boxed(
            "morse",
            one_cutoff(args)?,
            Uncharged,
        ))
    },
};

const SIGNATURE: Signature = Signature {
    name: "morse",
    summary: "Morse potential with a cutoff",
    args: &[CUTOFF],
    keywords: &[],
    description: "E = D0 [exp(-2 alpha (r - r0)) - 2 exp(-alpha (r - r0))] for r < cutoff. Coefficients of unlike \
        types are not mixed: give all of them. `pair_modify shift` is honoured; there are no long-range \
        corrections.",
    examples: &["pair_style morse 6.5"],
};

const COEFF: Signature = coeff_signature(
    "morse",
    "coefficients of morse",
    &[
        TYPE_I,
        TYPE_J,
        arg("D0", Kind::Real, "depth of the well, energy units"),
        arg("alpha", Kind::Real, "width of the well, 1/length"),
        arg("r0", Kind::Real, "distance of the minimum"),
        PAIR_CUTOFF,
    ],
    &["pair_coeff * * 0.3429 1.3588 2.866"],
);

#[derive(Debug, Clone, Copy, Default)]
struct Morse {
    d0: f64,
    alpha: f64,
    r0: f64,
}

impl Dispersion for Morse {
    const NAMES: &'static [&'static str] = &["D0", "alpha", "r0"];

    fn none() -> Self {
        Self::default()
    }

    fn new(p: &[f64], _: f64, _: &[f64]) -> Self {
        Self {
            d0: p[0],
            alpha: p[1],
            r0: p[2],
        }
    }

    #[inline]
    fn pair(&self, d: Distance) -> (f64, f64) {
        let r = d.r();
        let e = (-self.alpha * (r - self.r0)).exp();
        let force = 2.0 * self.d0 * self.alpha * (e * e - e) / r;
        (force, self.d0 * (e * e - 2.0 * e))
    }
}
