//! Long-range electrostatics against LAMMPS (`fixtures/classical/kspace.json`) and against a known sum.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

/// Runs a script in a folder of its own; the log is there afterwards.
fn run(script: &str, threads: usize) -> (Output, String) {
    let folder = tempfile::tempdir().unwrap();
    let (input, log) = (folder.path().join("in"), folder.path().join("log"));
    std::fs::write(&input, script).unwrap();
    let run = Command::new(Path::new(env!("CARGO_BIN_EXE_argyro")))
        .args(["-screen", "none", "-log"])
        .arg(&log)
        .arg("-in")
        .arg(&input)
        .env("RAYON_NUM_THREADS", threads.to_string())
        .output()
        .unwrap();
    (run, std::fs::read_to_string(log).unwrap_or_default())
}

/// The log of a script that runs.
fn log_of(script: &str, threads: usize) -> String {
    let (run, log) = run(script, threads);
    let error = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{script}\n{error}");
    log
}

/// The rows of the only thermo table.
fn rows(log: &str) -> Vec<Vec<f64>> {
    log.lines()
        .skip_while(|l| l.split_whitespace().next() != Some("Step"))
        .skip(1)
        .map_while(|l| l.split_whitespace().map(|w| w.parse().ok()).collect())
        .collect()
}

fn words(v: &Value) -> Vec<&str> {
    let words = v.as_array().unwrap().iter();
    words.map(|w| w.as_str().unwrap()).collect()
}

#[test]
fn energies_pressures_and_setups_are_those_of_lammps() {
    let d: Value = serde_json::from_str(include_str!("fixtures/classical/kspace.json")).unwrap();
    for case in d["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let log = log_of(case["script"].as_str().unwrap(), 2);
        for line in words(&case["setup"]) {
            assert!(log.lines().any(|l| l == line), "{name}: no line '{line}'");
        }
        let columns = words(&case["columns"]);
        let found = rows(&log);
        for (k, row) in case["rows"].as_array().unwrap().iter().enumerate() {
            let values: Vec<f64> = row
                .as_array()
                .unwrap()
                .iter()
                .map(|v| v.as_f64().unwrap())
                .collect();
            let is_pressure = |c: &str| c.starts_with('P') && c != "PotEng";
            let pressure = columns
                .iter()
                .zip(&values)
                .filter(|(c, _)| is_pressure(c))
                .fold(0.0f64, |a, (_, v)| a.max(v.abs()));
            for ((column, &theirs), &ours) in columns.iter().zip(&values).zip(&found[k]) {
                let scale = if is_pressure(column) {
                    pressure
                } else {
                    theirs.abs()
                };
                let bound = if k == 0 { 2e-10 } else { 1e-7 } * scale + 1e-10;
                assert!(
                    (ours - theirs).abs() <= bound,
                    "{name}: {column} in row {k} is {ours}, LAMMPS has {theirs}"
                );
            }
        }
    }
}

const SALT: &str = "units lj
atom_style charge
lattice sc 1.0
region b block 0 6 0 6 0 6
create_box 2 b
create_atoms 1 box
variable odd atom (x+y+z)%2>0.5
group two variable odd
set group two type 2
set type 1 charge 1
set type 2 charge -1
mass * 1.0
pair_style coul/long 2.9
pair_coeff * *
pair_modify table 0
thermo_style custom step pe press atoms
thermo_modify norm no format float %.16g
";

/// The energy per pair of ions is minus Madelung's constant; the pressure of a Coulomb lattice is E/3V.
#[test]
fn rock_salt_has_its_madelung_constant() {
    const MADELUNG: f64 = 1.747_564_594_633_182;
    for (style, bound) in [("ewald 1e-7", 1e-5), ("pppm 1e-6", 1e-5)] {
        let log = log_of(&format!("{SALT}kspace_style {style}\nrun 0\n"), 1);
        let row = &rows(&log)[0];
        assert_eq!(row[3], 216.0);
        let energy = row[1] / 108.0;
        assert!((energy + MADELUNG).abs() < bound, "{style}: {energy}");
        assert!((3.0 * 216.0 * row[2] - row[1]).abs() < 1e-2, "{style}");
    }
}

#[test]
fn threads_change_no_digit() {
    for style in ["ewald 1e-4", "pppm 1e-4"] {
        let script = format!(
            "{SALT}displace_atoms all random 0.1 0.1 0.1 77\nfix 1 all nve\nkspace_style {style}\nrun 5\n"
        );
        let (one, two) = (rows(&log_of(&script, 1)), rows(&log_of(&script, 2)));
        assert!(one.len() > 1 && one == two, "{style}: {one:?} {two:?}");
    }
}

#[test]
fn what_cannot_be_is_said() {
    let cases = [
        ("kspace_style pppm 0", "above zero"),
        ("kspace_style pppm/cg 1e-4", "kspace_style pppm or ewald"),
        (
            "kspace_style pppm 1e-4\nkspace_modify order 9",
            "must be 2 to 7",
        ),
        (
            "kspace_style pppm 1e-4\nkspace_modify eigtol 1",
            "smaller than one",
        ),
        ("kspace_modify order 5", "has not yet been set"),
        ("run 0", "requires a KSpace style"),
        (
            "pair_style lj/cut 2.5\npair_coeff * * 1 1\nkspace_style ewald 1e-4\nrun 0",
            "incompatible with Pair style",
        ),
        (
            "set type * charge 0\nkspace_style ewald 1e-4\nrun 0",
            "no charge",
        ),
    ];
    for (end, part) in cases {
        let (run, _) = run(&format!("{SALT}{end}\n"), 1);
        let error = String::from_utf8_lossy(&run.stderr).replace(['\n', '│', '|'], " ");
        let error = error.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(run.status.code(), Some(1), "{end}: {error}");
        assert!(error.contains(part), "{end}: {error}");
    }
}
