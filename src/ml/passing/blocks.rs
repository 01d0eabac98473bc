//! Own atoms of a brick by species, in blocks that are handled together.

use crate::ml::brick::NO_SPECIES;
use std::ops::Range;

/// Own atoms sorted by species; atoms without a species are left out.
#[derive(Debug, Clone, Default)]
pub struct BySpecies {
    /// The atoms, ascending inside a species.
    pub order: Vec<u32>,
    /// Those of species z are `order[groups[z]..groups[z + 1]]`.
    groups: Vec<usize>,
}

impl BySpecies {
    /// Sorts atoms 0, 1, .. of the given species.
    pub fn set(&mut self, own: &[u8], species: usize) {
        self.groups.clear();
        self.groups.resize(species + 1, 0);
        for &z in own.iter().filter(|&&z| z != NO_SPECIES) {
            self.groups[usize::from(z) + 1] += 1;
        }
        for z in 0..species {
            self.groups[z + 1] += self.groups[z];
        }
        self.order.clear();
        self.order.resize(self.groups[species], 0);
        let mut next = self.groups.clone();
        for (i, &z) in own.iter().enumerate().filter(|(_, z)| **z != NO_SPECIES) {
            self.order[next[usize::from(z)]] = i as u32;
            next[usize::from(z)] += 1;
        }
    }

    /// Blocks of at most `size` atoms of one species: (species, range of `order`).
    pub fn blocks(&self, size: usize) -> impl Iterator<Item = (usize, Range<usize>)> {
        let groups = self.groups.windows(2).enumerate();
        groups.flat_map(move |(z, group)| {
            let (start, end) = (group[0], group[1]);
            let starts = (start..end).step_by(size);
            starts.map(move |at| (z, at..end.min(at + size)))
        })
    }
}

/// Bytes of a block's rows that should stay in the cache.
const BLOCK_BYTES: usize = 128 << 10;

/// Atoms of a block whose rows have `row` bytes: a multiple of what a matrix product handles at a
/// time.
pub fn block_size(row: usize) -> usize {
    (BLOCK_BYTES / row.max(1)).clamp(6, 48) / 6 * 6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_atom_is_in_one_block_of_its_species() {
        let own = [2, 0, NO_SPECIES, 2, 2, 0, 2];
        let mut sorted = BySpecies::default();
        sorted.set(&own, 4);
        let blocks: Vec<_> = sorted.blocks(3).collect();
        assert_eq!(blocks, [(0, 0..2), (2, 2..5), (2, 5..6)]);
        assert_eq!(sorted.order, [1, 5, 0, 3, 4, 6]);
        assert_eq!(block_size(1), 48);
        assert_eq!(block_size(1 << 30), 6);
    }
}
