//! Edges of one brick at one step: pairs inside the cutoff, in the form the kernels read.

use crate::ml::brick::{BrickAtoms, NO_SPECIES};
use crate::ml::radial::grid::Grid;
use crate::ml::spherical::Directions;
use crate::simd::{Real, TILE};

/// Least distance (Å): clamped as the trainers do, so that atoms on top of each other give numbers.
const CLOSEST: f64 = 1e-12;

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
    /// Length times the factor of the pair: the argument of the radial functions (Å).
    pub argument: Vec<f64>,
    /// First row of the radial tables.
    pub row: Vec<u32>,
    /// Position between two nodes.
    pub position: Vec<T>,
    /// Its derivative with respect to the length (1/Å).
    pub rate: Vec<T>,
    /// dE/d(r_i - r_j) (eV/Å), filled by the backward pass.
    pub gradient: Vec<[f64; 3]>,
    /// Edges of one atom, and their order.
    found: Vec<Found>,
    order: Vec<u64>,
}

/// An edge before it is sorted.
#[derive(Debug, Clone, Copy)]
struct Found {
    sender: u32,
    vector: [f64; 3],
    distance: f64,
    argument: f64,
}

/// Which pairs are edges, and the argument of their radial functions.
#[derive(Debug, Clone)]
pub struct Reach {
    /// Longest distance, and end of the radial functions (Å).
    pub r_max: f64,
    /// Number of species.
    pub species: usize,
    /// Factors of the distance \[receiver\]\[sender\], at least 1, or empty for none. An edge
    /// ends where the product is `r_max`.
    pub stretch: Vec<f64>,
    /// Nodes of the radial tables.
    pub grid: Grid,
    /// Sort the edges of one receiver by the argument of their radial functions, so that those of
    /// a tile share rows of the tables: pays where the tables are larger than the second cache.
    pub sorted: bool,
}

impl Reach {
    #[inline(always)]
    fn stretch(&self, receiver: u8, sender: u8) -> f64 {
        let pair = usize::from(receiver) * self.species + usize::from(sender);
        self.stretch.get(pair).copied().unwrap_or(1.0)
    }
}

impl<T: Real> BrickEdges<T> {
    /// Finds the edges of the own atoms among their candidates.
    pub fn find(&mut self, atoms: &BrickAtoms<'_>, reach: &Reach) {
        self.clear();
        let (x, species) = (atoms.x, atoms.species);
        for (i, list) in atoms.start.windows(2).enumerate() {
            let xi = x[i];
            if species[i] == NO_SPECIES {
                self.start.push(self.sender.len() as u32);
                continue;
            }
            for &j in &atoms.index[list[0] as usize..list[1] as usize] {
                let xj = x[j as usize];
                let d = [xi[0] - xj[0], xi[1] - xj[1], xi[2] - xj[2]];
                let r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
                if r2 >= reach.r_max * reach.r_max || species[j as usize] == NO_SPECIES {
                    continue;
                }
                let r = r2.sqrt().max(CLOSEST);
                let argument = r * reach.stretch(species[i], species[j as usize]);
                if argument < reach.r_max {
                    self.found.push(Found {
                        sender: j,
                        vector: d,
                        distance: r,
                        argument,
                    });
                }
            }
            self.append(reach.sorted);
            self.start.push(self.sender.len() as u32);
        }
        self.complete(species, &reach.grid);
    }

    /// Appends the edges of one atom in the order of candidates or of arguments.
    fn append(&mut self, sorted: bool) {
        // arguments are positive: their bits sort as they do, in f32 well enough for the tables
        let key = |(k, edge): (usize, &Found)| {
            let argument = u64::from((edge.argument as f32).to_bits());
            argument << 32 | k as u64
        };
        self.order.clear();
        self.order.extend(self.found.iter().enumerate().map(key));
        if sorted {
            self.order.sort_unstable();
        }
        for &key in &self.order {
            let edge = self.found[key as u32 as usize];
            self.sender.push(edge.sender);
            self.vector.push(edge.vector);
            self.distance.push(edge.distance);
            self.argument.push(edge.argument);
        }
        self.found.clear();
    }

    fn clear(&mut self) {
        self.start.clear();
        self.start.push(0);
        self.sender.clear();
        self.vector.clear();
        self.distance.clear();
        self.argument.clear();
    }

    /// Everything that follows from vectors, distances and senders.
    fn complete(&mut self, species: &[u8], grid: &Grid) {
        let edges = self.sender.len();
        let whole = edges + TILE;
        for array in [
            &mut self.x,
            &mut self.y,
            &mut self.z,
            &mut self.inverse,
            &mut self.position,
            &mut self.rate,
        ] {
            array.resize(whole, T::default());
        }
        self.sender.resize(whole, 0);
        self.sender_species.resize(whole, 0);
        self.row.resize(whole, 0);
        self.distance.resize(whole, 1.0);
        self.argument.resize(whole, 1.0);
        for e in 0..edges {
            let inverse = 1.0 / self.distance[e];
            let d = self.vector[e];
            let place = grid.locate(self.argument[e]);
            self.x[e] = T::from_f64(d[0] * inverse);
            self.y[e] = T::from_f64(d[1] * inverse);
            self.z[e] = T::from_f64(d[2] * inverse);
            self.inverse[e] = T::from_f64(inverse);
            self.row[e] = place.row;
            self.position[e] = T::from_f64(place.position);
            // by the distance, not by the argument
            self.rate[e] = T::from_f64(place.rate * self.argument[e] * inverse);
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
