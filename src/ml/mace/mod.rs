//! MACE: model description, reference evaluation, fast evaluation.
