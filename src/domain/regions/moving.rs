//! A region that variables move and turn: `move v_x v_y v_z` and `rotate v_theta Px Py Pz Rx Ry Rz`.
//!
//! A point belongs to it if the point, moved and turned back, belongs to the region at rest.

use super::Bounds;
use crate::domain::host::{Host, Reference, Source};
use crate::domain::region::Region;
use crate::error::{Error, Result};
use crate::signature::{Args, Keyword, Kind, arg, keyword, parse_real};

/// `move`
pub(super) const MOVE: Keyword = keyword(
    "move",
    &[
        arg("vx", Kind::Word, "v_name or NULL"),
        arg("vy", Kind::Word, "v_name or NULL"),
        arg("vz", Kind::Word, "v_name or NULL"),
    ],
    "displacement along x, y and z by equal-style variables, in distance units also under `units lattice`",
);

/// `rotate`
pub(super) const ROTATE: Keyword = keyword(
    "rotate",
    &[
        arg("vtheta", Kind::Word, "angle, radians: v_name"),
        arg("Px", Kind::Real, "a point of the axis"),
        arg("Py", Kind::Real, ""),
        arg("Pz", Kind::Real, ""),
        arg("Rx", Kind::Real, "direction of the axis"),
        arg("Ry", Kind::Real, ""),
        arg("Rz", Kind::Real, ""),
    ],
    "rotation about an axis by an equal-style variable; rotation comes before displacement",
);

/// Axis and angle of a rotation.
#[derive(Debug, Clone)]
struct Turn {
    variable: String,
    point: [f64; 3],
    axis: [f64; 3],
    angle: f64,
}

impl Turn {
    /// `x` turned back by the present angle (Rodrigues' formula).
    fn back(&self, x: [f64; 3]) -> [f64; 3] {
        let d = [0, 1, 2].map(|k| x[k] - self.point[k]);
        let u = self.axis;
        let dot = d[0] * u[0] + d[1] * u[1] + d[2] * u[2];
        let (sin, cos) = (-self.angle).sin_cos();
        let along = u.map(|c| c * dot);
        let a = [0, 1, 2].map(|k| d[k] - along[k]);
        let b = [
            u[1] * a[2] - u[2] * a[1],
            u[2] * a[0] - u[0] * a[2],
            u[0] * a[1] - u[1] * a[0],
        ];
        [0, 1, 2].map(|k| self.point[k] + along[k] + a[k] * cos + b[k] * sin)
    }
}

struct Moving {
    inner: Box<dyn Region>,
    variables: [Option<String>; 3],
    shift: [f64; 3],
    turn: Option<Turn>,
}

/// Wraps `inner` if `args` have `move` or `rotate`. `spacing` is the unit of the rotation's point along x, y and z.
///
/// # Errors
/// A word is no variable, or the axis has no length.
pub(super) fn wrap(
    inner: Box<dyn Region>,
    args: &Args,
    spacing: [f64; 3],
) -> Result<Box<dyn Region>> {
    let (shift, turn) = (args.keyword("move"), args.keyword("rotate"));
    if shift.is_none() && turn.is_none() {
        return Ok(inner);
    }
    let mut variables = [None, None, None];
    if let Some(k) = shift {
        for (v, name) in variables.iter_mut().zip(["vx", "vy", "vz"]) {
            let word = k.str(name);
            *v = match (word, word.strip_prefix("v_")) {
                ("NULL", _) => None,
                (_, Some(n)) => Some(n.to_string()),
                _ => return Err(not_a_variable("move", word).at(k.word(name))),
            };
        }
    }
    let turn = turn
        .map(|k| {
            let word = k.str("vtheta");
            let variable = word
                .strip_prefix("v_")
                .ok_or_else(|| not_a_variable("rotate", word).at(k.word("vtheta")))?;
            let three = |names: [&str; 3]| names.map(|n| parse_real(k.str(n)).unwrap_or(0.0));
            let (p, r) = (three(["Px", "Py", "Pz"]), three(["Rx", "Ry", "Rz"]));
            let length = (r[0] * r[0] + r[1] * r[1] + r[2] * r[2]).sqrt();
            if length == 0.0 {
                return Err(
                    Error::input("Region cannot have 0 length rotation vector").at(k.word("Rx"))
                );
            }
            Ok(Turn {
                variable: variable.to_string(),
                point: [0, 1, 2].map(|k| p[k] * spacing[k]),
                axis: r.map(|c| c / length),
                angle: 0.0,
            })
        })
        .transpose()?;
    Ok(Box::new(Moving {
        inner,
        variables,
        shift: [0.0; 3],
        turn,
    }))
}

fn not_a_variable(keyword: &str, word: &str) -> Error {
    Error::input(format!(
        "Illegal region {keyword} keyword: expected v_name of an equal-style variable, found '{word}'"
    ))
}

fn value(host: &mut dyn Host, name: &str) -> Result<f64> {
    host.scalar(&Reference {
        source: Source::Variable,
        id: name.to_string(),
        index: Vec::new(),
    })
}

impl Region for Moving {
    fn contains(&self, x: [f64; 3]) -> bool {
        let x = [0, 1, 2].map(|k| x[k] - self.shift[k]);
        let x = self.turn.as_ref().map_or(x, |t| t.back(x));
        self.inner.contains(x)
    }

    fn bounds(&self) -> Option<Bounds> {
        None
    }

    fn update(&mut self, host: &mut dyn Host) -> Result<()> {
        for k in 0..3 {
            if let Some(name) = &self.variables[k] {
                self.shift[k] = value(host, name)?;
            }
        }
        if let Some(turn) = &mut self.turn {
            turn.angle = value(host, &turn.variable)?;
        }
        self.inner.update(host)
    }

    fn varies(&self) -> bool {
        true
    }

    fn duplicate(&self) -> Box<dyn Region> {
        Box::new(Self {
            inner: self.inner.duplicate(),
            variables: self.variables.clone(),
            shift: self.shift,
            turn: self.turn.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_turn_takes_x_to_y() {
        let turn = Turn {
            variable: String::new(),
            point: [1.0, 1.0, 0.0],
            axis: [0.0, 0.0, 1.0],
            angle: std::f64::consts::FRAC_PI_2,
        };
        let back = turn.back([1.0, 3.0, 5.0]);
        for (a, b) in back.iter().zip([3.0, 1.0, 5.0]) {
            assert!((a - b).abs() < 1e-12, "{back:?}");
        }
    }
}
