//! Tests of general triclinic boxes through commands, against LAMMPS 22 Jul 2025.

use super::testing::Rig;
use crate::domain::{Host, State};

const BOX: &str = "4.0 0.5 0.3 avec
0.2 4.5 0.4 bvec
0.1 0.6 5.0 cvec
1.0 0.0 0.5 abc origin";

fn data(cell: &str) -> String {
    format!(
        "title

2 atoms
1 atom types
{cell}

Masses

1 10.0

Atoms # atomic

1 1 3.0 1.5 2.0 1 0 -1
2 1 8.5 1.5 4.5 -1 0 0

Velocities

1 0.1 0.2 0.3
2 -1 0 4
"
    )
}

/// A folder with one data file, and its name.
fn file(text: &str) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let name = dir.path().join("general.data");
    std::fs::write(&name, text).unwrap();
    let name = name.to_str().unwrap().to_string();
    (dir, name)
}

fn close(a: &[[f64; 3]], b: &[[f64; 3]]) -> bool {
    let same = |(a, b): (&[f64; 3], &[f64; 3])| (0..3).all(|k| (a[k] - b[k]).abs() < 1e-13);
    a.len() == b.len() && a.iter().zip(b).all(same)
}

fn same(s: &State, t: &State) {
    let edges = |s: &State| s.cell.as_ref().unwrap().general_vectors();
    assert!(close(&edges(s), &edges(t)));
    assert!(close(&s.atoms.x, &t.atoms.x) && close(&s.atoms.v, &t.atoms.v));
    assert_eq!(s.atoms.image, t.atoms.image);
}

#[test]
fn a_data_file_is_rotated_into_the_restricted_form() {
    let (_dir, name) = file(&data(BOX));
    let rig = Rig::after(&format!("units metal\nread_data {name}"));
    let s = &rig.engine.state;
    let cell = s.cell.as_ref().unwrap();
    // Box, first position and velocity as LAMMPS writes them.
    assert!(close(
        &[cell.hi],
        &[[5.042276586281546, 4.45365156247119, 5.413710684873854]]
    ));
    assert!(close(
        &[s.atoms.x[0]],
        &[[3.275945201578348, 1.339390249755033, 1.7353571136613253]]
    ));
    let v = s.atoms.v[0];
    assert!((v[0] - 0.145957).abs() < 1e-6 && (v[2] - 0.274789).abs() < 1e-6);
    assert_eq!(s.atoms.image[0], [1, 0, -1]);
}

#[test]
fn written_files_bring_the_general_box_back() {
    let (dir, name) = file(&data(BOX));
    let mut a = Rig::after(&format!("units metal\nread_data {name}"));
    let [general, restart] = ["w.data", "w.restart"].map(|n| dir.path().join(n));
    let (general, restart) = (general.display(), restart.display());
    a.run(&format!(
        "write_data {general} triclinic/general\nwrite_restart {restart}"
    ))
    .unwrap();
    let text = std::fs::read_to_string(general.to_string()).unwrap();
    assert!(
        text.contains(" avec\n") && text.contains("1.0 0.0 0.5 abc origin\n"),
        "{text}"
    );
    let b = Rig::after(&format!("units metal\nread_data {general}"));
    same(&a.engine.state, &b.engine.state);
    let c = Rig::after(&format!("read_restart {restart}"));
    same(&a.engine.state, &c.engine.state);
    assert_eq!(a.engine.state.cell, c.engine.state.cell);
}

#[test]
fn only_the_output_is_turned_back() {
    let (_dir, name) = file(&data(BOX));
    let mut rig = Rig::after(&format!(
        "units metal
read_data {name}
pair_style lj/cut 4.0
pair_coeff * * 0.1 1.5"
    ));
    let words = ["pxx", "pyy", "pzz", "pxy", "pxz", "pyz"];
    let shown = |rig: &mut Rig| words.map(|w| rig.engine.thermo(w).unwrap());
    let restricted = shown(&mut rig);
    rig.run("thermo_modify triclinic/general yes").unwrap();
    let general = shown(&mut rig);
    let tensor = rig.engine.pressure_tensor().unwrap();
    assert_eq!(tensor, restricted);
    let rotation = rig.engine.state.cell.as_ref().unwrap().rotation.unwrap();
    assert_eq!(general, rotation.tensor_to_general(restricted));
    let trace = |p: [f64; 6]| p[0] + p[1] + p[2];
    let size = restricted.iter().map(|p| p.abs()).sum::<f64>();
    assert!((trace(general) - trace(restricted)).abs() < 1e-13 * size);
    assert!((general[3] - restricted[3]).abs() > 1e-3 * size);
    let edges = ["avecy", "bvecz", "cvecx"].map(|w| rig.engine.thermo(w).unwrap());
    assert!(close(&[edges], &[[0.5, 0.4, 0.1]]));
}

#[test]
fn general_and_restricted_bounds_exclude_each_other() {
    let cases = [
        (format!("{BOX}\n0 4 xlo xhi"), "lo/hi/tilt and ABC vectors"),
        (
            format!("0.1 0 0 xy xz yz\n{BOX}"),
            "lo/hi/tilt and ABC vectors",
        ),
        (BOX.replace("4.0 0.5", "-4.0 0.5"), "must be right-handed"),
        (BOX.replace("0.1 0.6 5.0", "4.0 0.5 0.3"), "are co-planar"),
    ];
    for (cell, expected) in cases {
        let (_dir, name) = file(&data(&cell));
        let e = Rig::after("units metal").fails(&format!("read_data {name}"));
        assert!(e.contains(expected), "{cell}: {e}");
    }
    let (_dir, name) = file(&data(
        "4 0.5 0 avec\n0.2 4 0 bvec\n0 0 2 cvec\n0 0 -0.5 abc origin",
    ));
    let e = Rig::after("units metal\ndimension 2").fails(&format!("read_data {name}"));
    assert!(
        e.contains("cvec and/or abc_origin is invalid for 2d"),
        "{e}"
    );
}

