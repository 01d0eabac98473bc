//! `compute temp/ramp`: temperature relative to a velocity that grows linearly along a direction.

use super::temperature_common::{ExtraDof, OUTPUT, scalar_or_tensor};
use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, keyword};

const SIGNATURE: Signature = Signature {
    name: "temp/ramp",
    summary: "temperature of a group relative to a velocity that grows linearly along a direction",
    args: &[
        arg(
            "vdim",
            Kind::OneOf(&["vx", "vy", "vz"]),
            "component that is ramped",
        ),
        arg("vlo", Kind::Real, "velocity at clo"),
        arg("vhi", Kind::Real, "velocity at chi"),
        arg(
            "dim",
            Kind::OneOf(&["x", "y", "z"]),
            "direction of the ramp",
        ),
        arg("clo", Kind::Real, "where it begins"),
        arg("chi", Kind::Real, "where it ends"),
    ],
    keywords: &[keyword(
        "units",
        &[arg("value", Kind::OneOf(&["box", "lattice"]), "")],
        "units of velocities and coordinates, default lattice",
    )],
    description: "As `compute temp` after the velocity vlo + (vhi - vlo) (c - clo) / (chi - clo) has been subtracted, which is \
constant beyond both ends. A thermostat that uses it (`fix_modify ID temp`) leaves the ramp as it is.\n\n\
Related: velocity ramp, compute temp/profile",
    examples: &["compute t all temp/ramp vx 0 8 y 2 12 units lattice"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct TempRamp {
    bit: u32,
    component: usize,
    axis: usize,
    velocity: [f64; 2],
    range: [f64; 2],
    extra: ExtraDof,
}

fn build(id: &ComputeId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Compute>> {
    let component = ["vx", "vy", "vz"]
        .iter()
        .position(|w| *w == args.str("vdim"));
    let axis = ["x", "y", "z"].iter().position(|w| *w == args.str("dim"));
    let (component, axis) = (component.unwrap_or(0), axis.unwrap_or(0));
    let in_box = args
        .keyword("units")
        .is_some_and(|k| k.str("value") == "box");
    let scale = match &host.state().lattice {
        _ if in_box => [1.0; 3],
        Some(l) => l.spacing,
        None => {
            return Err(
                Error::input("Use of compute temp/ramp with undefined lattice")
                    .help("define a lattice before, or say units box"),
            );
        }
    };
    let pair = |a: &str, b: &str, factor: f64| -> Result<[f64; 2]> {
        Ok([args.real(a)? * factor, args.real(b)? * factor])
    };
    let range = pair("clo", "chi", scale[axis])?;
    if range[0] == range[1] {
        return Err(
            Error::input("Illegal compute temp/ramp command: clo and chi must differ")
                .at(args.word("chi")),
        );
    }
    Ok(Box::new(TempRamp {
        bit: id.bit,
        component,
        axis,
        velocity: pair("vlo", "vhi", scale[component])?,
        range,
        extra: ExtraDof::default(),
    }))
}

impl TempRamp {
    fn dof(&self, host: &dyn Host) -> f64 {
        self.extra
            .degrees(host, self.bit, self.extra.value(host.state()))
    }

    /// The ramp at position `x`.
    fn ramp(&self, x: [f64; 3]) -> [f64; 3] {
        let ([a, b], [lo, hi]) = (self.velocity, self.range);
        let fraction = ((x[self.axis] - lo) / (hi - lo)).clamp(0.0, 1.0);
        let mut v = [0.0; 3];
        v[self.component] = a + fraction * (b - a);
        v
    }
}

impl Compute for TempRamp {
    fn output(&self) -> Output {
        OUTPUT
    }

    fn evaluate(&mut self, part: Part, host: &mut dyn Host) -> Result<Data> {
        let s = host.state();
        let v = |i: usize| -> [f64; 3] {
            let ramp = self.ramp(s.atoms.x[i]);
            std::array::from_fn(|k| s.atoms.v[i][k] - ramp[k])
        };
        scalar_or_tensor("temp/ramp", part, self.bit, self.dof(host), host, v)
    }

    fn temperature_dof(&mut self, host: &mut dyn Host) -> Option<f64> {
        Some(self.dof(host))
    }

    fn bias(&mut self, host: &mut dyn Host) -> Result<Option<Vec<[f64; 3]>>> {
        let x = &host.state().atoms.x;
        Ok(Some(x.iter().map(|x| self.ramp(*x)).collect()))
    }

    fn modify(&mut self, words: &[&str]) -> Result<()> {
        self.extra.modify(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ramp_is_constant_beyond_its_ends() {
        let c = TempRamp {
            bit: 1,
            component: 1,
            axis: 0,
            velocity: [1.0, 3.0],
            range: [0.0, 4.0],
            extra: ExtraDof::default(),
        };
        assert_eq!(c.ramp([1.0, 9.0, 9.0]), [0.0, 1.5, 0.0]);
        assert_eq!(c.ramp([-1.0, 0.0, 0.0]), [0.0, 1.0, 0.0]);
        assert_eq!(c.ramp([5.0, 0.0, 0.0]), [0.0, 3.0, 0.0]);
    }
}
