//! Atoms sorted into bins of fractional space: which periodic images lie in a box, at linear cost.

use super::cell::Cell;

/// Bins over the fractional coordinates of all atoms.
pub(super) struct Bins {
    periodic: [bool; 3],
    n: [usize; 3],
    lo: [f64; 3],
    width: [f64; 3],
    start: Vec<u32>,
    atom: Vec<u32>,
    /// Fractional coordinates as stored, per atom.
    pub s: Vec<[f64; 3]>,
    /// Cells that each atom is away from the bin it is in.
    wrap: Vec<[i32; 3]>,
    /// Smallest and largest fractional coordinates.
    pub extent: ([f64; 3], [f64; 3]),
}

/// Which directions have periodic images (in two dimensions never z).
pub(super) fn periodic_directions(cell: &Cell, dimension: u8) -> [bool; 3] {
    [
        cell.periodic(0),
        cell.periodic(1),
        cell.periodic(2) && dimension != 2,
    ]
}

impl Bins {
    /// Sorts atoms at finite positions `x` into bins with edges of about `edge`.
    pub fn new(x: &[[f64; 3]], cell: &Cell, dimension: u8, edge: f64) -> Self {
        let periodic = periodic_directions(cell, dimension);
        let s: Vec<[f64; 3]> = x.iter().map(|&p| cell.to_fractional(p)).collect();
        let mut extent = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
        for p in &s {
            for k in 0..3 {
                extent.0[k] = extent.0[k].min(p[k]);
                extent.1[k] = extent.1[k].max(p[k]);
            }
        }
        let heights = cell.heights();
        let mut lo = [0.0; 3];
        let mut width = [1.0; 3];
        let mut n = [1usize; 3];
        for k in 0..3 {
            if !periodic[k] && !s.is_empty() {
                lo[k] = extent.0[k];
                width[k] = (extent.1[k] - extent.0[k]).max(1e-9);
            }
            let bins = (heights[k] * width[k] / edge).floor();
            n[k] = bins.clamp(1.0, 1.0e6) as usize;
        }
        let most = 4 * x.len() + 64;
        while n.iter().product::<usize>() > most {
            let k = (0..3).max_by_key(|&k| n[k]).unwrap_or(0);
            n[k] = n[k].div_ceil(2);
        }
        let mut bins = Self {
            periodic,
            n,
            lo,
            width,
            start: Vec::new(),
            atom: Vec::new(),
            wrap: vec![[0; 3]; s.len()],
            s,
            extent,
        };
        bins.sort();
        bins
    }

    fn sort(&mut self) {
        let mut bin_of = Vec::with_capacity(self.s.len());
        let mut start = vec![0u32; self.n.iter().product::<usize>() + 1];
        for (p, wrap) in self.s.iter().zip(&mut self.wrap) {
            let mut index = [0usize; 3];
            for k in 0..3 {
                let mut t = p[k];
                if self.periodic[k] {
                    let cells = t.floor();
                    wrap[k] = cells as i32;
                    t -= cells;
                }
                let b = (t - self.lo[k]) / self.width[k] * self.n[k] as f64;
                index[k] = (b as usize).min(self.n[k] - 1);
            }
            let b = (index[2] * self.n[1] + index[1]) * self.n[0] + index[0];
            start[b + 1] += 1;
            bin_of.push(b);
        }
        for b in 1..start.len() {
            start[b] += start[b - 1];
        }
        let mut next = start.clone();
        self.atom = vec![0; bin_of.len()];
        for (i, &b) in bin_of.iter().enumerate() {
            self.atom[next[b] as usize] = i as u32;
            next[b] += 1;
        }
        self.start = start;
    }

    /// Calls `visit(atom, image, fractional position of the image)` for every image of every atom
    /// whose fractional position is within `lo..=hi`, in a fixed order.
    pub fn images_in(
        &self,
        lo: [f64; 3],
        hi: [f64; 3],
        mut visit: impl FnMut(u32, [i32; 3], [f64; 3]),
    ) {
        // One bin of margin against rounding in the bin index; the position itself decides.
        let mut range = [(0i64, 0i64); 3];
        for k in 0..3 {
            let bin = |t: f64| ((t - self.lo[k]) / self.width[k] * self.n[k] as f64).floor() as i64;
            range[k] = (bin(lo[k] - 1e-9), bin(hi[k] + 1e-9));
            if !self.periodic[k] {
                let last = self.n[k] as i64 - 1;
                range[k] = (range[k].0.clamp(0, last), range[k].1.clamp(0, last));
            }
        }
        let split = |k: usize, i: i64| {
            let n = self.n[k] as i64;
            (i.rem_euclid(n) as usize, i.div_euclid(n) as i32)
        };
        for z in range[2].0..=range[2].1 {
            let (bz, nz) = split(2, z);
            for y in range[1].0..=range[1].1 {
                let (by, ny) = split(1, y);
                for x in range[0].0..=range[0].1 {
                    let (bx, nx) = split(0, x);
                    let b = (bz * self.n[1] + by) * self.n[0] + bx;
                    let (from, to) = (self.start[b] as usize, self.start[b + 1] as usize);
                    for &atom in &self.atom[from..to] {
                        let w = self.wrap[atom as usize];
                        let image = [nx - w[0], ny - w[1], nz - w[2]];
                        let s = self.s[atom as usize];
                        let p = [
                            s[0] + f64::from(image[0]),
                            s[1] + f64::from(image[1]),
                            s[2] + f64::from(image[2]),
                        ];
                        if (0..3).all(|k| p[k] >= lo[k] && p[k] <= hi[k]) {
                            visit(atom, image, p);
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Boundary::{Fixed, Periodic};

    #[test]
    fn a_box_of_three_cells_holds_every_image_once() {
        let cell = Cell::orthogonal(
            [0.0; 3],
            [2.0; 3],
            [[Periodic; 2], [Periodic; 2], [Fixed; 2]],
        );
        let bins = Bins::new(&[[0.5, 1.5, 1.0], [2.5, -0.1, 0.2]], &cell, 3, 0.7);
        let mut seen = std::collections::BTreeSet::new();
        bins.images_in([-1.0, -1.0, -1.0], [1.9999, 1.9999, 2.0], |a, n, _| {
            assert!(seen.insert((a, n)), "{a} {n:?} twice");
        });
        assert_eq!(seen.len(), 18);
        assert!(seen.iter().all(|(_, n)| n[2] == 0));
    }
}
