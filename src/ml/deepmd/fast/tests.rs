//! Random models of many shapes: against the plain evaluation, forces against differences of
//! energies, levels and precisions against each other.

mod models;

use super::*;
use crate::ml::activation::Function as Curve;
use crate::ml::brick::{BrickResult, NO_SPECIES, OneBrick};
use crate::ml::deepmd::model::*;
use crate::ml::deepmd::reference;
use crate::ml::edges::EdgeList;
use models::{TYPES, environment, many_models, model, se_e2_a};

/// Atoms of a periodic cell with their images.
pub struct System {
    pub cell: f64,
    pub x: Vec<[f64; 3]>,
    pub species: Vec<u8>,
    pub owner: Vec<u32>,
    pub own: usize,
    pub list: (Vec<u32>, Vec<u32>),
}

impl System {
    pub fn new(atoms: usize) -> System {
        let cell = 1.45 * (atoms as f64).cbrt();
        let per = (atoms as f64).cbrt().ceil() as usize;
        let step = cell / per as f64;
        let place = |k: usize, c: usize| {
            let grid = [k / (per * per), k / per % per, k % per][c] as f64;
            // no two distances are the same
            (grid + 0.3 * (12.9898 * (3 * k + c + 1) as f64).sin()) * step
        };
        let own: Vec<[f64; 3]> = (0..atoms)
            .map(|k| [place(k, 0), place(k, 1), place(k, 2)])
            .collect();
        let species: Vec<u8> = (0..atoms).map(|k| u8::from(k % 3 != 0)).collect();
        System::of(cell, &own, &species)
    }

    fn of(cell: f64, own: &[[f64; 3]], species: &[u8]) -> System {
        let (mut x, mut owner) = (own.to_vec(), (0..own.len() as u32).collect::<Vec<_>>());
        let images = (3.4 / cell).ceil() as i32;
        let range = -images..=images;
        for a in range.clone() {
            for b in range.clone() {
                for c in range.clone() {
                    if (a, b, c) != (0, 0, 0) {
                        let shift = [a, b, c].map(|n| f64::from(n) * cell);
                        for (i, p) in own.iter().enumerate() {
                            x.push([p[0] + shift[0], p[1] + shift[1], p[2] + shift[2]]);
                            owner.push(i as u32);
                        }
                    }
                }
            }
        }
        let (mut start, mut index) = (vec![0], Vec::new());
        for i in 0..own.len() {
            for j in (0..x.len()).filter(|&j| j != i) {
                let r2: f64 = (0..3).map(|c| (x[i][c] - x[j][c]).powi(2)).sum();
                if r2 < 3.8 * 3.8 {
                    index.push(j as u32);
                }
            }
            start.push(index.len() as u32);
        }
        System {
            cell,
            species: owner.iter().map(|&i| species[i as usize]).collect(),
            own: own.len(),
            x,
            owner,
            list: (start, index),
        }
    }

    fn moved(&self, atom: usize, c: usize, by: f64) -> System {
        let mut own = self.x[..self.own].to_vec();
        own[atom][c] += by;
        System::of(self.cell, &own, &self.species[..self.own])
    }
}

pub struct Outcome {
    pub energies: Vec<f64>,
    pub forces: Vec<[f64; 3]>,
    pub virial: [f64; 6],
}

pub fn evaluate<T: Real>(
    model: &DeepmdModel,
    system: &System,
    level: Level,
    exact: bool,
) -> Outcome {
    let options = FastOptions {
        exact,
        level,
        given: Given {
            frame: vec![0.8],
            atomic: Vec::new(),
        },
    };
    let fast = FastDeepmd::<T>::new(model, &options).unwrap();
    fast.prepare(&[true; TYPES]);
    let mut works = vec![BrickWork::default()];
    let atoms = BrickAtoms {
        own: system.own,
        species: &system.species,
        x: &system.x,
        start: &system.list.0,
        index: &system.list.1,
    };
    fast.set(&mut works[0], &atoms, true);
    fast.evaluate(&mut works, &OneBrick::default());
    let w = &works[0];
    let mut forces = vec![[0.0; 3]; system.own];
    for (f, &i) in w.forces().iter().zip(&system.owner) {
        (0..3).for_each(|c| forces[i as usize][c] += f[c]);
    }
    let virial = w.virial();
    for c in 0..6 {
        let sum: f64 = w.atom_virial().iter().map(|v| v[c]).sum();
        assert!((sum - virial[c]).abs() < 1e-9 * (1.0 + virial[c].abs()));
    }
    Outcome {
        energies: w.energies().to_vec(),
        forces,
        virial,
    }
}

