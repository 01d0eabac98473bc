//! Neighbours of one brick as one descriptor sees them: chosen, sorted by type, normalised.

use super::part::{Kind, Part, Role};
use crate::ml::brick::{Dropped, NO_SPECIES};
use crate::ml::deepmd::model::Selection;
use crate::simd::Real;

/// Marks a neighbour whose functions are evaluated exactly; all of a section are or none.
pub const EXACT: u32 = u32::MAX;

/// Factors of the derivative of a row with respect to the vector d to the neighbour.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shape {
    /// ds/dr / r.
    pub radial: f64,
    /// (d/dr of w/(r+p)^2) / r.
    pub along: f64,
    /// w / (r+p)^2.
    pub across: f64,
    /// dw/dr / r.
    pub switch: f64,
    /// w.
    pub weight: f64,
    /// Derivative of the position in the table with respect to s.
    pub rate: f64,
}

/// The neighbours of the centres in the order of the brick, which is by type.
#[derive(Debug, Clone, Default)]
pub struct Edges<T> {
    /// First neighbour of each section (centre, type); one entry more than sections.
    pub start: Vec<u32>,
    /// Slots of padding: per section, or the first section of a centre where slots are for all
    /// types.
    pub padding: Vec<u32>,
    /// Masked neighbours of each section.
    pub masked: Vec<u32>,
    /// Local index of the neighbour.
    pub neighbor: Vec<u32>,
    /// r_j - r_i (Å).
    pub vector: Vec<[f64; 3]>,
    /// First component of the normalised row.
    pub s: Vec<f64>,
    /// Piece of the table, or [`EXACT`].
    pub piece: Vec<u32>,
    /// Position in the piece.
    pub position: Vec<T>,
    /// Rows, \[neighbour\]\[[`Kind::rows`]\].
    pub rows: Vec<T>,
    /// Derivatives.
    pub shape: Vec<Shape>,
    /// The first atom with more neighbours than slots.
    pub dropped: Option<Dropped>,
    counts: Vec<u32>,
    found: Vec<Found>,
    sorted: Vec<Found>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Found {
    species: u32,
    neighbor: u32,
    square: f64,
    vector: [f64; 3],
}

/// Atoms and lists of a brick.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Centres, by type.
    pub order: &'a [u32],
    /// Species of all atoms.
    pub species: &'a [u8],
    /// Positions of all atoms (Å).
    pub x: &'a [[f64; 3]],
    /// Candidates of own atom i are `index[start[i]..start[i + 1]]`.
    pub start: &'a [u32],
    /// Candidates.
    pub index: &'a [u32],
    /// Evaluate all functions exactly.
    pub exact: bool,
}

impl<T: Real> Edges<T> {
    /// Finds the neighbours of all centres.
    pub fn find(&mut self, part: &Part<T>, source: &Source<'_>) {
        self.clear();
        for &i in source.order {
            self.collect(part, source, i as usize);
            self.choose(part, i as usize);
            let centre = usize::from(source.species[i as usize]);
            self.add_sections(part, centre, source.exact);
        }
        self.start.push(self.neighbor.len() as u32);
    }

    fn clear(&mut self) {
        self.start.clear();
        self.padding.clear();
        self.masked.clear();
        self.neighbor.clear();
        self.vector.clear();
        self.s.clear();
        self.piece.clear();
        self.position.clear();
        self.rows.clear();
        self.shape.clear();
        self.dropped = None;
    }

    /// All neighbours of atom `i` inside the cutoff, sorted by type, into `sorted`.
    fn collect(&mut self, part: &Part<T>, source: &Source<'_>, i: usize) {
        let square = part.geometry.cutoff * part.geometry.cutoff;
        let xi = source.x[i];
        let counts = &mut self.counts;
        counts.clear();
        counts.resize(part.types, 0);
        self.found.clear();
        for &j in &source.index[source.start[i] as usize..source.start[i + 1] as usize] {
            let xj = source.x[j as usize];
            let d = [xj[0] - xi[0], xj[1] - xi[1], xj[2] - xi[2]];
            let r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
            let species = source.species[j as usize];
            if r2 < square && species != NO_SPECIES {
                counts[usize::from(species)] += 1;
                self.found.push(Found {
                    species: u32::from(species),
                    neighbor: j,
                    square: r2,
                    vector: d,
                });
            }
        }
        let mut at = 0;
        for count in counts.iter_mut() {
            at += std::mem::replace(count, at);
        }
        self.sorted.clear();
        self.sorted.resize(self.found.len(), Found::default());
        for f in &self.found {
            let place = &mut counts[f.species as usize];
            self.sorted[*place as usize] = *f;
            *place += 1;
        }
    }

