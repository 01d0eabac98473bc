//! The state of the simulated system that fixes and computes work on.

use super::atoms::Atoms;
use super::cell::Cell;
use super::group::Groups;
use super::lattice::Lattice;
use super::order::SortSettings;
use super::region::Region;
use super::topology::SpecialBonds;
use crate::error::{Error, Result};
use crate::units::Units;
use indexmap::IndexMap;

/// Which per-atom properties exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtomStyle {
    /// Name as in `atom_style NAME`.
    pub name: &'static str,
    /// Atoms have charges.
    pub charge: bool,
    /// Atoms have molecule IDs.
    pub molecule: bool,
    /// Atoms may have bonds.
    pub bonds: bool,
    /// Atoms may have angles.
    pub angles: bool,
}

/// The supported atom styles.
pub const ATOM_STYLES: &[AtomStyle] = &[
    atom_style("atomic", false, false, false),
    atom_style("charge", true, false, false),
    atom_style("bond", false, true, false),
    atom_style("angle", false, true, true),
    atom_style("molecular", false, true, true),
    atom_style("full", true, true, true),
];

impl AtomStyle {
    /// The style as listed, without what `fix property/atom` has added.
    pub fn listed(&self) -> Self {
        let mut styles = ATOM_STYLES.iter();
        *styles.find(|s| s.name == self.name).unwrap_or(self)
    }
}

const fn atom_style(name: &'static str, charge: bool, bonds: bool, angles: bool) -> AtomStyle {
    AtomStyle {
        name,
        charge,
        molecule: bonds,
        bonds,
        angles,
    }
}

/// Per-type data; index 0 is unused so that types index directly.
#[derive(Debug, Clone, Default)]
pub struct Types {
    /// Number of atom types.
    pub count: usize,
    /// Mass of each type (`None`: not set), length count + 1.
    pub mass: Vec<Option<f64>>,
    /// Type label of each type, length count + 1.
    pub label: Vec<Option<String>>,
    /// Labels of bond types, indexed by type; may be shorter than their number.
    pub bond_label: Vec<Option<String>>,
    /// Labels of angle types.
    pub angle_label: Vec<Option<String>>,
    /// Number of bond types.
    pub bonds: usize,
    /// Number of angle types.
    pub angles: usize,
}

impl Types {
    /// Whether no type of atoms, bonds or angles has a label.
    pub fn unlabelled(&self) -> bool {
        let all = [&self.label, &self.bond_label, &self.angle_label];
        all.iter().all(|l| l.iter().all(Option::is_none))
    }

    /// `count` types without masses.
    pub fn new(count: usize) -> Self {
        Self {
            count,
            mass: vec![None; count + 1],
            label: vec![None; count + 1],
            bond_label: Vec::new(),
            angle_label: Vec::new(),
            bonds: 0,
            angles: 0,
        }
    }

    /// The type of bonds or angles that `word` names: a number as it is, or the number of a label.
    pub fn bonded_type(labels: &[Option<String>], word: &str) -> String {
        let found = labels.iter().position(|l| l.as_deref() == Some(word));
        found.map_or_else(|| word.to_string(), |t| t.to_string())
    }

    /// Gives type `t` of `most` types of bonds or angles a label.
    ///
    /// # Errors
    /// There is no such type, or another one has the label.
    pub fn set_bonded_label(
        labels: &mut Vec<Option<String>>,
        most: usize,
        t: usize,
        label: &str,
    ) -> Result<()> {
        if t == 0 || t > most {
            return Err(Error::input(format!("Invalid type {t}: there are {most}")));
        }
        let other = |(k, l): (usize, &Option<String>)| k != t && l.as_deref() == Some(label);
        if labels.iter().enumerate().any(other) {
            return Err(Error::input(format!(
                "Type label {label} is given to two types"
            )));
        }
        labels.resize(labels.len().max(most + 1), None);
        labels[t] = Some(label.to_string());
        Ok(())
    }

    /// Mass of type `t`, or 1 if it is not set; runs refuse unset masses beforehand.
    pub fn mass(&self, t: u32) -> f64 {
        self.mass.get(t as usize).copied().flatten().unwrap_or(1.0)
    }

