//! `argyro diffusion` from files to the report folder.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use argyro::cli::diffusion::{DiffusionArgs, analyse};
use clap::Parser;
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;
use serde_json::Value;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: DiffusionArgs,
}

/// Runs the subcommand with these words; the report goes to `folder`/report.
fn run(folder: &Path, words: &[&str]) -> Result<(String, Value), String> {
    let out = folder.join("report");
    let out = out.to_str().unwrap();
    let words = [&["diffusion"], words, &["--out", out]].concat();
    let cli = Cli::try_parse_from(words).map_err(|e| e.to_string())?;
    let text = analyse(&cli.args).map_err(|e| format!("{e:#}"))?;
    let json = std::fs::read_to_string(folder.join("report/report.json")).unwrap();
    Ok((text, serde_json::from_str(&json).unwrap()))
}

const LENGTH: f64 = 12.0;

/// Wrapped positions and images of 12 Brownian Li and 6 vibrating S, drifting together.
struct Walk {
    rng: Pcg64,
    position: Vec<[f64; 3]>,
    site: Vec<[f64; 3]>,
    d: f64,
}

impl Walk {
    fn new(seed: u64, d: f64) -> Self {
        let start: Vec<[f64; 3]> = (0..18)
            .map(|i| {
                [
                    f64::from(i) * 0.61,
                    f64::from(i * 7 % 12),
                    f64::from(i * 5 % 12),
                ]
            })
            .collect();
        Self {
            rng: Pcg64::seed_from_u64(seed),
            position: start.clone(),
            site: start,
            d,
        }
    }

    /// Moves by 0.1 ps.
    fn advance(&mut self) {
        let step = (2.0 * self.d * 0.1).sqrt();
        for i in 0..18 {
            for k in 0..3 {
                let noise: f64 = StandardNormal.sample(&mut self.rng);
                self.site[i][k] += 0.01;
                if i < 12 {
                    self.site[i][k] += step * noise;
                    self.position[i][k] = self.site[i][k];
                } else {
                    self.position[i][k] = self.site[i][k] + 0.1 * noise;
                }
            }
        }
    }

    fn dump(&self, out: &mut String, step: usize) {
        let bounds = format!("0 {LENGTH}\n").repeat(3);
        let _ = write!(
            out,
            "ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n18\nITEM: BOX BOUNDS pp pp pp\n\
             {bounds}ITEM: ATOMS id type x y z ix iy iz\n"
        );
        for (i, x) in self.position.iter().enumerate() {
            let image = x.map(|x| (x / LENGTH).floor());
            let w = [0, 1, 2].map(|k| x[k] - image[k] * LENGTH);
            let kind = if i < 12 { 1 } else { 3 };
            let _ = writeln!(
                out,
                "{} {kind} {} {} {} {} {} {}",
                i + 1,
                w[0],
                w[1],
                w[2],
                image[0],
                image[1],
                image[2]
            );
        }
    }

    fn xyz(&self, out: &mut String, step: usize, temperature: f64) {
        let _ = writeln!(
            out,
            "18\nLattice=\"{LENGTH} 0 0 0 {LENGTH} 0 0 0 {LENGTH}\" Properties=species:S:1:pos:R:3 \
             Time={} temperature={temperature}",
            0.1 * step as f64
        );
        for (i, x) in self.position.iter().enumerate() {
            let w = x.map(|x| x.rem_euclid(LENGTH));
            let name = if i < 12 { "Li" } else { "S" };
            let _ = writeln!(out, "{name} {} {} {}", w[0], w[1], w[2]);
        }
    }
}

