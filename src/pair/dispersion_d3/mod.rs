//! `pair_style dispersion/d3`: the dispersion correction DFT-D3 without three-body terms.

mod functionals;
mod pass;
mod reference;

use super::coeffs::exact;
use super::network::{Species, SpeciesMap};
use super::{BrickForces, ForceContext, PairEntry, PairModify, PairOptions, PairStyle};
use crate::domain::{Needs, State};
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, elements};
use functionals::{DAMPINGS, Parameters, functionals, parameters};
use pass::{Model, NONE, WEIGHTS};
use rayon::prelude::*;
use reference::{ELEMENTS, Reference};

/// Entry in the table of pair styles.
pub const STYLE: PairEntry = PairEntry {
    signature: &SIGNATURE,
    coeff: &COEFF,
    build,
};

const SIGNATURE: Signature = Signature {
    name: "dispersion/d3",
    summary: "dispersion correction DFT-D3",
    args: &[
        arg("damping", Kind::OneOf(DAMPINGS), "kind of damping"),
        arg("functional", Kind::Word, "density functional, e.g. pbe"),
        arg("cutoff", Kind::Positive, "cutoff of the energy, A"),
        arg(
            "cn_cutoff",
            Kind::Positive,
            "cutoff of the coordination numbers, A",
        ),
    ],
    keywords: &[],
    description: "Two-body dispersion energy with coefficients C6 and C8 that depend on the coordination of \
        the atoms (S. Grimme, J. Antony, S. Ehrlich, H. Krieg, J. Chem. Phys. 132, 154104 (2010)), usually \
        added by `hybrid/overlay` to a model that was trained on a functional without dispersion. Damping is \
        `original` (zero damping), `bj` (S. Grimme, S. Ehrlich, L. Goerigk, J. Comput. Chem. 32, 1456 (2011)), \
        or their revised forms `zerom` and `bjm` (D. G. A. Smith et al., J. Phys. Chem. Lett. 7, 2197 (2016)).\n\n\
        Functionals are named as in LAMMPS: pbe, pbe0, pbesol, revpbe, rpbe, r2scan (bj), hse06, b3-lyp, tpss \
        and many more; an unknown name lists those of the damping.\n\n\
        The energy is cut off without smoothing, so cutoffs should be long: 30 and 20 are customary. Under \
        `hybrid/overlay` the other styles keep their own short neighbour lists.\n\n\
        Restrictions: `units metal`, elements up to Pu, no three-body term.",
    examples: &["pair_style dispersion/d3 bj pbe 30.0 20.0"],
};

const COEFF: Signature = Signature {
    name: "dispersion/d3",
    summary: "elements of the atom types",
    args: &[
        arg("I", Kind::Types, "must be *"),
        arg("J", Kind::Types, "must be *"),
        elements(
            "ELEMENTS",
            Kind::Element,
            "one element symbol per atom type, or NULL",
        ),
    ],
    keywords: &[],
    description: "NULL leaves the atoms of a type out.",
    examples: &["pair_coeff * * Li P S Cl"],
};

#[derive(Debug)]
struct DispersionD3 {
    damping: String,
    functional: String,
    parameters: Parameters,
    cutoff: f64,
    cn_cutoff: f64,
    elements: Vec<String>,
    types: SpeciesMap,
    masses: Vec<Option<f64>>,
    model: Option<Model>,
}

fn build(args: &Args, _: &State) -> Result<Box<dyn PairStyle>> {
    let (damping, functional) = (args.str("damping"), args.str("functional"));
    let Some(parameters) = parameters(damping, functional) else {
        let names: Vec<&str> = functionals(damping).collect();
        let error = Error::input(format!(
            "pair_style dispersion/d3: no parameters of functional '{functional}' for damping {damping}"
        ));
        return Err(error
            .suggest(functional, names.iter().copied())
            .note(format!("known: {}", names.join(" ")))
            .at(args.word("functional")));
    };
    Ok(Box::new(DispersionD3 {
        damping: damping.to_owned(),
        functional: functional.to_owned(),
        parameters,
        cutoff: args.real("cutoff")?,
        cn_cutoff: args.real("cn_cutoff")?,
        elements: Vec::new(),
        types: SpeciesMap::default(),
        masses: Vec::new(),
        model: None,
    }))
}

/// Elements of DFT-D3 as a model's species; species k has atomic number k + 1.
fn known() -> Vec<Species> {
    (1..=ELEMENTS as u8).map(Species::element).collect()
}

