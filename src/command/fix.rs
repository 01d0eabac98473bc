//! `fix`, `unfix`, `fix_modify`: what is done to the atoms during runs.

use crate::domain::host::Host;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, parse_int, parse_yes_no, rest};

/// `fix`
pub const FIX: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "fix",
        summary: "defines an operation on a group of atoms during runs",
        args: &[
            arg("ID", Kind::Defines("fix"), "name of the fix"),
            arg("group", Kind::Uses("group"), "atoms that it acts on"),
            arg("style", Kind::Style("fix"), "style"),
            rest("args", "words of the style"),
        ],
        keywords: &[],
        description: "A fix with the ID and style of an existing one replaces it and keeps its place in the order.",
        examples: &["fix 1 all nve", "fix 1 Li nvt temp 600 600 0.1"],
    },
    run: fix,
};

fn fix(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    // Properties may be defined before the box, so that read_data can fill them.
    if args.str("style") != "property/atom" {
        session.engine.state.cell("Fix")?;
    }
    session
        .engine
        .add_fix(args.str("ID"), args.str("group"), &session.words[2..])
        .map_err(|e| e.shifted(2).or_at(1))?;
    Ok(Flow::Next)
}

/// `unfix`
pub const UNFIX: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "unfix",
        summary: "removes a fix",
        args: &[arg("ID", Kind::Uses("fix"), "name of the fix")],
        keywords: &[],
        description: "",
        examples: &["unfix 1"],
    },
    run: unfix,
};

fn unfix(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    session
        .engine
        .remove_fix(args.str("ID"))
        .map_err(|e| e.at(0))?;
    Ok(Flow::Next)
}

/// `fix_modify`
pub const FIX_MODIFY: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "fix_modify",
        summary: "changes settings of a fix",
        args: &[
            arg("ID", Kind::Uses("fix"), "name of the fix"),
            rest(
                "settings",
                "`temp ID`, `press ID`, `energy yes|no`, `virial yes|no`, `dynamic/dof yes|no`, `respa LEVEL`, or what the style knows",
            ),
        ],
        keywords: &[],
        description: "`energy yes` adds the energy of the fix to the potential energy, `virial yes` its virial to the \
pressure. `dynamic/dof` has no effect, because atoms are counted whenever degrees of freedom are needed; neither has \
`respa`, because all forces belong to one level (`run_style verlet`).",
        examples: &["fix_modify 1 temp mobile", "fix_modify 2 energy yes"],
    },
    run: fix_modify,
};

fn fix_modify(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let id = args.str("ID");
    let engine = &mut *session.engine;
    if !engine.fixes.contains_key(id) {
        return Err(Error::input(format!("Could not find fix_modify ID {id}"))
            .suggest(id, engine.fixes.keys().map(String::as_str))
            .at(0));
    }
    let words = &session.words[1..];
    if words.is_empty() {
        return Err(Error::input(
            "Illegal fix_modify command: missing argument(s)",
        ));
    }
    let mut i = 0;
    while i < words.len() {
        let pair = &words[i..words.len().min(i + 2)];
        one_setting(engine, id, pair).map_err(|e| e.or_at(0).shifted(1 + i))?;
        i += 2;
    }
    Ok(Flow::Next)
}

fn one_setting(engine: &mut crate::engine::Engine, id: &str, words: &[&str]) -> Result<()> {
    let (word, value) = match words {
        [w, v] => (*w, *v),
        _ => {
            return Err(Error::input(format!(
                "Illegal fix_modify {} command: missing argument(s)",
                words[0]
            )));
        }
    };
    let yes_no = || {
        parse_yes_no(value).ok_or_else(|| {
            Error::input(format!(
                "fix_modify {word}: expected yes or no, found '{value}'"
            ))
            .at(1)
        })
    };
    let refuse = |style: &str| {
        Error::input(format!(
            "Fix {id} {style} does not support fix_modify {word} option"
        ))
    };
    match word {
        "energy" => {
            let on = yes_no()?;
            let Some(slot) = engine.fixes.get_mut(id) else {
                return Ok(());
            };
            if on && slot.fix.as_ref().is_none_or(|f| f.energy().is_none()) {
                return Err(refuse(&slot.style));
            }
            slot.energy = on;
            Ok(())
        }
        "virial" => {
            let on = yes_no()?;
            let Some(slot) = engine.fixes.get_mut(id) else {
                return Ok(());
            };
            if on && slot.fix.as_ref().is_none_or(|f| f.virial().is_none()) {
                return Err(refuse(&slot.style));
            }
            slot.virial = on;
            Ok(())
        }
        "respa" => {
            let level = parse_int(value).filter(|n| *n >= 0).ok_or_else(|| {
                Error::input(format!(
                    "Illegal fix_modify respa command: expected a level, found '{value}'"
                ))
                .at(1)
            })?;
            let fix = engine.fixes.get(id).and_then(|s| s.fix.as_ref());
            if level > 0 && !fix.is_some_and(|f| f.changes_forces()) {
                return Err(Error::input(format!(
                    "Illegal fix_modify respa command: fix {id} does not change forces"
                )));
            }
            Ok(())
        }
        "bodyforces" => Err(Error::input(
            "fix_modify bodyforces is for fixes of rigid bodies, which argyro does not have",
        )),
        // Atoms are counted whenever degrees of freedom are needed.
        "dynamic/dof" => yes_no().map(|_| ()),
        _ => engine.with_fix(id, |f, host: &mut dyn Host| f.modify(words, host)),
    }
}
