//! Long-range electrostatics: the trait, the table of kspace styles and the settings of `kspace_modify`.
//!
//! May import `domain` and the bottom modules. A kspace style works on the atoms, not on bricks. Every sum has a
//! fixed order, so that results do not depend on the number of threads.

mod ewald;
mod modify;
mod pppm;
mod setup;

pub use modify::{KSPACE_MODIFY, KspaceModify};

use crate::domain::host::Between;
use crate::domain::{State, Tally};
use crate::error::Result;
use crate::signature::{Args, Signature};

/// What the pair style tells the kspace style.
#[derive(Debug, Clone, Copy)]
pub struct RealSpace {
    /// Coulomb cutoff, length units.
    pub cutoff: f64,
    /// Bits of the Coulomb table, 0 for none.
    pub table: u32,
}

/// What a kspace style found out when it was prepared.
#[derive(Debug, Clone, Default)]
pub struct Prepared {
    /// Splitting parameter, 1/length, for the real-space part.
    pub g_ewald: f64,
    /// Lines for the log, as LAMMPS has them.
    pub lines: Vec<String>,
    /// Warnings.
    pub warnings: Vec<String>,
}

/// Result of an evaluation.
#[derive(Debug, Clone, Default)]
pub struct LongRange {
    /// Forces, in the order of `Atoms`.
    pub f: Vec<[f64; 3]>,
    /// Energy.
    pub energy: f64,
    /// Virial, sum r_a f_b: xx yy zz xy xz yz.
    pub virial: [f64; 6],
    /// Per-atom energy (empty unless asked for).
    pub atom_energy: Vec<f64>,
    /// Per-atom virial (empty unless asked for).
    pub atom_virial: Vec<[f64; 6]>,
}

impl LongRange {
    fn reset(&mut self, n: usize, tally: Tally) {
        self.f.clear();
        self.f.resize(n, [0.0; 3]);
        self.energy = 0.0;
        self.virial = [0.0; 6];
        self.atom_energy.clear();
        self.atom_virial.clear();
        if tally.atom_energy {
            self.atom_energy.resize(n, 0.0);
        }
        if tally.atom_virial {
            self.atom_virial.resize(n, [0.0; 6]);
        }
    }
}

/// A kspace style.
pub trait KspaceStyle: Send + Sync {
    /// `kspace_modify` settings.
    ///
    /// # Errors
    /// The style cannot honour a setting.
    fn modify(&mut self, modify: &KspaceModify) -> Result<()>;

    /// Chooses the splitting parameter and the resolution; called at the start of every run.
    ///
    /// # Errors
    /// The system does not suit the style, or the accuracy cannot be reached.
    fn init(&mut self, state: &State, real: RealSpace) -> Result<Prepared>;

    /// Evaluates energy, forces and virial at the present positions into `out`.
    ///
    /// # Errors
    /// The evaluation failed.
    fn compute(&mut self, state: &State, tally: Tally, out: &mut LongRange) -> Result<()>;

    /// Half of the energy of charges `a` in the potential of charges `b` (one per atom, 0 for those that do not count)
    /// and the force on `a`, without corrections for a charge's own energy and the background.
    ///
    /// # Errors
    /// The style was not prepared, or a setting does not allow it.
    fn between(&mut self, state: &State, a: &[f64], b: &[f64]) -> Result<Between>;
}

/// A line of the table of kspace styles.
pub struct KspaceEntry {
    /// Signature of the words after `kspace_style NAME`; also the manual page.
    pub signature: &'static Signature,
    /// Makes the style.
    pub build: fn(&Args) -> Result<Box<dyn KspaceStyle>>,
}

/// All kspace styles, by name.
pub const KSPACE_STYLES: &[KspaceEntry] = &[ewald::STYLE, pppm::STYLE];

/// The entry of style `name`.
///
/// # Errors
/// There is no such style.
pub fn find(name: &str) -> Result<&'static KspaceEntry> {
    KSPACE_STYLES
        .iter()
        .find(|e| e.signature.name == name)
        .ok_or_else(|| {
            let known = KSPACE_STYLES.iter().map(|e| e.signature.name);
            crate::foreign::unknown_style("kspace", name, known)
        })
}
