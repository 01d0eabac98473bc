//! `create_box`

use super::support::{box_text, finish_cell};
use crate::domain::regions::require;
use crate::domain::state::Types;
use crate::domain::{Cell, Region, State};
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Arg, Args, Keyword, Kind, Signature, arg, keyword, many, parse_real};

const COUNT: &[Arg] = &[arg("N", Kind::Int, "number")];
const KEYWORDS: &[Keyword] = &[
    keyword(
        "bond/types",
        COUNT,
        "number of bond types (atom styles with bonds)",
    ),
    keyword(
        "angle/types",
        COUNT,
        "number of angle types (atom styles with angles)",
    ),
    keyword("dihedral/types", COUNT, "must be 0"),
    keyword("improper/types", COUNT, "must be 0"),
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
];

/// Largest number of atom types: tables of pairs of types must fit into memory.
pub(super) const MAX_TYPES: i64 = 4096;

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "create_box",
        summary: "Makes the simulation box from a region",
        args: &[
            arg("N", Kind::Count, "number of atom types"),
            arg(
                "region-ID",
                Kind::Uses("region"),
                "a block (orthogonal box), a prism (triclinic box), or NULL for a general triclinic box",
            ),
            many(
                "bounds",
                Kind::Word,
                "with NULL: alo ahi blo bhi clo chi, in units of a1, a2, a3 of the lattice",
            ),
        ],
        keywords: KEYWORDS,
        description: "The region must be bounded. Shrink-wrapped faces are moved outwards by 1e-4 of the edge at first.\n\nWith NULL the box is general triclinic: after `lattice custom ... triclinic/general` its edges are (ahi - alo) a1, (bhi - blo) a2, (chi - clo) a3 and its corner is alo a1 + blo a2 + clo a3 (in two dimensions clo and chi are -0.5 and 0.5). The box is rotated about this corner into the restricted form, a along x and b in the xy plane, which all commands see; `write_data`, `dump_modify` and `thermo_modify` with `triclinic/general` turn back what they write.",
        examples: &["create_box 2 cell", "create_box 1 NULL 0 4 0 4 0 3"],
    },
    run,
};

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let state = &s.engine.state;
    if state.cell.is_some() {
        return Err(
            Error::input("Cannot create_box after simulation box is defined")
                .help("use 'clear' to start over"),
        );
    }
    for k in args.keywords().filter(|k| k.name().ends_with("/types")) {
        let what = k.name().trim_end_matches("/types");
        let allowed = match what {
            "bond" => state.atom_style.bonds,
            "angle" => state.atom_style.angles,
            _ => false,
        };
        if k.int("N")? != 0 && !allowed {
            return Err(
                Error::input(format!("No {what}s allowed with this atom style"))
                    .at(k.position())
                    .help(format!("atom_style {} has none", state.atom_style.name)),
            );
        }
    }
    let types = args.int("N")?;
    if types > MAX_TYPES {
        return Err(Error::input(format!("{types} atom types are more than {MAX_TYPES}")).at(0));
    }
    let id = args.str("region-ID");
    let bounds = args.all("bounds");
    let cell = if id == "NULL" {
        general(state, &bounds)?
    } else if let Some((at, word)) = bounds.first() {
        let names = KEYWORDS.iter().map(|k| k.name);
        let e = Error::input(format!(
            "Illegal create_box command: unknown keyword '{word}'"
        ));
        return Err(e.at(*at).suggest(word, names));
    } else {
        let region = require(&state.regions, "Create_box", id).map_err(|e| e.at(1))?;
        cell_of(region, state.boundary, id)?
    };
    let text = box_text(&cell);
    finish_cell(s.engine, cell)?;
    s.engine.state.types = Types::new(types as usize);
    let bonded = |name: &str| -> Result<usize> {
        let n = args.keyword(name).map_or(Ok(0), |k| k.int("N"))?;
        Ok(n.clamp(0, MAX_TYPES) as usize)
    };
    s.engine.state.types.bonds = bonded("bond/types")?;
    s.engine.state.types.angles = bonded("angle/types")?;
    s.log().line(&format!("Created {text}"));
    s.log().line("  1 by 1 by 1 MPI processor grid");
    Ok(Flow::Next)
}

/// The general triclinic box between `bounds` along the vectors of the lattice.
fn general(state: &State, bounds: &[(usize, &str)]) -> Result<Cell> {
    let Some(lattice) = state.lattice.as_ref().filter(|l| l.general) else {
        return Err(Error::input(
            "Create_box for general triclinic requires triclinic/general lattice",
        )
        .at(1)
        .help("lattice custom SCALE a1 ... a2 ... a3 ... basis ... triclinic/general"));
    };
    let numbers = bounds
        .iter()
        .map(|(at, word)| {
            parse_real(word).ok_or_else(|| {
                Error::input(format!(
                    "Illegal create_box command: expected a number, found '{word}'"
                ))
                .at(*at)
            })
        })
        .collect::<Result<Vec<f64>>>()?;
    let [alo, ahi, blo, bhi, clo, chi] = numbers[..] else {
        return Err(Error::input(format!(
            "Illegal create_box general triclinic command: missing argument(s): alo ahi blo bhi clo chi are six numbers, found {}",
            numbers.len()
        ))
        .at(1));
    };
    if state.dimension == 2 && (clo, chi) != (-0.5, 0.5) {
        return Err(Error::input(
            "Create_box for general triclinic requires clo = -0.5 and chi = 0.5",
        )
        .at(bounds[4].0));
    }
    let origin = lattice.to_box([alo, blo, clo]);
    let edge = |corner: [f64; 3]| {
        let x = lattice.to_box(corner);
        [0, 1, 2].map(|k| x[k] - origin[k])
    };
    let edges = [
        edge([ahi, blo, clo]),
        edge([alo, bhi, clo]),
        edge([alo, blo, chi]),
    ];
    Cell::general(edges, origin, state.boundary, state.dimension).map_err(|e| e.or_at(1))
}

fn cell_of(
    region: &dyn Region,
    boundary: [[crate::domain::Boundary; 2]; 3],
    id: &str,
) -> Result<Cell> {
    let Some((lo, hi, tilt)) = region.as_cell() else {
        return Err(Error::input(format!(
            "Create_box region {id} must be a bounded block or prism with side in"
        ))
        .at(1));
    };
    let mut cell = Cell::orthogonal(lo, hi, boundary);
    if let Some(tilt) = tilt {
        cell.triclinic = true;
        cell.tilt = tilt;
    }
    Ok(cell)
}
