//! `argyro check`: all findings about a script at once, nothing is run.

use super::run::{configure, report};
use super::{RunArgs, generate::print_bytes};
use crate::command::COMMANDS;
use crate::diag::{Diagnostic, Severity};
use crate::graph::{Executor, Failure, Limits, check};
use crate::io::log::Log;
use std::io::IsTerminal;

/// Arguments of `argyro check`.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// Input script
    pub file: String,
    /// Defines an index-style variable, as when running
    #[arg(long = "var", num_args = 2.., value_names = ["NAME", "VALUE"], allow_negative_numbers = true, action = clap::ArgAction::Append)]
    pub var: Vec<String>,
    /// Occurrences of `-var`.
    #[arg(skip)]
    pub variables: Vec<Vec<String>>,
}

/// Runs `argyro check`.
pub fn run(args: &CheckArgs) -> i32 {
    let findings = match findings(args) {
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
        (0, 0) => format!("{}: no findings\n", args.file),
        _ => format!(
            "{}: {}, {}\n",
            args.file,
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

fn findings(args: &CheckArgs) -> Result<Vec<Diagnostic>, Box<Failure>> {
    let mut executor = Executor::new(COMMANDS, Log::silent(), true);
    let switches = RunArgs {
        variables: args.variables.clone(),
        ..RunArgs::default()
    };
    configure(&mut executor, &switches)?;
    executor.open(&args.file)?;
    Ok(check(&mut executor, Limits::default()))
}
