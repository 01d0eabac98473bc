//! Velocities of a group: random creation with LAMMPS' streams, temperature, momenta.
//!
//! Sums run over the atoms in their order, so that results do not depend on threads.

use super::state::State;
use crate::error::{Error, Result};
use crate::park::Park;
use nalgebra::{Matrix3, SymmetricEigen, Vector3};

/// Which atoms share a random stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loop {
    /// One stream over all atom IDs 1..N.
    All,
    /// One stream over the atoms in their order.
    Local,
    /// A stream of its own for every atom, from its position.
    Geom,
}

fn triple(random: &mut Park, gaussian: bool) -> [f64; 3] {
    [(); 3].map(|()| {
        if gaussian {
            random.gaussian()
        } else {
            random.uniform() - 0.5
        }
    })
}

/// Indices of the atoms of a group.
pub fn members(state: &State, bit: u32) -> impl Iterator<Item = usize> + '_ {
    state
        .atoms
        .mask
        .iter()
        .enumerate()
        .filter(move |(_, m)| **m & bit != 0)
        .map(|(i, _)| i)
}

/// Gives the atoms of a group random velocities of width 1/sqrt(mass), neither centred nor scaled.
///
/// # Errors
/// The seed is not positive, or `loop all` without consecutive atom IDs.
pub fn draw(state: &mut State, bit: u32, seed: i64, gaussian: bool, which: Loop) -> Result<()> {
    let mut random = Park::new(seed).map_err(|e| Error::input(e.to_string()))?;
    let flat = state.dimension == 2;
    let set = |state: &mut State, i: usize, draw: [f64; 3]| {
        if state.atoms.mask[i] & bit == 0 {
            return;
        }
        let factor = 1.0 / state.mass_of(i).sqrt();
        let mut v = draw.map(|d| d * factor);
        if flat {
            v[2] = 0.0;
        }
        state.atoms.v[i] = v;
    };
    let n = state.atoms.len();
    match which {
        Loop::All => {
            for i in order_of_ids(&state.atoms.id)? {
                let d = triple(&mut random, gaussian);
                set(state, i, d);
            }
        }
        Loop::Local => {
            random.warm_up(100);
            let order: Vec<usize> = state.atoms.order.of(n).collect();
            for i in order {
                if state.atoms.mask[i] & bit != 0 {
                    let d = triple(&mut random, gaussian);
                    set(state, i, d);
                }
            }
        }
        Loop::Geom => {
            for i in 0..n {
                random.reset(seed as i32, state.atoms.x[i]);
                let d = triple(&mut random, gaussian);
                set(state, i, d);
            }
        }
    }
    Ok(())
}

/// Indices of the atoms with IDs 1, 2, ... N.
fn order_of_ids(ids: &[i64]) -> Result<Vec<usize>> {
    let n = ids.len();
    let mut order = vec![usize::MAX; n];
    for (i, &id) in ids.iter().enumerate() {
        let slot = usize::try_from(id - 1).ok().and_then(|k| order.get_mut(k));
        match slot {
            Some(s) if *s == usize::MAX => *s = i,
            _ => {
                return Err(Error::input(
                    "Cannot use velocity create loop all unless atoms have contiguous IDs",
                )
                .help(format!(
                    "atom ID {id} lies outside 1..{n}: use 'loop geom', which does not need them"
                )));
            }
        }
    }
    Ok(order)
}

/// Temperature of a group, sum m v^2 mvv2e / (dof kB).
pub fn temperature(state: &State, bit: u32, dof: f64) -> f64 {
    let mut t = 0.0;
    for i in members(state, bit) {
        let v = state.atoms.v[i];
        t += (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]) * state.mass_of(i);
    }
    if dof > 0.0 {
        t * (state.units.mvv2e / (dof * state.units.boltz))
    } else {
        0.0
    }
}

/// Degrees of freedom of a group without constraints: d N - d.
pub fn degrees_of_freedom(state: &State, bit: u32) -> f64 {
    let d = f64::from(state.dimension);
    d * members(state, bit).count() as f64 - d
}

/// Scales the velocities of a group from temperature `now` to `target`.
///
/// # Errors
/// The temperature is zero now.
pub fn rescale(state: &mut State, bit: u32, now: f64, target: f64) -> Result<()> {
    if now <= 0.0 {
        return Err(Error::input("Attempting to rescale a 0.0 temperature")
            .help("the group has no thermal motion or no degrees of freedom"));
    }
    let factor = (target / now).sqrt();
    for i in 0..state.atoms.len() {
        if state.atoms.mask[i] & bit != 0 {
            state.atoms.v[i].iter_mut().for_each(|v| *v *= factor);
        }
    }
    Ok(())
}

/// Subtracts the velocity of the centre of mass of a group.
///
/// # Errors
/// The group is empty.
pub fn zero_linear(state: &mut State, bit: u32) -> Result<()> {
    let mut mass = 0.0;
    let mut p = [0.0; 3];
    for i in members(state, bit) {
        let m = state.mass_of(i);
        mass += m;
        (0..3).for_each(|k| p[k] += state.atoms.v[i][k] * m);
    }
    if mass == 0.0 {
        return Err(no_atoms(state, bit));
    }
    let vcm = p.map(|c| c / mass);
    for i in 0..state.atoms.len() {
        if state.atoms.mask[i] & bit != 0 {
            (0..3).for_each(|k| state.atoms.v[i][k] -= vcm[k]);
        }
    }
    Ok(())
}