    /// Drops the farthest neighbours where there are more than slots.
    fn choose(&mut self, part: &Part<T>, atom: usize) {
        let nearer = |a: &Found, b: &Found| {
            let by_distance = a.square.total_cmp(&b.square);
            by_distance.then(a.neighbor.cmp(&b.neighbor))
        };
        let mut dropped = None;
        let mut note = |species, found, places| {
            dropped.get_or_insert(Dropped {
                atom,
                species,
                found,
                places,
            });
        };
        let total = match &part.selection {
            Selection::Total(slots) => (*slots).min(part.nearest),
            Selection::PerType(_) => part.nearest,
        };
        let found = self.sorted.len();
        if found > total {
            note(None, found, total);
            self.sorted.sort_by(nearer);
            self.sorted.truncate(total);
            self.sorted.sort_by_key(|f| f.species);
        }
        match &part.selection {
            Selection::Total(_) => {}
            Selection::PerType(slots) => {
                let full = |z: usize, n: usize| n > slots[z];
                let sections = self.sorted.chunk_by(|a, b| a.species == b.species);
                let over = sections.map(|c| (c[0].species as usize, c.len()));
                if over.clone().any(|(z, n)| full(z, n)) {
                    if let Some((z, n)) = over.clone().find(|&(z, n)| full(z, n)) {
                        note(Some(z), n, slots[z]);
                    }
                    let by_type = |a: &Found, b: &Found| a.species.cmp(&b.species);
                    self.sorted.sort_by(|a, b| by_type(a, b).then(nearer(a, b)));
                    let mut seen = vec![0; part.types];
                    self.sorted.retain(|f| {
                        let n = &mut seen[f.species as usize];
                        *n += 1;
                        *n <= slots[f.species as usize]
                    });
                }
            }
        }
        self.dropped = self.dropped.or(dropped);
    }

    /// The sections of one centre.
    fn add_sections(&mut self, part: &Part<T>, centre: usize, exact: bool) {
        let sorted = std::mem::take(&mut self.sorted);
        let mut rest = sorted.as_slice();
        let (first, mut seen) = (self.padding.len(), 0);
        for z in 0..part.types {
            self.start.push(self.neighbor.len() as u32);
            let n = rest.iter().take_while(|f| f.species as usize == z).count();
            let (section, after) = rest.split_at(n);
            rest = after;
            let role = part.pair(centre, z).role;
            let visible = if role == Role::Padding { 0 } else { n };
            seen += visible;
            self.masked
                .push(if role == Role::Masked { n as u32 } else { 0 });
            self.padding.push(match &part.selection {
                Selection::PerType(slots) => slots[z].saturating_sub(visible) as u32,
                Selection::Total(_) => 0,
            });
            if role == Role::Seen {
                self.add_section(part, (centre, z), section, exact);
            }
        }
        if let Selection::Total(slots) = &part.selection {
            self.padding[first] = slots.saturating_sub(seen) as u32;
        }
        self.sorted = sorted;
    }

    fn add_section(
        &mut self,
        part: &Part<T>,
        (centre, neighbor): (usize, usize),
        section: &[Found],
        exact: bool,
    ) {
        if section.is_empty() {
            return;
        }
        let pair = part.pair(centre, neighbor);
        let tabulated = !exact && part.kind.has_radial_functions();
        let table = tabulated.then(|| part.slots[pair.table].table());
        let first = self.piece.len();
        let mut outside = exact;
        for f in section {
            // clamped, so that atoms on top of each other give numbers
            let r = f.square.sqrt().max(1e-12);
            let inverse = 1.0 / (r + part.geometry.protection);
            let per_r = 1.0 / r;
            let (w, slope) = part.geometry.switch(r);
            let across = w * inverse * inverse;
            let s = (w * inverse - pair.mean[0]) * pair.inverse[0];
            let mut shape = Shape {
                radial: (slope - w * inverse) * inverse * per_r,
                along: (slope - 2.0 * w * inverse) * inverse * inverse * per_r,
                across,
                switch: slope * per_r,
                weight: w,
                rate: 1.0,
            };
            let mut position = 0.0;
            match table.and_then(|t| t.locate(s)) {
                Some(place) => {
                    self.piece.push(place.piece);
                    position = place.position;
                    shape.rate = place.rate;
                }
                None if part.kind == Kind::Angular && !exact => self.piece.push(0),
                None => {
                    self.piece.push(EXACT);
                    outside = true;
                }
            }
            self.neighbor.push(f.neighbor);
            self.vector.push(f.vector);
            self.s.push(s);
            self.position.push(T::from_f64(position));
            self.shape.push(shape);
            if part.kind == Kind::Radial {
                self.rows.push(T::from_f64(1.0));
                continue;
            }
            let mut row = [s, 0.0, 0.0, 0.0];
            for d in 1..4 {
                row[d] = (across * f.vector[d - 1] - pair.mean[d]) * pair.inverse[d];
            }
            self.rows.extend(row.map(T::from_f64));
            if part.kind == Kind::Gated {
                self.rows.extend(row.map(|x| T::from_f64(w * x)));
            }
        }
        if outside {
            self.piece[first..].fill(EXACT);
            self.position[first..].fill(T::default());
            self.shape[first..].iter_mut().for_each(|s| s.rate = 1.0);
        }
    }
}
