//! From derivatives with respect to edge vectors to forces, virial and per-atom virial.

use super::{BrickWork, FastMace};
use crate::simd::Real;

/// Adds the nuclear repulsion, then fills forces and virials of a brick.
///
/// With g the derivative with respect to r_i - r_j: the force on i is -g, on j +g, and the virial
/// is -(r_i - r_j) g, of which each atom gets one half.
pub fn forces<T: Real>(model: &FastMace<T>, w: &mut BrickWork<T>) {
    for i in 0..w.own {
        let mut force = [0.0; 3];
        let mut virial = [0.0; 6];
        let edges = w.edges.start[i] as usize..w.edges.start[i + 1] as usize;
        for e in edges {
            let j = w.edges.sender[e] as usize;
            let d = w.edges.vector[e];
            let mut g = w.edges.gradient[e];
            if let Some(repulsion) = &model.repulsion {
                let r = w.edges.distance[e];
                let (zi, zj) = (w.species[i] as usize, w.species[j] as usize);
                if let Some((energy, slope)) = repulsion.energy(r, zj, zi) {
                    w.energies[i] += energy;
                    for k in 0..3 {
                        g[k] += slope * d[k] / r;
                    }
                }
            }
            for k in 0..3 {
                force[k] -= g[k];
                w.forces[j][k] += g[k];
            }
            let v = [
                -d[0] * g[0],
                -d[1] * g[1],
                -d[2] * g[2],
                -d[0] * g[1],
                -d[0] * g[2],
                -d[1] * g[2],
            ];
            for k in 0..6 {
                virial[k] += v[k];
            }
            if w.wants_atom_virial {
                for k in 0..6 {
                    w.atom_virial[i][k] += 0.5 * v[k];
                    w.atom_virial[j][k] += 0.5 * v[k];
                }
            }
        }
        for k in 0..3 {
            w.forces[i][k] += force[k];
        }
        for k in 0..6 {
            w.virial[k] += virial[k];
        }
    }
}
