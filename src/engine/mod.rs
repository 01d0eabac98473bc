//! The engine: owns the state and the styles, runs steps, writes thermo output and restart files.
//!
//! May import `pair`, `fix`, `compute`, `dump`, `kspace`, `ml`, `domain`, `io` and the bottom modules; knows
//! no script: variables reach it through [`Variables`].

use crate::compute::{Compute, ComputeId};
use crate::domain::host::{Data, Host, Part};
use crate::domain::neighbor::NeighborSettings;
use crate::domain::{Bricks, State};
use crate::dump::{Dump, DumpId};
use crate::error::Result;
use crate::fix::{Fix, FixId};
use crate::io::log::Log;
use crate::kspace::{KspaceModify, KspaceStyle, LongRange};
use crate::pair::{PairModify, PairOptions, PairStyle};
use indexmap::IndexMap;
use std::rc::Rc;

/// The script's variables as the engine sees them; implemented above the script layer.
pub trait Variables {
    /// Value of an equal-style (or numeric index-, loop-, internal-style) variable now.
    ///
    /// # Errors
    /// It does not exist or cannot be evaluated.
    fn equal(&self, name: &str, host: &mut dyn Host) -> Result<f64>;
    /// Value of an atom-style variable for every atom, in the order of `Atoms`.
    ///
    /// # Errors
    /// It does not exist or cannot be evaluated.
    fn atom(&self, name: &str, host: &mut dyn Host) -> Result<Vec<f64>>;
    /// Value of a vector-style variable.
    ///
    /// # Errors
    /// It does not exist or cannot be evaluated.
    fn vector(&self, name: &str, host: &mut dyn Host) -> Result<Vec<f64>>;
    /// Sets an internal-style variable.
    ///
    /// # Errors
    /// It is no internal-style variable.
    fn set_internal(&self, name: &str, value: f64) -> Result<()>;
    /// Style of a variable (`equal`, `atom`, ...), `None` if it does not exist.
    fn style(&self, name: &str) -> Option<&'static str>;
    /// Substitutes variables in a text now.
    ///
    /// # Errors
    /// A variable does not exist or a formula is wrong.
    fn substitute(&self, text: &str, host: &mut dyn Host) -> Result<String>;
}

/// No variables at all: for tests and for use as a library.
pub struct NoVariables;

impl NoVariables {
    fn unknown<T>(name: &str) -> Result<T> {
        Err(crate::error::Error::input(format!(
            "variable '{name}' does not exist"
        )))
    }
}

impl Variables for NoVariables {
    fn equal(&self, name: &str, _: &mut dyn Host) -> Result<f64> {
        Self::unknown(name)
    }
    fn atom(&self, name: &str, _: &mut dyn Host) -> Result<Vec<f64>> {
        Self::unknown(name)
    }
    fn vector(&self, name: &str, _: &mut dyn Host) -> Result<Vec<f64>> {
        Self::unknown(name)
    }
    fn set_internal(&self, name: &str, _: f64) -> Result<()> {
        Self::unknown(name)
    }
    fn style(&self, _: &str) -> Option<&'static str> {
        None
    }
    fn substitute(&self, text: &str, _: &mut dyn Host) -> Result<String> {
        Ok(text.to_string())
    }
}

pub mod bonded;
mod checks;
mod clock;
mod forces;
mod host;
mod identity;
mod kspace;
mod lists;
mod minimize;
mod report;
mod rerun;
mod restart;
mod run;
pub mod signals;
pub mod styles;
pub mod thermo;

pub use clock::{Clock, Section, TimeLimit, TimerDetail, process_seconds, resident_megabytes};
pub use minimize::{Fire, Integrator, Line, MinPlan, MinSettings, MinStyle, Norm};
pub use restart::{RestartPlan, Restored, find_newest};
pub use run::RunPlan;

use forces::Forces;
use lists::Lists;
use thermo::Thermo;

/// The present pair style.
pub struct PairSlot {
    /// Name as given (`lj/cut`).
    pub name: String,
    /// The style.
    pub style: Box<dyn PairStyle>,
}

/// A fix with what the engine knows of it.
pub struct FixSlot {
    /// ID and group.
    pub id: FixId,
    /// Name of its style.
    pub style: String,
    /// The fix; `None` while one of its hooks is running.
    pub fix: Option<Box<dyn Fix>>,
    /// `fix_modify energy`
    pub energy: bool,
    /// `fix_modify virial`
    pub virial: bool,
    /// Computes that belong to the fix and go with it.
    pub computes: Vec<String>,
}

/// The kspace style with what the engine knows of it.
pub struct KspaceSlot {
    /// Name of the style.
    pub name: String,
    /// The style.
    pub style: Box<dyn KspaceStyle>,
    /// `kspace_modify` settings.
    pub modify: KspaceModify,
    /// Result of the last evaluation.
    result: LongRange,
}

/// A compute with what the engine knows of it.
pub struct ComputeSlot {
    /// ID and group.
    pub id: ComputeId,
    /// Name of its style.
    pub style: String,
    /// The compute; `None` while it is being evaluated.
    pub compute: Option<Box<dyn Compute>>,
    /// Values that were evaluated, one of each part.
    cached: Vec<Evaluated>,
}

