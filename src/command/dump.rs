//! `dump`, `undump`, `dump_modify`, `write_dump`: trajectories.

use crate::dump::DumpId;
use crate::engine::EveryTime;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, parse_real, parse_yes_no, rest};

/// `dump`
pub const DUMP: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "dump",
        summary: "writes snapshots of a group of atoms every N steps",
        args: &[
            arg("ID", Kind::Defines("dump"), "name of the dump"),
            arg("group", Kind::Uses("group"), "atoms that are written"),
            arg("style", Kind::Style("dump"), "style"),
            arg("N", Kind::Count, "every this many steps"),
            arg("file", Kind::FileOut, "file; `*` is replaced by the step"),
            rest("args", "words of the style"),
        ],
        keywords: &[],
        description: "A frame is written at steps that are multiples of N. A frame that was written at the end of one run is \
not written again at the start of the next.",
        examples: &["dump 1 all custom 100 traj.lammpstrj id type x y z"],
    },
    run: dump,
};

fn dump(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let engine = &mut *session.engine;
    engine.state.cell("Dump")?;
    engine.ensure_box_styles()?;
    let group = args.str("group");
    let id = DumpId {
        id: args.str("ID").into(),
        group: group.into(),
        bit: engine
            .state
            .groups
            .require("dump", group)
            .map_err(|e| e.at(1))?,
        every: args.int("N")?,
        file: args.str("file").into(),
    };
    let style = args.str("style");
    crate::dump::find(style).map_err(|e| e.at(2))?;
    engine
        .add_dump(id, style, &session.words[5..])
        .map_err(|e| e.shifted(5).or_at(0))?;
    Ok(Flow::Next)
}

/// `undump`
pub const UNDUMP: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "undump",
        summary: "ends a dump and closes its file",
        args: &[arg("ID", Kind::Uses("dump"), "name of the dump")],
        keywords: &[],
        description: "",
        examples: &["undump 1"],
    },
    run: undump,
};

fn unknown(session: &Session<'_>, what: &str, id: &str) -> Error {
    Error::input(format!("Could not find {what} ID {id}"))
        .suggest(id, session.engine.dumps.keys().map(String::as_str))
        .at(0)
}

fn undump(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let id = args.str("ID");
    match session.engine.dumps.shift_remove(id) {
        Some(_) => Ok(Flow::Next),
        None => Err(unknown(session, "undump", id)),
    }
}

/// `dump_modify`
pub const DUMP_MODIFY: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "dump_modify",
        summary: "changes settings of a dump",
        args: &[
            arg("ID", Kind::Uses("dump"), "name of the dump"),
            rest(
                "settings",
                "`every N|v_name`, `every/time T|v_name`, `first yes|no`, `delay STEP`, `skip v_name`, `refresh c_ID`, or what the style knows",
            ),
        ],
        keywords: &[],
        description: "`first yes` writes a frame at the first step of the run even if it is no multiple of N. `every/time` counts in simulation time: a frame is written at the first step whose time has reached a multiple of T, or the time that the variable gave. `delay` begins with the given step, `skip` leaves frames out while an equal-style variable is not zero, `refresh` renews the reference of a compute displace/atom after every frame.",
        examples: &[
            "dump_modify 1 sort id element Li P S Cl",
            "dump_modify 1 every 50 first yes",
        ],
    },
    run: dump_modify,
};

fn dump_modify(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let id = args.str("ID");
    if !session.engine.dumps.contains_key(id) {
        return Err(unknown(session, "dump_modify", id));
    }
    let words = &session.words[1..];
    // The engine decides when frames are written; the rest is the style's. Places are kept for messages.
    let (mut own, mut at) = (Vec::new(), Vec::new());
    let mut i = 0;
    while i < words.len() {
        if matches!(
            words[i],
            "every" | "every/time" | "first" | "delay" | "skip" | "refresh"
        ) {
            when(session, id, words[i], words.get(i + 1).copied())
                .map_err(|e| e.shifted(i + 1).or_at(i + 1))?;
            i += 2;
        } else {
            own.push(words[i]);
            at.push(i + 1);
            i += 1;
        }
    }
    if own.is_empty() {
        return Ok(Flow::Next);
    }
    let engine = &mut *session.engine;
    let Some(mut dump) = engine.dumps.get_mut(id).and_then(|s| s.dump.take()) else {
        return Ok(Flow::Next);
    };
    let result = dump.modify(&own, engine);
    if let Some(slot) = engine.dumps.get_mut(id) {
        slot.dump = Some(dump);
    }
    result.map_err(|mut e| {
        e.word = e.word.map(|w| at.get(w).copied().unwrap_or(0));
        e
    })?;
    Ok(Flow::Next)
}

