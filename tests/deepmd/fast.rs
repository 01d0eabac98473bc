//! The fast evaluation of the files of the fixtures against the plain one, which `upstream` compares
//! with the trainer's own code.

use argyro::ml::brick::{BrickAtoms, BrickModel, BrickResult, OneBrick};
use argyro::ml::deepmd::fast::{BrickWork, FastDeepmd, FastOptions, Given};
use argyro::ml::deepmd::load::load_file;
use argyro::ml::deepmd::model::{DeepmdModel, Inputs};
use argyro::ml::deepmd::reference;
use argyro::simd::{Level, Real};
use serde_json::Value;

use crate::structure::{Edges, fixtures, json, numbers};
use crate::upstream::{edges_of, small_cell};

/// Energies and forces.
type Outcome = (Vec<f64>, Vec<[f64; 3]>);

/// Every neighbour becomes an atom of its own.
fn fast<T: Real>(model: &DeepmdModel, edges: &Edges, given: &Given, exact: bool) -> Outcome {
    let options = FastOptions {
        exact,
        level: Level::detect(),
        given: given.clone(),
    };
    let prepared = FastDeepmd::<T>::new(model, &options).expect("a model with a fast evaluation");
    prepared.prepare(&vec![true; prepared.species()]);
    let own = edges.species.len();
    let mut species: Vec<u8> = edges.species.iter().map(|&z| z as u8).collect();
    let mut x = vec![[0.0; 3]; own];
    let mut owner: Vec<usize> = (0..own).collect();
    let (mut start, mut index) = (vec![0], Vec::new());
    for i in 0..own {
        for e in (0..edges.receiver.len()).filter(|&e| edges.receiver[e] as usize == i) {
            index.push(x.len() as u32);
            // vectors point from the neighbour to the centre, which is at the origin
            x.push(edges.vector[e].map(|v| -v));
            owner.push(edges.sender[e] as usize);
            species.push(edges.species[edges.sender[e] as usize] as u8);
        }
        start.push(index.len() as u32);
    }
    let atoms = BrickAtoms {
        own,
        species: &species,
        x: &x,
        start: &start,
        index: &index,
    };
    let mut works = vec![BrickWork::default()];
    prepared.set(&mut works[0], &atoms, false);
    prepared.evaluate(&mut works, &OneBrick::default());
    let mut forces = vec![[0.0; 3]; own];
    for (f, i) in works[0].forces().iter().zip(owner) {
        (0..3).for_each(|c| forces[i][c] += f[c]);
    }
    (works[0].energies().to_vec(), forces)
}

/// Largest differences of energies and forces, relative to the largest of the second where that
/// is above 1.
fn difference(a: &Outcome, b: &Outcome) -> f64 {
    let worst = |a: &[f64], b: &[f64]| {
        assert_eq!(a.len(), b.len());
        let scale = b.iter().fold(1.0f64, |m, x| m.max(x.abs()));
        let pairs = a.iter().zip(b).map(|(a, b)| (a - b).abs() / scale);
        pairs.fold(0.0, |m, d| if d > m || d.is_nan() { d } else { m })
    };
    worst(&a.0, &b.0).max(worst(a.1.as_flattened(), b.1.as_flattened()))
}

/// No descriptor and no kind of file needs the plain evaluation.
#[test]
fn every_file_has_a_fast_evaluation() {
    let reference = json(&fixtures("deepmd").join("reference.json"));
    for (name, expected) in reference["files"].as_object().unwrap() {
        let model = load_file(&fixtures("deepmd").join(name)).unwrap();
        let edges = edges_of(&small_cell(&reference, &expected["types"]), &model);
        // the fast evaluation has the same parameters for all atoms, as the pair style gives them
        let one = model.fitting.atomic.len();
        let given = Given {
            frame: numbers(&expected["fparam"]),
            atomic: match &expected["aparam"] {
                Value::Null => Vec::new(),
                list => numbers(list)[..one].to_vec(),
            },
        };
        let list = edges.list();
        let inputs = Inputs {
            frame: &given.frame,
            atomic: &given.atomic.repeat(edges.species.len()),
        };
        let plain = reference::evaluate(&model, &list, inputs);
        let plain = (plain.node_energy.clone(), plain.forces(&list));
        let [exact, double] = [true, false]
            .map(|exact| difference(&fast::<f64>(&model, &edges, &given, exact), &plain));
        let single = difference(&fast::<f32>(&model, &edges, &given, false), &plain);
        println!("{name}: exact {exact:.1e}, tables {double:.1e}, f32 {single:.1e}");
        assert!(exact < 1e-11, "{name}, exact: {exact:e}");
        assert!(double < 1e-9, "{name}, tables: {double:e}");
        assert!(single < 1e-4, "{name}, f32: {single:e}");
    }
}
