//! `compute msd`: mean squared displacement of a group from its positions when the compute was defined.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::State;
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::values::{centre_of_mass, members, unwrapped};
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};
use crate::signature::{Args, Kind, Signature, arg, keyword};

const SIGNATURE: Signature = Signature {
    name: "msd",
    summary: "mean squared displacement of a group",
    args: &[],
    keywords: &[
        keyword(
            "com",
            &[arg(
                "value",
                Kind::YesNo,
                "subtract the drift of the group's centre of mass",
            )],
            "default no",
        ),
        keyword(
            "average",
            &[arg(
                "value",
                Kind::YesNo,
                "displacement from the time-averaged position",
            )],
            "default no",
        ),
    ],
    description: "The vector of length 4 holds the mean over the group of the squared displacements in x, y, z and \
their sum, length units squared, from the unwrapped positions at the time when the compute command was executed. A \
compute with the same ID goes on from its reference positions after `read_restart`.",
    examples: &["compute m Li msd", "compute m Li msd com yes"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct Msd {
    bit: u32,
    com: bool,
    average: bool,
    /// Reference positions of all atoms, relative to the group's centre of mass with `com yes`.
    reference: Vec<[f64; 3]>,
    /// Number of positions averaged into `reference` with `average yes`.
    samples: i64,
}

fn build(id: &ComputeId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Compute>> {
    let yes = |name: &str| args.keyword(name).map_or(Ok(false), |k| k.yes_no("value"));
    let s = host.state();
    s.cell("compute msd")?;
    let (com, average) = (yes("com")?, yes("average")?);
    let reference = relative_positions(s, id.bit, com);
    Ok(Box::new(Msd {
        bit: id.bit,
        com,
        average,
        reference,
        samples: 0,
    }))
}

fn relative_positions(s: &State, bit: u32, com: bool) -> Vec<[f64; 3]> {
    let c = if com {
        centre_of_mass(s, bit).0
    } else {
        [0.0; 3]
    };
    (0..s.atoms.len())
        .map(|i| {
            let x = unwrapped(s, i);
            [x[0] - c[0], x[1] - c[1], x[2] - c[2]]
        })
        .collect()
}

impl Msd {
    fn accumulate_average(&mut self, now: &[[f64; 3]]) {
        self.samples += 1;
        let n = self.samples as f64;
        for (r, x) in self.reference.iter_mut().zip(now) {
            (0..3).for_each(|k| r[k] = (r[k] * n + x[k]) / (n + 1.0));
        }
    }
}

impl Compute for Msd {
    fn output(&self) -> Output {
        Output {
            vector: 4,
            ..Output::default()
        }
    }

    fn evaluate(&mut self, _: Part, host: &mut dyn Host) -> Result<Data> {
        let s = host.state();
        let now = relative_positions(s, self.bit, self.com);
        if now.len() != self.reference.len() {
            return Err(Error::run(
                "the number of atoms changed after compute msd was defined",
            ));
        }
        if self.average {
            self.accumulate_average(&now);
        }
        let mut sum = [0.0; 4];
        let mut count = 0.0;
        for i in members(s, self.bit) {
            for k in 0..3 {
                let d = now[i][k] - self.reference[i][k];
                sum[k] += d * d;
                sum[3] += d * d;
            }
            count += 1.0;
        }
        if count > 0.0 {
            sum = sum.map(|x| x / count);
        }
        Ok(Data::Vector(sum.to_vec()))
    }

    fn state(&self) -> Option<Vec<u8>> {
        let mut w = Writer::new();
        w.int(self.samples).vectors(&self.reference);
        Some(w.finish())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let mut r = Reader::new(bytes);
        self.samples = r.int()?;
        let reference = r.vectors()?;
        if reference.len() != self.reference.len() {
            return Err(Error::input(
                "the restart file's reference positions of compute msd belong to another number of atoms",
            ));
        }
        self.reference = reference;
        Ok(())
    }

    fn retain(&mut self, keep: &[bool]) {
        let mut k = keep.iter();
        self.reference.retain(|_| *k.next().unwrap_or(&true));
    }
}
