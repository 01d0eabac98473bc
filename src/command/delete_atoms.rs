//! `delete_atoms`

mod near;

use super::support::per_atom_variable;
use crate::domain::regions;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::marsaglia::Marsaglia;
use crate::signature::{
    Args, Keyword, Kind, Signature, arg, keyword, parse_int, parse_real, parse_yes_no, rest,
};

const KEYWORDS: &[Keyword] = &[
    keyword(
        "compress",
        &[arg("value", Kind::YesNo, "")],
        "renumber the remaining atoms 1..N, default yes",
    ),
    keyword(
        "bond",
        &[arg("value", Kind::YesNo, "")],
        "delete bonds and angles of deleted atoms too, default no",
    ),
    keyword(
        "mol",
        &[arg("value", Kind::YesNo, "")],
        "delete whole molecules, default no",
    ),
];
const OPTIONS: Signature = Signature {
    name: "delete_atoms",
    summary: "",
    args: &[],
    keywords: KEYWORDS,
    description: "",
    examples: &[],
};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "delete_atoms",
        summary: "Deletes atoms",
        args: &[
            arg(
                "style",
                Kind::OneOf(&["group", "region", "overlap", "random", "variable"]),
                "which atoms",
            ),
            rest(
                "args",
                "group ID; region ID; overlap cutoff group1 group2; random fraction|count value eflag group region|NULL seed; variable name; then keywords",
            ),
        ],
        keywords: KEYWORDS,
        description: "`overlap` deletes atoms of group1 that lie within the cutoff of an atom of group2, until no such pair remains. `random` chooses atoms by LAMMPS' random stream: exactly the number with eflag yes or `count`, each with the given probability with `fraction` and eflag no. Unless `compress no`, the remaining atoms are renumbered as LAMMPS does on one rank.",
        examples: &[
            "delete_atoms group li compress no",
            "delete_atoms region hole",
            "delete_atoms overlap 0.5 all all",
            "delete_atoms random fraction 0.1 yes all NULL 4711",
        ],
    },
    run,
};

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    s.engine.state.cell("Delete_atoms")?;
    let words = &s.words[1..];
    let style = args.str("style");
    let positional = match style {
        "overlap" => 3,
        "random" => 6,
        _ => 1,
    };
    if words.len() < positional {
        return Err(Error::input(format!(
            "Illegal delete_atoms {style} command: missing argument(s)"
        ))
        .at(0));
    }
    let options = OPTIONS
        .parse(&format!("delete_atoms {style}"), &words[positional..])
        .map_err(|e| e.shifted(1 + positional))?;
    let yes = |k: &str, default: bool| {
        options
            .keyword(k)
            .map_or(Ok(default), |k| k.yes_no("value"))
    };
    let bonds = yes("bond", false)?;
    if bonds && !s.engine.state.atom_style.bonds {
        return Err(Error::input(
            "Cannot delete_atoms bond yes for non-molecular systems",
        ));
    }
    let mut doomed = choose(s.engine, style, words).map_err(|e| e.shifted(1))?;
    let molecules = yes("mol", false)?;
    if molecules {
        whole_molecules(s.engine, &mut doomed)?;
    }
    let count = |s: &Session<'_>| {
        let atoms = &s.engine.state.atoms;
        [
            atoms.len(),
            atoms.topology.bonds.len(),
            atoms.topology.angles.len(),
        ]
    };
    let before = count(s);
    if bonds {
        let atoms = &mut s.engine.state.atoms;
        let gone: std::collections::HashSet<i64> = atoms
            .id
            .iter()
            .zip(&doomed)
            .filter(|p| *p.1)
            .map(|p| *p.0)
            .collect();
        atoms.topology.retain_whole(|id| !gone.contains(&id));
    }
    // Bonds name atoms by their IDs, so molecular systems keep them, as in LAMMPS.
    let compress = yes("compress", true)? && !s.engine.state.atom_style.bonds;
    remove(s.engine, &doomed, compress);
    s.engine.topology_changed();
    let after = count(s);
    let style = s.engine.state.atom_style;
    for (k, what, there) in [
        (0, "atoms", true),
        (1, "bonds", (bonds || molecules) && style.bonds),
        (2, "angles", (bonds || molecules) && style.angles),
    ] {
        if there {
            let (gone, total) = (before[k].saturating_sub(after[k]), after[k]);
            let line = format!("Deleted {gone} {what}, new total = {total}");
            s.log().line(&line);
        }
    }
    Ok(Flow::Next)
}

fn choose(engine: &mut Engine, style: &str, words: &[&str]) -> Result<Vec<bool>> {
    match style {
        "group" => group(engine, words[0], 0),
        "region" => in_region(engine, words[0]).map_err(|e| e.or_at(0)),
        "variable" => {
            let name = words[0].strip_prefix("v_").unwrap_or(words[0]);
            let values = per_atom_variable(engine, name).map_err(|e| e.or_at(0))?;
            Ok(values.iter().map(|v| *v != 0.0).collect())
        }
        "overlap" => overlap(engine, words),
        _ => random(engine, words),
    }
}

