//! `pair_style nequip` and `allegro`: NequIP and Allegro models as packages, TorchScript or
//! checkpoints. Either name takes the files of both.

use super::network::{
    ATOMIC, COEFF_WITH_FILE, DeviationOptions, Equivariant, Evaluate, Files, NetworkModel,
    NetworkStyle, OUT_ENERGY, OUT_FILE, OUT_FREQ, RELATIVE, RELATIVE_V, Setup, Species, prepared,
};
use super::{PairEntry, PairStyle};
use crate::error::{Error, Result};
use crate::ml::allegro::local::LocalAllegro;
use crate::ml::allegro::model::Allegro;
use crate::ml::allegro::reference;
use crate::ml::brick::Unsupported;
use crate::ml::edges::{EdgeList, Evaluation};
use crate::ml::formats::kind::Family;
use crate::ml::layers::Stored;
use crate::ml::nequip::load::{Loaded, load_bytes};
use crate::signature::{Args, Keyword, Signature};

/// Entry of `pair_style nequip`.
pub const STYLE: PairEntry = PairEntry {
    signature: &NEQUIP,
    coeff: &COEFF,
    build: |args, _| build("nequip", args),
};

/// Entry of `pair_style allegro`.
pub const ALLEGRO: PairEntry = PairEntry {
    signature: &ALLEGRO_SIGNATURE,
    coeff: &COEFF_ALLEGRO,
    build: |args, _| build("allegro", args),
};

const KEYWORDS: &[Keyword] = &[OUT_FREQ, OUT_FILE, RELATIVE, RELATIVE_V, ATOMIC, OUT_ENERGY];

const NEQUIP: Signature = Signature {
    name: "nequip",
    summary: "NequIP machine-learning potential",
    args: &[],
    keywords: &[OUT_FREQ, OUT_FILE, RELATIVE, RELATIVE_V, ATOMIC, OUT_ENERGY],
    description: "Energies, forces, virial and their per-atom forms of a NequIP model (S. Batzner et al., \
        Nat. Commun. 13, 2453, 2022), read from what its programs write: packages (`.nequip.zip`) and \
        checkpoints (`.ckpt`, with averaged weights where it holds them) of NequIP 0.7 and later, \
        TorchScript (`.nequip.pth`), and the `.pth` files of `nequip-deploy` of NequIP 0.5 and 0.6. No \
        Python is needed. The file's content decides, not its name. A package or checkpoint is the surest \
        form: TorchScript holds some constants rounded to the precision of the weights.\n\n\
        `package argyro precision single|double|auto` chooses the precision of the network (default: that \
        of the stored weights); energies, forces and virial are always summed in double. `package argyro \
        radial exact` evaluates the radial networks for every pair instead of tables of them.\n\n\
        Several model files in `pair_coeff` are a committee, as with `pair_style mace`.\n\n\
        Restrictions: `units metal`. Compiled packages (`.nequip.pt2`) hold machine code for libtorch and \
        no readable model; give the package or checkpoint that they were made from. Cells shorter than \
        the cutoff are handled.",
    examples: &["pair_style nequip", "pair_style nequip out_freq 50"],
};

const ALLEGRO_SIGNATURE: Signature = Signature {
    name: "allegro",
    summary: "Allegro machine-learning potential",
    args: &[],
    keywords: KEYWORDS,
    description: "Energies, forces, virial and their per-atom forms of an Allegro model (A. Musaelian et al., \
        Nat. Commun. 14, 579, 2023), read from a package (`.nequip.zip`) or TorchScript file \
        (`.nequip.pth`). A checkpoint (`.ckpt`) has to be packaged first: `nequip-package build NAME.ckpt \
        NAME.nequip.zip`. Otherwise the same as `pair_style nequip`.\n\n\
        Restrictions: `units metal`. The network is evaluated in double whatever `package argyro \
        precision` says, without tables; the energy of an atom depends on its neighbours within the \
        cutoff only.",
    examples: &["pair_style allegro"],
};

const COEFF_ALLEGRO: Signature = Signature {
    name: "allegro",
    summary: "model file and type names of the atom types",
    args: COEFF_WITH_FILE,
    keywords: &[],
    description: "As for `pair_style nequip`.",
    examples: &["pair_coeff * * li3ps4.nequip.zip Li P S"],
};

const COEFF: Signature = Signature {
    name: "nequip",
    summary: "model file and type names of the atom types",
    args: COEFF_WITH_FILE,
    keywords: &[],
    description: "The names are the type names of the model, normally element symbols. Several types may \
        have the same name. The masses of the types must be those of the elements. NULL leaves a type to \
        other styles of `pair_style hybrid`.",
    examples: &[
        "pair_coeff * * li3ps4.nequip.zip Li P S",
        "pair_coeff * * a.ckpt b.ckpt c.ckpt Li P S",
    ],
};

fn build(style: &'static str, args: &Args) -> Result<Box<dyn PairStyle>> {
    Ok(NetworkStyle::boxed(Setup {
        style,
        family: Family::Nequip,
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
    let loaded = load_bytes(parts.concat()).map_err(|e| Error::input(e.to_string()))?;
    Ok(match loaded {
        Loaded::Network(network) => Box::new(Equivariant::new(network, Vec::new())),
        Loaded::Allegro(model) => Box::new(Local(model)),
    })
}

/// An Allegro model.
#[derive(Debug)]
struct Local(Allegro);

impl NetworkModel for Local {
    fn r_max(&self) -> f64 {
        self.0.r_max
    }

    fn species(&self) -> Vec<Species> {
        let named = self.0.atomic_numbers.iter().zip(&self.0.type_names);
        named
            .map(|(&z, name)| Species {
                name: name.clone(),
                number: (z > 0).then_some(z),
            })
            .collect()
    }

    fn stored_single(&self) -> bool {
        self.0.stored == Stored::Single
    }

    fn describe(&self) -> Vec<String> {
        vec![format!("written by {}", self.0.origin)]
    }

    fn has_tables(&self) -> bool {
        false
    }

    fn only_double(&self) -> bool {
        true
    }

    fn fast(&self, _: bool, _: bool) -> std::result::Result<Box<dyn Evaluate>, Unsupported> {
        Ok(prepared::<f64, _>(LocalAllegro::new(self.0.clone())))
    }

    fn plain(&self, edges: &EdgeList) -> Evaluation {
        reference::evaluate(&self.0, edges)
    }
}
