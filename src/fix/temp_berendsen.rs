//! `fix temp/berendsen`: weak coupling to a bath.

use super::thermostat_common::Rescaling;
use super::{Companion, Control, Fix, FixEntry, FixId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::error::Result;
use crate::io::codec::{Reader, Writer};
use crate::signature::{Args, Kind, Signature, arg};

const SIGNATURE: Signature = Signature {
    name: "temp/berendsen",
    summary: "weak-coupling thermostat; needs an integrating fix such as nve",
    args: &[
        arg(
            "Tstart",
            Kind::RealOrVariable,
            "target at the start of the run, or v_name",
        ),
        arg("Tstop", Kind::Real, "target at its end"),
        arg("Tdamp", Kind::Positive, "relaxation time, time units"),
    ],
    keywords: &[],
    description: "v *= sqrt(1 + dt / Tdamp (T0 / T - 1)) at the end of each step: Berendsen et al., J. Chem. Phys. 81, 3684 \
(1984). Does not sample the canonical ensemble: use nvt or temp/csvr for production.",
    examples: &["fix 2 all temp/berendsen 300 300 0.1"],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

struct Berendsen {
    base: Rescaling,
    damping: f64,
}

fn build(id: &FixId, args: &Args, _: &mut dyn Host) -> Result<Box<dyn Fix>> {
    Ok(Box::new(Berendsen {
        base: Rescaling::new(id, "temp/berendsen", args)?,
        damping: args.real("Tdamp")?,
    }))
}

impl Fix for Berendsen {
    fn companions(&self) -> Vec<Companion> {
        Companion::temperature()
    }

    fn end_of_step(&mut self, host: &mut dyn Host) -> Result<Control> {
        let r = self.base.read(host)?;
        let square = 1.0 + host.state().dt / self.damping * (r.target / r.now - 1.0);
        self.base.rescale(square.max(0.0), r, host)?;
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