/// A value of a compute and when it was evaluated.
struct Evaluated {
    part: Part,
    step: i64,
    /// State of the atoms.
    epoch: u64,
    /// Number of thermo rows begun before.
    rows: u64,
    /// Number of atoms.
    atoms: usize,
    value: Data,
}

/// Interval between frames in simulation time, time units.
#[derive(Debug, Clone, PartialEq)]
pub enum EveryTime {
    /// Always the same.
    Interval(f64),
    /// An equal-style variable gives the time of the next frame.
    Variable(String),
}

/// A dump with what the engine knows of it.
pub struct DumpSlot {
    /// ID, group, interval and file.
    pub id: DumpId,
    /// Name of its style.
    pub style: String,
    /// The dump; `None` while it is being written.
    pub dump: Option<Box<dyn Dump>>,
    /// `dump_modify first`
    pub first: bool,
    /// Last step that was written.
    pub last: Option<i64>,
    /// `dump_modify every v_name`
    pub every_variable: Option<String>,
    /// `dump_modify every/time`
    pub every_time: Option<EveryTime>,
    /// `dump_modify delay`: first step at which a frame may be written.
    pub delay: Option<i64>,
    /// `dump_modify skip`: equal-style variable that suppresses frames while it is not zero.
    pub skip: Option<String>,
    /// `dump_modify refresh`: compute whose reference is renewed after every frame.
    pub refresh: Option<String>,
    /// Next step that the variable or the interval in time gave.
    next: Option<i64>,
    /// Simulation time that belongs to `next` under `every/time`.
    next_time: f64,
    /// Whether frames after the step of the restart file have been removed.
    truncated: bool,
}

/// The engine.
pub struct Engine {
    /// The simulated system.
    pub state: State,
    /// Present pair style.
    pub pair: Option<PairSlot>,
    /// Group masks of the atoms that this run has lost (`thermo_modify lost ignore|warn`).
    lost_masks: Vec<u32>,
    /// Present kspace style.
    pub kspace: Option<KspaceSlot>,
    /// `pair_modify` settings.
    pub pair_modify: PairModify,
    /// `package argyro` settings of pair styles.
    pub pair_options: PairOptions,
    /// Fixes in order of definition.
    pub fixes: IndexMap<String, FixSlot>,
    /// Computes in order of definition; thermo_temp, thermo_press and thermo_pe come first.
    pub computes: IndexMap<String, ComputeSlot>,
    /// Dumps in order of definition.
    pub dumps: IndexMap<String, DumpSlot>,
    /// `neighbor` and `neigh_modify` settings.
    pub neighbor: NeighborSettings,
    /// Bricks of the last neighbour list build.
    pub bricks: Bricks,
    /// The script's variables.
    pub variables: Rc<dyn Variables>,
    /// Screen and log file.
    pub log: Log,
    /// Nothing is written and `run` only initialises (`argyro check`).
    pub dry: bool,
    /// Settings of the thermodynamic output.
    pub thermo: Thermo,
    /// `restart` settings.
    pub restart: RestartPlan,
    /// `timer timeout`
    pub time_limit: TimeLimit,
    /// Runs initialise and write their first row, but make no steps (`-skiprun`).
    pub skip_run: bool,
    /// Why further runs are skipped (`fix halt ... error soft`).
    pub runs_skipped: Option<String>,
    /// Number of this partition.
    pub partition: i64,
    /// Seeds of random numbers, with what they were used for, to be named in the log.
    pub seeds: Vec<(String, i64)>,
    /// State of fixes and computes from a restart file that waits for them to be made again.
    pub restored: Restored,
    /// Whether `pair_coeff` and the like have changed since the pair style was prepared.
    pub pair_ready: bool,
    /// `min_style` and `min_modify` settings.
    pub min_settings: MinSettings,
    /// Bond and angle styles.
    pub bonded: bonded::Bonded,
    /// A minimisation is going on.
    minimising: bool,
    clock: Clock,
    forces: Forces,
    lists: Lists,
    identity: String,
    box_ready: bool,
    /// Step of the next thermo row.
    next_row: i64,
    /// A row of thermo output is being evaluated from the fixes themselves.
    thermo_reads: bool,
    /// Number of thermo rows begun.
    thermo_rows: u64,
}

impl Engine {
    /// An engine without a box, as at the start of a script and after `clear`.
    pub fn new(log: Log, variables: Rc<dyn Variables>, dry: bool) -> Self {
        Self {
            state: State::default(),
            pair: None,
            lost_masks: Vec::new(),
            kspace: None,
            pair_modify: PairModify::default(),
            pair_options: PairOptions::default(),
            fixes: IndexMap::new(),
            computes: IndexMap::new(),
            dumps: IndexMap::new(),
            neighbor: NeighborSettings::default(),
            bricks: Bricks::default(),
            variables,
            log,
            dry,
            thermo: Thermo::default(),
            restart: RestartPlan::default(),
            time_limit: TimeLimit::default(),
            skip_run: false,
            runs_skipped: None,
            partition: 0,
            seeds: Vec::new(),
            restored: Restored::default(),
            pair_ready: false,
            min_settings: MinSettings::default(),
            bonded: bonded::Bonded::default(),
            minimising: false,
            clock: Clock::default(),
            forces: Forces::default(),
            lists: Lists::default(),
            identity: String::new(),
            box_ready: false,
            next_row: -1,
            thermo_reads: false,
            thermo_rows: 0,
        }
    }
}