impl PairStyle for DispersionD3 {
    fn coeff(&mut self, words: &[&str], state: &State, _: &PairOptions) -> Result<()> {
        if words.len() < 2 || words[0] != "*" || words[1] != "*" {
            return Err(Error::input("Incorrect args for pair coefficients").help(
                "pair_style dispersion/d3 takes one pair_coeff * * with the element of every type",
            ));
        }
        self.types = SpeciesMap::new(&words[2..], 2, &known(), state)?;
        self.elements = words[2..].iter().map(|&w| w.to_owned()).collect();
        self.model = None;
        Ok(())
    }

    fn modify(&mut self, modify: &PairModify) -> Result<()> {
        if modify.shift || modify.tail {
            return Err(Error::input(
                "pair_modify shift and tail have no meaning for pair_style dispersion/d3",
            ));
        }
        Ok(())
    }

    fn handles(&self, i: u32, j: u32) -> bool {
        self.types.of(i).is_some() && self.types.of(j).is_some()
    }

    fn init(&mut self, state: &State) -> Result<()> {
        if self.elements.is_empty() {
            return Err(Error::input("All pair coeffs are not set")
                .help("pair_style dispersion/d3 needs pair_coeff * * with the elements"));
        }
        if state.units.name != "metal" {
            return Err(Error::input(format!(
                "pair_style dispersion/d3 requires metal units, not {}",
                state.units.name
            )));
        }
        self.types.check_masses("dispersion/d3", state, None)?;
        self.masses.clone_from(&state.types.mass);
        let mut present: Vec<u8> = self.types.of_types();
        present.retain(|&s| s != crate::ml::brick::NO_SPECIES);
        present.sort_unstable();
        present.dedup();
        let index = |s: &u8| {
            present
                .iter()
                .position(|p| p == s)
                .map_or(NONE, |k| k as u8)
        };
        let numbers: Vec<usize> = present.iter().map(|&s| usize::from(s) + 1).collect();
        self.model = Some(Model {
            of_type: self.types.of_types().iter().map(index).collect(),
            reference: Reference::new(&numbers),
            parameters: self.parameters,
            cut2: self.cutoff * self.cutoff,
            cn_cut2: self.cn_cutoff * self.cn_cutoff,
        });
        Ok(())
    }

    fn cutoff(&self) -> f64 {
        self.cutoff.max(self.cn_cutoff)
    }

    fn needs(&self) -> Needs {
        Needs {
            half: true,
            ..Needs::default()
        }
    }

    fn compute(&mut self, context: &ForceContext<'_>, out: &mut [BrickForces]) -> Result<()> {
        let Some(model) = &self.model else {
            return Err(Error::run("pair_style dispersion/d3 was not initialised"));
        };
        let (bricks, comm) = (context.bricks, context.comm);
        let all = &bricks.bricks;
        let mut cn: Vec<Vec<f64>> = all.par_iter().map(|b| model.coordination(b)).collect();
        comm.reverse_f64(bricks, &mut cn, 1);
        let weights = all.par_iter().zip(&cn).map(|(b, cn)| model.weights(b, cn));
        let mut weights: Vec<Vec<f64>> = weights.collect();
        comm.forward_f64(bricks, &mut weights, WEIGHTS);
        let parts = all.par_iter().zip(&weights).zip(out.par_iter_mut());
        let mut bar: Vec<Vec<f64>> = parts.map(|((b, w), o)| model.energies(b, w, o)).collect();
        comm.reverse_f64(bricks, &mut bar, 1);
        comm.forward_f64(bricks, &mut bar, 1);
        let parts = all.par_iter().zip(&bar).zip(out.par_iter_mut());
        parts.for_each(|((b, bar), o)| model.forces(b, bar, o));
        Ok(())
    }

    fn describe(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "DFT-D3 damping {}, functional {}",
            self.damping, self.functional
        )];
        lines.extend(self.types.describe(&self.masses));
        lines
    }

    fn commands(&self) -> Option<(Vec<String>, Vec<Vec<String>>)> {
        let style = vec![
            "dispersion/d3".to_owned(),
            self.damping.clone(),
            self.functional.clone(),
            exact(self.cutoff),
            exact(self.cn_cutoff),
        ];
        let mut words = vec!["*".to_owned(), "*".to_owned()];
        words.extend(self.elements.iter().cloned());
        Some((style, vec![words]))
    }
}
