//! Screened nuclear repulsion of close atoms (Ziegler, Biersack, Littmark 1985), with the smooth
//! end of the trainer; formula at [`Zbl`].

use crate::ml::mace::model::Zbl;
use crate::ml::radial::embedding::cutoff;
use crate::ml::radial::jet::Jet;

/// Prepared for all pairs of species.
#[derive(Debug, Clone)]
pub struct Repulsion {
    species: usize,
    p: f64,
    /// c_k, scaled.
    c: [f64; 4],
    pairs: Vec<Pair>,
}

#[derive(Debug, Clone, Copy)]
struct Pair {
    /// Half of the Coulomb energy of the nuclei times distance (eV Å).
    charge: f64,
    /// Screening length (Å).
    a: f64,
    /// Range (Å).
    range: f64,
}

impl Repulsion {
    /// Repulsion times `scale` between the species with the given atomic numbers.
    pub fn new(zbl: &Zbl, atomic_numbers: &[u8], scale: f64) -> Repulsion {
        let mut pairs = Vec::new();
        for (&zi, ri) in atomic_numbers.iter().zip(&zbl.radii) {
            for (&zj, rj) in atomic_numbers.iter().zip(&zbl.radii) {
                let (zi, zj) = (f64::from(zi), f64::from(zj));
                pairs.push(Pair {
                    charge: 0.5 * Zbl::COULOMB * zi * zj,
                    a: zbl.a_prefactor * Zbl::BOHR / (zi.powf(zbl.a_exp) + zj.powf(zbl.a_exp)),
                    range: ri + rj,
                });
            }
        }
        Repulsion {
            species: atomic_numbers.len(),
            p: zbl.p,
            c: zbl.c.map(|c| c * scale),
            pairs,
        }
    }

    /// Energy of the receiver and its derivative for an edge of length `r` (eV, eV/Å); None beyond
    /// the range of the pair.
    #[inline]
    pub fn energy(&self, r: f64, sender: usize, receiver: usize) -> Option<(f64, f64)> {
        let pair = &self.pairs[receiver * self.species + sender];
        if r >= pair.range {
            return None;
        }
        let x = Jet::variable(r);
        let mut phi = Jet::default();
        for (c, t) in self.c.iter().zip(Zbl::EXPONENTS) {
            phi = phi + x.scale(-t / pair.a).exp().scale(*c);
        }
        let y = x.recip().scale(pair.charge) * phi * cutoff(self.p, pair.range, r);
        Some((y.value, y.slope))
    }
}