    /// The range of types that `word` names: `3`, `*`, `2*`, `*4`, `2*4` or a type label.
    ///
    /// # Errors
    /// The word is no range or leaves 1..=count.
    pub fn range(&self, word: &str) -> Result<std::ops::RangeInclusive<usize>> {
        if let Some(t) = self.label.iter().position(|l| l.as_deref() == Some(word)) {
            return Ok(t..=t);
        }
        let bound = |s: &str, default: usize| {
            if s.is_empty() {
                Some(default)
            } else {
                s.parse().ok()
            }
        };
        let range = match word.split_once('*') {
            Some((a, b)) => bound(a, 1).zip(bound(b, self.count)),
            None => word.parse().ok().map(|t: usize| (t, t)),
        };
        match range {
            Some((a, b)) if a >= 1 && b <= self.count && a <= b => Ok(a..=b),
            Some(_) => Err(Error::input(format!(
                "Invalid atom type {word}: there are {} atom types",
                self.count
            ))),
            None => Err(Error::input(format!(
                "expected an atom type or a range of types, found '{word}'"
            ))),
        }
    }
}

/// Which quantities a force evaluation has to accumulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Global energy.
    pub energy: bool,
    /// Global virial.
    pub virial: bool,
    /// Per-atom energy.
    pub atom_energy: bool,
    /// Per-atom virial.
    pub atom_virial: bool,
    /// Per-atom virial of angles about their centres.
    pub centroid: bool,
}

impl Tally {
    /// Energy and virial of the whole system.
    pub const GLOBAL: Self = Self {
        energy: true,
        virial: true,
        atom_energy: false,
        atom_virial: false,
        centroid: false,
    };
    /// Nothing.
    pub const NONE: Self = Self {
        energy: false,
        virial: false,
        atom_energy: false,
        atom_virial: false,
        centroid: false,
    };

    /// Everything that either asks for.
    #[must_use]
    pub fn or(self, o: Self) -> Self {
        Self {
            energy: self.energy || o.energy,
            virial: self.virial || o.virial,
            atom_energy: self.atom_energy || o.atom_energy,
            atom_virial: self.atom_virial || o.atom_virial,
            centroid: self.centroid || o.centroid,
        }
    }

    /// Whether everything that `o` asks for is there.
    pub fn covers(self, o: Self) -> bool {
        self.or(o) == self
    }
}

/// Energies and virial of one sub-style of a hybrid pair style.
#[derive(Debug, Clone, PartialEq)]
pub struct PairPart {
    /// Name of the sub-style.
    pub name: String,
    /// Number among the sub-styles of this name, from 1; 0 if it is the only one.
    pub number: usize,
    /// van der Waals energy.
    pub vdwl: f64,
    /// Coulomb energy.
    pub coul: f64,
    /// Virial: xx yy zz xy xz yz, energy units.
    pub virial: [f64; 6],
}

/// Energies and virial of the last force evaluation.
#[derive(Debug, Clone, Default)]
pub struct Tallies {
    /// What was accumulated.
    pub has: Tally,
    /// van der Waals or whole ML energy.
    pub vdwl: f64,
    /// Pairwise Coulomb energy.
    pub coul: f64,
    /// The two of every sub-style, if the pair style is a hybrid one.
    pub parts: Vec<PairPart>,
    /// Long-range Coulomb energy.
    pub long: f64,
    /// Bond energy.
    pub bond: f64,
    /// Angle energy.
    pub angle: f64,
    /// Energy of the long-range van der Waals tail (included in thermo's evdwl and pe).
    pub tail: f64,
    /// Virial sum r_a f_b of pair, bond, angle and kspace: xx yy zz xy xz yz, energy units.
    pub virial: [f64; 6],
    /// Virial of the long-range tail, to be added to the pressure: energy units (P_tail * V).
    pub tail_virial: f64,
    /// Energy of fixes that contribute one (`fix_modify energy yes`), part of pe.
    pub fix_energy: f64,
    /// Virial of fixes that contribute one.
    pub fix_virial: [f64; 6],
    /// The part of every atom in it, of fixes that know it; empty if there are none.
    pub fix_atom_virial: Vec<[f64; 6]>,
    /// Per-atom energy, length of `Atoms` if accumulated.
    pub atom_energy: Vec<f64>,
    /// Per-atom virial, sum r_a f_b, sign such that the sum over atoms is `virial`.
    pub atom_virial: Vec<[f64; 6]>,
    /// What bonds add to `virial` and the per-atom values.
    pub bonds: Share,
    /// The same of angles.
    pub angles: Share,
    /// Virial that an atom has in its angles, from its distance to their centres, if accumulated: xx yy zz xy xz yz yx zx
    /// zy, energy units.
    pub centroid: Vec<[f64; 9]>,
    /// The same of long-range electrostatics.
    pub kspace: Share,
}

