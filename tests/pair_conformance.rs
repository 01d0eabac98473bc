//! What every pair style must satisfy: forces and virial are derivatives of the energy, symmetries hold,
//! per-atom values sum to the totals, threads and images of small cells change nothing.
//!
//! The test goes through the table of styles: a new style needs a line in `recipes`, one that evaluates
//! a network a line in `networks` of `pair_conformance/networks.rs` instead.

use argyro::domain::build::build;
use argyro::domain::state::{ATOM_STYLES, Types};
use argyro::domain::wrap::wrap_atoms;
use argyro::domain::{Boundary, Cell, LocalComm, NeighborSettings, State, Tally};
use argyro::pair::{
    ForceContext, PAIR_STYLES, PairModify, PairOptions, PairStyle, Precision, Single, collect,
    find, prepare,
};
use argyro::units::Units;
use networks::{Network, networks};

#[path = "pair_conformance/committees.rs"]
mod committees;
#[path = "pair_conformance/conservation.rs"]
mod conservation;
#[path = "pair_conformance/hybrids.rs"]
mod hybrids;
#[path = "pair_conformance/networks.rs"]
mod networks;

/// A style with coefficients for two types.
struct Recipe {
    style: String,
    coeffs: Vec<String>,
    modify: PairModify,
}

const OPTIONS: PairOptions = PairOptions {
    precision: Precision::Double,
    radial_exact: false,
};

const PLAIN: PairModify = PairModify {
    mix: None,
    shift: false,
    tail: false,
    table: 12,
    tabinner: std::f64::consts::SQRT_2,
    compute: true,
    special: [None; 2],
};

