//! The products of an expansion as a graph in which they share factors: every node is the product
//! of two earlier ones (the recursive evaluator of Lysogorskiy et al. 2021). Products that differ by
//! the sign of all m only are one, since the real part of one is that of the other up to a sign.
//! Invariant: the graph depends on the model only. Imports the model.

use super::model::{Expansion, Factor, MAX_RANK, Radial};
use std::collections::HashMap;

/// One A without its order m: neighbours of one species, one radial function, one degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channel {
    /// Radial function.
    pub radial: Radial,
    /// Degree.
    pub l: usize,
    /// Number of its leaf for m = -l; the others follow.
    pub leaf: u32,
}

/// Products of the factors of one species of the central atom.
///
/// Values are numbered: leaves first, one for every channel and m from -l to l, then `inner`.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// Channels by species of the neighbours, in the order of their degrees.
    pub channels: Vec<Vec<Channel>>,
    /// Number of leaves.
    pub leaves: usize,
    /// Factors of the products that others are made from, and that come before these.
    pub inner: Vec<[u32; 2]>,
    /// Values that have coefficients.
    pub direct: Vec<u32>,
    /// Their coefficients, one per density.
    pub direct_c: Vec<f64>,
    /// Factors of products that nothing else needs.
    pub outer: Vec<[u32; 2]>,
    /// Their coefficients, one per density.
    pub outer_c: Vec<f64>,
}

/// A product under construction.
struct Node {
    parts: [u32; 2],
    /// Another product is made from it.
    shared: bool,
    /// Term of the expansion.
    term: Option<usize>,
}

/// Sorted leaves of a product.
type Key = Box<[u32]>;

struct Builder {
    leaves: usize,
    nodes: Vec<Node>,
    place: HashMap<Key, u32>,
}

/// Ranks up to which all divisions of a product in two are looked at.
const DIVIDED: usize = 7;

impl Graph {
    /// The graph of an expansion with `densities` coefficients per product and neighbours of
    /// `species` species.
    pub fn new(expansion: &Expansion, species: usize, densities: usize) -> Graph {
        let (channels, leaves) = channels(expansion, species, densities);
        let leaf = |f: &Factor| {
            let all = &channels[usize::from(f.species)];
            let own = |c: &&Channel| c.radial == f.radial && c.l == usize::from(f.l);
            let first = all.iter().find(own).map_or(0, |c| c.leaf);
            (first + u32::from(f.l)).wrapping_add_signed(f.m.into())
        };
        let mut terms: Vec<(Key, Vec<f64>)> = Vec::new();
        let mut place: HashMap<Key, usize> = HashMap::new();
        for (factors, c) in expansion.products(densities) {
            let mut key: Vec<u32> = factors.iter().map(leaf).collect();
            let turned = |f: &Factor| leaf(&Factor { m: -f.m, ..*f });
            let mut other: Vec<u32> = factors.iter().map(turned).collect();
            key.sort_unstable();
            other.sort_unstable();
            let odd = factors.iter().filter(|f| f.m % 2 != 0).count() % 2 == 1;
            let mut sign = 1.0;
            if other < key {
                key = other;
                sign = if odd { -1.0 } else { 1.0 };
            }
            let key = key.into_boxed_slice();
            let at = *place.entry(key.clone()).or_insert_with(|| {
                terms.push((key, vec![0.0; densities]));
                terms.len() - 1
            });
            let sums = terms[at].1.iter_mut().zip(c);
            sums.for_each(|(sum, c)| *sum += sign * c);
        }
        drop(place);
        terms.retain(|(_, c)| c.iter().any(|c| *c != 0.0));
        // small products first: larger ones are made of them
        terms.sort_by_key(|(key, _)| key.len());
        let mut graph = Builder::new(leaves).build(&terms);
        graph.channels = channels;
        graph
    }
}

/// Channels of an expansion by species of the neighbours, and the number of leaves.
fn channels(expansion: &Expansion, species: usize, densities: usize) -> (Vec<Vec<Channel>>, usize) {
    let mut found: Vec<Vec<(u8, Radial)>> = vec![Vec::new(); species];
    let mut seen = std::collections::HashSet::new();
    for (factors, _) in expansion.products(densities) {
        for f in factors {
            if seen.insert((f.species, f.l, f.radial)) {
                found[usize::from(f.species)].push((f.l, f.radial));
            }
        }
    }
    let mut leaves = 0;
    let of_species = |mut all: Vec<(u8, Radial)>| {
        all.sort_unstable();
        let channel = |&(l, radial): &(u8, Radial)| {
            let leaf = leaves as u32;
            let l = usize::from(l);
            leaves += 2 * l + 1;
            Channel { radial, l, leaf }
        };
        all.iter().map(channel).collect()
    };
    let all = found.into_iter().map(of_species).collect();
    (all, leaves)
}

