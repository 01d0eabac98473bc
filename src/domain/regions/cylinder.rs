//! `region cylinder`: a cylinder along x, y or z.

use super::{Body, Bounds, OPTIONS, Parameter, RegionEntry, Solid, stored_axis};
use crate::error::Error;
use crate::signature::{Kind, Signature, arg};

/// The style.
pub(super) const REGION: RegionEntry = RegionEntry {
    signature: &Signature {
        name: "cylinder",
        summary: "Cylinder along x, y or z",
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
            arg(
                "radius",
                Kind::RealOrVariable,
                "radius; lattice units of y for axis x, else of x",
            ),
            arg("lo", Kind::Word, "lower end, INF or EDGE"),
            arg("hi", Kind::Word, "upper end, INF or EDGE"),
        ],
        keywords: OPTIONS,
        description: "Points on the surface are inside.",
        examples: &["region pore cylinder z 5 5 3.0 INF INF side out"],
    },
    body: Body::Solid(&Solid {
        parameters: |r| {
            let (axis, other) = r.axis()?;
            Ok(vec![
                Parameter::Constant(axis as f64),
                r.length("c1", other[0])?,
                r.length("c2", other[1])?,
                r.length("radius", usize::from(axis == 0))?,
                r.bound("lo", axis, false)?,
                r.bound("hi", axis, true)?,
            ])
        },
        check: |p| {
            if p[3] < 0.0 || p[4] > p[5] {
                return Err(Error::input(
                    "Illegal region cylinder: negative radius, or lo above hi",
                ));
            }
            Ok(())
        },
        contains: |p, x| {
            let (axis, [i, j]) = stored_axis(p[0]);
            let (a, b) = (x[i] - p[1], x[j] - p[2]);
            (a * a + b * b).sqrt() <= p[3] && x[axis] >= p[4] && x[axis] <= p[5]
        },
        bounds: |p| Some(bounds(p)),
        cell: |_| None,
    }),
};

fn bounds(p: &[f64]) -> Bounds {
    let (axis, [i, j]) = stored_axis(p[0]);
    let (mut lo, mut hi) = ([0.0; 3], [0.0; 3]);
    (lo[i], hi[i]) = (p[1] - p[3], p[1] + p[3]);
    (lo[j], hi[j]) = (p[2] - p[3], p[2] + p[3]);
    (lo[axis], hi[axis]) = (p[4], p[5]);
    (lo, hi)
}
