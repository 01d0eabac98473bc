//! `info`: what is defined at this point of the script.

use super::COMMANDS;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, many};
use crate::{compute, dump, fix, pair};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &SIGNATURE,
    run,
};

const TOPICS: &[&str] = &[
    "all",
    "config",
    "system",
    "groups",
    "regions",
    "computes",
    "fixes",
    "dumps",
    "variables",
    "styles",
];

const SIGNATURE: Signature = Signature {
    name: "info",
    summary: "shows what is defined at this point of the script",
    args: &[
        arg("topic", Kind::OneOf(TOPICS), ""),
        many("topics", Kind::OneOf(TOPICS), "further topics"),
    ],
    keywords: &[],
    description: "config: version and threads. system: units, cell, atoms. styles: names of all styles. all: everything else.",
    examples: &["info system", "info computes fixes"],
};

fn run(session: &mut Session<'_>, _: &Args) -> Result<Flow> {
    for topic in session.words {
        let lines = if *topic == "all" {
            let all = TOPICS.iter().filter(|t| !["all", "styles"].contains(t));
            all.flat_map(|t| section(session, t)).collect()
        } else {
            section(session, topic)
        };
        if lines.is_empty() {
            return Err(Error::input(format!(
                "Illegal info command: unknown topic '{topic}'"
            )));
        }
        lines.iter().for_each(|l| session.log().line(l));
    }
    Ok(Flow::Next)
}

fn section(session: &Session<'_>, topic: &str) -> Vec<String> {
    let e = &session.engine;
    let (title, items): (&str, Vec<String>) = match topic {
        "config" => (
            "Configuration",
            vec![
                format!("argyro {}", env!("CARGO_PKG_VERSION")),
                format!("threads: {}", rayon::current_num_threads()),
            ],
        ),
        "system" => ("System", system(session)),
        "groups" => ("Groups", e.state.groups.names().map(String::from).collect()),
        "regions" => ("Regions", e.state.regions.keys().cloned().collect()),
        "computes" => (
            "Computes",
            e.computes
                .values()
                .map(|c| format!("{}: style {}, group {}", c.id.id, c.style, c.id.group))
                .collect(),
        ),
        "fixes" => (
            "Fixes",
            e.fixes
                .values()
                .map(|f| format!("{}: style {}, group {}", f.id.id, f.style, f.id.group))
                .collect(),
        ),
        "dumps" => (
            "Dumps",
            e.dumps
                .values()
                .map(|d| {
                    format!(
                        "{}: style {}, group {}, every {}, file {}",
                        d.id.id, d.style, d.id.group, d.id.every, d.id.file
                    )
                })
                .collect(),
        ),
        "variables" => ("Variables", variables(session)),
        "styles" => ("Styles", styles()),
        _ => return Vec::new(),
    };
    let mut lines = vec![format!("Info: {title}")];
    lines.extend(items.iter().map(|i| format!("  {i}")));
    lines
}

fn system(session: &Session<'_>) -> Vec<String> {
    let s = &session.engine.state;
    let mut lines = vec![
        format!(
            "units {}, dimension {}, atom style {}",
            s.units.name, s.dimension, s.atom_style.name
        ),
        format!("atoms {}, atom types {}", s.atoms.len(), s.types.count),
        format!("step {}, timestep {}", s.step, s.dt),
    ];
    lines.push(match &session.engine.pair {
        Some(p) => format!("pair style {}", p.name),
        None => "pair style none".into(),
    });
    lines.push(match &s.cell {
        Some(c) => {
            let kind = if c.triclinic {
                "triclinic"
            } else {
                "orthogonal"
            };
            let [a, b, d] = c.lo;
            let [x, y, z] = c.hi;
            let [xy, xz, yz] = c.tilt;
            format!("{kind} box ({a} {b} {d}) to ({x} {y} {z}) with tilt ({xy} {xz} {yz})")
        }
        None => "no box".into(),
    });
    lines
}

fn variables(session: &Session<'_>) -> Vec<String> {
    let v = session.variables.script();
    let line = |name: &String| {
        let style = v.style(name).map_or("", |s| s.name());
        match v.formula(name) {
            Some(formula) => format!("{name}: style {style}, {formula}"),
            None => format!("{name}: style {style}"),
        }
    };
    v.names().iter().map(line).collect()
}

fn styles() -> Vec<String> {
    fn names<'a>(kind: &str, names: impl Iterator<Item = &'a str>) -> String {
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        format!("{kind}: {}", names.join(" "))
    }
    vec![
        names("pair", pair::PAIR_STYLES.iter().map(|e| e.signature.name)),
        names(
            "bond",
            crate::bond::BOND_STYLES.iter().map(|e| e.signature.name),
        ),
        names(
            "angle",
            crate::angle::ANGLE_STYLES.iter().map(|e| e.signature.name),
        ),
        names("fix", fix::FIXES.iter().map(|e| e.signature.name)),
        names(
            "compute",
            compute::COMPUTES.iter().map(|e| e.signature.name),
        ),
        names("dump", dump::DUMPS.iter().map(|e| e.signature.name)),
        names("command", COMMANDS.iter().map(|e| e.signature.name)),
    ]
}
