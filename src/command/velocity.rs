//! `velocity`

use super::support::{Value, check_masses, require_compute};
use crate::domain::Host;
use crate::domain::velocity::{self, Loop};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Arg, Args, Keyword, Kind, Signature, arg, keyword, rest};

const YES_NO: &[Arg] = &[arg("value", Kind::YesNo, "")];
const OPTIONS: &[Keyword] = &[
    keyword(
        "dist",
        &[arg("value", Kind::OneOf(&["uniform", "gaussian"]), "")],
        "create: distribution, default uniform",
    ),
    keyword("sum", YES_NO, "add to the present velocities, default no"),
    keyword(
        "mom",
        YES_NO,
        "create: remove the linear momentum, default yes",
    ),
    keyword(
        "rot",
        YES_NO,
        "create: remove the angular momentum, default no",
    ),
    keyword(
        "temp",
        &[arg("compute-ID", Kind::Uses("compute"), "")],
        "create, scale: temperature compute to use",
    ),
    keyword(
        "bias",
        YES_NO,
        "create, scale: leave the velocity bias of the compute alone, default no",
    ),
    keyword(
        "loop",
        &[arg("value", Kind::OneOf(&["all", "local", "geom"]), "")],
        "create: random streams, default all",
    ),
    keyword("rigid", &[arg("fix-ID", Kind::Word, "")], "not supported"),
    keyword(
        "units",
        &[arg("value", Kind::OneOf(&["lattice", "box"]), "")],
        "set, ramp: unit of lengths, default lattice",
    ),
];

const CREATE: Signature = Signature {
    name: "create",
    summary: "",
    args: &[
        arg("temp", Kind::RealOrVariable, "temperature"),
        arg("seed", Kind::Int, "seed, positive"),
    ],
    keywords: OPTIONS,
    description: "",
    examples: &[],
};
const SET: Signature = Signature {
    name: "set",
    args: &[
        arg("vx", Kind::Word, "velocity, v_name or NULL"),
        arg("vy", Kind::Word, "velocity, v_name or NULL"),
        arg("vz", Kind::Word, "velocity, v_name or NULL"),
    ],
    ..CREATE
};
const SCALE: Signature = Signature {
    name: "scale",
    args: &[arg("temp", Kind::RealOrVariable, "temperature")],
    ..CREATE
};
const RAMP: Signature = Signature {
    name: "ramp",
    args: &[
        arg("vdim", Kind::OneOf(&["vx", "vy", "vz"]), "component"),
        arg("vlo", Kind::Real, "velocity at clo"),
        arg("vhi", Kind::Real, "velocity at chi"),
        arg("dim", Kind::OneOf(&["x", "y", "z"]), "coordinate"),
        arg("clo", Kind::Real, "lower coordinate"),
        arg("chi", Kind::Real, "upper coordinate"),
    ],
    ..CREATE
};
const ZERO: Signature = Signature {
    name: "zero",
    args: &[arg(
        "what",
        Kind::OneOf(&["linear", "angular"]),
        "momentum to remove",
    )],
    ..CREATE
};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "velocity",
        summary: "Sets or changes the velocities of a group",
        args: &[
            arg("group-ID", Kind::Uses("group"), "group of atoms"),
            arg(
                "style",
                Kind::OneOf(&["create", "set", "scale", "ramp", "zero"]),
                "what to do",
            ),
            rest(
                "args",
                "create: T seed; set: vx vy vz; scale: T; ramp: vdim vlo vhi dim clo chi; zero: linear|angular; then keywords",
            ),
        ],
        keywords: OPTIONS,
        description: "`create` draws LAMMPS' random streams: with `loop all` one stream over all atom IDs, with `loop geom` one per atom from its position, with `loop local` one over the atoms in their order. Then the momenta are removed, and the velocities scaled to T with 3N-3 degrees of freedom.",
        examples: &[
            "velocity all create 600.0 4928459 dist gaussian",
            "velocity all create 300.0 1 mom yes rot yes loop geom",
            "velocity slab set NULL NULL 0.1 units box",
            "velocity all scale 300.0",
            "velocity all ramp vx 0.0 5.0 y 5 25",
            "velocity all zero linear",
        ],
    },
    run,
};

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let state = &s.engine.state;
    state.cell("Velocity")?;
    if state.atoms.is_empty() {
        return Err(Error::input("Velocity command with no atoms existing"));
    }
    check_masses(state)?;
    let bit = state
        .groups
        .require("velocity", args.str("group-ID"))
        .map_err(|e| e.at(0))?;
    let signature = match args.str("style") {
        "create" => &CREATE,
        "set" => &SET,
        "scale" => &SCALE,
        "ramp" => &RAMP,
        _ => &ZERO,
    };
    let options = signature
        .parse(&format!("velocity {}", signature.name), &s.words[2..])
        .map_err(|e| e.shifted(2))?;
    if let Some(k) = options.keyword("rigid") {
        return Err(Error::input("velocity keyword 'rigid' is not supported")
            .at(k.position())
            .shifted(2));
    }
    let act = match signature.name {
        "create" => create,
        "set" => set,
        "scale" => scale,
        "ramp" => ramp,
        _ => zero,
    };
    act(s.engine, bit, &options).map_err(|e| e.shifted(2))?;
    s.engine.state.touch();
    Ok(Flow::Next)
}

