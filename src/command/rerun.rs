//! `rerun`: evaluates the snapshots of trajectories.

mod fields;
mod snapshot;

use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::io::snapshots::Snapshots;
use crate::signature::{Args, Kind, Signature, arg, keyword, many, rest};
use fields::fields;
use snapshot::apply;
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
                "write the tables of a run, default no",
            ),
            keyword(
                "dump",
                &[rest(
                    "fields",
                    "x y z vx vy vz q ix iy iz fx fy fz, then box yes|no, timestep yes|no, replace yes|no, purge yes|no, trim yes|no, \
add yes|keep|no, label FIELD COLUMN, scaled yes|no, wrapped yes|no, format native|xyz",
                )],
                "what is taken from the files; must be the last keyword",
            ),
        ],
        description: "For every snapshot the box (unless `box no`) and the fields are put into the atoms with the same IDs, forces are \
evaluated, fixes act as at the end of a step, and thermo rows and dumps are written for steps that are due; the last snapshot always has a row. \
No step is integrated. Atoms with the IDs of the snapshot take its fields (`replace`, default yes); `trim yes` removes those that it does not have, \
`purge yes` all of them, and `add keep` adds those that the simulation does not have, `add yes` with new IDs: their type is read, \
other properties begin at zero. H5MD and DCD files must be turned \
into dumps first: `argyro convert IN OUT.lammpstrj`.",
        examples: &[
            "rerun dump.file dump x y z vx vy vz",
            "rerun d.1 d.2 first 1000 every 100 dump x y z box yes",
        ],
    },
    run,
};

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
    let post = args
        .keyword("post")
        .map_or(Ok(false), |k| k.yes_no("value"))?;
    let engine = &mut *session.engine;
    engine.start_rerun(start, stop.max(start))?;
    let (mut count, mut seen, mut shown, mut frames) = (0, 0, false, 0);
    let mut before = None;
    for &(at, file) in &files {
        let mut reader = Snapshots::open(Path::new(file)).map_err(|e| e.or_at(at))?;
        while let Some(mut s) = reader.read().map_err(|e| e.or_at(at))? {
            if fields.numbered {
                s.step = frames;
                frames += 1;
            }
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
            shown = {
                let step = if fields.timestep {
                    s.step
                } else {
                    engine.state.step
                };
                engine.rerun_snapshot(step, count == 0)?
            };
            count += 1;
        }
        if reader.is_cut_off() {
            engine.log.warn(&format!(
                "Unexpected end of dump file {}: its last snapshot is not complete and was left out",
                reader.name()
            ));
        }
    }
    if count == 0 {
        return Err(Error::input("Rerun dump file does not contain requested snapshot").at(0));
    }
    if !engine.dry {
        engine.finish_rerun(count, shown, post)?;
    }
    Ok(Flow::Next)
}
