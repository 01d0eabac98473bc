//! `displace_atoms`

use super::support::Value;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::park::Park;
use crate::signature::{Args, Keyword, Kind, Signature, arg, keyword, rest};
use nalgebra::{Rotation3, Unit, Vector3};

const OPTIONS: &[Keyword] = &[keyword(
    "units",
    &[arg("value", Kind::OneOf(&["lattice", "box"]), "")],
    "unit of lengths, default lattice",
)];
const MOVE: Signature = Signature {
    name: "move",
    summary: "",
    args: &[
        arg("dx", Kind::Word, "displacement or v_name"),
        arg("dy", Kind::Word, "displacement or v_name"),
        arg("dz", Kind::Word, "displacement or v_name"),
    ],
    keywords: OPTIONS,
    description: "",
    examples: &[],
};
const RAMP: Signature = Signature {
    name: "ramp",
    args: &[
        arg(
            "ddim",
            Kind::OneOf(&["x", "y", "z"]),
            "direction of displacement",
        ),
        arg("dlo", Kind::Real, "displacement at clo"),
        arg("dhi", Kind::Real, "displacement at chi"),
        arg("dim", Kind::OneOf(&["x", "y", "z"]), "coordinate"),
        arg("clo", Kind::Real, "lower coordinate"),
        arg("chi", Kind::Real, "upper coordinate"),
    ],
    ..MOVE
};
const RANDOM: Signature = Signature {
    name: "random",
    args: &[
        arg("dx", Kind::Real, "largest displacement"),
        arg("dy", Kind::Real, "largest displacement"),
        arg("dz", Kind::Real, "largest displacement"),
        arg("seed", Kind::Count, "seed"),
    ],
    ..MOVE
};
const ROTATE: Signature = Signature {
    name: "rotate",
    args: &[
        arg("Px", Kind::Real, "point on the axis"),
        arg("Py", Kind::Real, "point on the axis"),
        arg("Pz", Kind::Real, "point on the axis"),
        arg("Rx", Kind::Real, "direction of the axis"),
        arg("Ry", Kind::Real, "direction of the axis"),
        arg("Rz", Kind::Real, "direction of the axis"),
        arg("theta", Kind::Real, "angle, degrees, right-handed"),
    ],
    ..MOVE
};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "displace_atoms",
        summary: "Displaces the atoms of a group",
        args: &[
            arg("group-ID", Kind::Uses("group"), "atoms to displace"),
            arg(
                "style",
                Kind::OneOf(&["move", "ramp", "random", "rotate"]),
                "how",
            ),
            rest(
                "args",
                "move: dx dy dz; ramp: ddim dlo dhi dim clo chi; random: dx dy dz seed; rotate: Px Py Pz Rx Ry Rz theta; then units",
            ),
        ],
        keywords: OPTIONS,
        description: "Afterwards atoms are wrapped into the periodic box; image flags keep their unwrapped positions. `random` uses LAMMPS' stream, which depends on the seed and an atom's position.",
        examples: &[
            "displace_atoms top move 0 0 1.0 units box",
            "displace_atoms all random 0.1 0.1 0.1 4711 units box",
            "displace_atoms mol rotate 5 5 5 0 0 1 30",
        ],
    },
    run,
};

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let state = &s.engine.state;
    state.cell("Displace_atoms")?;
    let bit = state
        .groups
        .require("displace_atoms", args.str("group-ID"))
        .map_err(|e| e.at(0))?;
    let signature = match args.str("style") {
        "move" => &MOVE,
        "ramp" => &RAMP,
        "random" => &RANDOM,
        _ => &ROTATE,
    };
    let o = signature
        .parse(&format!("displace_atoms {}", signature.name), &s.words[2..])
        .map_err(|e| e.shifted(2))?;
    s.log().line("Displacing atoms ...");
    let box_units = o.keyword("units").is_some_and(|k| k.str("value") == "box");
    let spacing = match &s.engine.state.lattice {
        Some(l) if !box_units => l.spacing,
        _ => [1.0; 3],
    };
    let act = match signature.name {
        "move" => shift,
        "ramp" => ramp,
        "random" => random,
        _ => rotate,
    };
    act(s.engine, bit, &o, spacing).map_err(|e| e.shifted(2))?;
    let state = &mut s.engine.state;
    if let Some(cell) = &state.cell {
        state
            .atoms
            .x
            .iter_mut()
            .zip(&mut state.atoms.image)
            .for_each(|(x, i)| cell.remap(x, i));
    }
    state.touch();
    Ok(Flow::Next)
}