/// What one contribution adds to the virial and to per-atom values.
#[derive(Debug, Clone, Default)]
pub struct Share {
    /// Sum r_a f_b: xx yy zz xy xz yz.
    pub virial: [f64; 6],
    /// Per-atom energy, if accumulated.
    pub atom_energy: Vec<f64>,
    /// Per-atom virial, if accumulated.
    pub atom_virial: Vec<[f64; 6]>,
}

/// Names of the contributions to virials and per-atom energies as computes know them; those without one are zero.
pub const CONTRIBUTIONS: &[&str] = &["pair", "bond", "angle", "dihedral", "improper", "kspace"];

impl Tallies {
    /// Zeros with the per-atom arrays that `tally` asks for.
    pub fn zero(tally: Tally, atoms: usize) -> Self {
        let length = |on: bool| if on { atoms } else { 0 };
        Self {
            has: tally,
            atom_energy: vec![0.0; length(tally.atom_energy)],
            atom_virial: vec![[0.0; 6]; length(tally.atom_virial)],
            centroid: vec![[0.0; 9]; length(tally.centroid)],
            ..Self::default()
        }
    }

    /// Adds virial and per-atom values of a share.
    pub fn add(&mut self, share: &Share) {
        (0..6).for_each(|k| self.virial[k] += share.virial[k]);
        for (sum, e) in self.atom_energy.iter_mut().zip(&share.atom_energy) {
            *sum += e;
        }
        for (sum, v) in self.atom_virial.iter_mut().zip(&share.atom_virial) {
            (0..6).for_each(|k| sum[k] += v[k]);
        }
    }

    /// Virial and per-atom values of these tallies as a share.
    pub fn into_share(self) -> Share {
        Share {
            virial: self.virial,
            atom_energy: self.atom_energy,
            atom_virial: self.atom_virial,
        }
    }

    fn share(&self, part: &str) -> Option<&Share> {
        match part {
            "bond" => Some(&self.bonds),
            "angle" => Some(&self.angles),
            "kspace" => Some(&self.kspace),
            _ => None,
        }
    }

    /// A value of one of the [`CONTRIBUTIONS`], from that of the sum and those of the shares.
    fn part<T>(&self, name: &str, zero: T, total: T, of: impl Fn(&Share) -> T) -> T
    where
        T: std::ops::Sub<Output = T>,
    {
        match (name, self.share(name)) {
            ("pair", _) => total - of(&self.bonds) - of(&self.angles) - of(&self.kspace),
            (_, Some(share)) => of(share),
            _ => zero,
        }
    }

    /// Component `k` of the virial of one of the [`CONTRIBUTIONS`], without the tail.
    pub fn virial_of(&self, part: &str, k: usize) -> f64 {
        self.part(part, 0.0, self.virial[k], |s| s.virial[k])
    }

    /// Energy of atom `i` by one of the [`CONTRIBUTIONS`].
    pub fn atom_energy_of(&self, part: &str, i: usize) -> f64 {
        let of = |e: &[f64]| e.get(i).copied().unwrap_or(0.0);
        self.part(part, 0.0, of(&self.atom_energy), |s| of(&s.atom_energy))
    }

    /// Component `k` of the virial of atom `i` by one of the [`CONTRIBUTIONS`].
    pub fn atom_virial_of(&self, part: &str, i: usize, k: usize) -> f64 {
        let of = |v: &[[f64; 6]]| v.get(i).map_or(0.0, |v| v[k]);
        self.part(part, 0.0, of(&self.atom_virial), |s| of(&s.atom_virial))
    }
}

/// Steps of the present run.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunSteps {
    /// First step of this run.
    pub first: i64,
    /// Last step of this run.
    pub last: i64,
    /// Step at which ramps begin (`start`).
    pub begin: i64,
    /// Step at which ramps end (`stop`).
    pub end: i64,
    /// Whether a run is going on.
    pub running: bool,
}

/// Velocity of periodic images relative to their atoms in a cell that is being deformed (`fix deform remap v`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flow {
    /// Rates of lengths and tilts: x y z yz xz xy, length per time.
    pub rate: [f64; 6],
    /// Mask bit of the atoms whose velocity changes when they cross a face.
    pub bit: u32,
}

