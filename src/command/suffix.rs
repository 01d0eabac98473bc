//! `suffix`: accepted, argyro has no variants of styles.

use crate::error::Result;
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, many};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &SIGNATURE,
    run,
};

const SIGNATURE: Signature = Signature {
    name: "suffix",
    summary: "accepted and ignored with a note",
    args: &[
        arg(
            "style",
            Kind::OneOf(&["off", "on", "gpu", "intel", "kk", "omp", "opt", "hybrid"]),
            "accelerator package",
        ),
        many(
            "more",
            Kind::OneOf(&["gpu", "intel", "kk", "omp", "opt"]),
            "styles of hybrid",
        ),
    ],
    keywords: &[],
    description: "LAMMPS chooses accelerated variants of styles by it. argyro chooses its kernels by the processor.",
    examples: &["suffix omp"],
};

fn run(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    if args.str("style") != "off" {
        session.note(
            "suffix",
            "suffix has no effect: argyro chooses its kernels by the processor",
        );
    }
    Ok(Flow::Next)
}
