//! `info`: what is defined at this point of the script.

mod sections;

use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::io::log::To;
use crate::signature::{Args, Kind, Signature, arg, rest};
use std::fs::File;
use std::io::Write;

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &SIGNATURE,
    run,
};

const SIGNATURE: Signature = Signature {
    name: "info",
    summary: "shows what is defined at this point of the script",
    args: &[
        arg("category", Kind::Word, "first category, or out"),
        rest("words", "further categories, out TARGET"),
    ],
    keywords: &[],
    description: "Categories, which may be abbreviated to three letters or more: `configuration` (version, SIMD level, threads), `memory`, \
`communication` (ghosts and bricks), `fft`, `accelerator`, `system` (units, cell, atoms, styles), `coeffs` (whether the force field is \
complete), `groups`, `regions`, `computes`, `dumps`, `fixes`, `variables`, `time` (processor and wall time), `styles` (names of all styles, \
or of one kind: `styles pair`), `all`.\n\n\
`out screen|log|append FILE|overwrite FILE` says where the text goes; default: the screen only.",
    examples: &[
        "info system",
        "info computes fixes out log",
        "info styles pair",
    ],
};

/// Names of the categories, in the order in which they are shown.
const CATEGORIES: [&str; 16] = [
    "configuration",
    "accelerator",
    "memory",
    "communication",
    "fft",
    "system",
    "coeffs",
    "groups",
    "regions",
    "computes",
    "dumps",
    "fixes",
    "variables",
    "time",
    "styles",
    "all",
];

enum Target {
    Screen,
    Log,
    File(String, bool),
}

fn run(session: &mut Session<'_>, _: &Args) -> Result<Flow> {
    let (wanted, kinds, target) = parse(session.words)?;
    if session.dry() {
        return Ok(Flow::Next);
    }
    let mut text = String::from("\nInfo-Info-Info-Info-Info-Info-Info-Info-Info-Info-Info\n");
    for category in CATEGORIES {
        let all = wanted.contains(&"all") && category != "all";
        if all || wanted.contains(&category) {
            text.push('\n');
            text.push_str(&sections::text(session, category, &kinds));
        }
    }
    text.push_str("\nInfo-Info-Info-Info-Info-Info-Info-Info-Info-Info-Info\n\n");
    match target {
        Target::Screen => session.log().text(To::SCREEN, &text),
        Target::Log => session.log().text(To::LOG, &text),
        Target::File(path, append) => {
            let open = File::options()
                .create(true)
                .write(true)
                .append(append)
                .truncate(!append)
                .open(&path);
            open.and_then(|mut f| f.write_all(text.as_bytes()))
                .map_err(|e| Error::input(format!("Cannot open info file {path}: {e}")))?;
        }
    }
    Ok(Flow::Next)
}

/// The categories, the kinds of styles (empty: all) and where the text goes.
fn parse<'a>(words: &[&'a str]) -> Result<(Vec<&'static str>, Vec<&'a str>, Target)> {
    let (mut wanted, mut kinds, mut target) = (Vec::new(), Vec::new(), Target::Screen);
    let mut every_kind = false;
    let mut i = 0;
    while let Some(&word) = words.get(i) {
        if word == "out" {
            let (new, used) = target_of(&words[i + 1..]).map_err(|e| e.shifted(i).or_at(i))?;
            target = new;
            i += 1 + used;
            continue;
        }
        let known = |c: &&&str| word.len() >= 3 && c.starts_with(word);
        let Some(category) = CATEGORIES.iter().find(known) else {
            return Err(
                Error::input(format!("Illegal info command: unknown category '{word}'"))
                    .at(i)
                    .suggest(word, CATEGORIES.iter().copied().chain(["out"])),
            );
        };
        wanted.push(*category);
        i += 1;
        if *category == "styles" {
            match words.get(i) {
                Some(kind) if sections::KINDS.contains(kind) => {
                    kinds.push(*kind);
                    i += 1;
                }
                Some(&"all") => {
                    every_kind = true;
                    i += 1;
                }
                _ => every_kind = true,
            }
        }
    }
    if every_kind || wanted.contains(&"all") {
        kinds.clear();
    }
    Ok((wanted, kinds, target))
}

/// What follows `out`, and the number of its words.
fn target_of(words: &[&str]) -> Result<(Target, usize)> {
    match words {
        ["screen", ..] => Ok((Target::Screen, 1)),
        ["log", ..] => Ok((Target::Log, 1)),
        ["append", file, ..] => Ok((Target::File((*file).into(), true), 2)),
        ["overwrite", file, ..] => Ok((Target::File((*file).into(), false), 2)),
        _ => Err(Error::input(
            "Illegal info out command: expected screen, log, append FILE or overwrite FILE",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_are_cumulative_and_may_be_abbreviated() {
        let (wanted, kinds, target) = parse(&["sys", "styles", "pair", "out", "log"]).unwrap();
        assert_eq!(wanted, ["system", "styles"]);
        assert_eq!(kinds, ["pair"]);
        assert!(matches!(target, Target::Log));
        assert!(parse(&["sy"]).is_err() && parse(&["out", "append"]).is_err());
    }
}
