//! Symmetric contractions merged to sparse polynomials: for each component M of an output irrep
//! the sum over paths and degrees becomes one polynomial in the components of A, whose
//! coefficients depend on species and channel only.
//!
//! Imports `simd` and the plain data of [`crate::ml::mace::model`].

use crate::ml::mace::model::Contraction;
use crate::simd::polynomial::{Gradient, MAX_DEGREE, MAX_VARIABLES, Tree, Value};
use crate::simd::{Level, Real, contraction as scalar, padded};
use std::collections::{BTreeMap, BTreeSet};

/// Polynomial of one component of the product basis.
#[derive(Debug, Clone)]
pub struct Component<T> {
    form: Form,
    /// Coefficients per row of species, in the layout of the form.
    coefficients: Vec<Vec<T>>,
}

#[derive(Debug, Clone)]
enum Form {
    /// The unrolled scalar contraction.
    Scalar,
    /// Any other.
    General(Tree),
}

impl<T: Real> Component<T> {
    fn of(&self, species: usize) -> &[T] {
        let row = if self.coefficients.len() == 1 {
            0
        } else {
            species
        };
        &self.coefficients[row]
    }

    /// Values of all channels \[channels\] from A \[components\]\[channels\].
    pub fn value(&self, level: Level, species: usize, a: &[T], out: &mut [T]) {
        let coefficients = self.of(species);
        match &self.form {
            Form::Scalar => {
                let op = scalar::Value {
                    coefficients,
                    variables: a,
                    out,
                };
                T::dispatch(level, op);
            }
            Form::General(tree) => {
                let op = Value {
                    tree,
                    coefficients,
                    variables: a,
                    out,
                };
                T::dispatch(level, op);
            }
        }
    }

    /// Adds the gradient times `seed` \[channels\] to `gradient` \[components\]\[channels\].
    pub fn gradient(&self, level: Level, species: usize, a: &[T], seed: &[T], gradient: &mut [T]) {
        let coefficients = self.of(species);
        match &self.form {
            Form::Scalar => {
                let op = scalar::Gradient {
                    coefficients,
                    variables: a,
                    seed,
                    gradient,
                };
                T::dispatch(level, op);
            }
            Form::General(tree) => {
                let op = Gradient {
                    tree,
                    coefficients,
                    variables: a,
                    seed,
                    gradient,
                };
                T::dispatch(level, op);
            }
        }
    }
}

/// Path sums of one monomial: (degree, path, value).
type Sums = BTreeMap<(usize, u32), f64>;

/// Polynomials of all components M of a contraction. None where the correlation order or the
/// number of components of A is above what the kernels take.
pub fn merge<T: Real>(contraction: &Contraction) -> Option<Vec<Component<T>>> {
    let too_high = contraction.terms.iter().any(|t| t.degree > MAX_DEGREE);
    if too_high || contraction.components > MAX_VARIABLES {
        return None;
    }
    let component = |m| merge_component(contraction, m);
    Some((0..contraction.irrep.dim()).map(component).collect())
}

fn merge_component<T: Real>(contraction: &Contraction, m: usize) -> Component<T> {
    let mut sums: BTreeMap<Vec<u8>, Sums> = BTreeMap::new();
    for term in &contraction.terms {
        let u = &term.coupling;
        for e in (0..u.value.len()).filter(|&e| u.m[e] as usize == m) {
            let factors = &u.factors[e * term.degree..(e + 1) * term.degree];
            let mut monomial: Vec<u8> = factors.iter().map(|&f| f as u8).collect();
            monomial.sort_unstable();
            let paths = sums.entry(monomial).or_default();
            *paths.entry((term.degree, u.path[e])).or_default() += u.value[e];
        }
    }
    // Entries that cancel between permutations leave rounding errors behind.
    sums.retain(|_, paths| paths.values().any(|x| x.abs() > 1e-13));
    let monomials: Vec<Vec<u8>> = sums.keys().cloned().collect();
    let rows = contraction.terms.iter().map(|t| t.weight_species).max();
    let species = 0..rows.unwrap_or(1);
    let fixed = scalar::monomials();
    let known: BTreeSet<&Vec<u8>> = fixed.iter().collect();
    if monomials.len() == fixed.len() && monomials.iter().all(|m| known.contains(m)) {
        let packed = |z| scalar::pack(&coefficients(contraction, &fixed, &sums, z));
        return Component {
            form: Form::Scalar,
            coefficients: species.map(packed).collect(),
        };
    }
    let tree = Tree::new(&monomials);
    let rows = species.map(|z| coefficients(contraction, tree.monomials(), &sums, z));
    Component {
        coefficients: rows.collect(),
        form: Form::General(tree),
    }
}