fn no_atoms(state: &State, bit: u32) -> Error {
    let names = state.groups.names();
    let name = names.into_iter().find(|n| state.groups.bit(n) == Some(bit));
    Error::input(format!(
        "Cannot zero momentum of no atoms: group {} has none",
        name.unwrap_or("of this command")
    ))
}

/// Subtracts the rigid rotation of a group about its centre of mass (unwrapped coordinates).
///
/// # Errors
/// The group is empty or there is no box.
pub fn zero_angular(state: &mut State, bit: u32) -> Result<()> {
    let cell = state.cell("Velocity")?;
    let atoms = &state.atoms;
    let unwrapped = |i: usize| Vector3::from(cell.unwrap(atoms.x[i], atoms.image[i]));
    let mut mass = 0.0;
    let mut centre = Vector3::zeros();
    for i in members(state, bit) {
        let m = state.mass_of(i);
        mass += m;
        centre += unwrapped(i) * m;
    }
    if mass == 0.0 {
        return Err(no_atoms(state, bit));
    }
    centre /= mass;
    let mut angular = Vector3::zeros();
    let mut inertia = Matrix3::zeros();
    for i in members(state, bit) {
        let m = state.mass_of(i);
        let d = unwrapped(i) - centre;
        angular += d.cross(&Vector3::from(atoms.v[i])) * m;
        inertia += (Matrix3::identity() * d.norm_squared() - d * d.transpose()) * m;
    }
    let omega = angular_velocity(inertia, angular);
    let rotation: Vec<(usize, Vector3<f64>)> = members(state, bit)
        .map(|i| (i, omega.cross(&(unwrapped(i) - centre))))
        .collect();
    for (i, w) in rotation {
        (0..3).for_each(|k| state.atoms.v[i][k] -= w[k]);
    }
    Ok(())
}

/// Solves I w = L; directions without inertia (linear groups, single atoms) do not rotate.
fn angular_velocity(inertia: Matrix3<f64>, angular: Vector3<f64>) -> Vector3<f64> {
    let eigen = SymmetricEigen::new(inertia);
    let largest = eigen.eigenvalues.amax();
    if eigen.eigenvalues.iter().all(|l| *l > 1e-7 * largest)
        && let Some(inverse) = inertia.try_inverse()
    {
        return inverse * angular;
    }
    let mut omega = Vector3::zeros();
    for k in 0..3 {
        let (l, e) = (eigen.eigenvalues[k], eigen.eigenvectors.column(k));
        if l > 1e-7 * largest {
            omega += e * (e.dot(&angular) / l);
        }
    }
    omega
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cell::{Boundary, Cell};
    use crate::domain::state::Types;

    fn pair_of_atoms() -> State {
        let mut s = State {
            cell: Some(Cell::orthogonal(
                [0.0; 3],
                [10.0; 3],
                [[Boundary::Periodic; 2]; 3],
            )),
            types: Types::new(2),
            ..State::default()
        };
        s.types.mass = vec![None, Some(1.0), Some(4.0)];
        for (id, kind, x) in [
            (1, 1, [1.0, 1.0, 1.0]),
            (2, 2, [3.0, 1.0, 1.0]),
            (3, 1, [2.0, 2.5, 0.5]),
        ] {
            s.atoms.push(id, kind, x, false, false);
        }
        s
    }

    #[test]
    fn one_stream_serves_all_atom_ids_and_masses_set_the_width() {
        let mut s = pair_of_atoms();
        s.atoms.mask[0] = 0;
        draw(&mut s, 1, 12345, false, Loop::All).unwrap();
        let mut p = Park::new(12345).unwrap();
        p.warm_up(3);
        assert_eq!(s.atoms.v[0], [0.0; 3]);
        assert_eq!(s.atoms.v[1][0], (p.uniform() - 0.5) * 0.5);
        s.atoms.id[0] = 7;
        assert!(
            draw(&mut s, 1, 12345, false, Loop::All)
                .unwrap_err()
                .message
                .contains("contiguous")
        );
        assert!(draw(&mut s, 1, 0, false, Loop::Geom).is_err());
    }

    #[test]
    fn momenta_vanish_and_the_temperature_is_met() {
        let mut s = pair_of_atoms();
        draw(&mut s, 1, 77, true, Loop::Geom).unwrap();
        zero_linear(&mut s, 1).unwrap();
        zero_angular(&mut s, 1).unwrap();
        let p: f64 = (0..3).map(|i| s.mass_of(i) * s.atoms.v[i][1]).sum();
        let l: f64 = (0..3)
            .map(|i| {
                s.mass_of(i)
                    * (s.atoms.x[i][0] * s.atoms.v[i][1] - s.atoms.x[i][1] * s.atoms.v[i][0])
            })
            .sum();
        assert!(p.abs() < 1e-14 && l.abs() < 1e-14, "{p} {l}");
        let dof = degrees_of_freedom(&s, 1);
        assert_eq!(dof, 6.0);
        let t = temperature(&s, 1, dof);
        rescale(&mut s, 1, t, 1.5).unwrap();
        assert!((temperature(&s, 1, dof) - 1.5).abs() < 1e-14);
    }

    #[test]
    fn two_atoms_on_a_line_lose_their_rotation() {
        let mut s = pair_of_atoms();
        s.atoms.retain(&[true, true, false]);
        s.atoms.v = vec![[0.0, -4.0, 0.0], [0.0, 1.0, 0.0]];
        zero_angular(&mut s, 1).unwrap();
        assert!(
            s.atoms.v.iter().flatten().all(|v| v.abs() < 1e-14),
            "{:?}",
            s.atoms.v
        );
    }
}