/// The plain evaluation of the same.
fn plain(model: &DeepmdModel, system: &System) -> Outcome {
    let species: Vec<u16> = system.species.iter().map(|&z| u16::from(z)).collect();
    let (mut receiver, mut sender, mut vector) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..system.own {
        for n in system.list.0[i]..system.list.0[i + 1] {
            let j = system.list.1[n as usize] as usize;
            receiver.push(i as u32);
            sender.push(system.owner[j]);
            vector.push(std::array::from_fn(|c| system.x[i][c] - system.x[j][c]));
        }
    }
    let edges = EdgeList {
        species: &species[..system.own],
        receiver: &receiver,
        sender: &sender,
        vector: &vector,
    };
    let inputs = Inputs {
        frame: &[0.8],
        atomic: &[],
    };
    let result = reference::evaluate(model, &edges, inputs);
    let v = result.virial(&edges);
    Outcome {
        forces: result.forces(&edges),
        energies: result.node_energy,
        virial: [v[0][0], v[1][1], v[2][2], v[0][1], v[0][2], v[1][2]],
    }
}

fn assert_same(a: &Outcome, b: &Outcome, tolerance: f64, what: &str) {
    for (a, b) in a.energies.iter().zip(&b.energies) {
        assert!((a - b).abs() < tolerance, "{what}, energy: {a} {b}");
    }
    for (a, b) in a.forces.iter().flatten().zip(b.forces.iter().flatten()) {
        assert!((a - b).abs() < 30.0 * tolerance, "{what}, force: {a} {b}");
    }
    for (a, b) in a.virial.iter().zip(&b.virial) {
        assert!((a - b).abs() < 300.0 * tolerance, "{what}, virial: {a} {b}");
    }
}

#[test]
fn the_fast_evaluation_equals_the_plain_one() {
    for (atoms, few) in [(3, false), (14, true)] {
        let system = System::new(atoms);
        for (n, mut model) in many_models().into_iter().enumerate() {
            if few {
                drop_neighbors(&mut model.descriptor);
                model.nearest = n.is_multiple_of(2).then_some(20);
            }
            let expected = plain(&model, &system);
            let what = format!("model {n}, {atoms} atoms");
            let exact = evaluate::<f64>(&model, &system, Level::detect(), true);
            assert_same(&expected, &exact, 1e-12, &what);
            let tables = evaluate::<f64>(&model, &system, Level::detect(), false);
            assert_same(&expected, &tables, 1e-9, &what);
        }
    }
}

/// Leaves fewer slots than there are neighbours.
fn drop_neighbors(descriptor: &mut Descriptor) {
    let shrink = |environment: &mut Environment| {
        let selection = match &environment.selection {
            Selection::PerType(_) => Selection::PerType(vec![8, 15]),
            Selection::Total(_) => Selection::Total(23),
        };
        let mean = environment.mean[0];
        *environment = self::environment(environment.columns, selection, mean);
    };
    match descriptor {
        Descriptor::SeE2A(d) => shrink(&mut d.environment),
        Descriptor::SeE2R(d) => shrink(&mut d.environment),
        Descriptor::SeAtten(d) => shrink(&mut d.environment),
        Descriptor::SeE3(d) => shrink(&mut d.environment),
        Descriptor::Hybrid(list) => list.iter_mut().for_each(drop_neighbors),
    }
}

fn total(outcome: &Outcome) -> f64 {
    outcome.energies.iter().sum()
}

#[test]
fn forces_are_the_gradient() {
    let system = System::new(9);
    for (n, model) in many_models().iter().enumerate() {
        for exact in [false, true] {
            let run = |s: &System| evaluate::<f64>(model, s, Level::detect(), exact);
            let here = run(&system);
            let h = 1e-4;
            for (atom, c) in [(0, 0), (1, 1), (5, 2)] {
                let ends = [-h, h].map(|by| total(&run(&system.moved(atom, c, by))));
                let expected = -(ends[1] - ends[0]) / (2.0 * h);
                let got = here.forces[atom][c];
                assert!(
                    (got - expected).abs() < 1e-6,
                    "{n} {atom}: {got} {expected}"
                );
            }
        }
    }
}

