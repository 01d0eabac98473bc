//! Evaluation of an Allegro model over bricks. The energy of an atom depends on its neighbours
//! within the cutoff only, so that every own atom is a structure of its own: no features are
//! exchanged between bricks, and the memory is that of one atom's edges per thread.
//!
//! Invariant: the result of an atom depends on its edges and their order alone, never on the number
//! of threads.
//! Imports the model, its plain evaluation, bricks and the edges and sums of networks.

use super::model::Allegro;
use super::reference;
use crate::ml::brick::{BrickAtoms, BrickModel, BrickResult, Exchange, NO_SPECIES};
use crate::ml::edges::EdgeList;
use crate::ml::passing::edges::{BrickEdges, Reach};
use crate::ml::passing::forces::Sums;
use crate::ml::radial::grid::Grid;
use rayon::prelude::*;

/// A model over bricks, in f64.
#[derive(Debug)]
pub struct LocalAllegro {
    model: Allegro,
    reach: Reach,
    /// Energies of atoms start from zero: the model's constants are in its evaluation.
    zeros: Vec<f64>,
}

/// Everything of one brick; buffers are kept between steps.
#[derive(Debug, Clone, Default)]
pub struct BrickWork {
    own: usize,
    species: Vec<u8>,
    edges: BrickEdges<f64>,
    sums: Sums,
}

impl LocalAllegro {
    /// Prepares a model.
    pub fn new(model: Allegro) -> LocalAllegro {
        let species = model.species();
        let mut stretch = Vec::new();
        // with a repulsion the cutoffs of pairs are left to the evaluation
        if model.repulsion.is_none() && !model.pair_cutoffs.is_empty() {
            let factor = |pair: usize| model.r_max / model.cutoff(pair / species, pair % species);
            stretch.extend((0..species * species).map(factor));
        }
        LocalAllegro {
            reach: Reach {
                r_max: model.r_max,
                species,
                stretch,
                grid: Grid::new::<f64>(model.r_max, None),
                sorted: false,
            },
            zeros: vec![0.0; species],
            model,
        }
    }

    /// Energy of own atom `i` and the gradient by its edges.
    fn atom(&self, work: &mut BrickWork, i: usize) {
        let run = work.edges.start[i] as usize..work.edges.start[i + 1] as usize;
        // node 0 is the atom; every edge has a sender of its own
        let senders = work.edges.sender_species[run.clone()].iter();
        let center = std::iter::once(u16::from(work.species[i]));
        let species: Vec<u16> = center.chain(senders.map(|&z| z as u16)).collect();
        let receiver = vec![0; run.len()];
        let sender: Vec<u32> = (1..=run.len() as u32).collect();
        let result = reference::evaluate(
            &self.model,
            &EdgeList {
                species: &species,
                receiver: &receiver,
                sender: &sender,
                vector: &work.edges.vector[run.clone()],
            },
        );
        work.sums.energies_mut()[i] = result.node_energy[0];
        work.edges.gradient[run].copy_from_slice(&result.edge_gradient);
    }
}

impl BrickModel<f64> for LocalAllegro {
    type Work = BrickWork;

    fn r_max(&self) -> f64 {
        self.model.r_max
    }

    fn species(&self) -> usize {
        self.model.species()
    }

    fn prepare(&self, _: &[bool]) {}

    fn set(&self, work: &mut BrickWork, atoms: &BrickAtoms<'_>, want_atom_virial: bool) {
        let species = atoms.species;
        assert_eq!(species.len(), atoms.x.len());
        assert_eq!(atoms.start.len(), atoms.own + 1);
        let known = |&z: &u8| z == NO_SPECIES || usize::from(z) < self.model.species();
        assert!(species.iter().all(known));
        work.own = atoms.own;
        work.species.clear();
        work.species.extend_from_slice(species);
        work.edges.find(atoms, &self.reach);
        work.sums.want_atom_virial(want_atom_virial);
    }

    fn evaluate(&self, works: &mut [BrickWork], _: &dyn Exchange<f64>) {
        works.par_iter_mut().for_each(|work| {
            work.sums.reset(work.own, &work.species, &self.zeros);
            for i in 0..work.own {
                if work.species[i] != NO_SPECIES {
                    self.atom(work, i);
                }
            }
            Sums::forces(&mut work.sums, &work.edges, &work.species, None);
        });
    }
}

impl BrickResult for BrickWork {
    fn energies(&self) -> &[f64] {
        self.sums.energies()
    }

    fn forces(&self) -> &[[f64; 3]] {
        self.sums.forces()
    }

    fn virial(&self) -> [f64; 6] {
        self.sums.virial()
    }

    fn atom_virial(&self) -> &[[f64; 6]] {
        self.sums.atom_virial()
    }
}
