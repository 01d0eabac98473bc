//! What every machine-learning style must satisfy besides: the map from types to species, messages
//! about it, runs that are continued.
//!
//! A new style needs a line in [`networks`].

use super::{ALL, OPTIONS, Recipe, Result, crystal, evaluate, near};
use argyro::domain::State;
use argyro::elements;
use argyro::error;
use argyro::pair::{PAIR_STYLES, PairStyle, find};
use argyro::signature::Signature;
use std::path::Path;
use std::process::Command;

/// A style with a model of two elements (or more).
pub struct Network {
    /// `pair_style` and its arguments.
    pub style: &'static str,
    /// `pair_coeff` before the elements.
    pub coeff: &'static str,
    /// Elements of types 1 and 2.
    pub elements: [&'static str; 2],
}

const fn network(style: &'static str, coeff: &'static str, elements: [&'static str; 2]) -> Network {
    Network {
        style,
        coeff,
        elements,
    }
}

const MACE: &[Network] = &[
    network(
        "mace",
        "* * tests/fixtures/mace/residual_l1.model",
        ["H", "C"],
    ),
    network(
        "mace",
        "* * tests/fixtures/mace/density_l2_agnesi_zbl-lammps.pt",
        ["O", "H"],
    ),
];
const SYMMETRIX: &[Network] = &[network(
    "symmetrix/mace no_domain_decomposition",
    "* * tests/fixtures/mace/plain_l0.model",
    ["H", "C"],
)];
const MLIAP: &[Network] = &[network(
    "mliap unified tests/fixtures/mace/density_l2_agnesi_zbl.model 0",
    "* *",
    ["H", "C"],
)];

const NEQUIP: &[Network] = &[
    network(
        "nequip",
        "* * tests/fixtures/nequip/pairs_l2.ckpt",
        ["Li", "S"],
    ),
    network(
        "nequip",
        "* * tests/fixtures/nequip/odd.nequip.zip",
        ["P", "Li"],
    ),
    network("nequip", "* * tests/fixtures/nequip/old_l2.pth", ["S", "P"]),
];
const ALLEGRO: &[Network] = &[
    network(
        "allegro",
        "* * tests/fixtures/nequip/allegro.nequip.zip",
        ["Li", "S"],
    ),
    network(
        "allegro",
        "* * tests/fixtures/nequip/allegro_so3.nequip.zip",
        ["P", "S"],
    ),
];
const DEEPMD: &[Network] = &[
    network("deepmd tests/fixtures/deepmd/sea_2s.pb", "* *", ["O", "H"]),
    network("deepmd tests/fixtures/deepmd/ser.pb", "* *", ["O", "H"]),
    network(
        "deepmd tests/fixtures/deepmd/hybrid_nested.dp",
        "* *",
        ["O", "H"],
    ),
    network(
        "deepmd tests/fixtures/deepmd/dpa1_strip_smooth.dp",
        "* *",
        ["O", "H"],
    ),
];

const E3GNN: &[Network] = &[
    network(
        "e3gnn",
        "* * tests/fixtures/sevennet/s010_manual.pth",
        ["S", "Cl"],
    ),
    network(
        "e3gnn modal pbe",
        "* * tests/fixtures/sevennet/s011_modal_all.pth",
        ["Li", "P"],
    ),
];
const E3GNN_PARALLEL: &[Network] = &[network(
    "e3gnn/parallel",
    "* * 1 tests/fixtures/sevennet/s09_old_names.pth",
    ["P", "S"],
)];

const PACE: &[Network] = &[
    network("pace", "* * tests/fixtures/pace/pow.yace", ["Li", "S"]),
    network(
        "pace product",
        "* * tests/fixtures/pace/zbl.yace",
        ["S", "Li"],
    ),
    network(
        "pace recursive",
        "* * tests/fixtures/pace/linear.yace",
        ["P", "Li"],
    ),
];

/// Recipes of a machine-learning style; none for other styles.
pub fn networks(name: &str) -> &'static [Network] {
    match name {
        "mace" => MACE,
        "symmetrix/mace" => SYMMETRIX,
        "mliap" => MLIAP,
        "nequip" => NEQUIP,
        "allegro" => ALLEGRO,
        "deepmd" => DEEPMD,
        "e3gnn" => E3GNN,
        "e3gnn/parallel" => E3GNN_PARALLEL,
        "pace" => PACE,
        _ => &[],
    }
}

impl Network {
    /// The recipe with these names of the species of the types.
    pub fn with(&self, names: [&str; 2]) -> Recipe {
        Recipe {
            style: self.style.to_owned(),
            coeffs: vec![format!("{} {} {}", self.coeff, names[0], names[1])],
            modify: super::PLAIN,
        }
    }

