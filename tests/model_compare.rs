//! `argyro model compare`: numbers of two models on one structure, from every kind of structure file.

mod support;

use serde_json::Value;
use std::path::{Path, PathBuf};

fn model(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/fixtures/mace").join(name)
}

const XYZ: &str = "4\nLattice=\"6.0 0.0 0.0 0.5 5.0 0.0 0.0 0.2 5.5\" Properties=species:S:1:pos:R:3 pbc=\"T T T\"\n\
C 0.1 0.2 0.3\nH 1.1 0.4 0.2\nO 0.3 1.4 0.6\nH 3.0 2.5 2.9\n";

const DATA: &str = "cell\n\n4 atoms\n3 atom types\n0 6 xlo xhi\n0 5 ylo yhi\n0 5.5 zlo zhi\n0.5 0 0.2 xy xz yz\n\n\
Masses\n\n1 12.011\n2 1.008\n3 15.999\n\nAtoms\n\n1 1 0.1 0.2 0.3\n2 2 1.1 0.4 0.2\n3 3 0.3 1.4 0.6\n4 2 3.0 2.5 2.9\n";

fn compare(dir: &Path, a: &str, b: &str, data: &str, more: &[&str]) -> (i32, String, String) {
    let out = support::argyro()
        .current_dir(dir)
        .args(["model", "compare"])
        .args([model(a), model(b)])
        .arg(data)
        .args(more)
        .output()
        .expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        out.status.code().unwrap(),
        text(&out.stdout),
        text(&out.stderr),
    )
}

#[test]
fn two_models_are_compared_on_any_structure_file() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("s.xyz"), XYZ).unwrap();
    std::fs::write(dir.path().join("s.data"), DATA).unwrap();
    let (a, b) = ("density_l2_agnesi_zbl.model", "plain_l0.model");
    let json = |data| {
        let (status, out, error) = compare(dir.path(), a, b, data, &["--json"]);
        assert_eq!(status, 0, "{error}");
        serde_json::from_str::<Value>(&out).unwrap()
    };
    let (xyz, data) = (json("s.xyz"), json("s.data"));
    for number in [
        "/a/energy_eV",
        "/b/energy_eV",
        "/difference/forces/force_rmse_eV_A",
    ] {
        let of = |v: &Value| v.pointer(number).unwrap().as_f64().unwrap();
        assert!(of(&xyz).abs() > 1e-3, "{number}");
        assert!((of(&xyz) - of(&data)).abs() < 1e-9, "{number}");
    }
    let elements = &xyz["difference"]["elements"];
    assert_eq!(elements["H"]["atoms"], 2);
    assert_eq!(elements["O"]["atom_of_max"], 3);
    let (status, text, error) = compare(dir.path(), a, b, "s.data", &[]);
    assert!(
        status == 0 && text.contains("energy per atom (eV)"),
        "{error}"
    );
    assert!(text.contains("4 atoms (H 2, C 1, O 1)"), "{text}");
    // a model does not differ from itself
    let (_, out, _) = compare(dir.path(), a, a, "s.xyz", &["--json"]);
    let same: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(same["difference"]["forces"]["force_max_eV_A"], 0.0);
    assert_eq!(same["difference"]["energy_per_atom_eV"], 0.0);
}

#[test]
fn what_cannot_be_compared_is_said() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("s.xyz"), XYZ.replace("C 0.1", "Au 0.1")).unwrap();
    let (status, _, error) = compare(dir.path(), "plain_l0.model", "plain_l0.model", "s.xyz", &[]);
    assert_eq!(status, 1);
    // the report breaks long lines
    let error = error.replace("\n  │ ", " ");
    assert!(error.contains("does not know the element Au"), "{error}");
    let (status, _, error) = compare(dir.path(), "generate.py", "plain_l0.model", "s.xyz", &[]);
    assert!(status == 1 && error.contains("not a model"), "{error}");
    let (status, _, error) = compare(
        dir.path(),
        "plain_l0.model",
        "plain_l0.model",
        "no.xyz",
        &[],
    );
    assert!(status == 1 && error.contains("no.xyz"), "{error}");
}

