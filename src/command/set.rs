//! `set`

mod types;

use super::support::{Value, atom_type};
use crate::domain::attribute::{Attribute, require_custom};
use crate::domain::custom::CustomName;
use crate::domain::state::Types;
use crate::domain::{State, regions};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Arg, Args, Keyword, Kind, Signature, arg, keyword, parse_int, rest};

const VALUE: &[Arg] = &[arg("value", Kind::Word, "number or v_name")];
const ATTRIBUTES: &[Keyword] = &[
    keyword(
        "type",
        &[arg("value", Kind::Word, "type, type label or v_name")],
        "atom type",
    ),
    keyword(
        "type/fraction",
        &[
            arg("type", Kind::Word, ""),
            arg("fraction", Kind::Real, ""),
            arg("seed", Kind::Count, ""),
        ],
        "atom type of each atom with this probability, from a random stream of its position",
    ),
    keyword(
        "type/ratio",
        &[
            arg("type", Kind::Word, ""),
            arg("fraction", Kind::Real, ""),
            arg("seed", Kind::Count, ""),
        ],
        "atom type of exactly this fraction of the atoms, chosen at random",
    ),
    keyword(
        "type/subset",
        &[
            arg("type", Kind::Word, ""),
            arg("N", Kind::Int, ""),
            arg("seed", Kind::Count, ""),
        ],
        "atom type of exactly N of the atoms, chosen at random",
    ),
    keyword("mol", VALUE, "molecule ID"),
    keyword("x", VALUE, "position, distance units"),
    keyword("y", VALUE, "position, distance units"),
    keyword("z", VALUE, "position, distance units"),
    keyword("vx", VALUE, "velocity"),
    keyword("vy", VALUE, "velocity"),
    keyword("vz", VALUE, "velocity"),
    keyword("charge", VALUE, "charge"),
    keyword(
        "mass",
        VALUE,
        "mass, for fix property/atom rmass: otherwise masses belong to types",
    ),
    keyword(
        "image",
        &[
            arg("nx", Kind::Word, ""),
            arg("ny", Kind::Word, ""),
            arg("nz", Kind::Word, ""),
        ],
        "image flags; NULL leaves one as it is",
    ),
    keyword(
        "bond",
        &[arg("value", Kind::Word, "")],
        "type of all bonds between chosen atoms",
    ),
    keyword(
        "angle",
        &[arg("value", Kind::Word, "")],
        "type of all angles between chosen atoms",
    ),
];
const REST: Signature = Signature {
    name: "set",
    summary: "",
    args: &[],
    keywords: ATTRIBUTES,
    description: "",
    examples: &[],
};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "set",
        summary: "Sets attributes of atoms",
        args: &[
            arg(
                "style",
                Kind::OneOf(&["atom", "type", "mol", "group", "region"]),
                "how atoms are chosen",
            ),
            arg(
                "ID",
                Kind::Word,
                "atom IDs, types (a, a*b, *), molecule IDs, group or region",
            ),
            rest("args", "attributes with their values"),
        ],
        keywords: ATTRIBUTES,
        description: "The attributes are set in the order given. `type/fraction` uses LAMMPS' random stream; `type/ratio` and `type/subset` choose by the same kind of stream. Properties of `fix property/atom` are set by their words: `d_NAME value`, `d2_NAME[1] value`.",
        examples: &[
            "set type 1 charge 1.0",
            "set group all type/fraction 2 0.5 12393",
            "set atom 1*10 x 0.3 vx 0.5",
            "set region top vz v_speed",
        ],
    },
    run,
};

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    s.engine.state.cell("Set")?;
    if s.engine.state.atoms.is_empty() {
        return Err(Error::input("Set command with no atoms existent"));
    }
    let chosen = select(s.engine, args.str("style"), args.str("ID"))?;
    if s.words.len() < 3 {
        return Err(Error::input(
            "Illegal set command: missing argument(s): no attribute is given",
        ));
    }
    s.log().line("Setting atom values ...");
    let mut at = 2;
    while at < s.words.len() {
        if let Some(name) = CustomName::parse(s.words[at]) {
            let word = s.words[at];
            let count = custom(s, &chosen, &name, at).map_err(|e| e.or_at(at))?;
            s.log().line(&format!("  {count} settings made for {word}"));
            at += 2;
            continue;
        }
        let rest = &s.words[at..];
        let end = rest.iter().position(|w| CustomName::parse(w).is_some());
        let own = &rest[..end.unwrap_or(rest.len())];
        let attributes = REST.parse("set", own).map_err(|e| e.shifted(at))?;
        for k in attributes.keywords() {
            let count =
                apply(s.engine, &chosen, &k).map_err(|e| e.or_at(k.position()).shifted(at))?;
            s.log()
                .line(&format!("  {count} settings made for {}", k.name()));
        }
        at += own.len();
    }
    s.engine.state.touch();
    Ok(Flow::Next)
}

