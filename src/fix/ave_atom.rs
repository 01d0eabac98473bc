//! `fix ave/atom`: time averages of per-atom values.

use super::average_common::{Schedule, require_steps};
use super::{Control, Fix, FixEntry, FixId};
use crate::domain::Tally;
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::values::{AtomValue, Shape, expand, members, require_per_atom};
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};
use crate::signature::{Args, Kind, Signature, arg, many};

const SIGNATURE: Signature = Signature {
    name: "ave/atom",
    summary: "time averages of per-atom values",
    args: &[
        arg("Nevery", Kind::Count, "steps between samples"),
        arg("Nrepeat", Kind::Count, "samples per average"),
        arg(
            "Nfreq",
            Kind::Count,
            "steps between averages: a multiple of Nevery, at least Nevery*Nrepeat",
        ),
        many(
            "value",
            Kind::Word,
            "x y z vx vy vz fx fy fz, c_ID, c_ID[i], f_ID, v_name of atom style",
        ),
    ],
    keywords: &[],
    description: "`f_ID` is a per-atom vector for one value, a per-atom array for several; 0 before the first average and \
for atoms outside the group.",
    examples: &["fix a all ave/atom 10 10 100 vx vy vz"],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

struct AveAtom {
    bit: u32,
    values: Vec<AtomValue>,
    schedule: Schedule,
    /// Sums and last averages, atom-major with one column per value.
    sum: Vec<f64>,
    result: Vec<f64>,
}

fn build(id: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    let step = host.state().step;
    let (every, repeat, freq) = (
        args.int("Nevery")?,
        args.int("Nrepeat")?,
        args.int("Nfreq")?,
    );
    let schedule = Schedule::new("ave/atom", every, repeat, freq, 0, step)?;
    let mut values = Vec::new();
    require_steps(&args.all("value"), every, "ave/atom", host)?;
    for (at, w) in expand(&args.all("value"), Shape::AtomColumns, host)? {
        let value = AtomValue::parse(&w).ok_or_else(|| {
            Error::input(format!("Illegal fix ave/atom command: unknown value '{w}'")).at(at)
        })?;
        if let AtomValue::Reference(r) = &value {
            require_per_atom(r, host).map_err(|e| e.or_at(at))?;
        }
        values.push(value);
    }
    if values.is_empty() {
        return Err(Error::input(
            "Illegal fix ave/atom command: missing argument(s): no values are given",
        ));
    }
    let zero = vec![0.0; values.len() * host.state().atoms.len()];
    Ok(Box::new(AveAtom {
        bit: id.bit,
        values,
        schedule,
        sum: zero.clone(),
        result: zero,
    }))
}

impl AveAtom {
    fn sample(&mut self, host: &mut dyn Host) -> Result<()> {
        let n = self.values.len();
        if self.schedule.taken == 0 {
            self.sum.fill(0.0);
        }
        for (k, value) in self.values.iter().enumerate() {
            let column = value.evaluate(host)?;
            if column.len() * n != self.sum.len() {
                return Err(Error::run(
                    "the number of atoms changed after fix ave/atom was defined",
                ));
            }
            for i in members(host.state(), self.bit) {
                self.sum[i * n + k] += column[i];
            }
        }
        Ok(())
    }
}

impl Fix for AveAtom {
    fn init(&mut self, host: &mut dyn Host) -> Result<()> {
        let step = host.state().step;
        if self.schedule.next < step {
            self.schedule.restart(step);
        }
        Ok(())
    }

    fn setup(&mut self, host: &mut dyn Host) -> Result<()> {
        self.end_of_step(host).map(|_| ())
    }

    fn end_of_step(&mut self, host: &mut dyn Host) -> Result<Control> {
        if host.state().step != self.schedule.next {
            return Ok(Control::Continue);
        }
        self.sample(host)?;
        if self.schedule.sampled() {
            let n = self.schedule.repeat as f64;
            self.result = self.sum.iter().map(|s| s / n).collect();
        }
        Ok(Control::Continue)
    }

    fn tally_at(&self, step: i64) -> Tally {
        let wanted = step == self.schedule.next
            && self
                .values
                .iter()
                .any(|v| matches!(v, AtomValue::Reference(_)));
        if wanted {
            Tally {
                atom_energy: true,
                ..Tally::GLOBAL
            }
        } else {
            Tally::NONE
        }
    }

    fn output(&self) -> Output {
        let n = self.values.len();
        Output {
            per_atom: Some(if n == 1 { 0 } else { n }),
            every: self.schedule.freq,
            ..Output::default()
        }
    }

    fn data(&mut self, _: Part, _: &mut dyn Host) -> Result<Data> {
        let (columns, values) = (self.values.len(), self.result.clone());
        Ok(if columns == 1 {
            Data::PerAtom(values)
        } else {
            Data::PerAtomArray { columns, values }
        })
    }

    fn state(&self) -> Option<Vec<u8>> {
        let mut w = Writer::new();
        self.schedule.save(&mut w);
        w.reals(&self.sum).reals(&self.result);
        Some(w.finish())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let mut r = Reader::new(bytes);
        self.schedule.load(&mut r)?;
        let (sum, result) = (r.reals()?, r.reals()?);
        if sum.len() != self.sum.len() || result.len() != self.sum.len() {
            return Err(Error::input(
                "the restart file's state of fix ave/atom belongs to another number of atoms",
            ));
        }
        (self.sum, self.result) = (sum, result);
        Ok(())
    }

    fn reset_timestep(&mut self, step: i64) {
        self.schedule.restart(step);
    }

    fn retain(&mut self, keep: &[bool]) {
        let n = self.values.len();
        for v in [&mut self.sum, &mut self.result] {
            let mut i = 0;
            v.retain(|_| {
                i += 1;
                keep.get((i - 1) / n).copied().unwrap_or(true)
            });
        }
    }
}
