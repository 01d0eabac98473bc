//! `timestep`, `reset_timestep`, `timer`, `run_style`: time in the simulation and on the wall.

use crate::engine::TimerDetail;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, keyword, parse_int, rest};
use std::time::Duration;

/// `timestep`
pub const TIMESTEP: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "timestep",
        summary: "size of the timestep",
        args: &[arg("dt", Kind::Real, "time units: ps in metal, fs in real")],
        keywords: &[],
        description: "Default: 0.005 in units lj, 0.001 in metal, 1.0 in real.",
        examples: &["timestep 0.001"],
    },
    run: timestep,
};

fn timestep(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let s = &mut session.engine.state;
    s.time = s.time_now();
    s.time_step = s.step;
    s.dt = args.real("dt")?;
    Ok(Flow::Next)
}

/// `reset_timestep`
pub const RESET_TIMESTEP: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "reset_timestep",
        summary: "sets the number of the present timestep",
        args: &[arg("N", Kind::Int, "step")],
        keywords: &[keyword(
            "time",
            &[arg("T", Kind::Real, "time units")],
            "sets the simulation time too",
        )],
        description: "Without `time`, the simulation time follows the step: it changes by the difference of the steps times \
the timestep size, as in LAMMPS.",
        examples: &["reset_timestep 0", "reset_timestep 0 time 0.0"],
    },
    run: reset_timestep,
};

fn reset_timestep(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let n = args.int("N")?;
    if n < 0 {
        return Err(Error::input("Timestep must be >= 0").at(0));
    }
    let time = args.keyword("time").map(|k| k.real("T")).transpose()?;
    session.engine.state.cell("Reset_timestep")?;
    session.engine.reset_timestep(n, time);
    Ok(Flow::Next)
}

/// `timer`
pub const TIMER: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "timer",
        summary: "wall-clock limit of runs and detail of the timing table",
        args: &[rest(
            "settings",
            "`off|loop|normal|full`, `sync|nosync`, `timeout TIME|off`, `every N`",
        )],
        keywords: &[],
        description: "`timeout 1:30:00` ends the run that is going on after that time from now: a restart file is written \
and the exit status is 3. `every N` checks every N steps (10). `off` writes no times after a run, `loop` that of the loop only, `normal` (default) and \
`full` the table of sections.",
        examples: &["timer timeout 23:50:00 every 100", "timer timeout off"],
    },
    run: timer,
};

/// `[[hours:]minutes:]seconds`
fn duration(text: &str) -> Option<Duration> {
    let mut seconds = 0u64;
    let mut parts = 0;
    for part in text.split(':') {
        seconds = seconds.checked_mul(60)?.checked_add(part.parse().ok()?)?;
        parts += 1;
    }
    (parts <= 3).then(|| Duration::from_secs(seconds))
}

fn timer(session: &mut Session<'_>, _: &Args) -> Result<Flow> {
    let words = session.words;
    let mut i = 0;
    while i < words.len() {
        match words[i..] {
            [word @ ("sync" | "nosync"), ..] => {
                session.engine.time_limit.sync = word == "sync";
                i += 1;
            }
            [word @ ("off" | "loop" | "normal" | "full"), ..] => {
                session.engine.time_limit.detail = match word {
                    "off" => TimerDetail::Off,
                    "loop" => TimerDetail::Loop,
                    "full" => TimerDetail::Full,
                    _ => TimerDetail::Normal,
                };
                i += 1;
            }
            ["timeout", "off" | "unlimited", ..] => {
                session.engine.time_limit.set(None);
                i += 2;
            }
            ["timeout", t, ..] => {
                let limit = duration(t).ok_or_else(|| {
                    Error::input(format!(
                        "Illegal timer timeout value: expected hours:minutes:seconds, found '{t}'"
                    ))
                    .at(i + 1)
                })?;
                session.engine.time_limit.set(Some(limit));
                i += 2;
            }
            ["every", n, ..] => {
                session.engine.time_limit.every =
                    parse_int(n).filter(|&n| n > 0).ok_or_else(|| {
                        Error::input(format!("Illegal timer every value: {n}")).at(i + 1)
                    })?;
                i += 2;
            }
            [word, ..] => {
                return Err(Error::input(format!(
                    "Illegal timer command: unknown keyword '{word}', or its value is missing"
                ))
                .suggest(
                    word,
                    [
                        "off", "loop", "normal", "full", "sync", "nosync", "timeout", "every",
                    ],
                )
                .at(i));
            }
            [] => i += 1,
        }
    }
    let text = session.engine.time_limit.describe();
    session.log().line(&text);
    Ok(Flow::Next)
}

/// `run_style`
pub const RUN_STYLE: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "run_style",
        summary: "integrator of runs: only verlet",
        args: &[arg("style", Kind::Word, "verlet"), rest("args", "none")],
        keywords: &[],
        description: "",
        examples: &["run_style verlet"],
    },
    run: run_style,
};

fn run_style(_: &mut Session<'_>, args: &Args) -> Result<Flow> {
    match args.str("style") {
        "verlet" => match args.all("args").first() {
            None => Ok(Flow::Next),
            Some((at, word)) => Err(Error::input(format!(
                "Illegal run_style verlet command: unexpected word '{word}'"
            ))
            .at(*at)),
        },
        other => Err(Error::input(format!("run_style {other} is not supported"))
            .help("use run_style verlet")
            .at(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;
    use std::time::Duration;

    #[test]
    fn wall_times() {
        assert_eq!(duration("90"), Some(Duration::from_secs(90)));
        assert_eq!(duration("1:30:05"), Some(Duration::from_secs(5405)));
        assert_eq!(duration("1:x"), None);
        assert_eq!(duration("1:2:3:4"), None);
    }
}
