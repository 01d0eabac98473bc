//! `group`

use super::support::{atom_type, per_atom_variable, surplus};
use crate::domain::{State, regions};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::fix::group_dynamic::DynamicGroup;
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, keyword, parse_int, rest};

const STYLES: &[&str] = &[
    "type",
    "id",
    "molecule",
    "region",
    "union",
    "subtract",
    "intersect",
    "variable",
    "include",
    "clear",
    "delete",
    "empty",
    "dynamic",
    "static",
];

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "group",
        summary: "Puts atoms into a group",
        args: &[
            arg("group-ID", Kind::Defines("group"), "name of the group"),
            arg("style", Kind::OneOf(STYLES), "which atoms"),
            rest("args", "depends on the style"),
        ],
        keywords: &[],
        description: "`type`, `id`, `molecule`: values (types may be labels), ranges `a:b` and `a:b:step`, or a comparison `< > <= >= == !=` with one value, `<>` with two. `region ID`. `union`, `intersect`, `subtract` of other groups (the first minus the others). `variable NAME`: atoms for which an atom-style variable is not zero. `include molecule`: all atoms of molecules that have an atom in the group. `clear` removes all atoms, `delete` the group, `empty` makes an empty one. Atoms are added to a group that exists. There are up to 32 groups.\n\n`dynamic PARENT [region ID] [var NAME] [property NAME] [every N]` makes a group whose atoms are chosen anew from the parent group at the start of every run and every N steps; `static` ends that and keeps the present atoms.",
        examples: &[
            "group li type 1",
            "group some id 1:100:2 200",
            "group low id <= 50",
            "group rest subtract all li",
            "group rest delete",
            "group hot dynamic all var fast every 10",
        ],
    },
    run,
};

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    s.engine.state.cell("Group")?;
    let (id, style) = (args.str("group-ID"), args.str("style"));
    let words = &s.words[2..];
    match style {
        "delete" => {
            surplus(s.words, 2, "group delete")?;
            return delete(s, id);
        }
        "clear" => {
            let bit = s
                .engine
                .state
                .groups
                .require("group clear", id)
                .map_err(|e| e.at(0))?;
            if bit == 1 {
                return Err(Error::input("Cannot clear group all").at(0));
            }
            s.engine
                .state
                .atoms
                .mask
                .iter_mut()
                .for_each(|m| *m &= !bit);
            return Ok(Flow::Next);
        }
        "dynamic" => return dynamic(s, id),
        "static" => {
            let name = fix_of(id);
            s.engine
                .state
                .groups
                .require("group static", id)
                .map_err(|e| e.at(0))?;
            if s.engine.fixes.contains_key(&name) {
                s.engine.remove_fix(&name)?;
            }
            return Ok(Flow::Next);
        }
        _ if s.engine.fixes.contains_key(&fix_of(id)) => {
            return Err(
                Error::input(format!("Cannot add atoms to dynamic group {id}"))
                    .at(0)
                    .help(format!("make it static first: group {id} static")),
            );
        }
        _ => {}
    }
    if id == "all" && style == "clear" {
        return Err(Error::input("Cannot clear group all").at(0));
    }
    let chosen = members(s.engine, style, id, words).map_err(|e| e.shifted(2))?;
    let state = &mut s.engine.state;
    let bit = state.groups.find_or_create(id).map_err(|e| e.at(0))?;
    for (mask, _) in state
        .atoms
        .mask
        .iter_mut()
        .zip(&chosen)
        .filter(|(_, c)| **c)
    {
        *mask |= bit;
    }
    state.touch();
    let count = s
        .engine
        .state
        .atoms
        .mask
        .iter()
        .filter(|m| **m & bit != 0)
        .count();
    s.log().line(&format!("{count} atoms in group {id}"));
    Ok(Flow::Next)
}

