//! `boundary`

use super::support::before_box;
use crate::domain::Boundary;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Arg, Args, Kind, Signature, arg};

const DOC: &str = "one or two letters (lower and upper face) of p, f, s, m";
const ARGS: &[Arg] = &[
    arg("x", Kind::Word, DOC),
    arg("y", Kind::Word, DOC),
    arg("z", Kind::Word, DOC),
];

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "boundary",
        summary: "Sets what happens at the faces of the box",
        args: ARGS,
        keywords: &[],
        description: "`p` periodic, `f` fixed, `s` shrink-wrapped, `m` shrink-wrapped with a minimum. Must come before the box (see change_box). Default: p p p.",
        examples: &["boundary p p p", "boundary p p fs"],
    },
    run,
};

/// Reads one to two letters.
pub(super) fn parse_boundary(word: &str, at: usize) -> Result<[Boundary; 2]> {
    let letter = |c: u8| match c {
        b'p' => Some(Boundary::Periodic),
        b'f' => Some(Boundary::Fixed),
        b's' => Some(Boundary::Shrink),
        b'm' => Some(Boundary::ShrinkMinimum),
        _ => None,
    };
    let pair = match word.as_bytes() {
        [a] => letter(*a).map(|b| [b, b]),
        [a, b] => letter(*a).zip(letter(*b)).map(|(a, b)| [a, b]),
        _ => None,
    };
    match pair {
        None => Err(Error::input(format!(
            "Illegal boundary command: expected one or two letters of p, f, s, m, found '{word}'"
        ))
        .at(at)),
        Some([a, b]) if (a == Boundary::Periodic) != (b == Boundary::Periodic) => {
            Err(Error::input("Both sides of boundary must be periodic").at(at))
        }
        Some(p) => Ok(p),
    }
}

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    before_box(&s.engine.state, "Boundary")?;
    let mut boundary = [[Boundary::Periodic; 2]; 3];
    for (k, name) in ["x", "y", "z"].iter().enumerate() {
        boundary[k] = parse_boundary(args.str(name), args.word(name))?;
    }
    s.engine.state.boundary = boundary;
    Ok(Flow::Next)
}
