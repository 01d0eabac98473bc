//! `restart`, `write_restart`, `read_restart`: files from which a simulation is continued bit by bit.

use crate::engine::find_newest;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, keyword, optional};
use std::path::Path;

/// `restart`
pub const RESTART: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "restart",
        summary: "writes a restart file every N steps",
        args: &[
            arg(
                "N",
                Kind::Word,
                "steps, 0 for never, or v_name: the next step",
            ),
            optional(
                "file1",
                Kind::FileOut,
                "file; `*` is replaced by the step, which is appended to names without `*`",
            ),
            optional("file2", Kind::FileOut, "second file: both are used in turn"),
        ],
        keywords: &[],
        description: "Files are written whole or not at all; the previous one stays as FILE.prev. The same files are used \
when a signal or a time limit ends a run. Neighbour lists are built anew at these steps, as in LAMMPS: a script that continues \
to the last bit has the same command.",
        examples: &[
            "restart 10000 li.*.restart",
            "restart 1000 a.restart b.restart",
            "restart 0",
        ],
    },
    run: restart,
};

fn restart(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let plan = &mut session.engine.restart;
    let n = args.str("N");
    let files: Vec<String> = ["file1", "file2"]
        .iter()
        .filter_map(|f| args.get(f))
        .map(String::from)
        .collect();
    let (every, variable) = match (n.strip_prefix("v_"), n.parse::<i64>()) {
        (Some(name), _) => (0, Some(name.to_string())),
        (None, Ok(n)) if n >= 0 => (n, None),
        _ => {
            return Err(Error::input(format!(
                "Illegal restart command: expected a number of steps or v_name, found '{n}'"
            ))
            .at(0));
        }
    };
    if files.is_empty() && (every > 0 || variable.is_some()) {
        return Err(
            Error::input("Illegal restart command: missing argument(s): no file is given")
                .help("usage: restart N FILE or restart N FILE1 FILE2"),
        );
    }
    plan.every = every;
    plan.variable = variable;
    plan.files = files;
    Ok(Flow::Next)
}

/// `write_restart`
pub const WRITE_RESTART: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "write_restart",
        summary: "writes a restart file now",
        args: &[arg(
            "file",
            Kind::FileOut,
            "file; `*` is replaced by the step",
        )],
        keywords: &[keyword(
            "noinit",
            &[],
            "accepted: nothing is initialised for the file",
        )],
        description: "",
        examples: &["write_restart final.*.restart"],
    },
    run: write_restart,
};

fn write_restart(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let name = args
        .str("file")
        .replace('*', &session.engine.state.step.to_string());
    session
        .engine
        .write_restart(Path::new(&name))
        .map_err(|e| e.or_at(0))?;
    Ok(Flow::Next)
}

/// `read_restart`
pub const READ_RESTART: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "read_restart",
        summary: "continues a simulation from a restart file",
        args: &[arg(
            "file",
            Kind::FileIn,
            "file; `*` stands for the largest step",
        )],
        keywords: &[keyword(
            "remap",
            &[],
            "accepted: atoms are always wrapped into the box",
        )],
        description: "Restores units, cell, atoms, groups, masses, step and time, and the pair style if it reads no files. \
Fixes and computes that are defined afterwards with the ID and style that they had go on where they were (thermostats, \
averages, reference positions). Other settings must be given again. A run that is continued so equals the run that was \
not interrupted bit by bit.",
        examples: &["read_restart li.*.restart"],
    },
    run: read_restart,
};

fn read_restart(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let path = find_newest(args.str("file")).map_err(|e| e.at(0))?;
    let engine = &mut *session.engine;
    engine.log.line("Reading restart file ...");
    engine.read_restart(&path).map_err(|e| e.or_at(0))?;
    let s = &engine.state;
    let kind = if s.cell.as_ref().is_some_and(|c| c.triclinic) {
        "triclinic"
    } else {
        "orthogonal"
    };
    let mut text = format!("  {}: step {}\n", path.display(), s.step);
    if let Some(c) = &s.cell {
        let g = |v: [f64; 3]| v.map(|x| crate::cformat::general(8, x)).join(" ");
        text.push_str(&format!("  {kind} box = ({}) to ({})", g(c.lo), g(c.hi)));
        if c.triclinic {
            text.push_str(&format!(" with tilt ({})", g(c.tilt)));
        }
        text.push('\n');
    }
    text.push_str(&format!("  {} atoms", s.atoms.len()));
    for (kind, id, style) in engine.restored.waiting() {
        text.push_str(&format!(
            "\n  state of {kind} {id} ({style}) waits for it to be defined again"
        ));
    }
    engine.log.line(&text);
    Ok(Flow::Next)
}
