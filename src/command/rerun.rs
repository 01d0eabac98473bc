//! `rerun`: evaluates the snapshots of trajectories.

use crate::domain::Cell;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::io::snapshots::{Snapshot, Snapshots};
use crate::signature::{Args, Kind, Signature, arg, keyword, many, rest};
use std::collections::HashMap;
use std::path::Path;

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "rerun",
        summary: "evaluates the snapshots of trajectory files with the present force field",
        args: &[many(
            "file",
            Kind::FileIn,
            "LAMMPS dumps of style atom or custom, or XYZ files, in the order of their steps",
        )],
        keywords: &[
            keyword(
                "first",
                &[arg("N", Kind::Int, "step")],
                "first step, default 0",
            ),
            keyword(
                "last",
                &[arg("N", Kind::Int, "step")],
                "last step, default the last of the files",
            ),
            keyword(
                "every",
                &[arg("N", Kind::Int, "steps")],
                "only steps that are multiples of N, default 0: all",
            ),
            keyword(
                "skip",
                &[arg("N", Kind::Count, "snapshots")],
                "one of every N snapshots, default 1",
            ),
            keyword(
                "start",
                &[arg("N", Kind::Int, "step")],
                "step at which ramps begin",
            ),
            keyword(
                "stop",
                &[arg("N", Kind::Int, "step")],
                "step at which ramps end",
            ),
            keyword(
                "pre",
                &[arg("value", Kind::YesNo, "")],
                "accepted: every snapshot is prepared",
            ),
            keyword(
                "post",
                &[arg("value", Kind::YesNo, "")],
                "accepted: the tables are always written",
            ),
            keyword(
                "dump",
                &[rest(
                    "fields",
                    "x y z vx vy vz q ix iy iz fx fy fz, then box yes|no, replace yes|no, purge yes|no, trim yes|no, \
add no, label FIELD COLUMN, scaled yes|no, wrapped yes|no, format native|xyz",
                )],
                "what is taken from the files; must be the last keyword",
            ),
        ],
        description: "For every snapshot the box (unless `box no`) and the fields are put into the atoms with the same IDs, forces are \
evaluated, fixes act as at the end of a step, and thermo rows and dumps are written for steps that are due; the last snapshot always has a row. \
No step is integrated. `replace no` with `purge` and `add` (changing the number of atoms) is not available. H5MD and DCD files must be turned \
into dumps first: `argyro convert IN OUT.lammpstrj`.",
        examples: &[
            "rerun dump.file dump x y z vx vy vz",
            "rerun d.1 d.2 first 1000 every 100 dump x y z box yes",
        ],
    },
    run,
};

/// A field and where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Position(usize),
    Velocity(usize),
    Force(usize),
    Image(usize),
    Charge,
}

impl Field {
    fn named(word: &str) -> Option<Self> {
        let axis = |s: &str| ["x", "y", "z"].iter().position(|a| *a == s);
        if word == "q" {
            return Some(Self::Charge);
        }
        if let Some(k) = axis(word) {
            return Some(Self::Position(k));
        }
        match word.split_at_checked(1)? {
            ("v", d) => axis(d).map(Self::Velocity),
            ("f", d) => axis(d).map(Self::Force),
            ("i", d) => axis(d).map(Self::Image),
            _ => None,
        }
    }
}

/// What the words behind `dump` say.
struct Fields {
    fields: Vec<(String, Field)>,
    labels: HashMap<String, String>,
    cell: bool,
    scaled: Option<bool>,
    wrapped: Option<bool>,
}

fn fields(words: &[(usize, &str)]) -> Result<Fields> {
    let mut f = Fields {
        fields: Vec::new(),
        labels: HashMap::new(),
        cell: true,
        scaled: None,
        wrapped: None,
    };
    let mut i = 0;
    while let Some((_, w)) = words.get(i)
        && let Some(field) = Field::named(w)
    {
        f.fields.push(((*w).to_string(), field));
        i += 1;
    }
    while let Some(&(at, word)) = words.get(i) {
        let value = words.get(i + 1).map_or("", |w| w.1);
        let switch = || {
            crate::signature::parse_yes_no(value).ok_or_else(|| {
                Error::input(format!(
                    "Illegal rerun dump {word} command: expected yes or no, found '{value}'"
                ))
                .at(at)
            })
        };
        let refuse = |why: &str| Err(Error::input(why.to_string()).at(at));
        i += 2;
        match word {
            "box" => f.cell = switch()?,
            "scaled" => f.scaled = Some(switch()?),
            "wrapped" => f.wrapped = Some(switch()?),
            "replace" if switch()? => {}
            "purge" | "trim" if !switch()? => {}
            "replace" | "purge" | "trim" => {
                return refuse(
                    "rerun with other atoms than the present ones is not available: replace yes, purge no and trim no",
                );
            }
            "add" if value == "no" => {}
            "add" => {
                return refuse("rerun add is not available: make the atoms first with read_data");
            }
            "timestep" => i -= 1,
            "label" => {
                let column = words.get(i).map_or("", |w| w.1);
                i += 1;
                if column.is_empty() {
                    return refuse(
                        "Illegal rerun dump label command: a field and a column are needed",
                    );
                }
                f.labels.insert(value.to_string(), column.to_string());
            }
            "format" if matches!(value, "native" | "xyz") => {}
            "format" => {
                return Err(Error::input(format!(
                    "rerun dump format {value} is not available"
                ))
                .at(at)
                .help("known: native, xyz; turn other files into a dump first: argyro convert IN OUT.lammpstrj"));
            }
            other => {
                let known = [
                    "x", "y", "z", "vx", "vy", "vz", "q", "ix", "iy", "iz", "fx", "fy", "fz",
                    "box", "replace", "purge", "trim", "add", "label", "scaled", "wrapped",
                    "format",
                ];
                return Err(Error::input(format!(
                    "Illegal rerun dump command: unknown field or keyword '{other}'"
                ))
                .at(at)
                .suggest(other, known));
            }
        }
    }
    if f.fields.is_empty() {
        return Err(
            Error::input("Illegal rerun command: no fields are given behind dump")
                .help("for example: dump x y z"),
        );
    }
    Ok(f)
}

