//! `region block`: a rectangular block.

use super::{Body, Bounds, OPTIONS, Parameter, Reader, RegionEntry, Solid};
use crate::error::{Error, Result};
use crate::signature::{Arg, Kind, Signature, arg};

/// Bounds of block and prism.
pub(super) const FACES: [&str; 6] = ["xlo", "xhi", "ylo", "yhi", "zlo", "zhi"];

const ARGS: &[Arg] = &[
    arg("xlo", Kind::Word, "lower bound in x, INF, EDGE or v_name"),
    arg("xhi", Kind::Word, "upper bound in x"),
    arg("ylo", Kind::Word, "lower bound in y"),
    arg("yhi", Kind::Word, "upper bound in y"),
    arg("zlo", Kind::Word, "lower bound in z"),
    arg("zhi", Kind::Word, "upper bound in z"),
];

/// The style.
pub(super) const REGION: RegionEntry = RegionEntry {
    signature: &Signature {
        name: "block",
        summary: "Rectangular block",
        args: ARGS,
        keywords: OPTIONS,
        description: "Points on the faces are inside. `INF` is unbounded, `EDGE` the face of the box; both need a box.",
        examples: &[
            "region cell block 0 4 0 4 0 4",
            "region half block INF 5.0 INF INF INF INF units box",
        ],
    },
    body: Body::Solid(&SOLID),
};

const SOLID: Solid = Solid {
    parameters: read,
    check: |p| ordered(p, "block"),
    contains: |p, x| (0..3).all(|k| x[k] >= p[2 * k] && x[k] <= p[2 * k + 1]),
    bounds: |p| Some(bounds(p)),
    cell: |p| {
        let (lo, hi) = bounds(p);
        Some((lo, hi, None))
    },
};

/// The six bounds.
pub(super) fn read(r: &Reader<'_>) -> Result<Vec<Parameter>> {
    FACES
        .iter()
        .enumerate()
        .map(|(i, name)| r.bound(name, i / 2, i % 2 == 1))
        .collect()
}

/// Refuses bounds in the wrong order.
pub(super) fn ordered(p: &[f64], style: &str) -> Result<()> {
    match (0..3).find(|k| p[2 * k] > p[2 * k + 1]) {
        None => Ok(()),
        Some(k) => Err(Error::input(format!(
            "Illegal region {style}: {} {} is above {} {}",
            FACES[2 * k],
            p[2 * k],
            FACES[2 * k + 1],
            p[2 * k + 1]
        ))),
    }
}

fn bounds(p: &[f64]) -> Bounds {
    ([p[0], p[2], p[4]], [p[1], p[3], p[5]])
}