fn dump_file(folder: &Path, name: &str, seed: u64, d: f64, frames: usize) -> PathBuf {
    let mut walk = Walk::new(seed, d);
    let mut text = String::new();
    for frame in 0..frames {
        walk.dump(&mut text, 50 * frame);
        walk.advance();
    }
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn xyz_file(folder: &Path, name: &str, seed: u64, d: f64, temperature: f64) -> PathBuf {
    let mut walk = Walk::new(seed, d);
    let mut text = String::new();
    for frame in 0..300 {
        walk.xyz(&mut text, frame, temperature);
        walk.advance();
    }
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_lammps_dump_gives_the_report_of_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let path = dump_file(folder.path(), "li.lammpstrj", 1, 0.3, 600);
    let words = [
        path.to_str().unwrap(),
        "--type-map",
        "Li,P,S,Cl",
        "--frame-time",
        "0.1",
        "--temperature",
        "600",
    ];
    let (text, json) = run(folder.path(), &words).unwrap();
    let state = &json["states"][0];
    assert_eq!(state["temperature"], 600.0);
    assert_eq!(state["species"], "Li");
    assert_eq!(state["n_trajectories"], 1);
    assert_eq!(state["n_frames"], 600);
    assert!(state["window_ps"][0].as_f64().unwrap() < state["window_ps"][1].as_f64().unwrap());
    let number = |v: &Value| v.as_f64().unwrap();
    let d = number(&state["tracer"]["D"]);
    let error = number(&state["tracer"]["std_error"]);
    assert!((d - 3.0e-5).abs() < 4.0 * error, "{d} +- {error}");
    assert!(error / d < 0.1);
    let interval = &state["tracer"]["ci95"];
    assert!(number(&interval[0]) < d && d < number(&interval[1]));
    // n e^2 D / kT with 12 ions in 12^3 angstrom^3.
    let sigma = 12.0 / LENGTH.powi(3) * 1.0e30 * 1.602_176_634e-19_f64.powi(2) * d * 1.0e-4
        / (1.380_649e-23 * 600.0);
    let conductivity = &state["conductivity"];
    assert!((number(&conductivity["nernst_einstein_S_m"]) / sigma - 1.0).abs() < 1e-9);
    let haven = number(&state["haven_ratio"]["value"]);
    assert!((haven - d / number(&state["collective"]["D"])).abs() < 1e-9);
    assert!((number(&state["slope_loglog"]) - 1.0).abs() < 0.1);
    assert_eq!(state["converged"], true, "{}", state["why"]);
    assert_eq!(json["arrhenius"], Value::Null);
    assert_eq!(json["provenance"]["version"], env!("CARGO_PKG_VERSION"));
    assert!(
        text.contains("converged") && text.contains("D tracer"),
        "{text}"
    );

    let report = folder.path().join("report");
    let png = std::fs::read(report.join("msd.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG"));
    let svg = std::fs::read_to_string(report.join("msd.svg")).unwrap();
    assert!(svg.contains("time t (ps)") && svg.contains("cm²/s"));
    let page = std::fs::read_to_string(report.join("report.html")).unwrap();
    assert!(page.contains("<svg") && !page.contains("http-equiv") && !page.contains("src="));
}

#[test]
fn images_and_minimum_image_give_the_same_d() {
    let folder = tempfile::tempdir().unwrap();
    let dump = dump_file(folder.path(), "a.lammpstrj", 3, 0.1, 300);
    let words = [
        dump.to_str().unwrap(),
        "--type-map",
        "Li,P,S",
        "--frame-time",
        "0.1",
        "--window",
        "0.5",
        "10",
    ];
    let (_, with_images) = run(folder.path(), &words).unwrap();
    let xyz = xyz_file(folder.path(), "a.xyz", 3, 0.1, 600.0);
    let words = [xyz.to_str().unwrap(), "--window", "0.5", "10"];
    let (text, wrapped) = run(folder.path(), &words).unwrap();
    let d = |j: &Value| j["states"][0]["tracer"]["D"].as_f64().unwrap();
    assert!((d(&with_images) / d(&wrapped) - 1.0).abs() < 1e-9);
    assert!(text.contains("minimum image"), "{text}");
    assert_eq!(wrapped["states"][0]["temperature"], 600.0);
    assert_eq!(with_images["states"][0]["temperature"], Value::Null);
    assert_eq!(with_images["states"][0]["conductivity"], Value::Null);
}

#[test]
fn files_are_grouped_by_temperature_and_joined_by_arrhenius() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (k, t) in [600.0, 900.0, 600.0, 750.0].into_iter().enumerate() {
        let d = 20.0 * (-0.25_f64 / (8.617_333e-5 * t)).exp();
        files.push(xyz_file(
            folder.path(),
            &format!("{k}.xyz"),
            40 + k as u64,
            d,
            t,
        ));
    }
    let words: Vec<&str> = files.iter().map(|f| f.to_str().unwrap()).collect();
    let (text, json) = run(folder.path(), &words).unwrap();
    let states = json["states"].as_array().unwrap();
    let seen: Vec<(f64, u64)> = states
        .iter()
        .map(|s| {
            (
                s["temperature"].as_f64().unwrap(),
                s["n_trajectories"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(seen, [(600.0, 2), (750.0, 1), (900.0, 1)]);
    assert!(states[0]["tracer"]["errors"]["between_trajectories"].is_f64());
    let fit = &json["arrhenius"];
    let interval = &fit["ci95"]["Ea_eV"];
    let (lo, hi) = (interval[0].as_f64().unwrap(), interval[1].as_f64().unwrap());
    assert!(lo < 0.25 && 0.25 < hi, "{lo} {hi}");
    assert!(fit["D_300K"].as_f64().unwrap() > 0.0);
    assert_eq!(fit["covariance"].as_array().unwrap().len(), 2);
    assert!(text.contains("activation energy"));
    assert!(folder.path().join("report/arrhenius.png").exists());
}

#[test]
fn ions_that_do_not_diffuse_are_called_not_converged() {
    let folder = tempfile::tempdir().unwrap();
    let path = xyz_file(folder.path(), "cold.xyz", 8, 1.0e-4, 300.0);
    let (text, json) = run(folder.path(), &[path.to_str().unwrap()]).unwrap();
    let state = &json["states"][0];
    assert_eq!(state["converged"], false);
    let why = state["why"].as_str().unwrap();
    assert!(
        why.starts_with("not converged: ") && why.contains("jump"),
        "{why}"
    );
    assert!(text.contains("NOT CONVERGED"));
}

#[test]
fn mistakes_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = dump_file(folder.path(), "a.lammpstrj", 3, 0.1, 20);
    let path = path.to_str().unwrap();
    let error = |words: &[&str]| run(folder.path(), words).unwrap_err();
    assert!(error(&[path]).contains("--type-map"));
    let map = ["--type-map", "Li,P,S"];
    let with = |more: &[&str]| error(&[&[path], &map[..], more].concat());
    assert!(with(&[]).contains("--frame-time"));
    let timed = |more: &[&str]| with(&[&["--frame-time", "0.1"], more].concat());
    assert!(timed(&["--window", "0.1", "50"]).contains("the trajectory has 1.900 ps"));
    assert!(timed(&["--window", "5", "1"]).contains("0 < A < B"));
    assert!(timed(&["--window", "0.11", "0.12"]).contains("fewer than two lags"));
    assert!(timed(&["--temperature", "1,2"]).contains("2 values for 1 files"));
    assert!(timed(&["--temperature", "-5"]).contains("-5"));
    assert!(timed(&["--skip", "1.8"]).contains("too few"));
    assert!(timed(&["--species", "Na"]).contains("no atom of species Na"));
    assert!(error(&["no-such-file"]).contains("no-such-file"));
}
