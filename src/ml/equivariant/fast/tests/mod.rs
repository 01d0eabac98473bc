//! The fast evaluation against the plain one.

mod networks;

use super::{Compiled, FastNetwork, FastOptions};
use crate::ml::brick::{BrickAtoms, BrickModel, BrickResult, Exchange, NO_SPECIES};
use crate::ml::edges::EdgeList;
use crate::ml::equivariant::model::Network;
use crate::ml::equivariant::reference::evaluate;
use crate::simd::{Level, Real};
use networks::{Numbers, PLAIN, SPECIES, Shape, network, shapes};

/// Atoms in a cubic cell.
struct System {
    cell: f64,
    species: Vec<u8>,
    x: Vec<[f64; 3]>,
}

impl System {
    /// Atoms near the points of a lattice, one atom without species.
    fn new() -> System {
        let numbers = &mut Numbers(11);
        let side = 2.1;
        let mut x = Vec::new();
        for k in 0..18 {
            let point = [k % 3, k / 3 % 3, k / 9].map(f64::from);
            x.push(point.map(|p| p * side + 0.35 * numbers.next()));
        }
        let mut species: Vec<u8> = (0..18).map(|i| (i * 5 % 7 % 3) as u8).collect();
        species[7] = NO_SPECIES;
        System {
            cell: 3.0 * side,
            species,
            x,
        }
    }

    /// All ordered pairs closer than `cutoff` as (i, j, position of the image of j).
    fn pairs(&self, cutoff: f64) -> Vec<(usize, usize, [f64; 3])> {
        let mut out = Vec::new();
        for (i, xi) in self.x.iter().enumerate() {
            for (j, xj) in self.x.iter().enumerate() {
                for image in 0..27 {
                    let shift = [image % 3, image / 3 % 3, image / 9];
                    let y: [f64; 3] =
                        std::array::from_fn(|k| xj[k] + self.cell * (f64::from(shift[k]) - 1.0));
                    let d2: f64 = (0..3).map(|k| (xi[k] - y[k]).powi(2)).sum();
                    if d2 < cutoff * cutoff && d2 > 0.0 {
                        out.push((i, j, y));
                    }
                }
            }
        }
        out
    }
}

/// Results over atoms.
#[derive(Debug, Clone, PartialEq)]
struct Result {
    energies: Vec<f64>,
    forces: Vec<[f64; 3]>,
    virial: [f64; 6],
    atom_virial: Vec<[f64; 6]>,
}

/// One brick, and the (brick, own atom) of each of its ghosts.
#[derive(Default)]
struct Brick {
    /// Atoms of the system.
    own: Vec<usize>,
    species: Vec<u8>,
    x: Vec<[f64; 3]>,
    start: Vec<u32>,
    index: Vec<u32>,
    owner: Vec<(usize, usize)>,
}

struct Bricks(Vec<Brick>);

impl<T: Real> Exchange<T> for Bricks {
    fn forward(&self, rows: &mut [Vec<T>], width: usize) {
        for (b, brick) in self.0.iter().enumerate() {
            for (g, &(from, i)) in brick.owner.iter().enumerate() {
                let row = rows[from][i * width..(i + 1) * width].to_vec();
                rows[b][(brick.own.len() + g) * width..][..width].copy_from_slice(&row);
            }
        }
    }

    fn reverse(&self, rows: &mut [Vec<T>], width: usize) {
        for (b, brick) in self.0.iter().enumerate() {
            for (g, &(to, i)) in brick.owner.iter().enumerate() {
                let row = rows[b][(brick.own.len() + g) * width..][..width].to_vec();
                let to = &mut rows[to][i * width..(i + 1) * width];
                to.iter_mut().zip(row).for_each(|(y, x)| *y += x);
            }
        }
    }
}

