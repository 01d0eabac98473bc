//! The pair style of every family of machine-learning models.

use super::deviation::{Deviation, DeviationFile, DeviationOptions, Prediction};
use super::member::{Load, Member, Read};
use super::model::UnitStyles;
use super::read;
use super::species::SpeciesMap;
use crate::domain::host::Data;
use crate::domain::{Needs, State, Tally};
use crate::error::{Error, Result};
use crate::ml::formats::kind::Family;
use crate::pair::{
    BrickForces, ForceContext, PairInput, PairModify, PairOptions, PairStyle, prepare,
};

/// The files of every model of a committee, and how many words named them.
pub type Named = (Vec<Vec<String>>, usize);

/// Where the model files are named.
pub enum Files {
    /// `pair_coeff * * FILE [FILE...] El1 El2 ...`, each file a model.
    InCoeff,
    /// By `pair_style`, each file a model.
    InStyle(Vec<String>),
    /// In `pair_coeff * *`, by a function of the words that follow.
    By(fn(&[&str]) -> Result<Named>),
}

/// What makes a [`NetworkStyle`].
pub struct Setup {
    /// Name of the pair style.
    pub style: &'static str,
    /// Family of its models.
    pub family: Family,
    /// Where its model files are named.
    pub files: Files,
    /// Reads a model.
    pub load: Load,
    /// Whether `pair_coeff` may leave out the names of the species: type 1 is then the first species of
    /// the model and so on.
    pub names_optional: bool,
    /// How the models of a committee are compared.
    pub deviation: DeviationOptions,
}

/// A pair style over one model, or a committee of which the first drives.
pub struct NetworkStyle {
    setup: Setup,
    members: Vec<Member>,
    masses: Vec<Option<f64>>,
    file: DeviationFile,
    /// One eV in the units of the script.
    factor: f64,
    /// Output of one model at a time, where they are compared.
    buffer: Vec<BrickForces>,
}

impl NetworkStyle {
    /// Makes the style.
    pub fn boxed(setup: Setup) -> Box<dyn PairStyle> {
        Box::new(NetworkStyle {
            setup,
            members: Vec::new(),
            masses: Vec::new(),
            file: DeviationFile::default(),
            factor: 1.0,
            buffer: Vec::new(),
        })
    }

    /// Reads the models that `words` (of `pair_coeff`) or `pair_style` name; also returns the index of
    /// the first word after them.
    fn read(&self, words: &[&str]) -> Result<(Vec<Read>, usize)> {
        let (family, own) = (self.setup.family, &self.setup.load);
        let load = |k: usize, file: &[String]| match k {
            0 => Read::new(file.to_vec(), own),
            _ => Read::further(file.to_vec(), family, own),
        };
        match &self.setup.files {
            Files::InStyle(files) => {
                let each = files.iter().enumerate();
                let each = each.map(|(k, f)| load(k, std::slice::from_ref(f)));
                Ok((each.collect::<Result<_>>()?, 2))
            }
            Files::By(split) => {
                let (models, used) = split(&words[2..]).map_err(|e| e.shifted(2))?;
                let each = models.iter().enumerate();
                let each = each.map(|(k, files)| load(k, files).map_err(|e| e.or_at(2)));
                Ok((each.collect::<Result<_>>()?, 2 + used))
            }
            Files::InCoeff => {
                let read = |at: usize| match words.get(at) {
                    Some(file) => load(at - 2, &[file.to_string()]).map_err(|e| e.or_at(at)),
                    None => Err(Error::input("pair_coeff: the model file is missing").at(2)),
                };
                let mut models = vec![read(2)?];
                let count = read::count_files(&words[2..], &models[0].species);
                for k in 1..count {
                    models.push(read(2 + k)?);
                }
                Ok((models, 2 + count))
            }
        }
    }
}

impl UnitStyles {
    /// One eV in the units of the script.
    fn factor(self, style: &str, state: &State) -> Result<f64> {
        let units = &state.units;
        if units.name == "metal" {
            return Ok(1.0);
        }
        match self {
            UnitStyles::MetalOrReal if units.name == "real" => Ok(units.boltz / BOLTZMANN),
            UnitStyles::MetalOrReal => Err(Error::input(format!(
                "pair_style {style} requires metal units or real units, not {}",
                units.name
            ))),
            UnitStyles::Metal => Err(Error::input(format!(
                "pair_style {style} requires metal units, not {}",
                units.name
            ))),
        }
    }
}

/// Boltzmann constant of metal units, eV/K.
const BOLTZMANN: f64 = 8.617_343e-5;

fn convert(factor: f64, out: &mut [BrickForces]) {
    if factor != 1.0 {
        out.iter_mut().for_each(|o| o.scale(factor));
    }
}

