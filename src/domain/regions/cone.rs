//! `region cone`: a truncated cone along x, y or z.

use super::{Body, Bounds, OPTIONS, Parameter, RegionEntry, Solid, stored_axis};
use crate::error::Error;
use crate::signature::{Kind, Signature, arg};

/// The style.
pub(super) const REGION: RegionEntry = RegionEntry {
    signature: &Signature {
        name: "cone",
        summary: "Truncated cone along x, y or z",
        args: &[
            arg(
                "dim",
                Kind::OneOf(&["x", "y", "z"]),
                "direction of the axis",
            ),
            arg(
                "c1",
                Kind::RealOrVariable,
                "centre in the first other direction",
            ),
            arg(
                "c2",
                Kind::RealOrVariable,
                "centre in the second other direction",
            ),
            arg("radlo", Kind::RealOrVariable, "radius at the lower end"),
            arg("radhi", Kind::RealOrVariable, "radius at the upper end"),
            arg("lo", Kind::Word, "lower end, INF or EDGE"),
            arg("hi", Kind::Word, "upper end, INF or EDGE"),
        ],
        keywords: OPTIONS,
        description: "The radius changes linearly between the ends. Points on the surface are inside.",
        examples: &["region tip cone z 5 5 3.0 0.0 0 10 units box"],
    },
    body: Body::Solid(&Solid {
        parameters: |r| {
            let (axis, other) = r.axis()?;
            let across = usize::from(axis == 0);
            Ok(vec![
                Parameter::Constant(axis as f64),
                r.length("c1", other[0])?,
                r.length("c2", other[1])?,
                r.length("radlo", across)?,
                r.length("radhi", across)?,
                r.bound("lo", axis, false)?,
                r.bound("hi", axis, true)?,
            ])
        },
        check: |p| {
            if p[3] < 0.0 || p[4] < 0.0 || (p[3] == 0.0 && p[4] == 0.0) || p[5] >= p[6] {
                return Err(Error::input(
                    "Illegal region cone: radii must not be negative nor both zero, and lo must be below hi",
                ));
            }
            Ok(())
        },
        contains: |p, x| {
            let (axis, [i, j]) = stored_axis(p[0]);
            let (a, b) = (x[i] - p[1], x[j] - p[2]);
            let radius = p[3] + (x[axis] - p[5]) * (p[4] - p[3]) / (p[6] - p[5]);
            (a * a + b * b).sqrt() <= radius && x[axis] >= p[5] && x[axis] <= p[6]
        },
        bounds: |p| Some(bounds(p)),
        cell: |_| None,
    }),
};

fn bounds(p: &[f64]) -> Bounds {
    let (axis, [i, j]) = stored_axis(p[0]);
    let r = p[3].max(p[4]);
    let (mut lo, mut hi) = ([0.0; 3], [0.0; 3]);
    (lo[i], hi[i]) = (p[1] - r, p[1] + r);
    (lo[j], hi[j]) = (p[2] - r, p[2] + r);
    (lo[axis], hi[axis]) = (p[5], p[6]);
    (lo, hi)
}
