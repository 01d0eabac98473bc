//! A model of a pair style: its files, the atom types it is for, and its evaluation.

use super::model::{Evaluate, NetworkModel, NotFinite};
use super::species::{Species, SpeciesMap};
use super::{plain, read};
use crate::domain::host::Data;
use crate::error::{Error, Result};
use crate::ml::brick::{Dropped, NO_SPECIES, Unsupported};
use crate::ml::describe::hash;
use crate::ml::formats::kind::{Family, ModelFile, ModelKind};
use crate::pair::{BrickForces, ForceContext, NETWORKS, PairOptions, Precision};
use crate::simd::Level;

/// Reads a model from the contents of its files (one file for most families).
pub type Load = Box<dyn Fn(Vec<Vec<u8>>) -> Result<Box<dyn NetworkModel>> + Send + Sync>;

/// Largest cutoff (Å): more is a damaged file, whose neighbour lists would fill the memory.
const LARGEST_CUTOFF: f64 = 100.0;

/// A model as it was read.
#[derive(Debug)]
pub struct Read {
    files: Vec<String>,
    hash: String,
    /// The model.
    pub model: Box<dyn NetworkModel>,
    /// Its species.
    pub species: Vec<Species>,
}

impl Read {
    /// Reads a model from its files.
    ///
    /// # Errors
    /// A file cannot be read or is no model of the family.
    pub fn new(files: Vec<String>, load: &Load) -> Result<Read> {
        let parts = contents(&files)?;
        Read::from_parts(files, parts, load)
    }

    /// Reads a further model of a committee, which may be of another family than that of the pair
    /// style and is then read without the options of the style.
    ///
    /// # Errors
    /// As [`Read::new`].
    pub fn further(files: Vec<String>, family: Family, load: &Load) -> Result<Read> {
        let parts = contents(&files)?;
        let first = parts.first().cloned().unwrap_or_default();
        // what cannot be opened is reported by the family of the style
        let kind = ModelFile::open(first).ok().map(|file| file.kind);
        let found = kind.filter(ModelKind::is_readable).and_then(|k| k.family());
        let mut others = NETWORKS.iter().filter(|(known, _)| *known != family);
        match others.find(|(known, _)| found == Some(*known)) {
            Some((_, other)) => Read::from_parts(files, parts, other),
            None => Read::from_parts(files, parts, load),
        }
    }

    fn from_parts(
        files: Vec<String>,
        parts: Vec<Vec<u8>>,
        load: impl Fn(Vec<Vec<u8>>) -> Result<Box<dyn NetworkModel>>,
    ) -> Result<Read> {
        // several files of one model have one hash: that of their contents in order
        let hash = match &parts[..] {
            [only] => hash(only),
            all => hash(&all.concat()),
        };
        let model = load(parts).map_err(|mut e| {
            e.message = format!("{}: {}", files.join(" "), e.message);
            e
        })?;
        let species = model.species();
        if species.len() >= usize::from(NO_SPECIES) {
            return Err(Error::input(format!(
                "{}: a model of {} species; at most {} are supported",
                files.join(" "),
                species.len(),
                NO_SPECIES - 1
            )));
        }
        let r_max = model.r_max();
        if !(r_max > 0.0 && r_max <= LARGEST_CUTOFF) {
            return Err(Error::input(format!(
                "{}: a cutoff of {r_max} A; at most {LARGEST_CUTOFF} A are supported",
                files.join(" ")
            )));
        }
        Ok(Read {
            files,
            hash,
            model,
            species,
        })
    }
}

fn contents(files: &[String]) -> Result<Vec<Vec<u8>>> {
    files.iter().map(|f| read::bytes(f)).collect()
}

/// How a model is evaluated.
#[derive(Debug)]
enum How {
    Fast(Box<dyn Evaluate>),
    Plain(Unsupported),
}

/// A model ready for evaluation.
#[derive(Debug)]
pub struct Member {
    read: Read,
    types: SpeciesMap,
    of_type: Vec<u8>,
    single: bool,
    exact: bool,
    /// None before the first run.
    how: Option<How>,
    /// What the user has not yet been told.
    warnings: Vec<String>,
    warned: bool,
}

