//! Deep Potential (DeePMD-kit): model description, loaders, evaluations.

pub mod fast;
pub mod load;
pub mod model;
pub mod reference;
pub mod summary;
