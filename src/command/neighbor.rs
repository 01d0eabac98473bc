//! `neighbor`, `neigh_modify`: when neighbour lists are built and how far they reach.

use crate::domain::NeighborSettings;
use crate::domain::State;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, parse_int, parse_yes_no, rest};

/// `neighbor`
pub const NEIGHBOR: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "neighbor",
        summary: "skin of the neighbour lists",
        args: &[
            arg(
                "skin",
                Kind::Real,
                "distance beyond the force cutoff, length units",
            ),
            arg(
                "style",
                Kind::OneOf(&["bin", "nsq", "multi", "multi/old"]),
                "argyro always sorts into cells",
            ),
        ],
        keywords: &[],
        description: "Default: 0.3 in units lj, 2.0 in metal and real, 0.001 in si.",
        examples: &["neighbor 1.0 bin"],
    },
    run: neighbor,
};

fn neighbor(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let skin = args.real("skin")?;
    if skin < 0.0 {
        return Err(Error::input(format!(
            "Invalid neighbor argument: skin {skin} is negative"
        ))
        .at(0));
    }
    session.engine.neighbor.skin = Some(skin);
    Ok(Flow::Next)
}

/// `neigh_modify`
pub const NEIGH_MODIFY: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "neigh_modify",
        summary: "when neighbour lists are built and which pairs they leave out",
        args: &[rest("settings", "keywords and their values")],
        keywords: &[],
        description: "`delay N` (default 0), `every N` (1), `check yes|no` (yes), `once yes|no` (no); `exclude type I J`, `exclude \
group A B`, `exclude molecule/intra G`, `exclude molecule/inter G` leave pairs out, `exclude none` ends that; `include G` leaves \
all pairs out but those inside of group G, `include all` ends that. Accepted without effect: `one`, `page` and `binsize` (lists \
grow as needed), `collection/type` and `collection/interval` (of LAMMPS' style multi) and `cluster` (bonds always connect \
nearest images).",
        examples: &["neigh_modify every 10 delay 0 check yes"],
    },
    run: neigh_modify,
};

const KEYWORDS: [&str; 12] = [
    "delay",
    "every",
    "check",
    "once",
    "exclude",
    "one",
    "page",
    "binsize",
    "cluster",
    "include",
    "collection/type",
    "collection/interval",
];

fn neigh_modify(session: &mut Session<'_>, _: &Args) -> Result<Flow> {
    let words = session.words;
    if words.is_empty() {
        return Err(Error::input(
            "Illegal neigh_modify command: missing argument(s)",
        ));
    }
    let mut settings = session.engine.neighbor.clone();
    let mut i = 0;
    while i < words.len() {
        i += setting(&mut settings, &words[i..], &session.engine.state)
            .map_err(|e| e.or_at(0).shifted(i))?;
    }
    if settings.delay > 0 && settings.delay % settings.every != 0 {
        return Err(
            Error::input("Neighbor delay must be 0 or multiple of every setting").note(format!(
                "delay {}, every {}",
                settings.delay, settings.every
            )),
        );
    }
    if settings != session.engine.neighbor {
        session.engine.neighbor = settings;
        session.engine.pair_ready = false;
    }
    Ok(Flow::Next)
}

fn setting(n: &mut NeighborSettings, words: &[&str], state: &State) -> Result<usize> {
    let word = words[0];
    let value = |k: usize| {
        words.get(k).copied().ok_or_else(|| {
            Error::input(format!(
                "Illegal neigh_modify {word} command: missing argument(s)"
            ))
        })
    };
    let steps = |least: i64| {
        let v = value(1)?;
        parse_int(v)
            .filter(|&n| n >= least)
            .ok_or_else(|| Error::input(format!("Invalid neigh_modify {word} argument: {v}")).at(1))
    };
    let yes_no = || {
        let v = value(1)?;
        parse_yes_no(v).ok_or_else(|| {
            Error::input(format!(
                "neigh_modify {word}: expected yes or no, found '{v}'"
            ))
            .at(1)
        })
    };
    match word {
        "delay" => n.delay = steps(0)?,
        "every" => n.every = steps(1)?,
        "check" => n.check = yes_no()?,
        "once" => n.once = yes_no()?,
        "one" | "page" => {
            steps(1)?;
        }
        "binsize" => {
            crate::signature::parse_real(value(1)?)
                .ok_or_else(|| Error::input("neigh_modify binsize needs a number").at(1))?;
        }
        "cluster" => {
            yes_no()?;
        }
        "include" => {
            let group = value(1)?;
            let bit = state.groups.require("neigh_modify include", group);
            n.include = Some(bit.map_err(|e| e.at(1))?).filter(|_| group != "all");
        }
        "collection/type" | "collection/interval" => return collections(words, state),
        "exclude" => return exclude(n, words, state),
        _ => {
            return Err(
                Error::input(format!("Unknown neigh_modify keyword: {word}"))
                    .suggest(word, KEYWORDS),
            );
        }
    }
    Ok(2)
}