fn when(session: &mut Session<'_>, id: &str, word: &str, value: Option<&str>) -> Result<()> {
    let Some(value) = value else {
        return Err(Error::input(format!(
            "Illegal dump_modify {word} command: missing argument(s)"
        ))
        .at(0));
    };
    let variables = session.engine.variables.clone();
    let Some(slot) = session.engine.dumps.get_mut(id) else {
        return Ok(());
    };
    match (word, value.strip_prefix("v_"), value.parse::<i64>()) {
        ("first", ..) => {
            slot.first = parse_yes_no(value).ok_or_else(|| {
                Error::input(format!(
                    "dump_modify first: expected yes or no, found '{value}'"
                ))
                .at(1)
            })?;
        }
        ("every/time", Some(name), _) => {
            if variables.style(name).is_none() {
                return Err(Error::input(format!(
                    "Variable {name} for dump_modify every/time does not exist"
                ))
                .at(1));
            }
            slot.every_time = Some(EveryTime::Variable(name.into()));
        }
        ("every/time", ..) => {
            let interval = parse_real(value).filter(|t| *t > 0.0).ok_or_else(|| {
                Error::input(format!(
                    "Invalid dump_modify every/time argument: {value}; must be > 0"
                ))
                .at(1)
            })?;
            slot.every_time = Some(EveryTime::Interval(interval));
        }
        ("delay", _, Ok(n)) => slot.delay = (n >= 0).then_some(n),
        ("delay", ..) => {
            return Err(Error::input(format!(
                "dump_modify delay: expected a step, found '{value}'"
            ))
            .at(1));
        }
        ("refresh", ..) => {
            let name = value.strip_prefix("c_").unwrap_or(value);
            slot.refresh = Some(name.into());
            if !session.engine.computes.contains_key(name) {
                return Err(Error::input(format!(
                    "Could not find dump_modify refresh compute ID {name}"
                ))
                .at(1));
            }
        }
        ("skip", Some(name), _) => {
            if variables.style(name).is_none() {
                return Err(Error::input(format!(
                    "Variable {name} for dump_modify skip does not exist"
                ))
                .at(1));
            }
            slot.skip = Some(name.into());
        }
        ("skip", ..) => {
            return Err(Error::input(format!(
                "dump_modify skip: expected v_name of an equal-style variable, found '{value}'"
            ))
            .at(1));
        }
        (_, Some(name), _) => {
            if variables.style(name).is_none() {
                return Err(Error::input(format!(
                    "Variable {name} for dump_modify every does not exist"
                ))
                .at(1));
            }
            slot.every_variable = Some(name.into());
            slot.every_time = None;
        }
        (_, _, Ok(n)) if n > 0 => {
            slot.every_variable = None;
            slot.every_time = None;
            slot.id.every = n;
        }
        _ => {
            return Err(Error::input(format!(
                "Invalid dump_modify every argument: {value}; must be > 0"
            ))
            .at(1));
        }
    }
    Ok(())
}

/// `write_dump`
pub const WRITE_DUMP: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "write_dump",
        summary: "writes one snapshot now",
        args: &[
            arg("group", Kind::Uses("group"), "atoms that are written"),
            arg("style", Kind::Style("dump"), "style"),
            arg("file", Kind::FileOut, "file; `*` is replaced by the step"),
            rest(
                "args",
                "words of the style, then `modify` and words of dump_modify",
            ),
        ],
        keywords: &[],
        description: "",
        examples: &["write_dump all custom final.dump id type x y z modify sort id"],
    },
    run: write_dump,
};

fn write_dump(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let words = &session.words[3..];
    let split = words
        .iter()
        .position(|w| *w == "modify")
        .unwrap_or(words.len());
    let engine = &mut *session.engine;
    engine.state.cell("Write_dump")?;
    engine.ensure_box_styles()?;
    let group = args.str("group");
    let id = DumpId {
        id: "WRITE_DUMP".into(),
        group: group.into(),
        bit: engine
            .state
            .groups
            .require("write_dump", group)
            .map_err(|e| e.at(0))?,
        every: 0,
        file: args.str("file").into(),
    };
    let style = args.str("style");
    crate::dump::find(style).map_err(|e| e.at(1))?;
    let mut slot = engine
        .build_dump(id, style, &words[..split])
        .map_err(|e| e.shifted(3))?;
    let Some(dump) = &mut slot.dump else {
        return Ok(Flow::Next);
    };
    if split + 1 < words.len() {
        dump.modify(&words[split + 1..], engine)
            .map_err(|e| e.shifted(3 + split + 1))?;
    }
    dump.init(engine)?;
    if !engine.dry {
        dump.write(engine)?;
    }
    Ok(Flow::Next)
}
