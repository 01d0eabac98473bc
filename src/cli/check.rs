//! `argyro check`: all findings about a script at once, nothing is run.

use super::run::{configure, report};
use super::{RunArgs, generate::print_bytes};
use crate::command::COMMANDS;
use crate::diag::{Diagnostic, Severity};
use crate::graph::{Executor, Failure, Limits, check};
use crate::io::log::Log;
use std::io::IsTerminal;

/// Runs `argyro check` with the switches of a run; those that say where output goes have no effect.
pub fn run(args: &RunArgs) -> i32 {
    let Some(file) = args.file.as_ref().or(args.input.as_ref()) else {
        let missing = Diagnostic::error("argyro check needs an input script")
            .help("argyro check FILE; behind -var the file is given as -in FILE");
        return report(&missing, 1);
    };
    let findings = match findings(args, file) {
        Ok(f) => f,
        Err(failure) => return report(&failure.diagnostic, 1),
    };
    let color = std::io::stdout().is_terminal();
    let mut text = String::new();
    for d in &findings {
        text.push_str(&d.render(color));
        text.push_str("\n\n");
    }
    let count = |s: Severity| findings.iter().filter(|d| d.severity == s).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    text.push_str(&match (errors, warnings) {
        (0, 0) => format!("{file}: no findings\n"),
        _ => format!(
            "{file}: {}, {}\n",
            plural(errors, "error"),
            plural(warnings, "warning")
        ),
    });
    match print_bytes(text.as_bytes()) {
        0 => i32::from(errors > 0),
        status => status,
    }
}

fn plural(n: usize, what: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {what}{s}")
}

fn findings(switches: &RunArgs, file: &str) -> Result<Vec<Diagnostic>, Box<Failure>> {
    let mut executor = Executor::new(COMMANDS, Log::silent(), true);
    configure(&mut executor, switches)?;
    executor.open(file)?;
    Ok(check(&mut executor, Limits::default()))
}
