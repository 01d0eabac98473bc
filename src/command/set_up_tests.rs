//! Tests of the set-up commands together, against LAMMPS 22 Jul 2025.

use super::testing::Rig;

const FCC: &str = "units lj
lattice fcc 0.8442
region cell block 0 3 0 3 0 3
create_box 2 cell
create_atoms 1 box
mass 1 1.0
mass 2 3.0
";

#[test]
fn velocities_are_those_of_lammps() {
    let mut rig = Rig::after(FCC);
    rig.run(
        "region half block 0 1.5 INF INF INF INF
group left region half
group right subtract all left
set group left type 2",
    )
    .unwrap();
    // The steps of script 04-velocity-modes; each is followed by a dump in its reference.
    let steps = [
        "velocity all create 1.5 97531",
        "velocity all create 1.5 97531 loop geom",
        "velocity all create 1.5 97531 loop local dist gaussian",
        "velocity all create 0.7 2468 mom no rot no",
        "velocity all create 0.7 2468 mom yes rot yes dist gaussian loop all",
        "velocity left create 2.0 13579 sum yes",
        "velocity right set 0.1 NULL -0.2 sum no units box",
        "velocity all ramp vx -1 1 y 0 3",
        "velocity all scale 0.9",
        "velocity all zero linear",
        "velocity all zero angular",
    ];
    for (i, step) in steps.iter().enumerate() {
        rig.run(step).unwrap();
        // The dumps have 12 significant digits.
        rig.compare("04-velocity-modes", &format!("vel{i}.dump"), 6e-12);
    }
}

#[test]
fn regions_and_random_atoms_are_those_of_lammps() {
    let rig = Rig::after(
        "units lj
boundary f p m
lattice fcc 0.9 origin 0.1 0.1 0.1 orient x 1 1 0 orient y -1 1 0 orient z 0 0 1
region b block 0 4 0 4 0 5
create_box 3 b
region cy cylinder z 2 2 1.6 INF INF
region sp sphere 2 2 2 1.0
region un union 2 cy sp
region no sphere 2 2 4 0.9 side out
region it intersect 2 un no
create_atoms 1 region it
region far block 0.2 3.6 0.2 3.6 4.0 4.9
create_atoms 2 random 12 4321 far overlap 0.4 maxtry 500
create_atoms 3 single 0.5 3.5 4.5 units box",
    );
    // The dump has 8 digits.
    rig.compare("44-regions-lattice-create", "c.dump", 1e-7);
}

#[test]
fn a_data_file_written_and_read_again_is_the_same_system() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("w.data");
    let file = file.to_str().unwrap();
    let mut a = Rig::after(FCC);
    a.run("velocity all create 1.5 97531 loop geom\ngroup some id 2 3 10:20:5\nset group some image 1 -2 0\nset group some type 2\nlabelmap atom 1 Li 2 S").unwrap();
    a.run(&format!("write_data {file} types labels")).unwrap();
    let mut b = Rig::after("units lj");
    b.run(&format!("read_data {file}")).unwrap();
    let (s, t) = (&a.engine.state, &b.engine.state);
    assert_eq!(s.cell, t.cell);
    assert_eq!(
        (&s.atoms.x, &s.atoms.v, &s.atoms.image),
        (&t.atoms.x, &t.atoms.v, &t.atoms.image)
    );
    assert_eq!((&s.atoms.id, &s.atoms.kind), (&t.atoms.id, &t.atoms.kind));
    assert_eq!(
        (&s.types.mass, &s.types.label),
        (&t.types.mass, &t.types.label)
    );
    b.run(&format!(
        "group first id > 0\nread_data {file} add append shift 10 0 0 group second"
    ))
    .unwrap();
    assert_eq!(b.engine.state.atoms.len(), 216);
    assert_eq!(b.engine.state.atoms.max_id(), 216);
    let bit = b.engine.state.groups.bit("second").unwrap();
    assert_eq!(
        b.engine
            .state
            .atoms
            .mask
            .iter()
            .filter(|m| **m & bit != 0)
            .count(),
        108
    );
    let x = b.engine.state.cell.as_ref().unwrap();
    assert!((x.hi[0] - (10.0 + s.cell.as_ref().unwrap().hi[0])).abs() < 1e-12);
    let e = b.fails(&format!("read_data {file}"));
    assert!(e.contains("without add keyword"), "{e}");
    let e = b.fails(&format!("read_data {file} add merge"));
    assert!(
        e.contains("Duplicate atom IDs exist: 1") && e.contains("w.data, line"),
        "{e}"
    );
}

