//! Formulas meet the simulation: script's `FormulaHost` on top of what styles see of the engine.
//!
//! Group functions are sums of [`crate::domain::moments`]; thermo keywords and outputs of computes and fixes come
//! from the host.

use super::entry::CommandEntry;
use crate::domain::Brick;
use crate::domain::host::{Data, Host, Output, Part, Source};
use crate::domain::moments::Selection;
use crate::domain::regions;
use crate::domain::state::ATOM_STYLES;
use crate::engine::MinStyle;
use crate::engine::thermo::KEYWORDS;
use crate::error::{Error, Result};
use crate::script::FormulaHost;
use crate::script::expr::{
    AtomProperty, Clock, GroupCall, GroupFunction, OutputSource, OutputValues, Provides,
};
use crate::{angle, bond, compute, dump, fix, foreign, kspace, pair};

/// Lets formulas ask a host. Commands are known to `is_available` only if their table is given.
pub struct FormulaBridge<'a> {
    host: &'a mut dyn Host,
    commands: &'static [CommandEntry],
}

impl<'a> FormulaBridge<'a> {
    /// Formulas about `host`.
    pub fn new(host: &'a mut dyn Host, commands: &'static [CommandEntry]) -> Self {
        Self { host, commands }
    }

    /// An error if there is no box yet.
    fn require_box(&self) -> Result<()> {
        if self.host.state().cell.is_some() {
            return Ok(());
        }
        Err(
            Error::input("Variable evaluation before simulation box is defined")
                .help("make it with create_box, read_data or read_restart first"),
        )
    }

    fn bit(&self, group: &str) -> Result<u32> {
        let groups = &self.host.state().groups;
        groups.bit(group).ok_or_else(|| {
            Error::input(format!(
                "Group ID {group} in variable formula does not exist"
            ))
            .suggest(group, groups.names())
        })
    }
}

fn source(s: OutputSource) -> Source {
    match s {
        OutputSource::Compute => Source::Compute,
        OutputSource::Fix => Source::Fix,
    }
}

