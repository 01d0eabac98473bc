//! `pair_style mace`: MACE models as their trainer writes them (`.model` and `*-lammps.pt`).
//!
//! The evaluation is [`crate::ml::mace::fast`]; models with features that only the plain
//! evaluation knows are run by that one, with a note in the log.

use super::network::{
    ATOMIC, COEFF_WITH_FILE, COEFF_WITHOUT_FILE, DeviationOptions, Evaluate, Files, NetworkModel,
    NetworkStyle, OUT_ENERGY, OUT_FILE, OUT_FREQ, RELATIVE, RELATIVE_V, Setup, Species, prepared,
};
use super::{PairEntry, PairStyle};
use crate::domain::State;
use crate::error::{Error, Result};
use crate::ml::brick::Unsupported;
use crate::ml::edges::{EdgeList, Evaluation};
use crate::ml::formats::kind::Family;
use crate::ml::layers::Stored;
use crate::ml::mace::fast::{FastMace, FastOptions};
use crate::ml::mace::load::load_bytes;
use crate::ml::mace::model::MaceModel;
use crate::ml::mace::reference;
use crate::signature::{Arg, Args, Kind, Signature, arg, keyword, optional, rest};
use crate::simd::Level;

/// Entry of `pair_style mace`.
pub const STYLE: PairEntry = PairEntry {
    signature: &MACE,
    coeff: &COEFF,
    build: build_mace,
};

/// Entry of the name of the symmetrix interface.
pub const SYMMETRIX: PairEntry = PairEntry {
    signature: &SYMMETRIX_SIGNATURE,
    coeff: &COEFF,
    build: build_symmetrix,
};

/// Entry of the name of the ML-IAP interface.
pub const MLIAP: PairEntry = PairEntry {
    signature: &MLIAP_SIGNATURE,
    coeff: &MLIAP_COEFF,
    build: build_mliap,
};

const HEAD: &[Arg] = &[arg("NAME", Kind::Word, "name of the head")];

const MACE: Signature = Signature {
    name: "mace",
    summary: "MACE machine-learning potential",
    args: &[],
    keywords: &[
        keyword(
            "no_domain_decomposition",
            &[],
            "accepted for compatibility; features are exchanged between bricks in any case",
        ),
        keyword(
            "head",
            HEAD,
            "level of theory of a model with several heads",
        ),
        OUT_FREQ,
        OUT_FILE,
        RELATIVE,
        RELATIVE_V,
        ATOMIC,
        OUT_ENERGY,
    ],
    description: "Energies, forces, virial and their per-atom forms of a MACE model (I. Batatia et al., \
        NeurIPS 35, 2022, arXiv:2206.07697), read from the file that the trainer writes: `.model`, or \
        `*-lammps.pt` of `mace_create_lammps_model`. No Python is needed. The file's content decides, not \
        its name.\n\n\
        `package argyro precision single|double|auto` chooses the precision of the network (default: that \
        of the stored weights); energies, forces and virial are always summed in double. `package argyro \
        radial exact` evaluates the radial networks for every pair instead of tables of them.\n\n\
        Several model files in `pair_coeff` are a committee: the first one drives, and every `out_freq` \
        steps the largest, smallest and average deviation of virial and force over the models is written \
        to `out_file`, in the format of DeePMD-kit. The others may be models of any family: DeePMD, NequIP, \
        Allegro and SevenNet files stand beside those of MACE.\n\n\
        Restrictions: `units metal`. Cells shorter than the cutoff are handled.",
    examples: &[
        "pair_style mace",
        "pair_style mace no_domain_decomposition head pbe",
        "pair_style mace out_freq 50 out_file deviation.out",
    ],
};

const COEFF: Signature = Signature {
    name: "mace",
    summary: "model file and elements of the atom types",
    args: COEFF_WITH_FILE,
    keywords: &[],
    description: "Several types may be the same element. The masses of the types must be those of the \
        elements. NULL leaves a type to other styles of `pair_style hybrid`.",
    examples: &[
        "pair_coeff * * li6ps5cl.model Li P S Cl",
        "pair_coeff * * a.model b.model c.model Li P S Cl",
    ],
};

const SYMMETRIX_SIGNATURE: Signature = Signature {
    name: "symmetrix/mace",
    summary: "MACE machine-learning potential, name of the symmetrix interface",
    args: &[optional(
        "MODE",
        Kind::OneOf(&[
            "no_domain_decomposition",
            "mpi_message_passing",
            "no_mpi_message_passing",
        ]),
        "accepted for compatibility",
    )],
    keywords: &[],
    description: "The same as `pair_style mace`. The model file is that of the trainer; the JSON files \
        that symmetrix extracts from it are not needed and not read.",
    examples: &["pair_style symmetrix/mace"],
};

