//! Reads a NequIP model from what the trainer writes: packages (`.nequip.zip`), TorchScript
//! (`.nequip.pth`, and `.pth` of NequIP 0.6 and before) and checkpoints (`.ckpt`).
//!
//! Every length is checked here or by [`crate::ml::equivariant::check`], so that the evaluations
//! may index without doubt.
//! Imports the formats, e3nn modules and the description of the network.

mod allegro;
mod checkpoint;
mod layers;
mod modules;
mod old;
mod parts;
mod state;

use std::path::Path;

use crate::ml::allegro::model::Allegro;
use crate::ml::equivariant::check::check;
use crate::ml::equivariant::model::Network;
use crate::ml::equivariant::summary::summary;
use crate::ml::error::Result;
use crate::ml::formats::kind::{Family, ModelFile, ModelKind};
use crate::ml::formats::node::Node;
use crate::ml::formats::torch::TorchFile;
use crate::ml::summary::ModelSummary;

/// A model of one of the two kinds that the files may hold.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)] // read once
pub enum Loaded {
    /// NequIP.
    Network(Network),
    /// Allegro.
    Allegro(Allegro),
}

/// Loads a model file.
///
/// # Errors
/// Where the file cannot be read, is damaged, or is no NequIP model that argyro can evaluate; the
/// message says what it is instead and what is needed.
pub fn load_file(path: &Path) -> Result<Loaded> {
    load_bytes(std::fs::read(path)?)
}

/// Loads a model from the contents of a file.
///
/// # Errors
/// As [`load_file`].
pub fn load_bytes(bytes: Vec<u8>) -> Result<Loaded> {
    let file = ModelFile::open(bytes)?;
    match &file.torch {
        Some(torch) => load(&file.kind, torch),
        None => Err(file.kind.refusal(Family::Nequip)),
    }
}

/// Description of the model in the contents of a file.
///
/// # Errors
/// As [`load_file`].
pub fn describe(bytes: Vec<u8>) -> Result<ModelSummary> {
    Ok(match load_bytes(bytes)? {
        Loaded::Network(network) => summary(&network),
        Loaded::Allegro(model) => model.summary(),
    })
}

/// Loads a model from an opened file of the given kind.
///
/// # Errors
/// As [`load_file`].
pub fn load(kind: &ModelKind, file: &TorchFile) -> Result<Loaded> {
    let network = match kind {
        ModelKind::NequipPackage | ModelKind::NequipScript => {
            let found = modules::find(&Node::root(file))?;
            if found.modules.get("allegro").is_some() {
                return Ok(Loaded::Allegro(allegro::load(file, &found)?));
            }
            modules::load(file, &found)?
        }
        ModelKind::NequipCheckpoint => checkpoint::load(file)?,
        _ => return Err(kind.refusal(Family::Nequip)),
    };
    check(&network)?;
    Ok(Loaded::Network(network))
}
