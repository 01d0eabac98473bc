//! What formulas ask of the simulation. The executor implements it on top of the engine; every
//! method has a default for "there is no simulation box yet".

use crate::error::{Error, Result};

/// Compute or fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutputSource {
    /// `c_ID`
    Compute,
    /// `f_ID`
    Fix,
}

impl OutputSource {
    /// `compute` or `fix`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Fix => "fix",
        }
    }
}

/// What a compute or fix offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Provides {
    /// A global scalar.
    pub scalar: bool,
    /// A global vector.
    pub vector: bool,
    /// A global array.
    pub array: bool,
    /// A per-atom vector.
    pub per_atom_vector: bool,
    /// A per-atom array.
    pub per_atom_array: bool,
}

/// Which output is asked for; one value of [`OutputValues`] each.
#[derive(Debug, Clone, PartialEq)]
pub enum OutputValues {
    /// The global scalar.
    Scalar(f64),
    /// The global vector.
    Vector(Vec<f64>),
    /// The global array, row-major.
    Array {
        /// Number of columns.
        columns: usize,
        /// rows x columns values.
        values: Vec<f64>,
    },
    /// One number per atom.
    PerAtom(Vec<f64>),
    /// Several numbers per atom, atom-major.
    PerAtomArray {
        /// Number of columns.
        columns: usize,
        /// atoms x columns values.
        values: Vec<f64>,
    },
}

/// Step numbers that functions of time need.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Clock {
    /// Current step.
    pub step: i64,
    /// First step of the current or last run (`run ... start`).
    pub begin: i64,
    /// Last step of the current or last run (`run ... stop`).
    pub end: i64,
    /// Size of a step, time units.
    pub dt: f64,
    /// A run is going on.
    pub running: bool,
}

/// A group function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum GroupFunction {
    Count,
    Mass,
    Charge,
    Xcm,
    Vcm,
    Fcm,
    Bound,
    Gyration,
    Ke,
    Angmom,
    Torque,
    Inertia,
    Omega,
}

/// A group function with its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GroupCall {
    /// Which.
    pub function: GroupFunction,
    /// Group ID.
    pub group: String,
    /// Index of the component: x y z; xmin xmax ymin ymax zmin zmax; xx yy zz xy yz xz. 0 for functions
    /// without components.
    pub component: usize,
    /// Region that restricts the group.
    pub region: Option<String>,
}

fn no_box<T>() -> Result<T> {
    Err(
        Error::input("Variable evaluation before simulation box is defined")
            .help("create the box first: read_data, create_box or read_restart"),
    )
}

/// What formulas ask of the simulation.
///
/// Per-atom lists hold all atoms of the process in one fixed order, the same in all methods.
pub trait FormulaHost {
    /// A thermo keyword (`temp`, `pe`, `lx`, ...); `None` if there is no such keyword.
    ///
    /// # Errors
    /// The quantity cannot be computed.
    fn keyword(&mut self, _word: &str) -> Result<Option<f64>> {
        no_box()
    }

    /// All thermo keywords, for suggestions.
    fn keywords(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Steps and time step.
    fn clock(&self) -> Clock {
        Clock::default()
    }

    /// Number of atoms in per-atom lists.
    ///
    /// # Errors
    /// There is no box.
    fn atom_count(&self) -> Result<usize> {
        no_box()
    }

    /// Positions in per-atom lists in the order in which LAMMPS would go over the atoms.
    ///
    /// # Errors
    /// There is no box.
    fn atom_order(&self) -> Result<Vec<usize>> {
        Ok((0..self.atom_count()?).collect())
    }

    /// Position of atom `id` in per-atom lists; `None` if no atom has this ID now.
    ///
    /// # Errors
    /// `id` is larger than any ID.
    fn atom_index(&self, _id: usize) -> Result<Option<usize>> {
        no_box()
    }

    /// A per-atom property: `id mass type mol radius q x y z vx vy vz fx fy fz ix iy iz`.
    ///
    /// # Errors
    /// The atoms do not have it.
    fn atoms(&mut self, _property: super::AtomProperty) -> Result<Vec<f64>> {
        no_box()
    }

    /// A custom property of `fix property/atom`: a vector (`column` None) or a column from 1; `None` if
    /// there is no such property.
    ///
    /// # Errors
    /// The column does not exist.
    fn custom(
        &mut self,
        _name: &str,
        _integer: bool,
        _column: Option<usize>,
    ) -> Result<Option<Vec<f64>>> {
        no_box()
    }

    /// What compute or fix `id` offers.
    ///
    /// # Errors
    /// There is no such compute or fix.
    fn provides(&mut self, _source: OutputSource, _id: &str) -> Result<Provides> {
        no_box()
    }

    /// The output of compute or fix `id` of the kind whose flag in `what` is set (exactly one is).
    ///
    /// # Errors
    /// It cannot be evaluated now.
    fn output(
        &mut self,
        _source: OutputSource,
        _id: &str,
        _what: Provides,
    ) -> Result<OutputValues> {
        no_box()
    }

    /// A group function; positions are unwrapped, units are those of the script.
    ///
    /// # Errors
    /// There is no such group or region, or the atoms lack the property.
    fn group_function(&mut self, _call: &GroupCall) -> Result<f64> {
        no_box()
    }

    /// Which atoms belong to a group.
    ///
    /// # Errors
    /// There is no such group.
    fn group_mask(&mut self, _group: &str) -> Result<Vec<bool>> {
        no_box()
    }

    /// Which atoms lie in a region.
    ///
    /// # Errors
    /// There is no such region.
    fn region_mask(&mut self, _region: &str) -> Result<Vec<bool>> {
        no_box()
    }

    /// `is_available(category,name)`; categories are `command compute fix pair_style feature`.
    ///
    /// # Errors
    /// The category is not known.
    fn is_available(&mut self, _category: &str, _name: &str) -> Result<bool> {
        Ok(false)
    }

    /// `is_active(category,name)`
    ///
    /// # Errors
    /// The category is not known.
    fn is_active(&mut self, _category: &str, _name: &str) -> Result<bool> {
        Ok(false)
    }

    /// `is_defined(category,id)` for everything but variables.
    ///
    /// # Errors
    /// The category is not known.
    fn is_defined(&mut self, _category: &str, _id: &str) -> Result<bool> {
        Ok(false)
    }

    /// `extract_setting(name)`; `None` if there is no such setting.
    ///
    /// # Errors
    /// It has no value now.
    fn setting(&mut self, _name: &str) -> Result<Option<f64>> {
        Ok(None)
    }

    /// The type with a label of kind `atom bond angle dihedral improper`; `None` if there is none.
    ///
    /// # Errors
    /// There is no label map.
    fn label_to_type(&mut self, _kind: &str, _label: &str) -> Result<Option<usize>> {
        Err(Error::input(
            "Cannot use label2type() function without a labelmap",
        ))
    }

    /// The time limit of `timer timeout` has passed.
    fn timed_out(&self) -> bool {
        false
    }
}

/// No simulation at all: only arithmetic works.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSystem;

impl FormulaHost for NoSystem {}