fn yes(o: &Args, keyword: &str, default: bool) -> Result<bool> {
    o.keyword(keyword)
        .map_or(Ok(default), |k| k.yes_no("value"))
}

fn choice(o: &Args, keyword: &str, default: &str) -> String {
    o.keyword(keyword)
        .map_or(default.to_string(), |k| k.str("value").to_string())
}

fn target(engine: &mut Engine, o: &Args) -> Result<f64> {
    let at = o.word("temp");
    match Value::read(engine, at, o.str("temp"))? {
        Value::Number(t) if t >= 0.0 => Ok(t),
        Value::Number(t) => {
            Err(Error::input(format!("Velocity temperature {t} is negative")).at(at))
        }
        Value::PerAtom(_) => Err(Error::input("Velocity temperature must be one number").at(at)),
    }
}

/// Temperature of the group now: by the `temp` compute, or kinetic with d N - d degrees of freedom.
fn temperature(engine: &mut Engine, bit: u32, o: &Args) -> Result<f64> {
    if let Some(k) = o.keyword("temp") {
        let (id, at) = (k.str("compute-ID"), k.word("compute-ID"));
        require_compute(engine, id).map_err(|e| e.at(at))?;
        return engine.temperature_now(id).map_err(|e| e.or_at(at));
    }
    let dof = engine.degrees_of_freedom(bit, f64::from(engine.state.dimension));
    Ok(velocity::temperature(&engine.state, bit, dof))
}

/// What compute `temp` does not count as thermal, with `bias yes`.
fn bias(engine: &mut Engine, o: &Args) -> Result<Option<Vec<[f64; 3]>>> {
    let Some(k) = o.keyword("bias") else {
        return Ok(None);
    };
    if !k.yes_no("value")? {
        return Ok(None);
    }
    let Some(c) = o.keyword("temp") else {
        return Err(Error::input("velocity bias yes needs the temp keyword").at(k.position()));
    };
    let (id, at) = (c.str("compute-ID"), c.word("compute-ID"));
    require_compute(engine, id).map_err(|e| e.at(at))?;
    let bias = engine.velocity_bias(id).map_err(|e| e.or_at(at))?;
    Ok(Some(bias.unwrap_or_default()))
}

/// Adds a bias to the velocities, or takes it away (`sign` -1).
fn shift(engine: &mut Engine, bias: &[[f64; 3]], sign: f64) {
    for (v, b) in engine.state.atoms.v.iter_mut().zip(bias) {
        (0..3).for_each(|k| v[k] += sign * b[k]);
    }
    engine.state.touch();
}

/// Scales the group to temperature `t`; with `bias yes` only what the compute leaves after its bias.
fn rescale(engine: &mut Engine, bit: u32, t: f64, o: &Args) -> Result<()> {
    let bias = bias(engine, o)?.unwrap_or_default();
    let now = temperature(engine, bit, o)?;
    shift(engine, &bias, -1.0);
    let done = velocity::rescale(&mut engine.state, bit, now, t);
    shift(engine, &bias, 1.0);
    done
}

/// Scales new velocities to temperature `t` and gives them the bias of the old ones. As in LAMMPS, a
/// compute that leaves out components or atoms leaves those of the new velocities out too, and the temperature
/// is that of all components.
fn rescale_biased(engine: &mut Engine, bit: u32, t: f64, old: &[[f64; 3]], o: &Args) -> Result<()> {
    let dof = engine.degrees_of_freedom(bit, f64::from(engine.state.dimension));
    let now = velocity::temperature(&engine.state, bit, dof);
    velocity::rescale(&mut engine.state, bit, now, t)?;
    engine.state.touch();
    let compute = o.keyword("temp");
    let id = compute.as_ref().map_or("", |k| k.str("compute-ID"));
    let selects = engine
        .computes
        .get(id)
        .is_some_and(|c| c.style == "temp/partial");
    if selects {
        let new = engine.velocity_bias(id)?.unwrap_or_default();
        shift(engine, &new, -1.0);
    }
    shift(engine, old, 1.0);
    Ok(())
}

