//! Edges of one brick at one step: pairs inside the cutoff, in the form the kernels read.

use crate::ml::brick::NO_SPECIES;
use crate::ml::radial::table::Grid;
use crate::ml::spherical::Directions;
use crate::simd::{Real, TILE};

/// Edges sorted by receiver. Arrays of edges have [`TILE`] more entries than edges, so that whole
/// tiles can be read.
#[derive(Debug, Clone, Default)]
pub struct BrickEdges<T> {
    /// First edge of each own atom; one entry more than own atoms.
    pub start: Vec<u32>,
    /// Sender, an index among own and ghost atoms.
    pub sender: Vec<u32>,
    /// Species of the sender.
    pub sender_species: Vec<u32>,
    /// r_i - r_j (Å).
    pub vector: Vec<[f64; 3]>,
    /// Length (Å).
    pub distance: Vec<f64>,
    /// Unit vectors.
    pub x: Vec<T>,
    /// Unit vectors.
    pub y: Vec<T>,
    /// Unit vectors.
    pub z: Vec<T>,
    /// 1 / length.
    pub inverse: Vec<T>,
    /// Node of the radial tables.
    pub node: Vec<u32>,
    /// Position between two nodes.
    pub position: Vec<T>,
    /// dE/d(r_i - r_j) (eV/Å), filled by the backward pass.
    pub gradient: Vec<[f64; 3]>,
}

impl<T: Real> BrickEdges<T> {
    /// Finds the edges of the first `own` atoms of `x` among the candidates
    /// `index[start[i]..start[i + 1]]`: those closer than `r_max`.
    pub fn find(
        &mut self,
        x: &[[f64; 3]],
        species: &[u8],
        (start, index): (&[u32], &[u32]),
        (r_max, grid): (f64, &Grid),
    ) {
        self.clear();
        for (i, range) in start.windows(2).enumerate() {
            let xi = x[i];
            if species[i] == NO_SPECIES {
                self.start.push(self.sender.len() as u32);
                continue;
            }
            for &j in &index[range[0] as usize..range[1] as usize] {
                let xj = x[j as usize];
                let d = [xi[0] - xj[0], xi[1] - xj[1], xi[2] - xj[2]];
                let r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
                if r2 < r_max * r_max && species[j as usize] != NO_SPECIES {
                    self.sender.push(j);
                    self.vector.push(d);
                    self.distance.push(r2);
                }
            }
            self.start.push(self.sender.len() as u32);
        }
        self.complete(species, grid);
    }

    fn clear(&mut self) {
        self.start.clear();
        self.start.push(0);
        self.sender.clear();
        self.vector.clear();
        self.distance.clear();
    }

    /// Everything that follows from vectors, squared distances and senders.
    fn complete(&mut self, species: &[u8], grid: &Grid) {
        let edges = self.sender.len();
        let whole = edges + TILE;
        for array in [
            &mut self.x,
            &mut self.y,
            &mut self.z,
            &mut self.inverse,
            &mut self.position,
        ] {
            array.resize(whole, T::default());
        }
        self.sender.resize(whole, 0);
        self.sender_species.resize(whole, 0);
        self.node.resize(whole, 0);
        self.distance.resize(whole, 1.0);
        for e in 0..edges {
            // clamped as the trainer does, so that atoms on top of each other give numbers
            let r = self.distance[e].sqrt().max(1e-12);
            let inverse = 1.0 / r;
            let d = self.vector[e];
            let (node, position) = grid.locate(r);
            self.distance[e] = r;
            self.x[e] = T::from_f64(d[0] * inverse);
            self.y[e] = T::from_f64(d[1] * inverse);
            self.z[e] = T::from_f64(d[2] * inverse);
            self.inverse[e] = T::from_f64(inverse);
            self.node[e] = node;
            self.position[e] = T::from_f64(position);
            self.sender_species[e] = u32::from(species[self.sender[e] as usize]);
        }
        self.gradient.clear();
        self.gradient.resize(edges, [0.0; 3]);
    }

    /// Tiles of the edges of atom `i`: first edge and number of edges.
    #[inline(always)]
    pub fn tiles(&self, i: usize) -> impl Iterator<Item = (usize, usize)> + use<T> {
        let (first, end) = (self.start[i] as usize, self.start[i + 1] as usize);
        (first..end)
            .step_by(TILE)
            .map(move |e| (e, TILE.min(end - e)))
    }

    /// Unit vectors of the tile that starts at edge `e`.
    #[inline(always)]
    pub fn directions(&self, e: usize) -> Directions<'_, T> {
        Directions {
            x: &self.x[e..e + TILE],
            y: &self.y[e..e + TILE],
            z: &self.z[e..e + TILE],
        }
    }
}
