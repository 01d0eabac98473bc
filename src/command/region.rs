//! `region`

use crate::domain::regions;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, rest};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "region",
        summary: "Defines or deletes a region of space",
        args: &[
            arg("region-ID", Kind::Defines("region"), "name of the region"),
            arg(
                "style",
                Kind::Style("region"),
                "block, sphere, ... or delete",
            ),
            rest(
                "args",
                "arguments of the style, then `side in|out`, `units lattice|box`",
            ),
        ],
        keywords: &[],
        description: "Lengths are in lattice spacings unless `units box` is given. Lengths may be equal-style variables v_name, evaluated whenever the region is used.",
        examples: &[
            "region cell block 0 4 0 4 0 4",
            "region hole sphere 2 2 2 1.5 side out",
            "region cell delete",
        ],
    },
    run,
};

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let (id, style) = (args.str("region-ID"), args.str("style"));
    if style == "delete" {
        super::support::surplus(s.words, 2, "region delete")?;
    }
    let state = &mut s.engine.state;
    if style == "delete" {
        regions::require(&state.regions, "Delete", id).map_err(|e| e.at(0))?;
        state.regions.shift_remove(id);
        return Ok(Flow::Next);
    }
    if state.regions.contains_key(id) {
        return Err(Error::input(format!("Reuse of region ID {id}"))
            .at(0)
            .help(format!("delete the other one first: region {id} delete")));
    }
    let entry = regions::find(style).map_err(|e| e.at(1))?;
    let parsed = entry
        .signature
        .parse(&format!("region {style}"), &s.words[2..])
        .map_err(|e| e.shifted(2))?;
    let region = regions::build(entry, &parsed, state).map_err(|e| e.shifted(2))?;
    state.regions.insert(id.to_string(), region);
    regions::update(s.engine, id).map_err(|e| {
        let named = |w: &&str| w.strip_prefix("v_").is_some_and(|v| e.message.contains(v));
        match s.words.iter().position(named) {
            Some(at) => e.or_at(at),
            None => e,
        }
    })?;
    Ok(Flow::Next)
}