#[test]
fn copies_are_numbered_as_lammps_numbers_them() {
    let mut rig = Rig::after(
        "units metal
lattice sc 3.0
region b block 0 2 0 2 0 2
create_box 1 b
create_atoms 1 box
group g id 1 2
mass 1 1.0
set group all image 1 0 -1
set atom 2 x 1.0
set atom 2 image 2 0 -1
replicate 2 1 1",
    );
    // Positions and images of these atoms in LAMMPS 22 Jul 2025.
    let atoms = &rig.engine.state.atoms;
    let index = atoms.index();
    let expected = [
        (1, [6.0, 0.0, 0.0], [0, 0, -1]),
        (2, [1.0, 0.0, 0.0], [1, 0, -1]),
        (9, [0.0, 0.0, 0.0], [1, 0, -1]),
        (10, [7.0, 0.0, 0.0], [1, 0, -1]),
    ];
    for (id, x, image) in expected {
        assert_eq!(
            (atoms.x[index[&id]], atoms.image[index[&id]]),
            (x, image),
            "atom {id}"
        );
    }
    let bit = rig.engine.state.groups.bit("g").unwrap();
    assert_eq!(
        rig.engine
            .state
            .atoms
            .mask
            .iter()
            .filter(|m| **m & bit != 0)
            .count(),
        4
    );
    assert_eq!(rig.engine.state.cell.as_ref().unwrap().hi, [12.0, 6.0, 6.0]);
    rig.run("group h id <> 3 5\ngroup h type 1\ngroup k intersect g h\ngroup g delete")
        .unwrap();
    assert!(
        rig.screen()
            .contains("3 atoms in group h\n16 atoms in group h\n4 atoms in group k"),
        "{}",
        rig.screen()
    );
    assert!(
        rig.fails("group j union g h")
            .contains("Could not find union group ID g")
    );
}

#[test]
fn fractions_of_types_follow_lammps_streams() {
    let mut rig = Rig::after(FCC);
    rig.run("set type 1 type/fraction 2 0.4 5511").unwrap();
    let count = |rig: &Rig| {
        rig.engine
            .state
            .atoms
            .kind
            .iter()
            .filter(|t| **t == 2)
            .count()
    };
    // 41 settings in LAMMPS 22 Jul 2025.
    assert!(
        rig.screen().contains("41 settings made for type/fraction"),
        "{}",
        rig.screen()
    );
    rig.run("set group all type 1\nset group all type/ratio 2 0.25 77")
        .unwrap();
    assert_eq!(count(&rig), 27);
    rig.run("set group all type 1\nset group all type/subset 2 10 77")
        .unwrap();
    assert_eq!(count(&rig), 10);
}

