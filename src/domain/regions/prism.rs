//! `region prism`: a parallelepiped with tilts, the shape of a triclinic cell.

use super::{Body, INFINITE, OPTIONS, Parameter, Reader, RegionEntry, Solid, block};
use crate::domain::cell::{Boundary, Cell};
use crate::error::{Error, Result};
use crate::signature::{Arg, Kind, Signature, arg};

const ARGS: &[Arg] = &[
    arg(
        "xlo",
        Kind::Word,
        "lower bound in x before tilting, INF or EDGE",
    ),
    arg("xhi", Kind::Word, "upper bound in x"),
    arg("ylo", Kind::Word, "lower bound in y"),
    arg("yhi", Kind::Word, "upper bound in y"),
    arg("zlo", Kind::Word, "lower bound in z"),
    arg("zhi", Kind::Word, "upper bound in z"),
    arg("xy", Kind::Word, "shift of the upper y face in x"),
    arg("xz", Kind::Word, "shift of the upper z face in x"),
    arg("yz", Kind::Word, "shift of the upper z face in y"),
];

/// The style.
pub(super) const REGION: RegionEntry = RegionEntry {
    signature: &Signature {
        name: "prism",
        summary: "Parallelepiped",
        args: ARGS,
        keywords: OPTIONS,
        description: "The edge vectors are (xhi-xlo,0,0), (xy,yhi-ylo,0), (xz,yz,zhi-zlo).",
        examples: &["region cell prism 0 4 0 4 0 4 1 0 0"],
    },
    body: Body::Solid(&SOLID),
};

const SOLID: Solid = Solid {
    parameters: read,
    check,
    contains: |p, x| {
        cell(p)
            .to_fractional(x)
            .iter()
            .all(|s| (0.0..=1.0).contains(s))
    },
    bounds: |p| Some(cell(p).bounds()),
    cell: |p| {
        let c = cell(p);
        Some((c.lo, c.hi, Some(c.tilt)))
    },
};

fn read(r: &Reader<'_>) -> Result<Vec<Parameter>> {
    let mut p = block::read(r)?;
    p.push(r.length("xy", 0)?);
    p.push(r.length("xz", 0)?);
    p.push(r.length("yz", 1)?);
    Ok(p)
}

fn check(p: &[f64]) -> Result<()> {
    block::ordered(p, "prism")?;
    let infinite = |k: usize| p[2 * k].abs() >= INFINITE || p[2 * k + 1].abs() >= INFINITE;
    let tilted = [(6, 0, 1), (7, 0, 2), (8, 1, 2)];
    if tilted
        .iter()
        .any(|&(t, a, b)| p[t] != 0.0 && (infinite(a) || infinite(b)))
    {
        return Err(Error::input(
            "Illegal region prism: non-zero tilt between infinite directions",
        ));
    }
    Ok(())
}

fn cell(p: &[f64]) -> Cell {
    let mut c = Cell::orthogonal(
        [p[0], p[2], p[4]],
        [p[1], p[3], p[5]],
        [[Boundary::Fixed; 2]; 3],
    );
    c.triclinic = true;
    c.tilt = [p[6], p[7], p[8]];
    c
}
