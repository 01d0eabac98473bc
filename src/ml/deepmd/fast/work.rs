//! Everything of one brick during an evaluation. Buffers are kept between steps.

use super::FastDeepmd;
use super::edges::{Edges, Source};
use crate::ml::brick::{BrickAtoms, BrickResult, Dropped, NO_SPECIES};
use crate::simd::Real;

/// A brick: own atoms, ghosts, neighbours and results.
#[derive(Debug, Clone, Default)]
pub struct BrickWork<T> {
    pub(super) atoms: usize,
    pub(super) own: usize,
    /// Own atoms sorted by species; those of species z are `order[groups[z]..groups[z + 1]]`.
    pub(super) order: Vec<u32>,
    pub(super) groups: Vec<usize>,
    /// Neighbours of the atoms of `order`, for every descriptor.
    pub(super) edges: Vec<Edges<T>>,
    pub(super) results: Results,
    pub(super) energies: Vec<f64>,
    pub(super) forces: Vec<[f64; 3]>,
    pub(super) virial: [f64; 6],
    pub(super) wants_atom_virial: bool,
    pub(super) atom_virial: Vec<[f64; 6]>,
}

/// What blocks of atoms write.
#[derive(Debug, Clone, Default)]
pub struct Results {
    /// Energies in the order of `order` (eV).
    pub energies: Vec<f64>,
    /// For every descriptor, derivatives of the energy with respect to the vectors to neighbours
    /// (eV/Å).
    pub gradients: Vec<Vec<[f64; 3]>>,
}

impl<T: Real> BrickWork<T> {
    pub(super) fn set(&mut self, model: &FastDeepmd<T>, atoms: &BrickAtoms<'_>, virial: bool) {
        let own = atoms.own;
        assert_eq!(atoms.species.len(), atoms.x.len());
        assert_eq!(atoms.start.len(), own + 1);
        let known = |&z: &u8| z == NO_SPECIES || usize::from(z) < model.types;
        assert!(atoms.species.iter().all(known));
        self.wants_atom_virial = virial;
        self.own = own;
        self.atoms = atoms.x.len();
        self.order.clear();
        self.groups.clear();
        for z in 0..model.types {
            self.groups.push(self.order.len());
            if !model.silent[z] {
                let of_type = |&i: &u32| usize::from(atoms.species[i as usize]) == z;
                self.order.extend((0..own as u32).filter(of_type));
            }
        }
        self.groups.push(self.order.len());
        let source = Source {
            order: &self.order,
            species: atoms.species,
            x: atoms.x,
            start: atoms.start,
            index: atoms.index,
            exact: model.exact,
        };
        self.edges.resize_with(model.parts.len(), Edges::default);
        for (edges, part) in self.edges.iter_mut().zip(&model.parts) {
            edges.find(part, &source);
        }
        self.results.energies.resize(self.order.len(), 0.0);
        self.results
            .gradients
            .resize_with(model.parts.len(), Vec::new);
        for (gradient, edges) in self.results.gradients.iter_mut().zip(&self.edges) {
            gradient.resize(edges.neighbor.len(), [0.0; 3]);
        }
    }

    /// Sums what the blocks wrote to energies, forces and virials.
    ///
    /// With d = r_j - r_i and g the derivative with respect to it: the force on j is -g, on i +g,
    /// and the virial is -d g, of which each atom gets one half.
    pub(super) fn collect(&mut self, types: usize) {
        self.energies.clear();
        self.energies.resize(self.own, 0.0);
        for (&i, e) in self.order.iter().zip(&self.results.energies) {
            self.energies[i as usize] = *e;
        }
        self.forces.clear();
        self.forces.resize(self.atoms, [0.0; 3]);
        self.virial = [0.0; 6];
        self.atom_virial.clear();
        if self.wants_atom_virial {
            self.atom_virial.resize(self.atoms, [0.0; 6]);
        }
        for (edges, gradients) in self.edges.iter().zip(&self.results.gradients) {
            for (k, &i) in self.order.iter().enumerate() {
                let first = edges.start[k * types] as usize;
                let end = edges.start[(k + 1) * types] as usize;
                let mut force = [0.0; 3];
                let mut virial = [0.0; 6];
                for e in first..end {
                    let (j, d, g) = (edges.neighbor[e] as usize, edges.vector[e], gradients[e]);
                    for c in 0..3 {
                        force[c] += g[c];
                        self.forces[j][c] -= g[c];
                    }
                    let v = [
                        -d[0] * g[0],
                        -d[1] * g[1],
                        -d[2] * g[2],
                        -d[0] * g[1],
                        -d[0] * g[2],
                        -d[1] * g[2],
                    ];
                    for c in 0..6 {
                        virial[c] += v[c];
                    }
                    if self.wants_atom_virial {
                        for c in 0..6 {
                            self.atom_virial[i as usize][c] += 0.5 * v[c];
                            self.atom_virial[j][c] += 0.5 * v[c];
                        }
                    }
                }
                (0..3).for_each(|c| self.forces[i as usize][c] += force[c]);
                (0..6).for_each(|c| self.virial[c] += virial[c]);
            }
        }
    }
}

impl<T: Real> BrickResult for BrickWork<T> {
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

    fn dropped(&self) -> Option<Dropped> {
        self.edges.iter().find_map(|e| e.dropped)
    }
}
