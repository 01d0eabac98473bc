//! Bonded systems, minimisation, reruns and what a failed run leaves behind, through the program.

mod support;

use std::path::Path;
use support::{argyro, run, run_ok, thermo_tables};

const LIQUID: &str = "
units lj
lattice fcc 0.8
region b block 0 4 0 4 0 4
create_box 1 b
create_atoms 1 box
mass 1 1.0
pair_style lj/cut 2.5
pair_coeff 1 1 1.0 1.0
velocity all create 1.2 4711
thermo_modify format float %.17g
";

fn molecules() -> String {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lammps/molecules.data");
    format!(
        "units lj
atom_style full
special_bonds amber
bond_style harmonic
angle_style harmonic
pair_style lj/cut/coul/cut 2.5 3.5
read_data {}
pair_coeff * * 0.5 1.0
velocity all create 1.0 77 loop geom
timestep 0.001
thermo 10
thermo_style custom step temp pe ebond eangle press
thermo_modify format float %.17g
",
        data.display()
    )
}

#[test]
fn molecules_do_not_depend_on_threads_and_keep_their_energy() {
    let logs = ["1", "3"].map(|threads| {
        let dir = tempfile::tempdir().expect("folder");
        std::fs::write(
            dir.path().join("in"),
            format!(
                "{}thermo_style custom step etotal ebond eangle\nfix 1 all nve\nrun 200\n",
                molecules()
            ),
        )
        .expect("written");
        let out = argyro()
            .current_dir(dir.path())
            .env("RAYON_NUM_THREADS", threads)
            .args(["-in", "in", "-screen", "none"])
            .output()
            .expect("starts");
        assert!(out.status.success());
        let log = std::fs::read_to_string(dir.path().join("log.lammps")).expect("log");
        thermo_tables(&log).remove(0)
    });
    assert_eq!(logs[0].rows, logs[1].rows);
    let energy = logs[0].column("TotEng");
    let drift = (energy[energy.len() - 1] - energy[0]).abs();
    assert!(drift < 1e-3, "{energy:?}");
}

#[test]
fn a_data_file_of_molecules_comes_back() {
    let dir = tempfile::tempdir().expect("folder");
    let again = "clear
units lj
atom_style full
special_bonds amber
bond_style harmonic
angle_style harmonic
pair_style lj/cut/coul/cut 2.5 3.5
read_data out.data
thermo_style custom step temp pe ebond eangle press bonds angles
thermo_modify format float %.17g
run 0
";
    let log = run_ok(
        dir.path(),
        &format!("{}run 0\nwrite_data out.data\n{again}", molecules()),
        &[],
    );
    let t = thermo_tables(&log);
    for (a, b) in t[0].rows[0].iter().zip(&t[1].rows[0]) {
        assert!((a - b).abs() <= 1e-12 * a.abs(), "{a} {b}");
    }
    assert_eq!(t[1].column("Bonds"), [192.0]);
}

#[test]
fn deleted_partners_of_bonds_are_named() {
    let dir = tempfile::tempdir().expect("folder");
    let out = run(
        dir.path(),
        &format!(
            "{}group g id 2\ndelete_atoms group g\nfix 1 all nve\nrun 1\n",
            molecules()
        ),
        &[],
    );
    let text = String::from_utf8_lossy(&out.stderr).to_string();
    assert_eq!(out.status.code(), Some(2), "{text}");
    assert!(text.contains("Bond atoms 1 2 missing"), "{text}");
}

#[test]
fn a_minimum_is_found_and_summed_up() {
    let dir = tempfile::tempdir().expect("folder");
    for style in ["cg", "sd", "fire", "quickmin"] {
        let log = run_ok(
            dir.path(),
            &format!(
                "{LIQUID}displace_atoms all random 0.1 0.1 0.1 5\nmin_style {style}\n\
thermo_style custom step pe fnorm\nminimize 0 1e-4 2000 20000\n"
            ),
            &[],
        );
        assert!(
            log.contains("  Stopping criterion = force tolerance")
                || log.contains("  Stopping criterion = linesearch alpha is zero"),
            "{style}: {log}"
        );
        assert!(log.contains("Minimization stats:"), "{log}");
        let t = &thermo_tables(&log)[0];
        let energy = t.column("PotEng");
        assert!(energy[energy.len() - 1] < energy[0], "{style}: {energy:?}");
    }
    let out = run(dir.path(), &format!("{LIQUID}min_style hftn\n"), &[]);
    let text = String::from_utf8_lossy(&out.stderr).to_string();
    assert_eq!(out.status.code(), Some(1));
    assert!(text.contains("hftn") && text.contains("cg"), "{text}");
}

#[test]
fn a_rerun_gives_the_energies_of_the_run() {
    let dir = tempfile::tempdir().expect("folder");
    let output =
        "thermo_style custom step pe press vol\nthermo_modify format float %.17g\nthermo 10\n";
    let log = run_ok(
        dir.path(),
        &format!(
            "{LIQUID}fix 1 all npt temp 1.2 1.2 0.5 iso 1 1 1\n\
dump d all custom 10 d.lammpstrj id type xu yu zu vx vy vz\ndump_modify d format float %.17g sort id\n\
dump s all custom 10 s.gz id type x y z ix iy iz vx vy vz\ndump_modify s format float %.17g\n{output}run 40\n"
        ),
        &[],
    );
    let want = thermo_tables(&log).remove(0);
    for (file, fields) in [
        ("d.lammpstrj", "x y z vx vy vz wrapped no"),
        ("s.gz", "x y z vx vy vz ix iy iz"),
    ] {
        let log = run_ok(
            dir.path(),
            &format!("{LIQUID}{output}rerun {file} first 10 every 10 dump {fields}\n"),
            &[],
        );
        let got = thermo_tables(&log).remove(0);
        assert_eq!(got.rows.len(), 4, "{file}");
        for (w, g) in want.rows[1..].iter().zip(&got.rows) {
            for (a, b) in w.iter().zip(g) {
                assert!(
                    (a - b).abs() < 1e-9 * a.abs().max(1.0),
                    "{file}: {w:?} {g:?}"
                );
            }
        }
    }
    let out = run(
        dir.path(),
        &format!("{LIQUID}rerun d.lammpstrj dump q\n"),
        &[],
    );
    assert_eq!(out.status.code(), Some(1));
}

#[test]
fn a_run_that_blows_up_leaves_its_last_good_state() {
    let dir = tempfile::tempdir().expect("folder");
    let out = run(
        dir.path(),
        &format!("{LIQUID}thermo 100\nfix 1 all nve\nrun 150\ntimestep 0.5\nrun 1000\n"),
        &[],
    );
    let text = String::from_utf8_lossy(&out.stderr).to_string();
    assert_eq!(out.status.code(), Some(2), "{text}");
    assert!(
        text.contains("step") && text.contains("atom") && text.contains("smallest distance"),
        "{text}"
    );
    assert!(
        text.contains("last good restart file: argyro.restart (step 150, written now)"),
        "{text}"
    );
    let log = run_ok(
        dir.path(),
        "read_restart argyro.restart\ntimestep 0.005\nfix 1 all nve\nrun 10\n",
        &[],
    );
    assert_eq!(thermo_tables(&log)[0].column("Step")[0], 150.0);
}