#[test]
fn commands_out_of_order_are_refused_in_lammps_words() {
    let mut rig = Rig::new();
    assert!(
        rig.fails("mass 1 1.0")
            .contains("Mass command before simulation box is defined")
    );
    assert!(
        rig.fails("velocity all create 1.0 1")
            .contains("Velocity command before simulation box")
    );
    assert!(
        rig.fails("create_atoms 1 box")
            .contains("Create_atoms command before simulation box")
    );
    rig.run("lattice fcc 0.8\nregion box block 0 3 0 3 0 3")
        .unwrap();
    let e = rig.fails("create_box 1 bx");
    assert!(
        e.contains("Create_box region bx does not exist") && e.contains("'box'"),
        "{e}"
    );
    rig.run("create_box 1 box").unwrap();
    assert!(
        rig.fails("units metal")
            .contains("Units command after simulation box is defined")
    );
    assert!(
        rig.fails("create_box 1 box")
            .contains("Cannot create_box after simulation box is defined")
    );
    assert!(
        rig.fails("create_atoms 2 single 0 0 0")
            .contains("Invalid atom type 2")
    );
    rig.run("create_atoms 1 box").unwrap();
    assert!(
        rig.fails("velocity all create 1.0 1")
            .contains("Not all per-type masses are set. Type 1 is missing")
    );
    assert!(rig.fails("mass 1 -2").contains("Invalid mass value"));
    rig.run("mass 1 2.0").unwrap();
    assert!(
        rig.fails("velocity Li create 1.0 1")
            .contains("Could not find velocity group ID Li")
    );
    assert!(rig.fails("velocity all create 1.0 -5").contains("seed"));
    assert!(
        rig.fails("set group all charge 1.0")
            .contains("Cannot set attribute charge for atom style atomic")
    );
    rig.run("group x dynamic all every 10").unwrap();
    assert!(
        rig.fails("group y dynamic nobody every 10")
            .contains("nobody")
    );
}

#[test]
fn a_missing_or_unfitting_data_file_is_explained() {
    let mut rig = Rig::after("units metal\natom_style atomic");
    assert!(
        rig.fails("read_data nothere.data")
            .contains("Cannot open file nothere.data")
    );
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.data");
    let head = "t\n\n2 atoms\n1 atom types\n0 10 xlo xhi\n0 10 ylo yhi\n0 10 zlo zhi\n\nAtoms\n\n";
    let read = |boundary: &str, lines: &str| {
        std::fs::write(&path, format!("{head}{lines}")).unwrap();
        let mut rig = Rig::after(&format!("units metal\nboundary {boundary}"));
        let result = rig.run(&format!("read_data {}", path.display()));
        result.map(|()| rig).map_err(|e| e.to_string())
    };
    let e = read("p p p", "1 1 1.0 5 5 5 0 0 0\n2 1 1.0 5 5 6 0 0 0\n")
        .err()
        .unwrap();
    assert!(
        e.contains("atom_style charge") && e.contains("line 11"),
        "{e}"
    );
    let e = read("f p p", "1 1 5 5 5\n2 1 10 5 5\n").err().unwrap();
    assert!(
        e.contains("Did not assign all atoms correctly: atom 2"),
        "{e}"
    );
    let e = read("p p p", "1 1 5 5 5\n1 1 1 5 5\n").err().unwrap();
    assert!(
        e.contains("Duplicate atom IDs exist: 1") && e.contains("line 12"),
        "{e}"
    );
    let e = read("p p p", "1 1 5 5 5\n2 2 1 5 5\n").err().unwrap();
    assert!(e.contains("Invalid atom type 2"), "{e}");
    let rig = read("p p p", "1 1 5 5 5\n2 1 -25 5 5\n").unwrap();
    assert_eq!(
        (rig.engine.state.atoms.x[1], rig.engine.state.atoms.image[1]),
        ([5.0, 5.0, 5.0], [-3, 0, 0])
    );
    let rig = read("s p p", "1 1 5 5 5\n2 1 10.0000001 5 5\n").unwrap();
    assert_eq!(rig.engine.state.atoms.len(), 2);
}

#[test]
fn deleted_and_displaced_atoms_agree_with_lammps() {
    let mut rig = Rig::after(
        "units metal
lattice sc 3.0
region b block 0 2 0 2 0 2
create_box 1 b
create_atoms 1 single 1 1 1 units box
create_atoms 1 single 2 2 1 units box
create_atoms 1 single 2 2.2 1 units box
set atom 1 image 1 0 0
displace_atoms all rotate 0 0 0 0 0 1 90 units box",
    );
    let atoms = &rig.engine.state.atoms;
    let expected = [
        ([5.0, 1.0, 1.0], [-1, 1, 0]),
        ([4.0, 2.0, 1.0], [-1, 0, 0]),
        ([3.8, 2.0, 1.0], [-1, 0, 0]),
    ];
    for (i, (x, image)) in expected.iter().enumerate() {
        assert!(
            (0..3).all(|k| (atoms.x[i][k] - x[k]).abs() < 1e-14),
            "{:?}",
            atoms.x
        );
        assert_eq!(atoms.image[i], *image);
    }
    rig.run("delete_atoms overlap 0.5 all all compress no")
        .unwrap();
    assert_eq!(rig.engine.state.atoms.len(), 2);
    // The last atom takes the place of a deleted one, then IDs are given anew.
    rig.run(
        "create_atoms 1 single 0.1 0.1 0.1 units box\ngroup first id 1\ndelete_atoms group first",
    )
    .unwrap();
    assert_eq!(rig.engine.state.atoms.id, [2, 1]);
    assert!(rig.screen().contains("Deleted 1 atoms, new total = 2"));
}

