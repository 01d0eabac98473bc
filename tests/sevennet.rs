//! SevenNet: checkpoints against the numbers of sevenn itself.
//!
//! With ARGYRO_TEST_SEVENNET set to a folder that `tests/fixtures/sevennet/make.py FOLDER --deploy`
//! has filled, the models deployed there are compared as well (they contain code of sevenn, whose
//! licence is the GPL, and are not kept here); without it those tests print that they were skipped. So
//! does the test of SevenNet-0, unless ARGYRO_TEST_SEVENNET0 names a folder that
//! `tests/fixtures/sevennet/calculator.py FOLDER DATA` has filled.

#[path = "support/structure.rs"]
mod structure;

use std::path::{Path, PathBuf};

use argyro::ml::equivariant::model::Network;
use argyro::ml::equivariant::reference::evaluate;
use argyro::ml::sevennet::{load_bytes, load_parts};
use serde_json::Value;
use structure::{Structure, fixtures, json, numbers, vectors};

/// Reference files of a folder with their model names.
fn references(folder: &Path) -> Vec<(String, Value)> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    found.sort();
    let stem = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    found.iter().map(|p| (stem(p), json(p))).collect()
}

/// Modalities of a reference file and their structures; "" is the only one of a model without.
fn modalities(reference: &Value) -> Vec<(Option<String>, Vec<Value>)> {
    let all = reference["modalities"].as_object().unwrap().iter();
    let name = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    all.map(|(modality, frames)| (name(modality), frames.as_array().unwrap().clone()))
        .collect()
}

/// Compares energies, forces and virial with a relative tolerance.
fn compare(name: &str, network: &Network, frames: &[Value], tolerance: f64) {
    for frame in frames {
        let cell = vectors(&frame["cell"]);
        let symbols = frame["symbols"].as_array().unwrap().iter();
        let number =
            |s: &Value| argyro::elements::atomic_number(s.as_str().unwrap()).unwrap() as u8;
        let structure = Structure {
            positions: vectors(&frame["positions"]),
            cell: [cell[0], cell[1], cell[2]],
            atomic_numbers: symbols.map(number).collect(),
        };
        let place = |z: u8| network.atomic_numbers.iter().position(|&known| known == z);
        let edges = structure.edges(network.r_max, place);
        let list = edges.list();
        let out = evaluate(network, &list);
        let check = |what: &str, own: &[f64], key: &str| {
            let expected = numbers(&frame[key]);
            assert_eq!(own.len(), expected.len());
            let scale = 1.0 + expected.iter().fold(0.0f64, |m, x| m.max(x.abs()));
            for (a, b) in own.iter().zip(&expected) {
                assert!(
                    (a - b).abs() <= tolerance * scale,
                    "{name}: {what} {a}, expected {b} (scale {scale})"
                );
            }
        };
        check("energy", &out.node_energy, "atomic_energies");
        check("force", out.forces(&list).as_flattened(), "forces");
        check("virial", out.virial(&list).as_flattened(), "virial");
    }
}

#[test]
fn checkpoints_agree_with_sevenn() {
    let folder = fixtures("sevennet");
    let all = references(&folder);
    assert_eq!(all.len(), 11);
    for (name, reference) in all {
        let bytes = std::fs::read(folder.join(format!("{name}.pth"))).unwrap();
        for (modality, frames) in modalities(&reference) {
            let network = load_bytes(bytes.clone(), modality.as_deref()).unwrap();
            compare(&name, &network, &frames, 1e-11);
        }
    }
}

/// The sign of Wigner symbols comes from the file: this model was made with e3nn 0.4.4 and is
/// sensitive to it.
#[test]
fn the_sign_of_wigner_symbols_matters() {
    let folder = fixtures("sevennet");
    let bytes = std::fs::read(folder.join("s010_manual.pth")).unwrap();
    let mut network = load_bytes(bytes, None).unwrap();
    let reference = json(&folder.join("s010_manual.json"));
    for path in network.layers.iter_mut().flat_map(|layer| &mut layer.paths) {
        if [path.l1, path.l2, path.l3] == [1, 2, 2] {
            path.weight = -path.weight;
        }
    }
    let frames = &modalities(&reference)[0].1;
    let wrong = std::panic::catch_unwind(|| compare("s010_manual", &network, frames, 1e-8));
    assert!(wrong.is_err());
}

