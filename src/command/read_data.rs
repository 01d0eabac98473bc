//! `read_data`

mod bonded;
mod builder;

use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::io::data::{AtomLayout, LAYOUTS, Lines, read};
use crate::signature::{Arg, Args, Keyword, Kind, Signature, arg, keyword, optional, parse_int};
use builder::{Builder, Offset, Settings};
use std::path::Path;
use std::time::Instant;

const COUNT: &[Arg] = &[arg("N", Kind::Int, "")];
const KEYWORDS: &[Keyword] = &[
    keyword(
        "add",
        &[
            arg(
                "how",
                Kind::Word,
                "append, merge, or a number to add to atom IDs",
            ),
            optional("MOLoffset", Kind::Int, "number to add to molecule IDs"),
        ],
        "add the atoms to the present system; the box becomes the union of both",
    ),
    keyword(
        "offset",
        &[
            arg("toff", Kind::Int, ""),
            arg("boff", Kind::Int, ""),
            arg("aoff", Kind::Int, ""),
            arg("doff", Kind::Int, ""),
            arg("ioff", Kind::Int, ""),
        ],
        "numbers to add to the types of atoms, bonds, angles, dihedrals, impropers",
    ),
    keyword(
        "shift",
        &[
            arg("Sx", Kind::Real, ""),
            arg("Sy", Kind::Real, ""),
            arg("Sz", Kind::Real, ""),
        ],
        "vector to add to box and positions",
    ),
    keyword(
        "extra/atom/types",
        COUNT,
        "number of types beyond those of the file",
    ),
    keyword(
        "extra/bond/types",
        COUNT,
        "as above, atom styles with bonds",
    ),
    keyword(
        "extra/angle/types",
        COUNT,
        "as above, atom styles with angles",
    ),
    keyword("extra/dihedral/types", COUNT, "must be 0"),
    keyword("extra/improper/types", COUNT, "must be 0"),
    keyword("extra/bond/per/atom", COUNT, "accepted: there is no limit"),
    keyword("extra/angle/per/atom", COUNT, "accepted: there is no limit"),
    keyword(
        "extra/dihedral/per/atom",
        COUNT,
        "accepted: there is no limit",
    ),
    keyword(
        "extra/improper/per/atom",
        COUNT,
        "accepted: there is no limit",
    ),
    keyword(
        "extra/special/per/atom",
        COUNT,
        "accepted: there is no limit",
    ),
    keyword(
        "group",
        &[arg("group-ID", Kind::Defines("group"), "")],
        "group to put the atoms into",
    ),
    keyword("nocoeff", &[], "skip sections with coefficients"),
    keyword(
        "fix",
        &[
            arg("fix-ID", Kind::Uses("fix"), "a fix property/atom"),
            arg("header", Kind::Word, "NULL"),
            arg("section", Kind::Word, "name of a section"),
        ],
        "fills the properties of the fix from the section: atom ID and values",
    ),
];

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "read_data",
        summary: "Reads box, masses, atoms, velocities and coefficients from a data file",
        args: &[arg(
            "file",
            Kind::FileIn,
            "data file, gzip or plain (recognised by content)",
        )],
        keywords: KEYWORDS,
        description: "Sections: Masses, Atoms (with or without image flags), Velocities, Bonds, Angles, Pair Coeffs, PairIJ Coeffs, Bond Coeffs, Angle Coeffs, Atom Type Labels. Boxes: orthogonal, triclinic (xy xz yz) and general triclinic (avec, bvec, cvec, abc origin; defaults are unit vectors and 0 0 0), which is rotated about its corner, with positions and velocities, into the restricted form with a along x and b in the xy plane; image flags stay. A general box takes no xlo xhi ... xy xz yz beside its vectors, and files added later must have the same vectors and corner. Atoms outside a periodic box are wrapped and their image flags adjusted; atoms outside a non-periodic one are an error. Blank and comment lines may stand anywhere.",
        examples: &[
            "read_data li6ps5cl.data",
            "read_data two.data add append shift 10 0 0 group second",
            "read_data slab.data extra/atom/types 1 nocoeff",
        ],
    },
    run,
};

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let start = Instant::now();
    let settings = settings(s, args)?;
    let style = s.engine.state.atom_style;
    let layout = LAYOUTS
        .iter()
        .find(|l| l.name == style.name)
        .copied()
        .unwrap_or(AtomLayout {
            name: style.name,
            molecule: style.molecule,
            charge: style.charge,
        });
    s.log().line("Reading data file ...");
    let mut lines = Lines::open(Path::new(args.str("file"))).map_err(|e| e.at(0))?;
    let mut builder = Builder::new(s.engine, settings);
    read(&mut lines, layout, &mut builder)?;
    builder.finish()?;
    s.log().line(&format!(
        "  read_data CPU = {:.3} seconds",
        start.elapsed().as_secs_f64()
    ));
    Ok(Flow::Next)
}

