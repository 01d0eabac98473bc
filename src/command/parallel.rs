//! Commands about the distribution of work, which argyro decides by itself: they are checked, and what has no
//! effect here is said in their manual pages. Also `newton` and `atom_modify`.

use crate::domain::order::SortSettings;
use crate::error::{Error, Result};
use crate::fix::balance::check_words;
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, keyword, optional, parse_yes_no, rest};

/// `comm_modify`
pub const COMM_MODIFY: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "comm_modify",
        summary: "settings of the exchange of ghost atoms",
        args: &[],
        keywords: &[
            keyword(
                "mode",
                &[arg(
                    "mode",
                    Kind::OneOf(&["single", "multi", "multi/old"]),
                    "mode",
                )],
                "without effect",
            ),
            keyword(
                "cutoff",
                &[arg("value", Kind::Real, "length units")],
                "least range of ghost atoms; changes no result: ghosts follow from the neighbour lists",
            ),
            keyword(
                "vel",
                &[arg("value", Kind::YesNo, "yes or no")],
                "without effect: no style needs velocities of ghosts",
            ),
            keyword(
                "cutoff/multi",
                &[
                    arg("collection", Kind::Word, "number or range"),
                    arg("value", Kind::Real, "length units"),
                ],
                "without effect: of mode multi",
            ),
            keyword(
                "cutoff/multi/old",
                &[
                    arg("types", Kind::Types, "atom types"),
                    arg("value", Kind::Real, "length units"),
                ],
                "without effect: of mode multi/old",
            ),
            keyword("reduce/multi", &[], "without effect: of mode multi"),
            keyword(
                "group",
                &[arg("group-ID", Kind::Uses("group"), "group")],
                "group whose atoms need ghosts: all, since ghosts follow from the neighbour lists",
            ),
        ],
        description: "Ghost atoms always reach as far as the neighbour lists.",
        examples: &["comm_modify cutoff 12.0"],
    },
    run: comm_modify,
};

fn comm_modify(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    if let Some(k) = args.keyword("group") {
        let (id, at) = (k.str("group-ID"), k.word("group-ID"));
        let groups = &session.engine.state.groups;
        groups.require("comm_modify", id).map_err(|e| e.at(at))?;
        if id != "all" {
            return Err(Error::input(format!(
                "comm_modify group {id} is not supported: ghosts follow from the neighbor lists"
            ))
            .at(at)
            .help("neigh_modify include or exclude leaves pairs out of the lists"));
        }
    }
    if let Some(k) = args.keyword("cutoff") {
        let cutoff = k.real("value")?;
        if cutoff < 0.0 {
            return Err(
                Error::input(format!("Invalid comm_modify cutoff value: {cutoff}"))
                    .at(k.word("value")),
            );
        }
        session.engine.neighbor.ghost_cutoff = cutoff;
    }
    Ok(Flow::Next)
}

/// `comm_style`
pub const COMM_STYLE: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "comm_style",
        summary: "style of domain decomposition; without effect",
        args: &[arg(
            "style",
            Kind::OneOf(&["brick", "tiled"]),
            "argyro uses bricks",
        )],
        keywords: &[],
        description: "",
        examples: &["comm_style brick"],
    },
    run: nothing,
};

/// `processors`
pub const PROCESSORS: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "processors",
        summary: "grid of processors; without effect: threads share one grid of bricks",
        args: &[
            arg("Px", Kind::Word, "number or *"),
            arg("Py", Kind::Word, "number or *"),
            arg("Pz", Kind::Word, "number or *"),
            rest(
                "keywords",
                "`grid STYLE ...`, `map STYLE`, `part I J multiple`, `file NAME`",
            ),
        ],
        keywords: &[],
        description: "",
        examples: &["processors * * 1"],
    },
    run: processors,
};

fn processors(_: &mut Session<'_>, args: &Args) -> Result<Flow> {
    for name in ["Px", "Py", "Pz"] {
        let w = args.str(name);
        if w != "*" && w.parse::<u32>().is_err() {
            return Err(Error::input(format!(
                "Illegal processors command: expected a number or *, found '{w}'"
            ))
            .at(args.word(name)));
        }
    }
    const KEYWORDS: [&str; 4] = ["grid", "map", "part", "file"];
    if let Some((at, word)) = args.all("keywords").first()
        && !KEYWORDS.contains(word)
    {
        return Err(Error::input(format!(
            "Illegal processors command: unknown keyword '{word}'"
        ))
        .suggest(word, KEYWORDS)
        .at(*at));
    }
    Ok(Flow::Next)
}

