//! `fix halt`: ends a run when a condition is met.

use super::{Control, Fix, FixEntry, FixId};
use crate::domain::host::{Host, Reference, Source};
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, keyword};
use std::time::Instant;

const SIGNATURE: Signature = Signature {
    name: "halt",
    summary: "ends a run when a condition is met",
    args: &[
        arg("N", Kind::Count, "checked every this many steps"),
        arg(
            "attribute",
            Kind::Word,
            "`v_name` of an equal-style variable, or `tlimit`: seconds since the run began",
        ),
        arg(
            "operator",
            Kind::OneOf(&["<", "<=", ">", ">=", "==", "!=", "|^"]),
            "comparison; |^ is exclusive or",
        ),
        arg("value", Kind::Real, "value to compare with"),
    ],
    keywords: &[
        keyword(
            "error",
            &[arg(
                "how",
                Kind::OneOf(&["hard", "soft", "continue"]),
                "hard by default",
            )],
            "hard: the program ends with an error; soft: later runs are skipped; continue: only this run ends",
        ),
        keyword(
            "message",
            &[arg("value", Kind::YesNo, "yes by default")],
            "say in the log that the condition was met",
        ),
        keyword(
            "path",
            &[arg("folder", Kind::Word, "for diskfree")],
            "folder of attribute diskfree",
        ),
        keyword(
            "universe",
            &[arg("value", Kind::YesNo, "no")],
            "only `no` is supported",
        ),
    ],
    description: "",
    examples: &[
        "fix 2 all halt 10 v_tt < 2.0 error continue message no",
        "fix h all halt 100 tlimit > 3600 error soft",
    ],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

enum Attribute {
    Seconds,
    Variable(Reference),
}

struct Halt {
    id: String,
    every: i64,
    attribute: Attribute,
    operator: String,
    value: f64,
    how: String,
    message: bool,
    began: Option<Instant>,
}

fn build(id: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    let word = args.str("attribute");
    let at = args.word("attribute");
    let attribute = match (word, Reference::parse(word)) {
        ("tlimit", _) => Attribute::Seconds,
        ("bondmax" | "diskfree", _) => {
            return Err(
                Error::input(format!("fix halt attribute {word} is not supported"))
                    .help("use v_name of an equal-style variable, or tlimit")
                    .at(at),
            );
        }
        (_, Some(r)) if r.source == Source::Variable && r.index.is_empty() => {
            host.output(Source::Variable, &r.id)
                .map_err(|e| e.or_at(at))?;
            Attribute::Variable(r)
        }
        _ => {
            return Err(Error::input(format!("Unknown fix halt attribute '{word}'"))
                .suggest(word, ["tlimit", "v_name"])
                .at(at));
        }
    };
    if let Some(k) = args.keyword("universe")
        && k.yes_no("value")?
    {
        return Err(Error::input("fix halt universe yes is not supported").at(k.position()));
    }
    Ok(Box::new(Halt {
        id: id.id.clone(),
        every: args.int("N")?,
        attribute,
        operator: args.str("operator").into(),
        value: args.real("value")?,
        how: args
            .keyword("error")
            .map_or_else(|| "hard".into(), |k| k.str("how").into()),
        message: args
            .keyword("message")
            .map_or(Ok(true), |k| k.yes_no("value"))?,
        began: None,
    }))
}

fn met(operator: &str, a: f64, b: f64) -> bool {
    match operator {
        "<" => a < b,
        "<=" => a <= b,
        ">" => a > b,
        ">=" => a >= b,
        "==" => a == b,
        "!=" => a != b,
        _ => (a != 0.0) != (b != 0.0),
    }
}

impl Fix for Halt {
    fn init(&mut self, _: &mut dyn Host) -> Result<()> {
        self.began = Some(Instant::now());
        Ok(())
    }

    fn end_of_step(&mut self, host: &mut dyn Host) -> Result<Control> {
        let step = host.state().step;
        if step % self.every != 0 {
            return Ok(Control::Continue);
        }
        let now = match &self.attribute {
            Attribute::Seconds => self.began.map_or(0.0, |b| b.elapsed().as_secs_f64()),
            Attribute::Variable(v) => host.scalar(v)?,
        };
        if !met(&self.operator, now, self.value) {
            return Ok(Control::Continue);
        }
        let text = format!(
            "Fix halt condition for fix-id {} met on step {step} with value {}",
            self.id,
            crate::cformat::general(6, now)
        );
        if self.how == "hard" {
            return Err(Error::run(text));
        }
        if self.message {
            host.print(true, true, &text);
        }
        Ok(if self.how == "soft" {
            Control::EndRuns
        } else {
            Control::EndRun
        })
    }
}

#[cfg(test)]
mod tests {
    use super::met;

    #[test]
    fn comparisons() {
        assert!(met("<", 1.0, 2.0) && !met("<", 2.0, 2.0) && met("<=", 2.0, 2.0));
        assert!(met(">", 3.0, 2.0) && met(">=", 2.0, 2.0) && met("==", 2.0, 2.0));
        assert!(met("!=", 1.0, 2.0) && met("|^", 0.0, 2.0) && !met("|^", 1.0, 2.0));
    }
}
