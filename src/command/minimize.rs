//! `minimize`, `min_style`, `min_modify`.

use crate::engine::{Integrator, Line, MinPlan, MinSettings, MinStyle, Norm};
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, keyword, rest};

/// `minimize`
pub const MINIMIZE: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "minimize",
        summary: "minimises the energy of the system by moving atoms",
        args: &[
            arg(
                "etol",
                Kind::Real,
                "relative change of the energy at which to stop",
            ),
            arg("ftol", Kind::Real, "force at which to stop, force units"),
            arg("maxiter", Kind::Int, "most iterations"),
            arg(
                "maxeval",
                Kind::Int,
                "most evaluations of the forces, for cg and sd; fire and quickmin do not look at it, as in LAMMPS",
            ),
        ],
        keywords: &[],
        description: "With the style of `min_style` (default cg) and the settings of `min_modify`. A thermo row is written at the first \
iteration, every `thermo` iterations and at the last. Fixes that change forces act (setforce, addforce, ...), integrating fixes and \
thermostats do not; fix box/relax adds the cell. Neighbour lists are checked at every iteration.",
        examples: &["minimize 1.0e-6 1.0e-8 1000 10000"],
    },
    run: minimize,
};

fn minimize(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    session.engine.state.cell("Minimize")?;
    let plan = MinPlan {
        energy_tolerance: args.real("etol")?,
        force_tolerance: args.real("ftol")?,
        iterations: args.int("maxiter")?,
        evaluations: args.int("maxeval")?,
    };
    for (name, bad) in [
        ("etol", plan.energy_tolerance < 0.0),
        ("ftol", plan.force_tolerance < 0.0),
        ("maxiter", plan.iterations < 0),
        ("maxeval", plan.evaluations < 0),
    ] {
        if bad {
            return Err(Error::input(format!(
                "Illegal minimize command: {name} must not be negative"
            ))
            .at(args.word(name)));
        }
    }
    session.engine.minimize(&plan)?;
    Ok(Flow::Next)
}

/// `min_style`
pub const MIN_STYLE: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "min_style",
        summary: "chooses the minimiser",
        args: &[
            arg("style", Kind::Word, "cg, sd, quickmin or fire"),
            rest("args", "none"),
        ],
        keywords: &[],
        description: "`cg`: conjugate gradients (Polak and Ribiere), the default. `sd`: steepest descent. `quickmin`, `fire`: damped \
dynamics with the timestep of `timestep`; `fire` is that of Guenole et al., Comput. Mater. Sci. 175, 109584 (2020). The settings of \
`min_modify` return to their defaults: give it after `min_style`.",
        examples: &["min_style fire", "min_style sd"],
    },
    run: min_style,
};

fn min_style(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let name = args.str("style");
    if let Some(more) = args.all("args").first() {
        return Err(Error::input(format!(
            "Illegal min_style command: unexpected word '{}'",
            more.1
        ))
        .at(more.0));
    }
    let known = MinStyle::ALL.map(MinStyle::name);
    let Some(style) = MinStyle::ALL.into_iter().find(|s| s.name() == name) else {
        let other = ["hftn", "spin", "spin/cg", "spin/lbfgs", "fire/old"];
        return Err(if other.contains(&name) {
            Error::input(format!("min_style {name} is not available in argyro"))
                .at(0)
                .help(if name == "fire/old" {
                    "the nearest is min_style fire"
                } else {
                    "the nearest is min_style cg"
                })
        } else {
            Error::input(format!("Unrecognized min style '{name}'"))
                .at(0)
                .suggest(name, known)
        });
    };
    // as in LAMMPS, a minimizer begins with the default settings
    session.engine.min_settings = MinSettings {
        style,
        ..MinSettings::default()
    };
    Ok(Flow::Next)
}

const FIRE_DOC: &str = "parameter of fire";

