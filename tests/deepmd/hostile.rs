//! Damaged and hostile files of every form: an error or a model that can be evaluated, within
//! bounded time, and never a panic; refusals by name.

use std::time::{Duration, Instant};

use argyro::ml::deepmd::load::load_bytes;
use argyro::ml::deepmd::model::{DeepmdModel, Inputs};
use argyro::ml::deepmd::reference::evaluate;
use argyro::ml::edges::EdgeList;

use crate::damage::{Random, fix_checksum, stored_members};
use crate::structure::fixtures;

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(fixtures("deepmd").join(name)).unwrap()
}

fn rounds() -> usize {
    // ARGYRO_MUTANTS=100000 for a long search
    let given = std::env::var("ARGYRO_MUTANTS").ok();
    given.and_then(|n| n.parse().ok()).unwrap_or(500)
}

/// Two atoms, with whatever parameters the model takes.
fn evaluate_pair(model: &DeepmdModel) {
    let species = [0, (model.types() - 1) as u16];
    let r = 0.2 * model.cutoff();
    let edges = EdgeList {
        species: &species,
        receiver: &[0, 1],
        sender: &[1, 0],
        vector: &[[0.9 * r, 0.5 * r, -0.7 * r], [-0.9 * r, -0.5 * r, 0.7 * r]],
    };
    let frame = vec![0.1; model.fitting.frame.len()];
    let atomic = vec![0.1; 2 * model.fitting.atomic.len()];
    let inputs = Inputs {
        frame: &frame,
        atomic: &atomic,
    };
    let out = evaluate(model, &edges, inputs);
    assert_eq!(out.edge_gradient.len(), 2);
}

/// Loads a mutant and evaluates what was read; true where it was refused.
fn survives(mutant: Vec<u8>, what: &str) -> bool {
    let start = Instant::now();
    let model = load_bytes(mutant);
    let refused = model.is_err();
    if let Ok(model) = model {
        let slots = model.descriptor.environments();
        let slots = slots.iter().map(|e| e.selection.slots()).max().unwrap_or(0);
        // the plain evaluation is quadratic in the slots
        if slots < 500 {
            evaluate_pair(&model);
        }
    }
    assert!(start.elapsed() < Duration::from_secs(5), "{what}");
    refused
}