    /// The recipe for the tests of all styles.
    pub fn recipe(&self) -> Recipe {
        self.with(self.elements)
    }

    /// Makes the style; `state` has the masses that are to be checked.
    fn make(&self, names: [&str; 2], state: &State) -> error::Result<Box<dyn PairStyle>> {
        let recipe = self.with(names);
        let words: Vec<&str> = recipe.style.split_whitespace().collect();
        let entry = find(words[0])?;
        let args = entry.signature.parse("pair_style", &words[1..])?;
        let mut style = (entry.build)(&args, state)?;
        let words: Vec<&str> = recipe.coeffs[0].split_whitespace().collect();
        style.coeff(&words, state, &OPTIONS)?;
        style.init(state)?;
        Ok(style)
    }

    fn refused(&self, names: [&str; 2], state: &State) -> String {
        match self.make(names, state) {
            Ok(_) => panic!("{} takes {names:?}", self.style),
            Err(e) => e.to_string(),
        }
    }
}

/// Tests every model and names all that fail.
pub fn each_network(test: impl Fn(&Network)) {
    let mut failed = Vec::new();
    for network in PAIR_STYLES.iter().flat_map(|e| networks(e.signature.name)) {
        let run = std::panic::AssertUnwindSafe(|| test(network));
        if std::panic::catch_unwind(run).is_err() {
            failed.push(format!("{} {}", network.style, network.coeff));
        }
    }
    assert!(failed.is_empty(), "failed: {}", failed.join("; "));
}

/// A style of networks that had a recipe of other styles would escape the tests of this file.
#[test]
fn every_machine_learning_style_is_tested_as_one() {
    let mut count = 0;
    for entry in PAIR_STYLES {
        let Signature { name, summary, .. } = entry.signature;
        if summary.contains("machine-learning") {
            count += 1;
            assert!(
                !networks(name).is_empty(),
                "pair style {name} evaluates a network: add a model of two elements to \
                 tests/pair_conformance/networks.rs"
            );
        }
    }
    assert!(
        count >= 8,
        "only {count} styles call themselves machine-learning potentials"
    );
}

fn atoms(network: &Network, masses_of: [&str; 2]) -> State {
    let mut s = crystal([1, 1, 1], 11);
    s.types.mass = std::iter::once(None)
        .chain(masses_of.map(elements::mass))
        .collect();
    assert_eq!(s.types.mass.len(), 3, "{}", network.style);
    s
}

fn same(name: &str, a: &Result, b: &Result) {
    near(
        "energy",
        name,
        a.energy,
        b.energy,
        1e-9 * (1.0 + a.energy.abs()),
    );
    for (a, b) in a.f.iter().flatten().zip(b.f.iter().flatten()) {
        near("force", name, *a, *b, 1e-8 * (1.0 + a.abs()));
    }
}

#[test]
fn elements_may_stand_in_any_order() {
    each_network(|network| {
        let [a, b] = network.elements;
        let mut s = atoms(network, [a, b]);
        let mut style = network.make([a, b], &s).unwrap();
        let first = evaluate(&mut s, &mut *style, ALL);
        let mut t = atoms(network, [b, a]);
        t.atoms.kind.iter_mut().for_each(|k| *k = 3 - *k);
        let mut style = network.make([b, a], &t).unwrap();
        same(network.style, &evaluate(&mut t, &mut *style, ALL), &first);
    });
}

#[test]
fn two_types_may_be_one_element() {
    each_network(|network| {
        let [a, b] = network.elements;
        let mut s = atoms(network, [a, a]);
        let mut style = network.make([a, a], &s).unwrap();
        let two = evaluate(&mut s, &mut *style, ALL);
        let mut t = atoms(network, [a, b]);
        t.atoms.kind.iter_mut().for_each(|k| *k = 1);
        let mut style = network.make([a, b], &t).unwrap();
        same(network.style, &evaluate(&mut t, &mut *style, ALL), &two);
    });
}

#[test]
fn a_type_that_is_null_is_not_seen() {
    each_network(|network| {
        let [a, _] = network.elements;
        let mut s = atoms(network, network.elements);
        let mut style = network.make([a, "NULL"], &s).unwrap();
        assert!(style.handles(1, 1) && !style.handles(1, 2) && !style.handles(2, 2));
        let with = evaluate(&mut s, &mut *style, ALL);
        let mut alone = atoms(network, network.elements);
        alone.atoms = Default::default();
        let mut seen = Vec::new();
        for i in 0..s.atoms.len() {
            if s.atoms.kind[i] == 1 {
                super::add(&mut alone, 1, s.atoms.x[i]);
                seen.push(with.f[i]);
            } else {
                assert_eq!(with.f[i], [0.0; 3], "{}", network.style);
            }
        }
        let without = evaluate(&mut alone, &mut *style, ALL);
        let with = Result { f: seen, ..with };
        same(network.style, &with, &without);
    });
}

#[test]
fn wrong_elements_are_named() {
    each_network(|network| {
        let [a, b] = network.elements;
        let s = atoms(network, [a, b]);
        let name = network.style;
        let foreign = network.refused([a, "Og"], &s);
        assert!(
            foreign.contains("does not know the element Og"),
            "{name}: {foreign}"
        );
        let slip = network.refused([a, "Qq"], &s);
        assert!(slip.contains("'Qq' is not the symbol"), "{name}: {slip}");
        let swapped = network.refused([b, a], &s);
        assert!(swapped.contains("but has mass"), "{name}: {swapped}");
        let mut few = atoms(network, [a, b]);
        few.types.count = 1;
        let many = network.refused([a, b], &few);
        assert!(
            many.contains("1 atom types need as many elements"),
            "{name}: {many}"
        );
        let mut real = atoms(network, [a, b]);
        real.units = argyro::units::Units::named("lj").unwrap();
        let units = network.refused([a, b], &real);
        assert!(units.contains("metal"), "{name}: {units}");
    });
}

fn script(network: &Network) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    let absolute = |text: &str| text.replace("tests/fixtures", &format!("{root}/tests/fixtures"));
    let [a, b] = network.elements;
    let mut text = format!(
        "units metal\natom_style atomic\nregion b block 0 5.2 0 5.4 0 7.5\ncreate_box 2 b\n\
         mass 1 {}\nmass 2 {}\n",
        elements::mass(a).unwrap(),
        elements::mass(b).unwrap()
    );
    let s = crystal([1, 1, 1], 12);
    let cell = s.cell.as_ref().unwrap();
    for (x, kind) in s.atoms.x.iter().zip(&s.atoms.kind) {
        let u = cell.to_fractional(*x).map(|u| u.rem_euclid(1.0));
        let x = [u[0] * 5.2, u[1] * 5.4, u[2] * 7.5];
        text += &format!(
            "create_atoms {kind} single {} {} {} units box\n",
            x[0], x[1], x[2]
        );
    }
    let style = absolute(&format!(
        "pair_style {}\npair_coeff {} {a} {b}\n",
        network.style, network.coeff
    ));
    text + "SPLIT" + &style
}

