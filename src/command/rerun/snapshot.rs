//! Puts snapshots of files into the atoms.

use super::fields::{AtomRules, Field, Fields};
use crate::domain::Cell;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::io::snapshots::Snapshot;

/// Where the fields of one snapshot are.
struct Columns {
    id: usize,
    /// The column of types, if there is one.
    kind: Option<usize>,
    places: Vec<(Field, usize)>,
    scaled: bool,
    wrapped: bool,
}

impl Columns {
    fn find(s: &Snapshot, f: &Fields) -> Result<Self> {
        let named = |field: &str| s.column(f.labels.get(field).map_or(field, String::as_str));
        let id = named("id").ok_or_else(|| {
            Error::input("the dump file has no column id: rerun needs it to find the atoms")
        })?;
        let mut c = Self {
            id,
            kind: named("type"),
            places: Vec::new(),
            scaled: false,
            wrapped: true,
        };
        for (name, field) in &f.fields {
            let place = match (f.labels.get(name), field) {
                (Some(label), _) => {
                    c.scaled = f.scaled.unwrap_or(c.scaled);
                    c.wrapped = f.wrapped.unwrap_or(c.wrapped);
                    s.column(label)
                }
                (None, Field::Position(_)) => {
                    let forms = [
                        ("", false, true),
                        ("s", true, true),
                        ("u", false, false),
                        ("su", true, false),
                    ];
                    // scaled and wrapped are about columns of other names, see label
                    let mut found = None;
                    for (suffix, scaled, wrapped) in &forms {
                        if let Some(p) = s.column(&format!("{name}{suffix}")) {
                            (c.scaled, c.wrapped) = (*scaled, *wrapped);
                            found = Some(p);
                            break;
                        }
                    }
                    found
                }
                (None, _) => s.column(name),
            };
            let place = place.ok_or_else(|| {
                Error::input(format!(
                    "Read_dump field {name} not found in dump file: it has {}",
                    s.columns.join(" ")
                ))
            })?;
            c.places.push((*field, place));
        }
        Ok(c)
    }
}

fn set_cell(engine: &mut Engine, s: &Snapshot) -> Result<()> {
    let (Some(new), Some(old)) = (s.cell, &engine.state.cell) else {
        return Ok(());
    };
    if new.tilt.is_some() != old.triclinic {
        return Err(Error::input(
            "The box of the dump file is triclinic and that of the simulation is not, or the other way round",
        ));
    }
    let mut cell = Cell {
        tilt: new.tilt.unwrap_or([0.0; 3]),
        triclinic: old.triclinic,
        rotation: old.rotation,
        ..Cell::orthogonal(new.lo, new.hi, old.boundary)
    };
    cell.minimum = std::array::from_fn(|k| [new.lo[k], new.hi[k]]);
    cell.validate()?;
    engine.state.cell = Some(cell);
    Ok(())
}

/// Removes atoms, with what fixes and computes know of them.
fn remove(engine: &mut Engine, keep: &[bool]) {
    engine.state.atoms.retain(keep);
    engine.retain_style_data(keep);
}

/// Adds the atom of a row with type `kind`; its index.
fn add(engine: &mut Engine, id: i64, kind: u32) -> usize {
    let s = &mut engine.state;
    let style = s.atom_style;
    s.atoms
        .push(id, kind, [0.0; 3], style.charge, style.molecule);
    s.atoms.len() - 1
}

/// Which atom every row of the snapshot is for, after atoms were removed and added as the rules say.
fn atoms_of_rows(
    engine: &mut Engine,
    s: &Snapshot,
    columns: &Columns,
    rules: AtomRules,
) -> Result<Vec<Option<usize>>> {
    if rules.purge {
        remove(engine, &vec![false; engine.state.atoms.len()]);
    }
    let ids: Vec<i64> = s.rows().map(|row| row[columns.id] as i64).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    if let Some(twice) = sorted.windows(2).find(|w| w[0] == w[1]) {
        return Err(Error::input(format!(
            "the snapshot of step {} in the dump file has atom ID {} twice",
            s.step, twice[0]
        )));
    }
    if rules.trim {
        let wanted: std::collections::HashSet<i64> = ids.iter().copied().collect();
        let atoms = &engine.state.atoms;
        let keep: Vec<bool> = atoms.id.iter().map(|id| wanted.contains(id)).collect();
        remove(engine, &keep);
    }
    let index = engine.state.atoms.index();
    let mut rows: Vec<Option<usize>> = ids.iter().map(|id| index.get(id).copied()).collect();
    if let Some(keep_ids) = rules.add {
        let kind = columns.kind.ok_or_else(|| {
            Error::input("the dump file has no column type: rerun dump add needs it")
        })?;
        let mut last = engine.state.atoms.id.iter().copied().max().unwrap_or(0);
        for (place, row) in rows.iter_mut().zip(s.rows()) {
            if let Some(i) = place {
                // atoms in both are changed only if they are replaced
                *place = rules.replace.then_some(*i);
                continue;
            }
            last += 1;
            let types = engine.state.types.count;
            let t = row[kind];
            if !(t >= 1.0 && t <= types as f64) {
                return Err(Error::input(format!(
                    "step {} of the dump file has an atom of type {t}: there are {types} types",
                    s.step
                )));
            }
            let id = if keep_ids {
                row[columns.id] as i64
            } else {
                last
            };
            *place = Some(add(engine, id, t as u32));
        }
    } else if !rules.replace {
        rows.fill(None);
    }
    Ok(rows)
}

/// Puts a snapshot into the atoms.
pub(super) fn apply(engine: &mut Engine, s: &Snapshot, f: &Fields) -> Result<()> {
    if f.cell {
        set_cell(engine, s)?;
    }
    let columns = Columns::find(s, f)?;
    let atoms_of_rows = atoms_of_rows(engine, s, &columns, f.atoms)?;
    let state = &mut engine.state;
    let cell = state.cell("Rerun")?.clone();
    let images = columns
        .places
        .iter()
        .any(|p| matches!(p.0, Field::Image(_)));
    for (row, i) in s.rows().zip(atoms_of_rows) {
        let id = row[columns.id];
        let Some(i) = i else { continue };
        let atoms = &mut state.atoms;
        let mut moved = false;
        for &(field, place) in &columns.places {
            let v = row[place];
            if !v.is_finite() {
                return Err(Error::input(format!(
                    "step {} of the dump file has no number for atom {id}",
                    s.step
                )));
            }
            match field {
                Field::Position(k) => {
                    if !moved && columns.scaled {
                        atoms.x[i] = cell.to_fractional(atoms.x[i]);
                    }
                    moved = true;
                    atoms.x[i][k] = v;
                }
                Field::Velocity(k) => atoms.v[i][k] = v,
                Field::Force(k) => atoms.f[i][k] = v,
                Field::Image(k) => atoms.image[i][k] = v as i32,
                Field::Charge => match atoms.q.get_mut(i) {
                    Some(q) => *q = v,
                    None => {
                        return Err(Error::input(
                            "Read_dump of atom property that isn't allocated: the atom style has no charges",
                        ));
                    }
                },
            }
        }
        if moved && columns.scaled {
            atoms.x[i] = cell.to_cartesian(atoms.x[i]);
        }
        if moved && !columns.wrapped && !images {
            atoms.image[i] = [0; 3];
        }
    }
    state.expected_atoms = state.atoms.len();
    state.touch();
    Ok(())
}
