//! The steps that integrating fixes share: half kicks, drifts and scaling of velocities.

use crate::domain::State;
use rayon::prelude::*;

/// Atoms per task; results do not depend on it, and smaller systems are done before other threads have woken up.
const CHUNK: usize = 8192;

/// time ftm2v / m: what a force becomes as a change of velocity.
#[derive(Debug, Clone)]
pub enum KickFactors {
    /// Of every type, index 0 unused.
    Types(Vec<f64>),
    /// Of every atom, where atoms have masses of their own.
    Atoms(Vec<f64>),
}

impl KickFactors {
    /// The factor of atom `i`, whose type is `kind`.
    #[inline]
    pub fn of(&self, i: usize, kind: u32) -> f64 {
        match self {
            Self::Types(f) => f[kind as usize],
            Self::Atoms(f) => f[i],
        }
    }
}

/// Factors of half a step.
pub fn kick_factors(state: &State) -> KickFactors {
    let half = 0.5 * state.dt * state.units.ftm2v;
    match &state.atoms.rmass {
        Some(m) => KickFactors::Atoms(m.iter().map(|m| half / m).collect()),
        None => {
            let types = 0..=state.types.count;
            KickFactors::Types(types.map(|t| half / state.types.mass(t as u32)).collect())
        }
    }
}

/// Calls `change(i, item)` for every item that belongs to a group.
fn for_members<T: Send>(
    items: &mut [T],
    mask: &[u32],
    bit: u32,
    change: impl Fn(usize, &mut T) + Sync,
) {
    let one = |(i, (item, &m)): (usize, (&mut T, &u32))| {
        if m & bit != 0 {
            change(i, item);
        }
    };
    if items.len() < CHUNK {
        items.iter_mut().zip(mask).enumerate().for_each(one);
    } else {
        items
            .par_iter_mut()
            .zip(mask)
            .enumerate()
            .with_min_len(CHUNK)
            .for_each(one);
    }
}

/// v += factor F for the atoms of a group.
pub fn kick(state: &mut State, bit: u32, factor: &KickFactors) {
    let a = &mut state.atoms;
    let (f, kind) = (&a.f, &a.kind);
    for_members(&mut a.v, &a.mask, bit, |i, v| {
        let h = factor.of(i, kind[i]);
        (0..3).for_each(|k| v[k] += h * f[i][k]);
    });
}

/// x += dt v for the atoms of a group.
pub fn drift(state: &mut State, bit: u32) {
    let dt = state.dt;
    let a = &mut state.atoms;
    let v = &a.v;
    for_members(&mut a.x, &a.mask, bit, |i, x| {
        (0..3).for_each(|k| x[k] += dt * v[i][k]);
    });
}

/// v *= factor for the atoms of a group, leaving out the streaming velocity `bias` if there is one.
pub fn scale(state: &mut State, bit: u32, factor: f64, bias: Option<&[[f64; 3]]>) {
    let a = &mut state.atoms;
    for_members(&mut a.v, &a.mask, bit, |i, v| match bias {
        None => v.iter_mut().for_each(|c| *c *= factor),
        Some(b) => (0..3).for_each(|k| v[k] = b[i][k] + (v[k] - b[i][k]) * factor),
    });
    state.touch();
}
