//! Tests of paths, and the Brownian paths that other tests use.

use super::*;
use crate::analysis::trajectory::Coordinates;
use crate::analysis::trajectory::Info;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;

/// Brownian atoms with coefficient `d` (angstrom^2/ps) and white noise `sigma` on positions.
pub(crate) fn brownian(
    atoms: usize,
    frames: usize,
    dt: f64,
    d: f64,
    sigma: f64,
    seed: u64,
) -> MobilePaths {
    let mut rng = Pcg64::seed_from_u64(seed);
    let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
    let step = (2.0 * d * dt).sqrt();
    let mut walk = vec![0.0; 3 * atoms];
    let mut position = Vec::with_capacity(3 * atoms * frames);
    for _ in 0..frames {
        for x in &mut walk {
            *x += step * normal();
            position.push(*x + sigma * normal());
        }
    }
    MobilePaths {
        position,
        n_atoms: atoms,
        n_frames: frames,
        dt,
        n_total: atoms,
        composition: vec![("Li".to_string(), atoms)],
        volume: Some(20.0 * atoms as f64),
        cell: None,
        framework_msd: Vec::new(),
        drift_distance: 0.0,
        drift_text: "none removed".to_string(),
        notes: Vec::new(),
        warnings: Vec::new(),
    }
}

/// Frames held in memory.
struct Memory {
    info: Info,
    frames: std::vec::IntoIter<Frame>,
}

