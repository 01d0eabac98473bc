//! `labelmap`

use super::support::{atom_type, check_label};
use crate::domain::state::Types;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, parse_int, rest};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "labelmap",
        summary: "Gives atom types names",
        args: &[
            arg(
                "option",
                Kind::OneOf(&[
                    "atom", "bond", "angle", "dihedral", "improper", "clear", "write",
                ]),
                "what to do",
            ),
            rest(
                "args",
                "atom, bond, angle: pairs of type and label; write: file",
            ),
        ],
        keywords: &[],
        description: "Labels may be used wherever a command takes an atom type.",
        examples: &["labelmap atom 1 Li 2 P 3 S 4 Cl", "labelmap clear"],
    },
    run,
};

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    s.engine.state.cell("Labelmap")?;
    match args.str("option") {
        "atom" => atom(s),
        "clear" => {
            let types = &mut s.engine.state.types;
            types.label.iter_mut().for_each(|l| *l = None);
            types.bond_label.clear();
            types.angle_label.clear();
            Ok(Flow::Next)
        }
        "write" => write(s),
        "bond" | "angle" => bonded(s),
        other => Err(Error::input(format!(
            "labelmap {other} is not supported: atoms have no {other}s"
        ))
        .at(0)),
    }
}

fn atom(s: &mut Session<'_>) -> Result<Flow> {
    let words = &s.words[1..];
    if words.is_empty() || !words.len().is_multiple_of(2) {
        return Err(Error::input(
            "Illegal labelmap atom command: expected pairs of type and label",
        ));
    }
    for (i, pair) in words.chunks_exact(2).enumerate() {
        let at = 1 + 2 * i;
        let t = atom_type(&s.engine.state, pair[0], at)? as usize;
        check_label(pair[1]).map_err(|e| e.at(at + 1))?;
        let labels = &mut s.engine.state.types.label;
        if labels
            .iter()
            .enumerate()
            .any(|(k, l)| k != t && l.as_deref() == Some(pair[1]))
        {
            return Err(
                Error::input(format!("Type label {} is given to two types", pair[1])).at(at + 1),
            );
        }
        labels[t] = Some(pair[1].to_string());
    }
    Ok(Flow::Next)
}

fn bonded(s: &mut Session<'_>) -> Result<Flow> {
    let words = &s.words[1..];
    let what = s.words[0];
    if words.is_empty() || !words.len().is_multiple_of(2) {
        return Err(Error::input(format!(
            "Illegal labelmap {what} command: expected pairs of type and label"
        )));
    }
    let types = &mut s.engine.state.types;
    let (labels, most) = if what == "bond" {
        (&mut types.bond_label, types.bonds)
    } else {
        (&mut types.angle_label, types.angles)
    };
    for (i, pair) in words.chunks_exact(2).enumerate() {
        let at = 1 + 2 * i;
        check_label(pair[1]).map_err(|e| e.at(at + 1))?;
        let t = parse_int(pair[0]).and_then(|t| usize::try_from(t).ok());
        Types::set_bonded_label(labels, most, t.unwrap_or(0), pair[1]).map_err(|e| e.at(at))?;
    }
    Ok(Flow::Next)
}

fn write(s: &mut Session<'_>) -> Result<Flow> {
    let [_, file] = s.words else {
        return Err(Error::input(
            "Illegal labelmap write command: expected a file name",
        ));
    };
    if s.dry() {
        return Ok(Flow::Next);
    }
    let types = &s.engine.state.types;
    let mut text = String::new();
    for (what, labels) in [
        ("atom", &types.label),
        ("bond", &types.bond_label),
        ("angle", &types.angle_label),
    ] {
        let pairs: Vec<String> = labels
            .iter()
            .enumerate()
            .filter_map(|(t, l)| l.as_ref().map(|l| format!("{t} \"\"\" {l} \"\"\"")))
            .collect();
        if !pairs.is_empty() {
            text += &format!("labelmap {what} {}\n", pairs.join(" "));
        }
    }
    std::fs::write(file, text)
        .map_err(|e| Error::input(format!("Cannot open label map file {file}: {e}")).at(1))?;
    Ok(Flow::Next)
}
