//! Type in which a model file stores its weights. Imports nothing of the crate.

/// Type of stored network weights; decides the precision `auto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// 32-bit floats (or narrower).
    Single,
    /// 64-bit floats.
    Double,
}

impl Stored {
    /// NumPy's name of the type.
    pub fn name(self) -> &'static str {
        match self {
            Stored::Single => "float32",
            Stored::Double => "float64",
        }
    }
}
