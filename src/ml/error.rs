//! What can be wrong with a model file. Imports nothing of the crate.

/// Failure to read a model file; the text is a whole sentence without the file's name.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The file cannot be read.
    #[error("cannot read the file: {0}")]
    Io(#[from] std::io::Error),
    /// The file contradicts its own format or is truncated.
    #[error("the file is damaged or not what it seems: {0}")]
    Malformed(String),
    /// The file is sound and argyro cannot use it; says what is needed instead.
    #[error("{0}")]
    Unsupported(String),
}

/// Result of reading model files.
pub type Result<T> = std::result::Result<T, ModelError>;

impl ModelError {
    /// A [`ModelError::Malformed`].
    pub fn malformed(text: impl Into<String>) -> ModelError {
        ModelError::Malformed(text.into())
    }

    /// A [`ModelError::Unsupported`].
    pub fn unsupported(text: impl Into<String>) -> ModelError {
        ModelError::Unsupported(text.into())
    }
}