/// Runs a script and gives its last thermo row.
fn last_row(dir: &Path, script: &str) -> String {
    std::fs::write(dir.join("in.test"), script).unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_argyro"))
        .args(["-in", "in.test", "-screen", "none"])
        .env("RAYON_NUM_THREADS", "2")
        .current_dir(dir)
        .output()
        .unwrap();
    let log = std::fs::read_to_string(dir.join("log.lammps")).unwrap_or_default();
    let error = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "{error}\n{log}");
    let number = |l: &&str| {
        let mut words = l.split_whitespace();
        words.clone().count() == 4 && words.all(|w| w.parse::<f64>().is_ok())
    };
    log.lines().rfind(number).unwrap().to_owned()
}

#[test]
fn a_continued_run_is_the_whole_run() {
    each_network(|network| {
        let dir = tempfile::tempdir().unwrap();
        let text = script(network);
        let (system, style) = text.split_once("SPLIT").unwrap();
        let output = "thermo_style custom step temp pe press\nthermo_modify format float %.17g\n\
                      timestep 0.0002\nfix 1 all nve\n";
        let start = format!("{system}{style}velocity all create 300 4711\n{output}");
        let whole = last_row(dir.path(), &format!("{start}run 8\n"));
        last_row(dir.path(), &format!("{start}run 4\nwrite_restart half\n"));
        let rest = last_row(
            dir.path(),
            &format!("read_restart half\n{style}{output}run 4\n"),
        );
        assert_eq!(whole, rest, "{}", network.style);
    });
}
