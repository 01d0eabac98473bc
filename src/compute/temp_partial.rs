//! `compute temp/partial`: temperature from some components of the velocities.

use super::temperature_common::{ExtraDof, OUTPUT, scalar_or_tensor};
use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::error::{Error, Result};
use crate::signature::{Arg, Args, Kind, Signature, arg};

const FLAGS: &[Arg] = &[
    arg(
        "xflag",
        Kind::OneOf(&["0", "1"]),
        "1: the x component counts",
    ),
    arg(
        "yflag",
        Kind::OneOf(&["0", "1"]),
        "1: the y component counts",
    ),
    arg(
        "zflag",
        Kind::OneOf(&["0", "1"]),
        "1: the z component counts",
    ),
];

const SIGNATURE: Signature = Signature {
    name: "temp/partial",
    summary: "temperature from some components of the velocities",
    args: FLAGS,
    keywords: &[],
    description: "As `compute temp`, with the degrees of freedom of the components that count. A thermostat that uses it \
(`fix_modify ID temp`) does not touch the others.\n\nRelated: compute temp, compute temp/com",
    examples: &["compute tz all temp/partial 0 0 1"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct TempPartial {
    bit: u32,
    flags: [bool; 3],
    extra: ExtraDof,
}

fn build(id: &ComputeId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Compute>> {
    let flags = ["xflag", "yflag", "zflag"].map(|f| args.str(f) == "1");
    if flags[2] && host.state().dimension == 2 {
        return Err(
            Error::input("Compute temp/partial cannot use vz for 2d systems")
                .at(args.word("zflag")),
        );
    }
    Ok(Box::new(TempPartial {
        bit: id.bit,
        flags,
        extra: ExtraDof::default(),
    }))
}

impl TempPartial {
    /// N times the components that count, minus their share of what is removed.
    fn dof(&self, host: &dyn Host) -> f64 {
        let s = host.state();
        let d = f64::from(s.dimension);
        let components = self.flags.iter().filter(|f| **f).count() as f64;
        self.extra.degrees(host, self.bit, self.extra.value(s)) * components / d
    }
}

impl Compute for TempPartial {
    fn output(&self) -> Output {
        OUTPUT
    }

    fn evaluate(&mut self, part: Part, host: &mut dyn Host) -> Result<Data> {
        let s = host.state();
        let v = |i: usize| -> [f64; 3] {
            std::array::from_fn(|k| if self.flags[k] { s.atoms.v[i][k] } else { 0.0 })
        };
        scalar_or_tensor("temp/partial", part, self.bit, self.dof(host), host, v)
    }

    fn temperature_dof(&mut self, host: &mut dyn Host) -> Option<f64> {
        Some(self.dof(host))
    }

    fn bias(&mut self, host: &mut dyn Host) -> Result<Option<Vec<[f64; 3]>>> {
        let v = &host.state().atoms.v;
        let left_out =
            |v: &[f64; 3]| std::array::from_fn(|k| if self.flags[k] { 0.0 } else { v[k] });
        Ok(Some(v.iter().map(left_out).collect()))
    }

    fn modify(&mut self, words: &[&str]) -> Result<()> {
        self.extra.modify(words)
    }
}
