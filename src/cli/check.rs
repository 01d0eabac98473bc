//! `argyro check`: all findings about a script at once, nothing is run.

use super::run::{configure, report};
use super::{RunArgs, generate::print_bytes};
use crate::command::COMMANDS;
use crate::diag::{Diagnostic, Severity};
use crate::graph::{Executor, Failure, Limits, check};
use crate::io::log::Log;
use std::io::IsTerminal;

/// Arguments of `argyro check`: those of a run, so that the word `check` is all that a command line needs more. What says
/// where output goes has no effect.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// Switches of the run.
    #[command(flatten)]
    pub run: RunArgs,
}

/// Runs `argyro check`.
pub fn run(args: &CheckArgs) -> i32 {
    let Some(file) = args.run.file.as_ref().or(args.run.input.as_ref()) else {
        let missing = Diagnostic::error("argyro check needs an input script")
            .help("argyro check FILE; behind -var the file is given as -in FILE");
        return report(&missing, 1);
    };
    let findings = match findings(&args.run, file) {
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
