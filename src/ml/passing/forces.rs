//! From derivatives with respect to edge vectors to forces, virial and per-atom virial.

use super::edges::BrickEdges;
use crate::ml::brick::{BrickResult, NO_SPECIES};
use crate::ml::repulsion::Repulsion;
use crate::simd::Real;

/// What a brick adds up, always in f64.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    energies: Vec<f64>,
    forces: Vec<[f64; 3]>,
    virial: [f64; 6],
    wants_atom_virial: bool,
    atom_virial: Vec<[f64; 6]>,
}

impl Sums {
    /// Chooses whether per-atom virials are wanted.
    pub fn want_atom_virial(&mut self, wanted: bool) {
        self.wants_atom_virial = wanted;
    }

    /// Clears the sums for `species` of own atoms and ghosts; energies of the `own` atoms start
    /// with the constant of their species (eV), or zero without a species.
    pub fn reset(&mut self, own: usize, species: &[u8], constants: &[f64]) {
        let constant = |&z: &u8| match z {
            NO_SPECIES => 0.0,
            z => constants[usize::from(z)],
        };
        self.energies.clear();
        self.energies.extend(species[..own].iter().map(constant));
        self.forces.clear();
        self.forces.resize(species.len(), [0.0; 3]);
        self.virial = [0.0; 6];
        self.atom_virial.clear();
        if self.wants_atom_virial {
            self.atom_virial.resize(species.len(), [0.0; 6]);
        }
    }

    /// Energies of the own atoms (eV).
    pub fn energies_mut(&mut self) -> &mut [f64] {
        &mut self.energies
    }

    /// Adds the nuclear repulsion to energies and gradients, then fills forces and virials.
    ///
    /// With g the derivative with respect to r_i - r_j: the force on i is -g, on j +g, and the
    /// virial is -(r_i - r_j) g, of which each atom gets one half.
    pub fn forces<T: Real>(
        &mut self,
        edges: &BrickEdges<T>,
        species: &[u8],
        repulsion: Option<&Repulsion>,
    ) {
        for i in 0..self.energies.len() {
            let mut force = [0.0; 3];
            let mut virial = [0.0; 6];
            for e in edges.start[i] as usize..edges.start[i + 1] as usize {
                let j = edges.sender[e] as usize;
                let d = edges.vector[e];
                let mut g = edges.gradient[e];
                if let Some(repulsion) = repulsion {
                    let r = edges.distance[e];
                    let (zi, zj) = (usize::from(species[i]), usize::from(species[j]));
                    if let Some((energy, slope)) = repulsion.energy(r, zj, zi) {
                        self.energies[i] += energy;
                        (0..3).for_each(|k| g[k] += slope * d[k] / r);
                    }
                }
                for k in 0..3 {
                    force[k] -= g[k];
                    self.forces[j][k] += g[k];
                }
                let v = [
                    -d[0] * g[0],
                    -d[1] * g[1],
                    -d[2] * g[2],
                    -d[0] * g[1],
                    -d[0] * g[2],
                    -d[1] * g[2],
                ];
                (0..6).for_each(|k| virial[k] += v[k]);
                if self.wants_atom_virial {
                    for k in 0..6 {
                        self.atom_virial[i][k] += 0.5 * v[k];
                        self.atom_virial[j][k] += 0.5 * v[k];
                    }
                }
            }
            (0..3).for_each(|k| self.forces[i][k] += force[k]);
            (0..6).for_each(|k| self.virial[k] += virial[k]);
        }
    }
}

impl BrickResult for Sums {
    fn energies(&self) -> &[f64] {
        &self.energies
    }

    fn forces(&self) -> &[[f64; 3]] {
        &self.forces
    }

    fn virial(&self) -> [f64; 6] {
        self.virial
    }

    fn atom_virial(&self) -> &[[f64; 6]] {
        &self.atom_virial
    }
}
