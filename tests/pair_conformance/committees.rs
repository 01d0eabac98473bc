//! Committees of every family and of several families: the first model drives, and the file of the model
//! deviation has what the formulas say of the models' own predictions.

use super::{ALL, PLAIN, Recipe, Result, crystal, evaluate, make};
use argyro::domain::State;
use argyro::elements;

/// Models of one committee.
struct Committee {
    /// Pair style of the driver.
    style: &'static str,
    /// Pair styles that evaluate each model alone, and the files.
    models: &'static [(&'static str, &'static str)],
    elements: [&'static str; 2],
}

const COMMITTEES: &[Committee] = &[
    Committee {
        style: "mace",
        models: &[
            ("mace", "mace/residual_l1.model"),
            ("mace", "mace/density_l2_agnesi_zbl-lammps.pt"),
        ],
        elements: ["H", "C"],
    },
    Committee {
        style: "nequip",
        models: &[
            ("nequip", "nequip/pairs_l2.ckpt"),
            ("nequip", "nequip/old_l2.pth"),
            ("nequip", "nequip/odd.nequip.zip"),
        ],
        elements: ["Li", "S"],
    },
    Committee {
        style: "allegro",
        models: &[
            ("allegro", "nequip/allegro.nequip.zip"),
            ("nequip", "nequip/residual.ckpt"),
        ],
        elements: ["P", "S"],
    },
    Committee {
        style: "e3gnn",
        models: &[
            ("e3gnn", "sevennet/s010_manual.pth"),
            ("e3gnn", "sevennet/s09_old_names.pth"),
        ],
        elements: ["S", "Cl"],
    },
    Committee {
        style: "deepmd",
        models: &[
            ("deepmd", "deepmd/sea_2s.pb"),
            ("deepmd", "deepmd/ser.dp"),
            ("deepmd", "deepmd/dpa1_strip_smooth.dp"),
        ],
        elements: ["O", "H"],
    },
    Committee {
        style: "deepmd",
        models: &[
            ("deepmd", "deepmd/sea_2s.pb"),
            ("mace", "mace/residual_l1.model"),
        ],
        elements: ["O", "H"],
    },
    Committee {
        style: "nequip",
        models: &[
            ("nequip", "nequip/pairs_l2.ckpt"),
            ("e3gnn", "sevennet/s013_l4.pth"),
        ],
        elements: ["Li", "P"],
    },
    Committee {
        style: "e3gnn",
        models: &[
            ("e3gnn", "sevennet/s013_l4.pth"),
            ("nequip", "nequip/allegro.nequip.pth"),
        ],
        elements: ["S", "Li"],
    },
];

fn fixture(file: &str) -> String {
    format!("tests/fixtures/{file}")
}

/// A style with files, where its syntax wants them.
fn recipe(style: &str, files: &[String], options: &str, elements: [&str; 2]) -> Recipe {
    let files = files.join(" ");
    let [a, b] = elements;
    let (style, coeff) = if style == "deepmd" {
        (format!("deepmd {files} {options}"), format!("* * {a} {b}"))
    } else {
        (format!("{style} {options}"), format!("* * {files} {a} {b}"))
    };
    Recipe {
        style,
        coeffs: vec![coeff],
        modify: PLAIN,
    }
}

fn run(recipe: &Recipe, elements: [&str; 2]) -> Result {
    let mut s: State = crystal([1, 1, 1], 31);
    s.types.mass = std::iter::once(None)
        .chain(elements.map(elements::mass))
        .collect();
    let mut style = make(recipe, &s);
    evaluate(&mut s, &mut *style, ALL)
}

/// Standard deviation (of all values) and mean.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let square: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
    ((square / n).sqrt(), mean)
}

fn spread(values: &[f64]) -> [f64; 2] {
    let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    [max, values.iter().copied().fold(f64::INFINITY, f64::min)]
}

/// What a line should hold, after the step.
fn expected(models: &[Result], relative: Option<f64>) -> Vec<f64> {
    let n = models[0].f.len();
    let over = |of: &dyn Fn(&Result) -> f64| moments(&models.iter().map(of).collect::<Vec<_>>());
    let atoms: Vec<f64> = (0..n)
        .map(|i| {
            let axes = [0, 1, 2].map(|k| over(&|m| m.f[i][k]));
            let norm = |part: fn(&(f64, f64)) -> f64| {
                axes.iter().map(|a| part(a).powi(2)).sum::<f64>().sqrt()
            };
            let (std, mean) = (norm(|a| a.0), norm(|a| a.1));
            relative.map_or(std, |level| std / (mean + level))
        })
        .collect();
    // the nine components of the tensor
    let virial: Vec<f64> = [0, 3, 4, 3, 1, 5, 4, 5, 2]
        .iter()
        .map(|&c| over(&|m| m.virial[c] / n as f64).0)
        .collect();
    let rms = (virial.iter().map(|v| v * v).sum::<f64>() / 9.0).sqrt();
    let mean = atoms.iter().sum::<f64>() / n as f64;
    let mut line = Vec::new();
    line.extend(spread(&virial));
    line.push(rms);
    line.extend(spread(&atoms));
    line.push(mean);
    line.push(over(&|m| m.energy / n as f64).0);
    line.extend(atoms);
    line
}

