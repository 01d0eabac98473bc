//! The keywords of fix box/relax.

use super::super::FixId;
use super::super::barostat_common::Couple;
use super::super::voigt_common::Voigt;
use crate::domain::State;
use crate::domain::host::Host;
use crate::error::{Error, Result};
use crate::signature::{Arg, Args, Keyword, KeywordArgs, Kind, arg, keyword};

const TARGET: &[Arg] = &[arg("P", Kind::Real, "target, pressure units")];
const SWITCH: &[Arg] = &[arg("value", Kind::YesNo, "yes or no")];

/// All keywords.
pub const KEYWORDS: &[Keyword] = &[
    keyword("iso", TARGET, "the volume relaxes"),
    keyword("aniso", TARGET, "the three lengths relax on their own"),
    keyword(
        "tri",
        TARGET,
        "lengths and tilts relax; the shear targets are 0",
    ),
    keyword("x", TARGET, "the length along x relaxes"),
    keyword("y", TARGET, "the length along y relaxes"),
    keyword("z", TARGET, "the length along z relaxes"),
    keyword("xy", TARGET, "the tilt xy relaxes"),
    keyword("yz", TARGET, "the tilt yz relaxes"),
    keyword("xz", TARGET, "the tilt xz relaxes"),
    keyword(
        "couple",
        &[arg(
            "value",
            Kind::OneOf(&["none", "xyz", "xy", "yz", "xz"]),
            "directions",
        )],
        "directions whose pressures are averaged",
    ),
    keyword(
        "nreset",
        &[arg("N", Kind::Int, "iterations, 0 for never")],
        "iterations after which the reference cell is the present one, default 0",
    ),
    keyword(
        "vmax",
        &[arg("fraction", Kind::Positive, "strain")],
        "largest change of a strain in an iteration, default 0.0001",
    ),
    keyword(
        "dilate",
        &[arg("value", Kind::OneOf(&["all", "partial"]), "atoms")],
        "whether all atoms move with the cell (default) or those of the fix's group",
    ),
    keyword("scalexy", SWITCH, "the tilt xy scales with ly"),
    keyword("scaleyz", SWITCH, "the tilt yz scales with lz"),
    keyword("scalexz", SWITCH, "the tilt xz scales with lz"),
    keyword(
        "fixedpoint",
        &[
            arg("x", Kind::Real, ""),
            arg("y", Kind::Real, ""),
            arg("z", Kind::Real, ""),
        ],
        "point that stays where it is, default the centre",
    ),
];

/// What the keywords say; components in Voigt order xx yy zz yz xz xy.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Relaxing components.
    pub on: [bool; 6],
    /// Targets.
    pub target: Voigt,
    /// Coupled directions.
    pub couple: Couple,
    /// Tilts that scale with the cell.
    pub scale: [bool; 6],
    /// `vmax`
    pub vmax: f64,
    /// `nreset`
    pub nreset: i64,
    /// Mask bit of the atoms that move with the cell.
    pub dilate: u32,
    /// Point that stays where it is.
    pub fixed_point: [f64; 3],
}

const COMPONENTS: [&str; 6] = ["x", "y", "z", "yz", "xz", "xy"];

