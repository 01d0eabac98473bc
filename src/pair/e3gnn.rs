//! `pair_style e3gnn` and `e3gnn/parallel`: SevenNet models as checkpoints or deployed for LAMMPS.

use std::path::Path;

use super::network::{
    ATOMIC, DeviationOptions, Equivariant, Files, Named, NetworkModel, NetworkStyle, OUT_ENERGY,
    OUT_FILE, OUT_FREQ, RELATIVE, RELATIVE_V, Setup, count_files,
};
use super::{PairEntry, PairStyle};
use crate::domain::State;
use crate::error::{Error, Result};
use crate::ml::formats::kind::Family;
use crate::ml::sevennet::load_parts;
use crate::signature::{Arg, Args, Kind, Signature, arg, elements, keyword};

/// Entry of `pair_style e3gnn`.
pub const STYLE: PairEntry = PairEntry {
    signature: &E3GNN,
    coeff: &COEFF,
    build: |args, state| build("e3gnn", args, state),
};

/// Entry of `pair_style e3gnn/parallel`.
pub const PARALLEL: PairEntry = PairEntry {
    signature: &E3GNN_PARALLEL,
    coeff: &COEFF_PARALLEL,
    build: |args, state| build("e3gnn/parallel", args, state),
};

/// Most parts of a parallel deployment (one per layer).
const MAX_PARTS: usize = 64;

const MODAL: &[Arg] = &[arg("NAME", Kind::Word, "name of the modality")];

const KEYWORDS: &[crate::signature::Keyword] = &[
    keyword(
        "modal",
        MODAL,
        "level of theory of a checkpoint trained on several; a deployed model has one already",
    ),
    OUT_FREQ,
    OUT_FILE,
    RELATIVE,
    RELATIVE_V,
    ATOMIC,
    OUT_ENERGY,
];

const E3GNN: Signature = Signature {
    name: "e3gnn",
    summary: "SevenNet machine-learning potential",
    args: &[],
    keywords: KEYWORDS,
    description: "Energies, forces, virial and their per-atom forms of a SevenNet model (Y. Park et al., J. \
        Chem. Theory Comput. 20, 4857, 2024), read from the checkpoint that training writes \
        (`checkpoint_best.pth`, also the pretrained ones) or from what `sevenn get_model` deploys for \
        LAMMPS: `deployed_serial.pt`, or a folder of `deployed_parallel_*.pt`. No Python is needed. The \
        file's content decides, not its name; the checkpoint is the surest form.\n\n\
        `package argyro precision single|double|auto` chooses the precision of the network (default: that \
        of the stored weights); energies, forces and virial are always summed in double. `package argyro \
        radial exact` evaluates the radial networks for every pair instead of tables of them.\n\n\
        Several model files in `pair_coeff` are a committee, as with `pair_style mace`.\n\n\
        Restrictions: `units metal`. Cells shorter than the cutoff are handled.",
    examples: &["pair_style e3gnn", "pair_style e3gnn modal r2scan"],
};

const E3GNN_PARALLEL: Signature = Signature {
    name: "e3gnn/parallel",
    summary: "SevenNet machine-learning potential, name of the parallel interface",
    args: &[],
    keywords: KEYWORDS,
    description: "The same as `pair_style e3gnn`: features are exchanged between bricks in any case. \
        `pair_coeff` takes the number of files and their folder, as the upstream style does, and every \
        form that `e3gnn` takes.",
    examples: &["pair_style e3gnn/parallel"],
};

const COEFF: Signature = Signature {
    name: "e3gnn",
    summary: "model file and elements of the atom types",
    args: &[
        arg("I", Kind::Types, "must be *"),
        arg("J", Kind::Types, "must be *"),
        arg(
            "FILE",
            Kind::FileIn,
            "model file, or folder of deployed_parallel_*.pt",
        ),
        elements(
            "ELEMENTS",
            Kind::Species,
            "further model files of a committee, then one element symbol per atom type, or NULL",
        ),
    ],
    keywords: &[],
    description: "Several types may be the same element. The masses of the types must be those of the \
        elements. NULL leaves a type to other styles of `pair_style hybrid`.",
    examples: &["pair_coeff * * deployed_serial.pt Li P S Cl"],
};

const COEFF_PARALLEL: Signature = Signature {
    name: "e3gnn/parallel",
    summary: "parts of the model and elements of the atom types",
    args: &[
        arg("I", Kind::Types, "must be *"),
        arg("J", Kind::Types, "must be *"),
        arg(
            "N",
            Kind::Word,
            "number of parts, or a model file or folder as for e3gnn",
        ),
        elements(
            "ELEMENTS",
            Kind::Species,
            "folder of the N parts or their N files, then one element symbol per atom type, or NULL",
        ),
    ],
    keywords: &[],
    description: "N is the number of layers of the model. `pair_coeff * * 5 deployed_parallel Li P S Cl` takes \
        five parts from a folder, in which they are `deployed_parallel_0.pt`, `deployed_parallel_1.pt` and so \
        on; `pair_coeff * * 2 a.pt b.pt Li P S Cl` names the parts. A serial model or a checkpoint is one file \
        without N.",
    examples: &["pair_coeff * * deployed_serial.pt Li P S Cl"],
};

