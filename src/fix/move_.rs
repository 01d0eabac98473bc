//! `fix move`: atoms on prescribed paths.

use super::force_common::{Component, Values, length_scale, no_part};
use super::integrate_common::kick_factors;
use super::{Fix, FixEntry, FixId};
use crate::domain::State;
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::values::{members, unwrapped};
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};
use crate::signature::{Arg, Args, Kind, Signature, arg, keyword, parse_real};
use nalgebra::Vector3;
use std::f64::consts::TAU;

const LINEAR: &[Arg] = &[
    arg("Vx", Kind::Word, "velocity, distance/time units, or NULL"),
    arg("Vy", Kind::Word, "the same for y"),
    arg("Vz", Kind::Word, "the same for z"),
];
const WIGGLE: &[Arg] = &[
    arg("Ax", Kind::Word, "amplitude, length units, or NULL"),
    arg("Ay", Kind::Word, "the same for y"),
    arg("Az", Kind::Word, "the same for z"),
    arg("period", Kind::Positive, "time units"),
];
const ROTATE: &[Arg] = &[
    arg("Px", Kind::Real, "a point of the axis, length units"),
    arg("Py", Kind::Real, ""),
    arg("Pz", Kind::Real, ""),
    arg("Rx", Kind::Real, "direction of the axis"),
    arg("Ry", Kind::Real, ""),
    arg("Rz", Kind::Real, ""),
    arg("period", Kind::Positive, "time units"),
];
const TRANSROT: &[Arg] = &[
    arg(
        "Vx",
        Kind::Real,
        "velocity of the whole, distance/time units",
    ),
    arg("Vy", Kind::Real, ""),
    arg("Vz", Kind::Real, ""),
    arg("Px", Kind::Real, "a point of the axis, length units"),
    arg("Py", Kind::Real, ""),
    arg("Pz", Kind::Real, ""),
    arg("Rx", Kind::Real, "direction of the axis"),
    arg("Ry", Kind::Real, ""),
    arg("Rz", Kind::Real, ""),
    arg("period", Kind::Positive, "time units"),
];
const VARIABLE: &[Arg] = &[
    arg(
        "v_dx",
        Kind::Word,
        "displacement, length units: v_name or NULL",
    ),
    arg("v_dy", Kind::Word, "the same for y"),
    arg("v_dz", Kind::Word, "the same for z"),
    arg(
        "v_vx",
        Kind::Word,
        "velocity, distance/time units: v_name or NULL",
    ),
    arg("v_vy", Kind::Word, "the same for y"),
    arg("v_vz", Kind::Word, "the same for z"),
];

