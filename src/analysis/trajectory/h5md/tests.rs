//! Tests of the H5MD reader, on files written with the HDF5 library.

use super::super::tests::read_all;
use super::*;
use hdf5::types::VarLenUnicode;

/// A file with two atoms in a triclinic cell, wrapped positions and images, five frames.
fn write(path: &Path, change: &dyn Fn(&File)) {
    let file = File::create(path).unwrap();
    let text = |at: &hdf5::Location, name: &str, value: &str| {
        let value: VarLenUnicode = value.parse().unwrap();
        at.new_attr::<VarLenUnicode>()
            .create(name)
            .unwrap()
            .write_scalar(&value)
            .unwrap();
    };
    let all = file
        .create_group("particles")
        .unwrap()
        .create_group("all")
        .unwrap();
    let element = |group: &Group, name: &str| {
        let g = group.create_group(name).unwrap();
        let step: Vec<i64> = (0..5).map(|k| 10 * k).collect();
        g.new_dataset_builder()
            .with_data(&step)
            .create("step")
            .unwrap();
        let time: Vec<f64> = (0..5).map(|k| 20.0 * f64::from(k)).collect();
        let time = g
            .new_dataset_builder()
            .with_data(&time)
            .create("time")
            .unwrap();
        text(&time, "unit", "fs");
        g
    };
    let position: Vec<f32> = (0..30).map(|k| 0.01 * k as f32).collect();
    let value = element(&all, "position")
        .new_dataset::<f32>()
        .shape((5, 2, 3))
        .create("value")
        .unwrap();
    value.write_raw(&position).unwrap();
    text(&value, "unit", "nm");
    let image: Vec<i32> = (0..30).map(|k| k % 2).collect();
    let value = element(&all, "image")
        .new_dataset::<i32>()
        .shape((5, 2, 3))
        .create("value")
        .unwrap();
    value.write_raw(&image).unwrap();
    let cell = all.create_group("box").unwrap();
    let edges: Vec<f64> = [1.0, 0.0, 0.0, 0.2, 0.9, 0.0, 0.0, 0.1, 0.8].repeat(5);
    let value = element(&cell, "edges")
        .new_dataset::<f64>()
        .shape((5, 3, 3))
        .create("value")
        .unwrap();
    value.write_raw(&edges).unwrap();
    all.new_dataset_builder()
        .with_data(&[3_i32, 16])
        .create("species")
        .unwrap();
    change(&file);
    file.close().unwrap();
}

fn with(change: &dyn Fn(&File), options: &ReadOptions) -> Result<(Info, Vec<Frame>, Vec<String>)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.h5");
    write(&path, change);
    read_all(&path, options)
}

#[test]
fn units_images_cell_and_species() {
    let (info, frames, notes) = with(&|_| {}, &ReadOptions::default()).unwrap();
    assert_eq!(info.species, ["Li", "S"]);
    assert_eq!(frames.len(), 5);
    assert!((frames[4].time.unwrap() - 0.08).abs() < 1e-12, "fs to ps");
    assert!(
        (frames[1].position[0][0] - 0.6).abs() < 1e-6,
        "nm to angstrom"
    );
    assert_eq!(frames[0].image[0], [0, 1, 0]);
    assert_eq!(frames[0].cell.unwrap().edges[1], [2.0, 9.0, 0.0]);
    assert!(notes.iter().any(|n| n.contains("atomic numbers")));
}

#[test]
fn rows_behind_the_last_step_are_left_out() {
    let change = |file: &File| {
        let step = file.dataset("particles/all/position/step").unwrap();
        step.write_raw(&[0_i64, 10, 20, -1, -1]).unwrap();
    };
    let (_, frames, notes) = with(&change, &ReadOptions::default()).unwrap();
    assert_eq!(frames.len(), 3);
    assert!(notes.iter().any(|n| n.contains("2 of 5 rows")), "{notes:?}");
    assert_eq!(valid_prefix(&[0, 5, 5, 6]), 2);
    assert_eq!(valid_prefix(&[-1]), 0);
}