const DYNAMIC: Signature = Signature {
    name: "group dynamic",
    summary: "group whose atoms are chosen anew during runs",
    args: &[arg(
        "parent-ID",
        Kind::Uses("group"),
        "atoms to choose from",
    )],
    keywords: &[
        keyword(
            "region",
            &[arg("ID", Kind::Uses("region"), "")],
            "atoms in it",
        ),
        keyword(
            "var",
            &[arg("name", Kind::Word, "")],
            "atoms for which the atom-style variable is not zero",
        ),
        keyword(
            "property",
            &[arg("name", Kind::Word, "NAME of i_NAME or d_NAME")],
            "atoms whose property (fix property/atom) is not zero",
        ),
        keyword(
            "every",
            &[arg("N", Kind::Count, "steps")],
            "steps between decisions, default 1",
        ),
        keyword(
            "include",
            &[arg("what", Kind::Word, "molecule")],
            "not supported",
        ),
    ],
    description: "",
    examples: &[],
};

/// ID of the fix that keeps a dynamic group.
fn fix_of(group: &str) -> String {
    format!("GROUP_{group}")
}

fn dynamic(s: &mut Session<'_>, id: &str) -> Result<Flow> {
    let engine = &mut *s.engine;
    if id == "all" {
        return Err(Error::input("Group all cannot be made dynamic").at(0));
    }
    let args = DYNAMIC
        .parse("group dynamic", &s.words[2..])
        .map_err(|e| e.shifted(2))?;
    let parent = args.str("parent-ID");
    if parent == id {
        return Err(Error::input("Group dynamic cannot reference itself").at(2));
    }
    let parent_bit = engine
        .state
        .groups
        .require("group dynamic parent", parent)
        .map_err(|e| e.at(2))?;
    let mut group = DynamicGroup {
        bit: 0,
        parent: parent_bit,
        every: 1,
        region: None,
        variable: None,
        property: None,
    };
    for k in args.keywords() {
        let at = |e: Error, name: &str| e.at(k.word(name) + 2);
        match k.name() {
            "region" => {
                let name = k.str("ID");
                regions::require(&engine.state.regions, "Group dynamic", name)
                    .map_err(|e| at(e, "ID"))?;
                group.region = Some(name.to_string());
            }
            "var" => {
                let name = k.str("name");
                let name = name.strip_prefix("v_").unwrap_or(name);
                if engine.variables.style(name).is_none() {
                    let e = Error::input(format!(
                        "Variable name {name} for group dynamic does not exist"
                    ));
                    return Err(at(e, "name"));
                }
                group.variable = Some(name.to_string());
            }
            "property" => {
                let name = k.str("name");
                let custom = &engine.state.atoms.custom;
                // LAMMPS' way is the name without its prefix
                let forms = [format!("i_{name}"), format!("d_{name}"), name.to_string()];
                let Some(key) = forms.into_iter().find(|f| custom.contains_key(f)) else {
                    let e = Error::input(format!(
                        "Property {name} for group dynamic does not exist: fix property/atom defines properties"
                    ));
                    return Err(at(e, "name"));
                };
                group.property = Some(key);
            }
            "every" => group.every = k.int("N")?,
            _ => {
                let e = Error::input("group dynamic keyword 'include' is not supported")
                    .help("use an atom-style variable that depends on the molecule");
                return Err(at(e, "what"));
            }
        }
    }
    group.bit = engine
        .state
        .groups
        .find_or_create(id)
        .map_err(|e| e.at(0))?;
    let name = fix_of(id);
    if engine.fixes.contains_key(&name) {
        engine.remove_fix(&name)?;
    }
    engine.adopt_fix(&name, "group", Box::new(group));
    s.log().line(&format!("dynamic group {id} defined"));
    Ok(Flow::Next)
}

