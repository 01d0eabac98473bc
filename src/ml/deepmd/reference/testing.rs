//! Structures and reference values for tests.

use crate::ml::edges::{EdgeList, Evaluation};

/// A periodic structure as directed edges.
pub struct Structure {
    pub species: Vec<u16>,
    pub receiver: Vec<u32>,
    pub sender: Vec<u32>,
    pub vector: Vec<[f64; 3]>,
}

impl Structure {
    /// All edges shorter than `cutoff` of a cell (rows: cell vectors).
    pub fn periodic(
        positions: &[[f64; 3]],
        cell: [[f64; 3]; 3],
        species: Vec<u16>,
        cutoff: f64,
    ) -> Structure {
        let mut s = Structure {
            species,
            receiver: vec![],
            sender: vec![],
            vector: vec![],
        };
        for (i, a) in positions.iter().enumerate() {
            for (j, b) in positions.iter().enumerate() {
                for shift in 0..343 {
                    let n = [shift / 49 - 3, shift / 7 % 7 - 3, shift % 7 - 3].map(f64::from);
                    let v = [0, 1, 2]
                        .map(|k| a[k] - b[k] + (0..3).map(|c| n[c] * cell[c][k]).sum::<f64>());
                    let r = v.iter().map(|x| x * x).sum::<f64>().sqrt();
                    if r > 1e-9 && r < cutoff {
                        s.receiver.push(i as u32);
                        s.sender.push(j as u32);
                        s.vector.push(v);
                    }
                }
            }
        }
        s
    }

    pub fn edges(&self) -> EdgeList<'_> {
        EdgeList {
            species: &self.species,
            receiver: &self.receiver,
            sender: &self.sender,
            vector: &self.vector,
        }
    }
}

/// Compares the gradient with central differences for some edges.
pub fn check_gradient(
    structure: &Structure,
    evaluate: impl Fn(&EdgeList) -> Evaluation,
    tolerance: f64,
) {
    let here = evaluate(&structure.edges());
    let scale = here
        .edge_gradient
        .iter()
        .flatten()
        .fold(1e-3f64, |m, g| m.max(g.abs()));
    let h = 1e-5;
    let step = (structure.vector.len() / 4).max(1);
    for e in (0..structure.vector.len()).step_by(step) {
        for k in 0..3 {
            let shifted = |d: f64| {
                let mut vector = structure.vector.clone();
                vector[e][k] += d;
                evaluate(&EdgeList {
                    vector: &vector,
                    ..structure.edges()
                })
                .energy
            };
            let slope = (shifted(h) - shifted(-h)) / (2.0 * h);
            let error = (here.edge_gradient[e][k] - slope).abs() / scale;
            assert!(
                error < tolerance,
                "edge {e} component {k}: {} and {slope}",
                here.edge_gradient[e][k]
            );
        }
    }
}
