//! Deep Potential: files against the numbers of the trainer's own code, and hostile files.
//!
//! With ARGYRO_ZOO set to a folder, all `*.ref.json` of DeePMD models below it are compared as well;
//! without it that test prints that it was skipped.

#[path = "../support/damage.rs"]
mod damage;
mod fast;
mod hostile;
#[path = "../support/structure.rs"]
mod structure;
mod upstream;