fn build(style: &'static str, args: &Args, _: &State) -> Result<Box<dyn PairStyle>> {
    let modal = args.keyword("modal").map(|k| k.str("NAME").to_string());
    Ok(NetworkStyle::boxed(Setup {
        style,
        family: Family::SevenNet,
        files: Files::By(name_files),
        load: Box::new(move |parts| load(parts, modal.as_deref())),
        names_optional: false,
        deviation: DeviationOptions::from_args(args)?,
    }))
}

pub(super) fn load(parts: Vec<Vec<u8>>, modal: Option<&str>) -> Result<Box<dyn NetworkModel>> {
    let network = load_parts(parts, modal).map_err(|e| {
        let choice = "pair_style e3gnn modal NAME chooses a modality of a checkpoint";
        let text = e.to_string();
        if text.contains("modalit") {
            Error::input(text).help(choice)
        } else {
            Error::input(text)
        }
    })?;
    let chosen = modal.map(|name| format!("modality {name}"));
    Ok(Box::new(Equivariant::new(
        network,
        chosen.into_iter().collect(),
    )))
}

/// The files that the words after `* *` name: `N FOLDER`, `N FILE FILE ..`, or files and folders
/// of one model each.
fn name_files(words: &[&str]) -> Result<Named> {
    let Some(&first) = words.first() else {
        return Err(Error::input("pair_coeff: the model file is missing").at(0));
    };
    let number: Option<usize> = first.parse().ok();
    match number.filter(|_| !Path::new(first).exists()) {
        Some(n) => numbered(n, &words[1..]),
        None => {
            let count = count_files(words, &[]);
            let models = words[..count].iter().enumerate();
            let models = models.map(|(k, word)| parts(word).map_err(|e| e.at(k)));
            Ok((models.collect::<Result<_>>()?, count))
        }
    }
}

/// `n` parts in a folder, or `n` files.
fn numbered(n: usize, words: &[&str]) -> Result<Named> {
    if n == 0 || n > MAX_PARTS {
        return Err(Error::input(format!(
            "pair_coeff: {n} parts of a model; expected 1 to {MAX_PARTS}, one per layer"
        ))
        .at(0));
    }
    let Some(&first) = words.first() else {
        return Err(Error::input("pair_coeff: the folder of the model is missing").at(0));
    };
    if Path::new(first).is_dir() {
        return Ok((vec![part_names(first, n)], 2));
    }
    if !Path::new(first).exists() {
        return Err(Error::input(format!("No such file or directory: {first}")).at(1));
    }
    match words.get(..n) {
        Some(files) => Ok((
            vec![files.iter().map(|f| (*f).to_string()).collect()],
            1 + n,
        )),
        None => Err(Error::input(format!(
            "pair_coeff: {n} files were announced, {} follow",
            words.len()
        ))
        .at(0)),
    }
}

fn part_names(folder: &str, n: usize) -> Vec<String> {
    let folder = folder.trim_end_matches('/');
    let name = |k: usize| format!("{folder}/deployed_parallel_{k}.pt");
    (0..n).map(name).collect()
}

/// A model's file, or the parts in a folder.
fn parts(word: &str) -> Result<Vec<String>> {
    if !Path::new(word).is_dir() {
        return Ok(vec![word.to_string()]);
    }
    let all = part_names(word, MAX_PARTS);
    let there: Vec<String> = all
        .into_iter()
        .take_while(|f| Path::new(f).exists())
        .collect();
    if there.is_empty() {
        return Err(Error::input(format!(
            "the folder {word} has no file deployed_parallel_0.pt"
        )));
    }
    Ok(there)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_as_upstream_does() {
        let folder = tempfile::tempdir().unwrap();
        for k in 0..3 {
            std::fs::write(folder.path().join(format!("deployed_parallel_{k}.pt")), "").unwrap();
        }
        let dir = folder.path().to_str().unwrap();
        let part = |k: usize| format!("{dir}/deployed_parallel_{k}.pt");
        let named = |text: &str| name_files(&text.split(' ').collect::<Vec<_>>());
        let all = vec![(0..3).map(part).collect::<Vec<_>>()];
        assert_eq!(named(&format!("3 {dir} Li S")).unwrap(), (all.clone(), 2));
        assert_eq!(named(&format!("{dir} Li S")).unwrap(), (all, 1));
        let two = vec![vec![part(1), part(0)]];
        let text = format!("2 {} {} Li", part(1), part(0));
        assert_eq!(named(&text).unwrap(), (two, 3));
        let committee = vec![vec!["a.pt".to_owned()], vec!["b.pth".to_owned()]];
        assert_eq!(named("a.pt b.pth Li").unwrap(), (committee, 2));
        for wrong in ["0 x Li", "999 x Li", "2", "2 absent Li"] {
            assert!(named(wrong).is_err(), "{wrong}");
        }
    }
}
