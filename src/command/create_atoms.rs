//! `create_atoms`

mod place;

use super::support::{atom_type, box_text, equal_variable};
use crate::domain::regions;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Keyword, Kind, Signature, arg, keyword, many, rest};
use place::{Point, Random};
use std::time::Instant;

const OPTIONS: &[Keyword] = &[
    keyword(
        "basis",
        &[
            arg("M", Kind::Count, "number of the basis atom"),
            arg("itype", Kind::Word, "its type"),
        ],
        "type of the atoms on one basis site",
    ),
    keyword(
        "remap",
        &[arg("value", Kind::YesNo, "")],
        "wrap a single atom into the periodic box",
    ),
    keyword(
        "units",
        &[arg("value", Kind::OneOf(&["lattice", "box"]), "")],
        "unit of x y z (single) and of overlap: lattice (default) or box",
    ),
    keyword(
        "var",
        &[arg("name", Kind::Uses("variable"), "")],
        "keep points where this equal-style variable is not zero",
    ),
    keyword(
        "set",
        &[
            arg("dim", Kind::OneOf(&["x", "y", "z"]), ""),
            arg("name", Kind::Uses("variable"), "internal-style variable"),
        ],
        "internal-style variable that receives a coordinate of the point",
    ),
    keyword(
        "overlap",
        &[arg("distance", Kind::Positive, "")],
        "random: smallest distance to any other atom",
    ),
    keyword(
        "maxtry",
        &[arg("N", Kind::Count, "")],
        "random: attempts per atom, default 1000",
    ),
    keyword(
        "ratio",
        &[arg("frac", Kind::Real, ""), arg("seed", Kind::Count, "")],
        "box and region: keep this fraction of the lattice points, chosen at random",
    ),
    keyword(
        "subset",
        &[arg("N", Kind::Count, ""), arg("seed", Kind::Count, "")],
        "box and region: keep exactly N lattice points, chosen at random",
    ),
    keyword("mol", &[many("args", Kind::Word, "")], "not supported"),
    keyword("rotate", &[many("args", Kind::Word, "")], "not supported"),
    keyword("radscale", &[many("args", Kind::Word, "")], "not supported"),
    keyword("meshmode", &[many("args", Kind::Word, "")], "not supported"),
];

const BOX: Signature = Signature {
    name: "box",
    summary: "",
    args: &[],
    keywords: OPTIONS,
    description: "",
    examples: &[],
};
const REGION: Signature = Signature {
    args: &[arg(
        "region-ID",
        Kind::Uses("region"),
        "where to create atoms",
    )],
    ..BOX
};
const SINGLE: Signature = Signature {
    args: &[
        arg("x", Kind::Real, ""),
        arg("y", Kind::Real, ""),
        arg("z", Kind::Real, ""),
    ],
    ..BOX
};
const RANDOM: Signature = Signature {
    args: &[
        arg("N", Kind::Int, "number of atoms"),
        arg("seed", Kind::Count, "seed"),
        arg("region-ID", Kind::Word, "where to create atoms, or NULL"),
    ],
    ..BOX
};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "create_atoms",
        summary: "Creates atoms on a lattice, at a point or at random",
        args: &[
            arg("type", Kind::Word, "atom type or type label"),
            arg(
                "style",
                Kind::OneOf(&["box", "region", "single", "random", "mesh"]),
                "where",
            ),
            rest(
                "args",
                "region: region-ID; single: x y z; random: N seed region-ID; then keywords",
            ),
        ],
        keywords: OPTIONS,
        description: "IDs continue after the largest one. Lattice points are visited with z outermost, then y, x and the basis. Points on the upper face of a periodic box are left out. `create_atoms random` uses LAMMPS' random stream. In a general triclinic box styles box and region need a lattice with `triclinic/general`, whose points are rotated with the box; regions, variables and the positions of style single belong to the restricted form.",
        examples: &[
            "create_atoms 1 box",
            "create_atoms 1 box basis 2 2",
            "create_atoms 3 single 0.5 0.5 0.5 units box",
            "create_atoms 1 random 50 12345 NULL overlap 2.0 maxtry 50",
        ],
    },
    run,
};

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let start = Instant::now();
    s.engine.state.cell("Create_atoms")?;
    let kind = atom_type(&s.engine.state, args.str("type"), 0).map_err(|e| Error {
        message: format!("{} (create_atoms)", e.message),
        ..e
    })?;
    let style = args.str("style");
    let signature = match style {
        "box" => &BOX,
        "region" => &REGION,
        "single" => &SINGLE,
        "random" => &RANDOM,
        _ => return Err(Error::input(format!("create_atoms {style} is not supported")).at(1)),
    };
    let options = signature
        .parse(&format!("create_atoms {style}"), &s.words[2..])
        .map_err(|e| e.shifted(2))?;
    let points = points(s.engine, style, kind, &options).map_err(|e| e.shifted(2))?;
    let created = append(s.engine, &points)?;
    let cell = s.engine.state.cell("Create_atoms")?;
    let unit = options.keyword("units").map_or("lattice", |k| {
        if k.str("value") == "box" {
            "box"
        } else {
            "lattice"
        }
    });
    let log = s.log();
    log.line(&format!("Created {created} atoms"));
    log.line(&format!("  using {unit} units in {}", box_text(cell)));
    log.line(&format!(
        "  create_atoms CPU = {:.3} seconds",
        start.elapsed().as_secs_f64()
    ));
    Ok(Flow::Next)
}

