//! `bond_write`

use super::pair_write::append;
use crate::cformat::{Conversion, format_f64, general};
use crate::domain::topology::type_range;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, optional};
use std::fmt::Write as _;

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "bond_write",
        summary: "Writes energy and force of a bond type as a table",
        args: &[
            arg("btype", Kind::Word, "bond type"),
            arg("N", Kind::Count, "number of entries, two at least"),
            arg("inner", Kind::Positive, "smallest length"),
            arg("outer", Kind::Positive, "largest length"),
            arg(
                "file",
                Kind::FileOut,
                "file, to which a section is appended",
            ),
            arg("keyword", Kind::Word, "name of the section"),
            optional(
                "itype",
                Kind::Count,
                "type of the first atom; no bond style depends on it",
            ),
            optional("jtype", Kind::Count, "type of the second atom"),
        ],
        keywords: &[],
        description: "The file is one that LAMMPS' bond_style table reads.",
        examples: &["bond_write 1 500 0.5 3.5 table.txt Harmonic_1"],
    },
    run,
};

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let engine = &mut *s.engine;
    let kinds = type_range(args.str("btype"), engine.state.types.bonds, "bond")
        .map_err(|e| e.at(args.word("btype")))?;
    let kind = *kinds.start();
    let (inner, outer) = (args.real("inner")?, args.real("outer")?);
    let n = args.int("N")?;
    if n < 2 {
        return Err(Error::input("bond_write needs two entries at least").at(args.word("N")));
    }
    if inner >= outer {
        return Err(
            Error::input("Invalid rlo/rhi values in bond_write command").at(args.word("outer"))
        );
    }
    let Some(bonds) = &engine.bonded.bonds else {
        return Err(Error::input(
            "Bond_write command before bond_style is defined",
        ));
    };
    let potential = bonds.potential(kind as u32).ok_or_else(|| {
        Error::input(format!("bond type {kind} has no coefficients")).at(args.word("btype"))
    })?;
    let number: Conversion = "%- 22.15g".parse().map_err(|_| Error::run("format"))?;
    let mut text = format!(
        "# Bond potential {} for bond type {kind}: i,r,energy,force\n\n{}\nN {n} EQ {}\n\n",
        bonds.name(),
        args.str("keyword"),
        general(15, potential.rest_length())
    );
    for k in 0..n {
        let r = inner + (outer - inner) * k as f64 / (n - 1) as f64;
        let (energy, f) = potential
            .evaluate(r)
            .map_err(|why| Error::input(format!("bond_write at length {r}: {why}")))?;
        let f = [r, energy, f * r].map(|v| format_f64(&number, v));
        let _ = writeln!(text, "{:8} {} {} {}", k + 1, f[0], f[1], f[2]);
    }
    if !s.dry() {
        append(s, args, "bond_write", &text)?;
    }
    Ok(Flow::Next)
}
