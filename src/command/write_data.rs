//! `write_data`

use crate::domain::State;
use crate::domain::custom::Property;
use crate::domain::wrap::wrap_atoms;
use crate::engine::{Engine, FixSlot};
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::io::atomic_write;
use crate::io::data::{BondedData, DataFile, PairCoefficients, Section, write};
use crate::pair::coeffs::exact;
use crate::signature::{Args, Kind, Signature, arg, keyword};
use std::collections::HashMap;
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
            keyword("nofix", &[], "leave properties of fix property/atom out"),
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
            keyword(
                "triclinic/general",
                &[],
                "box, positions and velocities as the general triclinic box was defined",
            ),
        ],
        description: "Numbers are written with as many digits as it takes to read the same bits back, so that a run continues exactly. Atoms are wrapped into the periodic box. The file is written whole or not at all. Pair coefficients are written if the pair style has any that need no file. A general triclinic box is written in its restricted form unless `triclinic/general` is given; then the file has avec, bvec, cvec and abc origin, and image flags stay as they are.",
        examples: &[
            "write_data final.data",
            "write_data data.* pair ij",
            "write_data x.data nocoeff types labels",
            "write_data x.data triclinic/general",
        ],
    },
    run,
};

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let general = args.keyword("triclinic/general");
    let cell = s.engine.state.cell("Write_data")?;
    if let Some(k) = &general
        && cell.rotation.is_none()
    {
        return Err(Error::input(
            "Write_data triclinic/general for system that is not general triclinic",
        )
        .at(k.position()));
    }
    let name = args
        .str("file")
        .replace('*', &s.engine.state.step.to_string());
    s.log().line("System init for write_data ...");
    if s.dry() {
        return Ok(Flow::Next);
    }
    // As LAMMPS, which prepares a run before it writes: shrink-wrapped faces follow the atoms.
    wrap_atoms(&mut s.engine.state)?;
    let pair = match (args.keyword("nocoeff"), args.keyword("pair")) {
        (Some(_), _) => None,
        (None, k) => pair_coefficients(s.engine, k.is_some_and(|k| k.str("value") == "ij"))?,
    };
    let state = &s.engine.state;
    let labels = labels(state, args)?;
    let label_types = args
        .keyword("types")
        .is_some_and(|k| k.str("value") == "labels");
    let order: Vec<usize> = state.atoms.order.of(state.atoms.len()).collect();
    let mut bonded = bonded(s.engine, &order, args.keyword("nocoeff").is_none());
    if args.keyword("nolabelmap").is_some()
        && let Some(b) = &mut bonded
    {
        b.labels = [None, None];
    }
    let properties = match args.keyword("nofix") {
        Some(_) => Vec::new(),
        None => properties(s.engine, &order),
    };
    let file = File {
        pair,
        bonded,
        labels,
        label_types,
        properties,
        order,
        general: general.is_some(),
    };
    save(state, Path::new(&name), file).map_err(|e| e.or_at(0))?;
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
/// Those of like types are written without the cutoffs that `pair_coeff` may leave out, as LAMMPS does; those of
/// all pairs are written whole, mixed ones too.
fn pair_coefficients(engine: &mut Engine, all: bool) -> Result<Option<PairCoefficients>> {
    let Some(pair) = engine.pair.as_mut() else {
        return Ok(None);
    };
    // As in LAMMPS: a pair of types may have several lines, which the sections cannot tell apart.
    if pair.name.starts_with("hybrid") {
        return Ok(None);
    }
    let Some((_, commands)) = pair.style.commands() else {
        return Ok(None);
    };
    if all {
        pair.style.init(&engine.state)?;
    }
    let entry = crate::pair::find(&pair.name)?;
    let needed = entry
        .coeff
        .required()
        .map_or(usize::MAX, |n| n.saturating_sub(2));
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
            let mixed = || {
                let numbers = pair.style.resolved(i, j).filter(|_| all)?;
                Some(numbers.into_iter().map(exact).collect())
            };
            let Some(mut words) = table[i * (n + 1) + j].clone().or_else(mixed) else {
                return Ok(None);
            };
            if !all {
                words.truncate(needed);
            }
            line.extend(words);
            lines.push(line);
        }
    }
    Ok(Some(PairCoefficients {
        style: pair.name.clone(),
        all,
        lines,
    }))
}