impl Bricks {
    /// Atom i goes to brick `of(i)`; every sender is a ghost of its own.
    fn new(system: &System, cutoff: f64, count: usize, of: impl Fn(usize) -> usize) -> Bricks {
        let mut bricks: Vec<Brick> = (0..count).map(|_| Brick::default()).collect();
        let mut place = Vec::new();
        for (i, x) in system.x.iter().enumerate() {
            let brick = &mut bricks[of(i)];
            place.push((of(i), brick.own.len()));
            brick.own.push(i);
            brick.species.push(system.species[i]);
            brick.x.push(*x);
        }
        let pairs = system.pairs(cutoff);
        for brick in &mut bricks {
            brick.start.push(0);
            for &i in &brick.own {
                for &(_, j, y) in pairs.iter().filter(|p| p.0 == i) {
                    brick.index.push(brick.x.len() as u32);
                    brick.x.push(y);
                    brick.species.push(system.species[j]);
                    brick.owner.push(place[j]);
                }
                brick.start.push(brick.index.len() as u32);
            }
        }
        Bricks(bricks)
    }

    fn run<T: Compiled>(&self, model: &FastNetwork<T>) -> Result {
        model.prepare(&[true; SPECIES]);
        let mut works: Vec<_> = self.0.iter().map(|_| Default::default()).collect();
        let mut result = None;
        for again in [false, true] {
            // the second time with used buffers
            for (work, b) in works.iter_mut().zip(&self.0) {
                let atoms = BrickAtoms {
                    own: b.own.len(),
                    species: &b.species,
                    x: &b.x,
                    start: &b.start,
                    index: &b.index,
                };
                model.set(work, &atoms, true);
            }
            model.evaluate(&mut works, self);
            let now = self.collect(&works);
            assert!(!again || result == Some(now.clone()));
            result = Some(now);
        }
        result.unwrap()
    }

    fn collect(&self, works: &[impl BrickResult]) -> Result {
        let n = self.0.iter().map(|b| b.own.len()).sum();
        let mut out = Result {
            energies: vec![0.0; n],
            forces: vec![[0.0; 3]; n],
            virial: [0.0; 6],
            atom_virial: vec![[0.0; 6]; n],
        };
        for (work, brick) in works.iter().zip(&self.0) {
            let ghost = |&(b, i): &(usize, usize)| self.0[b].own[i];
            let atoms: Vec<usize> = brick
                .own
                .iter()
                .copied()
                .chain(brick.owner.iter().map(ghost))
                .collect();
            for (e, &i) in work.energies().iter().zip(&atoms) {
                out.energies[i] += e;
            }
            for (f, &i) in work.forces().iter().zip(&atoms) {
                (0..3).for_each(|k| out.forces[i][k] += f[k]);
            }
            for (v, &i) in work.atom_virial().iter().zip(&atoms) {
                (0..6).for_each(|k| out.atom_virial[i][k] += v[k]);
            }
            (0..6).for_each(|k| out.virial[k] += work.virial()[k]);
        }
        out
    }
}

/// The plain evaluation.
fn plain(network: &Network, system: &System) -> Result {
    // atoms with a species are the nodes
    let seen: Vec<usize> = (0..system.x.len())
        .filter(|&i| system.species[i] != NO_SPECIES)
        .collect();
    let node = |i: usize| seen.iter().position(|&j| j == i);
    let species: Vec<u16> = seen.iter().map(|&i| system.species[i].into()).collect();
    let (mut receiver, mut sender, mut vector) = (Vec::new(), Vec::new(), Vec::new());
    for (i, j, y) in system.pairs(network.r_max) {
        if let (Some(a), Some(b)) = (node(i), node(j)) {
            receiver.push(a as u32);
            sender.push(b as u32);
            vector.push(std::array::from_fn(|k| system.x[i][k] - y[k]));
        }
    }
    let list = EdgeList {
        species: &species,
        receiver: &receiver,
        sender: &sender,
        vector: &vector,
    };
    let made = evaluate(network, &list);
    let v = made.virial(&list);
    let mut out = Result {
        energies: vec![0.0; system.x.len()],
        forces: vec![[0.0; 3]; system.x.len()],
        virial: [v[0][0], v[1][1], v[2][2], v[0][1], v[0][2], v[1][2]],
        atom_virial: vec![[0.0; 6]; system.x.len()],
    };
    for ((&i, e), f) in seen.iter().zip(&made.node_energy).zip(made.forces(&list)) {
        out.energies[i] = *e;
        out.forces[i] = f;
    }
    for (e, (r, g)) in vector.iter().zip(&made.edge_gradient).enumerate() {
        let r: &[f64; 3] = r;
        let six = [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)];
        for (k, (a, b)) in six.into_iter().enumerate() {
            for end in [receiver[e], sender[e]] {
                out.atom_virial[seen[end as usize]][k] -= 0.5 * r[a] * g[b];
            }
        }
    }
    out
}

