//! `pair_style nequip`: NequIP models as packages, TorchScript or checkpoints.

use super::network::{
    ATOMIC, COEFF_WITH_FILE, DeviationOptions, Equivariant, Files, NetworkModel, NetworkStyle,
    OUT_ENERGY, OUT_FILE, OUT_FREQ, RELATIVE, RELATIVE_V, Setup,
};
use super::{PairEntry, PairStyle};
use crate::domain::State;
use crate::error::{Error, Result};
use crate::ml::nequip::load::load_bytes;
use crate::signature::{Args, Signature};

/// Entry of `pair_style nequip`.
pub const STYLE: PairEntry = PairEntry {
    signature: &NEQUIP,
    coeff: &COEFF,
    build,
};

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

const COEFF: Signature = Signature {
    name: "nequip",
    summary: "model file and type names of the atom types",
    args: COEFF_WITH_FILE,
    keywords: &[],
    description: "The names are the type names of the model, normally element symbols. Several types may \
        have the same name. The masses of the types must be those of the elements. NULL leaves a type to \
        other styles of `pair_style hybrid`.",
    examples: &[
        "pair_coeff * * li6ps5cl.nequip.zip Li P S Cl",
        "pair_coeff * * a.ckpt b.ckpt c.ckpt Li P S Cl",
    ],
};

fn build(args: &Args, _: &State) -> Result<Box<dyn PairStyle>> {
    Ok(NetworkStyle::boxed(Setup {
        style: "nequip",
        files: Files::InCoeff,
        load: Box::new(load),
        names_optional: false,
        deviation: DeviationOptions::from_args(args)?,
    }))
}

fn load(parts: Vec<Vec<u8>>) -> Result<Box<dyn NetworkModel>> {
    let network = load_bytes(parts.concat()).map_err(|e| Error::input(e.to_string()))?;
    Ok(Box::new(Equivariant::new(network, Vec::new())))
}
