//! Where `create_atoms` puts atoms.

use super::Accept;
use crate::domain::{Cell, Region, State};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::park::Park;

/// Largest number of atoms that one command creates.
const MAX_ATOMS: f64 = 2_147_483_647.0;

/// An atom to be created.
pub(super) struct Point {
    pub x: [f64; 3],
    pub image: [i32; 3],
    pub kind: u32,
}

/// Settings of style random.
pub(super) struct Random {
    pub count: usize,
    pub seed: i64,
    pub overlap: Option<f64>,
    pub maxtry: i64,
}

fn required(state: &State) -> Result<&Cell> {
    state.cell("Create_atoms")
}

/// Whether `x` lies in the box; `tolerance` (fraction of the edges) widens the lower periodic faces and
/// narrows the upper ones by twice as much, so that points on both are created once.
fn inside(cell: &Cell, x: [f64; 3], tolerance: f64) -> bool {
    let fraction;
    let (p, lo, hi) = if cell.triclinic {
        fraction = cell.to_fractional(x);
        (&fraction, &[0.0; 3], &[1.0; 3])
    } else {
        (&x, &cell.lo, &cell.hi)
    };
    (0..3).all(|k| {
        let t = if cell.periodic(k) {
            tolerance * (hi[k] - lo[k])
        } else {
            0.0
        };
        p[k] >= lo[k] - t && p[k] < hi[k] - 2.0 * t
    })
}

/// All lattice points in the box (and region): third cell vector outermost, basis innermost.
pub(super) fn lattice(
    engine: &mut Engine,
    types: &[u32],
    region: Option<&dyn Region>,
    accept: &mut Accept,
) -> Result<Vec<Point>> {
    let Some(lattice) = engine.state.lattice.clone() else {
        return Err(Error::input("Cannot create atoms with undefined lattice"));
    };
    let cell = required(&engine.state)?.clone();
    if lattice.general != cell.rotation.is_some() {
        return Err(Error::input(if lattice.general {
            "Create_atoms for non general triclinic box cannot use triclinic/general lattice"
        } else {
            "Create_atoms for general triclinic box requires triclinic/general lattice"
        }));
    }
    let (mut lo, mut hi) = cell.bounds();
    if let Some((rlo, rhi)) = region.and_then(Region::bounds) {
        for k in 0..3 {
            lo[k] = lo[k].max(rlo[k]);
            hi[k] = hi[k].min(rhi[k]);
        }
        if (0..3).any(|k| lo[k] > hi[k]) {
            return Ok(Vec::new());
        }
    }
    let corners = std::array::from_fn(|corner| {
        let x = [0, 1, 2].map(|k| if (corner >> k) & 1 == 0 { lo[k] } else { hi[k] });
        cell.general_position(x)
    });
    let [a, b, mut c] = lattice.covering(corners)?;
    let flat = engine.state.dimension == 2;
    if flat {
        c = (0, 0);
    }
    let span = |r: (i64, i64)| (r.1 - r.0 + 1) as f64;
    if span(a) * span(b) * span(c) > 64.0 * MAX_ATOMS {
        return Err(Error::input("Too many lattice points in the box")
            .help("check the lattice constant and the size of the box"));
    }
    let mut points = Vec::new();
    for k in c.0..=c.1 {
        for j in b.0..=b.1 {
            for i in a.0..=a.1 {
                for (m, basis) in lattice.basis.iter().enumerate() {
                    let s = [
                        i as f64 + basis[0],
                        j as f64 + basis[1],
                        k as f64 + basis[2],
                    ];
                    let mut x = cell.restricted_position(lattice.to_box(s));
                    if flat && cell.rotation.is_some() {
                        // The way through the corner of the box leaves a rounding error.
                        x[2] = 0.0;
                    }
                    if region.is_some_and(|r| !r.contains(x))
                        || !inside(&cell, x, 1e-6)
                        || !accept(engine, x)?
                    {
                        continue;
                    }
                    points.push(Point {
                        x,
                        image: [0; 3],
                        kind: types[m],
                    });
                }
            }
        }
        if points.len() as f64 > MAX_ATOMS {
            return Err(Error::input("Too many total atoms"));
        }
    }
    Ok(points)
}

