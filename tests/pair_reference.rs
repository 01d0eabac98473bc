//! Pair styles against LAMMPS itself: `fixtures/pair_reference.json` was made with LAMMPS 22 Jul 2025
//! (update 4, `run 0`) from 40 atoms of three types in a triclinic cell.

use argyro::domain::build::build;
use argyro::domain::state::{ATOM_STYLES, Types};
use argyro::domain::{Boundary, Cell, LocalComm, NeighborSettings, State, Tally};
use argyro::pair::{ForceContext, Mix, PairModify, PairOptions, collect, find, prepare};
use argyro::units::Units;
use serde_json::Value;

fn number(v: &Value) -> f64 {
    v.as_f64().unwrap()
}

fn triple(v: &Value) -> [f64; 3] {
    std::array::from_fn(|k| number(&v[k]))
}

fn words(v: &Value) -> Vec<&str> {
    v.as_array()
        .unwrap()
        .iter()
        .map(|w| w.as_str().unwrap())
        .collect()
}

fn system(d: &Value, units: &str) -> State {
    let (lo, l) = (triple(&d["lo"]), triple(&d["l"]));
    let hi = std::array::from_fn(|k| lo[k] + l[k]);
    let mut cell = Cell::orthogonal(lo, hi, [[Boundary::Periodic; 2]; 3]);
    cell.tilt = triple(&d["tilt"]);
    cell.triclinic = true;
    let mut s = State {
        units: Units::named(units).unwrap(),
        atom_style: ATOM_STYLES[1],
        types: Types::new(3),
        cell: Some(cell),
        dielectric: number(&d["dielectric"]),
        ..State::default()
    };
    for (i, x) in d["x"].as_array().unwrap().iter().enumerate() {
        let kind = d["types"][i].as_u64().unwrap() as u32;
        s.atoms.push(i as i64 + 1, kind, triple(x), true, false);
        s.atoms.q[i] = number(&d["q"][i]);
    }
    s
}

fn modify(words: &[&str]) -> PairModify {
    let mut m = PairModify::default();
    for pair in words.chunks(2) {
        match pair[0] {
            "mix" => m.mix = Mix::named(pair[1]),
            "tail" => m.tail = pair[1] == "yes",
            "shift" => m.shift = pair[1] == "yes",
            "table" => m.table = pair[1].parse().unwrap(),
            other => panic!("unknown pair_modify {other}"),
        }
    }
    m
}

fn near(what: &str, case: &str, a: f64, b: f64, scale: f64) {
    assert!(
        (a - b).abs() <= 1e-11 * (b.abs() + scale),
        "{case}: {what} is {a}, LAMMPS has {b}"
    );
}

