//! Tests of the LAMMPS dump reader.

use super::super::tests::{file_with, read_all};
use super::*;
use std::io::Write;

const TRICLINIC: &str = "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n2\n\
    ITEM: BOX BOUNDS xy xz yz pp pp pp\n-1.0 12.0 2.0\n0.0 9.0 -1.0\n0.0 8.0 1.0\n\
    ITEM: ATOMS id type xs ys zs ix iy iz\n2 1 0.5 0.5 0.5 0 0 -1\n1 2 0 0 0 0 0 0\n\
    ITEM: TIMESTEP\n10\nITEM: NUMBER OF ATOMS\n2\n\
    ITEM: BOX BOUNDS xy xz yz pp pp pp\n-1.0 12.0 2.0\n0.0 9.0 -1.0\n0.0 8.0 1.0\n\
    ITEM: ATOMS id type xs ys zs ix iy iz\n1 2 0.1 0 0 1 0 0\n2 1 0.5 0.5 0.5 0 0 0\n";

fn options(map: &[&str]) -> ReadOptions {
    ReadOptions {
        type_map: map.iter().map(ToString::to_string).collect(),
        ..ReadOptions::default()
    }
}

#[test]
fn triclinic_scaled_coordinates_sorted_by_id() {
    let file = file_with(TRICLINIC.as_bytes());
    let (info, frames, notes) = read_all(file.path(), &options(&["Li", "S"])).unwrap();
    assert_eq!(info.species, ["S", "Li"]);
    assert_eq!(info.ids.as_deref(), Some(&[1, 2][..]));
    assert_eq!(frames.len(), 2);
    assert_eq!(frames[1].step, Some(10));
    // Bounds -1..12 with xy 2, xz -1: xlo = 0, xhi = 10; y bounds 0..9 with yz 1: yhi = 8.
    let cell = frames[0].cell.unwrap();
    assert_eq!(
        cell.edges,
        [[10.0, 0.0, 0.0], [2.0, 8.0, 0.0], [-1.0, 1.0, 8.0]]
    );
    assert_eq!(frames[0].position[1], [5.5, 4.5, 4.0]);
    assert_eq!(frames[0].image[1], [0, 0, -1]);
    assert_eq!(frames[1].position[0], [1.0, 0.0, 0.0]);
    assert_eq!(frames[1].image[0], [1, 0, 0]);
    assert_eq!(frames[1].coordinates, Coordinates::WithImages);
    assert!(notes[0].contains("no units"));
}

#[test]
fn gzip_and_real_units() {
    let text = "ITEM: UNITS\nreal\nITEM: TIME\n500.0\nITEM: TIMESTEP\n1000\n\
        ITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS pp pp ff\n0 4\n0 5\n0 6\n\
        ITEM: ATOMS id element xu yu zu vx vy vz\n7 Li 14 -2 3 0.001 0 0\n";
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    let bytes = encoder.finish().unwrap();
    let file = file_with(&bytes);
    let (info, frames, _) = read_all(file.path(), &options(&[])).unwrap();
    assert_eq!(info.species, ["Li"]);
    assert_eq!(frames[0].time, Some(0.5));
    assert_eq!(frames[0].coordinates, Coordinates::Unwrapped);
    assert_eq!(frames[0].cell.unwrap().periodic, [true, true, false]);
    assert!((frames[0].velocity[0][0] - 1.0).abs() < 1e-12);
    let cut = file_with(&bytes[..bytes.len() - 12]);
    assert!(
        read_all(cut.path(), &options(&[])).is_err(),
        "only frame is cut"
    );
}

#[test]
fn a_cut_frame_is_left_out_wherever_the_cut_is() {
    let second = TRICLINIC.rfind("ITEM: TIMESTEP").unwrap();
    for cut in second + 1..TRICLINIC.len() {
        let file = file_with(&TRICLINIC.as_bytes()[..cut]);
        let (_, frames, notes) = read_all(file.path(), &options(&["Li", "S"])).unwrap();
        assert_eq!(frames.len(), 1, "cut at byte {cut}");
        assert!(
            notes.iter().any(|n| n.contains("cut off")),
            "cut at byte {cut}"
        );
    }
}

#[test]
fn contradictions_are_errors_that_say_where() {
    let error = |text: &str| {
        let file = file_with(text.as_bytes());
        let result = read_all(file.path(), &options(&["Li", "S"]));
        format!("{:#}", result.err().unwrap())
    };
    assert!(error(&TRICLINIC.replacen("1 2 0.1", "3 2 0.1", 1)).contains("atom 3"));
    assert!(error(&TRICLINIC.replacen("1 2 0.1", "2 2 0.1", 1)).contains("twice"));
    assert!(error(&TRICLINIC.replacen("0.1 0 0 1", "0.1 oops 0 1", 1)).contains("oops"));
    assert!(error(&TRICLINIC.replace("xs ys zs", "a b c")).contains("no coordinates"));
    assert!(error(&TRICLINIC.replace(" type", " kind")).contains("element"));
    assert!(error(&format!("ITEM: UNITS\nlj\n{TRICLINIC}")).contains("reduced"));
    assert!(error(&TRICLINIC.replacen("2 1 0.5", "2 9 0.5", 1)).contains("type 9"));
    let huge = TRICLINIC.replacen("ATOMS\n2\n", "ATOMS\n99999999999\n", 1);
    assert!(!error(&huge).is_empty());
}
