//! Changes of the cell during runs: atoms that move with it, flips of strongly tilted cells.

use super::cell::Cell;
use super::state::State;
use rayon::prelude::*;

/// Atoms per task; results do not depend on it.
const CHUNK: usize = 8192;

/// Tilt over length beyond which a cell under a barostat is flipped, as in LAMMPS.
pub const MOST_TILT: f64 = 0.6;

/// Makes `new` the cell. Atoms of `group` (mask bit) keep their fractional coordinates, others their positions.
pub fn change_cell(state: &mut State, new: Cell, group: Option<u32>) {
    if let (Some(old), Some(bit)) = (&state.cell, group) {
        let atoms = &mut state.atoms;
        atoms
            .x
            .par_iter_mut()
            .zip(&atoms.mask)
            .with_min_len(CHUNK)
            .filter(|(_, m)| **m & bit != 0)
            .for_each(|(x, _)| *x = new.to_cartesian(old.to_fractional(*x)));
    }
    state.cell = Some(new);
    state.touch();
}

/// Whether a tilt exceeds `most` times its length, so that [`flip`] would change something.
pub fn wants_flip(cell: &Cell, most: f64) -> bool {
    let l = cell.lengths();
    let [xy, xz, yz] = cell.tilt;
    let over = |t: f64, k: usize| t < -most * l[k] || t >= most * l[k];
    (cell.periodic(1) && over(yz, 1)) || (cell.periodic(0) && (over(xz, 0) || over(xy, 0)))
}

/// Replaces a strongly tilted cell by the equivalent one with smaller tilts and corrects the image flags.
/// Atoms are wrapped into the new cell. Returns whether anything changed.
pub fn flip(state: &mut State, most: f64) -> bool {
    let Some(cell) = state
        .cell
        .as_mut()
        .filter(|c| c.triclinic && wants_flip(c, most))
    else {
        return false;
    };
    let l = cell.lengths();
    let once = |t: &mut f64, length: f64| -> i32 {
        let most = most * length;
        if *t < -most {
            *t += length;
            1
        } else if *t >= most {
            *t -= length;
            -1
        } else {
            0
        }
    };
    let (mut xy_by, mut xz_by, mut yz_by) = (0, 0, 0);
    let [xy, xz, yz] = &mut cell.tilt;
    if cell.boundary[1][0] == super::Boundary::Periodic {
        yz_by = once(yz, l[1]);
        *xz += f64::from(yz_by) * *xy;
    }
    if cell.boundary[0][0] == super::Boundary::Periodic {
        xz_by = once(xz, l[0]);
        xy_by = once(xy, l[0]);
    }
    for image in &mut state.atoms.image {
        image[1] -= yz_by * image[2];
        image[0] -= xy_by * image[1] + xz_by * image[2];
    }
    // Atoms that thereby lie outside come back by symmetry, not through a face that moves: fix deform remap v does not
    // change their velocities.
    let atoms = &mut state.atoms;
    for (x, image) in atoms.x.iter_mut().zip(&mut atoms.image) {
        cell.remap(x, image);
    }
    state.touch();
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Boundary;

    fn tilted(tilt: [f64; 3]) -> State {
        let mut cell = Cell::orthogonal([0.0; 3], [10.0, 9.0, 8.0], [[Boundary::Periodic; 2]; 3]);
        cell.triclinic = true;
        cell.tilt = tilt;
        let mut s = State {
            cell: Some(cell),
            ..State::default()
        };
        for n in 0..20 {
            let n = f64::from(n);
            s.atoms
                .push(n as i64 + 1, 1, [0.7 * n, 0.3 * n, 0.2 * n], false, false);
            s.atoms.image[n as usize] = [n as i32 % 3, 1 - n as i32 % 2, n as i32 % 4 - 1];
        }
        s
    }

    #[test]
    fn a_flip_keeps_unwrapped_positions() {
        let mut s = tilted([6.5, -6.1, 5.6]);
        let at = |s: &State| -> Vec<[f64; 3]> {
            (0..20)
                .map(|i| crate::domain::values::unwrapped(s, i))
                .collect()
        };
        let before = at(&s);
        assert!(flip(&mut s, MOST_TILT));
        let cell = s.cell.clone().unwrap();
        assert_eq!(cell.tilt[0], -3.5);
        assert!(!wants_flip(&cell, MOST_TILT));
        for (a, b) in before.iter().zip(at(&s)) {
            assert!((0..3).all(|k| (a[k] - b[k]).abs() < 1e-12), "{a:?} {b:?}");
        }
        for x in &s.atoms.x {
            let inside = |f: &f64| (-1e-12..1.0 + 1e-12).contains(f);
            assert!(cell.to_fractional(*x).iter().all(inside), "{x:?}");
        }
        assert!(!flip(&mut s, MOST_TILT));
    }

    #[test]
    fn atoms_of_the_group_move_with_the_cell() {
        let mut s = tilted([1.0, 0.0, 0.0]);
        s.atoms.mask[1] = 3;
        let mut new = s.cell.clone().unwrap();
        new.hi[0] = 20.0;
        new.tilt[0] = 2.0;
        let before = s.atoms.x.clone();
        change_cell(&mut s, new, Some(2));
        assert_eq!(s.atoms.x[2], before[2]);
        assert!((s.atoms.x[1][0] - 2.0 * before[1][0]).abs() < 1e-12);
    }
}
