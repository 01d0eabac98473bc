//! Reads a SevenNet model from whatever files it is in.
//! Imports the formats and the readers of this folder.

use super::{checkpoint, frozen};
use crate::ml::equivariant::model::Network;
use crate::ml::equivariant::summary::summary;
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::kind::{Family, ModelFile, ModelKind};
use crate::ml::formats::torch::{Layout, TorchFile};
use crate::ml::summary::ModelSummary;

/// Reads a model from the contents of one file.
///
/// `modality` names the modality of a checkpoint trained on several.
///
/// # Errors
/// Where the file is damaged or no SevenNet model that argyro can evaluate; the message says what
/// it is instead and what is needed.
pub fn load_bytes(bytes: Vec<u8>, modality: Option<&str>) -> Result<Network> {
    load_parts(vec![bytes], modality)
}

/// Reads a model from the contents of its files: one, or the parts of a parallel deployment in
/// order.
///
/// # Errors
/// As [`load_bytes`].
pub fn load_parts(parts: Vec<Vec<u8>>, modality: Option<&str>) -> Result<Network> {
    let mut files: Vec<ModelFile> = parts
        .into_iter()
        .map(ModelFile::open)
        .collect::<Result<_>>()?;
    for file in &files {
        match file.kind {
            ModelKind::SevenNet | ModelKind::SevenNetDeployed if file.torch.is_some() => {}
            _ => return Err(file.kind.refusal(Family::SevenNet)),
        }
    }
    if files.iter().any(|f| f.kind == ModelKind::SevenNet) {
        let (Some(file), true) = (files.pop(), files.is_empty()) else {
            return Err(ModelError::unsupported(
                "a checkpoint is a whole model, not a part of a parallel deployment",
            ));
        };
        let torch = file
            .torch
            .ok_or_else(|| ModelError::malformed("the checkpoint cannot be opened"))?;
        return checkpoint::load(&torch, modality);
    }
    if let Some(name) = modality {
        return Err(ModelError::unsupported(format!(
            "modality {name} was asked for, but a deployed model has one modality already; give \
             argyro the checkpoint to choose"
        )));
    }
    let files: Vec<TorchFile> = files.into_iter().filter_map(|f| f.torch).collect();
    if files.iter().any(|f| f.layout() != Layout::TorchScript) {
        return Err(ModelError::unsupported(
            "the file holds SevenNet's Python objects, such as an export for ML-IAP; give argyro \
             the checkpoint, or what `sevenn get_model checkpoint.pth` deploys",
        ));
    }
    frozen::load(&files)
}

/// Describes the model in the contents of one file. A model of several modalities is described as
/// it is for the first.
///
/// # Errors
/// As [`load_bytes`].
pub fn describe(bytes: Vec<u8>) -> Result<ModelSummary> {
    let file = ModelFile::open(bytes.clone())?;
    let modalities = match (&file.kind, &file.torch) {
        (ModelKind::SevenNet, Some(torch)) => checkpoint::modalities(torch)?,
        _ => Vec::new(),
    };
    let first = modalities.first().cloned();
    let mut summary = summary(&load_bytes(bytes, first.as_deref())?);
    for (k, name) in modalities.iter().enumerate() {
        summary
            .hyperparameters
            .insert(k, (format!("modality {k}"), name.clone()));
    }
    Ok(summary)
}
