//! From bricks to the plain evaluation of a family and back: all bricks as one structure.

use super::model::{NetworkModel, NotFinite};
use crate::ml::brick::NO_SPECIES;
use crate::ml::edges::{EdgeList, Evaluation};
use crate::pair::{BrickForces, ForceContext};

/// Components of a symmetric tensor: xx yy zz xy xz yz.
const PAIRS: [(usize, usize); 6] = [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)];

/// All atoms that the model sees and the edges between them.
#[derive(Default)]
struct Structure {
    /// Node of each atom; `u32::MAX` if the model does not see it.
    node: Vec<u32>,
    /// Atom of each node.
    atom: Vec<u32>,
    species: Vec<u16>,
    receiver: Vec<u32>,
    sender: Vec<u32>,
    vector: Vec<[f64; 3]>,
    /// Brick, own atom and neighbour of each edge.
    place: Vec<(usize, usize, usize)>,
}

/// Adds energies, forces and virials of all bricks to `out`; `of_type` are the species of the types.
///
/// # Errors
/// An energy is not finite; `out` is unchanged.
pub fn compute(
    model: &dyn NetworkModel,
    of_type: &[u8],
    context: &ForceContext<'_>,
    out: &mut [BrickForces],
) -> Result<(), NotFinite> {
    let structure = Structure::new(model.r_max(), of_type, context);
    let list = EdgeList {
        species: &structure.species,
        receiver: &structure.receiver,
        sender: &structure.sender,
        vector: &structure.vector,
    };
    let result = model.plain_of(&list, &structure.atom);
    structure.add_energies(&result, context, out)?;
    structure.add_gradients(&result, context, out);
    Ok(())
}

impl Structure {
    fn new(r_max: f64, of_type: &[u8], context: &ForceContext<'_>) -> Structure {
        let bricks = &context.bricks.bricks;
        let mut s = Structure {
            node: vec![u32::MAX; context.bricks.home.len()],
            ..Structure::default()
        };
        for b in bricks {
            for i in 0..b.own {
                let species = of_type[b.kind[i] as usize];
                if species != NO_SPECIES {
                    s.node[b.owner[i] as usize] = s.species.len() as u32;
                    s.atom.push(b.owner[i]);
                    s.species.push(species.into());
                }
            }
        }
        for (k, b) in bricks.iter().enumerate() {
            for i in 0..b.own {
                for &j in b.full.of(i) {
                    let ends = [i, j as usize].map(|a| s.node[b.owner[a] as usize]);
                    let d: [f64; 3] = std::array::from_fn(|c| b.x[i][c] - b.x[j as usize][c]);
                    let near = d.iter().map(|x| x * x).sum::<f64>() < r_max * r_max;
                    if near && !ends.contains(&u32::MAX) {
                        s.receiver.push(ends[0]);
                        s.sender.push(ends[1]);
                        s.vector.push(d);
                        s.place.push((k, i, j as usize));
                    }
                }
            }
        }
        s
    }

    fn add_energies(
        &self,
        result: &Evaluation,
        context: &ForceContext<'_>,
        out: &mut [BrickForces],
    ) -> Result<(), NotFinite> {
        let bricks = &context.bricks.bricks;
        let energy = |k: usize, i: usize| {
            let node = self.node[bricks[k].owner[i] as usize] as usize;
            result.node_energy.get(node).copied().unwrap_or(0.0)
        };
        for (brick, b) in bricks.iter().enumerate() {
            if let Some(atom) = (0..b.own).find(|&i| !energy(brick, i).is_finite()) {
                return Err(NotFinite { brick, atom });
            }
        }
        for (k, b) in bricks.iter().enumerate() {
            for i in 0..b.own {
                out[k].vdwl += energy(k, i);
                if context.tally.atom_energy {
                    out[k].atom_energy[i] += energy(k, i);
                }
            }
        }
        Ok(())
    }

    fn add_gradients(
        &self,
        result: &Evaluation,
        context: &ForceContext<'_>,
        out: &mut [BrickForces],
    ) {
        let edges = self.place.iter().zip(&self.vector);
        for ((&(k, i, j), d), g) in edges.zip(&result.edge_gradient) {
            let o = &mut out[k];
            for c in 0..3 {
                o.f[i][c] -= g[c];
                o.f[j][c] += g[c];
            }
            for (v, (a, b)) in PAIRS.into_iter().enumerate() {
                let part = -d[a] * g[b];
                o.virial[v] += part;
                if context.tally.atom_virial {
                    o.atom_virial[i][v] += 0.5 * part;
                    o.atom_virial[j][v] += 0.5 * part;
                }
            }
        }
    }
}
