//! The texts of the categories of `info`.

use crate::cformat::general;
use crate::command::COMMANDS;
use crate::engine::{Engine, process_seconds, resident_megabytes};
use crate::graph::Session;
use crate::{compute, dump, fix, pair};
use std::fmt::Write as _;

/// Kinds of styles.
pub(super) const KINDS: [&str; 14] = [
    "atom",
    "integrate",
    "minimize",
    "pair",
    "bond",
    "angle",
    "dihedral",
    "improper",
    "kspace",
    "fix",
    "compute",
    "region",
    "dump",
    "command",
];

/// The lines of a category; `kinds` are those of styles, none for all.
pub(super) fn text(session: &Session<'_>, category: &str, kinds: &[&str]) -> String {
    let e = &*session.engine;
    match category {
        "configuration" => configuration(),
        "accelerator" => {
            "Accelerator configuration:\n\nCPU only: vector kernels and threads\n".into()
        }
        "memory" => memory(),
        "communication" => communication(e),
        "fft" => {
            "FFT information:\nFFT precision  = double\nFFT library = rustfft, realfft\n".into()
        }
        "system" => system(e),
        "coeffs" => coefficients(e),
        "groups" => list("Group information:", groups(e)),
        "regions" => list("Region information:", regions(e)),
        "computes" => list("Compute information:", computes(e)),
        "dumps" => list("Dump information:", dumps(e)),
        "fixes" => list("Fix information:", fixes(e)),
        "variables" => list("Variable information:", variables(session)),
        "time" => time(),
        _ => styles(kinds),
    }
}

fn list(title: &str, lines: Vec<String>) -> String {
    let mut out = format!("{title}\n");
    for l in lines {
        out.push_str(&l);
        out.push('\n');
    }
    out
}

fn configuration() -> String {
    format!(
        "argyro version: {}\nOS information: {} {}\nSIMD level: {}\nThreads: {}\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        crate::simd::Level::detect().name(),
        rayon::current_num_threads()
    )
}

fn memory() -> String {
    let mut out = String::from("Memory allocation information:\n\n");
    if let Some(m) = resident_megabytes() {
        let _ = writeln!(out, "Resident set size: {} Mbyte", general(4, m));
    }
    out
}

fn communication(e: &Engine) -> String {
    let n = &e.neighbor;
    format!(
        "Communication information:\nCommunication mode = single\nCommunication cutoff = {}\nNprocs = 1,   Nthreads = {}\n",
        general(6, n.ghost_cutoff),
        rayon::current_num_threads()
    )
}

fn system(e: &Engine) -> String {
    let s = &e.state;
    let pair = e.pair.as_ref().map_or("none", |p| p.name.as_str());
    let mut out = String::from("System information:\n");
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line(format!("Units         = {}", s.units.name));
    line(format!("Atom style    = {}", s.atom_style.name));
    line(format!(
        "Atoms     = {:>12},  types = {:>8},  style = {pair}",
        s.atoms.len(),
        s.types.count
    ));
    if s.atom_style.bonds {
        line(format!(
            "Bonds     = {:>12},  types = {:>8}",
            s.atoms.topology.bonds.len(),
            s.types.bonds
        ));
    }
    if s.atom_style.angles {
        line(format!(
            "Angles    = {:>12},  types = {:>8}",
            s.atoms.topology.angles.len(),
            s.types.angles
        ));
    }
    if s.atom_style.charge {
        line("Atoms with per-atom charges".into());
    }
    let kspace = e.kspace.as_ref().map_or("none", |k| k.name.as_str());
    line(format!("Kspace style = {kspace}\n"));
    line(format!("Dimensions = {}", s.dimension));
    match &s.cell {
        None => line("Box has not yet been created".into()),
        Some(c) => {
            let kind = if c.triclinic {
                "Triclinic"
            } else {
                "Orthogonal"
            };
            let l = c.lengths().map(|x| general(6, x));
            line(format!("{kind} box = {} x {} x {}", l[0], l[1], l[2]));
            let faces: Vec<String> = c
                .boundary
                .iter()
                .map(|b| format!("{},{}", b[0].letter(), b[1].letter()))
                .collect();
            line(format!("Boundaries = {}", faces.join(" ")));
            for (k, axis) in ["x", "y", "z"].iter().enumerate() {
                line(format!(
                    "{axis}lo, {axis}hi = {}, {}",
                    general(6, c.lo[k]),
                    general(6, c.hi[k])
                ));
            }
            if c.triclinic {
                line(format!(
                    "Xy, xz, yz = {}",
                    c.tilt.map(|t| general(6, t)).join(", ")
                ));
            }
        }
    }
    line(format!("\nCurrent timestep number = {}", s.step));
    line(format!("Current timestep size = {}", general(6, s.dt)));
    out
}

