//! Atoms near a point, by bins of at least the cutoff.

use crate::domain::Cell;
use std::collections::HashMap;

/// Bins of atoms over the cell.
pub(super) struct Near<'a> {
    cell: &'a Cell,
    count: [i64; 3],
    bins: HashMap<[i64; 3], Vec<usize>>,
}

impl<'a> Near<'a> {
    /// Sorts atoms into bins.
    pub(super) fn new(cell: &'a Cell, x: &[[f64; 3]], cutoff: f64) -> Self {
        let count = cell
            .heights()
            .map(|h| ((h / cutoff).floor() as i64).clamp(1, 1 << 20));
        let mut near = Self {
            cell,
            count,
            bins: HashMap::new(),
        };
        for (i, p) in x.iter().enumerate() {
            near.bins.entry(near.bin(*p)).or_default().push(i);
        }
        near
    }

    fn bin(&self, x: [f64; 3]) -> [i64; 3] {
        let s = self.cell.to_fractional(x);
        [0, 1, 2].map(|k| {
            let b = (s[k] * self.count[k] as f64).floor() as i64;
            if self.cell.periodic(k) {
                b.rem_euclid(self.count[k])
            } else {
                b
            }
        })
    }

    /// Whether `test` holds for an atom in the bin of `x` or one beside it.
    pub(super) fn any(&self, x: [f64; 3], test: impl Fn(usize) -> bool) -> bool {
        let centre = self.bin(x);
        let around = |k: usize| {
            // With few bins the same one lies on both sides.
            let reach = if self.cell.periodic(k) && self.count[k] < 3 {
                self.count[k] - 1
            } else {
                1
            };
            let n = self.count[k];
            let periodic = self.cell.periodic(k);
            let low = if periodic && n < 3 { 0 } else { -reach };
            (low..=reach).map(move |d| {
                let b = centre[k] + d;
                if periodic { b.rem_euclid(n) } else { b }
            })
        };
        around(0).any(|a| {
            around(1).any(|b| {
                around(2).any(|c| {
                    self.bins
                        .get(&[a, b, c])
                        .is_some_and(|atoms| atoms.iter().any(|&j| test(j)))
                })
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Boundary;

    #[test]
    fn every_pair_within_the_cutoff_is_found() {
        let mut random = crate::park::Park::new(99).unwrap();
        for l in [[9.0, 2.5, 1.0], [3.1, 6.0, 12.0]] {
            let mut cell = Cell::orthogonal([0.0; 3], l, [[Boundary::Periodic; 2]; 3]);
            cell.triclinic = true;
            cell.tilt = [0.4, -0.3, 0.2];
            let x: Vec<[f64; 3]> = (0..60)
                .map(|_| cell.to_cartesian([random.uniform(), random.uniform(), random.uniform()]))
                .collect();
            let near = Near::new(&cell, &x, 0.9);
            let distance = |i: usize, j: usize| {
                let d =
                    cell.minimum_image([x[i][0] - x[j][0], x[i][1] - x[j][1], x[i][2] - x[j][2]]);
                (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).sqrt()
            };
            for i in 0..x.len() {
                for j in (0..x.len()).filter(|&j| j != i && distance(i, j) < 0.9) {
                    assert!(near.any(x[i], |k| k == j), "{i} {j}");
                }
            }
        }
    }
}
