//! The fast evaluation against the plain one, on every vector level and in both precisions.

use argyro::ml::brick::{BrickAtoms, BrickModel, BrickResult, OneBrick};
use argyro::ml::edges::{EdgeList, Evaluation};
use argyro::ml::mace::fast::{BrickWork, FastMace, FastOptions, Network};
use argyro::ml::mace::load::load_file;
use argyro::ml::mace::model::MaceModel;
use argyro::ml::mace::reference::evaluate;
use argyro::simd::Level;

use crate::structure::{fixtures, json};
use crate::upstream::small_cell;

/// Energies, forces and virial (xx yy zz xy xz yz).
type Result = (Vec<f64>, Vec<[f64; 3]>, [f64; 6]);

/// One brick in which every sender is a ghost of its own.
fn run<T: Network>(model: &FastMace<T>, list: &EdgeList) -> Result {
    let own = list.species.len();
    let mut x = vec![[0.0; 3]; own];
    let mut species: Vec<u8> = list.species.iter().map(|&z| z as u8).collect();
    let (mut start, mut index, mut owner) = (vec![0], Vec::new(), Vec::new());
    for i in 0..own {
        for e in (0..list.vector.len()).filter(|&e| list.receiver[e] as usize == i) {
            index.push(x.len() as u32);
            owner.push(list.sender[e]);
            species.push(list.species[list.sender[e] as usize] as u8);
            x.push(list.vector[e].map(|d| -d));
        }
        start.push(index.len() as u32);
    }
    model.prepare(&vec![true; model.species()]);
    let mut works = vec![BrickWork::default()];
    let exchange = OneBrick { owner };
    let mut out = Result::default();
    for again in 0..2 {
        // the second time with used buffers
        let atoms = BrickAtoms {
            own,
            species: &species,
            x: &x,
            start: &start,
            index: &index,
        };
        model.set(&mut works[0], &atoms, again == 0);
        model.evaluate(&mut works, &exchange);
        let before = out.clone();
        let mut forces = works[0].forces().to_vec();
        for (g, &i) in exchange.owner.iter().enumerate() {
            for k in 0..3 {
                forces[i as usize][k] += forces[own + g][k];
            }
        }
        forces.truncate(own);
        out = (works[0].energies().to_vec(), forces, works[0].virial());
        if again == 0 {
            let mut sum = [0.0; 6];
            for v in works[0].atom_virial() {
                (0..6).for_each(|k| sum[k] += v[k]);
            }
            assert!((0..6).all(|k| (sum[k] - out.2[k]).abs() < 1e-10));
        } else {
            assert_eq!(out, before);
        }
    }
    out
}

fn compare(name: &str, got: &Result, expected: &Evaluation, list: &EdgeList, scale: f64) {
    let n = list.species.len() as f64;
    let worst = |x: &mut dyn Iterator<Item = f64>| x.map(f64::abs).fold(0.0, f64::max);
    let energy = worst(&mut got.0.iter().zip(&expected.node_energy).map(|(a, b)| a - b));
    let forces = expected.forces(list);
    let force =
        worst(&mut (0..3 * forces.len()).map(|i| got.1[i / 3][i % 3] - forces[i / 3][i % 3]));
    let v = expected.virial(list);
    let v = [v[0][0], v[1][1], v[2][2], v[0][1], v[0][2], v[1][2]];
    let virial = worst(&mut (0..6).map(|k| (got.2[k] - v[k]) / n));
    println!("{name}: {energy:.1e} eV, {force:.1e} eV/A, {virial:.1e} eV");
    // large energies of random weights are rounded in proportion
    let size = |x: &mut dyn Iterator<Item = f64>| worst(x).max(1.0);
    let energy = energy / size(&mut expected.node_energy.iter().copied());
    let largest = size(&mut forces.as_flattened().iter().copied());
    let (force, virial) = (force / largest, virial / largest);
    assert!(
        energy < 1e-9 * scale && force < 1e-7 * scale && virial < 1e-8 * scale,
        "{name}: {energy:.1e} {force:.1e} {virial:.1e}"
    );
}

fn check(name: &str, model: &MaceModel, head: usize, list: &EdgeList) {
    let expected = evaluate(model, list, head);
    for level in Level::all() {
        let options = FastOptions {
            head,
            exact: false,
            level,
        };
        let label = |what| format!("{name} {what} {}", level.name());
        let double = match FastMace::<f64>::new(model, options) {
            Ok(fast) => fast,
            Err(e) => {
                println!("{name}: {e}");
                return;
            }
        };
        compare(&label("f64"), &run(&double, list), &expected, list, 1.0);
        let single = FastMace::<f32>::new(model, options).unwrap();
        compare(&label("f32"), &run(&single, list), &expected, list, 1e3);
        if level != Level::detect() {
            continue;
        }
        let options = FastOptions {
            exact: true,
            ..options
        };
        let exact = FastMace::<f64>::new(model, options).unwrap();
        compare(&label("exact"), &run(&exact, list), &expected, list, 1e-3);
    }
}

#[test]
fn fast_evaluation_agrees_with_the_plain_one() {
    let reference = json(&fixtures("mace").join("reference.json"));
    let structure = small_cell(&reference);
    for (name, _) in reference["models"].as_object().unwrap() {
        let model = load_file(&fixtures("mace").join(format!("{name}.model"))).unwrap();
        let edges = structure.edges(model.r_max, |z| model.species_of(z));
        for head in 0..model.heads.len() {
            check(name, &model, head, &edges.list());
        }
    }
}
