//! SevenNet: checkpoints against the numbers of sevenn itself.
//!
//! With ARGYRO_TEST_SEVENNET set to a folder that `tests/fixtures/sevennet/make.py FOLDER --deploy`
//! has filled, the models deployed there are compared as well (they contain code of sevenn, whose
//! licence is the GPL, and are not kept here); without it those tests print that they were skipped.

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