impl Member {
    /// A model for atom types.
    pub fn new(read: Read, types: SpeciesMap, options: &PairOptions) -> Member {
        let single = match options.precision {
            Precision::Auto => read.model.stored_single(),
            Precision::Single => true,
            Precision::Double => false,
        };
        let single = single && !read.model.only_double();
        Member {
            of_type: types.of_types(),
            read,
            types,
            single,
            exact: options.radial_exact,
            how: None,
            warnings: Vec::new(),
            warned: false,
        }
    }

    /// Prepares the evaluation, if that has not been done.
    pub fn prepare(&mut self) {
        let (model, of_type) = (&self.read.model, &self.of_type);
        let (single, exact) = (self.single, self.exact);
        self.how
            .get_or_insert_with(|| match model.fast(single, exact) {
                Ok(mut fast) => {
                    fast.set_types(of_type);
                    How::Fast(fast)
                }
                Err(why) => How::Plain(why),
            });
    }

    /// The species of the atom types.
    pub fn types(&self) -> &SpeciesMap {
        &self.types
    }

    /// The model.
    pub fn model(&self) -> &dyn NetworkModel {
        &*self.read.model
    }

    /// Hands the values of its inputs to the model.
    ///
    /// # Errors
    /// They are not as many as the model takes.
    pub fn give(&mut self, values: &[Data]) -> Result<()> {
        self.read.model.give(values)
    }

    /// Adds energies, forces and virials of all bricks to `out`.
    ///
    /// # Errors
    /// An energy is not finite.
    pub fn compute(
        &mut self,
        style: &str,
        context: &ForceContext<'_>,
        out: &mut [BrickForces],
    ) -> Result<()> {
        let done = match &mut self.how {
            Some(How::Fast(fast)) => fast.compute(context, out),
            Some(How::Plain(_)) => plain::compute(&*self.read.model, &self.of_type, context, out),
            None => {
                return Err(Error::run(format!(
                    "pair_style {style} was not initialised"
                )));
            }
        };
        done.map_err(|at| not_finite(style, at, context))?;
        if let (Some(How::Fast(fast)), false) = (&self.how, self.warned)
            && let Some((brick, dropped)) = fast.dropped()
        {
            self.warned = true;
            let text = self.about_dropped(style, dropped, atom_id(context, brick, dropped.atom));
            self.warnings.push(text);
        }
        Ok(())
    }

    /// What the evaluations since the last call want the user to know.
    pub fn warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    fn about_dropped(&self, style: &str, dropped: Dropped, id: i64) -> String {
        let species = dropped.species.and_then(|z| self.read.species.get(z));
        let kind = species.map_or(String::new(), |s| format!(" of type {}", s.name));
        format!(
            "pair_style {style}: atom {id} has {} neighbors{kind} within the cutoff and the model {} has \
             places for {} (sel of the training input): it does not see the farthest ones, here and \
             wherever there are too many, and the energy is not continuous there",
            dropped.found,
            self.read.files.join(" "),
            dropped.places
        )
    }

    /// Lines for the log, without those about the types.
    pub fn describe(&self) -> Vec<String> {
        let files = self.read.files.join(" ");
        let mut lines = vec![format!("model {files} (sha256 {})", self.read.hash)];
        lines.extend(self.read.model.describe());
        lines.push(match &self.how {
            Some(How::Plain(why)) => format!("precision double, plain evaluation: {why}"),
            _ => {
                let precision = if self.single { "single" } else { "double" };
                let radial = match (self.read.model.has_tables(), self.exact) {
                    (false, _) => "",
                    (true, false) => ", radial functions tables",
                    (true, true) => ", radial functions exact",
                };
                let simd = Level::detect().name();
                format!("precision {precision}{radial}, SIMD {simd}")
            }
        });
        lines
    }
}

/// ID of own atom `atom` of brick `brick`.
fn atom_id(context: &ForceContext<'_>, brick: usize, atom: usize) -> i64 {
    let atom = context.bricks.bricks[brick].owner[atom] as usize;
    let id = context.state.atoms.id.get(atom).copied();
    id.unwrap_or_default()
}

fn not_finite(style: &str, at: NotFinite, context: &ForceContext<'_>) -> Error {
    let id = atom_id(context, at.brick, at.atom);
    Error::run(format!(
        "pair_style {style}: the energy of atom {id} is not finite at step {}",
        context.state.step
    ))
    .help("atoms on top of each other, or a time step that is too long")
}