fn group(engine: &Engine, name: &str, at: usize) -> Result<Vec<bool>> {
    let bit = engine
        .state
        .groups
        .require("delete_atoms", name)
        .map_err(|e| e.at(at))?;
    Ok(engine
        .state
        .atoms
        .mask
        .iter()
        .map(|m| m & bit != 0)
        .collect())
}

fn in_region(engine: &mut Engine, id: &str) -> Result<Vec<bool>> {
    regions::require(&engine.state.regions, "Delete_atoms", id)?;
    regions::update(engine, id)?;
    let region = regions::require(&engine.state.regions, "Delete_atoms", id)?;
    Ok(engine
        .state
        .atoms
        .x
        .iter()
        .map(|x| region.contains(*x))
        .collect())
}

/// Atoms of group 1 within the cutoff of an atom of group 2 that is not deleted itself.
fn overlap(engine: &Engine, words: &[&str]) -> Result<Vec<bool>> {
    let cutoff = parse_real(words[0]).filter(|c| *c > 0.0).ok_or_else(|| {
        Error::input(format!("expected a positive cutoff, found '{}'", words[0])).at(0)
    })?;
    let (one, two) = (group(engine, words[1], 1)?, group(engine, words[2], 2)?);
    let cell = engine.state.cell("Delete_atoms")?;
    let x = &engine.state.atoms.x;
    let neighbors = near::Near::new(cell, x, cutoff);
    let mut doomed = vec![false; x.len()];
    for i in (0..x.len()).filter(|i| one[*i]) {
        doomed[i] = neighbors.any(x[i], |j| {
            let d = cell.minimum_image([x[i][0] - x[j][0], x[i][1] - x[j][1], x[i][2] - x[j][2]]);
            j != i
                && two[j]
                && !doomed[j]
                && d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < cutoff * cutoff
        });
    }
    Ok(doomed)
}

/// `random fraction|count value eflag group region|NULL seed`
fn random(engine: &mut Engine, words: &[&str]) -> Result<Vec<bool>> {
    let mut eligible = group(engine, words[3], 3)?;
    if words[4] != "NULL" {
        let inside = in_region(engine, words[4]).map_err(|e| e.or_at(4))?;
        eligible.iter_mut().zip(inside).for_each(|(e, i)| *e &= i);
    }
    let exact = parse_yes_no(words[2]).ok_or_else(|| {
        Error::input(format!(
            "expected yes or no for 'eflag', found '{}'",
            words[2]
        ))
        .at(2)
    })?;
    let order = &engine.state.atoms.order;
    let candidates: Vec<usize> = order.of(eligible.len()).filter(|&i| eligible[i]).collect();
    let total = candidates.len();
    let bad = || Error::input(format!("Illegal delete_atoms random value {}", words[1])).at(1);
    let seed = parse_int(words[5]).unwrap_or(0);
    let mut random = Marsaglia::new(seed).map_err(|e| Error::input(e.to_string()).at(5))?;
    let wanted = match words[0] {
        "fraction" => {
            let f = parse_real(words[1])
                .filter(|f| (0.0..=1.0).contains(f))
                .ok_or_else(bad)?;
            if !exact {
                for i in candidates {
                    eligible[i] = random.uniform() <= f;
                }
                return Ok(eligible);
            }
            (f * total as f64) as usize
        }
        "count" => parse_int(words[1])
            .and_then(|n| usize::try_from(n).ok())
            .ok_or_else(bad)?,
        w => return Err(Error::input(format!("expected fraction or count, found '{w}'")).at(0)),
    };
    if wanted > total {
        let text =
            format!("Delete_atoms count of {wanted} exceeds number of eligible atoms {total}");
        if exact {
            return Err(Error::input(text).at(1));
        }
        engine.log.warn(&text);
    }
    let chosen = random.subset(wanted.min(total), total);
    for (i, chosen) in candidates.into_iter().zip(chosen) {
        eligible[i] = chosen;
    }
    Ok(eligible)
}

fn whole_molecules(engine: &Engine, doomed: &mut [bool]) -> Result<()> {
    let state = &engine.state;
    if !state.atom_style.molecule {
        return Err(Error::input(
            "Delete_atoms mol yes requires atom attribute molecule",
        ));
    }
    let hit: std::collections::HashSet<i64> = state
        .atoms
        .molecule
        .iter()
        .zip(&*doomed)
        .filter(|(m, d)| **d && **m > 0)
        .map(|(m, _)| *m)
        .collect();
    doomed
        .iter_mut()
        .zip(&state.atoms.molecule)
        .for_each(|(d, m)| *d |= hit.contains(m));
    Ok(())
}

/// Removes atoms from the state and from the memory of fixes and computes.
fn remove(engine: &mut Engine, doomed: &[bool], compress: bool) {
    let keep: Vec<bool> = doomed.iter().map(|d| !d).collect();
    let atoms = &mut engine.state.atoms;
    atoms.retain(&keep);
    if compress {
        for (i, id) in atoms.order.of(atoms.x.len()).zip(1..) {
            atoms.id[i] = id;
        }
    }
    engine.retain_style_data(&keep);
    engine.state.expected_atoms = engine.state.atoms.len();
    engine.state.touch();
}