const SIGNATURE: Signature = Signature {
    name: "move",
    summary: "moves atoms on prescribed paths, whatever the forces are",
    args: &[],
    keywords: &[
        keyword("linear", LINEAR, "x = x0 + V t"),
        keyword("wiggle", WIGGLE, "x = x0 + A sin(2 pi t/period)"),
        keyword("rotate", ROTATE, "rotation about an axis, right-handed"),
        keyword("transrot", TRANSROT, "rotation about an axis that moves"),
        keyword("variable", VARIABLE, "equal- or atom-style variables"),
        keyword(
            "units",
            &[arg("value", Kind::Word, "box or lattice")],
            "default lattice",
        ),
    ],
    description: "x0 is the unwrapped position when the fix was defined and t the time since then; `f_ID[1..3]` per \
atom is x0. A direction that is NULL is integrated as by fix nve. Do not integrate the group by another fix.\n\n\
Default: units lattice.",
    examples: &[
        "fix 1 low move linear 0.0 NULL 1.0 units box",
        "fix 1 low move wiggle 0.2 NULL NULL 1.0 units box",
        "fix 1 low move rotate 0 0 0 0 0 1 5.0 units box",
    ],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

/// An axis of rotation.
struct Axis {
    velocity: Vector3<f64>,
    point: Vector3<f64>,
    unit: Vector3<f64>,
    period: f64,
}

enum Path {
    Linear([Option<f64>; 3]),
    Wiggle([Option<f64>; 3], f64),
    Rotation(Box<Axis>),
    Variable(Box<[[Component; 3]; 2]>),
}

struct Move {
    bit: u32,
    path: Path,
    reference: Vec<[f64; 3]>,
    origin: i64,
}

fn build(id: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    let scale = length_scale(args, host.state())?;
    let paths: Vec<_> = args.keywords().filter(|k| k.name() != "units").collect();
    let [k] = paths.as_slice() else {
        return Err(Error::input(
            "Illegal fix move command: give one of linear, wiggle, rotate, transrot, variable",
        )
        .at(0));
    };
    let numbers = |names: [&str; 3]| -> Result<[f64; 3]> {
        let v = [k.real(names[0])?, k.real(names[1])?, k.real(names[2])?];
        Ok(std::array::from_fn(|d| v[d] * scale[d]))
    };
    let components = |names: [&str; 3]| -> Result<[Option<f64>; 3]> {
        let mut out = [None; 3];
        for (d, name) in names.into_iter().enumerate() {
            out[d] = match k.str(name) {
                "NULL" => None,
                w => Some(
                    parse_real(w).ok_or_else(|| {
                        Error::input(format!(
                            "expected a number or NULL for '{name}', found '{w}'"
                        ))
                        .at(k.word(name))
                    })? * scale[d],
                ),
            };
        }
        Ok(out)
    };
    let path = match k.name() {
        "linear" => Path::Linear(components(["Vx", "Vy", "Vz"])?),
        "wiggle" => Path::Wiggle(components(["Ax", "Ay", "Az"])?, k.real("period")?),
        "variable" => variable_path(k)?,
        name => {
            let velocity = if name == "transrot" {
                numbers(["Vx", "Vy", "Vz"])?
            } else {
                [0.0; 3]
            };
            let direction = Vector3::new(k.real("Rx")?, k.real("Ry")?, k.real("Rz")?);
            let unit = direction.try_normalize(0.0).ok_or_else(|| {
                Error::input("Zero length rotation vector with fix move").at(k.word("Rx"))
            })?;
            Path::Rotation(Box::new(Axis {
                velocity: velocity.into(),
                point: numbers(["Px", "Py", "Pz"])?.into(),
                unit,
                period: k.real("period")?,
            }))
        }
    };
    let state = host.state();
    Ok(Box::new(Move {
        bit: id.bit,
        path,
        reference: (0..state.atoms.len())
            .map(|i| unwrapped(state, i))
            .collect(),
        origin: state.step,
    }))
}

fn variable_path(k: &crate::signature::KeywordArgs<'_>) -> Result<Path> {
    let mut parsed = [const { Component::Keep }; 6];
    for (c, name) in parsed
        .iter_mut()
        .zip(["v_dx", "v_dy", "v_dz", "v_vx", "v_vy", "v_vz"])
    {
        *c = Component::parse_word(k.str(name), name, k.word(name))?;
    }
    let [dx, dy, dz, vx, vy, vz] = parsed;
    let (d, v) = ([dx, dy, dz], [vx, vy, vz]);
    for axis in 0..3 {
        if d[axis] != Component::Keep && v[axis] == Component::Keep {
            return Err(Error::input(
                "fix move variable: a displacement needs its velocity as well",
            )
            .at(k.word(["v_vx", "v_vy", "v_vz"][axis])));
        }
    }
    Ok(Path::Variable(Box::new([d, v])))
}

/// Position and velocity of an atom in one direction, where they are prescribed.
type Prescribed = (Option<f64>, Option<f64>);

impl Axis {
    fn at(&self, x0: [f64; 3], t: f64) -> ([f64; 3], [f64; 3]) {
        let omega = TAU / self.period;
        let d = Vector3::from(x0) - self.point;
        let along = self.unit * d.dot(&self.unit);
        let across = d - along;
        let turned = across * (omega * t).cos() + self.unit.cross(&across) * (omega * t).sin();
        let x = self.point + along + turned + self.velocity * t;
        let v = self.unit.cross(&turned) * omega + self.velocity;
        (x.into(), v.into())
    }
}

impl Move {
    /// Values of the variables of a path now, positions and velocities.
    fn evaluate(&self, host: &mut dyn Host) -> Result<[[Values; 3]; 2]> {
        let mut out = [const { [const { Values::Keep }; 3] }; 2];
        if let Path::Variable(paths) = &self.path {
            for (values, components) in out.iter_mut().zip(paths.iter()) {
                for (value, c) in values.iter_mut().zip(components) {
                    *value = c.evaluate(host)?;
                }
            }
        }
        Ok(out)
    }

    fn prescribed(&self, i: usize, t: f64, values: &[[Values; 3]; 2]) -> [Prescribed; 3] {
        let x0 = self.reference[i];
        match &self.path {
            Path::Linear(v) => std::array::from_fn(|k| (v[k].map(|v| x0[k] + v * t), v[k])),
            Path::Wiggle(a, period) => {
                let omega = TAU / period;
                let (s, c) = (omega * t).sin_cos();
                std::array::from_fn(|k| (a[k].map(|a| x0[k] + a * s), a[k].map(|a| a * omega * c)))
            }
            Path::Rotation(axis) => {
                let (x, v) = axis.at(x0, t);
                std::array::from_fn(|k| (Some(x[k]), Some(v[k])))
            }
            Path::Variable(..) => {
                std::array::from_fn(|k| (values[0][k].of(i).map(|d| x0[k] + d), values[1][k].of(i)))
            }
        }
    }
}

impl Fix for Move {
    fn integrates(&self) -> bool {
        true
    }

    fn initial_integrate(&mut self, host: &mut dyn Host) -> Result<()> {
        let values = self.evaluate(host)?;
        let state = host.state_mut();
        if state.atoms.len() != self.reference.len() {
            return Err(Error::run(
                "the number of atoms changed after fix move was defined",
            ));
        }
        let t = (state.step - self.origin) as f64 * state.dt;
        let (factors, dt) = (kick_factors(state), state.dt);
        let cell = state.cell("fix move")?.clone();
        let atoms: Vec<usize> = members(state, self.bit).collect();
        for i in atoms {
            let path = self.prescribed(i, t, &values);
            let a = &mut state.atoms;
            let images = cell.shift(a.image[i]);
            let kick = factors.of(i, a.kind[i]);
            for (k, (x, v)) in path.into_iter().enumerate() {
                a.v[i][k] = v.unwrap_or(a.v[i][k] + kick * a.f[i][k]);
                a.x[i][k] = match x {
                    Some(x) => x - images[k],
                    None => a.x[i][k] + dt * a.v[i][k],
                };
            }
        }
        state.touch();
        Ok(())
    }

    fn final_integrate(&mut self, host: &mut dyn Host) -> Result<()> {
        let values = self.evaluate(host)?;
        let state: &mut State = host.state_mut();
        let factors = kick_factors(state);
        let atoms: Vec<usize> = members(state, self.bit).collect();
        for i in atoms {
            let path = self.prescribed(i, 0.0, &values);
            let a = &mut state.atoms;
            for (k, _) in path.iter().enumerate().filter(|(_, p)| p.1.is_none()) {
                a.v[i][k] += factors.of(i, a.kind[i]) * a.f[i][k];
            }
        }
        state.touch();
        Ok(())
    }

    fn output(&self) -> Output {
        Output {
            per_atom: Some(3),
            ..Output::default()
        }
    }

    fn data(&mut self, part: Part, host: &mut dyn Host) -> Result<Data> {
        if part != Part::PerAtom {
            return Err(no_part("move"));
        }
        let mut values = vec![0.0; 3 * self.reference.len()];
        for i in members(host.state(), self.bit) {
            values[3 * i..3 * i + 3].copy_from_slice(&self.reference[i]);
        }
        Ok(Data::PerAtomArray { columns: 3, values })
    }

    fn state(&self) -> Option<Vec<u8>> {
        let mut w = Writer::new();
        w.int(self.origin).vectors(&self.reference);
        Some(w.finish())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let mut r = Reader::new(bytes);
        self.origin = r.int()?;
        self.reference = r.vectors()?;
        Ok(())
    }

    fn retain(&mut self, keep: &[bool]) {
        let mut k = keep.iter();
        self.reference.retain(|_| *k.next().unwrap_or(&true));
    }

    fn reset_timestep(&mut self, step: i64) {
        self.origin = step;
    }
}
