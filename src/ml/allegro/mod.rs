//! Allegro models: strictly local networks of pair features. Their files are those of NequIP's
//! programs and are read by [`crate::ml::nequip::load`].

pub mod local;
pub mod model;
pub mod reference;