fn coefficients<T: Real>(
    contraction: &Contraction,
    monomials: &[Vec<u8>],
    sums: &BTreeMap<Vec<u8>, Sums>,
    species: usize,
) -> Vec<T> {
    let width = padded::<T>(contraction.channels);
    let mut out = Vec::with_capacity(monomials.len() * width);
    for monomial in monomials {
        let mut row = vec![0.0; width];
        for (&(degree, path), value) in sums.get(monomial).into_iter().flatten() {
            let terms = contraction.terms.iter().filter(|t| t.degree == degree);
            for term in terms {
                let start = path as usize * contraction.channels;
                let w = &term.weights_of(species)[start..start + contraction.channels];
                for (row, w) in row.iter_mut().zip(w) {
                    *row += w * value;
                }
            }
        }
        out.extend(row.into_iter().map(T::from_f64));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ml::irreps::Irrep;
    use crate::ml::mace::model::{ContractionTerm, Coupling};

    fn term(degree: usize, paths: usize, entries: usize, channels: usize) -> ContractionTerm {
        let number = |i: usize| ((i * 37 % 41) as f64 - 20.0) / 20.0;
        ContractionTerm {
            degree,
            paths,
            weight_species: 2,
            weight: (0..2 * paths * channels).map(number).collect(),
            coupling: Coupling {
                m: (0..entries).map(|e| (e * 7 % 3) as u16).collect(),
                path: (0..entries).map(|e| (e * 5 % paths) as u32).collect(),
                factors: (0..entries * degree).map(|i| (i * 13 % 9) as u16).collect(),
                value: (0..entries).map(|e| number(e + 3)).collect(),
            },
        }
    }

    #[test]
    fn merged_polynomials_equal_the_sums_over_paths() {
        let channels = 5;
        let contraction = Contraction {
            irrep: Irrep { l: 1, odd: true },
            channels,
            components: 9,
            terms: vec![
                term(1, 1, 4, channels),
                term(2, 3, 30, channels),
                term(3, 4, 80, channels),
            ],
        };
        let merged: Vec<Component<f64>> = merge(&contraction).unwrap();
        let width = padded::<f64>(channels);
        let a: Vec<f64> = (0..9 * width).map(|i| (i as f64 * 0.37).sin()).collect();
        for species in 0..2 {
            for (m, component) in merged.iter().enumerate() {
                let mut out = vec![0.0; width];
                component.value(Level::PORTABLE, species, &a, &mut out);
                for c in 0..channels {
                    let mut sum = 0.0;
                    for t in &contraction.terms {
                        for e in
                            (0..t.coupling.value.len()).filter(|&e| t.coupling.m[e] as usize == m)
                        {
                            let factors = &t.coupling.factors[e * t.degree..(e + 1) * t.degree];
                            let product: f64 =
                                factors.iter().map(|&f| a[f as usize * width + c]).product();
                            let w =
                                t.weights_of(species)[t.coupling.path[e] as usize * channels + c];
                            sum += w * t.coupling.value[e] * product;
                        }
                    }
                    assert!((out[c] - sum).abs() < 1e-12);
                }
            }
        }
    }
}
