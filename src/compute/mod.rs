//! Computes: the trait and the table of styles. One file and one line in [`COMPUTES`] per style.
//!
//! May import `kspace`, `ml`, `domain`, `io` and the bottom modules, never another compute's file.

pub mod centro_atom;
pub mod chunk_atom;
pub mod com;
pub mod coord_atom;
pub mod displace_atom;
pub mod group_group;
pub mod gyration;
pub mod heat_flux;
pub mod ke;
pub mod ke_atom;
pub mod msd;
pub mod msd_chunk;
pub mod orientorder_atom;
pub mod pair;
pub mod pe;
pub mod pe_atom;
pub mod pressure;
pub mod property_atom;
pub mod rdf;
pub mod reduce;
pub mod stress_atom;
pub mod temp;
pub mod temp_com;
pub mod temp_partial;
pub mod temp_profile;
pub mod temp_ramp;
pub mod temp_region;
pub mod temperature_common;
pub mod vacf;

use crate::domain::State;
use crate::domain::host::{Data, Host, Orientation, Output, Part, Reference};
use crate::error::{Error, Result};
use crate::signature::{Args, Signature};

/// What every compute knows of itself.
#[derive(Debug, Clone)]
pub struct ComputeId {
    /// Its ID.
    pub id: String,
    /// Its group's name.
    pub group: String,
    /// Its group's mask bit.
    pub bit: u32,
}

/// A compute.
pub trait Compute {
    /// What `c_ID` offers.
    fn output(&self) -> Output;

    /// Called at the start of every run.
    ///
    /// # Errors
    /// Something that the compute refers to does not exist.
    fn init(&mut self, _host: &mut dyn Host) -> Result<()> {
        Ok(())
    }

    /// The value now. The engine caches it per state of the atoms. Values that need energies, virials or
    /// per-atom tallies ask `host.tally` first.
    ///
    /// # Errors
    /// The part does not exist or cannot be evaluated.
    fn evaluate(&mut self, part: Part, host: &mut dyn Host) -> Result<Data>;

    /// Degrees of freedom, if this is a temperature compute.
    fn temperature_dof(&mut self, _host: &mut dyn Host) -> Option<f64> {
        None
    }

    /// Velocity bias of each atom (streaming velocity that a thermostat must not touch), if this
    /// temperature compute removes one; order of `Atoms`.
    ///
    /// # Errors
    /// It cannot be evaluated.
    fn bias(&mut self, _host: &mut dyn Host) -> Result<Option<Vec<[f64; 3]>>> {
        Ok(None)
    }

    /// Which columns of the per-atom array are an orientation vector, if any.
    fn orientation(&self) -> Option<Orientation> {
        None
    }

    /// Takes kinetic energy from another temperature compute (`thermo_modify temp`, `fix_modify temp`); false if
    /// this compute needs none.
    fn use_temperature(&mut self, _id: &str) -> bool {
        false
    }

    /// `compute_modify` words.
    ///
    /// # Errors
    /// Unknown keyword.
    fn modify(&mut self, words: &[&str]) -> Result<()> {
        Err(Error::input(format!(
            "compute_modify keyword '{}' is not supported by this compute",
            words.first().unwrap_or(&"")
        ))
        .at(0))
    }

    /// The per-atom value that says of which atoms `dump_modify refresh` renews what the compute remembers.
    ///
    /// # Errors
    /// There is nothing to renew, or nothing says of which atoms.
    fn refresh_by(&self) -> Result<Reference> {
        Err(Error::input(
            "Dump_modify refresh: this compute remembers nothing to be refreshed; compute displace/atom does",
        ))
    }

    /// Renews what the compute remembers of the atoms whose value is not zero.
    fn refresh(&mut self, _values: &[f64], _state: &State) {}

    /// State for restart files (reference positions), if there is any.
    fn state(&self) -> Option<Vec<u8>> {
        None
    }

    /// Takes state from a restart file.
    ///
    /// # Errors
    /// The bytes do not fit.
    fn restore(&mut self, _bytes: &[u8]) -> Result<()> {
        Ok(())
    }

    /// Atoms were removed: per-atom data must be filtered alike.
    fn retain(&mut self, _keep: &[bool]) {}
}

/// A line of the table of computes.
pub struct ComputeEntry {
    /// Signature of the words after `compute ID GROUP NAME`; also the manual page.
    pub signature: &'static Signature,
    /// Makes the compute.
    pub build: fn(&ComputeId, &Args, &mut dyn Host) -> Result<Box<dyn Compute>>,
}

/// All computes, by name.
pub const COMPUTES: &[ComputeEntry] = &[
    centro_atom::STYLE,
    chunk_atom::STYLE,
    com::STYLE,
    coord_atom::STYLE,
    displace_atom::STYLE,
    group_group::STYLE,
    gyration::STYLE,
    heat_flux::STYLE,
    ke::STYLE,
    ke_atom::STYLE,
    msd::STYLE,
    msd_chunk::STYLE,
    orientorder_atom::STYLE,
    pair::STYLE,
    pe::STYLE,
    pe_atom::STYLE,
    pressure::STYLE,
    property_atom::STYLE,
    rdf::STYLE,
    reduce::STYLE,
    reduce::STYLE_REGION,
    stress_atom::STYLE,
    stress_atom::CENTROID,
    temp::STYLE,
    temp_com::STYLE,
    temp_partial::STYLE,
    temp_profile::STYLE,
    temp_ramp::STYLE,
    temp_region::STYLE,
    vacf::STYLE,
];

/// The entry of style `name`.
///
/// # Errors
/// There is no such style.
pub fn find(name: &str) -> Result<&'static ComputeEntry> {
    COMPUTES
        .iter()
        .find(|e| e.signature.name == name)
        .ok_or_else(|| {
            crate::foreign::unknown_style(
                "compute",
                name,
                COMPUTES.iter().map(|e| e.signature.name),
            )
        })
}
