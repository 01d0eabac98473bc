//! Fixes: the trait and the table of styles. One file and one line in [`FIXES`] per style.
//!
//! May import `compute`, `kspace`, `ml`, `domain`, `io` and the bottom modules, never another fix's file.

pub mod addforce;
pub mod ave_atom;
pub mod ave_chunk;
pub mod ave_correlate;
pub mod ave_time;
pub mod aveforce;
pub mod average_common;
pub mod balance;
pub mod barostat_common;
pub mod box_relax;
pub mod deform;
pub mod enforce2d;
pub mod force_common;
pub mod group_dynamic;
pub mod halt;
pub mod integrate_common;
pub mod langevin;
pub mod momentum;
pub mod move_;
pub mod nh_common;
pub mod npt;
pub mod nve;
pub mod nve_limit;
pub mod nvt;
pub mod press_berendsen;
pub mod pressure_common;
pub mod print;
pub mod property_atom;
pub mod recenter;
pub mod setforce;
pub mod spring;
pub mod spring_self;
pub mod temp_berendsen;
pub mod temp_csvr;
pub mod temp_rescale;
pub mod thermostat_common;
pub mod vector;
pub mod voigt_common;
pub mod wall_reflect;

use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::{State, Tally};
use crate::error::{Error, Result};
use crate::signature::{Args, Signature};

/// What every fix knows of itself.
#[derive(Debug, Clone)]
pub struct FixId {
    /// Its ID.
    pub id: String,
    /// Its group's name.
    pub group: String,
    /// Its group's mask bit.
    pub bit: u32,
}

/// A compute that a fix brings with it; its ID is `FIX_suffix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Companion {
    /// Last part of the ID.
    pub suffix: &'static str,
    /// Whether it is of group `all` instead of the group of the fix.
    pub all: bool,
    /// Style and its words.
    pub words: Vec<String>,
}

impl Companion {
    /// The temperature of the group of the fix, as thermostats have it.
    pub fn temperature() -> Vec<Companion> {
        vec![Companion {
            suffix: "temp",
            all: false,
            words: vec!["temp".into()],
        }]
    }

    /// Temperature and pressure of all atoms, as barostats have them; `parts` are further words of the pressure.
    pub fn temperature_and_pressure(temperature: &str, parts: &[&str]) -> Vec<Companion> {
        let mut words = vec!["pressure".to_owned(), temperature.to_owned()];
        words.extend(parts.iter().map(|w| (*w).to_owned()));
        vec![
            Companion {
                suffix: "temp",
                all: true,
                words: vec!["temp".into()],
            },
            Companion {
                suffix: "press",
                all: true,
                words,
            },
        ]
    }
}

/// Stop requests of a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Continue,
    /// End the run after this step; the script goes on (`fix halt error continue`).
    EndRun,
    /// End the run; later runs are skipped, other commands are executed (`error soft`).
    EndRuns,
}

/// Degrees of freedom besides the atoms in a minimisation.
pub trait MinDofs {
    /// Their number.
    fn count(&self) -> usize;

    /// Energy and the negative derivatives at the present point, whose forces and virial are known.
    ///
    /// # Errors
    /// The pressure cannot be evaluated.
    fn energy(&mut self, host: &mut dyn Host) -> Result<(f64, Vec<f64>)>;

    /// Remembers the present point as the start of a line search.
    ///
    /// # Errors
    /// There is no cell.
    fn store(&mut self, host: &mut dyn Host) -> Result<()>;

    /// Goes to `alpha` along `direction` from the start of the line search. Atoms must be at the start.
    ///
    /// # Errors
    /// The point is not a possible one.
    fn step(&mut self, alpha: f64, direction: &[f64], host: &mut dyn Host) -> Result<()>;

    /// Largest step along `direction` that is allowed.
    fn largest_step(&self, direction: &[f64]) -> f64;

    /// After a line search: whether energies must be evaluated anew because their reference has changed.
    ///
    /// # Errors
    /// There is no cell.
    fn new_reference(&mut self, host: &mut dyn Host) -> Result<bool>;
}

/// A fix; hooks have LAMMPS' names and order. Defaults do nothing.
pub trait Fix {
    /// Called at the start of every run, before `setup`.
    ///
    /// # Errors
    /// Something that the fix refers to does not exist.
    fn init(&mut self, _host: &mut dyn Host) -> Result<()> {
        Ok(())
    }

