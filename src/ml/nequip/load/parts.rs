//! What modules and checkpoints have in common: radial functions, repulsion, species, factors.

use std::f64::consts::PI;

use crate::elements;
use crate::ml::e3nn::wigner_sign::WignerSigns;
use crate::ml::equivariant::model::Layer;
use crate::ml::error::{ModelError, Result};
use crate::ml::irreps::Irreps;
use crate::ml::layers::Path;
use crate::ml::radial::form::{Cutoff, DistanceTransform, RadialBasis, RadialEmbedding};
use crate::ml::repulsion::{Pair, Repulsion};
use crate::ml::screening;

/// Layers that a file may have; the check of the network is stricter.
pub const MAX_LAYERS: usize = 256;

/// Species that a file may have, as many as pair styles can tell apart.
const MAX_SPECIES: usize = 254;

/// The type names if their number is within reason.
pub fn type_names(names: Vec<String>) -> Result<Vec<String>> {
    match names.len() {
        1..=MAX_SPECIES => Ok(names),
        n => Err(ModelError::unsupported(format!(
            "the model has {n} types; argyro reads models of 1 to {MAX_SPECIES}"
        ))),
    }
}

/// Radial functions `factor * w_n sinc(w_n x) f(x)`, x = d / r_max, sinc(t) = sin(pi t) / (pi t),
/// f the polynomial cutoff with exponent `p`.
pub fn radial(r_max: f64, factor: f64, roots: &[f64], p: f64) -> RadialEmbedding {
    RadialEmbedding {
        basis: RadialBasis::Bessel {
            prefactor: factor * r_max / PI,
            weights: roots.iter().map(|w| w * PI / r_max).collect(),
        },
        cutoff: Cutoff::Polynomial { p },
        cutoff_r_max: r_max,
        apply_cutoff: true,
        transform: DistanceTransform::None,
    }
}

/// Cutoffs of pairs from their reciprocals, which are one number or \[species\]\[species\]; empty
/// where all are `r_max`.
pub fn pair_cutoffs(reciprocals: &[f64], r_max: f64, species: usize) -> Result<Vec<f64>> {
    if reciprocals.len() == 1 {
        let cutoff = 1.0 / reciprocals[0];
        let same = (cutoff - r_max).abs() <= 1e-6 * r_max;
        return if same {
            Ok(Vec::new())
        } else {
            Ok(vec![cutoff; species * species])
        };
    }
    if reciprocals.len() != species * species {
        return Err(ModelError::malformed(format!(
            "{} cutoffs for pairs of {species} species",
            reciprocals.len()
        )));
    }
    // the largest may exceed r_max by rounding
    let cutoff = |r: &f64| {
        let cutoff = 1.0 / r;
        if cutoff > r_max && cutoff < r_max * (1.0 + 1e-6) {
            r_max
        } else {
            cutoff
        }
    };
    Ok(reciprocals.iter().map(cutoff).collect())
}

/// Atomic numbers of the type names; 0 for names that are no chemical symbols.
pub fn atomic_numbers(names: &[String]) -> Vec<u8> {
    let number = |name: &String| {
        let z = elements::atomic_number(name);
        z.and_then(|z| u8::try_from(z).ok()).unwrap_or(0)
    };
    names.iter().map(number).collect()
}

/// Atomic numbers of species whose names are no symbols, from those of a pair potential.
pub fn fill_numbers(known: &mut [u8], numbers: &[f64]) {
    for (z, &number) in known.iter_mut().zip(numbers) {
        if *z == 0 && number.fract() == 0.0 && (1.0..=118.0).contains(&number) {
            *z = number as u8;
        }
    }
}

/// NequIP's ZBL term: `charge` is half of the Coulomb constant; the range of a pair is its cutoff.
pub fn zbl(
    numbers: &[f64],
    charge: f64,
    p: f64,
    cutoff: impl Fn(usize, usize) -> f64,
) -> Repulsion {
    let mut pairs = Vec::new();
    for (i, zi) in numbers.iter().enumerate() {
        for (j, zj) in numbers.iter().enumerate() {
            pairs.push(Pair {
                charge: charge * zi * zj,
                a: screening::length(*zi, *zj),
                end: cutoff(i, j),
            });
        }
    }
    Repulsion {
        c: screening::PHI.map(|p| p.0),
        t: screening::PHI.map(|p| p.1),
        p,
        pairs,
        species: numbers.len(),
    }
}

/// Factors of all paths: the sign of the file's Wigner symbols, and (-1)^l2 because the trainer's
/// edge vectors point the other way.
pub fn couple(paths: &mut [Path], signs: &WignerSigns) -> Result<()> {
    for path in paths {
        let turn = if path.l2 % 2 == 0 { 1.0 } else { -1.0 };
        path.weight *= turn * signs.of([path.l1, path.l2, path.l3])?;
    }
    Ok(())
}

/// Divides the messages of a layer by neighbour norms: `norms` are factors of the sender, one for
/// all species or one each.
pub fn normalise(layer: &mut Layer, norms: Vec<f64>) {
    if let [norm] = norms[..] {
        layer.paths.iter_mut().for_each(|path| path.weight *= norm);
    } else {
        layer.source_scale = norms;
    }
}

/// One value per species from one value for all or one each; `default` where there is none.
pub fn per_species(values: &[f64], default: f64, species: usize) -> Result<Vec<f64>> {
    match values.len() {
        0 => Ok(vec![default; species]),
        1 => Ok(vec![values[0]; species]),
        n if n == species => Ok(values.to_vec()),
        n => Err(ModelError::malformed(format!(
            "{n} numbers for {species} species"
        ))),
    }
}

/// Highest degree of harmonics that must be 0, 1, .. l_max, once each.
pub fn l_max(irreps: &Irreps) -> Result<usize> {
    let blocks = irreps.0.iter().enumerate();
    let ladder = blocks.clone().all(|(l, b)| b.mul == 1 && b.irrep.l == l);
    if ladder && !irreps.0.is_empty() {
        Ok(irreps.l_max())
    } else {
        Err(ModelError::unsupported(format!(
            "the spherical harmonics are {irreps}; argyro knows 1x0e+1x1o+1x2e+.. up to some degree"
        )))
    }
}