/// Whether the pair style has all that it needs; styles say so only when they are prepared.
fn coefficients(e: &Engine) -> String {
    let state = match (&e.pair, e.pair_is_ready()) {
        (None, _) => "no pair style is set".to_string(),
        (Some(p), true) => format!(
            "pair style {}: all coefficients are set and prepared",
            p.name
        ),
        (Some(p), false) => format!(
            "pair style {}: coefficients are checked when the next run begins",
            p.name
        ),
    };
    format!("Coeff status information:\n\n{state}\n")
}

fn groups(e: &Engine) -> Vec<String> {
    let names = e.state.groups.names().enumerate();
    names
        .map(|(i, n)| {
            let bit = e.state.groups.require("info", n).unwrap_or(0);
            let count = e.state.atoms.mask.iter().filter(|m| **m & bit != 0).count();
            format!("Group[{i:>2}]: {:<16} {count} atoms", format!("{n},"))
        })
        .collect()
}

fn regions(e: &Engine) -> Vec<String> {
    let all = e.state.regions.iter().enumerate();
    all.map(|(i, (id, r))| match r.bounds() {
        Some((lo, hi)) => format!(
            "Region[{i:>3}]:  {id},  side = in\n   Boundary:  lo {}  hi {}",
            lo.map(|x| general(6, x)).join(" "),
            hi.map(|x| general(6, x)).join(" ")
        ),
        None => format!("Region[{i:>3}]:  {id}\n   No Boundary"),
    })
    .collect()
}

fn named(what: &str, i: usize, id: &str, style: &str, group: &str) -> String {
    format!(
        "{what}[{i:>3}]:  {:<16}  style = {:<16}  group = {group}",
        format!("{id},"),
        format!("{style},")
    )
}

fn computes(e: &Engine) -> Vec<String> {
    let all = e.computes.values().enumerate();
    all.map(|(i, c)| named("Compute", i, &c.id.id, &c.style, &c.id.group))
        .collect()
}

fn fixes(e: &Engine) -> Vec<String> {
    let all = e.fixes.values().enumerate();
    all.map(|(i, f)| named("Fix", i, &f.id.id, &f.style, &f.id.group))
        .collect()
}

fn dumps(e: &Engine) -> Vec<String> {
    let all = e.dumps.values().enumerate();
    all.map(|(i, d)| {
        format!(
            "{},  every = {},  file = {}",
            named("Dump", i, &d.id.id, &d.style, &d.id.group),
            d.id.every,
            d.id.file
        )
    })
    .collect()
}

fn variables(session: &Session<'_>) -> Vec<String> {
    let v = session.variables.script();
    let line = |(i, name): (usize, &String)| {
        let style = v.style(name).map_or("", |s| s.name());
        let head = format!(
            "Variable[{i:>3}]: {:<16}  style = {:<16}",
            format!("{name},"),
            format!("{style},")
        );
        match v.formula(name) {
            Some(formula) => format!("{head}  def = {formula}"),
            None => head,
        }
    };
    v.names().iter().enumerate().map(line).collect()
}

fn time() -> String {
    let (cpu, wall) = process_seconds();
    let clock = |s: f64| {
        let s = s.max(0.0) as u64;
        format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
    };
    format!(
        "Total time information:\n  CPU time: {}\n Wall time: {}\n",
        clock(cpu),
        clock(wall)
    )
}

fn names_of(kind: &str) -> Vec<&'static str> {
    let mut names: Vec<&str> = match kind {
        "atom" => crate::domain::state::ATOM_STYLES
            .iter()
            .map(|s| s.name)
            .collect(),
        "integrate" => vec!["verlet"],
        "minimize" => crate::engine::MinStyle::ALL
            .iter()
            .map(|s| s.name())
            .collect(),
        "pair" => pair::PAIR_STYLES.iter().map(|e| e.signature.name).collect(),
        "bond" => crate::bond::BOND_STYLES
            .iter()
            .map(|e| e.signature.name)
            .collect(),
        "angle" => crate::angle::ANGLE_STYLES
            .iter()
            .map(|e| e.signature.name)
            .collect(),
        "kspace" => crate::kspace::KSPACE_STYLES
            .iter()
            .map(|e| e.signature.name)
            .collect(),
        "fix" => fix::FIXES.iter().map(|e| e.signature.name).collect(),
        "compute" => compute::COMPUTES.iter().map(|e| e.signature.name).collect(),
        "region" => crate::domain::regions::REGIONS
            .iter()
            .map(|e| e.signature.name)
            .collect(),
        "dump" => dump::DUMPS.iter().map(|e| e.signature.name).collect(),
        "command" => COMMANDS.iter().map(|e| e.signature.name).collect(),
        // dihedrals and impropers have no styles
        _ => Vec::new(),
    };
    names.sort_unstable();
    names
}

fn styles(kinds: &[&str]) -> String {
    let mut out = String::from("Styles information:\n");
    for kind in KINDS
        .iter()
        .filter(|k| kinds.is_empty() || kinds.contains(k))
    {
        let names = names_of(kind);
        let names = if names.is_empty() {
            "none".into()
        } else {
            names.join(" ")
        };
        let _ = writeln!(out, "\n{kind} styles:\n\n{names}");
    }
    out
}