/// One atom at `x`, none if that is outside.
pub(super) fn single(state: &State, kind: u32, x: [f64; 3], remap: bool) -> Result<Vec<Point>> {
    let cell = required(state)?;
    if x.iter().any(|c| !c.is_finite()) {
        return Err(Error::input(
            "create_atoms single: the position is not finite",
        ));
    }
    let mut p = Point {
        x,
        image: [0; 3],
        kind,
    };
    if remap {
        cell.remap(&mut p.x, &mut p.image);
        p.image = [0; 3];
    }
    Ok(if inside(cell, p.x, 0.0) {
        vec![p]
    } else {
        Vec::new()
    })
}

/// Atoms at random positions, by LAMMPS' stream: 30 draws dropped, three draws per attempt.
pub(super) fn random(
    engine: &mut Engine,
    kind: u32,
    region: Option<&dyn Region>,
    settings: &Random,
    accept: &mut Accept,
) -> Result<Vec<Point>> {
    let cell = required(&engine.state)?.clone();
    let (mut lo, mut hi) = cell.bounds();
    if let Some((rlo, rhi)) = region.and_then(Region::bounds) {
        for k in 0..3 {
            lo[k] = lo[k].max(rlo[k]);
            hi[k] = hi[k].min(rhi[k]);
        }
    }
    if (0..3).any(|k| lo[k] > hi[k]) {
        return Err(Error::input(
            "No overlap of box and region for create_atoms",
        ));
    }
    let flat = engine.state.dimension == 2;
    let middle = 0.5 * (cell.lo[2] + cell.hi[2]);
    let mut random = Park::new(settings.seed).map_err(|e| Error::input(e.to_string()).at(1))?;
    random.warm_up(30);
    let mut points: Vec<Point> = Vec::new();
    for _ in 0..settings.count {
        for _ in 0..settings.maxtry {
            let mut x = [0, 1, 2].map(|k| lo[k] + random.uniform() * (hi[k] - lo[k]));
            if flat {
                x[2] = middle;
            }
            if region.is_some_and(|r| !r.contains(x))
                || !accept(engine, x)?
                || (cell.triclinic && !inside(&cell, x, 0.0))
                || settings
                    .overlap
                    .is_some_and(|d| overlaps(&engine.state, &cell, &points, x, d))
            {
                continue;
            }
            points.push(Point {
                x,
                image: [0; 3],
                kind,
            });
            break;
        }
    }
    Ok(points)
}

fn overlaps(state: &State, cell: &Cell, points: &[Point], x: [f64; 3], distance: f64) -> bool {
    let limit = distance * distance;
    let near = |y: &[f64; 3]| {
        let d = cell.minimum_image([x[0] - y[0], x[1] - y[1], x[2] - y[2]]);
        d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < limit
    };
    state.atoms.x.iter().any(near) || points.iter().any(|p| near(&p.x))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Boundary;

    #[test]
    fn upper_periodic_faces_are_exclusive_with_a_tolerance() {
        let periodic = [[Boundary::Periodic; 2]; 3];
        let mut cell = Cell::orthogonal([0.0; 3], [3.0; 3], periodic);
        assert!(
            inside(&cell, [-1e-7, 0.0, 0.0], 1e-6) && !inside(&cell, [2.9999999, 0.0, 0.0], 1e-6)
        );
        cell.boundary[0] = [Boundary::Fixed; 2];
        assert!(
            !inside(&cell, [-1e-7, 0.0, 0.0], 1e-6) && inside(&cell, [2.9999999, 0.0, 0.0], 1e-6)
        );
        assert!(!inside(&cell, [3.0, 0.0, 0.0], 1e-6));
        cell.boundary = periodic;
        cell.triclinic = true;
        cell.tilt = [1.0, 0.0, 0.0];
        assert!(!inside(&cell, [3.5, 1.5, 0.0], 0.0));
        assert!(inside(&cell, [0.5, 1.5, 0.0], 0.0) && !inside(&cell, [0.4, 1.5, 0.0], 0.0));
    }
}
