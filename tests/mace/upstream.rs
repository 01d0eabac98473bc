//! Energies, forces and virials against the trainer's own code in f64.

use std::path::{Path, PathBuf};

use argyro::ml::describe::describe_file;
use argyro::ml::edges::Evaluation;
use argyro::ml::formats::kind::ModelKind;
use argyro::ml::layers::Stored;
use argyro::ml::mace::load::load_file;
use argyro::ml::mace::model::MaceModel;
use argyro::ml::mace::reference::evaluate;
use argyro::ml::radial::form::RadialBasis;
use serde_json::Value;

use crate::structure::{Edges, Structure, fixtures, json, numbers, vectors};

/// The structure of reference.json.
pub fn small_cell(reference: &Value) -> Structure {
    let s = &reference["structure"];
    let cell = vectors(&s["cell"]);
    let z = numbers(&s["numbers"]).iter().map(|&z| z as u8).collect();
    Structure {
        positions: vectors(&s["positions"]),
        cell: [cell[0], cell[1], cell[2]],
        atomic_numbers: z,
    }
}

fn worst(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}

/// Largest deviations: energy per atom, atomic energy, force, virial per atom.
fn deviations(out: &Evaluation, edges: &Edges, expected: &Value) -> [f64; 4] {
    let list = edges.list();
    let atomic = ["node_energy", "atomic_energies"]
        .iter()
        .find_map(|k| expected.get(k))
        .unwrap();
    let energy = expected["energy"].as_f64().unwrap();
    let atoms = list.species.len() as f64;
    [
        (out.energy - energy).abs() / atoms,
        worst(&out.node_energy, &numbers(atomic)),
        worst(
            out.forces(&list).as_flattened(),
            &numbers(&expected["forces"]),
        ),
        worst(
            out.virial(&list).as_flattened(),
            &numbers(&expected["virial"]),
        ) / atoms,
    ]
}

fn compare(model: &MaceModel, structure: &Structure, head: usize, expected: &Value, name: &str) {
    let edges = structure.edges(model.r_max, |z| model.species_of(z));
    if let Some(n) = expected.get("edges") {
        assert_eq!(n.as_u64().unwrap() as usize, edges.vector.len());
    }
    let out = evaluate(model, &edges.list(), head);
    let [energy, atomic, mut force, mut virial] = deviations(&out, &edges, expected);
    println!("{name}: {energy:.1e} {atomic:.1e} eV, {force:.1e} eV/A, {virial:.1e} eV");
    if matches!(model.radial.basis, RadialBasis::Chebyshev { .. }) {
        // torch has no derivative of Chebyshev polynomials and takes it for zero: the trainer's
        // forces are not the gradient of its energy (`gradients_are_differences` checks ours)
        (force, virial) = (0.0, 0.0);
    }
    assert!(
        energy < 1e-9 && atomic < 1e-8 && force < 1e-7 && virial < 1e-8,
        "{name}"
    );
}

#[test]
fn small_models_agree() {
    let reference = json(&fixtures("mace").join("reference.json"));
    let structure = small_cell(&reference);
    let mut files = 0;
    for (name, entry) in reference["models"].as_object().unwrap() {
        for suffix in [".model", "-lammps.pt"] {
            let path = fixtures("mace").join(format!("{name}{suffix}"));
            if !path.exists() {
                continue;
            }
            let model = load_file(&path).unwrap_or_else(|e| panic!("{name}{suffix}: {e}"));
            let heads = entry["heads"].as_array().unwrap().iter();
            let heads: Vec<_> = heads.map(|h| h.as_str().unwrap()).collect();
            assert_eq!(model.heads, heads);
            for (head, expected) in entry["values"].as_array().unwrap().iter().enumerate() {
                compare(
                    &model,
                    &structure,
                    head,
                    expected,
                    &format!("{name}{suffix} {head}"),
                );
            }
            files += 1;
        }
    }
    assert_eq!(files, 15);
}

#[test]
fn loaded_descriptions_are_right() {
    let load = |name: &str| load_file(&fixtures("mace").join(name)).unwrap();
    let model = load("density_l2_agnesi_zbl-lammps.pt");
    assert_eq!((model.class.as_str(), model.r_max), ("ScaleShiftMACE", 4.5));
    assert_eq!(
        (&model.atomic_numbers[..], model.l_max),
        (&[1, 6, 8][..], 2)
    );
    assert!(model.zbl.is_some() && model.radial.transform.depends_on_species());
    assert_eq!(
        (model.default_head, model.implied_head()),
        (Some(0), Some(0))
    );
    let heads = load("heads_soft_gauss.model");
    assert_eq!((heads.heads.len(), heads.implied_head()), (2, None));
    let scripted = load("heads_soft_gauss-lammps.pt");
    assert_eq!(scripted.implied_head(), Some(1));
    assert_eq!(heads.stored, Stored::Double);
    assert_eq!(load("single_precision.model").stored, Stored::Single);
}

