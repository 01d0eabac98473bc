//! The keywords of fix npt and nph.

use super::super::barostat_common::{Couple, Settings};
use super::super::nh_common::{Chain, Ramp, Thermostat};
use crate::domain::State;
use crate::domain::host::Host;
use crate::error::{Error, Result};
use crate::signature::{Arg, Args, Keyword, KeywordArgs, Kind, arg, keyword};

const PRESSURE: &[Arg] = &[
    arg(
        "Pstart",
        Kind::Real,
        "target at the start of the run, pressure units",
    ),
    arg("Pstop", Kind::Real, "target at its end"),
    arg(
        "Pdamp",
        Kind::Positive,
        "relaxation time, time units (about 1000 timesteps)",
    ),
];
const COUNT: &[Arg] = &[arg("N", Kind::Int, "number")];
const SWITCH: &[Arg] = &[arg("value", Kind::YesNo, "yes or no")];

const TEMP: Keyword = keyword(
    "temp",
    &[
        arg(
            "Tstart",
            Kind::Real,
            "target at the start of the run, temperature units",
        ),
        arg("Tstop", Kind::Real, "target at its end"),
        arg(
            "Tdamp",
            Kind::Positive,
            "relaxation time, time units (about 100 timesteps)",
        ),
    ],
    "temperature and relaxation time; required",
);
const TCHAIN: Keyword = keyword(
    "tchain",
    COUNT,
    "length of the chain of the thermostat, default 3",
);
const TLOOP: Keyword = keyword("tloop", COUNT, "sub-steps of that chain, default 1");
const SHARED: [Keyword; 24] = [
    keyword("iso", PRESSURE, "the volume changes"),
    keyword("aniso", PRESSURE, "the three lengths change on their own"),
    keyword(
        "tri",
        PRESSURE,
        "lengths and tilts change; the shear targets are 0",
    ),
    keyword("x", PRESSURE, "the length along x changes"),
    keyword("y", PRESSURE, "the length along y changes"),
    keyword("z", PRESSURE, "the length along z changes"),
    keyword("xy", PRESSURE, "the tilt xy changes"),
    keyword("yz", PRESSURE, "the tilt yz changes"),
    keyword("xz", PRESSURE, "the tilt xz changes"),
    keyword(
        "couple",
        &[arg(
            "value",
            Kind::OneOf(&["none", "xyz", "xy", "yz", "xz"]),
            "directions",
        )],
        "directions whose pressures are averaged and that change together",
    ),
    keyword(
        "pchain",
        COUNT,
        "length of the chain of the barostat, 0 for none, default 3",
    ),
    keyword("ploop", COUNT, "sub-steps of that chain, default 1"),
    keyword(
        "mtk",
        SWITCH,
        "correction terms of Martyna et al. 1996, default yes",
    ),
    keyword(
        "nreset",
        COUNT,
        "steps after which the reference cell of the strain is the present one, default 0: never",
    ),
    keyword(
        "drag",
        &[arg("Df", Kind::Real, "0 to 2")],
        "drag on thermostat and barostat, default 0",
    ),
    keyword(
        "ptemp",
        &[arg("Ttarget", Kind::Positive, "temperature")],
        "temperature for the masses of the barostat without a thermostat",
    ),
    keyword(
        "dilate",
        &[arg("group-ID", Kind::Uses("group"), "atoms")],
        "atoms that move with the cell, default all",
    ),
    keyword(
        "scalexy",
        SWITCH,
        "the tilt xy scales with ly, default yes if it is not controlled",
    ),
    keyword("scaleyz", SWITCH, "the tilt yz scales with lz"),
    keyword("scalexz", SWITCH, "the tilt xz scales with lz"),
    keyword(
        "flip",
        SWITCH,
        "strongly tilted cells are replaced by equivalent ones, default yes",
    ),
    keyword(
        "fixedpoint",
        &[
            arg("x", Kind::Real, ""),
            arg("y", Kind::Real, ""),
            arg("z", Kind::Real, ""),
        ],
        "point that stays where it is when the cell changes, default the centre",
    ),
    keyword(
        "update",
        &[arg(
            "value",
            Kind::OneOf(&["dipole", "dipole/dlm"]),
            "what to integrate",
        )],
        "refused: atoms have no dipoles here",
    ),
    keyword("disc", SWITCH, "refused unless no: atoms are points here"),
];

const fn with_thermostat() -> [Keyword; 27] {
    let mut all = [TEMP; 27];
    all[1] = TCHAIN;
    all[2] = TLOOP;
    let mut i = 0;
    while i < SHARED.len() {
        all[i + 3] = SHARED[i];
        i += 1;
    }
    all
}

