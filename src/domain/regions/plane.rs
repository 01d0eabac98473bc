//! `region plane`: the half-space that the normal points into.

use super::{Body, OPTIONS, RegionEntry, Solid};
use crate::error::Error;
use crate::signature::{Kind, Signature, arg};

/// The style.
pub(super) const REGION: RegionEntry = RegionEntry {
    signature: &Signature {
        name: "plane",
        summary: "Half-space",
        args: &[
            arg("px", Kind::RealOrVariable, "point on the plane"),
            arg("py", Kind::RealOrVariable, "point on the plane"),
            arg("pz", Kind::RealOrVariable, "point on the plane"),
            arg("nx", Kind::RealOrVariable, "normal"),
            arg("ny", Kind::RealOrVariable, "normal"),
            arg("nz", Kind::RealOrVariable, "normal"),
        ],
        keywords: OPTIONS,
        description: "Inside is where the normal points to, and the plane itself.",
        examples: &["region top plane 0 0 5 0 0 1"],
    },
    body: Body::Solid(&Solid {
        parameters: |r| {
            let names = ["px", "py", "pz", "nx", "ny", "nz"];
            names
                .iter()
                .enumerate()
                .map(|(i, n)| r.length(n, i % 3))
                .collect()
        },
        check: |p| {
            if p[3..].iter().all(|v| *v == 0.0) {
                return Err(Error::input(
                    "Illegal region plane: the normal vector is zero",
                ));
            }
            Ok(())
        },
        contains: |p, x| (0..3).map(|k| (x[k] - p[k]) * p[3 + k]).sum::<f64>() >= 0.0,
        bounds: |_| None,
        cell: |_| None,
    }),
};
