//! Plain evaluation: every product by itself, as the formula says. The oracle of [`super::fast`].
//! Imports the model and edges.

use super::embedding::fall;
use super::model::{PaceModel, Radial};
use super::radial::{Core, Jet};
use crate::ml::complex_sphere::{Constants, harmonics, place};
use crate::ml::edges::{EdgeList, Evaluation};
use std::collections::BTreeMap;

/// Energy of an atom apart from its expansion: what the treatment of cores makes of them.
#[derive(Debug, Clone, Copy)]
pub struct Closeness {
    /// Energy of the atom without that of an isolated one (eV).
    pub energy: f64,
    /// Factor of the derivatives of the expansion.
    pub factor: f64,
    /// Derivative by the sum of core repulsions.
    pub by_core: f64,
    /// Derivative by the distance of the nearest neighbour (eV/Å).
    pub by_nearest: f64,
}

/// Combines the energy of the expansion with the sum of core repulsions. `nearest` is the distance
/// of the nearest neighbour to where the expansion begins, and the width of that switch.
pub fn combine(
    model: &PaceModel,
    species: usize,
    expansion: f64,
    core: f64,
    nearest: Option<(f64, f64)>,
) -> Closeness {
    if model.core != Core::Zbl {
        let (factor, slope) = model.embeddings[species].switch(core);
        return Closeness {
            energy: expansion * factor + core,
            factor,
            by_core: expansion * slope + 1.0,
            by_nearest: 0.0,
        };
    }
    let (factor, slope) = match nearest {
        None => (1.0, 0.0),
        Some((distance, width)) => {
            let (f, d) = fall(width - distance, width, width);
            (f, -d)
        }
    };
    Closeness {
        energy: expansion * factor + core * (1.0 - factor),
        factor,
        by_core: 1.0 - factor,
        by_nearest: (expansion - core) * slope,
    }
}

/// Key of an A without its order: species, radial function, degree.
type Channel = (u8, Radial, u8);

/// A neighbour inside the cutoff of its pair.
struct Near {
    edge: usize,
    species: usize,
    /// Unit vector from the centre.
    u: [f64; 3],
    r: f64,
    y: Vec<([f64; 2], [[f64; 2]; 3])>,
}

fn multiply(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]]
}

/// (-1)^m conj(a) for m < 0, a otherwise.
fn turned(a: [f64; 2], m: i8) -> [f64; 2] {
    match (m < 0, m % 2 == 0) {
        (false, _) => a,
        (true, true) => [a[0], -a[1]],
        (true, false) => [-a[0], a[1]],
    }
}

/// Energies of the nodes and derivatives by the edges.
pub fn evaluate(model: &PaceModel, edges: &EdgeList) -> Evaluation {
    let constants = Constants::new(model.l_max());
    let nodes = edges.species.len();
    let mut result = Evaluation {
        energy: 0.0,
        node_energy: vec![0.0; nodes],
        edge_gradient: vec![[0.0; 3]; edges.vector.len()],
    };
    let mut of_node: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    for (e, &i) in edges.receiver.iter().enumerate() {
        of_node[i as usize].push(e);
    }
    for (i, own) in of_node.iter().enumerate() {
        let species = usize::from(edges.species[i]);
        let energy = atom(model, &constants, species, own, edges, &mut result);
        result.node_energy[i] = energy;
        result.energy += energy;
    }
    result
}

fn neighbours(
    model: &PaceModel,
    constants: &Constants,
    species: usize,
    own: &[usize],
    edges: &EdgeList,
) -> Vec<Near> {
    let mut near = Vec::new();
    for &edge in own {
        let d = edges.vector[edge].map(|x| -x);
        let r = d.iter().map(|x| x * x).sum::<f64>().sqrt();
        let other = usize::from(edges.species[edges.sender[edge] as usize]);
        if r < model.bond(species, other).cut {
            let u = d.map(|x| x / r);
            near.push(Near {
                edge,
                species: other,
                u,
                r,
                y: harmonics(constants, u),
            });
        }
    }
    near
}

fn radial(model: &PaceModel, centre: usize, near: &Near, function: Radial, l: u8) -> Jet {
    let bond = model.bond(centre, near.species);
    let exact = |r: f64| {
        let size = match function {
            Radial::Basis(n) => usize::from(n) + 1,
            Radial::Mixed(_) => bond.shape[2],
        };
        let mut g = vec![(0.0, 0.0); size];
        bond.basis(model.core, r, &mut g);
        match function {
            Radial::Basis(n) => g[usize::from(n)],
            Radial::Mixed(n) => bond.mixed(n.into(), l.into(), &g),
        }
    };
    bond.interpolated(bond.nodes(model.spacing), near.r, exact)
}

