//! Energy conservation: a model of every family at constant energy, 1 fs, double precision.
//!
//! The drift is the slope of a straight line through the total energy of one picosecond. `bench/nve.sh` does the
//! same for longer runs of trained models.

use argyro::elements;
use std::fmt::Write as _;
use std::process::Command;

/// Largest drift, eV/atom/ps.
const DRIFT: f64 = 1e-6;
/// Largest scatter around the line, eV/atom: that of the time step, at the forces of these models.
const SCATTER: f64 = 5e-6;

/// Name of the style with its files, words of `pair_coeff`, elements.
const MODELS: &[(&str, &str, [&str; 2])] = &[
    ("mace", "tests/fixtures/mace/residual_l1.model", ["C", "H"]),
    ("nequip", "tests/fixtures/nequip/plain_l3.ckpt", ["Li", "S"]),
    ("e3gnn", "tests/fixtures/sevennet/s013_l4.pth", ["S", "Cl"]),
    ("deepmd tests/fixtures/deepmd/sea_2s.pb", "", ["O", "H"]),
];

/// Twelve atoms on a distorted grid at 200 K.
fn script(style: &str, file: &str, [a, b]: [&str; 2]) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    let mass = |e| elements::mass(e).unwrap();
    let mut text = format!(
        "units metal\nregion b block 0 5.2 0 5.4 0 7.5\ncreate_box 2 b\nmass 1 {}\nmass 2 {}\n",
        mass(a),
        mass(b)
    );
    for n in 0..12 {
        let (i, j, k) = (n % 2, n / 2 % 2, n / 4);
        let at = |m: usize, seed: usize| m as f64 + 0.5 + 0.02 * ((seed * (n + 3)) % 7) as f64;
        let x = [2.6 * at(i, 2), 2.7 * at(j, 3), 2.5 * at(k, 5)];
        let kind = 1 + (i + j + k) % 2;
        writeln!(
            text,
            "create_atoms {kind} single {} {} {}",
            x[0], x[1], x[2]
        )
        .unwrap();
    }
    let style = format!("pair_style {style}\npair_coeff * * {file} {a} {b}\n")
        .replace("tests/fixtures", &format!("{root}/tests/fixtures"));
    text + "package argyro precision double\n"
        + &style
        + "velocity all create 200 5\ntimestep 0.001\nfix 1 all nve\nthermo_style custom step pe etotal\n\
           thermo_modify norm no format float %.12g\nrun 100\nthermo 10\nrun 1000\n"
}

/// Potential and total energy every 10 steps of the second run.
fn energies(log: &str) -> Vec<(f64, f64)> {
    let table = log.rsplit("Step").next().unwrap_or_default();
    let end = table.find("Loop time").unwrap_or(table.len());
    let rows = table[..end].lines().filter_map(|l| {
        let row: Vec<f64> = l
            .split_whitespace()
            .filter_map(|w| w.parse().ok())
            .collect();
        (row.len() == 3).then(|| (row[1], row[2]))
    });
    rows.collect()
}

/// Slope per row and standard deviation around the line.
fn line(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let middle = (n - 1.0) / 2.0;
    let (mut xy, mut xx) = (0.0, 0.0);
    for (i, v) in values.iter().enumerate() {
        let x = i as f64 - middle;
        xy += x * (v - mean);
        xx += x * x;
    }
    let slope = xy / xx;
    let rest = values.iter().enumerate();
    let rest = rest.map(|(i, v)| (v - mean - slope * (i as f64 - middle)).powi(2));
    (slope, (rest.sum::<f64>() / n).sqrt())
}

#[test]
fn every_family_conserves_energy() {
    for &(style, file, elements) in MODELS {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("in"), script(style, file, elements)).unwrap();
        let out = Command::new(env!("CARGO_BIN_EXE_argyro"))
            .args(["-in", "in", "-screen", "none"])
            .env("RAYON_NUM_THREADS", "2")
            .current_dir(dir.path())
            .output()
            .unwrap();
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        let log = std::fs::read_to_string(dir.path().join("log.lammps")).unwrap();
        let rows = energies(&log);
        assert_eq!(rows.len(), 101, "{log}");
        let potential: Vec<f64> = rows.iter().map(|r| r.0 / 12.0).collect();
        let total: Vec<f64> = rows.iter().map(|r| r.1 / 12.0).collect();
        let exchanged = line(&potential).1;
        // a row is 10 fs
        let (slope, scatter) = line(&total);
        let drift = 100.0 * slope;
        println!(
            "{style} {file}: {drift:.1e} eV/atom/ps, scatter {scatter:.1e}, exchanged {exchanged:.1e}"
        );
        assert!(
            exchanged > 3e-4,
            "{style}: {exchanged} eV/atom moved: this tests nothing"
        );
        assert!(drift.abs() < DRIFT, "{style}: drift {drift} eV/atom/ps");
        assert!(scatter < SCATTER, "{style}: scatter {scatter} eV/atom");
    }
}
