//! `thermo`, `thermo_style`: when and what thermodynamic output is written.

use crate::engine::thermo::{Every, STYLES, Thermo};
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, rest};

/// `thermo`
pub const THERMO: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "thermo",
        summary: "writes thermodynamic output every N steps",
        args: &[arg(
            "N",
            Kind::Word,
            "steps (0: first and last step of a run only), or v_name: the next step",
        )],
        keywords: &[],
        description: "",
        examples: &["thermo 100"],
    },
    run: thermo,
};

fn thermo(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let n = args.str("N");
    let every = match (n.strip_prefix("v_"), n.parse::<i64>()) {
        (Some(name), _) => {
            if session.engine.variables.style(name).is_none() {
                return Err(
                    Error::input(format!("Variable {name} for thermo does not exist")).at(0),
                );
            }
            Every::Variable(name.into())
        }
        (None, Ok(n)) if n >= 0 => Every::Steps(n),
        _ => {
            return Err(Error::input(format!(
                "Illegal thermo command: expected a number of steps or v_name, found '{n}'"
            ))
            .at(0));
        }
    };
    session.engine.thermo.every = every;
    Ok(Flow::Next)
}

/// `thermo_style`
pub const THERMO_STYLE: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "thermo_style",
        summary: "chooses the columns of the thermodynamic output",
        args: &[
            arg("style", Kind::OneOf(STYLES), "style"),
            rest(
                "keywords",
                "for custom: thermo keywords, c_ID, c_ID[i], c_ID[*], f_ID, v_name",
            ),
        ],
        keywords: &[],
        description: "Settings of an earlier thermo_modify are lost.",
        examples: &[
            "thermo_style custom step temp pe etotal press vol",
            "thermo_style multi",
        ],
    },
    run: thermo_style,
};

fn thermo_style(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let engine = &mut *session.engine;
    engine.state.cell("Thermo_style")?;
    engine.ensure_box_styles()?;
    let words = args.all("keywords");
    let style = args.str("style");
    let new = match STYLES.iter().find(|s| **s == style) {
        Some(&"custom") | None => Thermo::custom(&words, engine)?,
        Some(_) if !words.is_empty() => {
            return Err(Error::input(format!(
                "Illegal thermo_style {style} command: unexpected argument {}",
                words[0].1
            ))
            .at(words[0].0));
        }
        Some(&style) => Thermo::preset(style),
    };
    if engine.thermo.modified {
        engine
            .log
            .warn("New thermo_style command, previous thermo_modify settings will be lost");
    }
    let every = std::mem::replace(&mut engine.thermo, new);
    engine.thermo.every = every.every;
    Ok(Flow::Next)
}
