//! What happens to atoms and boundaries before a neighbour list build: shrink-wrapped faces follow the
//! atoms, periodic directions wrap, atoms beyond fixed faces are lost.

use super::cell::{Boundary, Cell};
use super::state::State;
use crate::error::{Error, Result};
use std::fmt::Write;

/// Moves shrink-wrapped faces, wraps atoms into the cell and counts the crossings in their image flags.
/// The engine calls it before every build.
///
/// # Errors
/// Atoms are lost (LAMMPS' "Lost atoms: original N current M"), with their IDs: beyond a fixed face, at a
/// position that is not finite, or further than a million cells away.
pub fn wrap_atoms(state: &mut State) -> Result<()> {
    let mut lost = unusable(state);
    if lost.is_empty() {
        shrink(state);
        lost = beyond_fixed_faces(state);
    }
    if lost.is_empty() {
        wrap(state);
        return Ok(());
    }
    Err(lost_error(state, &lost))
}

/// The same for `thermo_modify lost ignore|warn`: lost atoms are removed; returns their IDs.
pub fn wrap_and_drop(state: &mut State) -> Vec<i64> {
    let mut lost = unusable(state);
    let mut ids = remove(state, &lost);
    shrink(state);
    lost = beyond_fixed_faces(state);
    ids.extend(remove(state, &lost));
    wrap(state);
    ids
}

/// The same without a look at fixed faces, for commands that change the cell: shrink-wrapped faces follow the atoms and
/// periodic directions wrap. Nothing happens while an atom has no usable position.
pub fn settle(state: &mut State) {
    if unusable(state).is_empty() {
        shrink(state);
        wrap(state);
    }
}

fn remove(state: &mut State, lost: &[usize]) -> Vec<i64> {
    let ids = lost.iter().map(|&i| state.atoms.id[i]).collect();
    if !lost.is_empty() {
        let mut keep = vec![true; state.atoms.len()];
        lost.iter().for_each(|&i| keep[i] = false);
        state.atoms.retain(&keep);
        state.touch();
    }
    ids
}

/// Atoms without a position that could be wrapped.
fn unusable(state: &State) -> Vec<usize> {
    const FAR: f64 = 1.0e6;
    let Some(cell) = &state.cell else {
        return Vec::new();
    };
    let l = cell.lengths();
    let far = |x: &[f64; 3]| {
        (0..3).any(|k| {
            let cells = (x[k] - cell.lo[k]) / l[k];
            !x[k].is_finite() || (cell.periodic(k) && cells.abs() > FAR)
        })
    };
    let x = &state.atoms.x;
    (0..x.len()).filter(|&i| far(&x[i])).collect()
}

fn beyond_fixed_faces(state: &State) -> Vec<usize> {
    let Some(cell) = &state.cell else {
        return Vec::new();
    };
    let fixed = |k: usize, f: usize| cell.boundary[k][f] == Boundary::Fixed;
    if !(0..3).any(|k| fixed(k, 0) || fixed(k, 1)) {
        return Vec::new();
    }
    let outside = |x: [f64; 3]| {
        let s = if cell.triclinic {
            cell.to_fractional(x)
        } else {
            x
        };
        let (lo, hi) = if cell.triclinic {
            ([0.0; 3], [1.0; 3])
        } else {
            (cell.lo, cell.hi)
        };
        (0..3).any(|k| (fixed(k, 0) && s[k] < lo[k]) || (fixed(k, 1) && s[k] >= hi[k]))
    };
    let x = &state.atoms.x;
    (0..x.len()).filter(|&i| outside(x[i])).collect()
}

fn lost_error(state: &State, lost: &[usize]) -> Error {
    const SHOWN: usize = 8;
    let original = state.expected_atoms.max(state.atoms.len());
    let current = state.atoms.len() - lost.len();
    let mut note = format!("at step {}: atom IDs", state.step);
    for &i in lost.iter().take(SHOWN) {
        let _ = write!(note, " {}", state.atoms.id[i]);
    }
    if lost.len() > SHOWN {
        let _ = write!(note, " and {} more", lost.len() - SHOWN);
    }
    let i = lost[0];
    let [x, y, z] = state.atoms.x[i];
    let finite = state.atoms.x[i].iter().all(|v| v.is_finite());
    let what = if finite { "" } else { "non-finite " };
    Error::run(format!("Lost atoms: original {original} current {current}"))
        .note(note)
        .note(format!(
            "atom {} is at {what}position {x} {y} {z}",
            state.atoms.id[i]
        ))
        .help("look for overlapping atoms, a timestep in the wrong time unit, or a boundary that should be p or s")
}

/// Puts shrink-wrapped faces around the atoms, a ten-thousandth of the initial cell away.
fn shrink(state: &mut State) {
    const SMALL: f64 = 1.0e-4;
    let follows = |b: Boundary| matches!(b, Boundary::Shrink | Boundary::ShrinkMinimum);
    let Some(cell) = &mut state.cell else { return };
    if state.atoms.is_empty() || !cell.boundary.iter().flatten().any(|&b| follows(b)) {
        return;
    }
    let old = cell.clone();
    let extents = [0, 1, 2].map(|k| extent(&old, &state.atoms.x, k));
    for (k, (lo, hi)) in extents.into_iter().enumerate() {
        if !follows(cell.boundary[k][0]) && !follows(cell.boundary[k][1]) {
            continue;
        }
        let small = SMALL
            * (cell.minimum[k][1] - cell.minimum[k][0])
                .abs()
                .max(f64::MIN_POSITIVE);
        match cell.boundary[k][0] {
            Boundary::Shrink => cell.lo[k] = lo - small,
            Boundary::ShrinkMinimum => cell.lo[k] = (lo - small).min(cell.minimum[k][0]),
            _ => {}
        }
        match cell.boundary[k][1] {
            Boundary::Shrink => cell.hi[k] = hi + small,
            Boundary::ShrinkMinimum => cell.hi[k] = (hi + small).max(cell.minimum[k][1]),
            _ => {}
        }
    }
    if *cell != old {
        state.touch();
    }
}

/// Range of the atoms along `k`; in a triclinic cell that of the projection along the tilted vectors,
/// in length units of direction `k`.
fn extent(cell: &Cell, x: &[[f64; 3]], k: usize) -> (f64, f64) {
    let l = cell.lengths()[k];
    let along = |x: &[f64; 3]| {
        if cell.triclinic {
            cell.lo[k] + l * cell.to_fractional(*x)[k]
        } else {
            x[k]
        }
    };
    x.iter()
        .map(along)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
            (a.min(v), b.max(v))
        })
}

fn wrap(state: &mut State) {
    let Some(cell) = &state.cell else { return };
    let atoms = &mut state.atoms;
    let mut changed = false;
    let moving = atoms.x.iter_mut().zip(&mut atoms.v);
    for (((x, v), image), mask) in moving.zip(&mut atoms.image).zip(&atoms.mask) {
        let before = *image;
        cell.wrap(x, image);
        if *image != before {
            changed = true;
            if let Some(flow) = state.flow.filter(|f| mask & f.bit != 0) {
                // What left through the upper face comes back at the lower one, one cell further down.
                let n = std::array::from_fn(|k| before[k] - image[k]);
                let d = flow.velocity(n);
                (0..3).for_each(|k| v[k] += d[k]);
            }
        }
    }
    if changed {
        state.touch();
    }
}
