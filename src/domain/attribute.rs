//! Per-atom attributes by name: columns of dumps and of `compute property/atom`.

use super::custom::CustomName;
use super::host::{Host, Reference};
use super::state::State;
use super::values::unwrapped;
use crate::error::{Error, Result};

/// What a word such as `x` or `c_ID[2]` says of each atom.
#[derive(Debug, Clone, PartialEq)]
pub enum Attribute {
    /// `id`
    Id,
    /// `mol`
    Molecule,
    /// `type`
    Type,
    /// `typelabel`
    TypeLabel,
    /// `element`
    Element,
    /// `proc`, `procp1`: argyro has one process; the value is 0 or 1.
    Process(i64),
    /// `mass`
    Mass,
    /// `q`
    Charge,
    /// `x`
    Position(usize),
    /// `xs`
    Scaled(usize),
    /// `xu`
    Unwrapped(usize),
    /// `xsu`
    ScaledUnwrapped(usize),
    /// `ix`
    Image(usize),
    /// `nbonds`: bonds that LAMMPS stores with the atom: one atom of each under `newton on`, both under `newton off`.
    Bonds,
    /// `vx`
    Velocity(usize),
    /// `fx`
    Force(usize),
    /// `i_NAME`, `d_NAME`, `i2_NAME[k]`, `d2_NAME[k]` of `fix property/atom`; whether whole numbers, and the column from 0.
    Custom(String, bool, usize),
    /// `c_ID`, `f_ID`, `v_name`
    Value(Reference),
}

/// Names of the attributes, for messages.
pub const ATTRIBUTES: &[&str] = &[
    "id",
    "mol",
    "type",
    "typelabel",
    "element",
    "proc",
    "procp1",
    "mass",
    "q",
    "x",
    "y",
    "z",
    "xs",
    "ys",
    "zs",
    "xu",
    "yu",
    "zu",
    "xsu",
    "ysu",
    "zsu",
    "ix",
    "iy",
    "iz",
    "vx",
    "vy",
    "vz",
    "fx",
    "fy",
    "fz",
];

impl Attribute {
    /// Parses one word; `None` if it is no attribute.
    pub fn parse(word: &str) -> Option<Self> {
        let axis = |s: &str| ["x", "y", "z"].iter().position(|a| *a == s);
        Some(match word {
            "id" => Self::Id,
            "mol" => Self::Molecule,
            "type" => Self::Type,
            "typelabel" => Self::TypeLabel,
            "element" => Self::Element,
            "proc" => Self::Process(0),
            "procp1" => Self::Process(1),
            "mass" => Self::Mass,
            "q" => Self::Charge,
            "nbonds" => Self::Bonds,
            _ => {
                if let Some(r) = Reference::parse(word) {
                    return Some(Self::Value(r));
                }
                if let Some(c) = CustomName::parse(word) {
                    let column = match (c.array, c.column) {
                        (false, None) => 0,
                        (true, Some(k)) => k - 1,
                        _ => return None,
                    };
                    return Some(Self::Custom(c.key, c.integer, column));
                }
                if let Some(k) = axis(word) {
                    return Some(Self::Position(k));
                }
                let (first, rest) = word.split_at_checked(1)?;
                match (first, axis(rest)) {
                    ("i", Some(k)) => Self::Image(k),
                    ("v", Some(k)) => Self::Velocity(k),
                    ("f", Some(k)) => Self::Force(k),
                    _ => match (axis(first)?, rest) {
                        (k, "s") => Self::Scaled(k),
                        (k, "u") => Self::Unwrapped(k),
                        (k, "su") => Self::ScaledUnwrapped(k),
                        _ => return None,
                    },
                }
            }
        })
    }

    /// Whether values are whole numbers.
    pub fn is_int(&self) -> bool {
        matches!(
            self,
            Self::Id
                | Self::Molecule
                | Self::Type
                | Self::Process(_)
                | Self::Image(_)
                | Self::Bonds
                | Self::Custom(_, true, _)
        )
    }

    /// Whether values are texts.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::TypeLabel | Self::Element)
    }
}

/// The numbers of one attribute for all atoms, in the order of `Atoms`; texts are numbered by type.
///
/// # Errors
/// A value cannot be evaluated.
pub fn column(a: &Attribute, host: &mut dyn Host) -> Result<Vec<f64>> {
    if let Attribute::Value(r) = a {
        return host.per_atom(r);
    }
    let s = host.state();
    if *a == Attribute::Bonds {
        return Ok(bonds(s));
    }
    let n = s.atoms.len();
    let fractional = |x: [f64; 3], k: usize| {
        s.cell
            .as_ref()
            .map_or(0.0, |c| c.fractional_by_inverse(x)[k])
    };
    let value = |i: usize| -> f64 {
        let t = &s.atoms;
        match a {
            Attribute::Id => t.id[i] as f64,
            Attribute::Molecule => t.molecule.get(i).map_or(0.0, |m| *m as f64),
            Attribute::Type | Attribute::TypeLabel | Attribute::Element => f64::from(t.kind[i]),
            Attribute::Process(p) => *p as f64,
            Attribute::Mass => s.mass_of(i),
            Attribute::Charge => t.q.get(i).copied().unwrap_or(0.0),
            Attribute::Position(k) => t.x[i][*k],
            Attribute::Scaled(k) => fractional(t.x[i], *k),
            Attribute::Unwrapped(k) => unwrapped(s, i)[*k],
            Attribute::ScaledUnwrapped(k) => fractional(t.x[i], *k) + f64::from(t.image[i][*k]),
            Attribute::Image(k) => f64::from(t.image[i][*k]),
            Attribute::Velocity(k) => t.v[i][*k],
            Attribute::Force(k) => t.f[i][*k],
            Attribute::Custom(name, _, k) => t
                .custom
                .get(name)
                .and_then(|c| c.values.get(i * c.columns + k))
                .copied()
                .unwrap_or(0.0),
            Attribute::Value(_) | Attribute::Bonds => 0.0,
        }
    };
    Ok((0..n).map(value).collect())
}

/// Number of bonds of every atom, of both of its atoms with `newton bond off`, else of the first.
fn bonds(s: &State) -> Vec<f64> {
    let mut count = vec![0.0; s.atoms.len()];
    let index = s.atoms.index();
    for bond in &s.atoms.topology.bonds {
        let ends = if s.newton.1 { 1 } else { 2 };
        for i in bond.atoms.iter().take(ends).filter_map(|id| index.get(id)) {
            count[*i] += 1.0;
        }
    }
    count
}

/// Checks that a property of `fix property/atom` exists and has the column; other attributes pass.
///
/// # Errors
/// There is no such property or column.
pub fn require_custom(a: &Attribute, host: &dyn Host) -> Result<()> {
    let Attribute::Custom(name, _, column) = a else {
        return Ok(());
    };
    let custom = &host.state().atoms.custom;
    match custom.get(name) {
        Some(c) if *column < c.columns => Ok(()),
        Some(c) => Err(Error::input(format!(
            "property {name} has {} columns",
            c.columns
        ))),
        None => Err(Error::input(format!(
            "Could not find custom per-atom property ID: {name}"
        ))
        .suggest(name, custom.keys().map(String::as_str))
        .help("fix property/atom defines such properties")),
    }
}