fn settings(s: &mut Session<'_>, args: &Args) -> Result<Settings> {
    let mut settings = Settings::default();
    let exists = s.engine.state.cell.is_some();
    match args.keyword("add") {
        None if exists => {
            return Err(Error::input(
                "Cannot read_data without add keyword after simulation box is defined",
            )
            .help("use 'clear' to start over, or 'read_data FILE add append'"));
        }
        Some(k) if !exists => {
            return Err(
                Error::input("Cannot use read_data add before simulation box is defined")
                    .at(k.position()),
            );
        }
        Some(k) => settings.add = Some(offset(&k)?),
        None => {}
    }
    for k in args.keywords() {
        match k.name() {
            "shift" => settings.shift = [k.real("Sx")?, k.real("Sy")?, k.real("Sz")?],
            "offset" => {
                settings.type_offset = natural(k.int("toff")?, &k, "toff")?;
                settings.bond_offset = natural(k.int("boff")?, &k, "boff")?;
                settings.angle_offset = natural(k.int("aoff")?, &k, "aoff")?;
            }
            "fix" => {
                let fixes = &s.engine.fixes;
                let id = k.str("fix-ID");
                let slot = fixes.get(id).ok_or_else(|| {
                    Error::input(format!("Fix ID {id} for read_data does not exist"))
                        .at(k.word("fix-ID"))
                        .suggest(id, fixes.keys().map(String::as_str))
                })?;
                let names = slot.fix.as_ref().map_or(&[][..], |f| f.properties());
                if names.is_empty() || k.str("header") != "NULL" {
                    return Err(Error::input(
                        "read_data fix: only sections of fix property/atom can be read, with header NULL",
                    )
                    .at(k.word("fix-ID")));
                }
                settings
                    .properties
                    .push((k.str("section").to_string(), names.to_vec()));
            }
            "nocoeff" => settings.no_coefficients = true,
            "extra/bond/types" => settings.extra_bonds = natural(k.int("N")?, &k, "N")?,
            "extra/angle/types" => settings.extra_angles = natural(k.int("N")?, &k, "N")?,
            "extra/atom/types" => settings.extra_types = natural(k.int("N")?, &k, "N")?,
            "group" => {
                let bit = s
                    .engine
                    .state
                    .groups
                    .find_or_create(k.str("group-ID"))
                    .map_err(|e| e.at(k.word("group-ID")))?;
                settings.mask |= bit;
            }
            name if name.starts_with("extra/") => {
                let n = natural(k.int("N")?, &k, "N")?;
                if n > 0 && name.ends_with("/types") && !s.engine.state.atom_style.bonds {
                    return Err(Error::input(format!(
                        "read_data {name} needs an atom style with bonds"
                    ))
                    .at(k.position()));
                }
            }
            _ => {}
        }
    }
    let style = s.engine.state.atom_style;
    if (settings.extra_bonds > 0 && !style.bonds) || (settings.extra_angles > 0 && !style.angles) {
        return Err(Error::input(format!(
            "read_data extra types of bonds or angles: atom_style {} has none",
            style.name
        )));
    }
    if exists && settings.extra_types + settings.extra_bonds + settings.extra_angles > 0 {
        return Err(Error::input("Cannot use read_data extra with add keyword")
            .help("give extra/atom/types to the first read_data"));
    }
    Ok(settings)
}

fn natural(n: i64, k: &crate::signature::KeywordArgs<'_>, name: &str) -> Result<usize> {
    usize::try_from(n)
        .map_err(|_| Error::input(format!("{} {n} is negative", k.name())).at(k.word(name)))
}

fn offset(k: &crate::signature::KeywordArgs<'_>) -> Result<Offset> {
    let molecule = k.get("MOLoffset").map_or(Ok(0), |_| k.int("MOLoffset"))?;
    match k.str("how") {
        "append" => Ok(Offset::Append),
        "merge" => Ok(Offset::Fixed(0, 0)),
        w => match parse_int(w) {
            Some(id) if id >= 0 && molecule >= 0 => Ok(Offset::Fixed(id, molecule)),
            _ => Err(Error::input(format!(
                "Illegal read_data add: expected append, merge or numbers to add to IDs, found '{w}'"
            ))
            .at(k.word("how"))),
        },
    }
}