#[test]
fn vectors_that_are_left_out_are_unit_vectors() {
    let text = data("4 0.5 0 avec\n0.2 4 0 bvec").replace(" 2.0 1 0 -1", " 0 1 0 0");
    let (_dir, name) = file(
        &text
            .replace(" 4.5 -1 0 0", " 0 -1 0 0")
            .replace("0.3\n", "0\n")
            .replace("-1 0 4", "-1 0 0"),
    );
    let rig = Rig::after(&format!("units metal\ndimension 2\nread_data {name}"));
    let cell = rig.engine.state.cell.as_ref().unwrap();
    // As LAMMPS prints this box.
    assert!((cell.hi[0] - 4.0311289).abs() < 5e-8 && (cell.tilt[0] - 0.69459451).abs() < 5e-9);
    assert!(cell.lo[2] == -0.5 && (cell.hi[2] - 0.5).abs() < 1e-15);
    assert!(rig.engine.state.atoms.x.iter().all(|x| x[2] == 0.0));
}

#[test]
fn files_that_are_added_have_the_same_box() {
    let (_dir, name) = file(&data(BOX));
    let mut rig = Rig::after(&format!(
        "units metal\nread_data {name}\nread_data {name} add append"
    ));
    let x = &rig.engine.state.atoms.x;
    assert!(x.len() == 4 && close(&x[..2], &x[2..]));
    let e = rig.fails(&format!("read_data {name} add append shift 0 0 1"));
    assert!(e.contains("cannot define shift"), "{e}");
    let (_dir, other) = file(&data(&BOX.replace("5.0 cvec", "5.1 cvec")));
    let e = rig.fails(&format!("read_data {other} add append"));
    assert!(e.contains("ABC vectors must be same as first file"), "{e}");
    let (_dir, plain) = file(&data("0 4 xlo xhi\n0 5 ylo yhi\n0 6 zlo zhi"));
    let e = rig.fails(&format!("read_data {plain} add append"));
    assert!(e.contains("cannot switch to restricted triclinic"), "{e}");
    let mut rig = Rig::after(&format!("units metal\nread_data {plain}"));
    let e = rig.fails(&format!("read_data {name} add append"));
    assert!(e.contains("cannot switch to general triclinic"), "{e}");
    for line in [
        "thermo_modify triclinic/general yes",
        "write_data nothing.data triclinic/general",
    ] {
        let e = rig.fails(line);
        assert!(e.contains("not general triclinic"), "{e}");
    }
}

#[test]
fn create_box_takes_its_edges_from_the_lattice() {
    const LATTICE: &str = "units metal
lattice custom 3.0 a1 1 0.2 0.1 a2 0.3 1 -0.2 a3 0.1 0.2 1 basis 0 0 0 basis 0.5 0.5 0.5 triclinic/general";
    let mut rig = Rig::after(&format!(
        "{LATTICE}\ncreate_box 2 NULL 0 2 0 3 -1 1\ncreate_atoms 1 box\nmass * 1"
    ));
    let s = &rig.engine.state;
    let cell = s.cell.as_ref().unwrap();
    let edges = [[6.0, 1.2, 0.6], [2.7, 9.0, -1.8], [0.6, 1.2, 6.0]];
    assert!(close(&cell.general_vectors(), &edges));
    assert_eq!(s.atoms.len(), 24);
    let general: Vec<[f64; 3]> = s.atoms.x[1..3]
        .iter()
        .map(|x| cell.general_position(*x))
        .collect();
    assert!(close(&general, &[[1.8, 1.5, -1.65], [2.7, 0.0, -2.7]]));
    let e = rig.fails("lattice fcc 3.0\ncreate_atoms 1 box");
    assert!(e.contains("requires triclinic/general lattice"), "{e}");
    let mut rig = Rig::after(LATTICE);
    let e = rig.fails("create_box 2 NULL 0 2 0 2 0");
    assert!(e.contains("missing argument(s)"), "{e}");
    let e = rig.fails("region b block 0 2 0 2 0 2\ncreate_box 2 b bond/typs 2");
    assert!(e.contains("unknown keyword 'bond/typs'"), "{e}");
    let e = rig.fails("create_box 2 b\ncreate_atoms 1 box");
    assert!(e.contains("cannot use triclinic/general lattice"), "{e}");
}

#[test]
fn atoms_on_a_face_stay_on_their_side() {
    // A fraction a little below zero that a whole cell would round to one.
    let mut rig = Rig::after(
        "units metal
region b prism 0 6 0 9 0 6 4.2 1.4 -0.5
create_box 1 b",
    );
    let cell = rig.engine.state.cell.clone().unwrap();
    let (mut x, mut image) = (cell.to_cartesian([-2e-17, 0.5, 0.5]), [0; 3]);
    cell.wrap(&mut x, &mut image);
    assert_eq!(image, [0; 3]);
    let mut x = cell.to_cartesian([-1.25, 2.5, 0.5]);
    cell.wrap(&mut x, &mut image);
    assert_eq!(image, [-2, 2, 0]);
    assert!(close(&[x], &[cell.to_cartesian([0.75, 0.5, 0.5])]));
    let e = rig.fails("write_data w.data triclinic/general");
    assert!(e.contains("not general triclinic"), "{e}");
}
