//! `pair_style deepmd`: Deep Potential models as DeePMD-kit writes them.
//!
//! The evaluation is [`crate::ml::deepmd::fast`]; descriptors that only the plain evaluation knows
//! are run by that one, with a note in the log.

use super::network::{
    ATOMIC, COEFF_WITHOUT_FILE, DeviationOptions, Evaluate, Files, NetworkModel, NetworkStyle,
    OUT_ENERGY, OUT_FILE, OUT_FREQ, RELATIVE, RELATIVE_V, Setup, Species, UnitStyles, prepared,
};
use super::{PairEntry, PairInput, PairStyle};
use crate::domain::State;
use crate::domain::host::{Data, Part, Source};
use crate::error::{Error, Result};
use crate::ml::brick::Unsupported;
use crate::ml::deepmd::fast::{FastDeepmd, FastOptions, Given};
use crate::ml::deepmd::load::load_bytes;
use crate::ml::deepmd::model::{DeepmdModel, Inputs, Parameters, Selection};
use crate::ml::deepmd::reference;
use crate::ml::edges::{EdgeList, Evaluation};
use crate::ml::formats::kind::Family;
use crate::ml::layers::Stored;
use crate::signature::{
    Arg, Args, Keyword, Kind, Signature, arg, keyword, many, optional, parse_real,
};
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
const FIX: &[Arg] = &[arg("ID", Kind::Word, "ID of a fix")];
const FIX_AT: &[Arg] = &[
    arg("ID", Kind::Word, "ID of a fix"),
    optional(
        "index",
        Kind::Int,
        "first element of its vector, counted from 1; without it its scalar",
    ),
];

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

const FRAME_FROM_COMPUTE: Keyword = keyword(
    "fparam_from_compute",
    COMPUTE,
    "parameters of the system from the scalar of a compute, or from its vector if there are several",
);
const FRAME_FROM_FIX: Keyword = keyword(
    "fparam_from_fix",
    FIX_AT,
    "parameters of the system from a fix",
);
const ATOM_FROM_COMPUTE: Keyword = keyword(
    "aparam_from_compute",
    COMPUTE,
    "parameters of every atom from the per-atom vector of a compute, or its array if there are several",
);

/// Keywords of the LAMMPS interface that are refused, with what to do instead.
const REFUSED: &[(Keyword, &str)] = &[
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
        FRAME_FROM_COMPUTE,
        FRAME_FROM_FIX,
        ATOM_FROM_COMPUTE,
        ATOMIC,
        RELATIVE,
        RELATIVE_V,
        OUT_ENERGY,
        REFUSED[0].0,
        REFUSED[1].0,
        REFUSED[2].0,
        REFUSED[3].0,
    ],
    description: "Energies, forces, virial and their per-atom forms of a Deep Potential model (L. Zhang et \
        al., NeurIPS 31, 2018, arXiv:1805.09003; J. Zeng et al., J. Chem. Phys. 159, 054801, 2023), read \
        from a file of DeePMD-kit: a frozen or compressed graph `.pb`, a frozen `.pth`, or the serialised \
        forms `.dp`, `.yaml` and `.json`. No Python, TensorFlow or libtorch is needed, and compressing a \
        model makes it no faster: embedding networks are tabulated when the model is read. The file's \
        content decides, not its name.\n\n\
        Descriptors: se_e2_a, se_e2_r, se_e3, se_atten (DPA-1, with or without attention layers), hybrids of \
        them. A neighbor list has places for a fixed number of neighbors (`sel`): where there are more, the \
        model does not see the farthest ones, as in DeePMD-kit, and a warning names the first such atom.\n\n\
        `package argyro precision single|double|auto` chooses the precision of the network (default: that \
        of the stored weights); energies, forces and virials are always summed in double. `package argyro \
        radial exact` evaluates the embedding networks for every pair instead of tables of them.\n\n\
        With several files the first model drives, and every `out_freq` steps the largest, smallest and \
        average deviation of virial and force over the models is written to `out_file`, in the format of \
        DeePMD-kit.\n\n\
        Parameters of a model (`numb_fparam`, `numb_aparam`) are constants (`fparam`, `aparam`; several models \
        get the same) or come from a compute or fix (`fparam_from_compute`, `fparam_from_fix`, \
        `aparam_from_compute`), which is asked before every evaluation of the forces at the positions and \
        velocities of that moment. It may be defined after the pair style and must not need energies or forces of \
        the pair style. Values are taken in the units of the script. Models with such changing parameters are \
        evaluated by the plain evaluation, which is slow.\n\n\
        Restrictions: `units metal`, or `units real`, where energies are converted. `ttm` is refused, as are \
        `virtual_len`, `spin_norm` and `charge_spin`.",
    examples: &[
        "pair_style deepmd graph.pb",
        "pair_style deepmd graph.0.pb graph.1.pb graph.2.pb out_file md.out out_freq 10 atomic relative 1.0",
        "pair_style deepmd graph.pb fparam 1.2 0.4 aparam 1.0",
        "pair_style deepmd graph.pb fparam_from_compute STATE aparam 1.0",
        "pair_style deepmd graph.pb fparam 1.2 0.4 aparam_from_compute KE",
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

/// Where the parameters of the system come from, if they change.
#[derive(Debug, Clone)]
enum FrameSource {
    /// Scalar or vector of a compute, as the number of parameters demands.
    Compute(String),
    /// Scalar of a fix for all parameters, or elements of its vector from this one on (from 0).
    Fix(String, Option<usize>),
}

/// What the script says about parameters.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources {
    given: Given,
    frame: Option<FrameSource>,
    atomic: Option<String>,
}