fn largest(x: impl Iterator<Item = f64>) -> f64 {
    x.map(f64::abs).fold(0.0, f64::max)
}

/// Largest difference relative to the largest value.
fn difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let size = largest(b.iter().copied()).max(1e-3);
    largest(a.iter().zip(b).map(|(a, b)| a - b)) / size
}

fn assert_close(name: &str, a: &Result, b: &Result, tolerance: f64) {
    for (what, x, y) in [
        ("energies", a.energies.as_slice(), b.energies.as_slice()),
        ("forces", a.forces.as_flattened(), b.forces.as_flattened()),
        ("virial", &a.virial, &b.virial),
        (
            "atom virials",
            a.atom_virial.as_flattened(),
            b.atom_virial.as_flattened(),
        ),
    ] {
        let d = difference(x, y);
        assert!(d < tolerance, "{name}: {what} differ by {d:.1e}");
    }
}

fn fast<T: Compiled>(network: &Network, level: Level, exact: bool) -> FastNetwork<T> {
    FastNetwork::new(network, FastOptions { exact, level }).unwrap()
}

fn compare(shape: &Shape) {
    let system = System::new();
    let network = network(shape);
    let expected = plain(&network, &system);
    let one = Bricks::new(&system, network.r_max + 0.3, 1, |_| 0);
    for level in Level::all() {
        let name = |what| format!("{} {what} {}", shape.name, level.name());
        let double = one.run(&fast::<f64>(&network, level, false));
        assert_close(&name("f64"), &double, &expected, 2e-9);
        let single = one.run(&fast::<f32>(&network, level, false));
        assert_close(&name("f32"), &single, &expected, 2e-5);
    }
    let best = Level::detect();
    let exact = one.run(&fast::<f64>(&network, best, true));
    assert_close(shape.name, &exact, &expected, 1e-12);
    let three = Bricks::new(&system, network.r_max, 3, |i| i * 7 % 5 % 3);
    let split = three.run(&fast::<f64>(&network, best, true));
    assert_close(shape.name, &split, &expected, 1e-12);
}

#[test]
fn every_shape_agrees_with_the_plain_evaluation() {
    for shape in shapes() {
        compare(&shape);
    }
}

#[test]
fn an_isolated_atom_and_none_at_all_have_results() {
    let network = network(&PLAIN);
    for count in [0, 1] {
        let system = System {
            cell: 30.0,
            species: vec![1; count],
            x: vec![[0.5; 3]; count],
        };
        let bricks = Bricks::new(&system, 4.0, 1, |_| 0);
        let got = bricks.run(&fast::<f64>(&network, Level::detect(), false));
        assert_close("isolated", &got, &plain(&network, &system), 1e-12);
    }
}

#[test]
fn atoms_closer_than_the_tables_are_evaluated() {
    let network = network(&Shape {
        repulsion: false,
        ..PLAIN
    });
    let system = System {
        cell: 30.0,
        species: vec![1, 2, 0],
        x: vec![[0.5, 0.5, 0.5], [0.6, 0.45, 0.55], [1.0, 2.0, 0.1]],
    };
    let bricks = Bricks::new(&system, 4.0, 1, |_| 0);
    let got = bricks.run(&fast::<f64>(&network, Level::detect(), false));
    assert_close("close", &got, &plain(&network, &system), 2e-9);
}

#[test]
fn what_is_not_known_is_named() {
    let mut odd = network(&PLAIN);
    odd.solid_harmonics = true;
    let options = FastOptions {
        exact: false,
        level: Level::detect(),
    };
    let error = FastNetwork::<f64>::new(&odd, options).unwrap_err();
    assert!(error.to_string().contains("solid harmonics"), "{error}");
}
