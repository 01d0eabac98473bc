//! `partition`: a command for some partitions of a run only.

use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::script::{Mapped, Quote, Word};
use crate::signature::{Args, Kind, Signature, arg, parse_int, rest};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "partition",
        summary: "executes a command in some partitions only",
        args: &[
            arg(
                "style",
                Kind::YesNo,
                "yes: in these partitions; no: in the others",
            ),
            arg("N", Kind::Word, "partitions: a, a*b, a*, *b or *"),
            rest("command", "command with its arguments"),
        ],
        keywords: &[],
        description: "argyro has one partition, number 1, so that `partition yes 1 ...` executes the command and `partition no 1 ...` \
                      does not. Several replicas are several scripts.",
        examples: &["partition yes 1 print \"first partition\""],
    },
    run,
};

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let range = args.str("N");
    let (lower, upper) = range.split_once('*').unwrap_or((range, range));
    let bound = |w: &str| match w {
        "" => Some(1),
        w => parse_int(w),
    };
    // LAMMPS refuses numbers beyond that of the partitions too
    if bound(lower) != Some(1) || bound(upper) != Some(1) {
        return Err(Error::input(format!(
            "Illegal partition command: partition {range} does not exist, there is only number 1"
        ))
        .at(args.word("N")));
    }
    let [_, _, command @ ..] = s.raw else {
        return Ok(Flow::Next);
    };
    if command.is_empty() {
        return Err(Error::input(
            "Illegal partition command: missing argument(s)",
        ));
    }
    if !args.yes_no("style")? {
        return Ok(Flow::Next);
    }
    Ok(Flow::Commands(vec![line_of(command)]))
}

/// The text of a command from its words, with the quotes that they had.
fn line_of(words: &[Word]) -> Mapped {
    let mut line = Mapped::default();
    for (i, word) in words.iter().enumerate() {
        let quote = match word.quote {
            Quote::Bare => "",
            Quote::Single => "'",
            Quote::Double => "\"",
            Quote::Triple => "\"\"\"",
        };
        line.push_replaced(if i == 0 { "" } else { " " }, None);
        line.push_replaced(quote, None);
        line.push(&word.text);
        line.push_replaced(quote, None);
    }
    line
}
