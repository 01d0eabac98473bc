//! Bonds, angles and their coefficients in data files.

use super::builder::Settings;
use crate::command::create_box::MAX_TYPES;
use crate::domain::state::Types;
use crate::domain::{Angle, Bond};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::io::data::Header;

/// Refuses what the atom style does not have. False: dihedrals or impropers are skipped, as the script wants.
pub(super) fn check_header(engine: &Engine, h: &Header) -> Result<bool> {
    let style = engine.state.atom_style;
    let mut all = true;
    for (k, what) in ["bond", "angle", "dihedral", "improper"].iter().enumerate() {
        if h.topology[k] == 0 && (k > 1 || h.topology_types[k] == 0) {
            continue;
        }
        let skipped = match k {
            2 => engine.bonded.dihedrals_none,
            3 => engine.bonded.impropers_none,
            _ => false,
        };
        if skipped {
            all = false;
            continue;
        }
        let allowed = match k {
            0 => style.bonds,
            1 => style.angles,
            _ => false,
        };
        if allowed {
            continue;
        }
        let e = if k < 2 || !style.bonds {
            Error::input(format!("No {what}s allowed with atom_style {}", style.name))
        } else {
            Error::input(format!("{what}s are not available in argyro")).help(format!(
                "{what}_style none before read_data runs without them"
            ))
        };
        return Err(e.note(format!("the file has {} {what}s", h.topology[k])));
    }
    Ok(all)
}

/// Sets the numbers of bond and angle types.
pub(super) fn set_types(engine: &mut Engine, h: &Header, s: &Settings) -> Result<()> {
    let types = &mut engine.state.types;
    let file = [h.topology_types[0], h.topology_types[1]];
    let extra = [
        s.extra_bonds + s.bond_offset,
        s.extra_angles + s.angle_offset,
    ];
    for (k, count) in [&mut types.bonds, &mut types.angles]
        .into_iter()
        .enumerate()
    {
        let total = file[k].saturating_add(extra[k] as u64);
        if total > MAX_TYPES as u64 {
            return Err(Error::input(format!(
                "{total} types of bonds or angles are more than {MAX_TYPES}"
            )));
        }
        if s.add.is_none() {
            *count = total as usize;
        } else if file[k] > 0 && total as usize > *count {
            let what = ["bond", "angle"][k];
            return Err(Error::input(format!(
                "Read data add {what} types: the file needs {total}, the system has {count}"
            ))
            .help(format!("give extra/{what}/types to the first read_data")));
        }
    }
    Ok(())
}

/// Adds a bond (two atoms) or an angle (three).
pub(super) fn add(engine: &mut Engine, kind: &str, atoms: &[i64], s: &Settings) -> Result<()> {
    let types = &engine.state.types;
    let (what, offset, most, labels) = if atoms.len() == 2 {
        ("bond", s.bond_offset, types.bonds, &types.bond_label)
    } else {
        ("angle", s.angle_offset, types.angles, &types.angle_label)
    };
    let label = labels.iter().position(|l| l.as_deref() == Some(kind));
    // A label has its offset already.
    let offset = if label.is_some() { 0 } else { offset };
    let kind = Types::bonded_type(labels, kind)
        .parse::<usize>()
        .ok()
        .map(|k| k.saturating_add(offset))
        .filter(|k| (1..=most).contains(k))
        .ok_or_else(|| {
            Error::input(format!(
                "Invalid {what} type {kind} in data file: there are {most} {what} types"
            ))
        })? as u32;
    let topology = &mut engine.state.atoms.topology;
    match *atoms {
        [a, b] if a != b => topology.bonds.push(Bond {
            kind,
            atoms: [a, b],
        }),
        [a, b, c] if a != b && b != c && a != c => topology.angles.push(Angle {
            kind,
            atoms: [a, b, c],
        }),
        _ => {
            return Err(Error::input(format!(
                "a {what} of the data file has the same atom twice"
            )));
        }
    }
    Ok(())
}

/// Whether the coefficients of a section can be read.
pub(super) fn check_coefficients(engine: &Engine, section: &str, hint: &str) -> Result<bool> {
    let (command, present) = if section == "Bond Coeffs" {
        (
            "bond_style",
            engine.bonded.bonds.as_ref().map(crate::bond::Bonds::name),
        )
    } else {
        (
            "angle_style",
            engine
                .bonded
                .angles
                .as_ref()
                .map(crate::angle::Angles::name),
        )
    };
    let Some(name) = present else {
        return Err(
            Error::input(format!("Must define {command} before {section}")).help(format!(
                "put {command} before read_data, or use the keyword nocoeff"
            )),
        );
    };
    if !hint.is_empty() && hint != name {
        engine.log.warn(&format!(
            "Style in section {section} of the data file differs from the present {command}: '{hint}' is not '{name}'"
        ));
    }
    Ok(true)
}

/// Takes a line of coefficients.
pub(super) fn coefficients(
    engine: &mut Engine,
    section: &str,
    words: &[&str],
    s: &Settings,
) -> Result<()> {
    let bonds = section == "Bond Coeffs";
    let offset = if bonds { s.bond_offset } else { s.angle_offset };
    let kind = words
        .first()
        .and_then(|w| w.parse::<usize>().ok())
        .ok_or_else(|| Error::input(format!("a line of {section} has no type")))?;
    let kind = kind.saturating_add(offset).to_string();
    let mut all = vec![kind.as_str()];
    all.extend(&words[1..]);
    let result = if bonds {
        engine.set_bond_coeff(&all)
    } else {
        engine.set_angle_coeff(&all)
    };
    result.map_err(|e| Error { word: None, ..e })
}

/// Takes a line of Bond Type Labels or Angle Type Labels.
pub(super) fn label(
    engine: &mut Engine,
    section: &str,
    kind: i64,
    label: &str,
    s: &Settings,
) -> Result<()> {
    crate::command::support::check_label(label)?;
    let types = &mut engine.state.types;
    let (labels, most, offset) = if section.starts_with("Bond") {
        (&mut types.bond_label, types.bonds, s.bond_offset)
    } else {
        (&mut types.angle_label, types.angles, s.angle_offset)
    };
    let t = usize::try_from(kind).unwrap_or(0).saturating_add(offset);
    Types::set_bonded_label(labels, most, t, label)
}
