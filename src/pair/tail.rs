//! Long-range corrections of energy and pressure beyond the cutoff, for a uniform density there
//! (Sun, J. Phys. Chem. B 102, 7338 (1998), doi:10.1021/jp980939v; Allen and Tildesley 1987, section 2.8).

use crate::domain::State;
use std::f64::consts::PI;

/// Energy and P V of the tails of 12-6 potentials; `coeff(i, j)` is (epsilon, sigma, cutoff) of a pair
/// of types, `None` if it has no such potential.
pub fn lennard_jones(
    state: &State,
    coeff: impl Fn(usize, usize) -> Option<(f64, f64, f64)>,
) -> (f64, f64) {
    let Some(cell) = &state.cell else {
        return (0.0, 0.0);
    };
    let volume = cell.volume(state.dimension);
    let n = state.types.count;
    let mut count = vec![0.0f64; n + 1];
    for &k in &state.atoms.kind {
        count[k as usize] += 1.0;
    }
    let (mut energy, mut pressure) = (0.0, 0.0);
    for i in 1..=n {
        for j in 1..=n {
            let Some((epsilon, sigma, cut)) = coeff(i, j) else {
                continue;
            };
            let s6 = sigma.powi(6);
            let (rc3, rc6) = (cut.powi(3), cut.powi(6));
            let common = PI * count[i] * count[j] * epsilon * s6 / (9.0 * rc3 * rc6);
            energy += 8.0 * common * (s6 - 3.0 * rc6);
            pressure += 16.0 * common * (2.0 * s6 - 3.0 * rc6);
        }
    }
    (energy / volume, pressure / volume)
}
