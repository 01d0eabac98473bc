//! `fix deform`: changes the cell in a prescribed way during a run.

mod course;
mod parse;

use super::{Control, Fix, FixEntry, FixId};
use crate::domain::host::Host;
use crate::domain::state::Flow;
use crate::domain::{Cell, State, reshape};
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};
use crate::signature::{Args, Kind, Signature, arg, rest};
use course::{Change, Ends, Volume};

const SIGNATURE: Signature = Signature {
    name: "deform",
    summary: "changes size and shape of the cell during a run",
    args: &[
        arg(
            "N",
            Kind::Count,
            "the cell is changed every this many steps",
        ),
        rest(
            "changes",
            "x|y|z|xy|xz|yz STYLE values ..., then remap x|v|none, flip yes|no, units lattice|box",
        ),
    ],
    keywords: &[],
    description: "Styles of `x`, `y`, `z`: `final lo hi`, `delta dlo dhi`, `scale factor` and `vel V` (change of length per time) \
reach their end linearly at the end of the run; `erate R` (engineering strain rate) is linear too; `trate R` (true strain rate) is exponential; \
`wiggle A Tp` oscillates by A sin(2 pi t / Tp); `variable v_name v_rate` adds the value of an equal-style variable; `volume` keeps the volume \
while the other directions change. Styles of the tilts `xy`, `xz`, `yz`: `final`, `delta`, `vel`, `erate`, `trate`, `wiggle`, `variable`; they \
need a triclinic cell.\n\n`remap x` (default) moves the atoms of the group with the cell; `remap v` leaves them and changes their velocity when \
they cross a periodic face; `none` does neither. `flip yes` (default) replaces a cell with a tilt beyond half of its length by the equivalent \
one. Lengths and velocities are in lattice spacings unless `units box`.",
    examples: &[
        "fix 2 all deform 1 x erate 0.001 remap x units box",
        "fix 2 all deform 10 z scale 1.1 x volume y volume",
    ],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

/// What the atoms do when the cell changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remap {
    Positions,
    Velocities,
    Nothing,
}

struct Deform {
    bit: u32,
    every: i64,
    changes: [Change; 6],
    volumes: [Option<Volume>; 3],
    remap: Remap,
    flip: bool,
    /// Cell when the fix was made: where a run with `start` begins.
    initial: Cell,
    /// Bounds and tilts at the start of the run and at its end.
    ends: Option<Ends>,
    flip_at: Option<i64>,
}

fn build(id: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    let parsed = parse::parse(&args.all("changes"), host)?;
    let cell = host.state().cell("Fix")?.clone();
    let fix = Deform {
        bit: id.bit,
        every: args.int("N")?,
        volumes: course::volumes(&parsed.changes)?,
        changes: parsed.changes,
        remap: parsed.remap,
        flip: parsed.flip,
        initial: cell,
        ends: None,
        flip_at: None,
    };
    fix.check_cell(host.state())?;
    Ok(Box::new(fix))
}

impl Deform {
    fn check_cell(&self, state: &State) -> Result<()> {
        use crate::domain::Boundary::{Shrink, ShrinkMinimum};
        let cell = state.cell("Fix")?;
        let shrinks = |k: usize| {
            cell.boundary[k]
                .iter()
                .any(|b| matches!(b, Shrink | ShrinkMinimum))
        };
        for (k, change) in self.changes.iter().enumerate() {
            if *change == Change::None {
                continue;
            }
            if k < 3 {
                if shrinks(k) {
                    return Err(Error::input(format!(
                        "Cannot use fix deform on a shrink-wrapped boundary: {}",
                        parse::NAMES[k]
                    )));
                }
                if state.dimension == 2 && k == 2 {
                    return Err(Error::input("Cannot use fix deform z on a 2d simulation"));
                }
                continue;
            }
            if !cell.triclinic {
                return Err(Error::input(format!(
                    "Fix deform tilt factors require triclinic box: {} is given",
                    parse::NAMES[k]
                ))
                .help("make the box triclinic first: change_box all triclinic"));
            }
            let second = if k == 5 { 1 } else { 2 };
            if !cell.periodic(second) {
                return Err(Error::input(
                    "Cannot use fix deform on a 2nd non-periodic boundary",
                ));
            }
        }
        Ok(())
    }