impl TrajectoryReader for Memory {
    fn info(&self) -> &Info {
        &self.info
    }
    fn read_frame(&mut self, frame: &mut Frame) -> Result<bool> {
        Ok(self.frames.next().map(|f| *frame = f).is_some())
    }
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

fn options(drift: Drift) -> PathOptions {
    PathOptions {
        species: "Li".to_string(),
        drift,
        skip: 0.0,
        every: 1,
        frame_time: None,
        timestep: None,
    }
}

/// Two Li and two S atoms in a triclinic cell, drifting together; wrapped as asked.
fn memory(coordinates: Coordinates, breathe: bool) -> (Memory, Vec<[f64; 3]>) {
    let mut rng = Pcg64::seed_from_u64(7);
    let mut truth = vec![
        [0.5, 0.5, 0.5],
        [9.0, 3.0, 2.0],
        [4.0, 4.0, 4.0],
        [1.0, 6.0, 7.0],
    ];
    let mut frames = Vec::new();
    let mut end = Vec::new();
    for t in 0..60 {
        let scale = if breathe {
            1.0 + 0.01 * (t % 3) as f64
        } else {
            1.0
        };
        let edges = [[10.0, 0.0, 0.0], [2.0, 9.0, 0.0], [-1.0, 1.0, 8.0]];
        let cell = Cell::new(edges.map(|e| e.map(|x| x * scale)), [true; 3]).unwrap();
        let mut frame = Frame::empty();
        frame.step = Some(10 * t);
        frame.time = Some(0.01 * t as f64);
        frame.cell = Some(cell);
        frame.coordinates = coordinates;
        for (i, x) in truth.iter_mut().enumerate() {
            for x in x.iter_mut() {
                *x += 0.3
                    + if i < 2 {
                        rng.random_range(-1.0..1.0)
                    } else {
                        0.0
                    };
            }
            let s = cell.to_fractional(*x);
            let image = s.map(f64::floor);
            let wrapped = cell.to_cartesian([0, 1, 2].map(|k| s[k] - image[k]));
            if coordinates == Coordinates::Unwrapped {
                frame.position.push(*x);
            } else {
                frame.position.push(wrapped);
            }
            if coordinates == Coordinates::WithImages {
                frame.image.push(image.map(|n| n as i32));
            }
        }
        end = truth.clone();
        frames.push(frame);
    }
    let species = ["Li", "Li", "S", "S"].map(str::to_string).to_vec();
    let info = Info {
        format: "memory",
        species,
        ids: None,
        temperature: None,
        provenance: serde_json::Map::new(),
    };
    let frames = frames.into_iter();
    (Memory { info, frames }, end)
}

#[test]
fn wrapped_imaged_and_unwrapped_frames_give_the_same_paths() {
    for breathe in [false, true] {
        let (mut reader, _) = memory(Coordinates::Unwrapped, breathe);
        let truth = load(&mut reader, &options(Drift::None)).unwrap();
        for kind in [Coordinates::WithImages, Coordinates::Unknown] {
            let (mut reader, _) = memory(kind, breathe);
            let paths = load(&mut reader, &options(Drift::None)).unwrap();
            for lag in [1, 7, 59] {
                let (a, b) = (
                    truth.squared_displacement(0, lag, 1).sqrt(),
                    paths.squared_displacement(0, lag, 1).sqrt(),
                );
                // A breathing cell makes wrapped positions ambiguous by a part of the strain.
                let tolerance = if breathe { 0.5 } else { 1e-9 };
                assert!((a - b).abs() < tolerance, "{kind:?} {lag}: {a} {b}");
            }
            assert_eq!(
                paths.notes.iter().any(|n| n.contains("cell changes")),
                breathe
            );
        }
    }
}

#[test]
fn drift_of_the_framework_is_removed() {
    let (mut reader, _) = memory(Coordinates::WithImages, false);
    let raw = load(&mut reader, &options(Drift::None)).unwrap();
    let (mut reader, _) = memory(Coordinates::WithImages, false);
    let paths = load(&mut reader, &options(Drift::Framework)).unwrap();
    for k in 0..3 {
        let moved = |p: &MobilePaths| p.at(59, 0)[k] - p.at(0, 0)[k];
        assert!((moved(&raw) - moved(&paths) - 59.0 * 0.3).abs() < 1e-9);
    }
    assert!((paths.drift_distance - 59.0 * 0.3 * 3.0_f64.sqrt()).abs() < 1e-9);
    assert!(paths.framework_msd[0].1[1] < 1e-18);
    assert_eq!(paths.framework_msd[0].0, "S");
    assert!(paths.drift_text.contains("2 framework atoms"));
}

#[test]
fn time_axis_rules() {
    let load_with = |change: &dyn Fn(&mut Vec<Frame>), options: &PathOptions| {
        let (reader, _) = memory(Coordinates::WithImages, false);
        let mut frames: Vec<Frame> = reader.frames.collect();
        change(&mut frames);
        let info = reader.info;
        load(
            &mut Memory {
                info,
                frames: frames.into_iter(),
            },
            options,
        )
    };
    let base = options(Drift::None);
    let paths = load_with(
        &|_| {},
        &PathOptions {
            skip: 0.1,
            every: 5,
            ..base.clone()
        },
    );
    let paths = paths.unwrap();
    assert_eq!(paths.n_frames, 10);
    assert!((paths.dt - 0.05).abs() < 1e-12);
    let twice = |frames: &mut Vec<Frame>| {
        let again: Vec<Frame> = frames[20..25].to_vec();
        frames.splice(25..25, again);
    };
    let paths = load_with(&twice, &base).unwrap();
    assert_eq!(paths.n_frames, 60);
    assert!(paths.notes[0].contains("5 frames repeat"));
    let gap = |frames: &mut Vec<Frame>| drop(frames.remove(30));
    let error = format!("{:#}", load_with(&gap, &base).unwrap_err());
    assert!(error.contains("not equally spaced") && error.contains("frames 30 and 31"));
    let timeless = |frames: &mut Vec<Frame>| frames.iter_mut().for_each(|f| f.time = None);
    let error = format!("{:#}", load_with(&timeless, &base).unwrap_err());
    assert!(error.contains("--frame-time") && error.contains("--timestep"));
    let told = PathOptions {
        timestep: Some(0.002),
        ..base.clone()
    };
    assert!((load_with(&timeless, &told).unwrap().dt - 0.02).abs() < 1e-12);
    let told = PathOptions {
        frame_time: Some(0.5),
        ..base.clone()
    };
    assert!((load_with(&timeless, &told).unwrap().dt - 0.5).abs() < 1e-12);
    let none = PathOptions {
        species: "Na".to_string(),
        ..base
    };
    let error = format!("{:#}", load_with(&|_| {}, &none).unwrap_err());
    assert!(error.contains("no atom of species Na") && error.contains("Li (2), S (2)"));
}

#[test]
fn steps_near_half_the_cell_are_warned_about() {
    let mut unwrapper = Unwrapper::default();
    let cell = Cell::orthogonal([10.0; 3], [true; 3]).unwrap();
    for x in [0.0, 4.0] {
        let mut frame = Frame::empty();
        frame.cell = Some(cell);
        frame.position = vec![[x, 0.0, 0.0]];
        unwrapper.follow(&frame);
    }
    assert!(unwrapper.warnings()[0].contains("0.40"));
}
