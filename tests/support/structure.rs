//! Structures of reference files and their edges, for the tests of model families.

use std::path::{Path, PathBuf};

use argyro::ml::edges::EdgeList;
use serde_json::Value;

/// Folder of the committed models of a family.
pub fn fixtures(family: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(family)
}

pub fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Numbers of nested lists, in order.
pub fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().unwrap()],
    }
}

pub fn vectors(value: &Value) -> Vec<[f64; 3]> {
    numbers(value)
        .chunks_exact(3)
        .map(|v| [v[0], v[1], v[2]])
        .collect()
}

/// Atoms in a cell that is periodic along all of its vectors.
pub struct Structure {
    pub positions: Vec<[f64; 3]>,
    pub cell: [[f64; 3]; 3],
    pub atomic_numbers: Vec<u8>,
}

/// Owned edges of a structure.
pub struct Edges {
    pub species: Vec<u16>,
    pub receiver: Vec<u32>,
    pub sender: Vec<u32>,
    pub vector: Vec<[f64; 3]>,
}

impl Edges {
    pub fn list(&self) -> EdgeList<'_> {
        EdgeList {
            species: &self.species,
            receiver: &self.receiver,
            sender: &self.sender,
            vector: &self.vector,
        }
    }
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

fn norm(a: [f64; 3]) -> f64 {
    a.iter().map(|x| x * x).sum::<f64>().sqrt()
}

impl Structure {
    /// All pairs within the cutoff, periodic images included, by trying every image.
    ///
    /// `species_of` gives the species of an atomic number.
    pub fn edges(&self, r_max: f64, species_of: impl Fn(u8) -> Option<usize>) -> Edges {
        let [a, b, c] = self.cell;
        let volume: f64 = (0..3).map(|k| a[k] * cross(b, c)[k]).sum::<f64>().abs();
        // atoms may lie outside of the cell: shifts must bridge their distance too
        let mut span: f64 = 0.0;
        for p in &self.positions {
            for q in &self.positions {
                span = span.max(norm([0, 1, 2].map(|k| p[k] - q[k])));
            }
        }
        let images = [cross(b, c), cross(c, a), cross(a, b)]
            .map(|area| ((r_max + span) / (volume / norm(area))).ceil() as i32);
        let species = self.atomic_numbers.iter();
        let species = species.map(|&z| species_of(z).unwrap() as u16).collect();
        let (mut receiver, mut sender, mut vector) = (Vec::new(), Vec::new(), Vec::new());
        for x in -images[0]..=images[0] {
            for y in -images[1]..=images[1] {
                for z in -images[2]..=images[2] {
                    let n = [x, y, z].map(f64::from);
                    let shift = [0, 1, 2].map(|k| n[0] * a[k] + n[1] * b[k] + n[2] * c[k]);
                    for (i, p) in self.positions.iter().enumerate() {
                        for (j, q) in self.positions.iter().enumerate() {
                            let v = [0, 1, 2].map(|k| p[k] - q[k] + shift[k]);
                            let r = norm(v);
                            if r < r_max && (i != j || r > 1e-9) {
                                receiver.push(i as u32);
                                sender.push(j as u32);
                                vector.push(v);
                            }
                        }
                    }
                }
            }
        }
        Edges {
            species,
            receiver,
            sender,
            vector,
        }
    }
}