/// Where the fields of one snapshot are.
struct Columns {
    id: usize,
    places: Vec<(Field, usize)>,
    scaled: bool,
    wrapped: bool,
}

impl Columns {
    fn find(s: &Snapshot, f: &Fields) -> Result<Self> {
        let id = s.column("id").ok_or_else(|| {
            Error::input("the dump file has no column id: rerun needs it to find the atoms")
        })?;
        let mut c = Self {
            id,
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
                    let wanted = forms.iter().filter(|x| {
                        f.scaled.is_none_or(|v| v == x.1) && f.wrapped.is_none_or(|v| v == x.2)
                    });
                    let mut found = None;
                    for (suffix, scaled, wrapped) in wanted {
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
        ..Cell::orthogonal(new.lo, new.hi, old.boundary)
    };
    cell.minimum = std::array::from_fn(|k| [new.lo[k], new.hi[k]]);
    cell.validate()?;
    engine.state.cell = Some(cell);
    Ok(())
}

/// Puts a snapshot into the atoms.
fn apply(engine: &mut Engine, s: &Snapshot, f: &Fields) -> Result<()> {
    if f.cell {
        set_cell(engine, s)?;
    }
    let columns = Columns::find(s, f)?;
    let index = engine.state.atoms.index();
    let state = &mut engine.state;
    let cell = state.cell("Rerun")?.clone();
    let images = columns
        .places
        .iter()
        .any(|p| matches!(p.0, Field::Image(_)));
    for row in s.rows() {
        let id = row[columns.id];
        let Some(&i) = index.get(&(id as i64)) else {
            continue;
        };
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
    state.touch();
    Ok(())
}

fn run(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    session.engine.state.cell("Rerun")?;
    let files = args.all("file");
    if files.is_empty() {
        return Err(Error::input("Illegal rerun command: no file is given"));
    }
    let Some(dump) = args.keyword("dump") else {
        return Err(
            Error::input("Illegal rerun command: the keyword dump is missing")
                .help("for example: rerun FILE dump x y z"),
        );
    };
    let fields = fields(&dump.all("fields"))?;
    let number = |name: &str, default: i64| -> Result<i64> {
        let n = args.keyword(name).map_or(Ok(default), |k| k.int("N"))?;
        if n < 0 {
            return Err(Error::input(format!(
                "Illegal rerun {name} value {n}: it must not be negative"
            )));
        }
        Ok(n)
    };
    let (first, last) = (number("first", 0)?, number("last", i64::MAX)?);
    let (every, skip) = (number("every", 0)?, number("skip", 1)?);
    let start = number("start", first)?;
    let stop = number("stop", if last == i64::MAX { first } else { last })?;
    if first > last || start > first {
        return Err(Error::input(
            "Illegal rerun command: first, last, start and stop contradict each other",
        ));
    }
    let engine = &mut *session.engine;
    engine.start_rerun(start, stop.max(start))?;
    let (mut count, mut seen, mut shown) = (0, 0, false);
    let mut before = None;
    for &(at, file) in &files {
        let mut reader = Snapshots::open(Path::new(file)).map_err(|e| e.or_at(at))?;
        while let Some(s) = reader.read().map_err(|e| e.or_at(at))? {
            let wanted = (first..=last).contains(&s.step)
                && (every == 0 || s.step % every == 0)
                && before.is_none_or(|b| s.step > b);
            if !wanted {
                continue;
            }
            before = Some(s.step);
            seen += 1;
            if (seen - 1) % skip != 0 {
                continue;
            }
            apply(engine, &s, &fields).map_err(|e| e.or_at(at))?;
            shown = engine.rerun_snapshot(s.step, count == 0)?;
            count += 1;
        }
    }
    if count == 0 {
        return Err(Error::input("Rerun dump file does not contain requested snapshot").at(0));
    }
    if !engine.dry {
        engine.finish_rerun(count, shown)?;
    }
    Ok(Flow::Next)
}
