//! The steps that integrating fixes share: half kicks, drifts and scaling of velocities.

use crate::domain::State;
use rayon::prelude::*;

/// Atoms per task; results do not depend on it.
const CHUNK: usize = 8192;

/// dt/2 ftm2v / m of every type, index 0 unused.
pub fn kick_factors(state: &State) -> Vec<f64> {
    let half = 0.5 * state.dt * state.units.ftm2v;
    (0..=state.types.count)
        .map(|t| half / state.types.mass(t as u32))
        .collect()
}

/// v += factor(type) F for the atoms of a group.
pub fn kick(state: &mut State, bit: u32, factor: &[f64]) {
    let a = &mut state.atoms;
    (&mut a.v, &a.f, &a.kind, &a.mask)
        .into_par_iter()
        .with_min_len(CHUNK)
        .for_each(|(v, f, &kind, &mask)| {
            if mask & bit != 0 {
                let h = factor[kind as usize];
                (0..3).for_each(|k| v[k] += h * f[k]);
            }
        });
}

/// x += dt v for the atoms of a group.
pub fn drift(state: &mut State, bit: u32) {
    let dt = state.dt;
    let a = &mut state.atoms;
    (&mut a.x, &a.v, &a.mask)
        .into_par_iter()
        .with_min_len(CHUNK)
        .for_each(|(x, v, &mask)| {
            if mask & bit != 0 {
                (0..3).for_each(|k| x[k] += dt * v[k]);
            }
        });
}

/// v *= factor for the atoms of a group, leaving out the streaming velocity `bias` if there is one.
pub fn scale(state: &mut State, bit: u32, factor: f64, bias: Option<&[[f64; 3]]>) {
    let a = &mut state.atoms;
    match bias {
        None => (&mut a.v, &a.mask)
            .into_par_iter()
            .with_min_len(CHUNK)
            .for_each(|(v, &mask)| {
                if mask & bit != 0 {
                    v.iter_mut().for_each(|c| *c *= factor);
                }
            }),
        Some(bias) => (&mut a.v, &a.mask, bias)
            .into_par_iter()
            .with_min_len(CHUNK)
            .for_each(|(v, &mask, b)| {
                if mask & bit != 0 {
                    (0..3).for_each(|k| v[k] = b[k] + (v[k] - b[k]) * factor);
                }
            }),
    }
    state.touch();
}
