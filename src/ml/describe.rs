//! What a model file is, as data to be printed: kind, elements, cutoff, precision,
//! hyperparameters, hash. It knows no family: each gives a [`ModelSummary`] by a line of the table here.

use std::fmt::Write;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::ml::deepmd;
use crate::ml::error::Result;
use crate::ml::formats::kind::{Family, ModelFile, ModelKind};
use crate::ml::mace;
use crate::ml::nequip;
use crate::ml::pace;
use crate::ml::sevennet;
use crate::ml::summary::ModelSummary;

/// Describes the model in the contents of a file.
type Describe = fn(Vec<u8>) -> Result<ModelSummary>;

/// The families that argyro evaluates: one line each.
const FAMILIES: &[(Family, Describe)] = &[
    (Family::Mace, mace::summary::describe),
    (Family::Nequip, nequip::load::describe),
    (Family::SevenNet, sevennet::load::describe),
    (Family::Deepmd, deepmd::summary::describe),
    (Family::Pace, pace::summary::describe),
];

/// A model file.
#[derive(Debug, Clone)]
pub struct Description {
    /// What it is.
    pub kind: ModelKind,
    /// Length of the file in bytes.
    pub bytes: u64,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// The model, or the sentence that says why argyro cannot evaluate it.
    pub model: std::result::Result<ModelSummary, String>,
}

/// Describes a file.
///
/// # Errors
/// Where it cannot be read at all; a damaged or unsuitable file is described by a sentence in
/// [`Description::model`].
pub fn describe_file(path: &Path) -> Result<Description> {
    let data = std::fs::read(path)?;
    let (bytes, sha256) = (data.len() as u64, hash(&data));
    let (kind, model) = match ModelFile::open(data.clone()) {
        Err(error) => (
            ModelKind::Unknown("damaged".to_owned()),
            Err(error.to_string()),
        ),
        Ok(file) => {
            let model = summary(&file.kind, data);
            (file.kind, model.map_err(|e| e.to_string()))
        }
    };
    Ok(Description {
        kind,
        bytes,
        sha256,
        model,
    })
}

fn summary(kind: &ModelKind, data: Vec<u8>) -> Result<ModelSummary> {
    let family = kind.family().unwrap_or(Family::Mace);
    match FAMILIES.iter().find(|(known, _)| *known == family) {
        Some((_, describe)) if kind.is_readable() => describe(data),
        _ => Err(kind.refusal(family)),
    }
}

/// SHA-256 of bytes, hexadecimal.
pub fn hash(data: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(data) {
        // writing to a String cannot fail
        let _ = write!(text, "{byte:02x}");
    }
    text
}
