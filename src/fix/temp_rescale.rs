//! `fix temp/rescale`: sets the temperature when it leaves a window.

use super::thermostat_common::Rescaling;
use super::{Companion, Control, Fix, FixEntry, FixId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::error::Result;
use crate::io::codec::{Reader, Writer};
use crate::signature::{Args, Kind, Signature, arg};

const SIGNATURE: Signature = Signature {
    name: "temp/rescale",
    summary: "rescales velocities every N steps; needs an integrating fix such as nve",
    args: &[
        arg("N", Kind::Count, "every this many steps"),
        arg(
            "Tstart",
            Kind::RealOrVariable,
            "target at the start of the run, or v_name",
        ),
        arg("Tstop", Kind::Real, "target at its end"),
        arg(
            "window",
            Kind::Real,
            "only if |T - target| is larger, temperature units",
        ),
        arg(
            "fraction",
            Kind::Real,
            "part of the deviation that is removed, 0 to 1",
        ),
    ],
    keywords: &[],
    description: "Acts at the end of a step. For equilibration only: it does not sample the canonical ensemble.",
    examples: &["fix 2 all temp/rescale 10 300 300 10 1.0"],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

struct Rescale {
    base: Rescaling,
    every: i64,
    window: f64,
    fraction: f64,
}

fn build(id: &FixId, args: &Args, _: &mut dyn Host) -> Result<Box<dyn Fix>> {
    Ok(Box::new(Rescale {
        base: Rescaling::new(id, "temp/rescale", args)?,
        every: args.int("N")?,
        window: args.real("window")?,
        fraction: args.real("fraction")?,
    }))
}

impl Fix for Rescale {
    fn companions(&self) -> Vec<Companion> {
        Companion::temperature()
    }

    fn end_of_step(&mut self, host: &mut dyn Host) -> Result<Control> {
        if host.state().step % self.every != 0 {
            return Ok(Control::Continue);
        }
        let r = self.base.read(host)?;
        let deviation = r.now - r.target;
        if deviation.abs() > self.window {
            let wanted = r.now - self.fraction * deviation;
            self.base.rescale((wanted / r.now).max(0.0), r, host)?;
        }
        Ok(Control::Continue)
    }

    fn coupling_energy(&self) -> Option<f64> {
        Some(self.base.energy)
    }

    fn output(&self) -> Output {
        Rescaling::OUTPUT
    }

    fn data(&mut self, part: Part, _: &mut dyn Host) -> Result<Data> {
        self.base.data(part)
    }

    fn modify(&mut self, words: &[&str], host: &mut dyn Host) -> Result<()> {
        self.base.modify(words, host)
    }

    fn state(&self) -> Option<Vec<u8>> {
        let mut w = Writer::new();
        w.real(self.base.energy);
        Some(w.finish())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        self.base.energy = Reader::new(bytes).real()?;
        Ok(())
    }
}
