//! `fix spring/self`: a spring from each atom to the place where it was.

use super::force_common::{Component, no_part};
use super::{Fix, FixEntry, FixId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::values::{members, unwrapped};
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};
use crate::signature::{Args, Kind, Signature, arg, optional};

const SIGNATURE: Signature = Signature {
    name: "spring/self",
    summary: "a spring from each atom to its position when the fix was defined",
    args: &[
        arg(
            "K",
            Kind::Word,
            "force/distance units: a number or v_name of an equal- or atom-style variable",
        ),
        optional(
            "dir",
            Kind::OneOf(&["xyz", "xy", "yz", "xz", "x", "y", "z"]),
            "directions in which the spring acts, default xyz",
        ),
    ],
    keywords: &[],
    description: "E = 1/2 K sum (x - x0)^2 with unwrapped positions. `f_ID` is the energy, which \
`fix_modify ID energy yes` adds to the potential energy.\n\nRelated: fix spring",
    examples: &["fix 3 tet spring/self 10.0", "fix 3 tet spring/self 10.0 z"],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

struct SpringSelf {
    bit: u32,
    k: Component,
    directions: [bool; 3],
    reference: Vec<[f64; 3]>,
    energy: f64,
}

fn build(id: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    let k = Component::parse(args, "K")?;
    match k {
        Component::Constant(k) if k <= 0.0 => {
            return Err(Error::input(
                "Illegal force constant for fix spring/self: it must be above zero",
            )
            .at(args.word("K")));
        }
        Component::Keep => {
            return Err(Error::input("fix spring/self needs a force constant").at(args.word("K")));
        }
        _ => {}
    }
    let dir = args.get("dir").unwrap_or("xyz");
    let state = host.state();
    Ok(Box::new(SpringSelf {
        bit: id.bit,
        k,
        directions: ["x", "y", "z"].map(|d| dir.contains(d)),
        reference: (0..state.atoms.len())
            .map(|i| unwrapped(state, i))
            .collect(),
        energy: 0.0,
    }))
}

impl Fix for SpringSelf {
    fn changes_forces(&self) -> bool {
        true
    }

    fn setup(&mut self, host: &mut dyn Host) -> Result<()> {
        self.post_force(host)
    }

    fn min_post_force(&mut self, host: &mut dyn Host) -> Result<()> {
        self.post_force(host)
    }

    fn post_force(&mut self, host: &mut dyn Host) -> Result<()> {
        let constants = self.k.evaluate(host)?;
        let state = host.state_mut();
        if state.atoms.len() != self.reference.len() {
            return Err(Error::run(
                "the number of atoms changed after fix spring/self was defined",
            ));
        }
        self.energy = 0.0;
        let atoms: Vec<usize> = members(state, self.bit).collect();
        for i in atoms {
            let k = constants.of(i).unwrap_or(0.0);
            let x = unwrapped(state, i);
            for c in (0..3).filter(|&c| self.directions[c]) {
                let d = x[c] - self.reference[i][c];
                state.atoms.f[i][c] -= k * d;
                self.energy += 0.5 * k * d * d;
            }
        }
        state.touch();
        Ok(())
    }

    fn energy(&self) -> Option<f64> {
        Some(self.energy)
    }

    fn output(&self) -> Output {
        Output {
            scalar: true,
            extensive: true,
            ..Output::default()
        }
    }

    fn data(&mut self, part: Part, _: &mut dyn Host) -> Result<Data> {
        match part {
            Part::Scalar => Ok(Data::Scalar(self.energy)),
            _ => Err(no_part("spring/self")),
        }
    }

    fn state(&self) -> Option<Vec<u8>> {
        let mut w = Writer::new();
        w.vectors(&self.reference);
        Some(w.finish())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        self.reference = Reader::new(bytes).vectors()?;
        Ok(())
    }

    fn retain(&mut self, keep: &[bool]) {
        let mut k = keep.iter();
        self.reference.retain(|_| *k.next().unwrap_or(&true));
    }
}
