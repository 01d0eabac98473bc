//! Models of every family under hybrid styles: with a repulsion and a dispersion correction added, and
//! for a part of the atoms.

use super::networks::{Network, each_network};
use super::{ALL, PLAIN, Recipe, Result, crystal, evaluate, make, near};
use argyro::domain::{State, Tally};
use argyro::elements;

const ZBL: &str = "zbl 1.2 3.0";
const D3: &str = "dispersion/d3 bj pbe 9.0 8.0";
const LJ: &str = "lj/cut 3.5";

/// Name of a style and its arguments.
fn split(style: &str) -> (&str, &str) {
    style.split_once(' ').unwrap_or((style, ""))
}

/// `* * ARGS` as a sub-style takes it.
fn under(style: &str, coeff: &str) -> String {
    let (name, _) = split(style);
    let words: Vec<&str> = coeff.splitn(3, ' ').collect();
    let rest = words.get(2).copied().unwrap_or_default();
    format!("{} {} {name} {rest}", words[0], words[1])
}

fn alone(style: &str, coeffs: &[String]) -> Recipe {
    Recipe {
        style: style.to_owned(),
        coeffs: coeffs.to_vec(),
        modify: PLAIN,
    }
}

/// The system of the tests with the masses of the elements.
fn atoms(network: &Network) -> State {
    let mut s = crystal([1, 1, 1], 21);
    let masses = network.elements.map(elements::mass);
    s.types.mass = std::iter::once(None).chain(masses).collect();
    s
}

fn run(recipe: &Recipe, network: &Network) -> Result {
    let mut s = atoms(network);
    let mut style = make(recipe, &s);
    evaluate(&mut s, &mut *style, ALL)
}

/// Energy, forces, virial and per-atom values of the whole are the sums of those of the parts.
fn is_sum(name: &str, whole: &Result, parts: &[Result]) {
    let sum = |of: &dyn Fn(&Result) -> f64| parts.iter().map(of).sum::<f64>();
    let same = |what: &str, a: f64, b: f64| near(what, name, a, b, 1e-9 * (1.0 + b.abs()));
    same("energy", whole.energy, sum(&|r| r.energy));
    for c in 0..6 {
        same("virial", whole.virial[c], sum(&|r| r.virial[c]));
    }
    for i in 0..whole.f.len() {
        same(
            "energy of an atom",
            whole.atom_energy[i],
            sum(&|r| r.atom_energy[i]),
        );
        (0..3).for_each(|k| same("force", whole.f[i][k], sum(&|r| r.f[i][k])));
        (0..6).for_each(|c| {
            same(
                "virial of an atom",
                whole.atom_virial[i][c],
                sum(&|r| r.atom_virial[i][c]),
            );
        });
    }
}

#[test]
fn repulsion_and_dispersion_are_added_to_every_family() {
    each_network(|network| {
        let [a, b] = network.elements;
        let model = network.recipe();
        let z = [a, b].map(|e| elements::atomic_number(e).unwrap());
        let zbl = alone(
            ZBL,
            &[
                format!("1 1 {} {}", z[0], z[0]),
                format!("1 2 {} {}", z[0], z[1]),
                format!("2 2 {} {}", z[1], z[1]),
            ],
        );
        let d3 = alone(D3, &[format!("* * {a} {b}")]);
        let parts = [&model, &zbl, &d3];
        let whole = Recipe {
            style: format!("hybrid/overlay {} {ZBL} {D3}", model.style),
            coeffs: parts
                .iter()
                .flat_map(|p| p.coeffs.iter().map(|c| under(&p.style, c)))
                .collect(),
            modify: PLAIN,
        };
        let sum = parts.map(|part| run(part, network));
        assert!(sum[1].energy.abs() > 1e-3 && sum[2].energy < -1e-3);
        is_sum(network.style, &run(&whole, network), &sum);
    });
}

/// Atoms of type 1 by the network, all pairs with type 2 by another style.
#[test]
fn a_model_may_drive_a_part_of_the_atoms() {
    each_network(|network| {
        let model = network.with([network.elements[0], "NULL"]);
        let coeffs = ["1 2 0.01 2.2".to_owned(), "2 2 0.02 2.0".to_owned()];
        let under_hybrid = |style: &str, recipe: &Recipe, lj: &[String]| Recipe {
            style: format!("{style} {} {LJ}", recipe.style),
            coeffs: recipe
                .coeffs
                .iter()
                .map(|c| under(&recipe.style, c))
                .chain(lj.iter().map(|c| under(LJ, c)))
                .collect(),
            modify: PLAIN,
        };
        let whole = under_hybrid("hybrid", &model, &coeffs);
        // what the network sees, and what is left of lj/cut without pairs of type 1
        let part = run(&model, network);
        let mut all = coeffs.to_vec();
        all.push("1 1 0.0 2.0".to_owned());
        let others = run(&alone(LJ, &all), network);
        assert!(
            part.f.iter().flatten().any(|f| f.abs() > 1e-6),
            "{}",
            network.style
        );
        is_sum(network.style, &run(&whole, network), &[part, others]);

        // forces are still derivatives of the energy
        let mut s = atoms(network);
        let mut style = make(&whole, &s);
        let f = evaluate(&mut s, &mut *style, ALL).f;
        let h = 1e-5;
        for i in [0, 1] {
            let mut energy = |d: f64| {
                let mut t = atoms(network);
                t.atoms.x[i][1] += d;
                evaluate(&mut t, &mut *style, Tally::GLOBAL).energy
            };
            let slope = (energy(h) - energy(-h)) / (2.0 * h);
            near(
                "force",
                network.style,
                f[i][1],
                -slope,
                1e-6 * (1.0 + slope.abs()),
            );
        }
    });
}