/// Reads the keywords.
///
/// # Errors
/// Nothing relaxes, or settings contradict each other or the cell.
pub fn settings(id: &FixId, args: &Args, host: &dyn Host) -> Result<Settings> {
    let state = host.state();
    let cell = state.cell("Fix")?;
    let flat = state.dimension == 2;
    let [xy, xz, yz] = cell.tilt;
    let mut s = Settings {
        on: [false; 6],
        target: [0.0; 6],
        couple: Couple::None,
        scale: [
            false,
            false,
            false,
            cell.periodic(2) && !flat && yz != 0.0,
            cell.periodic(2) && !flat && xz != 0.0,
            cell.periodic(1) && xy != 0.0,
        ],
        vmax: 0.0001,
        nreset: 0,
        dilate: 1,
        fixed_point: std::array::from_fn(|k| 0.5 * (cell.lo[k] + cell.hi[k])),
    };
    for k in args.keywords() {
        one(&mut s, &k, id, flat).map_err(|e| e.or_at(k.position()))?;
    }
    if s.on == [false; 6] {
        return Err(
            Error::input("Illegal fix box/relax command: no pressure is given")
                .help("for example: fix 1 all box/relax iso 0.0"),
        );
    }
    for &(a, b) in s.couple.pairs() {
        if flat && b == 2 {
            continue;
        }
        if !s.on[a] || !s.on[b] || s.target[a] != s.target[b] {
            return Err(Error::input(format!(
                "Invalid fix box/relax pressure settings: {} and {} are coupled and need the same target",
                COMPONENTS[a], COMPONENTS[b]
            )));
        }
    }
    for (k, name) in COMPONENTS.iter().enumerate().skip(3) {
        if s.on[k] && s.scale[k] {
            return Err(Error::input(format!(
                "Cannot use fix box/relax with tilt factor scaling on a dimension that relaxes: scale{name} yes contradicts {name} or tri"
            )));
        }
    }
    check_cell(&s, state)?;
    Ok(s)
}

fn one(s: &mut Settings, k: &KeywordArgs<'_>, id: &FixId, flat: bool) -> Result<()> {
    match k.name() {
        "iso" | "aniso" | "tri" => {
            s.couple = if k.name() == "iso" {
                Couple::Xyz
            } else {
                Couple::None
            };
            for i in 0..if flat { 2 } else { 3 } {
                s.on[i] = true;
                s.target[i] = k.real("P")?;
            }
            if k.name() == "tri" {
                for i in [3, 4, 5].into_iter().filter(|&i| !flat || i == 5) {
                    s.on[i] = true;
                    s.target[i] = 0.0;
                }
                s.scale = [false; 6];
            }
        }
        "couple" => s.couple = Couple::named(k.str("value")),
        "nreset" => {
            s.nreset = k.int("N")?;
            if s.nreset < 0 {
                return Err(Error::input("nreset must not be negative").at(k.word("N")));
            }
        }
        "vmax" => s.vmax = k.real("fraction")?,
        "dilate" => {
            s.dilate = if k.str("value") == "partial" {
                id.bit
            } else {
                1
            };
        }
        "scalexy" => s.scale[5] = k.yes_no("value")?,
        "scalexz" => s.scale[4] = k.yes_no("value")?,
        "scaleyz" => s.scale[3] = k.yes_no("value")?,
        "fixedpoint" => s.fixed_point = [k.real("x")?, k.real("y")?, k.real("z")?],
        name => {
            if let Some(i) = COMPONENTS.iter().position(|c| *c == name) {
                if flat && (2..5).contains(&i) {
                    return Err(Error::input(format!(
                        "Invalid fix box/relax command for a 2d simulation: {name}"
                    )));
                }
                s.on[i] = true;
                s.target[i] = k.real("P")?;
                if i >= 3 {
                    s.scale[i] = false;
                }
            }
        }
    }
    Ok(())
}

/// Whether the cell allows what relaxes.
///
/// # Errors
/// A direction is not periodic, a tilt relaxes in an orthogonal cell.
pub fn check_cell(s: &Settings, state: &State) -> Result<()> {
    let cell = state.cell("Fix")?;
    for (k, name) in COMPONENTS.iter().enumerate() {
        if !s.on[k] {
            continue;
        }
        let periodic = match k {
            0..3 => cell.periodic(k),
            5 => cell.periodic(1),
            _ => cell.periodic(2),
        };
        if !periodic {
            return Err(Error::input(format!(
                "Cannot use fix box/relax on a non-periodic dimension: {name}"
            )));
        }
        if k >= 3 && !cell.triclinic {
            return Err(Error::input(format!(
                "Can not specify {name} in fix box/relax with a non-triclinic box"
            ))
            .help("make the box triclinic first: change_box all triclinic"));
        }
    }
    Ok(())
}
