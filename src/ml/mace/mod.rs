//! MACE: model description, reference evaluation, fast evaluation.

pub mod model;
