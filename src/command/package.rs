//! `package`: precision, threads and radial tables of argyro; LAMMPS' accelerator packages are ignored.

use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::pair::{PairOptions, Precision};
use crate::signature::{Arg, Args, Keyword, Kind, Signature, Times, arg, keyword, rest};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &SIGNATURE,
    run,
};

const SIGNATURE: Signature = Signature {
    name: "package",
    summary: "precision, threads and radial tables",
    args: &[
        arg(
            "style",
            Kind::Word,
            "argyro; gpu, intel, kokkos, omp and opt are ignored with a note",
        ),
        rest(
            "args",
            "of argyro: [precision double|single|auto] [threads N] [radial exact|table]",
        ),
    ],
    keywords: &[],
    description: "precision auto is that in which a model file stores its weights; single evaluates networks in f32 and \
                  accumulates energy, forces and virial in f64. threads N must come before the first run; the default is the \
                  number of cores, or RAYON_NUM_THREADS. radial exact evaluates radial networks for every pair instead of \
                  interpolating tables. Results do not depend on the number of threads.",
    examples: &[
        "package argyro precision single threads 4",
        "package argyro radial exact",
    ],
};

const fn one(kind: Kind) -> Arg {
    Arg {
        name: "value",
        kind,
        times: Times::Once,
        doc: "",
    }
}

const KEYWORDS: &[Keyword] = &[
    keyword(
        "precision",
        &[one(Kind::OneOf(&["auto", "single", "double"]))],
        "",
    ),
    keyword("threads", &[one(Kind::Count)], ""),
    keyword("radial", &[one(Kind::OneOf(&["exact", "table"]))], ""),
];

const ARGYRO: Signature = Signature {
    name: "argyro",
    summary: "",
    args: &[],
    keywords: KEYWORDS,
    description: "",
    examples: &[],
};

fn run(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let style = args.str("style");
    match style {
        "argyro" => {
            let parsed = ARGYRO
                .parse("package argyro", &session.words[1..])
                .map_err(|e| e.shifted(1))?;
            set(session, &parsed)?;
        }
        "gpu" | "intel" | "kokkos" | "omp" | "opt" => {
            let text = format!(
                "package {style} has no effect: argyro chooses its kernels by the processor"
            );
            session.note("package", &text);
        }
        _ => {
            let e = Error::input(format!(
                "Illegal package command: unknown package '{style}'"
            ))
            .at(0);
            return Err(e.suggest(style, ["argyro", "gpu", "intel", "kokkos", "omp", "opt"]));
        }
    }
    Ok(Flow::Next)
}

fn set(session: &mut Session<'_>, args: &Args) -> Result<()> {
    let options: &mut PairOptions = &mut session.engine.pair_options;
    for k in args.keywords() {
        let value = k.str("value");
        match k.name() {
            "precision" => {
                options.precision = match value {
                    "single" => Precision::Single,
                    "double" => Precision::Double,
                    _ => Precision::Auto,
                };
            }
            "radial" => options.radial_exact = value == "exact",
            _ => set_threads(k.int("value")?, session.engine.dry)
                .map_err(|e| e.at(k.word("value") + 1))?,
        }
    }
    Ok(())
}

/// Starts the pool of worker threads. It can be started once only.
fn set_threads(n: i64, dry: bool) -> Result<()> {
    const MAX: i64 = 4096;
    if n > MAX {
        return Err(Error::input(format!(
            "Illegal package argyro threads command: {n} threads are more than {MAX}"
        )));
    }
    if dry {
        return Ok(());
    }
    let started = rayon::ThreadPoolBuilder::new()
        .num_threads(n as usize)
        .build_global();
    if started.is_err() && rayon::current_num_threads() != n as usize {
        return Err(Error::input(format!(
            "package argyro threads {n} comes too late: {} threads are already at work",
            rayon::current_num_threads()
        ))
        .help("give it before the first run, or as -pk argyro threads N on the command line"));
    }
    Ok(())
}