/// Bonds and angles of atom styles that have them, in the order of the atoms that own them.
fn bonded<'a>(engine: &'a Engine, order: &[usize], coefficients: bool) -> Option<BondedData<'a>> {
    let state = &engine.state;
    if !state.atom_style.bonds {
        return None;
    }
    let topology = &state.atoms.topology;
    let rank: HashMap<i64, usize> = order
        .iter()
        .enumerate()
        .map(|(k, &i)| (state.atoms.id[i], k))
        .collect();
    let mut pairs: Vec<(u32, &[i64])> = topology
        .bonds
        .iter()
        .map(|b| (b.kind, b.atoms.as_slice()))
        .collect();
    pairs.sort_by_key(|b| rank.get(&b.1[0]));
    let mut triples: Vec<(u32, &[i64])> = topology
        .angles
        .iter()
        .map(|a| (a.kind, a.atoms.as_slice()))
        .collect();
    triples.sort_by_key(|a| rank.get(&a.1[1]));
    let bonds = engine.bonded.bonds.as_ref().map(|b| {
        let (_, lines) = b.commands();
        ("Bond Coeffs", b.name().to_string(), lines)
    });
    let angles = engine.bonded.angles.as_ref().map(|a| {
        let (_, lines) = a.commands();
        ("Angle Coeffs", a.name().to_string(), lines)
    });
    let types = &state.types;
    let complete = |labels: &'a [Option<String>], most: usize| {
        let all = (1..=most).map(|t| labels.get(t)?.as_deref());
        all.collect::<Option<Vec<&str>>>().filter(|l| !l.is_empty())
    };
    Some(BondedData {
        labels: [
            complete(&types.bond_label, types.bonds),
            complete(&types.angle_label, types.angles),
        ],
        bond_types: state.types.bonds,
        angle_types: state.types.angles,
        bonds: pairs,
        angles: triples,
        coefficients: bonds
            .into_iter()
            .chain(angles)
            .filter(|c| coefficients && c.1 != "hybrid" && !c.2.is_empty())
            .collect(),
    })
}

/// One section per fix property/atom: its ID, the names of the properties, and the words of every line.
fn properties(engine: &Engine, order: &[usize]) -> Vec<Section> {
    let atoms = &engine.state.atoms;
    let section = |(id, slot): (&String, &FixSlot)| {
        let fix = slot.fix.as_ref().filter(|f| f.writes_properties())?;
        let names = fix.properties();
        let columns: Vec<Property> = names
            .iter()
            .filter_map(|n| Property::find(atoms, n))
            .collect();
        let line = |i: usize| {
            let mut words = vec![atoms.id[i].to_string()];
            for p in &columns {
                words.extend((0..p.columns).map(|k| {
                    let v = p.get(atoms, i, k);
                    if p.integer {
                        format!("{v:.0}")
                    } else {
                        exact(v)
                    }
                }));
            }
            words
        };
        (!names.is_empty()).then(|| Section {
            name: id.clone(),
            hint: names.join(" "),
            lines: order.iter().map(|&i| line(i)).collect(),
        })
    };
    engine.fixes.iter().filter_map(section).collect()
}

/// Indices of atoms: LAMMPS writes them in the order in which it holds them.
struct InOrder<'a>(&'a [usize]);

impl InOrder<'_> {
    fn of<T: Copy>(&self, values: &[T]) -> Vec<T> {
        self.0.iter().map(|&i| values[i]).collect()
    }
}

/// What is written besides atoms and box.
struct File<'a> {
    pair: Option<PairCoefficients>,
    bonded: Option<BondedData<'a>>,
    labels: Option<Vec<&'a str>>,
    label_types: bool,
    properties: Vec<Section>,
    /// Indices of the atoms in the order in which they are written.
    order: Vec<usize>,
    /// Whether box and atoms are turned back into the general triclinic box.
    general: bool,
}

fn save(state: &State, path: &Path, parts: File<'_>) -> Result<()> {
    let File {
        pair,
        bonded,
        labels,
        label_types,
        properties,
        order,
        general,
    } = parts;
    let cell = state.cell("Write_data")?;
    let atoms = &state.atoms;
    let listed = state.atom_style.listed();
    let mut x = atoms.x.clone();
    let rotation = cell.rotation.filter(|_| general);
    let turned: Vec<[f64; 3]>;
    let mut v = &atoms.v;
    if let Some(rotation) = rotation {
        x.iter_mut().for_each(|x| *x = cell.general_position(*x));
        turned = v.iter().map(|v| rotation.to_general(*v)).collect();
        v = &turned;
    }
    let in_order = InOrder(&order);
    let (x, image) = (in_order.of(&x), in_order.of(&atoms.image));
    let (id, kind, v) = (
        in_order.of(&atoms.id),
        in_order.of(&atoms.kind),
        in_order.of(v),
    );
    let molecule = if listed.molecule {
        in_order.of(&atoms.molecule)
    } else {
        Vec::new()
    };
    let charge = if listed.charge {
        in_order.of(&atoms.q)
    } else {
        Vec::new()
    };
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
        edges: rotation.map(|_| cell.general_vectors()),
        masses: (1..=state.types.count)
            .map(|t| state.types.mass[t])
            .collect::<Option<Vec<_>>>()
            .filter(|m| !m.is_empty()),
        types: state.types.count,
        labels,
        label_types,
        pair,
        bonded,
        properties,
        id: &id,
        kind: &kind,
        molecule: &molecule,
        charge: &charge,
        x: &x,
        image: &image,
        v: &v,
    };
    let mut bytes = Vec::with_capacity(160 * atoms.len() + 1024);
    write(&file, &mut bytes)
        .map_err(|e| Error::input(format!("Cannot write data file {}: {e}", path.display())))?;
    atomic_write::write(path, &bytes, false)?;
    Ok(())
}
