//! Energies, forces and virials of the plain evaluation against LAMMPS' library (reference.json, see
//! the README beside it), for every radial function, embedding and inner cutoff.

use crate::structure::{Edges, Structure, fixtures, json, numbers, vectors};
use argyro::ml::describe::describe_file;
use argyro::ml::formats::kind::ModelKind;
use argyro::ml::pace::load::load_bytes;
use argyro::ml::pace::model::PaceModel;
use argyro::ml::pace::reference::evaluate;
use serde_json::Value;

pub fn model(name: &str) -> PaceModel {
    let bytes = std::fs::read(fixtures("pace").join(name)).unwrap();
    load_bytes(bytes).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Entries of reference.json with their models and edges.
pub fn references() -> Vec<(Value, PaceModel, Edges)> {
    let all = json(&fixtures("pace").join("reference.json"));
    let entries = all.as_array().unwrap().iter();
    let with_model = entries.map(|entry| {
        let model = model(entry["file"].as_str().unwrap());
        let cell = vectors(&entry["cell"]);
        let structure = Structure {
            positions: vectors(&entry["positions"]),
            cell: [cell[0], cell[1], cell[2]],
            atomic_numbers: numbers(&entry["species"])
                .iter()
                .map(|s| *s as u8 + 1)
                .collect(),
        };
        let edges = structure.edges(model.r_max, |z| Some(usize::from(z) - 1));
        (entry.clone(), model, edges)
    });
    with_model.collect()
}

fn worst(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let pairs = a.iter().zip(b);
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn all_forms_agree_with_the_library() {
    let all = references();
    assert_eq!(all.len(), 12);
    for (entry, model, edges) in &all {
        let list = edges.list();
        let out = evaluate(model, &list);
        let forces = out.forces(&list);
        let virial = out.virial(&list);
        let apart = [
            worst(&out.node_energy, &numbers(&entry["energies"])),
            worst(forces.as_flattened(), &numbers(&entry["forces"])),
            worst(virial.as_flattened(), &numbers(&entry["virial"])),
        ];
        println!("{}: {apart:?}", entry["file"]);
        assert!(
            apart.iter().all(|&x| x < 2e-11),
            "{}: {apart:?}",
            entry["file"]
        );
        // the reference is no isolated atom
        assert!(numbers(&entry["forces"]).iter().any(|f| f.abs() > 0.05));
    }
}

#[test]
fn files_describe_themselves() {
    let describe = |name: &str| describe_file(&fixtures("pace").join(name)).unwrap();
    let pow = describe("pow.yace");
    assert_eq!(pow.kind, ModelKind::PaceYaml);
    let pow = pow.model.unwrap();
    assert_eq!(pow.elements, ["Li", "S"]);
    assert_eq!(pow.cutoff, 4.6);
    let text = format!("{:?}", pow.hyperparameters);
    for word in [
        "ChebPow",
        "ChebExpCos",
        "FinnisSinclairShiftedScaled",
        "distance",
        "Li: 8 functions of rank 1",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let text = describe("expcos.ace");
    assert_eq!(text.kind, ModelKind::PaceText);
    assert_eq!(text.model.unwrap().elements, ["Li"]);
}