#[test]
fn the_virial_is_the_strain_derivative() {
    let system = System::new(9);
    for (n, model) in many_models().iter().enumerate() {
        let run = |scale: f64| {
            let own: Vec<[f64; 3]> = (system.x[..system.own].iter())
                .map(|p| p.map(|x| x * scale))
                .collect();
            let s = System::of(system.cell * scale, &own, &system.species[..system.own]);
            evaluate::<f64>(model, &s, Level::detect(), false)
        };
        let h = 1e-5;
        let expected = -(total(&run(1.0 + h)) - total(&run(1.0 - h))) / (2.0 * h);
        let v = run(1.0).virial;
        let got = v[0] + v[1] + v[2];
        assert!((got - expected).abs() < 1e-5, "{n}: {got} {expected}");
    }
}

#[test]
fn tables_levels_and_precisions_agree() {
    let system = System::new(12);
    for (n, model) in many_models().iter().enumerate() {
        let best = evaluate::<f64>(model, &system, Level::PORTABLE, true);
        for level in Level::all() {
            let double = evaluate::<f64>(model, &system, level, false);
            assert_same(&best, &double, 1e-9, &format!("model {n} f64"));
            let single = evaluate::<f32>(model, &system, level, false);
            assert_same(&best, &single, 2e-4, &format!("model {n} f32"));
        }
    }
}

#[test]
fn atoms_without_species_are_not_seen() {
    let mut system = System::new(9);
    let model = &many_models()[0];
    let without: Vec<[f64; 3]> = system.x[1..system.own].to_vec();
    let other = System::of(system.cell, &without, &system.species[1..system.own]);
    let images = system.owner.clone();
    for (z, owner) in system.species.iter_mut().zip(images) {
        if owner == 0 {
            *z = NO_SPECIES;
        }
    }
    let a = evaluate::<f64>(model, &system, Level::detect(), false);
    let b = evaluate::<f64>(model, &other, Level::detect(), false);
    assert_eq!(a.energies[0], 0.0);
    assert!((total(&a) - total(&b)).abs() < 1e-12);
}

#[test]
fn the_farthest_neighbors_are_dropped() {
    let system = System::new(20);
    let Descriptor::SeE2A(mut d) = se_e2_a(true) else {
        unreachable!()
    };
    d.environment = environment(4, Selection::PerType(vec![30, 7]), 0.08);
    let model = model(Descriptor::SeE2A(d), Curve::Tanh);
    let options = FastOptions {
        exact: false,
        level: Level::detect(),
        given: Given {
            frame: vec![0.8],
            atomic: Vec::new(),
        },
    };
    let fast = FastDeepmd::<f64>::new(&model, &options).unwrap();
    let mut work = BrickWork::default();
    let atoms = BrickAtoms {
        own: system.own,
        species: &system.species,
        x: &system.x,
        start: &system.list.0,
        index: &system.list.1,
    };
    fast.set(&mut work, &atoms, false);
    let dropped = work.dropped().unwrap();
    assert_eq!((dropped.species, dropped.places), (Some(1), 7));
    let edges = &work.edges[0];
    for k in 0..system.own {
        let i = work.order[k] as usize;
        let mut all: Vec<f64> = (system.list.0[i]..system.list.0[i + 1])
            .map(|n| system.list.1[n as usize] as usize)
            .filter(|&j| system.species[j] == 1)
            .map(|j| {
                (0..3)
                    .map(|c| (system.x[i][c] - system.x[j][c]).powi(2))
                    .sum()
            })
            .filter(|&r2: &f64| r2 < 3.4 * 3.4)
            .collect();
        all.sort_by(f64::total_cmp);
        let section = edges.start[k * TYPES + 1] as usize..edges.start[(k + 1) * TYPES] as usize;
        let kept: Vec<f64> = (edges.vector[section].iter())
            .map(|d| d.iter().map(|x| x * x).sum())
            .collect();
        assert_eq!(kept.len(), all.len().min(7));
        for (a, b) in kept.iter().zip(&all) {
            assert!((a - b).abs() < 1e-12);
        }
    }
}