fn points(engine: &mut Engine, style: &str, kind: u32, options: &Args) -> Result<Vec<Point>> {
    for k in ["mol", "rotate", "radscale", "meshmode"] {
        if let Some(k) = options.keyword(k) {
            return Err(Error::input(format!(
                "create_atoms keyword '{}' is not supported",
                k.name()
            ))
            .at(k.position())
            .help("put the molecules into a data file and use read_data"));
        }
    }
    let region = match options
        .get("region-ID")
        .filter(|id| !(style == "random" && *id == "NULL"))
    {
        None => None,
        Some(id) => {
            regions::require(&engine.state.regions, "Create_atoms", id)
                .map_err(|e| e.at(options.word("region-ID")))?;
            regions::update(engine, id)?;
            Some(regions::require(&engine.state.regions, "Create_atoms", id)?.duplicate())
        }
    };
    let region = region.as_deref();
    let box_units = options
        .keyword("units")
        .is_some_and(|k| k.str("value") == "box");
    let spacing = match &engine.state.lattice {
        Some(l) if !box_units => l.spacing,
        _ => [1.0; 3],
    };
    let mut accept = condition(engine, options)?;
    match style {
        "single" => {
            let x = [options.real("x")?, options.real("y")?, options.real("z")?];
            let x = [0, 1, 2].map(|k| x[k] * spacing[k]);
            let remap = options
                .keyword("remap")
                .map_or(Ok(false), |k| k.yes_no("value"))?;
            place::single(&engine.state, kind, x, remap)
        }
        "random" => {
            let random = Random {
                count: usize::try_from(options.int("N")?).map_err(|_| {
                    Error::input("create_atoms random: N must not be negative").at(0)
                })?,
                seed: options.int("seed")?,
                overlap: options
                    .keyword("overlap")
                    .map(|k| k.real("distance"))
                    .transpose()?
                    .map(|d| d * spacing[0]),
                maxtry: options.keyword("maxtry").map_or(Ok(1000), |k| k.int("N"))?,
            };
            if random.count > MAX_RANDOM {
                return Err(Error::input(format!(
                    "create_atoms random: {} are too many atoms (at most {MAX_RANDOM})",
                    random.count
                ))
                .at(0));
            }
            let points = place::random(engine, kind, region, &random, &mut accept)?;
            if points.len() < random.count {
                engine.log.warn(&format!(
                    "Only inserted {} particles out of {}",
                    points.len(),
                    random.count
                ));
            }
            Ok(points)
        }
        _ => {
            let types = basis_types(engine, kind, options)?;
            let mut points = place::lattice(engine, &types, region, &mut accept)?;
            subset(&mut points, options)?;
            Ok(points)
        }
    }
}

