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
