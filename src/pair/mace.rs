//! `pair_style mace`: MACE models as their trainer writes them (`.model` and `*-lammps.pt`).
//!
//! The evaluation is [`crate::ml::mace::fast`]; models with features that only the plain
//! evaluation knows are run by that one, with a note in the log.

mod evaluator;

use super::species::SpeciesMap;
use super::{BrickForces, ForceContext, PairEntry, PairModify, PairOptions, PairStyle, Precision};
use crate::domain::{Needs, State};
use crate::error::{Error, Result};
use crate::ml::layers::Stored;
use crate::ml::mace::load::load_bytes;
use crate::ml::mace::model::MaceModel;
use crate::signature::{Arg, Args, Kind, Signature, arg, keyword, optional, rest};
use crate::simd::Level;
use evaluator::Evaluator;
use sha2::{Digest, Sha256};
use std::path::Path;

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
    ],
    description: "Energies, forces, virial and their per-atom forms of a MACE model (I. Batatia et al., \
        NeurIPS 35, 2022, arXiv:2206.07697), read from the file that the trainer writes: `.model`, or \
        `*-lammps.pt` of `mace_create_lammps_model`. No Python is needed. The file's content decides, not \
        its name.\n\n\
        `package argyro precision single|double|auto` chooses the precision of the network (default: that \
        of the stored weights); energies, forces and virial are always summed in double. `package argyro \
        radial exact` evaluates the radial networks for every pair instead of tables of them.\n\n\
        Restrictions: `units metal`; one model file. Cells shorter than the cutoff are handled.",
    examples: &[
        "pair_style mace",
        "pair_style mace no_domain_decomposition head pbe",
    ],
};

const COEFF: Signature = Signature {
    name: "mace",
    summary: "model file and elements of the atom types",
    args: &[
        arg("I", Kind::Types, "must be *"),
        arg("J", Kind::Types, "must be *"),
        arg("FILE", Kind::FileIn, "model file"),
        rest("ELEMENTS", "one element symbol per atom type, or NULL"),
    ],
    keywords: &[],
    description: "Several types may be the same element. The masses of the types must be those of the \
        elements. NULL leaves a type to other styles of `pair_style hybrid`.",
    examples: &["pair_coeff * * li6ps5cl.model Li P S Cl"],
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
        arg("KIND", Kind::OneOf(&["unified"]), "kind of interface"),
        arg("FILE", Kind::FileIn, "model file"),
        optional("GHOSTNEIGH", Kind::Int, "accepted for compatibility"),
    ],
    keywords: &[],
    description: "The same as `pair_style mace` with the model file in the `pair_style` command. The file \
        is the trainer's `.model`; the pickled `*-mliap_lammps.pt` made from it is not needed.",
    examples: &["pair_style mliap unified li6ps5cl.model 0"],
};

const MLIAP_COEFF: Signature = Signature {
    name: "mliap",
    summary: "elements of the atom types",
    args: &[
        arg("I", Kind::Types, "must be *"),
        arg("J", Kind::Types, "must be *"),
        rest("ELEMENTS", "one element symbol per atom type, or NULL"),
    ],
    keywords: &[],
    description: "",
    examples: &["pair_coeff * * Li P S Cl"],
};

/// The style.
#[derive(Debug)]
struct Mace {
    style: &'static str,
    head: Option<String>,
    /// File named by `pair_style`, under the ML-IAP name.
    file: Option<String>,
    loaded: Option<Loaded>,
    evaluator: Option<Evaluator>,
    masses: Vec<Option<f64>>,
}

/// A model file and how it is to be used.
#[derive(Debug)]
struct Loaded {
    file: String,
    hash: String,
    model: MaceModel,
    head: usize,
    single: bool,
    exact: bool,
    species: SpeciesMap,
}

impl Mace {
    fn boxed(
        style: &'static str,
        head: Option<String>,
        file: Option<String>,
    ) -> Box<dyn PairStyle> {
        Box::new(Mace {
            style,
            head,
            file,
            loaded: None,
            evaluator: None,
            masses: Vec::new(),
        })
    }
}

fn build_mace(args: &Args, _: &State) -> Result<Box<dyn PairStyle>> {
    let head = args.keyword("head").map(|k| k.str("NAME").to_string());
    Ok(Mace::boxed("mace", head, None))
}

fn build_symmetrix(_: &Args, _: &State) -> Result<Box<dyn PairStyle>> {
    Ok(Mace::boxed("symmetrix/mace", None, None))
}

fn build_mliap(args: &Args, _: &State) -> Result<Box<dyn PairStyle>> {
    let file = args.str("FILE").to_string();
    Ok(Mace::boxed("mliap", None, Some(file)))
}

