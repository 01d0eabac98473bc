//! `fix press/berendsen`: weak coupling of the cell lengths to a pressure.

use super::barostat_common::Couple;
use super::pressure_common::Computes;
use super::{Companion, Control, Fix, FixEntry, FixId};
use crate::domain::host::Host;
use crate::domain::{State, Tally, reshape};
use crate::error::{Error, Result};
use crate::signature::{Arg, Args, Kind, Signature, arg, keyword};

const PRESSURE: &[Arg] = &[
    arg(
        "Pstart",
        Kind::Real,
        "target at the start of the run, pressure units",
    ),
    arg("Pstop", Kind::Real, "target at its end"),
    arg("Pdamp", Kind::Positive, "relaxation time, time units"),
];

const SIGNATURE: Signature = Signature {
    name: "press/berendsen",
    summary: "weak-coupling barostat; needs an integrating fix such as nve",
    args: &[],
    keywords: &[
        keyword("iso", PRESSURE, "the volume changes"),
        keyword("aniso", PRESSURE, "the three lengths change on their own"),
        keyword("x", PRESSURE, "the length along x changes"),
        keyword("y", PRESSURE, "the length along y changes"),
        keyword("z", PRESSURE, "the length along z changes"),
        keyword(
            "couple",
            &[arg(
                "value",
                Kind::OneOf(&["none", "xyz", "xy", "yz", "xz"]),
                "directions",
            )],
            "directions whose pressures are averaged",
        ),
        keyword(
            "modulus",
            &[arg("value", Kind::Positive, "pressure units")],
            "bulk modulus of the system, default 10",
        ),
        keyword(
            "dilate",
            &[arg("value", Kind::OneOf(&["all", "partial"]), "atoms")],
            "whether all atoms move with the cell (default) or those of the fix's group",
        ),
    ],
    description: "At the end of each step the lengths are multiplied by (1 - dt / Pdamp (P0 - P) / modulus)^(1/3): Berendsen et al., J. \
Chem. Phys. 81, 3684 (1984). Does not sample the isobaric ensemble: use npt for production. The cell must be orthogonal and periodic \
in the controlled directions.",
    examples: &[
        "fix 2 all press/berendsen iso 0 0 1.0",
        "fix 2 all press/berendsen aniso 0 0 1.0 couple xy modulus 150",
    ],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

#[derive(Debug, Clone, Copy)]
struct Axis {
    start: f64,
    stop: f64,
    period: f64,
}

struct Berendsen {
    axes: [Option<Axis>; 3],
    couple: Couple,
    modulus: f64,
    dilate: u32,
    computes: Computes,
}

fn build(id: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    let mut axes = [None; 3];
    let mut couple = Couple::None;
    let last = if host.state().dimension == 2 { 2 } else { 3 };
    for k in args.keywords() {
        let axis = || -> Result<Option<Axis>> {
            Ok(Some(Axis {
                start: k.real("Pstart")?,
                stop: k.real("Pstop")?,
                period: k.real("Pdamp")?,
            }))
        };
        match k.name() {
            "iso" => {
                couple = Couple::Xyz;
                axes[..last].fill(axis()?);
            }
            "aniso" => {
                couple = Couple::None;
                axes[..last].fill(axis()?);
            }
            "x" => axes[0] = axis()?,
            "y" => axes[1] = axis()?,
            "z" if last == 2 => {
                return Err(Error::input(
                    "Invalid fix press/berendsen for a 2d simulation: z cannot be controlled",
                )
                .at(k.position()));
            }
            "z" => axes[2] = axis()?,
            "couple" => couple = Couple::named(k.str("value")),
            _ => {}
        }
    }
    if axes.iter().all(Option::is_none) {
        return Err(
            Error::input("Illegal fix press/berendsen command: no pressure is controlled")
                .help("for example: fix 2 all press/berendsen iso 0 0 1.0"),
        );
    }
    for &(a, b) in couple.pairs() {
        let same = match (axes[a], axes[b]) {
            (Some(a), Some(b)) => a.start == b.start && a.stop == b.stop && a.period == b.period,
            _ => b >= last,
        };
        if !same {
            return Err(Error::input(
                "Invalid fix press/berendsen pressure settings: coupled directions need the same targets and damping times",
            ));
        }
    }
    let fix = Berendsen {
        axes,
        couple,
        modulus: args
            .keyword("modulus")
            .map_or(Ok(10.0), |k| k.real("value"))?,
        dilate: match args.keyword("dilate") {
            Some(k) if k.str("value") == "partial" => id.bit,
            _ => 1,
        },
        computes: Computes::new("press/berendsen", id),
    };
    fix.check_cell(host.state())?;
    Ok(Box::new(fix))
}

impl Berendsen {
    fn check_cell(&self, state: &State) -> Result<()> {
        let cell = state.cell("Fix")?;
        if cell.triclinic {
            return Err(
                Error::input("Cannot use fix press/berendsen with triclinic box")
                    .help("use fix npt, or fix nph with a thermostat"),
            );
        }
        for k in 0..3 {
            if self.axes[k].is_some() && !cell.periodic(k) {
                return Err(Error::input(format!(
                    "Cannot use fix press/berendsen on a non-periodic dimension: {}",
                    ["x", "y", "z"][k]
                )));
            }
        }
        Ok(())
    }

    /// Pressures along the axes, averaged over coupled ones.
    fn read(&self, host: &mut dyn Host) -> Result<[f64; 6]> {
        host.state_mut().touch();
        if self.couple == Couple::Xyz {
            return Ok([self.computes.scalar(host)?; 6]);
        }
        let mut p = self.computes.tensor(host)?;
        self.couple.average(&mut p);
        Ok(p)
    }
}

impl Fix for Berendsen {
    fn changes_cell(&self) -> bool {
        true
    }

    fn moves_after_forces(&self) -> bool {
        true
    }

    fn tally_at(&self, _: i64) -> Tally {
        Tally {
            virial: true,
            ..Tally::NONE
        }
    }

    fn companions(&self) -> Vec<Companion> {
        self.computes.companions(&[])
    }

    fn init(&mut self, host: &mut dyn Host) -> Result<()> {
        self.computes.require(host)?;
        self.check_cell(host.state())
    }

    fn end_of_step(&mut self, host: &mut dyn Host) -> Result<Control> {
        let pressure = self.read(host)?;
        let state = host.state_mut();
        let ramp = state.ramp();
        let mut cell = state.cell("fix press/berendsen")?.clone();
        for k in 0..3 {
            let Some(a) = self.axes[k] else { continue };
            let target = a.start + ramp * (a.stop - a.start);
            let cube = 1.0 - state.dt / a.period * (target - pressure[k]) / self.modulus;
            if cube.is_nan() || cube <= 0.0 {
                return Err(Error::run(format!(
                    "fix press/berendsen would collapse the cell at step {}: the pressure is {}, the target {target}",
                    state.step, pressure[k]
                ))
                .help("the modulus (default 10 pressure units) or the damping time is too small"));
            }
            let factor = cube.cbrt();
            let centre = 0.5 * (cell.lo[k] + cell.hi[k]);
            cell.lo[k] = (cell.lo[k] - centre) * factor + centre;
            cell.hi[k] = (cell.hi[k] - centre) * factor + centre;
        }
        reshape::change_cell(state, cell, Some(self.dilate));
        Ok(Control::Continue)
    }

    fn modify(&mut self, words: &[&str], host: &mut dyn Host) -> Result<()> {
        self.computes.modify(words, host)
    }
}
