//! `units`

use super::support::before_box;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg};
use crate::units::{UNIT_STYLES, Units};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "units",
        summary: "Sets the unit style",
        args: &[arg("style", Kind::Word, "lj, metal, real or si")],
        keywords: &[],
        description: "Sets the timestep and the skin to the defaults of the style. Must come before the box. Default: lj.",
        examples: &["units metal"],
    },
    run,
};

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    before_box(&s.engine.state, "Units")?;
    let name = args.str("style");
    let Some(units) = Units::named(name) else {
        let other = ["cgs", "electron", "micro", "nano"].contains(&name);
        let text = if other {
            format!("units {name} is not supported")
        } else {
            format!("Illegal units command: unknown unit style '{name}'")
        };
        return Err(Error::input(text)
            .at(0)
            .suggest(name, UNIT_STYLES.iter().map(|u| u.name)));
    };
    s.engine.state.units = units;
    s.engine.state.dt = units.dt;
    Ok(Flow::Next)
}
