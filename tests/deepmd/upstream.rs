//! Energies, forces and virials of the plain evaluation against the trainer's own code.

use std::path::{Path, PathBuf};

use argyro::ml::deepmd::load::load_file;
use argyro::ml::deepmd::model::{DeepmdModel, Descriptor, Inputs, Selection};
use argyro::ml::deepmd::reference::evaluate;
use argyro::ml::describe::describe_file;
use argyro::ml::edges::Evaluation;
use argyro::ml::formats::kind::ModelKind;
use argyro::ml::layers::Stored;
use serde_json::Value;

use crate::structure::{Edges, Structure, fixtures, json, numbers, vectors};

fn worst(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let pairs = a.iter().zip(b);
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// Largest deviations: energy per atom, atomic energy, force, virial per atom.
fn deviations(out: &Evaluation, edges: &Edges, expected: &Value) -> [f64; 4] {
    let list = edges.list();
    let atomic = ["atomic", "atomic_energies"];
    let atomic = atomic.iter().find_map(|k| expected.get(k)).unwrap();
    let energy = expected["energy"].as_f64().unwrap();
    let atoms = list.species.len() as f64;
    let forces = out.forces(&list);
    let virial = out.virial(&list);
    [
        (out.energy - energy).abs() / atoms,
        worst(&out.node_energy, &numbers(atomic)),
        worst(forces.as_flattened(), &numbers(&expected["forces"])),
        worst(virial.as_flattened(), &numbers(&expected["virial"])) / atoms,
    ]
}

/// The cell of reference.json; atomic numbers stand for types (counted from 1).
pub fn small_cell(reference: &Value, types: &Value) -> Structure {
    let cell = vectors(&reference["cell"]);
    let types = numbers(&reference["types"][types.to_string()]);
    Structure {
        positions: vectors(&reference["positions"]),
        cell: [cell[0], cell[1], cell[2]],
        atomic_numbers: types.iter().map(|&t| t as u8 + 1).collect(),
    }
}

pub fn edges_of(structure: &Structure, model: &DeepmdModel) -> Edges {
    structure.edges(model.cutoff(), |z| Some(usize::from(z) - 1))
}

/// Every option of the trainer in some form of file (see generate.py).
#[test]
fn small_models_agree() {
    assert_eq!(models_agree(&fixtures("deepmd"), 1e-11), 42);
}

/// The larger set of generate.py, in a folder outside of the repository.
#[test]
fn other_models_agree() {
    match std::env::var_os("ARGYRO_DEEPMD_MODELS") {
        Some(folder) => println!("{} files", models_agree(Path::new(&folder), 1e-10)),
        None => println!("skipped: ARGYRO_DEEPMD_MODELS is not set"),
    }
}

/// Compares all files of a folder with its reference.json; returns their number.
fn models_agree(folder: &Path, limit: f64) -> usize {
    let reference = json(&folder.join("reference.json"));
    let files = reference["files"].as_object().unwrap();
    for (name, expected) in files {
        let model = load_file(&folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let edges = edges_of(&small_cell(&reference, &expected["types"]), &model);
        let (frame, atomic) = (numbers(&expected["fparam"]), numbers(&expected["aparam"]));
        let inputs = Inputs {
            frame: &frame,
            atomic: &atomic,
        };
        let out = evaluate(&model, &edges.list(), inputs);
        let all = deviations(&out, &edges, expected);
        println!("{name}: {all:?}");
        // the trainer evaluates single precision as such
        let limit = if model.stored() == Stored::Single {
            1e-6
        } else {
            limit
        };
        assert!(all.iter().all(|&x| x < limit), "{name}: {all:?}");
        gradient_is_difference(&model, edges, inputs, name);
    }
    files.len()
}

/// Central differences of the energy for some components of some edges.
fn gradient_is_difference(model: &DeepmdModel, mut edges: Edges, inputs: Inputs, name: &str) {
    let gradient = evaluate(model, &edges.list(), inputs).edge_gradient;
    let largest = gradient
        .as_flattened()
        .iter()
        .fold(0.0f64, |m, g| m.max(g.abs()));
    let count = edges.vector.len();
    for e in (count / 7..count).step_by(count / 3) {
        let (h, k) = (1e-5, e % 3);
        let mut energy = |step: f64| {
            edges.vector[e][k] += step;
            let energy = evaluate(model, &edges.list(), inputs).energy;
            edges.vector[e][k] -= step;
            energy
        };
        let slope = (energy(h) - energy(-h)) / (2.0 * h);
        let error = (gradient[e][k] - slope).abs() / largest;
        assert!(error < 1e-6, "{name} {e}: {} {slope}", gradient[e][k]);
    }
}

/// Without parameters the model's own defaults are used.
#[test]
fn default_parameters() {
    let model = load_file(&fixtures("deepmd").join("a_params_vacuum.dp")).unwrap();
    assert_eq!(model.fitting.frame.default, Some(vec![0.3, -0.2]));
    let reference = json(&fixtures("deepmd").join("reference.json"));
    let edges = edges_of(&small_cell(&reference, &Value::from(2)), &model);
    let atomic = vec![0.25; edges.species.len()];
    let energy = |frame: &[f64]| {
        let inputs = Inputs {
            frame,
            atomic: &atomic,
        };
        evaluate(&model, &edges.list(), inputs).energy
    };
    assert_eq!(energy(&[]), energy(&[0.3, -0.2]));
    assert!((energy(&[]) - energy(&[0.0, 0.0])).abs() > 1e-3);
}

/// All forms of one model are the same model.
#[test]
fn forms_agree() {
    let load = |name: &str| load_file(&fixtures("deepmd").join(name)).unwrap();
    // graphs multiply energies by the deviation of the training data, the other forms do not
    let bias = |name: &str| load(name).energy_bias;
    assert_ne!(bias("a_scaled.pb"), bias("a_scaled.dp"));
    let parts = |model: &DeepmdModel| format!("{:?} {:?}", model.descriptor, model.fitting);
    let portable = load("r_os.dp");
    assert_eq!(parts(&portable), parts(&load("r_os.yaml")));
    assert_eq!(parts(&portable), parts(&load("r_os.json")));
    // the graph states its radii in single precision, which these have exactly; pairs of rows agree
    let graph = load("r_os.pb");
    assert_eq!(
        format!("{:?}", portable.fitting),
        format!("{:?}", graph.fitting)
    );
    assert_eq!((portable.nearest, graph.nearest), (Some(36), None));
    assert_eq!(portable.min_distance, Some(0.9));
    let Descriptor::SeE2R(r) = &portable.descriptor else {
        panic!("se_e2_r");
    };
    assert_eq!(r.environment.selection, Selection::PerType(vec![12, 24]));
}

#[test]
fn files_are_described() {
    let describe = |name: &str| describe_file(&fixtures("deepmd").join(name)).unwrap();
    let kinds = [
        ("a_os.pth", ModelKind::DeepmdScript),
        ("a_params.pb", ModelKind::DeepmdGraph),
        ("dpa1_concat.dp", ModelKind::DeepmdPortable),
        ("r_os.yaml", ModelKind::DeepmdText),
        ("r_os.json", ModelKind::DeepmdText),
    ];
    for (name, kind) in kinds {
        let description = describe(name);
        assert_eq!(description.kind, kind);
        assert_eq!(description.model.unwrap().elements, ["O", "H"]);
    }
    let model = describe("dpa1_strip_attn.dp").model.unwrap();
    assert_eq!(model.architecture, "Deep Potential, se_atten");
    assert_eq!((model.cutoff, model.precision), (4.0, "float64"));
    let find = |name: &str| {
        let found = model.hyperparameters.iter().find(|(n, _)| n == name);
        found.unwrap_or_else(|| panic!("{name}")).1.as_str()
    };
    assert_eq!(find("descriptor attention layers"), "1");
    assert_eq!(find("descriptor neighbours (sel)"), "40 of all types");
    assert_eq!(find("fitting network"), "26-8-8-1 tanh, one for all types");
    assert_eq!(describe("dpa1_f32.dp").model.unwrap().precision, "float32");
}

fn reference_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            reference_files(&path, found);
        } else if path.to_string_lossy().ends_with(".ref.json") {
            found.push(path);
        }
    }
}

