//! `write_data`

use crate::domain::State;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::io::atomic_write;
use crate::io::data::{BondedData, DataFile, PairCoefficients, write};
use crate::signature::{Args, Kind, Signature, arg, keyword};
use std::path::Path;

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "write_data",
        summary: "Writes a data file of the present state",
        args: &[arg(
            "file",
            Kind::FileOut,
            "name; * is replaced by the timestep",
        )],
        keywords: &[
            keyword("nocoeff", &[], "leave pair coefficients out"),
            keyword(
                "nofix",
                &[],
                "accepted: fixes write nothing into data files",
            ),
            keyword("nolabelmap", &[], "leave type labels out"),
            keyword(
                "pair",
                &[arg("value", Kind::OneOf(&["ii", "ij"]), "")],
                "coefficients of like types (default) or of all pairs of types",
            ),
            keyword(
                "types",
                &[arg("value", Kind::OneOf(&["numeric", "labels"]), "")],
                "how types are written, default numeric",
            ),
        ],
        description: "Numbers are written with as many digits as it takes to read the same bits back, so that a run continues exactly. Atoms are wrapped into the periodic box. The file is written whole or not at all. Pair coefficients are written if the pair style has any that need no file.",
        examples: &[
            "write_data final.data",
            "write_data data.* pair ij",
            "write_data x.data nocoeff types labels",
        ],
    },
    run,
};

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let state = &s.engine.state;
    state.cell("Write_data")?;
    let name = args.str("file").replace('*', &state.step.to_string());
    s.log().line("System init for write_data ...");
    if s.dry() {
        return Ok(Flow::Next);
    }
    let pair = match (args.keyword("nocoeff"), args.keyword("pair")) {
        (Some(_), _) => None,
        (None, k) => pair_coefficients(s.engine, k.is_some_and(|k| k.str("value") == "ij")),
    };
    let labels = labels(state, args)?;
    let label_types = args
        .keyword("types")
        .is_some_and(|k| k.str("value") == "labels");
    let bonded = bonded(s.engine, args.keyword("nocoeff").is_none());
    save(state, Path::new(&name), pair, bonded, labels, label_types).map_err(|e| e.or_at(0))?;
    Ok(Flow::Next)
}

fn labels<'a>(state: &'a State, args: &Args) -> Result<Option<Vec<&'a str>>> {
    let all: Option<Vec<&str>> = (1..=state.types.count)
        .map(|t| state.types.label.get(t)?.as_deref())
        .collect();
    let wanted = args.keyword("types").filter(|k| k.str("value") == "labels");
    match (wanted, &all) {
        (Some(k), None) => Err(Error::input(
            "Label map is incomplete: all types must be assigned a unique type label",
        )
        .at(k.position())
        .help("labelmap atom 1 Li 2 P ...")),
        _ if args.keyword("nolabelmap").is_some() => Ok(None),
        _ => Ok(all.filter(|l| !l.is_empty())),
    }
}

/// The coefficients of the present pair style, from the words of its `pair_coeff` commands.
fn pair_coefficients(engine: &Engine, all: bool) -> Option<PairCoefficients> {
    let pair = engine.pair.as_ref()?;
    let (_, commands) = pair.style.commands()?;
    let n = engine.state.types.count;
    let mut table: Vec<Option<Vec<String>>> = vec![None; (n + 1) * (n + 1)];
    for words in &commands {
        let [i, j, rest @ ..] = words.as_slice() else {
            continue;
        };
        let (Ok(a), Ok(b)) = (engine.state.types.range(i), engine.state.types.range(j)) else {
            continue;
        };
        for x in a {
            for y in b.clone().filter(|y| *y >= x) {
                table[x * (n + 1) + y] = Some(rest.to_vec());
            }
        }
    }
    let mut lines = Vec::new();
    for i in 1..=n {
        for j in i..=if all { n } else { i } {
            let mut line = vec![i.to_string()];
            if all {
                line.push(j.to_string());
            }
            line.extend(table[i * (n + 1) + j].clone()?);
            lines.push(line);
        }
    }
    Some(PairCoefficients {
        style: pair.name.clone(),
        all,
        lines,
    })
}

/// Bonds and angles of atom styles that have them.
fn bonded(engine: &Engine, coefficients: bool) -> Option<BondedData<'_>> {
    let state = &engine.state;
    if !state.atom_style.bonds {
        return None;
    }
    let topology = &state.atoms.topology;
    let bonds = engine.bonded.bonds.as_ref().map(|b| {
        let (_, lines) = b.commands();
        ("Bond Coeffs", b.name().to_string(), lines)
    });
    let angles = engine.bonded.angles.as_ref().map(|a| {
        let (_, lines) = a.commands();
        ("Angle Coeffs", a.name().to_string(), lines)
    });
    Some(BondedData {
        bond_types: state.types.bonds,
        angle_types: state.types.angles,
        bonds: topology
            .bonds
            .iter()
            .map(|b| (b.kind, b.atoms.as_slice()))
            .collect(),
        angles: topology
            .angles
            .iter()
            .map(|a| (a.kind, a.atoms.as_slice()))
            .collect(),
        coefficients: bonds
            .into_iter()
            .chain(angles)
            .filter(|c| coefficients && !c.2.is_empty())
            .collect(),
    })
}

fn save(
    state: &State,
    path: &Path,
    pair: Option<PairCoefficients>,
    bonded: Option<BondedData<'_>>,
    labels: Option<Vec<&str>>,
    label_types: bool,
) -> Result<()> {
    let cell = state.cell("Write_data")?;
    let atoms = &state.atoms;
    let (mut x, mut image) = (atoms.x.clone(), atoms.image.clone());
    x.iter_mut()
        .zip(&mut image)
        .for_each(|(x, image)| cell.wrap(x, image));
    let file = DataFile {
        title: format!(
            "LAMMPS data file via write_data, argyro {}, timestep = {}, units = {}",
            env!("CARGO_PKG_VERSION"),
            state.step,
            state.units.name
        ),
        atom_style: state.atom_style.name,
        bounds: (cell.lo, cell.hi),
        tilt: cell.triclinic.then_some(cell.tilt),
        masses: (1..=state.types.count)
            .map(|t| state.types.mass[t])
            .collect::<Option<Vec<_>>>()
            .filter(|m| !m.is_empty()),
        types: state.types.count,
        labels,
        label_types,
        pair,
        bonded,
        id: &atoms.id,
        kind: &atoms.kind,
        molecule: &atoms.molecule,
        charge: &atoms.q,
        x: &x,
        image: &image,
        v: &atoms.v,
    };
    let mut bytes = Vec::with_capacity(160 * atoms.len() + 1024);
    write(&file, &mut bytes)
        .map_err(|e| Error::input(format!("Cannot write data file {}: {e}", path.display())))?;
    atomic_write::write(path, &bytes, false)?;
    Ok(())
}
