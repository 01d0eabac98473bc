//! A killed run leaves a readable trajectory whose committed frames are right.
#![cfg(feature = "hdf5")]

mod support;

use rand::{RngExt, SeedableRng};
use std::path::Path;
use std::time::Duration;
use support::{argyro, run_ok};

/// A Lennard-Jones solid that writes every step; `steps` is set on the command line.
const SCRIPT: &str = "\
units lj
lattice fcc 0.9
region b block 0 4 0 4 0 4
create_box 1 b
create_atoms 1 box
mass 1 1.0
pair_style lj/cut 2.5
pair_coeff 1 1 1.0 1.0
velocity all create 1.0 4711
fix 1 all nve
dump t all h5md 1 traj.h5 position image velocity
thermo 100
run ${steps}
";

/// Steps and positions of the frames that count: the longest prefix of increasing steps.
fn frames(path: &Path) -> (Vec<i64>, Vec<Vec<f32>>) {
    let file = hdf5::File::open(path).expect("the file opens");
    let step: Vec<i64> = file
        .dataset("particles/all/position/step")
        .and_then(|d| d.read_raw())
        .expect("steps");
    let value = file
        .dataset("particles/all/position/value")
        .expect("positions");
    let mut last = -1;
    let mut out = (Vec::new(), Vec::new());
    for (k, &s) in step.iter().enumerate().take(value.shape()[0]) {
        if s <= last {
            break;
        }
        last = s;
        let frame = value.read_slice_2d::<f32, _>((k, .., ..)).expect("a frame");
        out.0.push(s);
        out.1.push(frame.iter().copied().collect());
    }
    out
}

#[test]
fn every_committed_frame_survives_sigkill() {
    let reference = tempfile::tempdir().expect("folder");
    run_ok(reference.path(), SCRIPT, &["-var", "steps", "400"]);
    let (steps, positions) = frames(&reference.path().join("traj.h5"));
    assert_eq!(steps, (0..=400).collect::<Vec<i64>>());
    let mut random = rand_pcg::Pcg64::seed_from_u64(20);
    let mut killed_within_a_run = 0;
    for _ in 0..20 {
        let dir = tempfile::tempdir().expect("folder");
        std::fs::write(dir.path().join("in.test"), SCRIPT).expect("script");
        let mut c = argyro();
        c.current_dir(dir.path()).args([
            "-in", "in.test", "-screen", "none", "-var", "steps", "100000",
        ]);
        let mut child = c.spawn().expect("the program starts");
        let file = dir.path().join("traj.h5");
        while !file.exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(random.random_range(100..600)));
        child.kill().expect("kill");
        child.wait().expect("wait");
        let (s, x) = frames(&file);
        assert_eq!(s, (0..s.len() as i64).collect::<Vec<_>>());
        for (k, frame) in x.iter().enumerate().take(positions.len()) {
            assert!(
                frame == &positions[k],
                "frame {k} differs from the run that was not killed"
            );
        }
        killed_within_a_run += usize::from(!s.is_empty());
    }
    assert!(
        killed_within_a_run >= 15,
        "only {killed_within_a_run} of 20 kills came after the first frame"
    );
}
