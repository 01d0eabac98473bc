//! Deep Potential (DeePMD-kit): model description, loaders, reference evaluation.

pub mod fast;
pub mod model;
