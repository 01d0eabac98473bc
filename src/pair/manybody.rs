//! Neighbours of one atom as three-body potentials want them, and the shares of three atoms.

use super::BrickForces;
use super::potential_file::TypeMap;
use crate::domain::{Brick, Tally};

/// A neighbour within the cutoff of its pair of elements.
#[derive(Debug, Clone, Copy)]
pub struct Near {
    /// Local index.
    pub j: usize,
    /// Element.
    pub element: usize,
    /// x_j - x_i
    pub d: [f64; 3],
    /// Distance.
    pub r: f64,
    /// Whether the pair is counted here, not at atom j: true for exactly one of both.
    pub mine: bool,
}

/// Fills `near` with the neighbours of own atom `i` (element `e`) for which `within(element, r^2)`.
pub fn gather(
    brick: &Brick,
    map: &TypeMap,
    i: usize,
    near: &mut Vec<Near>,
    within: impl Fn(usize, f64) -> bool,
) {
    near.clear();
    let p = brick.x[i];
    for &j in brick.full.of(i) {
        let j = j as usize;
        let x = brick.x[j];
        let d = [x[0] - p[0], x[1] - p[1], x[2] - p[2]];
        let r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
        let Some(element) = map.element(brick.kind[j]) else {
            continue;
        };
        if !within(element, r2) {
            continue;
        }
        // the image of j as seen from i is minus that of i as seen from j
        let mine = match brick.shift[j].cmp(&[0; 3]) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => brick.owner[i] < brick.owner[j],
        };
        near.push(Near {
            j,
            element,
            d,
            r: r2.sqrt(),
            mine,
        });
    }
}

/// Adds the virial of forces `fj` and `fk` on atoms at `dj` and `dk` from atom `i`, a third for each atom.
pub fn share(
    out: &mut BrickForces,
    tally: Tally,
    atoms: [usize; 3],
    energy: f64,
    (dj, fj): ([f64; 3], [f64; 3]),
    (dk, fk): ([f64; 3], [f64; 3]),
) {
    const AXES: [(usize, usize); 6] = [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)];
    let v = AXES.map(|(a, b)| dj[a] * fj[b] + dk[a] * fk[b]);
    (0..6).for_each(|k| out.virial[k] += v[k]);
    for a in atoms {
        if tally.atom_energy {
            out.atom_energy[a] += energy / 3.0;
        }
        if tally.atom_virial {
            (0..6).for_each(|k| out.atom_virial[a][k] += v[k] / 3.0);
        }
    }
}