fn recipes(name: &str) -> Vec<Recipe> {
    let networks = networks(name);
    if !networks.is_empty() {
        return networks.iter().map(Network::recipe).collect();
    }
    let recipes: &[(&'static str, &'static [&'static str])] = match name {
        "lj/cut" => &[("lj/cut 3.5", &["1 1 0.01 2.2", "2 2 0.02 2.0 4.1"])],
        "lj/cut/coul/cut" => &[(
            "lj/cut/coul/cut 3.5 4.0",
            &["1 1 0.01 2.2", "2 2 0.02 2.0 3.3 4.3"],
        )],
        "lj/cut/coul/long" => &[(
            "lj/cut/coul/long 3.5 4.0",
            &["1 1 0.01 2.2", "2 2 0.02 2.0 3.3"],
        )],
        "lj/cut/coul/dsf" => &[(
            "lj/cut/coul/dsf 0.2 3.5 4.0",
            &["1 1 0.01 2.2", "2 2 0.02 2.0 3.3"],
        )],
        "lj/cut/coul/wolf" => &[(
            "lj/cut/coul/wolf 0.2 3.5 4.0",
            &["1 1 0.01 2.2", "2 2 0.02 2.0 3.3"],
        )],
        "lj/cut/coul/debye" => &[(
            "lj/cut/coul/debye 0.8 3.5 4.0",
            &["1 1 0.01 2.2", "2 2 0.02 2.0 3.3 3.9"],
        )],
        "lj/expand" => &[(
            "lj/expand 3.0",
            &["1 1 0.01 1.7 0.4", "2 2 0.02 1.5 0.3 2.8"],
        )],
        "buck" => &[(
            "buck 3.7",
            &["1 1 300 0.3 4", "1 2 500 0.25 2 3.3", "2 2 200 0.35 8"],
        )],
        "buck/coul/cut" => &[(
            "buck/coul/cut 3.7 4.1",
            &["1 1 300 0.3 4", "1 2 500 0.25 2 3.3 3.9", "2 2 200 0.35 8"],
        )],
        "buck/coul/long" => &[(
            "buck/coul/long 3.7 4.1",
            &["1 1 300 0.3 4", "1 2 500 0.25 2 3.3", "2 2 200 0.35 8"],
        )],
        "born" => &[(
            "born 3.7",
            &[
                "1 1 0.3 0.3 2.1 4 3",
                "1 2 0.2 0.25 2.4 2 1 3.3",
                "2 2 0.2 0.35 2.0 8 0",
            ],
        )],
        "born/coul/long" => &[(
            "born/coul/long 3.7",
            &[
                "1 1 0.3 0.3 2.1 4 3",
                "1 2 0.2 0.25 2.4 2 1 3.3",
                "2 2 0.2 0.35 2.0 8 0",
            ],
        )],
        "born/coul/dsf" => &[(
            "born/coul/dsf 0.25 3.7 4.2",
            &[
                "1 1 0.3 0.3 2.1 4 3",
                "1 2 0.2 0.25 2.4 2 1 3.3",
                "2 2 0.2 0.35 2.0 8 0",
            ],
        )],
        "born/coul/wolf" => &[(
            "born/coul/wolf 0.25 3.7 4.2",
            &[
                "1 1 0.3 0.3 2.1 4 3",
                "1 2 0.2 0.25 2.4 2 1 3.3",
                "2 2 0.2 0.35 2.0 8 0",
            ],
        )],
        "morse" => &[(
            "morse 3.9",
            &["1 1 0.3 1.4 2.4", "1 2 0.2 1.6 2.2 3.5", "2 2 0.4 1.2 2.6"],
        )],
        "yukawa" => &[("yukawa 0.9 3.9", &["1 1 3.0", "2 2 4.0 3.5"])],
        "soft" => &[("soft 3.5", &["1 1 3.0", "2 2 4.0 3.8"])],
        "eam" => &[(
            "eam",
            &[
                "1 1 tests/fixtures/classical/a.eam",
                "2 2 tests/fixtures/classical/b.eam",
            ],
        )],
        "eam/alloy" => &[(
            "eam/alloy",
            &["* * tests/fixtures/classical/two.eam.alloy Qb Qa"],
        )],
        "eam/fs" => &[("eam/fs", &["* * tests/fixtures/classical/two.eam.fs Qa Qb"])],
        "sw" => &[("sw", &["* * tests/fixtures/classical/two.sw Qa Qb"])],
        "tersoff" => &[(
            "tersoff",
            &["* * tests/fixtures/classical/two.tersoff Qb Qa"],
        )],
        "table" => &[
            (
                "table spline 4000",
                &[
                    "1 1 tests/fixtures/classical/two.table LISTED",
                    "1 2 tests/fixtures/classical/two.table EVEN 3.9",
                    "2 2 tests/fixtures/classical/two.table SQUARE",
                ],
            ),
            (
                "table linear 20000",
                &["* * tests/fixtures/classical/two.table LISTED"],
            ),
        ],
        "coul/cut" => &[("coul/cut 3.5", &["1 1", "2 2 4.3"])],
        "coul/long" => &[("coul/long 4.1", &["* *"])],
        "coul/dsf" => &[("coul/dsf 0.2 4.1", &["* *"])],
        "coul/wolf" => &[("coul/wolf 0.2 4.1", &["* *"])],
        "coul/debye" => &[("coul/debye 0.8 4.1", &["1 1", "2 2 3.7"])],
        "zbl" => &[("zbl 1.2 3.0", &["1 1 3 3", "2 2 16 16"])],
        "zero" => &[("zero 3.0", &["* *"])],
        "dispersion/d3" => &[
            ("dispersion/d3 bj pbe 6.3 5.7", &["* * S Li"]),
            ("dispersion/d3 original pbe 5.5 6.1", &["* * C H"]),
            ("dispersion/d3 zerom b-lyp 6.2 6.2", &["* * P Cl"]),
        ],
        "hybrid" => &[
            (
                "hybrid lj/cut 3.5 zbl 1.2 3.0",
                &["1 1 lj/cut 0.01 2.2", "2 2 lj/cut 0.02 2.0", "1 2 zbl 3 16"],
            ),
            (
                "hybrid mace lj/cut 3.5",
                &[
                    "* * mace tests/fixtures/mace/plain_l0.model NULL C",
                    "1 1 lj/cut 0.01 2.2",
                    "1 2 lj/cut 0.02 2.0",
                ],
            ),
        ],
        "hybrid/overlay" => &[
            (
                "hybrid/overlay lj/cut 3.5 zbl 1.2 3.0",
                &["* * lj/cut 0.01 2.2", "1 2 zbl 3 16", "2 2 zbl 16 16"],
            ),
            (
                "hybrid/overlay mace dispersion/d3 bj pbe 9.0 8.0",
                &[
                    "* * mace tests/fixtures/mace/residual_l1.model H C",
                    "* * dispersion/d3 H C",
                ],
            ),
            (
                "hybrid/overlay mace zbl 1.2 3.0",
                &[
                    "* * mace tests/fixtures/mace/residual_l1.model H C",
                    "1 2 zbl 1 6",
                ],
            ),
        ],
        other => panic!(
            "pair style {other} has no recipe: add one to tests/pair_conformance.rs, or to \
             pair_conformance/networks.rs if it evaluates a network"
        ),
    };
    let modify = PairModify {
        // the energy of lj/cut jumps at the cutoff otherwise
        shift: name != "dispersion/d3",
        // interpolation errors would hide others
        table: 0,
        ..PLAIN
    };
    let recipe = |&(style, coeffs): &(&str, &[&str])| Recipe {
        style: style.to_owned(),
        coeffs: coeffs.iter().map(|&c| c.to_owned()).collect(),
        modify,
    };
    recipes.iter().map(recipe).collect()
}

fn make(recipe: &Recipe, state: &State) -> Box<dyn PairStyle> {
    let words: Vec<&str> = recipe.style.split_whitespace().collect();
    let entry = find(words[0]).unwrap();
    let args = entry.signature.parse("pair_style", &words[1..]).unwrap();
    let mut style = (entry.build)(&args, state).unwrap();
    style.modify(&recipe.modify).unwrap();
    for c in &recipe.coeffs {
        let words: Vec<&str> = c.split_whitespace().collect();
        style.coeff(&words, state, &OPTIONS).unwrap();
    }
    style.init(state).unwrap();
    style
}

/// Everything a style can say about the state.
struct Result {
    energy: f64,
    f: Vec<[f64; 3]>,
    virial: [f64; 6],
    atom_energy: Vec<f64>,
    atom_virial: Vec<[f64; 6]>,
    bricks: usize,
}

fn evaluate(state: &mut State, style: &mut dyn PairStyle, tally: Tally) -> Result {
    wrap_atoms(state).unwrap();
    let n = state.atoms.len();
    let settings = NeighborSettings::default();
    let bricks = build(state, style.cutoff(), 0.3, &settings, style.needs()).unwrap();
    let mut out = Vec::new();
    prepare(&bricks, tally, &mut out);
    let context = ForceContext {
        bricks: &bricks,
        comm: &LocalComm,
        state,
        tally,
        special: state.special,
    };
    style.compute(&context, &mut out).unwrap();
    state.atoms.f = vec![[0.0; 3]; n];
    state.tallies = Default::default();
    state.tallies.atom_energy = vec![0.0; n];
    state.tallies.atom_virial = vec![[0.0; 6]; n];
    collect(&bricks, &out, tally, state);
    let t = std::mem::take(&mut state.tallies);
    Result {
        energy: t.vdwl + t.coul,
        f: state.atoms.f.clone(),
        virial: t.virial,
        atom_energy: t.atom_energy,
        atom_virial: t.atom_virial,
        bricks: bricks.bricks.len(),
    }
}

const ALL: Tally = Tally {
    atom_energy: true,
    atom_virial: true,
    ..Tally::GLOBAL
};

struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn empty(cell: Cell) -> State {
    State {
        units: Units::named("metal").unwrap(),
        atom_style: ATOM_STYLES[1],
        types: Types::new(2),
        cell: Some(cell),
        g_ewald: Some(0.45),
        ..State::default()
    }
}

fn add(s: &mut State, kind: u32, x: [f64; 3]) {
    let id = s.atoms.len() as i64 + 1;
    s.atoms.push(id, kind, x, true, false);
    *s.atoms.q.last_mut().unwrap() = if kind == 1 { 0.5 } else { -0.4 };
}

fn cell(l: [f64; 3], tilt: [f64; 3], b: Boundary) -> Cell {
    let mut c = Cell::orthogonal(
        [0.3, -0.2, 0.1],
        [l[0] + 0.3, l[1] - 0.2, l[2] + 0.1],
        [[b; 2]; 3],
    );
    c.tilt = tilt;
    c.triclinic = tilt != [0.0; 3];
    c
}

/// Atoms on a distorted grid, none nearer than about 1.7.
fn crystal(copies: [usize; 3], seed: u64) -> State {
    let cells = [2 * copies[0], 2 * copies[1], 3 * copies[2]];
    let l = [
        2.6 * cells[0] as f64,
        2.7 * cells[1] as f64,
        2.5 * cells[2] as f64,
    ];
    let tilt = [0.21 * l[1], -0.1 * l[2], 0.13 * l[2]];
    let c = cell(l, tilt, Boundary::Periodic);
    let mut s = empty(c.clone());
    // displacements repeat from copy to copy, so that a supercell is one
    let mut r = Numbers(seed);
    let d: Vec<[f64; 3]> = (0..12)
        .map(|_| [r.next() - 0.5, r.next() - 0.5, r.next() - 0.5])
        .collect();
    for k in 0..cells[2] {
        for j in 0..cells[1] {
            for i in 0..cells[0] {
                let u = d[(i % 2) + 2 * (j % 2) + 4 * (k % 3)];
                let at = |n: usize, u: f64, cells: usize| (n as f64 + 0.5 + 0.3 * u) / cells as f64;
                let p = [
                    at(i, u[0], cells[0]),
                    at(j, u[1], cells[1]),
                    at(k, u[2], cells[2]),
                ];
                let kind = 1 + ((i % 2 + j % 2 + k % 3) % 2) as u32;
                add(&mut s, kind, c.to_cartesian(p));
            }
        }
    }
    s
}

/// A cluster of `crystal` without boundaries.
fn cluster() -> State {
    let mut s = crystal([1, 1, 1], 5);
    s.cell = Some(cell([60.0; 3], [0.0; 3], Boundary::Fixed));
    s.atoms
        .x
        .iter_mut()
        .for_each(|x| x.iter_mut().for_each(|v| *v += 25.0));
    s
}

/// Tests every recipe of every style and names all that fail.
fn each(mut test: impl FnMut(&str, &Recipe)) {
    let mut failed = Vec::new();
    for entry in PAIR_STYLES {
        for recipe in recipes(entry.signature.name) {
            let run = std::panic::AssertUnwindSafe(|| test(&recipe.style, &recipe));
            if std::panic::catch_unwind(run).is_err() {
                failed.push(recipe.style);
            }
        }
    }
    assert!(failed.is_empty(), "failed: {}", failed.join("; "));
}

fn near(what: &str, name: &str, a: f64, b: f64, tolerance: f64) {
    assert!(
        (a - b).abs() <= tolerance,
        "{name}: {what}: {a} against {b}"
    );
}

/// How far forces may be from the derivatives of the energy, relative to the usual bound: LAMMPS' polynomial for
/// the error function is good to 1e-7 only, tables interpolate energy and force apart, which shows at their ends,
/// the last interval of a funcfl grid has a constant energy with a force as in LAMMPS, and the Wolf sum's shifted
/// force is no derivative at all.
fn slack(name: &str) -> f64 {
    if name.contains("coul/wolf") {
        f64::INFINITY
    } else if name.starts_with("table") {
        2000.0
    } else if name == "eam" {
        200.0
    } else if name.contains("coul/long") || name.contains("coul/dsf") {
        50.0
    } else {
        1.0
    }
}

#[test]
fn forces_are_the_derivatives_of_the_energy() {
    each(|name, recipe| {
        let mut s = crystal([1, 1, 1], 3);
        let mut style = make(recipe, &s);
        let f = evaluate(&mut s, &mut *style, ALL).f;
        let largest = f.iter().flatten().fold(0.0f64, |a, v| a.max(v.abs()));
        // networks of random weights may be weak: they are held to what they have
        let network = !networks(name.split(' ').next().unwrap_or(name)).is_empty();
        let (least, scale) = if network { (1e-4, 0.01) } else { (1e-3, 1.0) };
        assert!(
            largest > least || name.starts_with("zero"),
            "{name}: forces of {largest} test nothing"
        );
        let h = 1e-5;
        for i in [0, 5, 10] {
            for k in 0..3 {
                let mut energy = |d: f64| {
                    let mut t = crystal([1, 1, 1], 3);
                    t.atoms.x[i][k] += d;
                    evaluate(&mut t, &mut *style, Tally::GLOBAL).energy
                };
                let slope = (energy(h) - energy(-h)) / (2.0 * h);
                near(
                    "force",
                    name,
                    f[i][k],
                    -slope,
                    slack(name) * 1e-6 * largest.max(scale),
                );
            }
        }
    });
}

#[test]
fn the_virial_is_the_derivative_by_strain() {
    const PAIRS: [(usize, usize); 6] = [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)];
    each(|name, recipe| {
        let mut s = crystal([1, 1, 1], 4);
        let mut style = make(recipe, &s);
        let virial = evaluate(&mut s, &mut *style, ALL).virial;
        let h = 1e-6;
        for (c, &(a, b)) in PAIRS.iter().enumerate() {
            let mut energy = |e: f64| {
                let mut t = crystal([1, 1, 1], 4);
                let cell = t.cell.as_mut().unwrap();
                let lo = cell.lo;
                t.atoms
                    .x
                    .iter_mut()
                    .for_each(|x| x[a] += e * (x[b] - lo[b]));
                let v = cell.vectors().map(|mut v| {
                    v[a] += e * v[b];
                    v
                });
                cell.hi = [lo[0] + v[0][0], lo[1] + v[1][1], lo[2] + v[2][2]];
                cell.tilt = [v[1][0], v[2][0], v[2][1]];
                evaluate(&mut t, &mut *style, Tally::GLOBAL).energy
            };
            let slope = (energy(h) - energy(-h)) / (2.0 * h);
            near(
                "virial",
                name,
                virial[c],
                -slope,
                slack(name) * 1e-5 * (1.0 + slope.abs()),
            );
        }
    });
}

#[test]
fn per_atom_values_sum_to_the_totals_and_forces_to_zero() {
    each(|name, recipe| {
        let mut s = crystal([1, 1, 1], 6);
        let mut style = make(recipe, &s);
        let r = evaluate(&mut s, &mut *style, ALL);
        let scale = 1.0 + r.energy.abs();
        near(
            "energy",
            name,
            r.atom_energy.iter().sum(),
            r.energy,
            1e-11 * scale,
        );
        for k in 0..6 {
            let sum: f64 = r.atom_virial.iter().map(|v| v[k]).sum();
            near(
                "virial",
                name,
                sum,
                r.virial[k],
                1e-10 * (1.0 + r.virial[k].abs()),
            );
        }
        for k in 0..3 {
            let sum: f64 = r.f.iter().map(|f| f[k]).sum();
            near("sum of forces", name, sum, 0.0, 1e-9 * scale);
        }
        let bare = evaluate(&mut s, &mut *style, Tally::NONE);
        for (a, b) in bare.f.iter().flatten().zip(r.f.iter().flatten()) {
            near("force without tally", name, *a, *b, 1e-11 * scale);
        }
    });
}

#[test]
fn translation_rotation_and_permutation_change_nothing() {
    each(|name, recipe| {
        let mut s = cluster();
        let mut style = make(recipe, &s);
        let first = evaluate(&mut s, &mut *style, ALL);
        let scale = 1.0 + first.energy.abs();

        let mut t = cluster();
        let (c, sn) = (0.7f64.cos(), 0.7f64.sin());
        // about the z axis, then about the x axis, through (27, 27, 27)
        let turn = |v: [f64; 3]| {
            let u = [c * v[0] - sn * v[1], sn * v[0] + c * v[1], v[2]];
            [u[0], c * u[1] - sn * u[2], sn * u[1] + c * u[2]]
        };
        for x in &mut t.atoms.x {
            let v = turn([x[0] - 27.0, x[1] - 27.0, x[2] - 27.0]);
            *x = [v[0] + 28.5, v[1] + 26.25, v[2] + 27.125];
        }
        let turned = evaluate(&mut t, &mut *style, ALL);
        near(
            "energy of the rotated cluster",
            name,
            turned.energy,
            first.energy,
            1e-10 * scale,
        );
        for (a, &b) in turned.f.iter().zip(&first.f) {
            let b = turn(b);
            (0..3).for_each(|k| near("rotated force", name, a[k], b[k], 1e-9 * scale));
        }

        let mut p = cluster();
        p.atoms.x.reverse();
        p.atoms.kind.reverse();
        p.atoms.q.reverse();
        let permuted = evaluate(&mut p, &mut *style, ALL);
        near(
            "energy of permuted atoms",
            name,
            permuted.energy,
            first.energy,
            1e-10 * scale,
        );
        for (a, b) in permuted.f.iter().rev().zip(&first.f) {
            (0..3).for_each(|k| near("permuted force", name, a[k], b[k], 1e-9 * scale));
        }
    });
}

#[test]
fn threads_change_no_bit() {
    each(|name, recipe| {
        let run = |threads: usize, tally: Tally| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                let mut s = crystal([1, 1, 1], 7);
                let mut style = make(recipe, &s);
                let large = style.needs().brick_atoms == 0;
                s = crystal(if large { [4, 4, 6] } else { [3, 3, 2] }, 7);
                evaluate(&mut s, &mut *style, tally)
            })
        };
        for tally in [ALL, Tally::GLOBAL, Tally::NONE] {
            let (one, two) = (run(1, tally), run(2, tally));
            assert!(one.bricks > 1, "{name}: one brick tests nothing");
            assert_eq!(one.energy.to_bits(), two.energy.to_bits(), "{name}");
            assert_eq!(one.f, two.f, "{name}");
            assert_eq!(one.virial, two.virial, "{name}");
            assert_eq!(one.atom_energy, two.atom_energy, "{name}");
            assert_eq!(one.atom_virial, two.atom_virial, "{name}");
        }
    });
}

