//! `fix momentum`: removes the motion of a group as a whole.

use super::{Control, Fix, FixEntry, FixId};
use crate::domain::State;
use crate::domain::host::Host;
use crate::domain::values::{centre_of_mass, members, unwrapped};
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, keyword};
use nalgebra::{Matrix3, Vector3};

const SIGNATURE: Signature = Signature {
    name: "momentum",
    summary: "removes the linear or angular momentum of a group every N steps",
    args: &[arg("N", Kind::Count, "every this many steps")],
    keywords: &[
        keyword(
            "linear",
            &[
                arg(
                    "xflag",
                    Kind::OneOf(&["0", "1"]),
                    "1: remove the x component",
                ),
                arg(
                    "yflag",
                    Kind::OneOf(&["0", "1"]),
                    "1: remove the y component",
                ),
                arg(
                    "zflag",
                    Kind::OneOf(&["0", "1"]),
                    "1: remove the z component",
                ),
            ],
            "velocity of the centre of mass",
        ),
        keyword("angular", &[], "rotation about the centre of mass"),
        keyword("rescale", &[], "keep the kinetic energy of the group"),
    ],
    description: "Acts at the end of a step. Positions are unwrapped for the rotation, so `angular` makes sense only for \
a cluster of atoms, not for a periodic crystal.",
    examples: &[
        "fix 3 all momentum 100 linear 1 1 1",
        "fix 3 all momentum 100 linear 1 1 1 rescale",
    ],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

struct Momentum {
    bit: u32,
    every: i64,
    linear: [bool; 3],
    angular: bool,
    rescale: bool,
}

fn build(id: &FixId, args: &Args, _: &mut dyn Host) -> Result<Box<dyn Fix>> {
    let linear = args.keyword("linear").map_or([false; 3], |k| {
        ["xflag", "yflag", "zflag"].map(|n| k.str(n) == "1")
    });
    let angular = args.keyword("angular").is_some();
    if linear == [false; 3] && !angular {
        return Err(Error::input(
            "Illegal fix momentum command: neither linear nor angular is given",
        )
        .help("usage: fix ID group momentum N linear 1 1 1"));
    }
    Ok(Box::new(Momentum {
        bit: id.bit,
        every: args.int("N")?,
        linear,
        angular,
        rescale: args.keyword("rescale").is_some(),
    }))
}

/// Sum of m v^2 of a group.
fn twice_kinetic(state: &State, bit: u32) -> f64 {
    members(state, bit)
        .map(|i| {
            let v = state.atoms.v[i];
            state.mass_of(i) * (v[0] * v[0] + v[1] * v[1] + v[2] * v[2])
        })
        .sum()
}

fn remove_linear(state: &mut State, bit: u32, flags: [bool; 3]) {
    let mut p = [0.0; 3];
    let mut mass = 0.0;
    for i in members(state, bit) {
        let m = state.mass_of(i);
        mass += m;
        (0..3).for_each(|k| p[k] += m * state.atoms.v[i][k]);
    }
    if mass <= 0.0 {
        return;
    }
    let atoms = &mut state.atoms;
    for (v, _) in atoms
        .v
        .iter_mut()
        .zip(&atoms.mask)
        .filter(|(_, m)| *m & bit != 0)
    {
        (0..3)
            .filter(|&k| flags[k])
            .for_each(|k| v[k] -= p[k] / mass);
    }
}

fn remove_angular(state: &mut State, bit: u32) {
    let (centre, _) = centre_of_mass(state, bit);
    let arms: Vec<(usize, Vector3<f64>)> = members(state, bit)
        .map(|i| {
            let x = unwrapped(state, i);
            (i, Vector3::from(std::array::from_fn(|k| x[k] - centre[k])))
        })
        .collect();
    let mut inertia = Matrix3::zeros();
    let mut l = Vector3::zeros();
    for (i, r) in &arms {
        let m = state.mass_of(*i);
        inertia += m * (Matrix3::identity() * r.norm_squared() - r * r.transpose());
        l += m * r.cross(&Vector3::from(state.atoms.v[*i]));
    }
    // A point or a line has no unique angular velocity; the pseudo-inverse takes the smallest one.
    let Ok(inverse) = inertia.pseudo_inverse(1e-9 * inertia.norm().max(f64::MIN_POSITIVE)) else {
        return;
    };
    let omega = inverse * l;
    for (i, r) in &arms {
        let turn = omega.cross(r);
        (0..3).for_each(|k| state.atoms.v[*i][k] -= turn[k]);
    }
}

impl Fix for Momentum {
    fn end_of_step(&mut self, host: &mut dyn Host) -> Result<Control> {
        let state = host.state_mut();
        if state.step % self.every != 0 {
            return Ok(Control::Continue);
        }
        let before = twice_kinetic(state, self.bit);
        if self.linear != [false; 3] {
            remove_linear(state, self.bit, self.linear);
        }
        if self.angular {
            remove_angular(state, self.bit);
        }
        let after = twice_kinetic(state, self.bit);
        if self.rescale && after > 0.0 {
            super::integrate_common::scale(state, self.bit, (before / after).sqrt(), None);
        }
        state.touch();
        Ok(Control::Continue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system() -> State {
        let mut s = State::default();
        s.types = crate::domain::state::Types::new(2);
        s.types.mass[1] = Some(1.0);
        s.types.mass[2] = Some(3.0);
        for i in 0..6i64 {
            let x = [i as f64, (i * i % 5) as f64, (3 * i % 4) as f64];
            s.atoms.push(i + 1, (i % 2 + 1) as u32, x, false, false);
            s.atoms.v[i as usize] = [0.3 * i as f64 - 0.2, 0.1 - 0.4 * x[2], x[1] - 0.7];
        }
        s
    }

    #[test]
    fn momentum_and_angular_momentum_vanish() {
        let mut s = system();
        remove_linear(&mut s, 1, [true; 3]);
        remove_angular(&mut s, 1);
        let (c, _) = centre_of_mass(&s, 1);
        let mut p = Vector3::zeros();
        let mut l = Vector3::zeros();
        for i in 0..6 {
            let m = s.mass_of(i);
            let v = Vector3::from(s.atoms.v[i]);
            let r: [f64; 3] = std::array::from_fn(|k| s.atoms.x[i][k] - c[k]);
            p += m * v;
            l += m * Vector3::from(r).cross(&v);
        }
        assert!(p.norm() < 1e-13 && l.norm() < 1e-12, "{p} {l}");
    }

    #[test]
    fn only_flagged_components_are_removed() {
        let mut s = system();
        let before = s.atoms.v[2];
        remove_linear(&mut s, 1, [false, true, false]);
        assert_eq!(s.atoms.v[2][0], before[0]);
        assert_ne!(s.atoms.v[2][1], before[1]);
    }
}