fn create(engine: &mut Engine, bit: u32, o: &Args) -> Result<()> {
    let t = target(engine, o)?;
    let which = match choice(o, "loop", "all").as_str() {
        "local" => Loop::Local,
        "geom" => Loop::Geom,
        _ => Loop::All,
    };
    let gaussian = choice(o, "dist", "uniform") == "gaussian";
    let before = yes(o, "sum", false)?.then(|| engine.state.atoms.v.clone());
    let bias = bias(engine, o)?;
    if let Some(b) = &bias {
        shift(engine, b, -1.0);
    }
    velocity::draw(&mut engine.state, bit, o.int("seed")?, gaussian, which)
        .map_err(|e| e.or_at(o.word("seed")))?;
    engine.note_seed("velocity create", o.int("seed")?);
    if yes(o, "mom", true)? {
        velocity::zero_linear(&mut engine.state, bit)?;
    }
    if yes(o, "rot", false)? {
        velocity::zero_angular(&mut engine.state, bit)?;
    }
    engine.state.touch();
    match bias {
        Some(old) => rescale_biased(engine, bit, t, &old, o)?,
        None => rescale(engine, bit, t, o)?,
    }
    if let Some(before) = before {
        let state = &mut engine.state;
        for (i, old) in before.iter().enumerate() {
            if state.atoms.mask[i] & bit != 0 {
                (0..3).for_each(|k| state.atoms.v[i][k] += old[k]);
            }
        }
    }
    Ok(())
}

fn scale(engine: &mut Engine, bit: u32, o: &Args) -> Result<()> {
    let t = target(engine, o)?;
    rescale(engine, bit, t, o)
}

/// Lattice spacings, or 1 with `units box`.
fn spacing(engine: &Engine, o: &Args) -> [f64; 3] {
    match &engine.state.lattice {
        Some(l) if choice(o, "units", "lattice") == "lattice" => l.spacing,
        _ => [1.0; 3],
    }
}

fn set(engine: &mut Engine, bit: u32, o: &Args) -> Result<()> {
    let sum = yes(o, "sum", false)?;
    let spacing = spacing(engine, o);
    for (k, name) in ["vx", "vy", "vz"].into_iter().enumerate() {
        let (word, at) = (o.str(name), o.word(name));
        if word == "NULL" {
            continue;
        }
        // Only numbers are in lattice units; variables are in velocity units, as in LAMMPS.
        let factor = if word.starts_with("v_") {
            1.0
        } else {
            spacing[k]
        };
        let value = Value::read(engine, at, word)?;
        let flat = engine.state.dimension == 2 && k == 2;
        for i in 0..engine.state.atoms.len() {
            if engine.state.atoms.mask[i] & bit == 0 {
                continue;
            }
            let new = value.of(i) * factor;
            if flat && new != 0.0 {
                return Err(
                    Error::input("Cannot set non-zero z velocity for 2d simulation").at(at),
                );
            }
            let v = &mut engine.state.atoms.v[i][k];
            *v = if sum { *v + new } else { new };
        }
    }
    Ok(())
}

fn ramp(engine: &mut Engine, bit: u32, o: &Args) -> Result<()> {
    let axis = |w: &str| match w.as_bytes().last() {
        Some(b'x') => 0,
        Some(b'y') => 1,
        _ => 2,
    };
    let (vdim, dim) = (axis(o.str("vdim")), axis(o.str("dim")));
    let spacing = spacing(engine, o);
    let (vlo, vhi) = (
        o.real("vlo")? * spacing[vdim],
        o.real("vhi")? * spacing[vdim],
    );
    let (clo, chi) = (o.real("clo")? * spacing[dim], o.real("chi")? * spacing[dim]);
    if engine.state.dimension == 2 && vdim == 2 {
        return Err(Error::input("Velocity ramp in z for a 2d problem").at(o.word("vdim")));
    }
    let sum = yes(o, "sum", false)?;
    let atoms = &mut engine.state.atoms;
    for i in 0..atoms.len() {
        if atoms.mask[i] & bit != 0 {
            let fraction = ((atoms.x[i][dim] - clo) / (chi - clo)).clamp(0.0, 1.0);
            let new = vlo + fraction * (vhi - vlo);
            let v = &mut atoms.v[i][vdim];
            *v = if sum { *v + new } else { new };
        }
    }
    Ok(())
}

fn zero(engine: &mut Engine, bit: u32, o: &Args) -> Result<()> {
    if o.str("what") == "linear" {
        velocity::zero_linear(&mut engine.state, bit)
    } else {
        velocity::zero_angular(&mut engine.state, bit)
    }
}