#[test]
fn a_cell_shorter_than_the_cutoff_is_its_supercell() {
    each(|name, recipe| {
        let mut small = crystal([1, 1, 1], 8);
        let mut large = crystal([2, 3, 2], 8);
        let mut style = make(recipe, &small);
        let a = evaluate(&mut small, &mut *style, ALL);
        let b = evaluate(&mut large, &mut *style, ALL);
        near(
            "energy",
            name,
            12.0 * a.energy,
            b.energy,
            1e-10 * (1.0 + b.energy.abs()),
        );
        for k in 0..6 {
            near(
                "virial",
                name,
                12.0 * a.virial[k],
                b.virial[k],
                1e-9 * (1.0 + b.virial[k].abs()),
            );
        }
        for i in 0..2 {
            (0..3).for_each(|k| near("force", name, a.f[i][k], b.f[i][k], 1e-9));
        }
        // one atom and its images: no force, but a virial
        let mut one = empty(cell([2.9, 3.1, 2.8], [0.4, 0.0, 0.2], Boundary::Periodic));
        add(&mut one, 2, [1.0, 1.0, 1.0]);
        let r = evaluate(&mut one, &mut *style, ALL);
        (0..3).for_each(|k| near("force on a lattice", name, r.f[0][k], 0.0, 1e-10));
    });
}

