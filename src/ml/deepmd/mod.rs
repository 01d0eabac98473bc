//! Deep Potential (DeePMD-kit): model description, loaders, reference evaluation.

pub mod load;
pub mod model;
pub mod reference;
