//! `region ellipsoid`.

use super::{Body, OPTIONS, RegionEntry, Solid};
use crate::error::Error;
use crate::signature::{Kind, Signature, arg};

/// The style.
pub(super) const REGION: RegionEntry = RegionEntry {
    signature: &Signature {
        name: "ellipsoid",
        summary: "Ellipsoid with axes along x, y, z",
        args: &[
            arg("x", Kind::RealOrVariable, "centre"),
            arg("y", Kind::RealOrVariable, "centre"),
            arg("z", Kind::RealOrVariable, "centre"),
            arg("a", Kind::RealOrVariable, "semi-axis along x"),
            arg("b", Kind::RealOrVariable, "semi-axis along y"),
            arg("c", Kind::RealOrVariable, "semi-axis along z"),
        ],
        keywords: OPTIONS,
        description: "Points on the surface are inside.",
        examples: &["region e ellipsoid 5 5 5 2 3 4"],
    },
    body: Body::Solid(&Solid {
        parameters: |r| {
            let names = ["x", "y", "z", "a", "b", "c"];
            names
                .iter()
                .enumerate()
                .map(|(i, n)| r.length(n, i % 3))
                .collect()
        },
        check: |p| {
            if p[3..].iter().any(|v| *v <= 0.0) {
                return Err(Error::input(
                    "Illegal region ellipsoid: semi-axes must be positive",
                ));
            }
            Ok(())
        },
        contains: |p, x| {
            let r2: f64 = (0..3).map(|k| ((x[k] - p[k]) / p[3 + k]).powi(2)).sum();
            r2 <= 1.0
        },
        bounds: |p| {
            Some((
                [0, 1, 2].map(|k| p[k] - p[3 + k]),
                [0, 1, 2].map(|k| p[k] + p[3 + k]),
            ))
        },
        cell: |_| None,
    }),
};