impl Builder {
    fn new(leaves: usize) -> Builder {
        Builder {
            leaves,
            nodes: Vec::new(),
            place: HashMap::new(),
        }
    }

    fn build(mut self, terms: &[(Key, Vec<f64>)]) -> Graph {
        let mut graph = Graph {
            leaves: self.leaves,
            ..Graph::default()
        };
        for (t, (key, c)) in terms.iter().enumerate() {
            if let [leaf] = key[..] {
                graph.direct.push(leaf);
                graph.direct_c.extend_from_slice(c);
            } else {
                let node = self.insert(key);
                self.nodes[node as usize - self.leaves].term = Some(t);
            }
        }
        // shared products keep their order and get numbers without gaps
        let mut number = vec![u32::MAX; self.nodes.len()];
        for (k, node) in self.nodes.iter().enumerate() {
            let parts = node
                .parts
                .map(|p| match (p as usize).checked_sub(self.leaves) {
                    Some(inner) => number[inner],
                    None => p,
                });
            let c = node.term.map(|t| &terms[t].1);
            if node.shared {
                number[k] = (self.leaves + graph.inner.len()) as u32;
                graph.inner.push(parts);
                if let Some(c) = c {
                    graph.direct.push(number[k]);
                    graph.direct_c.extend_from_slice(c);
                }
            } else if let Some(c) = c {
                graph.outer.push(parts);
                graph.outer_c.extend_from_slice(c);
            }
        }
        graph
    }

    /// Number of the value of a product, if it is there.
    fn find(&self, key: &[u32]) -> Option<u32> {
        match key {
            [leaf] => Some(*leaf),
            _ => self.place.get(key).copied(),
        }
    }

    /// Number of the product of sorted leaves (two at least), which is made where it is missing.
    fn insert(&mut self, key: &[u32]) -> u32 {
        if let Some(node) = self.find(key) {
            return node;
        }
        let (left, right) = self.divide(key);
        let parts = [left, right].map(|part| {
            let node = match part[..] {
                [leaf] => return leaf,
                _ => self.insert(&part),
            };
            self.nodes[node as usize - self.leaves].shared = true;
            node
        });
        let node = (self.leaves + self.nodes.len()) as u32;
        self.nodes.push(Node {
            parts,
            shared: false,
            term: None,
        });
        self.place.insert(key.into(), node);
        node
    }

    /// The division of a product in two that needs the fewest new values.
    fn divide(&self, key: &[u32]) -> (Vec<u32>, Vec<u32>) {
        let rank = key.len();
        let masks: Vec<u32> = if rank <= DIVIDED {
            (1..1 << (rank - 1)).collect()
        } else {
            (0..rank).map(|k| 1 << k).collect()
        };
        let mut best = (usize::MAX, masks[0]);
        for mask in masks {
            let mut parts = [[0; MAX_RANK]; 2];
            let mut len = [0; 2];
            for (k, &leaf) in key.iter().enumerate() {
                let side = (mask >> k & 1) as usize;
                parts[side][len[side]] = leaf;
                len[side] += 1;
            }
            let cost = |side: usize| self.cost(&parts[side][..len[side]]);
            best = best.min((cost(0) + cost(1), mask));
        }
        let side = |wanted: u32| {
            let own = key.iter().enumerate();
            let own = own.filter(|(k, _)| best.1 >> k & 1 == wanted);
            own.map(|(_, leaf)| *leaf).collect()
        };
        (side(0), side(1))
    }

