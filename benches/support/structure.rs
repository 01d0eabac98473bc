//! Structures from data files for the benchmarks of networks.

use std::path::Path;

/// Atoms in a periodic orthogonal cell and all images of them within a cutoff.
pub struct Structure {
    /// Number of atoms; images follow.
    pub own: usize,
    /// Type - 1 of atoms and images.
    pub species: Vec<u8>,
    /// Positions.
    pub x: Vec<[f64; 3]>,
    /// Atoms of the images.
    pub owner: Vec<u32>,
    /// Neighbours of atom i are `index[start[i]..start[i + 1]]`.
    pub start: Vec<u32>,
    /// Neighbours.
    pub index: Vec<u32>,
}

/// A file of the repository.
pub fn path(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Types and positions of an `atom_style atomic` data file whose cell is orthogonal.
fn read(name: &str) -> (Vec<u8>, Vec<[f64; 3]>, [f64; 3]) {
    let text = std::fs::read_to_string(path(name)).expect("the example is there");
    let (mut kinds, mut x, mut edges) = (Vec::new(), Vec::new(), Vec::new());
    let mut section = "";
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let numbers: Vec<f64> = words.iter().filter_map(|w| w.parse().ok()).collect();
        if words[0].starts_with(char::is_alphabetic) {
            section = line;
        } else if line.ends_with("hi") {
            edges.push(numbers[1] - numbers[0]);
        } else if section.starts_with("Atoms") {
            kinds.push(numbers[1] as u8 - 1);
            x.push([numbers[2], numbers[3], numbers[4]]);
        }
    }
    (kinds, x, [edges[0], edges[1], edges[2]])
}

impl Structure {
    /// Reads a data file of the repository.
    pub fn new(name: &str, cutoff: f64) -> Structure {
        let (mut species, mut x, cell) = read(name);
        let own = x.len();
        let mut owner = Vec::new();
        let images: [i32; 3] = cell.map(|l| (cutoff / l).ceil() as i32);
        for a in -images[0]..=images[0] {
            for b in -images[1]..=images[1] {
                for c in -images[2]..=images[2] {
                    let shift = [a, b, c].map(f64::from);
                    for i in (0..own).filter(|_| (a, b, c) != (0, 0, 0)) {
                        let y = [0, 1, 2].map(|k| x[i][k] + shift[k] * cell[k]);
                        let near = |k: usize| y[k] > -cutoff - 1.0 && y[k] < cell[k] + cutoff + 1.0;
                        if (0..3).all(near) {
                            owner.push(i as u32);
                            species.push(species[i]);
                            x.push(y);
                        }
                    }
                }
            }
        }
        let (mut start, mut index) = (vec![0], Vec::new());
        for i in 0..own {
            let near = |j: &usize| {
                let d2: f64 = (0..3).map(|k| (x[i][k] - x[*j][k]).powi(2)).sum();
                *j != i && d2 < cutoff * cutoff
            };
            index.extend((0..x.len()).filter(near).map(|j| j as u32));
            start.push(index.len() as u32);
        }
        Structure {
            own,
            species,
            x,
            owner,
            start,
            index,
        }
    }
}
