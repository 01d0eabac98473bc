//! `fix spring`: a spring between the centres of mass of two groups, or of one group and a point.

use super::force_common::no_part;
use super::{Fix, FixEntry, FixId};
use crate::domain::State;
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::values::{centre_of_mass, members};
use crate::error::{Error, Result};
use crate::signature::{Args, Signature, parse_real, rest};

const SIGNATURE: Signature = Signature {
    name: "spring",
    summary: "a spring at the centre of mass of a group",
    args: &[rest(
        "words",
        "tether K x y z R0, or couple group-ID2 K x y z R0; x, y, z may be NULL",
    )],
    keywords: &[],
    description: "E = 1/2 K (r - R0)^2, with r the distance of the centre of mass from the point x y z (`tether`), or \
of the centre of mass of the second group from that of the first plus x y z (`couple`); directions that are NULL do \
not count. The force is spread over the atoms in proportion to their masses. K is in force/distance units. `f_ID` is \
the energy; `f_ID[1..3]` the force on the group (on the first group of `couple`), `f_ID[4]` its size with the sign of \
r - R0.\n\nRelated: fix spring/self",
    examples: &[
        "fix 2 probe spring tether 5.0 1.0 2.0 NULL 0.0",
        "fix 2 probe spring couple top 5.0 0.0 0.0 NULL 1.0",
    ],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

struct Spring {
    bit: u32,
    /// Second group of `couple`.
    second: Option<u32>,
    k: f64,
    /// Point or offset; `None` where a direction does not count.
    point: [Option<f64>; 3],
    r0: f64,
    energy: f64,
    force: [f64; 4],
}

fn build(id: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    let words = args.all("words");
    let word = |k: usize| words.get(k).map_or("", |w| w.1);
    let couple = match word(0) {
        "tether" => false,
        "couple" => true,
        other => {
            return Err(Error::input(format!(
                "Illegal fix spring command: expected tether or couple, found '{other}'"
            ))
            .at(0));
        }
    };
    let first = 1 + usize::from(couple);
    if words.len() != first + 5 {
        return Err(
            Error::input("Illegal fix spring command: wrong number of arguments")
                .help("fix ID group spring tether K x y z R0, or couple group-ID2 K x y z R0")
                .at(words.len().saturating_sub(1)),
        );
    }
    let second = match couple {
        true => Some(
            host.state()
                .groups
                .require("fix spring", word(1))
                .map_err(|e| e.or_at(1))?,
        ),
        false => None,
    };
    if second == Some(id.bit) {
        return Err(Error::input("Two groups cannot be the same in fix spring couple").at(1));
    }
    let number = |k: usize| {
        parse_real(word(k)).ok_or_else(|| {
            Error::input(format!(
                "expected a number for fix spring, found '{}'",
                word(k)
            ))
            .at(k)
        })
    };
    let direction = |k: usize| match word(k) {
        "NULL" => Ok(None),
        _ => number(k).map(Some),
    };
    let r0 = number(first + 4)?;
    if r0 < 0.0 {
        return Err(Error::input("R0 < 0 for fix spring command").at(first + 4));
    }
    Ok(Box::new(Spring {
        bit: id.bit,
        second,
        k: number(first)?,
        point: [
            direction(first + 1)?,
            direction(first + 2)?,
            direction(first + 3)?,
        ],
        r0,
        energy: 0.0,
        force: [0.0; 4],
    }))
}

/// Adds `force` per mass times the mass of each atom of a group.
fn spread(state: &mut State, bit: u32, force: [f64; 3], mass: f64) {
    if mass <= 0.0 {
        return;
    }
    let atoms: Vec<usize> = members(state, bit).collect();
    for i in atoms {
        let m = state.mass_of(i);
        (0..3).for_each(|k| state.atoms.f[i][k] += force[k] / mass * m);
    }
}

impl Fix for Spring {
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
        // a spring of length zero has no direction
        const SMALL: f64 = 1e-10;
        let state = host.state_mut();
        let (centre, mass) = centre_of_mass(state, self.bit);
        let other = self.second.map(|bit| (bit, centre_of_mass(state, bit)));
        let d: [f64; 3] = std::array::from_fn(|k| match (self.point[k], &other) {
            (None, _) => 0.0,
            (Some(p), None) => centre[k] - p,
            (Some(p), Some((_, (c, _)))) => c[k] - centre[k] - p,
        });
        let r = d.iter().map(|x| x * x).sum::<f64>().sqrt().max(SMALL);
        let stretch = r - self.r0;
        let sign = if other.is_some() { 1.0 } else { -1.0 };
        let force = d.map(|x| sign * self.k * x * stretch / r);
        let size = force.iter().map(|x| x * x).sum::<f64>().sqrt();
        self.force = [force[0], force[1], force[2], size.copysign(stretch)];
        self.energy = 0.5 * self.k * stretch * stretch;
        spread(state, self.bit, force, mass);
        if let Some((bit, (_, mass))) = other {
            spread(state, bit, force.map(|x| -x), mass);
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
            vector: 4,
            extensive: true,
            extensive_vector: true,
            ..Output::default()
        }
    }

    fn data(&mut self, part: Part, _: &mut dyn Host) -> Result<Data> {
        match part {
            Part::Scalar => Ok(Data::Scalar(self.energy)),
            Part::Vector => Ok(Data::Vector(self.force.to_vec())),
            _ => Err(no_part("spring")),
        }
    }
}
