//! Energies, forces and virials against the trainer's own code in f64.

use std::path::{Path, PathBuf};

use argyro::ml::edges::EdgeList;
use argyro::ml::edges::Evaluation;
use argyro::ml::layers::Stored;
use argyro::ml::nequip::load::{Loaded, load_file};
use argyro::ml::{allegro, equivariant};
use serde_json::Value;

use crate::structure::{Edges, Structure, fixtures, json, numbers, vectors};

fn worst(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let pairs = a.iter().zip(b);
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// Largest deviations: energy per atom, atomic energy, force, virial per atom.
fn deviations(out: &Evaluation, edges: &Edges, frame: &Value) -> [f64; 4] {
    let list = edges.list();
    let energy = frame["energy"].as_f64().unwrap();
    let atoms = list.species.len() as f64;
    let (forces, virial) = (out.forces(&list), out.virial(&list));
    [
        (out.energy - energy).abs() / atoms,
        worst(&out.node_energy, &numbers(&frame["atomic_energies"])),
        worst(forces.as_flattened(), &numbers(&frame["forces"])),
        worst(virial.as_flattened(), &numbers(&frame["virial"])) / atoms,
    ]
}

fn structure(frame: &Value) -> Option<Structure> {
    let periodic = frame["pbc"].as_array()?;
    if periodic.iter().any(|p| p != &Value::Bool(true)) {
        return None;
    }
    let cell = vectors(&frame["cell"]);
    let symbols = frame["symbols"].as_array().unwrap().iter();
    let number = |s: &Value| argyro::elements::atomic_number(s.as_str().unwrap()).unwrap() as u8;
    Some(Structure {
        positions: vectors(&frame["positions"]),
        cell: [cell[0], cell[1], cell[2]],
        atomic_numbers: symbols.map(number).collect(),
    })
}

/// A loaded model with what the comparison needs.
struct Model {
    loaded: Loaded,
    atomic_numbers: Vec<u8>,
    r_max: f64,
    stored: Stored,
}

impl Model {
    fn load(file: &Path) -> Model {
        let loaded = load_file(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let (numbers, r_max, stored) = match &loaded {
            Loaded::Network(m) => (&m.atomic_numbers, m.r_max, m.stored),
            Loaded::Allegro(m) => (&m.atomic_numbers, m.r_max, m.stored),
        };
        Model {
            atomic_numbers: numbers.clone(),
            r_max,
            stored,
            loaded,
        }
    }

    fn evaluate(&self, edges: &EdgeList) -> Evaluation {
        match &self.loaded {
            Loaded::Network(network) => equivariant::reference::evaluate(network, edges),
            Loaded::Allegro(model) => allegro::reference::evaluate(model, edges),
        }
    }

    fn species_of(&self, z: u8) -> Option<usize> {
        self.atomic_numbers.iter().position(|&known| known == z)
    }
}

/// Model files that belong to a reference file.
fn files(reference: &Path) -> Vec<PathBuf> {
    let name = reference.file_name().unwrap().to_str().unwrap();
    let stem = name.strip_suffix("ref.json").unwrap();
    let folder = std::fs::read_dir(reference.parent().unwrap()).unwrap();
    let paths = folder.map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = paths
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with(stem) && !name.ends_with(".json")
        })
        .collect();
    found.sort();
    found
}

fn references(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            found.extend(references(&path));
        } else if name.ends_with(".ref.json") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn compare(reference: &Path, most_atoms: usize) {
    let reference_json = json(reference);
    for file in files(reference) {
        let network = Model::load(&file);
        for frame in reference_json["frames"].as_array().unwrap() {
            let Some(structure) = structure(frame) else {
                continue;
            };
            if structure.positions.len() > most_atoms {
                continue;
            }
            let edges = structure.edges(network.r_max, |z| network.species_of(z));
            let out = network.evaluate(&edges.list());
            let [energy, atomic, force, virial] = deviations(&out, &edges, frame);
            let name = file.file_name().unwrap().to_str().unwrap();
            println!(
                "{name} {}: {energy:.1e} {atomic:.1e} eV, {force:.1e} eV/A, {virial:.1e} eV",
                frame["name"]
            );
            // TorchScript of a network in f32 holds 1/sqrt(average neighbours) rounded, while the
            // references are of the exact number
            let rounded = name.ends_with(".pth") && network.stored == Stored::Single;
            let slack = if rounded { 1e3 } else { 1.0 };
            assert!(energy < slack * 1e-9 && atomic < slack * 1e-8, "{name}");
            assert!(force < slack * 1e-7 && virial < slack * 1e-8, "{name}");
            // small networks have small forces
            let forces = numbers(&frame["forces"]);
            let largest = forces.iter().fold(0.0, |a: f64, f| a.max(f.abs()));
            assert!(
                force < slack * 1e-9 * largest,
                "{name}: {force} of {largest}"
            );
        }
    }
}

#[test]
fn committed_models_agree_with_the_trainer() {
    let references = references(&fixtures("nequip"));
    assert!(!references.is_empty());
    references.iter().for_each(|path| compare(path, 100));
}

#[test]
fn zoo_agrees_with_the_trainer() {
    let Some(zoo) = std::env::var_os("ARGYRO_ZOO") else {
        println!("skipped: ARGYRO_ZOO is not set");
        return;
    };
    for path in references(Path::new(&zoo)) {
        if ["NequIP", "Allegro"].contains(&json(&path)["family"].as_str().unwrap()) {
            compare(&path, 60);
        }
    }
}
