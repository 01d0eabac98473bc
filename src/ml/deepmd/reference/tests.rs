//! Against values of DeePMD-kit for models of every option (see tests/fixtures/deepmd).

use super::testing::{Structure, check_gradient};
use super::*;
use crate::ml::deepmd::load;
use crate::ml::formats::kind::ModelFile;
use serde_json::Value;

fn floats(v: &Value) -> Vec<f64> {
    v.as_array()
        .expect("a list")
        .iter()
        .map(|x| x.as_f64().expect("a number"))
        .collect()
}

fn rows(v: &Value) -> Vec<[f64; 3]> {
    v.as_array()
        .expect("a list")
        .iter()
        .map(|r| floats(r).try_into().expect("three"))
        .collect()
}

#[test]
fn all() {
    let Ok(dir) = std::env::var("DPM_MODELS") else {
        return;
    };
    let ext = std::env::var("DPM_EXT").unwrap_or(".pth".into());
    let dir = std::path::Path::new(&dir);
    let reference: Value =
        serde_json::from_slice(&std::fs::read(dir.join("ref.json")).unwrap()).unwrap();
    let positions = rows(&reference["positions"]);
    let cell: [[f64; 3]; 3] = rows(&reference["cell"]).try_into().unwrap();
    let mut failed = 0;
    for (name, want) in reference["models"].as_object().unwrap() {
        let path = dir.join(format!("{name}{ext}"));
        let Ok(bytes) = std::fs::read(&path) else {
            continue;
        };
        let key = if ext.contains("compressed") {
            "compressed"
        } else if ext == ".pb" {
            "pb"
        } else {
            ""
        };
        let values = if key.is_empty() { want } else { &want[key] };
        let model = match ModelFile::open(bytes).and_then(|f| load::load(&f)) {
            Ok(m) => m,
            Err(e) => {
                println!("{name}{ext}: {e}");
                failed += 1;
                continue;
            }
        };
        let species: Vec<u16> = floats(&reference["types"][want["types"].to_string()])
            .iter()
            .map(|&t| t as u16)
            .collect();
        let s = Structure::periodic(&positions, cell, species, model.cutoff());
        let (fp, ap) = (floats(&want["fparam"]), floats(&want["aparam"]));
        let inputs = Inputs {
            frame: &fp,
            atomic: &ap,
        };
        let got = evaluate(&model, &s.edges(), inputs);
        let de = (got.energy - values["energy"].as_f64().unwrap_or(f64::NAN)).abs();
        let f = got.forces(&s.edges());
        let df = f
            .iter()
            .flatten()
            .zip(rows(&values["forces"]).iter().flatten())
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max);
        let v = got.virial(&s.edges());
        let dv = v
            .iter()
            .flatten()
            .zip(rows(&values["virial"]).iter().flatten())
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max);
        println!(
            "{name}{ext}: E {:.6} dE {de:.1e} dF {df:.1e} dW {dv:.1e}",
            got.energy
        );
        if ext == ".pth" {
            check_gradient(&s, |e| evaluate(&model, e, inputs), 1e-5);
        }
    }
    assert!(failed == 0);
}