#[test]
fn an_isolated_atom_feels_nothing() {
    each(|name, recipe| {
        for kind in [1, 2] {
            let mut s = empty(cell([40.0; 3], [0.0; 3], Boundary::Fixed));
            add(&mut s, kind, [20.0; 3]);
            let mut style = make(recipe, &s);
            let r = evaluate(&mut s, &mut *style, ALL);
            assert_eq!(r.f[0], [0.0; 3], "{name}");
            assert_eq!(r.virial, [0.0; 6], "{name}");
            assert!(r.energy.is_finite(), "{name}");
        }
        let mut none = empty(cell([40.0; 3], [0.0; 3], Boundary::Fixed));
        let mut style = make(recipe, &none);
        assert_eq!(
            evaluate(&mut none, &mut *style, ALL).energy,
            0.0,
            "{name}: no atoms at all"
        );
    });
}

#[test]
fn the_energy_of_a_pair_is_what_single_says() {
    each(|name, recipe| {
        let mut s = empty(cell([40.0; 3], [0.0; 3], Boundary::Fixed));
        add(&mut s, 1, [20.0; 3]);
        add(&mut s, 2, [21.1, 21.2, 20.9]);
        let mut style = make(recipe, &s);
        let r = evaluate(&mut s, &mut *style, ALL);
        let r2 = 1.1f64.powi(2) + 1.2f64.powi(2) + 0.9f64.powi(2);
        let pair = Single {
            atoms: Some((0, 1)),
            ..Single::new((1, 2), r2, (s.atoms.q[0], s.atoms.q[1]))
        };
        let Some((energy, force)) = style.single(&pair) else {
            return;
        };
        near(
            "force",
            name,
            r.f[1][0],
            1.1 * force,
            1e-11 * (1.0 + force.abs()),
        );
        if style.manybody() {
            // the energy of the surroundings belongs to no pair
            return;
        }
        let mut alone = |kind| {
            let mut s = empty(cell([40.0; 3], [0.0; 3], Boundary::Fixed));
            add(&mut s, kind, [20.0; 3]);
            evaluate(&mut s, &mut *style, ALL).energy
        };
        let binding = r.energy - alone(1) - alone(2);
        near(
            "energy",
            name,
            binding,
            energy,
            1e-12 * (1.0 + energy.abs()),
        );
    });
}

#[test]
fn the_commands_of_a_style_restore_it() {
    each(|name, recipe| {
        let mut s = crystal([1, 1, 1], 9);
        let mut style = make(recipe, &s);
        let Some((words, coeffs)) = style.commands() else {
            return;
        };
        let before = evaluate(&mut s, &mut *style, ALL);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let entry = find(words[0]).unwrap();
        let args = entry.signature.parse("pair_style", &words[1..]).unwrap();
        let mut again = (entry.build)(&args, &s).unwrap();
        again.modify(&recipe.modify).unwrap();
        for c in &coeffs {
            let words: Vec<&str> = c.iter().map(String::as_str).collect();
            again.coeff(&words, &s, &OPTIONS).unwrap();
        }
        again.init(&s).unwrap();
        let after = evaluate(&mut s, &mut *again, ALL);
        assert_eq!(before.energy.to_bits(), after.energy.to_bits(), "{name}");
        assert_eq!(before.f, after.f, "{name}");
    });
}
