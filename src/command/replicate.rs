//! `replicate`

use super::support::box_text;
use crate::domain::{Angle, Atoms, Bond, Cell, Topology};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, keyword};
use std::time::Instant;

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "replicate",
        summary: "Repeats the system along the cell vectors",
        args: &[
            arg("nx", Kind::Count, "copies along the first cell vector"),
            arg("ny", Kind::Count, "copies along the second"),
            arg("nz", Kind::Count, "copies along the third"),
        ],
        keywords: &[
            keyword("bbox", &[], "accepted: the copies are always made this way"),
            keyword("bond/periodic", &[], "not supported"),
        ],
        description: "IDs of copy (i,j,k) are raised by (k ny nx + j nx + i) times the largest ID. Copies keep types, charges, velocities and groups. Positions are unwrapped before they are copied and wrapped into the new box.",
        examples: &["replicate 2 2 2"],
    },
    run,
};

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let start = Instant::now();
    let cell = s.engine.state.cell("Replicate")?.clone();
    if let Some(k) = args.keyword("bond/periodic") {
        return Err(
            Error::input("replicate keyword 'bond/periodic' is not supported").at(k.position()),
        );
    }
    let mut n = [1i64; 3];
    for (k, name) in ["nx", "ny", "nz"].iter().enumerate() {
        n[k] = args.int(name)?;
        if s.engine.state.dimension == 2 && k == 2 && n[k] != 1 {
            return Err(Error::input("Cannot replicate 2d simulation in z dimension").at(k));
        }
        if n[k] > 1 && !cell.periodic(k) {
            s.engine.log.warn("Replicating in a non-periodic dimension");
        }
    }
    let copies = n.iter().try_fold(1i64, |a, b| a.checked_mul(*b));
    let total = copies.and_then(|c| c.checked_mul(s.engine.state.atoms.len().max(1) as i64));
    let largest = copies.and_then(|c| c.checked_mul(s.engine.state.atoms.max_id().max(1)));
    if total.is_none_or(|t| t > i64::from(i32::MAX)) || largest.is_none() {
        return Err(Error::input("Replicated system atom IDs are too big"));
    }
    s.log().line(&format!(
        "Replication is creating a {}x{}x{} = {} times larger system...",
        n[0],
        n[1],
        n[2],
        n[0] * n[1] * n[2]
    ));
    replicate(s.engine, &cell, n);
    let new = s.engine.state.cell("Replicate")?;
    s.log().line(&format!("  {}", box_text(new)));
    s.log().line("  1 by 1 by 1 MPI processor grid");
    s.log()
        .line(&format!("  {} atoms", s.engine.state.atoms.len()));
    s.log().line(&format!(
        "  replicate CPU = {:.3} seconds",
        start.elapsed().as_secs_f64()
    ));
    Ok(Flow::Next)
}

fn replicate(engine: &mut Engine, old: &Cell, n: [i64; 3]) {
    let mut cell = old.clone();
    let l = old.lengths();
    for k in 0..3 {
        cell.hi[k] = old.lo[k] + n[k] as f64 * l[k];
        cell.minimum[k] = [cell.lo[k], cell.hi[k]];
    }
    // The tilts belong to the upper faces in y (xy) and z (xz, yz).
    cell.tilt[0] *= n[1] as f64;
    cell.tilt[1] *= n[2] as f64;
    cell.tilt[2] *= n[2] as f64;
    let atoms = std::mem::take(&mut engine.state.atoms);
    engine.state.atoms = copies(&atoms, old, &cell, n);
    engine.state.expected_atoms = engine.state.atoms.len();
    engine.state.cell = Some(cell);
    engine.state.touch();
}

/// Bonds and angles of a copy stay inside of it.
fn copy_topology(from: &Topology, to: &mut Topology, by: i64) {
    to.bonds.extend(from.bonds.iter().map(|b| Bond {
        atoms: b.atoms.map(|a| a + by),
        ..*b
    }));
    to.angles.extend(from.angles.iter().map(|a| Angle {
        atoms: a.atoms.map(|a| a + by),
        ..*a
    }));
}

fn copies(atoms: &Atoms, old: &Cell, new: &Cell, n: [i64; 3]) -> Atoms {
    let mut out = Atoms::default();
    let edges = old.vectors();
    let largest = atoms.max_id();
    let molecules = atoms.molecule.iter().copied().max().unwrap_or(0);
    // LAMMPS' order on one rank: z innermost, although IDs count x first.
    for i in 0..n[0] {
        for j in 0..n[1] {
            for k in 0..n[2] {
                let copy = (k * n[1] + j) * n[0] + i;
                out.order.extend(&atoms.order, atoms.len());
                copy_topology(&atoms.topology, &mut out.topology, copy * largest);
                for a in 0..atoms.len() {
                    let mut x = old.unwrap(atoms.x[a], atoms.image[a]);
                    let mut image = [0; 3];
                    // One edge after the other: random streams need the last bit.
                    for (edge, n) in edges.iter().zip([i, j, k]) {
                        (0..3).for_each(|d| x[d] += n as f64 * edge[d]);
                    }
                    new.remap(&mut x, &mut image);
                    out.id.push(atoms.id[a] + copy * largest);
                    out.kind.push(atoms.kind[a]);
                    out.x.push(x);
                    out.v.push(atoms.v[a]);
                    out.f.push([0.0; 3]);
                    out.image.push(image);
                    out.mask.push(atoms.mask[a]);
                    out.q.extend(atoms.q.get(a));
                    if let Some(m) = &atoms.rmass {
                        out.rmass.get_or_insert_default().push(m[a]);
                    }
                    for (name, c) in &atoms.custom {
                        let row = &c.values[a * c.columns..(a + 1) * c.columns];
                        let new = out.custom.entry(name.clone()).or_default();
                        new.columns = c.columns;
                        new.values.extend(row);
                    }
                    let m = atoms.molecule.get(a);
                    out.molecule
                        .extend(m.map(|m| if *m > 0 { m + copy * molecules } else { *m }));
                }
            }
        }
    }
    out
}
