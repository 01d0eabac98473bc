//! `thermo_modify`: format and settings of the thermodynamic output.

use crate::engine::Engine;
use crate::engine::thermo::{Line, Lost};
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::io::log::WARNINGS;
use crate::signature::{Args, Signature, parse_yes_no, rest};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "thermo_modify",
        summary: "changes format and settings of the thermodynamic output",
        args: &[rest("settings", "keywords and their values")],
        keywords: &[],
        description: "`lost error|warn|ignore`, `lost/bond ...`, `warn N|ignore|reset|default|always` (how many warnings are shown, 100 by default), `norm yes|no` (energies \
per atom), `flush yes|no`, `line one|multi|yaml`, `colname WHICH NAME` or `colname default`, `format line|int|float|WHICH FORMAT` or `format \
none`, `temp ID`, `press ID`, `triclinic/general yes|no` (avecx ... cvecz and pxx ... pyz as a general triclinic box was \
defined, default no: in its restricted form). WHICH is the number of a column (negative from the end) or its keyword; formats are \
those of C's printf.",
        examples: &[
            "thermo_modify format float %.15g norm yes",
            "thermo_modify temp mobile flush yes",
        ],
    },
    run,
};

const KEYWORDS: [&str; 11] = [
    "lost",
    "lost/bond",
    "warn",
    "norm",
    "flush",
    "line",
    "colname",
    "format",
    "temp",
    "press",
    "triclinic/general",
];

fn run(session: &mut Session<'_>, _: &Args) -> Result<Flow> {
    let words = session.words;
    if words.is_empty() {
        return Err(Error::input(
            "Illegal thermo_modify command: missing argument(s)",
        ));
    }
    session.engine.ensure_box_styles()?;
    session.engine.thermo.modified = true;
    let mut i = 0;
    while i < words.len() {
        i += setting(session.engine, &words[i..]).map_err(|e| e.or_at(0).shifted(i))?;
    }
    Ok(Flow::Next)
}

/// Applies the setting at the beginning of `words`; returns how many words it took.
fn setting(engine: &mut Engine, words: &[&str]) -> Result<usize> {
    let word = words[0];
    let value = |k: usize| {
        words.get(k).copied().ok_or_else(|| {
            Error::input(format!(
                "Illegal thermo_modify {word} command: missing argument(s)"
            ))
        })
    };
    let yes_no = || {
        let v = value(1)?;
        parse_yes_no(v).ok_or_else(|| {
            Error::input(format!(
                "thermo_modify {word}: expected yes or no, found '{v}'"
            ))
            .at(1)
        })
    };
    match word {
        "lost" => {
            engine.thermo.lost = match value(1)? {
                "error" => Lost::Error,
                "warn" => Lost::Warn,
                "ignore" => Lost::Ignore,
                v => return Err(unexpected(word, v, &["error", "warn", "ignore"])),
            };
        }
        // Bonds of lost atoms are lost with them: `lost` decides.
        "lost/bond" => match value(1)? {
            "error" | "warn" | "ignore" => {}
            v => return Err(unexpected(word, v, &["error", "warn", "ignore"])),
        },
        "warn" => {
            let v = value(1)?;
            let (limit, reset) = match (v, v.parse::<usize>()) {
                ("ignore", _) => (Some(0), false),
                ("always", _) => (Some(usize::MAX), false),
                ("reset", _) => (None, true),
                ("default", _) => (Some(WARNINGS), true),
                (_, Ok(n)) => (Some(n), false),
                _ => {
                    let known = ["ignore", "reset", "default", "always", "a number"];
                    return Err(unexpected(word, v, &known));
                }
            };
            engine.log.limit_warnings(limit, reset);
        }
        "norm" => engine.thermo.norm = Some(yes_no()?),
        "flush" => engine.thermo.flush = yes_no()?,
        "line" => {
            engine.thermo.layout.line = match value(1)? {
                "one" => Line::One,
                "multi" => Line::Multi,
                "yaml" => Line::Yaml,
                v => return Err(unexpected(word, v, &["one", "multi", "yaml"])),
            };
        }
        "colname" => {
            if value(1)? == "default" {
                engine.thermo.layout.default_names();
            } else {
                engine
                    .thermo
                    .layout
                    .rename(value(1)?, value(2)?)
                    .map_err(|e| e.at(1))?;
                return Ok(3);
            }
        }
        "format" => {
            if value(1)? == "none" {
                engine.thermo.layout.default_formats();
            } else {
                engine
                    .thermo
                    .layout
                    .format(value(1)?, value(2)?)
                    .map_err(|e| e.at(2))?;
                return Ok(3);
            }
        }
        "temp" => {
            let id = value(1)?;
            engine.require_temperature(id).map_err(|e| e.or_at(1))?;
            engine.thermo.temperature = id.into();
            let pressure = engine.thermo.pressure.clone();
            engine.with_compute(&pressure, |c, _| {
                c.use_temperature(id);
                Ok(())
            })?;
        }
        "press" => {
            let id = value(1)?;
            if !engine.computes.contains_key(id) {
                return Err(
                    Error::input(format!("Could not find thermo_modify pressure ID {id}"))
                        .suggest(id, engine.computes.keys().map(String::as_str))
                        .at(1),
                );
            }
            engine.thermo.pressure = id.into();
        }
        "triclinic/general" => {
            let general = yes_no()?;
            if general {
                let cell = engine.state.cell("Thermo_modify")?;
                cell.require_general("Thermo_modify").map_err(|e| e.at(1))?;
            }
            engine.thermo.general = general;
        }
        _ => {
            return Err(
                Error::input(format!("Unknown thermo_modify keyword: {word}"))
                    .suggest(word, KEYWORDS),
            );
        }
    }
    Ok(2)
}

fn unexpected(word: &str, value: &str, known: &[&str]) -> Error {
    Error::input(format!(
        "Illegal thermo_modify {word} command: expected one of {}, found '{value}'",
        known.join(", ")
    ))
    .at(1)
}
