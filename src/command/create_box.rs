//! `create_box`

use super::support::{box_text, finish_cell};
use crate::domain::regions::require;
use crate::domain::state::Types;
use crate::domain::{Cell, Region};
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Arg, Args, Keyword, Kind, Signature, arg, keyword};

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
                "a block (orthogonal box) or prism (triclinic box)",
            ),
        ],
        keywords: KEYWORDS,
        description: "The region must be bounded. Shrink-wrapped faces are moved outwards by 1e-4 of the edge at first.",
        examples: &["create_box 2 cell"],
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
    if id == "NULL" {
        return Err(Error::input("create_box NULL (general triclinic box) is not supported")
            .at(1)
            .help("define the restricted cell as a prism region, or read it with read_data (avec, bvec, cvec)"));
    }
    let region = require(&state.regions, "Create_box", id).map_err(|e| e.at(1))?;
    let cell = cell_of(region, state.boundary, id)?;
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