#[test]
fn argyro_types_with_names_and_temperature() {
    let change = |file: &File| {
        let all = file.group("particles/all").unwrap();
        all.new_dataset_builder()
            .with_data(&[2_i32, 1])
            .create("type")
            .unwrap();
        let names: Vec<VarLenUnicode> = ["S", "Li"].map(|s| s.parse().unwrap()).to_vec();
        let attr = all
            .new_attr::<VarLenUnicode>()
            .shape(2)
            .create("type_names")
            .unwrap();
        attr.write_raw(&names).unwrap();
        let run = file
            .create_group("parameters")
            .unwrap()
            .create_group("argyro")
            .unwrap();
        run.new_attr::<f64>()
            .create("temperature")
            .unwrap()
            .write_scalar(&650.0)
            .unwrap();
        let model: VarLenUnicode = "abc.model".parse().unwrap();
        run.new_attr::<VarLenUnicode>()
            .create("model")
            .unwrap()
            .write_scalar(&model)
            .unwrap();
    };
    let (info, _, _) = with(&change, &ReadOptions::default()).unwrap();
    assert_eq!(info.species, ["Li", "S"]);
    assert_eq!(info.temperature.unwrap().0, 650.0);
    assert_eq!(info.provenance["model"], "abc.model");
    let mapped = ReadOptions {
        type_map: vec!["P".into(), "Na".into()],
        ..ReadOptions::default()
    };
    assert_eq!(with(&change, &mapped).unwrap().0.species, ["Na", "P"]);
}

#[test]
fn mean_temperature_of_the_second_half_where_no_target_is_stated() {
    let change = |file: &File| {
        let g = file
            .create_group("observables")
            .unwrap()
            .create_group("temperature")
            .unwrap();
        g.new_dataset_builder()
            .with_data(&[0.0, 100.0, 590.0, 610.0])
            .create("value")
            .unwrap();
    };
    let (info, _, _) = with(&change, &ReadOptions::default()).unwrap();
    assert!((info.temperature.unwrap().0 - 600.0).abs() < 1e-9);
}

#[test]
fn enum_species_fixed_edges_and_scalar_steps_are_legal() {
    #[derive(hdf5::H5Type, Clone, Copy)]
    #[repr(u8)]
    enum Kind {
        Li = 1,
        Cl = 4,
    }
    let change = |file: &File| {
        let all = file.group("particles/all").unwrap();
        all.unlink("species").unwrap();
        all.new_dataset_builder()
            .with_data(&[Kind::Cl, Kind::Li])
            .create("species")
            .unwrap();
        all.unlink("box/edges").unwrap();
        let cell = all.group("box").unwrap();
        cell.new_dataset_builder()
            .with_data(&[10.0, 11.0, 12.0])
            .create("edges")
            .unwrap();
        let position = all.group("position").unwrap();
        position.unlink("step").unwrap();
        position
            .new_dataset::<i64>()
            .create("step")
            .unwrap()
            .write_scalar(&50_i64)
            .unwrap();
    };
    let (info, frames, _) = with(&change, &ReadOptions::default()).unwrap();
    assert_eq!(info.species, ["Cl", "Li"]);
    assert_eq!(frames[2].step, Some(100));
    assert!((frames[2].cell.unwrap().volume() - 1320.0).abs() < 1e-9);
}

#[test]
fn files_without_positions_are_errors() {
    let error = |change: &dyn Fn(&File), options: &ReadOptions| {
        format!("{:#}", with(change, options).err().unwrap())
    };
    let none = ReadOptions::default();
    let gone = |file: &File| file.unlink("particles").unwrap();
    assert!(error(&gone, &none).contains("not H5MD"));
    let gone = |file: &File| {
        file.group("particles/all")
            .unwrap()
            .unlink("position")
            .unwrap();
    };
    assert!(error(&gone, &none).contains("no time-dependent position"));
    let other = ReadOptions {
        group: Some("mobile".into()),
        ..none
    };
    assert!(error(&|_| {}, &other).contains("there are: all"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.h5");
    write(&path, &|_| {});
    let bytes = std::fs::read(&path).unwrap();
    for cut in [20, 100, 600, bytes.len() / 2] {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        assert!(
            read_all(&path, &ReadOptions::default()).is_err(),
            "cut at {cut}"
        );
    }
}
