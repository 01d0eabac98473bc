//! Forces, energy and virial of all bonds.

use super::Bonds;
use crate::domain::state::Tallies;
use crate::domain::{State, Tally};
use crate::error::{Error, Result};
use rayon::prelude::*;

/// What one bond gives.
#[derive(Clone, Copy)]
struct Share {
    force: [f64; 3],
    energy: f64,
    virial: [f64; 6],
}

/// Adds the forces of `list` (type, indices of atoms) to `force`, and energies and virials to `tallies`. Bonds go to
/// the nearest image. Sums run in the order of the list.
///
/// # Errors
/// A bond is too long for its potential.
pub fn evaluate(
    bonds: &Bonds,
    list: &[(u32, [u32; 2])],
    state: &State,
    tally: Tally,
    force: &mut [[f64; 3]],
    tallies: &mut Tallies,
) -> Result<()> {
    let cell = state.cell("bond forces")?;
    let (x, ids, step) = (&state.atoms.x, &state.atoms.id, state.step);
    let shares = list
        .par_iter()
        .with_min_len(1024)
        .map(|&(kind, [i, j])| -> Result<Share> {
            let (a, b) = (x[i as usize], x[j as usize]);
            let d = cell.minimum_image([a[0] - b[0], a[1] - b[1], a[2] - b[2]]);
            let r = (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).sqrt();
            let potential = bonds
                .potential(kind)
                .ok_or_else(|| Error::input(format!("bond type {kind} has no coefficients")))?;
            let (energy, f) = potential.evaluate(r).map_err(|why| {
                let id = |k: u32| ids[k as usize];
                Error::run(format!(
                    "{why}: bond of atoms {} and {} of length {r:.6} at step {step}",
                    id(i),
                    id(j)
                ))
            })?;
            Ok(Share {
                force: d.map(|c| c * f),
                energy,
                virial: [
                    d[0] * d[0] * f,
                    d[1] * d[1] * f,
                    d[2] * d[2] * f,
                    d[0] * d[1] * f,
                    d[0] * d[2] * f,
                    d[1] * d[2] * f,
                ],
            })
        })
        .collect::<Result<Vec<Share>>>()?;
    for (share, &(_, [i, j])) in shares.iter().zip(list) {
        let (i, j) = (i as usize, j as usize);
        for k in 0..3 {
            force[i][k] += share.force[k];
            force[j][k] -= share.force[k];
        }
        tallies.bond += share.energy;
        for k in 0..6 {
            tallies.virial[k] += share.virial[k];
        }
        for atom in [i, j] {
            if tally.atom_energy {
                tallies.atom_energy[atom] += 0.5 * share.energy;
            }
            if tally.atom_virial {
                for k in 0..6 {
                    tallies.atom_virial[atom][k] += 0.5 * share.virial[k];
                }
            }
        }
    }
    Ok(())
}
