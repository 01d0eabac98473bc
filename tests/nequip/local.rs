//! Allegro over bricks against its plain evaluation of a whole structure.

use argyro::ml::allegro::local::LocalAllegro;
use argyro::ml::allegro::reference;
use argyro::ml::brick::{BrickAtoms, BrickModel, BrickResult, NO_SPECIES, OneBrick};
use argyro::ml::edges::EdgeList;
use argyro::ml::nequip::load::{Loaded, load_file};

use crate::structure::fixtures;

/// Atoms of a cluster; the last one is not seen by the model.
const SPECIES: [u8; 6] = [0, 2, 1, 2, 0, NO_SPECIES];

fn positions() -> Vec<[f64; 3]> {
    let place = |i: usize| [0.9, 0.5, 0.3].map(|a| 3.1 * (a * (1 + i) as f64 * 1.7).sin());
    (0..SPECIES.len()).map(place).collect()
}

#[test]
fn bricks_give_what_the_whole_structure_gives() {
    for name in ["allegro.nequip.zip", "allegro_so3.nequip.zip"] {
        let file = fixtures("nequip").join(name);
        let Loaded::Allegro(model) = load_file(&file).unwrap() else {
            panic!("{name} is no Allegro model");
        };
        let x = positions();
        let seen = SPECIES.len() - 1;
        let (mut receiver, mut sender, mut vector) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..seen {
            for j in (0..seen).filter(|&j| j != i) {
                receiver.push(i as u32);
                sender.push(j as u32);
                vector.push([0, 1, 2].map(|k| x[i][k] - x[j][k]));
            }
        }
        let species: Vec<u16> = SPECIES[..seen].iter().map(|&z| z.into()).collect();
        let list = EdgeList {
            species: &species,
            receiver: &receiver,
            sender: &sender,
            vector: &vector,
        };
        let whole = reference::evaluate(&model, &list);

        let (atoms, local) = (SPECIES.len() as u32, LocalAllegro::new(model));
        let others = |i: u32| (0..atoms).filter(move |&j| j != i);
        let index: Vec<u32> = (0..atoms).flat_map(others).collect();
        let start: Vec<u32> = (0..=atoms).map(|i| i * (atoms - 1)).collect();
        let mut works = [Default::default()];
        let brick = BrickAtoms {
            own: SPECIES.len(),
            species: &SPECIES,
            x: &x,
            start: &start,
            index: &index,
        };
        local.set(&mut works[0], &brick, true);
        local.evaluate(&mut works, &OneBrick::default());
        let work = &works[0];
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-11 * (1.0 + b.abs()), "{a} {b}");
        for (a, b) in work.energies().iter().zip(&whole.node_energy) {
            near(*a, *b);
        }
        assert_eq!(work.energies()[seen], 0.0);
        let forces = whole.forces(&list);
        let pairs = work.forces().as_flattened().iter();
        pairs
            .zip(forces.as_flattened())
            .for_each(|(a, b)| near(*a, *b));
        assert_eq!(work.forces()[seen], [0.0; 3]);
        let virial = whole.virial(&list);
        let places = [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)];
        let halves = work.atom_virial();
        for (k, (a, b)) in places.into_iter().enumerate() {
            near(work.virial()[k], virial[a][b]);
            near(halves.iter().map(|v| v[k]).sum(), virial[a][b]);
        }
    }
}