fn basis_types(engine: &Engine, kind: u32, options: &Args) -> Result<Vec<u32>> {
    let basis = match &engine.state.lattice {
        Some(l) if l.style != "none" => l.basis.len(),
        _ => {
            return Err(Error::input("Cannot create atoms with undefined lattice")
                .help("add a lattice command"));
        }
    };
    let mut types = vec![kind; basis];
    for k in options.keywords().filter(|k| k.name() == "basis") {
        let m = k.int("M")? as usize;
        let Some(slot) = types.get_mut(m.wrapping_sub(1)) else {
            return Err(Error::input(format!(
                "Invalid basis setting in create_atoms command: the lattice has {basis} basis atoms"
            ))
            .at(k.word("M")));
        };
        *slot = atom_type(&engine.state, k.str("itype"), k.word("itype"))?;
    }
    Ok(types)
}

/// Bound of the memory that a script can ask for.
const MAX_RANDOM: usize = 100_000_000;

/// A test of points.
pub(super) type Accept = Box<dyn FnMut(&mut Engine, [f64; 3]) -> Result<bool>>;

/// The test of points that `var` and `set` ask for.
fn condition(engine: &Engine, options: &Args) -> Result<Accept> {
    let Some(var) = options.keyword("var") else {
        return Ok(Box::new(|_, _| Ok(true)));
    };
    let name = var.str("name").to_string();
    let sets: Vec<(usize, String)> = options
        .keywords()
        .filter(|k| k.name() == "set")
        .map(|k| {
            let dim = ["x", "y", "z"]
                .iter()
                .position(|d| *d == k.str("dim"))
                .unwrap_or(0);
            (dim, k.str("name").to_string())
        })
        .collect();
    for n in sets.iter().map(|s| &s.1).chain([&name]) {
        if engine.variables.style(n).is_none() {
            return Err(
                Error::input(format!("Variable {n} for create_atoms does not exist"))
                    .at(var.position()),
            );
        }
    }
    Ok(Box::new(move |engine, x| {
        for (dim, n) in &sets {
            engine.variables.clone().set_internal(n, x[*dim])?;
        }
        Ok(equal_variable(engine, &name)? != 0.0)
    }))
}

/// Keeps a random choice of exactly n of N points, in their order.
fn subset(points: &mut Vec<Point>, options: &Args) -> Result<()> {
    let total = points.len();
    let (wanted, seed) = if let Some(k) = options.keyword("subset") {
        (k.int("N")? as usize, k.int("seed")?)
    } else if let Some(k) = options.keyword("ratio") {
        let f = k.real("frac")?;
        if !(0.0..=1.0).contains(&f) {
            return Err(
                Error::input(format!("create_atoms ratio {f} lies outside 0..1"))
                    .at(k.word("frac")),
            );
        }
        ((f * total as f64) as usize, k.int("seed")?)
    } else {
        return Ok(());
    };
    if wanted > total {
        return Err(Error::input(format!(
            "Create_atoms subset size {wanted} > number of lattice points {total}"
        )));
    }
    let mut random =
        crate::marsaglia::Marsaglia::new(seed).map_err(|e| Error::input(e.to_string()))?;
    let chosen = random.subset(wanted, total);
    let mut chosen = chosen.iter();
    points.retain(|_| *chosen.next().unwrap_or(&false));
    Ok(())
}

fn append(engine: &mut Engine, points: &[Point]) -> Result<usize> {
    let state = &mut engine.state;
    let style = state.atom_style;
    let first = state.atoms.max_id() + 1;
    for (p, id) in points.iter().zip(first..) {
        state
            .atoms
            .push(id, p.kind, p.x, style.charge, style.molecule);
        if let Some(image) = state.atoms.image.last_mut() {
            *image = p.image;
        }
    }
    state.expected_atoms = state.atoms.len();
    state.touch();
    Ok(points.len())
}
