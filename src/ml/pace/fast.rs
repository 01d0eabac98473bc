//! Fast evaluation over bricks: neighbours across lanes for the atomic base A and the forces, atoms
//! across lanes for the products. The energy of an atom depends on its neighbours within the cutoff
//! only: no features are exchanged.
//!
//! Invariant: results depend on the bricks and the vector level only.
//! Imports the model, its graph and tables, bricks and the edges and sums of networks.

mod atom;
mod products;

use super::graph::Graph;
use super::model::{PaceModel, Radial};
use super::radial::Table;
use crate::ml::brick::{BrickAtoms, BrickModel, BrickResult, Exchange, NO_SPECIES};
use crate::ml::complex_sphere::Constants;
use crate::ml::passing::edges::{BrickEdges, Reach};
use crate::ml::passing::forces::Sums;
use crate::ml::radial::grid::Grid;
use crate::simd::{Level, Op, Real, Simd};
use rayon::prelude::*;
use std::sync::OnceLock;

/// A model prepared for evaluation over bricks, in f64.
#[derive(Debug)]
pub struct FastPace {
    model: PaceModel,
    /// By species of the central atom.
    plans: Vec<Plan>,
    constants: Constants,
    reach: Reach,
    level: Level,
}

/// What the evaluation of atoms of one species needs.
#[derive(Debug)]
struct Plan {
    graph: Graph,
    densities: usize,
    /// Largest degree by species of the neighbours.
    l_max: Vec<usize>,
    /// Radial tables by species of the neighbours.
    tables: Vec<OnceLock<Table>>,
}

/// Everything of one brick; buffers are kept between steps.
#[derive(Debug, Clone, Default)]
pub struct BrickWork {
    own: usize,
    species: Vec<u8>,
    edges: BrickEdges<f64>,
    sums: Sums,
    batch: Batch,
}

/// Buffers of the atoms that are evaluated together.
#[derive(Debug, Clone, Default)]
struct Batch {
    /// Own atoms.
    atoms: Vec<usize>,
    /// Neighbours in groups of one species, [`Group`] after group.
    groups: Vec<Group>,
    /// First group of each atom, and the end.
    first_group: Vec<usize>,
    /// Edges of the groups.
    members: Vec<u32>,
    /// Radial functions of the groups: values and slopes \[tile\]\[value, slope\]\[column\]\[lane\].
    radial: Vec<f64>,
    /// One row of a table.
    row: Vec<f64>,
    /// Real and imaginary parts of A of one atom \[leaf\]\[2\]\[lane of neighbours\].
    base: Vec<f64>,
    /// Legendre functions, cosines and sines of a tile.
    angular: Vec<f64>,
    /// Values of the graph \[value\]\[2\]\[lane of atoms\].
    values: Vec<f64>,
    /// Derivatives by the values, in the same order.
    slopes: Vec<f64>,
    /// Densities \[density\]\[lane of atoms\].
    rho: Vec<f64>,
    /// Derivatives by the densities.
    by_rho: Vec<f64>,
    /// Derivatives by the leaves of one atom, for m >= 0.
    weights: Vec<f64>,
    /// Sum of core repulsions, its derivative and that by the nearest distance, per atom.
    core: Vec<[f64; 3]>,
    /// Nearest neighbour (an edge), for ZBL.
    nearest: Vec<Option<(u32, f64, f64)>>,
}

/// Neighbours of one species of one atom.
#[derive(Debug, Clone, Copy)]
struct Group {
    species: usize,
    /// First member and number of members.
    first: usize,
    count: usize,
    /// Where its radial functions begin.
    radial: usize,
}

impl FastPace {
    /// Prepares a model.
    pub fn new(model: PaceModel, level: Level) -> FastPace {
        let species = model.species();
        let plan = |i: usize| {
            let densities = model.densities(i);
            let graph = Graph::new(&model.expansions[i], species, densities);
            let l_max = |list: &Vec<_>| {
                let degrees = list.iter().map(|c: &super::graph::Channel| c.l);
                degrees.max().unwrap_or(0)
            };
            Plan {
                l_max: graph.channels.iter().map(l_max).collect(),
                tables: (0..species).map(|_| OnceLock::new()).collect(),
                graph,
                densities,
            }
        };
        FastPace {
            plans: (0..species).map(plan).collect(),
            constants: Constants::new(model.l_max()),
            reach: Reach {
                r_max: model.r_max,
                species,
                stretch: Vec::new(),
                grid: Grid::new::<f64>(model.r_max, None),
                sorted: false,
            },
            level,
            model,
        }
    }

    /// Number of products that are evaluated for an atom of species `i`, of which so many are stored.
    pub fn products(&self, i: usize) -> (usize, usize) {
        let graph = &self.plans[i].graph;
        (graph.inner.len() + graph.outer.len(), graph.inner.len())
    }

