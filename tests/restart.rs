//! A run that is stopped and continued from a restart file equals the run that was not stopped, to the last bit,
//! and no result depends on the number of threads.

use std::path::Path;
use std::process::Command;

const SYSTEM: &str = "
units lj
lattice fcc 0.8442
region b block 0 5 0 5 0 5
create_box 2 b
create_atoms 1 box
group odd id 1:500:2
set group odd type 2
mass 1 1.0
mass 2 2.0
pair_style lj/cut 2.5
pair_coeff 1 1 1.0 1.0
pair_coeff 2 2 0.8 0.9
velocity all create 1.44 87287
";

const NVT: &str = "
fix 1 all nvt temp 1.4 0.7 0.5
compute msd odd msd com yes
fix av all ave/time 2 10 20 c_msd[4] c_thermo_press
thermo_style custom step temp pe press econserve c_msd[4] f_av[1]
thermo_modify format float %.17g
thermo 20
";

const LANGEVIN: &str = "
fix 1 all nve
fix 2 all langevin 1.0 1.5 0.3 4711 zero yes tally yes
fix 3 all momentum 30 linear 1 1 1
thermo_style custom step temp pe press ecouple
thermo_modify format float %.17g
thermo 20
";

/// Runs a script in `dir`; gives the thermo rows of the log.
fn run(dir: &Path, name: &str, script: &str, threads: &str) -> Vec<String> {
    std::fs::write(dir.join(name), script).unwrap();
    let log = format!("{name}.log");
    let out = Command::new(env!("CARGO_BIN_EXE_argyro"))
        .args(["-in", name, "-log", &log, "-screen", "none"])
        .env("RAYON_NUM_THREADS", threads)
        .current_dir(dir)
        .output()
        .unwrap();
    let log = std::fs::read_to_string(dir.join(log)).unwrap_or_default();
    assert!(
        out.status.success(),
        "{name}: {}\n{}\n{log}",
        out.status,
        String::from_utf8_lossy(&out.stderr)
    );
    log.lines()
        .filter(|l| {
            let words: Vec<&str> = l.split_whitespace().collect();
            words.len() >= 5 && words.iter().all(|w| w.parse::<f64>().is_ok())
        })
        .map(String::from)
        .collect()
}

fn read(dir: &Path, name: &str) -> Vec<u8> {
    std::fs::read(dir.join(name)).unwrap()
}

fn continued_equals_whole(styles: &str) {
    continued_in(SYSTEM, styles);
}

fn continued_in(system: &str, styles: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let whole = run(
        dir,
        "whole",
        &format!("{system}{styles}run 200 start 0 stop 200\nwrite_restart whole.rst\n"),
        "1",
    );
    let first = run(
        dir,
        "first",
        &format!("{system}{styles}run 90 start 0 stop 200\nwrite_restart half.rst\n"),
        "2",
    );
    let second = run(
        dir,
        "second",
        &format!(
            "read_restart half.rst\n{styles}run 110 start 0 stop 200\nwrite_restart end.rst\n"
        ),
        "2",
    );
    assert_eq!(whole.len(), 11);
    assert_eq!(first[..5], whole[..5]);
    assert_eq!(second[1..], whole[5..]);
    assert_eq!(read(dir, "whole.rst"), read(dir, "end.rst"));
}

#[test]
fn nose_hoover_msd_and_averages_continue_bit_by_bit() {
    continued_equals_whole(NVT);
}

#[test]
fn a_barostat_continues_bit_by_bit() {
    continued_in(
        &format!("{SYSTEM}change_box all triclinic\n"),
        "fix 1 all npt temp 1.4 0.7 0.5 tri 0.5 1.5 1.0 nreset 40
thermo_style custom step temp pe press lx xy xz econserve f_1[17]
thermo_modify format float %.17g
thermo 20
",
    );
}

#[test]
fn a_deformation_continues_bit_by_bit() {
    continued_equals_whole(
        "fix 1 all nve
fix 2 all deform 1 x erate 0.02 y wiggle 0.1 0.7 units box
thermo_style custom step temp pe press lx ly
thermo_modify format float %.17g
thermo 20
",
    );
}

#[test]
fn langevin_noise_continues_bit_by_bit() {
    continued_equals_whole(LANGEVIN);
}

#[test]
fn sorted_atoms_and_other_thermostats_continue_bit_by_bit() {
    let output = "thermo_style custom step temp pe press f_2
thermo_modify format float %.17g
thermo 20
";
    for fixes in [
        "atom_modify sort 30 1.1
fix 1 all nve
fix 2 all langevin 1.0 1.5 0.3 4711
",
        "fix 2 all langevin 1.0 1.5 0.3 4711 tally yes gjf vfull
fix 1 all nve
",
        "fix 1 all nve
fix 2 all temp/csvr 1.0 1.5 0.3 4711
",
    ] {
        continued_equals_whole(&format!("{fixes}{output}"));
    }
}

#[test]
fn files_written_during_a_run_continue_bit_by_bit() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    run(
        dir,
        "whole",
        &format!("{SYSTEM}{NVT}restart 70 r.*.rst\nrun 200\nwrite_restart whole.rst\n"),
        "1",
    );
    run(
        dir,
        "second",
        &format!(
            "read_restart r.*.rst\n{NVT}run 200 upto start 0 stop 200\nwrite_restart end.rst\n"
        ),
        "1",
    );
    assert_eq!(read(dir, "whole.rst"), read(dir, "end.rst"));
}

#[test]
fn two_names_are_used_in_turn_and_the_previous_file_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    run(
        dir,
        "in",
        &format!("{SYSTEM}{LANGEVIN}restart 10 a.rst b.rst\nrun 30\n"),
        "1",
    );
    for name in ["a.rst", "a.rst.prev", "b.rst"] {
        assert!(dir.join(name).exists(), "{name}");
    }
    assert!(!dir.join("b.rst.prev").exists());
}

#[test]
fn a_damaged_file_is_refused_with_status_1() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    run(dir, "in", &format!("{SYSTEM}write_restart a.rst\n"), "1");
    let mut bytes = read(dir, "a.rst");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(dir.join("bad.rst"), &bytes).unwrap();
    std::fs::write(dir.join("again"), "read_restart bad.rst\n").unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_argyro"))
        .args(["-in", "again", "-log", "none"])
        .current_dir(dir)
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(1));
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
    assert!(
        text.contains("checksum") && text.contains("bad.rst"),
        "{text}"
    );
}
