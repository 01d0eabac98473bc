//! `pair_style deepmd`: Deep Potential models as DeePMD-kit writes them.
//!
//! The evaluation is [`crate::ml::deepmd::fast`]; descriptors that only the plain evaluation knows
//! are run by that one, with a note in the log.

use super::network::{
    ATOMIC, COEFF_WITHOUT_FILE, DeviationOptions, Evaluate, Files, NetworkModel, NetworkStyle,
    OUT_ENERGY, OUT_FILE, OUT_FREQ, RELATIVE, RELATIVE_V, Setup, Species, UnitStyles, prepared,
};
use super::{PairEntry, PairStyle};
use crate::domain::State;
use crate::error::{Error, Result};
use crate::ml::brick::Unsupported;
use crate::ml::deepmd::fast::{FastDeepmd, FastOptions, Given};
use crate::ml::deepmd::load::load_bytes;
use crate::ml::deepmd::model::{DeepmdModel, Inputs, Parameters, Selection};
use crate::ml::deepmd::reference;
use crate::ml::edges::{EdgeList, Evaluation};
use crate::ml::layers::Stored;
use crate::signature::{Arg, Args, Keyword, Kind, Signature, arg, keyword, many, parse_real};
use crate::simd::Level;

/// Entry of `pair_style deepmd`.
pub const STYLE: PairEntry = PairEntry {
    signature: &DEEPMD,
    coeff: &COEFF,
    build,
};

const VALUES: &[Arg] = &[many(
    "VALUES",
    Kind::Real,
    "as many numbers as the model has parameters",
)];
const COMPUTE: &[Arg] = &[arg("ID", Kind::Word, "ID of a compute")];
const FIX: &[Arg] = &[many("ID", Kind::Word, "ID of a fix, and an index")];

const FRAME: Keyword = keyword(
    "fparam",
    VALUES,
    "parameters of the system, for models that take them (numb_fparam)",
);
const ATOM: Keyword = keyword(
    "aparam",
    VALUES,
    "parameters of every atom, for models that take them (numb_aparam)",
);

/// Keywords of the LAMMPS interface that are refused, with what to do instead.
const REFUSED: &[(Keyword, &str)] = &[
    (
        keyword("fparam_from_compute", COMPUTE, REFUSED_DOC),
        "give constant values: fparam VALUE...",
    ),
    (
        keyword("fparam_from_fix", FIX, REFUSED_DOC),
        "give constant values: fparam VALUE...",
    ),
    (
        keyword("aparam_from_compute", COMPUTE, REFUSED_DOC),
        "give values that are the same for all atoms: aparam VALUE...",
    ),
    (
        keyword("ttm", FIX, REFUSED_DOC),
        "give a constant electron temperature: fparam VALUE or aparam VALUE",
    ),
    (
        keyword("virtual_len", VALUES, REFUSED_DOC),
        "models with spins are not supported; train one without",
    ),
    (
        keyword("spin_norm", VALUES, REFUSED_DOC),
        "models with spins are not supported; train one without",
    ),
    (
        keyword("charge_spin", VALUES, REFUSED_DOC),
        "models with charge and spin inputs are not supported; train one without",
    ),
];
const REFUSED_DOC: &str = "not supported";

const DEEPMD: Signature = Signature {
    name: "deepmd",
    summary: "Deep Potential machine-learning potential",
    args: &[many(
        "FILE",
        Kind::FileIn,
        "model file; several are a committee of which the first drives",
    )],
    keywords: &[
        OUT_FREQ,
        OUT_FILE,
        FRAME,
        ATOM,
        ATOMIC,
        RELATIVE,
        RELATIVE_V,
        OUT_ENERGY,
        REFUSED[0].0,
        REFUSED[1].0,
        REFUSED[2].0,
        REFUSED[3].0,
        REFUSED[4].0,
        REFUSED[5].0,
        REFUSED[6].0,
    ],
    description: "Energies, forces, virial and their per-atom forms of a Deep Potential model (L. Zhang et \
        al., NeurIPS 31, 2018, arXiv:1805.09003; J. Zeng et al., J. Chem. Phys. 159, 054801, 2023), read \
        from a file of DeePMD-kit: a frozen or compressed graph `.pb`, a frozen `.pth`, or the serialised \
        forms `.dp`, `.yaml` and `.json`. No Python, TensorFlow or libtorch is needed, and compressing a \
        model makes it no faster: embedding networks are tabulated when the model is read. The file's \
        content decides, not its name.\n\n\
        Descriptors: se_e2_a, se_e2_r, se_atten (DPA-1), hybrids of them; se_e3 and attention layers by the \
        plain evaluation, which is slow. A neighbor list has places for a fixed number of neighbors (`sel`): \
        where there are more, the model does not see the farthest ones, as in DeePMD-kit, and a warning \
        names the first such atom.\n\n\
        `package argyro precision single|double|auto` chooses the precision of the network (default: that \
        of the stored weights); energies, forces and virials are always summed in double. `package argyro \
        radial exact` evaluates the embedding networks for every pair instead of tables of them.\n\n\
        With several files the first model drives, and every `out_freq` steps the largest, smallest and \
        average deviation of virial and force over the models is written to `out_file`, in the format of \
        DeePMD-kit.\n\n\
        Restrictions: `units metal`, or `units real`, where energies are converted. Parameters are constant: \
        `fparam_from_compute`, `fparam_from_fix`, `aparam_from_compute` and `ttm` are refused, as are \
        `virtual_len`, `spin_norm` and `charge_spin`.",
    examples: &[
        "pair_style deepmd graph.pb",
        "pair_style deepmd graph.0.pb graph.1.pb graph.2.pb out_file md.out out_freq 10 atomic relative 1.0",
        "pair_style deepmd graph.pth fparam 1.2",
    ],
};

