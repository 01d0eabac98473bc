//! `region sphere`.

use super::{Body, OPTIONS, RegionEntry, Solid};
use crate::error::Error;
use crate::signature::{Kind, Signature, arg};

/// The style.
pub(super) const REGION: RegionEntry = RegionEntry {
    signature: &Signature {
        name: "sphere",
        summary: "Sphere",
        args: &[
            arg("x", Kind::RealOrVariable, "centre"),
            arg("y", Kind::RealOrVariable, "centre"),
            arg("z", Kind::RealOrVariable, "centre"),
            arg(
                "radius",
                Kind::RealOrVariable,
                "radius; lattice units are those of x",
            ),
        ],
        keywords: OPTIONS,
        description: "Points on the surface are inside.",
        examples: &[
            "region void sphere 5 5 5 3.0 side out",
            "region s sphere 0 0 0 v_r units box",
        ],
    },
    body: Body::Solid(&Solid {
        parameters: |r| {
            Ok(vec![
                r.length("x", 0)?,
                r.length("y", 1)?,
                r.length("z", 2)?,
                r.length("radius", 0)?,
            ])
        },
        check: |p| {
            if p[3] < 0.0 {
                return Err(Error::input(format!(
                    "Illegal region sphere: radius {} is negative",
                    p[3]
                )));
            }
            Ok(())
        },
        contains: |p, x| {
            let d = [x[0] - p[0], x[1] - p[1], x[2] - p[2]];
            (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).sqrt() <= p[3]
        },
        bounds: |p| {
            Some((
                [0, 1, 2].map(|k| p[k] - p[3]),
                [0, 1, 2].map(|k| p[k] + p[3]),
            ))
        },
        cell: |_| None,
    }),
};