#[test]
fn a_committee_drives_by_its_first_model_and_writes_deviations() {
    let dir = tempfile::tempdir().unwrap();
    for committee in COMMITTEES {
        let elements = committee.elements;
        let names: Vec<String> = committee.models.iter().map(|m| fixture(m.1)).collect();
        let alone: Vec<Result> = committee
            .models
            .iter()
            .map(|(style, file)| run(&recipe(style, &[fixture(file)], "", elements), elements))
            .collect();
        for relative in [None, Some(0.7)] {
            let file = dir.path().join("devi.out");
            let mut options = format!("out_freq 1 out_file {} atomic out_energy", file.display());
            if let Some(level) = relative {
                options += &format!(" relative {level}");
            }
            let together = run(
                &recipe(committee.style, &names, &options, elements),
                elements,
            );
            let what = names.join(" ");
            // A model of longer reach makes longer lists, whose sums end in other last digits.
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-12 * (1e-3 + b.abs());
            let alike = |a: &[[f64; 3]], b: &[[f64; 3]]| {
                let pairs = a.as_flattened().iter().zip(b.as_flattened());
                a.len() == b.len() && pairs.into_iter().all(|(a, b)| near(*a, *b))
            };
            assert!(
                alike(&together.f, &alone[0].f),
                "{what}: the driver is not what it is alone"
            );
            assert!(near(together.energy, alone[0].energy), "{what}");
            let virials = together.virial.iter().zip(&alone[0].virial);
            virials.for_each(|(a, b)| assert!(near(*a, *b), "{what}: {a} {b}"));
            let text = std::fs::read_to_string(&file).unwrap();
            let (header, line) = text.trim_end().split_once('\n').unwrap();
            assert_eq!(
                header.split_whitespace().collect::<Vec<_>>(),
                [
                    "#",
                    "step",
                    "max_devi_v",
                    "min_devi_v",
                    "avg_devi_v",
                    "max_devi_f",
                    "min_devi_f",
                    "avg_devi_f",
                    "devi_e",
                    "atm_devi_f(N)"
                ]
            );
            let found: Vec<f64> = line
                .split_whitespace()
                .map(|w| w.parse().unwrap())
                .collect();
            let wanted = expected(&alone, relative);
            assert_eq!(found.len(), 1 + wanted.len(), "{what}");
            assert_eq!(found[0], 0.0);
            for (a, b) in found[1..].iter().zip(&wanted) {
                assert!(
                    (a - b).abs() <= 2e-6 * b.abs() + 1e-9,
                    "{what}: {a} against {b}"
                );
            }
            assert!(
                found[4] > 1e-5,
                "{what}: these models agree, which tests nothing"
            );
        }
    }
}

/// A model does not deviate from itself, in its other file form no more than by rounding.
#[test]
fn a_model_does_not_deviate_from_itself() {
    let dir = tempfile::tempdir().unwrap();
    let cases: &[(&str, [&str; 2], [&str; 2], f64)] = &[
        ("mace", ["mace/plain_l0.model"; 2], ["H", "C"], 0.0),
        (
            "nequip",
            ["nequip/pairs_l2.ckpt", "nequip/pairs_l2.nequip.zip"],
            ["Li", "P"],
            1e-9,
        ),
        (
            "allegro",
            ["nequip/allegro.nequip.zip"; 2],
            ["Li", "P"],
            0.0,
        ),
        ("e3gnn", ["sevennet/s013_fcn.pth"; 2], ["Li", "P"], 0.0),
        (
            "deepmd",
            ["deepmd/r_os.pb", "deepmd/r_os.dp"],
            ["O", "H"],
            1e-9,
        ),
    ];
    for (style, models, elements, allowed) in cases {
        let file = dir.path().join("same.out");
        let options = format!("out_freq 1 out_file {}", file.display());
        let names = models.map(fixture);
        run(&recipe(style, &names, &options, *elements), *elements);
        let text = std::fs::read_to_string(&file).unwrap();
        let line = text.lines().nth(1).unwrap();
        for word in line.split_whitespace().skip(1) {
            let value: f64 = word.parse().unwrap();
            assert!(value <= *allowed, "{models:?}: {line}");
        }
    }
}

/// Lines come every `out_freq` steps, whatever the run.
#[test]
fn deviations_are_written_at_their_steps() {
    let dir = tempfile::tempdir().unwrap();
    let root = env!("CARGO_MANIFEST_DIR");
    let script = format!(
        "units metal\nregion b block 0 5 0 5 0 5\ncreate_box 2 b\nmass 1 15.999\nmass 2 1.008\n\
         create_atoms 1 single 1 1 1\ncreate_atoms 2 single 2 1.2 0.9\ncreate_atoms 2 single 3.5 3 3\n\
         pair_style deepmd {root}/tests/fixtures/deepmd/r_os.pb {root}/tests/fixtures/deepmd/ser.pb \
         out_freq 2 out_file devi.out\npair_coeff * * O H\ntimestep 0.0002\nfix 1 all nve\n\
         run 5\nrun 3\n"
    );
    std::fs::write(dir.path().join("in"), script).unwrap();
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_argyro"))
        .args(["-in", "in", "-screen", "none"])
        .env("RAYON_NUM_THREADS", "2")
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let text = std::fs::read_to_string(dir.path().join("devi.out")).unwrap();
    assert!(text.starts_with("#       step         max_devi_v         min_devi_v"));
    let step = |l: &str| l.split_whitespace().next().map(str::to_owned);
    let steps: Vec<String> = text.lines().skip(1).filter_map(step).collect();
    assert_eq!(steps, ["0", "2", "4", "6", "8"]);
}