fn atom(
    model: &PaceModel,
    constants: &Constants,
    species: usize,
    own: &[usize],
    edges: &EdgeList,
    result: &mut Evaluation,
) -> f64 {
    let near = neighbours(model, constants, species, own, edges);
    let too_close = near.iter().any(|n| {
        let nodes = model.bond(species, n.species).nodes(model.spacing);
        nodes.locate(n.r).is_some_and(|(node, _)| node == 0)
    });
    if too_close {
        return f64::NAN;
    }
    let densities = model.densities(species);
    let expansion = &model.expansions[species];

    // radial functions of every neighbour and the atomic base, for m >= 0
    let mut functions: BTreeMap<Channel, Vec<Jet>> = BTreeMap::new();
    let mut base: BTreeMap<Channel, Vec<[f64; 2]>> = BTreeMap::new();
    for (factors, _) in expansion.products(densities) {
        for f in factors {
            let key = (f.species, f.radial, f.l);
            if base.contains_key(&key) {
                continue;
            }
            let l = usize::from(f.l);
            let mut sums = vec![[0.0; 2]; l + 1];
            let jets: Vec<Jet> = near
                .iter()
                .map(|n| match n.species == usize::from(f.species) {
                    true => radial(model, species, n, f.radial, f.l),
                    false => (0.0, 0.0),
                })
                .collect();
            for (n, jet) in near.iter().zip(&jets) {
                for (m, sum) in sums.iter_mut().enumerate() {
                    let y = n.y[place(l, m)].0;
                    (0..2).for_each(|k| sum[k] += jet.0 * y[k]);
                }
            }
            functions.insert(key, jets);
            base.insert(key, sums);
        }
    }
    let value = |f: &super::model::Factor| {
        let sums = &base[&(f.species, f.radial, f.l)];
        turned(sums[usize::from(f.m.unsigned_abs())], f.m)
    };

    let mut rho = vec![0.0; densities];
    for (factors, c) in expansion.products(densities) {
        let product = factors
            .iter()
            .fold([1.0, 0.0], |p, f| multiply(p, value(f)));
        rho.iter_mut()
            .zip(c)
            .for_each(|(rho, c)| *rho += c * product[0]);
    }
    let mut slope = vec![0.0; densities];
    let energy = model.embeddings[species].value(&rho, &mut slope);

    let cores: Vec<Jet> = near
        .iter()
        .map(|n| {
            let bond = model.bond(species, n.species);
            let exact = |r: f64| bond.repulsion(model.core, r);
            bond.interpolated(bond.nodes(model.spacing), n.r, exact)
        })
        .collect();
    let core = cores.iter().map(|c| c.0).sum();
    let gap = |n: &Near| {
        let bond = model.bond(species, n.species);
        n.r - (bond.inner - bond.inner_width)
    };
    let nearest = (0..near.len()).reduce(|a, b| if gap(&near[b]) < gap(&near[a]) { b } else { a });
    let switch = nearest.map(|k| {
        (
            gap(&near[k]),
            model.bond(species, near[k].species).inner_width,
        )
    });
    let close = combine(model, species, energy, core, switch);

    // derivatives by the atomic base, for m >= 0
    let mut weights: BTreeMap<Channel, Vec<[f64; 2]>> = BTreeMap::new();
    for (factors, c) in expansion.products(densities) {
        let theta: f64 = slope.iter().zip(c).map(|(s, c)| s * c).sum::<f64>() * close.factor;
        for (t, f) in factors.iter().enumerate() {
            let others = factors.iter().enumerate().filter(|(k, _)| *k != t);
            let rest = others.fold([theta, 0.0], |p, (_, f)| multiply(p, value(f)));
            let entry = weights
                .entry((f.species, f.radial, f.l))
                .or_insert_with(|| vec![[0.0; 2]; usize::from(f.l) + 1]);
            let turned = turned(rest, f.m);
            let w = &mut entry[usize::from(f.m.unsigned_abs())];
            (0..2).for_each(|k| w[k] += turned[k]);
        }
    }

    for (k, n) in near.iter().enumerate() {
        let mut along = close.by_core * cores[k].1;
        if model.core == Core::Zbl && nearest == Some(k) {
            along += close.by_nearest;
        }
        let mut across = [0.0; 3];
        for (key, weights) in &weights {
            let jet = functions[key][k];
            for (m, w) in weights.iter().enumerate() {
                let (y, gradient) = n.y[place(key.2.into(), m)];
                along += jet.1 * multiply(*w, y)[0];
                (0..3).for_each(|c| across[c] += jet.0 * multiply(*w, gradient[c])[0]);
            }
        }
        let inward: f64 = across.iter().zip(&n.u).map(|(a, u)| a * u).sum();
        // the edge points from the neighbour to the centre
        for c in 0..3 {
            result.edge_gradient[n.edge][c] =
                -(along * n.u[c] + (across[c] - inward * n.u[c]) / n.r);
        }
    }
    close.energy + model.isolated[species]
}