    /// Called after the forces of the first step of a run are known.
    ///
    /// # Errors
    /// As the hooks.
    fn setup(&mut self, _host: &mut dyn Host) -> Result<()> {
        Ok(())
    }

    /// First half of the integration step: before forces.
    ///
    /// # Errors
    /// The step cannot be made.
    fn initial_integrate(&mut self, _host: &mut dyn Host) -> Result<()> {
        Ok(())
    }

    /// After `initial_integrate` of all fixes, before the neighbour decision.
    ///
    /// # Errors
    /// The step cannot be made.
    fn post_integrate(&mut self, _host: &mut dyn Host) -> Result<()> {
        Ok(())
    }

    /// Before atoms are wrapped and lists rebuilt (moving walls, cell changes).
    ///
    /// # Errors
    /// The step cannot be made.
    fn pre_exchange(&mut self, _host: &mut dyn Host) -> Result<()> {
        Ok(())
    }

    /// After forces: changes `atoms.f`.
    ///
    /// # Errors
    /// The step cannot be made.
    fn post_force(&mut self, _host: &mut dyn Host) -> Result<()> {
        Ok(())
    }

    /// After forces in a minimisation: changes `atoms.f`. Fixes that act there call their `post_force`.
    ///
    /// # Errors
    /// The forces cannot be changed.
    fn min_post_force(&mut self, _host: &mut dyn Host) -> Result<()> {
        Ok(())
    }

    /// Degrees of freedom that the fix adds to a minimisation (`fix box/relax`), if there are any.
    fn min_dofs(&mut self) -> Option<&mut dyn MinDofs> {
        None
    }

    /// Second half of the integration step.
    ///
    /// # Errors
    /// The step cannot be made.
    fn final_integrate(&mut self, _host: &mut dyn Host) -> Result<()> {
        Ok(())
    }

    /// At the end of a step, before output.
    ///
    /// # Errors
    /// The step cannot be completed.
    fn end_of_step(&mut self, _host: &mut dyn Host) -> Result<Control> {
        Ok(Control::Continue)
    }

    /// After the last step of a run.
    ///
    /// # Errors
    /// Files cannot be written.
    fn post_run(&mut self, _host: &mut dyn Host) -> Result<()> {
        Ok(())
    }

    /// Whether the fix moves atoms (nve, nvt, ...), for the "no integrator" and "twice integrated" warnings.
    fn integrates(&self) -> bool {
        false
    }

