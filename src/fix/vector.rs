//! `fix vector`: keeps a global value of every Nevery steps as a growing vector.

use super::average_common::{is_extensive, require_steps, scalars};
use super::{Control, Fix, FixEntry, FixId};
use crate::domain::Tally;
use crate::domain::host::{Data, Host, Output, Part, Reference};
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};
use crate::signature::{Args, Kind, Signature, arg, keyword, many};

const SIGNATURE: Signature = Signature {
    name: "vector",
    summary: "a growing vector of a global value, one element every Nevery steps",
    args: &[
        arg("Nevery", Kind::Count, "steps between elements"),
        many("value", Kind::Value, "c_ID, c_ID[i], f_ID, f_ID[i], v_name"),
    ],
    keywords: &[keyword(
        "nmax",
        &[arg("N", Kind::Count, "keep only the last N elements")],
        "default: all",
    )],
    description: "`f_ID` is a global vector for one value, an array with one column per value for several; `trap(f_ID)` \
and other vector functions of variables work on it.",
    examples: &["fix v all vector 2 c_vacf[4]"],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

struct Keep {
    every: i64,
    next: i64,
    values: Vec<Reference>,
    limit: usize,
    extensive: bool,
    /// Rows, oldest first, row-major.
    data: Vec<f64>,
}

fn build(_: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    require_steps(&args.all("value"), args.int("Nevery")?, "vector", host)?;
    let values = scalars(&args.all("value"), "vector", host)?;
    let extensive = values.iter().all(|v| is_extensive(v, false, host));
    let limit = args.keyword("nmax").map_or(Ok(i64::MAX), |k| k.int("N"))?;
    let mut fix = Keep {
        every: args.int("Nevery")?,
        next: 0,
        values,
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
        extensive,
        data: Vec::new(),
    };
    fix.reset_timestep(host.state().step);
    Ok(Box::new(fix))
}

impl Fix for Keep {
    fn init(&mut self, host: &mut dyn Host) -> Result<()> {
        let step = host.state().step;
        if self.next < step {
            self.reset_timestep(step);
        }
        Ok(())
    }

    fn setup(&mut self, host: &mut dyn Host) -> Result<()> {
        self.end_of_step(host).map(|_| ())
    }

    fn end_of_step(&mut self, host: &mut dyn Host) -> Result<Control> {
        if host.state().step != self.next {
            return Ok(Control::Continue);
        }
        for r in &self.values {
            let v = host.scalar(r)?;
            self.data.push(v);
        }
        let n = self.values.len();
        if self.data.len() / n > self.limit {
            self.data.drain(..n);
        }
        self.next += self.every;
        Ok(Control::Continue)
    }

    fn tally_at(&self, step: i64) -> Tally {
        if step == self.next {
            Tally::GLOBAL
        } else {
            Tally::NONE
        }
    }

    fn output(&self) -> Output {
        let n = self.values.len();
        // The vector grows: any index may become valid.
        if n == 1 {
            Output {
                vector: usize::MAX,
                every: self.every,
                extensive_vector: self.extensive,
                ..Output::default()
            }
        } else {
            Output {
                array: (usize::MAX, n),
                every: self.every,
                extensive_vector: self.extensive,
                ..Output::default()
            }
        }
    }

    fn data(&mut self, part: Part, _: &mut dyn Host) -> Result<Data> {
        match part {
            Part::Vector if self.values.len() == 1 => Ok(Data::Vector(self.data.clone())),
            Part::Array if self.values.len() > 1 => Ok(Data::Array {
                columns: self.values.len(),
                values: self.data.clone(),
            }),
            _ => Err(Error::input(
                "fix vector has a vector (one value) or an array (several values) only",
            )),
        }
    }

    fn state(&self) -> Option<Vec<u8>> {
        let mut w = Writer::new();
        w.int(self.next).reals(&self.data);
        Some(w.finish())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let mut r = Reader::new(bytes);
        self.next = r.int()?;
        self.data = r.reals()?;
        Ok(())
    }

    fn reset_timestep(&mut self, step: i64) {
        self.next = step + (-step).rem_euclid(self.every);
    }
}