fn members(engine: &Engine, bit: u32) -> Vec<usize> {
    crate::domain::velocity::members(&engine.state, bit).collect()
}

fn shift(engine: &mut Engine, bit: u32, o: &Args, spacing: [f64; 3]) -> Result<()> {
    for (k, name) in ["dx", "dy", "dz"].into_iter().enumerate() {
        let value = Value::read(engine, o.word(name), o.str(name))?;
        for i in members(engine, bit) {
            let d = value.of(i) * spacing[k];
            if !d.is_finite() {
                return Err(
                    Error::input(format!("displace_atoms move: {name} is not finite"))
                        .at(o.word(name)),
                );
            }
            engine.state.atoms.x[i][k] += d;
        }
    }
    Ok(())
}

fn axis(word: &str) -> usize {
    ["x", "y", "z"].iter().position(|a| *a == word).unwrap_or(2)
}

fn ramp(engine: &mut Engine, bit: u32, o: &Args, spacing: [f64; 3]) -> Result<()> {
    let (d, c) = (axis(o.str("ddim")), axis(o.str("dim")));
    let (dlo, dhi) = (o.real("dlo")? * spacing[d], o.real("dhi")? * spacing[d]);
    let (clo, chi) = (o.real("clo")? * spacing[c], o.real("chi")? * spacing[c]);
    if clo == chi {
        return Err(Error::input("displace_atoms ramp: clo and chi are equal").at(o.word("chi")));
    }
    for i in members(engine, bit) {
        let x = &mut engine.state.atoms.x[i];
        let fraction = ((x[c] - clo) / (chi - clo)).clamp(0.0, 1.0);
        x[d] += dlo + fraction * (dhi - dlo);
    }
    Ok(())
}

fn random(engine: &mut Engine, bit: u32, o: &Args, spacing: [f64; 3]) -> Result<()> {
    let d = [
        o.real("dx")? * spacing[0],
        o.real("dy")? * spacing[1],
        o.real("dz")? * spacing[2],
    ];
    let wrong = |m: String| Error::input(m).at(o.word("seed"));
    let mut stream = Park::new(o.int("seed")?).map_err(|e| wrong(e.to_string()))?;
    let seed =
        i32::try_from(o.int("seed")?).map_err(|_| wrong("a seed must be below 2^31".into()))?;
    for i in members(engine, bit) {
        let x = &mut engine.state.atoms.x[i];
        stream.reset(seed, *x);
        (0..3).for_each(|k| x[k] += d[k] * 2.0 * (stream.uniform() - 0.5));
    }
    Ok(())
}

fn rotate(engine: &mut Engine, bit: u32, o: &Args, spacing: [f64; 3]) -> Result<()> {
    let point = Vector3::new(
        o.real("Px")? * spacing[0],
        o.real("Py")? * spacing[1],
        o.real("Pz")? * spacing[2],
    );
    let direction = Vector3::new(o.real("Rx")?, o.real("Ry")?, o.real("Rz")?);
    if direction.norm() == 0.0 {
        return Err(
            Error::input("Zero length rotation vector with displace_atoms").at(o.word("Rx")),
        );
    }
    let flat = direction[0] == 0.0 && direction[1] == 0.0;
    if engine.state.dimension == 2 && !flat {
        return Err(Error::input("Invalid displace_atoms rotate axis for 2d").at(o.word("Rx")));
    }
    let rotation = Rotation3::from_axis_angle(
        &Unit::new_normalize(direction),
        o.real("theta")?.to_radians(),
    );
    let cell = engine.state.cell("Displace_atoms")?.clone();
    for i in members(engine, bit) {
        let atoms = &mut engine.state.atoms;
        let d = Vector3::from(cell.unwrap(atoms.x[i], atoms.image[i])) - point;
        let new: [f64; 3] = (point + rotation * d).into();
        let image = cell.shift(atoms.image[i]);
        (0..3).for_each(|k| atoms.x[i][k] = new[k] - image[k]);
    }
    Ok(())
}