const COEFF: Signature = Signature {
    name: "deepmd",
    summary: "elements of the atom types",
    args: COEFF_WITHOUT_FILE,
    keywords: &[],
    description: "The names are those of the model's type map, one per atom type; several types may have the \
        same name. Without names type 1 is the first type of the model, type 2 the second and so on. NULL \
        leaves a type to other styles of `pair_style hybrid`.",
    examples: &["pair_coeff * * O H", "pair_coeff * *"],
};

/// A model and the values of its parameters.
#[derive(Debug)]
struct Deepmd {
    model: DeepmdModel,
    given: Given,
}

fn build(args: &Args, _: &State) -> Result<Box<dyn PairStyle>> {
    for (refused, instead) in REFUSED {
        if let Some(given) = args.keyword(refused.name) {
            let text = format!("pair_style deepmd: {} is not supported", refused.name);
            return Err(Error::input(text).help(*instead).at(given.position()));
        }
    }
    let files: Vec<String> = args.all("FILE").iter().map(|f| f.1.to_string()).collect();
    if files.is_empty() {
        return Err(
            Error::input("Illegal pair_style command: a model file is missing")
                .help(DEEPMD.examples[0]),
        );
    }
    let values = |name: &str| -> Vec<f64> {
        let Some(given) = args.keyword(name) else {
            return Vec::new();
        };
        let words = given.all("VALUES").into_iter();
        words.filter_map(|(_, word)| parse_real(word)).collect()
    };
    let given = Given {
        frame: values("fparam"),
        atomic: values("aparam"),
    };
    Ok(NetworkStyle::boxed(Setup {
        style: "deepmd",
        files: Files::InStyle(files),
        load: Box::new(move |parts| load(parts, &given)),
        names_optional: true,
        deviation: DeviationOptions::from_args(args)?,
    }))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the type of all loaders of networks"
)]
fn load(parts: Vec<Vec<u8>>, given: &Given) -> Result<Box<dyn NetworkModel>> {
    let model = load_bytes(parts.concat()).map_err(|e| Error::input(e.to_string()))?;
    check("fparam", &model.fitting.frame, &given.frame)?;
    check("aparam", &model.fitting.atomic, &given.atomic)?;
    Ok(Box::new(Deepmd {
        model,
        given: given.clone(),
    }))
}

/// Checks the number of values of a keyword.
fn check(keyword: &str, parameters: &Parameters, values: &[f64]) -> Result<()> {
    let (needed, found) = (parameters.len(), values.len());
    let implied = found == 0 && parameters.default.is_some();
    if found == needed || implied {
        return Ok(());
    }
    let error = Error::input(format!(
        "Illegal {keyword}, the dimension should be {needed}, found {found} values"
    ));
    Err(if needed == 0 {
        error.help(format!(
            "the model takes no such parameters: leave {keyword} out"
        ))
    } else {
        error.help(format!(
            "pair_style deepmd FILE {keyword} with {needed} values"
        ))
    })
}

impl NetworkModel for Deepmd {
    fn r_max(&self) -> f64 {
        self.model.cutoff()
    }

    fn species(&self) -> Vec<Species> {
        self.model.type_map.iter().map(Species::named).collect()
    }

    fn stored_single(&self) -> bool {
        self.model.stored() == Stored::Single
    }

    fn describe(&self) -> Vec<String> {
        let environments = self.model.descriptor.environments();
        let places = environments.iter().map(|e| match &e.selection {
            Selection::PerType(sel) => {
                let words: Vec<String> = sel.iter().map(usize::to_string).collect();
                words.join(" ")
            }
            Selection::Total(n) => n.to_string(),
        });
        let mut lines = vec![format!(
            "descriptor {}, places for neighbors (sel) {}",
            self.model.descriptor.name(),
            places.collect::<Vec<_>>().join(" + ")
        )];
        for (name, values) in [
            ("fparam", &self.given.frame),
            ("aparam", &self.given.atomic),
        ] {
            if !values.is_empty() {
                let words: Vec<String> = values.iter().map(f64::to_string).collect();
                lines.push(format!("{name} {}", words.join(" ")));
            }
        }
        lines
    }

    fn units(&self) -> UnitStyles {
        UnitStyles::MetalOrReal
    }

    fn brick_atoms(&self) -> usize {
        // blocks of atoms are made across bricks: these are large, so that ghosts cost little
        128
    }

    fn fast(
        &self,
        single: bool,
        exact: bool,
    ) -> std::result::Result<Box<dyn Evaluate>, Unsupported> {
        let options = FastOptions {
            exact,
            level: Level::detect(),
            given: self.given.clone(),
        };
        Ok(if single {
            prepared::<f32, _>(FastDeepmd::new(&self.model, &options)?)
        } else {
            prepared::<f64, _>(FastDeepmd::new(&self.model, &options)?)
        })
    }

    fn plain(&self, edges: &EdgeList) -> Evaluation {
        let atomic = self.given.atomic.repeat(edges.species.len());
        let inputs = Inputs {
            frame: &self.given.frame,
            atomic: &atomic,
        };
        reference::evaluate(&self.model, edges, inputs)
    }
}
