//! argyro runs LAMMPS input scripts with machine-learning force fields and measures ion diffusion.
//!
//! The modules are listed from the outside in; each may use only those after it
//! (`tests/layering.rs` enforces this).

pub mod cli;

pub mod analysis;

pub mod command;

pub mod graph;

pub mod script;

pub mod engine;

pub mod pair;

pub mod bond;

pub mod angle;

pub mod bonded;

pub mod fix;

pub mod compute;

pub mod dump;

pub mod kspace;

pub mod ml;

pub mod domain;

pub mod io;

pub mod cformat;

pub mod marsaglia;

pub mod park;

pub mod simd;

pub mod signature;

pub mod units;

pub mod error;

pub mod diag;

pub mod elements;

pub mod foreign;