/// `min_modify`
pub const MIN_MODIFY: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "min_modify",
        summary: "settings of minimisers",
        args: &[],
        keywords: &[
            keyword(
                "dmax",
                &[arg("max", Kind::Positive, "length units")],
                "largest move of an atom along an axis in one iteration, default 0.1",
            ),
            keyword(
                "line",
                &[arg(
                    "style",
                    Kind::OneOf(&[
                        "backtrack",
                        "quadratic",
                        "forcezero",
                        "spin_cubic",
                        "spin_none",
                    ]),
                    "line search",
                )],
                "line search of cg and sd, default quadratic",
            ),
            keyword(
                "norm",
                &[arg("style", Kind::OneOf(&["two", "inf", "max"]), "norm")],
                "norm of the force that is compared with ftol, default two",
            ),
            keyword(
                "integrator",
                &[arg(
                    "style",
                    Kind::OneOf(&["eulerimplicit", "verlet", "leapfrog", "eulerexplicit"]),
                    "integrator",
                )],
                FIRE_DOC,
            ),
            keyword(
                "tmax",
                &[arg("factor", Kind::Positive, "default 10")],
                "largest timestep of fire",
            ),
            keyword(
                "tmin",
                &[arg("factor", Kind::Real, "not negative, default 0.02")],
                "smallest timestep of fire",
            ),
            keyword("delaystep", &[arg("N", Kind::Int, "default 20")], FIRE_DOC),
            keyword(
                "dtgrow",
                &[arg("factor", Kind::Positive, "default 1.1")],
                FIRE_DOC,
            ),
            keyword(
                "dtshrink",
                &[arg("factor", Kind::Positive, "default 0.5")],
                FIRE_DOC,
            ),
            keyword(
                "alpha0",
                &[arg("value", Kind::Real, "default 0.25")],
                FIRE_DOC,
            ),
            keyword(
                "alphashrink",
                &[arg("factor", Kind::Real, "default 0.99")],
                FIRE_DOC,
            ),
            keyword("vdfmax", &[arg("N", Kind::Int, "default 2000")], FIRE_DOC),
            keyword(
                "halfstepback",
                &[arg("value", Kind::YesNo, "default yes")],
                FIRE_DOC,
            ),
            keyword(
                "initialdelay",
                &[arg("value", Kind::YesNo, "default yes")],
                FIRE_DOC,
            ),
            keyword(
                "abcfire",
                &[arg("value", Kind::YesNo, "default no")],
                "steps in the direction of the force as long as before the last reversal, and a limit of dmax for every component",
            ),
            keyword(
                "alpha_damp",
                &[arg("value", Kind::Real, "")],
                "spins: not available",
            ),
            keyword(
                "discrete_factor",
                &[arg("value", Kind::Real, "")],
                "spins: not available",
            ),
        ],
        description: "See `minimize`.",
        examples: &["min_modify dmax 0.2 line backtrack", "min_modify norm max"],
    },
    run: min_modify,
};

fn min_modify(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    if session.words.is_empty() {
        return Err(Error::input(
            "Illegal min_modify command: missing argument(s)",
        ));
    }
    let mut s = session.engine.min_settings.clone();
    for k in args.keywords() {
        let refuse = |why: &str| Err(Error::input(why.to_string()).at(k.position()));
        match k.name() {
            "dmax" => s.dmax = k.real("max")?,
            "line" => {
                s.line = match k.str("style") {
                    "backtrack" => Line::Backtrack,
                    "quadratic" => Line::Quadratic,
                    "forcezero" => Line::ForceZero,
                    _ => {
                        return refuse(
                            "min_modify line for spins is not available: atoms have no spins",
                        );
                    }
                }
            }
            "norm" => {
                s.norm = match k.str("style") {
                    "inf" => Norm::Inf,
                    "max" => Norm::Max,
                    _ => Norm::Two,
                }
            }
            "integrator" => {
                s.fire.integrator = match k.str("style") {
                    "verlet" => Integrator::Verlet,
                    "leapfrog" => Integrator::Leapfrog,
                    "eulerexplicit" => Integrator::EulerExplicit,
                    _ => Integrator::EulerImplicit,
                }
            }
            "tmax" => s.fire.tmax = k.real("factor")?,
            "tmin" => match k.real("factor")? {
                t if t >= 0.0 => s.fire.tmin = t,
                _ => return refuse("Illegal min_modify tmin factor: it must not be negative"),
            },
            "delaystep" => s.fire.delay = k.int("N")?,
            "dtgrow" => s.fire.grow = k.real("factor")?,
            "dtshrink" => s.fire.shrink = k.real("factor")?,
            "alpha0" => s.fire.alpha = k.real("value")?,
            "alphashrink" => s.fire.alpha_shrink = k.real("factor")?,
            "vdfmax" => s.fire.most_negative = k.int("N")?,
            "halfstepback" => s.fire.half_step_back = k.yes_no("value")?,
            "initialdelay" => s.fire.initial_delay = k.yes_no("value")?,
            "abcfire" => s.fire.corrected = k.yes_no("value")?,
            spin @ ("alpha_damp" | "discrete_factor") => {
                return refuse(&format!(
                    "min_modify {spin} is for spins, which argyro does not have"
                ));
            }
            _ => {}
        }
    }
    let f = &s.fire;
    for (bad, why) in [
        (f.tmax < f.tmin, "tmax has to be larger than tmin"),
        (f.grow < 1.0, "dtgrow has to be larger than 1.0"),
        (f.shrink > 1.0, "dtshrink has to be smaller than 1.0"),
    ] {
        if bad {
            return Err(Error::input(why));
        }
    }
    session.engine.min_settings = s;
    Ok(Flow::Next)
}
