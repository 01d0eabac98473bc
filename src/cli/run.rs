//! Running a script: screen and log file, settings of the command line, errors, exit status.

use super::RunArgs;
use super::switches::is_foreign_package;
use crate::command::COMMANDS;
use crate::diag::Diagnostic;
use crate::error::ErrorKind;
use crate::graph::{Echo, Executor, Failure};
use crate::io::log::{Log, To};
use std::io::{IsTerminal, Read};
use std::path::Path;
use std::time::Instant;

/// Runs the script that the arguments name.
pub fn run(args: &RunArgs) -> i32 {
    let start = Instant::now();
    let log = match prepare(args) {
        Ok(log) => log,
        Err(d) => return report(&d, 1),
    };
    log.line(&format!(
        "argyro {} (LAMMPS script language of 22 Jul 2025)",
        env!("CARGO_PKG_VERSION")
    ));
    let status = match execute(args, &log) {
        Ok(status) => status,
        Err(failure) => {
            fail(&log, &failure);
            status_of(failure.kind)
        }
    };
    log.line(&format!(
        "Total wall time: {}",
        wall_time(start.elapsed().as_secs())
    ));
    log.flush();
    if let Some(failure) = log.take_failure() {
        return report(&Diagnostic::error(failure), 2);
    }
    status
}

/// The exit status of a kind of error.
pub fn status_of(kind: ErrorKind) -> i32 {
    match kind {
        ErrorKind::Input => 1,
        ErrorKind::Run => 2,
        ErrorKind::Stopped => 3,
    }
}

/// Shows a diagnostic on standard error.
pub fn report(diagnostic: &Diagnostic, status: i32) -> i32 {
    eprintln!("{}", diagnostic.render(std::io::stderr().is_terminal()));
    status
}

/// Opens screen and log file.
fn prepare(args: &RunArgs) -> Result<Log, Diagnostic> {
    absent(args)?;
    worlds(args)?;
    let file_error = |e: anyhow::Error| Diagnostic::error(format!("{e:#}"));
    let log = match args.screen.as_deref() {
        None => Log::to_stdout(),
        Some("none") => Log::silent(),
        Some(path) => Log::to_screen_file(Path::new(path)).map_err(file_error)?,
    };
    match args.log.as_deref().unwrap_or("log.lammps") {
        "none" => {}
        path => log.open(Path::new(path), false).map_err(file_error)?,
    }
    Ok(log)
}

/// Switches of LAMMPS that argyro does not have, with what to do instead.
fn absent(args: &RunArgs) -> Result<(), Diagnostic> {
    let all = [
        (
            &args.mdi,
            "mdi",
            "drive argyro by scripts, or by argyro as a library",
        ),
        (
            &args.restart_to_data,
            "restart2data",
            "a script of two lines does it: read_restart FILE, write_data DATAFILE",
        ),
        (
            &args.restart_to_dump,
            "restart2dump",
            "a script of two lines does it: read_restart FILE, write_dump GROUP STYLE DUMPFILE",
        ),
        (
            &args.restart_to_info,
            "restart2info",
            "a script of two lines does it: read_restart FILE, info all",
        ),
    ];
    match all.into_iter().find(|(value, ..)| value.is_some()) {
        Some((_, name, help)) => {
            Err(Diagnostic::error(format!("argyro does not have the switch -{name}")).help(help))
        }
        None => Ok(()),
    }
}

/// Several worlds are not there yet; one world is what happens anyway.
fn worlds(args: &RunArgs) -> Result<(), Diagnostic> {
    let count = |w: &String| -> Option<u64> {
        let (n, p) = w.split_once('x').unwrap_or(("1", w));
        p.parse::<u64>().ok().filter(|&p| p > 0)?;
        n.parse().ok()
    };
    let mut total = 0;
    for word in &args.partition {
        match count(word) {
            Some(n) => total += n,
            None => {
                return Err(Diagnostic::error(format!("Invalid partition '{word}'"))
                    .help("write it as NxP, e.g. 300x1"));
            }
        }
    }
    if total > 1 {
        let text = format!(
            "-partition {}: argyro does not run several worlds in one process yet",
            args.partition.join(" ")
        );
        return Err(Diagnostic::error(text)
            .help("start one argyro per world, with -var to tell them apart"));
    }
    if args.partition.is_empty() && (args.plog.is_some() || args.pscreen.is_some()) {
        return Err(Diagnostic::error(
            "Can only use -plog and -pscreen with multiple partitions",
        ));
    }
    Ok(())
}