#[test]
fn boxes_change_as_in_lammps() {
    let mut rig = Rig::after(
        "units lj\nlattice fcc 0.8\nregion b block 0 3 0 3 0 3\ncreate_box 1 b\ncreate_atoms 1 box",
    );
    // Cells after each step of script 40-change-box in LAMMPS 22 Jul 2025: lx ly lz xy xz yz xlo.
    let steps: [(&str, [f64; 7]); 4] = [
        (
            "change_box all x scale 1.05 remap units box",
            [
                5.3864242320316,
                5.12992784003009,
                5.12992784003009,
                0.0,
                0.0,
                0.0,
                -0.128248196000752,
            ],
        ),
        (
            "change_box all y delta -0.1 0.1 z final -0.2 5.4 remap units box",
            [
                5.3864242320316,
                5.32992784003009,
                5.6,
                0.0,
                0.0,
                0.0,
                -0.128248196000752,
            ],
        ),
        (
            "change_box all x scale 1.02 y volume z volume remap units box",
            [
                5.49415271667223,
                5.27741495504877,
                5.54482624066938,
                0.0,
                0.0,
                0.0,
                -0.182112438321068,
            ],
        ),
        (
            "change_box all triclinic xy final 0.4 yz delta 0.2 remap units box",
            [
                5.49415271667223,
                5.27741495504877,
                5.54482624066938,
                0.4,
                0.0,
                0.2,
                -0.182112438321068,
            ],
        ),
    ];
    for (step, [lx, ly, lz, xy, xz, yz, xlo]) in steps {
        rig.run(step).unwrap();
        let c = rig.engine.state.cell.clone().unwrap();
        let got = [c.lengths(), c.tilt, [c.lo[0], 0.0, 0.0]];
        let expected = [[lx, ly, lz], [xy, xz, yz], [xlo, 0.0, 0.0]];
        for (g, e) in got.iter().flatten().zip(expected.iter().flatten()) {
            assert!((g - e).abs() < 1e-12, "{step}: {got:?}");
        }
    }
    rig.run("change_box all boundary p p f").unwrap();
    assert!(!rig.engine.state.cell.as_ref().unwrap().periodic(2));
    assert!(
        rig.fails("change_box all ortho")
            .contains("tilt is non-zero")
    );
    assert!(
        rig.fails("change_box all z volume")
            .contains("must follow a change")
    );
    assert!(
        rig.fails("change_box all x final 2 1")
            .contains("bounds are invalid")
    );
}

#[test]
fn positions_in_triclinic_cells_have_the_last_bit_of_lammps() {
    let rig = Rig::after(
        "units metal
lattice custom 3.0 a1 1 0 0 a2 0.3 1.1 0 a3 0.2 -0.4 0.9 basis 0 0 0 basis 0.5 0.25 0.125
region p prism 0 4 0 4 0 4 1.2 0.8 -1.6
create_box 2 p
create_atoms 1 box basis 2 2
create_atoms 1 random 30 5 NULL
replicate 2 1 3",
    );
    let atoms = &rig.engine.state.atoms;
    let index = atoms.index();
    assert_eq!(atoms.len(), 1764);
    // From a dump with 17 digits, LAMMPS 22 Jul 2025.
    assert_eq!(atoms.x[index[&890]], [32.4, -6.525, 11.137500000000003]);
    assert_eq!(
        atoms.x[index[&1200]],
        [26.099999999999998, -11.099999999999998, 21.6]
    );
}