/// Files that a reference stands for: its stem with any extension of the trainer, unless the file has
/// its own reference.
fn models_of(reference: &Path) -> Vec<PathBuf> {
    let text = reference.to_string_lossy();
    let stem = text.trim_end_matches(".ref.json");
    let ends = ["", ".pb", ".pth", ".dp", ".yaml", "_compressed.pb"].iter();
    let files = ends.map(|end| PathBuf::from(format!("{stem}{end}")));
    let own = |p: &PathBuf| PathBuf::from(format!("{}.ref.json", p.display()));
    let shared = |p: &PathBuf| own(p) == reference || !own(p).is_file();
    files.filter(|p| p.is_file() && shared(p)).collect()
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
    let mut compared = 0;
    for path in references {
        // Python writes what JSON does not know
        let text = std::fs::read_to_string(&path).unwrap();
        let reference: Value = serde_json::from_str(&text.replace("NaN", "null")).unwrap();
        if reference["family"] != "DeePMD" {
            continue;
        }
        for file in models_of(&path) {
            let model = load_file(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
            let table = file.to_string_lossy().contains("compressed");
            let factor = if table { 1e4 } else { 1.0 };
            for frame in reference["frames"].as_array().unwrap() {
                let symbols = frame["symbols"].as_array().unwrap().iter();
                let species = |s: &Value| model.type_map.iter().position(|t| *s == t[..]).unwrap();
                let cell = vectors(&frame["cell"]);
                let structure = Structure {
                    positions: vectors(&frame["positions"]),
                    cell: [cell[0], cell[1], cell[2]],
                    atomic_numbers: symbols.map(|s| species(s) as u8 + 1).collect(),
                };
                let edges = edges_of(&structure, &model);
                let out = evaluate(&model, &edges.list(), Inputs::default());
                let [energy, atomic, force, virial] = deviations(&out, &edges, frame);
                let name = format!("{} {}", file.display(), frame["name"]);
                println!("{name}: {energy:.1e} {atomic:.1e} {force:.1e} {virial:.1e}");
                let good =
                    energy < 1e-9 * factor && force < 1e-7 * factor && virial < 1e-8 * factor;
                assert!(good && atomic < 1e-8 * factor, "{name}");
                compared += 1;
            }
        }
    }
    println!("{compared} frames");
}