#[test]
fn attention_is_refused_by_name() {
    let error = load_file(&fixtures("mace").join("attention.model"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("RealAgnosticAttResidualInteractionBlock"),
        "{error}"
    );
}

/// Gradient by central differences of the energy for some components of some edges.
#[test]
fn gradients_are_differences() {
    let structure = small_cell(&json(&fixtures("mace").join("reference.json")));
    for name in [
        "density_l2_agnesi_zbl",
        "nonlinear_l1",
        "heads_soft_gauss",
        "so3",
        "chebyshev_nu4",
    ] {
        let model = load_file(&fixtures("mace").join(format!("{name}.model"))).unwrap();
        let mut edges = structure.edges(model.r_max, |z| model.species_of(z));
        let gradient = evaluate(&model, &edges.list(), 0).edge_gradient;
        for e in (0..edges.vector.len()).step_by(29) {
            let (h, k) = (1e-3, e % 3);
            let mut energy = |step: f64| {
                edges.vector[e][k] += step;
                let energy = evaluate(&model, &edges.list(), 0).energy;
                edges.vector[e][k] -= step;
                energy
            };
            // Richardson's extrapolation of central differences
            let [a, b, c] = [1.0, 2.0, 4.0].map(|n| {
                let h = h / n;
                (energy(h) - energy(-h)) / (2.0 * h)
            });
            let [ab, bc] = [(4.0 * b - a) / 3.0, (4.0 * c - b) / 3.0];
            let slope = (16.0 * bc - ab) / 15.0;
            let error = (gradient[e][k] - slope).abs() / gradient[e][k].abs().max(1.0);
            assert!(error < 1e-8, "{name} {e}: {} {slope}", gradient[e][k]);
        }
    }
}

/// Names that the zoo's reference files stand for.
fn models_of(reference: &Path) -> Vec<PathBuf> {
    let text = reference.to_string_lossy();
    let stem = text.trim_end_matches(".ref.json");
    let names = [".model", ".model-lammps.pt", "-lammps.pt"].iter();
    names
        .map(|suffix| PathBuf::from(format!("{stem}{suffix}")))
        .filter(|p| p.exists())
        .collect()
}

fn reference_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            reference_files(&path, found);
        } else if path.to_string_lossy().ends_with(".ref.json") && !models_of(&path).is_empty() {
            found.push(path);
        }
    }
}

#[test]
fn zoo_agrees() {
    let Some(zoo) = std::env::var_os("ARGYRO_ZOO") else {
        println!("skipped: ARGYRO_ZOO is not set");
        return;
    };
    let mut references = Vec::new();
    reference_files(Path::new(&zoo), &mut references);
    references.sort();
    for path in references {
        let reference = json(&path);
        for file in models_of(&path) {
            let model = load_file(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
            for frame in reference["frames"].as_array().unwrap() {
                let symbols = frame["symbols"].as_array().unwrap().iter();
                let z = |s: &Value| match s.as_str().unwrap() {
                    "Li" => 3,
                    "P" => 15,
                    "S" => 16,
                    "Cl" => 17,
                    other => panic!("{other}"),
                };
                let cell = vectors(&frame["cell"]);
                let structure = Structure {
                    positions: vectors(&frame["positions"]),
                    cell: [cell[0], cell[1], cell[2]],
                    atomic_numbers: symbols.map(z).collect(),
                };
                let name = format!("{} {}", file.display(), frame["name"]);
                compare(&model, &structure, 0, frame, &name);
            }
        }
    }
}

#[test]
fn files_are_described() {
    let path = fixtures("mace").join("density_l2_agnesi_zbl.model");
    let description = describe_file(&path).unwrap();
    assert_eq!(description.kind, ModelKind::Mace);
    assert_eq!(description.sha256.len(), 64);
    let model = description.model.unwrap();
    assert_eq!((model.cutoff, model.precision), (4.5, "float64"));
    assert_eq!(
        (model.elements.join(" "), model.heads.len()),
        ("H C O".to_owned(), 1)
    );
    let find = |name: &str| {
        let found = model.hyperparameters.iter().find(|(n, _)| n == name);
        found.unwrap_or_else(|| panic!("{name}")).1.as_str()
    };
    assert_eq!(find("layer 0"), "RealAgnosticDensityInteractionBlock");
    assert_eq!(find("layer 0 output"), "4x0e+4x1o+4x2e");
    assert_eq!(find("layer 0 radial network"), "6-8-8-12");
    assert_eq!(find("distance transform"), "Agnesi");
    let other = describe_file(&fixtures("mace").join("generate.py")).unwrap();
    assert!(other.model.unwrap_err().contains("text file"));
}