/// Checks `collection/type N LISTS` and `collection/interval N CUTOFFS`; the number of words.
fn collections(words: &[&str], state: &State) -> Result<usize> {
    let count = words.get(1).and_then(|w| parse_int(w));
    let Some(count) = count.and_then(|n| usize::try_from(n).ok().filter(|n| *n > 0)) else {
        return Err(Error::input(format!("{} needs a number of collections", words[0])).at(1));
    };
    let Some(values) = words.get(2..2 + count) else {
        return Err(Error::input(format!(
            "Illegal neigh_modify {} command: missing argument(s)",
            words[0]
        )));
    };
    let mut times = vec![0; state.types.count + 1];
    for (at, word) in (2..).zip(values) {
        if words[0] == "collection/interval" {
            if crate::signature::parse_real(word).is_none() {
                let text = format!("neigh_modify collection/interval: {word} is not a number");
                return Err(Error::input(text).at(at));
            }
            continue;
        }
        for part in word.split(',') {
            let range = state.types.range(part).map_err(|e| e.at(at))?;
            range.for_each(|t| times[t] += 1);
        }
    }
    if words[0] == "collection/type"
        && let Some(t) = (1..times.len()).find(|&t| times[t] != 1)
    {
        return Err(Error::input(format!(
            "neigh_modify collection/type: type {t} is in {} collections instead of one",
            times[t]
        )));
    }
    Ok(2 + count)
}

fn exclude(n: &mut NeighborSettings, words: &[&str], state: &State) -> Result<usize> {
    match *words {
        [_, "none", ..] => {
            n.exclude_types.clear();
            n.exclude_groups.clear();
            n.exclude_molecules.clear();
            Ok(2)
        }
        [_, "type", a, b, ..] => {
            let single = |w: &str, at: usize| -> Result<u32> {
                let r = state.types.range(w).map_err(|e| e.at(at))?;
                if r.start() == r.end() {
                    return Ok(*r.start() as u32);
                }
                Err(Error::input(format!(
                    "neigh_modify exclude type: expected one type, found '{w}'"
                ))
                .at(at))
            };
            n.exclude_types.push((single(a, 2)?, single(b, 3)?));
            Ok(4)
        }
        [_, "group", a, b, ..] => {
            let group = |w: &str, at: usize| {
                state
                    .groups
                    .require("neigh_modify exclude", w)
                    .map_err(|e| e.at(at))
            };
            n.exclude_groups.push((group(a, 2)?, group(b, 3)?));
            Ok(4)
        }
        [_, which @ ("molecule/intra" | "molecule/inter"), group, ..] => {
            if !state.atom_style.molecule {
                return Err(Error::input(format!(
                    "neigh_modify exclude {which} needs molecules, which atom_style {} does not have",
                    state.atom_style.name
                ))
                .at(1));
            }
            let bit = state.groups.require("neigh_modify exclude", group);
            let bit = bit.map_err(|e| e.at(2))?;
            n.exclude_molecules.push((bit, which == "molecule/intra"));
            Ok(3)
        }
        [_, other, ..] => Err(Error::input(format!(
            "neigh_modify exclude {other} is not known: there are type, group, molecule/intra, molecule/inter and none"
        ))
        .at(1)),
        _ => Err(Error::input(
            "Illegal neigh_modify exclude command: missing argument(s)",
        )),
    }
}