/// Keywords of npt.
pub const NPT: &[Keyword] = &with_thermostat();
/// Keywords of nph.
pub const NPH: &[Keyword] = &SHARED;

const COMPONENTS: [&str; 6] = ["x", "y", "z", "yz", "xz", "xy"];

fn count(args: &Args, name: &str, default: usize, least: i64) -> Result<usize> {
    let Some(k) = args.keyword(name) else {
        return Ok(default);
    };
    let n = k.int("N")?;
    if !(least..=1000).contains(&n) {
        return Err(
            Error::input(format!("{name} must be {least} to 1000, found {n}")).at(k.word("N")),
        );
    }
    Ok(n as usize)
}

/// Target and chain of the thermostat; `None` for nph.
///
/// # Errors
/// npt without temperatures, or a target that is not above zero.
pub fn thermostat(args: &Args, style: &str) -> Result<Option<Thermostat>> {
    if style == "nph" {
        return Ok(None);
    }
    let Some(temp) = args.keyword("temp") else {
        return Err(
            Error::input("Temperature control must be used with fix npt")
                .help("usage: fix ID group npt temp Tstart Tstop Tdamp iso Pstart Pstop Pdamp"),
        );
    };
    if let Some(k) = args.keyword("ptemp") {
        return Err(
            Error::input("Thermostat in fix npt is incompatible with ptemp command")
                .at(k.position()),
        );
    }
    let target = Ramp {
        start: temp.real("Tstart")?,
        stop: temp.real("Tstop")?,
    };
    for (name, t) in [("Tstart", target.start), ("Tstop", target.stop)] {
        if t <= 0.0 {
            return Err(Error::input(format!(
                "Target temperature for fix npt must be above zero: {name} is {t}"
            ))
            .at(temp.word(name)));
        }
    }
    let chain = Chain::new(
        count(args, "tchain", 3, 1)?,
        count(args, "tloop", 1, 1)?,
        drag(args)?,
        temp.real("Tdamp")?,
    );
    Ok(Some(Thermostat::new(target, chain)))
}

fn drag(args: &Args) -> Result<f64> {
    let Some(k) = args.keyword("drag") else {
        return Ok(0.0);
    };
    let drag = k.real("Df")?;
    if drag < 0.0 {
        return Err(
            Error::input(format!("drag must not be negative, found {drag}")).at(k.word("Df")),
        );
    }
    Ok(drag)
}

/// `ptemp`
///
/// # Errors
/// It is no number.
pub fn mass_temperature(args: &Args) -> Result<Option<f64>> {
    args.keyword("ptemp").map(|k| k.real("Ttarget")).transpose()
}

/// The settings of the barostat.
///
/// # Errors
/// No pressure is controlled, settings contradict each other or the box.
pub fn settings(args: &Args, host: &dyn Host, style: &str) -> Result<Settings> {
    let state = host.state();
    let cell = state.cell("Fix")?;
    let flat = state.dimension == 2;
    let centre = std::array::from_fn(|k| 0.5 * (cell.lo[k] + cell.hi[k]));
    let [xy, xz, yz] = cell.tilt;
    let mut s = Settings {
        on: [false; 6],
        start: [0.0; 6],
        stop: [0.0; 6],
        period: [1.0; 6],
        couple: Couple::None,
        deviatoric: false,
        scale: [
            false,
            false,
            false,
            cell.periodic(2) && !flat && yz != 0.0,
            cell.periodic(2) && !flat && xz != 0.0,
            cell.periodic(1) && xy != 0.0,
        ],
        mtk: true,
        drag: drag(args)?,
        nreset: count(args, "nreset", 0, 0)? as i64,
        flip: true,
        fixed_point: centre,
        dilate: 1,
        links: count(args, "pchain", 3, 0)?,
        loops: count(args, "ploop", 1, 1)?,
    };
    for k in args.keywords() {
        one(&mut s, &k, state).map_err(|e| e.or_at(k.position()))?;
    }
    if s.on == [false; 6] {
        return Err(
            Error::input(format!("Pressure control must be used with fix {style}"))
                .help(format!("for example: fix ID group {style} ... iso 0 0 1.0")),
        );
    }
    check(&s, style, flat)?;
    check_cell(&s, state, style)?;
    Ok(s)
}

