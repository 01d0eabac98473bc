//! Long-range electrostatics.