fn members(engine: &mut Engine, style: &str, id: &str, words: &[&str]) -> Result<Vec<bool>> {
    let n = engine.state.atoms.len();
    let first = |what: &str| {
        words.first().copied().ok_or_else(|| {
            Error::input(format!(
                "Illegal group {style} command: missing argument(s): {what} is not given"
            ))
        })
    };
    match style {
        "empty" => Ok(vec![false; n]),
        "region" => {
            let name = first("a region ID")?;
            regions::require(&engine.state.regions, "Group", name).map_err(|e| e.at(0))?;
            regions::update(engine, name).map_err(|e| e.or_at(0))?;
            let region = regions::require(&engine.state.regions, "Group", name)?;
            Ok(engine
                .state
                .atoms
                .x
                .iter()
                .map(|x| region.contains(*x))
                .collect())
        }
        "variable" => {
            let name = first("a variable")?;
            let name = name.strip_prefix("v_").unwrap_or(name);
            if engine.variables.style(name).is_none() {
                return Err(
                    Error::input(format!("Variable name {name} for group does not exist")).at(0),
                );
            }
            Ok(per_atom_variable(engine, name)
                .map_err(|e| e.or_at(0))?
                .iter()
                .map(|v| *v != 0.0)
                .collect())
        }
        "include" => {
            if first("molecule")? != "molecule" {
                return Err(Error::input(
                    "Illegal group include command: only 'molecule' can be included",
                )
                .at(0));
            }
            include_molecules(&engine.state, id)
        }
        "union" | "intersect" | "subtract" => combine(&engine.state, style, words),
        _ => by_value(&engine.state, style, words),
    }
}

fn combine(state: &State, style: &str, words: &[&str]) -> Result<Vec<bool>> {
    if words.is_empty() {
        return Err(Error::input(format!(
            "Illegal group {style} command: no groups are given"
        )));
    }
    let bits = words
        .iter()
        .enumerate()
        .map(|(i, w)| state.groups.require(style, w).map_err(|e| e.at(i)))
        .collect::<Result<Vec<u32>>>()?;
    let test = |mask: u32| match style {
        "union" => bits.iter().any(|b| mask & b != 0),
        "intersect" => bits.iter().all(|b| mask & b != 0),
        _ => mask & bits[0] != 0 && bits[1..].iter().all(|b| mask & b == 0),
    };
    Ok(state.atoms.mask.iter().map(|m| test(*m)).collect())
}

fn include_molecules(state: &State, id: &str) -> Result<Vec<bool>> {
    molecules(state)?;
    let bit = state.groups.require("include", id)?;
    let inside: std::collections::HashSet<i64> = state
        .atoms
        .molecule
        .iter()
        .zip(&state.atoms.mask)
        .filter(|(m, mask)| **m != 0 && **mask & bit != 0)
        .map(|(m, _)| *m)
        .collect();
    Ok(state
        .atoms
        .molecule
        .iter()
        .map(|m| inside.contains(m))
        .collect())
}

fn molecules(state: &State) -> Result<()> {
    if state.atom_style.molecule {
        return Ok(());
    }
    Err(Error::input(format!(
        "Group command requires atom attribute molecule, which atom_style {} does not have",
        state.atom_style.name
    )))
}

