//! LAMMPS' command-line switches: one dash or two, long names and LAMMPS' short forms, brought to one form
//! that the argument parser understands. Imports nothing of argyro.

/// Name without dashes, LAMMPS' short forms.
const SWITCHES: &[(&str, &[&str])] = &[
    ("in", &["i"]),
    ("log", &["l"]),
    ("screen", &["sc"]),
    ("var", &["v"]),
    ("echo", &["e"]),
    ("partition", &["p"]),
    ("plog", &["pl"]),
    ("pscreen", &["ps"]),
    ("nocite", &["nc"]),
    ("cite", &["c"]),
    ("nonbuf", &["nb"]),
    ("skiprun", &["sr"]),
    ("suffix", &["sf"]),
    ("package", &["pk"]),
    ("kokkos", &["k"]),
    ("reorder", &["ro"]),
    ("mdi", &["m"]),
    ("restart2data", &["r2data"]),
    ("restart2dump", &["r2dump"]),
    ("restart2info", &["r2info"]),
    ("help", &["h"]),
    ("version", &["V"]),
];

/// Subcommands with options of their own, which stay as they are.
const OWN_OPTIONS: &[&str] = &[
    "convert",
    "diffusion",
    "explain",
    "graph",
    "man",
    "model",
    "repair",
    "version",
    "completions",
];

/// Rewrites `-in x`, `-i x`, `--i x` to `--in x` and so on; other words stay as they are.
pub fn normalize(words: impl IntoIterator<Item = String>) -> Vec<String> {
    let words: Vec<String> = words.into_iter().collect();
    if words
        .first()
        .is_some_and(|w| OWN_OPTIONS.contains(&w.as_str()))
    {
        return words;
    }
    words.into_iter().map(one).collect()
}

fn one(word: String) -> String {
    let Some(name) = word.strip_prefix('-') else {
        return word;
    };
    let name = name.strip_prefix('-').unwrap_or(name);
    SWITCHES
        .iter()
        .find(|(long, short)| *long == name || short.contains(&name))
        .map_or(word.clone(), |(long, _)| format!("--{long}"))
}

/// The values of `-suffix`, `-package` and `-kokkos` that only concern accelerator packages of LAMMPS.
pub fn is_foreign_package(name: &str) -> bool {
    ["gpu", "intel", "kokkos", "omp", "opt"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(words: &str) -> String {
        normalize(words.split(' ').map(String::from)).join(" ")
    }

    #[test]
    fn short_and_single_dash_forms_become_one() {
        assert_eq!(
            n("-i in.x -l none -sc none"),
            "--in in.x --log none --screen none"
        );
        assert_eq!(n("--in in.x -v T 1 2"), "--in in.x --var T 1 2");
        assert_eq!(n("-k on g 1 -sf kk"), "--kokkos on g 1 --suffix kk");
    }

    #[test]
    fn values_and_unknown_words_stay() {
        assert_eq!(n("-var x -5 -0.5"), "--var x -5 -0.5");
        assert_eq!(n("diffusion a.h5 -v"), "diffusion a.h5 -v");
        assert_eq!(n("-bogus 1 in.file -"), "-bogus 1 in.file -");
    }
}