    /// The message if the fix must stand before all that integrate and does not.
    fn precedes_integrators(&self) -> Option<&'static str> {
        None
    }

    /// Whether the fix changes the cell: thermo then prints the volume by itself.
    fn changes_cell(&self) -> bool {
        false
    }

    /// Whether the fix changes positions or the cell at the end of a step, after the forces that the next step begins
    /// with: restart files then hold these forces.
    fn moves_after_forces(&self) -> bool {
        false
    }

    /// Whether neighbour lists must be rebuilt at `step` in any case.
    fn forces_rebuild(&self, _step: i64) -> bool {
        false
    }

    /// What has to be accumulated by the force evaluation of step `step`.
    fn tally_at(&self, _step: i64) -> Tally {
        Tally::NONE
    }

    /// Degrees of freedom that the fix removes from a group.
    fn removed_dof(&self, _state: &State, _group_bit: u32) -> f64 {
        0.0
    }

    /// Target temperature at the present step, if the fix is a thermostat.
    fn target_temperature(&self, _state: &State) -> Option<f64> {
        None
    }

    /// Energy that the fix adds to the potential energy (`fix_modify energy yes`).
    fn energy(&self) -> Option<f64> {
        None
    }

    /// Energy of thermostat and barostat: part of `ecouple` and `econserve`.
    fn coupling_energy(&self) -> Option<f64> {
        None
    }

    /// The same for fixes whose energy depends on the cell.
    fn coupling_energy_of(&self, _state: &State) -> Option<f64> {
        self.coupling_energy()
    }

    /// Virial that the fix adds (`fix_modify virial yes`).
    fn virial(&self) -> Option<[f64; 6]> {
        None
    }

    /// Its part of every atom, in the order of `Atoms`, if the fix knows it; for `compute stress/atom`.
    fn atom_virial(&self) -> Option<&[[f64; 6]]> {
        None
    }

    /// Names of the properties of atoms that the fix defines (`fix property/atom`), for data files.
    fn properties(&self) -> &[String] {
        &[]
    }

    /// Whether data files hold these properties.
    fn writes_properties(&self) -> bool {
        true
    }

    /// Whether the fix changes forces, at a level of r-RESPA that `fix_modify respa` sets.
    fn changes_forces(&self) -> bool {
        false
    }

    /// Whether a minimisation should end after this iteration (`fix halt`).
    fn min_control(&self) -> Control {
        Control::Continue
    }

    /// What `f_ID` offers.
    fn output(&self) -> Output {
        Output::default()
    }

    /// The values of `f_ID`.
    ///
    /// # Errors
    /// The part does not exist.
    fn data(&mut self, _part: Part, _host: &mut dyn Host) -> Result<Data> {
        Err(Error::input("this fix has no output"))
    }

    /// `fix_modify` keywords that the engine does not handle (energy, virial, respa) itself.
    ///
    /// # Errors
    /// Unknown keyword.
    fn modify(&mut self, words: &[&str], _host: &mut dyn Host) -> Result<()> {
        Err(Error::input(format!(
            "fix_modify keyword '{}' is not supported by this fix",
            words.first().unwrap_or(&"")
        ))
        .at(0))
    }

    /// Computes that the fix needs and that are made and removed with it: a thermostat's temperature.
    fn companions(&self) -> Vec<Companion> {
        Vec::new()
    }

    /// Lines for the log at the start of a run: seeds.
    fn describe(&self) -> Vec<String> {
        Vec::new()
    }

    /// State for restart files (bincode-free: little-endian bytes made with `io::codec`), if there is any.
    fn state(&self) -> Option<Vec<u8>> {
        None
    }

    /// Takes state from a restart file; called after the fix is made again with the same ID and style.
    ///
    /// # Errors
    /// The bytes do not fit.
    fn restore(&mut self, _bytes: &[u8]) -> Result<()> {
        Ok(())
    }

    /// The fix's sum over reset timesteps: called by `reset_timestep`.
    fn reset_timestep(&mut self, _step: i64) {}

    /// The fix is being deleted: what it gave to the state goes with it.
    fn removed(&mut self, _host: &mut dyn Host) {}

    /// Atoms were removed: per-atom data of the fix must be filtered alike.
    fn retain(&mut self, _keep: &[bool]) {}
}

/// A line of the table of fixes.
pub struct FixEntry {
    /// Signature of the words after `fix ID GROUP NAME`; also the manual page.
    pub signature: &'static Signature,
    /// Makes the fix. `words` are the raw words behind the style name.
    pub build: fn(&FixId, &Args, &mut dyn Host) -> Result<Box<dyn Fix>>,
}

/// All fixes, by name.
pub const FIXES: &[FixEntry] = &[
    addforce::STYLE,
    ave_atom::STYLE,
    ave_chunk::STYLE,
    ave_correlate::STYLE,
    ave_time::STYLE,
    aveforce::STYLE,
    balance::STYLE,
    box_relax::STYLE,
    deform::STYLE,
    enforce2d::STYLE,
    halt::STYLE,
    langevin::STYLE,
    momentum::STYLE,
    move_::STYLE,
    npt::NPH,
    npt::NPT,
    nve::STYLE,
    nve_limit::STYLE,
    nvt::STYLE,
    press_berendsen::STYLE,
    print::STYLE,
    property_atom::STYLE,
    recenter::STYLE,
    setforce::STYLE,
    spring::STYLE,
    spring_self::STYLE,
    temp_berendsen::STYLE,
    temp_csvr::STYLE,
    temp_rescale::STYLE,
    vector::STYLE,
    wall_reflect::STYLE,
];

/// The entry of style `name`.
///
/// # Errors
/// There is no such style.
pub fn find(name: &str) -> Result<&'static FixEntry> {
    FIXES
        .iter()
        .find(|e| e.signature.name == name)
        .ok_or_else(|| {
            crate::foreign::unknown_style("fix", name, FIXES.iter().map(|e| e.signature.name))
        })
}