/// A frame of a reference file as extended XYZ.
fn frame(frame: &Value) -> String {
    let list = |v: &Value| -> Vec<f64> {
        let rows = v.as_array().unwrap().iter();
        rows.flat_map(|r| r.as_array().unwrap())
            .map(|x| x.as_f64().unwrap())
            .collect()
    };
    let words = |v: &[f64]| {
        let words: Vec<String> = v.iter().map(f64::to_string).collect();
        words.join(" ")
    };
    let symbols = frame["symbols"].as_array().unwrap();
    let mut text = format!(
        "{}\nLattice=\"{}\" Properties=species:S:1:pos:R:3 pbc=\"T T T\"\n",
        symbols.len(),
        words(&list(&frame["cell"]))
    );
    for (name, x) in symbols.iter().zip(list(&frame["positions"]).chunks(3)) {
        text += &format!("{} {}\n", name.as_str().unwrap(), words(x));
    }
    text
}

/// Models of every family on one structure, in both orders and against the trainer's own numbers.
#[test]
fn models_of_all_families_are_compared_with_each_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let read = |name: &str| -> Value {
        serde_json::from_slice(&std::fs::read(root.join(name)).unwrap()).unwrap()
    };
    let dir = tempfile::tempdir().unwrap();
    let reference = read("nequip/pairs_l2.ref.json");
    let li_p_s = &reference["frames"][0];
    assert_eq!(li_p_s["pbc"], serde_json::json!([true, true, true]));
    std::fs::write(dir.path().join("s.xyz"), frame(li_p_s)).unwrap();
    std::fs::write(dir.path().join("w.xyz"), XYZ.replace("C 0.1", "O 0.1")).unwrap();
    let json = |a: &str, b: &str, data: &str, more: &[&str]| -> Value {
        let out = support::argyro()
            .current_dir(dir.path())
            .args(["model", "compare"])
            .args([root.join(a), root.join(b)])
            .args([data, "--json", "--precision", "double"])
            .args(more)
            .output()
            .expect("the program starts");
        let error = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(0), "{a} {b}: {error}");
        serde_json::from_slice(&out.stdout).unwrap()
    };
    let number = |v: &Value, at: &str| v.pointer(at).unwrap().as_f64().unwrap();
    let (energy, largest) = ("/a/energy_eV", "/difference/forces/force_max_eV_A");

    let cases = [
        (
            "nequip/pairs_l2.ckpt",
            "sevennet/s013_l4.pth",
            "s.xyz",
            &[][..],
        ),
        (
            "nequip/allegro.nequip.zip",
            "nequip/pairs_l2.ckpt",
            "s.xyz",
            &[],
        ),
        (
            "sevennet/s011_modal_all.pth",
            "nequip/odd.ckpt",
            "s.xyz",
            &["--head-a", "pbe"],
        ),
        ("deepmd/r_os.pb", "mace/plain_l0.model", "w.xyz", &[]),
    ];
    for (a, b, data, more) in cases {
        let there = json(a, b, data, more);
        let turned: Vec<&str> = more
            .iter()
            .map(|w| if *w == "--head-a" { "--head-b" } else { w })
            .collect();
        let back = json(b, a, data, &turned);
        assert!(number(&there, largest) > 1e-3, "{a} {b}");
        assert_eq!(number(&there, largest), number(&back, largest), "{a} {b}");
        assert_eq!(
            number(&there, energy),
            number(&back, "/b/energy_eV"),
            "{a} {b}"
        );
        let difference = "/difference/energy_per_atom_eV";
        assert_eq!(
            number(&there, difference),
            -number(&back, difference),
            "{a} {b}"
        );
    }
    let trainer = json(
        "nequip/pairs_l2.ckpt",
        "nequip/pairs_l2.nequip.zip",
        "s.xyz",
        &[],
    );
    let expected = li_p_s["energy"].as_f64().unwrap();
    assert!(
        (number(&trainer, energy) - expected).abs() < 1e-7,
        "{trainer}"
    );
    assert!(number(&trainer, largest) < 1e-8, "{trainer}");
    for other in ["deepmd/r_os.dp", "deepmd/r_os.yaml", "deepmd/r_os.json"] {
        let same = json("deepmd/r_os.pb", other, "w.xyz", &[]);
        assert!(number(&same, largest) < 1e-9, "{other}: {same}");
    }
}