    /// The cell at this step.
    fn target(&self, ends: &Ends, host: &mut dyn Host) -> Result<(Cell, [f64; 6])> {
        let mut values = [None; 6];
        for (k, change) in self.changes.iter().enumerate() {
            if let Change::Variable(value, rate) = change {
                values[k] = Some((host.scalar(value)?, host.scalar(rate)?));
            }
        }
        let state = host.state();
        let clock = course::Clock {
            fraction: state.ramp(),
            elapsed: (state.step - state.run.begin) as f64 * state.dt,
        };
        let old = state.cell("fix deform")?;
        let mut new = old.clone();
        let mut rates = ends.rates;
        for k in 0..3 {
            if let Some((lo, hi, rate)) =
                ends.bounds_at(k, &self.changes[k], &clock, values[k], old)
            {
                (new.lo[k], new.hi[k]) = (lo, hi);
                rates[k] = rate;
            }
        }
        course::keep_volume(&self.volumes, ends, &mut new);
        for (k, change) in self.changes.iter().enumerate().take(3) {
            if matches!(change, Change::Volume) {
                // a rate of strain, not of length: LAMMPS' velocity remap uses that
                rates[k] = (new.lengths()[k] / old.lengths()[k] - 1.0) / state.dt;
            }
        }
        for k in 3..6 {
            if let Some((tilt, rate)) = ends.tilt_at(k, &self.changes[k], &clock, values[k], old) {
                let tilt = course::nearest_tilt(tilt, k, old, &new);
                course::set_tilt(&mut new, k, tilt);
                rates[k] = rate;
            }
        }
        if let Err(e) = new.validate() {
            return Err(Error::run(format!(
                "fix deform has made an impossible cell at step {}",
                state.step
            ))
            .note(e.message));
        }
        Ok((new, rates))
    }
}

impl Fix for Deform {
    fn changes_cell(&self) -> bool {
        true
    }

    fn moves_after_forces(&self) -> bool {
        true
    }

    fn forces_rebuild(&self, step: i64) -> bool {
        self.flip_at == Some(step)
    }

    fn init(&mut self, host: &mut dyn Host) -> Result<()> {
        self.check_cell(host.state())?;
        let state = host.state_mut();
        let start = if state.run.first == state.run.begin {
            state.cell("fix deform")?.clone()
        } else {
            self.initial.clone()
        };
        let duration = (state.run.end - state.run.begin) as f64 * state.dt;
        let ends = Ends::new(&start, &self.changes, duration)?;
        state.flow = (self.remap == Remap::Velocities).then_some(Flow {
            rate: ends.rates,
            bit: self.bit,
        });
        self.ends = Some(ends);
        Ok(())
    }

    fn pre_exchange(&mut self, host: &mut dyn Host) -> Result<()> {
        if self.flip_at.take().is_some() {
            reshape::flip(host.state_mut(), 0.5);
        }
        Ok(())
    }

    fn end_of_step(&mut self, host: &mut dyn Host) -> Result<Control> {
        let step = host.state().step;
        if step % self.every != 0 {
            return Ok(Control::Continue);
        }
        let Some(ends) = self.ends.clone() else {
            return Ok(Control::Continue);
        };
        let (new, rates) = self.target(&ends, host)?;
        let state = host.state_mut();
        if let Some(flow) = &mut state.flow {
            flow.rate = rates;
        }
        if self.flip && new.triclinic && reshape::wants_flip(&new, 0.5) {
            self.flip_at = Some(step + 1);
        }
        let moved = (self.remap == Remap::Positions).then_some(self.bit);
        reshape::change_cell(state, new, moved);
        Ok(Control::Continue)
    }

    fn post_run(&mut self, host: &mut dyn Host) -> Result<()> {
        host.state_mut().flow = None;
        Ok(())
    }

    fn state(&self) -> Option<Vec<u8>> {
        let mut w = Writer::new();
        let c = &self.initial;
        w.vectors(&[c.lo, c.hi, c.tilt]);
        w.flag(self.flip_at.is_some())
            .int(self.flip_at.unwrap_or(0));
        Some(w.finish())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let r = &mut Reader::new(bytes);
        let [lo, hi, tilt] = r.vectors()?[..] else {
            return Err(Error::input("fix deform of the restart file is damaged"));
        };
        (self.initial.lo, self.initial.hi, self.initial.tilt) = (lo, hi, tilt);
        let pending = r.flag()?;
        self.flip_at = Some(r.int()?).filter(|_| pending);
        Ok(())
    }
}