/// A model and the values of its parameters.
#[derive(Debug)]
struct Deepmd {
    model: DeepmdModel,
    sources: Sources,
    /// Parameters of all atoms of the simulation, where a compute gives them.
    atoms: Vec<f64>,
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
    let sources = sources(args)?;
    Ok(NetworkStyle::boxed(Setup {
        style: "deepmd",
        family: Family::Deepmd,
        files: Files::InStyle(files),
        load: Box::new(move |parts| load(parts, &sources)),
        names_optional: true,
        deviation: DeviationOptions::from_args(args)?,
    }))
}

/// Reads the keywords about parameters.
fn sources(args: &Args) -> Result<Sources> {
    let values = |name: &str| -> Vec<f64> {
        let Some(given) = args.keyword(name) else {
            return Vec::new();
        };
        let words = given.all("VALUES").into_iter();
        words.filter_map(|(_, word)| parse_real(word)).collect()
    };
    for group in [
        &["fparam", "fparam_from_compute", "fparam_from_fix"][..],
        &["aparam", "aparam_from_compute"],
    ] {
        let given = group.iter().filter_map(|name| args.keyword(name));
        if let [first, second, ..] = &given.collect::<Vec<_>>()[..] {
            let names = [first, second].map(crate::signature::KeywordArgs::name);
            let text = format!(
                "pair_style deepmd: {} and {} should NOT be set simultaneously",
                names[0], names[1]
            );
            return Err(Error::input(text).at(second.position()));
        }
    }
    let compute = |name: &str| args.keyword(name).map(|k| k.str("ID").to_owned());
    let mut frame = compute("fparam_from_compute").map(FrameSource::Compute);
    if let Some(given) = args.keyword("fparam_from_fix") {
        let index = match given.get("index").is_some() {
            true => match given.int("index")? {
                n if n > 0 => Some(n as usize - 1),
                _ => {
                    let text = "fparam_from_fix: the index counts from 1";
                    return Err(Error::input(text).at(given.word("index")));
                }
            },
            false => None,
        };
        frame = Some(FrameSource::Fix(given.str("ID").to_owned(), index));
    }
    Ok(Sources {
        given: Given {
            frame: values("fparam"),
            atomic: values("aparam"),
        },
        frame,
        atomic: compute("aparam_from_compute"),
    })
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the type of all loaders of networks"
)]
pub(super) fn load(parts: Vec<Vec<u8>>, sources: &Sources) -> Result<Box<dyn NetworkModel>> {
    let model = load_bytes(parts.concat()).map_err(|e| Error::input(e.to_string()))?;
    let fitting = &model.fitting;
    match &sources.frame {
        None => check("fparam", &fitting.frame, &sources.given.frame)?,
        Some(_) => check_takes("fparam", &fitting.frame)?,
    }
    match &sources.atomic {
        None => check("aparam", &fitting.atomic, &sources.given.atomic)?,
        Some(_) => check_takes("aparam", &fitting.atomic)?,
    }
    Ok(Box::new(Deepmd {
        model,
        sources: sources.clone(),
        atoms: Vec::new(),
    }))
}

