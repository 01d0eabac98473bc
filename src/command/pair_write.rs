//! `pair_write`

use crate::cformat::{Conversion, format_f64};
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::pair::{Single, tabulated_distances};
use crate::signature::{Args, Kind, Signature, arg, optional};
use std::fmt::Write as _;
use std::io::Write as _;

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "pair_write",
        summary: "Writes energy and force of a pair of types as a table",
        args: &[
            arg("itype", Kind::Word, "first atom type"),
            arg("jtype", Kind::Word, "second atom type"),
            arg("N", Kind::Count, "number of entries"),
            arg(
                "style",
                Kind::OneOf(&["r", "rsq", "bitmap"]),
                "equal steps of r or r^2, or 2^N entries as in pair_modify table",
            ),
            arg("inner", Kind::Positive, "smallest distance"),
            arg("outer", Kind::Positive, "largest distance"),
            arg(
                "file",
                Kind::FileOut,
                "file, to which a section is appended",
            ),
            arg("keyword", Kind::Word, "name of the section"),
            optional("Qi", Kind::Real, "charge of the first atom"),
            optional("Qj", Kind::Real, "charge of the second atom"),
        ],
        keywords: &[],
        description: "The file is one that pair_style table reads.\n\nRestrictions: pairwise styles only.",
        examples: &["pair_write 1 1 500 r 0.5 5.0 table.txt LJ"],
    },
    run,
};

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let engine = &mut *s.engine;
    engine.state.cell("Pair_write")?;
    let kind = |name: &str| -> Result<u32> {
        let range = engine
            .state
            .types
            .range(args.str(name))
            .map_err(|e| e.at(args.word(name)))?;
        Ok(*range.start() as u32)
    };
    let (i, j) = (kind("itype")?, kind("jtype")?);
    let (inner, outer) = (args.real("inner")?, args.real("outer")?);
    let style = args.str("style");
    let n = args.int("N")? as usize;
    let distances =
        tabulated_distances(style, n, inner, outer).map_err(|e| e.at(args.word("N")))?;
    let title = args.str("keyword");
    if s.dry() {
        return Ok(Flow::Next);
    }
    let engine = &mut *s.engine;
    engine.pair_ready = false;
    let Some(slot) = engine.pair.as_mut() else {
        return Err(Error::input(
            "Pair_write command before pair_style is defined",
        ));
    };
    slot.style.init(&engine.state)?;
    let (qi, qj) = (charge(args, "Qi")?, charge(args, "Qj")?);
    let number: Conversion = "%- 22.15g".parse().map_err(|_| Error::run("format"))?;
    let span = match style {
        "r" => format!("N {n} R {inner} {outer}"),
        "rsq" => format!("N {n} RSQ {inner} {outer}"),
        _ => format!("N {} BITMAP {inner} {outer}", distances.len()),
    };
    let mut text = format!(
        "# Pair potential {} for atom types {i} {j}: i,r,energy,force\n\n{title}\n{span}\n\n",
        slot.name
    );
    for (k, r) in distances.iter().enumerate() {
        let Some((energy, force)) = slot.style.single(&Single::new((i, j), r * r, (qi, qj))) else {
            return Err(Error::input(format!(
                "Pair style {} does not support pair_write: it has no energies of pairs",
                slot.name
            )));
        };
        let f = |v: f64| format_f64(&number, v);
        let _ = writeln!(text, "{:8} {} {} {}", k + 1, f(*r), f(energy), f(force * r));
    }
    append(s, args, "pair_write", &text)?;
    Ok(Flow::Next)
}

/// Appends a section to the file of argument `file`; a new file begins with the units.
pub(super) fn append(s: &Session<'_>, args: &Args, command: &str, text: &str) -> Result<()> {
    let (name, units) = (args.str("file"), s.engine.state.units.name);
    let failed = |e: std::io::Error| {
        Error::input(format!("Cannot open {command} file {name}: {e}")).at(args.word("file"))
    };
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(name)
        .map_err(failed)?;
    if file.metadata().map_err(failed)?.len() == 0 {
        writeln!(file, "# UNITS: {units} Created by {command}").map_err(failed)?;
    }
    file.write_all(text.as_bytes()).map_err(failed)
}

fn charge(args: &Args, name: &str) -> Result<f64> {
    args.get(name).map_or(Ok(1.0), |_| args.real(name))
}
