//! MACE: model description, reference evaluation, fast evaluation.

pub mod fast;
pub mod load;
pub mod model;
pub mod reference;
pub mod summary;