impl FormulaHost for FormulaBridge<'_> {
    fn keyword(&mut self, word: &str) -> Result<Option<f64>> {
        if !KEYWORDS.iter().any(|k| k.name == word) {
            return Ok(None);
        }
        self.require_box()?;
        self.host.thermo(word).map(Some)
    }

    fn keywords(&self) -> Vec<&'static str> {
        KEYWORDS.iter().map(|k| k.name).collect()
    }

    fn clock(&self) -> Clock {
        let s = self.host.state();
        Clock {
            step: s.step,
            begin: s.run.begin,
            end: s.run.end,
            dt: s.dt,
            running: s.run.running,
        }
    }

    fn atom_count(&self) -> Result<usize> {
        self.require_box()?;
        Ok(self.host.state().atoms.len())
    }

    fn atom_order(&self) -> Result<Vec<usize>> {
        let atoms = &self.host.state().atoms;
        Ok(atoms.order.of(atoms.len()).collect())
    }

    fn atom_index(&self, id: usize) -> Result<Option<usize>> {
        self.require_box()?;
        let ids = &self.host.state().atoms.id;
        let id = i64::try_from(id).unwrap_or(i64::MAX);
        if ids.iter().all(|&i| i < id) {
            return Err(Error::input(format!(
                "Variable atom ID {id} is too large: there is no such atom"
            )));
        }
        Ok(ids.iter().position(|&i| i == id))
    }

    fn atoms(&mut self, property: AtomProperty) -> Result<Vec<f64>> {
        self.require_box()?;
        let s = self.host.state();
        let a = &s.atoms;
        let column = |v: &[[f64; 3]], k: usize| -> Vec<f64> { v.iter().map(|x| x[k]).collect() };
        let absent = |what: &str| {
            Err(Error::input(format!(
                "Variable uses atom property that isn't allocated: {what}"
            )))
        };
        Ok(match property {
            AtomProperty::Id => a.id.iter().map(|&i| i as f64).collect(),
            AtomProperty::Type => a.kind.iter().map(|&t| f64::from(t)).collect(),
            AtomProperty::Mass => (0..a.len()).map(|i| s.mass_of(i)).collect(),
            AtomProperty::X(k) => column(&a.x, k),
            AtomProperty::V(k) => column(&a.v, k),
            AtomProperty::F(k) => column(&a.f, k),
            AtomProperty::Image(k) => a.image.iter().map(|i| f64::from(i[k])).collect(),
            AtomProperty::Charge if s.atom_style.charge => a.q.clone(),
            AtomProperty::Mol if s.atom_style.molecule => {
                a.molecule.iter().map(|&m| m as f64).collect()
            }
            AtomProperty::Charge => return absent("q"),
            AtomProperty::Mol => return absent("mol"),
            AtomProperty::Radius => return absent("radius"),
        })
    }

    fn custom(
        &mut self,
        name: &str,
        integer: bool,
        column: Option<usize>,
    ) -> Result<Option<Vec<f64>>> {
        let kind = if integer { "i" } else { "d" };
        let array = if column.is_some() { "2" } else { "" };
        let custom = &self.host.state().atoms.custom;
        let Some(c) = custom.get(&format!("{kind}{array}_{name}")) else {
            return Ok(None);
        };
        let k = column.unwrap_or(1);
        if !(1..=c.columns).contains(&k) {
            return Ok(None);
        }
        let column = c.values.iter().skip(k - 1).step_by(c.columns);
        Ok(Some(column.copied().collect()))
    }

    fn provides(&mut self, from: OutputSource, id: &str) -> Result<Provides> {
        let o: Output = self.host.output(source(from), id)?;
        Ok(Provides {
            scalar: o.scalar,
            vector: o.vector > 0,
            array: o.array != (0, 0),
            per_atom_vector: o.per_atom == Some(0),
            per_atom_array: o.per_atom.is_some_and(|n| n > 0),
        })
    }

    fn output(&mut self, from: OutputSource, id: &str, what: Provides) -> Result<OutputValues> {
        let part = if what.scalar {
            Part::Scalar
        } else if what.vector {
            Part::Vector
        } else if what.array {
            Part::Array
        } else {
            Part::PerAtom
        };
        Ok(match self.host.data(source(from), id, part)? {
            Data::Scalar(v) => OutputValues::Scalar(v),
            Data::Vector(v) => OutputValues::Vector(v),
            Data::Array { columns, values } => OutputValues::Array { columns, values },
            Data::PerAtom(v) => OutputValues::PerAtom(v),
            Data::PerAtomArray { columns, values } => {
                OutputValues::PerAtomArray { columns, values }
            }
        })
    }

    fn group_function(&mut self, call: &GroupCall) -> Result<f64> {
        self.require_box()?;
        let bit = self.bit(&call.group)?;
        if let Some(region) = &call.region {
            regions::update(self.host, region)?;
        }
        let atoms = Selection::new(self.host.state(), bit, call.region.as_deref())?;
        let k = call.component;
        let axis = |v: [f64; 3]| v[k.min(2)];
        Ok(match call.function {
            GroupFunction::Count => atoms.count() as f64,
            GroupFunction::Mass => atoms.mass(),
            GroupFunction::Charge => atoms.charge()?,
            GroupFunction::Xcm => axis(atoms.center()),
            GroupFunction::Vcm => axis(atoms.velocity()),
            GroupFunction::Fcm => axis(atoms.force()),
            GroupFunction::Bound => {
                let (lo, hi) = atoms.bounds();
                let side = if k.is_multiple_of(2) { lo } else { hi };
                side[(k / 2).min(2)]
            }
            GroupFunction::Gyration => atoms.gyration(),
            GroupFunction::Ke => atoms.kinetic_energy(),
            GroupFunction::Angmom => axis(atoms.angular_momentum()),
            GroupFunction::Torque => axis(atoms.torque()),
            GroupFunction::Inertia => {
                let (i, j) = [(0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (0, 2)][k.min(5)];
                atoms.inertia()[i][j]
            }
            GroupFunction::Omega => axis(atoms.angular_velocity()),
        })
    }

    fn group_mask(&mut self, group: &str) -> Result<Vec<bool>> {
        self.require_box()?;
        let bit = self.bit(group)?;
        Ok(self
            .host
            .state()
            .atoms
            .mask
            .iter()
            .map(|m| m & bit != 0)
            .collect())
    }

    fn region_mask(&mut self, region: &str) -> Result<Vec<bool>> {
        self.require_box()?;
        regions::update(self.host, region)?;
        let s = self.host.state();
        let r = s.regions.get(region).ok_or_else(|| {
            Error::input(format!(
                "Region ID {region} in variable formula does not exist"
            ))
            .suggest(region, s.regions.keys().map(String::as_str))
        })?;
        Ok(s.atoms.x.iter().map(|&x| r.contains(x)).collect())
    }

    fn is_available(&mut self, category: &str, name: &str) -> Result<bool> {
        let plain = foreign::without_accelerator(name);
        Ok(match category {
            "command" => self.commands.iter().any(|c| c.signature.name == name),
            "compute" => compute::find(plain).is_ok(),
            "fix" => fix::find(plain).is_ok(),
            "pair" | "pair_style" => pair::find(plain).is_ok(),
            "integrate" => plain == "verlet",
            "minimize" => MinStyle::ALL.iter().any(|m| m.name() == plain),
            "kspace" => kspace::find(plain).is_ok(),
            "dihedral" | "improper" => false,
            "bond" => bond::BOND_STYLES.iter().any(|b| b.signature.name == plain),
            "angle" => angle::ANGLE_STYLES
                .iter()
                .any(|a| a.signature.name == plain),
            "dump" => dump::find(plain).is_ok(),
            "region" => regions::find(plain).is_ok(),
            "atom" => ATOM_STYLES.iter().any(|a| a.name == plain),
            "feature" => ["gzip", "exceptions"].contains(&name),
            _ => return Err(unknown_category("is_available", category)),
        })
    }

    fn is_active(&mut self, category: &str, name: &str) -> Result<bool> {
        let s = self.host.state();
        let known = |names: &[&str]| {
            if names.contains(&name) {
                return Ok(());
            }
            let text = format!("Unknown name for info {category} category: {name}");
            Err(Error::input(text).help(format!("known are {}", names.join(", "))))
        };
        Ok(match category {
            "package" => {
                known(&["gpu", "intel", "kokkos", "omp"])?;
                false
            }
            "newton" => {
                known(&["pair", "bond", "any"])?;
                match name {
                    "pair" => s.newton.0,
                    "bond" => s.newton.1,
                    _ => s.newton.0 || s.newton.1,
                }
            }
            "atom_style" => s.atom_style.name == name,
            "comm_style" => name == "brick",
            "run_style" => name == "verlet",
            "pair" => {
                known(&["single", "respa", "manybody", "tail", "shift"])?;
                self.host.names(category).iter().any(|n| n == name)
            }
            "min_style" | "pair_style" | "bond_style" | "angle_style" | "dihedral_style"
            | "improper_style" | "kspace_style" => {
                self.host.names(category).iter().any(|n| n == name)
            }
            _ => return Err(unknown_category("is_active", category)),
        })
    }

    fn is_defined(&mut self, category: &str, id: &str) -> Result<bool> {
        let s = self.host.state();
        Ok(match category {
            "group" => s.groups.bit(id).is_some(),
            "region" => s.regions.contains_key(id),
            "compute" => self.host.output(Source::Compute, id).is_ok(),
            "fix" => self.host.output(Source::Fix, id).is_ok(),
            "dump" => self.host.names(category).iter().any(|n| n == id),
            _ => return Err(unknown_category("is_defined", category)),
        })
    }

    fn setting(&mut self, name: &str) -> Result<Option<f64>> {
        let s = self.host.state();
        let flag = |b: bool| f64::from(u8::from(b));
        let ghosts = || {
            let local: usize = self.host.bricks().bricks.iter().map(Brick::len).sum();
            local.saturating_sub(s.atoms.len())
        };
        Ok(Some(match name {
            "bigint" | "tagint" => 8.0,
            "imageint" => 4.0,
            "box_exist" => flag(s.cell.is_some()),
            "dimension" => f64::from(s.dimension),
            "triclinic" => flag(s.cell.as_ref().is_some_and(|c| c.triclinic)),
            "natoms" | "nlocal" => s.atoms.len() as f64,
            "nghost" => ghosts() as f64,
            "nall" | "nmax" => (s.atoms.len() + ghosts()) as f64,
            "ntypes" => s.types.count as f64,
            "nbondtypes" => s.types.bonds as f64,
            "nangletypes" => s.types.angles as f64,
            "nbondlist" => s.atoms.topology.bonds.len() as f64,
            "nanglelist" => s.atoms.topology.angles.len() as f64,
            "newton_pair" => flag(s.newton.0),
            "newton_bond" => flag(s.newton.1),
            "q_flag" => flag(s.atom_style.charge),
            "molecule_flag" => flag(s.atom_style.molecule),
            "world_size" | "universe_size" => 1.0,
            "nthreads" => rayon::current_num_threads() as f64,
            _ if ABSENT.contains(&name) => 0.0,
            _ => return Ok(None),
        }))
    }

    fn label_to_type(&mut self, kind: &str, label: &str) -> Result<Option<usize>> {
        let types = &self.host.state().types;
        let labels = match kind {
            "atom" => &types.label,
            "bond" => &types.bond_label,
            "angle" => &types.angle_label,
            "dihedral" | "improper" => return Ok(None),
            _ => {
                return Err(Error::input(format!(
                    "Invalid type kind {kind} in label2type() in variable formula"
                ))
                .help("known are atom, bond, angle, dihedral, improper"));
            }
        };
        if types.unlabelled() {
            return Err(Error::input(
                "Cannot use label2type() function without a labelmap",
            ));
        }
        Ok(labels.iter().position(|l| l.as_deref() == Some(label)))
    }
}

/// Settings of `extract_setting` about things that argyro does not have.
const ABSENT: &[&str] = &[
    "world_rank",
    "universe_rank",
    "kokkos_active",
    "kokkos_nthreads",
    "kokkos_ngpus",
    "ndihedraltypes",
    "nimpropertypes",
    "ndihedrallist",
    "nimproperlist",
    "nellipsoids",
    "mu_flag",
    "rmass_flag",
    "radius_flag",
    "sphere_flag",
    "ellipsoid_flag",
    "omega_flag",
    "torque_flag",
    "angmom_flag",
    "peri_flag",
    "comm_style",
    "comm_layout",
    "comm_mode",
    "ghost_velocity",
];

fn unknown_category(function: &str, category: &str) -> Error {
    Error::input(format!(
        "Unknown category for info {function}(): {category}"
    ))
}
