//! Screened nuclear repulsion of close atoms (Ziegler, Biersack, Littmark 1985), with the smooth
//! end of the trainers, prepared for all pairs of species.
//!
//! Energy of the receiver i of an edge of length r:
//! `charge_ij / r * sum_k c_k exp(-t_k r / a_ij) * f(r / end_ij)`, f the polynomial cutoff.
//! Units: eV and Å. Imports [`crate::ml::radial`].

use crate::ml::radial::embedding::cutoff;
use crate::ml::radial::form::Cutoff;
use crate::ml::radial::jet::Jet;

/// Parameters of all pairs.
#[derive(Debug, Clone)]
pub struct Repulsion {
    /// Amplitudes c_k.
    pub c: [f64; 4],
    /// Exponents t_k.
    pub t: [f64; 4],
    /// Exponent of the cutoff function.
    pub p: f64,
    /// Pairs, \[species of the receiver\]\[species of the sender\].
    pub pairs: Vec<Pair>,
    /// Number of species.
    pub species: usize,
}

/// Parameters of one pair.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    /// Half of the Coulomb energy of the nuclei times distance (eV Å), the receiver's share.
    pub charge: f64,
    /// Screening length a (Å).
    pub a: f64,
    /// Range (Å).
    pub end: f64,
}

impl Repulsion {
    /// The pair of an edge.
    #[inline]
    pub fn pair(&self, receiver: usize, sender: usize) -> Pair {
        self.pairs[receiver * self.species + sender]
    }

    /// Energy of the receiver and its derivative for an edge of length `r` (eV, eV/Å); None beyond
    /// the range of the pair.
    #[inline]
    pub fn energy(&self, r: f64, sender: usize, receiver: usize) -> Option<(f64, f64)> {
        let pair = self.pair(receiver, sender);
        if r >= pair.end {
            return None;
        }
        let x = Jet::variable(r);
        let mut phi = Jet::default();
        for (c, t) in self.c.iter().zip(self.t) {
            phi = phi + x.scale(-t / pair.a).exp().scale(*c);
        }
        let end = cutoff(Cutoff::Polynomial { p: self.p }, pair.end, r);
        let y = x.recip().scale(pair.charge) * phi * end;
        Some((y.value, y.slope))
    }
}