#[test]
fn a_modality_must_be_chosen() {
    let folder = fixtures("sevennet");
    let load = |name: &str, modality: Option<&str>| {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        load_bytes(bytes, modality).map_err(|e| e.to_string())
    };
    for modality in [None, Some("scan")] {
        let text = load("s011_modal_all.pth", modality).unwrap_err();
        assert!(text.contains("pbe, r2scan, rare earth"), "{text}");
    }
    let text = load("s013_fcn.pth", Some("pbe")).unwrap_err();
    assert!(text.contains("has no modalities"), "{text}");
}

#[test]
fn other_files_are_refused_with_a_reason() {
    let mace = std::fs::read(fixtures("mace").join("plain_l0.model")).unwrap();
    let text = load_bytes(mace, None).unwrap_err().to_string();
    assert!(
        text.contains("MACE") && text.contains("needed is a SevenNet"),
        "{text}"
    );
    let checkpoint = std::fs::read(fixtures("sevennet").join("s013_fcn.pth")).unwrap();
    let text = load_parts(vec![checkpoint.clone(), checkpoint], None).unwrap_err();
    assert!(text.to_string().contains("a whole model"), "{text}");
    assert!(load_parts(Vec::new(), None).is_err());
}

/// A checkpoint with damaged contents gives an error or a model, never a panic.
#[test]
fn damaged_checkpoints_do_not_panic() {
    let folder = fixtures("sevennet");
    for name in ["s09_parity_nequip", "s011_modal_all"] {
        let bytes = std::fs::read(folder.join(format!("{name}.pth"))).unwrap();
        let start = find(&bytes, b"data.pkl").unwrap();
        let length = 6000.min(bytes.len() - start);
        for k in 0..400usize {
            let mut mutant = bytes.clone();
            let at = start + k * 7919 % length;
            mutant[at] = mutant[at].wrapping_add((1 + k % 255) as u8);
            repair_checksums(&mut mutant);
            let _ = load_bytes(mutant, Some("pbe"));
            let cut = bytes.len() * k / 400;
            assert!(load_bytes(bytes[..cut].to_vec(), None).is_err());
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|w| w == what)
}

/// Writes the checksums of all (stored) members into the directory of a zip file.
fn repair_checksums(bytes: &mut [u8]) {
    let u32_at = |bytes: &[u8], at: usize| -> usize {
        bytes[at..at + 4]
            .iter()
            .rev()
            .fold(0, |n, b| n << 8 | usize::from(*b))
    };
    let u16_at = |bytes: &[u8], at: usize| usize::from(bytes[at]) | usize::from(bytes[at + 1]) << 8;
    let mut at = 0;
    while let Some(next) = find(&bytes[at..], b"PK\x01\x02") {
        let entry = at + next;
        at = entry + 4;
        if entry + 46 > bytes.len() {
            break;
        }
        let (size, header) = (u32_at(bytes, entry + 20), u32_at(bytes, entry + 42));
        if header + 30 > bytes.len() {
            continue;
        }
        let start = header + 30 + u16_at(bytes, header + 26) + u16_at(bytes, header + 28);
        if let Some(contents) = bytes.get(start..start.saturating_add(size)) {
            let crc = crc32fast::hash(contents).to_le_bytes();
            bytes[entry + 16..entry + 20].copy_from_slice(&crc);
        }
    }
}

/// The serial file and the parts that belong to a model in a folder.
fn deployed(folder: &Path, name: &str) -> Vec<Vec<Vec<u8>>> {
    let mut models = Vec::new();
    if let Ok(bytes) = std::fs::read(folder.join(format!("{name}_serial.pt"))) {
        models.push(vec![bytes]);
    }
    let parts = folder.join(format!("{name}_parallel"));
    let part = |k: usize| std::fs::read(parts.join(format!("deployed_parallel_{k}.pt"))).ok();
    let parts: Vec<Vec<u8>> = (0..64).map_while(part).collect();
    if !parts.is_empty() {
        models.push(parts);
    }
    models
}

#[test]
fn deployed_models_agree_with_sevenn() {
    let Some(folder) = std::env::var_os("ARGYRO_TEST_SEVENNET").map(PathBuf::from) else {
        println!("skipped: ARGYRO_TEST_SEVENNET is not set");
        return;
    };
    let mut count = 0;
    for (name, reference) in references(&folder) {
        for (modality, frames) in modalities(&reference) {
            let tail = modality.map(|m| format!("_{}", m.replace(' ', "_")));
            let name = format!("{name}{}", tail.unwrap_or_default());
            for parts in deployed(&folder, &name) {
                let network = load_parts(parts, None).unwrap_or_else(|e| panic!("{name}: {e}"));
                // the compiler folds factors into the weights and rounds them to single precision
                compare(&name, &network, &frames, 2e-5);
                count += 1;
            }
        }
    }
    assert!(count > 0, "no deployed model in {}", folder.display());
}

/// What a run says about the 416-atom cell.
struct Cell416 {
    /// Energy (eV).
    energy: f64,
    /// Pressure of the atoms at rest, xx yy zz yz xz xy (bar).
    pressure: Vec<f64>,
    /// Forces in the order of the atom IDs (eV/Å).
    forces: Vec<[f64; 3]>,
    /// Change of the total energy in 10 steps of 1 fs from 300 K (eV/atom).
    change: f64,
}

fn run_416(model: &Path, precision: &str) -> Cell416 {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dir = tempfile::tempdir().unwrap();
    let script = format!(
        "units metal\natom_style atomic\nread_data {}\npackage argyro precision {precision}\n\
         pair_style e3gnn\npair_coeff * * {} Li P S Cl\n\
         thermo_style custom step pe etotal pxx pyy pzz pyz pxz pxy\n\
         thermo_modify format float %.12g norm no\n\
         dump 1 all custom 10 forces id fx fy fz\ndump_modify 1 sort id format float %.10g\nrun 0\n\
         undump 1\nvelocity all create 300 1\nfix 1 all nve\ntimestep 0.001\nrun 10\n",
        root.join("examples/01-li6ps5cl/li6ps5cl_416.data")
            .display(),
        model.display()
    );
    std::fs::write(dir.path().join("in"), script).unwrap();
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_argyro"))
        .args(["-in", "in", "-screen", "none"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    let row = |l: &str| -> Vec<f64> {
        let words = l.split_whitespace().map(str::parse);
        words.collect::<Result<_, _>>().unwrap_or_default()
    };
    let log = read("log.lammps");
    let rows: Vec<Vec<f64>> = log.lines().map(row).filter(|r| r.len() == 9).collect();
    assert_eq!(rows.len(), 3, "{log}");
    let frame = read("forces");
    let forces = frame.lines().skip(9).map(row);
    Cell416 {
        energy: rows[0][1],
        pressure: rows[0][3..].to_vec(),
        forces: forces.map(|r| [r[1], r[2], r[3]]).collect(),
        change: (rows[2][2] - rows[1][2]) / 416.0,
    }
}

/// SevenNet-0 drives the 416-atom cell as sevenn's calculator would, within the noise of single precision.
#[test]
fn sevennet_0_agrees_with_its_calculator() {
    let Some(folder) = std::env::var_os("ARGYRO_TEST_SEVENNET0").map(PathBuf::from) else {
        println!("skipped: ARGYRO_TEST_SEVENNET0 is not set");
        return;
    };
    let reference = json(&folder.join("ase.json"));
    let forces = vectors(&reference["forces"]);
    let energy = reference["energy"].as_f64().unwrap();
    let stress = numbers(&reference["stress"]);
    for (precision, noise) in [("double", 1.0), ("single", 2.0)] {
        let own = run_416(&folder.join("checkpoint.pth"), precision);
        assert_eq!(own.forces.len(), 416);
        let pairs = own.forces.as_flattened().iter().zip(forces.as_flattened());
        let worst = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        let apart = (own.energy - energy).abs() / 416.0;
        let pairs = own.pressure.iter().zip(&stress);
        // 1 eV/Å^3 in bar
        let bars = pairs.map(|(p, s)| (p + s * 1.602_176_5e6).abs());
        let bars = bars.fold(0.0, f64::max);
        println!(
            "{precision}: energy {apart:.1e} eV/atom, forces {worst:.1e} eV/A, pressure {bars:.1e} bar \
             apart; energy changes by {:.1e} eV/atom in 10 steps",
            own.change
        );
        assert!(apart < 2e-6 * noise, "{precision}: {apart} eV/atom");
        assert!(worst < 3e-5 * noise, "{precision}: {worst} eV/A");
        assert!(bars < 1.0 * noise, "{precision}: {bars} bar");
        assert!(
            own.change.abs() < 2e-5,
            "{precision}: {} eV/atom",
            own.change
        );
    }
}