/// `balance`
pub const BALANCE: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "balance",
        summary: "balance of work between processors; without effect: threads take bricks as they become free",
        args: &[
            arg("thresh", Kind::Real, "imbalance that is accepted"),
            rest("style", "shift, rcb, x, y, z with their arguments"),
        ],
        keywords: &[],
        description: "Accepted so that scripts run unchanged; `fix balance` alike.",
        examples: &["balance 1.1 shift xyz 10 1.05"],
    },
    run: |s, _| {
        check_words(&s.words[1..], true).map_err(|e| e.shifted(1))?;
        Ok(Flow::Next)
    },
};

/// `newton`
pub const NEWTON: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "newton",
        summary: "use of Newton's third law between processors; results do not depend on it",
        args: &[
            arg("pair", Kind::YesNo, "on or off"),
            optional("bond", Kind::YesNo, "on or off"),
        ],
        keywords: &[],
        description: "",
        examples: &["newton on", "newton on off"],
    },
    run: newton,
};

fn newton(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let pair = args.yes_no("pair")?;
    let bond = match args.get("bond") {
        Some(_) => args.yes_no("bond")?,
        None => pair,
    };
    session.engine.state.newton = (pair, bond);
    Ok(Flow::Next)
}

/// `atom_modify`
pub const ATOM_MODIFY: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "atom_modify",
        summary: "storage of atoms; argyro keeps their order and always finds atoms by ID",
        args: &[rest(
            "settings",
            "`map yes|array|hash|no`, `sort N cutoff`, `id yes`, `first all`",
        )],
        keywords: &[],
        description: "`sort` has no effect on speed; it decides the order in which `fix langevin` and others give random \
numbers to atoms, as it does in LAMMPS: atoms are sorted into bins of `cutoff` (0: half of the reach of the neighbour \
lists) at the start of a run and, every N steps, when lists are built; N = 0 leaves the order of creation. `map` and \
`first` are accepted without effect. Atoms without IDs do not exist.",
        examples: &["atom_modify map yes", "atom_modify sort 0 0.0"],
    },
    run: atom_modify,
};

fn atom_modify(session: &mut Session<'_>, _: &Args) -> Result<Flow> {
    let words = session.words;
    if words.is_empty() {
        return Err(Error::input(
            "Illegal atom_modify command: missing argument(s)",
        ));
    }
    let mut i = 0;
    while i < words.len() {
        let taken = match words[i..] {
            ["map", "yes" | "no" | "array" | "hash", ..] => 2,
            ["sort", n, width, ..] => {
                session.engine.state.sorting = sorting(n, width, i)?;
                3
            }
            ["id", v, ..] if parse_yes_no(v) == Some(true) => 2,
            ["id", v, ..] if parse_yes_no(v) == Some(false) => {
                return Err(Error::input(
                    "atom_modify id no is not supported: every atom has an ID",
                )
                .at(i));
            }
            ["first", group, ..] => {
                session
                    .engine
                    .state
                    .groups
                    .require("atom_modify first", group)
                    .map_err(|e| e.at(i + 1))?;
                2
            }
            [word, ..] => {
                return Err(Error::input(format!(
                    "Illegal atom_modify command: '{word}' is unknown or its value is wrong"
                ))
                .suggest(word, ["map", "sort", "id", "first"])
                .at(i));
            }
            [] => 1,
        };
        i += taken;
    }
    Ok(Flow::Next)
}

/// `sort N cutoff`, the words at `i`.
fn sorting(n: &str, width: &str, i: usize) -> Result<SortSettings> {
    let bad = |word: &str, at: usize| {
        Error::input(format!(
            "Illegal atom_modify sort value '{word}': it must be a number that is not negative"
        ))
        .at(at)
    };
    let every = n.parse().ok().filter(|n: &i64| *n >= 0);
    let width_value = width.parse().ok().filter(|w: &f64| *w >= 0.0);
    Ok(SortSettings {
        every: every.ok_or_else(|| bad(n, i + 1))?,
        width: width_value.ok_or_else(|| bad(width, i + 2))?,
        next: 0,
    })
}

fn nothing(_: &mut Session<'_>, _: &Args) -> Result<Flow> {
    Ok(Flow::Next)
}
