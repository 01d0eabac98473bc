//! From a file to an ACE potential: the two forms that LAMMPS reads. Imports the formats, the model
//! and its check.

mod ace;
mod check;
mod yace;

use super::model::{Expansion, PaceModel};
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::kind::{Family, ModelFile, ModelKind};
use crate::ml::formats::tree::Tree;

/// Reads the potential in the contents of a file.
///
/// # Errors
/// Where the file is of another kind, damaged, or of a form that argyro does not evaluate.
pub fn load_bytes(bytes: Vec<u8>) -> Result<PaceModel> {
    let file = ModelFile::open(bytes)?;
    let mut model = match &file.kind {
        ModelKind::PaceYaml => yace::read(&Tree::from_text(&file.bytes)?.root())?,
        ModelKind::PaceText => {
            let text = std::str::from_utf8(&file.bytes)
                .map_err(|_| ModelError::malformed("the text is not UTF-8"))?;
            ace::read(text)?
        }
        kind => return Err(kind.refusal(Family::Pace)),
    };
    check::check(&model)?;
    model.expansions.iter_mut().for_each(Expansion::shrink);
    Ok(model)
}

/// What argyro says to radial functions that it does not evaluate.
fn unknown_basis(name: &str) -> ModelError {
    ModelError::unsupported(format!(
        "the radial functions are `{name}`, which argyro does not evaluate; ChebExpCos, ChebPow, ChebLinear and \
         SBessel are (those of ACE.jl are not)"
    ))
}

/// What argyro says to functions of the densities that it does not know.
fn unknown_embedding(name: &str) -> ModelError {
    ModelError::unsupported(format!(
        "the embedding function is `{name}`; FinnisSinclair and FinnisSinclairShiftedScaled are known"
    ))
}
