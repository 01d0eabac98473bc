//! `replicate`

use super::support::box_text;
use crate::domain::{Angle, Atoms, Bond, Cell, Topology};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, keyword};
use std::collections::HashMap;
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
            keyword(
                "bond/periodic",
                &[],
                "bonds and angles go to the nearest image, for molecules that are bonded to themselves across the cell",
            ),
        ],
        description: "IDs of copy (i,j,k) are raised by (k ny nx + j nx + i) times the largest ID. Copies keep types, charges, velocities and groups. Positions are unwrapped before they are copied and wrapped into the new box; with `bond/periodic` they are not unwrapped and all image flags become zero.",
        examples: &["replicate 2 2 2", "replicate 3 1 1 bond/periodic"],
    },
    run,
};

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let start = Instant::now();
    let cell = s.engine.state.cell("Replicate")?.clone();
    let nearest = args.keyword("bond/periodic").is_some();
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
    replicate(s.engine, &cell, n, nearest);
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

fn replicate(engine: &mut Engine, old: &Cell, n: [i64; 3], nearest: bool) {
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
    engine.state.atoms = copies(&atoms, old, &cell, n, nearest);
    engine.state.expected_atoms = engine.state.atoms.len();
    engine.state.cell = Some(cell);
    engine.state.touch();
}

/// Gives the bonds and angles of a copy to the new atoms.
struct Partners<'a> {
    atoms: &'a Atoms,
    cell: &'a Cell,
    n: [i64; 3],
    largest: i64,
    /// Index of every ID, if partners are in the copy of their nearest image, not in the same one.
    index: Option<HashMap<i64, usize>>,
}

impl Partners<'_> {
    /// How far the IDs of a copy are raised.
    fn raised(&self, copy: [i64; 3]) -> i64 {
        ((copy[2] * self.n[1] + copy[1]) * self.n[0] + copy[0]) * self.largest
    }

    /// New ID of atom `id`, seen from atom `from` of a copy.
    fn of(&self, id: i64, from: i64, copy: [i64; 3]) -> i64 {
        let places = self
            .index
            .as_ref()
            .and_then(|m| Some((m.get(&id)?, m.get(&from)?)));
        let Some((&a, &b)) = places else {
            return id + self.raised(copy);
        };
        let (a, b) = (self.atoms.x[a], self.atoms.x[b]);
        let (a, b) = (self.cell.to_fractional(a), self.cell.to_fractional(b));
        let there = std::array::from_fn(|k| {
            let image = if self.cell.periodic(k) {
                (b[k] - a[k]).round() as i64
            } else {
                0
            };
            (copy[k] + image).rem_euclid(self.n[k])
        });
        id + self.raised(there)
    }

    fn copy(&self, to: &mut Topology, copy: [i64; 3]) {
        let from = &self.atoms.topology;
        to.bonds.extend(from.bonds.iter().map(|b| Bond {
            atoms: b.atoms.map(|a| self.of(a, b.atoms[0], copy)),
            ..*b
        }));
        to.angles.extend(from.angles.iter().map(|a| Angle {
            atoms: a.atoms.map(|i| self.of(i, a.atoms[1], copy)),
            ..*a
        }));
    }
}

fn copies(atoms: &Atoms, old: &Cell, new: &Cell, n: [i64; 3], nearest: bool) -> Atoms {
    let mut out = Atoms::default();
    let edges = old.vectors();
    let largest = atoms.max_id();
    let partners = Partners {
        atoms,
        cell: old,
        n,
        largest,
        index: nearest.then(|| atoms.index()),
    };
    let molecules = atoms.molecule.iter().copied().max().unwrap_or(0);
    // LAMMPS' order on one rank: z innermost, although IDs count x first.
    for i in 0..n[0] {
        for j in 0..n[1] {
            for k in 0..n[2] {
                let copy = (k * n[1] + j) * n[0] + i;
                out.order.extend(&atoms.order, atoms.len());
                partners.copy(&mut out.topology, [i, j, k]);
                for a in 0..atoms.len() {
                    // Image flags cannot follow a molecule that is a loop.
                    let mut x = match nearest {
                        true => atoms.x[a],
                        false => old.unwrap(atoms.x[a], atoms.image[a]),
                    };
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
