//! `fix halt`: ends a run when a condition is met.

use super::{Control, Fix, FixEntry, FixId};
use crate::domain::State;
use crate::domain::host::{Host, Reference, Source};
use crate::domain::topology::Bond;
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
            "`v_name` of an equal-style variable; `tlimit`: seconds since the run began; `bondmax`: length of the longest bond, length units; `diskfree`: free space of a file system, MB of 2^20 bytes",
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
            &[arg("folder", Kind::Word, "file or folder")],
            "on the file system of attribute diskfree, default .",
        ),
        keyword(
            "universe",
            &[arg("value", Kind::YesNo, "no")],
            "only `no` is supported",
        ),
    ],
    description: "Acts in minimisations too: on the first forces of every N-th iteration, which is then the last one.",
    examples: &[
        "fix h all halt 1000 diskfree < 2000 error soft path .",
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
    LongestBond,
    /// Free space of the file system of a path.
    FreeSpace(String),
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
    /// Last step of a minimisation that was looked at, and what it asked for.
    looked: i64,
    minimum: Control,
}

fn build(id: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    let word = args.str("attribute");
    let at = args.word("attribute");
    let attribute = match (word, Reference::parse(word)) {
        ("tlimit", _) => Attribute::Seconds,
        ("bondmax", _) => Attribute::LongestBond,
        ("diskfree", _) => {
            let path = args.keyword("path");
            let path = path.map_or(".".into(), |k| k.str("folder").to_string());
            free_space(&path).map_err(|e| e.or_at(at))?;
            Attribute::FreeSpace(path)
        }
        (_, Some(r)) if r.source == Source::Variable && r.index.is_empty() => {
            host.output(Source::Variable, &r.id)
                .map_err(|e| e.or_at(at))?;
            Attribute::Variable(r)
        }
        _ => {
            return Err(Error::input(format!("Unknown fix halt attribute '{word}'"))
                .suggest(word, ["tlimit", "bondmax", "diskfree", "v_name"])
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
        looked: -1,
        minimum: Control::Continue,
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

/// Free space of the file system of `path`, in units of 2^20 bytes.
#[cfg(unix)]
fn free_space(path: &str) -> Result<f64> {
    let s = rustix::fs::statvfs(path).map_err(|e| {
        Error::input(format!(
            "fix halt diskfree: cannot ask for the free space of {path}: {e}"
        ))
    })?;
    Ok(s.f_bavail as f64 * s.f_frsize as f64 / f64::from(1 << 20))
}

#[cfg(not(unix))]
fn free_space(_: &str) -> Result<f64> {
    Err(Error::input(
        "fix halt diskfree is not supported on this operating system",
    ))
}

/// Length of the longest bond, 0 if there are none.
fn longest_bond(state: &State) -> Result<f64> {
    let cell = state.cell("fix halt")?;
    let index = state.atoms.index();
    let square = |b: &Bond| {
        let [i, j] = b.atoms.map(|id| index.get(&id).copied());
        let (a, b) = (state.atoms.x[i?], state.atoms.x[j?]);
        let d = cell.minimum_image(std::array::from_fn(|k| a[k] - b[k]));
        Some(d.iter().map(|c| c * c).sum::<f64>())
    };
    let bonds = state.atoms.topology.bonds.iter().filter_map(square);
    Ok(bonds.fold(0.0, f64::max).sqrt())
}

impl Fix for Halt {
    fn init(&mut self, host: &mut dyn Host) -> Result<()> {
        self.began = Some(Instant::now());
        // The forces of the setup of a minimisation do not count.
        self.looked = host.state().step;
        self.minimum = Control::Continue;
        Ok(())
    }

    fn min_post_force(&mut self, host: &mut dyn Host) -> Result<()> {
        let step = host.state().step;
        if step != self.looked {
            self.looked = step;
            self.minimum = self.end_of_step(host)?;
        }
        Ok(())
    }

    fn min_control(&self) -> Control {
        self.minimum
    }

    fn end_of_step(&mut self, host: &mut dyn Host) -> Result<Control> {
        let step = host.state().step;
        if step % self.every != 0 {
            return Ok(Control::Continue);
        }
        let now = match &self.attribute {
            Attribute::Seconds => self.began.map_or(0.0, |b| b.elapsed().as_secs_f64()),
            Attribute::LongestBond => longest_bond(host.state())?,
            Attribute::FreeSpace(path) => free_space(path)?,
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
    use super::*;
    use crate::domain::{Boundary, Cell};

    #[test]
    fn the_longest_bond_is_measured_between_nearest_images() {
        let mut s = State {
            cell: Some(Cell::orthogonal(
                [0.0; 3],
                [10.0; 3],
                [[Boundary::Periodic; 2]; 3],
            )),
            ..State::default()
        };
        for (id, x) in [(1, 0.2), (2, 9.5), (3, 8.0)] {
            s.atoms.push(id, 1, [x, 0.0, 0.0], false, true);
        }
        assert_eq!(longest_bond(&s).unwrap(), 0.0);
        for atoms in [[1, 2], [2, 3]] {
            s.atoms.topology.bonds.push(Bond { kind: 1, atoms });
        }
        assert!((longest_bond(&s).unwrap() - 1.5).abs() < 1e-12);
    }

    #[cfg(unix)]
    #[test]
    fn a_missing_path_has_no_free_space() {
        assert!(free_space(".").unwrap() > 0.0);
        let e = free_space("no/such/folder").unwrap_err();
        assert!(e.message.contains("no/such/folder"), "{}", e.message);
    }

    #[test]
    fn comparisons() {
        assert!(met("<", 1.0, 2.0) && !met("<", 2.0, 2.0) && met("<=", 2.0, 2.0));
        assert!(met(">", 3.0, 2.0) && met(">=", 2.0, 2.0) && met("==", 2.0, 2.0));
        assert!(met("!=", 1.0, 2.0) && met("|^", 0.0, 2.0) && !met("|^", 1.0, 2.0));
    }
}
