//! Dumps: the trait and the table of styles. One file and one line in [`DUMPS`] per style.
//!
//! May import `domain`, `io` and the bottom modules, never another dump's file.

pub mod cfg;
pub mod columns_common;
pub mod custom;
pub mod dcd;
pub mod file_common;
#[cfg(feature = "hdf5")]
pub mod h5md;
pub mod keywords_common;
pub mod positions_common;
pub mod selection_common;
pub mod xtc;
pub mod xyz;
pub mod yaml;

use crate::domain::host::Host;
use crate::error::Result;
use crate::signature::{Args, Signature};

/// What every dump knows of itself.
#[derive(Debug, Clone)]
pub struct DumpId {
    /// Its ID.
    pub id: String,
    /// Its group's name.
    pub group: String,
    /// Its group's mask bit.
    pub bit: u32,
    /// Written every this many steps (0 for `write_dump`).
    pub every: i64,
    /// File name, perhaps with `*`.
    pub file: String,
}

/// A dump.
pub trait Dump {
    /// `dump_modify` words that the engine does not handle (every, first, ...) itself.
    ///
    /// # Errors
    /// Unknown keyword or wrong value.
    fn modify(&mut self, words: &[&str], host: &mut dyn Host) -> Result<()>;

    /// Checks references and opens the file at the start of a run.
    ///
    /// # Errors
    /// The file cannot be opened, a reference does not exist.
    fn init(&mut self, host: &mut dyn Host) -> Result<()>;

    /// Writes the present state as one frame; after it returns, the frame survives a kill.
    ///
    /// # Errors
    /// The file cannot be written.
    fn write(&mut self, host: &mut dyn Host) -> Result<()>;

    /// Removes frames after `step` when a run continues from a restart file onto an existing trajectory.
    ///
    /// # Errors
    /// The file cannot be changed.
    fn truncate_after(&mut self, _step: i64) -> Result<()> {
        Ok(())
    }
}

/// A line of the table of dumps.
pub struct DumpEntry {
    /// Signature of the words after `dump ID GROUP NAME N FILE`; also the manual page.
    pub signature: &'static Signature,
    /// Signature of its `dump_modify` keywords.
    pub modify: &'static Signature,
    /// Makes the dump.
    pub build: fn(&DumpId, &Args, &mut dyn Host) -> Result<Box<dyn Dump>>,
}

/// All dumps, by name.
pub const DUMPS: &[DumpEntry] = &[
    custom::ATOM_STYLE,
    cfg::STYLE,
    custom::STYLE,
    dcd::STYLE,
    xtc::STYLE,
    #[cfg(feature = "hdf5")]
    h5md::STYLE,
    xyz::EXTENDED,
    xyz::STYLE,
    yaml::STYLE,
];

/// The entry of style `name`.
///
/// # Errors
/// There is no such style.
pub fn find(name: &str) -> Result<&'static DumpEntry> {
    DUMPS
        .iter()
        .find(|e| e.signature.name == name)
        .ok_or_else(|| {
            crate::foreign::unknown_style("dump", name, DUMPS.iter().map(|e| e.signature.name))
        })
}
