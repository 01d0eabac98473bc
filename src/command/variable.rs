//! `variable`: defines a variable of the script.

use crate::error::Result;
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, rest};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &SIGNATURE,
    run,
};

const SIGNATURE: Signature = Signature {
    name: "variable",
    summary: "defines, redefines or deletes a variable",
    args: &[
        arg(
            "name",
            Kind::Defines("variable"),
            "letters, digits and underscores",
        ),
        arg(
            "style",
            Kind::Word,
            "delete, index, loop, uloop, world, universe, string, format, getenv, file, atomfile, internal, equal, vector, atom",
        ),
        rest("args", "values or formula, as the style asks for"),
    ],
    keywords: &[],
    description: "index V1 V2 ..., loop N, loop N1 N2 [pad], uloop N [pad], string TEXT, getenv NAME, format NAME FMT, \
                  internal NUMBER, equal FORMULA, atom FORMULA, vector FORMULA, delete.\n\n\
                  `$x`, `${name}`, `$(formula)` and `$(formula:%fmt)` are replaced when a command is executed; `v_name` in a \
                  formula is evaluated whenever the formula is. Definitions of index-, loop-, uloop- and getenv-style variables that \
                  exist already are ignored, so that `-var` on the command line overrides them; equal-, atom-, string-, \
                  format- and internal-style variables are redefined.\n\n\
                  Formulas have numbers, thermo keywords, `c_ID f_ID v_name` with indices, atom vectors, the operators \
                  `+ - * / ^ % == != < <= > >= && || |^ !`, mathematical functions, group and region functions and special \
                  functions, as in LAMMPS.",
    examples: &[
        "variable T index 300 600 900",
        "variable i loop 10",
        "variable e equal pe/atoms",
        "variable far atom x>10.0",
    ],
};

fn run(session: &mut Session<'_>, _: &Args) -> Result<Flow> {
    let variables = session.variables;
    let defined = variables
        .script()
        .define(session.raw, &mut variables.bridge(session.engine))
        .map_err(|e| session.script_error(e))?;
    session.echo(&defined.echoes);
    if let Some(warning) = &defined.warning {
        session.log().warn(warning);
    }
    Ok(Flow::Next)
}