fn read(file: &str) -> Result<(MaceModel, String)> {
    let bytes = std::fs::read(Path::new(file))
        .map_err(|e| Error::input(format!("Cannot open model file {file}: {e}")))?;
    let hash: String = Sha256::digest(&bytes)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let model = load_bytes(bytes).map_err(|e| Error::input(format!("{file}: {e}")))?;
    Ok((model, hash))
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

impl PairStyle for Mace {
    fn coeff(&mut self, words: &[&str], state: &State, options: &PairOptions) -> Result<()> {
        if words.len() < 2 || words[0] != "*" || words[1] != "*" {
            return Err(
                Error::input("Incorrect args for pair coefficients").help(format!(
                    "pair_style {} takes one pair_coeff * * command with the element of every type",
                    self.style
                )),
            );
        }
        let (file, first) = match &self.file {
            Some(file) => (file.clone(), 2),
            None => match words.get(2) {
                Some(&file) => (file.to_string(), 3),
                None => return Err(Error::input("pair_coeff: the model file is missing").at(2)),
            },
        };
        let symbols = &words[first..];
        let is_file = |w: &str| {
            w != "NULL" && crate::elements::atomic_number(w).is_none() && Path::new(w).exists()
        };
        if let Some(k) = symbols.iter().position(|w| is_file(w)) {
            return Err(Error::input(
                "pair_coeff: a committee of several model files is not supported",
            )
            .help("give one model file, then one element per atom type")
            .at(first + k));
        }
        let (model, hash) = read(&file).map_err(|e| e.or_at(first - 1))?;
        let head = choose_head(&model, self.head.as_deref())?;
        let species = SpeciesMap::new(symbols, first, &model.atomic_numbers, state)?;
        let single = match options.precision {
            Precision::Auto => model.stored == Stored::Single,
            Precision::Single => true,
            Precision::Double => false,
        };
        self.evaluator = None;
        self.loaded = Some(Loaded {
            file,
            hash,
            model,
            head,
            single,
            exact: options.radial_exact,
            species,
        });
        Ok(())
    }

    fn modify(&mut self, modify: &PairModify) -> Result<()> {
        // `shift` changes nothing: the energy of a pair ends at zero by construction
        if modify.tail {
            return Err(Error::input(format!(
                "pair_modify tail yes has no meaning for pair_style {}",
                self.style
            )));
        }
        Ok(())
    }

    fn handles(&self, i: u32, j: u32) -> bool {
        let known = |t| {
            self.loaded
                .as_ref()
                .is_none_or(|l| l.species.of(t).is_some())
        };
        known(i) && known(j)
    }

    fn init(&mut self, state: &State) -> Result<()> {
        let Some(loaded) = &self.loaded else {
            return Err(Error::input("All pair coeffs are not set").help(format!(
                "pair_style {} needs pair_coeff * * ...",
                self.style
            )));
        };
        if state.units.name != "metal" {
            return Err(Error::input(format!(
                "pair_style {} requires metal units, not {}",
                self.style, state.units.name
            )));
        }
        loaded.species.check_masses(self.style, state)?;
        self.masses.clone_from(&state.types.mass);
        if self.evaluator.is_none() {
            self.evaluator = Some(Evaluator::new(loaded));
        }
        Ok(())
    }

    fn cutoff(&self) -> f64 {
        self.loaded.as_ref().map_or(0.0, |l| l.model.r_max)
    }

    fn needs(&self) -> Needs {
        Needs {
            half: false,
            full: true,
            // small enough that a small cell gives every thread something, large enough that ghosts
            // cost less than a tenth of the step
            brick_atoms: 48,
            ..Needs::default()
        }
    }

    fn compute(&mut self, context: &ForceContext<'_>, out: &mut [BrickForces]) -> Result<()> {
        let (Some(loaded), Some(evaluator)) = (&self.loaded, &mut self.evaluator) else {
            return Err(Error::run("pair_style mace was not initialised"));
        };
        evaluator.compute(loaded, context, out)
    }

    fn describe(&self) -> Vec<String> {
        let Some(l) = &self.loaded else {
            return Vec::new();
        };
        let mut lines = vec![format!("model {} (sha256 {})", l.file, l.hash)];
        if l.model.heads.len() > 1 {
            lines.push(format!("head {}", l.model.heads[l.head]));
        }
        lines.extend(l.species.describe(&self.masses));
        match &self.evaluator {
            Some(Evaluator::Plain(why)) => {
                lines.push(format!("precision double, plain evaluation: {why}"));
            }
            _ => {
                let precision = if l.single { "single" } else { "double" };
                let radial = if l.exact { "exact" } else { "tables" };
                let simd = Level::detect().name();
                lines.push(format!(
                    "precision {precision}, radial functions {radial}, SIMD {simd}"
                ));
            }
        }
        lines
    }
}
