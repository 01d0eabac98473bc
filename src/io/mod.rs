//! Readers and writers of files that are not trajectories: data files, restart codec, atomic writes. Imports bottom modules only.

pub mod log;

pub mod atomic_write;
pub mod codec;

pub mod data;
pub mod restart;
pub mod snapshots;
