//! Python programs open what argyro writes: h5py, MDAnalysis and pyh5md for H5MD, ASE for extended XYZ, MDAnalysis for
//! DCD, ASE and MDAnalysis for text dumps, pymatgen and lammps-logfile for the log.
//!
//! Needs python3 with venv and the package index at first use; skipped with a printed line otherwise.
#![cfg(feature = "hdf5")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use support::run_ok;

/// Eight atoms of two elements that cross the cell: species, images and boundaries all matter.
const SCRIPT: &str = "\
units metal
boundary p p p
lattice fcc 5.0
region b block 0 2 0 1 0 1
create_box 2 b
create_atoms 1 box
set atom 2 type 2
set atom 5 type 2
mass 1 6.94
mass 2 35.45
pair_style lj/cut 4.5
pair_coeff * * 0.001 2.5
velocity all create 2000 7 mom no
fix 1 all nve
timestep 0.002
thermo 100
dump h all h5md 100 traj.h5 position image velocity force species
dump c all custom 100 traj.dump id xu yu zu
dump_modify c sort id format float %.9g
dump e all extxyz 100 traj.extxyz
dump_modify e sort id
dump d all dcd 100 traj.dcd
dump w all custom 100 wrapped.dump id type x y z vx vy vz
dump_modify w sort id
run 1000
undump h
undump c
undump e
undump d
undump w
thermo_style multi
run 100
";

const CHECK: &str = r#"
import warnings; warnings.filterwarnings("ignore")
import h5py, numpy as np, pyh5md, MDAnalysis as mda, ase.io
f = h5py.File("traj.h5", "r")
p = f["particles/all"]
assert list(p["position/step"][:]) == list(range(0, 1001, 100)), p["position/step"][:]
assert np.allclose(p["position/time"][:], 0.002 * p["position/step"][:])
assert p["position/value"].attrs["unit"] == "Angstrom"
assert list(p["species"][:]) == [3, 17, 3, 3, 17, 3, 3, 3], p["species"][:]
unwrapped = p["position/value"][:] + p["image/value"][:] * np.array([10.0, 5.0, 5.0])
frames, lines = [], open("traj.dump").read().split("\n")
for k, line in enumerate(lines):
    if line.startswith("ITEM: ATOMS"):
        frames.append([list(map(float, l.split()[1:4])) for l in lines[k + 1:k + 9]])
assert np.abs(unwrapped - np.array(frames)).max() < 1e-5
assert np.abs(p["image/value"][:]).max() > 0, "nothing crossed a boundary: the test tests nothing"
assert np.isfinite(f["observables/temperature/value"][:]).all()
with pyh5md.File("traj.h5", "r") as g:
    e = pyh5md.element(g.particles_group("all"), "position")
    assert e.value.shape == (11, 8, 3)
u = mda.Universe.empty(8)
u.load_new("traj.h5", format="H5MD")
assert len(u.trajectory) == 11
for ts in u.trajectory:
    assert np.allclose(ts.dimensions[:3], [10, 5, 5])
    assert np.allclose(ts.positions, p["position/value"][ts.frame], atol=1e-4)
atoms = ase.io.read("traj.extxyz", index=":")
assert len(atoms) == 11 and atoms[0].get_chemical_symbols()[:2] == ["Li", "Cl"]
assert np.allclose(atoms[3].cell.lengths(), [10, 5, 5]) and atoms[3].pbc.all()
d = mda.Universe.empty(8)
d.load_new("traj.dcd", format="DCD")
assert len(d.trajectory) == 11, len(d.trajectory)
for ts in d.trajectory:
    assert np.allclose(ts.dimensions, [10, 5, 5, 90, 90, 90], atol=1e-4), ts.dimensions
    off = (ts.positions - p["position/value"][ts.frame]) / np.array([10.0, 5.0, 5.0])
    assert np.abs(off - np.round(off)).max() < 1e-4, off
w = ase.io.read("wrapped.dump", index=":", format="lammps-dump-text")
assert len(w) == 11 and np.allclose(w[3].cell.lengths(), [10, 5, 5])
m = mda.Universe("wrapped.dump", format="LAMMPSDUMP", atom_style="id type x y z")
assert len(m.trajectory) == 11 and m.atoms.n_atoms == 8
from pymatgen.io.lammps.outputs import parse_lammps_log
runs = parse_lammps_log("log.lammps")
assert len(runs) == 2 and list(runs[0]["Step"]) == list(range(0, 1001, 100)), runs
assert list(runs[1]["Step"]) == [1000, 1100] and np.isfinite(runs[1]["TotEng"]).all()
import lammps_logfile
log = lammps_logfile.File("log.lammps")
assert list(log.get("Step", run_num=0)) == list(range(0, 1001, 100))
assert np.allclose(log.get("Temp", run_num=0), runs[0]["Temp"])
print("READERS OK")
"#;

/// A Python with the readers, installed below the build folder; `None` with the reason printed.
fn python() -> Option<PathBuf> {
    if let Some(p) = std::env::var_os("ARGYRO_TEST_PYTHON") {
        return Some(p.into());
    }
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readers");
    let python = venv.join("bin/python");
    let run = |c: &mut Command| c.output().is_ok_and(|o| o.status.success());
    if !venv.join("complete2").exists() {
        let made = run(Command::new("python3").args(["-m", "venv"]).arg(&venv))
            && run(Command::new(&python).args([
                "-m",
                "pip",
                "install",
                "-q",
                "h5py",
                "pyh5md",
                "MDAnalysis",
                "ase",
                "pymatgen",
                "lammps-logfile",
            ]));
        if !made {
            println!(
                "skipped: python3 with venv, or h5py, pyh5md, MDAnalysis, ase, pymatgen and lammps-logfile, cannot be had here"
            );
            return None;
        }
        std::fs::write(venv.join("complete2"), "").ok()?;
    }
    Some(python)
}

#[test]
fn python_readers_see_what_was_written() {
    let Some(python) = python() else { return };
    let dir = tempfile::tempdir().expect("folder");
    run_ok(dir.path(), SCRIPT, &[]);
    let out = Command::new(python)
        .current_dir(dir.path())
        .args(["-c", CHECK])
        .output()
        .expect("python starts");
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
    assert!(
        out.status.success() && text.contains("READERS OK"),
        "{text}"
    );
}
