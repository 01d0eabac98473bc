//! MACE: model description, reference evaluation, fast evaluation.

pub mod load;
pub mod model;
pub mod reference;
