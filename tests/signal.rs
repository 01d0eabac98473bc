//! Signals and time limits: the step is finished, a restart file written, the exit status is 3.
#![cfg(unix)]

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

const SCRIPT: &str = "
units lj
lattice fcc 0.8442
region b block 0 5 0 5 0 5
create_box 1 b
create_atoms 1 box
mass 1 1.0
pair_style lj/cut 2.5
pair_coeff 1 1 1.0 1.0
velocity all create 1.44 87287
fix 1 all nvt temp 1.0 1.0 0.5
thermo 10
thermo_modify flush yes
";

fn start(dir: &Path, script: &str) -> Child {
    std::fs::write(dir.join("in"), script).unwrap();
    Command::new(env!("CARGO_BIN_EXE_argyro"))
        .args(["-in", "in", "-log", "log", "-screen", "none"])
        .env("RAYON_NUM_THREADS", "1")
        .current_dir(dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until the log has a thermo row of step 20 or later.
fn wait_for_rows(dir: &Path) {
    let began = Instant::now();
    loop {
        let log = std::fs::read_to_string(dir.join("log")).unwrap_or_default();
        let row = |l: &str| {
            l.split_whitespace()
                .next()
                .and_then(|w| w.parse::<i64>().ok())
        };
        if log.lines().filter_map(row).any(|s| s >= 20) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "no rows:\n{log}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn finish(mut child: Child) -> ExitStatus {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if began.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("the program did not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

/// The file continues the simulation.
fn continues(dir: &Path, file: &str) {
    let script = format!("read_restart {file}\nfix 1 all nvt temp 1.0 1.0 0.5\nrun 5\n");
    assert!(finish(start(dir, &script)).success());
}

#[test]
fn sigterm_and_sigint_write_a_restart_file() {
    for (name, settings, file) in [
        ("TERM", "", "argyro.restart"),
        ("INT", "restart 1000000 mine.*.rst\n", "mine.*.rst"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let child = start(dir.path(), &format!("{SCRIPT}{settings}run 100000000\n"));
        wait_for_rows(dir.path());
        signal(&child, name);
        assert_eq!(finish(child).code(), Some(3), "SIG{name}");
        let log = std::fs::read_to_string(dir.path().join("log")).unwrap();
        assert!(log.contains("Loop time of"), "{log}");
        continues(dir.path(), file);
    }
}

#[test]
fn a_time_limit_writes_a_restart_file() {
    let dir = tempfile::tempdir().unwrap();
    let child = start(
        dir.path(),
        &format!("{SCRIPT}timer timeout 1 every 5\nrun 100000000\n"),
    );
    assert_eq!(finish(child).code(), Some(3));
    continues(dir.path(), "argyro.restart");
}