/// A condition on a type, an ID or a molecule ID.
enum Test {
    /// From, to, step.
    Range(i64, i64, i64),
    /// Comparison with one value.
    Compare(&'static str, i64),
    /// Between two values, inclusive.
    Between(i64, i64),
}

impl Test {
    fn holds(&self, v: i64) -> bool {
        match *self {
            Self::Range(a, b, step) => v >= a && v <= b && (v - a) % step == 0,
            Self::Between(a, b) => v >= a && v <= b,
            Self::Compare(op, b) => match op {
                "<" => v < b,
                ">" => v > b,
                "<=" => v <= b,
                ">=" => v >= b,
                "==" => v == b,
                _ => v != b,
            },
        }
    }
}

fn by_value(state: &State, style: &str, words: &[&str]) -> Result<Vec<bool>> {
    if style == "molecule" {
        molecules(state)?;
    }
    let tests = tests(state, style, words)?;
    let holds = |v: i64| tests.iter().any(|t| t.holds(v));
    let atoms = &state.atoms;
    Ok(match style {
        "type" => atoms.kind.iter().map(|t| holds(i64::from(*t))).collect(),
        "id" => atoms.id.iter().map(|v| holds(*v)).collect(),
        _ => atoms.molecule.iter().map(|v| holds(*v)).collect(),
    })
}

fn tests(state: &State, style: &str, words: &[&str]) -> Result<Vec<Test>> {
    const OPS: [&str; 6] = ["<", ">", "<=", ">=", "==", "!="];
    let value = |i: usize, w: &str| -> Result<i64> {
        if style == "type" && parse_int(w).is_none() {
            return atom_type(state, w, i).map(i64::from);
        }
        parse_int(w).ok_or_else(|| {
            Error::input(format!(
                "Illegal group {style} command: expected a whole number, found '{w}'"
            ))
            .at(i)
        })
    };
    let missing = || {
        Error::input(format!(
            "Illegal group {style} command: missing argument(s)"
        ))
    };
    let Some(head) = words.first() else {
        return Err(missing());
    };
    if let Some(op) = OPS.iter().find(|o| *o == head) {
        return match words {
            [_, w] => Ok(vec![Test::Compare(op, value(1, w)?)]),
            _ => Err(missing().help(format!("usage: group ID {style} {op} value"))),
        };
    }
    if *head == "<>" {
        return match words {
            [_, a, b] => Ok(vec![Test::Between(value(1, a)?, value(2, b)?)]),
            _ => Err(missing().help(format!("usage: group ID {style} <> low high"))),
        };
    }
    words
        .iter()
        .enumerate()
        .map(|(i, w)| range(i, w, style, &value))
        .collect()
}

fn range(
    i: usize,
    word: &str,
    style: &str,
    value: &dyn Fn(usize, &str) -> Result<i64>,
) -> Result<Test> {
    if style == "type" && value(i, word).is_ok() {
        let v = value(i, word)?;
        return Ok(Test::Range(v, v, 1));
    }
    let parts: Vec<&str> = word.split(':').collect();
    let (a, b, step) = match parts.as_slice() {
        [a] => (value(i, a)?, value(i, a)?, 1),
        [a, b] => (value(i, a)?, value(i, b)?, 1),
        [a, b, c] => (value(i, a)?, value(i, b)?, value(i, c)?),
        _ => (0, 0, 0),
    };
    if step < 1 || a > b {
        return Err(Error::input(format!(
            "Illegal range increment value in group {style} command: '{word}' is not a:b or a:b:step"
        ))
        .at(i));
    }
    Ok(Test::Range(a, b, step))
}

fn delete(s: &mut Session<'_>, id: &str) -> Result<Flow> {
    let engine = &mut *s.engine;
    let bit = engine
        .state
        .groups
        .require("group delete", id)
        .map_err(|e| e.at(0))?;
    if bit == 1 {
        return Err(Error::input("Cannot delete group all").at(0));
    }
    let user = engine
        .fixes
        .iter()
        .find(|(_, f)| f.id.group == id)
        .map(|(n, _)| format!("fix {n}"))
        .or_else(|| {
            engine
                .computes
                .iter()
                .find(|(_, c)| c.id.group == id)
                .map(|(n, _)| format!("compute {n}"))
        })
        .or_else(|| {
            engine
                .dumps
                .iter()
                .find(|(_, d)| d.id.group == id)
                .map(|(n, _)| format!("dump {n}"))
        });
    if let Some(user) = user {
        return Err(
            Error::input(format!("Cannot delete group {id} currently used by {user}")).at(0),
        );
    }
    if engine.fixes.contains_key(&fix_of(id)) {
        engine.remove_fix(&fix_of(id))?;
    }
    engine.state.atoms.mask.iter_mut().for_each(|m| *m &= !bit);
    engine.state.groups.remove(id);
    Ok(Flow::Next)
}