/// Sets a property of `fix property/atom`; its word is at `at`, the value follows.
fn custom(s: &mut Session<'_>, chosen: &[usize], name: &CustomName, at: usize) -> Result<usize> {
    let Some(&word) = s.words.get(at + 1) else {
        return Err(Error::input(format!(
            "Illegal set command: missing argument(s): {} has no value",
            name.key
        )));
    };
    let column = match (name.array, name.column) {
        (true, None) => {
            return Err(Error::input(format!(
                "set {0} needs a column, as in {0}[1]",
                name.key
            )));
        }
        (false, Some(_)) => {
            return Err(Error::input(format!(
                "set {}: the property has no columns",
                name.key
            )));
        }
        (_, column) => column.unwrap_or(1) - 1,
    };
    require_custom(
        &Attribute::Custom(name.key.clone(), name.integer, column),
        s.engine,
    )?;
    let value = Value::read(s.engine, at + 1, word)?;
    for &i in chosen {
        let mut v = value.of(i);
        if name.integer {
            v = whole(v, &name.key)? as f64;
        }
        if let Some(c) = s.engine.state.atoms.custom.get_mut(&name.key) {
            c.values[i * c.columns + column] = v;
        }
    }
    Ok(chosen.len())
}

/// Indices of the chosen atoms.
fn select(engine: &mut Engine, style: &str, id: &str) -> Result<Vec<usize>> {
    if style == "region" {
        regions::require(&engine.state.regions, "Set", id).map_err(|e| e.at(1))?;
        regions::update(engine, id).map_err(|e| e.or_at(1))?;
    }
    let state = &engine.state;
    let atoms = &state.atoms;
    let all = 0..atoms.len();
    Ok(match style {
        "region" => {
            let region = regions::require(&state.regions, "Set", id)?;
            all.filter(|&i| region.contains(atoms.x[i])).collect()
        }
        "group" => {
            let bit = state.groups.require("set", id).map_err(|e| e.at(1))?;
            all.filter(|&i| atoms.mask[i] & bit != 0).collect()
        }
        "type" => {
            let range = state.types.range(id).map_err(|e| e.at(1))?;
            all.filter(|&i| range.contains(&(atoms.kind[i] as usize)))
                .collect()
        }
        "mol" => {
            molecules(state)?;
            let range = id_range(id)?;
            all.filter(|&i| range.contains(&atoms.molecule[i]))
                .collect()
        }
        _ => {
            let range = id_range(id)?;
            all.filter(|&i| range.contains(&atoms.id[i])).collect()
        }
    })
}

fn molecules(state: &State) -> Result<()> {
    if state.atom_style.molecule {
        return Ok(());
    }
    Err(Error::input(format!(
        "Cannot set attribute mol for atom style {}",
        state.atom_style.name
    )))
}

/// `5`, `*`, `2*`, `*7`, `2*7`
fn id_range(word: &str) -> Result<std::ops::RangeInclusive<i64>> {
    let bound = |s: &str, open: i64| {
        if s.is_empty() {
            Some(open)
        } else {
            parse_int(s)
        }
    };
    let range = match word.split_once('*') {
        None => parse_int(word).map(|v| (v, v)),
        Some((a, b)) => bound(a, 0).zip(bound(b, i64::MAX)),
    };
    match range {
        Some((a, b)) if a >= 0 && a <= b => Ok(a..=b),
        _ => Err(Error::input(format!("Invalid range string: {word}")).at(1)),
    }
}

/// Sets one attribute; returns the number of settings.
fn apply(
    engine: &mut Engine,
    chosen: &[usize],
    k: &crate::signature::KeywordArgs<'_>,
) -> Result<usize> {
    let style = engine.state.atom_style;
    let unsupported = |what: &str| {
        Err(Error::input(format!(
            "Cannot set attribute {what} for atom style {}",
            style.name
        )))
    };
    match k.name() {
        "type" if !k.str("value").starts_with("v_") => {
            let t = atom_type(&engine.state, k.str("value"), k.word("value"))?;
            chosen.iter().for_each(|&i| engine.state.atoms.kind[i] = t);
        }
        "type/fraction" | "type/ratio" | "type/subset" => return types::choose(engine, chosen, k),
        "mass" if engine.state.atoms.rmass.is_none() => {
            return Err(Error::input(format!(
                "Cannot set attribute mass for atom style {}",
                style.name
            ))
            .help("masses belong to types: use the mass command, or fix property/atom rmass"));
        }
        "bond" if !style.bonds => return unsupported("bond"),
        "angle" if !style.angles => return unsupported("angle"),
        "bond" | "angle" => return bonded(engine, chosen, k),
        "charge" if !style.charge => return unsupported("charge"),
        "mol" if !style.molecule => return unsupported("mol"),
        "image" => image(engine, chosen, k)?,
        name => {
            let value = Value::read(engine, k.word("value"), k.str("value"))?;
            for &i in chosen {
                number(&mut engine.state, i, name, value.of(i))
                    .map_err(|e| e.or_at(k.word("value")))?;
            }
        }
    }
    Ok(chosen.len())
}

