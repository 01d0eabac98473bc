//! `compute`, `uncompute`, `compute_modify`: quantities that are evaluated when they are asked for.

use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, rest};

/// `compute`
pub const COMPUTE: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "compute",
        summary: "defines a quantity of a group of atoms",
        args: &[
            arg("ID", Kind::Defines("compute"), "name of the compute"),
            arg("group", Kind::Uses("group"), "atoms that it is about"),
            arg("style", Kind::Style("compute"), "style"),
            rest("args", "words of the style"),
        ],
        keywords: &[],
        description: "thermo_temp, thermo_press and thermo_pe always exist.",
        examples: &["compute msd Li msd com yes", "compute T1 all temp"],
    },
    run: compute,
};

fn compute(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    session.engine.state.cell("Compute")?;
    session.engine.ensure_box_styles()?;
    session
        .engine
        .add_compute(args.str("ID"), args.str("group"), &session.words[2..])
        .map_err(|e| e.shifted(2).or_at(1))?;
    Ok(Flow::Next)
}

/// `uncompute`
pub const UNCOMPUTE: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "uncompute",
        summary: "removes a compute",
        args: &[arg("ID", Kind::Uses("compute"), "name of the compute")],
        keywords: &[],
        description: "",
        examples: &["uncompute msd"],
    },
    run: uncompute,
};

fn uncompute(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    session
        .engine
        .remove_compute(args.str("ID"))
        .map_err(|e| e.at(0))?;
    Ok(Flow::Next)
}

/// `compute_modify`
pub const COMPUTE_MODIFY: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "compute_modify",
        summary: "changes settings of a compute",
        args: &[
            arg("ID", Kind::Uses("compute"), "name of the compute"),
            rest(
                "settings",
                "words that the style knows, such as `extra/dof N`",
            ),
        ],
        keywords: &[],
        description: "",
        examples: &["compute_modify T1 extra/dof 0"],
    },
    run: compute_modify,
};

fn compute_modify(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let id = args.str("ID");
    let engine = &mut *session.engine;
    engine.ensure_box_styles()?;
    if !engine.computes.contains_key(id) {
        return Err(
            Error::input(format!("Could not find compute_modify ID {id}"))
                .suggest(id, engine.computes.keys().map(String::as_str))
                .at(0),
        );
    }
    let words = &session.words[1..];
    if words.is_empty() {
        return Err(Error::input(
            "Illegal compute_modify command: missing argument(s)",
        ));
    }
    engine
        .with_compute(id, |c, _| c.modify(words))
        .map_err(|e| e.or_at(0).shifted(1))?;
    engine.state.touch();
    Ok(Flow::Next)
}
