//! NequIP: files against the numbers of the trainer's own code, and finite differences.
//!
//! With ARGYRO_ZOO set to a folder, all `*.ref.json` of NequIP below it are compared as well
//! (their format is described in the files themselves); without it that test prints that it was
//! skipped.

mod local;
#[path = "../support/structure.rs"]
mod structure;
mod upstream;