    fn table(&self, i: usize, j: usize) -> &Table {
        let plan = &self.plans[i];
        plan.tables[j].get_or_init(|| {
            let channels = &plan.graph.channels[j];
            let columns: Vec<(Radial, usize)> = channels.iter().map(|c| (c.radial, c.l)).collect();
            let bond = self.model.bond(i, j);
            let basis = |c: &(Radial, usize)| match c.0 {
                Radial::Basis(n) => usize::from(n) + 1,
                Radial::Mixed(_) => bond.shape[2],
            };
            let basis = columns.iter().map(basis).max().unwrap_or(0);
            let (core, spacing) = (self.model.core, self.model.spacing);
            Table::new(bond, core, spacing, basis, &columns, f64::LANES)
        })
    }
}

impl BrickModel<f64> for FastPace {
    type Work = BrickWork;

    fn r_max(&self) -> f64 {
        self.model.r_max
    }

    fn species(&self) -> usize {
        self.model.species()
    }

    fn prepare(&self, present: &[bool]) {
        let there = |i: &usize| present[*i];
        for i in (0..self.species()).filter(there) {
            for j in (0..self.species()).filter(there) {
                self.table(i, j);
            }
        }
    }

    fn set(&self, work: &mut BrickWork, atoms: &BrickAtoms<'_>, want_atom_virial: bool) {
        let species = atoms.species;
        assert_eq!(species.len(), atoms.x.len());
        assert_eq!(atoms.start.len(), atoms.own + 1);
        let known = |&z: &u8| z == NO_SPECIES || usize::from(z) < self.species();
        assert!(species.iter().all(known));
        work.own = atoms.own;
        work.species.clear();
        work.species.extend_from_slice(species);
        work.edges.find(atoms, &self.reach);
        work.sums.want_atom_virial(want_atom_virial);
    }

    fn evaluate(&self, works: &mut [BrickWork], _: &dyn Exchange<f64>) {
        works.par_iter_mut().for_each(|work| {
            let species = &work.species;
            work.sums.reset(work.own, species, &self.model.isolated);
            f64::dispatch(self.level, Evaluation { pace: self, work });
            Sums::forces(&mut work.sums, &work.edges, &work.species, None);
        });
    }
}

/// Energies and derivatives by the edges of one brick.
struct Evaluation<'a> {
    pace: &'a FastPace,
    work: &'a mut BrickWork,
}

impl Op<f64> for Evaluation<'_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd<T = f64>>(self, s: S) {
        let (pace, work) = (self.pace, self.work);
        let mut batch = std::mem::take(&mut work.batch);
        for species in 0..pace.species() {
            batch.atoms.clear();
            for i in 0..work.own {
                if usize::from(work.species[i]) != species {
                    continue;
                }
                batch.atoms.push(i);
                if batch.atoms.len() == S::N {
                    evaluate(s, pace, species, &mut batch, work);
                    batch.atoms.clear();
                }
            }
            if !batch.atoms.is_empty() {
                evaluate(s, pace, species, &mut batch, work);
            }
        }
        work.batch = batch;
    }
}

/// Evaluates the atoms of a batch, which are of one species.
#[inline(always)]
fn evaluate<S: Simd<T = f64>>(
    s: S,
    pace: &FastPace,
    species: usize,
    batch: &mut Batch,
    work: &mut BrickWork,
) {
    let plan = &pace.plans[species];
    batch.clear::<S>(plan);
    for lane in 0..batch.atoms.len() {
        atom::group(pace, species, batch, &work.edges, lane);
        atom::base(s, pace, plan, batch, &work.edges, lane);
    }
    products::densities(s, plan, batch);
    for lane in 0..batch.atoms.len() {
        let energy = atom::energy::<S>(pace, species, batch, lane);
        work.sums.energies_mut()[batch.atoms[lane]] += energy;
    }
    products::slopes(s, plan, batch);
    for lane in 0..batch.atoms.len() {
        atom::gradients(s, pace, plan, batch, &mut work.edges, lane);
    }
}

impl Batch {
    fn clear<S: Simd<T = f64>>(&mut self, plan: &Plan) {
        let values = (plan.graph.leaves + plan.graph.inner.len()) * 2 * S::N;
        self.groups.clear();
        self.first_group.clear();
        self.first_group.push(0);
        self.members.clear();
        self.radial.clear();
        self.values.clear();
        self.values.resize(values, 0.0);
        self.slopes.clear();
        self.slopes.resize(values, 0.0);
        for array in [&mut self.rho, &mut self.by_rho] {
            array.clear();
            array.resize(plan.densities * S::N, 0.0);
        }
        self.core.clear();
        self.core.resize(S::N, [0.0; 3]);
        self.nearest.clear();
        self.nearest.resize(S::N, None);
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
