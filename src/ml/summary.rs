//! What a model is, as data to be printed; every family makes one. Imports nothing.

/// A model that argyro evaluates.
#[derive(Debug, Clone)]
pub struct ModelSummary {
    /// Class in the file.
    pub architecture: String,
    /// Chemical symbols in the model's order.
    pub elements: Vec<String>,
    /// Cutoff radius (Å).
    pub cutoff: f64,
    /// Type of the stored weights, `float32` or `float64`.
    pub precision: &'static str,
    /// Names of the heads.
    pub heads: Vec<String>,
    /// Name of the head used where none is chosen; None where the choice is required.
    pub implied_head: Option<String>,
    /// Name and value of what else defines the model, in a sensible order.
    pub hyperparameters: Vec<(String, String)>,
}
