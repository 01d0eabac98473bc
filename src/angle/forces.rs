//! Forces, energy and virial of all angles.

use super::Angles;
use crate::domain::state::Tallies;
use crate::domain::{State, Tally};
use crate::error::{Error, Result};
use rayon::prelude::*;

/// What one angle gives: forces on the two ends; the vertex has minus their sum.
#[derive(Clone, Copy)]
struct Share {
    ends: [[f64; 3]; 2],
    arms: [[f64; 3]; 2],
    energy: f64,
    virial: [f64; 6],
}

impl Share {
    /// Virial of the end atoms and, in the middle, the vertex, each with its distance from the centre of the three:
    /// Surblys et al., Phys. Rev. E 99, 051301 (2019), doi:10.1103/PhysRevE.99.051301.
    fn about_centre(&self) -> [[f64; 9]; 3] {
        let ([d1, d2], [f1, f2]) = (self.arms, self.ends);
        let centre: [f64; 3] = std::array::from_fn(|m| (d1[m] + d2[m]) / 3.0);
        let of = |d: [f64; 3], f: [f64; 3]| {
            let w = |a: usize, b: usize| (d[a] - centre[a]) * f[b];
            [
                w(0, 0),
                w(1, 1),
                w(2, 2),
                w(0, 1),
                w(0, 2),
                w(1, 2),
                w(1, 0),
                w(2, 0),
                w(2, 1),
            ]
        };
        let vertex = std::array::from_fn(|m| -f1[m] - f2[m]);
        [of(d1, f1), of([0.0; 3], vertex), of(d2, f2)]
    }
}

/// Adds the forces of `list` (type, indices of atoms, vertex in the middle) to `force`, and energies and virials to
/// `tallies`. Arms go to the nearest images. Sums run in the order of the list.
///
/// # Errors
/// A type has no coefficients.
pub fn evaluate(
    angles: &Angles,
    list: &[(u32, [u32; 3])],
    state: &State,
    tally: Tally,
    force: &mut [[f64; 3]],
    tallies: &mut Tallies,
) -> Result<()> {
    let cell = state.cell("angle forces")?;
    let x = &state.atoms.x;
    let arm = |a: u32, b: u32| {
        let (a, b) = (x[a as usize], x[b as usize]);
        cell.minimum_image([a[0] - b[0], a[1] - b[1], a[2] - b[2]])
    };
    let product = |a: [f64; 3], b: [f64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    let shares = list
        .par_iter()
        .with_min_len(1024)
        .map(|&(kind, [i, j, k])| -> Result<Share> {
            let potential = angles
                .potential(kind)
                .ok_or_else(|| Error::input(format!("angle type {kind} has no coefficients")))?;
            let (d1, d2) = (arm(i, j), arm(k, j));
            let (q1, q2) = (product(d1, d1), product(d2, d2));
            let both = q1.sqrt() * q2.sqrt();
            let c = (product(d1, d2) / both).clamp(-1.0, 1.0);
            let (energy, a) = potential.evaluate(c);
            let end = |own: [f64; 3], other: [f64; 3], q: f64| -> [f64; 3] {
                std::array::from_fn(|m| a * c / q * own[m] - a / both * other[m])
            };
            let (f1, f2) = (end(d1, d2, q1), end(d2, d1, q2));
            let w = |m: usize, n: usize| d1[m] * f1[n] + d2[m] * f2[n];
            Ok(Share {
                ends: [f1, f2],
                arms: [d1, d2],
                energy,
                virial: [w(0, 0), w(1, 1), w(2, 2), w(0, 1), w(0, 2), w(1, 2)],
            })
        })
        .collect::<Result<Vec<Share>>>()?;
    for (share, &(_, atoms)) in shares.iter().zip(list) {
        let [i, j, k] = atoms.map(|a| a as usize);
        let [f1, f2] = share.ends;
        for m in 0..3 {
            force[i][m] += f1[m];
            force[j][m] -= f1[m] + f2[m];
            force[k][m] += f2[m];
        }
        tallies.angle += share.energy;
        for m in 0..6 {
            tallies.virial[m] += share.virial[m];
        }
        if tally.centroid {
            for (atom, w) in [i, j, k].into_iter().zip(share.about_centre()) {
                (0..9).for_each(|m| tallies.centroid[atom][m] += w[m]);
            }
        }
        for atom in [i, j, k] {
            if tally.atom_energy {
                tallies.atom_energy[atom] += share.energy / 3.0;
            }
            if tally.atom_virial {
                for m in 0..6 {
                    tallies.atom_virial[atom][m] += share.virial[m] / 3.0;
                }
            }
        }
    }
    Ok(())
}
