//! MACE: model description, reference evaluation, fast evaluation.

pub mod fast;
pub mod model;