fn damaged(data: &[u8], random: &mut Random, round: usize) -> Vec<u8> {
    let mut mutant = data.to_vec();
    if round.is_multiple_of(16) {
        mutant.truncate(random.below(data.len()));
        return mutant;
    }
    for _ in 0..=random.below(4) {
        let at = random.below(mutant.len());
        mutant[at] = match random.below(4) {
            0 => mutant[at] ^ (1 << random.below(8)),
            1 => random.below(256) as u8,
            2 => [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
            // characters that mean something in texts
            _ => b"\n -:[]{}'\"&*#0123456789eE.,"[random.below(26)],
        };
    }
    mutant
}

#[test]
fn mutants_of_files_without_checksums() {
    let files = [
        "r_os.dp",
        "r_os.pb",
        "a_os.compressed.pb",
        "r_os.yaml",
        "r_os.json",
    ];
    let files = files.iter().chain(&[
        "hybrid_nested.dp",
        "dpa1_attn_smooth.dp",
        "tf_attn_nodotr.pb",
    ]);
    for name in files {
        let data = fixture(name);
        let mut random = Random(0xd1ce + rounds() as u64);
        let mut refused = 0;
        for round in 0..rounds() {
            let mutant = damaged(&data, &mut random, round);
            refused += usize::from(survives(mutant, &format!("{name} {round}")));
        }
        assert!(refused > rounds() / 20, "{name}: {refused}");
    }
}

/// Damage to the structures of the HDF5 file, not to its arrays.
#[test]
fn mutants_of_hdf5_records() {
    let data = fixture("r_os.dp");
    let mut random = Random(0x4df5);
    let marks: Vec<usize> = [
        &b"TREE"[..],
        b"SNOD",
        b"HEAP",
        b"GCOL",
        b"variable",
        b"{\"software",
    ]
    .iter()
    .flat_map(|mark| (0..data.len()).filter(|&i| data[i..].starts_with(mark)))
    .chain([0])
    .collect();
    for round in 0..rounds() {
        let mut mutant = data.clone();
        for _ in 0..=random.below(3) {
            let at = marks[random.below(marks.len())] + random.below(200);
            if let Some(byte) = mutant.get_mut(at) {
                *byte = random.below(256) as u8;
            }
        }
        survives(mutant, &format!("records {round}"));
    }
}

/// Damage below the checksum: the pickle itself is changed and its CRC-32 made right again.
#[test]
fn mutants_of_pickles_with_right_checksums() {
    for name in ["a_os.pth", "dpa1_strip_os.compressed.pth"] {
        let data = fixture(name);
        let members = stored_members(&data);
        let (_, start, len) = *members.iter().find(|m| m.0.ends_with("/data.pkl")).unwrap();
        let mut random = Random(0xfeed);
        for round in 0..rounds() {
            let mut mutant = data.clone();
            for _ in 0..=random.below(4) {
                let at = start + random.below(len);
                mutant[at] = match random.below(3) {
                    0 => mutant[at] ^ (1 << random.below(8)),
                    1 => random.below(256) as u8,
                    _ => b"().NRbt}]sueahjqQc0\x81\x93\x85\x86\x87"[random.below(23)],
                };
            }
            fix_checksum(&mut mutant, start, len);
            survives(mutant, &format!("{name} {round}"));
        }
    }
}

/// Sizes that the file does not support.
#[test]
fn expansions_are_refused() {
    let text = String::from_utf8(fixture("r_os.json")).unwrap();
    let replaced = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        load_bytes(text.replace(from, to).into_bytes())
            .unwrap_err()
            .to_string()
    };
    assert!(replaced("\"sel\":[12,24]", "\"sel\":[12,4000000000]").contains("shape"));
    assert!(replaced("\"sel\":[12,24]", "\"sel\":[12,1e300]").contains("not a count"));
    assert!(replaced("\"sel\":[12,24]", "\"sel\":[12]").contains("shape"));
    assert!(replaced("\"ndim\":1", "\"ndim\":7").contains("7 types"));
    // a constant of a graph whose single value stands for 2^40
    let mut graph = b"\x0a\x37\x0a\x0fmodel_attr/tmap\x12\x05Const".to_vec();
    graph.extend(b"\x2a\x1d\x0a\x05value\x12\x14\x42\x12\x08\x02\x12\x08\x12\x06\x08\x80\x80\x80\x80\x20\x32\x04");
    assert!(load_bytes(graph).is_err());
}

#[test]
fn other_models_are_refused_by_name() {
    let text = String::from_utf8(fixture("r_os.json")).unwrap();
    let refusal = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        load_bytes(text.replace(from, to).into_bytes())
            .unwrap_err()
            .to_string()
    };
    for kind in ["zbl", "pairtab", "linear", "spin_ener"] {
        let text = refusal("\"type\":\"standard\"", &format!("\"type\":\"{kind}\""));
        assert!(
            text.contains(kind) && text.contains("does not evaluate"),
            "{text}"
        );
    }
    for kind in ["dpa2", "dpa3", "se_e3_tebd"] {
        let text = refusal("\"type\":\"se_r\"", &format!("\"type\":\"{kind}\""));
        assert!(text.contains(kind) && text.contains("se_atten"), "{text}");
    }
    for kind in ["dipole", "polar", "dos"] {
        let text = refusal("\"type\":\"ener\"", &format!("\"type\":\"{kind}\""));
        assert!(text.contains(kind), "{text}");
    }
    let text = refusal(
        "\"activation_function\":\"tanh\"",
        "\"activation_function\":\"swoosh\"",
    );
    assert!(text.contains("swoosh") && text.contains("silut"), "{text}");
    let text = load_bytes(b"units metal\n".to_vec())
        .unwrap_err()
        .to_string();
    assert!(text.contains("dp freeze"), "{text}");
    let text = load_bytes(b"\x89HDF\r\n\x1a\nxxxxxxxxxxxxxxxxxxxxxxxxxx".to_vec());
    assert!(text.unwrap_err().to_string().contains("HDF5"));
}