/// Sets the types of bonds or angles all of whose atoms are chosen.
fn bonded(
    engine: &mut Engine,
    chosen: &[usize],
    k: &crate::signature::KeywordArgs<'_>,
) -> Result<usize> {
    let types = &engine.state.types;
    let bonds = k.name() == "bond";
    let most = if bonds { types.bonds } else { types.angles };
    let labels = if bonds {
        &types.bond_label
    } else {
        &types.angle_label
    };
    let word = Types::bonded_type(labels, k.str("value"));
    let kind = *crate::domain::topology::type_range(&word, most, k.name())
        .map_err(|e| e.at(k.word("value")))?
        .start() as u32;
    let atoms = &mut engine.state.atoms;
    let ids: std::collections::HashSet<i64> = chosen.iter().map(|&i| atoms.id[i]).collect();
    let inside = |a: &[i64]| a.iter().all(|id| ids.contains(id));
    let mut count = 0;
    if bonds {
        for b in atoms.topology.bonds.iter_mut().filter(|b| inside(&b.atoms)) {
            b.kind = kind;
            count += 1;
        }
    } else {
        for a in atoms
            .topology
            .angles
            .iter_mut()
            .filter(|a| inside(&a.atoms))
        {
            a.kind = kind;
            count += 1;
        }
    }
    engine.topology_changed();
    Ok(count)
}

fn whole(v: f64, what: &str) -> Result<i64> {
    if v.fract() == 0.0 && v.abs() < 9e15 {
        Ok(v as i64)
    } else {
        Err(Error::input(format!(
            "set {what}: {v} is not a whole number"
        )))
    }
}

fn number(state: &mut State, i: usize, name: &str, v: f64) -> Result<()> {
    if !v.is_finite() {
        return Err(Error::input(format!(
            "set {name}: the value for atom {} is not finite",
            state.atoms.id[i]
        )));
    }
    let types = state.types.count;
    let atoms = &mut state.atoms;
    match name {
        "x" => atoms.x[i][0] = v,
        "y" => atoms.x[i][1] = v,
        "z" => atoms.x[i][2] = v,
        "vx" => atoms.v[i][0] = v,
        "vy" => atoms.v[i][1] = v,
        "vz" => atoms.v[i][2] = v,
        "charge" => atoms.q[i] = v,
        "mass" => {
            if v <= 0.0 {
                return Err(Error::input(format!("Invalid mass in set command: {v}")));
            }
            if let Some(m) = atoms.rmass.as_mut().and_then(|m| m.get_mut(i)) {
                *m = v;
            }
        }
        "mol" => {
            let m = whole(v, "mol")?;
            if m < 0 {
                return Err(Error::input(format!(
                    "Invalid molecule ID {m} in set command"
                )));
            }
            atoms.molecule[i] = m;
        }
        "type" => {
            let t = whole(v, "type")?;
            if t < 1 || t as usize > types {
                return Err(Error::input(format!(
                    "Invalid atom type {t} in set command: there are {types} atom types"
                )));
            }
            atoms.kind[i] = t as u32;
        }
        other => return Err(Error::input(format!("set {other} is not supported"))),
    }
    Ok(())
}

fn image(
    engine: &mut Engine,
    chosen: &[usize],
    k: &crate::signature::KeywordArgs<'_>,
) -> Result<()> {
    for (d, name) in ["nx", "ny", "nz"].into_iter().enumerate() {
        if k.str(name) == "NULL" {
            continue;
        }
        if !engine.state.cell("Set")?.periodic(d) {
            return Err(Error::input("Cannot set non-periodic image flag").at(k.word(name)));
        }
        let value = Value::read(engine, k.word(name), k.str(name))?;
        for &i in chosen {
            let n = whole(value.of(i), "image")?;
            engine.state.atoms.image[i][d] = i32::try_from(n).map_err(|_| {
                Error::input(format!("set image: {n} is too large")).at(k.word(name))
            })?;
        }
    }
    Ok(())
}
