//! The structure as networks see it: species of the nodes and directed edges with their vectors.
//! Periodic images need no mention: each pair within the cutoff is an edge of its own.
//! Imports nothing of the crate.

/// Nodes and directed edges. All edge slices have one length.
#[derive(Debug, Clone, Copy)]
pub struct EdgeList<'a> {
    /// Species of each node (index into the model's list); its length is the number of nodes.
    pub species: &'a [u16],
    /// Receiver (centre) i of each edge.
    pub receiver: &'a [u32],
    /// Sender (neighbour) j of each edge.
    pub sender: &'a [u32],
    /// r_i - r_j (+ cell shift) of each edge (Å), not zero.
    pub vector: &'a [[f64; 3]],
}

/// Energy of a structure and its derivatives.
#[derive(Debug, Clone, Default)]
pub struct Evaluation {
    /// Sum of `node_energy` (eV).
    pub energy: f64,
    /// Energy of each node (eV).
    pub node_energy: Vec<f64>,
    /// dE/d(vector) of each edge (eV/Å): with g of an edge, the force on its receiver is -g and
    /// on its sender +g, and the virial is -sum r (x) g.
    pub edge_gradient: Vec<[f64; 3]>,
}

impl Evaluation {
    /// Force on each node (eV/Å).
    pub fn forces(&self, edges: &EdgeList) -> Vec<[f64; 3]> {
        let mut forces = vec![[0.0; 3]; edges.species.len()];
        for (e, g) in self.edge_gradient.iter().enumerate() {
            for k in 0..3 {
                forces[edges.receiver[e] as usize][k] -= g[k];
                forces[edges.sender[e] as usize][k] += g[k];
            }
        }
        forces
    }

    /// Virial -sum r (x) g (eV), rows: component of r; equal to -dE/d(strain).
    pub fn virial(&self, edges: &EdgeList) -> [[f64; 3]; 3] {
        let mut virial = [[0.0; 3]; 3];
        for (r, g) in edges.vector.iter().zip(&self.edge_gradient) {
            for (row, x) in virial.iter_mut().zip(r) {
                for (w, y) in row.iter_mut().zip(g) {
                    *w -= x * y;
                }
            }
        }
        virial
    }
}
