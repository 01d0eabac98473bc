//! The fast evaluation over a brick against the plain evaluation.

use crate::structure::Edges;
use crate::upstream::references;
use argyro::ml::brick::{BrickAtoms, BrickModel, BrickResult, NO_SPECIES, OneBrick};
use argyro::ml::edges::EdgeList;
use argyro::ml::pace::fast::{BrickWork, FastPace};
use argyro::ml::pace::model::PaceModel;
use argyro::ml::pace::reference::evaluate;
use argyro::simd::Level;

/// A brick with one ghost for every edge, from the edges of a structure.
fn over_brick(fast: &FastPace, edges: &Edges) -> BrickWork {
    let own = edges.species.len();
    let mut species: Vec<u8> = edges.species.iter().map(|&s| s as u8).collect();
    // every atom in its own corner: only differences of positions matter
    let mut x: Vec<[f64; 3]> = (0..own).map(|i| [100.0 * i as f64, 0.0, 0.0]).collect();
    let (mut start, mut index, mut owner) = (vec![0], Vec::new(), Vec::new());
    for i in 0..own as u32 {
        for (e, _) in edges.receiver.iter().enumerate().filter(|(_, r)| **r == i) {
            let (at, d) = (x[i as usize], edges.vector[e]);
            index.push(x.len() as u32);
            owner.push(edges.sender[e]);
            species.push(edges.species[edges.sender[e] as usize] as u8);
            x.push([0, 1, 2].map(|k| at[k] - d[k]));
        }
        start.push(index.len() as u32);
    }
    fast.prepare(&vec![true; fast.species()]);
    let atoms = BrickAtoms {
        own,
        species: &species,
        x: &x,
        start: &start,
        index: &index,
    };
    let mut works = [BrickWork::default()];
    // twice: buffers are used again
    for _ in 0..2 {
        fast.set(&mut works[0], &atoms, true);
        fast.evaluate(
            &mut works,
            &OneBrick {
                owner: owner.clone(),
            },
        );
    }
    let [work] = works;
    work
}

fn near(what: &str, a: f64, b: f64, limit: f64) {
    assert!((a - b).abs() < limit * (1.0 + b.abs()), "{what}: {a} {b}");
}

fn compare(name: &str, model: &PaceModel, edges: &Edges, level: Level) {
    let plain = evaluate(model, &edges.list());
    let work = over_brick(&FastPace::new(model.clone(), level), edges);
    let own = edges.species.len();
    for i in 0..own {
        near(name, work.energies()[i], plain.node_energy[i], 1e-11);
    }
    let mut forces = work.forces()[..own].to_vec();
    let mut ghost = own;
    for i in 0..own as u32 {
        for (e, _) in edges.receiver.iter().enumerate().filter(|(_, r)| **r == i) {
            let to = &mut forces[edges.sender[e] as usize];
            (0..3).for_each(|k| to[k] += work.forces()[ghost][k]);
            ghost += 1;
        }
    }
    for (f, g) in forces.iter().zip(plain.forces(&edges.list())) {
        (0..3).for_each(|k| near(name, f[k], g[k], 1e-10));
    }
    let virial = plain.virial(&edges.list());
    for (k, (a, b)) in [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]
        .into_iter()
        .enumerate()
    {
        near(name, work.virial()[k], virial[a][b], 1e-10);
        let sum: f64 = work.atom_virial().iter().map(|v| v[k]).sum();
        near(name, sum, virial[a][b], 1e-10);
    }
}

#[test]
fn bricks_give_what_the_plain_evaluation_gives() {
    for (entry, model, edges) in references() {
        for level in Level::all() {
            compare(entry["file"].as_str().unwrap(), &model, &edges, level);
        }
    }
}

#[test]
fn products_share_their_factors() {
    let bessel = FastPace::new(crate::upstream::model("bessel.yace"), Level::PORTABLE);
    let (products, stored) = bessel.products(0);
    assert!(stored * 4 < products, "{stored} of {products} are stored");
}

#[test]
fn an_isolated_atom_has_its_energy_and_no_force() {
    let model = crate::upstream::model("zbl.yace");
    let fast = FastPace::new(model, Level::detect());
    fast.prepare(&[true, true]);
    let atoms = BrickAtoms {
        own: 3,
        species: &[1, NO_SPECIES, 0],
        x: &[[0.0; 3], [1.0, 0.0, 0.0], [50.0, 0.0, 0.0]],
        start: &[0, 1, 2, 2],
        index: &[1, 0],
    };
    let mut works = [BrickWork::default()];
    fast.set(&mut works[0], &atoms, false);
    fast.evaluate(&mut works, &OneBrick::default());
    assert_eq!(works[0].energies(), [1.25, 0.0, -0.5]);
    assert!(works[0].forces().iter().all(|f| *f == [0.0; 3]));
}

#[test]
fn atoms_on_top_of_each_other_are_no_number() {
    let model = crate::upstream::model("expcos.yace");
    let list = EdgeList {
        species: &[0, 0],
        receiver: &[0, 1],
        sender: &[1, 0],
        vector: &[[1e-5, 0.0, 0.0], [-1e-5, 0.0, 0.0]],
    };
    assert!(evaluate(&model, &list).energy.is_nan());
    let edges = Edges {
        species: vec![0, 0],
        receiver: vec![0, 1],
        sender: vec![1, 0],
        vector: list.vector.to_vec(),
    };
    let work = over_brick(&FastPace::new(model, Level::detect()), &edges);
    assert!(work.energies().iter().all(|e| e.is_nan()));
}
