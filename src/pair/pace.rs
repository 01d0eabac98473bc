//! `pair_style pace`: the atomic cluster expansion of ML-PACE, from `.yace` and `.ace` files.

use super::network::{
    ATOMIC, DeviationOptions, Evaluate, Files, NetworkModel, NetworkStyle, OUT_ENERGY, OUT_FILE,
    OUT_FREQ, RELATIVE, RELATIVE_V, Setup, Species, prepared,
};
use super::{PairEntry, PairStyle};
use crate::domain::State;
use crate::error::{Error, Result};
use crate::ml::brick::Unsupported;
use crate::ml::edges::{EdgeList, Evaluation};
use crate::ml::formats::kind::Family;
use crate::ml::pace::fast::FastPace;
use crate::ml::pace::load::load_bytes;
use crate::ml::pace::model::PaceModel;
use crate::ml::pace::{reference, summary};
use crate::signature::{Args, Kind, Signature, arg, elements, keyword};
use crate::simd::Level;

/// Entry in the table of pair styles.
pub const STYLE: PairEntry = PairEntry {
    signature: &SIGNATURE,
    coeff: &COEFF,
    build,
};

const SIGNATURE: Signature = Signature {
    name: "pace",
    summary: "atomic cluster expansion (ACE) machine-learning potential",
    args: &[],
    keywords: &[
        keyword("recursive", &[], "accepted for compatibility"),
        keyword("product", &[], "accepted for compatibility"),
        keyword(
            "chunksize",
            &[arg("N", Kind::Int, "number of atoms")],
            "accepted for compatibility: the batch size of LAMMPS' GPU version",
        ),
        OUT_FREQ,
        OUT_FILE,
        RELATIVE,
        RELATIVE_V,
        ATOMIC,
        OUT_ENERGY,
    ],
    description: "Energies, forces, virial and their per-atom forms of an atomic cluster expansion (R. Drautz, \
        Phys. Rev. B 99, 014104, 2019; Y. Lysogorskiy et al., npj Comput. Mater. 7, 97, 2021), read from a file \
        `.yace` or, for one element, `.ace`. The file's content decides, not its name. It is looked for in the \
        working directory and in the folders of LAMMPS_POTENTIALS.\n\n\
        `product` and `recursive` are two orders in which LAMMPS multiplies the same factors; results differ by \
        rounding. argyro has one evaluation, which shares factors as `recursive` does, for both. The energy of an \
        atom is the embedding of its densities, with the energy of the isolated atom (E0) and the core repulsion; \
        its virial is one half of that of each of its pairs. Evaluation is in double precision whatever \
        `package argyro precision` says. The radial functions are the splines that the file asks for \
        (`deltaSplineBins`): they define the potential, so `package argyro radial exact` changes nothing.\n\n\
        Radial functions: ChebExpCos, ChebPow, ChebLinear, SBessel. Embeddings: FinnisSinclair, \
        FinnisSinclairShiftedScaled, any number of densities. Inner cutoffs: density, distance, zbl. Several files \
        in `pair_coeff` are a committee, as with `pair_style mace`.\n\n\
        Restrictions: `units metal`. The extrapolation grade of `pace/extrapolation` is not available, nor are \
        radial functions of ACE.jl, `.yaml` files (convert them by `pace_yaml2yace`) and GRACE/FS files. Cells \
        shorter than the cutoff are handled.",
    examples: &["pair_style pace", "pair_style pace product"],
};

const COEFF: Signature = Signature {
    name: "pace",
    summary: "potential file and elements of the atom types",
    args: &[
        arg("I", Kind::Types, "must be *"),
        arg("J", Kind::Types, "must be *"),
        arg("FILE", Kind::FileIn, "potential file"),
        elements(
            "ELEMENTS",
            Kind::Element,
            "further files of a committee, then one element symbol per atom type, or NULL",
        ),
    ],
    keywords: &[],
    description: "Several types may be the same element. As in LAMMPS, a mass may be anything; only where it is \
        that of another element of the potential, the elements are in the wrong order, and the run is refused. \
        NULL leaves a type to other styles of `pair_style hybrid`.",
    examples: &["pair_coeff * * LiS.yace Li S"],
};

fn build(args: &Args, _: &State) -> Result<Box<dyn PairStyle>> {
    Ok(NetworkStyle::boxed(Setup {
        style: "pace",
        family: Family::Pace,
        files: Files::InCoeff,
        load: Box::new(load),
        names_optional: false,
        deviation: DeviationOptions::from_args(args)?,
    }))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the type of all loaders of networks"
)]
pub(super) fn load(parts: Vec<Vec<u8>>) -> Result<Box<dyn NetworkModel>> {
    let model = load_bytes(parts.concat()).map_err(|e| Error::input(e.to_string()))?;
    Ok(Box::new(Pace(model)))
}

/// An ACE potential.
#[derive(Debug)]
struct Pace(PaceModel);

impl NetworkModel for Pace {
    fn r_max(&self) -> f64 {
        self.0.r_max
    }

    fn species(&self) -> Vec<Species> {
        self.0.elements.iter().map(Species::named).collect()
    }

    fn stored_single(&self) -> bool {
        false
    }

    fn describe(&self) -> Vec<String> {
        summary::functions(&self.0)
    }

    fn has_tables(&self) -> bool {
        false
    }

    fn only_double(&self) -> bool {
        true
    }

    fn any_mass(&self) -> bool {
        true
    }

    fn fast(&self, _: bool, _: bool) -> std::result::Result<Box<dyn Evaluate>, Unsupported> {
        let fast = FastPace::new(self.0.clone(), Level::detect());
        Ok(prepared::<f64, _>(fast))
    }

    fn plain(&self, edges: &EdgeList) -> Evaluation {
        reference::evaluate(&self.0, edges)
    }
}
