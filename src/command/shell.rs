//! `shell`: commands of the operating system.

use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, rest};
use std::process::Command;

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &SIGNATURE,
    run,
};

const SIGNATURE: Signature = Signature {
    name: "shell",
    summary: "executes a command of the operating system",
    args: &[
        arg(
            "command",
            Kind::Word,
            "cd, mkdir, mv, rm, rmdir, putenv, or any other command",
        ),
        rest("args", "its arguments"),
    ],
    keywords: &[],
    description: "cd changes the working directory of argyro itself. putenv NAME=VALUE holds for later shell commands and for getenv-style variables. Failures are warnings. `argyro check` executes nothing but cd.",
    examples: &[
        "shell mkdir run1",
        "shell cd run1",
        "shell gzip -f dump.lammpstrj",
    ],
};

fn run(session: &mut Session<'_>, _: &Args) -> Result<Flow> {
    let (name, args) = session
        .words
        .split_first()
        .map_or(("", &[][..]), |(n, a)| (*n, a));
    let needs_argument = ["cd", "mkdir", "mv", "rm", "rmdir", "putenv"].contains(&name);
    if needs_argument && (args.is_empty() || (name == "mv" && args.len() != 2)) {
        return Err(
            Error::input(format!("Illegal shell {name} command: missing argument(s)")).at(0),
        );
    }
    if name == "cd" {
        change_directory(session, args)?;
    } else if name == "putenv" {
        for (i, pair) in args.iter().enumerate() {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if key.is_empty() {
                return Err(Error::input(format!(
                    "Illegal shell putenv command: '{pair}' is not NAME=VALUE"
                ))
                .at(i + 1));
            }
            session.variables.script().put_environment(key, value);
        }
    } else if !session.dry() {
        let failure = match name {
            "mkdir" => first_failure(args, std::fs::create_dir_all),
            "rm" => first_failure(args.iter().filter(|a| **a != "-f"), std::fs::remove_file),
            "rmdir" => first_failure(args, std::fs::remove_dir),
            "mv" => rename(args[0], args[1]),
            _ => system(session, &session.words.join(" ")),
        };
        if let Some(f) = failure {
            session
                .log()
                .warn(&format!("Shell command '{name}' failed: {f}"));
        }
    }
    Ok(Flow::Next)
}

fn change_directory(session: &mut Session<'_>, args: &[&str]) -> Result<()> {
    let target = args[0];
    match std::env::set_current_dir(target) {
        Ok(()) => Ok(()),
        Err(_) if session.dry() => Ok(()),
        Err(e) => {
            session
                .log()
                .warn(&format!("Shell command 'cd {target}' failed: {e}"));
            Ok(())
        }
    }
}

fn first_failure<'a>(
    paths: impl IntoIterator<Item = &'a &'a str>,
    action: impl Fn(&'a str) -> std::io::Result<()>,
) -> Option<String> {
    let mut failure = None;
    for path in paths {
        if let Err(e) = action(path) {
            failure.get_or_insert(format!("{path}: {e}"));
        }
    }
    failure
}

/// Moves a file, or a file into a folder.
fn rename(from: &str, to: &str) -> Option<String> {
    let mut target = std::path::PathBuf::from(to);
    if target.is_dir() {
        target.push(std::path::Path::new(from).file_name()?);
    }
    std::fs::rename(from, &target)
        .err()
        .map(|e| format!("{from} to {}: {e}", target.display()))
}

fn system(session: &Session<'_>, line: &str) -> Option<String> {
    session.log().flush();
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(line)
        .envs(session.variables.script().environment());
    match command.status() {
        Ok(s) if s.success() => None,
        Ok(s) => Some(s.to_string()),
        Err(e) => Some(e.to_string()),
    }
}