    /// What it costs to have a part as a value: nothing where it is one, something where it is to
    /// be stored from now on, more where it is to be made.
    fn cost(&self, part: &[u32]) -> usize {
        match self.find(part) {
            Some(node) => match (node as usize).checked_sub(self.leaves) {
                Some(inner) => usize::from(!self.nodes[inner].shared),
                None => 0,
            },
            None => 4 * (part.len() - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor(n: u8, l: u8, m: i8) -> Factor {
        Factor {
            species: 0,
            radial: Radial::Mixed(n),
            l,
            m,
        }
    }

    /// All products by themselves.
    fn plain(expansion: &Expansion, value: impl Fn(&Factor) -> [f64; 2]) -> f64 {
        let multiply =
            |a: [f64; 2], b: [f64; 2]| [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]];
        expansion
            .products(1)
            .map(|(factors, c)| {
                c[0] * factors
                    .iter()
                    .fold([1.0, 0.0], |p, f| multiply(p, value(f)))[0]
            })
            .sum()
    }

    /// Some complex number that obeys A_l,-m = (-1)^m conj(A_lm).
    fn value(f: &Factor) -> [f64; 2] {
        let x = f64::from(f.l) * 1.3 + f64::from(f.m.abs()) * 0.7;
        let Radial::Mixed(n) = f.radial else {
            return [0.0; 2];
        };
        let re = (x + f64::from(n)).sin();
        let im = if f.m == 0 { 0.0 } else { (x + 0.4).cos() };
        match (f.m < 0, f.m % 2 == 0) {
            (false, _) => [re, im],
            (true, true) => [re, -im],
            (true, false) => [-re, im],
        }
    }

    fn evaluate(graph: &Graph, leaves: &[[f64; 2]]) -> f64 {
        let multiply =
            |a: [f64; 2], b: [f64; 2]| [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]];
        let mut v = leaves.to_vec();
        for [a, b] in &graph.inner {
            v.push(multiply(v[*a as usize], v[*b as usize]));
        }
        let direct = graph.direct.iter().zip(&graph.direct_c);
        let direct: f64 = direct.map(|(k, c)| c * v[*k as usize][0]).sum();
        let outer = graph.outer.iter().zip(&graph.outer_c);
        direct
            + outer
                .map(|([a, b], c)| c * multiply(v[*a as usize], v[*b as usize])[0])
                .sum::<f64>()
    }

    #[test]
    fn shared_products_have_the_sum_of_all() {
        let mut expansion = Expansion::default();
        let products: &[&[Factor]] = &[
            &[factor(0, 0, 0)],
            &[factor(0, 1, 1), factor(0, 1, -1)],
            // the same with other signs of m
            &[factor(0, 1, -1), factor(0, 1, 1)],
            &[factor(0, 1, 1), factor(1, 1, -1), factor(1, 0, 0)],
            &[factor(0, 1, -1), factor(1, 1, 1), factor(1, 0, 0)],
            &[
                factor(0, 2, 2),
                factor(1, 1, -1),
                factor(0, 1, -1),
                factor(1, 0, 0),
            ],
            &[
                factor(0, 2, 2),
                factor(1, 1, -1),
                factor(0, 1, -1),
                factor(1, 2, 1),
                factor(0, 1, -1),
            ],
            // odd sum of m
            &[factor(0, 2, 1), factor(1, 2, 2)],
            &[factor(0, 2, -1), factor(1, 2, -2)],
        ];
        for (k, factors) in products.iter().enumerate() {
            expansion.push(factors, &[1.0 + k as f64 * 0.37]);
        }
        let graph = Graph::new(&expansion, 1, 1);
        let mut leaves = vec![[0.0; 2]; graph.leaves];
        for c in &graph.channels[0] {
            for m in -(c.l as i8)..=c.l as i8 {
                let Radial::Mixed(n) = c.radial else {
                    panic!("only mixed functions are used")
                };
                let at = (c.leaf as usize + c.l).wrapping_add_signed(m.into());
                leaves[at] = value(&factor(n, c.l as u8, m));
            }
        }
        let expected = plain(&expansion, value);
        assert!((evaluate(&graph, &leaves) - expected).abs() < 1e-12);
        // of nine products four coincide or cancel with others
        assert_eq!(graph.direct.len() + graph.outer.len(), 6);
    }

    #[test]
    fn long_products_are_divided_too() {
        let mut expansion = Expansion::default();
        let long: Vec<Factor> = (0..12).map(|n| factor(n, 0, 0)).collect();
        expansion.push(&long, &[2.0]);
        expansion.push(&long[..9], &[1.0]);
        let graph = Graph::new(&expansion, 1, 1);
        let leaves: Vec<[f64; 2]> = (0..12).map(|n| value(&factor(n, 0, 0))).collect();
        let expected = plain(&expansion, value);
        assert!((evaluate(&graph, &leaves) - expected).abs() < 1e-12);
    }
}