impl NetworkStyle {
    /// Evaluates all models, adds the first one's output to `out` and writes the deviation.
    fn compare(&mut self, context: &ForceContext<'_>, out: &mut [BrickForces]) -> Result<()> {
        let (bricks, state) = (context.bricks, context.state);
        let mut models = Vec::new();
        for (k, member) in self.members.iter_mut().enumerate() {
            let wanted = if k == 0 { context.tally } else { Tally::NONE };
            let context = ForceContext {
                tally: wanted.or(Tally::GLOBAL),
                ..*context
            };
            prepare(bricks, context.tally, &mut self.buffer);
            member.compute(self.setup.style, &context, &mut self.buffer)?;
            convert(self.factor, &mut self.buffer);
            if k == 0 {
                out.iter_mut().zip(&self.buffer).for_each(|(o, b)| o.add(b));
            }
            let mut model = Prediction {
                forces: vec![[0.0; 3]; state.atoms.len()],
                ..Prediction::default()
            };
            let parts: Vec<&[[f64; 3]]> = self.buffer.iter().map(|b| b.f.as_slice()).collect();
            bricks.reduce(&parts, &mut model.forces);
            for b in &self.buffer {
                model.energy += b.vdwl + b.coul;
                (0..6).for_each(|c| model.virial[c] += b.virial[c]);
            }
            models.push(model);
        }
        let options = &self.setup.deviation;
        let deviation = Deviation::new(&models, options);
        self.file
            .write(state.step, &deviation, &state.atoms.id, options)
    }
}

impl PairStyle for NetworkStyle {
    fn coeff(&mut self, words: &[&str], state: &State, options: &PairOptions) -> Result<()> {
        if words.len() < 2 || words[0] != "*" || words[1] != "*" {
            return Err(
                Error::input("Incorrect args for pair coefficients").help(format!(
                    "pair_style {} takes one pair_coeff * * command with the element of every type",
                    self.setup.style
                )),
            );
        }
        self.members.clear();
        let (models, first) = self.read(words)?;
        let names = &words[first..];
        for model in models {
            let types = if names.is_empty() && self.setup.names_optional {
                SpeciesMap::in_order(&model.species, state)
            } else {
                SpeciesMap::new(names, first, &model.species, state)
            };
            self.members.push(Member::new(model, types?, options));
        }
        Ok(())
    }

    fn modify(&mut self, modify: &PairModify) -> Result<()> {
        // `shift` changes nothing: the energy of a pair ends at zero by construction
        if modify.tail {
            return Err(Error::input(format!(
                "pair_modify tail yes has no meaning for pair_style {}",
                self.setup.style
            )));
        }
        Ok(())
    }

    fn handles(&self, i: u32, j: u32) -> bool {
        let driver = self.members.first();
        let known = |t| driver.is_none_or(|m| m.types().of(t).is_some());
        known(i) && known(j)
    }

    fn init(&mut self, state: &State) -> Result<()> {
        let style = self.setup.style;
        let Some(driver) = self.members.first() else {
            return Err(Error::input("All pair coeffs are not set")
                .help(format!("pair_style {style} needs pair_coeff * * ...")));
        };
        self.factor = driver.model().units().factor(style, state)?;
        let elsewhere = driver.model().any_mass().then(|| driver.model().species());
        driver
            .types()
            .check_masses(style, state, elsewhere.as_deref())?;
        // without comparison only the driver is evaluated
        let needed = if self.setup.deviation.every > 0 {
            self.members.len()
        } else {
            1
        };
        self.members[..needed].iter_mut().for_each(Member::prepare);
        self.masses.clone_from(&state.types.mass);
        Ok(())
    }

    fn cutoff(&self) -> f64 {
        let cuts = self.members.iter().map(|m| m.model().r_max());
        cuts.fold(0.0, f64::max)
    }

    fn needs(&self) -> Needs {
        let sizes = self.members.iter().map(|m| m.model().brick_atoms());
        Needs {
            half: false,
            full: true,
            brick_atoms: sizes.min().unwrap_or(0),
            ..Needs::default()
        }
    }

    fn inputs(&self) -> Vec<PairInput> {
        let members = self.members.iter();
        members.flat_map(|m| m.model().inputs()).collect()
    }

    fn give(&mut self, mut values: &[Data]) -> Result<()> {
        for member in &mut self.members {
            let count = member.model().inputs().len().min(values.len());
            let (own, others) = values.split_at(count);
            member.give(own)?;
            values = others;
        }
        Ok(())
    }

    fn compute(&mut self, context: &ForceContext<'_>, out: &mut [BrickForces]) -> Result<()> {
        let style = self.setup.style;
        if self.members.len() > 1 && self.setup.deviation.due(context.state.step) {
            return self.compare(context, out);
        }
        match self.members.first_mut() {
            Some(driver) if self.factor == 1.0 => driver.compute(style, context, out),
            Some(driver) => {
                prepare(context.bricks, context.tally, &mut self.buffer);
                driver.compute(style, context, &mut self.buffer)?;
                convert(self.factor, &mut self.buffer);
                out.iter_mut().zip(&self.buffer).for_each(|(o, b)| o.add(b));
                Ok(())
            }
            None => Err(Error::run(format!(
                "pair_style {style} was not initialised"
            ))),
        }
    }

    fn warnings(&mut self) -> Vec<String> {
        let members = self.members.iter_mut();
        members.flat_map(Member::warnings).collect()
    }

    fn describe(&self) -> Vec<String> {
        let Some(driver) = self.members.first() else {
            return Vec::new();
        };
        let mut lines = driver.describe();
        lines.extend(driver.types().describe(&self.masses));
        for other in &self.members[1..] {
            lines.extend(other.describe());
        }
        let DeviationOptions { every, file, .. } = &self.setup.deviation;
        if self.members.len() > 1 && *every > 0 {
            let count = self.members.len();
            lines.push(format!(
                "committee of {count} models: the first drives, model deviation every {every} steps in {file}"
            ));
        }
        lines
    }
}
