//! `log`: switches the log file.

use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, optional};
use std::path::Path;

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &SIGNATURE,
    run,
};

const SIGNATURE: Signature = Signature {
    name: "log",
    summary: "closes the log file and opens another",
    args: &[
        arg("file", Kind::FileOut, "file, or none for no log file"),
        optional(
            "append",
            Kind::OneOf(&["append"]),
            "continues an existing file",
        ),
    ],
    keywords: &[],
    description: "",
    examples: &["log log.equil", "log log.prod append", "log none"],
};

fn run(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let file = args.str("file");
    if session.dry() {
        return Ok(Flow::Next);
    }
    if file == "none" {
        session.log().close();
    } else {
        session
            .log()
            .open(Path::new(file), args.get("append").is_some())
            .map_err(|e| Error::from(e).at(0))?;
    }
    Ok(Flow::Next)
}
