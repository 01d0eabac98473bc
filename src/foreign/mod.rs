//! Names of LAMMPS that argyro does not have, and what comes nearest to them: an unsupported style gets one sentence,
//! and is never taken for a slip of the keyboard. Imports only `error`.

mod others;
mod pair;

use crate::error::Error;

/// Names with the same nearest thing.
struct Group {
    /// What argyro has instead.
    nearest: &'static str,
    /// Names, separated by blanks, without endings such as `/omp`.
    names: &'static str,
}

fn groups(kind: &str) -> &'static [Group] {
    match kind {
        "pair" => pair::PAIR,
        "bond" => pair::BOND,
        "angle" => pair::ANGLE,
        "kspace" => pair::KSPACE,
        "fix" => others::FIX,
        "compute" => others::COMPUTE,
        "dump" => others::DUMP,
        "command" => others::COMMAND,
        _ => &[],
    }
}

/// What argyro has instead, with the names of LAMMPS that it stands in for, for one kind of style (`pair`, `fix`, ...)
/// or `command`.
pub fn missing(kind: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    groups(kind).iter().map(|g| (g.nearest, g.names))
}

/// What comes nearest to a style (or `command`) of LAMMPS that argyro does not have.
pub fn nearest(kind: &str, name: &str) -> Option<&'static str> {
    let name = without_accelerator(name);
    let has = |g: &&Group| g.names.split_whitespace().any(|n| n == name);
    groups(kind).iter().find(has).map(|g| g.nearest)
}

/// A style's name without the ending of an accelerator package (`/omp`, `/kk/host`, ...), of which argyro has no
/// variants.
pub fn without_accelerator(name: &str) -> &str {
    const ENDINGS: [&str; 7] = [
        "/kk/host",
        "/kk/device",
        "/kk",
        "/gpu",
        "/omp",
        "/opt",
        "/intel",
    ];
    let plain = ENDINGS.iter().find_map(|e| name.strip_suffix(e));
    plain.filter(|p| !p.is_empty()).unwrap_or(name)
}

/// The error for a style that is not among `known`: of LAMMPS, or misspelt.
pub fn unknown_style<'a>(
    kind: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Error {
    match nearest(kind, name) {
        Some(near) => Error::input(format!(
            "Unrecognized {kind} style '{name}': argyro does not have this style of LAMMPS; nearest: {near}"
        )),
        None => {
            let e = Error::input(format!("Unrecognized {kind} style '{name}'"));
            let e = e.suggest(without_accelerator(name), known);
            match e.help {
                Some(_) => e,
                None => e.help(format!("`argyro explain {kind}` tells what there is")),
            }
        }
    }
}

/// The error for a command that is not among `known`.
pub fn unknown_command<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Error {
    if let Some(near) = nearest("command", name) {
        return Error::input(format!(
            "Unknown command: {name}: argyro does not have this command of LAMMPS; nearest: {near}"
        ));
    }
    let e = Error::input(format!("Unknown command: {name}"));
    match crate::error::nearest(name, known) {
        Some(near) => e.help(format!("did you mean '{near}'?")),
        None => e.help("`argyro explain` lists all commands"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_lammps_are_never_taken_for_misspellings() {
        let known = ["eam", "eam/alloy", "sw", "lj/cut", "buck"];
        for (name, near) in [
            ("meam", "eam/alloy"),
            ("beck", "table"),
            ("gw", "tersoff"),
            ("airebo/omp", "mace"),
            ("lj/cut/coul/msm/omp", "pppm"),
            ("reaxff", "machine-learning"),
        ] {
            let e = unknown_style("pair", name, known);
            assert!(e.message.contains(near) && e.help.is_none(), "{e}");
            assert!(e.message.contains(&format!("'{name}'")));
        }
        let typo = unknown_style("pair", "lj/cutt", known);
        assert_eq!(typo.help.as_deref(), Some("did you mean 'lj/cut'?"));
        let ending = unknown_style("pair", "lj/cuut/omp", known);
        assert_eq!(ending.help.as_deref(), Some("did you mean 'lj/cut'?"));
        let word = unknown_style("fix", "frobnicate", ["nve"]);
        assert!(word.help.is_some());
        assert!(
            unknown_command("dihedral_coeff", ["pair_coeff"])
                .message
                .contains("dihedrals")
        );
        assert_eq!(
            unknown_command("pair_coef", ["pair_coeff"]).help.as_deref(),
            Some("did you mean 'pair_coeff'?")
        );
    }

    #[test]
    fn every_name_is_listed_once() {
        for kind in [
            "pair", "bond", "angle", "kspace", "fix", "compute", "dump", "command",
        ] {
            let names = groups(kind).iter().flat_map(|g| g.names.split_whitespace());
            let mut names: Vec<&str> = names.collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert!(all > 10 && names.len() == all, "{kind}: {all}");
            assert!(groups(kind).iter().all(|g| !g.nearest.is_empty()));
        }
    }

    #[test]
    fn endings_of_accelerators_are_cut() {
        assert_eq!(without_accelerator("lj/cut/kk/host"), "lj/cut");
        assert_eq!(without_accelerator("nve/omp"), "nve");
        assert_eq!(without_accelerator("opt"), "opt");
        assert_eq!(without_accelerator("lj/cut"), "lj/cut");
    }
}