fn execute(args: &RunArgs, log: &Log) -> Result<i32, Box<Failure>> {
    let mut executor = Executor::new(COMMANDS, log.clone(), false);
    configure(&mut executor, args)?;
    match args.input.as_deref().or(args.file.as_deref()) {
        Some(path) if path != "-" => executor.open(path)?,
        _ => {
            let text = standard_input().map_err(Failure::input)?;
            executor.open_text("<stdin>", &text)?;
        }
    }
    executor.run()
}

/// Applies the switches that a script could also set.
pub fn configure(executor: &mut Executor, args: &RunArgs) -> Result<(), Box<Failure>> {
    if let Some(word) = &args.echo {
        let echo = Echo::named(word);
        let echo = echo.ok_or_else(|| {
            Failure::input(format!(
                "Unknown -echo setting '{word}': expected none, screen, log or both"
            ))
        })?;
        executor.context().control.echo.set(echo);
    }
    for words in &args.variables {
        let [name, values @ ..] = words.as_slice() else {
            continue;
        };
        executor.predefine(name, values)?;
    }
    for words in &args.packages {
        if is_foreign_package(words[0].as_str()) {
            note(
                executor,
                &format!(
                    "-package {} has no effect: argyro chooses its kernels by the processor",
                    words[0]
                ),
            );
        } else {
            executor.add_setup(format!("package {}", words.join(" ")));
        }
    }
    if !args.suffix.is_empty() || !args.kokkos.is_empty() {
        note(
            executor,
            "-suffix and -kokkos have no effect: argyro chooses its kernels by the processor",
        );
    }
    executor.skip_runs(args.skiprun);
    Ok(())
}

fn note(executor: &Executor, text: &str) {
    executor.log().line_to(To::BOTH, &format!("NOTE: {text}"));
}

fn standard_input() -> Result<String, String> {
    let mut bytes = Vec::new();
    let mut input = std::io::stdin().lock();
    if input.is_terminal() {
        eprintln!(
            "argyro reads commands from the terminal; Ctrl-D ends them, `argyro -help` explains"
        );
    }
    input
        .read_to_end(&mut bytes)
        .map_err(|e| format!("Cannot read standard input: {e}"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// An error in full on standard error, and in LAMMPS' form in the log and on the screen.
fn fail(log: &Log, failure: &Failure) {
    let d = &failure.diagnostic;
    log.line(&d.one_line());
    if !failure.last_line.is_empty() {
        log.line(&format!("Last input line: {}", failure.last_line));
    }
    let advice = d.notes.iter().chain(&d.help);
    advice.for_each(|a| log.line_to(To::LOG, &format!("  {a}")));
    log.flush();
    report(d, 1);
}

/// `h:mm:ss`
fn wall_time(seconds: u64) -> String {
    format!(
        "{}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_time_is_written_as_lammps_does() {
        assert_eq!(wall_time(0), "0:00:00");
        assert_eq!(wall_time(3_725), "1:02:05");
        assert_eq!(wall_time(100_000), "27:46:40");
    }

    #[test]
    fn several_worlds_are_refused_and_one_is_not() {
        let with = |words: &[&str]| RunArgs {
            partition: words.iter().map(|w| (*w).to_string()).collect(),
            ..RunArgs::default()
        };
        assert!(
            worlds(&with(&[])).is_ok()
                && worlds(&with(&["1x1"])).is_ok()
                && worlds(&with(&["1x4"])).is_ok()
        );
        for bad in [&["2x1"][..], &["1x1", "1x1"], &["x"], &["axb"], &["1x0"]] {
            assert!(worlds(&with(bad)).is_err(), "{bad:?}");
        }
    }
}