fn one(s: &mut Settings, k: &KeywordArgs<'_>, state: &State) -> Result<()> {
    let flat = state.dimension == 2;
    match k.name() {
        "iso" | "aniso" | "tri" => {
            s.couple = if k.name() == "iso" {
                Couple::Xyz
            } else {
                Couple::None
            };
            let last = if flat { 2 } else { 3 };
            for i in 0..last {
                control(s, i, k)?;
            }
            if k.name() == "tri" {
                for i in [3, 4, 5].into_iter().filter(|&i| !flat || i == 5) {
                    control(s, i, k)?;
                    (s.start[i], s.stop[i]) = (0.0, 0.0);
                }
                s.scale = [false; 6];
            }
        }
        "couple" => s.couple = Couple::named(k.str("value")),
        "mtk" => s.mtk = k.yes_no("value")?,
        "flip" => s.flip = k.yes_no("value")?,
        "dilate" => s.dilate = state.groups.require("fix", k.str("group-ID"))?,
        "scalexy" => s.scale[5] = k.yes_no("value")?,
        "scalexz" => s.scale[4] = k.yes_no("value")?,
        "scaleyz" => s.scale[3] = k.yes_no("value")?,
        "fixedpoint" => s.fixed_point = [k.real("x")?, k.real("y")?, k.real("z")?],
        "update" => {
            return Err(Error::input(
                "update dipole needs atoms with dipoles, which argyro does not have",
            ));
        }
        "disc" if k.yes_no("value")? => {
            return Err(Error::input(
                "disc needs finite-size particles, which argyro does not have",
            ));
        }
        name => {
            if let Some(i) = COMPONENTS.iter().position(|c| *c == name) {
                if flat && (2..5).contains(&i) {
                    return Err(Error::input(format!(
                        "Invalid fix nvt/npt/nph command for a 2d simulation: {name}"
                    )));
                }
                control(s, i, k)?;
                s.deviatoric = true;
                if i >= 3 {
                    s.scale[i] = false;
                }
            }
        }
    }
    Ok(())
}

fn control(s: &mut Settings, i: usize, k: &KeywordArgs<'_>) -> Result<()> {
    s.on[i] = true;
    s.start[i] = k.real("Pstart")?;
    s.stop[i] = k.real("Pstop")?;
    s.period[i] = k.real("Pdamp")?;
    Ok(())
}

/// Contradictions between the keywords, in LAMMPS' words.
fn check(s: &Settings, style: &str, flat: bool) -> Result<()> {
    let wrong = |why: &str| {
        Err(Error::input(format!(
            "Invalid fix {style} pressure settings: {why}"
        )))
    };
    for &(a, b) in s.couple.pairs() {
        if flat && b == 2 {
            continue;
        }
        if !s.on[a] || !s.on[b] {
            return wrong(&format!(
                "{} and {} are coupled, but not both are controlled",
                COMPONENTS[a], COMPONENTS[b]
            ));
        }
        let same = s.start[a] == s.start[b] && s.stop[a] == s.stop[b] && s.period[a] == s.period[b];
        if !same {
            return wrong(&format!(
                "{} and {} are coupled, but their targets or damping times differ",
                COMPONENTS[a], COMPONENTS[b]
            ));
        }
    }
    for (tilt, name) in [(3, "yz"), (4, "xz"), (5, "xy")] {
        if s.on[tilt] && s.scale[tilt] {
            return Err(Error::input(format!(
                "Cannot use fix {style} with both relative scaling and control of the tilt {name}: scale{name} yes contradicts {name} or tri"
            )));
        }
    }
    Ok(())
}

/// Whether the cell allows what is controlled; checked again at the start of every run.
///
/// # Errors
/// A controlled direction is not periodic, a tilt is controlled in an orthogonal cell.
pub fn check_cell(s: &Settings, state: &State, style: &str) -> Result<()> {
    let cell = state.cell("Fix")?;
    for (k, name) in COMPONENTS.iter().enumerate() {
        if !s.on[k] {
            continue;
        }
        if k < 3 && !cell.periodic(k) {
            return Err(Error::input(format!(
                "Cannot use fix {style} on a non-periodic dimension: {name} is controlled"
            )));
        }
        if k >= 3 && !cell.triclinic {
            return Err(Error::input(format!(
                "Can not specify {name} in fix {style} with a non-triclinic box"
            ))
            .help("make the box triclinic first: change_box all triclinic"));
        }
        // The tilts yz and xz belong to the upper face in z, xy to that in y.
        let second = if k == 5 { 1 } else { 2 };
        if k >= 3 && !cell.periodic(second) {
            return Err(Error::input(format!(
                "Cannot use fix {style} on a 2nd non-periodic dimension: {name} is controlled"
            )));
        }
    }
    Ok(())
}