fn check(d: &Value, case: &Value) {
    let name = case["name"].as_str().unwrap();
    let mut s = system(d, case["units"].as_str().unwrap());
    s.g_ewald = case["g_ewald"].as_f64();
    let style_words = words(&case["style"]);
    let entry = find(style_words[0]).unwrap();
    let args = entry
        .signature
        .parse("pair_style", &style_words[1..])
        .unwrap();
    let mut style = (entry.build)(&args, &s).unwrap();
    style.modify(&modify(&words(&case["modify"]))).unwrap();
    for c in case["coeffs"].as_array().unwrap() {
        style.coeff(&words(c), &s, &PairOptions::default()).unwrap();
    }
    style.init(&s).unwrap();
    let settings = NeighborSettings::default();
    let bricks = build(&s, style.cutoff(), 0.5, &settings, style.needs()).unwrap();
    let tally = Tally {
        atom_energy: true,
        atom_virial: true,
        ..Tally::GLOBAL
    };
    let n = s.atoms.len();
    s.tallies.atom_energy = vec![0.0; n];
    s.tallies.atom_virial = vec![[0.0; 6]; n];
    let mut out = Vec::new();
    prepare(&bricks, tally, &mut out);
    let context = ForceContext {
        bricks: &bricks,
        comm: &LocalComm,
        state: &s,
        tally,
        special: s.special,
    };
    style.compute(&context, &mut out).unwrap();
    collect(&bricks, &out, tally, &mut s);
    let (etail, ptail) = style.tail(&s);
    let t = &s.tallies;
    let scale = t.atom_energy.iter().fold(0.0f64, |a, e| a.max(e.abs()));
    // LAMMPS prints with 17 digits; for units lj pe/atom and thermo values are totals (norm no)
    near("evdwl", name, t.vdwl + etail, number(&case["evdwl"]), scale);
    near("ecoul", name, t.coul, number(&case["ecoul"]), scale);
    near("etail", name, etail, number(&case["etail"]), scale);
    let to_pressure = s.units.nktv2p / s.cell.as_ref().unwrap().volume(3);
    let tensor: Vec<f64> = case["tensor"]
        .as_array()
        .unwrap()
        .iter()
        .map(number)
        .collect();
    let large = tensor.iter().fold(0.0f64, |a, e| a.max(e.abs()));
    for (k, &p) in tensor.iter().enumerate() {
        let tail = if k < 3 { ptail } else { 0.0 };
        near(
            "pressure tensor",
            name,
            (t.virial[k] + tail) * to_pressure,
            p,
            large,
        );
    }
    let atoms: Vec<Vec<f64>> = case["atoms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r.as_array().unwrap().iter().map(number).collect())
        .collect();
    let force = atoms
        .iter()
        .flat_map(|r| &r[..3])
        .fold(0.0f64, |a, v| a.max(v.abs()));
    for (i, row) in atoms.iter().enumerate() {
        (0..3).for_each(|k| near("force", name, s.atoms.f[i][k], row[k], force));
        near("energy of an atom", name, t.atom_energy[i], row[3], scale);
        let stress = |k: usize| -t.atom_virial[i][k] * s.units.nktv2p;
        let size = scale * s.units.nktv2p;
        near("stress xx of an atom", name, stress(0), row[4], size);
        near("stress xy of an atom", name, stress(3), row[5], size);
    }
}

#[test]
fn energies_forces_and_stresses_are_those_of_lammps() {
    let d: Value = serde_json::from_str(include_str!("fixtures/pair_reference.json")).unwrap();
    for case in d["cases"].as_array().unwrap() {
        check(&d, case);
    }
}

/// The same atoms with further styles; made by `fixtures/classical/reference.py`.
#[test]
fn classical_styles_agree_with_lammps() {
    let d: Value = serde_json::from_str(include_str!("fixtures/pair_reference.json")).unwrap();
    let more = include_str!("fixtures/classical/pair_reference.json");
    let more: Value = serde_json::from_str(more).unwrap();
    for case in more["cases"].as_array().unwrap() {
        check(&d, case);
    }
}

/// Coefficients that are missing or wrong: (style, coefficients, word pointed at, part of the message).
const WRONG: &[(&str, &[&str], Option<usize>, &str)] = &[
    (
        "lj/cut 4",
        &["1 1 1 1"],
        None,
        "All pair coeffs are not set: pair_style lj/cut has none for types 1 2, 1 3, 2 2",
    ),
    ("lj/cut 4", &["1 5 1 1"], Some(1), "there are 3 atom types"),
    ("lj/cut 4", &["1 1 1"], Some(2), "'sigma' is not given"),
    ("lj/cut 4", &["1 1 1 one"], Some(3), "found 'one'"),
    ("lj/cut 4", &["1 1 1 1 2 3"], Some(5), "unexpected '3'"),
    ("lj/cut 4", &["1 1 1 1 -2"], Some(4), "above zero"),
    ("zbl 1 2", &["1 1 3 4"], Some(3), "must be equal"),
    (
        "hybrid lj/cut 4 zbl 1 2",
        &["1 1 lj/cuut 1 1"],
        Some(2),
        "invalid style",
    ),
    (
        "hybrid lj/cut 4 zbl 1 2",
        &["1 1 lj/cut 1 x"],
        Some(4),
        "found 'x'",
    ),
    (
        "hybrid lj/cut 4 lj/cut 3",
        &["1 1 lj/cut 1 1 1", "1 1 lj/cut 3 1 1"],
        Some(3),
        "listed 2 times",
    ),
    (
        "hybrid lj/cut 4 zbl 1 2",
        &["* * lj/cut 1 1"],
        None,
        "zbl is not used",
    ),
    (
        "hybrid lj/cut 4 zbl 1 2",
        &["1 1 lj/cut 1 1", "2 2 zbl 3 3"],
        None,
        "types 1 2, 1 3, 2 3, 3 3",
    ),
];

#[test]
fn wrong_coefficients_are_pointed_at() {
    let d: Value = serde_json::from_str(include_str!("fixtures/pair_reference.json")).unwrap();
    let s = system(&d, "metal");
    for (line, coeffs, word, part) in WRONG {
        let w: Vec<&str> = line.split_whitespace().collect();
        let entry = find(w[0]).unwrap();
        let args = entry.signature.parse("pair_style", &w[1..]).unwrap();
        let mut style = (entry.build)(&args, &s).unwrap();
        let set = coeffs.iter().try_for_each(|c| {
            let w: Vec<&str> = c.split_whitespace().collect();
            style.coeff(&w, &s, &PairOptions::default())
        });
        let e = set.and_then(|()| style.init(&s)).unwrap_err();
        assert!(e.message.contains(part), "{line}: {e}");
        assert_eq!(e.word, *word, "{line}: {e}");
    }
}

#[test]
fn charges_are_required_by_coulomb_styles() {
    let d: Value = serde_json::from_str(include_str!("fixtures/pair_reference.json")).unwrap();
    let mut s = system(&d, "metal");
    s.atom_style = ATOM_STYLES[0];
    let entry = find("lj/cut/coul/cut").unwrap();
    let args = entry.signature.parse("pair_style", &["4.0"]).unwrap();
    let mut style = (entry.build)(&args, &s).unwrap();
    style
        .coeff(&["*", "*", "1", "1"], &s, &PairOptions::default())
        .unwrap();
    let e = style.init(&s).unwrap_err();
    assert!(e.message.contains("requires atom attribute q"), "{e}");
}