impl Flow {
    /// Velocity of the image `n` relative to its atom.
    pub fn velocity(&self, n: [i32; 3]) -> [f64; 3] {
        let [a, b, c] = n.map(f64::from);
        let r = &self.rate;
        [
            a * r[0] + b * r[5] + c * r[4],
            b * r[1] + c * r[3],
            c * r[2],
        ]
    }
}

/// The simulated system.
pub struct State {
    /// Unit style.
    pub units: Units,
    /// 2 or 3.
    pub dimension: u8,
    /// `boundary` setting for the cell that will be made.
    pub boundary: [[super::cell::Boundary; 2]; 3],
    /// Atom style.
    pub atom_style: AtomStyle,
    /// The cell; `None` before `create_box`, `read_data` or `read_restart`.
    pub cell: Option<Cell>,
    /// The atoms.
    pub atoms: Atoms,
    /// Number of atoms at the start of the run, to notice lost ones.
    pub expected_atoms: usize,
    /// Per-type data.
    pub types: Types,
    /// Groups.
    pub groups: Groups,
    /// Regions by ID.
    pub regions: IndexMap<String, Box<dyn Region>>,
    /// The present lattice.
    pub lattice: Option<Lattice>,
    /// Timestep number.
    pub step: i64,
    /// Timestep size.
    pub dt: f64,
    /// Simulation time at `time_step`.
    pub time: f64,
    /// Step at which `time` was current; time now = time + (step - time_step) dt.
    pub time_step: i64,
    /// Steps of the present run.
    pub run: RunSteps,
    /// Energies and virial of the last force evaluation.
    pub tallies: Tallies,
    /// Raised whenever positions, velocities or the cell change, so that computed values know their age.
    pub epoch: u64,
    /// `dielectric` setting.
    pub dielectric: f64,
    /// Splitting parameter of the kspace style, 1/length; set before pair styles are prepared.
    pub g_ewald: Option<f64>,
    /// `box tilt` setting: whether large tilts pass without a warning.
    pub tilt_large: bool,
    /// `newton` setting (pair, bond); accepted, argyro always uses Newton's third law.
    pub newton: (bool, bool),
    /// `special_bonds` settings.
    pub special: SpecialBonds,
    /// Set during runs in which atoms change their velocity at periodic faces.
    pub flow: Option<Flow>,
    /// Locks of chunks, by the ID of their compute.
    pub chunk_locks: IndexMap<String, super::chunks::ChunkLock>,
    /// `atom_modify sort` settings.
    pub sorting: SortSettings,
}

impl Default for State {
    fn default() -> Self {
        let units = Units::default();
        Self {
            units,
            dimension: 3,
            boundary: [[super::cell::Boundary::Periodic; 2]; 3],
            atom_style: ATOM_STYLES[0],
            cell: None,
            atoms: Atoms::default(),
            expected_atoms: 0,
            types: Types::default(),
            groups: Groups::default(),
            regions: IndexMap::new(),
            lattice: None,
            step: 0,
            dt: units.dt,
            time: 0.0,
            time_step: 0,
            run: RunSteps::default(),
            tallies: Tallies::default(),
            epoch: 0,
            dielectric: 1.0,
            g_ewald: None,
            tilt_large: false,
            newton: (true, true),
            special: SpecialBonds::default(),
            flow: None,
            chunk_locks: IndexMap::new(),
            sorting: SortSettings::default(),
        }
    }
}

impl State {
    /// The cell, which must exist.
    ///
    /// # Errors
    /// `what` (a command name) came before the simulation box was defined.
    pub fn cell(&self, what: &str) -> Result<&Cell> {
        self.cell.as_ref().ok_or_else(|| {
            Error::input(format!("{what} command before simulation box is defined"))
                .help("make it with create_box, read_data or read_restart first")
        })
    }

    /// Simulation time, time units.
    pub fn time_now(&self) -> f64 {
        self.time + (self.step - self.time_step) as f64 * self.dt
    }

    /// Marks positions, velocities or the cell as changed.
    pub fn touch(&mut self) {
        self.epoch += 1;
    }

    /// Mass of atom `i`.
    pub fn mass_of(&self, i: usize) -> f64 {
        match &self.atoms.rmass {
            Some(m) => m[i],
            None => self.types.mass(self.atoms.kind[i]),
        }
    }

    /// Fraction of the run that is done at the present step, for ramps.
    pub fn ramp(&self) -> f64 {
        let span = self.run.end - self.run.begin;
        if span == 0 {
            0.0
        } else {
            (self.step - self.run.begin) as f64 / span as f64
        }
    }
}
