//! The order in which LAMMPS on one process holds the atoms, which decides who gets which number of a random stream.
//!
//! [`Atoms`](super::Atoms) keep the order of their creation. LAMMPS fills the place of a removed atom with the last
//! one, and sorts atoms into bins at the start of runs and every so many steps (`atom_modify sort`). Imports the
//! state only.

use super::State;

/// A permutation of atoms; atoms that came later follow in the order of their creation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    places: Vec<u32>,
}

impl Order {
    /// Takes over a permutation of `0..places.len()`; `None` if it is none.
    pub fn new(places: Vec<u32>) -> Option<Self> {
        let mut seen = vec![false; places.len()];
        for &p in &places {
            let slot = seen.get_mut(p as usize)?;
            if std::mem::replace(slot, true) {
                return None;
            }
        }
        Some(Self { places })
    }

    /// Indices of `atoms` atoms in this order.
    pub fn of(&self, atoms: usize) -> impl Iterator<Item = usize> + '_ {
        let listed = self.places.iter().map(|&p| p as usize);
        listed.chain(self.places.len()..atoms)
    }

    /// The same order when only atoms with `keep` remain: the last atom takes the place of a removed one.
    pub fn retain(&mut self, keep: &[bool]) {
        if keep.iter().all(|k| *k) {
            return;
        }
        let mut new = Vec::with_capacity(keep.len());
        let mut remaining = 0u32;
        for k in keep {
            new.push(remaining);
            remaining += u32::from(*k);
        }
        let mut places: Vec<usize> = self.of(keep.len()).collect();
        let mut i = 0;
        while i < places.len() {
            if keep[places[i]] {
                i += 1;
            } else {
                places.swap_remove(i);
            }
        }
        self.places = places.iter().map(|&p| new[p]).collect();
    }

    /// Appends `atoms` atoms that are copies, in this order, of those of another order.
    pub fn extend(&mut self, from: &Order, atoms: usize) {
        let first = self.places.len() as u32;
        self.places.extend(from.of(atoms).map(|p| first + p as u32));
    }
}

/// `atom_modify sort`
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SortSettings {
    /// Steps between sorts; 0 for none at all.
    pub every: i64,
    /// Width of bins, length units; 0 for half of the reach of the neighbour lists.
    pub width: f64,
    /// First step at which atoms are sorted again.
    pub next: i64,
}

impl Default for SortSettings {
    fn default() -> Self {
        Self {
            every: 1000,
            width: 0.0,
            next: 0,
        }
    }
}

/// Sorts the order of the atoms by bins, x fastest and z slowest; the order within a bin stays. `reach` is cutoff and
/// skin of the neighbour lists, 0 without a pair style.
pub fn sort(state: &mut State, reach: f64) {
    let settings = state.sorting;
    if settings.every <= 0 {
        return;
    }
    state.sorting.next = (state.step / settings.every + 1) * settings.every;
    let width = if settings.width > 0.0 {
        settings.width
    } else {
        0.5 * reach
    };
    let Some(cell) = state.cell.as_ref().filter(|_| width > 0.0) else {
        return;
    };
    let (lo, hi) = cell.bounds();
    let flat = state.dimension == 2;
    let count: [usize; 3] = std::array::from_fn(|k| {
        if flat && k == 2 {
            return 1;
        }
        ((hi[k] - lo[k]) * (1.0 / width)).max(1.0) as usize
    });
    let scale: [f64; 3] = std::array::from_fn(|k| count[k] as f64 / (hi[k] - lo[k]));
    // LAMMPS goes through fractional coordinates before it sorts in a triclinic cell, which counts for atoms at the edge
    // of a bin
    let position = |i: usize| match state.atoms.x[i] {
        x if cell.triclinic => cell.to_cartesian(cell.fractional_by_inverse(x)),
        x => x,
    };
    let bin = |i: usize| -> [usize; 3] {
        let x = position(i);
        let along = |k: usize| (((x[k] - lo[k]) * scale[k]) as usize).min(count[k] - 1);
        [along(2), along(1), along(0)]
    };
    let mut places: Vec<(u32, [usize; 3])> = state
        .atoms
        .order
        .of(state.atoms.len())
        .map(|i| (i as u32, bin(i)))
        .collect();
    places.sort_by_key(|p| p.1);
    state.atoms.order.places = places.into_iter().map(|p| p.0).collect();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Atoms, Boundary, Cell};

    fn listed(o: &Order, n: usize) -> Vec<usize> {
        o.of(n).collect()
    }

    #[test]
    fn the_last_atom_fills_a_gap() {
        let mut o = Order::default();
        o.retain(&[true, false, true, true, false]);
        // 0 1 2 3 4 -> 0 3 2 (4 goes into the place of 1, is removed itself, then 3), renumbered
        assert_eq!(listed(&o, 3), [0, 2, 1]);
        assert_eq!(listed(&o, 5), [0, 2, 1, 3, 4]);
    }

    #[test]
    fn sorting_goes_by_bins_and_keeps_the_order_within() {
        let mut s = State {
            cell: Some(Cell::orthogonal(
                [0.0; 3],
                [4.0, 2.0, 2.0],
                [[Boundary::Periodic; 2]; 3],
            )),
            ..State::default()
        };
        for (k, x) in [3.5, 0.5, 2.5, 0.1, 3.9].iter().enumerate() {
            s.atoms.push(k as i64 + 1, 1, [*x, 0.5, 0.5], false, false);
        }
        s.step = 1500;
        sort(&mut s, 2.0);
        assert_eq!(listed(&s.atoms.order, 5), [1, 3, 2, 0, 4]);
        assert_eq!(s.sorting.next, 2000);
        let copies = s.atoms.order.clone();
        let mut two = Order::default();
        two.extend(&copies, 5);
        two.extend(&copies, 5);
        assert_eq!(listed(&two, 10), [1, 3, 2, 0, 4, 6, 8, 7, 5, 9]);
    }

    #[test]
    fn only_permutations_are_taken() {
        assert!(Order::new(vec![2, 0, 1]).is_some());
        assert!(Order::new(vec![0, 0]).is_none() && Order::new(vec![0, 2]).is_none());
        assert!(Atoms::default().order.of(0).next().is_none());
    }
}
