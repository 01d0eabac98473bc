//! `run`: makes timesteps.

use crate::engine::RunPlan;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, keyword, rest};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &SIGNATURE,
    run,
};

const SIGNATURE: Signature = Signature {
    name: "run",
    summary: "makes N timesteps",
    args: &[arg(
        "N",
        Kind::Int,
        "number of steps, or the last step with `upto`",
    )],
    keywords: &[
        keyword("upto", &[], "N is the number of the last step"),
        keyword(
            "start",
            &[arg("N1", Kind::Int, "step")],
            "step at which ramps begin, default the first step",
        ),
        keyword(
            "stop",
            &[arg("N2", Kind::Int, "step")],
            "step at which ramps end, default the last step",
        ),
        keyword(
            "pre",
            &[arg("value", Kind::YesNo, "yes or no")],
            "`no` skips the setup if nothing has changed since the last run",
        ),
        keyword(
            "post",
            &[arg("value", Kind::YesNo, "yes or no")],
            "`no` leaves out the timing tables",
        ),
        keyword(
            "every",
            &[
                arg("M", Kind::Count, "steps"),
                rest("commands", "commands in quotes, or NULL; must come last"),
            ],
            "breaks the run into parts of M steps and executes commands after each",
        ),
    ],
    description: "Velocity Verlet. A thermo row is written at the first step, every `thermo` steps and at the last step. With \
`-skiprun` only the first row is written.",
    examples: &[
        "run 10000",
        "run 20 upto start 0 stop 30",
        "run 1000 every 100 \"print 'pe $(pe)'\"",
    ],
};

struct Series {
    first: i64,
    last: i64,
    begin: i64,
    end: i64,
}

fn series(step: i64, args: &Args) -> Result<Series> {
    let n = args.int("N")?;
    let upto = args.keyword("upto").is_some();
    let last = if upto { n } else { step.saturating_add(n) };
    if last < step {
        return Err(if upto {
            Error::input(format!(
                "Invalid run command upto value: {n} (the present step is {step})"
            ))
        } else {
            Error::input(format!("Invalid run command N value: {n}"))
        }
        .at(0));
    }
    let begin = match args.keyword("start") {
        Some(k) => {
            let v = k.int("N1")?;
            if v < 0 || v > step {
                return Err(
                    Error::input(format!("Invalid run command start value: {v}")).at(k.word("N1")),
                );
            }
            v
        }
        None => step,
    };
    let end = match args.keyword("stop") {
        Some(k) => {
            let v = k.int("N2")?;
            if v < last {
                return Err(Error::input(format!(
                    "Invalid run command stop value: {v}: the run ends at step {last}"
                ))
                .at(k.word("N2")));
            }
            v
        }
        None => last,
    };
    Ok(Series {
        first: step,
        last,
        begin,
        end,
    })
}

fn run(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    session.engine.state.cell("Run")?;
    let s = series(session.engine.state.step, args)?;
    let flag = |name: &str| args.keyword(name).map_or(Ok(true), |k| k.yes_no("value"));
    let mut plan = RunPlan {
        steps: s.last - s.first,
        begin: s.begin,
        end: s.end,
        pre: flag("pre")?,
        post: flag("post")?,
    };
    let Some(every) = args.keyword("every") else {
        session.engine.run(&plan)?;
        return Ok(Flow::Next);
    };
    let commands: Vec<&str> = every
        .all("commands")
        .iter()
        .map(|c| c.1)
        .filter(|c| *c != "NULL")
        .collect();
    let part = every.int("M")?;
    let mut left = s.last - s.first;
    loop {
        plan.steps = left.min(part);
        // Without start and stop, ramps begin anew in each part, as in LAMMPS.
        let first = session.engine.state.step;
        if args.keyword("start").is_none() {
            plan.begin = first;
        }
        if args.keyword("stop").is_none() {
            plan.end = first + plan.steps;
        }
        session.engine.run(&plan)?;
        left -= plan.steps;
        for c in &commands {
            (session.execute)(session.engine, c)?;
        }
        if left <= 0 || session.engine.runs_skipped.is_some() {
            return Ok(Flow::Next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(step: i64, words: &[&str]) -> Result<Series> {
        series(step, &SIGNATURE.parse("run", words)?)
    }

    #[test]
    fn upto_start_and_stop() {
        let s = parse(10, &["20", "upto", "start", "0", "stop", "30"]).unwrap();
        assert_eq!((s.first, s.last, s.begin, s.end), (10, 20, 0, 30));
        assert!(parse(10, &["5", "upto"]).is_err());
        assert!(parse(10, &["-5"]).is_err());
        assert!(parse(10, &["5", "start", "11"]).is_err());
        assert!(parse(10, &["5", "stop", "14"]).is_err());
    }
}
