//! `print`: writes a text.

use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::io::log::To;
use crate::script::print_text;
use crate::signature::{Args, Kind, Signature, arg, keyword};
use std::fs::File;
use std::io::Write;

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &SIGNATURE,
    run,
};

const SIGNATURE: Signature = Signature {
    name: "print",
    summary: "writes a text to the screen, the log and perhaps a file",
    args: &[arg(
        "text",
        Kind::Text,
        "in quotes if it has several words; variables are replaced",
    )],
    keywords: &[
        keyword(
            "file",
            &[arg("name", Kind::FileOut, "")],
            "writes the text to a new file as well",
        ),
        keyword(
            "append",
            &[arg("name", Kind::FileOut, "")],
            "appends the text to a file as well",
        ),
        keyword(
            "screen",
            &[arg("flag", Kind::YesNo, "")],
            "shows the text on the screen and in the log; yes by default",
        ),
        keyword(
            "universe",
            &[arg("flag", Kind::YesNo, "")],
            "accepted; there is one world",
        ),
    ],
    description: "",
    examples: &[
        "print \"temperature $(temp:%.1f)\"",
        "print \"${T} ${D}\" append result.txt screen no",
    ],
};

fn run(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let text = text(session)?;
    for k in args.keywords() {
        if matches!(k.name(), "file" | "append") && !session.dry() {
            write(k.str("name"), k.name() == "append", &text).map_err(|e| e.at(k.word("name")))?;
        }
    }
    let shown = match args.keyword("screen") {
        Some(k) => k.yes_no("flag")?,
        None => true,
    };
    if shown {
        session.log().line_to(To::BOTH, &text);
    }
    Ok(Flow::Next)
}

/// The text with its variables replaced.
fn text(session: &mut Session<'_>) -> Result<String> {
    let variables = session.variables;
    let Some(word) = session.raw.first() else {
        return Ok(String::new());
    };
    let expanded = print_text(
        &word.text,
        variables.script(),
        &mut variables.bridge(session.engine),
    );
    match expanded {
        Ok(e) => Ok(e.text.as_str().to_string()),
        Err(e) => Err(session.script_error(e)),
    }
}

fn write(path: &str, append: bool, text: &str) -> Result<()> {
    let open = File::options()
        .create(true)
        .write(true)
        .append(append)
        .truncate(!append)
        .open(path);
    open.and_then(|mut f| writeln!(f, "{text}"))
        .map_err(|e| Error::input(format!("Cannot open print file {path}: {e}")))
}