/// Checks that the model has parameters that a keyword gives.
fn check_takes(keyword: &str, parameters: &Parameters) -> Result<()> {
    if parameters.is_empty() {
        let text = format!("Illegal {keyword}_from_...: the model takes no such parameters");
        return Err(Error::input(text).help(format!("leave the {keyword} keywords out")));
    }
    Ok(())
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
            ("fparam", &self.sources.given.frame),
            ("aparam", &self.sources.given.atomic),
        ] {
            if !values.is_empty() {
                let words: Vec<String> = values.iter().map(f64::to_string).collect();
                lines.push(format!("{name} {}", words.join(" ")));
            }
        }
        for input in self.inputs() {
            let kind = match input.source {
                Source::Fix => "fix",
                _ => "compute",
            };
            let name = match input.part {
                Part::PerAtom => "aparam",
                _ => "fparam",
            };
            lines.push(format!("{name} from {kind} {}", input.id));
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
        if self.sources.frame.is_some() || self.sources.atomic.is_some() {
            return Err(Unsupported::new("parameters from computes or fixes"));
        }
        let options = FastOptions {
            exact,
            level: Level::detect(),
            given: self.sources.given.clone(),
        };
        Ok(if single {
            prepared::<f32, _>(FastDeepmd::new(&self.model, &options)?)
        } else {
            prepared::<f64, _>(FastDeepmd::new(&self.model, &options)?)
        })
    }

    fn plain(&self, edges: &EdgeList) -> Evaluation {
        self.evaluate(
            edges,
            &self.sources.given.atomic.repeat(edges.species.len()),
        )
    }

    fn plain_of(&self, edges: &EdgeList, atoms: &[u32]) -> Evaluation {
        if self.sources.atomic.is_none() {
            return self.plain(edges);
        }
        let n = self.model.fitting.atomic.len();
        let rows = atoms.iter().map(|&atom| {
            let at = atom as usize * n;
            &self.atoms[at..at + n]
        });
        self.evaluate(edges, &rows.collect::<Vec<_>>().concat())
    }

    fn inputs(&self) -> Vec<PairInput> {
        let several = self.model.fitting.frame.len() > 1;
        let frame = self.sources.frame.as_ref().map(|source| match source {
            FrameSource::Compute(id) if several => input(Source::Compute, id, Part::Vector),
            FrameSource::Compute(id) => input(Source::Compute, id, Part::Scalar),
            FrameSource::Fix(id, Some(_)) => input(Source::Fix, id, Part::Vector),
            FrameSource::Fix(id, None) => input(Source::Fix, id, Part::Scalar),
        });
        let atomic = self.sources.atomic.iter();
        let atomic = atomic.map(|id| input(Source::Compute, id, Part::PerAtom));
        frame.into_iter().chain(atomic).collect()
    }

    fn give(&mut self, values: &[Data]) -> Result<()> {
        let inputs = self.inputs();
        for (input, value) in inputs.iter().zip(values) {
            if input.part == Part::PerAtom {
                self.atoms = per_atom(&input.id, self.model.fitting.atomic.len(), value)?;
            } else {
                self.sources.given.frame = self.frame(&input.id, value)?;
            }
        }
        Ok(())
    }
}

impl Deepmd {
    fn evaluate(&self, edges: &EdgeList, atomic: &[f64]) -> Evaluation {
        let inputs = Inputs {
            frame: &self.sources.given.frame,
            atomic,
        };
        reference::evaluate(&self.model, edges, inputs)
    }

    /// Parameters of the system in the output of a compute or fix.
    fn frame(&self, id: &str, value: &Data) -> Result<Vec<f64>> {
        let needed = self.model.fitting.frame.len();
        let first = match &self.sources.frame {
            Some(FrameSource::Fix(_, Some(index))) => *index,
            _ => 0,
        };
        let found = match value {
            Data::Scalar(x) => return Ok(vec![*x; needed]),
            Data::Vector(list) => list.get(first..).unwrap_or_default(),
            _ => &[],
        };
        match found.get(..needed) {
            Some(values) => Ok(values.to_vec()),
            None => Err(wrong_number("fparam", needed, id, found.len())),
        }
    }
}

fn input(source: Source, id: &str, part: Part) -> PairInput {
    PairInput {
        source,
        id: id.to_owned(),
        part,
    }
}

/// Parameters of all atoms in the output of a compute: `needed` for each.
fn per_atom(id: &str, needed: usize, value: &Data) -> Result<Vec<f64>> {
    match value {
        Data::PerAtom(list) if needed == 1 => Ok(list.clone()),
        Data::PerAtomArray { columns, values } if *columns >= needed => {
            let rows = values.chunks_exact(*columns);
            Ok(rows.flat_map(|row| &row[..needed]).copied().collect())
        }
        Data::PerAtomArray { columns, .. } => Err(wrong_number("aparam", needed, id, *columns)),
        _ => Err(wrong_number("aparam", needed, id, 1)),
    }
}

fn wrong_number(keyword: &str, needed: usize, id: &str, found: usize) -> Error {
    Error::input(format!(
        "Illegal {keyword}, the dimension should be {needed}: {id} gives {found} values"
    ))
}
