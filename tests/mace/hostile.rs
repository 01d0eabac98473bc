//! Damaged and hostile files: an error or the right model, within bounded time and memory, and
//! never a panic.

use std::time::{Duration, Instant};

use argyro::ml::formats::kind::{ModelFile, ModelKind};
use argyro::ml::formats::pickle;
use argyro::ml::mace::load::load_bytes;
use argyro::ml::mace::model::MaceModel;

use crate::damage::{Random, fix_checksum, stored_members};
use crate::structure::fixtures;

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(fixtures("mace").join(name)).unwrap()
}

/// A mutant must be refused or give the same model.
fn expect_error_or_same(mutant: Vec<u8>, original: &str) -> bool {
    let start = Instant::now();
    let result = load_bytes(mutant);
    assert!(start.elapsed() < Duration::from_secs(5));
    match result {
        Ok(model) => {
            assert!(
                format!("{model:?}") == original,
                "a damaged file gave another model"
            );
            false
        }
        Err(_) => true,
    }
}

#[test]
fn flipped_bytes_and_cuts() {
    let mut random = Random(0x5eed);
    for name in ["one_layer.model", "heads_soft_gauss-lammps.pt"] {
        let data = fixture(name);
        let original = format!("{:?}", load_bytes(data.clone()).unwrap());
        let mut refused = 0;
        for _ in 0..400 {
            let mut mutant = data.clone();
            // half of the damage goes to the directory, where the structure of the file is
            let tail = mutant.len() - mutant.len() / 10;
            let range = if random.below(2) == 0 {
                0..mutant.len()
            } else {
                tail..mutant.len()
            };
            for _ in 0..=random.below(3) {
                let at = range.start + random.below(range.len());
                mutant[at] ^= 1 << random.below(8);
            }
            refused += usize::from(expect_error_or_same(mutant, &original));
        }
        for _ in 0..100 {
            let mut mutant = data.clone();
            mutant.truncate(random.below(data.len()));
            refused += usize::from(expect_error_or_same(mutant, &original));
        }
        assert!(refused > 200, "{name}: {refused}");
    }
}

/// Damage below the checksum: the pickle itself is changed and its CRC-32 made right again.
#[test]
fn changed_pickles_with_right_checksums() {
    // ARGYRO_MUTANTS=100000 for a long search
    let rounds = std::env::var("ARGYRO_MUTANTS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(1500);
    let mut random = Random(0xfeed + rounds as u64);
    for name in ["one_layer.model", "chebyshev_nu4-lammps.pt"] {
        let data = fixture(name);
        let members = stored_members(&data);
        let (_, start, len) = *members.iter().find(|m| m.0.ends_with("/data.pkl")).unwrap();
        for round in 0..rounds {
            let mut mutant = data.clone();
            let pickle = &mut mutant[start..start + len];
            for _ in 0..=random.below(4) {
                // the attribute tree is at the end, after the blobs of generated code
                let at = if round % 2 == 0 {
                    len - 1 - random.below(len.min(20_000))
                } else {
                    random.below(len)
                };
                pickle[at] = match random.below(3) {
                    0 => pickle[at] ^ (1 << random.below(8)),
                    1 => random.below(256) as u8,
                    _ => *b"().NRbt}]sueahjqQc0\x81\x93\x85\x86\x87"
                        .get(random.below(23))
                        .unwrap(),
                };
            }
            fix_checksum(&mut mutant, start, len);
            let begin = Instant::now();
            // any model is fine here (a weight may differ); it must be one that can be evaluated
            if let Ok(model) = load_bytes(mutant) {
                evaluate_pair(&model);
            }
            assert!(begin.elapsed() < Duration::from_secs(5), "{name} {round}");
        }
    }
}

fn evaluate_pair(model: &MaceModel) {
    use argyro::ml::edges::EdgeList;
    let species = [0, (model.species() - 1) as u16];
    let edges = EdgeList {
        species: &species,
        receiver: &[0, 1],
        sender: &[1, 0],
        vector: &[[0.9, 0.5, -0.7], [-0.9, -0.5, 0.7]],
    };
    for head in 0..model.heads.len().min(2) {
        let out = argyro::ml::mace::reference::evaluate(model, &edges, head);
        assert_eq!(out.edge_gradient.len(), 2);
    }
}

#[test]
fn hostile_pickles_end_quickly() {
    let mut nested = b"\x80\x02".to_vec();
    nested.extend(std::iter::repeat_n(b']', 100_000));
    nested.extend(std::iter::repeat_n(b'a', 99_999));
    nested.push(b'.');
    assert!(
        pickle::load(&nested).is_ok(),
        "deep nesting is no recursion"
    );
    // a list that contains itself
    assert!(pickle::load(b"\x80\x02]q\x00h\x00a.").is_ok());
    for hostile in [
        &b""[..],
        b"\x80",
        b".",
        b"a.",
        b"(.",
        b"t.",
        b"h\x00.",
        b"]K\x01\x86s.",
        b"cos\nsystem\n",
        b"X\xff\xff\xff\xffabc.",
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc.",
        b"\x8e\x00\x00\x00\x00\x00\x00\x00\x80abc.",
        b"K\x01Q.",
        b"(a.",
        b"]]\x93.",
    ] {
        assert!(pickle::load(hostile).is_err(), "{hostile:?}");
    }
    // a call of the system shell stays a name with arguments
    let call = pickle::load(b"cos\nsystem\nX\x02\x00\x00\x00ls\x85R.").unwrap();
    assert_eq!(call.values.class_name(call.root).unwrap(), "os.system");
}

/// Other files are told apart by content.
#[test]
fn other_files_are_named() {
    let sentence = |data: &[u8]| load_bytes(data.to_vec()).unwrap_err().to_string();
    assert!(sentence(b"").contains("the file is empty"));
    assert!(sentence(b"\x89HDF\r\n\x1a\nxxxx").contains("HDF5"));
    assert!(sentence(b"version https://git-lfs.github.com/spec/v1\n").contains("git lfs pull"));
    assert!(sentence(b"<!DOCTYPE html><html>").contains("web page"));
    assert!(sentence(b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.rest").contains("torch.save"));
    assert!(sentence(b"\n\x09\n\x07t_coord\x12\x00").contains("TensorFlow"));
    assert!(sentence(b"{\"model\": {\"descriptor\": 1}}").contains("DeePMD"));
    assert!(sentence(b"units metal\n").contains("text file"));
    let cut = &fixture("one_layer.model")[..5000];
    assert!(sentence(cut).contains("cut short"));
    for word in ["mace_run_train", "mace_create_lammps_model"] {
        assert!(sentence(b"units metal\n").contains(word));
    }
    let kind = ModelFile::open(fixture("heads_soft_gauss-lammps.pt"))
        .unwrap()
        .kind;
    assert_eq!(kind, ModelKind::MaceScript);
}