const MLIAP_SIGNATURE: Signature = Signature {
    name: "mliap",
    summary: "MACE machine-learning potential, name of the ML-IAP interface",
    args: &[
        arg("KIND", Kind::Word, "kind of interface: unified"),
        arg("FILE", Kind::FileIn, "model file"),
        optional(
            "GHOSTNEIGH",
            Kind::Word,
            "0 or 1, accepted for compatibility",
        ),
        rest("more", "of kinds that argyro does not have"),
    ],
    keywords: &[],
    description: "The same as `pair_style mace` with the model file in the `pair_style` command. The file \
        is the trainer's `.model`; the pickled `*-mliap_lammps.pt` made from it is not needed.",
    examples: &["pair_style mliap unified li6ps5cl.model 0"],
};

const MLIAP_COEFF: Signature = Signature {
    name: "mliap",
    summary: "elements of the atom types",
    args: COEFF_WITHOUT_FILE,
    keywords: &[],
    description: "",
    examples: &["pair_coeff * * Li P S Cl"],
};

/// A model and the head that was chosen.
#[derive(Debug)]
struct Mace {
    model: MaceModel,
    head: usize,
}

fn style(
    name: &'static str,
    files: Files,
    head: Option<String>,
    args: &Args,
) -> Result<Box<dyn PairStyle>> {
    Ok(NetworkStyle::boxed(Setup {
        style: name,
        family: Family::Mace,
        files,
        load: Box::new(move |parts| load(parts, head.as_deref())),
        names_optional: false,
        deviation: DeviationOptions::from_args(args)?,
    }))
}

fn build_mace(args: &Args, _: &State) -> Result<Box<dyn PairStyle>> {
    let head = args.keyword("head").map(|k| k.str("NAME").to_string());
    style("mace", Files::InCoeff, head, args)
}

fn build_symmetrix(args: &Args, _: &State) -> Result<Box<dyn PairStyle>> {
    style("symmetrix/mace", Files::InCoeff, None, args)
}

fn build_mliap(args: &Args, _: &State) -> Result<Box<dyn PairStyle>> {
    let kind = args.str("KIND");
    if kind != "unified" {
        let text = format!("pair_style mliap {kind} is not supported");
        return Err(Error::input(text)
            .at(args.word("KIND"))
            .help("argyro has `mliap unified FILE`, with a MACE model"));
    }
    let ghosts = args.get("GHOSTNEIGH").filter(|g| !matches!(*g, "0" | "1"));
    let more = args.all("more").into_iter().map(|w| w.1);
    if let Some(word) = ghosts.into_iter().chain(more).next() {
        let text = format!("Illegal pair_style mliap command: '{word}' is not expected here");
        return Err(Error::input(text));
    }
    let file = args.str("FILE").to_string();
    style("mliap", Files::InStyle(vec![file]), None, args)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the type of all loaders of networks"
)]
pub(super) fn load(parts: Vec<Vec<u8>>, head: Option<&str>) -> Result<Box<dyn NetworkModel>> {
    let model = load_bytes(parts.concat()).map_err(|e| Error::input(e.to_string()))?;
    let head = choose_head(&model, head)?;
    Ok(Box::new(Mace { model, head }))
}

/// The head that a user asked for, or the only possible one.
fn choose_head(model: &MaceModel, wanted: Option<&str>) -> Result<usize> {
    let list = model.heads.join(" ");
    match wanted {
        Some(name) => {
            let place = model.heads.iter().position(|h| h == name);
            place.ok_or_else(|| {
                Error::input(format!("the model has no head '{name}'"))
                    .help(format!("heads of the model: {list}"))
                    .suggest(name, model.heads.iter().map(String::as_str))
            })
        }
        None => model.implied_head().ok_or_else(|| {
            Error::input("the model has several heads and none was chosen").help(format!(
                "pair_style mace head NAME; heads of the model: {list}"
            ))
        }),
    }
}

impl NetworkModel for Mace {
    fn r_max(&self) -> f64 {
        self.model.r_max
    }

    fn species(&self) -> Vec<Species> {
        let numbers = self.model.atomic_numbers.iter();
        numbers.map(|&z| Species::element(z)).collect()
    }

    fn stored_single(&self) -> bool {
        self.model.stored == Stored::Single
    }

    fn describe(&self) -> Vec<String> {
        if self.model.heads.len() < 2 {
            return Vec::new();
        }
        vec![format!("head {}", self.model.heads[self.head])]
    }

    fn fast(
        &self,
        single: bool,
        exact: bool,
    ) -> std::result::Result<Box<dyn Evaluate>, Unsupported> {
        let options = FastOptions {
            head: self.head,
            exact,
            level: Level::detect(),
        };
        Ok(if single {
            prepared::<f32, _>(FastMace::new(&self.model, options)?)
        } else {
            prepared::<f64, _>(FastMace::new(&self.model, options)?)
        })
    }

    fn plain(&self, edges: &EdgeList) -> Evaluation {
        reference::evaluate(&self.model, edges, self.head)
    }
}
